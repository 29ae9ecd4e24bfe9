//! Use cases. They load, let `domain` judge, and commit facts and intended effects in one transaction.
//! They never speak to the network and know no Discord, no HTTP.

pub mod act;
mod around;
pub mod audit;
pub mod backup;
pub mod case;
pub mod comms;
pub mod containment;
pub mod digest;
pub mod directory;
pub mod dry_run;
pub mod earlier;
pub mod export;
mod facts;
mod fitting;
pub mod form;
pub mod governance;
pub mod governing;
pub mod health;
pub mod intake;
mod intend;
pub mod look;
pub mod me;
pub mod pattern;
pub mod people;
pub mod placed;
pub mod playbooks;
pub mod prove;
pub mod query;
pub mod reach;
pub mod replay;
pub mod route;
pub mod search;
pub mod sweep;
#[cfg(test)]
mod tests;
pub mod thresholds;
pub mod together;
pub mod told;
mod visible;
pub mod way;

use crate::domain::hours::Hours;
use crate::domain::incident::Refusal;
pub use crate::store::{Cause, Trouble};
use crate::store::{Store, StoreError};
use crate::watch::Watch;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use playbooks::Playbooks;
use std::sync::Arc;
use std::time::Instant;

/// Where the present comes from.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
    /// For measuring how long something takes; it never goes back. A clock that can be moved moves this with it.
    fn instant(&self) -> Instant {
        Instant::now()
    }
}

/// Where random numbers come from.
pub trait Ids: Send + Sync {
    /// Salt for a payload's hash.
    fn salt(&self) -> [u8; 16];
}

/// What every use case stands on. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub store: Store,
    pub playbooks: Arc<Playbooks>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// The organisation's time zone: times are typed and shown in it.
    pub zone: Tz,
    /// When the organisation works; without them around the clock.
    pub hours: Option<Hours>,
    /// Alerts on their way into the next commit.
    pub arriving: Arc<intake::Waiting>,
    /// Steps of members on theirs.
    pub acting: Arc<act::Waiting>,
    /// What the running service knows of itself.
    pub watch: Arc<Watch>,
}

impl App {
    /// The present as the store gives it back: whole microseconds.
    pub fn now(&self) -> DateTime<Utc> {
        let now = self.clock.now();
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }
}

/// The user's refusal, or our fault.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("refused: {0:?}")]
    Refused(Refusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Cause for AppError {
    fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Refused(_) => None,
            Self::Store(fault) => fault.trouble(),
        }
    }
}
