//! The four criteria of Governance, each told after its sentence, and what a side does beyond its answers.

use super::governance::{
    BRIEF_THREAD, CASE, INVESTIGATED, MISCONDUCT, REGULATED, answers, contains, engages,
    investigated, looked_at, pinged, sends,
};
use super::harness::{Member, World, scenario};

const HOLD: (&str, &str) = ("Criteria that are met", "A legal hold");
const VISIBLE: (&str, &str) = ("Criteria that are met", "It is or will be visible outside");

async fn told(member: &Member, command: &str, options: &[(&str, &str)]) -> super::harness::Message {
    let channel = match member.name.as_str() {
        "tier2" => "tier2-investigation",
        "tier3" => "tier3-containment",
        "manager" | "auditor" | "admin" => "audit",
        _ => "governance",
    };
    let all: Vec<_> = [CASE].iter().chain(options).copied().collect();
    member.run(channel, command, &all).await.message()
}

/// At containment, with tier3.
async fn contained(w: &World) {
    investigated(w).await;
    let tier2 = w.tier2();
    let first = tier2.run("tier2-investigation", "escalate", &[CASE]).await;
    sends(&tier2, first, INVESTIGATED).await;
    let tier3 = w.member("tier3");
    let card = tier3.channel("tier3-containment").await.card("INC-1");
    tier3.press(&card, "Accept").await.message();
    tier3.channel("INC-1").await.all();
    looked_at(w).await;
}

async fn tier3_engages(w: &World, criterion: (&'static str, &'static str)) {
    let tier3 = w.member("tier3");
    let first = tier3.run("tier3-containment", "engage", &[CASE]).await;
    let all: Vec<_> = [criterion]
        .iter()
        .chain(super::governance::BRIEF)
        .copied()
        .collect();
    sends(&tier3, first, &all)
        .await
        .expect("Governance is engaged");
    tier3.channel("INC-1").await.all();
    looked_at(w).await;
}

#[test]
fn the_incident_involves_data_subject_to_regulatory_notification_requirements() {
    scenario(async |w| {
        investigated(w).await;
        // The facts say so themselves, and the form shows the values that were agreed.
        let tier2 = w.tier2();
        let first = tier2.run("tier2-investigation", "engage", &[CASE]).await;
        let review = first.form().fill(super::governance::BRIEF).await.message();
        review
            .expect("The data falls under a duty to notify")
            .expect("agreed: Personal data")
            .expect("The thresholds are not signed by legal and hr yet");
        sends(
            &tier2,
            tier2.run("tier2-investigation", "engage", &[CASE]).await,
            super::governance::BRIEF,
        )
        .await
        .expect("INC-1: Governance is engaged");
        looked_at(w).await;
        let (legal, grc) = (w.member("legal"), w.member("grc"));
        let brief = legal.channel("governance").await.card("INC-1");
        brief.expect("not signed by legal and hr yet");
        answers(&legal, "governance", "Do not notify", "Nobody else saw it.").await;
        looked_at(w).await;
        let said = grc.press(&brief, "What was said").await.message();
        said.expect("Nobody else saw it.");
        // Whose matter it is not, reads nothing of it, and the timeline has the choice alone.
        let said = w.member("hr").press(&brief, "What was said").await;
        said.message().expect("not yours to answer");
        let line = told(&w.member("manager"), "timeline", &[]).await;
        line.expect("Do not notify").lacks("Nobody else saw it.");
    });
}

#[test]
fn hr_needs_to_be_in_the_loop_before_containment_actions_are_taken_against_an_individual() {
    scenario(async |w| {
        contained(w).await;
        let (tier3, hr) = (w.member("tier3"), w.member("hr"));
        let one = [("what", "revoke-sessions"), ("text", "All sessions")];
        contains(w, "propose", &one).await;
        tier3_engages(w, MISCONDUCT).await;
        hr.channel("governance").await.all();
        // In an emergency two persons open it for what stands proposed.
        let why = [("action", "1"), ("text", "It goes on while we wait")];
        contains(w, "override", &why).await.expect("your word");
        told(&w.member("manager"), "contain override", &why)
            .await
            .expect("your word");
        contains(w, "authorise", &[("action", "1")])
            .await
            .expect("authorised");
        // What is proposed afterwards waits for HR again.
        contains(w, "propose", &one)
            .await
            .expect("waits: This acts on a person.");
        contains(w, "authorise", &[("action", "2")])
            .await
            .expect("A gate is closed");
        answers(&hr, BRIEF_THREAD, "Hold containment", "We speak first.").await;
        contains(w, "authorise", &[("action", "2")])
            .await
            .expect("A gate is closed");
        answers(&hr, BRIEF_THREAD, "Containment of the person may", "").await;
        contains(w, "authorise", &[("action", "2")])
            .await
            .expect("authorised");
        tier3.channel("INC-1").await.all();
    });
}

#[test]
fn legal_hold_or_evidence_preservation_may_be_required() {
    scenario(async |w| {
        contained(w).await;
        let legal = w.member("legal");
        let two = [("what", "recall-message"), ("text", "Message of 9 o'clock")];
        contains(w, "propose", &two).await;
        tier3_engages(w, HOLD).await;
        legal.channel("governance").await.all();
        // Only Legal's contact holds, and says why.
        let item = [
            ("item", "Message of 9 o'clock"),
            ("text", "A claim is likely"),
        ];
        told(&w.member("hr"), "governance hold", &item)
            .await
            .expect("not yours to answer");
        told(&w.member("tier3"), "governance hold", &item)
            .await
            .expect("not yours to answer");
        let offered = legal.offered("governance", "governance hold", "item", &[CASE]);
        assert_eq!(offered.await, ["Message of 9 o'clock"]);
        told(&legal, "governance release", &item)
            .await
            .expect("Nothing to release");
        told(&legal, "governance hold", &item)
            .await
            .expect("is held");
        let thread = w.member("tier3").channel("INC-1").await;
        thread
            .saying("placed a legal hold on an item: Message of 9 o'clock")
            .lacks("claim");
        legal
            .channel("governance")
            .await
            .card("INC-1")
            .expect("**Legal hold**: Message of 9 o'clock");
        let manager = w.member("manager");
        told(&manager, "contain authorise", &[("action", "1")])
            .await
            .expect("Held: Message of 9 o'clock.");
        w.advance(super::harness::minutes(1)).await;
        let offered = legal.offered("governance", "governance release", "item", &[CASE]);
        assert_eq!(offered.await, ["Message of 9 o'clock"]);
        told(&legal, "governance release", &item)
            .await
            .expect("is released");
        told(&manager, "contain authorise", &[("action", "1")])
            .await
            .expect("authorised");
        w.member("tier3").channel("INC-1").await.all();
        let line = told(&w.member("auditor"), "timeline", &[]).await;
        line.expect("released an item from the legal hold")
            .lacks("claim is likely");
    });
}

#[test]
fn each_side_sees_and_names_only_its_own() {
    scenario(async |w| {
        investigated(w).await;
        engages(w, MISCONDUCT).await;
        let (hr, legal) = (w.member("hr"), w.member("legal"));
        let stub = hr.channel("governance").await.saying("a brief waits");
        assert_eq!(pinged(&stub), 2);
        let brief = hr.channel(BRIEF_THREAD).await.card("INC-1");
        let own = hr.press(&brief, "Answer or decide").await.message();
        own.expect("HR informs the line manager")
            .lacks("Do not notify")
            .lacks("Goes on without Security");
        let own = legal.press(&brief, "Answer or decide").await.message();
        own.expect("Do not notify")
            .expect("Goes on without Security")
            .lacks("line manager |")
            .lacks("Release the legal hold");
        let offered = hr.offered("governance", "governance decide", "answer", &[CASE]);
        let offered = offered.await;
        assert!(
            offered.contains(&"inform_manager".to_owned()),
            "{offered:?}"
        );
        assert!(!offered.contains(&"notify".to_owned()), "{offered:?}");
        let theirs = [("answer", "notify"), ("text", "x")];
        told(&hr, "governance decide", &theirs)
            .await
            .expect("not yours to answer");
        told(&hr, "governance ask", &[("text", "Was it once only?")])
            .await
            .expect("More is needed from Security");
        let said = w.tier2().press(&brief, "What was said").await.message();
        said.expect("Was it once only?");
        looked_at(w).await;
        a_side_names_another(w).await;
    });
}

/// HR names somebody else; Legal cannot, and whoever is none any more reads no more.
async fn a_side_names_another(w: &World) {
    w.roles("outsider", &["hr"]).await;
    let (hr, second) = (w.member("hr"), w.outsider());
    second.cannot_see(BRIEF_THREAD).await;
    let named = [("contact", "outsider")];
    told(&w.member("legal"), "governance contacts", &named)
        .await
        .expect("belongs to the role legal");
    let list = told(&hr, "governance contacts", &named).await;
    list.expect("hr: outsider; has not read it yet")
        .expect("legal: legal; has not read it yet");
    let called = second.channel("governance").await;
    called
        .saying("you are named on a brief")
        .lacks("passport")
        .expect("private thread");
    hr.cannot_see(BRIEF_THREAD).await;
    answers(&second, BRIEF_THREAD, "Taken over", "I know the desk.").await;
    looked_at(w).await;
    let line = told(&w.member("manager"), "timeline", &[]).await;
    line.expect("named contact and deputy of hr on engagement 1: outsider");
}

#[test]
fn a_conflict_of_interest_brings_the_deputy_and_the_brief_leaves_the_channel() {
    scenario(async |w| {
        w.roles("outsider", &["legal"]).await;
        let set = [
            ("side", "legal"),
            ("contact", "legal"),
            ("deputy", "outsider"),
        ];
        w.member("legal")
            .run("governance", "roster set", &set)
            .await
            .message()
            .expect("legal is set");
        investigated(w).await;
        engages(w, REGULATED).await;
        let (legal, deputy) = (w.member("legal"), w.outsider());
        legal.channel("governance").await.card("INC-1");
        answers(&legal, "governance", "I have a conflict", "My brother.").await;
        looked_at(w).await;
        // The channel keeps what names nobody; the brief goes on where the contact cannot read it.
        let channel = legal.channel("governance").await;
        for message in channel.all() {
            message.lacks("A list of applicants");
        }
        legal.cannot_see(BRIEF_THREAD).await;
        let brief = deputy.channel(BRIEF_THREAD).await.card("INC-1");
        brief.expect("outsider (legal): not yet");
        deputy.press(&brief, "I have read this").await.message();
        looked_at(w).await;
        told(&legal, "timeline", &[]).await.expect("Nothing there");
        told(&legal, "governance contacts", &[])
            .await
            .expect("Nothing there");
    });
}

#[test]
fn legal_and_hr_sign_the_thresholds_before_the_first_incident() {
    scenario(async |w| {
        let (legal, hr) = (w.member("legal"), w.member("hr"));
        let shown = async |member: &Member| {
            let channel = if member.name == "tier1" {
                "tier1-triage"
            } else {
                "governance"
            };
            member
                .run(channel, "governance thresholds", &[])
                .await
                .message()
        };
        let first = shown(&legal).await;
        first
            .expect("Data loss prevention**, version 1")
            .expect("Health data")
            .expect("Signed by legal: not yet")
            .expect("Not signed by both yet");
        shown(&w.tier1()).await.expect("another role");
        let sign = "Sign for legal: Data loss prevention 1.2.0";
        let signed = legal.press(&first, sign).await.message();
        signed.expect("Signed by legal: legal, 2026-11-20");
        // One person does not sign for both.
        w.roles("legal", &["legal", "hr"]).await;
        let both = shown(&legal).await;
        let theirs = "Sign for hr: Data loss prevention 1.2.0";
        let refused = legal.press(&both, theirs).await.message();
        refused.expect("A second person is needed");
        let both = shown(&hr).await;
        hr.press(&both, theirs).await.message();
        investigated(w).await;
        engages(w, VISIBLE).await;
        let brief = legal.channel("governance").await.card("INC-1");
        brief.expect("Thresholds of version 1.2.0, signed by Legal and HR");
    });
}

#[test]
fn legal_lets_it_go_on_without_security_and_names_who_continues() {
    scenario(async |w| {
        investigated(w).await;
        engages(w, REGULATED).await;
        let legal = w.member("legal");
        let brief = legal.channel("governance").await.card("INC-1");
        let own = legal.press(&brief, "Answer or decide").await.message();
        let alone = ["Goes on without Security"];
        let form = legal.pick(&own, "Answer or decide…", &alone).await.form();
        let nobody = w.account("tier1").await;
        let words = [
            ("Why", "The regulator asks."),
            ("Who continues it", &nobody),
        ];
        let refused = form.submit(&words).await.message();
        refused.expect("belongs to the role legal");
        let form = legal.pick(&own, "Answer or decide…", &alone).await.form();
        let grc = w.account("grc").await;
        let words = [("Why", "The regulator asks."), ("Who continues it", &grc)];
        form.submit(&words)
            .await
            .message()
            .expect("goes on without Security");
        looked_at(w).await;
        let line = told(&w.member("manager"), "timeline", &[]).await;
        line.expect("go on without Security; continued by: grc")
            .lacks("regulator asks");
        told(&legal, "governance contacts", &[])
            .await
            .expect("continued by grc");
    });
}
