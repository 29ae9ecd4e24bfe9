//! Dismissal at triage: one form, and for a person who was detected before a second person's word.

use super::harness::{ALL, Member, Message, World, scenario};
use crate::payload;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const TRIAGE: &str = "tier1-triage";

pub(super) const FIRST: &[(&str, &str)] = &[
    ("Criteria that are met", "Person and data fit together"),
    (
        "Why this is dismissed",
        "The visa desk uploads there by contract.",
    ),
    (
        "Answer to each trigger that is met",
        "The chat service is the contractor's.",
    ),
    (
        "Documented pattern or history",
        "Register of exceptions, 17",
    ),
];
/// On the second detection two triggers are met.
const SECOND: &[(&str, &str)] = &[
    FIRST[0],
    FIRST[1],
    (
        "Answer to each trigger that is met",
        "Both uploads belong to one application.\nThe chat service is the contractor's.",
    ),
    FIRST[3],
];

/// Another detection of the same person.
fn again() -> String {
    let other = UPLOAD.replace("93c389c1-be90-b0d0", "93c389c1-0000-0002");
    assert_ne!(other, UPLOAD);
    other
}

async fn dismisses(member: &Member, id: &str, answers: &[(&str, &str)]) -> Message {
    let card = member.channel(TRIAGE).await.card(id);
    let form = member.press(&card, "Dismiss").await.form();
    // One form holds it all.
    let answers = [answers, &[("Definition of done", ALL)]].concat();
    let review = form.fill(&answers).await.message();
    let asks_more = |label: &String| label == "Fill in what is missing";
    assert!(!review.buttons().iter().any(asks_more));
    member.press(&review, "Submit").await.message()
}

/// Two alerts of one person; the first is dismissed, the second waits for a second person.
async fn repeated(w: &World) -> Message {
    w.alert("purview", UPLOAD).await.accepted();
    let tier1 = w.tier1();
    dismisses(&tier1, "INC-1", FIRST)
        .await
        .expect("INC-1 is dismissed");
    assert_eq!(
        w.alert("purview", again()).await.outcomes(),
        ["opened INC-2"]
    );
    dismisses(&tier1, "INC-2", SECOND)
        .await
        .expect("INC-2 waits for a second person");
    let card = w.tier1b().channel(TRIAGE).await.card("INC-2");
    assert_eq!(card.buttons(), ["Agree", "Refuse", "Details"]);
    w.tier1().channel(TRIAGE).await.all();
    card
}

#[test]
fn dismiss_when_person_and_data_fit_and_the_match_is_a_known_false_positive() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let tier1 = w.tier1();
        dismisses(&tier1, "INC-1", FIRST)
            .await
            .expect("INC-1 is dismissed");
        tier1.channel(TRIAGE).await.all();
        let options = [("incident", "INC-1")];
        let told = w.member("manager").run("audit", "timeline", &options).await;
        told.message()
            .expect("dismissed")
            .expect("Person and data fit together");
    });
}

#[test]
fn a_dismissal_that_answers_no_trigger_is_refused_and_names_it() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let tier1 = w.tier1();
        let card = tier1.channel(TRIAGE).await.card("INC-1");
        let form = tier1.press(&card, "Dismiss").await.form();
        let review = form.fill(&FIRST[..2]).await.message();
        let refused = tier1.press(&review, "Submit").await.message();
        refused
            .expect("Answer to each trigger that is met is missing")
            .expect("Documented pattern or history is missing")
            .expect("The alert was opened at its source");
        assert_eq!(w.count("SELECT is_open FROM incidents").await, 1);
    });
}

#[test]
fn the_same_persons_second_alert_is_dismissed_once_a_second_person_agrees() {
    scenario(async |w| {
        let card = repeated(w).await;
        let alone = w.tier1().press(&card, "Agree").await.message();
        alone.expect("second person");
        let form = w.tier1b().press(&card, "Agree").await.form();
        let agreed = form
            .submit(&[("Why", "I know the contract, it says so.")])
            .await;
        agreed.message().expect("INC-2 is dismissed");
        assert_eq!(
            w.count("SELECT COUNT(*) FROM incidents WHERE is_open = 1")
                .await,
            0
        );
    });
}

#[test]
fn a_second_person_refuses_and_the_holder_goes_on() {
    scenario(async |w| {
        let card = repeated(w).await;
        let form = w.tier1b().press(&card, "Refuse").await.form();
        let refused = form
            .submit(&[("Why", "The contract ended in summer.")])
            .await;
        refused.message().expect("INC-2 stays open");
        let tier1 = w.tier1();
        let card = tier1.channel(TRIAGE).await.card("INC-2");
        assert_eq!(
            card.buttons(),
            ["Escalate", "Dismiss", "Details"],
            "{}",
            card.text()
        );
        tier1
            .hands_over(TRIAGE, "INC-2", super::harness::TRIAGE)
            .await;
        w.tier2().channel("tier2-investigation").await.all();
    });
}
