//! Quarantined bodies again, once adapter or sender is mended. Taken in and settled in one commit.

use super::intake::{Batch, Taken};
use super::{App, AppError};
use crate::store;
use crate::store::quarantine::Held;

impl App {
    /// What waits in quarantine, oldest first.
    pub async fn held(&self) -> Result<Vec<Held>, AppError> {
        let mut reader = self.store.read().await?;
        Ok(store::quarantine::list_waiting(&mut reader).await?)
    }

    /// Takes what was read of a quarantined body, and settles it in the same commit.
    /// `None` when somebody else replayed it meanwhile.
    pub async fn replay(&self, held: i64, batch: Batch) -> Result<Option<Vec<Taken>>, AppError> {
        let (app, now) = (self.clone(), self.now());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    if !store::quarantine::settle(connection, held, now).await? {
                        return Ok(None);
                    }
                    Ok(Some(app.take_all(connection, batch).await?))
                })
            })
            .await
    }

    /// It still cannot be read: it stays, with what is wrong with it now.
    pub async fn keep_held(
        &self,
        held: i64,
        pointer: String,
        message: String,
    ) -> Result<(), AppError> {
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    store::quarantine::save_fault(connection, held, &pointer, &message).await?;
                    Ok(())
                })
            })
            .await
    }
}
