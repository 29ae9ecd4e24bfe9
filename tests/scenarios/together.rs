//! Dismissals under one rationale: what may go together goes, and what needs a look of its own is left out by name.

use super::harness::{ALL, Message, World, rates, scenario_with, second_looks};
use crate::payload;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const TRIAGE: &str = "tier1-triage";
const MENU: &str = "Dismiss together: Data loss prevention";

const ANSWERS: &[(&str, &str)] = &[
    ("Criteria that are met", "Person and data fit together"),
    ("Why this is dismissed", "The desks send their daily rates."),
    ("Documented pattern or history", "Register of exceptions, 4"),
    ("Definition of done", ALL),
];

/// Four desks, each detected once, and an upload that meets a trigger.
async fn night(w: &World) {
    for number in 1..=4 {
        let desk = format!("desk.{number}@contoso.example");
        w.alert("purview", rates(number, &desk)).await.accepted();
        // Each has its card: no storm.
        w.settle().await;
    }
    w.alert("purview", UPLOAD).await.accepted();
    w.settle().await;
    w.tier1().channel(TRIAGE).await.all();
}

fn story(told: impl AsyncFnOnce(&World)) {
    scenario_with(|settings, folder| second_looks(settings, folder, 0), told);
}

async fn listed(w: &World) -> Message {
    w.tier1().run(TRIAGE, "dismiss", &[]).await.message()
}

#[test]
fn several_are_dismissed_under_one_rationale_and_what_cannot_go_is_named_with_why() {
    story(async |w| {
        night(w).await;
        let (tier1, tier1b) = (w.tier1(), w.tier1b());
        let card = tier1b.channel(TRIAGE).await.card("INC-4");
        tier1b.press(&card, "Claim").await.message();
        let list = listed(w).await;
        list.expect("INC-1: low · Rates · desk.1@contoso.example")
            .expect("INC-4: somebody else holds it")
            .expect("INC-5: a trigger is met: Risky workload or destination");
        let form = tier1
            .pick(&list, MENU, &["INC-1", "INC-2", "INC-3"])
            .await
            .form();
        // Nothing is done before the form is complete, for none of them.
        let review = form.fill(&ANSWERS[..1]).await.message();
        review.expect("INC-2: under the same rationale");
        let refused = tier1.press(&review, "Submit").await.message();
        refused.expect("Why this is dismissed is missing");
        let open = "SELECT COUNT(*) FROM incidents WHERE is_open = 1";
        assert_eq!(w.count(open).await, 5);

        let form = tier1
            .press(&refused, "Fill in what is missing")
            .await
            .form();
        let review = form.fill(ANSWERS).await.message();
        // Meanwhile a colleague takes one of them.
        let card = tier1b.channel(TRIAGE).await.card("INC-3");
        tier1b.press(&card, "Claim").await.message();
        let done = tier1.press(&review, "Submit").await.message();
        done.expect("INC-1: dismissed")
            .expect("INC-2: dismissed")
            .expect("INC-3: somebody else holds it");
        assert_eq!(w.count(open).await, 3);
        for id in ["INC-1", "INC-2"] {
            let options = [("incident", id)];
            let told = w.member("auditor").run("audit", "timeline", &options).await;
            told.message()
                .expect("dismissed")
                .expect("on: Person and data fit together")
                .expect("Why this is dismissed: The desks send their daily rates.");
        }
        tier1.channel(TRIAGE).await.all();
    });
}

#[test]
fn what_a_pattern_covers_is_dismissed_together_on_it() {
    story(async |w| {
        night(w).await;
        let (tier1, tier2) = (w.tier1(), w.tier2());
        let form = tier1.run(TRIAGE, "pattern propose", &[]).await.form();
        let typed = [
            ("Title", "Daily rates"),
            (
                "Scope",
                "alert.policy == 'Rates' && alert.user != 'desk.4@contoso.example'",
            ),
            (
                "Why such alerts are harmless",
                "The desks send their daily rates.",
            ),
            ("Last day it counts", "2027-01-31"),
        ];
        let tried = form.submit(&typed).await.message();
        tier1.press(&tried, "Propose").await.message();
        let options = [("pattern", "PAT-1"), ("text", "I looked at three.")];
        tier2
            .run("tier2-investigation", "pattern approve", &options)
            .await
            .message();
        let shown = tier1.run(TRIAGE, "pattern show", &[("pattern", "PAT-1")]);
        let shown = shown.await.message();
        let list = tier1
            .press(&shown, "Dismiss what it covers")
            .await
            .message();
        list.expect("INC-3").lacks("INC-4").lacks("INC-5");
        let form = tier1
            .pick(&list, MENU, &["INC-1", "INC-2", "INC-3"])
            .await
            .form();
        let review = form.fill(&ANSWERS[3..]).await.message();
        review.expect("PAT-1: Daily rates").lacks("Still missing");
        let done = tier1.press(&review, "Submit").await.message();
        done.expect("3 dismissed under one rationale");
        assert_eq!(w.count("SELECT hits FROM patterns").await, 3);
        let events = "SELECT COUNT(*) FROM event_headers WHERE kind = 'ended' AND criterion <> ''";
        assert_eq!(w.count(events).await, 3);
        w.settle().await;
        tier1.channel(TRIAGE).await.all();
    });
}

#[test]
fn a_person_who_was_detected_before_and_what_is_not_yours_to_see_never_go_together() {
    story(async |w| {
        night(w).await;
        w.alert("purview", rates(9, "desk.1@contoso.example"))
            .await
            .accepted();
        let tier1 = w.tier1();
        tier1.channel(TRIAGE).await.all();
        let list = listed(w).await;
        list.expect("INC-6: a trigger is met: The same person was detected repeatedly");
        for (who, channel) in [("tier2", "tier2-investigation"), ("manager", "audit")] {
            let none = w.member(who).run(channel, "dismiss", &[]).await.message();
            none.expect("Nothing that you may dismiss").lacks("INC-");
        }
        // Dismissed alone from its card, an incident takes no other along.
        let form = tier1.pick(&list, MENU, &["INC-2", "INC-3"]).await.form();
        form.fill(&ANSWERS[..1]).await.message();
        let card = tier1.channel(TRIAGE).await.card("INC-2");
        let form = tier1.press(&card, "Dismiss").await.form();
        let trigger = ("Answer to each trigger that is met", "not applicable");
        let review = form.fill(&[ANSWERS, &[trigger]].concat()).await.message();
        review.lacks("INC-3");
        tier1
            .press(&review, "Submit")
            .await
            .message()
            .expect("INC-2 is dismissed");
        assert_eq!(
            w.count("SELECT COUNT(*) FROM incidents WHERE is_open = 1")
                .await,
            5
        );
        tier1.channel(TRIAGE).await.all();
    });
}
