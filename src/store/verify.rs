//! The proof of the history: both chains, each payload against its hash, the saved state against a replay,
//! raw bodies and playbooks against theirs, the access log. A cut tail shows only against the head that was kept outside.

mod kept;

use super::codec::{at, from_json, sha256};
use super::event::PURGED;
use super::{Connection, StoreError, access, incident};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{Event, Incident, apply};
use sqlx::Connection as _;
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::spawn_blocking;

/// Rows read at a time: few columns, so that memory stays small.
const CHUNK: i64 = 2000;

/// Incidents whose saved states are read together.
const TOGETHER: usize = 200;

/// What was proven.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    pub events: i64,
    pub purged: i64,
    pub incidents: usize,
    pub views: i64,
    /// The last hash over all: compare it with the copy outside.
    pub head: String,
    /// The first entry that does not hold, as a sentence.
    pub fault: Option<String>,
}

/// Walks the whole history, on one snapshot: a live service may go on writing beside it.
pub async fn verify(connection: &mut Connection) -> Result<Proof, StoreError> {
    let mut snapshot = connection.begin().await?;
    let proof = prove(&mut snapshot).await?;
    snapshot.rollback().await?;
    Ok(proof)
}

async fn prove(connection: &mut Connection) -> Result<Proof, StoreError> {
    let mut walk = Walk::default();
    walk.events(connection).await?;
    walk.proof.incidents = walk.states.len();
    let mut proof = walk.proof;
    if proof.fault.is_none() {
        proof.fault = compare_states(connection, &walk.states).await?;
    }
    if proof.fault.is_none() {
        proof.fault = kept::check(connection, &walk.opened_from).await?;
    }
    if proof.fault.is_none() {
        verify_views(connection, &mut proof).await?;
    }
    Ok(proof)
}

/// Entries as they are stored, one after the other, each in [`LINES`] lines: its own part of the text that its hash covers
/// (see [`crate::store::event::Header::hash`]; what it follows stands before it), its hash, its salt behind a plus (a minus
/// alone where its contents are purged), its contents. One value for all of them: a row of the driver for each costs more
/// than its proof.
struct Entries {
    text: String,
    last: i64,
}

/// Of a header's own part of the text that its hash covers.
const HEADER_LINES: usize = 10;
/// Of an entry: no column holds a line feed when it is written.
const LINES: i64 = 10 + 3;

/// `None` behind the last entry.
async fn list_after(
    connection: &mut Connection,
    seq: i64,
    limit: i64,
) -> Result<Option<Entries>, StoreError> {
    let found = sqlx::query!(
        r#"SELECT COUNT(*) AS "count!: i64", MAX(seq) AS "last: i64",
              CAST(group_concat(entry, char(10)) AS BLOB) AS "text: Vec<u8>"
           FROM (SELECT h.seq, concat_ws(char(10), h.seq, h.incident_id, h.number, h.at_us, h.staff, h.role, h.kind,
                     h.format, h.criterion, lower(hex(h.payload_hash)), lower(hex(h.hash)),
                     IIF(p.seq IS NULL, '-', '+' || hex(p.salt)), COALESCE(p.body, '')) AS entry
                 FROM event_headers h LEFT JOIN event_payloads p ON p.seq = h.seq
                 WHERE h.seq > ? ORDER BY h.seq LIMIT ?)"#,
        seq,
        limit
    )
    .fetch_one(connection)
    .await?;
    let inconsistent = |why: &str| StoreError::Inconsistent {
        what: "an entry of the history",
        why: why.to_owned(),
    };
    let Some((text, last)) = found.text.zip(found.last) else {
        return Ok(None);
    };
    let text = String::from_utf8(text).map_err(|_| inconsistent("what it holds is no text"))?;
    // So each row is one entry: none holds fewer lines.
    let lines = i64::try_from(text.matches('\n').count() + 1);
    if lines != Ok(LINES * found.count) {
        return Err(inconsistent(
            "it holds a line feed, which none does when it is written",
        ));
    }
    Ok(Some(Entries { text, last }))
}

/// The first lines, without the feed behind them, and the rest.
fn split_lines(text: &str, many: usize) -> (&str, &str) {
    let end = text.match_indices('\n').nth(many.saturating_sub(1));
    let (lines, rest) = text.split_at(end.map_or(text.len(), |(at, _)| at));
    (lines, rest.strip_prefix('\n').unwrap_or(rest))
}

/// What of a header the proof looks at.
struct Header<'a> {
    seq: i64,
    incident_id: i64,
    number: i64,
    at_us: i64,
    staff: i64,
    kind: &'a str,
    payload_hash: &'a str,
}

impl<'a> Header<'a> {
    /// `None` where a column holds what none may hold.
    fn of(text: &'a str) -> Option<Self> {
        let mut lines = text.split('\n');
        let mut next = || lines.next();
        let number = |line: Option<&str>| line?.parse().ok();
        let header = Self {
            seq: number(next())?,
            incident_id: number(next())?,
            number: number(next())?,
            at_us: number(next())?,
            staff: number(next())?,
            kind: {
                let _role = next()?;
                next()?
            },
            payload_hash: {
                let (_format, _criterion) = (next()?, next()?);
                next()?
            },
        };
        lines.next().is_none().then_some(header)
    }
}

#[derive(Default)]
struct Walk {
    proof: Proof,
    /// The last hash and number of each incident.
    own: BTreeMap<i64, (String, i64)>,
    /// Replayed states; `None` once a payload of theirs is purged.
    states: BTreeMap<i64, Option<Incident>>,
    /// The incidents whose contents a purge removed, by their own history.
    purged: BTreeSet<i64>,
    /// The body from which each incident was opened: alert and hash.
    opened_from: Vec<(i64, String)>,
}

impl Walk {
    /// Stops at the first event that does not hold.
    async fn events(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        let purged = sqlx::query_scalar!(
            "SELECT DISTINCT incident_id FROM event_headers WHERE kind = ?",
            PURGED
        )
        .fetch_all(&mut *connection)
        .await?;
        self.purged = purged.into_iter().collect();
        let mut limit = CHUNK;
        let mut next = list_after(connection, 0, limit).await;
        loop {
            let entries = match next {
                Ok(Some(entries)) => entries,
                Ok(None) => return Ok(()),
                // One of them holds what is no text or number any more: find it one by one.
                Err(_) if limit > 1 => {
                    limit = 1;
                    next = list_after(connection, self.proof.events, limit).await;
                    continue;
                }
                Err(fault) => {
                    let seq = self.proof.events + 1;
                    self.proof.fault = Some(format!("event {seq}: cannot be read: {fault}"));
                    return Ok(());
                }
            };
            let last = entries.last;
            // The next are read while these are proven.
            let walk = std::mem::take(self);
            let proving = spawn_blocking(move || walk.steps(&entries.text));
            let (proven, read) = tokio::join!(proving, list_after(connection, last, limit));
            *self = proven.map_err(|_| StoreError::broke_off())?;
            if self.proof.fault.is_some() {
                return Ok(());
            }
            next = read;
        }
    }

    /// Stops at the first that does not hold.
    fn steps(mut self, entries: &str) -> Self {
        let mut rest = entries;
        while !rest.is_empty() {
            let (text, hash, salt, body);
            (text, rest) = split_lines(rest, HEADER_LINES);
            (hash, rest) = split_lines(rest, 1);
            (salt, rest) = split_lines(rest, 1);
            (body, rest) = split_lines(rest, 1);
            let Some(header) = Header::of(text) else {
                let seq = self.proof.events + 1;
                self.proof.fault = Some(format!("event {seq}: its header was changed"));
                break;
            };
            let payload = salt.strip_prefix('+').map(|salt| (salt, body));
            if let Some(why) = self.step(&header, text, hash, payload) {
                self.proof.fault = Some(format!(
                    "event {} (INC-{}, number {}, {}): {why}",
                    header.seq, header.incident_id, header.number, header.kind
                ));
                break;
            }
        }
        self
    }

    fn step(
        &mut self,
        header: &Header<'_>,
        text: &str,
        hash: &str,
        payload: Option<(&str, &str)>,
    ) -> Option<String> {
        if header.seq != self.proof.events + 1 {
            return Some(format!(
                "event {} is missing before it",
                self.proof.events + 1
            ));
        }
        let own = self.own.entry(header.incident_id).or_default();
        if header.number != own.1 + 1 {
            return Some("the incident's numbers have a hole before it".to_owned());
        }
        let covered = [text, "\n", &own.0, "\n", &self.proof.head].map(str::as_bytes);
        if sha256(&covered) != hash {
            return Some(
                "its header was changed, or one before it together with its hash".to_owned(),
            );
        }
        self.proof.events = header.seq;
        hash.clone_into(&mut self.proof.head);
        hash.clone_into(&mut own.0);
        own.1 = header.number;
        self.replay(header, payload)
    }

    fn replay(&mut self, header: &Header<'_>, payload: Option<(&str, &str)>) -> Option<String> {
        let Some((salt, body)) = payload else {
            if !self.purged.contains(&header.incident_id) {
                return Some("its contents are missing, and no purge says so".to_owned());
            }
            self.proof.purged += 1;
            self.states.insert(header.incident_id, None);
            return None;
        };
        let salted = hex::decode(salt).map(|salt| sha256(&[&salt, body.as_bytes()]));
        if salted.as_deref() != Ok(header.payload_hash) {
            return Some("its contents were changed".to_owned());
        }
        let (event, at): (Event, _) = match (from_json("an event", body), at(header.at_us)) {
            (Ok(event), Ok(at)) => (event, at),
            (Err(fault), _) | (_, Err(fault)) => return Some(format!("cannot be read: {fault}")),
        };
        if let Event::Opened {
            alert, raw_sha256, ..
        } = &event
        {
            self.opened_from.push((alert.0, raw_sha256.clone()));
        }
        let before = match self.states.remove(&header.incident_id) {
            // Purged earlier: nothing to replay on.
            Some(None) => {
                self.states.insert(header.incident_id, None);
                return None;
            }
            Some(state) => state,
            None => None,
        };
        let after = apply(before, &event, PersonId(header.staff), at);
        let opened = after.is_some();
        self.states.insert(header.incident_id, after);
        (!opened).then(|| "the incident's history does not begin with its opening".to_owned())
    }
}

async fn compare_states(
    connection: &mut Connection,
    states: &BTreeMap<i64, Option<Incident>>,
) -> Result<Option<String>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT id, stage, is_open AS "is_open: bool", holder_id, severity FROM incidents ORDER BY id"#
    )
    .fetch_all(&mut *connection)
    .await?;
    for some in rows.chunks(TOGETHER) {
        let ids: Vec<IncidentId> = some.iter().map(|row| IncidentId(row.id)).collect();
        // Where one of them cannot be read, each is looked at alone.
        let mut together = incident::list(connection, &ids).await.ok();
        for row in some {
            let id = row.id;
            let Some(replayed) = states.get(&id) else {
                return Ok(Some(format!("INC-{id}: it has no history")));
            };
            let Some(replayed) = replayed else { continue };
            let saved = match &mut together {
                Some(all) => Ok(all.remove(&IncidentId(id))),
                None => incident::find(connection, IncidentId(id)).await,
            };
            let saved = match saved {
                Ok(saved) => saved,
                Err(StoreError::Inconsistent { why, .. }) => {
                    return Ok(Some(format!(
                        "INC-{id}: the saved state cannot be read: {why}"
                    )));
                }
                Err(fault) => return Err(fault),
            };
            let columns = row.stage == replayed.stage.as_str()
                && row.is_open == replayed.is_open()
                && row.holder_id == replayed.holder().map(|h| h.0)
                && row.severity == replayed.severity.key();
            if saved.as_ref() != Some(replayed) || !columns {
                return Ok(Some(format!(
                    "INC-{id}: the saved state is not what its history leads to"
                )));
            }
        }
    }
    let saved: BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
    let gone = states.keys().find(|id| !saved.contains(id));
    Ok(gone.map(|id| format!("INC-{id}: the saved state is gone")))
}

async fn verify_views(connection: &mut Connection, proof: &mut Proof) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT h.seq, h.at_us, h.staff, h.what, h.incident_id, lower(hex(h.reason_hash)) AS "reason_hash!: String",
              lower(hex(h.hash)) AS "hash!: String",
              r.salt AS "salt?", r.reason AS "reason?"
           FROM access_headers h LEFT JOIN access_reasons r ON r.seq = h.seq ORDER BY h.seq"#
    )
    .fetch_all(connection)
    .await?;
    let mut previous = String::new();
    for row in rows {
        let header = access::Header {
            seq: row.seq,
            at_us: row.at_us,
            staff: row.staff,
            what: row.what,
            incident_id: row.incident_id,
            reason_hash: row.reason_hash,
            previous: std::mem::take(&mut previous),
        };
        let reason = row.salt.zip(row.reason);
        let changed = reason
            .is_some_and(|(salt, text)| sha256(&[&salt, text.as_bytes()]) != header.reason_hash);
        if header.seq != proof.views + 1 || header.hash() != row.hash || changed {
            proof.fault = Some(format!("view {} of the access log was changed", header.seq));
            return Ok(());
        }
        proof.views = header.seq;
        previous = row.hash;
    }
    Ok(())
}
