//! The neutral form: one page of questions. Which control shows a question is the chat's matter;
//! what comes back is keyed by `Input::key`.

use super::card::Choice;
use crate::domain::ids::AccountId;

/// One page. A chat shows a limited number of inputs at once; paging is the caller's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    pub custom_id: String,
    pub title: String,
    pub inputs: Vec<Input>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    pub key: String,
    pub label: String,
    pub help: Option<String>,
    pub required: bool,
    pub kind: InputKind,
}

/// The kind of answer. `max` counts characters for text, choices for the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputKind {
    Line {
        value: Option<String>,
        max: Option<u16>,
    },
    Paragraph {
        value: Option<String>,
        max: Option<u16>,
    },
    /// Exactly one of the options.
    Radio {
        options: Vec<Choice>,
    },
    /// From `min` to `max` of the options, from a list.
    Select {
        options: Vec<Choice>,
        min: u8,
        max: u8,
    },
    /// From `min` to `max` of the options, all in sight.
    Checkboxes {
        options: Vec<Choice>,
        min: u8,
        max: u8,
    },
    /// A single yes; it cannot be made required.
    Checkbox {
        checked: bool,
    },
    Person {
        selected: Vec<AccountId>,
        max: u8,
    },
    Upload {
        max: u8,
    },
    /// Only read: the input's label is its heading, this is its text.
    Text {
        markdown: String,
    },
}
