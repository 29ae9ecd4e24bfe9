//! The two loops: delivery after each commit, and the look at what is due each second.
//! Each calls the same step as the tests do.

use crate::app::App;
use crate::outbound::Outbound;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// How often what is due is looked at.
const TICK: Duration = Duration::from_secs(1);
/// The longest wait between two looks at the outbox, whatever was said.
const LONGEST_REST: Duration = Duration::from_secs(5);

pub async fn deliver(outbound: Arc<Outbound>, mut stopping: watch::Receiver<bool>) {
    let mut commits = outbound.app.store.commits();
    while !*stopping.borrow() {
        commits.mark_unchanged();
        let rest = match outbound.drain_once().await {
            Ok(drained) => drained.again_in.unwrap_or(LONGEST_REST).min(LONGEST_REST),
            Err(fault) => {
                tracing::error!(%fault, "the outbox could not be worked on");
                TICK
            }
        };
        // At least a breath, so that a row that is due at once again does not spin.
        let rest = rest.max(Duration::from_millis(20));
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => {}
            _ = timeout(rest, commits.changed()) => {}
        }
    }
}

pub async fn sweep(app: App, mut stopping: watch::Receiver<bool>) {
    tokio::select! {
        refreshed = app.refresh_dues() => {
            if let Err(fault) = refreshed {
                tracing::error!(%fault, "deadlines could not be written anew; those of before count");
            }
        }
        _ = stopping.wait_for(|stop| *stop) => return,
    }
    while !*stopping.borrow() {
        if let Err(fault) = app.sweep().await {
            tracing::error!(%fault, "what is due could not be looked at");
        }
        // A change of `stopping` ends the wait early.
        let _ = timeout(TICK, stopping.wait_for(|stop| *stop)).await;
    }
}
