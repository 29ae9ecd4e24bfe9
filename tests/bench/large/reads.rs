//! What the commands read of a large store, and what comes in beside.

use super::{BESIDE, OPEN, PERSONS, TRIES, analyst, upn};
use crate::bodies;
use baton::app::App;
use baton::app::intake::{Arrived, Batch};
use baton::domain::ids::{AccountId, IncidentId, SourceId};
use baton::domain::incident::Command;
use baton::domain::policy::Actor;
use baton::domain::role::Role;
use baton::http::sources::Adapter;
use chrono::Utc;
use std::future::Future;
use std::time::{Duration, Instant};

/// How long one read is repeated at most.
const LONGEST: Duration = Duration::from_secs(2);

pub(super) type Times = Vec<(&'static str, Vec<Duration>)>;

async fn auditor(app: &App) -> Actor {
    let account = AccountId::new("901");
    let roles = [Role::Auditor].into();
    app.actor(account, "auditor".to_owned(), roles, false)
        .await
        .unwrap()
}

async fn searched(app: &App, auditor: &Actor, words: &str) {
    let searched = app.search(auditor, words, "measured", None).await.unwrap();
    assert!(!searched.found.is_empty(), "{words}");
}

/// What the commands read, on incidents all over the store.
pub(super) async fn reads(app: &App, incidents: usize) -> Times {
    let actor = analyst(app).await;
    let auditor = auditor(app).await;
    let id = |n: usize| IncidentId((n * 7_919 % incidents) as i64 + 1);
    let open = |n: usize| IncidentId((incidents - 1 - n % OPEN.min(incidents)) as i64 + 1);
    vec![
        (
            "who acts (each command)",
            timed(TRIES, async |_| drop(analyst(app).await)).await,
        ),
        (
            "/queue",
            timed(TRIES, async |_| drop(app.queue(&actor).await.unwrap())).await,
        ),
        (
            "/timeline",
            timed(TRIES, async |n| {
                drop(app.timeline(&auditor, id(n)).await.unwrap());
            })
            .await,
        ),
        (
            "/timeline without an incident",
            timed(TRIES, async |_| drop(app.stuck(&actor).await.unwrap())).await,
        ),
        (
            "/me",
            timed(TRIES, async |_| drop(app.mine(&actor).await.unwrap())).await,
        ),
        (
            "/drafts",
            timed(TRIES, async |_| drop(app.drafts(&actor).await.unwrap())).await,
        ),
        (
            "text search, newest 20: a common word",
            timed(TRIES, async |_| {
                searched(app, &auditor, "contoso").await;
            })
            .await,
        ),
        (
            "text search, newest 20: one person",
            timed(TRIES, async |n| {
                let upn = upn(n * 7_919 % PERSONS.min(incidents));
                searched(app, &auditor, &upn).await;
            })
            .await,
        ),
        (
            "a card",
            timed(TRIES, async |n| {
                drop(app.placed_card(id(n), 0).await.unwrap());
            })
            .await,
        ),
        (
            "/note, with its commit",
            timed(TRIES, async |n| {
                let noting = baton::domain::incident::Noting {
                    text: "Asked the team.".to_owned(),
                    ..Default::default()
                };
                drop(
                    app.act(&actor, open(n), Command::Note(Box::new(noting)))
                        .await
                        .unwrap(),
                );
            })
            .await,
        ),
    ]
}

async fn timed<F: Future<Output = ()>>(
    times: usize,
    mut work: impl FnMut(usize) -> F,
) -> Vec<Duration> {
    for n in 0..5 {
        work(n).await;
    }
    let mut taken = Vec::with_capacity(times);
    let until = Instant::now() + LONGEST;
    for n in 0..times {
        let began = Instant::now();
        work(n).await;
        taken.push(began.elapsed());
        if Instant::now() > until {
            break;
        }
    }
    taken.sort_unstable();
    taken
}

/// New alerts, evenly, each of which opens an incident; their words are indexed as the service does it.
pub(super) async fn come_in(app: App) {
    let indexing = app.clone();
    tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(200));
        while indexing.index_words().await.is_ok() {
            every.tick().await;
        }
    });
    let mut every = tokio::time::interval(Duration::from_micros(1_000_000 / BESIDE));
    for n in 0_usize.. {
        every.tick().await;
        let app = app.clone();
        tokio::spawn(async move {
            let raw = bodies::prometheus_list("beside", n..n + 1);
            let adapter = Adapter::Alertmanager(Box::default());
            take(&app, "alertmanager", &adapter, &raw).await;
        });
    }
}

/// Takes a body as the intake does.
pub(super) async fn take(app: &App, source: &str, adapter: &Adapter, raw: &[u8]) {
    let elements = adapter.read(raw, Utc::now()).unwrap();
    let elements = elements.into_iter().map(|element| Arrived {
        raw: element.raw,
        reading: element
            .outcome
            .map_err(|fault| (fault.pointer, fault.message)),
    });
    let batch = Batch {
        source: SourceId::new(source),
        elements: elements.collect(),
        reported_by: None,
        drill: false,
    };
    app.take(batch).await.unwrap();
}
