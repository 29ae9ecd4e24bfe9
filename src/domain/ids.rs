//! Newtypes for every id and key. Shapes are said here once.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "-{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ();
            /// Reads the written form, in any case, or the bare number.
            fn from_str(s: &str) -> Result<Self, ()> {
                let s = s.trim();
                let digits = match s.get(..$prefix.len()) {
                    Some(head) if head.eq_ignore_ascii_case($prefix) => {
                        s.get($prefix.len()..).and_then(|t| t.strip_prefix('-')).ok_or(())?
                    }
                    _ => s,
                };
                match digits.parse::<i64>() {
                    Ok(n) if n > 0 => Ok(Self(n)),
                    _ => Err(()),
                }
            }
        }
    };
}

numbered!(
    /// An incident, written `INC-42`.
    IncidentId,
    "INC"
);
numbered!(
    /// An alert as stored, written `ALR-17`.
    AlertId,
    "ALR"
);
numbered!(
    /// A natural person: the pseudonymous number that stands in event headers, written `P-7`.
    PersonId,
    "P"
);
numbered!(
    /// A form under way, written `DRF-3`.
    DraftId,
    "DRF"
);
numbered!(
    /// A known pattern, written `PAT-3`.
    PatternId,
    "PAT"
);

macro_rules! keyed {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            pub fn new(key: impl Into<String>) -> Self {
                Self(key.into())
            }
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(key: String) -> Self {
                Self(key)
            }
        }
    };
}

keyed!(
    /// A playbook's id, as its file says it.
    PlaybookId
);
keyed!(
    /// A stage of a playbook.
    StageId
);
keyed!(
    /// A transition of a playbook.
    TransitionId
);
keyed!(
    /// A criterion of a playbook.
    CriterionId
);
keyed!(
    /// A field of a playbook's records.
    FieldId
);
keyed!(
    /// One line of a stage's definition of done.
    DoneId
);
keyed!(
    /// The name of a channel as the playbook says it; the configuration maps it to Discord's id.
    ChannelKey
);
keyed!(
    /// A configured source of alerts, the last segment of the intake path.
    SourceId
);
keyed!(
    /// A Discord account, its snowflake as text.
    AccountId
);

/// One version of one playbook, pinned to an incident: the hash is SHA-256 of the file's text, hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlaybookRef {
    pub id: PlaybookId,
    pub version: String,
    pub hash: String,
}

impl PersonId {
    /// The program itself, where no person acts: an alert that arrives, a timer.
    pub const PROGRAM: Self = Self(0);
}
