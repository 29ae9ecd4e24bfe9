//! The options of a command: the words of its path, and what was given for each.

use super::{Resolved, UploadedFile, text};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub struct CommandOption {
    pub name: String,
    pub value: OptionValue,
}

#[derive(Debug, Clone, PartialEq)]
pub enum OptionValue {
    Text(String),
    Integer(i64),
    Number(f64),
    Flag(bool),
    /// Ids; people and files stand in `Resolved`.
    User(String),
    Channel(String),
    Role(String),
    Mentionable(String),
    File(Box<UploadedFile>),
    /// A type that we do not know, or a value that is not of its type.
    Unknown(u64),
}

pub(super) struct Parsed {
    pub(super) path: String,
    pub(super) options: Vec<CommandOption>,
    pub(super) focused: Option<(String, String)>,
}

/// None where the command has no name.
pub(super) fn parse(data: &Value, resolved: &Resolved) -> Option<Parsed> {
    let mut path = text(data, "name")?;
    let mut level = data;
    // A group holds a subcommand, a subcommand holds the options: two words at most.
    for _ in 0..2 {
        let Some(inner) = list(level).find(|o| matches!(kind(o), 1 | 2)) else {
            break;
        };
        path = format!("{path} {}", text(inner, "name")?);
        level = inner;
    }
    let mut options = Vec::new();
    let mut focused = None;
    for raw in list(level).filter(|o| !matches!(kind(o), 1 | 2)) {
        let Some(name) = text(raw, "name") else {
            continue;
        };
        if raw.get("focused").and_then(Value::as_bool) == Some(true) {
            focused = Some((name.clone(), typed(raw)));
            continue;
        }
        let value = value(raw, resolved);
        if let OptionValue::Unknown(kind) = value {
            tracing::error!(option = %name, kind, "a command's option has an unknown shape");
        }
        options.push(CommandOption { name, value });
    }
    Some(Parsed {
        path,
        options,
        focused,
    })
}

fn list(level: &Value) -> impl Iterator<Item = &Value> {
    level
        .get("options")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn kind(raw: &Value) -> u64 {
    raw.get("type").and_then(Value::as_u64).unwrap_or(0)
}

// What stands in the field so far; Discord sends numbers as text while they are typed.
fn typed(raw: &Value) -> String {
    match raw.get("value") {
        Some(Value::String(text)) => text.clone(),
        Some(number @ Value::Number(_)) => number.to_string(),
        _ => String::new(),
    }
}

fn value(raw: &Value, resolved: &Resolved) -> OptionValue {
    let kind = kind(raw);
    let given = raw.get("value").unwrap_or(&Value::Null);
    let id = || given.as_str().map(str::to_owned);
    let value = match kind {
        3 => id().map(OptionValue::Text),
        4 => given.as_i64().map(OptionValue::Integer),
        5 => given.as_bool().map(OptionValue::Flag),
        6 => id().map(OptionValue::User),
        7 => id().map(OptionValue::Channel),
        8 => id().map(OptionValue::Role),
        9 => id().map(OptionValue::Mentionable),
        10 => given.as_f64().map(OptionValue::Number),
        11 => id().map(|id| {
            let file = resolved.files.get(&id).cloned();
            let bare = UploadedFile {
                id,
                ..UploadedFile::default()
            };
            OptionValue::File(Box::new(file.unwrap_or(bare)))
        }),
        _ => None,
    };
    value.unwrap_or(OptionValue::Unknown(kind))
}
