//! Baton passes security incidents from one team to the next without dropping anything.

pub mod app;
pub mod cli;
pub mod config;
pub mod discord;
pub mod domain;
pub mod http;
pub mod outbound;
pub mod render;
pub mod runtime;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod store;
pub mod telemetry;
