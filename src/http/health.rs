//! `/health` and `/metrics`: how well the service is, for monitors. Numbers, times and sentences without an incident or a
//! person; so neither asks who reads it. Keep them off the public side of the reverse proxy all the same.

use super::problem::Problem;
use crate::domain::health::{Facts, Line, Standing, Waiting, overall};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

/// What a look gives.
pub struct Looked {
    pub facts: Facts,
    pub at: DateTime<Utc>,
    /// Where the store cannot be read, the facts are those of memory alone.
    pub store_read: bool,
}

type Tell = Arc<dyn Fn(&Facts, DateTime<Utc>) -> String + Send + Sync>;

/// The way from here into the program.
#[derive(Clone)]
pub struct Watching {
    look: Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Looked> + Send>> + Send + Sync>,
    /// The counters as Prometheus reads them, at these facts.
    tell: Tell,
}

impl Watching {
    pub fn new<F, Fut>(
        look: F,
        tell: impl Fn(&Facts, DateTime<Utc>) -> String + Send + Sync + 'static,
    ) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Looked> + Send + 'static,
    {
        Self {
            look: Arc::new(move || Box::pin(look())),
            tell: Arc::new(tell),
        }
    }
}

/// The routes of this file.
pub fn router(watching: Watching) -> Router {
    let only_get =
        |route: MethodRouter<Watching>| route.fallback(|| async { Problem::wrong_method("GET") });
    Router::new()
        .route("/health", only_get(get(health)))
        .route("/metrics", only_get(get(metrics)))
        .with_state(watching)
}

/// 200 while work goes on, 503 where something does not work.
async fn health(State(watching): State<Watching>) -> Response {
    let Looked {
        facts,
        at: now,
        store_read,
    } = (watching.look)().await;
    if !store_read {
        return unreadable();
    }
    let checks = facts.lines(now);
    let status = overall(&checks);
    let code = if status == Standing::Degraded {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    let report = Report {
        status,
        at: now,
        version: env!("CARGO_PKG_VERSION"),
        facts: Numbers::of(&facts, now),
        checks,
    };
    (code, Json(report)).into_response()
}

fn unreadable() -> Response {
    let check = Line {
        check: "store",
        status: Standing::Degraded,
        text: "The store cannot be read.".to_owned(),
        next: "Look at the service's log and at the disk.",
    };
    let report = serde_json::json!({ "status": Standing::Degraded, "checks": [check] });
    (StatusCode::SERVICE_UNAVAILABLE, Json(report)).into_response()
}

#[derive(Serialize)]
struct Report {
    status: Standing,
    at: DateTime<Utc>,
    version: &'static str,
    checks: Vec<Line>,
    facts: Numbers,
}

/// The same for programs.
#[derive(Serialize)]
struct Numbers {
    gateway_ready: bool,
    unsent: Count,
    unsent_by_channel: BTreeMap<String, i64>,
    resting: i64,
    overdue: Count,
    quarantined: i64,
    findings: BTreeMap<&'static str, u64>,
    history: History,
    started_at: Option<DateTime<Utc>>,
    last_commit_at: Option<DateTime<Utc>>,
    last_sweep_at: Option<DateTime<Utc>>,
    last_audit_at: Option<DateTime<Utc>>,
    last_backup_at: Option<DateTime<Utc>>,
    last_backup_fault_at: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct Count {
    count: i64,
    oldest_age_s: i64,
}

#[derive(Serialize)]
struct History {
    entries: i64,
    head: String,
}

impl Count {
    fn of(waiting: &Waiting, now: DateTime<Utc>) -> Self {
        let age = waiting.since.map_or(0, |since| (now - since).num_seconds());
        Self {
            count: waiting.count,
            oldest_age_s: age.max(0),
        }
    }
}

impl Numbers {
    fn of(facts: &Facts, now: DateTime<Utc>) -> Self {
        let channels = facts.unsent.iter();
        let open = facts.findings.iter().filter(|(_, noted)| noted.is_open());
        Self {
            gateway_ready: facts.missing.is_empty(),
            unsent: Count::of(&facts.unsent_in_all(), now),
            unsent_by_channel: channels
                .map(|unsent| (unsent.channel.clone(), unsent.waiting.count))
                .collect(),
            resting: facts.resting,
            overdue: Count::of(&facts.overdue, now),
            quarantined: facts.quarantined,
            findings: open
                .map(|(kind, noted)| (kind.key(), noted.count))
                .collect(),
            history: History {
                entries: facts.chain.0,
                head: facts.chain.1.clone(),
            },
            started_at: facts.started_at,
            last_commit_at: facts.committed_at,
            last_sweep_at: facts.swept_at,
            last_audit_at: facts.audited_at,
            last_backup_at: facts.backup_at,
            last_backup_fault_at: facts.backup_fault_at,
        }
    }
}

async fn metrics(State(watching): State<Watching>) -> Response {
    // The counters stand in memory, whatever the store does.
    let Looked { facts, at, .. } = (watching.look)().await;
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    let text = (watching.tell)(&facts, at);
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
