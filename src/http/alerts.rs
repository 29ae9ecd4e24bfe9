//! `POST /v1/alerts/{source}`, `/healthz`, `/readyz`. A sender is authenticated before anything of it is kept;
//! what was read goes through a port, which answers after the commit. No store and no Discord here.

use super::auth::{self, Scheme};
use super::body::{self, Limits, Place, Room};
use super::problem::Problem;
use super::sources::{Adapter, BodyFault, Element};
use crate::domain::ids::SourceId;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::Serialize;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Who may post to a source, and how its bodies are read.
#[derive(Debug, Clone)]
pub struct Source {
    pub adapter: Adapter,
    pub scheme: Scheme,
    pub secrets: Vec<SecretString>,
}

/// One authenticated body on its way into the store.
#[derive(Debug, Clone)]
pub struct Submission {
    pub source: SourceId,
    pub raw_body: Bytes,
    /// Its elements, each read or not; or why nothing of it could be read: then it goes to quarantine.
    pub read: Result<Vec<Element>, BodyFault>,
    pub received_at: DateTime<Utc>,
    /// Names this one delivery, where the sender's scheme has a signed time.
    pub replay_key: Option<String>,
    /// Held for as long as the body, or what was made of it, is in memory.
    pub place: Place,
}

/// What became of one element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakenAlert {
    pub id: String,
    pub incident: Option<String>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Opened,
    Attached,
    Repeated,
    /// Kept and shown, no incident.
    Noted,
    Quarantined,
}

/// It could not be kept; the sender is asked to come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntakeError {
    /// For the sender: short, with our reference, without contents.
    pub detail: String,
    pub retry_after_s: u32,
}

pub type Taken = Result<Vec<TakenAlert>, IntakeError>;
type Answer = Pin<Box<dyn Future<Output = Taken> + Send>>;

/// The way from here into the program.
#[derive(Clone)]
pub struct IntakePort(Arc<dyn Fn(Submission) -> Answer + Send + Sync>);

impl IntakePort {
    pub fn new<F, Fut>(take: F) -> Self
    where
        F: Fn(Submission) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Taken> + Send + 'static,
    {
        Self(Arc::new(move |submission| Box::pin(take(submission))))
    }
}

/// Hears of each answer: its source, where that is known, and its status.
pub type Answered = Arc<dyn Fn(Option<&SourceId>, u16) + Send + Sync>;

/// What the intake needs.
#[derive(Clone)]
pub struct Intake {
    pub sources: BTreeMap<SourceId, Source>,
    pub body_limit_bytes: usize,
    pub room: Room,
    pub read_timeout: Duration,
    pub port: IntakePort,
    pub now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    /// What is still missing before the service is ready; empty when it is.
    pub missing: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    /// Told of each request: its source, where that is configured, and the status of the answer.
    pub answered: Answered,
}

/// The routes of this file; anything else answers 404.
pub fn router(intake: Intake) -> Router {
    let only = |route: MethodRouter<Arc<Intake>>, allowed: &'static str| {
        route.fallback(move || async move { Problem::wrong_method(allowed) })
    };
    Router::new()
        .route("/v1/alerts/{source}", only(post(take), "POST"))
        .route("/healthz", only(get(|| async { alive() }), "GET"))
        .route("/readyz", only(get(ready), "GET"))
        .fallback(|| async { Problem::unknown_address() })
        .with_state(Arc::new(intake))
}

async fn take(
    State(intake): State<Arc<Intake>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    // A name that is no text names no source.
    let id = SourceId::new(path.map_or_else(|_no_text| String::new(), |name| name.0));
    let known = intake.sources.contains_key(&id).then(|| id.clone());
    let answer = take_from(&intake, id, request).await.into_response();
    (intake.answered)(known.as_ref(), answer.status().as_u16());
    answer
}

async fn take_from(intake: &Intake, id: SourceId, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let limits = intake.limits();
    let Some(source) = intake.sources.get(&id) else {
        intake
            .refuse_stranger(&parts.headers, &parts.uri, body)
            .await;
        return Err(Problem::unknown_source());
    };
    let now = (intake.now)();
    let check = |raw: &[u8]| {
        auth::verify(
            &source.scheme,
            &source.secrets,
            &parts.headers,
            &parts.uri,
            raw,
            now,
        )
        .map_err(|fault| Problem::unauthenticated(&fault))
    };
    if source.scheme.is_before_body()
        && let Err(problem) = check(&[])
    {
        body::drain(body, limits).await;
        return Err(problem);
    }
    let (raw_body, place) = body::whole(&parts.headers, body, limits, &intake.room).await?;
    let replay_key = check(&raw_body)?.replay_key;
    let read = source.adapter.read(&raw_body, now);
    let fault = read.as_ref().err().cloned();
    let taken = (intake.port.0)(Submission {
        source: id,
        raw_body,
        read,
        received_at: now,
        replay_key,
        place,
    })
    .await
    .map_err(|e| Problem::unavailable(e.detail, e.retry_after_s))?;
    fault.map_or_else(
        || Ok((StatusCode::ACCEPTED, Json(Accepted { alerts: taken })).into_response()),
        |fault| Err(Problem::unreadable(&fault)),
    )
}

#[derive(Serialize)]
struct Accepted {
    alerts: Vec<TakenAlert>,
}

impl Intake {
    fn limits(&self) -> Limits {
        Limits {
            bytes: self.body_limit_bytes,
            time: self.read_timeout,
        }
    }

    /// An unknown source costs what a wrong secret costs.
    async fn refuse_stranger(&self, headers: &HeaderMap, uri: &Uri, body: Body) {
        let nobody = [SecretString::from("nobody's")];
        let _never = auth::verify(&Scheme::Bearer, &nobody, headers, uri, &[], (self.now)());
        body::drain(body, self.limits()).await;
    }
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

fn alive() -> Json<Health> {
    Json(Health {
        status: "alive",
        missing: Vec::new(),
    })
}

async fn ready(State(intake): State<Arc<Intake>>) -> Response {
    let missing = (intake.missing)();
    let (code, status) = if missing.is_empty() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    (code, Json(Health { status, missing })).into_response()
}

#[cfg(test)]
mod tests;
