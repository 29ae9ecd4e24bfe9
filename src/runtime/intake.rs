//! The intake's routes on their port, wired to the use case.

use crate::app::intake::{self, Arrived, Batch};
use crate::app::{App, Cause as _, Trouble};
use crate::config::{Settings, SourceSettings};
use crate::domain::alert::{Alert, Reading};
use crate::domain::ids::SourceId;
use crate::http::alerts::{
    Intake, IntakeError, IntakePort, Outcome, Source, Submission, TakenAlert, router,
};
use crate::http::body::Room;
use crate::http::health::{self, Looked, Watching};
use crate::http::sources::{BodyFault, Element};
use crate::watch::IntakeMeters;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// When a sender should come again whose alert could not be kept; a disk is not mended in seconds.
const RETRY_AFTER_S: u32 = 5;
const MENDED_AFTER_S: u32 = 30;

/// Binds and serves until told to stop; the address is the one that was really taken.
pub async fn serve(
    settings: &Settings,
    app: &App,
    mut stopping: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(settings.http.listen)
        .await
        .map_err(|fault| {
            std::io::Error::new(
                fault.kind(),
                format!("{} cannot be listened on: {fault}", settings.http.listen),
            )
        })?;
    let address = listener.local_addr()?;
    let router = router(intake(settings, app)).merge(health::router(watching(app)));
    let ended = async move {
        // An error means that the service is gone: stop too.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    tasks.spawn(async move {
        if let Err(fault) = axum::serve(listener, router)
            .with_graceful_shutdown(ended)
            .await
        {
            tracing::error!(%fault, "the intake ended");
        }
    });
    Ok(address)
}

fn intake(settings: &Settings, app: &App) -> Intake {
    let sources = settings.sources.iter().map(|(id, source)| {
        let taken = Source {
            adapter: source.adapter.clone(),
            scheme: source.scheme.clone(),
            secrets: source.secrets.clone(),
        };
        (id.clone(), taken)
    });
    let known: Arc<BTreeMap<SourceId, SourceSettings>> = Arc::new(settings.sources.clone());
    let (taker, timer) = (app.clone(), app.clone());
    let (missing, watch) = (app.watch.missing.clone(), app.watch.clone());
    let meters = settings.sources.keys();
    let meters = meters.map(|id| (id.clone(), watch.meters.intake(id.as_str())));
    let meters: Arc<BTreeMap<SourceId, IntakeMeters>> = Arc::new(meters.collect());
    Intake {
        sources: sources.collect(),
        body_limit_bytes: settings.http.body_limit_bytes,
        room: Room::of(settings.http.all_bodies_limit_bytes),
        read_timeout: settings.http.read_timeout,
        port: IntakePort::new(move |submission| {
            let (app, known, meters) = (taker.clone(), known.clone(), meters.clone());
            let taking = async move {
                let place = submission.place.clone();
                let meters = meters.get(&submission.source);
                let told = take(&app, known.get(&submission.source), meters, submission).await;
                drop(place);
                told
            };
            // A sender that hangs up leaves its alert in the store's queue: it keeps its room until it is out of there.
            let taking = super::spawn(taking);
            async move { taking.await.unwrap_or_else(|_| Err(unkept(None))) }
        }),
        now: Arc::new(move || timer.now()),
        missing: Arc::new(move || missing.list()),
        answered: Arc::new(move |source, status| {
            watch.meters.requested(source.map(SourceId::as_str), status);
        }),
    }
}

fn watching(app: &App) -> Watching {
    let (looker, teller) = (app.clone(), app.watch.clone());
    Watching::new(
        move || {
            let app = looker.clone();
            async move {
                let facts = app.health_facts().await;
                if let Err(fault) = &facts {
                    tracing::error!(%fault, "the store could not be read for its health");
                }
                Looked {
                    store_read: facts.is_ok(),
                    facts: facts.unwrap_or_else(|_| app.watch.facts()),
                    at: app.now(),
                }
            }
        },
        move |facts, at| {
            let told = teller.meters.tell(facts, at);
            // Writing to a text cannot fail.
            told.unwrap_or_default()
        },
    )
}

async fn take(
    app: &App,
    source: Option<&SourceSettings>,
    meters: Option<&IntakeMeters>,
    submission: Submission,
) -> Result<Vec<TakenAlert>, IntakeError> {
    let batch = batch(source, submission);
    let taken = app.take(batch).await.map_err(|fault| {
        let trouble = fault.trouble();
        if trouble.is_none() {
            tracing::error!(%fault, "a submission could not be kept");
        }
        unkept(trouble)
    })?;
    for one in &taken {
        meters.inspect(|meters| meters.taken(one.outcome.key()));
    }
    Ok(taken.into_iter().map(answer).collect())
}

fn unkept(trouble: Option<Trouble>) -> IntakeError {
    let why = trouble.map_or_else(String::new, |trouble| {
        format!(" The store takes nothing: {}.", trouble.in_words())
    });
    let retry_after_s = match trouble {
        None | Some(Trouble::Locked) => RETRY_AFTER_S,
        Some(Trouble::Full | Trouble::ReadOnly | Trouble::Unreachable | Trouble::Damaged) => {
            MENDED_AFTER_S
        }
    };
    IntakeError {
        detail: format!("The alert could not be kept.{why}"),
        retry_after_s,
    }
}

/// The sender's elements as the use case takes them, with what the configuration adds: tenant and link.
pub fn batch(source: Option<&SourceSettings>, submission: Submission) -> Batch {
    let elements = match submission.read {
        Ok(elements) => elements
            .into_iter()
            .map(|element| arrived(source, element))
            .collect(),
        Err(BodyFault {
            pointer, message, ..
        }) => {
            vec![Arrived {
                raw: submission.raw_body.to_vec(),
                reading: Err((pointer, message)),
            }]
        }
    };
    Batch {
        source: submission.source,
        elements,
        reported_by: None,
        drill: false,
    }
}

fn arrived(source: Option<&SourceSettings>, element: Element) -> Arrived {
    let add = |alert: Box<Alert>| {
        let mut alert = alert;
        if let Some(source) = source {
            alert.source_url = source.link(&alert);
            alert.tenant_id = alert.tenant_id.or_else(|| source.tenant.clone());
        }
        alert
    };
    let reading = match element.outcome {
        Ok(Reading::Alert(alert)) => Ok(Reading::Alert(add(alert))),
        Ok(Reading::Noted(alert, why)) => Ok(Reading::Noted(add(alert), why)),
        Err(fault) => Err((fault.pointer, fault.message)),
    };
    Arrived {
        raw: element.raw,
        reading,
    }
}

fn answer(taken: intake::Taken) -> TakenAlert {
    TakenAlert {
        id: taken.id,
        incident: taken.incident.map(|id| id.to_string()),
        outcome: match taken.outcome {
            intake::Outcome::Opened => Outcome::Opened,
            intake::Outcome::Attached => Outcome::Attached,
            intake::Outcome::Repeated => Outcome::Repeated,
            intake::Outcome::Noted => Outcome::Noted,
            intake::Outcome::Quarantined => Outcome::Quarantined,
        },
    }
}
