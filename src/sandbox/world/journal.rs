//! The world's file: one JSON line for each change, written before anyone is told. No rules.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    model::{Channel, Command, Guild, Interaction, Member, Message, Modal, Role, StoredFile, User},
    snowflake::Id,
};

/// A whole row as it is from now on, or its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Change {
    Guild(Guild),
    User(User),
    Member(Member),
    Role(Role),
    RoleGone(Id),
    Channel(Box<Channel>),
    ChannelGone(Id),
    Message(Box<Message>),
    MessageGone(Id, Id),
    Interaction(Interaction),
    Modal(Modal),
    ModalGone(Id),
    Command(Command),
    CommandGone(Id),
    File(StoredFile),
    FileGone(Id),
}

#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Held while the journal lives: another process would compact the file away under it.
    _lock: File,
}

impl Journal {
    /// Opens the file and reads what is in it. A torn last line (the process was killed while it
    /// was written) is dropped; a broken line before it is an error.
    pub fn open(path: &Path) -> io::Result<(Self, Vec<Change>)> {
        let lock = private()
            .create(true)
            .truncate(false)
            .open(path.with_extension("lock"))?;
        lock.try_lock().map_err(|_| {
            io::Error::new(
                io::ErrorKind::WouldBlock,
                "another sandbox is using this world",
            )
        })?;
        let changes = if path.exists() {
            read(path)?
        } else {
            Vec::new()
        };
        let file = private().create(true).append(true).open(path)?;
        Ok((
            Self {
                path: path.to_owned(),
                file,
                _lock: lock,
            },
            changes,
        ))
    }

    pub fn append(&mut self, change: &Change) -> io::Result<()> {
        let mut line = serde_json::to_vec(change)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// Replaces the file by the rows that are left, so that it does not grow for ever.
    pub fn compact(&mut self, rows: &[Change]) -> io::Result<()> {
        let fresh = self.path.with_extension("compacting");
        let mut out = BufWriter::new(private().create(true).truncate(true).open(&fresh)?);
        for row in rows {
            serde_json::to_writer(&mut out, row)?;
            out.write_all(b"\n")?;
        }
        out.into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_all()?;
        fs::rename(&fresh, &self.path)?;
        self.file = private().append(true).open(&self.path)?;
        Ok(())
    }
}

/// Messages and tokens are in these files: they are the owner's alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn read(path: &Path) -> io::Result<Vec<Change>> {
    let mut changes = Vec::new();
    let mut torn: Option<serde_json::Error> = None;
    for line in BufReader::new(File::open(path)?).split(b'\n') {
        if let Some(error) = torn {
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        match serde_json::from_slice(&line?) {
            Ok(change) => changes.push(change),
            Err(error) => torn = Some(error),
        }
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> Change {
        Change::User(User {
            id: Id(7),
            username: name.to_owned(),
            bot: false,
        })
    }

    #[test]
    fn a_torn_last_line_is_dropped_and_the_rest_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.jsonl");
        let (mut journal, none) = Journal::open(&path).unwrap();
        assert!(none.is_empty());
        journal.append(&user("a")).unwrap();
        journal.append(&user("b")).unwrap();
        journal
            .file
            .write_all(b"{\"User\":{\"id\":\"7\",\"usern")
            .unwrap();
        drop(journal);
        let (_, changes) = Journal::open(&path).unwrap();
        assert_eq!(changes.len(), 2);
    }

    #[test]
    fn a_broken_line_in_the_middle_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.jsonl");
        fs::write(&path, "{\"Us\n{\"RoleGone\":\"3\"}\n").unwrap();
        assert_eq!(
            Journal::open(&path).unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }

    #[test]
    fn compacting_keeps_the_rows_and_later_changes_follow() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.jsonl");
        let (mut journal, _) = Journal::open(&path).unwrap();
        for _ in 0..50 {
            journal.append(&user("a")).unwrap();
        }
        journal.compact(&[user("a")]).unwrap();
        journal.append(&user("b")).unwrap();
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().1.len(), 2);
    }

    #[test]
    fn a_world_in_use_is_not_opened_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.jsonl");
        let held = Journal::open(&path).unwrap();
        assert_eq!(
            Journal::open(&path).unwrap_err().kind(),
            io::ErrorKind::WouldBlock
        );
        drop(held);
        assert!(Journal::open(&path).is_ok());
    }
}
