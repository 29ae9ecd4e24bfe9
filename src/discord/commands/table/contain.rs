//! The commands of containment.

use super::{Command, ContainAct, Opt, OptKind, Verb, incident, words};
use crate::domain::role::Role;

const RESPONDERS: [Role; 1] = [Role::Tier3];
const APPROVERS: [Role; 2] = [Role::Tier3, Role::Manager];
const EMERGENCY: [Role; 3] = [Role::Tier3, Role::Manager, Role::Legal];
const NUMBER: Opt = Opt {
    name: "action",
    what: "The number of the action, from /contain list",
    required: true,
    kind: OptKind::Text(6),
};

pub const COMMANDS: [Command; 6] = [
    Command {
        verb: Verb::Contain(ContainAct::List),
        name: "contain list",
        what: "Where each containment action stands, and what it waits for",
        options: &[incident("Which one", true)],
        roles: &APPROVERS,
    },
    Command {
        verb: Verb::Contain(ContainAct::Propose),
        name: "contain propose",
        what: "Propose an action of the playbook's catalogue",
        options: &[
            incident("Which one", true),
            Opt {
                name: "what",
                what: "The action",
                required: true,
                kind: OptKind::Action,
            },
            words("text", "On what or whom"),
        ],
        roles: &RESPONDERS,
    },
    Command {
        verb: Verb::Contain(ContainAct::Authorise),
        name: "contain authorise",
        what: "Authorise a proposed action, where its gates are open",
        options: &[incident("Which one", true), NUMBER],
        roles: &APPROVERS,
    },
    Command {
        verb: Verb::Contain(ContainAct::Done),
        name: "contain done",
        what: "Record an action as done, and how it was verified at the source",
        options: &[
            incident("Which one", true),
            NUMBER,
            words("text", "How it was verified"),
        ],
        roles: &RESPONDERS,
    },
    Command {
        verb: Verb::Contain(ContainAct::Failed),
        name: "contain failed",
        what: "Record an action as failed or given up, and why",
        options: &[incident("Which one", true), NUMBER, words("text", "Why")],
        roles: &RESPONDERS,
    },
    Command {
        verb: Verb::Contain(ContainAct::Override),
        name: "contain override",
        what: "In an emergency, with a second person: open an action's HR gate",
        options: &[
            incident("Which one", true),
            NUMBER,
            words("text", "Why it cannot wait"),
        ],
        roles: &EMERGENCY,
    },
];
