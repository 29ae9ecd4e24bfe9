//! The incident as a state machine: `decide(incident, command, context) → events | refusal`, and `apply`.
//! The state is an enum that carries its data; nothing is ever half in two states.

mod apply;
mod around;
mod beside;
mod case;
mod command;
mod containment;
mod decide;
mod event;
mod gates;
mod governance;
mod governed;
mod look;
mod reach;
mod readiness;
mod refusal;
mod second;
mod talking;
mod together;

pub use apply::{apply, replay};
pub use case::{CaseFault, may_split};
pub use command::{Command, Engaging, Noting, Opening, Routing, Splitting, Submission};
pub use containment::closed as closed_for;
pub use decide::{Context, decide, may_leave};
pub use event::{Dismissal, Evaluated, Event, FORMAT, Quoted};
pub use gates::Elsewhere;
pub use governance::may_engage;
pub use governed::{Govern, Governed};
pub use look::may_look;
pub use reach::{ReachCommand, ReachEvent, may_snooze};
pub use readiness::{readiness, unengaged_here};
pub use refusal::{Readiness, Refusal};
pub use talking::{misconduct, speaks_for};
pub use together::{left_out, under_one_rationale};

use super::alert::Severity;
use super::containment::ContainmentAction;
use super::governance::Engagement;
use super::hold::{self, Hold, Release};
use super::ids::{
    AlertId, ChannelKey, CriterionId, DoneId, IncidentId, PersonId, PlaybookRef, StageId,
    TransitionId,
};
use super::playbook::definition::TransitionKind;
use super::reach::{Said, Snooze};
use super::record::Record;
use super::restricted::Restricted;
use super::role::Role;
use super::talk::Talk;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The work that alerts opened. Rebuilt from its events by [`replay`]; saved beside them for speed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    pub id: IncidentId,
    pub playbook: PlaybookRef,
    pub opened_at: DateTime<Utc>,
    pub drill: bool,
    pub severity: Severity,
    /// Where it stands. While a handoff is offered this is still the stage it leaves.
    pub stage: StageId,
    pub phase: Phase,
    /// The team answerable.
    pub owner: String,
    /// Those added to the incident: reporter, holders, receivers.
    pub on_case: BTreeSet<PersonId>,
    /// Whom the alerts are about.
    pub concerned: BTreeSet<PersonId>,
    pub alerts: Vec<AlertId>,
    /// What the program found, and what a person confirmed.
    pub criteria: BTreeMap<CriterionId, Criterion>,
    /// Each stay at a stage, oldest first; each has one card.
    pub visits: Vec<Visit>,
    /// Set while a returned handoff waits to be amended.
    pub returned: Option<Returned>,
    /// A dismissal that waits for a second person.
    #[serde(default)]
    pub proposal: Option<Proposal>,
    #[serde(default)]
    pub engagements: Vec<Engagement>,
    #[serde(default)]
    pub actions: Vec<ContainmentAction>,
    /// Contacts who declared a conflict of interest: walled off like the persons concerned.
    #[serde(default)]
    pub conflicted: BTreeSet<PersonId>,
    /// How often it went on after its end.
    #[serde(default)]
    pub reopened: u32,
    /// Incidents that it has to do with; each names this one too.
    #[serde(default)]
    pub linked: BTreeSet<IncidentId>,
    /// Messages of its thread that stand on the timeline.
    #[serde(default)]
    pub quoted: BTreeSet<String>,
    /// Whom alerts were about that went elsewhere. The history still speaks of them, so they stay walled off.
    #[serde(default)]
    pub past_concerned: BTreeSet<PersonId>,
    /// A dismissal that was drawn and waits for somebody else to look at it again.
    #[serde(default)]
    pub second_look: Option<SecondLook>,
    /// Words for an emergency, by gate.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// The newest word about each matter that waits.
    #[serde(default)]
    pub said: Vec<Said>,
    /// Reminders that rest, or rested last while it stood like this.
    #[serde(default)]
    pub snooze: Option<Snooze>,
    /// When a person last did something with it; by the store from the history.
    #[serde(skip)]
    pub touched_at: Option<DateTime<Utc>>,
    /// What Legal holds, item by item, and what it has released.
    #[serde(default)]
    pub holds: Vec<Hold>,
    #[serde(default)]
    pub releases: Vec<Release>,
    /// Thresholds that were met and for which Governance was not engaged, each with its reason in the history.
    #[serde(default)]
    pub left_unengaged: BTreeSet<CriterionId>,
    /// Requests to speak to somebody outside the case.
    #[serde(default)]
    pub talks: Vec<Talk>,
    /// Someone walled can read the stage's channel.
    pub sealed: bool,
    /// Counts events; every command is compared against it.
    pub version: u64,
    /// The cumulative record; by the store in a column of its own.
    #[serde(skip, default = "empty_record")]
    pub record: Restricted<Record>,
}

fn empty_record() -> Restricted<Record> {
    Restricted::new(Record::default())
}

/// What happens to it now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// At a stage, held by someone or waiting to be claimed.
    Open {
        holder: Option<Held>,
    },
    /// A handoff with its record waits for the receiving stage.
    Offered(Offer),
    Ended(Ended),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub by: PersonId,
    pub since: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub transition: TransitionId,
    pub from: StageId,
    pub to: StageId,
    pub by: PersonId,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub transition: TransitionId,
    pub kind: EndKind,
    pub by: PersonId,
    /// Who proposed it, where a second person agreed.
    #[serde(default)]
    pub proposed_by: Option<PersonId>,
    pub at: DateTime<Utc>,
}

/// A second look that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondLook {
    pub drawn_at: DateTime<Utc>,
    /// Whoever had a part in the dismissal: they do not judge it.
    pub dismissed_by: BTreeSet<PersonId>,
    /// How often it was raised because nobody looked.
    pub reminded: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    Dismissed,
    Closed,
}

impl EndKind {
    /// What is said of it: it was closed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dismissed => "dismissed",
            Self::Closed => "closed",
        }
    }

    /// How the kind of transition ends an incident; handoffs and engagements do not.
    pub const fn of(kind: TransitionKind) -> Option<Self> {
        match kind {
            TransitionKind::Dismissal => Some(Self::Dismissed),
            TransitionKind::Closure => Some(Self::Closed),
            TransitionKind::Handoff | TransitionKind::Engagement => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    pub by: PersonId,
    pub at: DateTime<Utc>,
    pub reason: String,
    pub transition: TransitionId,
}

/// How a criterion stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criterion {
    pub finding: Finding,
    /// Facts shown beside it: label and value.
    pub facts: Vec<(String, String)>,
    /// Who confirmed it in a handoff, newest last.
    pub confirmed_by: Vec<PersonId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    Met,
    NotMet,
    /// Could not be evaluated, and why. Never the same as not met.
    NotEvaluated(String),
    /// Only a person can tell.
    Asked,
}

/// A step that somebody proposed and a second person judges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub by: PersonId,
    pub at: DateTime<Utc>,
    pub transition: TransitionId,
    pub criteria: Vec<CriterionId>,
    pub done: Vec<DoneId>,
}

/// One person's word that an emergency cannot wait for a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub gate: String,
    pub by: PersonId,
    /// The role in which they may give it.
    pub role: Role,
    pub at: DateTime<Utc>,
    /// The actions that stood proposed then, by number: for no others does it open the gate.
    #[serde(default)]
    pub covers: Vec<u32>,
}

/// One stay at a stage, from the offer or opening to the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    pub stage: StageId,
    pub channel: ChannelKey,
    pub since: DateTime<Utc>,
    pub state: VisitState,
    /// How often it was raised because nobody took it.
    pub raised: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitState {
    /// Offered to the stage, not accepted yet.
    Offered,
    /// People of the stage work on it.
    Working,
    /// Its own handoff waits elsewhere.
    Waiting,
    HandedOn(DateTime<Utc>),
    SentBack(DateTime<Utc>),
    Ended(DateTime<Utc>),
}

impl Incident {
    /// Who claimed or accepted it.
    pub fn holder(&self) -> Option<PersonId> {
        match &self.phase {
            Phase::Open { holder } => holder.as_ref().map(|h| h.by),
            Phase::Offered(_) | Phase::Ended(_) => None,
        }
    }

    /// The stay that is under way, with its index.
    pub fn current_visit(&self) -> Option<(usize, &Visit)> {
        self.visits.iter().enumerate().next_back()
    }

    /// The words for an emergency that still count for an action: a later hold of HR, here or in a linked incident,
    /// takes them back.
    pub fn words_for<'i>(
        &'i self,
        gate: &'i str,
        action: u32,
        held_elsewhere: Option<DateTime<Utc>>,
    ) -> impl Iterator<Item = &'i Override> {
        let held_at = self.engagements.iter().filter_map(Engagement::hr_held_at);
        let held_at = held_at.chain(held_elsewhere).max();
        self.overrides
            .iter()
            .filter(move |o| o.gate == gate && held_at.is_none_or(|held| o.at > held))
            .filter(move |o| o.covers.contains(&action))
    }

    /// Two persons of the two kinds that may, have overridden the gate for this action.
    pub fn is_overridden(
        &self,
        gate: &str,
        action: u32,
        held_elsewhere: Option<DateTime<Utc>>,
    ) -> bool {
        let words = || self.words_for(gate, action, held_elsewhere);
        words().any(|one| {
            one.role == Role::Tier3
                && words().any(|other| other.role != Role::Tier3 && other.by != one.by)
        })
    }

    /// Whether Legal holds anything of it.
    pub fn is_held(&self) -> bool {
        hold::is_held(&self.engagements, &self.holds)
    }

    /// Whether Legal holds this item, as far as its name tells.
    pub fn holds_item(&self, item: &str) -> bool {
        hold::holds_item(item, &self.engagements, &self.holds, &self.releases)
    }

    pub fn is_open(&self) -> bool {
        !matches!(self.phase, Phase::Ended(_))
    }
}
