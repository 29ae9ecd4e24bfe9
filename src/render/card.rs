//! The neutral card: what a message says and offers, without knowing which chat shows it.
//! Every text in it is ready for display: text from outside has passed `escape` before.

use crate::domain::ids::AccountId;

/// How a card feels. A colour is never the only sign: each tone has its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Calm,
    Info,
    Warning,
    Alarm,
    Done,
}

impl Tone {
    /// The word that stands on the card beside the colour.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Calm => "In hand",
            Self::Info => "For information",
            Self::Warning => "Warning",
            Self::Alarm => "Urgent",
            Self::Done => "Settled",
        }
    }
}

/// One message: a line above it, one box, rows of controls, files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Card {
    /// The line that a notification shows. Whoever is in `mentions` is named before it.
    pub content: Option<String>,
    pub title: String,
    pub tone: Tone,
    /// Markdown; outside text in it is escaped already.
    pub body: String,
    pub footer: Option<String>,
    pub rows: Vec<Row>,
    pub files: Vec<CardFile>,
    /// The only people whom this card notifies.
    pub mentions: Vec<UserMention>,
}

/// A file that travels with a card.
#[derive(Clone, PartialEq, Eq)]
pub struct CardFile {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for CardFile {
    // Contents never reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CardFile({} bytes)", self.bytes.len())
    }
}

/// Someone who is notified by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserMention {
    pub account: AccountId,
}

/// One row of controls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    Buttons(Vec<Button>),
    Select {
        custom_id: String,
        placeholder: Option<String>,
        options: Vec<Choice>,
        min: u8,
        max: u8,
    },
    PersonSelect {
        custom_id: String,
        placeholder: Option<String>,
        selected: Vec<AccountId>,
        min: u8,
        max: u8,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ButtonStyle {
    Primary,
    #[default]
    Plain,
    Danger,
}

/// A button. One with a `url` opens it and never comes back, so its `custom_id` is not used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Button {
    pub label: String,
    pub custom_id: String,
    pub style: ButtonStyle,
    pub disabled: bool,
    pub url: Option<String>,
}

/// One option of a select, radio group or checkbox group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub description: Option<String>,
    pub selected: bool,
}
