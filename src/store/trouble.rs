//! Why the store takes no work for a while: a full disk, a file that may not be written or is damaged, a lock of somebody
//! else. Nothing of such work is kept, and it goes on by itself once the cause is gone.

use super::StoreError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Full,
    ReadOnly,
    Locked,
    /// Reading or writing fails: a disk that breaks or went away.
    Unreachable,
    /// What stands in the file is no store any more.
    Damaged,
}

impl Trouble {
    /// Completes "the store takes nothing: ".
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Full => "its disk is full",
            Self::ReadOnly => "its file may not be written",
            Self::Locked => "another program keeps it locked",
            Self::Unreachable => "its disk cannot be read or written",
            Self::Damaged => "its file is damaged",
        }
    }

    /// What mends it, for whoever runs the host.
    pub const fn cure(self) -> &'static str {
        match self {
            Self::Full => "Free space on its disk.",
            Self::ReadOnly => {
                "Mount its disk for writing, and let Baton's account write the file and its folder."
            }
            Self::Locked => "End the program that has the file open.",
            Self::Unreachable => "Look at the disk and the system's log.",
            Self::Damaged => {
                "Stop Baton, keep the file, and restore the last backup (`baton restore`)."
            }
        }
    }

    /// By SQLite's primary result code.
    pub(super) fn of(fault: &sqlx::Error) -> Option<Self> {
        let code: u32 = fault.as_database_error()?.code()?.parse().ok()?;
        match code & 0xff {
            13 => Some(Self::Full),
            8 => Some(Self::ReadOnly),
            5 | 6 => Some(Self::Locked),
            10 | 14 => Some(Self::Unreachable),
            11 | 26 => Some(Self::Damaged),
            _ => None,
        }
    }
}

/// A fault that may come from such a cause.
pub trait Cause {
    fn trouble(&self) -> Option<Trouble>;
}

impl Cause for StoreError {
    fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::Troubled(trouble) => Some(*trouble),
            Self::Sql(fault) => Trouble::of(fault),
            Self::Migrate(_)
            | Self::NotCommitted(_)
            | Self::Stopping
            | Self::Missing { .. }
            | Self::Inconsistent { .. }
            | Self::Held { .. }
            | Self::OtherFormat(_)
            | Self::Backup(_)
            | Self::File(_) => None,
        }
    }
}
