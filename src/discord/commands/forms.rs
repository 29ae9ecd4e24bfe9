//! Pages of the guided form: fields of the playbook become inputs, a submitted page becomes plain values.

use super::screens::choice;
use crate::app::form::Opened;
use crate::discord::custom_id::CustomId;
use crate::discord::incoming::ModalValue;
use crate::domain::form::{CRITERIA_KEY, DONE_KEY, Item, Page, REASON_SUFFIX};
use crate::domain::ids::{AccountId, FieldId, IncidentId};
use crate::domain::playbook::definition::{Choice as Option_, Field, FieldKind};
use crate::domain::playbook::rules::shown_count;
use crate::domain::record::SAMPLE_TIME;
use crate::render::card::Choice;
use crate::render::form::{Form, Input, InputKind};
use std::collections::BTreeMap;

/// The longest answer that a form takes, in characters; Discord's own limit for a text input.
const LONGEST: u16 = 4000;
const LONGEST_LINE: u16 = 400;
/// What the two lists of ticks are called.
pub const CRITERIA: &str = "Criteria that are met";
pub const DONE: &str = "Definition of done";

/// The next page of what is missing; `None` when nothing is. The first one shows the criteria too.
pub fn next_page(opened: &Opened, first: bool) -> Option<Form> {
    let asked = opened.form.next_page(&opened.playbook.playbook, first);
    (!asked.asks_nothing(&opened.form)).then(|| page(opened, &asked))
}

/// The page on which one answer is changed: a field's, or all lines of what [`CRITERIA_KEY`] or [`DONE_KEY`] names.
pub fn change(opened: &Opened, key: String) -> Form {
    let asked = Page {
        criteria: key == CRITERIA_KEY,
        done: key == DONE_KEY,
        fields: vec![FieldId(key)],
    };
    page(opened, &asked)
}

fn page(opened: &Opened, asked: &Page) -> Form {
    let playbook = &opened.playbook.playbook;
    let title = playbook
        .transition(&opened.transition)
        .map_or("", |t| t.title.as_str());
    let mut inputs = Vec::new();
    if asked.criteria {
        inputs.push(criteria_input(opened));
    }
    for id in &asked.fields {
        let item = opened.form.items.iter().find(|item| item.field == *id);
        if let (Some(field), Some(item)) = (playbook.field(id), item) {
            inputs.extend(field_inputs(field, item));
        }
    }
    if asked.done {
        inputs.push(done_input(opened));
    }
    Form {
        custom_id: CustomId::Page(opened.draft).to_string(),
        title: format!("{}: {title}", opened.incident),
        inputs,
    }
}

fn criteria_input(opened: &Opened) -> Input {
    let options: Vec<Choice> = opened.form.criteria.iter().map(choice).collect();
    let max = u8::try_from(options.len()).unwrap_or(25);
    Input {
        key: CRITERIA_KEY.to_owned(),
        label: CRITERIA.to_owned(),
        help: Some("Those met by the facts are ticked; you confirm.".to_owned()),
        required: false,
        kind: InputKind::Select {
            options,
            min: 0,
            max,
        },
    }
}

fn done_input(opened: &Opened) -> Input {
    // The form covers the card, and a line may ask whether its repeats were looked at.
    let repeat = opened.playbook.playbook.repeat.as_ref();
    let counted = opened.form.detections.zip(repeat);
    let repeats = counted.map_or_else(String::new, |(count, repeat)| {
        let days = repeat.window_days;
        format!(
            " Detections of the person in {days} days: {}, this one included.",
            shown_count(count)
        )
    });
    let help = format!("Tick all that you have done.{repeats}");
    let options: Vec<Choice> = opened.form.done.iter().map(choice).collect();
    let max = u8::try_from(options.len()).unwrap_or(25);
    Input {
        key: DONE_KEY.to_owned(),
        label: DONE.to_owned(),
        help: Some(help),
        required: false,
        kind: InputKind::Checkboxes {
            options,
            min: 0,
            max,
        },
    }
}

/// Nothing is required on Discord's side: a page is saved as it is, and gaps are named afterwards, all at once.
fn field_inputs(field: &Field, item: &Item) -> Vec<Input> {
    let typed = item.typed.values.first().cloned().filter(|v| !v.is_empty());
    let kind = match &field.kind {
        FieldKind::Line | FieldKind::Link | FieldKind::Time => InputKind::Line {
            value: typed,
            max: Some(LONGEST_LINE),
        },
        FieldKind::Paragraph => InputKind::Paragraph {
            value: typed,
            max: Some(LONGEST),
        },
        FieldKind::Choice(options) => InputKind::Select {
            options: choices(options, item),
            min: 0,
            max: 1,
        },
        FieldKind::Choices(options) => {
            let max = u8::try_from(options.len()).unwrap_or(25);
            InputKind::Checkboxes {
                options: choices(options, item),
                min: 0,
                max,
            }
        }
        FieldKind::Person => InputKind::Person {
            selected: typed.into_iter().map(AccountId).collect(),
            max: 1,
        },
        FieldKind::YesNo => return yes_no(field, item),
        FieldKind::Upload => InputKind::Upload { max: 1 },
    };
    let mut help = field.help.clone();
    if field.kind == FieldKind::Time {
        help = format!("{help}, such as {SAMPLE_TIME}");
    }
    vec![input(
        field.id.to_string(),
        field.title.clone(),
        Some(help),
        kind,
    )]
}

fn yes_no(field: &Field, item: &Item) -> Vec<Input> {
    let typed = item.typed.values.first().map_or("", String::as_str);
    let option = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        description: None,
        selected: typed == value,
    };
    let answer = InputKind::Radio {
        options: vec![option("yes", "Yes"), option("no", "No")],
    };
    let reason = InputKind::Paragraph {
        value: item.typed.reason.clone(),
        max: Some(LONGEST),
    };
    vec![
        input(
            field.id.to_string(),
            field.title.clone(),
            Some(field.help.clone()),
            answer,
        ),
        input(
            format!("{}{REASON_SUFFIX}", field.id),
            format!("{}: why", field.title),
            None,
            reason,
        ),
    ]
}

fn input(key: String, label: String, help: Option<String>, kind: InputKind) -> Input {
    Input {
        key,
        label,
        help: help.filter(|h| !h.is_empty()),
        required: false,
        kind,
    }
}

fn choices(options: &[Option_], item: &Item) -> Vec<Choice> {
    options
        .iter()
        .map(|option| Choice {
            value: option.id.clone(),
            label: option.title.clone(),
            description: None,
            selected: item.typed.values.contains(&option.id),
        })
        .collect()
}

/// The form that asks why a handoff goes back.
pub fn return_reason(id: IncidentId) -> Form {
    Form {
        custom_id: CustomId::Returned(id).to_string(),
        title: format!("{id}: return the handoff"),
        inputs: vec![Input {
            key: "reason".to_owned(),
            label: "Reason".to_owned(),
            help: Some("What is missing, so that it can be amended.".to_owned()),
            required: true,
            kind: InputKind::Paragraph {
                value: None,
                max: Some(1500),
            },
        }],
    }
}

/// A submitted page as plain values by input key. A file arrives as its name, with its size behind the reason's key.
pub fn plain_values(values: BTreeMap<String, ModalValue>) -> BTreeMap<String, Vec<String>> {
    let mut plain = BTreeMap::new();
    for (key, value) in values {
        let given = match value {
            ModalValue::Text(text) => vec![text],
            ModalValue::Values(values) => values,
            ModalValue::Flag(flag) => vec![flag.to_string()],
            ModalValue::Files(files) => {
                if let Some(file) = files.first() {
                    plain.insert(format!("{key}{REASON_SUFFIX}"), vec![file.size.to_string()]);
                }
                files.into_iter().map(|file| file.filename).collect()
            }
        };
        plain.insert(key, given);
    }
    plain
}

/// The form in which reminders are let rest.
pub fn snooze_form(id: IncidentId) -> Form {
    let asked = |key: &str, label: &str, help: &str, kind| Input {
        key: key.to_owned(),
        label: label.to_owned(),
        help: Some(help.to_owned()),
        required: true,
        kind,
    };
    let line = InputKind::Line {
        value: None,
        max: Some(40),
    };
    let words = InputKind::Paragraph {
        value: None,
        max: Some(1500),
    };
    Form {
        custom_id: CustomId::Snoozed(id).to_string(),
        title: format!("{id}: snooze its reminders"),
        inputs: vec![
            asked(
                "until",
                "Until",
                "4h, 2d, or a time such as 2026-11-03 08:40. Then they go on by themselves.",
                line,
            ),
            asked("reason", "Reason", "Why it can wait until then.", words),
        ],
    }
}

/// A form that asks one thing: why.
pub fn ask_why(id: CustomId, title: &str) -> Form {
    Form {
        custom_id: id.to_string(),
        title: title.to_owned(),
        inputs: vec![Input {
            key: "reason".to_owned(),
            label: "Why".to_owned(),
            help: None,
            required: true,
            kind: InputKind::Paragraph {
                value: None,
                max: Some(1500),
            },
        }],
    }
}

/// The form in which Legal lets an engagement go on without Security: who continues it, and why.
pub fn ask_owner(id: CustomId) -> Form {
    let mut form = ask_why(id, "Goes on without Security");
    let owner = Input {
        key: "owner".to_owned(),
        label: "Who continues it".to_owned(),
        help: Some("Somebody of Legal, HR or GRC; you, if you name nobody.".to_owned()),
        required: false,
        kind: InputKind::Person {
            selected: Vec::new(),
            max: 1,
        },
    };
    form.inputs.insert(0, owner);
    form
}

/// The form in which a side agrees in other words.
pub fn other_words(id: CustomId, wording: &str) -> Form {
    let paragraph = |value: Option<String>| InputKind::Paragraph {
        value,
        max: Some(1500),
    };
    Form {
        custom_id: id.to_string(),
        title: "Agree in other words".to_owned(),
        inputs: vec![
            Input {
                key: "wording".to_owned(),
                label: "Wording".to_owned(),
                help: Some("What may be said, word by word.".to_owned()),
                required: true,
                kind: paragraph(Some(wording.to_owned())),
            },
            Input {
                key: "justification".to_owned(),
                label: "Justification".to_owned(),
                help: Some("Only where the lists warn of a word: why it stands.".to_owned()),
                required: false,
                kind: paragraph(None),
            },
        ],
    }
}

/// The one text of an input; empty where nothing was given.
pub fn text_of(values: &mut BTreeMap<String, Vec<String>>, key: &str) -> String {
    values
        .remove(key)
        .and_then(|v| v.into_iter().next())
        .unwrap_or_default()
}
