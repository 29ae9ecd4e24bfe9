//! The commands of those who run the service.

use super::{Command, Verb};
use crate::domain::role::Role;

pub const COMMANDS: [Command; 1] = [Command {
    verb: Verb::Health,
    name: "health",
    what: "How well Baton is: what waits, what is late, and what to do about it",
    options: &[],
    roles: &[Role::Admin],
}];
