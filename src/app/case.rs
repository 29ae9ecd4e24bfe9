//! What a case gathers: corrections by the numbers that people see, messages of its thread, links, alerts that go their
//! own way.

use super::act::{Acted, By, role_in};
use super::facts::{evaluate, facts, history};
use super::query::on_incident;
use super::visible::Visible;
use super::{App, AppError};
use crate::domain::alert::User;
use crate::domain::ids::{AccountId, AlertId, IncidentId, PersonId};
use crate::domain::incident::{
    CaseFault, Command, Context, Elsewhere, Evaluated, Incident, Noting, Opening, Quoted, Refusal,
    Splitting, decide, may_split,
};
use crate::domain::policy::{Actor, reads};
use crate::domain::record::shown_time;
use crate::domain::restricted::Level;
use crate::domain::timeline::Line;
use crate::domain::view::OnIncident;
use crate::store::{self, Connection};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// A message of a thread, as the member who adds it sees it.
#[derive(Debug, Clone)]
pub struct Spoken {
    /// The thread.
    pub channel: String,
    pub message: String,
    pub author: AccountId,
    /// A program wrote it, or nobody said anything in it.
    pub wordless: bool,
    pub text: String,
    pub written_at: DateTime<Utc>,
}

impl App {
    /// A note; what it corrects is named by the number that the member sees on the timeline. Gives back the old line.
    pub async fn note(
        &self,
        actor: &Actor,
        id: IncidentId,
        mut noting: Noting,
    ) -> Result<Option<Line>, AppError> {
        let mut corrected = None;
        if let Some(number) = noting.corrects {
            let told = self.timeline(actor, id).await?;
            let line = told.lines.into_iter().find(|line| line.number == number);
            let line = line.ok_or(CaseFault::NoEntry).map_err(Refusal::from)?;
            noting.corrects = Some(line.entry);
            corrected = Some(line);
        }
        self.act(actor, id, Command::Note(Box::new(noting))).await?;
        Ok(corrected)
    }

    /// Puts a message of an incident's thread on its timeline. Anywhere else, and where the case is not theirs, it is
    /// refused in the same words.
    pub async fn quote(&self, actor: &Actor, spoken: Spoken) -> Result<IncidentId, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let elsewhere = || AppError::from(Refusal::from(CaseFault::NotInThread));
                    let id = store::posted::find_thread(connection, &spoken.channel).await?;
                    let id = id.ok_or_else(elsewhere)?;
                    match app.visible(connection, &actor, id).await {
                        Ok(_) => {}
                        Err(AppError::Refused(_)) => return Err(elsewhere()),
                        Err(fault) => return Err(fault),
                    }
                    if spoken.wordless {
                        return Err(Refusal::from(CaseFault::NoWords).into());
                    }
                    let author = store::people::find_member(connection, &spoken.author).await?;
                    let noting = Noting {
                        text: spoken.text,
                        quoted: Some(Quoted {
                            message: spoken.message,
                            author: author.map(|member| member.person),
                            written_at: spoken.written_at,
                        }),
                        ..Noting::default()
                    };
                    let command = Command::Note(Box::new(noting));
                    app.step(connection, &actor, id, &command).await?;
                    Ok(id)
                })
            })
            .await
    }

    /// Links two incidents that the member may know of; both timelines say so. What is not theirs to see is not found.
    pub async fn link(
        &self,
        actor: &Actor,
        id: IncidentId,
        other: IncidentId,
        reason: String,
    ) -> Result<Acted, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    app.visible(connection, &actor, id).await?;
                    let there = app.visible(connection, &actor, other).await?;
                    let command = Command::Link {
                        other,
                        reason: reason.clone(),
                    };
                    let acted = app.step(connection, &actor, id, &command).await?;
                    let command = Command::Link { other: id, reason };
                    app.follow(connection, &actor, there, &command).await?;
                    Ok(acted)
                })
            })
            .await
    }

    /// The side of a step on two incidents that follows from the first: nobody needs a right of their own there.
    async fn follow(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        there: Visible,
        command: &Command,
    ) -> Result<Acted, AppError> {
        let playbook = &there.playbook.playbook;
        let context = Context::new(self.now(), playbook, None);
        let events = decide(Some(&there.incident), command, &context)?;
        let by = By {
            person: actor.person,
            role: role_in(actor, &there.incident, playbook),
        };
        self.commit(connection, Some(there.incident), &events, by, playbook)
            .await
    }

    /// Moves alerts into a new incident of the same playbook, where that one begins for them.
    pub async fn split(
        &self,
        actor: &Actor,
        id: IncidentId,
        alerts: Vec<AlertId>,
        reason: String,
    ) -> Result<Incident, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let visible = app.visible(connection, &actor, id).await?;
                    let playbook = &visible.playbook.playbook;
                    let context = Context::new(app.now(), playbook, Some(&actor));
                    may_split(&visible.incident, &alerts, &context)?;
                    if reason.trim().is_empty() {
                        return Err(Refusal::ReasonMissing.into());
                    }
                    let into = store::number::next(connection).await?.incident;
                    let by = By {
                        person: actor.person,
                        role: role_in(&actor, &visible.incident, playbook),
                    };
                    let source = &visible.incident;
                    let stays = source.alerts.iter().filter(|a| !alerts.contains(a));
                    let stays: Vec<AlertId> = stays.copied().collect();
                    let (concerned, criteria) = app.left(connection, &visible, &stays).await?;
                    let new = app
                        .open_from(connection, &visible, &alerts, into, by)
                        .await?;
                    let told = Command::ComeFrom {
                        from: id,
                        reason: reason.trim().to_owned(),
                    };
                    let events = decide(Some(&new), &told, &context)?;
                    let new = app
                        .commit(connection, Some(new), &events, by, playbook)
                        .await?;
                    let splitting = Splitting {
                        into,
                        alerts,
                        reason,
                        concerned,
                        criteria,
                    };
                    let command = Command::Split(Box::new(splitting));
                    app.step(connection, &actor, id, &command).await?;
                    Ok(new.incident)
                })
            })
            .await
    }

    /// Whom the alerts that stay are about, and what they meet.
    async fn left(
        &self,
        connection: &mut Connection,
        visible: &Visible,
        stays: &[AlertId],
    ) -> Result<(BTreeSet<PersonId>, Vec<Evaluated>), AppError> {
        let (mut concerned, mut criteria) = (BTreeSet::new(), Vec::new());
        for alert in stays {
            let (on, person) = self.kept(connection, *alert).await?;
            concerned.extend(person);
            let found = self
                .found(connection, visible, &on, person, Some(&visible.incident))
                .await?;
            criteria.extend(found);
        }
        Ok((concerned, criteria))
    }

    /// A new incident with these alerts; they are its own from here on, bodies and all.
    async fn open_from(
        &self,
        connection: &mut Connection,
        visible: &Visible,
        alerts: &[AlertId],
        into: IncidentId,
        by: By,
    ) -> Result<Incident, AppError> {
        let playbook = &visible.playbook.playbook;
        let context = Context::new(self.now(), playbook, None);
        let mut new: Option<Incident> = None;
        for alert in alerts {
            let (on, person) = self.kept(connection, *alert).await?;
            let criteria = self
                .found(connection, visible, &on, person, new.as_ref())
                .await?;
            let command = if new.is_some() {
                Command::Attach {
                    alert: *alert,
                    severity: on.alert.severity,
                    concerned: person,
                    criteria,
                }
            } else {
                let opening = self
                    .opening(connection, visible, (&on, person), into, criteria)
                    .await?;
                Command::Open(Box::new(opening))
            };
            let events = decide(new.as_ref(), &command, &context)?;
            let acted = self.commit(connection, new, &events, by, playbook).await?;
            store::alert::save_incident(connection, *alert, into).await?;
            new = Some(acted.incident);
        }
        new.ok_or_else(|| Refusal::from(CaseFault::NoAlert).into())
    }

    /// What opens the new incident: its first alert, at the stage where the playbook begins for it.
    async fn opening(
        &self,
        connection: &mut Connection,
        visible: &Visible,
        (on, person): (&OnIncident, Option<PersonId>),
        into: IncidentId,
        criteria: Vec<Evaluated>,
    ) -> Result<Opening, AppError> {
        let playbook = &visible.playbook.playbook;
        let past = self.past(connection, visible, on, person).await?;
        let found = facts(Some(on), None, &past, playbook, self.now());
        let entry = playbook.entry(&found).ok_or(Refusal::Changed)?;
        let raw_sha256 = store::body::find_newest_hash(connection, on.id).await?;
        Ok(Opening {
            id: into,
            playbook: visible.incident.playbook.clone(),
            alert: on.id,
            raw_sha256: raw_sha256.unwrap_or_default(),
            severity: on.alert.severity,
            stage: entry.stage.clone(),
            because: entry.because.clone(),
            concerned: person,
            reported_by: None,
            criteria,
            drill: visible.incident.drill,
            sealed: false,
        })
    }

    async fn kept(
        &self,
        connection: &mut Connection,
        alert: AlertId,
    ) -> Result<(OnIncident, Option<PersonId>), AppError> {
        let kept = store::alert::load(connection, alert).await?;
        let person = kept.person;
        Ok((on_incident(kept), person))
    }

    async fn past(
        &self,
        connection: &mut Connection,
        visible: &Visible,
        on: &OnIncident,
        person: Option<PersonId>,
    ) -> Result<super::facts::History, AppError> {
        let around = store::alert::occurred_at(&on.alert, on.received_at);
        Ok(history(connection, person, around, &visible.playbook.playbook).await?)
    }

    /// What one alert meets, in the incident or before there is one.
    async fn found(
        &self,
        connection: &mut Connection,
        visible: &Visible,
        on: &OnIncident,
        person: Option<PersonId>,
        incident: Option<&Incident>,
    ) -> Result<Vec<Evaluated>, AppError> {
        let playbook = &visible.playbook.playbook;
        let past = self.past(connection, visible, on, person).await?;
        let found = facts(Some(on), incident, &past, playbook, self.now());
        Ok(evaluate(playbook, &found))
    }

    /// The alerts that the member may split off, as choices: what it is, and its id.
    pub async fn split_choices(
        &self,
        actor: &Actor,
        id: IncidentId,
    ) -> Result<Vec<(String, AlertId)>, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        if visible.clearance.level() < Level::Facts {
            return Err(Refusal::NotFound.into());
        }
        let mut choices = Vec::new();
        for alert in &visible.incident.alerts {
            let (on, _) = self.kept(&mut reader, *alert).await?;
            let rule = on.alert.rule.as_ref().and_then(|rule| rule.name.clone());
            let at = store::alert::occurred_at(&on.alert, on.received_at);
            let parts = [
                Some(alert.to_string()),
                Some(shown_time(at, self.zone)),
                on.alert.user.as_ref().and_then(User::shown),
                rule,
            ];
            let words: Vec<String> = parts.into_iter().flatten().collect();
            choices.push((words.join(" · "), *alert));
        }
        Ok(choices)
    }

    /// What linked incidents say of the person, for the gates; those that the reader may not read are not named.
    pub(super) async fn elsewhere(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        incident: &Incident,
    ) -> Result<Elsewhere, AppError> {
        let mut elsewhere = Elsewhere::default();
        let linked: Vec<IncidentId> = incident.linked.iter().copied().collect();
        let all = store::incident::list(connection, &linked).await?;
        let mut walls = store::incident::list_walls(connection, &linked).await?;
        for linked in linked.iter().filter_map(|id| all.get(id)) {
            let playbook = &self.playbooks.load(&linked.playbook)?.playbook;
            let walls = walls.remove(&linked.id).unwrap_or_default();
            let clearance = reads(actor, linked, playbook, &walls);
            let told = clearance.is_some_and(|known| known.level() >= Level::Record);
            elsewhere.add(linked, playbook, told);
        }
        Ok(elsewhere)
    }
}
