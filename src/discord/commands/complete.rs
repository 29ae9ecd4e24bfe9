//! Choices while a member types: only what they may see and can act on with the command.

use super::handle::{Bot, Fault};
use super::report::option;
use super::table::{CaseAct, CommsAct, ContainAct, OptKind, PatternAct, Verb, commands};
use crate::app::query::Wanted;
use crate::discord::incoming::CommandOption;
use crate::domain::playbook::definition::TransitionKind;
use crate::domain::policy::Actor;

impl Bot {
    /// Only what the member may see, and can act on with this command.
    pub(super) async fn autocomplete(
        &self,
        actor: &Actor,
        path: &str,
        options: &[CommandOption],
        focused: &(String, String),
    ) -> Result<Vec<(String, String)>, Fault> {
        let Some(command) = commands().find(|c| c.name == path) else {
            return Ok(Vec::new());
        };
        let kind = command
            .options
            .iter()
            .find(|o| o.name == focused.0)
            .map(|o| o.kind);
        match kind {
            Some(OptKind::Incident) => {
                let wanted = match focused.0.as_str() {
                    // The other side of a link is asked for nothing but to be seen.
                    "other" => Wanted::See,
                    "earlier_than" => Wanted::Details,
                    _ => wanted(command.verb),
                };
                self.incident_choices(actor, wanted, &focused.1).await
            }
            Some(OptKind::Way) => {
                let Some(id) = option(options, "incident").and_then(|t| t.parse().ok()) else {
                    return Ok(Vec::new());
                };
                let Verb::Leave(kind) = command.verb else {
                    return Ok(Vec::new());
                };
                let ways = self.app.ways(actor, id, kind).await?;
                Ok(ways
                    .into_iter()
                    .map(|(way, title)| (title, way.to_string()))
                    .collect())
            }
            Some(OptKind::Action) => {
                let Some(id) = option(options, "incident").and_then(|t| t.parse().ok()) else {
                    return Ok(Vec::new());
                };
                Ok(self.app.catalogue(actor, id).await?)
            }
            Some(kind @ (OptKind::Answer | OptKind::Item | OptKind::Rule | OptKind::Request)) => {
                let Some(id) = option(options, "incident").and_then(|t| t.parse().ok()) else {
                    return Ok(Vec::new());
                };
                self.governing_choices(actor, id, command.verb, kind).await
            }
            Some(OptKind::Playbook) if command.verb == Verb::Pattern(PatternAct::Propose) => {
                Ok(self.app.pattern_playbooks(actor))
            }
            Some(OptKind::Playbook) => Ok(self.app.playbook_choices()),
            Some(OptKind::Past) => Ok(self.past_choices(&focused.1)),
            Some(kind @ (OptKind::Alerts | OptKind::Entry)) => {
                let Some(id) = option(options, "incident").and_then(|t| t.parse().ok()) else {
                    return Ok(Vec::new());
                };
                if kind == OptKind::Alerts {
                    self.alert_choices(actor, id, &focused.1).await
                } else {
                    self.entry_choices(actor, id, &focused.1).await
                }
            }
            Some(OptKind::Pattern) => {
                let act = if let Verb::Pattern(act) = command.verb {
                    Some(act)
                } else {
                    None
                };
                self.pattern_choices(actor, act, &focused.1).await
            }
            Some(OptKind::Text(_) | OptKind::Choice(_) | OptKind::Person) | None => Ok(Vec::new()),
        }
    }

    async fn incident_choices(
        &self,
        actor: &Actor,
        wanted: Wanted,
        typed: &str,
    ) -> Result<Vec<(String, String)>, Fault> {
        let typed = typed.trim().to_lowercase();
        let rows = self.app.queue_for(actor, wanted).await?;
        let matching = rows
            .into_iter()
            .filter(|row| typed.is_empty() || row.id.to_string().to_lowercase().contains(&typed));
        Ok(matching
            .take(25)
            .map(|row| {
                let name = format!(
                    "{} · {} · {} · {}",
                    row.id, row.severity, row.stage, row.age
                );
                (name, row.id.to_string())
            })
            .collect())
    }
}

/// What an incident must allow, to be offered for a command.
fn wanted(verb: Verb) -> Wanted {
    match verb {
        Verb::Claim => Wanted::Claim,
        Verb::Leave(TransitionKind::Engagement) | Verb::Comms(CommsAct::Request) => Wanted::Engage,
        Verb::Leave(kind) => Wanted::Leave(kind),
        Verb::Case(CaseAct::Note) | Verb::Status => Wanted::Note,
        Verb::Case(CaseAct::Link) => Wanted::Link,
        Verb::Case(CaseAct::Split) => Wanted::Split,
        Verb::Route => Wanted::Route,
        Verb::Contain(ContainAct::Override) => Wanted::Override,
        Verb::Contain(ContainAct::List | ContainAct::Authorise) => Wanted::Authorise,
        Verb::Contain(_) => Wanted::Contain,
        Verb::Governance(_) => Wanted::Govern,
        Verb::Comms(CommsAct::Decide) => Wanted::Decide,
        Verb::Accept | Verb::Return => Wanted::Receive,
        Verb::Snooze => Wanted::Snooze,
        Verb::Timeline => Wanted::Timeline,
        Verb::Reopen => Wanted::Reopen,
        Verb::Pattern(_) => Wanted::Leave(TransitionKind::Dismissal),
        Verb::Me
        | Verb::Open
        | Verb::Queue
        | Verb::Drafts
        | Verb::Roster(_)
        | Verb::Audit(_)
        | Verb::Health
        | Verb::Help => Wanted::See,
    }
}
