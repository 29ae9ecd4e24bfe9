//! What waits for a member, and what came of what they handed over. Only ever about oneself.

use super::form::Listed;
use super::query::{Queued, Wanted};
use super::{App, AppError};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Phase;
use crate::domain::outcome::{Verdict, verdict};
use crate::domain::policy::{Actor, reads};
use crate::store;
use chrono::{DateTime, Utc};

/// Ends that are told, the newest first.
const ENDS: i64 = 10;

/// What is a member's own.
pub struct Mine {
    pub held: Vec<Queued>,
    /// Handoffs that they may accept or return.
    pub offered: Vec<Queued>,
    /// Briefs that they have not read yet.
    pub briefs: Vec<Queued>,
    pub drafts: Vec<Listed>,
    /// What they handed over and has ended since: when, and whether it was confirmed.
    pub came_of: Vec<(IncidentId, DateTime<Utc>, Verdict)>,
}

impl App {
    pub async fn mine(&self, actor: &Actor) -> Result<Mine, AppError> {
        let wanted = [Wanted::Hold, Wanted::Receive, Wanted::Read];
        let [held, offered, briefs] = self.queues_for(actor, wanted).await?;
        Ok(Mine {
            held,
            offered,
            briefs,
            drafts: self.drafts(actor).await?,
            came_of: self.came_of(actor).await?,
        })
    }

    async fn came_of(
        &self,
        actor: &Actor,
    ) -> Result<Vec<(IncidentId, DateTime<Utc>, Verdict)>, AppError> {
        let mut reader = self.store.read().await?;
        let mut told = Vec::new();
        for incident in store::incident::list_ended_of(&mut reader, actor.person, ENDS).await? {
            let walls = store::incident::walls(&mut reader, incident.id).await?;
            let loaded = self.playbooks.load(&incident.playbook)?;
            if reads(actor, &incident, &loaded.playbook, &walls).is_none() {
                continue;
            }
            if let Phase::Ended(ended) = &incident.phase
                && let Some(verdict) = verdict(&incident, &loaded.playbook)
            {
                told.push((incident.id, ended.at, verdict));
            }
        }
        Ok(told)
    }
}
