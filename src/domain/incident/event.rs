//! What happened, in the past tense. Serialized once into a payload; bodies are never migrated, readers upcast.

use super::Finding;
use super::governed::Governed;
use super::reach::ReachEvent;
use crate::domain::alert::Severity;
use crate::domain::governance::{Choice, Contact};
use crate::domain::ids::{
    AlertId, ChannelKey, CriterionId, DoneId, FieldId, IncidentId, PatternId, PersonId,
    PlaybookRef, StageId, TransitionId,
};
use crate::domain::record::Entry;
use crate::domain::role::Role;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of the payload bodies written now.
pub const FORMAT: i64 = 1;

/// One finding about one criterion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluated {
    pub criterion: CriterionId,
    pub finding: Finding,
    pub facts: Vec<(String, String)>,
}

/// A message that somebody wrote in the incident's thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quoted {
    /// Discord's id of it: the same message is not put down twice.
    pub message: String,
    /// Who wrote it, where Baton knows the account.
    pub author: Option<PersonId>,
    pub written_at: DateTime<Utc>,
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
    /// Written by earlier versions: nobody took it in time.
    Raised {
        times: u32,
    },
    /// A dismissal waits for a second person.
    Proposed {
        transition: TransitionId,
        criteria: Vec<CriterionId>,
        entries: BTreeMap<FieldId, Entry>,
        done: Vec<DoneId>,
    },
    Agreed {
        reason: String,
    },
    Refused {
        reason: String,
    },
    Engaged {
        number: u32,
        criteria: Vec<CriterionId>,
        entries: BTreeMap<FieldId, Entry>,
        contacts: Vec<Contact>,
        discreet: bool,
    },
    Answered {
        engagement: u32,
        choice: Choice,
    },
    ContainmentProposed {
        number: u32,
        action: String,
        target: String,
    },
    ContainmentAuthorised {
        number: u32,
    },
    ContainmentReported {
        number: u32,
        done: bool,
        result: String,
    },
    /// One person's word for an emergency; two of different roles open the gate.
    GateOverridden {
        gate: String,
        number: u32,
        role: Role,
        reason: String,
        /// The actions that stood proposed at this gate; for no others does it open.
        #[serde(default)]
        covers: Vec<u32>,
    },
    Noted {
        text: String,
        /// When it happened, where that was before it was written down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        happened_at: Option<DateTime<Utc>>,
        /// The number of the earlier entry that it corrects; that one stays as it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        corrects: Option<i64>,
        /// The message of the thread that it repeats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quoted: Option<Quoted>,
    },
    /// A material development: the other tiers hear of it, without what only the case needs.
    StatusSet {
        severity: Option<Severity>,
        text: String,
    },
    /// Written by earlier versions: contacts who had not read a brief were reminded.
    Reminded {
        engagement: u32,
        times: u32,
    },
    /// An ended incident goes on, for a new reason.
    Reopened {
        reason: String,
        channel: ChannelKey,
    },
    /// A person chose the playbook.
    Routed {
        playbook: PlaybookRef,
        stage: StageId,
        channel: ChannelKey,
        owner: String,
        criteria: Vec<Evaluated>,
    },
    /// What waits was said again, held work released, reminders snoozed.
    Reach(ReachEvent),
    /// A step on the side of Governance.
    Governed(Governed),
    /// It has to do with another incident; that one says so too.
    Linked {
        other: IncidentId,
        reason: String,
    },
    /// Alerts went into an incident of their own; what is left is judged anew.
    SplitOff {
        into: IncidentId,
        alerts: Vec<AlertId>,
        reason: String,
        concerned: BTreeSet<PersonId>,
        criteria: Vec<Evaluated>,
    },
    /// Its alerts were part of another incident before.
    SplitFrom {
        from: IncidentId,
        reason: String,
    },
    /// What a dismissal rests on, and who looked at it again.
    Dismissal(Dismissal),
}

/// What happens around a dismissal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Dismissal {
    /// The dismissal that follows rests on a known pattern.
    PatternApplied {
        pattern: PatternId,
        title: String,
        approved_by: Option<PersonId>,
    },
    /// It was drawn for a second look, as so many in a hundred are.
    LookDrawn {
        percent: u8,
    },
    /// Nobody looked in time.
    LookReminded {
        times: u32,
    },
    LookedAgain {
        agrees: bool,
        reason: String,
    },
}

impl Dismissal {
    /// The header's word for it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::PatternApplied { .. } => "pattern_applied",
            Self::LookDrawn { .. } => "look_drawn",
            Self::LookReminded { .. } => "look_reminded",
            Self::LookedAgain { .. } => "looked_again",
        }
    }
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
            Self::Proposed { .. } => "proposed",
            Self::Agreed { .. } => "agreed",
            Self::Refused { .. } => "refused",
            Self::Engaged { .. } => "engaged",
            Self::Answered { .. } => "answered",
            Self::ContainmentProposed { .. } => "containment_proposed",
            Self::ContainmentAuthorised { .. } => "containment_authorised",
            Self::ContainmentReported { .. } => "containment_reported",
            Self::GateOverridden { .. } => "gate_overridden",
            Self::Noted { .. } => "noted",
            Self::StatusSet { .. } => "status_set",
            Self::Reminded { .. } => "reminded",
            Self::Reopened { .. } => "reopened",
            Self::Routed { .. } => "routed",
            Self::Reach(event) => event.kind(),
            Self::Governed(governed) => governed.kind(),
            Self::Linked { .. } => "linked",
            Self::SplitOff { .. } => "split_off",
            Self::SplitFrom { .. } => "split_from",
            Self::Dismissal(event) => event.kind(),
        }
    }

    /// The criterion that stands in the header: the first that justified the step.
    pub fn criterion(&self) -> Option<&CriterionId> {
        match self {
            Self::Offered { criteria, .. }
            | Self::Ended { criteria, .. }
            | Self::Proposed { criteria, .. }
            | Self::Engaged { criteria, .. }
            | Self::Governed(Governed::LeftUnengaged { criteria, .. }) => criteria.first(),
            Self::Opened { criteria, .. } => criteria
                .iter()
                .find(|c| c.finding == Finding::Met)
                .map(|c| &c.criterion),
            Self::Governed(_)
            | Self::AlertAttached { .. }
            | Self::AlertRepeated { .. }
            | Self::Claimed
            | Self::Accepted { .. }
            | Self::Returned { .. }
            | Self::Raised { .. }
            | Self::Agreed { .. }
            | Self::Refused { .. }
            | Self::Answered { .. }
            | Self::ContainmentProposed { .. }
            | Self::ContainmentAuthorised { .. }
            | Self::ContainmentReported { .. }
            | Self::GateOverridden { .. }
            | Self::StatusSet { .. }
            | Self::Reminded { .. }
            | Self::Reopened { .. }
            | Self::Routed { .. }
            | Self::Reach(_)
            | Self::Linked { .. }
            | Self::SplitOff { .. }
            | Self::SplitFrom { .. }
            | Self::Dismissal(_)
            | Self::Noted { .. } => None,
        }
    }
}
