//! Two playbooks as a person would tell them: who works where, which ways lead on, what each must carry.

use baton::domain::role::Role;

/// Everybody who acts, by name and role.
pub const PEOPLE: [(&str, Role); 11] = [
    ("tier1", Role::Tier1),
    ("tier1b", Role::Tier1),
    ("tier2", Role::Tier2),
    ("tier2b", Role::Tier2),
    ("tier3", Role::Tier3),
    ("tier3b", Role::Tier3),
    ("manager", Role::Manager),
    ("auditor", Role::Auditor),
    ("legal", Role::Legal),
    ("frontline", Role::Frontline),
    ("admin", Role::Admin),
];

pub struct Book {
    pub id: &'static str,
    pub stages: &'static [Stage],
    pub ways: &'static [Way],
}

pub struct Stage {
    pub id: &'static str,
    pub role: Role,
    pub owner: &'static str,
    pub done: &'static [&'static str],
}

pub struct Way {
    pub id: &'static str,
    pub from: &'static [&'static str],
    pub to: To,
    /// One that justifies it.
    pub criterion: &'static str,
    /// Its whole record, what was asked on the way here included.
    pub record: &'static [(&'static str, Given)],
    pub moves_owner: bool,
    /// Repeat detections of the person ask for a second one.
    pub second_person: bool,
}

#[derive(Clone, Copy)]
pub enum To {
    Stage(&'static str),
    Dismissed,
    Closed,
}

/// A good answer to a field.
#[derive(Clone, Copy)]
pub enum Given {
    /// A line for each trigger that could be met.
    Words,
    Choice(&'static str),
    No,
    Time,
    Link,
}

use Given::{Choice, Link, No, Time, Words};

/// Fields with their answers.
macro_rules! record {
    ($($field:literal: $given:expr),* $(,)?) => {
        &[$(($field, $given)),*]
    };
}

const PURVIEW: Book = Book {
    id: "purview-dlp",
    stages: &[
        Stage {
            id: "triage",
            role: Role::Tier1,
            owner: "Security Operations",
            done: &["source-opened", "repeats-linked", "criterion-agrees"],
        },
        Stage {
            id: "investigation",
            role: Role::Tier2,
            owner: "Security Operations",
            done: &["exposure-known", "intent-assessed", "governance-answered"],
        },
        Stage {
            id: "containment",
            role: Role::Tier3,
            owner: "Security Operations",
            done: &["actions-verified", "evidence-listed", "engagements-settled"],
        },
    ],
    ways: &[
        Way {
            id: "escalate-to-investigation",
            from: &["triage"],
            to: To::Stage("investigation"),
            criterion: "unusual-activity",
            record: record! {
                "alert-id": Words, "alert-link": Link, "person": Words, "department": Words, "workload": Words,
                "action": Words, "policy": Words, "label": Words, "why-not-dismissed": Words,
            },
            moves_owner: false,
            second_person: false,
        },
        Way {
            id: "dismiss",
            from: &["triage"],
            to: To::Dismissed,
            criterion: "policy-false-positive-history",
            record: record! {
                "dismissal-rationale": Words, "trigger-answers": Words, "pattern-reference": Words,
            },
            moves_owner: false,
            second_person: true,
        },
        Way {
            id: "escalate-to-containment",
            from: &["investigation"],
            to: To::Stage("containment"),
            criterion: "risk-confirmed",
            record: record! {
                "alert-id": Words, "alert-link": Link, "person": Words, "department": Words, "workload": Words,
                "action": Words, "policy": Words, "label": Words, "why-not-dismissed": Words, "findings": Words,
                "intent": Choice("ambiguous"), "misconduct": No, "recommended-containment": Choice("block-destination"),
                "containment-justification": Words, "governance-required": No,
            },
            moves_owner: false,
            second_person: false,
        },
        Way {
            id: "close-after-investigation",
            from: &["investigation"],
            to: To::Closed,
            criterion: "context-explains",
            record: record! {
                "alert-id": Words, "alert-link": Link, "person": Words, "department": Words, "workload": Words,
                "action": Words, "policy": Words, "label": Words, "why-not-dismissed": Words, "findings": Words,
                "intent": Choice("ambiguous"), "misconduct": No, "governance-required": No, "closing-rationale": Words,
                "outcome": Choice("authorised"),
            },
            moves_owner: false,
            second_person: false,
        },
        Way {
            id: "close-after-containment",
            from: &["containment"],
            to: To::Closed,
            criterion: "exposure-ended",
            record: record! {
                "alert-id": Words, "alert-link": Link, "person": Words, "department": Words, "workload": Words,
                "action": Words, "policy": Words, "label": Words, "why-not-dismissed": Words, "findings": Words,
                "intent": Choice("ambiguous"), "misconduct": No, "recommended-containment": Choice("block-destination"),
                "containment-justification": Words, "governance-required": No, "action-results": Words,
                "residual-exposure": Words, "evidence-kept": Words, "outcome": Choice("authorised"),
            },
            moves_owner: false,
            second_person: false,
        },
        Way {
            id: "back-to-investigation",
            from: &["containment"],
            to: To::Stage("investigation"),
            criterion: "new-facts",
            record: record! {
                "alert-id": Words, "alert-link": Link, "person": Words, "department": Words, "workload": Words,
                "action": Words, "policy": Words, "label": Words, "why-not-dismissed": Words, "findings": Words,
                "intent": Choice("ambiguous"), "misconduct": No, "recommended-containment": Choice("block-destination"),
                "containment-justification": Words, "governance-required": No, "what-is-new": Words,
            },
            moves_owner: false,
            second_person: false,
        },
    ],
};

const BADGE: Book = Book {
    id: "lost-badge",
    stages: &[
        Stage {
            id: "desk",
            role: Role::Tier1,
            owner: "Reception",
            done: &["asked"],
        },
        Stage {
            id: "street",
            role: Role::Tier2,
            owner: "Site Security",
            done: &["doors-read", "holder-called"],
        },
        Stage {
            id: "smithy",
            role: Role::Tier2,
            owner: "Badge office",
            done: &["new-badge"],
        },
    ],
    ways: &[
        Way {
            id: "send-search",
            from: &["desk"],
            to: To::Stage("street"),
            criterion: "lost-again",
            record: record! {
                "badge-number": Words, "holder": Words, "noticed-at": Time, "door-log": Link, "story": Words,
                "searched": No, "doors": Choice("lab"),
            },
            moves_owner: true,
            second_person: false,
        },
        Way {
            id: "drawer",
            from: &["desk"],
            to: To::Dismissed,
            criterion: "in-a-drawer",
            record: record! { "story": Words },
            moves_owner: false,
            second_person: false,
        },
        Way {
            id: "make-new",
            from: &["street"],
            to: To::Stage("smithy"),
            criterion: "blocked-in-system",
            record: record! {
                "badge-number": Words, "holder": Words, "noticed-at": Time, "door-log": Link, "story": Words,
                "searched": No, "doors": Choice("lab"), "where-lost": Choice("outside"), "photo": Words,
            },
            moves_owner: false,
            second_person: false,
        },
        Way {
            id: "finish",
            from: &["street", "smithy"],
            to: To::Closed,
            criterion: "blocked-in-system",
            record: record! {
                "badge-number": Words, "holder": Words, "noticed-at": Time, "door-log": Link, "story": Words,
                "searched": No, "doors": Choice("lab"), "where-lost": Choice("outside"), "photo": Words,
                "end": Choice("blocked"),
            },
            moves_owner: false,
            second_person: false,
        },
    ],
};

pub const BOOKS: [Book; 2] = [PURVIEW, BADGE];
