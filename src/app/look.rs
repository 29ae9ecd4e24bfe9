//! The second look: which dismissals wait for whom, and what they rest on.

use super::act::Acted;
use super::{App, AppError};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Command, Context, Phase, may_look};
use crate::domain::policy::Actor;
use crate::domain::record::shown_time;
use crate::domain::view::{self, record_for};
use crate::store;

/// A dismissal that waits for the reader's second look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub id: IncidentId,
    pub severity: &'static str,
    /// When it was dismissed.
    pub at: String,
}

/// What it rests on.
#[derive(Debug)]
pub struct Seen {
    pub id: IncidentId,
    pub severity: &'static str,
    pub by: String,
    pub at: String,
    pub facts: Vec<(String, String)>,
    pub criteria: Vec<(String, String)>,
    pub record: Vec<(String, String)>,
}

impl App {
    /// The dismissals that wait for this member, longest first.
    pub async fn second_looks(&self, actor: &Actor) -> Result<Vec<Waiting>, AppError> {
        let mut reader = self.store.read().await?;
        let mut found = Vec::new();
        let looks = store::due::list_looks(&mut reader).await?;
        let mut visible = self.list_visible(&mut reader, actor, &looks).await?;
        for id in looks {
            let Some(visible) = visible.remove(&id) else {
                continue;
            };
            let playbook = &visible.playbook.playbook;
            let context = Context::new(self.now(), playbook, Some(actor));
            if let Phase::Ended(ended) = &visible.incident.phase
                && may_look(&visible.incident, &context).is_ok()
            {
                found.push(Waiting {
                    id,
                    severity: visible.incident.severity.key(),
                    at: shown_time(ended.at, self.zone),
                });
            }
        }
        Ok(found)
    }

    /// What a drawn dismissal rests on, for whoever looks at it again.
    pub async fn second_look(&self, actor: &Actor, id: IncidentId) -> Result<Seen, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let playbook = &visible.playbook.playbook;
        let incident = &visible.incident;
        may_look(incident, &Context::new(self.now(), playbook, Some(actor)))?;
        let facts = self
            .sighted(
                &mut reader,
                (incident, &visible.walls),
                &visible.clearance,
                view::facts,
            )
            .await?;
        let names = store::people::names(&mut reader, &[id]).await?;
        let (by, at) = match &incident.phase {
            Phase::Ended(ended) => (Some(ended.by), shown_time(ended.at, self.zone)),
            Phase::Open { .. } | Phase::Offered(_) => (None, String::new()),
        };
        let name = by.and_then(|by| names.get(&by).cloned());
        Ok(Seen {
            id,
            severity: incident.severity.key(),
            by: name.unwrap_or_else(|| "somebody".to_owned()),
            at,
            facts,
            criteria: view::criteria(incident, playbook),
            record: record_for(incident, playbook, &actor.roles, self.zone),
        })
    }

    /// The second person agrees, or reopens it for a reason.
    pub async fn look_again(
        &self,
        actor: &Actor,
        id: IncidentId,
        agrees: bool,
        reason: String,
    ) -> Result<Acted, AppError> {
        self.act(actor, id, Command::LookAgain { agrees, reason })
            .await
    }

    /// Whether a second look waits for this member: asked before a form opens.
    pub async fn may_look(&self, actor: &Actor, id: IncidentId) -> Result<(), AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let playbook = &visible.playbook.playbook;
        let context = Context::new(self.now(), playbook, Some(actor));
        Ok(may_look(&visible.incident, &context)?)
    }
}
