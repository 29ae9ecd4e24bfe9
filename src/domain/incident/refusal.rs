//! A refusal is a product: everything that is missing, at once, in the playbook's own titles, with the way out.

use super::case::CaseFault;
use crate::domain::ids::{DoneId, PersonId};
use crate::domain::record::Gap;
use crate::domain::role::Role;
use chrono::{DateTime, Utc};

/// The answer to a step that may not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It does not exist, or is not the reader's to know of: the same answer.
    NotFound,
    /// Another role does this.
    NotYours {
        role: Option<Role>,
    },
    /// Someone holds it.
    Held {
        by: PersonId,
        since: DateTime<Utc>,
    },
    /// A handoff waits; it must be accepted or returned first.
    Offered {
        to: String,
    },
    /// Nothing is offered that could be accepted or returned.
    NothingOffered,
    /// It has ended.
    Ended,
    /// The stage has no such way out.
    NoSuchWay {
        ways: Vec<String>,
    },
    RecordIncomplete(Box<Readiness>),
    /// A return says why.
    ReasonMissing,
    /// The step waits for a second person; somebody proposed it.
    Proposed {
        by: PersonId,
    },
    /// Nothing is proposed that could be agreed to.
    NothingProposed,
    /// Two persons are needed, and this is the first of them.
    SamePerson,
    /// Nobody can be named as contact on these sides.
    NoContact {
        sides: Vec<Role>,
    },
    /// A gate of the playbook is closed: the sentences say who opens it.
    Gates {
        texts: Vec<String>,
    },
    /// There is no such engagement, or it is not the member's to answer.
    NoEngagement,
    /// There is no such containment action, or it is past that step.
    NoAction {
        why: String,
    },
    /// Reminders cannot rest like this: everything that is wrong.
    SnoozeUnfit {
        faults: Vec<String>,
    },
    /// The contact hours cannot be read.
    HoursUnreadable,
    /// There is no such request to speak to somebody, or it is past that step.
    NoTalk {
        why: String,
    },
    /// The lists of the playbook warn about these words; they are mended or justified.
    Wording {
        findings: Vec<String>,
    },
    /// Legal holds nothing that could be released.
    NotHeld,
    /// What the case gathers does not fit: a note, a link, a split.
    Case(CaseFault),
    /// No second look waits for this member.
    NoSecondLook {
        why: String,
    },
    /// There is no such pattern, or this cannot be done with it.
    NoPattern {
        why: String,
    },
    /// No search like this: everything that it lacks.
    NoSearch {
        missing: Vec<String>,
    },
    /// It changed meanwhile: look again.
    Changed,
}

/// What still stands between a form and its submit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    pub gaps: Vec<Gap>,
    /// No criterion of this way out is confirmed.
    pub criterion_missing: bool,
    /// Lines of the definition of done not confirmed yet, with their sentences.
    pub undone: Vec<(DoneId, String)>,
    /// A mandatory criterion is met that excludes this way out.
    pub excluded_by: Vec<String>,
    /// Answers that cannot stand together, and how to mend it.
    pub contradictions: Vec<String>,
    /// Gates that are closed, and who opens them.
    pub gates: Vec<String>,
}

impl Readiness {
    /// Whether only a second person's agreement is missing.
    pub fn only_gates(&self) -> bool {
        let rest = Self {
            gates: Vec::new(),
            ..self.clone()
        };
        rest.is_ready() && !self.gates.is_empty()
    }

    pub fn is_ready(&self) -> bool {
        self.gaps.is_empty()
            && !self.criterion_missing
            && self.undone.is_empty()
            && self.excluded_by.is_empty()
            && self.contradictions.is_empty()
            && self.gates.is_empty()
    }
}
