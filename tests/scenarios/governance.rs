//! Governance beside the work: the brief, its readers, its answers, and what waits for them.

use super::harness::{Answer, Member, Message, TRIAGE, World, scenario};
use crate::payload;
use baton::sandbox::permissions::{READ_MESSAGE_HISTORY, VIEW_CHANNEL};

pub const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
pub const LOOK: u64 = VIEW_CHANNEL | READ_MESSAGE_HISTORY;
pub const CASE: (&str, &str) = ("incident", "INC-1");
pub const BRIEF_THREAD: &str = "INC-1 brief 1";

pub const BRIEF: &[(&str, &str)] = &[
    (
        "What happened",
        "A list of applicants went to a chat service. It can still be read there.",
    ),
    ("Who was involved", "One assistant of the visa desk."),
    ("Data at risk", "Passport numbers of five applicants."),
    (
        "Actions taken and planned",
        "The address is blocked; the account comes next.",
    ),
    ("What must not be done", "Do not speak to the person."),
    (
        "What is asked of Governance",
        "May the account be disabled?",
    ),
    ("Answer wanted by", "2026-11-20 15:00"),
];
pub const MISCONDUCT: (&str, &str) = ("Criteria that are met", "Someone inside is suspected");
pub const REGULATED: (&str, &str) = ("Criteria that are met", "The data falls under a duty");

pub const INVESTIGATED: &[(&str, &str)] = &[
    ("Criteria that are met", "Without immediate containment"),
    ("Findings", "Five passports left; the link is open."),
    ("Intent", "Likely malicious"),
    ("Suspected misconduct", "Yes"),
    (
        "Suspected misconduct: why",
        "The person offered them for sale.",
    ),
    ("Governance required", "Yes"),
    ("Governance required: why", "Misconduct is suspected."),
    (
        "Recommended containment",
        "Disable the account|Block the destination",
    ),
    ("Why this containment", "Less leaves the link open."),
];
pub const CONTAINED: &[(&str, &str)] = &[
    ("Criteria that are met", "The exposure has ended"),
    (
        "Result of each action",
        "The sessions are gone, seen in the log.",
    ),
    ("Residual exposure", "None: the link answers with an error."),
    (
        "Evidence kept",
        "The alert and the sign-in log, in the case folder.",
    ),
    (
        "Thresholds met, Governance not engaged",
        "The regulator needs no word: the data is public.",
    ),
    ("Outcome", "Deliberate or culpable breach"),
];

pub async fn sends(member: &Member, first: Answer, answers: &[(&str, &str)]) -> Message {
    let review = member.completes(first, answers).await;
    member.press(&review, "Submit").await.message()
}

/// At investigation, with tier2.
pub async fn investigated(w: &World) {
    w.alert("purview", UPLOAD).await.accepted();
    w.tier1().hands_over("tier1-triage", "INC-1", TRIAGE).await;
    let tier2 = w.tier2();
    let card = tier2.channel("tier2-investigation").await.card("INC-1");
    tier2.press(&card, "Accept").await.message();
    tier2.channel("INC-1").await.all();
}

pub async fn engages(w: &World, criterion: (&'static str, &'static str)) {
    let tier2 = w.tier2();
    let first = tier2.run("tier2-investigation", "engage", &[CASE]).await;
    let answers: Vec<_> = [criterion].iter().chain(BRIEF).copied().collect();
    sends(&tier2, first, &answers)
        .await
        .expect("INC-1: Governance is engaged");
    looked_at(w).await;
}

/// At investigation, with a brief in which misconduct is named.
pub async fn misconduct(w: &World) {
    investigated(w).await;
    engages(w, MISCONDUCT).await;
}

/// The stage's own cards are not what these stories are about.
pub async fn looked_at(w: &World) {
    for (name, channel) in [
        ("tier1", "tier1-triage"),
        ("tier2", "tier2-investigation"),
        ("tier3", "tier3-containment"),
        // What Governance answers is told in the case's thread.
        ("tier2", "INC-1"),
    ] {
        w.member(name).channel(channel).await.all();
    }
}

pub fn pinged(message: &Message) -> usize {
    message.json["pinged"]["users"].as_array().unwrap().len()
}

#[test]
fn a_brief_names_its_contacts_and_nobody_else_and_is_acknowledged_by_button() {
    scenario(async |w| {
        investigated(w).await;
        engages(w, REGULATED).await;
        let legal = w.member("legal");
        let brief = legal.channel("governance").await.card("INC-1");
        brief
            .expect("INC-1: a brief waits")
            .expect("A list of applicants went to a chat service.")
            .expect("May the account be disabled?")
            .lacks("visa.assistant")
            .lacks("applicants0917");
        // Legal and GRC, by the thresholds; HR is not asked.
        assert_eq!(pinged(&brief), 2);
        for name in ["tier1", "tier2", "manager", "outsider"] {
            w.member(name).cannot_see("governance").await;
        }
        let hr = w.member("hr");
        hr.press(&brief, "I have read this")
            .await
            .message()
            .expect("not yours to answer");
        for name in ["legal", "grc"] {
            let pressed = w.member(name).press(&brief, "I have read this").await;
            pressed.message().expect("I have read this");
        }
        let brief = legal.channel("governance").await.card("INC-1");
        brief.expect("acknowledged");
        // The case hears each answer.
        let thread = w.tier2().channel("INC-1").await;
        thread.saying("legal: I have read this");
        thread.saying("grc: I have read this");
    });
}

#[test]
fn where_misconduct_is_named_the_channel_gets_a_stub_and_the_brief_a_private_thread() {
    scenario(async |w| {
        investigated(w).await;
        engages(w, MISCONDUCT).await;
        let (hr, legal) = (w.member("hr"), w.member("legal"));
        let stub = hr.channel("governance").await.saying("a brief waits");
        stub.lacks("chat service")
            .lacks("passport")
            .lacks("May the account");
        assert_eq!(pinged(&stub), 2);
        for member in [&hr, &legal, &w.tier2()] {
            let brief = member.channel(BRIEF_THREAD).await.card("INC-1");
            brief.expect("A list of applicants").pings_nobody();
        }
        for name in ["grc", "manager", "tier1", "tier3", "auditor"] {
            w.member(name).cannot_see(BRIEF_THREAD).await;
        }
    });
}

#[test]
fn what_names_a_file_is_found_in_a_brief_before_it_is_sent() {
    scenario(async |w| {
        investigated(w).await;
        let tier2 = w.tier2();
        let first = tier2.run("tier2-investigation", "engage", &[CASE]).await;
        let leaking = [
            REGULATED,
            ("What happened", "APPLICANTS0917-list-tw.pdf went out."),
        ];
        let review = first.form().fill(&leaking).await.message();
        let refused = tier2.press(&review, "Submit").await.message();
        refused.expect("holds the file name");
        assert!(w.member("legal").channel("governance").await.is_empty());
        looked_at(w).await;
    });
}

#[test]
fn a_stranger_who_could_read_the_channel_holds_the_brief_back_until_that_is_mended() {
    scenario(async |w| {
        investigated(w).await;
        w.overwrite("governance", "outsider", LOOK, 0).await;
        w.expected().log("an effect rests");
        engages(w, REGULATED).await;
        assert!(w.member("legal").channel("governance").await.is_empty());
        let audit = w.member("auditor").channel("audit").await;
        let told = audit.saying("others could read it");
        told.expect("an overwrite for the member")
            .lacks("chat service");
        w.overwrite("governance", "outsider", 0, LOOK).await;
        let brief = w.member("legal").channel("governance").await;
        brief.card("INC-1").expect("A list of applicants");
    });
}

#[test]
fn a_role_that_could_read_the_channel_is_named_in_the_audit_channel() {
    scenario(async |w| {
        investigated(w).await;
        let guild = w.guild().await;
        let roles = guild["roles"].as_array().unwrap();
        let role = roles.iter().find(|role| role["name"] == "manager").unwrap();
        let role = role["id"].as_str().unwrap().to_owned();
        w.overwrite("governance", &role, LOOK, 0).await;
        w.expected().log("an effect rests").resting(1);
        engages(w, REGULATED).await;
        let audit = w.member("auditor").channel("audit").await;
        audit
            .saying("others could read it")
            .expect("an overwrite for the role “manager” lets it read");
        assert!(w.member("legal").channel("governance").await.is_empty());
    });
}

pub async fn contains(w: &World, act: &str, more: &[(&str, &str)]) -> Message {
    let options: Vec<_> = [CASE].iter().chain(more).copied().collect();
    let command = format!("contain {act}");
    let tier3 = w.member("tier3");
    let answer = tier3.run("tier3-containment", &command, &options).await;
    answer.message()
}

#[test]
fn a_dlp_incident_goes_from_alert_to_closure_with_brief_containment_and_outcome() {
    scenario(async |w| {
        investigated(w).await;
        let tier2 = w.tier2();
        let first = tier2.run("tier2-investigation", "escalate", &[CASE]).await;
        sends(&tier2, first, INVESTIGATED)
            .await
            .expect("INC-1 is handed over");
        let tier3 = w.member("tier3");
        let card = tier3.channel("tier3-containment").await.card("INC-1");
        card.expect("Likely malicious");
        tier3.press(&card, "Accept").await.message();
        // Whoever holds it now reads the thread from its beginning.
        tier3.channel("INC-1").await.all();
        looked_at(w).await;
        hr_comes_before_the_person(w).await;
        closure_waits_for_governance(w).await;
        let options = [CASE];
        let told = w.member("manager").run("audit", "timeline", &options).await;
        told.message().expect("INC-1 · timeline");
    });
}

async fn hr_comes_before_the_person(w: &World) {
    let what = [
        ("what", "revoke-sessions"),
        ("text", "All sessions of the person"),
    ];
    contains(w, "propose", &what)
        .await
        .expect("waits: This acts on a person.")
        .expect("waits: The record says that Governance is required");
    contains(w, "authorise", &[("action", "1")])
        .await
        .expect("This acts on a person.");
    let tier3 = w.member("tier3");
    let first = tier3.run("tier3-containment", "engage", &[CASE]).await;
    let answers: Vec<_> = [MISCONDUCT].iter().chain(BRIEF).copied().collect();
    sends(&tier3, first, &answers)
        .await
        .expect("Governance is engaged");
    looked_at(w).await;
    let hr = w.member("hr");
    hr.channel("governance").await.all();
    let brief = hr.channel(BRIEF_THREAD).await.card("INC-1");
    contains(w, "authorise", &[("action", "1")])
        .await
        .expect("This acts on a person.");
    hr.press(&brief, "I have read this").await.message();
    contains(w, "authorise", &[("action", "1")])
        .await
        .expect("authorised");
    let done = [("action", "1"), ("text", "No session is left in the log")];
    contains(w, "done", &done).await.expect("done and verified");
    looked_at(w).await;
}

async fn closure_waits_for_governance(w: &World) {
    let (tier3, legal) = (w.member("tier3"), w.member("legal"));
    let first = tier3.run("tier3-containment", "close", &[CASE]).await;
    let review = first.form().fill(&CONTAINED[..1]).await.message();
    let refused = tier3.press(&review, "Submit").await.message();
    refused
        .expect("An engagement is not concluded.")
        .expect("needs a line for each threshold that is met");
    // Each side concludes for itself.
    answers(&legal, BRIEF_THREAD, "Concluded", "The insurer is told.").await;
    looked_at(w).await;
    let again = tier3.run("tier3-containment", "close", &[CASE]).await;
    let review = if again.is_form() {
        again.form().fill(CONTAINED).await.message()
    } else {
        again.message()
    };
    let refused = tier3.press(&review, "Submit").await.message();
    refused.expect("Not concluded: hr (brief 1).");
    answers(&w.member("hr"), BRIEF_THREAD, "Concluded", "Spoken to.").await;
    let review = tier3
        .completes(
            tier3.run("tier3-containment", "close", &[CASE]).await,
            CONTAINED,
        )
        .await;
    tier3
        .press(&review, "Submit")
        .await
        .message()
        .expect("INC-1 is closed");
    looked_at(w).await;
    closed_for_its_contacts(w).await;
    assert_eq!(w.count("SELECT is_open FROM incidents").await, 0);
    // What Legal said is counsel text: on no timeline.
    let told = w.member("auditor").run("audit", "timeline", &[CASE]).await;
    let first = told.message();
    first.lacks("insurer");
    let later = w.member("auditor").press(&first, "Later").await.message();
    later
        .lacks("insurer")
        .expect("did not engage Governance though a threshold agreed in advance is met")
        .expect("The regulator needs no word: the data is public.");
}

/// The contacts hear what became of it where they read the brief; the channel hears that there is something.
async fn closed_for_its_contacts(w: &World) {
    let (hr, legal) = (w.member("hr"), w.member("legal"));
    let stub = hr
        .channel("governance")
        .await
        .saying("a closing brief waits");
    stub.lacks("Deliberate").lacks("sessions");
    assert_eq!(pinged(&stub), 2);
    for member in [&hr, &legal, &w.tier2()] {
        if member.name == "tier2" {
            member.cannot_see(BRIEF_THREAD).await;
            continue;
        }
        let closing = member.channel(BRIEF_THREAD).await.saying("closing brief 1");
        closing
            .expect("**Outcome**: Deliberate or culpable breach of the rules")
            .expect("Revoke the person's sessions: done and verified")
            .expect("legal: Concluded")
            .expect("hr: Concluded")
            .lacks("insurer")
            .pings_nobody();
    }
}

/// A contact chooses among the answers of their own side, and says why.
pub async fn answers(member: &Member, channel: &str, answer: &str, why: &str) {
    let brief = member.channel(channel).await.card("INC-1");
    let own = member.press(&brief, "Answer or decide").await.message();
    let asked = member.pick(&own, "Answer or decide…", &[answer]).await;
    let told = if why.is_empty() {
        asked.message()
    } else {
        asked.form().submit(&[("Why", why)]).await.message()
    };
    told.expect("INC-1");
}
