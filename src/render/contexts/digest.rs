//! Many alerts in one message.

use super::Template;
use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Digest {
    /// Every one of them is a drill.
    pub drill: bool,
    pub count: usize,
    pub channel: String,
    pub groups: Vec<DigestGroup>,
    /// How many stand in the file alone.
    pub over: usize,
}

/// Those that share severity and subject.
#[derive(Debug, Clone, Serialize)]
pub struct DigestGroup {
    pub severity: String,
    pub about: String,
    pub count: usize,
    pub persons: Vec<DigestPerson>,
}

#[derive(Debug, Clone, Serialize)]
pub struct DigestPerson {
    pub ids: String,
    /// Empty where nobody is named.
    pub person: String,
}

template!(
    "digest",
    Digest,
    Digest {
        drill: true,
        count: 3,
        channel: "tier1-triage".to_owned(),
        groups: vec![DigestGroup {
            severity: "High".to_owned(),
            about: "Customer data".to_owned(),
            count: 2,
            persons: vec![DigestPerson {
                ids: "INC-1, INC-2 (held)".to_owned(),
                person: "ana@contoso.example".to_owned(),
            }],
        }],
        over: 1,
    }
);
