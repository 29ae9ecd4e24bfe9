//! One service a store: a lock of the operating system on a file beside it, which falls with the process that holds it,
//! however that ends. The file says who holds it. It stays when the lock falls: only the lock counts.

use super::StoreError;
use chrono::{DateTime, SecondsFormat, Utc};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Held until it is dropped.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "the lock is the open file")] File);

/// Takes the lock of the store at `path`, or says who holds it.
pub fn hold(path: &Path) -> Result<Lock, StoreError> {
    let mut how = OpenOptions::new();
    how.read(true).write(true).create(true).truncate(false);
    let mut file = how.mode(0o600).open(lock_file(path))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            let who = format!(
                "{}, process {} on {}",
                command(),
                std::process::id(),
                host()
            );
            file.write_all(who.as_bytes())?;
            Ok(Lock(file))
        }
        Err(TryLockError::WouldBlock) => Err(StoreError::Held {
            store: path.display().to_string(),
            by: holder(&mut file)?,
        }),
        Err(TryLockError::Error(fault)) => Err(fault.into()),
    }
}

fn lock_file(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// What the holder wrote, and since when.
fn holder(file: &mut File) -> Result<String, StoreError> {
    let mut by = String::new();
    file.read_to_string(&mut by)?;
    if by.is_empty() {
        return Ok("a process that starts just now".to_owned());
    }
    let since = DateTime::<Utc>::from(file.metadata()?.modified()?);
    let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
    Ok(format!("{by}, since {since}"))
}

/// The command line of this process.
fn command() -> String {
    let line = std::fs::read_to_string("/proc/self/cmdline").unwrap_or_default();
    let line = line.trim_end_matches('\0').replace('\0', " ");
    match line.as_str() {
        "" => "a process".to_owned(),
        line => line.to_owned(),
    }
}

/// A process's number means nothing on another machine or in another container.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "a host without a name".to_owned(),
        name => name.to_owned(),
    }
}
