//! The choice of a playbook by a person, where none took the alert or the wrong one did.

use super::act::Acted;
use super::facts::{evaluate, facts, history};
use super::{App, AppError};
use crate::domain::ids::{IncidentId, PlaybookId};
use crate::domain::incident::{Command, Refusal, Routing};
use crate::domain::policy::Actor;
use crate::store;

impl App {
    /// The playbooks in force, as choices: title and id.
    pub fn playbook_choices(&self) -> Vec<(String, String)> {
        let current = self.playbooks.current().iter();
        current
            .map(|l| (l.playbook.title.clone(), l.reference.id.to_string()))
            .collect()
    }

    /// Moves an untouched incident to another playbook, at the stage where that one begins for it.
    pub async fn route_to(
        &self,
        actor: &Actor,
        id: IncidentId,
        playbook: PlaybookId,
    ) -> Result<Acted, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let visible = app.visible(connection, &actor, id).await?;
                    let chosen = app.playbooks.current().iter();
                    let chosen = chosen
                        .into_iter()
                        .find(|loaded| loaded.reference.id == playbook)
                        .cloned()
                        .ok_or_else(|| Refusal::NoSuchWay {
                            ways: app
                                .playbook_choices()
                                .into_iter()
                                .map(|(title, _)| title)
                                .collect(),
                        })?;
                    let incident = &visible.incident;
                    let on = app.first_alert(connection, incident).await?;
                    let around = on.as_ref().map_or(incident.opened_at, |on| {
                        store::alert::occurred_at(&on.alert, on.received_at)
                    });
                    let person = incident.concerned.first().copied();
                    let past = history(connection, person, around, &chosen.playbook).await?;
                    let now = app.now();
                    let found = facts(on.as_ref(), Some(incident), &past, &chosen.playbook, now);
                    let entry = chosen.playbook.entry(&found).ok_or(Refusal::Changed)?;
                    let stage = chosen
                        .playbook
                        .stage(&entry.stage)
                        .ok_or(Refusal::Changed)?;
                    let routing = Routing {
                        playbook: chosen.reference.clone(),
                        stage: stage.id.clone(),
                        channel: stage.channel.clone(),
                        owner: stage.owner.clone(),
                        criteria: evaluate(&chosen.playbook, &found),
                    };
                    app.step(connection, &actor, id, &Command::Route(Box::new(routing)))
                        .await
                })
            })
            .await
    }
}
