//! Contexts of what Governance and containment show.

use super::{Labelled, Template};
use serde::Serialize;

/// The one page that Legal and HR read.
#[derive(Debug, Clone, Serialize)]
pub struct Brief {
    pub drill: bool,
    pub id: String,
    pub number: u32,
    pub status: String,
    /// Sides and names, one line.
    pub contacts_line: String,
    pub security: String,
    pub criteria: Vec<String>,
    pub items: Vec<Labelled>,
    /// Seconds since 1970 UTC.
    pub engaged: i64,
    pub met: i64,
    pub contacts: Vec<Labelled>,
    pub decisions: Vec<Labelled>,
    /// What Legal holds, one line; empty where nothing is.
    pub held: String,
    pub thresholds: String,
}
template!(
    "brief",
    Brief,
    Brief {
        drill: true,
        id: "INC-1".to_owned(),
        number: 1,
        status: "engaged".to_owned(),
        contacts_line: "Legal: legal".to_owned(),
        security: "tier2".to_owned(),
        criteria: vec!["A criterion".to_owned()],
        items: vec![Labelled::new("What happened", "A file left")],
        engaged: 1_793_700_000,
        met: 1_793_600_000,
        contacts: vec![Labelled::new("legal", "not yet")],
        decisions: vec![Labelled::new("legal", "Notify")],
        held: "the mailbox".to_owned(),
        thresholds: "Thresholds of version 1.0.0, signed by Legal and HR".to_owned(),
    }
);

/// What the restricted channel shows where misconduct is named.
#[derive(Debug, Clone, Serialize)]
pub struct BriefStub {
    pub drill: bool,
    pub id: String,
    pub status: String,
    pub engaged: i64,
}
template!(
    "brief_stub",
    BriefStub,
    BriefStub {
        drill: true,
        id: "INC-1".to_owned(),
        status: "engaged".to_owned(),
        engaged: 1_793_700_000,
    }
);

/// Counsel text, for those it is addressed to.
#[derive(Debug, Clone, Serialize)]
pub struct Said {
    pub id: String,
    pub number: u32,
    pub lines: Vec<Labelled>,
}
template!(
    "said",
    Said,
    Said {
        id: "INC-1".to_owned(),
        number: 1,
        lines: vec![Labelled::new("legal: Notify", "Because")],
    }
);

#[derive(Debug, Clone, Serialize)]
pub struct ContainmentRow {
    pub number: u32,
    pub title: String,
    pub target: String,
    pub state: String,
    pub closed: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Containment {
    pub id: String,
    pub rows: Vec<ContainmentRow>,
}
template!(
    "containment",
    Containment,
    Containment {
        id: "INC-1".to_owned(),
        rows: vec![ContainmentRow {
            number: 1,
            title: "Block the destination".to_owned(),
            target: "web.example".to_owned(),
            state: "proposed".to_owned(),
            closed: vec!["It waits for HR".to_owned()],
        }],
    }
);
