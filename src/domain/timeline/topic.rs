//! What a line is about, and which lines are shown.

use super::Line;
use crate::domain::incident::Event;

/// What a line is about: a timeline can be read for one of them alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Claims, handoffs, endings.
    Way,
    /// Alerts that joined, came again or went elsewhere, and linked incidents.
    Alerts,
    Governance,
    Containment,
    /// Notes, corrections, statuses.
    Notes,
}

impl Topic {
    /// As a control carries it.
    const fn key(self) -> &'static str {
        match self {
            Self::Way => "way",
            Self::Alerts => "alerts",
            Self::Governance => "governance",
            Self::Containment => "containment",
            Self::Notes => "notes",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Way => "Claims, handoffs, endings",
            Self::Alerts => "Alerts and links",
            Self::Governance => "Governance",
            Self::Containment => "Containment",
            Self::Notes => "Notes and statuses",
        }
    }

    pub(super) const fn of(event: &Event) -> Self {
        match event {
            Event::AlertAttached { .. }
            | Event::AlertRepeated { .. }
            | Event::Linked { .. }
            | Event::SplitOff { .. }
            | Event::SplitFrom { .. } => Self::Alerts,
            Event::Engaged { .. }
            | Event::Answered { .. }
            | Event::Reminded { .. }
            | Event::Governed(_) => Self::Governance,
            Event::ContainmentProposed { .. }
            | Event::ContainmentAuthorised { .. }
            | Event::ContainmentReported { .. }
            | Event::GateOverridden { .. } => Self::Containment,
            Event::Noted { .. } | Event::StatusSet { .. } => Self::Notes,
            Event::Opened { .. }
            | Event::Claimed
            | Event::Offered { .. }
            | Event::Accepted { .. }
            | Event::Returned { .. }
            | Event::Ended { .. }
            | Event::Raised { .. }
            | Event::Reach(_)
            | Event::Dismissal(_)
            | Event::Proposed { .. }
            | Event::Agreed { .. }
            | Event::Refused { .. }
            | Event::Reopened { .. }
            | Event::Routed { .. } => Self::Way,
        }
    }
}

/// Which lines of a timeline are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// How it began, and each step that somebody decided.
    Decisions,
    Everything,
    Only(Topic),
}

impl Shown {
    pub const ALL: [Self; 7] = [
        Self::Decisions,
        Self::Everything,
        Self::Only(Topic::Way),
        Self::Only(Topic::Alerts),
        Self::Only(Topic::Governance),
        Self::Only(Topic::Containment),
        Self::Only(Topic::Notes),
    ];

    /// As a control carries it.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Decisions => "decisions",
            Self::Everything => "everything",
            Self::Only(topic) => topic.key(),
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shown| shown.key() == key)
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Decisions => "Decisions",
            Self::Everything => "Everything",
            Self::Only(topic) => topic.words(),
        }
    }

    pub fn takes(self, line: &Line) -> bool {
        match self {
            // Without how it began nobody knows what the decisions were about.
            Self::Decisions => line.decision || line.number == 1,
            Self::Everything => true,
            Self::Only(topic) => line.topic == topic,
        }
    }
}
