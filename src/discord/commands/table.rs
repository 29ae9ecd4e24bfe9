//! The table of commands: what is registered with Discord, what each calls, who sees it in `/help`.

use crate::domain::role::Role;
use serde_json::{Value, json};

/// What a command calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Open,
    Queue,
    Claim,
    Escalate,
    Accept,
    Return,
    Drafts,
    Timeline,
    Help,
}

/// One command.
pub struct Command {
    pub verb: Verb,
    pub name: &'static str,
    pub what: &'static str,
    pub options: &'static [Opt],
    /// Who finds it in `/help`; empty means all.
    pub roles: &'static [Role],
}

/// One option, always text.
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
const REPORTERS: [Role; 4] = [Role::Frontline, Role::Tier1, Role::Tier2, Role::Tier3];
const WORKERS: [Role; 5] = [
    Role::Frontline,
    Role::Tier1,
    Role::Tier2,
    Role::Tier3,
    Role::Engineering,
];
const READERS: [Role; 4] = [Role::Tier2, Role::Tier3, Role::Manager, Role::Auditor];

const fn incident(what: &'static str, required: bool) -> Opt {
    Opt {
        name: "incident",
        what,
        required,
        kind: OptKind::Incident,
    }
}

pub const COMMANDS: [Command; 9] = [
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
        options: &[],
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
        verb: Verb::Escalate,
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
        verb: Verb::Drafts,
        name: "drafts",
        what: "Go on with a form that you left",
        options: &[],
        roles: &WORKERS,
    },
    Command {
        verb: Verb::Timeline,
        name: "timeline",
        what: "Who did what, when, in which role, on which criterion",
        options: &[incident("Which one", true)],
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

/// The body for registering the whole table in a guild.
pub fn registration() -> Value {
    COMMANDS.iter().map(command_json).collect()
}

fn command_json(command: &Command) -> Value {
    let options: Vec<Value> = command.options.iter().map(option_json).collect();
    json!({
        "name": command.name,
        "description": command.what,
        "type": 1,
        "options": options,
        // Only in the guild; what a member may do is checked by Baton itself.
        "contexts": [0],
    })
}

fn option_json(option: &Opt) -> Value {
    let mut json = serde_json::Map::from_iter([
        ("type".to_owned(), json!(3)),
        ("name".to_owned(), json!(option.name)),
        ("description".to_owned(), json!(option.what)),
        ("required".to_owned(), json!(option.required)),
    ]);
    let (key, value) = match option.kind {
        OptKind::Text(max) => ("max_length", json!(max)),
        OptKind::Incident | OptKind::Way => ("autocomplete", json!(true)),
        OptKind::Choice(choices) => {
            let choices = choices.iter();
            (
                "choices",
                choices
                    .map(|(value, name)| json!({ "name": name, "value": value }))
                    .collect(),
            )
        }
    };
    json.insert(key.to_owned(), value);
    Value::Object(json)
}
