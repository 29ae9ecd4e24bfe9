//! The table of commands: what is registered with Discord, what each calls, who sees it in `/help`.

mod case;
mod contain;
mod pattern;
mod roster;
mod running;

pub use super::acts::{AuditAct, CaseAct, CommsAct, ContainAct, GovernanceAct, RosterAct};
use super::governing_table as governing;
pub use pattern::{PatternAct, PatternStep};

use crate::domain::playbook::definition::TransitionKind;
use crate::domain::policy::REPORTERS;
use crate::domain::role::Role;

/// What a command calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Open,
    Queue,
    Claim,
    /// A guided form: the handoffs, dismissals, closures or engagements of the stage.
    Leave(TransitionKind),
    Case(CaseAct),
    Status,
    Reopen,
    Route,
    Contain(ContainAct),
    Roster(RosterAct),
    Governance(GovernanceAct),
    Comms(CommsAct),
    Pattern(PatternAct),
    Accept,
    Return,
    Snooze,
    Me,
    Drafts,
    Timeline,
    Audit(AuditAct),
    Health,
    Help,
}

/// The whole table, as `/help` lists it.
pub fn commands() -> impl Iterator<Item = &'static Command> {
    COMMANDS
        .iter()
        .chain(&case::COMMANDS)
        .chain(&contain::COMMANDS)
        .chain(&roster::COMMANDS)
        .chain(&pattern::COMMANDS)
        .chain(&running::COMMANDS)
}

/// The entry of the menu on a message that puts it on the timeline of its thread's incident.
pub const ADD_TO_TIMELINE: &str = "Add to timeline";

/// One command.
pub struct Command {
    pub verb: Verb,
    pub name: &'static str,
    pub what: &'static str,
    pub options: &'static [Opt],
    /// Who finds it in `/help`; empty means all.
    pub roles: &'static [Role],
}

/// One option; text, unless it is a member.
pub struct Opt {
    pub name: &'static str,
    pub what: &'static str,
    pub required: bool,
    pub kind: OptKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum OptKind {
    /// Free text, up to so many characters.
    Text(u16),
    /// An incident that the member may see and act on, offered while they type.
    Incident,
    /// A way out of the incident, offered while they type.
    Way,
    /// One of these: value and name.
    Choice(&'static [(&'static str, &'static str)]),
    /// An action of the incident's containment catalogue, offered while they type.
    Action,
    /// A playbook in force, offered while they type.
    Playbook,
    /// An answer of the member's own side, offered while they type.
    Answer,
    /// An item that Legal can hold or release: offered while they type, free otherwise.
    Item,
    /// Whom the playbook lets one ask to speak to, offered while they type.
    Rule,
    /// A request to speak to somebody that waits for the member's word, offered while they type.
    Request,
    /// Alerts of the incident, offered one after the other while they type.
    Alerts,
    /// An entry of the incident's timeline, offered while they type.
    Entry,
    /// A time in the past; how it is understood is shown while they type.
    Past,
    /// A known pattern that the member may read and, with this command, act on; offered while they type.
    Pattern,
    /// A member.
    Person,
}

/// What a report may be about; each is a kind of alert.
pub const ABOUT: [(&str, &str); 5] = [
    (
        "endpoint",
        "A device: malware, strange behaviour, a high alert",
    ),
    ("identity", "An account: password, sign-in, admin rights"),
    ("dlp", "Data: something left, or may have left"),
    ("compliance", "A device that keeps failing compliance"),
    ("infra", "Something else"),
];

const TEAMS: [Role; 7] = [
    Role::Frontline,
    Role::Tier1,
    Role::Tier2,
    Role::Tier3,
    Role::Engineering,
    Role::Manager,
    Role::Auditor,
];
const WORKERS: [Role; 5] = [
    Role::Frontline,
    Role::Tier1,
    Role::Tier2,
    Role::Tier3,
    Role::Engineering,
];
const READERS: [Role; 4] = [Role::Tier2, Role::Tier3, Role::Manager, Role::Auditor];

pub(super) const INVESTIGATORS: [Role; 2] = [Role::Tier2, Role::Tier3];
const SIDES: [(&str, &str); 4] = [
    ("legal", "Legal"),
    ("hr", "HR"),
    ("grc", "GRC"),
    ("manager", "Duty manager"),
];
/// Those who stand on the roster.
const NAMED: [Role; 4] = [Role::Legal, Role::Hr, Role::Grc, Role::Manager];
const REOPENERS: [Role; 4] = [Role::Tier1, Role::Tier2, Role::Tier3, Role::Manager];
const SEVERITIES: [(&str, &str); 5] = [
    ("informational", "Informational"),
    ("low", "Low"),
    ("medium", "Medium"),
    ("high", "High"),
    ("critical", "Critical"),
];
const TO: Opt = Opt {
    name: "to",
    what: "Which way, if there is more than one",
    required: false,
    kind: OptKind::Way,
};

pub(super) const fn words(name: &'static str, what: &'static str) -> Opt {
    Opt {
        name,
        what,
        required: true,
        kind: OptKind::Text(1500),
    }
}

pub(super) const fn incident(what: &'static str, required: bool) -> Opt {
    Opt {
        name: "incident",
        what,
        required,
        kind: OptKind::Incident,
    }
}

const COMMANDS: [Command; 25] = [
    Command {
        verb: Verb::Open,
        name: "open",
        what: "Report what you saw",
        options: &[
            Opt {
                name: "what",
                what: "What you saw, in a sentence or two",
                required: true,
                kind: OptKind::Text(1500),
            },
            Opt {
                name: "about",
                what: "What it is about",
                required: true,
                kind: OptKind::Choice(&ABOUT),
            },
            Opt {
                name: "person",
                what: "Whom it concerns: sign-in name or address",
                required: false,
                kind: OptKind::Text(200),
            },
            Opt {
                name: "device",
                what: "Which device: its name",
                required: false,
                kind: OptKind::Text(200),
            },
            Opt {
                name: "directive_by",
                what: "If Security told you to report it: who did",
                required: false,
                kind: OptKind::Text(200),
            },
        ],
        roles: &REPORTERS,
    },
    Command {
        verb: Verb::Queue,
        name: "queue",
        what: "What is open, and what is yours to take",
        options: &[
            incident("Show the card of this one", false),
            Opt {
                name: "earlier_than",
                what: "Earlier incidents of the persons concerned in this one, on a reason that is logged",
                required: false,
                kind: OptKind::Incident,
            },
        ],
        roles: &TEAMS,
    },
    Command {
        verb: Verb::Claim,
        name: "claim",
        what: "Take an incident that waits at your stage",
        options: &[incident("Which one", true)],
        roles: &WORKERS,
    },
    Command {
        verb: Verb::Leave(TransitionKind::Handoff),
        name: "escalate",
        what: "Hand an incident to the next stage, with its record",
        options: &[
            incident("Which one", true),
            Opt {
                name: "to",
                what: "Where to, if there is more than one way",
                required: false,
                kind: OptKind::Way,
            },
        ],
        roles: &WORKERS,
    },
    Command {
        verb: Verb::Leave(TransitionKind::Dismissal),
        name: "dismiss",
        what: "Dismiss an incident on a ground, with its rationale; without one, several together",
        options: &[
            incident("Which one; none to choose several that go together", false),
            TO,
            Opt {
                name: "pattern",
                what: "Only those that this pattern covers, dismissed on it",
                required: false,
                kind: OptKind::Pattern,
            },
        ],
        roles: &WORKERS,
    },
    Command {
        verb: Verb::Leave(TransitionKind::Closure),
        name: "close",
        what: "Close an incident with its outcome",
        options: &[incident("Which one", true), TO],
        roles: &WORKERS,
    },
    Command {
        verb: Verb::Leave(TransitionKind::Engagement),
        name: "engage",
        what: "Notify Legal and HR with a one-page brief",
        options: &[incident("Which one", true), TO],
        roles: &INVESTIGATORS,
    },
    Command {
        verb: Verb::Status,
        name: "status",
        what: "Tell the other tiers of a material development",
        options: &[
            incident("Which one", true),
            words("text", "What changed; only those on the case read it"),
            Opt {
                name: "severity",
                what: "The severity from now on, if it changed",
                required: false,
                kind: OptKind::Choice(&SEVERITIES),
            },
        ],
        roles: &INVESTIGATORS,
    },
    Command {
        verb: Verb::Reopen,
        name: "reopen",
        what: "Go on with an ended incident, for a new reason",
        options: &[incident("Which one", true), words("text", "The new reason")],
        roles: &REOPENERS,
    },
    Command {
        verb: Verb::Route,
        name: "route",
        what: "Choose the playbook of an incident nobody has handed over yet",
        options: &[
            incident("Which one", true),
            Opt {
                name: "playbook",
                what: "Which playbook",
                required: true,
                kind: OptKind::Playbook,
            },
        ],
        roles: &WORKERS,
    },
    governing::THRESHOLDS,
    governing::ASK,
    governing::DECIDE,
    governing::CONTACTS,
    governing::HOLD,
    governing::RELEASE,
    governing::REQUEST,
    governing::TALK_DECIDE,
    Command {
        verb: Verb::Accept,
        name: "accept",
        what: "Accept a handoff that is offered to your stage",
        options: &[incident("Which one", true)],
        roles: &WORKERS,
    },
    Command {
        verb: Verb::Return,
        name: "return",
        what: "Send a handoff back, with the reason",
        options: &[
            incident("Which one", true),
            Opt {
                name: "reason",
                what: "What is missing, so that it can be amended",
                required: true,
                kind: OptKind::Text(1500),
            },
        ],
        roles: &WORKERS,
    },
    Command {
        verb: Verb::Snooze,
        name: "snooze",
        what: "Let the reminders of an incident rest, with a reason and an end",
        options: &[
            incident("Which one", true),
            Opt {
                name: "until",
                what: "4h, 2d, or a time such as 2026-11-03 08:40",
                required: true,
                kind: OptKind::Text(40),
            },
            words("reason", "Why it can wait until then"),
        ],
        roles: &WORKERS,
    },
    Command {
        verb: Verb::Me,
        name: "me",
        what: "What waits for you, and what came of what you handed over",
        options: &[],
        roles: &[],
    },
    Command {
        verb: Verb::Drafts,
        name: "drafts",
        what: "Go on with a form that you left",
        options: &[],
        roles: &WORKERS,
    },
    Command {
        verb: Verb::Timeline,
        name: "timeline",
        what: "Who did what, when, on which criterion; without one: what is stuck",
        options: &[
            incident("Which one; without it you see what is stuck", false),
            Opt {
                name: "show",
                what: "What of it; it opens on the decisions",
                required: false,
                kind: OptKind::Choice(&case::SHOWN),
            },
        ],
        roles: &READERS,
    },
    Command {
        verb: Verb::Help,
        name: "help",
        what: "What you can do here, now",
        options: &[],
        roles: &[],
    },
];
