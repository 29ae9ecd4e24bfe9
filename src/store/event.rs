//! The history: headers free of text, chained by hash per incident and over all; payloads salted, in a table of their own.
//! Hashes cover the bytes as stored.

use super::codec::{at, from_json, sha256, to_json, us};
use super::rows::{Batch, Insert, insert};
use super::{Connection, StoreError};
use crate::domain::ids::{CriterionId, IncidentId, PersonId};
use crate::domain::incident::{Event, FORMAT};
use crate::domain::restricted::Restricted;
use crate::domain::role::Role;
use crate::domain::timeline::Recorded;
use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashMap};

/// What the chains begin with.
pub const GENESIS: &str = "";

/// The kind of header that says that a purge removed an incident's contents.
pub const PURGED: &str = "purged";

/// One event to append, with what stands in its header.
pub struct Entry<'a> {
    pub incident: IncidentId,
    pub event: &'a Event,
    pub at: DateTime<Utc>,
    /// [`PersonId::PROGRAM`] where no person acts.
    pub by: PersonId,
    pub role: Option<Role>,
    /// Random; makes the payload's hash say nothing about its contents.
    pub salt: [u8; 16],
}

/// What the hash of a header covers: its columns, and the hashes of the entries that it follows, which no column repeats.
/// Hashes are stored as bytes and hexadecimal everywhere else.
pub struct Header {
    pub seq: i64,
    pub incident_id: i64,
    pub number: i64,
    pub at_us: i64,
    pub staff: i64,
    pub role: String,
    pub kind: String,
    pub format: i64,
    pub criterion: String,
    pub payload_hash: String,
    pub previous_of_incident: String,
    pub previous: String,
}

impl Header {
    /// SHA-256 over all of it, one a line. None holds a line feed: they are numbers, hashes and keys.
    pub fn hash(&self) -> String {
        let text = format!(
            "{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}",
            self.seq,
            self.incident_id,
            self.number,
            self.at_us,
            self.staff,
            self.role,
            self.kind,
            self.format,
            self.criterion,
            self.payload_hash,
            self.previous_of_incident,
            self.previous
        );
        sha256(&[text.as_bytes()])
    }
}

/// Appends events, in their order, to the chain of their incident and to the one over all. They are in the history once
/// the batch is written, before which nothing else may be appended.
pub async fn append_all(
    connection: &mut Connection,
    batch: &mut Batch<'_>,
    entries: &[Entry<'_>],
) -> Result<(), StoreError> {
    let Heads {
        mut seq,
        mut previous,
        mut own,
    } = heads(connection, entries).await?;
    let mut headers = Vec::with_capacity(entries.len());
    let mut payloads = Vec::with_capacity(entries.len());
    for entry in entries {
        let body = to_json("an event", entry.event)?;
        let last = own.entry(entry.incident.0).or_default();
        seq += 1;
        let header = Header {
            seq,
            incident_id: entry.incident.0,
            number: last.number + 1,
            at_us: us(entry.at),
            staff: entry.by.0,
            role: entry.role.map_or("", Role::key).to_owned(),
            kind: entry.event.kind().to_owned(),
            format: FORMAT,
            criterion: entry
                .event
                .criterion()
                .map_or("", CriterionId::as_str)
                .to_owned(),
            payload_hash: sha256(&[&entry.salt, body.as_bytes()]),
            previous_of_incident: std::mem::take(&mut last.hash),
            previous: previous.clone(),
        };
        let hash = header.hash();
        previous.clone_from(&hash);
        *last = Head {
            number: header.number,
            hash: hash.clone(),
        };
        headers.push((header, hash));
        payloads.push((seq, entry.salt, body));
    }
    batch.add(&HEADERS, headers, |query, (header, hash)| {
        query
            .bind(header.seq)
            .bind(header.incident_id)
            .bind(header.number)
            .bind(header.at_us)
            .bind(header.staff)
            .bind(header.role)
            .bind(header.kind)
            .bind(header.format)
            .bind(header.criterion)
            .bind(header.payload_hash)
            .bind(hash)
    });
    batch.add(&PAYLOADS, payloads, |query, (seq, salt, body)| {
        query.bind(seq).bind(salt.to_vec()).bind(body.into_bytes())
    });
    Ok(())
}

const HEADERS: Insert = insert!(
    "INSERT INTO event_headers (seq, incident_id, number, at_us, staff, role, kind, format, criterion, payload_hash,
        hash)",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, unhex(?), unhex(?))",
    ""
);

const PAYLOADS: Insert = insert!(
    "INSERT INTO event_payloads (seq, salt, body)",
    "(?, ?, ?)",
    ""
);

/// The end of an incident's own chain; before its first entry, what chains begin with.
#[derive(Default)]
struct Head {
    number: i64,
    hash: String,
}

/// The end of the chain over all, and of each that has entries among those asked for.
struct Heads {
    seq: i64,
    previous: String,
    own: HashMap<i64, Head>,
}

async fn heads(connection: &mut Connection, entries: &[Entry<'_>]) -> Result<Heads, StoreError> {
    let opened = |entry: &&Entry<'_>| matches!(entry.event, Event::Opened { .. });
    let new: BTreeSet<i64> = entries
        .iter()
        .filter(opened)
        .map(|e| e.incident.0)
        .collect();
    let all: BTreeSet<i64> = entries.iter().map(|e| e.incident.0).collect();
    let incidents: Vec<i64> = all.difference(&new).copied().collect();
    let incidents = to_json("incidents", &incidents)?;
    // The last entry over all is also the last of its own incident.
    let rows = sqlx::query!(
        r#"SELECT seq, incident_id, number, lower(hex(hash)) AS "hash!: String" FROM event_headers
         WHERE seq = (SELECT MAX(seq) FROM event_headers)
         UNION ALL
         SELECT seq, incident_id, number, lower(hex(hash)) FROM event_headers
         WHERE (incident_id, number) IN
            (SELECT j.value, (SELECT MAX(m.number) FROM event_headers m WHERE m.incident_id = j.value) FROM json_each(?) j)"#,
        incidents
    )
    .fetch_all(connection)
    .await?;
    let last = rows.iter().max_by_key(|row| row.seq);
    let (seq, previous) = last.map_or((0, GENESIS.to_owned()), |l| (l.seq, l.hash.clone()));
    let own = rows.into_iter().map(|row| {
        let (number, hash) = (row.number, row.hash);
        (row.incident_id, Head { number, hash })
    });
    Ok(Heads {
        seq,
        previous,
        own: own.collect(),
    })
}

/// An incident's history, oldest first. Purged payloads come back as `None`.
pub async fn list(
    connection: &mut Connection,
    incident: IncidentId,
) -> Result<Vec<Recorded>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT h.number, h.at_us, h.staff, h.role, h.kind, h.criterion, p.body AS "body?"
           FROM event_headers h LEFT JOIN event_payloads p ON p.seq = h.seq
           WHERE h.incident_id = ? ORDER BY h.number"#,
        incident.0
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let body = row.body.map(|body| decode(&body)).transpose()?;
            Ok(Recorded {
                number: row.number,
                at: at(row.at_us)?,
                by: PersonId(row.staff),
                role: row.role.parse().ok(),
                kind: row.kind,
                criterion: (!row.criterion.is_empty()).then(|| CriterionId::new(row.criterion)),
                event: body.map(Restricted::new),
            })
        })
        .collect()
}

/// A number from 0 to 99 that nobody can foresee and everybody finds again: from the salt of the incident's first entry,
/// and how often it was reopened. Where that is purged, 99.
pub async fn lot(
    connection: &mut Connection,
    incident: IncidentId,
    reopened: u32,
) -> Result<u8, StoreError> {
    let salt = sqlx::query_scalar!(
        "SELECT p.salt FROM event_headers h JOIN event_payloads p ON p.seq = h.seq
         WHERE h.incident_id = ? ORDER BY h.number LIMIT 1",
        incident.0
    )
    .fetch_optional(connection)
    .await?;
    let Some(salt) = salt else { return Ok(99) };
    let drawn = sha256(&[&salt, b"second look", &reopened.to_be_bytes()]);
    let number = drawn
        .get(..8)
        .and_then(|hex| u32::from_str_radix(hex, 16).ok());
    Ok(u8::try_from(number.unwrap_or(99) % 100).unwrap_or(99))
}

/// What proves an entry: its kind, its place over all and the hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub seq: i64,
    pub kind: String,
    pub payload_hash: String,
    pub previous_of_incident: String,
    pub hash: String,
}

/// The headers of an incident's history, oldest first.
pub async fn list_sealed(
    connection: &mut Connection,
    incident: IncidentId,
) -> Result<Vec<Sealed>, StoreError> {
    let rows = sqlx::query_as!(
        Sealed,
        r#"SELECT seq, kind, lower(hex(payload_hash)) AS "payload_hash!: String",
              lower(hex(LAG(hash, 1, x'') OVER (ORDER BY number))) AS "previous_of_incident!: String",
              lower(hex(hash)) AS "hash!: String"
           FROM event_headers WHERE incident_id = ? ORDER BY number"#,
        incident.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// A payload's bytes as an event.
pub fn decode(body: &[u8]) -> Result<Event, StoreError> {
    let text = std::str::from_utf8(body).map_err(|e| StoreError::Inconsistent {
        what: "an event",
        why: e.to_string(),
    })?;
    from_json("an event", text)
}

/// The last hash over all, and how many events it covers.
pub async fn head(connection: &mut Connection) -> Result<(i64, String), StoreError> {
    let last = sqlx::query!(
        r#"SELECT seq, lower(hex(hash)) AS "hash!: String" FROM event_headers ORDER BY seq DESC LIMIT 1"#
    )
    .fetch_optional(connection)
    .await?;
    Ok(last.map_or_else(|| (0, GENESIS.to_owned()), |l| (l.seq, l.hash)))
}

/// What happened after a place in the overall history: for whoever watches, without contents.
pub struct Step {
    pub seq: i64,
    pub incident: IncidentId,
    /// Its number in the incident's own history.
    pub number: i64,
    pub kind: String,
    pub by: PersonId,
}

pub async fn list_after(connection: &mut Connection, seq: i64) -> Result<Vec<Step>, StoreError> {
    let rows = sqlx::query!(
        "SELECT seq, incident_id, number, kind, staff FROM event_headers WHERE seq > ? ORDER BY seq LIMIT 500",
        seq
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Step {
            seq: row.seq,
            incident: IncidentId(row.incident_id),
            number: row.number,
            kind: row.kind,
            by: PersonId(row.staff),
        })
        .collect())
}
