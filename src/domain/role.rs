//! The role keys of the organisation. The configuration maps each to Discord roles.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Who may come. A member may hold several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Frontline,
    Tier1,
    Tier2,
    Tier3,
    Engineering,
    Legal,
    Hr,
    Grc,
    Manager,
    Auditor,
    Admin,
}

impl Role {
    pub const ALL: [Self; 11] = [
        Self::Frontline,
        Self::Tier1,
        Self::Tier2,
        Self::Tier3,
        Self::Engineering,
        Self::Legal,
        Self::Hr,
        Self::Grc,
        Self::Manager,
        Self::Auditor,
        Self::Admin,
    ];

    /// The key in files, tables and the demo's member names.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Frontline => "frontline",
            Self::Tier1 => "tier1",
            Self::Tier2 => "tier2",
            Self::Tier3 => "tier3",
            Self::Engineering => "engineering",
            Self::Legal => "legal",
            Self::Hr => "hr",
            Self::Grc => "grc",
            Self::Manager => "manager",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl FromStr for Role {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|r| r.key() == s).ok_or(())
    }
}
