//! Baton passes security incidents from one team to the next without dropping anything.

pub mod config;
pub mod domain;
pub mod http;
