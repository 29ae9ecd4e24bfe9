//! The rest of what a playbook says, after reading: gates, outcomes, catalogues, Governance, clocks.
//! Data only; who acts on it is `incident` and `governance`.

use crate::domain::ids::{CriterionId, FieldId, TransitionId};
use crate::domain::role::Role;
use chrono::{NaiveDate, TimeDelta};

/// Detections and open incidents of one person are counted up to here: no rule asks for more, and a person behind a storm
/// makes no further alert slower.
pub const COUNTED: i64 = 1_000;

/// Such a count as people read it.
pub fn shown_count(count: i64) -> String {
    if count < COUNTED {
        count.to_string()
    } else {
        format!("{COUNTED} or more")
    }
}

/// Distinct detections of one person that count as repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeat {
    pub window_days: i64,
    /// From this many on, the present one included.
    pub count: i64,
    /// From this many on, plain dismissal is blocked.
    pub blocks_dismissal_from: i64,
}

/// Known patterns: who may propose and approve one, and how long one may stand before it is reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternRules {
    pub propose: Vec<Role>,
    pub approve: Vec<Role>,
    pub longest_days: i64,
}

/// How an incident ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub id: String,
    pub title: String,
    /// What the person who escalated is told: confirmed, or not.
    pub confirmed: bool,
    pub kept_for_days: i64,
}

/// One answer in a record: a choice's id, or `yes` or `no`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub field: FieldId,
    pub answer: String,
}

/// A condition nobody may skip. A transition, a containment action or a recovery path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    pub id: String,
    /// Said in a refusal: what is missing, and the way out.
    pub text: String,
    pub kind: GateKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateKind {
    /// An action on a person waits for the named HR contact, unless the record rules misconduct out.
    HrBeforePerson {
        /// Closed only once this is answered so; without it, from the start.
        only_when: Option<Answer>,
        /// Opens the gate without HR: "no suspected misconduct", with its reason.
        unless: Option<Answer>,
        /// Answers that exclude `unless`.
        excluded_by: Vec<Answer>,
        /// HR's time to answer once an emergency override was used.
        override_answered_within: Option<TimeDelta>,
    },
    /// What the record says Governance must know was sent.
    GovernanceSent { required_by: Answer },
    /// Each engagement is concluded, or Legal said that it continues without Security.
    EngagementsConcluded,
    /// Legal holds no item that this would destroy.
    NoLegalHold,
    /// Each authorised containment action is done and verified at the source.
    ContainmentComplete,
    /// Each kind of evidence is collected, or its absence has a reason.
    EvidenceAnswered,
    /// A recovery path is authorised.
    RecoveryAuthorised,
    /// From a repeated detection on, a second person agrees or an approved pattern covers all.
    SecondPersonOnRepeat,
    /// Each item of the review is in.
    ReviewComplete,
}

impl GateKind {
    /// The keys that files use, and none else.
    pub const KEYS: [&'static str; 9] = [
        "hr_before_person",
        "governance_sent",
        "engagements_concluded",
        "no_legal_hold",
        "containment_complete",
        "evidence_answered",
        "recovery_authorised",
        "second_person_on_repeat",
        "review_complete",
    ];
}

/// Answers that cannot stand together. All that is named must hold for the contradiction to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    pub id: String,
    /// Said in a refusal: what contradicts what, and how to mend it.
    pub text: String,
    pub answers: Vec<Answer>,
    /// Confirmed in the same step.
    pub criterion: Option<CriterionId>,
    /// Only when this way out is taken.
    pub transition: Option<TransitionId>,
}

/// One entry of the containment catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub id: String,
    pub title: String,
    /// Account, session, access, a device assigned to someone.
    pub acts_on_person: bool,
    pub needs_second_person: bool,
    /// Whether it deletes what evidence may need.
    pub deletes: bool,
    pub gates: Vec<String>,
}

/// One line of the evidence checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub id: String,
    pub title: String,
    pub source: String,
    /// How long the source keeps it, in days; a reminder to collect it before that.
    pub kept_for_days: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryPath {
    pub id: String,
    pub title: String,
    /// Whether it destroys what is on the device.
    pub destructive: bool,
    pub gates: Vec<String>,
}

/// Who may be told, by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunicationRule {
    pub id: String,
    /// Whom it reaches: "The user", "The line manager", "Anyone outside".
    pub audience: String,
    /// The one way it takes, where there is only one.
    pub through: Option<Role>,
    /// All of these agree to the wording first.
    pub approvers: Vec<Role>,
    /// These too, where misconduct is suspected.
    pub approvers_in_misconduct: Vec<Role>,
    pub text: String,
}

/// A list of phrases that are warned about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    pub id: String,
    /// Why it is warned about: "Speculation".
    pub title: String,
    pub phrases: Vec<String>,
}

/// One item that completes an incident after closure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewItem {
    pub id: String,
    pub title: String,
    pub role: Role,
    /// Only where the incident was declared major.
    pub only_when_major: bool,
    /// What each entry carries: owner, date, priority.
    pub asks: Vec<String>,
}

/// When Governance is called, as values that Legal and HR sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threshold {
    pub criterion: CriterionId,
    pub data_types: Vec<String>,
    /// From this many persons or records concerned on.
    pub scale: i64,
    pub involvement: String,
    /// Whose contacts are named.
    pub contacts: Vec<Role>,
}

/// A deadline of a regime. It never starts by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    pub id: String,
    pub regime: String,
    /// What is due: "Notification to the supervisory authority".
    pub stage: String,
    pub limit: Limit,
    /// The fact whose time a person enters.
    pub from: String,
    /// Where the number stands.
    pub source: String,
    /// Who enters the start and owns the number.
    pub role: Role,
    pub reviewed_on: NaiveDate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Hours(i64),
    Days(i64),
    BusinessDays(i64),
    Months(i64),
    WithoutUndueDelay,
}
