//! The commands with which a case is gathered: notes, links, splits.

use super::{CaseAct, Command, Opt, OptKind, Verb, WORKERS, incident, words};

/// What a timeline can be read for; the keys are those of the domain.
pub const SHOWN: [(&str, &str); 7] = [
    ("decisions", "Decisions"),
    ("everything", "Everything"),
    ("way", "Claims, handoffs, endings"),
    ("alerts", "Alerts and links"),
    ("governance", "Governance"),
    ("containment", "Containment"),
    ("notes", "Notes and statuses"),
];

pub const COMMANDS: [Command; 3] = [
    Command {
        verb: Verb::Case(CaseAct::Note),
        name: "note",
        what: "Put what you found or did on the timeline, or correct an entry",
        options: &[
            incident("Which one", true),
            words("text", "What you found or did"),
            Opt {
                name: "happened_at",
                what: "When it happened, if that was before: 2026-11-03 08:40",
                required: false,
                kind: OptKind::Past,
            },
            Opt {
                name: "corrects",
                what: "The entry that this corrects; it stays, and both are shown",
                required: false,
                kind: OptKind::Entry,
            },
        ],
        roles: &WORKERS,
    },
    Command {
        verb: Verb::Case(CaseAct::Link),
        name: "link",
        what: "Say that two incidents have to do with each other",
        options: &[
            incident("Which one", true),
            Opt {
                name: "other",
                what: "The other one, open or ended: INC-42",
                required: true,
                kind: OptKind::Incident,
            },
            words("reason", "What they have to do with each other"),
        ],
        roles: &WORKERS,
    },
    Command {
        verb: Verb::Case(CaseAct::Split),
        name: "split",
        what: "Move alerts that are another matter into an incident of their own",
        options: &[
            incident("Which one", true),
            Opt {
                name: "alerts",
                what: "The alerts that go: ALR-3, or ALR-3 ALR-5",
                required: true,
                kind: OptKind::Alerts,
            },
            words("reason", "Why they are another matter"),
        ],
        roles: &WORKERS,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timeline::Shown;

    #[test]
    fn the_choices_of_a_timeline_are_those_of_the_domain() {
        let known = Shown::ALL.map(|shown| (shown.key(), shown.words()));
        assert_eq!(SHOWN, known);
    }
}
