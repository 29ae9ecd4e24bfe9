//! The one function that says whether a step may be taken, and what then has happened.

use super::command::{Command, Opening, Submission};
use super::event::{Dismissal, Event};
use super::gates::Elsewhere;
use super::readiness::readiness;
use super::refusal::Refusal;
use super::{EndKind, Incident, Phase};
use super::{around, case, containment, governance, governed, look, reach, second};
use crate::domain::ids::{FieldId, PersonId};
use crate::domain::pattern::{Fitting, rests_on};
use crate::domain::playbook::definition::{Playbook, Stage, Transition, TransitionKind};
use crate::domain::policy::{Act, Actor, may};
use crate::domain::record::Entry;
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
    /// Distinct detections of the person concerned in the playbook's window, where they were counted.
    pub detections: Option<i64>,
    /// Matches of sensitive data that the sources counted, where they did.
    pub exposure: Option<i64>,
    /// What linked incidents say of the person, where that was asked.
    pub elsewhere: Option<&'a Elsewhere>,
    /// The playbook's known patterns, as each fits the incident.
    pub patterns: &'a [Fitting],
}

impl<'a> Context<'a> {
    /// Without a count of detections: for steps that no repeat rule concerns.
    pub const fn new(now: DateTime<Utc>, playbook: &'a Playbook, actor: Option<&'a Actor>) -> Self {
        Self {
            now,
            playbook,
            actor,
            detections: None,
            exposure: None,
            elsewhere: None,
            patterns: &[],
        }
    }
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
        Command::Reach(command) => {
            let events = reach::decide(incident, command, context)?;
            Ok(events.into_iter().map(Event::Reach).collect())
        }
        Command::Agree { reason } => second::agree(incident, reason, context),
        Command::Refuse { reason } => second::refuse(incident, reason, context),
        Command::Engage(engaging) => governance::engage(incident, engaging, context),
        Command::Answer { engagement, choice } => {
            governance::answer(incident, *engagement, *choice, context)
        }
        Command::Propose { action, target } => {
            containment::propose(incident, action, target, context)
        }
        Command::Authorise { number } => containment::authorise(incident, *number, context),
        Command::Report {
            number,
            done,
            result,
        } => containment::report(incident, *number, *done, result, context),
        Command::Override { number, reason } => {
            containment::override_gates(incident, *number, reason, context)
        }
        Command::Govern(govern) => governed::decide(incident, govern, context),
        Command::Note(noting) => case::note(incident, noting, context),
        Command::SetStatus { severity, text } => {
            around::set_status(incident, *severity, text, context)
        }
        Command::Reopen { reason } => around::reopen(incident, reason, context),
        Command::Route(routing) => around::route(incident, routing, context),
        Command::Link { other, reason } => case::link(incident, *other, reason, context),
        Command::Split(splitting) => case::split(incident, splitting, context),
        Command::ComeFrom { from, reason } => Ok(vec![Event::SplitFrom {
            from: *from,
            reason: reason.clone(),
        }]),
        Command::Draw { lot } => look::draw(incident, *lot, context),
        Command::LookAgain { agrees, reason } => {
            look::look_again(incident, *agrees, reason, context)
        }
        Command::RemindLook => Ok(look::remind(incident, context)),
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

pub(super) fn open_still(incident: &Incident) -> Result<(), Refusal> {
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
    if let Some(proposal) = &incident.proposal {
        return Err(Refusal::Proposed { by: proposal.by });
    }
    let readiness = readiness(incident, transition, submission, context);
    if readiness.only_gates() && second::suffices(incident, transition, submission, context) {
        events.push(second::proposed(
            transition,
            submission,
            actor.person,
            context.now,
        ));
        return Ok(events);
    }
    if !readiness.is_ready() {
        return Err(Refusal::RecordIncomplete(Box::new(readiness)));
    }
    events.extend(governance::left_unengaged(
        incident, transition, submission, context,
    ));
    events.extend(pattern_applied(incident, transition, submission, context));
    events.push(taken(
        incident,
        transition,
        submission,
        actor.person,
        context,
    )?);
    Ok(events)
}

/// That a dismissal rests on a pattern: counted as its hit.
pub(super) fn pattern_applied(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    context: &Context<'_>,
) -> Option<Event> {
    let fitting = rests_on(incident, transition, submission, context)?.ok()?;
    Some(Event::Dismissal(Dismissal::PatternApplied {
        pattern: fitting.pattern.id,
        title: fitting.pattern.title.clone(),
        approved_by: fitting.pattern.approved.map(|word| word.by),
    }))
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

pub(super) fn entries(
    submission: &Submission,
    by: PersonId,
    at: DateTime<Utc>,
) -> BTreeMap<FieldId, Entry> {
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

fn offered(incident: &Incident) -> Result<&super::Offer, Refusal> {
    match &incident.phase {
        Phase::Offered(offer) => Ok(offer),
        Phase::Open { .. } => Err(Refusal::NothingOffered),
        Phase::Ended(_) => Err(Refusal::Ended),
    }
}

pub(super) fn allowed<'c>(
    incident: &Incident,
    act: Act,
    context: &Context<'c>,
) -> Result<&'c Actor, Refusal> {
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
