//! Containment: proposed, authorised where its gates are open, reported. In an emergency two persons open a gate.

use super::command::Submission;
use super::decide::{Context, allowed, open_still};
use super::event::Event;
use super::gates::closed_gates_of;
use super::{Incident, Refusal};
use crate::domain::containment::{ActionState, ContainmentAction};
use crate::domain::playbook::rules::{Action, GateKind};
use crate::domain::policy::Act;
use crate::domain::role::Role;

pub fn propose(
    incident: &Incident,
    action: &str,
    target: &str,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    open_still(incident)?;
    allowed(incident, Act::Contain, context)?;
    if context.playbook.action(action).is_none() {
        let known: Vec<&str> = context
            .playbook
            .containment
            .iter()
            .map(|a| a.title.as_str())
            .collect();
        return Err(Refusal::NoAction {
            why: format!("The playbook's catalogue has: {}.", known.join("; ")),
        });
    }
    let target = target.trim();
    if target.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let number = u32::try_from(incident.actions.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let (action, target) = (action.to_owned(), target.to_owned());
    Ok(vec![Event::ContainmentProposed {
        number,
        action,
        target,
    }])
}

pub fn authorise(
    incident: &Incident,
    number: u32,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    open_still(incident)?;
    let actor = allowed(incident, Act::Authorise, context)?;
    let (entry, action) = proposed(incident, number, context)?;
    if action.needs_second_person && entry.proposed_by == actor.person {
        return Err(Refusal::SamePerson);
    }
    let texts = closed(incident, entry, action, context);
    if !texts.is_empty() {
        return Err(Refusal::Gates { texts });
    }
    Ok(vec![Event::ContainmentAuthorised { number }])
}

pub fn report(
    incident: &Incident,
    number: u32,
    done: bool,
    result: &str,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    open_still(incident)?;
    allowed(incident, Act::Contain, context)?;
    let entry = find(incident, number)?;
    // What is only proposed may be given up; done it can only be once authorised.
    match (&entry.state, done) {
        (ActionState::Authorised { .. }, _) | (ActionState::Proposed, false) => {}
        (ActionState::Proposed, true) => {
            return Err(no_action(number, "is not authorised yet"));
        }
        (ActionState::Done { .. } | ActionState::Failed { .. }, _) => {
            return Err(no_action(number, "is reported already"));
        }
    }
    match result.trim() {
        "" => Err(Refusal::ReasonMissing),
        result => Ok(vec![Event::ContainmentReported {
            number,
            done,
            result: result.to_owned(),
        }]),
    }
}

/// One `tier3`, and one `manager` or `legal`: each gives a reason, and the second opens the gate.
pub fn override_gates(
    incident: &Incident,
    number: u32,
    reason: &str,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    open_still(incident)?;
    let actor = allowed(incident, Act::Override, context)?;
    let (_, action) = proposed(incident, number, context)?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let role = [Role::Tier3, Role::Manager, Role::Legal]
        .into_iter()
        .find(|r| actor.has(*r));
    let role = role.ok_or(Refusal::NotYours {
        role: Some(Role::Tier3),
    })?;
    let gates = action
        .gates
        .iter()
        .filter_map(|id| context.playbook.gate(id));
    let gate = gates
        .into_iter()
        .find(|gate| matches!(gate.kind, GateKind::HrBeforePerson { .. }))
        .ok_or_else(|| no_action(number, "has no gate that an emergency may open"))?;
    if incident
        .words_for(&gate.id, number, context.elsewhere.and_then(|e| e.held_at))
        .any(|word| word.by == actor.person)
    {
        return Err(Refusal::SamePerson);
    }
    Ok(vec![Event::GateOverridden {
        gate: gate.id.clone(),
        number,
        role,
        reason: reason.to_owned(),
        covers: proposed_at(incident, &gate.id, context),
    }])
}

/// The actions that stand proposed at this gate now.
fn proposed_at(incident: &Incident, gate: &str, context: &Context<'_>) -> Vec<u32> {
    let waits = |entry: &&ContainmentAction| {
        let action = context.playbook.action(&entry.action);
        entry.state == ActionState::Proposed
            && action.is_some_and(|action| action.gates.iter().any(|id| id == gate))
    };
    let waiting = incident.actions.iter().filter(waits);
    waiting.map(|entry| entry.number).collect()
}

/// The sentences of an action's gates that are closed now.
pub fn closed(
    incident: &Incident,
    entry: &ContainmentAction,
    action: &Action,
    context: &Context<'_>,
) -> Vec<String> {
    // Nothing new is answered with it: the record stands as it is.
    let nothing = Submission::nothing();
    closed_gates_of(Some(entry), &action.gates, incident, &nothing, context)
}

fn proposed<'i, 'p>(
    incident: &'i Incident,
    number: u32,
    context: &Context<'p>,
) -> Result<(&'i ContainmentAction, &'p Action), Refusal> {
    let entry = find(incident, number)?;
    if entry.state != ActionState::Proposed {
        return Err(no_action(
            number,
            &format!("is {} already", entry.state.word()),
        ));
    }
    let action = context.playbook.action(&entry.action);
    let action = action.ok_or_else(|| no_action(number, "is not in the catalogue any more"))?;
    Ok((entry, action))
}

fn find(incident: &Incident, number: u32) -> Result<&ContainmentAction, Refusal> {
    let found = incident.actions.iter().find(|a| a.number == number);
    found.ok_or_else(|| no_action(number, "does not exist"))
}

fn no_action(number: u32, why: &str) -> Refusal {
    Refusal::NoAction {
        why: format!("Action {number} {why}."),
    }
}
