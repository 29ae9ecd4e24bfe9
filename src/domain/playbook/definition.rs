//! What a playbook says, after reading. Every id is unique in its list; `check` has proven the references.

use crate::domain::ids::{
    ChannelKey, CriterionId, DoneId, FieldId, PlaybookId, StageId, TransitionId,
};
use crate::domain::role::Role;
use chrono::{NaiveDate, TimeDelta};

/// One version of one playbook.
#[derive(Debug, Clone)]
pub struct Playbook {
    pub id: PlaybookId,
    pub title: String,
    pub version: String,
    pub status: Status,
    pub owner: String,
    pub reviewed_on: NaiveDate,
    pub summary: String,
    /// Whether its forms may take a file.
    pub uploads: bool,
    pub stages: Vec<Stage>,
    pub transitions: Vec<Transition>,
    pub criteria: Vec<Criterion>,
    pub fields: Vec<Field>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Draft,
    Approved,
    Operational,
    Retired,
}

/// Where an incident stands.
#[derive(Debug, Clone)]
pub struct Stage {
    pub id: StageId,
    pub title: String,
    /// The channel its cards go to.
    pub channel: ChannelKey,
    /// Who works here, and who accepts what is offered to it.
    pub role: Role,
    /// The team answerable while an incident stands here.
    pub owner: String,
    /// How long an offered handoff may wait before it is raised.
    pub accept_within: TimeDelta,
    /// From acceptance here on, the incident has a private thread.
    pub thread: bool,
    /// What is confirmed before an incident leaves.
    pub done: Vec<Done>,
}

#[derive(Debug, Clone)]
pub struct Done {
    pub id: DoneId,
    pub text: String,
}

/// A way out of a stage.
#[derive(Debug, Clone)]
pub struct Transition {
    pub id: TransitionId,
    /// As on a button: "Escalate to investigation".
    pub title: String,
    pub kind: TransitionKind,
    pub from: Vec<StageId>,
    /// The stage it leads to; handoffs have one, others none.
    pub to: Option<StageId>,
    /// At least one is confirmed by the person who takes it.
    pub criteria: Vec<CriterionId>,
    /// The fields it carries, beyond what earlier records hold; cumulative.
    pub record: Vec<FieldId>,
    /// Conditions nobody may skip, by id of the playbook's gates.
    pub gates: Vec<String>,
    pub moves_ownership: bool,
    /// Fields that may be owed, and for how long.
    pub owed: Vec<Owed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransitionKind {
    Handoff,
    Dismissal,
    Closure,
    Engagement,
}

#[derive(Debug, Clone)]
pub struct Owed {
    pub field: FieldId,
    pub within: TimeDelta,
}

/// A named condition that justifies a transition.
#[derive(Debug, Clone)]
pub struct Criterion {
    pub id: CriterionId,
    /// A sentence a person can agree to.
    pub text: String,
    /// Excludes dismissal while it is met.
    pub mandatory: bool,
}

/// One entry of a record.
#[derive(Debug, Clone)]
pub struct Field {
    pub id: FieldId,
    pub title: String,
    pub help: String,
    pub kind: FieldKind,
    /// Where to prefill it from: a path such as `alert.policy`; see `criterion::Facts`.
    pub prefill: Option<String>,
    /// Whether "not applicable" is an answer.
    pub may_be_not_applicable: bool,
    /// Whether "source does not say" is an answer.
    pub may_be_silent: bool,
    pub audience: Vec<Role>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    Line,
    Paragraph,
    Choice(Vec<Choice>),
    Choices(Vec<Choice>),
    Person,
    Time,
    Link,
    /// Yes or no, with the reason.
    YesNo,
    /// A file; only where the playbook allows uploads.
    Upload,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub id: String,
    pub title: String,
}
