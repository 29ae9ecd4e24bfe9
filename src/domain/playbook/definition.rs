//! What a playbook says, after reading. Every id is unique in its list; `check` has proven the references.

use super::criterion::Expr;
use super::rules::{
    Action, Clock, CommunicationRule, Contradiction, Evidence, Gate, Outcome, PatternRules,
    RecoveryPath, Repeat, ReviewItem, Threshold, Wording,
};
use crate::domain::alert::Severity;
use crate::domain::ids::{
    ChannelKey, CriterionId, DoneId, FieldId, PlaybookId, StageId, TransitionId,
};
use crate::domain::reach::IDLE_AFTER;
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
    /// Who signs a version before live use.
    pub approvers: Vec<Role>,
    /// Which alerts it takes; without one it takes only what a person routes to it.
    pub takes: Option<Expr>,
    /// Where an incident starts: the first that fits; the last has no condition.
    pub entries: Vec<Entry>,
    /// When detections of one person count as repeated.
    pub repeat: Option<Repeat>,
    /// The share of dismissals drawn for a second look, in percent.
    pub second_look_percent: u8,
    /// How long a second look may wait before it is raised, and again after as long each time.
    pub second_look_within: TimeDelta,
    /// Whether it knows patterns, and who stands for them.
    pub patterns: Option<PatternRules>,
    /// How long an incident without an outcome (dismissed, handed to other work) keeps its contents, in days.
    pub dismissed_kept_for_days: i64,
    pub stages: Vec<Stage>,
    pub transitions: Vec<Transition>,
    pub criteria: Vec<Criterion>,
    pub fields: Vec<Field>,
    pub outcomes: Vec<Outcome>,
    pub gates: Vec<Gate>,
    pub contradictions: Vec<Contradiction>,
    /// The containment catalogue.
    pub containment: Vec<Action>,
    /// The evidence checklist.
    pub evidence: Vec<Evidence>,
    pub recovery: Vec<RecoveryPath>,
    pub communication: Vec<CommunicationRule>,
    /// Words that are warned about, in lists.
    pub wording: Vec<Wording>,
    /// What the review after closure must bring.
    pub review: Vec<ReviewItem>,
    /// When Governance is called, agreed in advance.
    pub thresholds: Vec<Threshold>,
    pub clocks: Vec<Clock>,
}

/// A way into the playbook.
#[derive(Debug, Clone)]
pub struct Entry {
    pub stage: StageId,
    pub when: Option<Expr>,
    /// Said on the timeline: why the incident starts there.
    pub because: String,
    /// The criterion that this entry rests on, where it rests on one.
    pub criterion: Option<CriterionId>,
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
    /// How long an alert may stand here unclaimed before it is raised; a high one counts as untouched.
    pub claim_within: Option<TimeDelta>,
    /// The same by severity, where it differs.
    pub claim_by_severity: Vec<(Severity, TimeDelta)>,
    /// How long held work may be without a sign of life before it is raised.
    pub idle_after: Option<TimeDelta>,
    /// How long before whoever holds it holds it no more; without it nobody is released.
    pub release_after: Option<TimeDelta>,
    /// For how long its reminders may be snoozed.
    pub snooze_at_most: Option<TimeDelta>,
    /// How often it is said to those who can act before the duty manager is told.
    pub manager_after: u32,
    /// From acceptance here on, the incident has a private thread.
    pub thread: bool,
    /// What is confirmed before an incident leaves.
    pub done: Vec<Done>,
    /// Shown on the card and the form: what nobody may touch now.
    pub do_not_touch: Option<String>,
    /// What is done at once, before the incident leaves; each is answered in a field.
    pub immediate: Vec<ImmediateAction>,
}

impl Stage {
    /// How long it may wait here to be accepted, where it is offered, else to be claimed.
    pub fn take_within(&self, offered: bool, severity: Severity) -> TimeDelta {
        if offered {
            return self.accept_within;
        }
        let by_severity = self
            .claim_by_severity
            .iter()
            .find(|(of, _)| *of == severity);
        by_severity
            .map(|(_, within)| *within)
            .or(self.claim_within)
            .unwrap_or(self.accept_within)
    }

    /// How long held work may be without a sign of life.
    pub fn idle_after(&self) -> TimeDelta {
        self.idle_after.unwrap_or(IDLE_AFTER)
    }
}

/// An immediate action: done, or "not possible, because".
#[derive(Debug, Clone)]
pub struct ImmediateAction {
    pub id: String,
    pub text: String,
    /// The yes/no field that holds the answer and the reason.
    pub field: FieldId,
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
    /// Of these fields one has a value at once, whatever else is owed.
    pub one_of: Vec<FieldId>,
    /// The field that answers, a line each, the criteria that are met and would have led elsewhere.
    pub answers_met_in: Option<FieldId>,
    /// The field that says, a line each, why Governance is not engaged for thresholds that are met.
    pub thresholds_answered_in: Option<FieldId>,
    /// Whether the form offers to send now and owe the rest.
    pub asks_emergency: bool,
    /// Whether the response ends with it. Dismissals and closures always; a handoff where it opens a review.
    pub ends_response: bool,
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
    /// As a ground, it rests on an approved pattern that is in date and covers the incident.
    pub needs_pattern: bool,
    /// Evaluated by the program; without one a person decides.
    pub when: Option<Expr>,
    /// What is shown beside it once it is met.
    pub facts: Vec<ShownFact>,
}

/// One fact beside a met criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFact {
    pub label: String,
    /// A path of [`super::facts::Facts`], such as `person.detections_in_window`.
    pub path: String,
}

/// One entry of a record.
#[derive(Debug, Clone)]
pub struct Field {
    pub id: FieldId,
    pub title: String,
    pub help: String,
    pub kind: FieldKind,
    /// Where to prefill it from: a path such as `alert.policy`; see [`super::facts::PREFILLS`].
    pub prefill: Option<String>,
    /// Whether "not applicable" is an answer.
    pub may_be_not_applicable: bool,
    /// Whether "source does not say" is an answer.
    pub may_be_silent: bool,
    /// Whether the lists of wording look at it, and warn.
    pub wording: bool,
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
