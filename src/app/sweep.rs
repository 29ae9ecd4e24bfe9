//! What is due: a sweep at start and at each tick. It depends on rows, never on a timer that ran.

use super::{App, AppError};
use crate::domain::incident::Command;
use crate::store;

impl App {
    /// Raises what nobody took in time. Gives back how many incidents were raised.
    pub async fn sweep(&self) -> Result<usize, AppError> {
        let mut reader = self.store.read().await?;
        let untaken = store::due::list_untaken(&mut reader, self.now()).await?;
        drop(reader);
        let count = untaken.len();
        for id in untaken {
            let app = self.clone();
            self.store
                .write(move |connection| {
                    Box::pin(async move {
                        // Looked at again inside: someone may have taken it meanwhile.
                        let due = store::due::list_untaken(connection, app.now()).await?;
                        if due.contains(&id) {
                            app.by_program(connection, id, &Command::Raise).await?;
                        }
                        Ok::<_, AppError>(())
                    })
                })
                .await?;
        }
        Ok(count)
    }
}
