//! Playbooks are data: their definition, reading with spans, checking, criteria.

pub mod definition;
