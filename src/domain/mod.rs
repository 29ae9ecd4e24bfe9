//! The rules. Pure: no async, no IO, no clock, no random; the present and new ids are arguments.
//! It cannot fail, it can only refuse. It may name `chrono`, `serde`, `cel`, `toml` and nothing of ours outside.

pub mod alert;
pub mod audit;
pub mod backup;
pub mod containment;
pub mod digest;
pub mod directory;
pub mod due;
pub mod effect;
pub mod form;
pub mod governance;
pub mod health;
pub mod hold;
pub mod hours;
pub mod ids;
pub mod incident;
pub mod lanes;
pub mod outcome;
pub mod pattern;
pub mod placement;
pub mod playbook;
pub mod policy;
pub mod reach;
pub mod record;
pub mod restricted;
pub mod role;
pub mod search;
pub mod stuck;
pub mod talk;
pub mod threshold;
pub mod timeline;
pub mod view;

#[cfg(test)]
pub(crate) mod damage;
#[cfg(test)]
mod tests;
