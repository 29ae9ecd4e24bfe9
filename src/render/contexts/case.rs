//! The contexts of what stands around a case: earlier incidents of its persons, and what is stuck.

use super::{Labelled, Template};
use serde::Serialize;

/// Earlier incidents of the persons concerned, as far as the reader may know of them.
#[derive(Debug, Clone, Serialize)]
pub struct Earlier {
    pub id: String,
    pub rows: Vec<Labelled>,
    /// Of each person only so many, where there are more.
    pub newest: Option<usize>,
}
template!(
    "earlier",
    Earlier,
    Earlier {
        id: "INC-3".to_owned(),
        rows: vec![Labelled::new("INC-1 · a@b.example", "low · ended")],
        newest: Some(20),
    }
);

#[derive(Debug, Clone, Serialize)]
pub struct StuckRow {
    pub id: String,
    pub severity: String,
    pub stage: String,
    pub waits_for: String,
    pub with_whom: String,
    pub since: String,
}

/// What waits longer than it should.
#[derive(Debug, Clone, Serialize)]
pub struct Stuck {
    /// Open incidents that cannot be read, and so are not listed.
    pub unreadable: usize,
    pub count: usize,
    pub rows: Vec<StuckRow>,
}
template!(
    "stuck",
    Stuck,
    Stuck {
        unreadable: 1,
        count: 1,
        rows: vec![StuckRow {
            id: "INC-1".to_owned(),
            severity: "high".to_owned(),
            stage: "Triage".to_owned(),
            waits_for: "someone to claim it".to_owned(),
            with_whom: "the team tier1".to_owned(),
            since: "2026-11-03 08:40 UTC".to_owned(),
        }],
    }
);
