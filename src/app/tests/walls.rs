//! Walls by the people directory: the person concerned and their line manager are kept out before the first post.

use super::{Ground, alert, ground, refused};
use crate::domain::directory::{Identity, Listed};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Command, Refusal};
use crate::domain::placement::Placement;
use crate::domain::playbook::definition::TransitionKind;
use crate::domain::policy::Actor;
use crate::domain::reach::Waits;
use crate::domain::role::Role;
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// A line of the directory: the account is that of the member whom [`Ground::actor`] makes of the same name.
fn line(line: u64, name: &str, manager: Option<&str>) -> Listed {
    let identity = |kind, value: String| Identity { kind, value };
    Listed {
        line,
        key: format!("{name}@contoso.example"),
        name: Some(name.to_owned()),
        department: Some("Gates".to_owned()),
        line_manager: manager.map(|m| format!("{m}@contoso.example")),
        identities: vec![
            identity("upn", format!("{name}@contoso.example")),
            identity("account", format!("account-{name}")),
        ],
    }
}

impl Ground {
    async fn import(&self, listed: Vec<Listed>, join: bool) -> usize {
        let source = "f00d".to_owned();
        let plan = self.app.import_people(listed, join, source).await.unwrap();
        plan.faults.len()
    }

    async fn placement(&self, id: IncidentId) -> (Placement, String) {
        let placed = self.app.placed_card(id, 0).await.unwrap().unwrap();
        (placed.placement, placed.sealed_reference)
    }

    async fn facts(&self, id: IncidentId) -> Vec<(String, String)> {
        self.app
            .placed_card(id, 0)
            .await
            .unwrap()
            .unwrap()
            .view
            .facts
    }
}

async fn sees_nothing(ground: &Ground, actor: &Actor, id: IncidentId) {
    let app = &ground.app;
    assert!(app.queue(actor).await.unwrap().is_empty());
    assert_eq!(
        refused(app.timeline(actor, id).await.map(|_| ())),
        Refusal::NotFound
    );
    assert_eq!(refused(app.details(actor, id).await), Refusal::NotFound);
    let ways = app.ways(actor, id, TransitionKind::Handoff).await;
    assert_eq!(refused(ways.map(|_| ())), Refusal::NotFound);
}

#[tokio::test]
async fn an_alert_about_a_reader_of_the_channel_goes_to_a_sealed_thread_of_the_others() {
    let ground = ground().await;
    // The alert is about porter@contoso.example, who works in triage; chief leads them there.
    let porter = ground.actor("porter", Role::Tier1).await;
    let chief = ground.actor("chief", Role::Tier1).await;
    let other = ground.actor("other", Role::Tier1).await;
    let file = vec![line(2, "porter", Some("chief")), line(3, "chief", None)];
    assert_eq!(ground.import(file, false).await, 0);
    let id = ground.open(alert("a-1")).await;
    let (placement, reference) = ground.placement(id).await;
    let members = BTreeSet::from([other.person]);
    assert_eq!(placement, Placement::SealedThread { members });
    // A hash: it says neither which incident nor how many there are.
    assert_eq!((&reference[..2], reference.len()), ("S-", 10));
    sees_nothing(&ground, &porter, id).await;
    sees_nothing(&ground, &chief, id).await;
    assert_eq!(ground.app.queue(&other).await.unwrap().len(), 1);
    // About somebody else, all of them read the channel.
    let someone = ground
        .open(super::Alert {
            user: Some(super::User {
                upn: Some("visitor@contoso.example".to_owned()),
                ..super::User::default()
            }),
            ..alert("a-2")
        })
        .await;
    let (placement, _) = ground.placement(someone).await;
    assert!(matches!(placement, Placement::Channel(_)), "{placement:?}");
    assert_eq!(ground.app.queue(&porter).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_line_manager_with_any_role_reads_nothing_of_it_even_when_only_they_could() {
    let ground = ground().await;
    let chief = ground.actor("chief", Role::Manager).await;
    let file = vec![line(2, "porter", Some("chief")), line(3, "chief", None)];
    assert_eq!(ground.import(file, false).await, 0);
    let id = ground.open(alert("a-1")).await;
    sees_nothing(&ground, &chief, id).await;
    // Nor are they named as contact, though first on the roster.
    let hr = ground.actor("hr", Role::Hr).await;
    let mut reader = ground.app.store.read().await.unwrap();
    let walls = crate::store::incident::walls(&mut reader, id)
        .await
        .unwrap();
    let roster = std::collections::BTreeMap::from([(Role::Hr, vec![chief.person, hr.person])]);
    let sides = BTreeSet::from([Role::Hr]);
    let named = crate::domain::governance::contacts(&sides, &roster, &walls).unwrap();
    assert_eq!((named[0].person, named[0].deputy), (hr.person, None));
    // The chief is no reader of the channel: the card may stay there.
    let (placement, _) = ground.placement(id).await;
    assert!(matches!(placement, Placement::Channel(_)), "{placement:?}");
}

#[tokio::test]
async fn a_line_manager_who_is_duty_manager_is_passed_over_for_the_deputy() {
    let ground = ground().await;
    let chief = ground.actor("chief", Role::Manager).await;
    let deputy = ground.actor("deputy", Role::Manager).await;
    let named = vec![chief.account.clone(), deputy.account.clone()];
    ground
        .app
        .set_roster(&chief, Role::Manager, named)
        .await
        .unwrap();
    let file = vec![line(2, "porter", Some("chief")), line(3, "chief", None)];
    assert_eq!(ground.import(file, false).await, 0);
    let id = ground.open(alert("a-1")).await;
    for _ in 0..3 {
        ground.pass(TimeDelta::minutes(60));
        ground.app.sweep().await.unwrap();
    }
    let told = ground.waiting().await;
    let told = told.iter().filter(|row| row.kind == "tell_manager");
    assert_eq!(
        told.map(|row| row.arg).collect::<Vec<_>>(),
        [deputy.person.0]
    );
    // What the deputy hears is not made for the chief, whoever asks for it.
    let word = async |person| {
        ground
            .app
            .manager_word(id, person, Waits::Take)
            .await
            .unwrap()
    };
    assert!(word(deputy.person).await.is_some());
    assert!(word(chief.person).await.is_none());
    // With the deputy away too, nobody is told rather than the line manager.
    ground.app.set_absence(&deputy, true).await.unwrap();
    ground.pass(TimeDelta::minutes(120));
    ground.app.sweep().await.unwrap();
    let told = ground.waiting_keys().await;
    assert!(told.contains(&format!("no-duty:{id}:4:take")), "{told:?}");
}

#[tokio::test]
async fn a_member_and_the_person_of_an_alert_are_one_only_when_the_import_is_told_so() {
    let ground = ground().await;
    let porter = ground.actor("porter", Role::Tier1).await;
    let id = ground.open(alert("a-1")).await;
    let (placement, _) = ground.placement(id).await;
    assert!(matches!(placement, Placement::Channel(_)), "{placement:?}");
    let file = || vec![line(2, "porter", None)];
    assert_eq!(ground.import(file(), false).await, 1);
    assert_eq!(
        ground.number("SELECT COUNT(*) FROM identity_links").await,
        0
    );
    assert_eq!(ground.import(file(), true).await, 0);
    let (placement, _) = ground.placement(id).await;
    let members = BTreeSet::new();
    assert_eq!(placement, Placement::SealedThread { members });
    sees_nothing(&ground, &porter, id).await;
    let again = ground.actor("porter", Role::Tier1).await;
    sees_nothing(&ground, &again, id).await;
    // What linked them, and whose it was, is kept.
    let moved =
        "SELECT COUNT(*) FROM identity_links WHERE was_person_id IS NOT NULL AND source = 'f00d'";
    assert!(ground.number(moved).await > 0);
    // Detections of both count as one person's.
    let second = ground.open(alert("a-2")).await;
    let facts = ground.facts(second).await;
    let repeats = facts.iter().find(|(label, _)| label == "Repeats").unwrap();
    assert!(
        repeats.1.contains("2 detections of the person"),
        "{repeats:?}"
    );
    // The history still holds.
    let mut reader = ground.app.store.read().await.unwrap();
    let proof = crate::store::verify::verify(&mut reader).await.unwrap();
    assert_eq!(proof.fault, None);
}

#[tokio::test]
async fn who_is_missing_from_the_directory_shows_that_no_wall_was_computed() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    let wall = (
        "Wall".to_owned(),
        "not computed: line manager unknown".to_owned(),
    );
    assert!(ground.facts(id).await.contains(&wall));
    assert_eq!(ground.import(vec![line(2, "porter", None)], false).await, 0);
    assert!(!ground.facts(id).await.contains(&wall));
}

#[tokio::test]
async fn the_department_of_the_directory_stands_before_the_sources() {
    use super::super::facts::{facts, history};
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    assert_eq!(ground.import(vec![line(2, "porter", None)], false).await, 0);
    let incident = ground.incident(id).await;
    let loaded = ground.app.playbooks.load(&incident.playbook).unwrap();
    let mut reader = ground.app.store.read().await.unwrap();
    let person = incident.concerned.first().copied();
    let found = history(&mut reader, person, super::start(), &loaded.playbook)
        .await
        .unwrap();
    let facts = facts(
        None,
        Some(&incident),
        &found,
        &loaded.playbook,
        super::start(),
    );
    assert_eq!(facts.shown("person.department"), "Gates");
}

#[tokio::test]
async fn a_walled_manager_finds_nothing_and_the_proof_names_no_incident_to_them() {
    let ground = ground().await;
    let chief = ground.actor("chief", Role::Manager).await;
    let auditor = ground.actor("auditor", Role::Auditor).await;
    let file = vec![line(2, "porter", Some("chief")), line(3, "chief", None)];
    assert_eq!(ground.import(file, false).await, 0);
    let id = ground.open(alert("a-1")).await;
    for _ in 0..2 {
        let found = async |who: &Actor| {
            let found = ground.app.search(who, "porter", "asked", None).await;
            found.unwrap().found.len()
        };
        assert_eq!((found(&chief).await, found(&auditor).await), (0, 1));
        ground.app.index_words().await.unwrap();
    }
    let bent = "UPDATE event_headers SET role = 'admin' WHERE seq = 1";
    super::proof::forge(&ground, &[bent]).await;
    let fault = async |who: &Actor| ground.app.prove(who).await.unwrap().fault.unwrap();
    assert!(fault(&auditor).await.contains(&format!("({id}, number 1")));
    let told = fault(&chief).await;
    assert!(told.contains("event 1 (one incident, number 1"), "{told}");
}

#[tokio::test]
async fn a_list_keeps_out_whomever_each_of_its_incidents_keeps_out() {
    let ground = ground().await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let names = ["porter", "chief", "head", "visitor", "clerk"];
    let mut readers = Vec::new();
    for name in names {
        readers.push(ground.actor(name, Role::Manager).await);
    }
    let about = |id: &str, name: &str, together: Option<&str>| super::Alert {
        source_incident_id: together.map(str::to_owned),
        user: Some(super::User {
            upn: Some(format!("{name}@contoso.example")),
            ..super::User::default()
        }),
        ..alert(id)
    };
    // The member and the person of the alert become one only by the import: the incident knows the older number.
    let mut ids = vec![ground.open(about("a-1", "porter", None)).await];
    let file = vec![
        line(2, "porter", Some("chief")),
        line(3, "chief", Some("head")),
        line(4, "visitor", Some("head")),
        line(5, "head", None),
    ];
    assert_eq!(ground.import(file, true).await, 0);
    for (n, name) in ["chief", "head", "visitor", "clerk", "nobody"]
        .iter()
        .enumerate()
    {
        let id = format!("b-{n}");
        ids.push(ground.open(about(&id, name, None)).await);
    }
    // One was about the porter too, whose alert went its own way.
    let together = ground.open(about("c-1", "clerk", Some("c"))).await;
    let same = ground.open(about("c-2", "porter", Some("c"))).await;
    assert_eq!(together, same);
    let app = &ground.app;
    app.act(&tier1, together, Command::Claim).await.unwrap();
    let alerts = ground.incident(together).await.alerts;
    let left = vec![*alerts.last().unwrap()];
    let into = app.split(&tier1, together, left, "another badge".to_owned());
    ids.extend([into.await.unwrap().id, together]);
    assert!(!ground.incident(together).await.past_concerned.is_empty());

    let mut kept_out = 0;
    for round in 0..2 {
        for reader in &readers {
            let listed = app.queue(reader).await.unwrap();
            let listed: BTreeSet<IncidentId> = listed.iter().map(|row| row.id).collect();
            let mut each = BTreeSet::new();
            for id in &ids {
                each.extend(app.timeline(reader, *id).await.ok().map(|told| told.id));
            }
            assert_eq!(listed, each, "{round}: {reader:?}");
            kept_out += ids.len() - each.len();
        }
        // Read again, from what is known by now, after a change of one and the end of none.
        app.act(&tier1, ids[0], Command::Claim).await.unwrap();
    }
    assert!(kept_out >= 20, "{kept_out}");
}
