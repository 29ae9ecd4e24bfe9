//! Options of a slash command as the member's client would send them: types, choices, limits and
//! the resolved objects.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{Wrong, key};
use crate::sandbox::{
    body::Upload,
    json::{Look, length},
    rules::{
        command::{SUB_COMMAND, SUB_COMMAND_GROUP},
        message::Draft,
    },
    server::Inner,
    wire,
    world::{model::Command, snowflake::Id},
};

const STRING: i64 = 3;
const INTEGER: i64 = 4;
const BOOLEAN: i64 = 5;
const USER: i64 = 6;
const CHANNEL: i64 = 7;
const ROLE: i64 = 8;
const MENTIONABLE: i64 = 9;
const NUMBER: i64 = 10;
const ATTACHMENT: i64 = 11;

/// The objects that ids in an interaction's data stand for.
#[derive(Debug, Default)]
pub struct Resolved {
    kinds: Map<String, Value>,
}

impl Resolved {
    fn put(&mut self, kind: &str, id: Id, value: Value) {
        let map = self.kinds.entry(kind).or_insert_with(|| json!({}));
        map.set(&id.to_string(), value);
    }

    pub fn message(&mut self, id: Id, value: Value) {
        self.put("messages", id, value);
    }

    pub fn into_data(self, data: &mut Value) {
        if !self.kinds.is_empty() {
            data.set("resolved", Value::Object(self.kinds));
        }
    }

    pub fn user(&mut self, inner: &Inner, name: &str) -> Option<Id> {
        let row = inner.world.find_member(name)?;
        self.put("users", row.user_id, wire::user(&inner.world, row.user_id));
        let bits = inner.world.guild_permissions(row.user_id).to_string();
        self.put(
            "members",
            row.user_id,
            wire::partial_member(row).with("permissions", bits),
        );
        Some(row.user_id)
    }

    pub fn role(&mut self, inner: &Inner, name: &str) -> Option<Id> {
        let row = inner.world.find_role(name)?;
        self.put("roles", row.id, wire::role(row));
        Some(row.id)
    }

    pub fn channel(&mut self, inner: &Inner, user: Id, name: &str) -> Option<Id> {
        let row = inner
            .world
            .find_channel(name)
            .filter(|row| inner.world.can_see(user, row))?;
        self.put(
            "channels",
            row.id,
            wire::channel_for(&inner.world, row, user),
        );
        Some(row.id)
    }

    /// Stores `{filename, base64}` as an upload of the member.
    pub fn file(&mut self, inner: &mut Inner, channel: Id, value: &Value) -> Result<Id, Wrong> {
        let filename = value
            .text("filename")
            .ok_or_else(|| Wrong::bad("a file needs {filename, base64}"))?;
        let bytes = STANDARD.decode(value.text("base64").unwrap_or("!"));
        let bytes =
            bytes.map_err(|_| Wrong::bad(format!("the base64 of {filename:?} is broken")))?;
        let content_type = value.text("content_type").map(ToOwned::to_owned);
        let upload = Upload {
            number: 0,
            filename: filename.to_owned(),
            content_type,
            bytes: bytes.into(),
        };
        let stored = inner.store_files(&Draft::default(), &[upload], true);
        let stored = stored
            .first()
            .ok_or_else(|| Wrong::bad("the file was not stored"))?;
        self.put(
            "attachments",
            stored.id,
            wire::attachment(&inner.base, channel, stored),
        );
        Ok(stored.id)
    }
}

/// Whose command it is, where, and what is resolved so far.
pub struct Reading<'a> {
    pub inner: &'a mut Inner,
    pub user: Id,
    pub channel: Id,
    pub resolved: Resolved,
    /// The option that is being typed, for autocomplete: it may be incomplete.
    pub focused: Option<String>,
}

/// A command of that kind by its whole path (`contain propose`), with the nested option list.
pub fn find(inner: &Inner, kind: u8, path: &str) -> Result<(Command, Vec<Value>), Wrong> {
    let unknown = || Wrong::bad(format!("no command {path:?}"));
    let rows = || inner.world.commands.values().filter(|row| row.kind == kind);
    if kind != 1 {
        return Ok((
            rows()
                .find(|row| row.name == path)
                .ok_or_else(unknown)?
                .clone(),
            Vec::new(),
        ));
    }
    let mut steps = path.trim_start_matches('/').split_whitespace();
    let first = steps.next().ok_or_else(unknown)?;
    let row = rows()
        .find(|row| row.name == first)
        .ok_or_else(unknown)?
        .clone();
    let mut at = row.body.clone();
    let mut below = Vec::new();
    for step in steps {
        let nested = |one: &&Value| {
            one.text("name") == Some(step)
                && matches!(one.int("type"), Some(SUB_COMMAND | SUB_COMMAND_GROUP))
        };
        at = at
            .list("options")
            .iter()
            .find(nested)
            .ok_or_else(unknown)?
            .clone();
        below.push(at.clone());
    }
    let unfinished = at
        .list("options")
        .iter()
        .any(|one| matches!(one.int("type"), Some(SUB_COMMAND | SUB_COMMAND_GROUP)));
    if unfinished {
        return Err(Wrong::bad(format!(
            "{path:?} is a group: name the whole path"
        )));
    }
    Ok((row, below))
}

/// `data.options` for the command's leaf, nested back into the path.
pub fn read(
    reading: &mut Reading<'_>,
    row: &Command,
    below: &[Value],
    given: &Value,
) -> Result<Vec<Value>, Wrong> {
    let leaf = below.last().unwrap_or(&row.body).clone();
    let none = Map::new();
    let given = match given {
        Value::Null => &none,
        Value::Object(map) => map,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err(Wrong::bad("options must be an object of name and value"));
        }
    };
    for name in given.keys() {
        if !leaf
            .list("options")
            .iter()
            .any(|one| one.text("name") == Some(name))
        {
            return Err(Wrong::bad(format!("the command has no option {name:?}")));
        }
    }
    let mut sent = Vec::new();
    for option in leaf.list("options") {
        let name = option.text("name").unwrap_or("");
        let focused = reading.focused.as_deref() == Some(name);
        match given.get(name).filter(|value| !value.is_null()) {
            Some(value) => {
                let value = if focused {
                    value.clone()
                } else {
                    one(reading, option, value)?
                };
                let mut entry = json!({ "name": name, "type": option.at("type"), "value": value });
                if focused {
                    entry.set("focused", true);
                }
                sent.push(entry);
            }
            None if focused => {
                let kind = option.at("type");
                sent.push(json!({ "name": name, "type": kind, "value": "", "focused": true }));
            }
            None if option.yes("required") && reading.focused.is_none() => {
                return Err(Wrong::bad(format!("option {name:?} is required")));
            }
            None => {}
        }
    }
    for step in below.iter().rev() {
        sent = vec![json!({ "name": step.at("name"), "type": step.at("type"), "options": sent })];
    }
    Ok(sent)
}

fn one(reading: &mut Reading<'_>, option: &Value, value: &Value) -> Result<Value, Wrong> {
    let name = option.text("name").unwrap_or("").to_owned();
    let wrong = |what: &str| Wrong::bad(format!("option {name:?} {what}"));
    let text = || key(value).ok_or_else(|| wrong("takes an id or a name"));
    let (inner, resolved) = (&mut *reading.inner, &mut reading.resolved);
    let id = match option.int("type").unwrap_or(0) {
        STRING => {
            let text = value.as_str().ok_or_else(|| wrong("takes text"))?;
            let count = i64::try_from(length(text)).unwrap_or(i64::MAX);
            let range =
                option.int("min_length").unwrap_or(0)..=option.int("max_length").unwrap_or(6_000);
            if !range.contains(&count) {
                return Err(wrong(&format!("takes {range:?} characters")));
            }
            return choice(option, value).ok_or_else(|| wrong("has no such choice"));
        }
        INTEGER | NUMBER => {
            let whole = option.int("type") == Some(INTEGER);
            let number = value
                .as_f64()
                .filter(|_| !whole || value.is_i64() || value.is_u64());
            let number = number.ok_or_else(|| wrong("takes a number"))?;
            let low = option.at("min_value").as_f64().unwrap_or(f64::MIN);
            let high = option.at("max_value").as_f64().unwrap_or(f64::MAX);
            if !(low..=high).contains(&number) {
                return Err(wrong(&format!("takes {low} to {high}")));
            }
            return choice(option, value).ok_or_else(|| wrong("has no such choice"));
        }
        BOOLEAN => {
            return value
                .as_bool()
                .map(Value::Bool)
                .ok_or_else(|| wrong("takes true or false"));
        }
        USER => resolved.user(inner, &text()?),
        CHANNEL => resolved.channel(inner, reading.user, &text()?),
        ROLE => resolved.role(inner, &text()?),
        MENTIONABLE => {
            let text = text()?;
            resolved
                .user(inner, &text)
                .or_else(|| resolved.role(inner, &text))
        }
        ATTACHMENT => Some(resolved.file(inner, reading.channel, value)?),
        _ => None,
    };
    id.map(Value::from)
        .ok_or_else(|| wrong("names nothing that is here"))
}

/// The value, unless the option has choices and this is none of them.
fn choice(option: &Value, value: &Value) -> Option<Value> {
    let choices = option.list("choices");
    (choices.is_empty() || choices.iter().any(|one| one.at("value") == value))
        .then(|| value.clone())
}
