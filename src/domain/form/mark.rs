//! Answers that are no value.

use serde::{Deserialize, Serialize};

/// An answer that is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    NotApplicable,
    SourceSilent,
    Owed,
}

impl Mark {
    pub const ALL: [Self; 3] = [Self::NotApplicable, Self::SourceSilent, Self::Owed];

    pub const fn key(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::SourceSilent => "source_silent",
            Self::Owed => "owed",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::SourceSilent => "source does not say",
            Self::Owed => "comes later",
        }
    }
}
