//! The commands: one table drives registration, routing and help.

mod answers;
mod beside;
mod complete;
mod forms;
mod handle;
mod report;
mod screens;
mod steps;
mod table;

pub use handle::{Bot, Reply};
pub use table::{COMMANDS, Verb, registration};
