//! What is known of each channel while the program runs: when its next digest may follow, until when it is held back, and
//! what of its outbox stands there already. After a restart it is learned anew.

use super::arrived::{Histories, History};
use super::drain::LONGEST_PAUSE;
use crate::domain::ids::ChannelKey;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// All channels.
#[derive(Default)]
pub struct Lanes {
    each: Mutex<BTreeMap<ChannelKey, Lane>>,
    /// Held while a thread is looked for and made, so that two channels never make the same one.
    pub(super) making_thread: tokio::sync::Mutex<()>,
    histories: Histories,
}

#[derive(Default)]
struct Lane {
    next_digest: Option<Instant>,
    held_until: Option<Instant>,
}

impl Lanes {
    /// How long the last digest still lasts.
    pub(super) fn next_digest(&self, channel: &ChannelKey, now: Instant) -> Option<Duration> {
        left(self.lock().get(channel)?.next_digest, now)
    }

    pub(super) fn digest_lasts(&self, channel: &ChannelKey, until: Instant) {
        self.lock().entry(channel.clone()).or_default().next_digest = Some(until);
    }

    /// How long the channel is still held back, since Discord or the network failed there.
    pub(super) fn held(&self, channel: &ChannelKey, now: Instant) -> Option<Duration> {
        left(self.lock().get(channel)?.held_until, now)
    }

    pub(super) fn hold(&self, channel: &ChannelKey, until: Instant) {
        self.lock().entry(channel.clone()).or_default().held_until = Some(until);
    }

    pub(super) fn histories(&self) -> MutexGuard<'_, BTreeMap<String, Arc<History>>> {
        self.histories
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ChannelKey, Lane>> {
        // The state is instants; a panic elsewhere does not make them wrong.
        self.each.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A time that lies farther ahead than any pause was set under a clock that was set back since: it is over.
fn left(until: Option<Instant>, now: Instant) -> Option<Duration> {
    until
        .map(|until| until.saturating_duration_since(now))
        .filter(|left| !left.is_zero() && *left <= LONGEST_PAUSE)
}
