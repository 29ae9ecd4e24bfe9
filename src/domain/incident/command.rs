//! What is asked of an incident.

use super::event::{Evaluated, Quoted};
use super::governed::Govern;
use super::reach::ReachCommand;
use crate::domain::alert::Severity;
use crate::domain::governance::{Choice, Contact};
use crate::domain::ids::{
    AlertId, ChannelKey, CriterionId, DoneId, FieldId, IncidentId, PersonId, PlaybookRef, StageId,
    TransitionId,
};
use crate::domain::record::{Origin, State};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

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
    /// What waits is said again, held work is released, reminders rest.
    Reach(ReachCommand),
    /// A second person agrees to a proposed dismissal.
    Agree {
        reason: String,
    },
    /// A second person refuses it; it stays with its holder.
    Refuse {
        reason: String,
    },
    /// Notifies Governance, with a brief and named contacts.
    Engage(Box<Engaging>),
    /// A contact's answer to an engagement. The words beside it are counsel text and go their own way.
    Answer {
        engagement: u32,
        choice: Choice,
    },
    /// Proposes an action of the containment catalogue.
    Propose {
        action: String,
        target: String,
    },
    Authorise {
        number: u32,
    },
    /// An authorised action was done and verified, or failed.
    Report {
        number: u32,
        done: bool,
        result: String,
    },
    /// One of two persons opens an action's gates in an emergency.
    Override {
        number: u32,
        reason: String,
    },
    Note(Box<Noting>),
    /// A material development or another severity.
    SetStatus {
        severity: Option<Severity>,
        text: String,
    },
    Reopen {
        reason: String,
    },
    /// A step on the side of Governance.
    Govern(Govern),
    /// Another playbook takes it, with what its criteria say.
    Route(Box<Routing>),
    /// Says that it has to do with another incident; without an actor, the other side of a link.
    Link {
        other: IncidentId,
        reason: String,
    },
    /// Moves alerts into an incident of their own.
    Split(Box<Splitting>),
    /// The new incident's side of a split.
    ComeFrom {
        from: IncidentId,
        reason: String,
    },
    /// Whether a dismissal is drawn for a second look; its lot lies from 0 to 99.
    Draw {
        lot: u8,
    },
    /// A second person's word on a dismissal that was drawn.
    LookAgain {
        agrees: bool,
        reason: String,
    },
    /// Nobody looked at it in time.
    RemindLook,
}

impl Command {
    /// Whether more than the incident and its playbook is weighed: the person's detections, what sources counted, linked
    /// incidents, patterns.
    pub const fn looks_around(&self) -> bool {
        !matches!(
            self,
            Self::Claim
                | Self::Accept
                | Self::Return { .. }
                | Self::Reach(_)
                | Self::Note(_)
                | Self::SetStatus { .. }
        )
    }
}

/// Something to put on the timeline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Noting {
    pub text: String,
    /// When it happened, if that was before.
    pub happened_at: Option<DateTime<Utc>>,
    /// The entry that it corrects.
    pub corrects: Option<i64>,
    /// The message that it repeats.
    pub quoted: Option<Quoted>,
}

/// Alerts that go, and what then holds for those that stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splitting {
    pub into: IncidentId,
    pub alerts: Vec<AlertId>,
    pub reason: String,
    /// Whom the alerts that stay are about.
    pub concerned: BTreeSet<PersonId>,
    /// What the alerts that stay meet.
    pub criteria: Vec<Evaluated>,
}

/// The playbook that a person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    pub playbook: PlaybookRef,
    pub stage: StageId,
    pub channel: ChannelKey,
    pub owner: String,
    pub criteria: Vec<Evaluated>,
}

/// An engagement with everything that it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engaging {
    pub submission: Submission,
    pub contacts: Vec<Contact>,
    pub discreet: bool,
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

impl Submission {
    /// Nothing new: what stands in the record is judged as it is.
    pub fn nothing() -> Self {
        Self {
            transition: TransitionId::new(""),
            criteria: Vec::new(),
            answers: BTreeMap::new(),
            done: Vec::new(),
        }
    }
}
