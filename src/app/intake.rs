//! Alerts come in: each is kept, counted or quarantined, and opens or joins an incident, all in one commit. What needs no
//! store is done before the commit, by whoever brings the alert: hashes, columns, the criteria that no history concerns.

mod again;
mod group;
mod say;

use super::playbooks::Playbooks;
use super::route::Candidates;
use super::{App, AppError};
use crate::domain::alert::{Alert, Reading, User};
use crate::domain::ids::{IncidentId, PersonId, SourceId};
use crate::store::alert::Written;
use crate::store::people::Identity;
use crate::store::{Connection, Gather, Job, StoreError};
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// One element of a body: its bytes, and what the adapter made of it.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub raw: Vec<u8>,
    /// Or JSON pointer and sentence of what could not be read.
    pub reading: Result<Reading, (String, String)>,
}

/// An authenticated submission of one source.
#[derive(Debug, Clone)]
pub struct Batch {
    pub source: SourceId,
    pub elements: Vec<Arrived>,
    /// The member who reported it, where a person did.
    pub reported_by: Option<PersonId>,
    pub drill: bool,
}

/// What became of one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The alert's id, or the quarantine's.
    pub id: String,
    pub incident: Option<IncidentId>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Opened,
    Attached,
    Repeated,
    Noted,
    Quarantined,
}

impl Outcome {
    pub const fn key(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Attached => "attached",
            Self::Repeated => "repeated",
            Self::Noted => "noted",
            Self::Quarantined => "quarantined",
        }
    }
}

/// What waits to be taken in the next commit.
pub type Waiting = Gather<Submitted, Vec<Taken>, AppError>;

/// A batch made ready, with the program that takes it.
pub struct Submitted {
    app: App,
    ready: Vec<Ready>,
}

/// One element with all that can be known of it before the transaction.
struct Ready {
    source: SourceId,
    raw: Vec<u8>,
    sha256: String,
    reported_by: Option<PersonId>,
    drill: bool,
    read: Result<ReadyAlert, (String, String)>,
}

struct ReadyAlert {
    alert: Box<Alert>,
    noted: Option<String>,
    written: Written,
    identities: Vec<Identity>,
    /// The history is put into their facts inside the transaction. Without any where it opens nothing.
    candidates: Option<std::sync::Mutex<Candidates>>,
}

/// Alerts of one moment are taken together.
pub fn waiting() -> Arc<Waiting> {
    Arc::new(Gather::new(take_together))
}

fn take_together<'c>(
    connection: &'c mut Connection,
    submitted: &'c [Submitted],
) -> Job<'c, Result<Vec<Vec<Taken>>, AppError>> {
    Box::pin(async move {
        let Some(app) = submitted.first().map(|s| s.app.clone()) else {
            return Ok(Vec::new());
        };
        let ready: Vec<&Ready> = submitted.iter().flat_map(|s| &s.ready).collect();
        let mut taken = app.take_ready(connection, &ready).await?.into_iter();
        let each = submitted.iter();
        Ok(each
            .map(|s| taken.by_ref().take(s.ready.len()).collect())
            .collect())
    })
}

impl App {
    /// Takes a batch together with whatever else arrives; the answer comes after the commit.
    pub async fn take(&self, batch: Batch) -> Result<Vec<Taken>, AppError> {
        let submitted = Submitted {
            ready: self.ready(batch)?,
            app: self.clone(),
        };
        self.store.gather(&self.arriving, submitted).await
    }

    /// Takes a batch inside a transaction that is under way; one bad element never costs the others.
    pub(super) async fn take_all(
        &self,
        connection: &mut Connection,
        batch: Batch,
    ) -> Result<Vec<Taken>, AppError> {
        let ready = self.ready(batch)?;
        let each: Vec<&Ready> = ready.iter().collect();
        self.take_ready(connection, &each).await
    }

    fn ready(&self, batch: Batch) -> Result<Vec<Ready>, AppError> {
        let now = self.now();
        let Batch {
            source,
            elements,
            reported_by,
            drill,
        } = batch;
        let each = elements.into_iter().map(|element| {
            let (alert, noted) = match element.reading {
                Ok(Reading::Alert(alert)) => (Ok(alert), None),
                Ok(Reading::Noted(alert, why)) => (Ok(alert), Some(why)),
                Err(fault) => (Err(fault), None),
            };
            let read = match alert {
                Ok(alert) => Ok(ready_alert(&self.playbooks, &source, alert, noted, now)?),
                Err(fault) => Err(fault),
            };
            Ok(Ready {
                source: source.clone(),
                sha256: hex::encode(Sha256::digest(&element.raw)),
                raw: element.raw,
                reported_by,
                drill,
                read,
            })
        });
        each.collect()
    }
}

fn ready_alert(
    playbooks: &Playbooks,
    source: &SourceId,
    alert: Box<Alert>,
    noted: Option<String>,
    now: DateTime<Utc>,
) -> Result<ReadyAlert, StoreError> {
    let opens = noted.is_none();
    let candidates = opens.then(|| Candidates::of(playbooks, source, &alert, now));
    Ok(ReadyAlert {
        written: Written::of(source, &alert)?,
        identities: alert.user.as_ref().map(identities).unwrap_or_default(),
        candidates: candidates.map(std::sync::Mutex::new),
        alert,
        noted,
    })
}

/// What the source says of the person, in the form that is compared.
fn identities(user: &User) -> Vec<Identity> {
    let name = match (&user.domain, &user.name) {
        (Some(domain), Some(name)) => Some(format!("{domain}\\{name}").to_lowercase()),
        (None, Some(name)) => Some(name.to_lowercase()),
        (_, None) => None,
    };
    [
        ("upn", user.upn.as_ref().map(|upn| upn.to_lowercase())),
        ("sid", user.sid.clone()),
        ("name", name),
        ("reference", user.uid.clone()),
    ]
    .into_iter()
    .filter_map(|(kind, value)| {
        Some(Identity {
            kind,
            value: value.filter(|v| !v.is_empty())?,
        })
    })
    .collect()
}

impl ReadyAlert {
    fn with_candidates<T>(&self, ask: impl FnOnce(&mut Candidates) -> T) -> Option<T> {
        let candidates = self.candidates.as_ref()?.lock();
        let mut candidates = candidates.unwrap_or_else(std::sync::PoisonError::into_inner);
        Some(ask(&mut candidates))
    }
}
