//! One step on one incident: load, judge, append, derive effects and deadlines, commit.

use super::facts::history;
use super::intend::intend_all;
use super::{App, AppError};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{
    Command, Context, Dismissal, EndKind, Event, Incident, Refusal, apply, decide,
};
use crate::domain::playbook::definition::Playbook;
use crate::domain::policy::{Actor, Walls, reads};
use crate::domain::restricted::Clearance;
use crate::domain::role::Role;
use crate::domain::{due, effect};
use crate::store::{self, Connection};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// What a step led to.
#[derive(Debug, Clone)]
pub struct Acted {
    pub incident: Incident,
    /// False when nothing had to change.
    pub changed: bool,
}

/// An incident that the actor may know of, with what they may read.
pub struct Visible {
    pub incident: Incident,
    pub playbook: Arc<super::playbooks::Loaded>,
    pub walls: Walls,
    pub clearance: Clearance,
}

impl App {
    /// A member's step. The same refusal for what does not exist and what is not theirs to see.
    pub async fn act(
        &self,
        actor: &Actor,
        id: IncidentId,
        command: Command,
    ) -> Result<Acted, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move { app.step(connection, &actor, id, &command).await })
            })
            .await
    }

    /// A member's step inside a transaction that is under way.
    pub(super) async fn step(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        id: IncidentId,
        command: &Command,
    ) -> Result<Acted, AppError> {
        let visible = self.visible(connection, actor, id).await?;
        let playbook = &visible.playbook.playbook;
        let now = self.now();
        let mut context = Context::new(now, playbook, Some(actor));
        context.detections = self
            .detections(connection, &visible.incident, playbook)
            .await?;
        context.exposure = self.exposure(connection, &visible.incident).await?;
        let elsewhere = self.elsewhere(connection, actor, &visible.incident).await?;
        context.elsewhere = Some(&elsewhere);
        let patterns = self.fittings(connection, &visible).await?;
        context.patterns = &patterns;
        let events = decide(Some(&visible.incident), command, &context)?;
        let by = By {
            person: actor.person,
            role: role_in(actor, &visible.incident, playbook),
        };
        let acted = self
            .commit(connection, Some(visible.incident), &events, by, playbook)
            .await?;
        self.dismissed(connection, &events, acted).await
    }

    /// Counts the hit of the pattern that a dismissal rests on, and draws its lot for a second look.
    async fn dismissed(
        &self,
        connection: &mut Connection,
        events: &[Event],
        acted: Acted,
    ) -> Result<Acted, AppError> {
        for event in events {
            if let Event::Dismissal(Dismissal::PatternApplied { pattern, .. }) = event {
                store::pattern::count_hit(connection, *pattern, self.now()).await?;
            }
            let dismissal = EndKind::Dismissed;
            if matches!(event, Event::Ended { kind, .. } if *kind == dismissal) {
                let (id, times) = (acted.incident.id, acted.incident.reopened);
                let lot = store::event::lot(connection, id, times).await?;
                self.by_program(connection, id, &Command::Draw { lot })
                    .await?;
            }
        }
        Ok(acted)
    }

    /// Distinct detections of the person concerned, for the playbook's repeat rule.
    pub(super) async fn detections(
        &self,
        connection: &mut Connection,
        incident: &Incident,
        playbook: &Playbook,
    ) -> Result<Option<i64>, AppError> {
        let Some(person) = incident.concerned.first().copied() else {
            return Ok(None);
        };
        let first = self.first_alert(connection, incident).await?;
        let around = first.map_or(incident.opened_at, |on| {
            store::alert::occurred_at(&on.alert, on.received_at)
        });
        let found = history(connection, Some(person), around, playbook).await?;
        Ok(Some(found.detections))
    }

    /// Matches of sensitive data that the sources of its alerts counted; nothing where none did.
    pub(super) async fn exposure(
        &self,
        connection: &mut Connection,
        incident: &Incident,
    ) -> Result<Option<i64>, AppError> {
        let mut counted = Vec::new();
        for id in &incident.alerts {
            let alert = store::alert::load(connection, *id).await?.alert;
            counted.extend(alert.matches());
        }
        Ok(counted.into_iter().max())
    }

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

    /// Appends events, saves the state they lead to, its deadlines and its effects.
    pub(super) async fn commit(
        &self,
        connection: &mut Connection,
        before: Option<Incident>,
        events: &[Event],
        by: By,
        playbook: &Playbook,
    ) -> Result<Acted, AppError> {
        let step = Step {
            before,
            events,
            by,
            playbook,
        };
        let mut acted = self.commit_all(connection, vec![step]).await?;
        acted.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    /// The same for steps on different incidents, each table written once for all of them.
    pub(super) async fn commit_all(
        &self,
        connection: &mut Connection,
        steps: Vec<Step<'_>>,
    ) -> Result<Vec<Acted>, AppError> {
        let now = self.now();
        let mut acted = Vec::with_capacity(steps.len());
        let mut taken = Vec::with_capacity(steps.len());
        for step in steps {
            let after = step
                .events
                .iter()
                .fold(step.before, |state, event| {
                    apply(state, event, step.by.person, now)
                })
                .ok_or(Refusal::NotFound)?;
            acted.push(Acted {
                incident: after,
                changed: !step.events.is_empty(),
            });
            taken.push((step.events, step.by, step.playbook));
        }
        let changed = acted.iter().zip(taken);
        let changed: Vec<Changed<'_>> = changed
            .filter(|(acted, _)| acted.changed)
            .map(|(acted, (events, by, playbook))| Changed {
                after: &acted.incident,
                events,
                by,
                playbook,
            })
            .collect();
        if !changed.is_empty() {
            self.save(connection, &changed, now).await?;
        }
        Ok(acted)
    }

    async fn save(
        &self,
        connection: &mut Connection,
        changed: &[Changed<'_>],
        now: DateTime<Utc>,
    ) -> Result<(), AppError> {
        // The rows must stand before events refer to them.
        let states: Vec<&Incident> = changed.iter().map(|c| c.after).collect();
        store::incident::save_all(connection, &states, now).await?;
        let entries = changed.iter().flat_map(|c| {
            c.events.iter().map(|event| store::event::Entry {
                incident: c.after.id,
                event,
                at: now,
                by: c.by.person,
                role: c.by.role,
                salt: self.ids.salt(),
            })
        });
        let entries: Vec<store::event::Entry<'_>> = entries.collect();
        store::event::append_all(connection, &entries).await?;
        let calendar = self.calendar(connection).await?;
        let mut dues = Vec::with_capacity(changed.len());
        let mut wanted = Vec::new();
        for c in changed {
            // A routed incident follows another playbook from here on.
            let followed = self.playbooks.load(&c.after.playbook)?;
            let playbook = if c.after.playbook.id == c.playbook.id {
                c.playbook
            } else {
                &followed.playbook
            };
            dues.push((c.after.id, due::of(c.after, playbook, &calendar)));
            let effects = effect::of(c.events, c.after, playbook);
            wanted.extend(effects.into_iter().map(|effect| (c.after, effect)));
        }
        store::due::save_all(connection, &dues).await?;
        Ok(intend_all(connection, &wanted, now).await?)
    }
}

/// One incident's step in a commit.
pub(super) struct Step<'a> {
    pub before: Option<Incident>,
    pub events: &'a [Event],
    pub by: By,
    pub playbook: &'a Playbook,
}

/// What a step changed.
struct Changed<'a> {
    after: &'a Incident,
    events: &'a [Event],
    by: By,
    playbook: &'a Playbook,
}

/// Who acts, and in which role.
#[derive(Debug, Clone, Copy)]
pub struct By {
    pub person: PersonId,
    pub role: Option<Role>,
}

impl By {
    /// An alert or a timer.
    pub const PROGRAM: Self = Self {
        person: PersonId::PROGRAM,
        role: None,
    };
}

/// The role in which a member acts here: the stage's, where they have it.
pub(super) fn role_in(actor: &Actor, incident: &Incident, playbook: &Playbook) -> Option<Role> {
    let visit = incident
        .current_visit()
        .and_then(|(_, visit)| playbook.stage(&visit.stage));
    let here = playbook.stage(&incident.stage);
    [visit, here]
        .into_iter()
        .flatten()
        .map(|stage| stage.role)
        .find(|role| actor.has(*role))
        .or_else(|| actor.roles.first().copied())
}

/// The key under which a card's message is kept.
pub fn card_key(incident: IncidentId, visit: usize) -> String {
    format!("card:{incident}:{visit}")
}

/// The key under which an incident's private thread is kept.
pub fn thread_key(incident: IncidentId) -> String {
    format!("thread:{incident}")
}
