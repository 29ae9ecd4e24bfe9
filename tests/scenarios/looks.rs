//! The second look: a drawn dismissal waits for somebody who did not dismiss it.

use super::harness::{ALL, Member, World, rates, scenario_with, second_looks};
use chrono::TimeDelta;

const TRIAGE: &str = "tier1-triage";
const LOOK: &str = "Look again at…";
const ANSWERS: &[(&str, &str)] = &[
    (
        "Criteria that are met",
        "The policy has a documented history",
    ),
    (
        "Why this is dismissed",
        "The rule counts the desk's own footer.",
    ),
    ("Answer to each trigger that is met", "not applicable"),
    ("Documented pattern or history", "Register of exceptions, 4"),
    ("Definition of done", ALL),
];

/// Every dismissal is drawn.
fn story(told: impl AsyncFnOnce(&World)) {
    scenario_with(|settings, folder| second_looks(settings, folder, 100), told);
}

async fn dismissed(w: &World) {
    w.alert("purview", rates(1, "rates.desk@contoso.example"))
        .await
        .accepted();
    let tier1 = w.tier1();
    let card = tier1.channel(TRIAGE).await.card("INC-1");
    let form = tier1.press(&card, "Dismiss").await.form();
    let review = form.fill(ANSWERS).await.message();
    tier1
        .press(&review, "Submit")
        .await
        .message()
        .expect("INC-1 is dismissed");
    w.settle().await;
}

async fn queue(member: &Member, channel: &str) -> super::harness::Message {
    member.run(channel, "queue", &[]).await.message()
}

#[test]
fn dismiss_when_the_policy_has_a_documented_false_positive_history() {
    story(async |w| {
        dismissed(w).await;
        // Whoever dismissed it does not judge it, and others than the two tiers do not either.
        queue(&w.tier1(), TRIAGE).await.lacks("INC-1");
        queue(&w.member("manager"), "audit")
            .await
            .lacks("Second looks");
        let tier1b = w.tier1b();
        let list = queue(&tier1b, TRIAGE).await;
        list.expect("**Second looks**")
            .expect("INC-1: low, dismissed 2026-11-20");
        tier1b
            .run(TRIAGE, "help", &[])
            .await
            .message()
            .expect("1 dismissal waits for your second look");
        let look = tier1b.pick(&list, LOOK, &["INC-1"]).await.message();
        look.expect("dismissed by tier1")
            .expect("**Policy**: Rates")
            .expect("The policy has a documented history of false positives")
            .expect("The rule counts the desk's own footer.");
        // To judge it they open the source's own words, and that is logged.
        tier1b
            .press(&look, "Details")
            .await
            .message()
            .expect("details of 1 alert");
        let agreed = tier1b.press(&look, "Agree").await.message();
        agreed.expect("INC-1 stays dismissed");
        queue(&tier1b, TRIAGE).await.lacks("Second looks");
        let options = [("incident", "INC-1")];
        let told = w.member("auditor").run("audit", "timeline", &options).await;
        told.message()
            .expect("looked again and agreed to the dismissal")
            .expect("The policy has a documented history of false positives");
        w.advance(TimeDelta::days(9)).await;
    });
}

#[test]
fn a_second_look_that_nobody_takes_is_raised_and_whoever_does_not_agree_reopens_it() {
    story(async |w| {
        dismissed(w).await;
        w.advance(TimeDelta::days(2)).await;
        let tier1 = w.tier1();
        tier1
            .channel(TRIAGE)
            .await
            .saying("INC-1: a second look is due");
        let tier2 = w.tier2();
        let list = queue(&tier2, "tier2-investigation").await;
        let look = tier2.pick(&list, LOOK, &["INC-1"]).await.message();
        // A colleague has it before them, too.
        let tier1b = w.tier1b();
        let list = queue(&tier1b, TRIAGE).await;
        let beside = tier1b.pick(&list, LOOK, &["INC-1"]).await.message();
        let form = tier2.press(&look, "Reopen").await.form();
        let reopened = form
            .submit(&[("Why", "The footer was removed in May.")])
            .await;
        reopened.message().expect("INC-1 is open again");
        w.settle().await;
        let card = tier1.channel(TRIAGE).await.card("INC-1");
        card.expect("Waiting for someone to claim it");
        // There is nothing left to judge for the colleague.
        let late = tier1b.press(&beside, "Agree").await.message();
        late.expect("No second look of this incident waits for anybody.");
        let options = [("incident", "INC-1")];
        let told = w.member("auditor").run("audit", "timeline", &options).await;
        let told = told.message();
        told.expect("looked again and did not agree to the dismissal")
            .expect("The footer was removed in May.")
            .expect("reopened");
        tier1.channel(TRIAGE).await.all();
    });
}
