//! The real clock and the real random numbers; both are handed to whoever needs them.

use crate::app::{Clock, Ids};
use chrono::{DateTime, Utc};
use std::sync::Arc;
#[cfg(feature = "sandbox")]
use std::sync::{Mutex, PoisonError};
#[cfg(feature = "sandbox")]
use std::time::Instant;

/// What the service is given from outside the program.
#[derive(Clone)]
pub struct Ports {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
}

impl Ports {
    /// The system's clock and random numbers.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
        }
    }
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the service reads the time"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Random numbers of the operating system.
pub struct SystemIds;

impl Ids for SystemIds {
    fn salt(&self) -> [u8; 16] {
        let mut salt = [0; 16];
        if let Err(fault) = getrandom::fill(&mut salt) {
            // Without random numbers a payload's hash could be guessed from its contents: better none than that.
            tracing::error!(%fault, "the system gives no random numbers; Baton stops");
            std::process::abort();
        }
        salt
    }
}

/// A clock of the sandbox, as the service's clock: one clock for both, so that the pace is kept on the clock on which
/// the sandbox counts its limits. Where that is set back, what measures stands still and goes on from there.
#[cfg(feature = "sandbox")]
pub struct Shared {
    clock: Arc<dyn crate::sandbox::Clock>,
    last: Mutex<(DateTime<Utc>, Instant)>,
}

#[cfg(feature = "sandbox")]
impl Shared {
    pub fn new(clock: Arc<dyn crate::sandbox::Clock>) -> Self {
        let last = Mutex::new((clock.now(), Instant::now()));
        Self { clock, last }
    }
}

#[cfg(feature = "sandbox")]
impl Clock for Shared {
    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn instant(&self) -> Instant {
        let now = self.clock.now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let since = (now - last.0).to_std().unwrap_or_default();
        *last = (now, last.1 + since);
        last.1
    }
}
