//! Open incidents as they were last read: lists read them all at each use, so each is decoded once a version.
//! Only for readers: what a transaction has not committed yet is never kept.

use super::codec::from_json;
use super::{Connection, StoreError, incident};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// So many are kept at most, some kilobytes each; more than that are decoded at each use.
const KEPT: usize = 16_384;

#[derive(Default)]
pub(super) struct Decoded {
    kept: Mutex<HashMap<IncidentId, Arc<Incident>>>,
    /// How many could not be read when they were last listed.
    unreadable: AtomicUsize,
}

impl Decoded {
    /// Every open incident of a snapshot that can be read, oldest first.
    pub(super) async fn list(
        &self,
        snapshot: &mut Connection,
    ) -> Result<Vec<Arc<Incident>>, StoreError> {
        let open = versions(snapshot).await?;
        let mut found = self.kept(&open);
        let is_new = |(id, _): &&(IncidentId, u64)| !found.contains_key(id);
        let new: Vec<IncidentId> = open.iter().filter(is_new).map(|(id, _)| *id).collect();
        if !new.is_empty() {
            let read = incident::list_each(snapshot, &new).await?.into_iter();
            let read = read.filter_map(|(id, one)| Some((id, Arc::new(one.ok()?))));
            let read: Vec<_> = read.collect();
            self.keep(&read);
            found.extend(read);
        }
        let unreadable = open.len().saturating_sub(found.len());
        self.unreadable.store(unreadable, Ordering::Relaxed);
        Ok(open.iter().filter_map(|(id, _)| found.remove(id)).collect())
    }

    pub(super) fn unreadable(&self) -> usize {
        self.unreadable.load(Ordering::Relaxed)
    }

    /// Those that are kept in this version. Whatever is open no more is given up.
    fn kept(&self, open: &[(IncidentId, u64)]) -> HashMap<IncidentId, Arc<Incident>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = HashMap::with_capacity(open.len());
        for (id, version) in open {
            if let Some(known) = kept.get(id).filter(|known| known.version == *version) {
                found.insert(*id, Arc::clone(known));
            }
        }
        kept.retain(|id, _| found.contains_key(id));
        found
    }

    fn keep(&self, read: &[(IncidentId, Arc<Incident>)]) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, incident) in read {
            if kept.len() < KEPT || kept.contains_key(id) {
                kept.insert(*id, Arc::clone(incident));
            }
        }
    }
}

/// The open incidents with the version of each, oldest first, as one value: a row for each costs more than reading it.
async fn versions(reader: &mut Connection) -> Result<Vec<(IncidentId, u64)>, StoreError> {
    let versions = sqlx::query_scalar!(
        r#"SELECT json_group_array(json_array(id, version)) AS "versions!: String"
           FROM (SELECT id, version FROM incidents WHERE is_open = 1 ORDER BY id)"#
    )
    .fetch_one(reader)
    .await?;
    from_json("the open incidents", &versions)
}
