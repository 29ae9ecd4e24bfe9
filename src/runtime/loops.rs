//! The two loops: delivery after each commit, and the look at what is due each second, with the auditor behind it.
//! Each calls the same step as the tests do.

use crate::app::backup::Plan;
use crate::app::{App, AppError, Cause as _};
use crate::outbound::{Drained, Outbound};
use crate::watch::Missing;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// How often what is due is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often it is looked whether a backup is due.
const BACKUP_TICK: Duration = Duration::from_secs(20);
/// The longest wait between two looks at the outbox, whatever was said.
const LONGEST_REST: Duration = Duration::from_secs(5);

pub async fn deliver(outbound: Arc<Outbound>, mut stopping: watch::Receiver<bool>) {
    let mut commits = outbound.app.store.commits();
    while !*stopping.borrow() {
        commits.mark_unchanged();
        let rest = match drain(&outbound).await {
            Ok(drained) => drained.again_in.unwrap_or(LONGEST_REST).min(LONGEST_REST),
            Err(fault) => {
                if fault.trouble().is_none() {
                    tracing::error!(%fault, "the outbox could not be worked on");
                }
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
        () = begin(&app) => {}
        _ = stopping.wait_for(|stop| *stop) => return,
    }
    while !*stopping.borrow() {
        if let Err(fault) = tick(&app).await
            && fault.trouble().is_none()
        {
            tracing::error!(%fault, "what is due could not be looked at");
        }
        // A change of `stopping` ends the wait early.
        let _ = timeout(TICK, stopping.wait_for(|stop| *stop)).await;
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

/// What the last run left: deadlines as playbooks and hours now have them, and a whole look of the auditor.
async fn begin(app: &App) {
    if let Err(fault) = app.refresh_dues().await {
        tracing::error!(%fault, "deadlines could not be written anew; those of before count");
    }
    if let Err(fault) = app.audit_whole().await {
        tracing::error!(%fault, "the auditor could not look at what the last run left");
    }
}

/// One round of the outbox.
pub async fn drain(outbound: &Outbound) -> Result<Drained, AppError> {
    let drained = outbound.drain_once().await;
    let (watch, rest) = (&outbound.app.watch, &outbound.rest);
    watch.heard_from_discord(rest.refused_lately(), rest.is_shut());
    if let Ok(drained) = &drained {
        watch.meters.settled(drained.delivered);
    }
    drained
}

/// One look at what is due, then a slice of the auditor's round.
pub async fn tick(app: &App) -> Result<usize, AppError> {
    let done = app.sweep().await?;
    app.audit().await?;
    Ok(done)
}
