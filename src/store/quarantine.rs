//! What was authenticated and could not be read. Kept until it is replayed.

use super::codec::{at, us};
use super::{Connection, StoreError};
use crate::domain::ids::SourceId;
use chrono::{DateTime, Utc};

/// Something that could not be read.
pub struct Held {
    pub id: i64,
    pub source: SourceId,
    pub received_at: DateTime<Utc>,
    pub body: Vec<u8>,
    /// JSON pointer to the fault.
    pub pointer: String,
    pub message: String,
}

/// Keeps a body; the same bytes of the same source again are counted.
pub async fn insert(
    connection: &mut Connection,
    source: &SourceId,
    sha256: &str,
    body: &[u8],
    fault: (&str, &str),
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let (source, received) = (source.as_str(), us(now));
    let (pointer, message) = fault;
    let id = sqlx::query_scalar!(
        r#"INSERT INTO quarantine (source, received_us, sha256, body, pointer, message, times_received)
           VALUES (?, ?, ?, ?, ?, ?, 1)
           ON CONFLICT (source, sha256) DO UPDATE SET times_received = times_received + 1,
              pointer = excluded.pointer, message = excluded.message, replayed_us = NULL
           RETURNING id AS "id!""#,
        source,
        received,
        sha256,
        body,
        pointer,
        message
    )
    .fetch_one(connection)
    .await?;
    Ok(id)
}

/// What waits, oldest first.
pub async fn list_waiting(connection: &mut Connection) -> Result<Vec<Held>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, source, received_us, body, pointer, message FROM quarantine
         WHERE replayed_us IS NULL ORDER BY id"
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Held {
                id: row.id,
                source: SourceId(row.source),
                received_at: at(row.received_us)?,
                body: row.body,
                pointer: row.pointer,
                message: row.message,
            })
        })
        .collect()
}

/// It is read now. False when it waits no more.
pub async fn settle(
    connection: &mut Connection,
    id: i64,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let replayed = us(now);
    let done = sqlx::query!(
        "UPDATE quarantine SET replayed_us = ? WHERE id = ? AND replayed_us IS NULL",
        replayed,
        id
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// What is wrong with it now.
pub async fn save_fault(
    connection: &mut Connection,
    id: i64,
    pointer: &str,
    message: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE quarantine SET pointer = ?, message = ? WHERE id = ?",
        pointer,
        message,
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}
