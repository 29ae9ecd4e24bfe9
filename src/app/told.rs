//! The timeline as its reader may have it, and what is stuck.

use super::{App, AppError};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{Incident, Refusal};
use crate::domain::playbook::definition::Playbook;
use crate::domain::policy::{self, Actor};
use crate::domain::restricted::Level;
use crate::domain::stuck::{With, stuck};
use crate::domain::timeline::{Line, Reader, lines};
use crate::store::access::View;
use crate::store::{self, Connection};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A timeline with what stands around its lines.
pub struct Told {
    pub id: IncidentId,
    pub lines: Vec<Line>,
    /// Who acted, by name.
    pub names: BTreeMap<PersonId, String>,
    /// The persons concerned by number, for whoever reads no name: "Person 1, Finance".
    pub persons: Vec<String>,
    /// Whether the reader may learn the names on a stated reason.
    pub may_name: bool,
}

/// One thing that waits longer than it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckRow {
    pub id: IncidentId,
    pub severity: &'static str,
    pub stage: String,
    pub waits_for: String,
    pub with: String,
    pub since: DateTime<Utc>,
}

impl App {
    /// The timeline as far as the member may read it, with the names of those who acted.
    pub async fn timeline(&self, actor: &Actor, id: IncidentId) -> Result<Told, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        if visible.clearance.level() < Level::Steps {
            return Err(Refusal::NotFound.into());
        }
        let history = store::event::list(&mut reader, id).await?;
        let names = store::people::names(&mut reader, &[id]).await?;
        let others = self
            .readable(&mut reader, actor, &visible.incident.linked)
            .await?;
        let before: Vec<&Playbook> = self
            .playbooks
            .current()
            .iter()
            .map(|l| &l.playbook)
            .collect();
        let told = lines(
            &history,
            &visible.playbook.playbook,
            &Reader {
                clearance: &visible.clearance,
                roles: &actor.roles,
                zone: self.zone,
                others: &others,
                before: &before,
                names: &names,
            },
        );
        let by_number = visible.clearance.level() < Level::Facts;
        let persons = if by_number {
            self.numbered(&mut reader, &visible.incident).await?
        } else {
            Vec::new()
        };
        let playbook = &visible.playbook.playbook;
        let may_name = policy::names(actor, &visible.incident, playbook, &visible.walls).is_some();
        Ok(Told {
            may_name: by_number && may_name && !persons.is_empty(),
            id,
            lines: told,
            names,
            persons,
        })
    }

    /// Of these incidents, those that the member may know of.
    pub(super) async fn readable(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        ids: &BTreeSet<IncidentId>,
    ) -> Result<BTreeSet<IncidentId>, AppError> {
        let ids: Vec<IncidentId> = ids.iter().copied().collect();
        let visible = self.list_visible(connection, actor, &ids).await?;
        Ok(visible.into_keys().collect())
    }

    async fn numbered(
        &self,
        connection: &mut Connection,
        incident: &Incident,
    ) -> Result<Vec<String>, AppError> {
        let mut persons = Vec::new();
        for (person, number) in incident.concerned.iter().zip(1..) {
            let listed = store::directory::find(connection, *person).await?;
            let department = listed.and_then(|listed| listed.department);
            let department = department.unwrap_or_else(|| "department not known".to_owned());
            persons.push(format!("Person {number}, {department}"));
        }
        Ok(persons)
    }

    /// Whether the member may learn the names at all: asked before a form opens.
    pub async fn may_name(&self, actor: &Actor, id: IncidentId) -> Result<(), AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let playbook = &visible.playbook.playbook;
        policy::names(actor, &visible.incident, playbook, &visible.walls)
            .map(|_| ())
            .ok_or_else(|| Refusal::NotFound.into())
    }

    /// The names behind the numbers, on a reason that stands in the access log before anything is shown.
    pub async fn named(
        &self,
        actor: &Actor,
        id: IncidentId,
        reason: String,
    ) -> Result<Vec<String>, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let visible = app.visible(connection, &actor, id).await?;
                    let playbook = &visible.playbook.playbook;
                    policy::names(&actor, &visible.incident, playbook, &visible.walls)
                        .ok_or(Refusal::NotFound)?;
                    app.log_read(connection, &actor, "names", id, &reason)
                        .await?;
                    let names = store::people::names(connection, &[id]).await?;
                    let numbered = app.numbered(connection, &visible.incident).await?;
                    let concerned = visible.incident.concerned.iter().zip(numbered);
                    Ok(concerned
                        .map(|(person, numbered)| {
                            let name = names.get(person).cloned();
                            let name = name.unwrap_or_else(|| person.to_string());
                            format!("{numbered}: {name}")
                        })
                        .collect())
                })
            })
            .await
    }

    /// A read on a stated reason, in the access log; without a reason it is refused.
    pub(super) async fn log_read(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        what: &'static str,
        id: IncidentId,
        reason: &str,
    ) -> Result<(), AppError> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Refusal::ReasonMissing.into());
        }
        let view = View {
            at: self.now(),
            by: actor.person,
            what,
            incident: id,
            reason: Some(reason),
            salt: self.ids.salt(),
        };
        store::access::append(connection, &view).await?;
        Ok(())
    }

    /// What is stuck among the incidents whose timeline the member may read: with whom, since when; the longest first.
    pub async fn stuck(&self, actor: &Actor) -> Result<Vec<StuckRow>, AppError> {
        let open = self.visible_open(actor).await?;
        let mut reader = self.store.read().await?;
        let names = store::people::names(&mut reader, &[]).await?;
        let calendar = self.calendar(&mut reader).await?;
        let mut rows = Vec::new();
        let timelines = open
            .iter()
            .filter(|one| one.clearance.level() >= Level::Steps);
        for entry in timelines {
            let (incident, playbook) = (&entry.incident, &entry.playbook.playbook);
            let visit = incident.current_visit().map(|(_, visit)| &visit.stage);
            let stage = playbook.stage(visit.unwrap_or(&incident.stage));
            let stage = stage.map_or_else(String::new, |stage| stage.title.clone());
            let waits = stuck(incident, playbook, &calendar, self.now()).into_iter();
            rows.extend(waits.map(|waits| StuckRow {
                id: incident.id,
                severity: incident.severity.key(),
                stage: stage.clone(),
                waits_for: waits.waits_for,
                with: with(&waits.with, &names),
                since: waits.since,
            }));
        }
        rows.sort_by_key(|row| (row.since, row.id));
        Ok(rows)
    }
}

fn with(with: &With, names: &BTreeMap<PersonId, String>) -> String {
    match with {
        With::Team(role) => format!("the team {role}"),
        With::People(people) => {
            let name = |person: &PersonId| {
                let name = names.get(person).cloned();
                name.unwrap_or_else(|| person.to_string())
            };
            people.iter().map(name).collect::<Vec<_>>().join(", ")
        }
    }
}
