//! Deadlines as rows, mirrored from state in the same transaction.

use super::codec::{to_json, us};
use super::rows::{Batch, Insert, insert};
use super::{Connection, StoreError};
use crate::domain::due::Due;
use crate::domain::ids::IncidentId;
use chrono::{DateTime, Utc};

/// Replaces the rows of each incident by what is due now.
pub async fn save_all(
    connection: &mut Connection,
    incidents: &[(IncidentId, Vec<Due>)],
) -> Result<(), StoreError> {
    let ids: Vec<IncidentId> = incidents.iter().map(|(id, _)| *id).collect();
    let mut batch = Batch::default();
    delete_all(&mut batch, &ids)?;
    add_all(&mut batch, incidents);
    batch.write(connection).await
}

/// Deletes what was due for these.
pub fn delete_all(batch: &mut Batch<'_>, incidents: &[IncidentId]) -> Result<(), StoreError> {
    if !incidents.is_empty() {
        batch.also(
            "DELETE FROM dues WHERE incident_id IN (SELECT value FROM json_each(?));",
            to_json("incidents", &incidents)?,
        );
    }
    Ok(())
}

/// Adds rows for incidents that have none.
pub fn add_all(batch: &mut Batch<'_>, incidents: &[(IncidentId, Vec<Due>)]) {
    let each = incidents.iter().flat_map(|(id, dues)| {
        let id = id.0;
        dues.iter().map(move |due| (id, due.kind.key(), us(due.at)))
    });
    let rows: Vec<(i64, String, i64)> = each.collect();
    batch.add(&DUES, rows, |query, (incident, kind, at)| {
        query.bind(incident).bind(kind).bind(at)
    });
}

const DUES: Insert = insert!(
    "INSERT INTO dues (incident_id, kind, at_us)",
    "(?, ?, ?)",
    ""
);

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

/// Whether one of them still is.
pub async fn is_due(
    connection: &mut Connection,
    incident: IncidentId,
    kind: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let now = us(now);
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM dues WHERE incident_id = ? AND kind = ? AND at_us <= ?) AS "found!: bool""#,
        incident.0,
        kind,
        now
    )
    .fetch_one(connection)
    .await?;
    Ok(found)
}
