//! Gates: conditions nobody may skip. Each kind is judged from the incident's own state and what a step brings.

use super::Incident;
use super::command::Submission;
use super::decide::Context;
use super::readiness::holds;
use crate::domain::containment::ContainmentAction;
use crate::domain::hold::held;
use crate::domain::playbook::rules::{Answer, Gate, GateKind};

/// The sentences of the gates that are closed for this step.
pub fn closed_gates(
    gates: &[String],
    incident: &Incident,
    submission: &Submission,
    context: &Context<'_>,
) -> Vec<String> {
    closed_gates_of(None, gates, incident, submission, context)
}

/// The same for one containment action: an emergency and Legal's release count for it alone.
pub fn closed_gates_of(
    action: Option<&ContainmentAction>,
    gates: &[String],
    incident: &Incident,
    submission: &Submission,
    context: &Context<'_>,
) -> Vec<String> {
    let named = gates.iter().filter_map(|id| context.playbook.gate(id));
    named
        .filter(|gate| is_closed(gate, action, incident, submission, context))
        .map(|gate| told(gate, incident))
        .collect()
}

/// The gate's sentence, and whom it waits for.
fn told(gate: &Gate, incident: &Incident) -> String {
    let who: Vec<String> = match &gate.kind {
        GateKind::EngagementsConcluded => incident
            .engagements
            .iter()
            .filter(|e| !e.is_settled())
            .flat_map(|e| {
                let open = e.contacts.iter().filter(|c| c.concluded_at.is_none());
                open.map(|c| format!("{} (brief {})", c.side, e.number))
            })
            .collect(),
        GateKind::NoLegalHold => held(&incident.engagements, &incident.holds),
        GateKind::HrBeforePerson { .. }
        | GateKind::GovernanceSent { .. }
        | GateKind::ContainmentComplete
        | GateKind::EvidenceAnswered
        | GateKind::RecoveryAuthorised
        | GateKind::SecondPersonOnRepeat
        | GateKind::ReviewComplete => Vec::new(),
    };
    let what = if gate.kind == GateKind::NoLegalHold {
        "Held"
    } else {
        "Not concluded"
    };
    if who.is_empty() {
        gate.text.clone()
    } else {
        format!("{} {what}: {}.", gate.text, who.join("; "))
    }
}

fn is_closed(
    gate: &Gate,
    action: Option<&ContainmentAction>,
    incident: &Incident,
    submission: &Submission,
    context: &Context<'_>,
) -> bool {
    let holds = |answer: &Answer| holds(answer, incident, submission);
    match &gate.kind {
        GateKind::HrBeforePerson {
            only_when,
            unless,
            excluded_by,
            ..
        } => {
            let applies = only_when.as_ref().is_none_or(holds);
            let ruled_out = unless.as_ref().is_some_and(holds) && !excluded_by.iter().any(holds);
            let overridden = action.is_some_and(|a| incident.is_overridden(&gate.id, a.number));
            applies && !ruled_out && !hr_opened(incident) && !overridden
        }
        GateKind::GovernanceSent { required_by } => {
            holds(required_by) && incident.engagements.is_empty()
        }
        GateKind::EngagementsConcluded => incident.engagements.iter().any(|e| !e.is_settled()),
        GateKind::NoLegalHold => match action {
            Some(action) => incident.holds_item(&action.target),
            None => incident.is_held(),
        },
        GateKind::ContainmentComplete => incident.actions.iter().any(|a| a.state.is_open()),
        GateKind::SecondPersonOnRepeat => repeated(incident, context),
        // Their records are kept by commands that an incident of such a playbook does not have yet: closed, not skipped.
        GateKind::EvidenceAnswered | GateKind::RecoveryAuthorised | GateKind::ReviewComplete => {
            true
        }
    }
}

/// An HR contact has read a brief and did not hold containment.
fn hr_opened(incident: &Incident) -> bool {
    let with_hr = incident.engagements.iter().filter(|e| {
        e.contacts
            .iter()
            .any(|c| c.side == crate::domain::role::Role::Hr)
    });
    let mut any = false;
    for engagement in with_hr {
        any = true;
        if !engagement.hr_opens() {
            return false;
        }
    }
    any
}

/// The person was detected as often as the playbook asks for a second person.
fn repeated(incident: &Incident, context: &Context<'_>) -> bool {
    let Some(repeat) = context.playbook.repeat else {
        return false;
    };
    let counted = context.detections.unwrap_or(0) >= repeat.blocks_dismissal_from;
    // An incident about nobody known cannot repeat.
    counted && !incident.concerned.is_empty()
}
