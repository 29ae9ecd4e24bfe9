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
use crate::store::{self, Batch, Connection, Gather};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a step led to.
#[derive(Debug, Clone)]
pub struct Acted {
    pub incident: Incident,
    /// False when nothing had to change.
    pub changed: bool,
    /// What the member who acted may read of it now; none where the program did.
    pub clearance: Option<Clearance>,
}

/// Steps of members that wait for the next commit.
pub type Waiting = Gather<Asked, Result<Acted, AppError>, AppError>;

/// What a member asks of an incident.
pub struct Asked {
    app: App,
    actor: Actor,
    id: IncidentId,
    command: Command,
}

/// Steps of one moment are taken together.
pub fn waiting() -> Arc<Waiting> {
    Arc::new(Gather::new(|connection, asked| {
        Box::pin(async move {
            match asked.first() {
                Some(first) => first.app.clone().steps(connection, asked).await,
                None => Ok(Vec::new()),
            }
        })
    }))
}

impl App {
    /// A member's step. The same refusal for what does not exist and what is not theirs to see.
    pub async fn act(
        &self,
        actor: &Actor,
        id: IncidentId,
        command: Command,
    ) -> Result<Acted, AppError> {
        let asked = self.to_ask(actor, id, command);
        self.store.gather(&self.acting, asked).await?
    }

    fn to_ask(&self, actor: &Actor, id: IncidentId, command: Command) -> Asked {
        let (app, actor) = (self.clone(), actor.clone());
        Asked {
            app,
            actor,
            id,
            command,
        }
    }

    /// A member's step inside a transaction that is under way.
    pub(super) async fn step(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        id: IncidentId,
        command: &Command,
    ) -> Result<Acted, AppError> {
        let asked = self.to_ask(actor, id, command.clone());
        let outcomes = self.steps(connection, &[asked]).await?;
        let outcome = outcomes.into_iter().next();
        outcome.unwrap_or_else(|| Err(Refusal::NotFound.into()))
    }

    /// Steps in their order, an outcome for each. Those on different incidents read and write each table once; a second
    /// one on the same incident finds it as the first left it.
    async fn steps(
        &self,
        connection: &mut Connection,
        asked: &[Asked],
    ) -> Result<Vec<Result<Acted, AppError>>, AppError> {
        let mut outcomes = BTreeMap::new();
        let mut left: Vec<(usize, &Asked)> = asked.iter().enumerate().collect();
        while !left.is_empty() {
            let mut ids = BTreeSet::new();
            let (round, later): (Vec<_>, Vec<_>) = left
                .into_iter()
                .partition(|(_, asked)| ids.insert(asked.id));
            left = later;
            self.round(connection, &round, &mut outcomes).await?;
        }
        Ok(outcomes.into_values().collect())
    }

    /// Steps on different incidents. A refusal has written nothing; a fault is the whole round's.
    async fn round(
        &self,
        connection: &mut Connection,
        round: &[(usize, &Asked)],
        outcomes: &mut BTreeMap<usize, Result<Acted, AppError>>,
    ) -> Result<(), AppError> {
        let ids: Vec<IncidentId> = round.iter().map(|(_, asked)| asked.id).collect();
        let mut incidents = store::incident::list(connection, &ids).await?;
        let mut walls = store::incident::list_walls(connection, &ids).await?;
        let mut taken = Vec::with_capacity(round.len());
        for (place, asked) in round {
            let found = incidents.remove(&asked.id).ok_or(Refusal::NotFound);
            let walls = walls.remove(&asked.id).unwrap_or_default();
            let outcome = match found {
                Ok(incident) => self.decided(connection, asked, incident, walls).await,
                Err(refusal) => Err(refusal.into()),
            };
            match outcome {
                Ok(decided) => taken.push((*place, decided)),
                Err(AppError::Refused(refusal)) => {
                    outcomes.insert(*place, Err(refusal.into()));
                }
                Err(fault) => return Err(fault),
            }
        }
        let steps = taken.iter_mut().map(|(_, decided)| decided.step());
        let acted = self.commit_all(connection, steps.collect()).await?;
        for ((place, decided), mut acted) in taken.iter().zip(acted) {
            let (playbook, walls) = (&decided.playbook.playbook, &decided.walls);
            acted.clearance = reads(decided.actor, &acted.incident, playbook, walls);
            let acted = self.dismissed(connection, &decided.events, acted).await?;
            outcomes.insert(*place, Ok(acted));
        }
        Ok(())
    }

    async fn decided<'a>(
        &self,
        connection: &mut Connection,
        asked: &'a Asked,
        incident: Incident,
        walls: Walls,
    ) -> Result<Decided<'a>, AppError> {
        let actor = &asked.actor;
        let visible = self.seen(actor, incident, walls)?;
        let playbook = &visible.playbook.playbook;
        let mut context = Context::new(self.now(), playbook, Some(actor));
        let (elsewhere, patterns);
        if asked.command.looks_around() {
            context.detections = self
                .detections(connection, &visible.incident, playbook)
                .await?;
            context.exposure = self.exposure(connection, &visible.incident).await?;
            elsewhere = self.elsewhere(connection, actor, &visible.incident).await?;
            context.elsewhere = Some(&elsewhere);
            patterns = self.fittings(connection, &visible).await?;
            context.patterns = &patterns;
        }
        let events = decide(Some(&visible.incident), &asked.command, &context)?;
        let by = By {
            person: actor.person,
            role: role_in(actor, &visible.incident, playbook),
        };
        Ok(Decided {
            actor,
            walls: visible.walls,
            before: Some(visible.incident),
            playbook: visible.playbook,
            events,
            by,
        })
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

    /// A step that no person takes; what the incident refuses is no fault.
    pub(super) async fn by_program(
        &self,
        connection: &mut Connection,
        id: IncidentId,
        command: &Command,
    ) -> Result<(), AppError> {
        let Some(incident) = store::incident::find(connection, id).await? else {
            return Ok(());
        };
        let loaded = self.playbooks.load(&incident.playbook)?;
        let context = Context::new(self.now(), &loaded.playbook, None);
        if let Ok(events) = decide(Some(&incident), command, &context) {
            let (before, playbook) = (Some(incident), &loaded.playbook);
            self.commit(connection, before, &events, By::PROGRAM, playbook)
                .await?;
        }
        Ok(())
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
        let alerts = store::alert::load_all(connection, &incident.alerts).await?;
        Ok(alerts.iter().filter_map(|kept| kept.alert.matches()).max())
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
                clearance: None,
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
        let mut batch = Batch::default();
        // The rows must stand before events refer to them.
        let states: Vec<&Incident> = changed.iter().map(|c| c.after).collect();
        store::incident::save_all(connection, &mut batch, &states, now).await?;
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
        store::event::append_all(connection, &mut batch, &entries).await?;
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
            dues.push((c.after.id, due::of(c.after, playbook, &calendar, now)));
            let effects = effect::of(c.events, c.after, playbook);
            wanted.extend(effects.into_iter().map(|effect| (c.after, effect)));
        }
        let known = changed.iter().filter(|c| !c.opens());
        let known: Vec<IncidentId> = known.map(|c| c.after.id).collect();
        store::due::delete_all(&mut batch, &known)?;
        store::due::add_all(&mut batch, &dues);
        intend_all(&mut batch, &wanted, now);
        Ok(batch.write(connection).await?)
    }
}

/// One incident's step in a commit.
pub(super) struct Step<'a> {
    pub before: Option<Incident>,
    pub events: &'a [Event],
    pub by: By,
    pub playbook: &'a Playbook,
}

/// A step that was granted.
struct Decided<'a> {
    actor: &'a Actor,
    walls: Walls,
    before: Option<Incident>,
    playbook: Arc<super::playbooks::Loaded>,
    events: Vec<Event>,
    by: By,
}

impl Decided<'_> {
    /// Takes the state before out of it.
    fn step(&mut self) -> Step<'_> {
        Step {
            before: self.before.take(),
            events: &self.events,
            by: self.by,
            playbook: &self.playbook.playbook,
        }
    }
}

/// What a step changed.
struct Changed<'a> {
    after: &'a Incident,
    events: &'a [Event],
    by: By,
    playbook: &'a Playbook,
}

impl Changed<'_> {
    fn opens(&self) -> bool {
        matches!(self.events.first(), Some(Event::Opened { .. }))
    }
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
    format!("card:{}", card_name(incident, visit))
}

/// What the keys of a card's message and of its delivery end with.
pub(super) fn card_name(incident: IncidentId, visit: usize) -> String {
    format!("{incident}:{visit}")
}

/// The key under which an incident's private thread is kept.
pub fn thread_key(incident: IncidentId) -> String {
    format!("thread:{incident}")
}
