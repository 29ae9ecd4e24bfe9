//! What waits for one member, and what came of what they handed over.

use super::Template;
use serde::Serialize;

/// One thing that waits for them.
#[derive(Debug, Clone, Serialize)]
pub struct MineRow {
    pub id: String,
    pub severity: String,
    pub stage: String,
    pub age: String,
    /// What they can do about it.
    pub what: String,
    pub note: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct MyDraft {
    pub incident: String,
    pub title: String,
    pub saved: String,
}

/// One end of something that they handed over.
#[derive(Debug, Clone, Serialize)]
pub struct CameOf {
    pub id: String,
    pub verdict: String,
    pub ended: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Me {
    pub waiting: Vec<MineRow>,
    pub drafts: Vec<MyDraft>,
    pub came_of: Vec<CameOf>,
}
template!(
    "me",
    Me,
    Me {
        waiting: vec![MineRow {
            id: "INC-1".to_owned(),
            severity: "high".to_owned(),
            stage: "Triage".to_owned(),
            age: "3 hours".to_owned(),
            what: "you hold it".to_owned(),
            note: "snoozed until 2026-11-03 12:00 UTC".to_owned(),
        }],
        drafts: vec![MyDraft {
            incident: "INC-1".to_owned(),
            title: "Escalate".to_owned(),
            saved: "2026-11-03 08:40 UTC".to_owned(),
        }],
        came_of: vec![CameOf {
            id: "INC-2".to_owned(),
            verdict: "confirmed".to_owned(),
            ended: "2026-11-03 08:40 UTC".to_owned(),
        }],
    }
);

/// A form that was left.
#[derive(Debug, Clone, Serialize)]
pub struct DraftRow {
    pub draft: String,
    pub incident: String,
    pub title: String,
    pub saved: String,
    pub answers: usize,
}

#[derive(Debug, Clone, Serialize)]
pub struct Drafts {
    pub count: usize,
    pub rows: Vec<DraftRow>,
}
template!(
    "drafts",
    Drafts,
    Drafts {
        count: 1,
        rows: vec![DraftRow {
            draft: "DRF-1".to_owned(),
            incident: "INC-1".to_owned(),
            title: "Escalate".to_owned(),
            saved: "2026-11-03 08:40 UTC".to_owned(),
            answers: 2,
        }],
    }
);
