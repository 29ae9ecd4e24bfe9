//! What is due: a sweep at start and at each tick. It depends on rows, never on a timer that ran.

use super::{App, AppError};
use crate::domain::due::DueKind;
use crate::domain::incident::Command;
use crate::store;

impl App {
    /// Does what is due: raises what nobody took, reminds of what nobody read. Gives back how much that was.
    pub async fn sweep(&self) -> Result<usize, AppError> {
        let mut reader = self.store.read().await?;
        let due = store::due::list_due(&mut reader, self.now()).await?;
        drop(reader);
        let mut count = 0;
        for (id, kind) in due {
            let Some(command) = command(&kind) else {
                continue;
            };
            count += 1;
            let app = self.clone();
            self.store
                .write(move |connection| {
                    Box::pin(async move {
                        // Looked at again inside: someone may have acted meanwhile.
                        let still = store::due::list_due(connection, app.now()).await?;
                        if still.contains(&(id, kind)) {
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

/// What the program does when this is due. A field that is owed shows on its card and waits for a person.
fn command(kind: &str) -> Option<Command> {
    match DueKind::from_key(kind)? {
        DueKind::Take => Some(Command::Raise),
        DueKind::Acknowledge(engagement) => Some(Command::RemindContacts { engagement }),
        DueKind::Owed(_) => None,
    }
}
