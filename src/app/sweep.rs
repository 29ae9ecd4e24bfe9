//! What is due: a sweep at start and at each tick. It depends on rows, never on a timer that ran.

use super::{App, AppError};
use crate::store;

impl App {
    /// Whether the store takes work; after a failure it is tried with something small.
    pub async fn takes_work(&self) -> bool {
        let trouble = *self.store.troubles().borrow();
        trouble.is_none() || self.store.probe(self.now()).await.is_ok()
    }

    /// Does what is due: says again what waits, releases what is held without a sign of life, ends snoozes. Gives back
    /// how much that was.
    pub async fn sweep(&self) -> Result<usize, AppError> {
        let mut reader = self.store.read().await?;
        let due = store::due::list_due(&mut reader, self.now()).await?;
        drop(reader);
        let mut count = 0;
        for (id, kind) in due {
            count += 1;
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
                        Ok::<_, AppError>(())
                    })
                })
                .await?;
        }
        Ok(count)
    }
}
