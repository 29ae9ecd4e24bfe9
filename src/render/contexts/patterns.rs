//! What is shown of known patterns, of a second look, and of dismissals that go together.

use super::{Labelled, Noted, Template};
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct PatternRow {
    pub id: String,
    pub title: String,
    pub standing: String,
    pub expires: String,
    pub hits: i64,
    pub owner: String,
    pub approver: String,
    pub reviewed: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct PatternList {
    pub count: usize,
    pub rows: Vec<PatternRow>,
}
template!(
    "patterns",
    PatternList,
    PatternList {
        count: 1,
        rows: vec![PatternRow {
            id: "PAT-1".to_owned(),
            title: "Monthly export".to_owned(),
            standing: "in date".to_owned(),
            expires: "2027-03-31".to_owned(),
            hits: 4,
            owner: "tier1".to_owned(),
            approver: "tier2".to_owned(),
            reviewed: "2026-11-03 by tier2".to_owned(),
        }],
    }
);

#[derive(Debug, Clone, Serialize)]
pub struct PatternShown {
    pub id: String,
    pub title: String,
    pub standing: String,
    pub playbook: String,
    pub expires: String,
    pub reason: String,
    pub scope: String,
    pub trial: String,
    pub owner: String,
    pub approver: String,
    pub reviewed: String,
    pub hits: i64,
    pub last_hit: String,
    pub history: Vec<Labelled>,
}
template!(
    "pattern",
    PatternShown,
    PatternShown {
        id: "PAT-1".to_owned(),
        title: "Monthly export".to_owned(),
        standing: "In date".to_owned(),
        playbook: "Data loss prevention".to_owned(),
        expires: "2027-03-31".to_owned(),
        reason: "Finance sends it to the auditors".to_owned(),
        scope: "alert.policy == 'Rates'".to_owned(),
        trial: "3 of 17 past alerts match".to_owned(),
        owner: "tier1".to_owned(),
        approver: "tier2".to_owned(),
        reviewed: "never".to_owned(),
        hits: 4,
        last_hit: "2026-11-03".to_owned(),
        history: vec![Labelled::new("2026-11-03 tier2", "approved")],
    }
);

/// A pattern that somebody is writing, tried on past alerts.
#[derive(Debug, Clone, Serialize)]
pub struct PatternDraft {
    pub playbook: String,
    pub title: String,
    pub reason: String,
    pub scope: String,
    pub trial: String,
    pub expires: String,
    pub missing: Vec<String>,
}
template!(
    "pattern_draft",
    PatternDraft,
    PatternDraft {
        playbook: "Data loss prevention".to_owned(),
        title: "Monthly export".to_owned(),
        reason: "Finance sends it to the auditors".to_owned(),
        scope: "alert.policy == 'Rates'".to_owned(),
        trial: "3 of 17 past alerts match".to_owned(),
        expires: "2027-03-31".to_owned(),
        missing: vec!["Title is missing".to_owned()],
    }
);

/// A dismissal that was drawn, for whoever looks at it again.
#[derive(Debug, Clone, Serialize)]
pub struct Look {
    pub id: String,
    pub severity: String,
    pub by: String,
    pub at: String,
    pub facts: Vec<Labelled>,
    pub criteria: Vec<Noted>,
    pub record: Vec<Labelled>,
}
template!(
    "look",
    Look,
    Look {
        id: "INC-1".to_owned(),
        severity: "low".to_owned(),
        by: "tier1".to_owned(),
        at: "2026-11-03 08:40 UTC".to_owned(),
        facts: vec![Labelled::new("Policy", "Rates")],
        criteria: vec![Noted {
            text: "A criterion".to_owned(),
            note: "confirmed".to_owned(),
        }],
        record: vec![Labelled::new("Why this is dismissed", "Because")],
    }
);

/// Incidents that can be dismissed under one rationale, and those that cannot.
#[derive(Debug, Clone, Serialize)]
pub struct Together {
    pub rows: Vec<Labelled>,
    pub left_out: Vec<Labelled>,
}
template!(
    "together",
    Together,
    Together {
        rows: vec![Labelled::new("INC-1", "low, Rates")],
        left_out: vec![Labelled::new("INC-2", "somebody else holds it")],
    }
);
