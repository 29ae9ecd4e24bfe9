//! The last backup, and what kept one from being made: facts in the store, for whoever looks at the service's health.

use super::Taken;
use crate::store::codec::{from_json, to_json};
use crate::store::{Connection, StoreError, fact};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

const LAST: &str = "backup_last";
const FAULT: &str = "backup_fault";

/// The newest backup that was made whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    pub at: DateTime<Utc>,
    pub file: String,
    pub bytes: u64,
    pub sealed: bool,
    pub events: i64,
    pub head: String,
}

/// The last time that scheduled backups failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The first of the failures in a row.
    pub since: DateTime<Utc>,
    pub tried_at: DateTime<Utc>,
    pub why: String,
    /// When one worked again.
    pub over_at: Option<DateTime<Utc>>,
}

pub async fn last_backup(connection: &mut Connection) -> Result<Option<Last>, StoreError> {
    read(connection, LAST).await
}

pub async fn last_backup_fault(connection: &mut Connection) -> Result<Option<Fault>, StoreError> {
    read(connection, FAULT).await
}

pub async fn save_last(
    connection: &mut Connection,
    last: &Last,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    fact::save(connection, LAST, &to_json(LAST, last)?, now).await
}

pub async fn save_fault(
    connection: &mut Connection,
    fault: &Fault,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    fact::save(connection, FAULT, &to_json(FAULT, fault)?, now).await
}

async fn read<T: serde::de::DeserializeOwned>(
    connection: &mut Connection,
    what: &'static str,
) -> Result<Option<T>, StoreError> {
    let text = fact::find(connection, what).await?;
    text.map(|text| from_json(what, &text)).transpose()
}

impl Last {
    pub fn of(taken: &Taken) -> Self {
        Self {
            at: taken.contents.taken_at,
            file: taken.file.display().to_string(),
            bytes: taken.bytes,
            sealed: taken.sealed,
            events: taken.contents.events,
            head: taken.contents.head.clone(),
        }
    }
}
