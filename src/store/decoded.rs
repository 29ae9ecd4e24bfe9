//! Open incidents as they were last read: lists read them all at each use, so each is decoded once a version. An incident
//! changes with an entry of the history alone, so what came behind the last known entry says which to read anew.
//! Only for readers: what a transaction has not committed yet is never kept.

use super::codec::to_json;
use super::incident::decode;
use super::{Connection, StoreError};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// So many are kept at most, some kilobytes each; where more are open, they are decoded at each use.
const KEPT: usize = 32_768;

#[derive(Default)]
pub(super) struct Decoded(Mutex<Option<Arc<Open>>>);

/// Every open incident as it stood after an entry of the history.
#[derive(Debug, Clone, Default)]
pub(super) struct Open {
    /// The last entry that is in it.
    seq: i64,
    /// Those that can be read, oldest first.
    incidents: Vec<Arc<Incident>>,
    /// Those that could not: each list tries again.
    pub(super) unreadable: BTreeSet<IncidentId>,
}

impl Decoded {
    /// What is open in a snapshot.
    pub(super) async fn list(&self, snapshot: &mut Connection) -> Result<Arc<Open>, StoreError> {
        let head = sqlx::query_scalar!(r#"SELECT MAX(seq) AS "seq: i64" FROM event_headers"#)
            .fetch_one(&mut *snapshot)
            .await?;
        let head = head.unwrap_or(0);
        let open = match self.known() {
            Some(open) if open.seq == head && open.unreadable.is_empty() => return Ok(open),
            Some(open) if open.seq <= head => open.up_to(snapshot, head).await?,
            // Nothing is known yet, or only what is later than this snapshot.
            Some(_) | None => Open::at(snapshot, head).await?,
        };
        let open = Arc::new(open);
        self.keep(&open);
        Ok(open)
    }

    /// How many open incidents could not be read when they were last listed.
    pub(super) fn unreadable(&self) -> usize {
        self.known().map_or(0, |open| open.unreadable.len())
    }

    fn known(&self) -> Option<Arc<Open>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    /// Unless a later moment is known by now.
    fn keep(&self, open: &Arc<Open>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_none_or(|known| known.seq <= open.seq) {
            *known = (open.incidents.len() <= KEPT).then(|| Arc::clone(open));
        }
    }
}

impl Open {
    pub(super) fn incidents(&self) -> &[Arc<Incident>] {
        &self.incidents
    }

    /// Everything that is open at a head.
    async fn at(snapshot: &mut Connection, head: i64) -> Result<Self, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT id, state, record, (SELECT MAX(h.at_us) FROM event_headers h
                   WHERE h.incident_id = incidents.id AND h.staff != 0) AS "touched_us: i64"
               FROM incidents WHERE is_open = 1 ORDER BY id"#
        )
        .fetch_all(snapshot)
        .await?;
        let mut open = Self {
            seq: head,
            ..Self::default()
        };
        for row in rows {
            let incident = decode(&row.state, &row.record, row.touched_us);
            open.put(IncidentId(row.id), Some(incident));
        }
        Ok(open)
    }

    /// The same at a later head.
    async fn up_to(&self, snapshot: &mut Connection, head: i64) -> Result<Self, StoreError> {
        let again: Vec<i64> = self.unreadable.iter().map(|id| id.0).collect();
        let again = to_json("incidents", &again)?;
        let rows = sqlx::query!(
            r#"SELECT id AS "id!: i64", CASE WHEN is_open = 1 THEN state END AS "state: String", record,
                  (SELECT MAX(h.at_us) FROM event_headers h
                   WHERE h.incident_id = incidents.id AND h.staff != 0) AS "touched_us: i64"
               FROM incidents WHERE id IN (SELECT incident_id FROM event_headers WHERE seq > ?
                   UNION SELECT value FROM json_each(?))"#,
            self.seq,
            again
        )
        .fetch_all(snapshot)
        .await?;
        let mut open = Self {
            seq: head,
            ..self.clone()
        };
        for row in rows {
            let state = row.state;
            let incident = state.map(|state| decode(&state, &row.record, row.touched_us));
            open.put(IncidentId(row.id), incident);
        }
        Ok(open)
    }

    /// As it stands now; `None` once it is open no more.
    fn put(&mut self, id: IncidentId, incident: Option<Result<Incident, StoreError>>) {
        if matches!(incident, Some(Err(_))) {
            self.unreadable.insert(id);
        } else {
            self.unreadable.remove(&id);
        }
        let place = self.incidents.binary_search_by_key(&id, |one| one.id);
        match (place, incident) {
            (Ok(place), Some(Ok(incident))) => {
                if let Some(one) = self.incidents.get_mut(place) {
                    *one = Arc::new(incident);
                }
            }
            (Err(place), Some(Ok(incident))) => self.incidents.insert(place, Arc::new(incident)),
            (place, Some(Err(_)) | None) => {
                if let Ok(place) = place {
                    self.incidents.remove(place);
                }
            }
        }
    }
}
