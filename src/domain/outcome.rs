//! What came of an incident, for the one who escalated it: confirmed, or not. The outcome says so, as the playbook has it.

use super::incident::{EndKind, Incident, Phase};
use super::playbook::definition::Playbook;
use super::record::{Answer, State};

/// How an escalation turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Confirmed,
    NotConfirmed,
    /// It ended on a way that names no outcome.
    Unsaid,
}

impl Verdict {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::NotConfirmed => "not confirmed",
            Self::Unsaid => "ended without an outcome",
        }
    }
}

/// None while it is open.
pub fn verdict(incident: &Incident, playbook: &Playbook) -> Option<Verdict> {
    let Phase::Ended(ended) = &incident.phase else {
        return None;
    };
    if ended.kind == EndKind::Dismissed {
        return Some(Verdict::NotConfirmed);
    }
    let field = playbook.outcome_field();
    let entry = field.and_then(|field| incident.record.judge().latest(&field.id));
    let Some(State::Value(Answer::Choice(id))) = entry.map(|entry| &entry.state) else {
        return Some(Verdict::Unsaid);
    };
    Some(match playbook.outcome(id) {
        Some(outcome) if outcome.confirmed => Verdict::Confirmed,
        Some(_) => Verdict::NotConfirmed,
        None => Verdict::Unsaid,
    })
}
