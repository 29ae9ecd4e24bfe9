//! What happens on the side of Governance beyond its answers: a side concludes, names other contacts, holds and releases
//! items. And who is named where a wall was found later.

use super::beside::step_aside;
use super::decide::Context;
use super::event::Event;
use super::{Incident, Refusal, talking};
use crate::domain::governance::{Choice, Contact, Decided, Engagement};
use crate::domain::hold::{Hold, Release, same_item};
use crate::domain::ids::{CriterionId, PersonId};
use crate::domain::policy::{Actor, may_name_contacts};
use crate::domain::role::Role;
use crate::domain::talk::{Request, Verdict};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What is asked of the side of Governance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Govern {
    /// Legal: the engagement goes on without Security, and this person continues it.
    ContinueAlone {
        engagement: u32,
        owner: PersonId,
    },
    /// A side names its contact and deputy anew.
    NameContacts {
        engagement: u32,
        side: Role,
        person: PersonId,
        deputy: Option<PersonId>,
    },
    /// Legal: this is not deleted.
    HoldItem {
        item: String,
    },
    /// Legal: this may be deleted.
    ReleaseItem {
        item: String,
    },
    /// To speak to somebody: the line manager, users, outside.
    RequestTalk(Box<Request>),
    DecideTalk {
        number: u32,
        verdict: Verdict,
    },
    /// A request was not decided in time.
    RemindTalk {
        number: u32,
    },
    /// The directory walls these persons off now.
    KeepOut {
        people: Vec<PersonId>,
    },
}

/// What happened on the side of Governance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Governed {
    SideConcluded {
        engagement: u32,
        side: Role,
    },
    ContinuedAlone {
        engagement: u32,
        owner: PersonId,
    },
    ContactsNamed {
        engagement: u32,
        side: Role,
        person: PersonId,
        deputy: Option<PersonId>,
    },
    ItemHeld {
        item: String,
    },
    ItemReleased {
        item: String,
    },
    /// Thresholds agreed in advance are met, and Governance was not engaged for them.
    LeftUnengaged {
        criteria: Vec<CriterionId>,
        reason: String,
    },
    TalkRequested {
        number: u32,
        rule: String,
        /// Whose word it waits for.
        sides: Vec<Role>,
        wording: String,
        why: String,
        /// What the lists of the playbook found in it, where it was justified.
        findings: Vec<String>,
        justification: Option<String>,
    },
    TalkDecided {
        number: u32,
        side: Role,
        verdict: Verdict,
    },
    TalkReminded {
        number: u32,
        times: u32,
    },
    /// These persons were found to be walled off, and stand aside.
    KeptOut {
        people: Vec<PersonId>,
    },
}

impl Governed {
    /// The header's word for it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SideConcluded { .. } => "side_concluded",
            Self::ContinuedAlone { .. } => "continued_alone",
            Self::ContactsNamed { .. } => "contacts_named",
            Self::ItemHeld { .. } => "item_held",
            Self::ItemReleased { .. } => "item_released",
            Self::LeftUnengaged { .. } => "left_unengaged",
            Self::TalkRequested { .. } => "talk_requested",
            Self::TalkDecided { .. } => "talk_decided",
            Self::TalkReminded { .. } => "talk_reminded",
            Self::KeptOut { .. } => "kept_out",
        }
    }

    /// The engagement that it changes.
    pub const fn engagement(&self) -> Option<u32> {
        match self {
            Self::SideConcluded { engagement, .. }
            | Self::ContinuedAlone { engagement, .. }
            | Self::ContactsNamed { engagement, .. } => Some(*engagement),
            Self::ItemHeld { .. }
            | Self::ItemReleased { .. }
            | Self::LeftUnengaged { .. }
            | Self::TalkRequested { .. }
            | Self::TalkDecided { .. }
            | Self::TalkReminded { .. }
            | Self::KeptOut { .. } => None,
        }
    }
}

pub fn decide(
    incident: &Incident,
    command: &Govern,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let one = match command {
        Govern::ContinueAlone { engagement, owner } => {
            continue_alone(incident, *engagement, *owner, context)?
        }
        Govern::NameContacts {
            engagement,
            side,
            person,
            deputy,
        } => name_contacts(incident, *engagement, *side, (*person, *deputy), context)?,
        Govern::HoldItem { item } => hold_item(incident, item, context)?,
        Govern::ReleaseItem { item } => release_item(incident, item, context)?,
        Govern::RequestTalk(request) => Some(talking::request(incident, request, context)?),
        Govern::DecideTalk { number, verdict } => {
            Some(talking::decide(incident, *number, verdict, context)?)
        }
        Govern::RemindTalk { number } => talking::remind(incident, *number, context)?,
        Govern::KeepOut { people } => keep_out(incident, people),
    };
    Ok(one.into_iter().map(Event::Governed).collect())
}

/// A named contact or deputy of the engagement, with the side on which they are named.
fn contact<'i>(
    incident: &'i Incident,
    number: u32,
    context: &Context<'_>,
) -> Result<(&'i Engagement, &'i Contact, PersonId), Refusal> {
    let actor = context.actor.ok_or(Refusal::NotFound)?;
    let engagement = incident.engagements.iter().find(|e| e.number == number);
    let engagement = engagement.ok_or(Refusal::NoEngagement)?;
    let contact = engagement.contact_of(actor.person);
    let contact = contact.ok_or(Refusal::NoEngagement)?;
    Ok((engagement, contact, actor.person))
}

/// Each side concludes for itself.
pub fn conclude(
    incident: &Incident,
    number: u32,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let (_, contact, _) = contact(incident, number, context)?;
    if contact.concluded_at.is_some() {
        return Ok(Vec::new());
    }
    let side = contact.side;
    Ok(vec![Event::Governed(Governed::SideConcluded {
        engagement: number,
        side,
    })])
}

fn continue_alone(
    incident: &Incident,
    number: u32,
    owner: PersonId,
    context: &Context<'_>,
) -> Result<Option<Governed>, Refusal> {
    let (engagement, contact, _) = contact(incident, number, context)?;
    if contact.side != Role::Legal {
        return Err(Refusal::NotYours {
            role: Some(Role::Legal),
        });
    }
    Ok(
        (engagement.owner != Some(owner)).then_some(Governed::ContinuedAlone {
            engagement: number,
            owner,
        }),
    )
}

fn name_contacts(
    incident: &Incident,
    number: u32,
    side: Role,
    (person, deputy): (PersonId, Option<PersonId>),
    context: &Context<'_>,
) -> Result<Option<Governed>, Refusal> {
    let actor = context.actor.ok_or(Refusal::NotFound)?;
    let engagement = incident.engagements.iter().find(|e| e.number == number);
    let engagement = engagement.ok_or(Refusal::NoEngagement)?;
    if !may_name_contacts(actor, side) {
        return Err(Refusal::NotYours { role: Some(side) });
    }
    let contact = engagement.contacts.iter().find(|c| c.side == side);
    let contact = contact.ok_or(Refusal::NoEngagement)?;
    let deputy = deputy.filter(|deputy| *deputy != person);
    let conflicted = |who: &PersonId| incident.conflicted.contains(who);
    if conflicted(&person) || deputy.as_ref().is_some_and(conflicted) {
        return Err(Refusal::NoContact { sides: vec![side] });
    }
    let same = contact.person == person && contact.deputy == deputy;
    Ok((!same).then_some(Governed::ContactsNamed {
        engagement: number,
        side,
        person,
        deputy,
    }))
}

/// Legal's contact or deputy on any engagement of the incident.
fn for_legal<'c>(incident: &Incident, context: &Context<'c>) -> Result<&'c Actor, Refusal> {
    let actor = context.actor.ok_or(Refusal::NotFound)?;
    let named = incident
        .engagements
        .iter()
        .filter_map(|e| e.contact_of(actor.person))
        .any(|contact| contact.side == Role::Legal);
    if named {
        Ok(actor)
    } else {
        Err(Refusal::NoEngagement)
    }
}

fn hold_item(
    incident: &Incident,
    item: &str,
    context: &Context<'_>,
) -> Result<Option<Governed>, Refusal> {
    for_legal(incident, context)?;
    let item = item.trim();
    if item.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let stands = incident
        .holds
        .iter()
        .any(|h| h.released_at.is_none() && same_item(&h.item, item));
    let item = item.to_owned();
    Ok((!stands).then_some(Governed::ItemHeld { item }))
}

fn release_item(
    incident: &Incident,
    item: &str,
    context: &Context<'_>,
) -> Result<Option<Governed>, Refusal> {
    for_legal(incident, context)?;
    let item = item.trim();
    if item.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    if !incident.is_held() {
        return Err(Refusal::NotHeld);
    }
    let item = item.to_owned();
    Ok(Some(Governed::ItemReleased { item }))
}

/// Those walled off who are named somewhere; nothing where nobody is.
fn keep_out(incident: &Incident, people: &[PersonId]) -> Option<Governed> {
    let named = |who: &PersonId| {
        let on = incident.on_case.contains(who);
        on || incident
            .engagements
            .iter()
            .any(|e| e.contact_of(*who).is_some())
    };
    let people: Vec<PersonId> = people.iter().copied().filter(named).collect();
    (!people.is_empty()).then_some(Governed::KeptOut { people })
}

/// Folds one of them in.
pub fn apply(incident: &mut Incident, event: &Governed, by: PersonId, at: DateTime<Utc>) {
    match event {
        Governed::SideConcluded { engagement, side } => {
            if let Some(found) = find(incident, *engagement) {
                concluded(found, *side, by, at);
            }
        }
        Governed::ContinuedAlone { engagement, owner } => {
            if let Some(found) = find(incident, *engagement) {
                found.owner = Some(*owner);
                decided(found, by, at, Choice::GoesOnAlone);
            }
        }
        Governed::ContactsNamed {
            engagement,
            side,
            person,
            deputy,
        } => {
            let found = find(incident, *engagement);
            let contacts = found.into_iter().flat_map(|e| &mut e.contacts);
            for contact in contacts.filter(|c| c.side == *side) {
                if contact.person != *person {
                    contact.acknowledged_at = None;
                }
                (contact.person, contact.deputy) = (*person, *deputy);
            }
        }
        Governed::ItemHeld { item } => incident.holds.push(Hold {
            item: item.clone(),
            by,
            at,
            released_at: None,
        }),
        Governed::ItemReleased { item } => released(incident, item, by, at),
        Governed::LeftUnengaged { criteria, .. } => {
            incident.left_unengaged.extend(criteria.iter().cloned());
        }
        Governed::TalkRequested { .. }
        | Governed::TalkDecided { .. }
        | Governed::TalkReminded { .. } => talking::apply(incident, event, by, at),
        Governed::KeptOut { people } => {
            let contacts = incident
                .engagements
                .iter_mut()
                .flat_map(|e| &mut e.contacts);
            for contact in contacts {
                for who in people {
                    step_aside(contact, *who);
                }
            }
        }
    }
}

fn find(incident: &mut Incident, number: u32) -> Option<&mut Engagement> {
    incident.engagements.iter_mut().find(|e| e.number == number)
}

fn decided(engagement: &mut Engagement, by: PersonId, at: DateTime<Utc>, choice: Choice) {
    engagement.decisions.push(Decided { by, at, choice });
    // Whoever answers has read it.
    let mine = engagement
        .contacts
        .iter_mut()
        .filter(|c| c.person == by || c.deputy == Some(by));
    mine.for_each(|contact| {
        contact.acknowledged_at.get_or_insert(at);
    });
}

fn concluded(engagement: &mut Engagement, side: Role, by: PersonId, at: DateTime<Utc>) {
    decided(engagement, by, at, Choice::Conclude);
    let mine = engagement.contacts.iter_mut().filter(|c| c.side == side);
    mine.for_each(|contact| contact.concluded_at = Some(at));
    if engagement.contacts.iter().all(|c| c.concluded_at.is_some()) {
        engagement.concluded_at = Some(at);
    }
}

fn released(incident: &mut Incident, item: &str, by: PersonId, at: DateTime<Utc>) {
    let mine = incident
        .holds
        .iter_mut()
        .filter(|h| h.released_at.is_none() && same_item(&h.item, item));
    mine.for_each(|hold| hold.released_at = Some(at));
    incident.releases.push(Release {
        item: item.to_owned(),
        by,
        at,
    });
}
