//! Copies of a live store, and the way back. A copy states what it holds; both ways prove it before the file gets its name,
//! so that a file with the name of a backup is a whole one.

mod contents;
mod fact;
mod restore;
mod seal;

pub use contents::Contents;
pub use fact::{Fault, Last, last_backup, last_backup_fault, save_fault, save_last};
pub use restore::restore;
pub use seal::is_sealed;

use super::{Connection, StoreError, event, lock};
use chrono::{DateTime, Utc};
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{Connection as _, SqliteConnection};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use tokio::task::spawn_blocking;

/// How the name of a whole backup ends.
const ENDINGS: [&str; 2] = [".db", ".db.age"];
/// What a file is called until it is whole.
const PARTIAL: &str = ".partial";

/// A copy that stands under its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub file: PathBuf,
    pub bytes: u64,
    pub sealed: bool,
    pub contents: Contents,
}

/// Copies the live store at `store` to the new file `to`, readable by its owner alone. With recipients it is sealed for
/// them, and nothing that can be read lies in the folder of `to` at any time: the open copy is made beside the store.
pub async fn take(
    store: &Path,
    to: &Path,
    recipients: &[String],
    now: DateTime<Utc>,
) -> Result<Taken, StoreError> {
    if to.exists() {
        return Err(fault(format!("{} is there already", to.display())));
    }
    let _alone = lock::hold(&beside(store, ".backup")).map_err(|held| {
        if let StoreError::Held { by, .. } = held {
            fault(format!("another backup is under way: {by}"))
        } else {
            held
        }
    })?;
    let partial = beside(to, PARTIAL);
    let open = match recipients {
        [] => partial.clone(),
        _ => beside(store, ".copying"),
    };
    let written = write(store, &open, &partial, recipients, now).await;
    if written.is_err() {
        remove(&partial);
    }
    if open != partial {
        remove(&open);
    }
    let contents = written?;
    fs::rename(&partial, to).map_err(|why| at(to, &why))?;
    sync_folder(to)?;
    Ok(Taken {
        file: to.to_owned(),
        bytes: fs::metadata(to).map_err(|why| at(to, &why))?.len(),
        sealed: !recipients.is_empty(),
        contents,
    })
}

async fn write(
    store: &Path,
    open: &Path,
    partial: &Path,
    recipients: &[String],
    now: DateTime<Utc>,
) -> Result<Contents, StoreError> {
    create(open)?;
    let contents = copy(store, open, now).await?;
    if recipients.is_empty() {
        sync(open)?;
        return Ok(contents);
    }
    create(partial)?;
    seal::seal(open, partial, recipients).await?;
    sync(partial)?;
    Ok(contents)
}

/// One snapshot, without what was deleted; looked through, and not older than the store was when it began.
async fn copy(store: &Path, to: &Path, now: DateTime<Utc>) -> Result<Contents, StoreError> {
    let read = SqliteConnectOptions::new().filename(store).read_only(true);
    // Of the copy that it writes: that is brought to the disk below, while it is looked through.
    let read = read.synchronous(SqliteSynchronous::Off);
    let mut source = SqliteConnection::connect_with(&read).await?;
    let before = event::head(&mut source).await?;
    let name = to.display().to_string();
    sqlx::query("VACUUM INTO ?")
        .bind(name)
        .execute(&mut source)
        .await?;
    source.close().await?;
    let mut copy =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(to)).await?;
    let written = to.to_owned();
    let synced = spawn_blocking(move || sync(&written));
    let (synced, looked) = tokio::join!(synced, look_through(&mut copy));
    synced.map_err(|_| StoreError::broke_off())??;
    looked?;
    if !contents::has(&mut copy, &before).await? {
        return Err(fault(
            "the copy does not hold the store's last entry".to_owned(),
        ));
    }
    let contents = Contents::of(&mut copy, now).await?;
    contents.state(&mut copy, now).await?;
    copy.close().await?;
    Ok(contents)
}

/// SQLite's own look at every page.
async fn look_through(connection: &mut Connection) -> Result<(), StoreError> {
    let found: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_all(connection)
        .await?;
    match found.as_slice() {
        [well] if well == "ok" => Ok(()),
        _ => Err(fault(format!("the copy is damaged: {}", found.join("; ")))),
    }
}

/// The copies in a folder that a schedule made of the store of this name: oldest first, all but the newest `keep` are
/// deleted, and what an interrupted one left. Gives back how many.
pub fn expire(folder: &Path, instance: &str, keep: usize) -> Result<usize, StoreError> {
    let prefix = format!("baton-{instance}-");
    let mut copies = Vec::new();
    for entry in fs::read_dir(folder).map_err(|why| at(folder, &why))? {
        let path = entry.map_err(|why| at(folder, &why))?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        match name {
            Some(name) if !name.starts_with(&prefix) => {}
            Some(name) if name.ends_with(PARTIAL) => remove(&path),
            Some(name) if ENDINGS.iter().any(|ending| name.ends_with(ending)) => copies.push(path),
            Some(_) | None => {}
        }
    }
    // Their names begin with the time.
    copies.sort();
    let old = copies.len().saturating_sub(keep);
    for path in copies.iter().take(old) {
        fs::remove_file(path).map_err(|why| at(path, &why))?;
    }
    Ok(old)
}

/// What a scheduled copy is called.
pub fn name(instance: &str, at: DateTime<Utc>, sealed: bool) -> String {
    let ending = if sealed { ".db.age" } else { ".db" };
    format!("baton-{instance}-{}{ending}", at.format("%Y%m%dT%H%M%SZ"))
}

fn fault(why: String) -> StoreError {
    StoreError::Backup(why)
}

fn at(path: &Path, why: &std::io::Error) -> StoreError {
    fault(format!("{}: {why}", path.display()))
}

/// The path with something behind its name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// An empty file of its owner's; one that an interrupted try left is thrown away.
fn create(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::create_dir_all(folder).map_err(|why| at(folder, &why))?;
    }
    remove(path);
    let mut how = OpenOptions::new();
    how.write(true).create_new(true).mode(0o600);
    how.open(path).map(drop).map_err(|why| at(path, &why))
}

/// What never got its name may be gone already.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

fn sync(path: &Path) -> Result<(), StoreError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|why| at(path, &why))
}

/// A name lasts once its folder is written.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => sync(folder),
        Some(_) | None => sync(Path::new(".")),
    }
}
