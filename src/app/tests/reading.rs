//! Who reads what: walls, equal answers for what is hidden and what is not there, the log of views.

use super::{Ground, alert, arrived, concerned, ground, refused};
use crate::domain::ids::{AccountId, IncidentId};
use crate::domain::incident::{Command, Refusal};
use crate::domain::policy::Actor;
use crate::domain::role::Role;
use std::collections::BTreeSet;

/// What every way in answers this member about an incident.
async fn answers(ground: &Ground, actor: &Actor, id: IncidentId) -> Vec<String> {
    let app = &ground.app;
    let kind = crate::domain::playbook::definition::TransitionKind::Handoff;
    let way = crate::domain::ids::TransitionId::new("send-search");
    vec![
        format!("{:?}", app.act(actor, id, Command::Claim).await),
        format!("{:?}", app.act(actor, id, Command::Accept).await),
        format!("{:?}", app.timeline(actor, id).await.map(|_| ())),
        format!("{:?}", app.details(actor, id).await),
        format!("{:?}", app.ways(actor, id, kind).await),
        format!("{:?}", app.open_form(actor, id, way).await.map(|_| ())),
        format!("{:?}", app.may_receive(actor, id).await),
    ]
}

#[tokio::test]
async fn to_the_person_concerned_their_incident_is_one_that_does_not_exist() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    // They work in triage themselves, and would be cleared for any other.
    let walled = Actor {
        person: concerned(&ground, id).await,
        account: AccountId::new("account-porter"),
        roles: BTreeSet::from([Role::Tier1, Role::Tier2, Role::Manager, Role::Auditor]),
        lead: true,
    };
    assert_eq!(
        answers(&ground, &walled, id).await,
        answers(&ground, &walled, IncidentId(999)).await
    );
    assert!(ground.app.queue(&walled).await.unwrap().is_empty());
    assert_eq!(ground.incident(id).await.version, 1);
    assert_eq!(
        ground.number("SELECT COUNT(*) FROM access_headers").await,
        0
    );
}

#[tokio::test]
async fn to_a_role_without_a_part_in_it_every_answer_is_that_of_no_incident() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    for role in [
        Role::Hr,
        Role::Legal,
        Role::Grc,
        Role::Admin,
        Role::Engineering,
    ] {
        let actor = ground.actor(role.key(), role).await;
        assert_eq!(
            answers(&ground, &actor, id).await,
            answers(&ground, &actor, IncidentId(999)).await,
            "{role}"
        );
        assert!(ground.app.queue(&actor).await.unwrap().is_empty(), "{role}");
    }
}

#[tokio::test]
async fn details_open_for_the_stage_and_each_view_is_logged() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let details = ground.app.details(&tier1, id).await.unwrap();
    assert_eq!(details[0].detail.title.as_deref(), Some("secret title"));
    assert_eq!(details[0].bodies.len(), 1);
    ground.app.details(&tier1, id).await.unwrap();
    assert_eq!(
        ground.number("SELECT COUNT(*) FROM access_headers").await,
        2
    );
    let by = ground
        .number("SELECT staff FROM access_headers WHERE seq = 2")
        .await;
    assert_eq!(by, tier1.person.0);
    // Nothing of it is in the history.
    assert_eq!(ground.number("SELECT COUNT(*) FROM event_headers").await, 1);
}

#[tokio::test]
async fn a_refused_view_is_not_logged_and_opens_nothing() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    let tier2 = ground.actor("tier2", Role::Tier2).await;
    assert_eq!(
        refused(ground.app.details(&tier2, id).await),
        Refusal::NotFound
    );
    assert_eq!(
        ground.number("SELECT COUNT(*) FROM access_headers").await,
        0
    );
}

#[tokio::test]
async fn a_queue_shows_first_what_is_the_members_to_take_then_by_severity() {
    use crate::domain::alert::{Alert, Severity};
    let ground = ground().await;
    let low = Alert {
        severity: Severity::Low,
        ..alert("a-1")
    };
    let medium = alert("a-2");
    let (low, medium) = (ground.open(low).await, ground.open(medium).await);
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let ids = |rows: Vec<crate::app::query::Queued>| rows.iter().map(|r| r.id).collect::<Vec<_>>();
    assert_eq!(ids(ground.app.queue(&tier1).await.unwrap()), [medium, low]);
    let other = ground.actor("tier1b", Role::Tier1).await;
    ground
        .app
        .act(&other, medium, Command::Claim)
        .await
        .unwrap();
    assert_eq!(ids(ground.app.queue(&tier1).await.unwrap()), [low, medium]);
}

#[tokio::test]
async fn a_claim_is_on_the_timeline_and_no_decision_and_the_way_knows_who_held_it() {
    use crate::domain::lanes::Going;
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let manager = ground.actor("manager", Role::Manager).await;
    ground.pass(chrono::TimeDelta::minutes(5));
    ground.app.act(&tier1, id, Command::Claim).await.unwrap();
    ground.pass(chrono::TimeDelta::minutes(7));
    let told = ground.app.timeline(&manager, id).await.unwrap();
    let told: Vec<(&str, bool)> = told
        .lines
        .iter()
        .map(|l| (l.what.split(' ').next().unwrap(), l.decision))
        .collect();
    assert_eq!(told, [("opened", false), ("claimed", false)]);
    let way = ground.app.way(&manager, id).await.unwrap();
    assert_eq!(way.lanes.total(Going::Waiting).num_minutes(), 5);
    assert_eq!(way.lanes.total(Going::Working).num_minutes(), 7);
    assert_eq!(way.lanes.spans[1].holder, Some(tier1.person));
    // Whoever may not read the timeline gets no picture of it either.
    let outsider = ground.actor("outsider", Role::Admin).await;
    let hidden = ground.app.way(&outsider, id).await.map(|_| ());
    assert_eq!(refused(hidden), Refusal::NotFound);
}

#[tokio::test]
async fn a_queue_read_again_shows_what_changed_and_no_more_what_ended() {
    let ground = ground().await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let (id, stays) = (
        ground.open(alert("a-1")).await,
        ground.open(alert("a-2")).await,
    );
    let holders = async || {
        let rows = ground.app.queue(&tier1).await.unwrap().into_iter();
        rows.map(|row| (row.id, row.holder)).collect::<Vec<_>>()
    };
    assert_eq!(holders().await, [(id, None), (stays, None)]);
    ground.app.act(&tier1, id, Command::Claim).await.unwrap();
    let mine = Some("tier1".to_owned());
    assert_eq!(holders().await, [(id, mine), (stays, None)]);
    // What a failed write saw is never shown.
    let (app, clerk) = (ground.app.clone(), ground.actor("clerk", Role::Tier1).await);
    let undone: Result<(), crate::app::AppError> = ground
        .app
        .store
        .write(move |connection| {
            Box::pin(async move {
                app.step(connection, &clerk, stays, &Command::Claim).await?;
                app.queue(&clerk).await?;
                Err(Refusal::Changed.into())
            })
        })
        .await;
    assert_eq!(refused(undone), Refusal::Changed);
    assert_eq!(holders().await[1], (stays, None));
}

#[tokio::test]
async fn of_what_there_was_about_a_person_the_newest_is_told() {
    let ground = ground().await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let all = (1..=21).map(|n| arrived(alert(&format!("a-{n}"))));
    ground.take(all.collect()).await;
    let earlier = async |id| {
        let asked = ground
            .app
            .earlier(&tier1, IncidentId(id), "A habit?".to_owned());
        let earlier = asked.await.unwrap();
        let ids: Vec<i64> = earlier.others.iter().map(|other| other.id.0).collect();
        (ids, earlier.more)
    };
    assert_eq!(earlier(21).await, ((1..=20).rev().collect(), false));
    ground.open(alert("a-22")).await;
    assert_eq!(earlier(22).await, ((2..=21).rev().collect(), true));
    // On a reason alone, and that is logged before anything is read.
    let views = "SELECT COUNT(*) FROM access_headers WHERE what = 'earlier'";
    assert_eq!(ground.number(views).await, 2);
    let asked = ground.app.earlier(&tier1, IncidentId(22), " ".to_owned());
    assert_eq!(refused(asked.await), Refusal::ReasonMissing);
    assert_eq!(ground.number(views).await, 2);
}
