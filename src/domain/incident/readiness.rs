//! Everything that stands between a submission and its step: gaps, criteria, definition of done, contradictions, gates.

use super::command::Submission;
use super::decide::Context;
use super::gates::closed_gates;
use super::refusal::Readiness;
use super::{Finding, Incident};
use crate::domain::ids::{CriterionId, FieldId, TransitionId};
use crate::domain::pattern::rests_on;
use crate::domain::playbook::definition::{Field, Playbook, Transition, TransitionKind};
use crate::domain::playbook::rules;
use crate::domain::record::{Answer, Gap, State};
use crate::domain::threshold;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Everything that still stands between a submission and its step, for the review screen and the refusal alike.
pub fn readiness(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    context: &Context<'_>,
) -> Readiness {
    let playbook = context.playbook;
    let confirmed = |id: &CriterionId| submission.criteria.contains(id);
    let leaves = transition.kind != TransitionKind::Engagement;
    let undone = playbook
        .stage(&incident.stage)
        .filter(|_| leaves)
        .map_or_else(Vec::new, |stage| {
            let open = stage
                .done
                .iter()
                .filter(|line| !submission.done.contains(&line.id));
            open.map(|line| (line.id.clone(), line.text.clone()))
                .collect()
        });
    let mut gaps = gaps(incident, transition, submission, context);
    if let Some(Err(gap)) = rests_on(incident, transition, submission, context)
        && !gaps.iter().any(|known| known.field == gap.field)
    {
        gaps.push(gap);
    }
    Readiness {
        gaps,
        criterion_missing: !transition.criteria.iter().any(confirmed),
        undone,
        excluded_by: excluded_by(incident, transition, playbook),
        contradictions: contradictions(incident, transition, submission, playbook),
        gates: closed_gates(&transition.gates, incident, submission, context),
    }
}

fn excluded_by(incident: &Incident, transition: &Transition, playbook: &Playbook) -> Vec<String> {
    if transition.kind != TransitionKind::Dismissal {
        return Vec::new();
    }
    let met = incident
        .criteria
        .iter()
        .filter(|(_, c)| c.finding == Finding::Met);
    met.filter_map(|(id, _)| playbook.criterion(id))
        .filter(|criterion| criterion.mandatory)
        .map(|criterion| criterion.text.clone())
        .collect()
}

fn gaps(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    context: &Context<'_>,
) -> Vec<Gap> {
    let (playbook, now) = (context.playbook, context.now);
    let wanted = playbook.record_at(&transition.id);
    let fields: Vec<&Field> = wanted.iter().filter_map(|id| playbook.field(id)).collect();
    let unengaged = unengaged_here(incident, transition, submission, context);
    let mut gaps: Vec<Gap> = fields
        .iter()
        .filter(|field| transition.thresholds_answered_in.as_ref() != Some(&field.id))
        .filter_map(|field| {
            let state = state_of(&field.id, incident, submission);
            let problem = problem_of(field, state, transition, now)?;
            Some(gap(field, problem))
        })
        .collect();
    gaps.extend(one_at_once(
        incident, transition, submission, &fields, &gaps,
    ));
    gaps.extend(unanswered_triggers(
        incident, transition, submission, playbook,
    ));
    gaps.extend(unanswered_thresholds(
        incident, transition, submission, playbook, &unengaged,
    ));
    // An answer to a field this record does not have is no answer: it would be lost from sight.
    let strangers = submission.answers.keys().filter(|id| !wanted.contains(id));
    gaps.extend(strangers.map(|id| {
        Gap {
            field: id.clone(),
            title: playbook
                .field(id)
                .map_or_else(|| id.to_string(), |f| f.title.clone()),
            problem: "does not belong to this record".to_owned(),
        }
    }));
    gaps
}

fn gap(field: &Field, problem: String) -> Gap {
    Gap {
        field: field.id.clone(),
        title: field.title.clone(),
        problem,
    }
}

/// What a field would hold once this is submitted.
pub(super) fn state_of<'s>(
    id: &FieldId,
    incident: &'s Incident,
    submission: &'s Submission,
) -> Option<&'s State> {
    let given = submission.answers.get(id).map(|(state, _)| state);
    given.or_else(|| {
        let recorded = incident.record.judge().latest(id);
        recorded.map(|entry| &entry.state)
    })
}

fn problem_of(
    field: &Field,
    state: Option<&State>,
    transition: &Transition,
    now: DateTime<Utc>,
) -> Option<String> {
    match state {
        None => Some("is missing".to_owned()),
        Some(State::Value(_)) => None,
        Some(State::NotApplicable) if field.may_be_not_applicable => None,
        Some(State::NotApplicable) => Some("cannot be “not applicable”".to_owned()),
        Some(State::SourceSilent) if field.may_be_silent => None,
        Some(State::SourceSilent) => {
            Some("cannot be “source does not say”; find it out".to_owned())
        }
        Some(State::Owed { until }) => owed_problem(transition, &field.id, *until, now),
    }
}

/// Some fields may each be owed, but not all of them at once: one has a value now.
fn one_at_once(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    fields: &[&Field],
    gaps: &[Gap],
) -> Vec<Gap> {
    let group: Vec<&&Field> = fields
        .iter()
        .filter(|field| transition.one_of.contains(&field.id))
        .collect();
    let has_value =
        |id: &FieldId| matches!(state_of(id, incident, submission), Some(State::Value(_)));
    if group.iter().any(|field| has_value(&field.id)) {
        return Vec::new();
    }
    let titles: Vec<&str> = group.iter().map(|field| field.title.as_str()).collect();
    let problem = format!("one of these is needed at once: {}", titles.join(", "));
    group
        .into_iter()
        .filter(|field| !gaps.iter().any(|gap| gap.field == field.id))
        .map(|field| gap(field, problem.clone()))
        .collect()
}

fn owed_problem(
    transition: &Transition,
    field: &FieldId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<String> {
    match transition.owed.iter().find(|owed| owed.field == *field) {
        None => Some("may not be owed here".to_owned()),
        Some(owed) if until > now + owed.within => Some(format!(
            "may be owed for {} minutes at most",
            owed.within.num_minutes()
        )),
        Some(_) if until <= now => Some("was owed and is due now".to_owned()),
        Some(_) => None,
    }
}

/// The criteria that would hand the incident on from where it stands.
pub(super) fn leading<'p>(
    incident: &Incident,
    playbook: &'p Playbook,
) -> impl Iterator<Item = &'p CriterionId> + use<'p> {
    playbook
        .ways_out(&incident.stage)
        .filter(|t| t.kind == TransitionKind::Handoff)
        .flat_map(|t| t.criteria.iter())
}

/// The sentences of the criteria that are met and would hand the incident on.
pub fn met_triggers<'p>(incident: &Incident, playbook: &'p Playbook) -> Vec<&'p str> {
    leading(incident, playbook)
        .filter(|id| {
            incident
                .criteria
                .get(*id)
                .is_some_and(|c| c.finding == Finding::Met)
        })
        .filter_map(|id| playbook.criterion(id))
        .map(|criterion| criterion.text.as_str())
        .collect()
}

/// A dismissal's rationale answers each trigger that is met, in a line.
fn unanswered_triggers(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    playbook: &Playbook,
) -> Option<Gap> {
    let field = playbook.field(transition.answers_met_in.as_ref()?)?;
    let met = met_triggers(incident, playbook);
    let lines = match state_of(&field.id, incident, submission) {
        Some(State::Value(Answer::Text(text))) => {
            text.lines().filter(|line| !line.trim().is_empty()).count()
        }
        // What is missing altogether is a gap already.
        None => return None,
        Some(_) => 0,
    };
    (lines < met.len()).then(|| {
        let problem = format!(
            "needs a line for each trigger that is met: {}",
            met.join(" · ")
        );
        gap(field, problem)
    })
}

/// The thresholds that are met and for which Governance is not engaged, where this step must say why: where the
/// response ends, and where the record declines Governance.
pub fn unengaged_here(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    context: &Context<'_>,
) -> Vec<CriterionId> {
    if transition.thresholds_answered_in.is_none() {
        return Vec::new();
    }
    let declined = threshold::required_by(context.playbook).any(|answer| {
        let answered = state_of(&answer.field, incident, submission).is_some();
        answered && !holds(answer, incident, submission)
    });
    if declined || transition.ends_response {
        threshold::unengaged(incident, context.playbook, context.exposure)
    } else {
        Vec::new()
    }
}

/// A threshold that was agreed in advance and is met is not passed over without a reason: a line each.
fn unanswered_thresholds(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    playbook: &Playbook,
    unengaged: &[CriterionId],
) -> Option<Gap> {
    let field = playbook.field(transition.thresholds_answered_in.as_ref()?)?;
    let lines = match state_of(&field.id, incident, submission) {
        Some(State::Value(Answer::Text(text))) => {
            text.lines().filter(|line| !line.trim().is_empty()).count()
        }
        Some(_) | None => 0,
    };
    let sentence = |id| playbook.criterion(id).map(|c| c.text.as_str());
    let met: Vec<&str> = unengaged.iter().filter_map(sentence).collect();
    (lines < met.len()).then(|| {
        let problem = format!(
            "needs a line for each threshold that is met while Governance is not engaged for it: {}",
            met.join(" · ")
        );
        gap(field, problem)
    })
}

/// Answers that cannot stand together, as far as this step brings them together.
fn contradictions(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    playbook: &Playbook,
) -> Vec<String> {
    let stands = |one: &&rules::Contradiction| {
        one.transition
            .as_ref()
            .is_none_or(|id| *id == transition.id)
            && one
                .criterion
                .as_ref()
                .is_none_or(|id| submission.criteria.contains(id))
            && one
                .answers
                .iter()
                .all(|answer| holds(answer, incident, submission))
    };
    playbook
        .contradictions
        .iter()
        .filter(stands)
        .map(|one| one.text.clone())
        .collect()
}

/// Whether the record holds this answer; `None` while the field is not answered.
pub(super) fn stands(answer: &rules::Answer, incident: &Incident) -> Option<bool> {
    incident.record.judge().latest(&answer.field)?;
    let nothing = Submission {
        transition: TransitionId::new(""),
        criteria: Vec::new(),
        answers: BTreeMap::new(),
        done: Vec::new(),
    };
    Some(holds(answer, incident, &nothing))
}

/// Whether a field would hold this answer once the step is taken.
pub(super) fn holds(answer: &rules::Answer, incident: &Incident, submission: &Submission) -> bool {
    match state_of(&answer.field, incident, submission) {
        Some(State::Value(Answer::Choice(id))) => *id == answer.answer,
        Some(State::Value(Answer::Choices(ids))) => ids.contains(&answer.answer),
        Some(State::Value(Answer::YesNo { yes, .. })) => {
            answer.answer == if *yes { "yes" } else { "no" }
        }
        Some(_) | None => false,
    }
}
