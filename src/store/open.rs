//! Opening the file: pragmas, migrations, the writer and the readers.

use super::checkpoint::{self, Finish};
use super::decoded::Decoded;
use super::gather::Gather;
use super::lock;
use super::trouble::{Cause, Trouble};
use super::writer::{Job, Writer};
use super::{StoreError, fact, incident};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::Incident;
use crate::watch::StoreMeters;
use chrono::{DateTime, Utc};
use futures_util::future::{AbortHandle, abortable};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection, SqlitePool};
use std::collections::BTreeSet;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Readers beside the writer: as many as cores that a small host has to spare.
const READERS: u32 = 4;

/// Prepared statements that a connection keeps: more than the program has, so that none is prepared twice.
const STATEMENTS: usize = 1_000;

/// Of the write-ahead log's file so much is kept for the next pages, in bytes: twice what is usually in it.
const LOG_KEPT: &str = "33554432";

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The open store.
#[derive(Clone)]
pub struct Store {
    writer: Writer,
    readers: SqlitePool,
    path: Arc<Path>,
    decoded: Arc<Decoded>,
}

impl Store {
    /// Opens or creates the file, brings it up to date, and gives back the writer's future for a tracker to run. Until
    /// that ends nobody else opens it so.
    /// The file is readable by its owner alone.
    pub async fn open(
        path: &Path,
    ) -> Result<(Self, impl Future<Output = ()> + Send + use<>), StoreError> {
        prepare_file(path)?;
        let held = lock::hold(path)?;
        let mut connection =
            SqliteConnection::connect_with(&options(path).journal_mode(SqliteJournalMode::Wal))
                .await?;
        migrate(&mut connection).await?;
        let (store, running) = Self::on(connection, path).await?;
        let running = async move {
            running.await;
            drop(held);
        };
        Ok((store, running))
    }

    /// Opens a store that is there, beside whoever runs it, for short work of a command. Its format is left as it is.
    pub async fn beside(
        path: &Path,
    ) -> Result<(Self, impl Future<Output = ()> + Send + use<>), StoreError> {
        let options = options(path)
            .journal_mode(SqliteJournalMode::Wal)
            .create_if_missing(false);
        let mut connection = SqliteConnection::connect_with(&options).await?;
        if !is_current(&mut connection).await {
            return Err(StoreError::OtherFormat(path.display().to_string()));
        }
        Self::on(connection, path).await
    }

    async fn on(
        connection: SqliteConnection,
        path: &Path,
    ) -> Result<(Self, impl Future<Output = ()> + Send + use<>), StoreError> {
        let readers = readers(path).await?;
        let copying = SqliteConnection::connect_with(&options(path)).await?;
        let finish = Finish::default();
        let (writer, writing) = Writer::new(connection, finish.clone());
        let writing = on_a_thread(writing);
        let copying = checkpoint::run(copying, writer.commits(), finish);
        let running = async {
            tokio::join!(writing, copying);
        };
        let path = Arc::from(path);
        let store = Self {
            writer,
            readers,
            path,
            decoded: Arc::default(),
        };
        Ok((store, running))
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Only the readers, for `verify` beside a live service. The file must exist.
    pub async fn open_readers(path: &Path) -> Result<SqlitePool, StoreError> {
        readers(path).await
    }

    /// Runs a job inside the next commit; the writer takes what waits in a group and commits once.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Cause + Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Job<'c, Result<T, E>> + Send + 'static,
    {
        self.writer.write(job).await
    }

    /// Works on an item together with whatever of its kind waits too, inside the next commit.
    pub async fn gather<I, T, E>(&self, gather: &Arc<Gather<I, T, E>>, item: I) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Cause + Send + 'static,
    {
        self.writer.gather(gather, item).await
    }

    /// A connection that cannot write.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>, StoreError> {
        Ok(self.readers.acquire().await?)
    }

    /// How many open incidents could not be read when they were last listed: they are in no list.
    pub fn unreadable(&self) -> usize {
        self.decoded.unreadable()
    }

    /// Every open incident that can be read, oldest first, and those among them that have the person among their walls; both
    /// of one moment.
    pub async fn list_open(
        &self,
        person: PersonId,
    ) -> Result<(Vec<Arc<Incident>>, BTreeSet<IncidentId>), StoreError> {
        let mut reader = self.read().await?;
        let mut snapshot = reader.begin().await?;
        let open = self.decoded.list(&mut snapshot).await?;
        let mut walled = BTreeSet::new();
        let open = open.incidents().to_vec();
        if let Some(first) = open.first() {
            walled = incident::list_walled_from(&mut snapshot, person, first.id).await?;
        }
        let before = open.iter().filter(|one| !one.past_concerned.is_empty());
        let before: Vec<IncidentId> = before.map(|one| one.id).collect();
        if !before.is_empty() {
            let walls = incident::list_walls(&mut snapshot, &before).await?;
            let walls = walls.into_iter().filter(|(_, of)| of.contains(&person));
            walled.extend(walls.map(|(id, _)| id));
        }
        snapshot.rollback().await?;
        Ok((open, walled))
    }

    /// What its writer counts.
    pub const fn meters(&self) -> &StoreMeters {
        self.writer.meters()
    }

    /// Changes after each commit.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.writer.commits()
    }

    /// Why it takes no work at present, as the last try showed.
    pub fn troubles(&self) -> watch::Receiver<Option<Trouble>> {
        self.writer.troubles()
    }

    /// Writes something small, which shows whether it takes work again.
    pub async fn probe(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move { fact::save(connection, "probe", "written", now).await })
        })
        .await
    }

    /// Closes the readers; the writer ends with its last handle.
    pub async fn close(self) {
        self.readers.close().await;
    }
}

/// Runs work on a thread of its own: each of its statements goes to SQLite's thread and back, which is quicker where nobody
/// else has to be scheduled in between. It is broken off when this future is dropped.
async fn on_a_thread(work: impl Future<Output = ()> + Send + 'static) {
    struct Break(AbortHandle);
    impl Drop for Break {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
    let (work, handle) = abortable(work);
    let _break = Break(handle);
    let runtime = tokio::runtime::Handle::current();
    // What it logs goes where the caller's goes.
    let logs = tracing::dispatcher::get_default(Clone::clone);
    let ended = tokio::task::spawn_blocking(move || {
        tracing::dispatcher::with_default(&logs, || runtime.block_on(work))
    })
    .await;
    if let Err(fault) = ended {
        tracing::error!(%fault, "the writer broke off");
    }
}

/// Brings the store to this program's format, or says why not; says before that it will take a while, where it may.
async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let from = format(connection).await.filter(|from| *from < newest());
    if let Some(from) = from {
        let to = newest();
        tracing::info!(
            from,
            to,
            "the store is brought to this version's format; with millions of events that takes a minute"
        );
    }
    Ok(MIGRATIONS.run(connection).await?)
}

/// Whether the last migration of this program is the store's last one.
async fn is_current(connection: &mut SqliteConnection) -> bool {
    format(connection).await == Some(newest())
}

/// `None` where the file is no store yet.
async fn format(connection: &mut SqliteConnection) -> Option<i64> {
    let last = sqlx::query_scalar::<_, Option<i64>>("SELECT MAX(version) FROM _sqlx_migrations");
    last.fetch_one(connection).await.ok().flatten()
}

fn newest() -> i64 {
    let versions = MIGRATIONS.iter().map(|migration| migration.version);
    versions.max().unwrap_or_default()
}

async fn readers(path: &Path) -> Result<SqlitePool, StoreError> {
    let options = options(path).create_if_missing(false).read_only(true);
    Ok(SqlitePoolOptions::new()
        .max_connections(READERS)
        // A file does not go away as a server does; asking before each use costs as much as a small query.
        .test_before_acquire(false)
        .connect_with(options)
        .await?)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("secure_delete", "on")
        // What a statement or savepoint could undo never goes to a file of its own.
        .pragma("temp_store", "memory")
        // `checkpoint` copies the log back; what a long reader made it grow beyond this is given up when it begins anew.
        .pragma("wal_autocheckpoint", "0")
        .pragma("journal_size_limit", LOG_KEPT)
        .statement_cache_capacity(STATEMENTS)
        .busy_timeout(Duration::from_secs(5))
}

#[cfg(unix)]
fn prepare_file(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut how = std::fs::OpenOptions::new();
    how.write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    private(path)?;
    Ok(())
}

/// For its owner alone.
#[cfg(unix)]
pub(super) fn private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}
