//! What is due, from state and time alone. Rows of the store mirror it, so that nothing depends on a running timer.

use super::ids::FieldId;
use super::incident::{Incident, Phase, Visit, VisitState};
use super::playbook::definition::{Playbook, Stage};
use super::record::State;
use chrono::{DateTime, TimeDelta, Utc};

/// A deadline of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub kind: DueKind,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DueKind {
    /// Someone of the stage claims or accepts it.
    Take,
    /// A field that was allowed to come later.
    Owed(FieldId),
    /// The contacts of an engagement read its brief.
    Acknowledge(u32),
}

impl DueKind {
    /// The kind behind a row's key.
    pub fn from_key(key: &str) -> Option<Self> {
        match key.split_once(':') {
            None => (key == "take").then_some(Self::Take),
            Some(("owed", field)) => Some(Self::Owed(FieldId::new(field))),
            Some(("acknowledge", number)) => number.parse().ok().map(Self::Acknowledge),
            Some(_) => None,
        }
    }

    /// The key of its row.
    pub fn key(&self) -> String {
        match self {
            Self::Take => "take".to_owned(),
            Self::Owed(field) => format!("owed:{field}"),
            Self::Acknowledge(engagement) => format!("acknowledge:{engagement}"),
        }
    }
}

/// Every deadline that the incident has now.
pub fn of(incident: &Incident, playbook: &Playbook) -> Vec<Due> {
    if !incident.is_open() {
        return Vec::new();
    }
    take(incident, playbook)
        .into_iter()
        .chain(owed(incident))
        .chain(acknowledge(incident, playbook))
        .collect()
}

/// While nobody holds it, it is raised after the stage's time, and again after as long each time.
fn take(incident: &Incident, playbook: &Playbook) -> Option<Due> {
    if matches!(incident.phase, Phase::Open { holder: Some(_) }) {
        return None;
    }
    let (_, visit) = incident.current_visit()?;
    let stage = playbook.stage(&visit.stage)?;
    let waits = matches!(visit.state, VisitState::Offered | VisitState::Working);
    let rounds = i32::try_from(visit.raised.saturating_add(1)).ok()?;
    let within = patience(stage, visit).checked_mul(rounds)?;
    let at = visit.since.checked_add_signed(within)?;
    waits.then_some(Due {
        kind: DueKind::Take,
        at,
    })
}

/// Offered work waits for acceptance, new work for someone to claim it.
pub fn patience(stage: &Stage, visit: &Visit) -> TimeDelta {
    let offered = visit.state == VisitState::Offered;
    stage
        .claim_within
        .filter(|_| !offered)
        .unwrap_or(stage.accept_within)
}

fn owed(incident: &Incident) -> impl Iterator<Item = Due> {
    let record = incident.record.judge();
    record
        .fields()
        .filter_map(|field| match record.latest(field)?.state {
            State::Owed { until } => Some(Due {
                kind: DueKind::Owed(field.clone()),
                at: until,
            }),
            State::Value(_) | State::NotApplicable | State::SourceSilent => None,
        })
}

/// An unread brief is said again after as long as its stage waits for acceptance, and again after as long each time.
fn acknowledge(incident: &Incident, playbook: &Playbook) -> Vec<Due> {
    let patience = playbook
        .stage(&incident.stage)
        .map(|stage| stage.accept_within);
    let open = incident
        .engagements
        .iter()
        .filter(|e| !e.is_settled() && !e.is_acknowledged());
    open.filter_map(|engagement| {
        let rounds = i32::try_from(engagement.reminded.saturating_add(1)).ok()?;
        let at = engagement
            .engaged_at
            .checked_add_signed(patience?.checked_mul(rounds)?)?;
        Some(Due {
            kind: DueKind::Acknowledge(engagement.number),
            at,
        })
    })
    .collect()
}
