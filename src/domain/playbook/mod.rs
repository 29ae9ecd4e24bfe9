//! Playbooks are data: their definition, reading with spans, checking, criteria.

pub mod check;
pub mod criterion;
pub mod definition;
pub mod facts;
pub mod fault;
mod guard;
mod lookup;
pub mod reader;
pub mod rules;
#[cfg(test)]
mod samples;
mod section;
pub mod shipped;
#[cfg(test)]
mod tests;
mod words;

pub use check::notes;
pub use reader::read;
