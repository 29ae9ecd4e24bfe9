//! The text of each playbook version that an incident follows, under its hash.

use super::codec::us;
use super::{Connection, StoreError};
use crate::domain::ids::PlaybookRef;
use chrono::{DateTime, Utc};

/// Keeps a version's text. The same id and version with another hash is a fault of the operator, and refused.
pub async fn save(
    connection: &mut Connection,
    playbook: &PlaybookRef,
    body: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (id, seen) = (playbook.id.as_str(), us(now));
    let known = sqlx::query_scalar!(
        "SELECT hash FROM playbooks WHERE id = ? AND version = ?",
        id,
        playbook.version
    )
    .fetch_optional(&mut *connection)
    .await?;
    match known {
        Some(hash) if hash == playbook.hash => return Ok(()),
        Some(_) => {
            return Err(StoreError::Inconsistent {
                what: "a playbook",
                why: format!(
                    "{} version {} is known with another text; give the changed text a new version",
                    playbook.id, playbook.version
                ),
            });
        }
        None => {}
    }
    sqlx::query!(
        "INSERT INTO playbooks (hash, id, version, body, first_seen_us) VALUES (?, ?, ?, ?, ?)",
        playbook.hash,
        id,
        playbook.version,
        body,
        seen
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Every text known, with its hash.
pub async fn list(connection: &mut Connection) -> Result<Vec<(String, String)>, StoreError> {
    let rows = sqlx::query!("SELECT hash, body FROM playbooks ORDER BY first_seen_us, hash")
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.hash, row.body)).collect())
}
