//! Folds events into state. It trusts them: `decide` has judged.

use super::event::{Evaluated, Event};
use super::{
    Criterion, EndKind, Ended, Held, Incident, Offer, Phase, Returned, Visit, VisitState,
    empty_record,
};
use super::{beside, case, reach};
use crate::domain::alert::Severity;
use crate::domain::ids::{ChannelKey, CriterionId, FieldId, PersonId, StageId, TransitionId};
use crate::domain::record::Entry;
use crate::domain::restricted::Restricted;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// The state after one event, by whom and when. `None` stands for no incident yet, and stays `None`
/// when the first event does not open one.
pub fn apply(
    before: Option<Incident>,
    event: &Event,
    by: PersonId,
    at: DateTime<Utc>,
) -> Option<Incident> {
    let Some(mut incident) = before else {
        return opened(event, by, at);
    };
    incident.version += 1;
    if by != PersonId::PROGRAM {
        incident.touched_at = incident.touched_at.max(Some(at));
    }
    let before = (
        incident.severity,
        incident.phase.clone(),
        incident.visits.len(),
    );
    match event {
        Event::AlertAttached { .. } => attached(&mut incident, event),
        Event::Opened { .. } | Event::AlertRepeated { .. } => {}
        Event::Claimed => {
            incident.on_case.insert(by);
            incident.phase = Phase::Open {
                holder: Some(Held { by, since: at }),
            };
        }
        Event::Offered {
            transition,
            to,
            channel,
            criteria,
            entries,
            ..
        } => {
            confirm(&mut incident.criteria, criteria, by);
            append(&mut incident, entries);
            offered(&mut incident, transition, to, channel, by, at);
        }
        Event::Accepted { owner } => accepted(&mut incident, owner, by, at),
        Event::Returned { reason, channel } => returned(&mut incident, reason, channel, by, at),
        Event::Ended {
            transition,
            kind,
            criteria,
            entries,
            ..
        } => {
            confirm(&mut incident.criteria, criteria, by);
            append(&mut incident, entries);
            ended(&mut incident, transition, *kind, by, at);
        }
        Event::Proposed { .. }
        | Event::Agreed { .. }
        | Event::Refused { .. }
        | Event::Engaged { .. }
        | Event::Answered { .. }
        | Event::ContainmentProposed { .. }
        | Event::ContainmentAuthorised { .. }
        | Event::ContainmentReported { .. }
        | Event::GateOverridden { .. }
        | Event::StatusSet { .. }
        | Event::Reminded { .. }
        | Event::Dismissal(_)
        | Event::Governed(_) => beside::apply(&mut incident, event, by, at),
        Event::Noted { .. }
        | Event::Linked { .. }
        | Event::SplitOff { .. }
        | Event::SplitFrom { .. } => case::apply(&mut incident, event),
        Event::Reopened { .. } | Event::Routed { .. } => entered(&mut incident, event, at),
        Event::Reach(event) => reach::apply(&mut incident, event, by, at),
        Event::Raised { times } => raised(&mut incident, *times),
    }
    wake(&mut incident, &before);
    Some(incident)
}

/// A snooze is about the incident as it stood: it ends where somebody else has it now, or where it got more severe.
fn wake(incident: &mut Incident, (severity, phase, visits): &(Severity, Phase, usize)) {
    let moved = incident.phase != *phase || incident.visits.len() != *visits;
    if moved || incident.severity > *severity {
        incident.snooze = None;
    }
}

fn raised(incident: &mut Incident, times: u32) {
    if let Some(visit) = incident.visits.last_mut() {
        visit.raised = times;
    }
}

fn attached(incident: &mut Incident, event: &Event) {
    let Event::AlertAttached {
        alert,
        severity,
        concerned,
        criteria,
    } = event
    else {
        return;
    };
    // A newer body of an alert that is on it already changes findings, not the list.
    if !incident.alerts.contains(alert) {
        incident.alerts.push(*alert);
    }
    incident.severity = incident.severity.max(*severity);
    incident.concerned.extend(*concerned);
    note_findings(&mut incident.criteria, criteria);
}

/// The state that a history leads to.
pub fn replay<'e>(
    history: impl IntoIterator<Item = (&'e Event, PersonId, DateTime<Utc>)>,
) -> Option<Incident> {
    history
        .into_iter()
        .fold(None, |state, (event, by, at)| apply(state, event, by, at))
}

fn opened(event: &Event, by: PersonId, at: DateTime<Utc>) -> Option<Incident> {
    let Event::Opened {
        incident,
        playbook,
        alert,
        severity,
        stage,
        channel,
        owner,
        concerned,
        reported_by,
        criteria,
        drill,
        sealed,
        ..
    } = event
    else {
        return None;
    };
    let mut found = BTreeMap::new();
    note_findings(&mut found, criteria);
    let touched_at = (by != PersonId::PROGRAM).then_some(at);
    Some(Incident {
        id: *incident,
        playbook: playbook.clone(),
        opened_at: at,
        drill: *drill,
        severity: *severity,
        stage: stage.clone(),
        phase: Phase::Open { holder: None },
        owner: owner.clone(),
        on_case: reported_by.iter().copied().collect::<BTreeSet<_>>(),
        concerned: concerned.iter().copied().collect(),
        alerts: vec![*alert],
        criteria: found,
        visits: vec![Visit {
            stage: stage.clone(),
            channel: channel.clone(),
            since: at,
            state: VisitState::Working,
            raised: 0,
        }],
        returned: None,
        proposal: None,
        engagements: Vec::new(),
        actions: Vec::new(),
        conflicted: BTreeSet::new(),
        reopened: 0,
        linked: BTreeSet::new(),
        quoted: BTreeSet::new(),
        past_concerned: BTreeSet::new(),
        second_look: None,
        overrides: Vec::new(),
        said: Vec::new(),
        snooze: None,
        touched_at,
        holds: Vec::new(),
        releases: Vec::new(),
        left_unengaged: BTreeSet::new(),
        talks: Vec::new(),
        sealed: *sealed,
        version: 1,
        record: empty_record(),
    })
}

fn offered(
    incident: &mut Incident,
    transition: &TransitionId,
    to: &StageId,
    channel: &ChannelKey,
    by: PersonId,
    at: DateTime<Utc>,
) {
    incident.returned = None;
    set_last_visit(incident, VisitState::Waiting);
    incident.visits.push(Visit {
        stage: to.clone(),
        channel: channel.clone(),
        since: at,
        state: VisitState::Offered,
        raised: 0,
    });
    incident.phase = Phase::Offered(Offer {
        transition: transition.clone(),
        from: incident.stage.clone(),
        to: to.clone(),
        by,
        at,
    });
}

fn ended(
    incident: &mut Incident,
    transition: &TransitionId,
    kind: EndKind,
    by: PersonId,
    at: DateTime<Utc>,
) {
    let proposed_by = incident.proposal.take().map(|proposal| proposal.by);
    set_last_visit(incident, VisitState::Ended(at));
    incident.phase = Phase::Ended(Ended {
        transition: transition.clone(),
        kind,
        by,
        proposed_by,
        at,
    });
}

fn accepted(incident: &mut Incident, owner: &str, by: PersonId, at: DateTime<Utc>) {
    let Phase::Offered(offer) = &incident.phase else {
        return;
    };
    let (to, from) = (offer.to.clone(), offer.from.clone());
    for visit in &mut incident.visits {
        if visit.state == VisitState::Waiting && visit.stage == from {
            visit.state = VisitState::HandedOn(at);
        }
    }
    set_last_visit(incident, VisitState::Working);
    incident.stage = to;
    owner.clone_into(&mut incident.owner);
    incident.on_case.insert(by);
    incident.phase = Phase::Open {
        holder: Some(Held { by, since: at }),
    };
}

fn returned(
    incident: &mut Incident,
    reason: &str,
    channel: &ChannelKey,
    by: PersonId,
    at: DateTime<Utc>,
) {
    let Phase::Offered(offer) = &incident.phase else {
        return;
    };
    let (transition, offered_by) = (offer.transition.clone(), offer.by);
    set_last_visit(incident, VisitState::SentBack(at));
    for visit in &mut incident.visits {
        if visit.state == VisitState::Waiting {
            visit.state = VisitState::HandedOn(at);
        }
    }
    incident.visits.push(Visit {
        stage: incident.stage.clone(),
        channel: channel.clone(),
        since: at,
        state: VisitState::Working,
        raised: 0,
    });
    incident.returned = Some(Returned {
        by,
        at,
        reason: reason.to_owned(),
        transition,
    });
    // The one who offered it amends it.
    incident.phase = Phase::Open {
        holder: Some(Held {
            by: offered_by,
            since: at,
        }),
    };
}

/// An incident that stands anew: reopened where it ended, or where another playbook begins.
fn entered(incident: &mut Incident, event: &Event, at: DateTime<Utc>) {
    if let Event::Reopened { channel, .. } = event {
        incident.reopened += 1;
        incident.second_look = None;
        let stage = incident.stage.clone();
        enter(incident, stage, channel, at);
    }
    if let Event::Routed {
        playbook,
        stage,
        channel,
        owner,
        criteria,
    } = event
    {
        set_last_visit(incident, VisitState::HandedOn(at));
        incident.playbook = playbook.clone();
        owner.clone_into(&mut incident.owner);
        incident.criteria.clear();
        note_findings(&mut incident.criteria, criteria);
        enter(incident, stage.clone(), channel, at);
    }
}

/// A new stay at a stage that nobody holds yet.
fn enter(incident: &mut Incident, stage: StageId, channel: &ChannelKey, at: DateTime<Utc>) {
    incident.phase = Phase::Open { holder: None };
    incident.visits.push(Visit {
        stage: stage.clone(),
        channel: channel.clone(),
        since: at,
        state: VisitState::Working,
        raised: 0,
    });
    incident.stage = stage;
}

fn set_last_visit(incident: &mut Incident, state: VisitState) {
    if let Some(visit) = incident.visits.last_mut() {
        visit.state = state;
    }
}

pub(super) fn note_findings(criteria: &mut BTreeMap<CriterionId, Criterion>, found: &[Evaluated]) {
    use super::Finding;
    for Evaluated {
        criterion,
        finding,
        facts,
    } in found
    {
        let known = criteria
            .entry(criterion.clone())
            .or_insert_with(|| Criterion {
                finding: Finding::Asked,
                facts: Vec::new(),
                confirmed_by: Vec::new(),
            });
        // What one alert met stays met when a later one does not show it.
        if known.finding != Finding::Met || *finding == Finding::Met {
            known.finding = finding.clone();
            known.facts.clone_from(facts);
        }
    }
}

pub(super) fn confirm(
    criteria: &mut BTreeMap<CriterionId, Criterion>,
    confirmed: &[CriterionId],
    by: PersonId,
) {
    for id in confirmed {
        let known = criteria.entry(id.clone()).or_insert_with(|| Criterion {
            finding: super::Finding::Asked,
            facts: Vec::new(),
            confirmed_by: Vec::new(),
        });
        known.confirmed_by.push(by);
    }
}

pub(super) fn append(incident: &mut Incident, entries: &BTreeMap<FieldId, Entry>) {
    let mut record = incident.record.judge().clone();
    for (field, entry) in entries {
        record.append(field.clone(), entry.clone());
    }
    incident.record = Restricted::new(record);
}
