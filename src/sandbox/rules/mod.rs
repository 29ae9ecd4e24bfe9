//! What Discord refuses, beyond types: limits and contradictions, each with the path of its field.
//! Pure: no world but for resolving mentions, no wire, no clock.

pub mod command;
pub mod component;
pub mod mentions;
pub mod message;
pub mod modal;
