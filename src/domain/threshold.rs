//! Thresholds agreed in advance: which of them the facts meet, and who has signed their values. A set that nobody signed
//! can be used; it says so.

use super::ids::CriterionId;
use super::incident::{Finding, Incident};
use super::playbook::definition::Playbook;
use super::playbook::rules::{GateKind, Threshold};
use super::role::Role;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// The sides that sign the values before the first incident.
pub const SIGNERS: [Role; 2] = [Role::Legal, Role::Hr];

/// One side's signature under the values of one version of a playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub side: Role,
    pub by: super::ids::PersonId,
    pub at: DateTime<Utc>,
}

/// The sides whose signature is missing.
pub fn unsigned(signatures: &[Signature]) -> Vec<Role> {
    let missing = |side: &Role| !signatures.iter().any(|s| s.side == *side);
    SIGNERS.into_iter().filter(missing).collect()
}

/// What is said of a set that is not signed by all; nothing where it is.
pub fn unsigned_note(signatures: &[Signature]) -> Option<String> {
    let missing: Vec<&str> = unsigned(signatures).iter().map(|s| s.key()).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "The thresholds are not signed by {} yet; they are used all the same",
            missing.join(" and ")
        )
    })
}

/// The values of a threshold as one line for people.
pub fn values(threshold: &Threshold) -> String {
    let data = if threshold.data_types.is_empty() {
        "any data".to_owned()
    } else {
        threshold.data_types.join(", ")
    };
    let sides: Vec<&str> = threshold.contacts.iter().map(|side| side.key()).collect();
    format!(
        "{data}; from {} on; {} Calls {}.",
        threshold.scale,
        threshold.involvement,
        sides.join(" and ")
    )
}

/// Whether the facts meet it: its criterion by what the program found, its scale by what the sources counted. Where they
/// counted nothing the scale keeps nothing out; involvement a person judges.
fn is_met(threshold: &Threshold, incident: &Incident, exposure: Option<i64>) -> bool {
    let criterion = incident.criteria.get(&threshold.criterion);
    criterion.is_some_and(|c| c.finding == Finding::Met)
        && exposure.is_none_or(|counted| counted >= threshold.scale)
}

/// The criteria whose thresholds are met, and for which Governance was not engaged.
pub fn unengaged(
    incident: &Incident,
    playbook: &Playbook,
    exposure: Option<i64>,
) -> Vec<CriterionId> {
    let engaged: BTreeSet<&CriterionId> = incident
        .engagements
        .iter()
        .flat_map(|e| &e.criteria)
        .collect();
    let met = playbook
        .thresholds
        .iter()
        .filter(|t| is_met(t, incident, exposure) && !engaged.contains(&t.criterion));
    let mut criteria: Vec<CriterionId> = Vec::new();
    for threshold in met {
        if !criteria.contains(&threshold.criterion) {
            criteria.push(threshold.criterion.clone());
        }
    }
    criteria
}

/// The answers that say that Governance must know, by the playbook's gates.
pub fn required_by(
    playbook: &Playbook,
) -> impl Iterator<Item = &super::playbook::rules::Answer> + '_ {
    playbook.gates.iter().filter_map(|gate| match &gate.kind {
        GateKind::GovernanceSent { required_by } => Some(required_by),
        GateKind::HrBeforePerson { .. }
        | GateKind::EngagementsConcluded
        | GateKind::NoLegalHold
        | GateKind::ContainmentComplete
        | GateKind::EvidenceAnswered
        | GateKind::RecoveryAuthorised
        | GateKind::SecondPersonOnRepeat
        | GateKind::ReviewComplete => None,
    })
}
