//! Containment as those on the case see it: each action, where it stands, and which gates it waits for.

use super::{App, AppError};
use crate::domain::containment::ActionState;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Command, Context, Refusal, closed_for, decide};
use crate::domain::policy::{Act, Actor, may};
use crate::domain::restricted::Level;

/// One action of an incident.
pub struct ActionView {
    pub number: u32,
    pub title: String,
    /// On what or whom; not for an approver who is not on the case.
    pub target: Option<String>,
    pub state: &'static str,
    /// The sentences of its gates that are closed, while it is proposed.
    pub closed: Vec<String>,
}

impl App {
    /// The actions of an incident, for those who read everything of it and for those who may authorise them.
    pub async fn containment(
        &self,
        actor: &Actor,
        id: IncidentId,
    ) -> Result<Vec<ActionView>, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let playbook = &visible.playbook.playbook;
        let whole = visible.clearance.level() >= Level::Everything;
        if !whole && !may(actor, Act::Authorise, &visible.incident, playbook) {
            return Err(Refusal::NotFound.into());
        }
        let elsewhere = self
            .elsewhere(&mut reader, actor, &visible.incident)
            .await?;
        let mut context = Context::new(self.now(), playbook, Some(actor));
        context.elsewhere = Some(&elsewhere);
        let views = visible.incident.actions.iter().map(|entry| {
            let action = playbook.action(&entry.action);
            let closed = match (&entry.state, action) {
                (ActionState::Proposed, Some(action)) => {
                    closed_for(&visible.incident, entry, action, &context)
                }
                _ => Vec::new(),
            };
            ActionView {
                number: entry.number,
                title: action.map_or_else(|| entry.action.clone(), |a| a.title.clone()),
                target: whole.then(|| entry.target.clone()),
                state: entry.state.word(),
                closed,
            }
        });
        Ok(views.collect())
    }

    /// The catalogue of the incident's playbook, as choices: title and id.
    pub async fn catalogue(
        &self,
        actor: &Actor,
        id: IncidentId,
    ) -> Result<Vec<(String, String)>, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let playbook = &visible.playbook.playbook;
        if !may(actor, Act::Contain, &visible.incident, playbook) {
            return Ok(Vec::new());
        }
        Ok(playbook
            .containment
            .iter()
            .map(|a| (a.title.clone(), a.id.clone()))
            .collect())
    }

    /// Whether the member may judge what was proposed: asked before a form opens.
    pub async fn may_second(&self, actor: &Actor, id: IncidentId) -> Result<(), AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let context = Context::new(self.now(), &visible.playbook.playbook, Some(actor));
        let command = Command::Refuse {
            reason: "asked before".to_owned(),
        };
        decide(Some(&visible.incident), &command, &context)?;
        Ok(())
    }
}
