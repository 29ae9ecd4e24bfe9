//! The controls of second looks, of dismissals that go together, and of known patterns.

use super::small;
use crate::domain::ids::{IncidentId, PatternId};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dismissing {
    /// A list of drawn dismissals; the value is the incident.
    Looks,
    LookAgree(IncidentId),
    /// Opens the form that asks why it is reopened; and that form, submitted.
    LookReopen(IncidentId),
    LookReopened(IncidentId),
    /// The list of what can be dismissed together, on this pattern where it is not 0.
    Several(i64),
    /// Incidents that are dismissed together; a value is `incident|transition`.
    Together(i64),
    /// The form of a pattern under way, submitted; its buttons.
    PatternTyped(i64),
    PatternChange(i64),
    PatternPropose(i64),
    /// A list of patterns; the value is the pattern.
    Patterns,
    /// Opens the form that asks for the words of a step, by its place; and that form, submitted.
    PatternAsk(PatternId, u32),
    PatternTold(PatternId, u32),
}

impl fmt::Display for Dismissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Looks => f.write_str("looks"),
            Self::LookAgree(id) => write!(f, "look-agree:{}", id.0),
            Self::LookReopen(id) => write!(f, "look-reopen:{}", id.0),
            Self::LookReopened(id) => write!(f, "look-reopened:{}", id.0),
            Self::Several(pattern) => write!(f, "several:{pattern}"),
            Self::Together(pattern) => write!(f, "together:{pattern}"),
            Self::PatternTyped(draft) => write!(f, "pattern-typed:{draft}"),
            Self::PatternChange(draft) => write!(f, "pattern-change:{draft}"),
            Self::PatternPropose(draft) => write!(f, "pattern-propose:{draft}"),
            Self::Patterns => f.write_str("patterns"),
            Self::PatternAsk(id, act) => write!(f, "pattern-ask:{}:{act}", id.0),
            Self::PatternTold(id, act) => write!(f, "pattern-told:{}:{act}", id.0),
        }
    }
}

/// Reads one from its verb and the numbers behind it.
pub(super) fn parse(
    verb: &str,
    mut number: impl FnMut() -> Result<i64, ()>,
) -> Result<Dismissing, ()> {
    Ok(match verb {
        "looks" => Dismissing::Looks,
        "look-agree" => Dismissing::LookAgree(IncidentId(number()?)),
        "look-reopen" => Dismissing::LookReopen(IncidentId(number()?)),
        "look-reopened" => Dismissing::LookReopened(IncidentId(number()?)),
        "several" => Dismissing::Several(number()?),
        "together" => Dismissing::Together(number()?),
        "pattern-typed" => Dismissing::PatternTyped(number()?),
        "pattern-change" => Dismissing::PatternChange(number()?),
        "pattern-propose" => Dismissing::PatternPropose(number()?),
        "patterns" => Dismissing::Patterns,
        "pattern-ask" => Dismissing::PatternAsk(PatternId(number()?), small(number()?)?),
        "pattern-told" => Dismissing::PatternTold(PatternId(number()?), small(number()?)?),
        _ => return Err(()),
    })
}
