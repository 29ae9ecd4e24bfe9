//! Gates: conditions nobody may skip. Each kind is judged from the incident's own state and what a step brings.

use super::Incident;
use super::command::Submission;
use super::decide::Context;
use super::readiness::holds;
use crate::domain::containment::ContainmentAction;
use crate::domain::governance::Engagement;
use crate::domain::hold::held;
use crate::domain::ids::{CriterionId, IncidentId};
use crate::domain::pattern::{Fit, rests_on};
use crate::domain::playbook::definition::Playbook;
use crate::domain::playbook::rules::{Answer, Gate, GateKind};
use crate::domain::record::State;
use crate::domain::role::Role;
use chrono::{DateTime, Utc};

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
        .map(|gate| said(gate, incident, context))
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
            let hr = hr_word(incident);
            let here = applies && !ruled_out && hr != HrWord::Opened;
            let elsewhere = context.elsewhere;
            let closed = here || elsewhere.is_some_and(|linked| linked.closes(hr));
            let held_at = elsewhere.and_then(|e| e.held_at);
            closed && !action.is_some_and(|a| incident.is_overridden(&gate.id, a.number, held_at))
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
        GateKind::SecondPersonOnRepeat => {
            repeated(incident, context) && !all_covered(incident, submission, context)
        }
        // Their records are kept by commands that an incident of such a playbook does not have yet: closed, not skipped.
        GateKind::EvidenceAnswered | GateKind::RecoveryAuthorised | GateKind::ReviewComplete => {
            true
        }
    }
}

/// The gate's sentence; where a linked incident closes it that the reader knows, that too.
fn said(gate: &Gate, incident: &Incident, context: &Context<'_>) -> String {
    let text = told(gate, incident);
    let follows = matches!(gate.kind, GateKind::HrBeforePerson { .. });
    let named = context.elsewhere.map(|e| e.named.as_slice());
    match named {
        Some(named) if follows && !named.is_empty() => {
            let ids: Vec<String> = named.iter().map(ToString::to_string).collect();
            format!(
                "{text} It follows the person: misconduct is named in {}, which is linked.",
                ids.join(", ")
            )
        }
        Some(_) | None => text,
    }
}

/// HR's word on containing the person, over all engagements of an incident.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum HrWord {
    /// No engagement has an HR contact.
    #[default]
    NotAsked,
    /// Not read yet, or containment is held.
    Waits,
    /// An HR contact has read a brief and did not hold containment.
    Opened,
}

impl HrWord {
    /// Of two words the one that keeps the gate closed.
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Waits, _) | (_, Self::Waits) => Self::Waits,
            (Self::Opened, _) | (_, Self::Opened) => Self::Opened,
            (Self::NotAsked, Self::NotAsked) => Self::NotAsked,
        }
    }
}

fn hr_word(incident: &Incident) -> HrWord {
    let with_hr = incident
        .engagements
        .iter()
        .filter(|e| e.contacts.iter().any(|c| c.side == Role::Hr));
    with_hr.fold(HrWord::NotAsked, |word, engagement| {
        word.and(if engagement.hr_opens() {
            HrWord::Opened
        } else {
            HrWord::Waits
        })
    })
}

/// What the open incidents that are linked say, taken together: a gate follows the person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elsewhere {
    misconduct: bool,
    hr: HrWord,
    /// When HR last held containment there, if it still does.
    pub(super) held_at: Option<DateTime<Utc>>,
    /// Those that name misconduct and whose record the reader may read; others are not told of.
    named: Vec<IncidentId>,
}

impl Elsewhere {
    /// Takes in one linked incident. `told` says whether the reader may read its record.
    pub fn add(&mut self, linked: &Incident, playbook: &Playbook, told: bool) {
        let held_at = linked.engagements.iter().filter_map(Engagement::hr_held_at);
        let held_at = held_at.max();
        let named = names_misconduct(linked, playbook) || held_at.is_some();
        if !linked.is_open() || !named {
            return;
        }
        self.misconduct = true;
        // One that names misconduct and never asked HR leaves the word to the others.
        self.hr = self.hr.and(hr_word(linked));
        self.held_at = self.held_at.max(held_at);
        if told {
            self.named.push(linked.id);
        }
    }

    /// Whether it keeps an action on the person back, with HR's word in the incident itself. HR hears of the person in
    /// either; what waits or is held anywhere closes all.
    fn closes(&self, here: HrWord) -> bool {
        self.misconduct && self.hr.and(here) != HrWord::Opened
    }
}

/// Misconduct is named: in a brief, by a criterion that calls HR, or in the record as a gate before HR asks for it.
fn names_misconduct(incident: &Incident, playbook: &Playbook) -> bool {
    let confirmed = incident
        .criteria
        .iter()
        .filter(|(_, criterion)| !criterion.confirmed_by.is_empty());
    let calls_hr = |id: &CriterionId| {
        let mut thresholds = playbook.thresholds.iter();
        thresholds.any(|t| t.criterion == *id && t.contacts.contains(&Role::Hr))
    };
    incident.engagements.iter().any(|e| e.discreet)
        || confirmed.into_iter().any(|(id, _)| calls_hr(id))
        || playbook
            .gates
            .iter()
            .any(|gate| recorded_misconduct(gate, incident))
}

fn recorded_misconduct(gate: &Gate, incident: &Incident) -> bool {
    let GateKind::HrBeforePerson {
        only_when,
        unless,
        excluded_by,
        ..
    } = &gate.kind
    else {
        return false;
    };
    let nothing = Submission::nothing();
    let holds = |answer: &Answer| holds(answer, incident, &nothing);
    // The field that could have ruled it out has another answer.
    let not_ruled_out = |answer: &Answer| {
        let state = incident.record.judge().latest(&answer.field);
        state.is_some_and(|entry| matches!(entry.state, State::Value(_))) && !holds(answer)
    };
    only_when.as_ref().is_some_and(holds)
        || excluded_by.iter().any(holds)
        || unless.as_ref().is_some_and(not_ruled_out)
}

/// The dismissal rests on an approved pattern in date, and it covers every detection of the window.
fn all_covered(incident: &Incident, submission: &Submission, context: &Context<'_>) -> bool {
    let transition = context.playbook.transition(&submission.transition);
    let covers_all = Fit::Covers {
        all_detections: true,
    };
    transition
        .and_then(|transition| rests_on(incident, transition, submission, context))
        .is_some_and(|found| found.is_ok_and(|fitting| fitting.fit == covers_all))
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
