//! The index of the words of alerts. It follows the alerts in the order of their ids, and is behind them for a moment, so
//! that nothing that arrives waits for it.

use super::alert::{Kept, list_after, list_between};
use super::codec::to_json;
use super::{Connection, StoreError, fact};
use crate::domain::alert::Alert;
use crate::domain::ids::{AlertId, IncidentId};
use crate::domain::restricted::{Clearance, Purpose};
use crate::domain::search::{Wanted, words_of};
use chrono::{DateTime, Utc};

/// The fact that says up to which alert the words are indexed.
const PLACE: &str = "words_indexed";

/// The last alert whose words are indexed; those before it are too.
pub async fn place(connection: &mut Connection) -> Result<AlertId, StoreError> {
    let place = fact::find(connection, PLACE).await?;
    let place = place.map_or(Ok(0), |text| text.parse());
    place
        .map(AlertId)
        .map_err(|fault: std::num::ParseIntError| StoreError::Inconsistent {
            what: "the place of the index of words",
            why: fault.to_string(),
        })
}

/// Alerts with their words, read and cut before the write that indexes them.
pub struct Next {
    place: AlertId,
    last: AlertId,
    /// How often they had come in all: it grows when one of them comes again, and may say something else.
    received: i64,
    rows: Vec<(i64, String)>,
}

/// The next alerts to be indexed, up to `limit`.
pub async fn list_next(
    connection: &mut Connection,
    limit: i64,
) -> Result<Option<Next>, StoreError> {
    let place = place(connection).await?;
    let next = list_after(connection, place, limit).await?;
    let Some(last) = next.last() else {
        return Ok(None);
    };
    Ok(Some(Next {
        place,
        last: last.id,
        received: next.iter().map(|kept| kept.times_received).sum(),
        rows: next
            .iter()
            .map(|kept| (kept.id.0, words(&kept.alert)))
            .collect(),
    }))
}

/// Indexes them and gives back how many: none where they were indexed meanwhile, or one came again; then they are to be
/// read anew.
pub async fn index(
    connection: &mut Connection,
    next: &Next,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let received = sqlx::query_scalar!(
        r#"SELECT SUM(times_received) AS "sum: i64" FROM alerts WHERE id > ? AND id <= ?"#,
        next.place.0,
        next.last.0
    )
    .fetch_one(&mut *connection)
    .await?;
    if place(connection).await? != next.place || received != Some(next.received) {
        return Ok(0);
    }
    let rows = to_json("words", &next.rows)?;
    sqlx::query!(
        "INSERT INTO alert_words (rowid, words)
         SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)",
        rows
    )
    .execute(&mut *connection)
    .await?;
    fact::save(connection, PLACE, &next.last.0.to_string(), now).await?;
    Ok(next.rows.len())
}

fn words(alert: &Alert) -> String {
    let clearance = Clearance::system(Purpose::Storage);
    words_of(alert)
        .open(&clearance)
        .cloned()
        .unwrap_or_default()
}

/// An alert says something else now; one whose turn has not come is left for it.
pub(super) async fn renew(
    connection: &mut Connection,
    id: AlertId,
    alert: &Alert,
) -> Result<(), StoreError> {
    if id > place(connection).await? {
        return Ok(());
    }
    let words = words(alert);
    sqlx::query!(
        "INSERT OR REPLACE INTO alert_words (rowid, words) VALUES (?, ?)",
        id.0,
        words
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An alert with the words, and its incident.
pub type Hit = (AlertId, IncidentId);

/// Among the alerts before this one that hold the words, up to `limit` of the newest: the newest of each incident, the
/// newest first; of these incidents none. Beside them, where the next look begins; nothing where all were looked at.
pub async fn list_hits(
    connection: &mut Connection,
    wanted: &Wanted,
    before: AlertId,
    without: &[IncidentId],
    limit: i64,
) -> Result<(Vec<Hit>, Option<AlertId>), StoreError> {
    let (wanted, without) = (wanted.in_index(), to_json("incidents", &without)?);
    let rows = sqlx::query!(
        r#"SELECT MAX(id) AS "newest!: i64", MIN(id) AS "oldest!: i64", COUNT(*) AS "alerts!: i64",
               incident_id AS "incident!: i64"
           FROM (SELECT a.id, a.incident_id FROM alert_words CROSS JOIN alerts a ON a.id = alert_words.rowid
               WHERE alert_words MATCH ? AND alert_words.rowid < ? AND a.incident_id IS NOT NULL
                   AND a.incident_id NOT IN (SELECT value FROM json_each(?))
               ORDER BY alert_words.rowid DESC LIMIT ?)
           GROUP BY incident_id ORDER BY 1 DESC"#,
        wanted,
        before.0,
        without,
        limit
    )
    .fetch_all(connection)
    .await?;
    let looked: i64 = rows.iter().map(|row| row.alerts).sum();
    let last = rows.iter().map(|row| AlertId(row.oldest)).min();
    let hits = rows.iter();
    let hits = hits.map(|row| (AlertId(row.newest), IncidentId(row.incident)));
    Ok((hits.collect(), last.filter(|_| looked == limit)))
}

/// The same among the newest alerts, which are not indexed yet: those between the two. Beside the hits, where the next
/// look begins; nothing where all were looked at.
pub async fn list_hits_between(
    connection: &mut Connection,
    wanted: &Wanted,
    after: AlertId,
    before: AlertId,
    limit: i64,
) -> Result<(Vec<Hit>, Option<AlertId>), StoreError> {
    let kept = list_between(connection, after, before, limit).await?;
    let holds = |kept: &&Kept| wanted.finds(&kept.alert);
    let hits = kept.iter().filter(|kept| kept.incident.is_some());
    let hits = hits.filter(holds);
    let hits = hits.filter_map(|kept| Some((kept.id, kept.incident?)));
    Ok((hits.collect(), kept.last().map(|kept| kept.id)))
}
