//! Intended effects, committed with the facts and delivered afterwards. A row that waits is unique by its key:
//! a later edit of the same card changes nothing, since a card is rendered when it is sent.

use super::codec::{at, to_json, us};
use super::rows::{Batch, Insert, insert};
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
    /// Lower goes first.
    pub rank: i64,
    pub due_at: DateTime<Utc>,
    /// Tries that Discord or the network did not answer well; such a try may have arrived.
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
    rank: i64,
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
            rank: self.rank,
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
    let mut batch = Batch::default();
    add_all(&mut batch, std::slice::from_ref(intent), now);
    batch.write(connection).await
}

/// Intends each, in order, once the batch is written; one whose key waits already adds nothing.
pub fn add_all(batch: &mut Batch<'_>, intents: &[Intent<'_>], now: DateTime<Utc>) {
    let now = us(now);
    let rows = intents.iter().map(|intent| {
        let (kind, key) = (intent.kind.to_owned(), intent.key.to_owned());
        let (incident, channel) = (intent.incident.map(|i| i.0), intent.channel.to_string());
        (kind, key, incident, channel, intent.arg, intent.rank)
    });
    let rows: Vec<_> = rows.collect();
    batch.add(&OUTBOX, rows, move |query, row| {
        let (kind, key, incident, channel, arg, rank) = row;
        query
            .bind(kind)
            .bind(key)
            .bind(incident)
            .bind(channel)
            .bind(arg)
            .bind(rank)
            .bind(now)
            .bind(now)
    });
}

const OUTBOX: Insert = insert!(
    "INSERT INTO outbox (kind, key, incident_id, channel, arg, rank, state, due_us, attempts, created_us)",
    "(?, ?, ?, ?, ?, ?, 'waiting', ?, 0, ?)",
    " ON CONFLICT (key) WHERE state = 'waiting' DO NOTHING"
);

/// The channels for which something waits.
pub async fn list_channels(connection: &mut Connection) -> Result<Vec<ChannelKey>, StoreError> {
    // From one channel to the next by the index, however much waits for each.
    let channels = sqlx::query_scalar!(
        r#"WITH RECURSIVE each(channel) AS (
              SELECT MIN(channel) FROM outbox WHERE state = 'waiting' AND digest_id IS NULL
              UNION ALL
              SELECT (SELECT MIN(o.channel) FROM outbox o
                      WHERE o.state = 'waiting' AND o.digest_id IS NULL AND o.channel > each.channel)
              FROM each WHERE each.channel IS NOT NULL)
           SELECT channel AS "channel!: String" FROM each WHERE channel IS NOT NULL"#
    )
    .fetch_all(connection)
    .await?;
    Ok(channels.into_iter().map(ChannelKey).collect())
}

/// What is due for a channel, best first, up to `most`. What stands in a digest goes with it.
pub async fn list_due(
    connection: &mut Connection,
    channel: &ChannelKey,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Row>, StoreError> {
    let (channel, far, now) = (channel.as_str(), far(now), us(now));
    let rows = sqlx::query_as!(
        Stored,
        "SELECT id, kind, key, incident_id, channel, arg, rank, due_us, attempts, created_us, last_fault
         FROM outbox WHERE state = 'waiting' AND digest_id IS NULL AND channel = ? AND (due_us <= ? OR due_us > ?)
         ORDER BY rank, id LIMIT ?",
        channel,
        now,
        far,
        most
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Stored::read).collect()
}

/// No row is put off for longer, in seconds. One that seems to be was put off under a clock that was set back since.
pub const LONGEST_PAUSE_S: u32 = 300;

fn far(now: DateTime<Utc>) -> i64 {
    us(now).saturating_add(i64::from(LONGEST_PAUSE_S) * 1_000_000)
}

/// Ranks from here on are changes of what stands already.
pub const EDITS: i64 = 20;

/// Changes of cards that stand in a channel already and are due, best first, up to `most`.
pub async fn list_due_edits(
    connection: &mut Connection,
    channel: &ChannelKey,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Row>, StoreError> {
    let (channel, far, now) = (channel.as_str(), far(now), us(now));
    let rows = sqlx::query_as!(
        Stored,
        r#"SELECT id AS "id!", kind, key, incident_id, channel, arg, rank, due_us, attempts, created_us, last_fault
         FROM outbox WHERE state = 'waiting' AND digest_id IS NULL AND channel = ? AND rank >= ? AND (due_us <= ? OR due_us > ?)
            AND EXISTS (SELECT 1 FROM posted WHERE posted.key = REPLACE(outbox.key, 'edit:', 'card:'))
         ORDER BY rank, id LIMIT ?"#,
        channel,
        EDITS,
        now,
        far,
        most
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Stored::read).collect()
}

/// How much of a channel waits for a time that is still to come, and for which first.
pub async fn next_due(
    connection: &mut Connection,
    channel: &ChannelKey,
    now: DateTime<Utc>,
) -> Result<(usize, Option<DateTime<Utc>>), StoreError> {
    let (channel, far, now) = (channel.as_str(), far(now), us(now));
    let row = sqlx::query!(
        r#"SELECT COUNT(*) AS "count!: i64", MIN(due_us) AS "first: i64" FROM outbox
           WHERE state = 'waiting' AND digest_id IS NULL AND channel = ? AND due_us > ? AND due_us <= ?"#,
        channel,
        now,
        far
    )
    .fetch_one(connection)
    .await?;
    let count = usize::try_from(row.count).unwrap_or(0);
    Ok((count, row.first.map(at).transpose()?))
}

/// One row, whatever its state.
pub async fn find(connection: &mut Connection, id: i64) -> Result<Option<Row>, StoreError> {
    let row = sqlx::query_as!(
        Stored,
        "SELECT id, kind, key, incident_id, channel, arg, rank, due_us, attempts, created_us, last_fault
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

/// One that is delivered takes along whatever rests under its key: it wanted the same.
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
        "UPDATE outbox SET state = ?1, settled_us = ?2, last_fault = COALESCE(?3, last_fault), attempts = attempts + 1
         WHERE id = ?4 OR (?1 = 'delivered' AND state IN ('parked', 'dead')
                           AND key = (SELECT key FROM outbox WHERE id = ?4))",
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

/// Before anything else of its channel: what comes after it was put together waits for the next one.
const DIGEST_RANK: i64 = -1;

/// Fixes what a digest shows: posts that wait and stand in none yet, best first.
pub async fn insert_digest(
    connection: &mut Connection,
    channel: &ChannelKey,
    posts: &[&Row],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let Some(first) = posts.first() else {
        return Ok(());
    };
    let intent = Intent {
        kind: "post_digest",
        key: &format!("digest:{}", first.id),
        incident: None,
        channel,
        arg: 0,
        rank: DIGEST_RANK,
    };
    insert(connection, &intent, now).await?;
    let ids: Vec<i64> = posts.iter().map(|row| row.id).collect();
    let ids = to_json("posts", &ids)?;
    sqlx::query!(
        "UPDATE outbox SET digest_id = (SELECT id FROM outbox WHERE key = ? AND state = 'waiting')
         WHERE id IN (SELECT value FROM json_each(?)) AND state = 'waiting' AND digest_id IS NULL",
        intent.key,
        ids
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The posts that a digest shows, best first.
pub async fn list_digest(connection: &mut Connection, digest: i64) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Stored,
        "SELECT id, kind, key, incident_id, channel, arg, rank, due_us, attempts, created_us, last_fault
         FROM outbox WHERE digest_id = ? ORDER BY rank, id",
        digest
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Stored::read).collect()
}

/// The digest in which a post was shown, by the post's key, and the post's rank; the last one, where it was posted more than
/// once.
pub async fn find_digest_of(
    connection: &mut Connection,
    key: &str,
) -> Result<Option<(i64, i64)>, StoreError> {
    let shown = sqlx::query!(
        r#"SELECT digest_id AS "digest!", rank FROM outbox WHERE key = ? AND digest_id IS NOT NULL AND state = 'delivered'
         ORDER BY id DESC LIMIT 1"#,
        key
    )
    .fetch_optional(connection)
    .await?;
    Ok(shown.map(|row| (row.digest, row.rank)))
}

/// Every post of a digest was shown with it.
pub async fn settle_digest(
    connection: &mut Connection,
    digest: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let now = us(now);
    sqlx::query!(
        "UPDATE outbox SET state = 'delivered', settled_us = ? WHERE digest_id = ? AND state = 'waiting'",
        now,
        digest
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Posts leave a digest and go on their own cards.
pub async fn release(connection: &mut Connection, posts: &[i64]) -> Result<(), StoreError> {
    let ids = to_json("posts", &posts)?;
    sqlx::query!(
        // What was tried goes alone.
        "UPDATE outbox SET digest_id = NULL, attempts = attempts + 1 WHERE id IN (SELECT value FROM json_each(?))",
        ids
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a channel still has to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    pub channel: ChannelKey,
    pub count: usize,
    /// When the oldest of it was intended.
    pub oldest: DateTime<Utc>,
}

/// The channels that have something to show still, and since when: what stands in a digest that was not sent is among it.
pub async fn list_backlog(connection: &mut Connection) -> Result<Vec<Backlog>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT channel AS "channel!", COUNT(*) AS "count!: i64", MIN(created_us) AS "oldest!: i64" FROM outbox
           WHERE state = 'waiting' AND kind != 'post_digest' GROUP BY channel ORDER BY channel"#
    )
    .fetch_all(connection)
    .await?;
    let each = rows.into_iter().map(|row| {
        Ok(Backlog {
            channel: ChannelKey(row.channel),
            count: usize::try_from(row.count).unwrap_or(0),
            oldest: at(row.oldest)?,
        })
    });
    each.collect()
}
