//! Counsel text: what Legal and HR say in words. Restricted, apart from the history, never on the timeline.

use super::codec::{at, us};
use super::{Connection, StoreError};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::restricted::Restricted;
use chrono::{DateTime, Utc};

/// One thing that a contact said beside an answer.
pub struct Said {
    pub at: DateTime<Utc>,
    pub by: PersonId,
    /// The key of the answer it stands beside.
    pub choice: String,
    pub words: Restricted<String>,
}

pub async fn insert(
    connection: &mut Connection,
    incident: IncidentId,
    engagement: u32,
    by: PersonId,
    (choice, words): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let said = us(now);
    sqlx::query!(
        "INSERT INTO counsel_texts (incident_id, engagement, said_us, said_by, choice, words)
         VALUES (?, ?, ?, ?, ?, ?)",
        incident.0,
        engagement,
        said,
        by.0,
        choice,
        words
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was said on one engagement, oldest first.
pub async fn list(
    connection: &mut Connection,
    incident: IncidentId,
    engagement: u32,
) -> Result<Vec<Said>, StoreError> {
    let rows = sqlx::query!(
        "SELECT said_us, said_by, choice, words FROM counsel_texts
         WHERE incident_id = ? AND engagement = ? ORDER BY id",
        incident.0,
        engagement
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Said {
                at: at(row.said_us)?,
                by: PersonId(row.said_by),
                choice: row.choice,
                words: Restricted::new(row.words),
            })
        })
        .collect()
}
