//! HTTP: the intake of alerts, who may post them, how well the service is, and the answers to what
//! cannot be taken.
//! Beside the sandbox the only room that names `axum`. It may name `domain`, never `store` or `discord`:
//! what was read goes on through a port. `auth` and `sources` are pure.

pub mod alerts;
pub mod auth;
pub mod body;
pub mod health;
pub mod problem;
pub mod sources;
