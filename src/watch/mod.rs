//! What the running service knows of itself: what is missing before it is ready, when its loops last ran, what it
//! counts. Facts and counters; it judges nothing, and it names no incident and no person.

mod meters;

pub use meters::{DiscordMeters, IntakeMeters, Meters, StoreMeters};

use crate::domain::audit::Round;
use crate::domain::health::Facts;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// What is not there yet before the service is ready, by name.
#[derive(Default)]
pub struct Missing(watch::Sender<BTreeMap<&'static str, String>>);

impl Missing {
    pub fn set(&self, what: &'static str, why: impl Into<String>) {
        let why = why.into();
        self.0.send_modify(|all| drop(all.insert(what, why)));
    }

    pub fn clear(&self, what: &'static str) {
        self.0.send_modify(|all| drop(all.remove(what)));
    }

    /// A sentence each; empty when the service is ready.
    pub fn list(&self) -> Vec<String> {
        self.0.borrow().values().cloned().collect()
    }

    /// Ends when nothing is missing any more.
    pub async fn none(&self) {
        let mut all = self.0.subscribe();
        // The sender is here, so waiting cannot fail.
        let _ = all.wait_for(BTreeMap::is_empty).await;
    }
}

/// When something last happened.
#[derive(Debug)]
pub struct Moment(AtomicI64);

impl Default for Moment {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

impl Moment {
    pub fn set(&self, at: DateTime<Utc>) {
        self.0.store(at.timestamp_micros(), Ordering::Relaxed);
    }

    pub fn get(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::Relaxed))
    }
}

/// All of it. One a service.
#[derive(Default)]
pub struct Watch {
    pub missing: Arc<Missing>,
    pub meters: Meters,
    pub started: Moment,
    /// The last look at everything that is due.
    pub swept: Moment,
    /// Where the auditor stands.
    pub round: Mutex<Round>,
    /// Rows that are due and cannot be worked on, at the last look.
    pub stuck: AtomicUsize,
    /// Held while the history is proven.
    pub proving: tokio::sync::Mutex<()>,
    refused_lately: AtomicUsize,
    token_refused: AtomicBool,
}

impl Watch {
    pub fn new(meters: Meters) -> Self {
        Self {
            meters,
            ..Self::default()
        }
    }

    /// What Discord's answers say: requests refused in the last ten minutes, and whether the token is.
    pub fn heard_from_discord(&self, refused_lately: usize, token_refused: bool) {
        self.refused_lately.store(refused_lately, Ordering::Relaxed);
        self.token_refused.store(token_refused, Ordering::Relaxed);
    }

    /// The facts that stand in memory alone; the store adds the others.
    pub fn facts(&self) -> Facts {
        Facts {
            started_at: self.started.get(),
            missing: self.missing.list(),
            token_refused: self.token_refused.load(Ordering::Relaxed),
            refused_lately: self.refused_lately.load(Ordering::Relaxed),
            swept_at: self.swept.get(),
            ..Facts::default()
        }
    }

    /// Where the auditor stands, for a moment.
    pub fn with_round<T>(&self, change: impl FnOnce(&mut Round) -> T) -> T {
        let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut round)
    }
}
