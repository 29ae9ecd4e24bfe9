//! The commands of known patterns.

use super::{Command, Opt, OptKind, Verb, incident, words};
use crate::domain::role::Role;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternAct {
    List,
    Show,
    Propose,
    Approve,
    Review,
    Retire,
}

/// The steps that a button asks words for; a control names one by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternStep {
    Approve,
    Review,
    Retire,
}

impl PatternStep {
    pub const ALL: [Self; 3] = [Self::Approve, Self::Review, Self::Retire];
}

const WRITERS: [Role; 3] = [Role::Tier1, Role::Tier2, Role::Tier3];
const READERS: [Role; 5] = [
    Role::Tier1,
    Role::Tier2,
    Role::Tier3,
    Role::Manager,
    Role::Auditor,
];

const PATTERN: Opt = Opt {
    name: "pattern",
    what: "Which pattern: PAT-3",
    required: true,
    kind: OptKind::Pattern,
};

const fn command(
    act: PatternAct,
    name: &'static str,
    what: &'static str,
    options: &'static [Opt],
    roles: &'static [Role],
) -> Command {
    Command {
        verb: Verb::Pattern(act),
        name,
        what,
        options,
        roles,
    }
}

pub const COMMANDS: [Command; 6] = [
    command(
        PatternAct::List,
        "pattern list",
        "The known patterns: owner, approver, expiry, hits, last review",
        &[],
        &READERS,
    ),
    command(
        PatternAct::Show,
        "pattern show",
        "One pattern: its scope, its history, and what past alerts it matches today",
        &[PATTERN],
        &READERS,
    ),
    command(
        PatternAct::Propose,
        "pattern propose",
        "Write down why alerts of a kind are harmless; tried on past alerts before it is saved",
        &[
            Opt {
                name: "playbook",
                what: "For which playbook, if there is more than one",
                required: false,
                kind: OptKind::Playbook,
            },
            incident(
                "An incident that it should cover: the scope begins with its facts",
                false,
            ),
        ],
        &WRITERS,
    ),
    command(
        PatternAct::Approve,
        "pattern approve",
        "Approve a pattern that somebody else proposed",
        &[PATTERN, words("text", "What you checked")],
        &WRITERS,
    ),
    command(
        PatternAct::Review,
        "pattern review",
        "Say that a pattern still holds, and until when",
        &[
            PATTERN,
            Opt {
                name: "expires",
                what: "The last day it counts: 2027-03-31",
                required: true,
                kind: OptKind::Text(20),
            },
            words("text", "What you checked"),
        ],
        &WRITERS,
    ),
    command(
        PatternAct::Retire,
        "pattern retire",
        "Take a pattern out of use",
        &[PATTERN, words("text", "Why")],
        &WRITERS,
    ),
];
