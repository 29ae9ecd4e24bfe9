//! Baton passes security incidents from one team to the next without dropping anything.

pub mod domain;
#[cfg(feature = "sandbox")]
pub mod sandbox;
