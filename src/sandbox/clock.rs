//! The clock that is handed to the sandbox. May not know what the time is used for.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// One clock for everything that runs beside the sandbox, so that a drill can move it.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
    /// Moves the clock forward; waiting in real time is not affected.
    fn advance(&self, by: TimeDelta);
}

/// The system's time plus whatever was advanced.
#[derive(Debug, Default)]
pub struct SystemClock {
    ahead: Mutex<TimeDelta>,
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the sandbox reads real time"
    )]
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, by: TimeDelta) {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

/// Stands still until it is advanced.
#[derive(Debug)]
pub struct FrozenClock {
    at: Mutex<DateTime<Utc>>,
}

impl FrozenClock {
    pub fn at(at: DateTime<Utc>) -> Self {
        Self { at: Mutex::new(at) }
    }
}

impl Clock for FrozenClock {
    fn now(&self) -> DateTime<Utc> {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, by: TimeDelta) {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}
