//! The write-ahead log goes back into the file beside the writer, so that no commit waits for it. Only what was written
//! meanwhile is left to the writer, between two groups: then the log begins anew instead of growing.

use super::StoreError;
use super::open::log_size;
use sqlx::{Connection as _, SqliteConnection};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// From this size of the log on, in bytes, it is copied back: SQLite's own threshold of a thousand pages.
const COPY_FROM: u64 = 4 << 20;
/// From this size on the writer finishes it.
const FINISH_FROM: u64 = 16 << 20;

/// Asked of the writer: to finish the checkpoint before its next group.
#[derive(Clone, Default)]
pub(super) struct Finish(Arc<AtomicBool>);

impl Finish {
    fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once for each time it was asked.
    pub(super) fn take(&self) -> bool {
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed)
    }
}

/// Copies the log back whenever commits have made it long; ends with the writer.
pub(super) async fn run(
    mut connection: SqliteConnection,
    file: PathBuf,
    mut commits: watch::Receiver<u64>,
    finish: Finish,
) {
    // Up to this size it was copied: the file of the log keeps its size until it begins anew.
    let mut copied = 0;
    while commits.changed().await.is_ok() {
        let size = log_size(&file);
        if size < copied {
            copied = 0;
        }
        if size < copied + COPY_FROM {
            continue;
        }
        match copy(&mut connection).await {
            Ok(()) => copied = size,
            Err(fault) => {
                tracing::warn!(%fault, "the write-ahead log could not be copied back; it grows until it can");
            }
        }
        if size >= FINISH_FROM {
            finish.ask();
        }
    }
    if let Err(fault) = connection.close().await {
        tracing::warn!(%fault, "the connection for checkpoints did not close cleanly");
    }
}

/// Copies back what no reader holds; waits for nobody.
pub(super) async fn copy(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
        .execute(connection)
        .await?;
    Ok(())
}
