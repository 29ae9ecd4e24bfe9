//! The commands of Governance and of speaking to those who are not on the case. The table lists them among all.

use super::acts::{CommsAct, GovernanceAct};
use super::table::{Command, INVESTIGATORS, Opt, OptKind, Verb, incident, words};
use crate::domain::role::Role;

const SIDES: [Role; 3] = [Role::Legal, Role::Hr, Role::Grc];
/// Whose word the shipped rules wait for; the playbook names the sides.
const DECIDERS: [Role; 5] = [Role::Tier2, Role::Tier3, Role::Legal, Role::Hr, Role::Grc];
const SEES_THRESHOLDS: [Role; 8] = [
    Role::Tier2,
    Role::Tier3,
    Role::Legal,
    Role::Hr,
    Role::Grc,
    Role::Manager,
    Role::Auditor,
    Role::Admin,
];

const fn maybe(name: &'static str, what: &'static str, kind: OptKind) -> Opt {
    Opt {
        name,
        what,
        required: false,
        kind,
    }
}

pub const THRESHOLDS: Command = Command {
    verb: Verb::Governance(GovernanceAct::Thresholds),
    name: "governance thresholds",
    what: "When Governance is called, agreed in advance; Legal and HR sign it",
    options: &[],
    roles: &SEES_THRESHOLDS,
};

pub const ASK: Command = Command {
    verb: Verb::Governance(GovernanceAct::Ask),
    name: "governance ask",
    what: "Ask Security for more; only contacts and the security contact read it",
    options: &[
        incident("Which one", true),
        words("text", "What you need to know"),
    ],
    roles: &SIDES,
};

pub const DECIDE: Command = Command {
    verb: Verb::Governance(GovernanceAct::Decide),
    name: "governance decide",
    what: "Answer a brief for your side",
    options: &[
        incident("Which one", true),
        Opt {
            name: "answer",
            what: "Your side's answer",
            required: true,
            kind: OptKind::Answer,
        },
        maybe(
            "text",
            "Why; only contacts and the security contact read it",
            OptKind::Text(1500),
        ),
        maybe(
            "owner",
            "Who continues it, where it goes on without Security",
            OptKind::Person,
        ),
    ],
    roles: &SIDES,
};

pub const CONTACTS: Command = Command {
    verb: Verb::Governance(GovernanceAct::Contacts),
    name: "governance contacts",
    what: "Who is named on an incident; name your own side's contact and deputy",
    options: &[
        incident("Which one", true),
        maybe(
            "contact",
            "Your side's contact from now on",
            OptKind::Person,
        ),
        maybe("deputy", "Your side's deputy from now on", OptKind::Person),
    ],
    roles: &SEES_THRESHOLDS,
};

pub const HOLD: Command = Command {
    verb: Verb::Governance(GovernanceAct::Hold),
    name: "governance hold",
    what: "Legal: hold an item, so that nothing is deleted",
    options: &[
        incident("Which one", true),
        Opt {
            name: "item",
            what: "Which item",
            required: true,
            kind: OptKind::Item,
        },
        words("text", "Why; counsel text"),
    ],
    roles: &[Role::Legal],
};

pub const RELEASE: Command = Command {
    verb: Verb::Governance(GovernanceAct::Release),
    name: "governance release",
    what: "Legal: release an item, so that it may be deleted",
    options: &[
        incident("Which one", true),
        Opt {
            name: "item",
            what: "Which item",
            required: true,
            kind: OptKind::Item,
        },
        words("text", "Why; counsel text"),
    ],
    roles: &[Role::Legal],
};

pub const REQUEST: Command = Command {
    verb: Verb::Comms(CommsAct::Request),
    name: "comms request",
    what: "Ask to speak to the line manager, users or outside, with the wording",
    options: &[
        incident("Which one", true),
        Opt {
            name: "to",
            what: "Whom it reaches",
            required: true,
            kind: OptKind::Rule,
        },
        words("wording", "What would be said, word by word"),
        words("why", "Why it must be said now"),
        maybe(
            "justification",
            "Only where the lists warn of a word: why it stands",
            OptKind::Text(1500),
        ),
    ],
    roles: &INVESTIGATORS,
};

pub const TALK_DECIDE: Command = Command {
    verb: Verb::Comms(CommsAct::Decide),
    name: "comms decide",
    what: "Read a request to speak to somebody, and say your side's word",
    options: &[
        incident("Which one", true),
        Opt {
            name: "request",
            what: "Which request",
            required: true,
            kind: OptKind::Request,
        },
        maybe(
            "answer",
            "Your word; without it you only read",
            OptKind::Choice(&[("agree", "Agree"), ("refuse", "Refuse")]),
        ),
        maybe(
            "wording",
            "Agree in these words instead",
            OptKind::Text(1500),
        ),
        maybe(
            "text",
            "Why you refuse, or why a word stands that is warned of",
            OptKind::Text(1500),
        ),
    ],
    roles: &DECIDERS,
};
