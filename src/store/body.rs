//! Bodies as received, in a table of their own. The same bytes of an alert are kept once.

use super::codec::{to_json, us};
use super::rows::{Batch, Insert, insert};
use super::{Connection, StoreError};
use crate::domain::ids::AlertId;
use chrono::{DateTime, Utc};
use std::collections::{HashMap, HashSet};

/// An alert's bytes as received.
#[derive(Debug, Clone, Copy)]
pub struct Body<'a> {
    pub alert: AlertId,
    pub sha256: &'a str,
    pub raw: &'a [u8],
    pub received_at: DateTime<Utc>,
}

/// Keeps bytes as received, each of another alert. Gives back those of which the very same bytes were not there already.
pub async fn insert_all(
    connection: &mut Connection,
    bodies: &[Body<'_>],
) -> Result<HashSet<AlertId>, StoreError> {
    let asked: Vec<(i64, &str)> = bodies.iter().map(|b| (b.alert.0, b.sha256)).collect();
    let asked = to_json("bodies", &asked)?;
    let there = sqlx::query_scalar!(
        r#"SELECT r.alert_id AS "id!: i64" FROM json_each(?) j CROSS JOIN raw_bodies r
               ON r.alert_id = json_extract(j.value, '$[0]') AND r.sha256 = json_extract(j.value, '$[1]')"#,
        asked
    )
    .fetch_all(&mut *connection)
    .await?;
    let there: HashSet<i64> = there.into_iter().collect();
    let new = bodies.iter().filter(|body| !there.contains(&body.alert.0));
    let mut batch = Batch::default();
    add_all(&mut batch, new.clone().copied());
    batch.write(connection).await?;
    Ok(new.map(|body| body.alert).collect())
}

/// Adds bodies that are not there yet.
pub(super) fn add_all<'a>(batch: &mut Batch<'a>, bodies: impl IntoIterator<Item = Body<'a>>) {
    batch.add(&BODIES, bodies, |query, body| {
        query
            .bind(body.alert.0)
            .bind(body.sha256.to_owned())
            .bind(us(body.received_at))
            .bind(body.raw.to_vec())
    });
}

const BODIES: Insert = insert!(
    "INSERT INTO raw_bodies (alert_id, sha256, received_us, body)",
    "(?, ?, ?, ?)",
    ""
);

/// The raw bodies of each alert, the newest first.
pub async fn list(
    connection: &mut Connection,
    ids: &[AlertId],
) -> Result<HashMap<AlertId, Vec<Vec<u8>>>, StoreError> {
    let ids = to_json("alerts", &ids)?;
    let rows = sqlx::query!(
        "SELECT alert_id, body FROM raw_bodies WHERE alert_id IN (SELECT value FROM json_each(?))
         ORDER BY received_us DESC, sha256 DESC",
        ids
    )
    .fetch_all(connection)
    .await?;
    let mut bodies: HashMap<AlertId, Vec<Vec<u8>>> = HashMap::new();
    for row in rows {
        let of_alert = bodies.entry(AlertId(row.alert_id)).or_default();
        of_alert.push(row.body);
    }
    Ok(bodies)
}

/// The hash of an alert's newest raw body.
pub async fn find_newest_hash(
    connection: &mut Connection,
    id: AlertId,
) -> Result<Option<String>, StoreError> {
    let hash = sqlx::query_scalar!(
        "SELECT sha256 FROM raw_bodies WHERE alert_id = ? ORDER BY received_us DESC, sha256 DESC LIMIT 1",
        id.0
    );
    Ok(hash.fetch_optional(connection).await?)
}
