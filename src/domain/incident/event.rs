//! What happened, in the past tense. Serialized once into a payload; bodies are never migrated, readers upcast.

use super::Finding;
use crate::domain::alert::Severity;
use crate::domain::ids::{
    AlertId, ChannelKey, CriterionId, DoneId, FieldId, IncidentId, PersonId, PlaybookRef, StageId,
    TransitionId,
};
use crate::domain::record::Entry;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the payload bodies written now.
pub const FORMAT: i64 = 1;

/// One finding about one criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluated {
    pub criterion: CriterionId,
    pub finding: Finding,
    pub facts: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Opened {
        incident: IncidentId,
        playbook: PlaybookRef,
        alert: AlertId,
        raw_sha256: String,
        severity: Severity,
        stage: StageId,
        channel: ChannelKey,
        owner: String,
        because: String,
        concerned: Option<PersonId>,
        reported_by: Option<PersonId>,
        criteria: Vec<Evaluated>,
        drill: bool,
        sealed: bool,
    },
    AlertAttached {
        alert: AlertId,
        severity: Severity,
        concerned: Option<PersonId>,
        criteria: Vec<Evaluated>,
    },
    AlertRepeated {
        alert: AlertId,
        times: i64,
    },
    Claimed,
    Offered {
        transition: TransitionId,
        to: StageId,
        channel: ChannelKey,
        criteria: Vec<CriterionId>,
        entries: BTreeMap<FieldId, Entry>,
        done: Vec<DoneId>,
    },
    Accepted {
        owner: String,
    },
    Returned {
        reason: String,
        channel: ChannelKey,
    },
    Ended {
        transition: TransitionId,
        kind: super::EndKind,
        criteria: Vec<CriterionId>,
        entries: BTreeMap<FieldId, Entry>,
        done: Vec<DoneId>,
    },
    Raised {
        times: u32,
    },
}

impl Event {
    /// The header's word for it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::AlertAttached { .. } => "alert_attached",
            Self::AlertRepeated { .. } => "alert_repeated",
            Self::Claimed => "claimed",
            Self::Offered { .. } => "offered",
            Self::Accepted { .. } => "accepted",
            Self::Returned { .. } => "returned",
            Self::Ended { .. } => "ended",
            Self::Raised { .. } => "raised",
        }
    }

    /// The criterion that stands in the header: the first that justified the step.
    pub fn criterion(&self) -> Option<&CriterionId> {
        match self {
            Self::Offered { criteria, .. } | Self::Ended { criteria, .. } => criteria.first(),
            Self::Opened { criteria, .. } => criteria
                .iter()
                .find(|c| c.finding == Finding::Met)
                .map(|c| &c.criterion),
            Self::AlertAttached { .. }
            | Self::AlertRepeated { .. }
            | Self::Claimed
            | Self::Accepted { .. }
            | Self::Returned { .. }
            | Self::Raised { .. } => None,
        }
    }
}
