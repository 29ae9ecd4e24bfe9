//! Intended effects, committed with the facts and delivered afterwards. A row that waits is unique by its key:
//! a later edit of the same card changes nothing, since a card is rendered when it is sent.

use super::codec::{at, us};
use super::rows::{self, Insert, insert};
use super::{Connection, StoreError};
use crate::domain::ids::{ChannelKey, IncidentId};
use chrono::{DateTime, Utc};

/// One effect to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub id: i64,
    /// Names how it is delivered; the drain lists them all.
    pub kind: String,
    pub key: String,
    pub incident: Option<IncidentId>,
    pub channel: ChannelKey,
    /// The visit of a card, the number of a reminder.
    pub arg: i64,
    pub due_at: DateTime<Utc>,
    pub attempts: i64,
    pub created_at: DateTime<Utc>,
    pub last_fault: Option<String>,
}

/// A row as the table has it.
struct Stored {
    id: i64,
    kind: String,
    key: String,
    incident_id: Option<i64>,
    channel: String,
    arg: i64,
    due_us: i64,
    attempts: i64,
    created_us: i64,
    last_fault: Option<String>,
}

impl Stored {
    fn read(self) -> Result<Row, StoreError> {
        Ok(Row {
            id: self.id,
            kind: self.kind,
            key: self.key,
            incident: self.incident_id.map(IncidentId),
            channel: ChannelKey(self.channel),
            arg: self.arg,
            due_at: at(self.due_us)?,
            attempts: self.attempts,
            created_at: at(self.created_us)?,
            last_fault: self.last_fault,
        })
    }
}

/// What is new about a row.
pub struct Intent<'a> {
    pub kind: &'a str,
    pub key: &'a str,
    pub incident: Option<IncidentId>,
    pub channel: &'a ChannelKey,
    pub arg: i64,
    /// Lower goes first.
    pub rank: i64,
}

pub async fn insert(
    connection: &mut Connection,
    intent: &Intent<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    insert_all(connection, std::slice::from_ref(intent), now).await
}

/// Intends each, in order; one whose key waits already adds nothing.
pub async fn insert_all(
    connection: &mut Connection,
    intents: &[Intent<'_>],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let now = us(now);
    rows::insert_all(connection, &OUTBOX, intents, |query, intent| {
        query
            .bind(intent.kind.to_owned())
            .bind(intent.key.to_owned())
            .bind(intent.incident.map(|i| i.0))
            .bind(intent.channel.to_string())
            .bind(intent.arg)
            .bind(intent.rank)
            .bind(now)
            .bind(now)
    })
    .await
}

const OUTBOX: Insert = insert!(
    "INSERT INTO outbox (kind, key, incident_id, channel, arg, rank, state, due_us, attempts, created_us) VALUES ",
    "(?, ?, ?, ?, ?, ?, 'waiting', ?, 0, ?)",
    " ON CONFLICT (key) WHERE state = 'waiting' DO NOTHING"
);

/// What waits, best first, whether due or not: a row that is not due yet still holds its channel's order.
pub async fn list_waiting(connection: &mut Connection) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Stored,
        "SELECT id, kind, key, incident_id, channel, arg, due_us, attempts, created_us, last_fault
         FROM outbox WHERE state = 'waiting' ORDER BY rank, id LIMIT 1000"
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Stored::read).collect()
}

/// One row, whatever its state.
pub async fn find(connection: &mut Connection, id: i64) -> Result<Option<Row>, StoreError> {
    let row = sqlx::query_as!(
        Stored,
        "SELECT id, kind, key, incident_id, channel, arg, due_us, attempts, created_us, last_fault
         FROM outbox WHERE id = ?",
        id
    )
    .fetch_optional(connection)
    .await?;
    row.map(Stored::read).transpose()
}

/// Tried, and to be tried again.
pub async fn retry(
    connection: &mut Connection,
    id: i64,
    due_at: DateTime<Utc>,
    fault: &str,
) -> Result<(), StoreError> {
    let due = us(due_at);
    sqlx::query!(
        "UPDATE outbox SET attempts = attempts + 1, due_us = ?, last_fault = ? WHERE id = ?",
        due,
        fault,
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How a row ends, or rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    Delivered,
    /// Rests until someone mends the channel or permission.
    Parked,
    /// Discord will never take it as it is.
    Dead,
}

pub async fn settle(
    connection: &mut Connection,
    id: i64,
    settlement: Settlement,
    fault: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let now = us(now);
    let state = match settlement {
        Settlement::Delivered => "delivered",
        Settlement::Parked => "parked",
        Settlement::Dead => "dead",
    };
    sqlx::query!(
        "UPDATE outbox SET state = ?, settled_us = ?, last_fault = COALESCE(?, last_fault),
            attempts = attempts + 1 WHERE id = ?",
        state,
        now,
        fault,
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Parked rows wait again: at start, and when a channel or role changed. A row whose key waits anew stays as it is.
pub async fn unpark(connection: &mut Connection, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let now = us(now);
    let done = sqlx::query!(
        "UPDATE outbox SET state = 'waiting', due_us = ?, settled_us = NULL
         WHERE id IN (SELECT MAX(id) FROM outbox WHERE state = 'parked' AND state IN ('parked', 'dead') GROUP BY key)
           AND key NOT IN (SELECT key FROM outbox WHERE state = 'waiting')",
        now
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// How many wait, and since when the oldest does.
pub async fn backlog(
    connection: &mut Connection,
) -> Result<(i64, Option<DateTime<Utc>>), StoreError> {
    let row = sqlx::query!(
        r#"SELECT COUNT(*) AS "count!: i64", MIN(created_us) AS "oldest: i64" FROM outbox
           WHERE state = 'waiting'"#
    )
    .fetch_one(connection)
    .await?;
    Ok((row.count, row.oldest.map(at).transpose()?))
}
