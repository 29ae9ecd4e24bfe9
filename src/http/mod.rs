//! HTTP: the intake of alerts, who may post them, health, and the answers to what cannot be taken.
//! The only room that names `axum`, beside the sandbox. It may name `domain` and `config`, not `store`
//! or `discord`: what was read goes to the program through a port.

pub mod sources;
