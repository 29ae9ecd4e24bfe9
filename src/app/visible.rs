//! What a member may know of: each incident passes the policy before anything of it is read.

use super::playbooks::Loaded;
use super::{App, AppError};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Incident, Refusal};
use crate::domain::policy::{Actor, Walls, reads};
use crate::domain::restricted::Clearance;
use crate::store::{self, Connection};
use std::collections::HashMap;
use std::sync::Arc;

/// An incident that the actor may know of, with what they may read.
pub struct Visible {
    pub incident: Incident,
    pub playbook: Arc<Loaded>,
    pub walls: Walls,
    pub clearance: Clearance,
}

/// One of a list of incidents that the actor may know of.
pub struct Entry {
    pub incident: Arc<Incident>,
    pub playbook: Arc<Loaded>,
    pub clearance: Clearance,
}

impl From<Visible> for Entry {
    fn from(visible: Visible) -> Self {
        Self {
            incident: Arc::new(visible.incident),
            playbook: visible.playbook,
            clearance: visible.clearance,
        }
    }
}

impl App {
    /// The incident, if the actor may know of it at all.
    pub(super) async fn visible(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        id: IncidentId,
    ) -> Result<Visible, AppError> {
        let incident = store::incident::find(connection, id)
            .await?
            .ok_or(Refusal::NotFound)?;
        let walls = store::incident::walls(connection, id).await?;
        self.seen(actor, incident, walls)
    }

    /// The open incidents that the actor may know of, oldest first.
    pub(super) async fn visible_open(&self, actor: &Actor) -> Result<Vec<Entry>, AppError> {
        let (open, walled) = self.store.list_open(actor.person).await?;
        let mut entries = Vec::with_capacity(open.len());
        for incident in open {
            // Of the walls, what concerns the actor.
            let walls: Walls = walled
                .contains(&incident.id)
                .then_some(actor.person)
                .into_iter()
                .collect();
            let playbook = self.playbooks.load(&incident.playbook)?;
            if let Some(clearance) = reads(actor, &incident, &playbook.playbook, &walls) {
                entries.push(Entry {
                    incident,
                    playbook,
                    clearance,
                });
            }
        }
        Ok(entries)
    }

    /// Those of them that the actor may know of.
    pub(super) async fn list_visible(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        ids: &[IncidentId],
    ) -> Result<HashMap<IncidentId, Visible>, AppError> {
        let found = store::incident::list(connection, ids).await?;
        let found = found.into_values().collect();
        let seen = self.seen_of(connection, actor, found).await?;
        Ok(seen.into_iter().map(|one| (one.incident.id, one)).collect())
    }

    async fn seen_of(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        incidents: Vec<Incident>,
    ) -> Result<Vec<Visible>, AppError> {
        let ids: Vec<IncidentId> = incidents.iter().map(|incident| incident.id).collect();
        let mut walls = store::incident::list_walls(connection, &ids).await?;
        let each = incidents.into_iter().map(|incident| {
            let walls = walls.remove(&incident.id).unwrap_or_default();
            self.seen(actor, incident, walls)
        });
        each.filter(|seen| !matches!(seen, Err(AppError::Refused(_))))
            .collect()
    }

    /// What the actor may read of an incident; refused where that is nothing.
    pub(super) fn seen(
        &self,
        actor: &Actor,
        incident: Incident,
        walls: Walls,
    ) -> Result<Visible, AppError> {
        let playbook = self.playbooks.load(&incident.playbook)?;
        let clearance =
            reads(actor, &incident, &playbook.playbook, &walls).ok_or(Refusal::NotFound)?;
        Ok(Visible {
            incident,
            playbook,
            walls,
            clearance,
        })
    }

    /// The same, where what the actor may not know of is passed over.
    pub(super) async fn find_visible(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        id: IncidentId,
    ) -> Result<Option<Visible>, AppError> {
        match self.visible(connection, actor, id).await {
            Ok(visible) => Ok(Some(visible)),
            Err(AppError::Refused(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
