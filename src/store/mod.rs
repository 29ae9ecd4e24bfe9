//! SQL, only here. One writer that commits waiting work in groups, a read-only pool beside it, one file.
//! It seals and opens what is restricted; it knows no Discord, no HTTP and decides nothing.

pub mod access;
pub mod alert;
pub mod audit;
pub mod backup;
pub mod body;
mod checkpoint;
mod codec;
pub mod counsel;
mod decoded;
pub mod detection;
pub mod directory;
pub mod draft;
pub mod due;
pub mod event;
pub mod fact;
mod gather;
pub mod health;
pub mod incident;
pub mod lock;
pub mod number;
mod open;
pub mod outbox;
pub mod pattern;
pub mod people;
pub mod playbook;
pub mod posted;
pub mod quarantine;
pub mod roster;
mod rows;
#[cfg(test)]
mod tests;
mod trouble;
pub mod verify;
pub mod words;
mod writer;

pub use gather::Gather;
pub use open::Store;
pub use rows::Batch;
pub use sqlx::SqliteConnection as Connection;
pub use trouble::{Cause, Trouble};
pub use writer::Job;

/// What can go wrong below the rules. The user's refusals are not here.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the store refused a statement: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("the store could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the work was not committed: {0}")]
    NotCommitted(String),
    #[error("the store takes nothing: {}", .0.in_words())]
    Troubled(Trouble),
    #[error("the store is stopping")]
    Stopping,
    #[error("{what} {key} is not in the store")]
    Missing { what: &'static str, key: String },
    #[error("the store holds something unreadable in {what}: {why}")]
    Inconsistent { what: &'static str, why: String },
    #[error("the store at {store} is in use: {by}. Stop that first, or name another store.")]
    Held { store: String, by: String },
    #[error(
        "the store at {0} has the format of another Baton: start the service of this version once, or use the program that \
         the service runs"
    )]
    OtherFormat(String),
    #[error("{0}")]
    Backup(String),
    #[error("the store's file could not be prepared: {0}")]
    File(#[from] std::io::Error),
}

impl StoreError {
    /// Of work that panicked.
    pub(crate) fn broke_off() -> Self {
        Self::NotCommitted("it broke off and was undone".to_owned())
    }
}
