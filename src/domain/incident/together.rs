//! Dismissals under one rationale: which incident may go with others, and why one may not.

use super::command::Submission;
use super::decide::{Context, may_leave};
use super::gates::closed_gates;
use super::readiness::{leading, met_triggers};
use super::{Finding, Incident, Refusal};
use crate::domain::playbook::definition::Transition;
use crate::domain::playbook::rules::GateKind;
use crate::domain::record::{Origin, State};
use std::collections::BTreeMap;

/// Why the incident is left out of a dismissal together with others, a clause; `None` where it may go with them.
/// What needs a person's own look is left out: any trigger that is met or could not be evaluated, the repeat rule, and
/// what somebody else holds.
pub fn left_out(
    incident: &Incident,
    transition: &Transition,
    context: &Context<'_>,
) -> Option<String> {
    match may_leave(incident, context) {
        Ok(_) => {}
        Err(Refusal::Held { .. }) => return Some("somebody else holds it".to_owned()),
        Err(Refusal::Offered { to }) => return Some(format!("it is offered to {to}")),
        Err(Refusal::Ended) => return Some("it has ended".to_owned()),
        Err(_) => return Some("this step belongs to another role".to_owned()),
    }
    if !transition.from.contains(&incident.stage) {
        return Some("from where it stands there is no such way".to_owned());
    }
    if incident.proposal.is_some() {
        return Some("it waits for a second person".to_owned());
    }
    let met = met_triggers(incident, context.playbook);
    if !met.is_empty() {
        return Some(format!("a trigger is met: {}", met.join(" ")));
    }
    let unknown = leading(incident, context.playbook).find(|id| {
        let known = incident.criteria.get(*id).map(|known| &known.finding);
        matches!(known, Some(Finding::NotEvaluated(_)))
    });
    if let Some(criterion) = unknown.and_then(|id| context.playbook.criterion(id)) {
        let text = &criterion.text;
        return Some(format!("a trigger could not be evaluated: {text}"));
    }
    let repeat = transition.gates.iter().filter(|id| {
        let kind = context.playbook.gate(id).map(|gate| &gate.kind);
        kind == Some(&GateKind::SecondPersonOnRepeat)
    });
    let repeat: Vec<String> = repeat.cloned().collect();
    let nothing = Submission {
        transition: transition.id.clone(),
        criteria: Vec::new(),
        answers: BTreeMap::new(),
        done: Vec::new(),
    };
    let closed = closed_gates(&repeat, incident, &nothing, context);
    (!closed.is_empty()).then(|| "the repeat rule: the person was detected before".to_owned())
}

/// What is submitted for another incident: the lead's grounds, its confirmations and whatever a person wrote or a
/// pattern says; what the source says stays each incident's own.
pub fn under_one_rationale(lead: &Submission, own: &Submission) -> Submission {
    let from_source = |(_, origin): &&(State, Origin)| *origin == Origin::Source;
    let of_source = own.answers.iter().filter(|(_, given)| from_source(given));
    let shared = lead.answers.iter().filter(|(_, given)| !from_source(given));
    Submission {
        transition: lead.transition.clone(),
        criteria: lead.criteria.clone(),
        answers: of_source
            .chain(shared)
            .map(|(field, given)| (field.clone(), given.clone()))
            .collect(),
        done: lead.done.clone(),
    }
}
