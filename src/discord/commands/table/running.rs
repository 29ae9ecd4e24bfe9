//! The commands of those who run the service, and of those who audit it.

use super::{AuditAct, Command, Opt, OptKind, Verb, words};
use crate::domain::policy::AUDITORS;
use crate::domain::role::Role;

pub const COMMANDS: [Command; 3] = [
    Command {
        verb: Verb::Audit(AuditAct::Search),
        name: "audit search",
        what: "The newest incidents whose alerts hold these words: a person, a host, a file, a policy",
        options: &[
            Opt {
                name: "words",
                what: "Whole words, all of them in one alert",
                required: true,
                kind: OptKind::Text(200),
            },
            words("reason", "Why you look for them; it is logged"),
            Opt {
                name: "before",
                what: "Only alerts before this one, such as ALR-9: for those that one answer does not show",
                required: false,
                kind: OptKind::Text(20),
            },
        ],
        roles: &AUDITORS,
    },
    Command {
        verb: Verb::Audit(AuditAct::Verify),
        name: "audit verify",
        what: "Prove the history: its entries, its head, the first that does not hold",
        options: &[],
        roles: &AUDITORS,
    },
    Command {
        verb: Verb::Health,
        name: "health",
        what: "How well Baton is: what waits, what is late, and what to do about it",
        options: &[],
        roles: &[Role::Admin],
    },
];
