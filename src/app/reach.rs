//! Reaching people: what the clock asks for, who is duty manager now, and what each of them may hear.

use super::act::Acted;
use super::governance::roster;
use super::{App, AppError};
use crate::domain::due::{self, DueKind};
use crate::domain::hours::{Calendar, Hours, parse_until};
use crate::domain::ids::{AccountId, IncidentId, PersonId};
use crate::domain::incident::{
    Command, Context, Govern, Incident, Phase, ReachCommand, Refusal, may_snooze,
};
use crate::domain::policy::{Actor, reads};
use crate::domain::reach::{Waits, duty_manager, patience};
use crate::domain::restricted::Level;
use crate::domain::role::Role;
use crate::domain::view::age;
use crate::store::people::Member;
use crate::store::{self, Connection, StoreError};

/// How many incidents' deadlines are mirrored in one commit.
const TOGETHER: i64 = 200;

/// What a person is told in the stage's channel: whoever holds it, or held it.
pub struct HolderWord {
    /// Missing where they left, are walled off, or where it is a drill.
    pub account: Option<AccountId>,
    pub name: String,
    /// Since when there is no sign of life.
    pub quiet_for: String,
    /// It waits for a second person's word on what the holder proposed.
    pub waits_for_second: bool,
}

/// What a duty manager hears.
pub struct ManagerWord {
    pub account: AccountId,
    pub name: String,
    pub drill: bool,
    pub severity: &'static str,
    pub stage: String,
    pub age: String,
    /// What waits, a clause.
    pub what: String,
    pub holder: Option<String>,
}

impl App {
    /// What the program does about a row that is due, from the state of this moment.
    pub(super) async fn due_command(
        &self,
        connection: &mut Connection,
        id: IncidentId,
        kind: &str,
    ) -> Result<Option<Command>, AppError> {
        let Some(incident) = store::incident::find(connection, id).await? else {
            return Ok(None);
        };
        let command = match DueKind::from_key(kind) {
            Some(DueKind::Said(about)) => ReachCommand::Say {
                about,
                manager: self.manager_of(connection, &incident).await?,
            },
            Some(DueKind::Release) => ReachCommand::Release,
            Some(DueKind::Talk(number)) => {
                return Ok(Some(Command::Govern(Govern::RemindTalk { number })));
            }
            Some(DueKind::SnoozeEnds) => ReachCommand::EndSnooze {
                manager: self.manager_of(connection, &incident).await?,
            },
            Some(DueKind::LookAgain) => return Ok(Some(Command::RemindLook)),
            // A field that is owed shows on its card and waits for a person.
            Some(DueKind::Owed(_)) | None => return Ok(None),
        };
        Ok(Some(Command::Reach(command)))
    }

    async fn manager_of(
        &self,
        connection: &mut Connection,
        incident: &Incident,
    ) -> Result<Option<PersonId>, AppError> {
        let roster = roster(connection).await?;
        let named = roster.get(&Role::Manager).map_or(&[][..], Vec::as_slice);
        // Who was named and has left, or is no manager any more, hears nothing.
        let members = store::people::list_members(connection).await?;
        let is_manager = |person: &PersonId| {
            let mut members = members.iter();
            members.any(|m| m.person == *person && m.roles.contains(&Role::Manager))
        };
        let managers: Vec<PersonId> = named.iter().copied().filter(is_manager).collect();
        let walls = store::incident::walls(connection, incident.id).await?;
        Ok(duty_manager(&managers, incident, &walls))
    }

    /// Whose hours count, as they stand now.
    pub(super) async fn calendar(
        &self,
        connection: &mut Connection,
    ) -> Result<Calendar, StoreError> {
        let kept = store::roster::list_hours(connection).await?;
        let own = kept
            .into_iter()
            .filter_map(|(person, text)| Some((person, Hours::parse(&text, self.zone)?)));
        Ok(Calendar {
            organisation: self.hours.clone(),
            people: own.collect(),
        })
    }

    /// Mirrors every open incident's deadlines anew: playbooks, hours or the program may have changed since they were
    /// written. Some at a time, so that nobody waits for it; until then those that were written count.
    pub async fn refresh_dues(&self) -> Result<(), AppError> {
        let mut after = Some(store::incident::Place::default());
        while let Some(from) = after {
            let app = self.clone();
            after = self
                .store
                .write(move |connection| {
                    Box::pin(async move { app.mirror_some_dues(connection, &from).await })
                })
                .await?;
        }
        Ok(())
    }

    /// The next open incidents behind a place; gives back the last one's place, unless there is none.
    async fn mirror_some_dues(
        &self,
        connection: &mut Connection,
        from: &store::incident::Place,
    ) -> Result<Option<store::incident::Place>, AppError> {
        let places = store::incident::list_open_after(connection, from, TOGETHER).await?;
        let calendar = self.calendar(connection).await?;
        let ids: Vec<IncidentId> = places.iter().map(|place| place.id).collect();
        let mut rows = Vec::with_capacity(ids.len());
        for incident in store::incident::list(connection, &ids).await?.into_values() {
            let loaded = self.playbooks.load(&incident.playbook)?;
            rows.push((
                incident.id,
                due::of(&incident, &loaded.playbook, &calendar, self.now()),
            ));
        }
        store::due::save_all(connection, &rows).await?;
        Ok(places.into_iter().last())
    }

    async fn mirror_dues(&self, connection: &mut Connection) -> Result<(), AppError> {
        let calendar = self.calendar(connection).await?;
        let (now, mut rows) = (self.now(), Vec::new());
        for incident in store::incident::list_open(connection).await? {
            let loaded = self.playbooks.load(&incident.playbook)?;
            let dues = due::of(&incident, &loaded.playbook, &calendar, now);
            rows.push((incident.id, dues));
        }
        Ok(store::due::save_all(connection, &rows).await?)
    }

    /// A member's own contact hours; `None` takes them back. Those that were read come back in words.
    pub async fn set_hours(
        &self,
        actor: &Actor,
        text: Option<&str>,
    ) -> Result<Option<String>, AppError> {
        let hours = match text.map(|text| Hours::parse(text, self.zone)) {
            None => None,
            Some(Some(hours)) => Some(hours.to_string()),
            Some(None) => return Err(Refusal::HoursUnreadable.into()),
        };
        let (app, person, now) = (self.clone(), actor.person, self.now());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    store::roster::save_hours(connection, person, hours.as_deref(), now).await?;
                    app.mirror_dues(connection).await?;
                    Ok::<_, AppError>(hours)
                })
            })
            .await
    }

    /// Lets reminders rest until a moment that a person typed.
    pub async fn snooze(
        &self,
        actor: &Actor,
        id: IncidentId,
        until: &str,
        reason: String,
    ) -> Result<Acted, AppError> {
        let until = parse_until(until, self.now(), self.zone);
        let command = Command::Reach(ReachCommand::Snooze { until, reason });
        self.act(actor, id, command).await
    }

    /// Whether the member may snooze it: asked before a form opens.
    pub async fn may_snooze(&self, actor: &Actor, id: IncidentId) -> Result<(), AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let context = Context::new(self.now(), &visible.playbook.playbook, Some(actor));
        may_snooze(&visible.incident, &context)?;
        Ok(())
    }

    /// Whoever holds it now, as the stage's channel may name them.
    pub async fn holder_word(&self, id: IncidentId) -> Result<Option<HolderWord>, AppError> {
        let mut reader = self.store.read().await?;
        let found = store::incident::find(&mut reader, id).await?;
        let Some((incident, holder)) = found.and_then(|i| i.holder().map(|h| (i, h))) else {
            return Ok(None);
        };
        let since = incident.waits_since(Waits::Idle);
        let quiet_for = since.map_or_else(String::new, |since| age(self.now() - since));
        self.word_for(&mut reader, &incident, holder, quiet_for)
            .await
            .map(Some)
    }

    /// Whoever held it until it was released.
    pub async fn released_word(
        &self,
        id: IncidentId,
        holder: PersonId,
    ) -> Result<Option<HolderWord>, AppError> {
        let mut reader = self.store.read().await?;
        let Some(incident) = store::incident::find(&mut reader, id).await? else {
            return Ok(None);
        };
        self.word_for(&mut reader, &incident, holder, String::new())
            .await
            .map(Some)
    }

    async fn word_for(
        &self,
        connection: &mut Connection,
        incident: &Incident,
        person: PersonId,
        quiet_for: String,
    ) -> Result<HolderWord, AppError> {
        let names = store::people::names(connection, &[]).await?;
        let account = self
            .member_of(connection, incident, person, Level::Stub)
            .await?
            .map(|member| member.account)
            .filter(|_| !incident.drill);
        Ok(HolderWord {
            account,
            name: names.get(&person).cloned().unwrap_or_default(),
            quiet_for,
            waits_for_second: incident.proposal.is_some(),
        })
    }

    /// The member behind a person, where they may read so much of the incident.
    async fn member_of(
        &self,
        connection: &mut Connection,
        incident: &Incident,
        person: PersonId,
        least: Level,
    ) -> Result<Option<Member>, AppError> {
        let walls = store::incident::walls(connection, incident.id).await?;
        let loaded = self.playbooks.load(&incident.playbook)?;
        let members = store::people::list_members(connection).await?;
        let cleared = |member: &Member| {
            let actor = Actor {
                person: member.person,
                account: member.account.clone(),
                roles: member.roles.clone(),
                lead: false,
            };
            reads(&actor, incident, &loaded.playbook, &walls)
                .is_some_and(|clearance| clearance.level() >= least)
        };
        Ok(members
            .into_iter()
            .find(|member| member.person == person && cleared(member)))
    }

    /// What a duty manager hears of a matter that still waits: what a manager may read, and nothing of the person.
    pub async fn manager_word(
        &self,
        id: IncidentId,
        person: PersonId,
        about: Waits,
    ) -> Result<Option<ManagerWord>, AppError> {
        let mut reader = self.store.read().await?;
        let Some(incident) = store::incident::find(&mut reader, id).await? else {
            return Ok(None);
        };
        let member = self.member_of(&mut reader, &incident, person, Level::Steps);
        let Some(member) = member.await?.filter(|_| still_waits(&incident, about)) else {
            return Ok(None);
        };
        let loaded = self.playbooks.load(&incident.playbook)?;
        let visit = incident.current_visit().map(|(_, visit)| &visit.stage);
        let stage = visit.and_then(|id| loaded.playbook.stage(id));
        let names = store::people::names(&mut reader, &[]).await?;
        let offered = matches!(incident.phase, Phase::Offered(_));
        let waited = patience(&incident, about, &loaded.playbook);
        let each = waited.map_or_else(String::new, |each| format!(", raised every {}", age(each)));
        Ok(Some(ManagerWord {
            account: member.account,
            name: member.name,
            drill: incident.drill,
            severity: incident.severity.key(),
            stage: stage.map_or_else(String::new, |stage| stage.title.clone()),
            age: age(self.now() - incident.opened_at),
            what: format!("{}{each}", about.words(offered)),
            holder: incident.holder().and_then(|h| names.get(&h).cloned()),
        }))
    }
}

/// Delivered late, a word is not said about what somebody has done meanwhile.
fn still_waits(incident: &Incident, about: Waits) -> bool {
    incident.is_open()
        && match about {
            Waits::Take | Waits::Idle => incident.waits() == about,
            Waits::Acknowledge(number) => {
                let mut engagements = incident.engagements.iter();
                engagements.any(|e| e.number == number && !e.is_settled() && !e.is_acknowledged())
            }
        }
}
