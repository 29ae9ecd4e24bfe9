//! The one function that says whether a step may be taken, and what then has happened.

use super::command::{Command, Opening, Submission};
use super::event::Event;
use super::refusal::{Readiness, Refusal};
use super::{EndKind, Finding, Incident, Phase};
use crate::domain::ids::{CriterionId, FieldId, PersonId};
use crate::domain::playbook::definition::{Field, Playbook, Stage, Transition, TransitionKind};
use crate::domain::policy::{Act, Actor, may};
use crate::domain::record::{Entry, Gap, State};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What a decision may know beside the incident.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub now: DateTime<Utc>,
    /// The playbook version that the incident is pinned to.
    pub playbook: &'a Playbook,
    /// The member who asks; none for an alert or a timer.
    pub actor: Option<&'a Actor>,
}

/// Judges one command. Events come back in order; nothing has changed yet.
pub fn decide(
    incident: Option<&Incident>,
    command: &Command,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let incident = match (incident, command) {
        (None, Command::Open(opening)) => return open(opening, context.playbook),
        (None, _) => return Err(Refusal::NotFound),
        (Some(_), Command::Open(_)) => return Err(Refusal::Changed),
        (Some(incident), _) => incident,
    };
    match command {
        Command::Open(_) => Err(Refusal::Changed),
        Command::Attach {
            alert,
            severity,
            concerned,
            criteria,
        } => {
            open_still(incident)?;
            Ok(vec![Event::AlertAttached {
                alert: *alert,
                severity: *severity,
                concerned: *concerned,
                criteria: criteria.clone(),
            }])
        }
        Command::CountRepeat { alert, times } => Ok(vec![Event::AlertRepeated {
            alert: *alert,
            times: *times,
        }]),
        Command::Claim => claim(incident, context),
        Command::Submit(submission) => submit(incident, submission, context),
        Command::Accept => accept(incident, context),
        Command::Return { reason } => give_back(incident, reason, context),
        Command::Raise => raise(incident),
    }
}

fn open(opening: &Opening, playbook: &Playbook) -> Result<Vec<Event>, Refusal> {
    let stage = playbook
        .stage(&opening.stage)
        .ok_or(Refusal::NoSuchWay { ways: Vec::new() })?;
    Ok(vec![Event::Opened {
        incident: opening.id,
        playbook: opening.playbook.clone(),
        alert: opening.alert,
        raw_sha256: opening.raw_sha256.clone(),
        severity: opening.severity,
        stage: stage.id.clone(),
        channel: stage.channel.clone(),
        owner: stage.owner.clone(),
        because: opening.because.clone(),
        concerned: opening.concerned,
        reported_by: opening.reported_by,
        criteria: opening.criteria.clone(),
        drill: opening.drill,
        sealed: opening.sealed,
    }])
}

fn open_still(incident: &Incident) -> Result<(), Refusal> {
    if incident.is_open() {
        Ok(())
    } else {
        Err(Refusal::Ended)
    }
}

fn claim(incident: &Incident, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let actor = allowed(incident, Act::Claim, context)?;
    match &incident.phase {
        Phase::Ended(_) => Err(Refusal::Ended),
        Phase::Offered(offer) => Err(Refusal::Offered {
            to: title_of(context.playbook, &offer.to),
        }),
        // Pressing twice is no mistake: it stays theirs.
        Phase::Open { holder: Some(held) } if held.by == actor.person => Ok(Vec::new()),
        Phase::Open { holder: Some(held) } => Err(Refusal::Held {
            by: held.by,
            since: held.since,
        }),
        Phase::Open { holder: None } => Ok(vec![Event::Claimed]),
    }
}

fn submit(
    incident: &Incident,
    submission: &Submission,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let actor = may_leave(incident, context)?;
    // Whoever takes the step holds it from here on.
    let mut events = match incident.holder() {
        Some(_) => Vec::new(),
        None => vec![Event::Claimed],
    };
    let transition = way_out(incident, submission, context.playbook)?;
    let readiness = readiness(incident, transition, submission, context);
    if !readiness.is_ready() {
        return Err(Refusal::RecordIncomplete(readiness));
    }
    events.push(taken(
        incident,
        transition,
        submission,
        actor.person,
        context,
    )?);
    Ok(events)
}

/// Whether this member may take a way out now, whatever the record says: asked before a form opens.
pub fn may_leave<'c>(incident: &Incident, context: &Context<'c>) -> Result<&'c Actor, Refusal> {
    let actor = allowed(incident, Act::Leave, context)?;
    match &incident.phase {
        Phase::Ended(_) => Err(Refusal::Ended),
        Phase::Offered(offer) => Err(Refusal::Offered {
            to: title_of(context.playbook, &offer.to),
        }),
        Phase::Open { holder: Some(held) } if held.by != actor.person => Err(Refusal::Held {
            by: held.by,
            since: held.since,
        }),
        Phase::Open { .. } => Ok(actor),
    }
}

fn way_out<'p>(
    incident: &Incident,
    submission: &Submission,
    playbook: &'p Playbook,
) -> Result<&'p Transition, Refusal> {
    playbook
        .transition(&submission.transition)
        .filter(|t| t.from.contains(&incident.stage) && leaves(t))
        .ok_or_else(|| no_such_way(incident, playbook))
}

/// Engagements run beside the stages: they are no way out of one.
fn leaves(transition: &Transition) -> bool {
    transition.kind != TransitionKind::Engagement
}

fn no_such_way(incident: &Incident, playbook: &Playbook) -> Refusal {
    let ways = playbook.ways_out(&incident.stage).filter(|t| leaves(t));
    Refusal::NoSuchWay {
        ways: ways.map(|t| t.title.clone()).collect(),
    }
}

fn taken(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    by: PersonId,
    context: &Context<'_>,
) -> Result<Event, Refusal> {
    let entries = entries(submission, by, context.now);
    let criteria = submission.criteria.clone();
    let done = submission.done.clone();
    let id = transition.id.clone();
    if let Some(kind) = EndKind::of(transition.kind) {
        return Ok(Event::Ended {
            transition: id,
            kind,
            criteria,
            entries,
            done,
        });
    }
    let target = transition
        .to
        .as_ref()
        .and_then(|to| context.playbook.stage(to));
    let stage = target.ok_or_else(|| no_such_way(incident, context.playbook))?;
    Ok(Event::Offered {
        transition: id,
        to: stage.id.clone(),
        channel: stage.channel.clone(),
        criteria,
        entries,
        done,
    })
}

fn entries(submission: &Submission, by: PersonId, at: DateTime<Utc>) -> BTreeMap<FieldId, Entry> {
    submission
        .answers
        .iter()
        .map(|(field, (state, origin))| {
            (
                field.clone(),
                Entry {
                    state: state.clone(),
                    origin: *origin,
                    by,
                    at,
                },
            )
        })
        .collect()
}

/// Everything that still stands between a submission and its step, for the review screen and the refusal alike.
pub fn readiness(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    context: &Context<'_>,
) -> Readiness {
    let playbook = context.playbook;
    let confirmed = |id: &CriterionId| submission.criteria.contains(id);
    let undone = playbook
        .stage(&incident.stage)
        .map_or_else(Vec::new, |stage| {
            let open = stage
                .done
                .iter()
                .filter(|line| !submission.done.contains(&line.id));
            open.map(|line| (line.id.clone(), line.text.clone()))
                .collect()
        });
    Readiness {
        gaps: gaps(incident, transition, submission, playbook, context.now),
        criterion_missing: !transition.criteria.iter().any(confirmed),
        undone,
        excluded_by: excluded_by(incident, transition, playbook),
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
    playbook: &Playbook,
    now: DateTime<Utc>,
) -> Vec<Gap> {
    let wanted = playbook.record_at(&transition.id);
    let fields: Vec<&Field> = wanted.iter().filter_map(|id| playbook.field(id)).collect();
    let mut gaps: Vec<Gap> = fields
        .iter()
        .filter_map(|field| {
            let state = state_of(&field.id, incident, submission);
            let problem = problem_of(field, state, transition, now)?;
            Some(gap(field, problem))
        })
        .collect();
    gaps.extend(one_at_once(
        incident, transition, submission, &fields, &gaps,
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
fn state_of<'s>(
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

fn accept(incident: &Incident, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let offer = offered(incident)?;
    allowed(incident, Act::Receive, context)?;
    let playbook = context.playbook;
    let to = playbook.stage(&offer.to).ok_or(Refusal::NothingOffered)?;
    let moves = playbook
        .transition(&offer.transition)
        .is_some_and(|t| t.moves_ownership);
    let owner = if moves {
        to.owner.clone()
    } else {
        incident.owner.clone()
    };
    Ok(vec![Event::Accepted { owner }])
}

fn give_back(
    incident: &Incident,
    reason: &str,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let offer = offered(incident)?;
    allowed(incident, Act::Receive, context)?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let from = context
        .playbook
        .stage(&offer.from)
        .ok_or(Refusal::NothingOffered)?;
    Ok(vec![Event::Returned {
        reason: reason.to_owned(),
        channel: from.channel.clone(),
    }])
}

fn raise(incident: &Incident) -> Result<Vec<Event>, Refusal> {
    open_still(incident)?;
    match (&incident.phase, incident.current_visit()) {
        // Someone holds it: nothing to raise.
        (Phase::Open { holder: Some(_) }, _) | (_, None) => Ok(Vec::new()),
        (_, Some((_, visit))) => Ok(vec![Event::Raised {
            times: visit.raised + 1,
        }]),
    }
}

fn offered(incident: &Incident) -> Result<&super::Offer, Refusal> {
    match &incident.phase {
        Phase::Offered(offer) => Ok(offer),
        Phase::Open { .. } => Err(Refusal::NothingOffered),
        Phase::Ended(_) => Err(Refusal::Ended),
    }
}

fn allowed<'c>(incident: &Incident, act: Act, context: &Context<'c>) -> Result<&'c Actor, Refusal> {
    let actor = context.actor.ok_or(Refusal::NotFound)?;
    if may(actor, act, incident, context.playbook) {
        return Ok(actor);
    }
    if !incident.is_open() {
        return Err(Refusal::Ended);
    }
    let stage: Option<&Stage> = match (&incident.phase, act) {
        (Phase::Offered(offer), Act::Receive) => context.playbook.stage(&offer.to),
        _ => context.playbook.stage(&incident.stage),
    };
    Err(Refusal::NotYours {
        role: stage.map(|s| s.role),
    })
}

fn title_of(playbook: &Playbook, stage: &crate::domain::ids::StageId) -> String {
    playbook
        .stage(stage)
        .map_or_else(|| stage.to_string(), |s| s.title.clone())
}
