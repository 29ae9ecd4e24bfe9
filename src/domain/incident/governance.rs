//! Engaging Governance, and what its contacts answer.

use super::command::{Engaging, Submission};
use super::decide::{Context, allowed, entries, open_still};
use super::event::Event;
use super::readiness::{readiness, state_of, unengaged_here};
use super::{Govern, Governed, Incident, Refusal, governed};
use crate::domain::governance::{Choice, Decided, Engagement};
use crate::domain::playbook::definition::{Transition, TransitionKind};
use crate::domain::policy::{Act, Actor};
use crate::domain::record::{Answer, State};

pub fn engage(
    incident: &Incident,
    engaging: &Engaging,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let actor = may_engage(incident, context)?;
    let submission = &engaging.submission;
    let transition = context
        .playbook
        .transition(&submission.transition)
        .filter(|t| t.kind == TransitionKind::Engagement && t.from.contains(&incident.stage))
        .ok_or(Refusal::NoSuchWay { ways: Vec::new() })?;
    let readiness = readiness(incident, transition, submission, context);
    if !readiness.is_ready() {
        return Err(Refusal::RecordIncomplete(Box::new(readiness)));
    }
    let number = u32::try_from(incident.engagements.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    Ok(vec![Event::Engaged {
        number,
        criteria: submission.criteria.clone(),
        entries: entries(submission, actor.person, context.now),
        contacts: engaging.contacts.clone(),
        discreet: engaging.discreet,
    }])
}

/// Thresholds that this step passes over, each with the reason that its record gives.
pub fn left_unengaged(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    context: &Context<'_>,
) -> Option<Event> {
    let criteria = unengaged_here(incident, transition, submission, context);
    let new = criteria
        .iter()
        .any(|id| !incident.left_unengaged.contains(id));
    let field = transition.thresholds_answered_in.as_ref()?;
    let State::Value(Answer::Text(reason)) = state_of(field, incident, submission)? else {
        return None;
    };
    let reason = reason.clone();
    new.then_some(Event::Governed(Governed::LeftUnengaged {
        criteria,
        reason,
    }))
}

/// Whether this member may engage Governance now: asked before the form opens.
pub fn may_engage<'c>(incident: &Incident, context: &Context<'c>) -> Result<&'c Actor, Refusal> {
    open_still(incident)?;
    allowed(incident, Act::Engage, context)
}

/// Only a named contact or deputy answers, and only what their side may.
pub fn answer(
    incident: &Incident,
    number: u32,
    choice: Choice,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let actor = context.actor.ok_or(Refusal::NotFound)?;
    let engagement = incident.engagements.iter().find(|e| e.number == number);
    let engagement = engagement.ok_or(Refusal::NoEngagement)?;
    let contact = engagement
        .contact_of(actor.person)
        .ok_or(Refusal::NoEngagement)?;
    if !choice.sides().contains(&contact.side) {
        return Err(Refusal::NotYours {
            role: choice.sides().first().copied(),
        });
    }
    if said_already(incident, engagement, choice, actor) {
        return Ok(Vec::new());
    }
    if choice == Choice::Conclude {
        return governed::conclude(incident, number, context);
    }
    if choice == Choice::GoesOnAlone {
        // Who says so continues it, where nobody else is named.
        let (engagement, owner) = (number, actor.person);
        let alone = Govern::ContinueAlone { engagement, owner };
        return governed::decide(incident, &alone, context);
    }
    if choice == Choice::Conflict && contact.deputy.is_none() {
        return Err(Refusal::NoContact {
            sides: vec![contact.side],
        });
    }
    Ok(vec![Event::Answered {
        engagement: number,
        choice,
    }])
}

/// Pressing twice is no second decision; the same word after somebody else's is one.
fn said_already(
    incident: &Incident,
    engagement: &Engagement,
    choice: Choice,
    actor: &Actor,
) -> bool {
    let mine = |decided: &Decided| decided.by == actor.person && decided.choice == choice;
    let newest = incident
        .engagements
        .iter()
        .filter_map(|e| e.decisions.last());
    let newest_at = newest.map(|d| d.at).max();
    let last = engagement.decisions.last();
    let repeated = last.is_some_and(|d| mine(d) && Some(d.at) == newest_at);
    let read_already = choice == Choice::Acknowledge && engagement.decisions.iter().any(mine);
    repeated || read_already
}
