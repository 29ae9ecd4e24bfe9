//! The context type of each template, with a sample. No field is ever null: what is missing is a word or an empty list.

use super::escape::clamp_with;
use super::templates::{Template, TemplateFault, Templates};
use crate::domain::view::CardView;
use serde::Serialize;

macro_rules! template {
    ($name:literal, $type:ty, $sample:expr) => {
        impl Template for $type {
            const NAME: &'static str = $name;
            fn sample() -> Self {
                $sample
            }
        }
    };
}

mod audit;
mod case;
mod digest;
mod governance;
mod governed;
mod health;
mod me;
mod patterns;
mod reach;

pub use audit::{Found, FoundRow, Proven};
pub use case::{Earlier, Stuck, StuckRow};
pub use digest::{Digest, DigestGroup, DigestPerson};
pub use governance::{Brief, BriefStub, Containment, ContainmentRow, Said};
pub use governed::{Closing, ClosingStub, Contacts, ContactsOf, Talk, Thresholds, ThresholdsOf};
pub use health::{Health, HealthLine};
pub use me::{CameOf, DraftRow, Drafts, Me, MineRow, MyDraft};
pub use patterns::{Look, PatternDraft, PatternList, PatternRow, PatternShown, Together};
pub use reach::{DutyWord, IdleWord};

#[derive(Debug, Clone, Serialize)]
pub struct Labelled {
    pub label: String,
    pub value: String,
}

impl Labelled {
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            value: value.into(),
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Noted {
    pub text: String,
    pub note: String,
}

/// A live card.
#[derive(Debug, Clone, Serialize)]
pub struct CardContext {
    pub drill: bool,
    pub id: String,
    pub severity: String,
    pub stage: String,
    pub status: String,
    pub returned: String,
    /// Seconds since 1970 UTC: `{{ago opened}}` shows the age, which goes on by itself.
    pub opened: i64,
    /// A line each, while they are all there is to judge by.
    pub facts: Vec<Labelled>,
    /// The facts that a record does not say, close together: the buttons below stay in sight.
    pub known: Vec<Labelled>,
    pub criteria: Vec<Noted>,
    /// What people answered.
    pub record: Vec<Labelled>,
    pub from_source: Vec<Labelled>,
    pub reminders: String,
    pub do_not_touch: String,
}

impl From<&CardView> for CardContext {
    fn from(view: &CardView) -> Self {
        let facts = view.facts.iter();
        let facts = facts.map(|(l, v)| Labelled::new(l, share(v, FACT)));
        let facts: Vec<Labelled> = facts.collect();
        let (facts, known) = if view.record.is_empty() {
            (facts, Vec::new())
        } else {
            (Vec::new(), facts)
        };
        let criteria = view.criteria.iter();
        let (from_source, record): (Vec<_>, Vec<_>) = view
            .record
            .iter()
            .partition(|(.., from_source)| *from_source);
        let answers = |all: Vec<&(String, String, bool)>| {
            let each = all.into_iter();
            each.map(|(title, value, _)| Labelled::new(title, share(value, ANSWER)))
                .collect()
        };
        Self {
            drill: view.drill,
            id: view.id.to_string(),
            severity: capital(view.severity),
            stage: view.stage.clone(),
            status: view.status.clone(),
            returned: share(view.returned.as_deref().unwrap_or_default(), ANSWER),
            opened: view.opened_at.timestamp(),
            facts,
            known,
            criteria: criteria
                .map(|(text, note)| Noted {
                    text: text.clone(),
                    note: share(note, NOTE),
                })
                .collect(),
            record: answers(record),
            from_source: answers(from_source),
            reminders: share(view.reminders.as_deref().unwrap_or_default(), ANSWER),
            do_not_touch: view.do_not_touch.clone().unwrap_or_default(),
        }
    }
}

/// What one text may take of a card, in characters: a long one must not push the others off it.
const FACT: usize = 200;
const NOTE: usize = 300;
const ANSWER: usize = 600;

fn share(text: &str, limit: usize) -> String {
    clamp_with(text, limit, "… (cut)")
}

/// A word as it begins a line.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn card_sample() -> CardContext {
    CardContext {
        drill: true,
        id: "INC-1".to_owned(),
        severity: "High".to_owned(),
        stage: "Triage".to_owned(),
        status: "Waiting for someone to claim it".to_owned(),
        returned: "It lacks the destination".to_owned(),
        opened: 1_793_700_000,
        facts: vec![Labelled::new("Person", "a@b.example")],
        known: vec![Labelled::new("Repeats", "1 alert")],
        criteria: vec![Noted {
            text: "A criterion".to_owned(),
            note: "met".to_owned(),
        }],
        record: vec![Labelled::new("Department", "Finance")],
        from_source: vec![Labelled::new("Policy", "Customer lists")],
        reminders: "snoozed until 2026-11-03 12:00 UTC".to_owned(),
        do_not_touch: "Do not restart the device".to_owned(),
    }
}
template!("card", CardContext, card_sample());

/// The first message of an incident's private thread.
#[derive(Debug, Clone, Serialize)]
pub struct ThreadContext {
    pub drill: bool,
    pub id: String,
    pub criteria: Vec<Noted>,
    pub record: Vec<Labelled>,
    pub from_source: Vec<Labelled>,
}

impl From<CardContext> for ThreadContext {
    fn from(card: CardContext) -> Self {
        Self {
            drill: card.drill,
            id: card.id,
            criteria: card.criteria,
            record: card.record,
            from_source: card.from_source,
        }
    }
}
template!("thread", ThreadContext, card_sample().into());

#[derive(Debug, Clone, Serialize)]
pub struct PastCard {
    pub drill: bool,
    pub id: String,
    pub status: String,
}
template!(
    "card_past",
    PastCard,
    PastCard {
        drill: true,
        id: "INC-1".to_owned(),
        status: "Handed on".to_owned()
    }
);

#[derive(Debug, Clone, Serialize)]
pub struct Reminder {
    pub drill: bool,
    pub id: String,
    pub severity: String,
    pub stage: String,
    pub next: String,
    pub times: u32,
}
template!(
    "reminder",
    Reminder,
    Reminder {
        drill: true,
        id: "INC-1".to_owned(),
        severity: "High".to_owned(),
        stage: "Triage".to_owned(),
        next: "Claim it on its card.".to_owned(),
        times: 1,
    }
);

/// For the audit channel: what went wrong, and its cure.
#[derive(Debug, Clone, Serialize)]
pub struct Notice {
    pub title: String,
    pub text: String,
    pub cure: String,
}
template!(
    "notice",
    Notice,
    Notice {
        title: "A card could not be posted".to_owned(),
        text: "The channel is missing".to_owned(),
        cure: "Create it again".to_owned(),
    }
);

#[derive(Debug, Clone, Serialize)]
pub struct QueueRow {
    pub id: String,
    pub severity: String,
    pub stage: String,
    pub age: String,
    pub holder: String,
    pub note: String,
    pub yours_to_take: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Queue {
    /// How old the oldest message is that was not shown in time; empty where none is late.
    pub late: String,
    /// Open incidents that cannot be read, and so are not listed.
    pub unreadable: usize,
    pub count: usize,
    pub rows: Vec<QueueRow>,
    /// Dismissals that wait for the reader's second look.
    pub looks: Vec<Labelled>,
}
template!(
    "queue",
    Queue,
    Queue {
        late: "2 min".to_owned(),
        unreadable: 1,
        count: 1,
        rows: vec![QueueRow {
            id: "INC-1".to_owned(),
            severity: "high".to_owned(),
            stage: "Triage".to_owned(),
            age: "3 hours".to_owned(),
            holder: "nobody".to_owned(),
            note: "snoozed until 2026-11-03 12:00 UTC".to_owned(),
            yours_to_take: true,
        }],
        looks: vec![Labelled::new("INC-2", "low, dismissed yesterday")],
    }
);

#[derive(Debug, Clone, Serialize)]
pub struct TimelineLine {
    pub number: i64,
    pub at: String,
    pub who: String,
    pub role: String,
    pub what: String,
    pub on: Vec<String>,
    pub details: Vec<Labelled>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Timeline {
    pub id: String,
    pub page_note: String,
    /// The persons concerned by number, for whoever reads no name.
    pub persons: Vec<String>,
    pub lines: Vec<TimelineLine>,
}
template!(
    "timeline",
    Timeline,
    Timeline {
        id: "INC-1".to_owned(),
        page_note: "page 1 of 2".to_owned(),
        persons: vec!["Person 1, Finance".to_owned()],
        lines: vec![TimelineLine {
            number: 1,
            at: "2026-11-03 08:40 UTC".to_owned(),
            who: "tier1".to_owned(),
            role: "tier1".to_owned(),
            what: "claimed".to_owned(),
            on: vec!["A criterion".to_owned()],
            details: vec![Labelled::new("Reason", "because")],
        }],
    }
);

#[derive(Debug, Clone, Serialize)]
pub struct AlertDetails {
    pub alert: String,
    pub source: String,
    pub source_alert_id: String,
    pub times_received: i64,
    pub lines: Vec<Labelled>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Details {
    pub id: String,
    pub count: usize,
    pub alerts: Vec<AlertDetails>,
    /// Incidents that it has to do with, as far as the reader may know of them.
    pub linked: Vec<Labelled>,
}
template!(
    "details",
    Details,
    Details {
        id: "INC-1".to_owned(),
        count: 1,
        alerts: vec![AlertDetails {
            alert: "ALR-1".to_owned(),
            source: "purview".to_owned(),
            source_alert_id: "a-1".to_owned(),
            times_received: 2,
            lines: vec![Labelled::new("Title", "A title")],
        }],
        linked: vec![Labelled::new("INC-2", "low · at Triage")],
    }
);

#[derive(Debug, Clone, Serialize)]
pub struct ReviewItem {
    pub title: String,
    pub value: String,
    /// What is missing about it stands above.
    pub open: bool,
}

/// The review screen of a form.
#[derive(Debug, Clone, Serialize)]
pub struct Review {
    pub id: String,
    pub title: String,
    pub draft: String,
    /// Those that are ticked.
    pub criteria: Vec<Noted>,
    /// What a person gave, or has to give.
    pub items: Vec<ReviewItem>,
    pub from_source: Vec<Labelled>,
    /// How far the definition of done is confirmed.
    pub done: String,
    /// Incidents that are dismissed with it: id, and whether it is left out.
    pub together: Vec<Labelled>,
    pub missing: Vec<String>,
    /// Worth a look, in no way.
    pub notes: Vec<String>,
}
template!(
    "review",
    Review,
    Review {
        id: "INC-1".to_owned(),
        title: "Escalate".to_owned(),
        draft: "DRF-1".to_owned(),
        criteria: vec![Noted {
            text: "A".to_owned(),
            note: "met".to_owned()
        }],
        items: vec![ReviewItem {
            title: "Department".to_owned(),
            value: "Finance".to_owned(),
            open: true,
        }],
        from_source: vec![Labelled::new("Device", "lt-1")],
        done: "2 of 3 confirmed".to_owned(),
        together: vec![Labelled::new("INC-2", "the same")],
        missing: vec!["Department is missing".to_owned()],
        notes: vec!["Findings says “probably” (Speculation)".to_owned()],
    }
);

/// An answer to a person: what was done, or why not, and the next step.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Answer {
    pub title: String,
    pub text: String,
    pub missing: Vec<String>,
    pub next: String,
    /// What was typed and not taken: it goes back to whoever typed it.
    pub typed: Vec<String>,
}
template!(
    "answer",
    Answer,
    Answer {
        title: "Done".to_owned(),
        text: "INC-1 is yours".to_owned(),
        missing: vec!["Department is missing".to_owned()],
        next: "Escalate it".to_owned(),
        typed: vec!["It was a test".to_owned()],
    }
);

#[derive(Debug, Clone, Serialize)]
pub struct HelpRow {
    pub path: String,
    pub what: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Help {
    pub rows: Vec<HelpRow>,
    pub waiting: String,
}
template!(
    "help",
    Help,
    Help {
        rows: vec![HelpRow {
            path: "/queue".to_owned(),
            what: "What is open".to_owned()
        }],
        waiting: "1 incident waits for you".to_owned(),
    }
);

/// Renders every template with its sample; what fails is a fault of the template.
pub fn prove(templates: &Templates) -> Vec<TemplateFault> {
    fn one<T: Template>(templates: &Templates) -> Option<TemplateFault> {
        templates.render(&T::sample()).err()
    }
    [
        one::<CardContext>(templates),
        one::<PastCard>(templates),
        one::<Reminder>(templates),
        one::<ThreadContext>(templates),
        one::<IdleWord>(templates),
        one::<DutyWord>(templates),
        one::<Notice>(templates),
        one::<Queue>(templates),
        one::<Timeline>(templates),
        one::<Details>(templates),
        one::<Review>(templates),
        one::<Answer>(templates),
        one::<Drafts>(templates),
        one::<Me>(templates),
        one::<Help>(templates),
        one::<Brief>(templates),
        one::<BriefStub>(templates),
        one::<Said>(templates),
        one::<Containment>(templates),
        one::<Closing>(templates),
        one::<ClosingStub>(templates),
        one::<Contacts>(templates),
        one::<Talk>(templates),
        one::<Thresholds>(templates),
        one::<Earlier>(templates),
        one::<Stuck>(templates),
        one::<PatternList>(templates),
        one::<PatternShown>(templates),
        one::<PatternDraft>(templates),
        one::<Look>(templates),
        one::<Together>(templates),
        one::<Digest>(templates),
    ]
    .into_iter()
    .flatten()
    .collect()
}
