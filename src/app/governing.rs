//! What a side of Governance does beyond its answers: names its contacts, holds and releases items, lets the work go on
//! without Security. And what its contacts are told at the end.

use super::act::Acted;
use super::visible::Visible;
use super::{App, AppError};
use crate::domain::containment::ActionState;
use crate::domain::effect;
use crate::domain::governance::{Choice, Engagement};
use crate::domain::hold;
use crate::domain::ids::{AccountId, IncidentId, PersonId};
use crate::domain::incident::{
    Command, Context, Event, Govern, Governed, Incident, Phase, Refusal, decide,
};
use crate::domain::policy::{self, Actor};
use crate::domain::restricted::Level;
use crate::domain::role::Role;
use crate::domain::talk::GOVERNANCE;
use crate::domain::timeline::{ITEM, Line, Reader, lines};
use crate::domain::view::ClosingView;
use crate::store::people::Member;
use crate::store::{self, Connection};
use std::collections::{BTreeMap, BTreeSet};

/// Who is named on one engagement.
pub struct Named {
    pub engagement: u32,
    pub status: &'static str,
    /// Side, contact, deputy, and whether the side has read and concluded.
    pub sides: Vec<(Role, String, Option<String>, &'static str)>,
    pub security: String,
    pub owner: Option<String>,
}

/// One step as the case's thread tells it.
pub struct StepView {
    pub who: String,
    pub what: String,
    /// The request to speak to somebody that was decided.
    pub talk: Option<u32>,
}

impl App {
    /// How many engagements an incident has.
    pub async fn engagements(&self, id: IncidentId) -> Result<u32, AppError> {
        let mut reader = self.store.read().await?;
        let incident = store::incident::find(&mut reader, id).await?;
        let count = incident.map_or(0, |incident| incident.engagements.len());
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Who is named for the engagements of an incident: for those on the case and for the sides.
    pub async fn contacts(&self, actor: &Actor, id: IncidentId) -> Result<Vec<Named>, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let side = GOVERNANCE.into_iter().any(|side| actor.has(side));
        if !side && visible.clearance.level() < Level::Steps {
            return Err(Refusal::NotFound.into());
        }
        let names = store::people::names(&mut reader, &[id]).await?;
        let calls = |person: &PersonId| called(&names, *person);
        let all = visible.incident.engagements.iter().map(|e| Named {
            engagement: e.number,
            status: e.status(),
            sides: e
                .contacts
                .iter()
                .map(|c| {
                    let stands = match (c.acknowledged_at, c.concluded_at) {
                        (_, Some(_)) => "concluded",
                        (Some(_), None) => "has read it",
                        (None, None) => "has not read it yet",
                    };
                    let deputy = c.deputy.as_ref().map(calls);
                    (c.side, calls(&c.person), deputy, stands)
                })
                .collect(),
            security: calls(&e.security),
            owner: e.owner.as_ref().map(calls),
        });
        Ok(all.collect())
    }

    /// The member's own side names its contact and deputy anew.
    pub async fn name_contacts(
        &self,
        actor: &Actor,
        id: IncidentId,
        engagement: Option<u32>,
        contact: AccountId,
        deputy: Option<AccountId>,
    ) -> Result<Acted, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let visible = app.visible(connection, &actor, id).await?;
                    let newest = visible.incident.engagements.iter().rev();
                    let (number, side) = newest
                        .filter(|e| engagement.is_none_or(|wanted| wanted == e.number))
                        .flat_map(|e| e.contacts.iter().map(move |c| (e.number, c.side)))
                        .find(|(_, side)| actor.has(*side))
                        .ok_or(Refusal::NoEngagement)?;
                    let members = store::people::list_members(connection).await?;
                    let person = eligible(&members, &contact, side, &visible)?;
                    let deputy = deputy
                        .map(|account| eligible(&members, &account, side, &visible))
                        .transpose()?;
                    let command = Command::Govern(Govern::NameContacts {
                        engagement: number,
                        side,
                        person,
                        deputy,
                    });
                    app.step(connection, &actor, id, &command).await
                })
            })
            .await
    }

    /// Legal holds an item, or releases it; why is counsel text.
    pub async fn hold(
        &self,
        actor: &Actor,
        id: IncidentId,
        release: bool,
        item: String,
        words: String,
    ) -> Result<Acted, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let words = words.trim();
                    if words.is_empty() {
                        return Err(Refusal::ReasonMissing.into());
                    }
                    let (key, govern) = if release {
                        ("release_item", Govern::ReleaseItem { item })
                    } else {
                        ("hold_item", Govern::HoldItem { item })
                    };
                    let acted = app
                        .step(connection, &actor, id, &Command::Govern(govern))
                        .await?;
                    let number = engagement_of(&acted.incident, &actor, Some(Role::Legal))?;
                    let (by, now) = (actor.person, app.now());
                    store::counsel::insert(connection, id, number, by, (key, words), now).await?;
                    Ok(acted)
                })
            })
            .await
    }

    /// What Legal can hold or release by name: what is held, and what the actions that delete are about.
    pub async fn items(
        &self,
        actor: &Actor,
        id: IncidentId,
        release: bool,
    ) -> Result<Vec<String>, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let incident = &visible.incident;
        if engagement_of(incident, actor, Some(Role::Legal)).is_err() {
            return Ok(Vec::new());
        }
        let held = incident.holds.iter().filter(|h| h.released_at.is_none());
        let held = held.filter(|_| release).map(|h| h.item.clone());
        let playbook = &visible.playbook.playbook;
        let deletes = incident.actions.iter().filter(|entry| {
            let proposed = entry.state == ActionState::Proposed;
            proposed && playbook.action(&entry.action).is_some_and(|a| a.deletes)
        });
        let targets = deletes
            .map(|entry| entry.target.clone())
            .filter(|target| incident.holds_item(target) == release);
        let all: BTreeSet<String> = held.chain(targets).collect();
        Ok(all.into_iter().collect())
    }

    /// Legal lets an engagement go on without Security, with who continues it; without a name, whoever says so.
    pub async fn continue_alone(
        &self,
        actor: &Actor,
        id: IncidentId,
        engagement: u32,
        owner: Option<AccountId>,
        words: String,
    ) -> Result<Acted, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let words = words.trim();
                    if words.is_empty() {
                        return Err(Refusal::ReasonMissing.into());
                    }
                    let visible = app.visible(connection, &actor, id).await?;
                    let members = store::people::list_members(connection).await?;
                    let owner = match owner {
                        None => actor.person,
                        Some(account) => owner_of(&members, &account, &visible)?,
                    };
                    let govern = Govern::ContinueAlone { engagement, owner };
                    let acted = app
                        .step(connection, &actor, id, &Command::Govern(govern))
                        .await?;
                    let said = (Choice::GoesOnAlone.key(), words);
                    let (by, now) = (actor.person, app.now());
                    store::counsel::insert(connection, id, engagement, by, said, now).await?;
                    Ok(acted)
                })
            })
            .await
    }

    /// What the member can answer on an engagement, or on the newest that names them: their side's answers, no others.
    pub async fn own_answers(
        &self,
        actor: &Actor,
        id: IncidentId,
        engagement: Option<u32>,
    ) -> Result<(u32, Vec<Choice>), AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let incident = &visible.incident;
        let number = match engagement {
            Some(number) => number,
            None => engagement_of(incident, actor, None)?,
        };
        let found = incident.engagements.iter().find(|e| e.number == number);
        let contact = found.and_then(|e| e.contact_of(actor.person));
        let side = contact.ok_or(Refusal::NoEngagement)?.side;
        let held = incident.is_held();
        let answers = Choice::ALL
            .into_iter()
            .filter(|choice| choice.sides().contains(&side) && *choice != Choice::Acknowledge)
            .filter(|choice| held || *choice != Choice::ReleaseHold);
        Ok((number, answers.collect()))
    }

    /// One step of the history as its case's thread tells it.
    pub async fn step_view(
        &self,
        id: IncidentId,
        number: i64,
    ) -> Result<Option<StepView>, AppError> {
        let mut reader = self.store.read().await?;
        let Some(incident) = store::incident::find(&mut reader, id).await? else {
            return Ok(None);
        };
        let loaded = self.playbooks.load(&incident.playbook)?;
        let history = store::event::list(&mut reader, id).await?;
        let names = store::people::names(&mut reader, &[id]).await?;
        let clearance = policy::thread();
        let (nobody, playbook) = (BTreeSet::new(), &loaded.playbook);
        let reader = Reader {
            clearance: &clearance,
            roles: &nobody,
            zone: self.zone,
            // Found by its number in the history, whatever else stands there.
            others: &incident.linked,
            before: &[],
            names: &names,
        };
        let told = lines(&history, playbook, &reader);
        let line = told.into_iter().find(|line| line.entry == number);
        let event = history.iter().find(|recorded| recorded.number == number);
        let event = event.and_then(|recorded| recorded.event.as_ref()?.open(&clearance));
        let talk = match event {
            Some(Event::Governed(Governed::TalkDecided { number, .. })) => Some(*number),
            Some(_) | None => None,
        };
        Ok(line.map(|line| StepView {
            who: called(&names, line.by),
            what: with_item(&line, &names),
            talk,
        }))
    }

    /// What became of an incident, for the contacts of one engagement. Free text is not among it.
    pub async fn closing(
        &self,
        id: IncidentId,
        number: u32,
    ) -> Result<Option<ClosingView>, AppError> {
        let mut reader = self.store.read().await?;
        let Some(incident) = store::incident::find(&mut reader, id).await? else {
            return Ok(None);
        };
        let found = incident.engagements.iter().find(|e| e.number == number);
        let (Some(engagement), Phase::Ended(ended)) = (found, &incident.phase) else {
            return Ok(None);
        };
        let loaded = self.playbooks.load(&incident.playbook)?;
        let playbook = &loaded.playbook;
        let names = store::people::names(&mut reader, &[id]).await?;
        drop(reader);
        let field = playbook.outcome_field();
        let outcome = field.and_then(|field| {
            let sides = engagement.contacts.iter().map(|c| c.side);
            let readable = sides.into_iter().all(|side| field.audience.contains(&side));
            let entry = policy::brief_record(&incident).latest(&field.id)?;
            readable.then(|| crate::domain::record::shown(field, &entry.state, self.zone))
        });
        let actions = incident.actions.iter().map(|entry| {
            let action = playbook.action(&entry.action);
            let title = action.map_or_else(|| entry.action.clone(), |a| a.title.clone());
            format!("{title}: {}", entry.state.word())
        });
        let security = BTreeSet::from([engagement.security]);
        let walled = self.kept_out_accounts(id).await?;
        let of = |mut accounts: Vec<AccountId>| {
            accounts.retain(|account| !walled.contains(account));
            accounts
        };
        let contacts = engagement.contacts.iter().map(|c| c.person).collect();
        Ok(Some(ClosingView {
            id,
            number,
            drill: incident.drill,
            ended: ended.kind.word(),
            ended_at: ended.at,
            by: called(&names, ended.by),
            outcome: outcome.unwrap_or_else(|| "not recorded".to_owned()),
            actions: actions.collect(),
            held: hold::held(&incident.engagements, &incident.holds),
            decisions: decisions(engagement, &names),
            owner: engagement.owner.map(|owner| called(&names, owner)),
            discreet: engagement.discreet,
            mentions: of(self.accounts(&contacts).await?),
            security_account: of(self.accounts(&security).await?).pop(),
        }))
    }

    /// After an import: who is behind a wall now and was not before stands aside, cards and briefs go where they may
    /// stand. In the import's own transaction, so that nothing is lost between the two.
    pub(super) async fn keep_out(
        &self,
        connection: &mut Connection,
        before: &BTreeMap<IncidentId, BTreeSet<PersonId>>,
    ) -> Result<(), AppError> {
        for (id, known) in before {
            let walls = store::incident::walls(connection, *id).await?;
            let new: Vec<PersonId> = walls.difference(known).copied().collect();
            if new.is_empty() {
                continue;
            }
            let Some(incident) = store::incident::find(connection, *id).await? else {
                continue;
            };
            let loaded = self.playbooks.load(&incident.playbook)?;
            let context = Context::new(self.now(), &loaded.playbook, None);
            let command = Command::Govern(Govern::KeepOut { people: new });
            let events = decide(Some(&incident), &command, &context)?;
            if events.is_empty() {
                let now = self.now();
                for wanted in effect::of_wall(&incident) {
                    super::intend::intend(connection, &incident, wanted, now).await?;
                }
                continue;
            }
            let (playbook, by) = (&loaded.playbook, super::act::By::PROGRAM);
            self.commit(connection, Some(incident), &events, by, playbook)
                .await?;
        }
        Ok(())
    }
}

/// What happened, with the item that it is about.
fn with_item(line: &Line, names: &BTreeMap<PersonId, String>) -> String {
    let item = line.details.iter().find(|(label, _)| label == ITEM);
    let told = line.told(names);
    item.map_or(told.clone(), |(_, item)| format!("{told}: {item}"))
}

/// The newest engagement on which the member is named, on this side where one is asked.
fn engagement_of(incident: &Incident, actor: &Actor, side: Option<Role>) -> Result<u32, Refusal> {
    let mut newest = incident.engagements.iter().rev();
    let found = newest.find(|e| {
        let contact = e.contact_of(actor.person);
        contact.is_some_and(|c| side.is_none_or(|side| side == c.side))
    });
    found.map(|e| e.number).ok_or(Refusal::NoEngagement)
}

/// A member of the side who is behind no wall.
fn eligible(
    members: &[Member],
    account: &AccountId,
    side: Role,
    visible: &Visible,
) -> Result<PersonId, Refusal> {
    let member = members.iter().find(|m| m.account == *account);
    let member = member.filter(|m| m.roles.contains(&side));
    let person = member.ok_or(Refusal::NotYours { role: Some(side) })?.person;
    if visible.walls.contains(&person) || visible.incident.conflicted.contains(&person) {
        return Err(Refusal::NoContact { sides: vec![side] });
    }
    Ok(person)
}

fn owner_of(
    members: &[Member],
    account: &AccountId,
    visible: &Visible,
) -> Result<PersonId, Refusal> {
    let member = members.iter().find(|m| m.account == *account);
    let roles = member.map(|m| m.roles.clone()).unwrap_or_default();
    let side = GOVERNANCE.into_iter().find(|side| roles.contains(side));
    eligible(members, account, side.unwrap_or(Role::Legal), visible)
}

fn called(names: &BTreeMap<PersonId, String>, person: PersonId) -> String {
    if person == PersonId::PROGRAM {
        return "Baton".to_owned();
    }
    let known = names.get(&person).cloned();
    known.unwrap_or_else(|| person.to_string())
}

fn decisions(
    engagement: &Engagement,
    names: &BTreeMap<PersonId, String>,
) -> Vec<(String, String, chrono::DateTime<chrono::Utc>)> {
    let all = engagement.decisions.iter();
    all.map(|d| (called(names, d.by), d.choice.words().to_owned(), d.at))
        .collect()
}
