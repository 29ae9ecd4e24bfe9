//! Discord's wire against small fakes on this machine: what is sent, what comes of each answer, and
//! that nothing else is ever dialled.

mod fake;
mod rest;

#[cfg(feature = "sandbox")]
mod gateway;
