//! The commands: one table drives registration, routing and help.

mod acts;
mod answers;
mod audit;
mod beside;
mod case;
mod complete;
mod digest;
mod forms;
mod governing;
mod governing_table;
mod handle;
mod health;
mod mine;
mod patterns;
mod queue;
mod registration;
mod report;
mod screens;
mod steps;
mod table;
mod talking;
mod timeline;

pub use handle::{Bot, Reply};
pub use registration::registration;
pub use table::{Command, Opt, OptKind, Verb, commands};
