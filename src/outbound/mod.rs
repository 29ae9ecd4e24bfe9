//! What leaves the program after a commit. The one room that decides when something may be sent.
//! Everything here may be killed at any moment: rows wait until their delivery is recorded.

mod arrived;
mod backups;
mod briefs;
mod deliver;
mod digests;
mod drain;
mod finding;
mod governing;
mod lanes;
pub mod pace;
mod proof;
mod reach;
mod storm;
mod threads;

pub use drain::{Drained, Outbound};
pub use lanes::Lanes;
