//! Which message of which channel shows what.

use super::codec::us;
use super::{Connection, StoreError};
use crate::domain::ids::IncidentId;
use chrono::{DateTime, Utc};

/// A message that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Discord's ids, as text. For a thread both are the thread's id.
    pub channel_id: String,
    pub message_id: String,
    /// The key behind the ids of its controls; an edit keeps it.
    pub mark: Option<String>,
}

pub async fn find(connection: &mut Connection, key: &str) -> Result<Option<Posted>, StoreError> {
    let row = sqlx::query!(
        "SELECT channel_id, message_id, mark FROM posted WHERE key = ?",
        key
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Posted {
        channel_id: row.channel_id,
        message_id: row.message_id,
        mark: row.mark,
    }))
}

/// The incident whose private or sealed thread this is.
pub async fn find_thread(
    connection: &mut Connection,
    channel_id: &str,
) -> Result<Option<IncidentId>, StoreError> {
    let id = sqlx::query_scalar!(
        r#"SELECT incident_id AS "id!: i64" FROM posted WHERE channel_id = ?
              AND substr(key, 1, 7) IN ('thread:', 'sealed:') AND key IN ('thread:INC-' || incident_id, 'sealed:INC-' || incident_id)"#,
        channel_id
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(IncidentId))
}

/// Whether a message shows something that is recorded.
pub async fn is_known(connection: &mut Connection, message_id: &str) -> Result<bool, StoreError> {
    let known = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM posted WHERE message_id = ?) AS "known!: bool""#,
        message_id
    )
    .fetch_one(connection)
    .await?;
    Ok(known)
}

pub async fn save(
    connection: &mut Connection,
    key: &str,
    incident: Option<IncidentId>,
    posted: &Posted,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (incident, at) = (incident.map(|i| i.0), us(now));
    sqlx::query!(
        "INSERT INTO posted (key, incident_id, channel_id, message_id, mark, posted_us) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET channel_id = excluded.channel_id,
            message_id = excluded.message_id, mark = excluded.mark, posted_us = excluded.posted_us",
        key,
        incident,
        posted.channel_id,
        posted.message_id,
        posted.mark,
        at
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn delete(connection: &mut Connection, key: &str) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM posted WHERE key = ?", key)
        .execute(connection)
        .await?;
    Ok(())
}
