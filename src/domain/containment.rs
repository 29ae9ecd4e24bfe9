//! Containment: an action of the catalogue from its proposal to its proof at the source. Baton directs and records; it
//! acts on no device or account itself.

use super::ids::PersonId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One action of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainmentAction {
    /// Counts from 1 within the incident.
    pub number: u32,
    /// Of the playbook's catalogue.
    pub action: String,
    /// On what or whom, in words.
    pub target: String,
    pub proposed_by: PersonId,
    pub proposed_at: DateTime<Utc>,
    pub state: ActionState,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    Proposed,
    Authorised {
        by: PersonId,
    },
    /// Done and verified at the source, with the result in words.
    Done {
        result: String,
    },
    Failed {
        result: String,
    },
}

impl ActionState {
    /// Neither done nor failed: it stands in the way of closing.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Proposed | Self::Authorised { .. })
    }

    pub const fn word(&self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Authorised { .. } => "authorised",
            Self::Done { .. } => "done and verified",
            Self::Failed { .. } => "failed",
        }
    }
}
