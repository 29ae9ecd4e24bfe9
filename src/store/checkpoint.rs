//! The write-ahead log goes back into the file beside the writer, so that no commit waits for it. Only what was written
//! meanwhile is left to the writer, between two groups: then the log begins anew instead of growing.

use super::StoreError;
use sqlx::{Connection as _, SqliteConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// From so many pages that are in the log alone on, they are copied back: SQLite's own threshold.
const COPY_FROM: i64 = 1_000;
/// From so many pages of the log on, the writer finishes it.
const FINISH_FROM: i64 = 4_000;
/// Commits that follow each other within this time are looked at once.
const BREATH: Duration = Duration::from_millis(20);

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
#[expect(clippy::disallowed_methods, reason = "a loop of the store's own")]
pub(super) async fn run(
    mut connection: SqliteConnection,
    mut commits: watch::Receiver<u64>,
    finish: Finish,
) {
    while commits.changed().await.is_ok() {
        match look(&mut connection).await {
            Ok(log) => {
                if log.pages >= FINISH_FROM {
                    finish.ask();
                }
            }
            Err(fault) => {
                tracing::warn!(%fault, "the write-ahead log could not be copied back; it grows until it can");
            }
        }
        tokio::time::sleep(BREATH).await;
    }
    if let Err(fault) = connection.close().await {
        tracing::warn!(%fault, "the connection for checkpoints did not close cleanly");
    }
}

/// Copies the log back where it is long, and tells how long it is.
async fn look(connection: &mut SqliteConnection) -> Result<Log, StoreError> {
    let log = Log::of(connection, "PRAGMA wal_checkpoint(NOOP)").await?;
    if log.pages - log.copied < COPY_FROM {
        return Ok(log);
    }
    copy(connection).await
}

/// Copies back what no reader holds; waits for nobody.
pub(super) async fn copy(connection: &mut SqliteConnection) -> Result<Log, StoreError> {
    Log::of(connection, "PRAGMA wal_checkpoint(PASSIVE)").await
}

/// The write-ahead log, in pages. Its file keeps its size when the log begins anew: writing over what is there is cheaper
/// than appending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Log {
    pub(super) pages: i64,
    /// Those of them that are back in the file.
    pub(super) copied: i64,
}

impl Log {
    async fn of(
        connection: &mut SqliteConnection,
        pragma: &'static str,
    ) -> Result<Self, StoreError> {
        let (_busy, pages, copied): (i64, i64, i64) =
            sqlx::query_as(pragma).fetch_one(connection).await?;
        Ok(Self { pages, copied })
    }
}
