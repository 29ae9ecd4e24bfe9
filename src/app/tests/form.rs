//! The guided form: drafts that survive, refusals with everything at once, the handoff with its record.

use super::{Ground, alert, ground, opened, refused, start};
use crate::app::form::{Given, Opened};
use crate::domain::form::{CRITERIA_KEY, DONE_KEY};
use crate::domain::ids::{IncidentId, TransitionId};
use crate::domain::incident::{Command, Phase, Refusal};
use crate::domain::policy::Actor;
use crate::domain::role::Role;
use chrono::TimeDelta;
use std::collections::BTreeMap;

fn handoff() -> TransitionId {
    TransitionId::new("send-search")
}

fn page(answers: &[(&str, &str)]) -> Given {
    let page: BTreeMap<String, Vec<String>> = answers
        .iter()
        .map(|(field, value)| ((*field).to_owned(), vec![(*value).to_owned()]))
        .collect();
    Given::Page(page)
}

/// Everything that the source does not say.
const COMPLETE: [(&str, &str); 4] = [
    ("story", "It fell into the river"),
    ("doors", "lab"),
    ("searched", "yes"),
    ("searched:reason", "Twice"),
];

async fn complete(ground: &Ground, actor: &Actor, id: IncidentId) -> Opened {
    let form = ground.app.open_form(actor, id, handoff()).await.unwrap();
    for given in [
        page(&COMPLETE),
        page(&[(CRITERIA_KEY, "opened-a-door"), (DONE_KEY, "asked")]),
        Given::AllSilent,
    ] {
        ground.app.give(actor, form.draft, given).await.unwrap();
    }
    let form = ground.app.give(actor, form.draft, Given::Nothing).await;
    form.unwrap()
}

async fn offered(ground: &Ground) -> (IncidentId, Actor) {
    let id = ground.open(alert("a-1")).await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let form = complete(ground, &tier1, id).await;
    assert!(form.form.readiness.is_ready(), "{:?}", form.form.readiness);
    ground.app.submit(&tier1, form.draft).await.unwrap();
    (id, tier1)
}

#[tokio::test]
async fn a_step_with_gaps_is_refused_with_every_title_at_once() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let form = ground.app.open_form(&tier1, id, handoff()).await.unwrap();
    let refusal = refused(ground.app.submit(&tier1, form.draft).await);
    let Refusal::RecordIncomplete(readiness) = refusal else {
        panic!("{refusal:?}");
    };
    let titles: Vec<&str> = readiness
        .gaps
        .iter()
        .map(|gap| gap.title.as_str())
        .collect();
    assert_eq!(
        titles,
        [
            "Door log",
            "What happened",
            "Was the desk searched?",
            "Doors it opens"
        ]
    );
    assert!(readiness.criterion_missing);
    assert_eq!(readiness.undone.len(), 1);
    assert_eq!(ground.incident(id).await.version, 1);
    assert_eq!(
        ground
            .number("SELECT COUNT(*) FROM drafts WHERE state = 'open'")
            .await,
        1
    );
}

#[tokio::test]
async fn a_draft_and_its_pages_survive_a_restart() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let form = ground.app.open_form(&tier1, id, handoff()).await.unwrap();
    // A value that cannot be read is kept too: nothing typed is lost.
    let typed = page(&[("story", "It fell"), ("noticed-at", "yesterday")]);
    ground.app.give(&tier1, form.draft, typed).await.unwrap();
    drop(ground.app);
    while crate::store::lock::hold(&ground.file).is_err() {
        tokio::task::yield_now().await;
    }
    let app = opened(&ground.file, ground.hand.clone()).await;
    let drafts = app.drafts(&tier1).await.unwrap();
    assert_eq!(drafts.len(), 1);
    assert_eq!((drafts[0].draft, drafts[0].answers), (form.draft, 2));
    let again = app.open_form(&tier1, id, handoff()).await.unwrap();
    assert_eq!(again.draft, form.draft);
    let typed = |field: &str| {
        let item = again.form.items.iter().find(|i| i.field.as_str() == field);
        item.unwrap().typed.values.clone()
    };
    assert_eq!(typed("story"), ["It fell"]);
    assert_eq!(typed("noticed-at"), ["yesterday"]);
    drop(ground.folder);
}

#[tokio::test]
async fn a_draft_of_somebody_else_is_not_found() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let other = ground.actor("tier1b", Role::Tier1).await;
    let draft = ground
        .app
        .open_form(&tier1, id, handoff())
        .await
        .unwrap()
        .draft;
    let given = ground.app.give(&other, draft, Given::Nothing).await;
    assert_eq!(refused(given.map(|_| ())), Refusal::NotFound);
    assert_eq!(
        refused(ground.app.submit(&other, draft).await),
        Refusal::NotFound
    );
    assert!(ground.app.drafts(&other).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_complete_handoff_is_offered_and_only_the_receiving_role_accepts_it() {
    let ground = ground().await;
    let (id, tier1) = offered(&ground).await;
    let role = Some(Role::Tier2);
    assert_eq!(
        refused(ground.app.act(&tier1, id, Command::Accept).await),
        Refusal::NotYours { role }
    );
    assert!(matches!(ground.incident(id).await.phase, Phase::Offered(_)));
    let tier2 = ground.actor("tier2", Role::Tier2).await;
    ground.app.act(&tier2, id, Command::Accept).await.unwrap();
    let incident = ground.incident(id).await;
    assert_eq!(incident.holder(), Some(tier2.person));
    assert_eq!(incident.stage.as_str(), "street");
    assert_eq!(incident.owner, "Site Security");
    let keys = ground.waiting_keys().await;
    assert!(keys.contains(&format!("open:{id}")), "{keys:?}");
    assert!(keys.contains(&format!("post:{id}:1")), "{keys:?}");
}

#[tokio::test]
async fn a_returned_handoff_comes_back_with_its_reason_and_its_record() {
    let ground = ground().await;
    let (id, tier1) = offered(&ground).await;
    let tier2 = ground.actor("tier2", Role::Tier2).await;
    let return_for = |reason: &str| Command::Return {
        reason: reason.to_owned(),
    };
    let silent = ground.app.act(&tier2, id, return_for("  ")).await;
    assert_eq!(refused(silent), Refusal::ReasonMissing);
    ground
        .app
        .act(&tier2, id, return_for("Which river?"))
        .await
        .unwrap();
    let incident = ground.incident(id).await;
    assert_eq!(incident.holder(), Some(tier1.person));
    assert_eq!(incident.returned.unwrap().reason, "Which river?");
    let form = ground.app.open_form(&tier1, id, handoff()).await.unwrap();
    assert!(
        form.form.readiness.gaps.is_empty(),
        "{:?}",
        form.form.readiness
    );
    let story = form.form.items.iter().find(|i| i.field.as_str() == "story");
    assert_eq!(
        story.unwrap().shown.as_deref(),
        Some("It fell into the river")
    );
}

#[tokio::test]
async fn a_submitted_draft_cannot_be_submitted_again() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let draft = complete(&ground, &tier1, id).await.draft;
    let (first, second) = tokio::join!(
        ground.app.submit(&tier1, draft),
        ground.app.submit(&tier1, draft),
    );
    assert!(first.is_ok());
    assert_eq!(refused(second), Refusal::Changed);
    assert_eq!(ground.incident(id).await.visits.len(), 2);
}

#[tokio::test]
async fn an_offer_that_nobody_accepts_is_raised_in_the_receiving_channel() {
    let ground = ground().await;
    let (id, _) = offered(&ground).await;
    ground.pass(TimeDelta::minutes(44));
    assert_eq!(ground.app.sweep().await.unwrap(), 0);
    ground.pass(TimeDelta::minutes(1));
    assert_eq!(ground.app.sweep().await.unwrap(), 1);
    let incident = ground.incident(id).await;
    assert_eq!(incident.visits[1].raised, 1);
    assert_eq!(incident.visits[1].since, start());
    let rows = ground.waiting().await;
    let reminder = rows.iter().find(|row| row.kind == "remind").unwrap();
    assert_eq!(reminder.channel, incident.visits[1].channel);
}
