//! The loops: delivery and the index of words after each commit, and the look at what is due each second, with the auditor
//! behind it.
//! Each calls the same step as the tests do.

use crate::app::backup::Plan;
use crate::app::{App, AppError, Cause as _};
use crate::domain::ids::ChannelKey;
use crate::outbound::{Drained, Outbound};
use crate::watch::Missing;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

/// How often what is due is looked at.
const TICK: Duration = Duration::from_secs(1);
/// The least time between two rounds of the index of words. A search reads what came since one by one.
const INDEX_REST: Duration = Duration::from_millis(200);
/// How often it is looked whether a backup is due.
const BACKUP_TICK: Duration = Duration::from_secs(20);
/// The longest wait between two looks at the outbox, whatever was said.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// A channel that has to wait is looked at again for a new commit only after this time: a high alert may go before.
const BREATH: Duration = Duration::from_millis(20);

/// What is known of a channel's deliveries.
enum Lane {
    /// Under way; whether something was committed since.
    Busy { again: bool },
    /// At rest until then, and whatever is committed at least until `deaf`.
    Rest {
        until: Instant,
        deaf: Option<Instant>,
    },
}

/// Each channel is worked on beside the others: a slow one holds up none of them.
pub async fn deliver(outbound: Arc<Outbound>, mut stopping: watch::Receiver<bool>) {
    let mut commits = outbound.app.store.commits();
    let mut lanes: BTreeMap<ChannelKey, Lane> = BTreeMap::new();
    // Tasks of their own: each may hold a connection of the store while this loop waits for one.
    let mut running = JoinSet::new();
    let mut look_at = Instant::now();
    let mut looked: Option<Instant> = None;
    let mut committed = true;
    let mut broken = false;
    while !*stopping.borrow() {
        if std::mem::take(&mut broken) {
            // Which one is not known: the others end first, so that none is worked on twice at once.
            while running.join_next().await.is_some() {}
            lanes.clear();
            committed = true;
        }
        let now = Instant::now();
        // Commits that follow each other closely are looked at together.
        let soonest = looked.map_or(now, |looked| looked + BREATH);
        if (committed && now >= soonest) || now >= look_at {
            looked = Some(now);
            match outbound.waiting_channels().await {
                Ok(channels) => {
                    // Where nothing waits, nothing is to be looked at.
                    lanes.retain(|channel, lane| lane.is_busy() || channels.contains(channel));
                    for channel in channels {
                        if lanes
                            .get_mut(&channel)
                            .is_none_or(|lane| lane.starts(committed))
                        {
                            lanes.insert(channel.clone(), Lane::Busy { again: false });
                            running.spawn(drained(outbound.clone(), channel));
                        }
                    }
                    look_at = next_look(&lanes);
                }
                Err(fault) => {
                    if fault.trouble().is_none() {
                        tracing::error!(%fault, "the outbox could not be looked at");
                    }
                    look_at = Instant::now() + TICK;
                }
            }
            committed = false;
        }
        let next = if committed {
            look_at.min(soonest)
        } else {
            look_at
        };
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => {}
            // The sender lives as long as the store.
            changed = commits.changed(), if !committed => committed = changed.is_ok(),
            Some(done) = running.join_next() => {
                let Ok((channel, done)) = done else {
                    tracing::error!("a channel's delivery broke off");
                    broken = true;
                    continue;
                };
                let busy = lanes.insert(channel, Lane::rests(done));
                committed |= matches!(busy, Some(Lane::Busy { again: true }));
                look_at = next_look(&lanes);
            }
            () = sleep_until(next) => {}
        }
    }
    // What is under way is finished.
    while running.join_next().await.is_some() {}
}

async fn drained(
    outbound: Arc<Outbound>,
    channel: ChannelKey,
) -> (ChannelKey, Result<Drained, AppError>) {
    let done = outbound.drain_channel(&channel).await;
    hear(&outbound, &done);
    (channel, done)
}

fn next_look(lanes: &BTreeMap<ChannelKey, Lane>) -> Instant {
    let rests = lanes.values().filter_map(|lane| match lane {
        Lane::Rest { until, .. } => Some(*until),
        Lane::Busy { .. } => None,
    });
    rests.min().unwrap_or_else(|| Instant::now() + LONGEST_REST)
}

impl Lane {
    /// Whether work on it begins now; where it is under way, it will look again afterwards.
    fn starts(&mut self, committed: bool) -> bool {
        let now = Instant::now();
        match self {
            Self::Busy { again } => {
                *again |= committed;
                false
            }
            Self::Rest { until, deaf } => {
                if committed {
                    *until = (*until).min(deaf.unwrap_or(now));
                }
                now >= *until
            }
        }
    }

    const fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }

    fn rests(done: Result<Drained, AppError>) -> Self {
        let now = Instant::now();
        match done {
            Ok(drained) => {
                let rest = drained.again_in.unwrap_or(LONGEST_REST).min(LONGEST_REST);
                // At least a breath, so that a row that is due at once again does not spin.
                let deaf = drained.again_in.map(|_| now + BREATH);
                Self::Rest {
                    until: now + rest.max(BREATH),
                    deaf,
                }
            }
            Err(fault) => {
                if fault.trouble().is_none() {
                    tracing::error!(%fault, "a channel's outbox could not be worked on");
                }
                Self::Rest {
                    until: now + TICK,
                    deaf: Some(now + TICK),
                }
            }
        }
    }
}

pub async fn sweep(app: App, mut stopping: watch::Receiver<bool>) {
    tokio::select! {
        () = begin(&app) => {}
        _ = stopping.wait_for(|stop| *stop) => return,
    }
    let mut whole = false;
    while !*stopping.borrow() {
        if let Err(fault) = tick(&app).await
            && fault.trouble().is_none()
        {
            tracing::error!(%fault, "what is due could not be looked at");
        }
        // A change of `stopping` ends the wait early.
        let _ = timeout(TICK, stopping.wait_for(|stop| *stop)).await;
        if !std::mem::replace(&mut whole, true) {
            tokio::select! {
                () = look_at_all(&app) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }
}

/// Indexes the words of what is committed; what the last run left begins a moment later.
pub async fn index(app: App, mut stopping: watch::Receiver<bool>) {
    let mut commits = app.store.commits();
    while !*stopping.borrow() {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            // Also where nothing was committed: what could not be indexed is tried again.
            _ = timeout(LONGEST_REST, commits.changed()) => {}
        }
        let _ = timeout(INDEX_REST, stopping.wait_for(|stop| *stop)).await;
        commits.mark_unchanged();
        if let Err(fault) = app.index_words().await
            && fault.trouble().is_none()
        {
            tracing::error!(%fault, "the words of what came could not be indexed");
        }
    }
}

/// Makes backups when they are due. One that is under way when the service ends is thrown away.
pub async fn back_up(app: App, plan: Arc<Plan>, mut stopping: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            made = app.back_up_if_due(&plan) => {
                if let Err(fault) = made
                    && fault.trouble().is_none()
                {
                    tracing::error!(%fault, "what came of the backup could not be kept");
                }
            }
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            _ = timeout(BACKUP_TICK, std::future::pending::<()>()) => {}
        }
    }
}

/// Says with `/readyz` whether the store takes work.
pub async fn tell_troubles(app: App, missing: Arc<Missing>, mut stopping: watch::Receiver<bool>) {
    let mut troubles = app.store.troubles();
    loop {
        match *troubles.borrow_and_update() {
            Some(trouble) => {
                missing.set(
                    "store",
                    format!("the store takes nothing: {}", trouble.in_words()),
                );
            }
            None => missing.clear("store"),
        }
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            changed = troubles.changed() => if changed.is_err() { return },
        }
    }
}

/// Deadlines as playbooks and hours now have them.
async fn begin(app: &App) {
    if let Err(fault) = app.refresh_dues().await {
        tracing::error!(%fault, "deadlines could not be written anew; those of before count");
    }
}

/// A whole look of the auditor at what the last run left. It reads every open incident: what waits to be sent and what is due
/// go before.
async fn look_at_all(app: &App) {
    if let Err(fault) = app.audit_whole().await {
        tracing::error!(%fault, "the auditor could not look at what the last run left");
    }
}

/// One round of the outbox, in all channels.
pub async fn drain(outbound: &Outbound) -> Result<Drained, AppError> {
    let done = outbound.drain_once().await;
    hear(outbound, &done);
    done
}

/// What came of deliveries, for those who watch.
fn hear(outbound: &Outbound, done: &Result<Drained, AppError>) {
    let (watch, rest) = (&outbound.app.watch, &outbound.rest);
    watch.heard_from_discord(rest.refused_lately(), rest.is_shut());
    if let Ok(drained) = done {
        watch.meters.settled(drained.delivered);
    }
}

/// One look at what is due, then a slice of the auditor's round.
pub async fn tick(app: &App) -> Result<usize, AppError> {
    let done = app.sweep().await?;
    app.audit().await?;
    Ok(done)
}
