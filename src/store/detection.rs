//! What the history says of a person: their detections in a window, the incidents about them that are open.

use super::codec::{to_json, us};
use super::{Connection, StoreError};
use crate::domain::ids::{AlertId, PersonId};
use crate::domain::playbook::rules::COUNTED;
use chrono::{DateTime, TimeDelta, Utc};

/// Whose detections are counted, around when.
#[derive(Debug, Clone, Copy)]
pub struct Counting {
    pub person: PersonId,
    pub around: DateTime<Utc>,
    /// Alerts with a higher number came later and do not count.
    pub until: Option<AlertId>,
}

/// What is known of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Distinct detections in the window, up to [`COUNTED`]. Re-sends and entities of one alert count once, drills and alerts
    /// that open nothing do not.
    pub detections: i64,
    /// Up to [`COUNTED`].
    pub open_incidents: i64,
    /// By the directory.
    pub department: Option<String>,
    /// In the directory, or with a line manager all the same: their walls can be computed.
    pub walls_known: bool,
}

/// What is known of each, in their order, by one statement; without a window no detections are counted.
pub async fn list_known(
    connection: &mut Connection,
    each: &[Counting],
    window: Option<TimeDelta>,
) -> Result<Vec<Known>, StoreError> {
    let asked = each.iter().map(|one| {
        // From the end to the beginning lies nothing.
        let span = window.map(|window| (us(one.around - window), us(one.around + window)));
        let (from, to) = span.unwrap_or((1, 0));
        (one.person.0, from, to, one.until.map_or(i64::MAX, |a| a.0))
    });
    let asked = to_json("persons", &asked.collect::<Vec<_>>())?;
    let rows = sqlx::query!(
        r#"SELECT (SELECT COUNT(*) FROM (SELECT DISTINCT detection_key FROM alerts
              WHERE person_id IN (SELECT COALESCE(same_as_id, id) FROM persons WHERE id = json_extract(j.value, '$[0]')
                   UNION SELECT q.id FROM persons p JOIN persons q ON q.same_as_id = COALESCE(p.same_as_id, p.id) WHERE p.id = json_extract(j.value, '$[0]'))
                 AND occurred_us BETWEEN json_extract(j.value, '$[1]') AND json_extract(j.value, '$[2]')
                 AND id <= json_extract(j.value, '$[3]') AND drill = 0 AND noted IS NULL LIMIT ?1)) AS "detections!: i64",
              (SELECT COUNT(*) FROM (SELECT DISTINCT incident_id FROM incident_persons
              WHERE person_id IN (SELECT COALESCE(same_as_id, id) FROM persons WHERE id = json_extract(j.value, '$[0]')
                   UNION SELECT q.id FROM persons p JOIN persons q ON q.same_as_id = COALESCE(p.same_as_id, p.id) WHERE p.id = json_extract(j.value, '$[0]'))
                 AND is_open = 1 LIMIT ?1)) AS "open!: i64",
              r.department AS "department?",
              COALESCE(r.listed_us IS NOT NULL OR r.line_manager_id IS NOT NULL, 0) AS "walls_known!: bool"
           FROM json_each(?2) j LEFT JOIN persons p ON p.id = json_extract(j.value, '$[0]')
           LEFT JOIN persons r ON r.id = COALESCE(p.same_as_id, p.id) ORDER BY j.key"#,
        COUNTED,
        asked
    )
    .fetch_all(connection)
    .await?;
    let known = rows.into_iter().map(|row| Known {
        detections: row.detections,
        open_incidents: row.open,
        department: row.department,
        walls_known: row.walls_known,
    });
    Ok(known.collect())
}

/// The alerts behind the detections of [`list_known`], newest first, up to `limit`.
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
