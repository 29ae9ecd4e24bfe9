//! What the auditor looks at: open incidents in slices, each with the rows that should stand beside its state; and, over
//! all, what is late.

use super::codec::{at, from_json, to_json, us};
use super::incident::decode;
use super::{Connection, StoreError, fact};
use crate::domain::audit::{Kept, Kind, Noted};
use crate::domain::health::Waiting;
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// The next open incidents after a number, in their order; nothing for one that cannot be read.
pub async fn list_open_after(
    connection: &mut Connection,
    after: i64,
    most: i64,
) -> Result<Vec<(IncidentId, Option<Incident>)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT id, state, record, (SELECT MAX(h.at_us) FROM event_headers h
               WHERE h.incident_id = incidents.id AND h.staff != 0) AS "touched_us: i64"
           FROM incidents WHERE is_open = 1 AND id > ? ORDER BY id LIMIT ?"#,
        after,
        most
    )
    .fetch_all(connection)
    .await?;
    let each = rows.iter().map(|row| {
        let incident = decode(&row.state, &row.record, row.touched_us);
        (IncidentId(row.id), incident.ok())
    });
    Ok(each.collect())
}

/// What is kept of each of them beside its state. `cards` names the card of its present stay: the part of its keys after
/// the colon.
pub async fn list_kept(
    connection: &mut Connection,
    cards: &[(IncidentId, String)],
) -> Result<BTreeMap<IncidentId, Kept>, StoreError> {
    let mut kept: BTreeMap<IncidentId, Kept> = BTreeMap::new();
    let ids: Vec<i64> = cards.iter().map(|(id, _)| id.0).collect();
    let ids = to_json("incidents", &ids)?;
    let rows = sqlx::query!(
        "SELECT incident_id, kind, at_us FROM dues WHERE incident_id IN (SELECT value FROM json_each(?))",
        ids
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let one = kept.entry(IncidentId(row.incident_id)).or_default();
        one.dues.insert(row.kind, at(row.at_us)?);
    }
    let names: Vec<&str> = cards.iter().map(|(_, name)| name.as_str()).collect();
    let names = to_json("cards", &names)?;
    let found = sqlx::query_scalar!(
        r#"SELECT substr(key, 6) AS "name!: String" FROM posted
              WHERE key IN (SELECT 'card:' || value FROM json_each(?1))
           UNION ALL SELECT substr(key, 6) FROM outbox
              WHERE state = 'waiting' AND key IN (SELECT 'post:' || value FROM json_each(?1))
           UNION ALL SELECT substr(key, 6) FROM outbox
              WHERE state IN ('parked', 'dead') AND key IN (SELECT 'post:' || value FROM json_each(?1))
           UNION ALL SELECT substr(key, 6) FROM outbox
              WHERE digest_id IS NOT NULL AND key IN (SELECT 'post:' || value FROM json_each(?1))"#,
        names
    )
    .fetch_all(&mut *connection)
    .await?;
    let found: BTreeSet<String> = found.into_iter().collect();
    for (id, name) in cards {
        kept.entry(*id).or_default().carded = found.contains(name);
    }
    Ok(kept)
}

/// A kind of finding as it stands.
pub async fn find_noted(
    connection: &mut Connection,
    kind: Kind,
) -> Result<Option<Noted>, StoreError> {
    let found = fact::find(connection, &key(kind)).await?;
    found.map(|text| from_json("a finding", &text)).transpose()
}

pub async fn save_noted(
    connection: &mut Connection,
    kind: Kind,
    noted: &Noted,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let text = to_json("a finding", noted)?;
    fact::save(connection, &key(kind), &text, now).await
}

/// Every kind that was ever found.
pub async fn list_noted(connection: &mut Connection) -> Result<Vec<(Kind, Noted)>, StoreError> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        all.extend(
            find_noted(connection, kind)
                .await?
                .map(|noted| (kind, noted)),
        );
    }
    Ok(all)
}

fn key(kind: Kind) -> String {
    format!("finding:{}", kind.key())
}

/// What the program should have acted on before a moment. Owed fields wait for a person.
pub async fn overdue(
    connection: &mut Connection,
    before: DateTime<Utc>,
) -> Result<Waiting, StoreError> {
    let before = us(before);
    let row = sqlx::query!(
        r#"SELECT COUNT(*) AS "count!: i64", MIN(at_us) AS "since: i64" FROM dues
           WHERE at_us <= ? AND kind NOT LIKE 'owed:%'"#,
        before
    )
    .fetch_one(connection)
    .await?;
    Ok(Waiting {
        count: row.count,
        since: row.since.map(at).transpose()?,
    })
}

/// Messages that wait since before a moment.
pub async fn count_unsent(
    connection: &mut Connection,
    before: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let before = us(before);
    let count = sqlx::query_scalar!(
        r#"SELECT COUNT(*) AS "count!: i64" FROM outbox WHERE state = 'waiting' AND created_us <= ?"#,
        before
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// Messages that rest since before a moment.
pub async fn count_resting(
    connection: &mut Connection,
    before: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let before = us(before);
    let count = sqlx::query_scalar!(
        r#"SELECT COUNT(*) AS "count!: i64" FROM outbox
           WHERE state IN ('parked', 'dead') AND state = 'parked' AND settled_us <= ?"#,
        before
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}
