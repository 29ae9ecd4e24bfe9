//! Contexts of thresholds, contacts, requests to speak to somebody, and the closing brief.

use super::{Labelled, Template};
use serde::Serialize;

/// What became of an incident, for the contacts of one engagement.
#[derive(Debug, Clone, Serialize)]
pub struct Closing {
    pub drill: bool,
    pub id: String,
    pub number: u32,
    pub ended: String,
    /// Seconds since 1970 UTC.
    pub at: i64,
    pub by: String,
    pub outcome: String,
    pub actions: Vec<String>,
    pub decisions: Vec<Labelled>,
    /// What Legal still holds, one line; empty where nothing is.
    pub held: String,
    /// Who continues it without Security; empty where nobody does.
    pub owner: String,
}
template!(
    "closing",
    Closing,
    Closing {
        drill: true,
        id: "INC-1".to_owned(),
        number: 1,
        ended: "closed".to_owned(),
        at: 1_793_700_000,
        by: "tier3".to_owned(),
        outcome: "Unfounded".to_owned(),
        actions: vec!["Block the destination: done and verified".to_owned()],
        decisions: vec![Labelled::new("legal", "Do not notify")],
        held: "the mailbox".to_owned(),
        owner: "hr".to_owned(),
    }
);

/// What the restricted channel shows of a closing brief where misconduct is named.
#[derive(Debug, Clone, Serialize)]
pub struct ClosingStub {
    pub drill: bool,
    pub id: String,
}
template!(
    "closing_stub",
    ClosingStub,
    ClosingStub {
        drill: true,
        id: "INC-1".to_owned(),
    }
);

/// Who is named on one engagement.
#[derive(Debug, Clone, Serialize)]
pub struct ContactsOf {
    pub number: u32,
    pub status: String,
    /// Side; contact, deputy and where they stand.
    pub sides: Vec<Labelled>,
    pub security: String,
    pub owner: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Contacts {
    pub id: String,
    pub engagements: Vec<ContactsOf>,
}
template!(
    "contacts",
    Contacts,
    Contacts {
        id: "INC-1".to_owned(),
        engagements: vec![ContactsOf {
            number: 1,
            status: "engaged".to_owned(),
            sides: vec![Labelled::new("legal", "legal, deputy legal2; has read it")],
            security: "tier2".to_owned(),
            owner: "hr".to_owned(),
        }],
    }
);

/// A request to speak to somebody, with its wording.
#[derive(Debug, Clone, Serialize)]
pub struct Talk {
    pub id: String,
    pub number: u32,
    pub audience: String,
    pub rule: String,
    pub asked_by: String,
    pub wording: String,
    pub why: String,
    pub findings: Vec<String>,
    pub justification: String,
    pub standing: String,
    /// Whose word is missing, one line.
    pub pending: String,
    pub words: Vec<Labelled>,
}
template!(
    "talk",
    Talk,
    Talk {
        id: "INC-1".to_owned(),
        number: 1,
        audience: "Anyone outside".to_owned(),
        rule: "Security and Legal agree together.".to_owned(),
        asked_by: "tier2".to_owned(),
        wording: "We are looking into it.".to_owned(),
        why: "They asked.".to_owned(),
        findings: vec!["“probably” (Speculation)".to_owned()],
        justification: "It is a quotation".to_owned(),
        standing: "waiting".to_owned(),
        pending: "legal".to_owned(),
        words: vec![Labelled::new("tier3 (tier3)", "agrees")],
    }
);

/// The thresholds of one playbook.
#[derive(Debug, Clone, Serialize)]
pub struct ThresholdsOf {
    pub title: String,
    pub version: String,
    /// The beginning of the hash of its text: what is signed.
    pub hash: String,
    /// The criterion's sentence, and the values.
    pub rows: Vec<Labelled>,
    /// Each side, and who signed when.
    pub signed: Vec<Labelled>,
    pub unsigned: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Thresholds {
    pub playbooks: Vec<ThresholdsOf>,
}
template!(
    "thresholds",
    Thresholds,
    Thresholds {
        playbooks: vec![ThresholdsOf {
            title: "Data loss".to_owned(),
            version: "1.0.0".to_owned(),
            hash: "0a1b2c3d".to_owned(),
            rows: vec![Labelled::new("A criterion", "Health data; from 1 on")],
            signed: vec![Labelled::new("legal", "not yet")],
            unsigned: true,
        }],
    }
);
