//! Governance: engaging with named contacts, the brief, what contacts answer, the roster.

use super::act::Acted;
use super::visible::Visible;
use super::{App, AppError, thresholds};
use crate::domain::form::Form;
use crate::domain::governance::{
    Choice, Contact, Engagement, Roster, brief_fields, contacts, forbidden, is_discreet, leaks,
    sides,
};
use crate::domain::hold;
use crate::domain::ids::{AccountId, IncidentId, PersonId};
use crate::domain::incident::{Command, Engaging, Incident, Refusal};
use crate::domain::playbook::definition::{Playbook, Transition, TransitionKind};
use crate::domain::policy::{self, Actor, may_set_roster};
use crate::domain::record::{Gap, shown};
use crate::domain::role::Role;
use crate::domain::threshold;
use crate::domain::view::{BriefView, ContactView};
use crate::store::people::Member;
use crate::store::{self, Connection};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What was said beside an answer: when, who, which answer, the words.
pub struct SaidView {
    pub at: DateTime<Utc>,
    pub by: String,
    pub choice: String,
    pub words: String,
}

impl App {
    /// The command that a submitted form stands for.
    pub(super) async fn command_of(
        &self,
        connection: &mut Connection,
        visible: &Visible,
        transition: &Transition,
        form: Form,
    ) -> Result<Command, AppError> {
        if transition.kind != TransitionKind::Engagement {
            return Ok(Command::Submit(Box::new(form.submission)));
        }
        let playbook = &visible.playbook.playbook;
        let submission = form.submission;
        let wanted = sides(&submission.criteria, playbook);
        let roster = roster(connection).await?;
        let contacts = contacts(&wanted, &roster, &visible.walls)
            .map_err(|sides| Refusal::NoContact { sides })?;
        let discreet = is_discreet(&submission.criteria, playbook);
        Ok(Command::Engage(Box::new(Engaging {
            submission,
            contacts,
            discreet,
        })))
    }

    /// What a brief's free text may not say, found in a form: each a gap with its cure.
    pub(super) async fn brief_gaps(
        &self,
        connection: &mut Connection,
        visible: &Visible,
        form: &Form,
    ) -> Result<Vec<Gap>, AppError> {
        let alerts = store::alert::load_all(connection, &visible.incident.alerts).await?;
        let alerts: Vec<_> = alerts.iter().map(|kept| &kept.alert).collect();
        let forbidden = forbidden(&alerts, &visible.clearance);
        let playbook = &visible.playbook.playbook;
        let texts = form
            .items
            .iter()
            .filter_map(|item| Some((&item.field, item.shown.clone()?)));
        let gaps = texts.flat_map(|(field, text)| {
            let title = playbook
                .field(field)
                .map_or_else(String::new, |f| f.title.clone());
            let field = field.clone();
            leaks(&text, &forbidden)
                .into_iter()
                .map(move |problem| Gap {
                    field: field.clone(),
                    title: title.clone(),
                    problem,
                })
        });
        Ok(gaps.collect())
    }

    /// A contact's answer, with what they say beside it, in one commit.
    pub async fn answer_engagement(
        &self,
        actor: &Actor,
        id: IncidentId,
        engagement: u32,
        choice: Choice,
        words: Option<String>,
    ) -> Result<Acted, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let words = words.as_deref().map(str::trim).filter(|w| !w.is_empty());
                    if choice.asks_why() && words.is_none() {
                        return Err(Refusal::ReasonMissing.into());
                    }
                    let command = Command::Answer { engagement, choice };
                    let acted = app.step(connection, &actor, id, &command).await?;
                    if let Some(words) = words {
                        let said = (choice.key(), words);
                        let (by, now) = (actor.person, app.now());
                        store::counsel::insert(connection, id, engagement, by, said, now).await?;
                    }
                    Ok(acted)
                })
            })
            .await
    }

    /// What was said on an engagement: for its contacts and the one security contact, and logged.
    pub async fn said(
        &self,
        actor: &Actor,
        id: IncidentId,
        number: u32,
    ) -> Result<Vec<SaidView>, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let visible = app.visible(connection, &actor, id).await?;
                    let engagement = find(&visible.incident, number)?;
                    let clearance = policy::counsel(&actor, engagement, &visible.walls)
                        .ok_or(Refusal::NoEngagement)?;
                    let view = store::access::View {
                        at: app.now(),
                        by: actor.person,
                        what: "counsel",
                        incident: id,
                        reason: None,
                        salt: app.ids.salt(),
                    };
                    store::access::append(connection, &view).await?;
                    let names = store::people::names(connection, &[id]).await?;
                    let said = store::counsel::list(connection, id, number).await?;
                    let shown = said.into_iter().filter_map(|one| {
                        Some(SaidView {
                            at: one.at,
                            by: named(&names, one.by),
                            choice: choice_words(&one.choice),
                            words: one.words.open(&clearance)?.clone(),
                        })
                    });
                    Ok::<_, AppError>(shown.collect())
                })
            })
            .await
    }

    /// Whether a member may answer this engagement at all: asked before a form opens.
    pub async fn may_answer(
        &self,
        actor: &Actor,
        id: IncidentId,
        number: u32,
        choice: Choice,
    ) -> Result<(), AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let engagement = find(&visible.incident, number)?;
        let contact = engagement
            .contact_of(actor.person)
            .ok_or(Refusal::NoEngagement)?;
        if choice.sides().contains(&contact.side) {
            Ok(())
        } else {
            Err(Refusal::NotYours {
                role: choice.sides().first().copied(),
            }
            .into())
        }
    }

    /// The brief as it stands, for the restricted channel.
    pub async fn brief(&self, id: IncidentId, number: u32) -> Result<Option<BriefView>, AppError> {
        let mut reader = self.store.read().await?;
        let Some(incident) = store::incident::find(&mut reader, id).await? else {
            return Ok(None);
        };
        let Ok(engagement) = find(&incident, number) else {
            return Ok(None);
        };
        let loaded = self.playbooks.load(&incident.playbook)?;
        let names = store::people::names(&mut reader, &[id]).await?;
        let members = store::people::list_members(&mut reader).await?;
        let signed = thresholds::signatures(&mut reader, &loaded.reference.hash).await?;
        // Whoever is behind a wall is neither mentioned nor added, whatever still names them.
        let mut walls = store::incident::walls(&mut reader, id).await?;
        walls.extend(&incident.conflicted);
        let members: Vec<Member> = members
            .into_iter()
            .filter(|m| !walls.contains(&m.person))
            .collect();
        let entries = store::roster::list(&mut reader).await?;
        let away = entries.iter().filter(|entry| entry.absent);
        let absent = away.map(|entry| entry.person).collect();
        let called = engagement.to_remind(&absent);
        let playbook = &loaded.playbook;
        let mut view = self.brief_view(&incident, engagement, playbook, &names, &members, called);
        view.thresholds = threshold::unsigned_note(&signed).unwrap_or_else(|| {
            let version = &loaded.playbook.version;
            format!("Thresholds of version {version}, signed by Legal and HR")
        });
        Ok(Some(view))
    }

    fn brief_view(
        &self,
        incident: &Incident,
        engagement: &Engagement,
        playbook: &Playbook,
        names: &BTreeMap<PersonId, String>,
        members: &[Member],
        called: Vec<PersonId>,
    ) -> BriefView {
        let account = |person: PersonId| {
            members
                .iter()
                .find(|m| m.person == person)
                .map(|m| m.account.clone())
        };
        let sentence = |id| playbook.criterion(id).map(|c| c.text.clone());
        BriefView {
            id: incident.id,
            number: engagement.number,
            drill: incident.drill,
            engaged_at: engagement.engaged_at,
            met_at: incident.opened_at,
            security: named(names, engagement.security),
            criteria: engagement.criteria.iter().filter_map(sentence).collect(),
            items: brief_items(incident, engagement, playbook, self.zone),
            contacts: engagement
                .contacts
                .iter()
                .map(|c| contact_view(c, names))
                .collect(),
            decisions: engagement
                .decisions
                .iter()
                .map(|d| (named(names, d.by), d.choice.words().to_owned(), d.at))
                .collect(),
            status: engagement.status(),
            discreet: engagement.discreet,
            mentions: engagement
                .contacts
                .iter()
                .filter_map(|c| account(c.person))
                .collect(),
            unread: engagement
                .contacts
                .iter()
                .filter(|c| c.acknowledged_at.is_none())
                .filter_map(|c| account(c.person))
                .collect(),
            reminds: called.into_iter().filter_map(account).collect(),
            steps_in: engagement
                .contacts
                .iter()
                .filter(|c| c.acknowledged_at.is_none() && c.deputy.is_none())
                .filter_map(|c| account(c.person))
                .collect(),
            security_account: account(engagement.security),
            thresholds: String::new(),
            held: hold::held(&incident.engagements, &incident.holds),
            concluded: engagement.concluded_at.is_some(),
        }
    }

    /// Replaces a side's people on the roster. A lead or an administrator does it.
    pub async fn set_roster(
        &self,
        actor: &Actor,
        side: Role,
        accounts: Vec<AccountId>,
    ) -> Result<Vec<String>, AppError> {
        if !may_set_roster(actor, side) {
            return Err(Refusal::NotYours {
                role: Some(Role::Admin),
            }
            .into());
        }
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let members = store::people::list_members(connection).await?;
                    let mut people = Vec::new();
                    let mut names = Vec::new();
                    for account in &accounts {
                        let member = members
                            .iter()
                            .find(|m| m.account == *account && m.roles.contains(&side))
                            .ok_or(Refusal::NotYours { role: Some(side) })?;
                        people.push(member.person);
                        names.push(member.name.clone());
                    }
                    let now = app.now();
                    store::roster::save(connection, side, &people, actor.person, now).await?;
                    Ok::<_, AppError>(names)
                })
            })
            .await
    }

    /// Absent, or back: everybody says it of themselves.
    pub async fn set_absence(&self, actor: &Actor, absent: bool) -> Result<bool, AppError> {
        let (person, now) = (actor.person, self.now());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    Ok(store::roster::save_absence(connection, person, absent, now).await?)
                })
            })
            .await
    }

    /// Who is named on each side now: names in order, with the hours of those who named their own.
    pub async fn roster(&self) -> Result<Vec<(Role, Vec<String>)>, AppError> {
        let mut reader = self.store.read().await?;
        let roster = roster(&mut reader).await?;
        let names = store::people::names(&mut reader, &[]).await?;
        let calendar = self.calendar(&mut reader).await?;
        let called = |person| {
            let name = named(&names, person);
            match calendar.people.get(&person) {
                Some(hours) => format!("{name} ({hours})"),
                None => name,
            }
        };
        let shown = roster
            .into_iter()
            .map(|(side, people)| (side, people.into_iter().map(called).collect()));
        Ok(shown.collect())
    }
}

fn find(incident: &Incident, number: u32) -> Result<&Engagement, Refusal> {
    incident
        .engagements
        .iter()
        .find(|e| e.number == number)
        .ok_or(Refusal::NoEngagement)
}

fn named(names: &BTreeMap<PersonId, String>, person: PersonId) -> String {
    names
        .get(&person)
        .cloned()
        .unwrap_or_else(|| person.to_string())
}

fn choice_words(key: &str) -> String {
    match key {
        "hold_item" => return "Legal hold on an item".to_owned(),
        "release_item" => return "Item released from the legal hold".to_owned(),
        _ => {}
    }
    let known = Choice::ALL.into_iter().find(|c| c.key() == key);
    known.map_or_else(|| key.to_owned(), |c| c.words().to_owned())
}

fn contact_view(contact: &Contact, names: &BTreeMap<PersonId, String>) -> ContactView {
    ContactView {
        side: contact.side,
        name: named(names, contact.person),
        deputy: contact.deputy.map(|d| named(names, d)),
        acknowledged_at: contact.acknowledged_at,
        concluded_at: contact.concluded_at,
    }
}

fn brief_items(
    incident: &Incident,
    engagement: &Engagement,
    playbook: &Playbook,
    zone: chrono_tz::Tz,
) -> Vec<(String, String)> {
    let transitions = playbook
        .transitions
        .iter()
        .filter(|t| t.kind == TransitionKind::Engagement);
    let carries = |t: &&Transition| engagement.criteria.iter().any(|c| t.criteria.contains(c));
    let Some(transition) = transitions.into_iter().find(carries) else {
        return Vec::new();
    };
    let record = policy::brief_record(incident);
    brief_fields(playbook, transition)
        .into_iter()
        .filter_map(|id| {
            let (field, entry) = (playbook.field(id)?, record.latest(id)?);
            Some((field.title.clone(), shown(field, &entry.state, zone)))
        })
        .collect()
}

/// The roster with those who are there; where a side has none, everybody with its role, in order of their number.
pub(super) async fn roster(connection: &mut Connection) -> Result<Roster, store::StoreError> {
    let entries = store::roster::list(connection).await?;
    let members = store::people::list_members(connection).await?;
    let mut roster = Roster::new();
    for side in [Role::Legal, Role::Hr, Role::Grc, Role::Manager] {
        let listed: Vec<_> = entries.iter().filter(|e| e.side == side).collect();
        let mut people: Vec<PersonId> = listed
            .iter()
            .filter(|e| !e.absent)
            .map(|e| e.person)
            .collect();
        if listed.is_empty() {
            let with_role = members.iter().filter(|m| m.roles.contains(&side));
            people = with_role.map(|m| m.person).collect();
            people.sort_unstable();
        }
        roster.insert(side, people);
    }
    Ok(roster)
}
