//! Deadlines as rows, mirrored from state in the same transaction.

use super::codec::us;
use super::{Connection, StoreError};
use crate::domain::due::Due;
use crate::domain::ids::IncidentId;
use chrono::{DateTime, Utc};

/// Replaces an incident's rows by what is due now.
pub async fn save(
    connection: &mut Connection,
    incident: IncidentId,
    dues: &[Due],
) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM dues WHERE incident_id = ?", incident.0)
        .execute(&mut *connection)
        .await?;
    for due in dues {
        let (kind, at) = (due.kind.key(), us(due.at));
        sqlx::query!(
            "INSERT INTO dues (incident_id, kind, at_us) VALUES (?, ?, ?)",
            incident.0,
            kind,
            at
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The dismissals that wait for a second look, longest first.
pub async fn list_looks(connection: &mut Connection) -> Result<Vec<IncidentId>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"SELECT incident_id AS "id!: i64" FROM dues WHERE kind = 'look' ORDER BY at_us, incident_id"#
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(IncidentId).collect())
}

/// What the program acts on now, oldest first: the incident and the kind's key. Owed fields wait for a person.
pub async fn list_due(
    connection: &mut Connection,
    now: DateTime<Utc>,
) -> Result<Vec<(IncidentId, String)>, StoreError> {
    let now = us(now);
    let rows = sqlx::query!(
        r#"SELECT incident_id AS "incident_id!", kind FROM dues
           WHERE at_us <= ? AND kind NOT LIKE 'owed:%' ORDER BY at_us LIMIT 500"#,
        now
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (IncidentId(row.incident_id), row.kind))
        .collect())
}
