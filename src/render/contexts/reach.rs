//! Words that reach one person: whoever holds an incident, and the duty manager.

use super::Template;
use serde::Serialize;

/// Held without a sign of life.
#[derive(Debug, Clone, Serialize)]
pub struct IdleWord {
    pub drill: bool,
    pub id: String,
    pub severity: String,
    pub stage: String,
    pub holder: String,
    pub quiet_for: String,
    /// What they can do.
    pub next: String,
    pub times: u32,
}
template!(
    "idle",
    IdleWord,
    IdleWord {
        drill: true,
        id: "INC-1".to_owned(),
        severity: "low".to_owned(),
        stage: "Triage".to_owned(),
        holder: "tier1".to_owned(),
        quiet_for: "8 hours".to_owned(),
        next: "Go on with it.".to_owned(),
        times: 1,
    }
);

/// What the duty manager hears: no more than a manager reads.
#[derive(Debug, Clone, Serialize)]
pub struct DutyWord {
    pub drill: bool,
    pub id: String,
    pub severity: String,
    pub stage: String,
    pub age: String,
    pub what: String,
    pub holder: String,
    pub times: u32,
}
template!(
    "duty",
    DutyWord,
    DutyWord {
        drill: true,
        id: "INC-1".to_owned(),
        severity: "high".to_owned(),
        stage: "Investigation".to_owned(),
        age: "3 hours".to_owned(),
        what: "a handoff that nobody accepts".to_owned(),
        holder: "nobody".to_owned(),
        times: 3,
    }
);
