//! What is due: a sweep at start and at each tick. It depends on rows, never on a timer that ran.

use super::{App, AppError};
use crate::domain::ids::IncidentId;
use crate::store::{self, StoreError};
use std::sync::atomic::Ordering;

impl App {
    /// Whether the store takes work; after a failure it is tried with something small.
    pub async fn takes_work(&self) -> bool {
        let trouble = *self.store.troubles().borrow();
        trouble.is_none() || self.store.probe(self.now()).await.is_ok()
    }

    /// Does what is due: says again what waits, releases what is held without a sign of life, ends snoozes. One that
    /// cannot be worked on holds up no other. Gives back how many were worked on.
    pub async fn sweep(&self) -> Result<usize, AppError> {
        let mut reader = self.store.read().await?;
        let due = store::due::list_due(&mut reader, self.now()).await?;
        drop(reader);
        let mut count = 0;
        let mut faults = Vec::new();
        for (id, kind) in due {
            match self.do_due(id, kind).await {
                Ok(()) => count += 1,
                // The store itself takes no work: the rows stay, and the next tick comes.
                Err(AppError::Store(
                    fault @ (StoreError::Sql(_)
                    | StoreError::NotCommitted(_)
                    | StoreError::Stopping),
                )) => return Err(fault.into()),
                Err(fault) => faults.push((id, fault)),
            }
        }
        let before = self.watch.stuck.swap(faults.len(), Ordering::Relaxed);
        if let Some((id, fault)) = faults.first().filter(|_| faults.len() != before) {
            let stuck = faults.len();
            tracing::error!(stuck, first = %id, %fault, "what is due for an incident could not be done");
        }
        self.watch.swept.set(self.now());
        self.watch.meters.swept(count);
        Ok(count)
    }

    async fn do_due(&self, id: IncidentId, kind: String) -> Result<(), AppError> {
        let app = self.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    // Looked at again inside: someone may have acted meanwhile.
                    if store::due::is_due(connection, id, &kind, app.now()).await?
                        && let Some(command) = app.due_command(connection, id, &kind).await?
                    {
                        app.by_program(connection, id, &command).await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
