//! What is asked of an incident.

use super::event::Evaluated;
use crate::domain::alert::Severity;
use crate::domain::ids::{
    AlertId, CriterionId, DoneId, FieldId, IncidentId, PersonId, PlaybookRef, StageId, TransitionId,
};
use crate::domain::record::{Origin, State};
use std::collections::BTreeMap;

/// Imperative; a person, an alert or a timer gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Open(Box<Opening>),
    /// A further alert of the same detection.
    Attach {
        alert: AlertId,
        severity: Severity,
        concerned: Option<PersonId>,
        criteria: Vec<Evaluated>,
    },
    /// The same alert came again; `times` counts receipts, this one included.
    CountRepeat {
        alert: AlertId,
        times: i64,
    },
    Claim,
    /// Take a way out of the stage, with its record.
    Submit(Box<Submission>),
    Accept,
    Return {
        reason: String,
    },
    /// Nobody took it in time.
    Raise,
}

/// An alert becomes an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    pub id: IncidentId,
    pub playbook: PlaybookRef,
    pub alert: AlertId,
    /// SHA-256 of the raw body, hexadecimal.
    pub raw_sha256: String,
    pub severity: Severity,
    pub stage: StageId,
    /// Why this stage, a sentence.
    pub because: String,
    pub concerned: Option<PersonId>,
    /// A person who reported it, and is on the case from the start.
    pub reported_by: Option<PersonId>,
    pub criteria: Vec<Evaluated>,
    pub drill: bool,
    pub sealed: bool,
}

/// A way out with everything that it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    pub transition: TransitionId,
    /// The criteria that the person confirms.
    pub criteria: Vec<CriterionId>,
    /// New answers; earlier ones of the cumulative record still count.
    pub answers: BTreeMap<FieldId, (State, Origin)>,
    /// The lines of the definition of done that the person confirms.
    pub done: Vec<DoneId>,
}
