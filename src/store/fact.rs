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
