//! Small facts of the service: the gateway session, the hash of the registered commands.

use super::codec::us;
use super::{Connection, StoreError};
use chrono::{DateTime, Utc};

pub async fn find(connection: &mut Connection, key: &str) -> Result<Option<String>, StoreError> {
    Ok(
        sqlx::query_scalar!("SELECT value FROM facts WHERE key = ?", key)
            .fetch_optional(connection)
            .await?,
    )
}

/// Reads a fact that is good for one use.
pub async fn take(connection: &mut Connection, key: &str) -> Result<Option<String>, StoreError> {
    Ok(
        sqlx::query_scalar!("DELETE FROM facts WHERE key = ? RETURNING value", key)
            .fetch_optional(connection)
            .await?,
    )
}

pub async fn save(
    connection: &mut Connection,
    key: &str,
    value: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let saved = us(now);
    sqlx::query!(
        "INSERT INTO facts (key, value, saved_us) VALUES (?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, saved_us = excluded.saved_us",
        key,
        value,
        saved
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Every fact whose key begins so.
pub async fn list(
    connection: &mut Connection,
    prefix: &str,
) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT key, value FROM facts WHERE substr(key, 1, length(?)) = ? ORDER BY key",
        prefix,
        prefix
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.key, row.value)).collect())
}
