//! One step on one incident: load, judge, append, derive effects and deadlines, commit.

use super::facts::history;
use super::{App, AppError, Ids};
use crate::domain::ids::{ChannelKey, IncidentId, PersonId};
use crate::domain::incident::{
    Command, Context, Dismissal, EndKind, Event, Incident, Refusal, apply, decide,
};
use crate::domain::playbook::definition::Playbook;
use crate::domain::policy::{Actor, Walls, reads};
use crate::domain::restricted::Clearance;
use crate::domain::role::Role;
use crate::domain::{due, effect};
use crate::store::outbox::Intent;
use crate::store::{self, Connection, StoreError};
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
        let now = self.now();
        let after = events
            .iter()
            .fold(before, |state, event| apply(state, event, by.person, now))
            .ok_or(Refusal::NotFound)?;
        if events.is_empty() {
            return Ok(Acted {
                incident: after,
                changed: false,
            });
        }
        // The row must stand before events refer to it.
        store::incident::save(connection, &after, now).await?;
        append(connection, &after, events, by, now, self.ids.as_ref()).await?;
        // A routed incident follows another playbook from here on.
        let followed = self.playbooks.load(&after.playbook)?;
        let playbook = if after.playbook.id == playbook.id {
            playbook
        } else {
            &followed.playbook
        };
        let calendar = self.calendar(connection).await?;
        let dues = due::of(&after, playbook, &calendar);
        store::due::save(connection, after.id, &dues).await?;
        for wanted in effect::of(events, &after, playbook) {
            intend(connection, &after, &wanted, now).await?;
        }
        Ok(Acted {
            incident: after,
            changed: true,
        })
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

async fn append(
    connection: &mut Connection,
    incident: &Incident,
    events: &[Event],
    by: By,
    at: DateTime<Utc>,
    ids: &dyn Ids,
) -> Result<(), StoreError> {
    for event in events {
        let entry = store::event::Entry {
            incident: incident.id,
            event,
            at,
            by: by.person,
            role: by.role,
            salt: ids.salt(),
        };
        store::event::append(connection, &entry).await?;
    }
    Ok(())
}

/// The key under which a card's message is kept.
pub fn card_key(incident: IncidentId, visit: usize) -> String {
    format!("card:{incident}:{visit}")
}

/// The key under which an incident's private thread is kept.
pub fn thread_key(incident: IncidentId) -> String {
    format!("thread:{incident}")
}

pub(super) async fn intend(
    connection: &mut Connection,
    incident: &Incident,
    wanted: &effect::Effect,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let id = incident.id;
    let urgency = 5 - i64::from(incident.severity as u8);
    let (kind, key, channel, arg, base) = row_of(id, wanted);
    let intent = Intent {
        kind,
        key: &key,
        incident: Some(id),
        channel,
        arg,
        rank: base + urgency,
    };
    store::outbox::insert(connection, &intent, now).await
}

/// Kind, key, channel, argument and base rank of an effect's row.
type Planned<'e> = (&'static str, String, &'e ChannelKey, i64, i64);

fn row_of(id: IncidentId, wanted: &effect::Effect) -> Planned<'_> {
    use effect::Effect;
    match wanted {
        Effect::PostCard { visit, channel } => (
            "post_card",
            format!("post:{id}:{visit}"),
            channel,
            number(*visit),
            0,
        ),
        Effect::EditCard { visit, channel } => (
            "edit_card",
            format!("edit:{id}:{visit}"),
            channel,
            number(*visit),
            20,
        ),
        Effect::Remind {
            visit,
            channel,
            times,
        } => (
            "remind",
            format!("remind:{id}:{visit}:{times}"),
            channel,
            number(*visit),
            10,
        ),
        Effect::Reach(effect) => reach_row(id, effect),
        Effect::RemindLook {
            visit,
            channel,
            times,
        } => look_row(id, *visit, channel, *times),
        Effect::OpenThread { channel } => ("open_thread", format!("open:{id}"), channel, 0, 10),
        Effect::PostStatus { channel, number } => {
            let arg = i64::try_from(*number).unwrap_or(i64::MAX);
            (
                "post_status",
                format!("status:{id}:{channel}:{number}"),
                channel,
                arg,
                10,
            )
        }
        Effect::TellCase {
            engagement,
            channel,
            number,
        } => {
            let key = format!("tell:{id}:{engagement}:{number}");
            ("tell_case", key, channel, i64::from(*engagement), 5)
        }
        Effect::Governance(told) => told_row(id, told),
        Effect::PostBrief {
            engagement,
            channel,
        } => (
            "post_brief",
            format!("brief:{id}:{engagement}"),
            channel,
            i64::from(*engagement),
            0,
        ),
        Effect::EditBrief {
            engagement,
            channel,
        } => {
            let key = format!("brief-edit:{id}:{engagement}");
            ("edit_brief", key, channel, i64::from(*engagement), 10)
        }
        Effect::RemindBrief {
            engagement,
            channel,
            times,
        } => {
            let key = format!("brief-remind:{id}:{engagement}:{times}");
            ("remind_brief", key, channel, i64::from(*engagement), 5)
        }
    }
}

fn reach_row(id: IncidentId, wanted: &effect::ReachEffect) -> Planned<'_> {
    use effect::ReachEffect;
    match wanted {
        ReachEffect::RemindHolder {
            visit,
            channel,
            times,
        } => {
            let key = format!("holder:{id}:{visit}:{times}");
            ("remind_holder", key, channel, number(*visit), 10)
        }
        ReachEffect::TellReleased {
            visit,
            channel,
            holder,
            number,
        } => {
            let key = format!("released:{id}:{number}:{visit}");
            ("tell_released", key, channel, holder.0, 10)
        }
        ReachEffect::TellManager {
            channel,
            about,
            person,
            times,
        } => {
            let key = format!("duty:{id}:{times}:{}", about.key());
            ("tell_manager", key, channel, person.0, 5)
        }
        ReachEffect::SayNobody {
            channel,
            about,
            times,
        } => {
            let key = format!("no-duty:{id}:{times}:{}", about.key());
            ("say_nobody", key, channel, 0, 5)
        }
        ReachEffect::CallDeputy {
            engagement,
            channel,
            number,
        } => {
            let key = format!("deputy:{id}:{engagement}:{number}");
            ("call_deputy", key, channel, i64::from(*engagement), 5)
        }
    }
}

/// The rows of what happens on the side of Governance.
fn told_row(id: IncidentId, told: &effect::GovernanceEffect) -> Planned<'_> {
    use effect::GovernanceEffect;
    let step = |number: &u64| i64::try_from(*number).unwrap_or(i64::MAX);
    match told {
        GovernanceEffect::CallContacts {
            engagement,
            channel,
            number,
        } => {
            let key = format!("call:{id}:{engagement}:{number}");
            ("call_contacts", key, channel, i64::from(*engagement), 5)
        }
        GovernanceEffect::PostClosing {
            engagement,
            channel,
            round,
        } => {
            let key = format!("closing:{id}:{engagement}:{round}");
            ("post_closing", key, channel, i64::from(*engagement), 5)
        }
        GovernanceEffect::AskTalk {
            talk,
            channel,
            times,
            version,
        } => {
            let key = format!("talk:{id}:{talk}:{version}:{times}:{channel}");
            ("ask_talk", key, channel, i64::from(*talk), 5)
        }
        GovernanceEffect::TellStep { channel, number } => {
            let key = format!("step:{id}:{number}");
            ("tell_step", key, channel, step(number), 5)
        }
        GovernanceEffect::KeepOut { channel, number } => {
            let key = format!("keep-out:{id}:{number}");
            ("keep_out", key, channel, step(number), 0)
        }
    }
}

fn look_row(id: IncidentId, visit: usize, channel: &ChannelKey, times: u32) -> Planned<'_> {
    let key = format!("look:{id}:{visit}:{times}");
    ("remind_look", key, channel, number(visit), 10)
}

fn number(visit: usize) -> i64 {
    i64::try_from(visit).unwrap_or(i64::MAX)
}
