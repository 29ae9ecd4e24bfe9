//! What not everybody may read is a type. It has no `Display`, no `Serialize` and a redacting `Debug`;
//! reading it takes a [`Clearance`], which only `policy` makes.

use std::fmt;

/// A value that only cleared readers see.
#[derive(Clone, PartialEq, Eq)]
pub struct Restricted<T>(T);

/// Leave to read what is restricted. Made by `policy` for a person or a channel, and by
/// [`Clearance::system`] for the program itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clearance {
    level: Level,
}

/// How much a clearance opens, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Id, severity, age, holder.
    Stub,
    /// The brief and what was decided on it: a named contact's.
    Brief,
    /// Steps, criteria, times, staff, outcome; persons by number.
    Steps,
    /// What a triage card shows: person, policy, rule, label, action, destination.
    Facts,
    /// The record that was handed over.
    Record,
    /// Everything but counsel text.
    Everything,
}

/// Why the program itself reads. Named, so that the few places can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The store seals and opens what it keeps.
    Storage,
    /// Criteria are evaluated on arrival.
    Evaluation,
    /// A person on this host tries a body that they have before them; nothing of the store is read.
    DryRun,
}

impl Clearance {
    /// The program's own leave to read. Only `store` and `app` (intake, dry run) call it; a law keeps that.
    pub const fn system(_purpose: Purpose) -> Self {
        Self {
            level: Level::Everything,
        }
    }

    /// For `policy` only: it alone decides who reads what.
    pub(in crate::domain) const fn at(level: Level) -> Self {
        Self { level }
    }

    pub const fn level(&self) -> Level {
        self.level
    }

    /// The same, or less.
    #[must_use]
    pub fn at_most(&self, level: Level) -> Self {
        Self {
            level: self.level.min(level),
        }
    }
}

impl<T> Restricted<T> {
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, where the clearance opens everything.
    pub fn open(&self, clearance: &Clearance) -> Option<&T> {
        (clearance.level >= Level::Everything).then_some(&self.0)
    }

    /// For rules inside the domain that judge without showing.
    pub(in crate::domain) const fn judge(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Restricted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Restricted(…)")
    }
}
