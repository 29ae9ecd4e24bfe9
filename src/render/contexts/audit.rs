//! What a search found, and what a proof of the history says.

use super::Template;
use serde::Serialize;

/// One incident, with nothing of its alerts' text.
#[derive(Debug, Clone, Serialize)]
pub struct FoundRow {
    pub id: String,
    pub severity: String,
    pub stage: String,
    pub opened: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Found {
    pub headline: String,
    pub rows: Vec<FoundRow>,
    /// How to see the others, where there are others.
    pub others: String,
}
template!(
    "found",
    Found,
    Found {
        headline: "The newest 20 incidents with these words".to_owned(),
        rows: vec![FoundRow {
            id: "INC-7".to_owned(),
            severity: "high".to_owned(),
            stage: "Investigation".to_owned(),
            opened: "2026-11-20 09:00 UTC".to_owned(),
        }],
        others: "There are others: the same again with before: ALR-9.".to_owned(),
    }
);

#[derive(Debug, Clone, Serialize)]
pub struct Proven {
    pub headline: String,
    pub entries: i64,
    pub views: i64,
    pub head: String,
    /// The first entry that does not hold; empty where all hold.
    pub fault: String,
    /// What was purged, as its own history says; empty where nothing was.
    pub purged: String,
}
template!(
    "proven",
    Proven,
    Proven {
        headline: "The history does not hold".to_owned(),
        entries: 12,
        views: 3,
        head: "00ff".to_owned(),
        fault: "event 7 (INC-1, number 7, noted): its contents were changed".to_owned(),
        purged: "The contents of 2 entries were purged, as the history says.".to_owned(),
    }
);
