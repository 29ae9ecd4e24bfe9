//! Baton passes security incidents from one team to the next without dropping anything.

pub mod app;
pub mod domain;
pub mod store;
