//! The use cases on a store of their own, with a frozen clock and counted salts. The playbook is an invented one.

mod form;
mod intake;
mod proof;
mod reading;
mod replaying;
mod searching;
mod walls;

use super::intake::{Arrived, Batch, Taken};
use super::playbooks::Playbooks;
use super::{App, AppError, Clock, Ids};
use crate::domain::alert::{
    Alert, AlertKind, Detail, Device, Named, Reading, Severity, Times, User,
};
use crate::domain::ids::{AccountId, IncidentId, PersonId, SourceId};
use crate::domain::incident::{Command, Incident, Noting, Refusal};
use crate::domain::policy::Actor;
use crate::domain::restricted::Restricted;
use crate::domain::role::Role;
use crate::store::outbox::Row;
use crate::store::{self, Store};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// Stands still until it is moved.
struct Hand(Mutex<DateTime<Utc>>);

impl Clock for Hand {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// Different each time, and the same in each run.
#[derive(Default)]
struct Counted(AtomicU8);

impl Ids for Counted {
    fn salt(&self) -> [u8; 16] {
        [self.0.fetch_add(1, Ordering::Relaxed); 16]
    }
}

struct Ground {
    app: App,
    hand: Arc<Hand>,
    file: PathBuf,
    folder: TempDir,
}

fn start() -> DateTime<Utc> {
    "2026-11-03T09:00:00Z".parse().unwrap()
}

/// The invented playbook, and behind it the shipped one that takes everything.
fn files() -> Vec<(String, String)> {
    let invented = include_str!("../../tests/data/playbooks/invented.toml");
    let (name, fallback) = crate::domain::playbook::shipped::embedded()[2];
    vec![
        ("invented.toml".to_owned(), invented.to_owned()),
        (name.to_owned(), fallback.to_owned()),
    ]
}

async fn ground() -> Ground {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("baton.db");
    let hand = Arc::new(Hand(Mutex::new(start())));
    let app = opened(&file, hand.clone()).await;
    Ground {
        app,
        hand,
        file,
        folder,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test has no tracker; the writer ends with its last handle"
)]
async fn opened(file: &Path, hand: Arc<Hand>) -> App {
    let (store, writing) = Store::open(file).await.unwrap();
    tokio::spawn(writing);
    let app = App {
        store,
        playbooks: Arc::new(Playbooks::read(&files()).unwrap()),
        clock: hand,
        ids: Arc::new(Counted::default()),
        zone: chrono_tz::Tz::UTC,
        hours: None,
        arriving: crate::app::intake::waiting(),
        acting: crate::app::act::waiting(),
        watch: Arc::default(),
    };
    let (keeper, now) = (app.clone(), app.now());
    app.store
        .write(move |connection| {
            Box::pin(
                async move { Ok::<_, AppError>(keeper.playbooks.keep(connection, now).await?) },
            )
        })
        .await
        .unwrap();
    app
}

/// An alert of the invented domain about one person.
fn alert(id: &str) -> Alert {
    let text = |text: &str| Some(text.to_owned());
    Alert {
        severity: Severity::Medium,
        product: text("Doors"),
        times: Times {
            detected_at: Some(start()),
            ..Times::default()
        },
        user: Some(User {
            upn: text("porter@contoso.example"),
            ..User::default()
        }),
        device: Some(Device {
            hostname: text("badge-7"),
            ..Device::default()
        }),
        policy: Some(Named {
            uid: None,
            name: text("Badges"),
        }),
        detail: Restricted::new(Detail {
            title: text("secret title"),
            ..Detail::default()
        }),
        ..Alert::silent(id.to_owned(), AlertKind::Infra)
    }
}

fn arrived(alert: Alert) -> Arrived {
    Arrived {
        raw: format!("{alert:?}").into_bytes(),
        reading: Ok(Reading::Alert(Box::new(alert))),
    }
}

impl Ground {
    async fn take(&self, elements: Vec<Arrived>) -> Vec<Taken> {
        self.app
            .take(Batch {
                source: SourceId::new("doors"),
                elements,
                reported_by: None,
                drill: false,
            })
            .await
            .unwrap()
    }

    /// One alert that opens one incident.
    async fn open(&self, alert: Alert) -> IncidentId {
        self.take(vec![arrived(alert)]).await[0].incident.unwrap()
    }

    async fn actor(&self, name: &str, role: Role) -> Actor {
        self.app
            .actor(
                AccountId::new(format!("account-{name}")),
                name.to_owned(),
                BTreeSet::from([role]),
                false,
            )
            .await
            .unwrap()
    }

    async fn incident(&self, id: IncidentId) -> Incident {
        let mut reader = self.app.store.read().await.unwrap();
        let found = store::incident::find(&mut reader, id).await.unwrap();
        found.unwrap()
    }

    async fn waiting(&self) -> Vec<Row> {
        let mut reader = self.app.store.read().await.unwrap();
        let mut rows = Vec::new();
        for channel in store::outbox::list_channels(&mut reader).await.unwrap() {
            let due =
                store::outbox::list_due(&mut reader, &channel, DateTime::<Utc>::MAX_UTC, 1_000);
            rows.extend(due.await.unwrap());
        }
        rows.sort_by_key(|row| (row.rank, row.id));
        rows
    }

    async fn waiting_keys(&self) -> Vec<String> {
        self.waiting()
            .await
            .into_iter()
            .map(|row| row.key)
            .collect()
    }

    fn pass(&self, time: TimeDelta) {
        *self.hand.0.lock().unwrap() += time;
    }

    /// What the file itself says, one number.
    async fn number(&self, sql: &'static str) -> i64 {
        let mut reader = self.app.store.read().await.unwrap();
        sqlx::query_scalar(sql)
            .fetch_one(&mut *reader)
            .await
            .unwrap()
    }
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, AppError>) -> Refusal {
    match outcome {
        Err(AppError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn of_two_claims_at_once_one_holds_and_the_other_is_told_who() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    let one = ground.actor("one", Role::Tier1).await;
    let two = ground.actor("two", Role::Tier1).await;
    let (first, second) = tokio::join!(
        ground.app.act(&one, id, Command::Claim),
        ground.app.act(&two, id, Command::Claim),
    );
    assert!(first.unwrap().changed);
    let by = one.person;
    assert_eq!(refused(second), Refusal::Held { by, since: start() });
    assert_eq!(ground.incident(id).await.holder(), Some(one.person));
    // Pressing again changes nothing and is no mistake.
    assert!(
        !ground
            .app
            .act(&one, id, Command::Claim)
            .await
            .unwrap()
            .changed
    );
}

#[tokio::test]
async fn a_role_that_has_no_part_in_it_does_not_know_it_and_one_that_reads_may_not_act() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    let hr = ground.actor("hr", Role::Hr).await;
    let missing = ground.app.act(&hr, IncidentId(999), Command::Claim).await;
    let hidden = ground.app.act(&hr, id, Command::Claim).await;
    assert_eq!(format!("{hidden:?}"), format!("{missing:?}"));
    let tier2 = ground.actor("tier2", Role::Tier2).await;
    let role = Some(Role::Tier1);
    assert_eq!(
        refused(ground.app.act(&tier2, id, Command::Claim).await),
        Refusal::NotYours { role }
    );
}

#[tokio::test]
async fn what_nobody_took_is_raised_and_raised_again_later() {
    let ground = ground().await;
    let id = ground.open(alert("a-1")).await;
    assert_eq!(ground.app.sweep().await.unwrap(), 0);
    ground.pass(TimeDelta::minutes(60));
    assert_eq!(ground.app.sweep().await.unwrap(), 1);
    assert_eq!(ground.app.sweep().await.unwrap(), 0);
    ground.pass(TimeDelta::minutes(60));
    assert_eq!(ground.app.sweep().await.unwrap(), 1);
    assert_eq!(ground.incident(id).await.visits[0].raised, 2);
    let keys = ground.waiting_keys().await;
    assert!(keys.contains(&format!("remind:{id}:0:1")), "{keys:?}");
    assert!(keys.contains(&format!("remind:{id}:0:2")), "{keys:?}");
    // Once somebody holds it, it is raised only where they give no sign of life.
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    ground.app.act(&tier1, id, Command::Claim).await.unwrap();
    ground.pass(TimeDelta::hours(23));
    let text = "Asked the door guard.".to_owned();
    ground.app.act(&tier1, id, noted(text)).await.unwrap();
    ground.pass(TimeDelta::hours(23));
    assert_eq!(ground.app.sweep().await.unwrap(), 0);
    ground.pass(TimeDelta::hours(1));
    assert_eq!(ground.app.sweep().await.unwrap(), 1);
    let keys = ground.waiting_keys().await;
    assert!(keys.contains(&format!("holder:{id}:0:1")), "{keys:?}");
}

#[tokio::test]
async fn posts_go_before_edits_and_high_severity_first() {
    let ground = ground().await;
    let tier1 = ground.actor("tier1", Role::Tier1).await;
    let first = ground.open(alert("a-1")).await;
    // The first card stands by now; its change is an edit.
    let row = ground.waiting().await.remove(0);
    let settled: Result<(), AppError> = ground
        .app
        .store
        .write(move |connection| {
            Box::pin(async move {
                let delivered = store::outbox::Settlement::Delivered;
                store::outbox::settle(connection, row.id, delivered, None, start()).await?;
                Ok(())
            })
        })
        .await;
    settled.unwrap();
    ground.app.act(&tier1, first, Command::Claim).await.unwrap();
    let low = Alert {
        severity: Severity::Low,
        ..alert("a-2")
    };
    let critical = Alert {
        severity: Severity::Critical,
        ..alert("a-3")
    };
    let (low, critical) = (ground.open(low).await, ground.open(critical).await);
    assert_eq!(
        ground.waiting_keys().await,
        [
            format!("post:{critical}:0"),
            format!("post:{low}:0"),
            format!("edit:{first}:0")
        ]
    );
}

/// Whom the alerts of [`alert`] are about.
async fn concerned(ground: &Ground, id: IncidentId) -> PersonId {
    let incident = ground.incident(id).await;
    incident.concerned.first().copied().unwrap()
}

fn noted(text: String) -> Command {
    Command::Note(Box::new(Noting {
        text,
        ..Noting::default()
    }))
}
