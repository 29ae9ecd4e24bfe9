//! Known patterns: proposed, tried on past alerts, approved by a second person; what a dismissal on one shows and needs.

use super::harness::{ALL, Answer, Member, Message, World, rates, scenario_with, second_looks};
use crate::payload;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const TRIAGE: &str = "tier1-triage";
const DESK: &str = "rates.desk@contoso.example";

const SCOPE: &str = "alert.policy == 'Rates'";
const REASON: &str = "The desk sends its daily rates to the traders.";
const TYPED: &[(&str, &str)] = &[
    ("Title", "Daily rates"),
    ("Scope", SCOPE),
    ("Why such alerts are harmless", REASON),
    ("Last day it counts", "2026-11-21"),
];
/// What a dismissal on a pattern still asks where no trigger is met.
const REST: &[(&str, &str)] = &[
    ("Answer to each trigger that is met", "not applicable"),
    ("Definition of done", ALL),
];
const ON_PATTERN: &str = "The alert matches an approved low-risk pattern";

/// Tells it where no dismissal is drawn.
fn story(told: impl AsyncFnOnce(&World)) {
    scenario_with(|settings, folder| second_looks(settings, folder, 0), told);
}

/// One alert of the rates desk and one of somebody else; a pattern for the first, by tier1, approved by tier2.
async fn approved(w: &World) {
    w.alert("purview", rates(1, DESK)).await.accepted();
    w.alert("purview", UPLOAD).await.accepted();
    let tier1 = w.tier1();
    let form = tier1.run(TRIAGE, "pattern propose", &[]).await.form();
    let tried = form.submit(TYPED).await.message();
    let proposed = tier1.press(&tried, "Propose").await.message();
    proposed.expect("PAT-1 is proposed");
    let options = [("pattern", "PAT-1"), ("text", "I looked at ten of them.")];
    let tier2 = w.tier2();
    let approved = tier2.run("tier2-investigation", "pattern approve", &options);
    approved.await.message().expect("PAT-1 is approved");
    w.settle().await;
    tier1.channel(TRIAGE).await.all();
}

async fn presses_dismiss(member: &Member, id: &str) -> Answer {
    let card = member.channel(TRIAGE).await.card(id);
    member.press(&card, "Dismiss").await
}

/// Dismisses with these answers, and with what the form holds already.
async fn dismisses(member: &Member, id: &str, answers: &[(&str, &str)]) -> Message {
    let form = presses_dismiss(member, id).await.form();
    let review = form.fill(answers).await.message();
    member.press(&review, "Submit").await.message()
}

#[test]
fn dismiss_when_the_alert_matches_a_known_low_risk_pattern() {
    story(async |w| {
        approved(w).await;
        let tier1 = w.tier1();
        let card = tier1.channel(TRIAGE).await.card("INC-1");
        card.expect("**Matching patterns**: PAT-1: Daily rates (in date until 2026-11-21)");
        let other = tier1.channel(TRIAGE).await.card("INC-2");
        other.lacks("Matching patterns");

        let form = presses_dismiss(&tier1, "INC-1").await.form();
        assert_eq!(form.standing("Criteria that are met").len(), 1);
        let ground = form.standing("Criteria that are met").remove(0);
        assert!(ground.starts_with(ON_PATTERN), "{ground}");
        let review = form.fill(REST).await.message();
        review
            .expect("**Why this is dismissed (from the pattern)**: The desk sends its daily rates")
            .expect("**Documented pattern or history (from the pattern)**: PAT-1: Daily rates")
            .lacks("Still missing");
        // It is prefilled and nothing more: the incident is open until somebody submits.
        assert_eq!(
            w.count("SELECT is_open FROM incidents WHERE id = 1").await,
            1
        );
        let done = tier1.press(&review, "Submit").await.message();
        done.expect("INC-1 is dismissed");

        let shown = tier1.run(TRIAGE, "pattern show", &[("pattern", "PAT-1")]);
        let shown = shown.await.message();
        shown
            .expect("**Hits**: 1, the last: 2026-11-20")
            .expect("tier2 (tier2): approved, until 2026-11-21: I looked at ten of them.")
            .expect("1 of 2 past alerts match, among them INC-1");
        let options = [("incident", "INC-1")];
        let told = w.member("auditor").run("audit", "timeline", &options).await;
        told.message()
            .expect("rested on the pattern PAT-1")
            .expect("on: The alert matches an approved low-risk pattern")
            .expect("PAT-1: Daily rates (from the pattern)");
    });
}

#[test]
fn a_pattern_is_tried_before_it_is_saved_and_nothing_that_was_typed_is_lost() {
    story(async |w| {
        w.alert("purview", rates(1, DESK)).await.accepted();
        w.alert("purview", UPLOAD).await.accepted();
        let tier1 = w.tier1();
        tier1.channel(TRIAGE).await.all();
        let like = [("incident", "INC-1")];
        let form = tier1.run(TRIAGE, "pattern propose", &like).await.form();
        let scope = form.standing("Scope").remove(0);
        assert!(
            scope.starts_with("alert.policy == 'Rates'\n&& alert.rule == 'rulecode'"),
            "{scope}"
        );
        let wrong = [
            ("Title", "Daily rates"),
            ("Scope", "alert.polcy == 'Rates'"),
            ("Last day it counts", "in spring"),
        ];
        let tried = form.submit(&wrong).await.message();
        tried
            .expect("Why such alerts are harmless")
            .expect("Reason is missing")
            .expect("Scope, character 1: unknown fact \\`alert.polcy\\`; did you mean")
            .expect("Expires on must be a date such as 2027-03-31")
            .expect("[Propose, off]");
        // Left alone, and begun again later: it stands as it was typed.
        let again = tier1.run(TRIAGE, "pattern propose", &like).await.form();
        assert_eq!(again.standing("Title"), ["Daily rates"]);
        assert_eq!(again.standing("Scope"), ["alert.polcy == 'Rates'"]);
        for (scope, said) in [
            (
                "alert.policy == 'Nothing of this name'",
                "matches none of 2 past alerts",
            ),
            (
                "alert.kind == 'dlp'",
                "matches everything (2 of 2 past alerts)",
            ),
            ("person.detections_in_window >= 0", "matches everything"),
        ] {
            let form = tier1.press(&tried, "Change").await.form();
            let mut typed = TYPED.to_vec();
            typed[1].1 = scope;
            let tried = form.submit(&typed).await.message();
            tried.expect(said).expect("[Propose, off]");
        }
        let form = tier1.press(&tried, "Change").await.form();
        let tried = form.submit(TYPED).await.message();
        tried.expect("1 of 2 past alerts match, among them INC-1");
        assert_eq!(w.count("SELECT COUNT(*) FROM patterns").await, 0);
        let beside = tier1.run(TRIAGE, "pattern propose", &[]).await.form();
        let beside = beside.submit(&[]).await.message();
        tier1.press(&tried, "Propose").await.message();
        assert_eq!(w.count("SELECT COUNT(*) FROM patterns").await, 1);
        // The form was sent: pressing again proposes no second one.
        let twice = tier1.press(&beside, "Propose").await.message();
        twice.expect("This form is sent already");
    });
}

#[test]
fn only_a_second_person_of_the_right_role_approves_and_others_see_no_pattern() {
    story(async |w| {
        w.alert("purview", rates(1, DESK)).await.accepted();
        w.alert("purview", UPLOAD).await.accepted();
        let (tier1, tier2) = (w.tier1(), w.tier2());
        tier1.channel(TRIAGE).await.all();
        let form = tier2
            .run("tier2-investigation", "pattern propose", &[])
            .await;
        let tried = form.form().submit(TYPED).await.message();
        tier2.press(&tried, "Propose").await.message();

        let words = [("pattern", "PAT-1"), ("text", "Looked at it.")];
        let own = tier2.run("tier2-investigation", "pattern approve", &words);
        own.await
            .message()
            .expect("You proposed it: a second person approves it");
        let other = tier1.run(TRIAGE, "pattern approve", &words).await;
        other.message().expect("Only tier2 or tier3 may do this.");
        for (who, channel) in [("outsider", TRIAGE), ("hr", "governance")] {
            if who == "outsider" {
                w.overwrite(TRIAGE, who, 1024 | 65536, 0).await;
            }
            let member = w.member(who);
            let list = member.run(channel, "pattern list", &[]).await.message();
            list.expect("0 patterns").lacks("Daily rates");
            let missing = member
                .run(channel, "pattern show", &[("pattern", "PAT-9")])
                .await;
            let there = member
                .run(channel, "pattern show", &[("pattern", "PAT-1")])
                .await;
            assert_eq!(there.text(), missing.text());
            let refused = member.run(channel, "pattern propose", &[]).await.message();
            refused.expect("for which you may propose patterns");
        }
        // Unapproved, it shows nowhere and nobody dismisses on it.
        let card = tier1.channel(TRIAGE).await.card("INC-1");
        card.lacks("Matching patterns");
        let answers = [
            ("Criteria that are met", ON_PATTERN),
            ("Why this is dismissed", REASON),
            ("Documented pattern or history", "PAT-1"),
        ];
        let refused = dismisses(&tier1, "INC-1", &[&answers, REST].concat()).await;
        refused.expect("Documented pattern or history names PAT-1, which nobody has approved yet");

        let tier3 = w.member("tier3");
        tier3
            .run("tier3-containment", "help", &[])
            .await
            .message()
            .expect("1 pattern waits for approval");
        let list = tier3
            .run("tier3-containment", "pattern list", &[])
            .await
            .message();
        list.expect(
            "waits for approval until 2026-11-21 · 0 hits · owner tier2 · approved by nobody yet",
        );
        let shown = tier3
            .pick(&list, "Open a pattern…", &["PAT-1"])
            .await
            .message();
        let form = tier3.press(&shown, "Approve").await.form();
        form.submit(&[("Why", "Ten of them are such.")])
            .await
            .message()
            .expect("PAT-1 is approved");
        w.settle().await;
        tier1
            .channel(TRIAGE)
            .await
            .card("INC-1")
            .expect("Matching patterns");
    });
}

#[test]
fn an_expired_or_retired_pattern_is_refused_with_the_reason_until_it_is_reviewed() {
    story(async |w| {
        approved(w).await;
        let (tier1, tier2) = (w.tier1(), w.tier2());
        let answers = [
            ("Criteria that are met", ON_PATTERN),
            ("Why this is dismissed", REASON),
            ("Documented pattern or history", "PAT-1"),
        ];
        let answers = [&answers, REST].concat();
        w.advance(chrono::TimeDelta::days(2)).await;
        tier1.channel(TRIAGE).await.all();
        let refused = dismisses(&tier1, "INC-1", &answers).await;
        refused.expect("names PAT-1, which expired on 2026-11-21; review it first");
        let run = async |command: &str, more: &[(&str, &str)]| {
            let options = [
                &[("pattern", "PAT-1"), ("text", "Looked at five more.")],
                more,
            ]
            .concat();
            tier2
                .run("tier2-investigation", command, &options)
                .await
                .message()
        };
        run("pattern review", &[("expires", "2028-01-31")])
            .await
            .expect("The new date is too far away: 180 days at most")
            .expect("**What you typed**, to send it again:")
            .expect("> Looked at five more.");
        run("pattern review", &[("expires", "2027-01-31")])
            .await
            .expect("It counts until 2027-01-31.");
        // What was typed before still stands: the review opens at once.
        let review = presses_dismiss(&tier1, "INC-1").await.message();
        let done = tier1.press(&review, "Submit").await.message();
        done.expect("INC-1 is dismissed");

        run("pattern retire", &[]).await.expect("PAT-1 is retired");
        w.alert("purview", rates(2, "other.desk@contoso.example"))
            .await
            .accepted();
        let refused = dismisses(&tier1, "INC-3", &answers).await;
        refused.expect("names PAT-1, which was retired on 2026-11-22");
        tier1.channel(TRIAGE).await.all();
        let list = tier1.run(TRIAGE, "pattern list", &[]).await.message();
        list.expect("Daily rates: retired until 2027-01-31 · 1 hit · owner tier1 · approved by tier2 on 2026-11-20 · last review tier2 on 2026-11-22");
    });
}

#[test]
fn a_pattern_that_covers_all_detections_lifts_the_repeat_rule_and_one_that_does_not_leaves_it() {
    story(async |w| {
        let visa = "visa.assistant@contoso.example";
        w.alert("purview", rates(1, visa)).await.accepted();
        w.alert("purview", rates(2, visa)).await.accepted();
        // Somebody else's, so that the pattern does not match everything.
        let another = UPLOAD.replace(visa, "other@contoso.example");
        let another = another.replace("93c389c1-be90-b0d0", "93c389c1-0000-0009");
        w.settle().await;
        w.alert("purview", another).await.accepted();
        let tier1 = w.tier1();
        let form = tier1.run(TRIAGE, "pattern propose", &[]).await.form();
        let tried = form.submit(TYPED).await.message();
        tier1.press(&tried, "Propose").await.message();
        let options = [("pattern", "PAT-1"), ("text", "Looked at both.")];
        let tier2 = w.tier2();
        tier2
            .run("tier2-investigation", "pattern approve", &options)
            .await
            .message();
        w.settle().await;
        let card = tier1.channel(TRIAGE).await.card("INC-2");
        card.expect("covers all detections of the person");
        let answers = [
            (
                "Answer to each trigger that is met",
                "Both are the daily rates.",
            ),
            ("Definition of done", ALL),
        ];
        let alone = dismisses(&tier1, "INC-2", &answers).await;
        alone.expect("INC-2 is dismissed");

        // A detection of another kind: the pattern no longer covers all of them.
        w.alert("purview", UPLOAD).await.accepted();
        w.settle().await;
        w.alert("purview", rates(3, visa)).await.accepted();
        let card = tier1.channel(TRIAGE).await.card("INC-5");
        card.expect("does not cover all detections of the person");
        let waits = dismisses(&tier1, "INC-5", &answers).await;
        waits.expect("INC-5 waits for a second person");
        let card = w.tier1b().channel(TRIAGE).await.card("INC-5");
        let form = w.tier1b().press(&card, "Agree").await.form();
        let agreed = form
            .submit(&[("Why", "The upload is looked at by itself.")])
            .await;
        agreed.message().expect("INC-5 is dismissed");
        assert_eq!(w.count("SELECT hits FROM patterns").await, 2);
        tier1.channel(TRIAGE).await.all();
    });
}
