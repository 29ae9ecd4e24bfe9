//! The proof of the history: both chains, each payload against its hash, the saved state against a replay,
//! the access log. A cut tail shows only against the head that was kept outside.

use super::codec::{at, sha256};
use super::event::{Header, decode};
use super::{Connection, StoreError, access, incident};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{Event, Incident, apply};
use std::collections::BTreeMap;

/// Rows read at a time: few columns, so that memory stays small.
const CHUNK: i64 = 2000;

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

/// Walks the whole history.
pub async fn verify(connection: &mut Connection) -> Result<Proof, StoreError> {
    let mut walk = Walk::default();
    loop {
        let from = walk.proof.events;
        let rows = sqlx::query!(
            r#"SELECT h.seq, h.incident_id, h.number, h.at_us, h.staff, h.role, h.kind, h.format, h.criterion,
                  h.payload_hash, h.previous_of_incident, h.previous, h.hash,
                  p.salt AS "salt?", p.body AS "body?"
               FROM event_headers h LEFT JOIN event_payloads p ON p.seq = h.seq
               WHERE h.seq > ? ORDER BY h.seq LIMIT ?"#,
            from,
            CHUNK
        )
        .fetch_all(&mut *connection)
        .await?;
        let last = rows.len() < usize::try_from(CHUNK).unwrap_or(usize::MAX);
        for row in rows {
            let header = Header {
                seq: row.seq,
                incident_id: row.incident_id,
                number: row.number,
                at_us: row.at_us,
                staff: row.staff,
                role: row.role,
                kind: row.kind,
                format: row.format,
                criterion: row.criterion,
                payload_hash: row.payload_hash,
                previous_of_incident: row.previous_of_incident,
                previous: row.previous,
            };
            let payload = row.salt.zip(row.body);
            if let Some(why) = walk.step(&header, &row.hash, payload) {
                walk.proof.fault = Some(format!(
                    "event {} (INC-{}, number {}, {}): {why}",
                    header.seq, header.incident_id, header.number, header.kind
                ));
                return Ok(walk.proof);
            }
        }
        if last {
            break;
        }
    }
    walk.proof.fault = compare_states(connection, &walk.states).await?;
    walk.proof.incidents = walk.states.len();
    if walk.proof.fault.is_none() {
        verify_views(connection, &mut walk.proof).await?;
    }
    Ok(walk.proof)
}

#[derive(Default)]
struct Walk {
    proof: Proof,
    /// The last hash and number of each incident.
    own: BTreeMap<i64, (String, i64)>,
    /// Replayed states; `None` once a payload of theirs is purged.
    states: BTreeMap<i64, Option<Incident>>,
}

impl Walk {
    fn step(
        &mut self,
        header: &Header,
        hash: &str,
        payload: Option<(Vec<u8>, Vec<u8>)>,
    ) -> Option<String> {
        if header.seq != self.proof.events + 1 {
            return Some(format!(
                "event {} is missing before it",
                self.proof.events + 1
            ));
        }
        let (own_hash, own_number) = self
            .own
            .get(&header.incident_id)
            .cloned()
            .unwrap_or_default();
        if header.number != own_number + 1 {
            return Some("the incident's numbers have a hole before it".to_owned());
        }
        if header.previous != self.proof.head {
            return Some("does not follow the entry before it".to_owned());
        }
        if header.previous_of_incident != own_hash {
            return Some("does not follow the incident's entry before it".to_owned());
        }
        if header.hash() != hash {
            return Some("its header was changed".to_owned());
        }
        let fault = self.replay(header, payload);
        self.proof.events = header.seq;
        hash.clone_into(&mut self.proof.head);
        self.own
            .insert(header.incident_id, (hash.to_owned(), header.number));
        fault
    }

    fn replay(&mut self, header: &Header, payload: Option<(Vec<u8>, Vec<u8>)>) -> Option<String> {
        let Some((salt, body)) = payload else {
            self.proof.purged += 1;
            self.states.insert(header.incident_id, None);
            return None;
        };
        if sha256(&[&salt, &body]) != header.payload_hash {
            return Some("its contents were changed".to_owned());
        }
        let (event, at): (Event, _) = match (decode(&body), at(header.at_us)) {
            (Ok(event), Ok(at)) => (event, at),
            (Err(fault), _) | (_, Err(fault)) => return Some(format!("cannot be read: {fault}")),
        };
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
    for (id, replayed) in states {
        let Some(replayed) = replayed else { continue };
        let saved = incident::find(connection, IncidentId(*id)).await?;
        if saved.as_ref() != Some(replayed) {
            return Ok(Some(format!(
                "INC-{id}: the saved state is not what its history leads to"
            )));
        }
    }
    Ok(None)
}

async fn verify_views(connection: &mut Connection, proof: &mut Proof) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT h.seq, h.at_us, h.staff, h.what, h.incident_id, h.reason_hash, h.previous, h.hash,
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
            previous: row.previous,
        };
        let reason = row.salt.zip(row.reason);
        let changed = reason
            .is_some_and(|(salt, text)| sha256(&[&salt, text.as_bytes()]) != header.reason_hash);
        if header.seq != proof.views + 1
            || header.previous != previous
            || header.hash() != row.hash
            || changed
        {
            proof.fault = Some(format!("view {} of the access log was changed", header.seq));
            return Ok(());
        }
        proof.views = header.seq;
        previous = row.hash;
    }
    Ok(())
}
