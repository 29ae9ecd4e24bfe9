//! Incidents: the saved state beside their history. The record is restricted and has a column of its own.

use super::codec::{at, from_json, to_json, us};
use super::rows::{Batch, Insert, insert};
use super::{Connection, StoreError};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::Incident;
use crate::domain::policy::Walls;
use crate::domain::record::Record;
use crate::domain::restricted::{Clearance, Purpose, Restricted};
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};

pub async fn find(
    connection: &mut Connection,
    id: IncidentId,
) -> Result<Option<Incident>, StoreError> {
    Ok(list(connection, &[id]).await?.remove(&id))
}

/// Those of them that exist.
pub async fn list(
    connection: &mut Connection,
    ids: &[IncidentId],
) -> Result<HashMap<IncidentId, Incident>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = to_json("incidents", &ids)?;
    let rows = sqlx::query!(
        r#"SELECT id AS "id!: i64", state, record, (SELECT MAX(h.at_us) FROM event_headers h
               WHERE h.incident_id = incidents.id AND h.staff != 0) AS "touched_us: i64"
           FROM incidents WHERE id IN (SELECT value FROM json_each(?))"#,
        ids
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let incident = decode(&row.state, &row.record, row.touched_us)?;
            Ok((IncidentId(row.id), incident))
        })
        .collect()
}

/// When a person last did something with it stands in the history alone.
pub(super) fn decode(
    state: &str,
    record: &str,
    touched_us: Option<i64>,
) -> Result<Incident, StoreError> {
    let mut incident: Incident = from_json("an incident", state)?;
    incident.touched_at = touched_us.map(at).transpose()?;
    let record: Record = from_json("a record", record)?;
    incident.record = Restricted::new(record);
    Ok(incident)
}

/// Saves the states that the newest events led to; they stand once the batch is written.
pub async fn save_all(
    connection: &mut Connection,
    batch: &mut Batch<'_>,
    incidents: &[&Incident],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows = incidents.iter().map(|incident| Row::of(incident, now));
    let rows = rows.collect::<Result<Vec<Row>, StoreError>>()?;
    batch.add(&INCIDENTS, rows, |query, row| {
        query
            .bind(row.id)
            .bind(row.playbook_hash)
            .bind(row.stage)
            .bind(row.is_open)
            .bind(row.holder)
            .bind(row.severity)
            .bind(row.version)
            .bind(row.opened_us)
            .bind(row.changed_us)
            .bind(row.state)
            .bind(row.record)
    });
    for incident in incidents {
        let id = incident.id.0;
        for person in incident.past_concerned.difference(&incident.concerned) {
            sqlx::query!(
                "DELETE FROM incident_persons WHERE incident_id = ? AND person_id = ?",
                id,
                person.0
            )
            .execute(&mut *connection)
            .await?;
        }
    }
    let concerned = incidents.iter().flat_map(|incident| {
        let id = incident.id.0;
        let open = incident.is_open();
        let concerned = incident.concerned.iter();
        concerned.map(move |person| (id, person.0, open))
    });
    let concerned: Vec<(i64, i64, bool)> = concerned.collect();
    batch.add(&CONCERNED, concerned, |query, (id, person, open)| {
        query.bind(id).bind(person).bind(open)
    });
    Ok(())
}

const INCIDENTS: Insert = insert!(
    "INSERT INTO incidents (id, playbook_hash, stage, is_open, holder_id, severity, version, opened_us, changed_us, state,
        record)",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    " ON CONFLICT (id) DO UPDATE SET playbook_hash = excluded.playbook_hash, stage = excluded.stage,
        is_open = excluded.is_open, holder_id = excluded.holder_id, severity = excluded.severity,
        version = excluded.version, changed_us = excluded.changed_us, state = excluded.state, record = excluded.record"
);

const CONCERNED: Insert = insert!(
    "INSERT INTO incident_persons (incident_id, person_id, is_open)",
    "(?, ?, ?)",
    " ON CONFLICT DO UPDATE SET is_open = excluded.is_open WHERE is_open != excluded.is_open"
);

/// An incident as its table has it.
struct Row {
    id: i64,
    playbook_hash: String,
    stage: String,
    is_open: bool,
    holder: Option<i64>,
    severity: &'static str,
    version: i64,
    opened_us: i64,
    changed_us: i64,
    state: String,
    record: String,
}

impl Row {
    fn of(incident: &Incident, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let clearance = Clearance::system(Purpose::Storage);
        let record = incident.record.open(&clearance);
        let record = record.ok_or_else(|| StoreError::Inconsistent {
            what: "a record",
            why: "sealed".to_owned(),
        })?;
        Ok(Self {
            id: incident.id.0,
            playbook_hash: incident.playbook.hash.clone(),
            stage: incident.stage.to_string(),
            is_open: incident.is_open(),
            holder: incident.holder().map(|h| h.0),
            severity: incident.severity.key(),
            version: i64::try_from(incident.version).unwrap_or(i64::MAX),
            opened_us: us(incident.opened_at),
            changed_us: us(now),
            state: to_json("an incident", incident)?,
            record: to_json("a record", record)?,
        })
    }
}

/// Every open incident, oldest first.
pub async fn list_open(connection: &mut Connection) -> Result<Vec<Incident>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT state, record, (SELECT MAX(h.at_us) FROM event_headers h
               WHERE h.incident_id = incidents.id AND h.staff != 0) AS "touched_us: i64"
           FROM incidents WHERE is_open = 1 ORDER BY id"#
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| decode(&row.state, &row.record, row.touched_us))
        .collect()
}

/// Where an open incident stands in the order of their index. The default stands before all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub stage: String,
    pub id: IncidentId,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            stage: String::new(),
            id: IncidentId(0),
        }
    }
}

/// The open incidents behind a place, some at a time.
pub async fn list_open_after(
    connection: &mut Connection,
    after: &Place,
    most: i64,
) -> Result<Vec<Place>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT stage, id FROM incidents
           WHERE is_open = 1 AND (stage, id) > (?, ?) ORDER BY stage, id LIMIT ?"#,
        after.stage,
        after.id.0,
        most
    )
    .fetch_all(connection)
    .await?;
    let places = rows.into_iter().map(|row| Place {
        stage: row.stage,
        id: IncidentId(row.id),
    });
    Ok(places.collect())
}

/// Those among the newest incidents that have ended, the newest first.
pub async fn list_ended(
    connection: &mut Connection,
    most: i64,
) -> Result<Vec<IncidentId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM incidents WHERE is_open = 0 ORDER BY id DESC LIMIT ?",
        most
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(IncidentId).collect())
}

/// What a person handed over at some time and has ended, the newest first.
pub async fn list_ended_of(
    connection: &mut Connection,
    person: PersonId,
    most: i64,
) -> Result<Vec<Incident>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT state, record, (SELECT MAX(h.at_us) FROM event_headers h
               WHERE h.incident_id = incidents.id AND h.staff != 0) AS "touched_us: i64"
           FROM incidents WHERE is_open = 0 AND id IN
               (SELECT incident_id FROM event_headers WHERE staff = ? AND kind = 'offered')
           ORDER BY changed_us DESC, id DESC LIMIT ?"#,
        person.0,
        most
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| decode(&row.state, &row.record, row.touched_us))
        .collect()
}

/// The incident that is open for each detection that has one, by the detection's key.
pub async fn list_open_for_detections(
    connection: &mut Connection,
    keys: &[&str],
) -> Result<HashMap<String, IncidentId>, StoreError> {
    let keys = to_json("detections", &keys)?;
    let rows = sqlx::query!(
        r#"SELECT a.detection_key AS "detection_key!", MIN(i.id) AS "id!: i64" FROM alerts a JOIN incidents i ON i.id = a.incident_id
           WHERE a.detection_key IN (SELECT value FROM json_each(?)) AND i.is_open = 1 GROUP BY a.detection_key"#,
        keys
    )
    .fetch_all(connection)
    .await?;
    let open = rows.into_iter();
    Ok(open.map(|r| (r.detection_key, IncidentId(r.id))).collect())
}

/// The incidents about a person, under every number that they have, newest first.
pub async fn list_about(
    connection: &mut Connection,
    person: PersonId,
) -> Result<Vec<IncidentId>, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"SELECT DISTINCT c.incident_id AS "id!: i64" FROM incident_persons c
           WHERE c.person_id IN (SELECT COALESCE(same_as_id, id) FROM persons WHERE id = ?1
                UNION SELECT q.id FROM persons p JOIN persons q ON q.same_as_id = COALESCE(p.same_as_id, p.id) WHERE p.id = ?1)
           ORDER BY c.incident_id DESC"#,
        person.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(IncidentId).collect())
}

/// The persons concerned and their line managers, under every number that they have. Whom alerts were about that went
/// elsewhere is among them: the history still speaks of them.
pub async fn walls(connection: &mut Connection, id: IncidentId) -> Result<Walls, StoreError> {
    let mut walls = list_walls(connection, &[id]).await?;
    Ok(walls.remove(&id).unwrap_or_default())
}

/// The incidents from this one on that have the person among their walls. Whom one was about before is not looked at.
pub(super) async fn list_walled_from(
    connection: &mut Connection,
    person: PersonId,
    first: IncidentId,
) -> Result<BTreeSet<IncidentId>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"WITH me AS (SELECT COALESCE(same_as_id, id) AS id FROM persons WHERE id = ?),
           mine AS (SELECT id FROM me UNION SELECT p.id FROM me JOIN persons p ON p.same_as_id = me.id),
           walled AS (
              SELECT id FROM me
              UNION SELECT r.id FROM mine CROSS JOIN persons r ON r.line_manager_id = mine.id AND r.same_as_id IS NULL),
           numbers AS (SELECT id FROM walled UNION SELECT p.id FROM walled JOIN persons p ON p.same_as_id = walled.id)
           SELECT c.incident_id AS "id!: i64" FROM numbers n CROSS JOIN incident_persons c
               ON c.person_id = n.id AND c.is_open IN (0, 1) AND c.incident_id >= ?"#,
        person.0,
        first.0
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(IncidentId).collect())
}

/// The same for several; an incident about nobody has none.
pub async fn list_walls(
    connection: &mut Connection,
    ids: &[IncidentId],
) -> Result<HashMap<IncidentId, Walls>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = to_json("incidents", &ids)?;
    let rows = sqlx::query!(
        r#"WITH asked AS (SELECT value AS id FROM json_each(?)),
           named AS (
              SELECT c.incident_id, c.person_id FROM incident_persons c JOIN asked a ON a.id = c.incident_id
              UNION SELECT i.id, e.value FROM asked a JOIN incidents i ON i.id = a.id,
                  json_each(i.state, '$.past_concerned') e),
           concerned AS (
              SELECT n.incident_id, r.id, r.line_manager_id FROM named n JOIN persons p ON p.id = n.person_id
              JOIN persons r ON r.id = COALESCE(p.same_as_id, p.id)),
           walled AS (
              SELECT incident_id, id FROM concerned
              UNION SELECT k.incident_id, COALESCE(m.same_as_id, m.id) FROM concerned k
                  JOIN persons m ON m.id = k.line_manager_id)
           SELECT incident_id AS "incident_id!: i64", id AS "id!: i64" FROM walled
           UNION SELECT w.incident_id, p.id FROM walled w JOIN persons p ON p.same_as_id = w.id"#,
        ids
    )
    .fetch_all(connection)
    .await?;
    let mut walls: HashMap<IncidentId, Walls> = HashMap::new();
    for row in rows {
        let of = walls.entry(IncidentId(row.incident_id)).or_default();
        of.insert(PersonId(row.id));
    }
    Ok(walls)
}
