//! The commands of the roster.

use super::{Command, NAMED, Opt, OptKind, RosterAct, SIDES, Verb};
use crate::domain::role::Role;

pub const COMMANDS: [Command; 4] = [
    Command {
        verb: Verb::Roster(RosterAct::Who),
        name: "roster who",
        what: "Who stands for Legal, HR and GRC now, and who is duty manager",
        options: &[],
        roles: &[],
    },
    Command {
        verb: Verb::Roster(RosterAct::Set),
        name: "roster set",
        what: "Name the contact and the deputy of a side",
        options: &[
            Opt {
                name: "side",
                what: "Which side",
                required: true,
                kind: OptKind::Choice(&SIDES),
            },
            Opt {
                name: "contact",
                what: "The contact",
                required: true,
                kind: OptKind::Person,
            },
            Opt {
                name: "deputy",
                what: "The deputy",
                required: false,
                kind: OptKind::Person,
            },
        ],
        roles: &[Role::Legal, Role::Hr, Role::Grc, Role::Manager, Role::Admin],
    },
    Command {
        verb: Verb::Roster(RosterAct::Absent),
        name: "roster absent",
        what: "Say that you are away, or back: your deputy is named meanwhile",
        options: &[Opt {
            name: "state",
            what: "Away or back",
            required: true,
            kind: OptKind::Choice(&[("away", "Away"), ("back", "Back")]),
        }],
        roles: &NAMED,
    },
    Command {
        verb: Verb::Roster(RosterAct::Hours),
        name: "roster hours",
        what: "Say when you can be reached: reminders that are not urgent wait for it",
        options: &[Opt {
            name: "hours",
            what: "Such as Mon-Fri 09:00-17:00, with a zone if it is another; none: the organisation's",
            required: true,
            kind: OptKind::Text(80),
        }],
        roles: &NAMED,
    },
];
