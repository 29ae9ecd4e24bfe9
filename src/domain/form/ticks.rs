//! The lines that a person ticks on a form: criteria with how the program found them, and the definition of done.

use super::{Body, Tick};
use crate::domain::ids::{CriterionId, DoneId};
use crate::domain::incident::{Context, Finding, Incident};
use crate::domain::pattern::first_covering;
use crate::domain::playbook::definition::{Transition, TransitionKind};
use crate::domain::threshold;

/// The criteria of a way out: met by the facts, or by a pattern that covers the incident, they are ticked at first.
pub(super) fn criteria(
    incident: &Incident,
    transition: &Transition,
    body: &Body,
    context: &Context<'_>,
) -> Vec<Tick<CriterionId>> {
    transition
        .criteria
        .iter()
        .filter_map(|id| context.playbook.criterion(id))
        .map(|criterion| {
            let known = incident.criteria.get(&criterion.id);
            let rests_on = first_covering(context.patterns).filter(|_| criterion.needs_pattern);
            let met = known.is_some_and(|k| k.finding == Finding::Met) || rests_on.is_some();
            let ticked = body
                .criteria
                .as_ref()
                .map_or(met, |ticked| ticked.contains(&criterion.id));
            let mut note = match (rests_on, known) {
                (Some(covering), _) => covering.pattern.reference(),
                (None, known) => known.map_or_else(String::new, |k| note(&k.finding, &k.facts)),
            };
            if transition.kind == TransitionKind::Engagement {
                if note.is_empty() {
                    "yours to judge".clone_into(&mut note);
                }
                note.push_str(&agreed(&criterion.id, context));
            }
            Tick {
                id: criterion.id.clone(),
                text: criterion.text.clone(),
                ticked,
                note,
            }
        })
        .collect()
}

/// The values agreed in advance for a criterion of Governance.
fn agreed(criterion: &CriterionId, context: &Context<'_>) -> String {
    let thresholds = context.playbook.thresholds.iter();
    let mine = thresholds.filter(|t| t.criterion == *criterion);
    mine.map(|t| [" · agreed: ".to_owned(), threshold::values(t)].concat())
        .collect()
}

/// How a finding reads beside its criterion.
pub fn note(finding: &Finding, facts: &[(String, String)]) -> String {
    let facts: Vec<String> = facts
        .iter()
        .map(|(label, value)| format!("{label}: {value}"))
        .collect();
    let word = match finding {
        Finding::Met => "met",
        Finding::NotMet => "not met by the facts",
        Finding::NotEvaluated(_) => "could not be evaluated",
        Finding::Asked => "yours to judge",
    };
    if facts.is_empty() {
        word.to_owned()
    } else {
        format!("{word} · {}", facts.join(" · "))
    }
}

/// The definition of done of the stage that is left.
pub(super) fn done(
    incident: &Incident,
    transition: &Transition,
    body: &Body,
    context: &Context<'_>,
) -> Vec<Tick<DoneId>> {
    // An engagement leaves no stage.
    if transition.kind == TransitionKind::Engagement {
        return Vec::new();
    }
    let lines = context
        .playbook
        .stage(&incident.stage)
        .map_or(&[][..], |stage| &stage.done);
    lines
        .iter()
        .map(|line| Tick {
            id: line.id.clone(),
            text: line.text.clone(),
            ticked: body.done.contains(&line.id),
            note: String::new(),
        })
        .collect()
}
