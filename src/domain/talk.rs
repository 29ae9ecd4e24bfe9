//! Speaking about an incident to those who are not on it: asked for, agreed to by the sides that the playbook names, in a
//! wording that was checked. The words stand in the history alone, not in the state.

use super::ids::PersonId;
use super::playbook::rules::{CommunicationRule, Wording};
use super::role::Role;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A request, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// Counts from 1 within the incident.
    pub number: u32,
    /// The playbook's rule: whom it reaches.
    pub rule: String,
    pub asked_by: PersonId,
    pub asked_at: DateTime<Utc>,
    /// Whose word it waits for, all of them.
    pub sides: Vec<Role>,
    /// Counts the wordings: who agreed to an earlier one has not agreed to this one.
    pub version: u32,
    pub words: Vec<Word>,
    pub reminded: u32,
}

/// What one side said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    pub side: Role,
    pub by: PersonId,
    pub at: DateTime<Utc>,
    /// To which wording.
    pub version: u32,
    pub agrees: bool,
}

/// What an investigator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub rule: String,
    pub wording: String,
    pub why: String,
    /// Why a wording stands that the lists of the playbook warn about.
    pub justification: Option<String>,
}

/// A side's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    Approve,
    /// Agrees, in other words.
    Change {
        wording: String,
        justification: Option<String>,
    },
    Refuse {
        reason: String,
    },
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Waiting,
    Approved,
    Refused,
}

impl Standing {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }
}

impl Talk {
    pub fn standing(&self) -> Standing {
        if self.words.iter().any(|w| !w.agrees) {
            Standing::Refused
        } else if self.pending().next().is_none() {
            Standing::Approved
        } else {
            Standing::Waiting
        }
    }

    /// The sides that have not said a word to the present wording.
    pub fn pending(&self) -> impl Iterator<Item = Role> + '_ {
        let said = |side: Role| {
            let now = self.words.iter().filter(|w| w.version == self.version);
            now.into_iter().any(|w| w.side == side)
        };
        self.sides.iter().copied().filter(move |side| !said(*side))
    }
}

/// The sides that a rule names: its approvers, the one way it takes, and in misconduct those too.
pub fn sides(rule: &CommunicationRule, misconduct: bool) -> Vec<Role> {
    let more = rule.approvers_in_misconduct.iter().filter(|_| misconduct);
    let all = rule.approvers.iter().chain(&rule.through).chain(more);
    let mut sides: Vec<Role> = Vec::new();
    for side in all {
        if !sides.contains(side) {
            sides.push(*side);
        }
    }
    sides
}

/// The sides of Governance, which speak by their named contacts.
pub const GOVERNANCE: [Role; 3] = [Role::Legal, Role::Hr, Role::Grc];

/// The phrases of a text that the playbook's lists warn about, each as a clause.
pub fn findings(text: &str, lists: &[Wording]) -> Vec<String> {
    let words = spaced(text);
    let mut found = Vec::new();
    for list in lists {
        for phrase in &list.phrases {
            if words.contains(&spaced(phrase)) {
                found.push(format!("“{}” ({})", phrase, list.title));
            }
        }
    }
    found
}

/// Words in small letters with one space around each, so that a phrase is found whole and never inside a word.
fn spaced(text: &str) -> String {
    let small = text.to_lowercase().replace('’', "'");
    let words = small
        .split(|c: char| !(c.is_alphanumeric() || c == '\''))
        .filter(|word| !word.is_empty());
    let joined: Vec<&str> = words.collect();
    format!(" {} ", joined.join(" "))
}
