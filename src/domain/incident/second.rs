//! A second person: what somebody proposes, another natural person agrees to or refuses, with a reason.

use super::command::Submission;
use super::decide::{Context, allowed, entries, open_still, pattern_applied};
use super::event::Event;
use super::readiness::readiness;
use super::{EndKind, Incident, Proposal, Refusal};
use crate::domain::ids::PersonId;
use crate::domain::playbook::definition::{Transition, TransitionKind};
use crate::domain::playbook::rules::GateKind;
use crate::domain::policy::{Act, Actor};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Whether the only gate that is closed is the one that a second person opens.
pub fn suffices(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    context: &Context<'_>,
) -> bool {
    let others: Vec<String> = transition
        .gates
        .iter()
        .filter(|id| {
            let kind = context.playbook.gate(id).map(|gate| &gate.kind);
            kind != Some(&GateKind::SecondPersonOnRepeat)
        })
        .cloned()
        .collect();
    transition.kind == TransitionKind::Dismissal
        && super::gates::closed_gates(&others, incident, submission, context).is_empty()
}

pub fn proposed(
    transition: &Transition,
    submission: &Submission,
    by: PersonId,
    now: DateTime<Utc>,
) -> Event {
    Event::Proposed {
        transition: transition.id.clone(),
        criteria: submission.criteria.clone(),
        entries: entries(submission, by, now),
        done: submission.done.clone(),
    }
}

pub fn agree(
    incident: &Incident,
    reason: &str,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let (proposal, reason, _) = judged(incident, reason, context)?;
    let transition = context
        .playbook
        .transition(&proposal.transition)
        .ok_or(Refusal::NothingProposed)?;
    let kind = EndKind::of(transition.kind).ok_or(Refusal::NothingProposed)?;
    stands_still(incident, proposal, transition, context)?;
    let ended = Event::Ended {
        transition: proposal.transition.clone(),
        kind,
        criteria: proposal.criteria.clone(),
        // The record was appended when it was proposed.
        entries: BTreeMap::new(),
        done: proposal.done.clone(),
    };
    let applied = pattern_applied(incident, transition, &again(proposal), context);
    let agreed = Event::Agreed { reason };
    Ok([Some(agreed), applied, Some(ended)]
        .into_iter()
        .flatten()
        .collect())
}

/// What was proposed, as it would be submitted now.
fn again(proposal: &Proposal) -> Submission {
    Submission {
        transition: proposal.transition.clone(),
        criteria: proposal.criteria.clone(),
        // The record was appended when it was proposed.
        answers: BTreeMap::new(),
        done: proposal.done.clone(),
    }
}

/// What came up since it was proposed counts: a criterion met meanwhile, a gate that closed.
fn stands_still(
    incident: &Incident,
    proposal: &Proposal,
    transition: &Transition,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    let submission = again(proposal);
    let mut readiness = readiness(incident, transition, &submission, context);
    if suffices(incident, transition, &submission, context) {
        readiness.gates.clear();
    }
    if readiness.is_ready() {
        Ok(())
    } else {
        Err(Refusal::RecordIncomplete(Box::new(readiness)))
    }
}

pub fn refuse(
    incident: &Incident,
    reason: &str,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let (_, reason, _) = judged(incident, reason, context)?;
    Ok(vec![Event::Refused { reason }])
}

fn judged<'i, 'c>(
    incident: &'i Incident,
    reason: &str,
    context: &Context<'c>,
) -> Result<(&'i Proposal, String, &'c Actor), Refusal> {
    open_still(incident)?;
    let proposal = incident.proposal.as_ref().ok_or(Refusal::NothingProposed)?;
    let actor = allowed(incident, Act::Second, context)?;
    if actor.person == proposal.by {
        return Err(Refusal::SamePerson);
    }
    match reason.trim() {
        "" => Err(Refusal::ReasonMissing),
        reason => Ok((proposal, reason.to_owned(), actor)),
    }
}
