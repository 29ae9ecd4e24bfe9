//! Baton passes security incidents from one team to the next without dropping anything.

pub mod discord;
pub mod domain;
pub mod outbound;
pub mod render;
