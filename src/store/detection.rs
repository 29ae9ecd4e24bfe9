//! What the history says of a person: their detections in a window, the incidents about them that are open.

use super::codec::{to_json, us};
use super::{Connection, StoreError};
use crate::domain::ids::{AlertId, PersonId};
use chrono::{DateTime, TimeDelta, Utc};

/// Whose detections are counted, around when.
#[derive(Debug, Clone, Copy)]
pub struct Counting {
    pub person: PersonId,
    pub around: DateTime<Utc>,
    /// Alerts with a higher number came later and do not count.
    pub until: Option<AlertId>,
}

/// For each, the distinct detections of the person within the window around the instant. Re-sends and entities of one
/// alert count once, drills and alerts that open nothing do not.
pub async fn count_detections(
    connection: &mut Connection,
    each: &[Counting],
    window: TimeDelta,
) -> Result<Vec<i64>, StoreError> {
    let asked = each.iter().map(|one| {
        let (from, to) = (us(one.around - window), us(one.around + window));
        (one.person.0, from, to, one.until.map_or(i64::MAX, |a| a.0))
    });
    let asked = to_json("persons", &asked.collect::<Vec<_>>())?;
    let counts = sqlx::query_scalar!(
        r#"SELECT (SELECT COUNT(DISTINCT detection_key) FROM alerts
              WHERE person_id IN (SELECT COALESCE(same_as_id, id) FROM persons WHERE id = json_extract(j.value, '$[0]')
                   UNION SELECT q.id FROM persons p JOIN persons q ON q.same_as_id = COALESCE(p.same_as_id, p.id) WHERE p.id = json_extract(j.value, '$[0]'))
                 AND occurred_us BETWEEN json_extract(j.value, '$[1]') AND json_extract(j.value, '$[2]')
                 AND id <= json_extract(j.value, '$[3]') AND drill = 0 AND noted IS NULL) AS "count!: i64"
           FROM json_each(?) j ORDER BY j.key"#,
        asked
    )
    .fetch_all(connection)
    .await?;
    Ok(counts)
}

/// Open incidents about each person.
pub async fn count_open_incidents(
    connection: &mut Connection,
    persons: &[PersonId],
) -> Result<Vec<i64>, StoreError> {
    let persons: Vec<i64> = persons.iter().map(|p| p.0).collect();
    let persons = to_json("persons", &persons)?;
    let counts = sqlx::query_scalar!(
        r#"SELECT (SELECT COUNT(DISTINCT i.id) FROM incident_persons c JOIN incidents i ON i.id = c.incident_id
              WHERE c.person_id IN (SELECT COALESCE(same_as_id, id) FROM persons WHERE id = j.value
                   UNION SELECT q.id FROM persons p JOIN persons q ON q.same_as_id = COALESCE(p.same_as_id, p.id) WHERE p.id = j.value)
                 AND i.is_open = 1) AS "count!: i64"
           FROM json_each(?) j ORDER BY j.key"#,
        persons
    )
    .fetch_all(connection)
    .await?;
    Ok(counts)
}

/// The alerts behind [`count_detections`], newest first, up to `limit`.
pub async fn list_detections(
    connection: &mut Connection,
    person: PersonId,
    around: DateTime<Utc>,
    window: TimeDelta,
    limit: i64,
) -> Result<Vec<AlertId>, StoreError> {
    let (from, to) = (us(around - window), us(around + window));
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id!: i64" FROM alerts
           WHERE person_id IN (SELECT COALESCE(same_as_id, id) FROM persons WHERE id = ?1
                UNION SELECT q.id FROM persons p JOIN persons q ON q.same_as_id = COALESCE(p.same_as_id, p.id) WHERE p.id = ?1)
              AND occurred_us BETWEEN ?2 AND ?3 AND drill = 0 AND noted IS NULL
           ORDER BY occurred_us DESC, id DESC LIMIT ?4"#,
        person.0,
        from,
        to,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(AlertId).collect())
}
