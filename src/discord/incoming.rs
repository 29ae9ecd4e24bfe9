//! Discord's interactions, typed, from raw JSON. Whatever arrives, nothing panics: what has no shape
//! that we know becomes `Unknown` with a log line.
//!
//! serenity's models are used where they hold: `User` and `Message` of a context menu. Ours stand
//! where serenity 0.12 loses something: a form's answers (its modal model drops every value that
//! stands in a Label, without an error) and permissions (its flags drop bits from 1 << 51 on).

mod modal;
mod options;

use serde_json::Value;
use serenity::all::{Message, User};
use std::collections::BTreeMap;
use std::fmt;

pub use modal::ModalValue;
pub use options::{CommandOption, OptionValue};

/// One interaction of a person with Baton. `Debug` shows ids only: the token answers for Baton, and
/// the rest is what a person wrote.
#[derive(Clone)]
pub struct Interaction {
    pub id: String,
    pub token: String,
    pub application_id: String,
    /// None in a direct message.
    pub guild_id: Option<String>,
    pub channel_id: Option<String>,
    /// The message that carries the pressed button or the form's button.
    pub message_id: Option<String>,
    /// That message is one which the member alone sees: an answer may take its place.
    pub private: bool,
    pub member: Member,
    /// The person's language, such as `de`.
    pub locale: String,
    pub kind: Kind,
}

impl fmt::Debug for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interaction")
            .field("id", &self.id)
            .field("channel_id", &self.channel_id)
            .field("user_id", &self.member.user_id)
            .finish_non_exhaustive()
    }
}

/// Who acts. Outside a guild without roles and permissions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    pub user_id: String,
    pub username: String,
    /// The name shown in the guild: nickname, display name or username.
    pub display: String,
    pub roles: Vec<String>,
    /// In the channel of the interaction, overwrites included.
    pub permissions: u64,
    pub bot: bool,
}

#[derive(Debug, Clone)]
pub enum Kind {
    /// A command; `path` holds all its words, such as `contain propose`.
    Command {
        path: String,
        command_type: CommandType,
        options: Vec<CommandOption>,
        resolved: Resolved,
        target: Option<Target>,
    },
    /// A person is typing in the option `focused`: its name, and what stands there so far.
    Autocomplete {
        path: String,
        options: Vec<CommandOption>,
        focused: (String, String),
    },
    /// A button was pressed or a list chosen from.
    Component {
        custom_id: String,
        values: Vec<String>,
        resolved: Resolved,
    },
    /// A form was submitted.
    Modal {
        custom_id: String,
        values: BTreeMap<String, ModalValue>,
        resolved: Resolved,
    },
    Unknown {
        what: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandType {
    Slash,
    UserMenu,
    MessageMenu,
}

/// What a context menu was opened on.
#[derive(Debug, Clone)]
pub enum Target {
    User {
        id: String,
        user: Option<Box<User>>,
    },
    Message {
        id: String,
        message: Option<Box<Message>>,
    },
}

/// What Discord tells about the ids in options and values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    pub people: BTreeMap<String, Member>,
    pub files: BTreeMap<String, UploadedFile>,
}

/// An uploaded file. The address is Discord's and expires.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadedFile {
    pub id: String,
    pub filename: String,
    pub size: u64,
    pub content_type: Option<String>,
    pub url: String,
}

/// The flag of a message that one member alone sees.
const EPHEMERAL: u64 = 1 << 6;

/// Reads an interaction; none where it has no id or token and so cannot be answered.
pub fn read(raw: &Value) -> Option<Interaction> {
    let text = |key: &str| text(raw, key);
    let member = match raw.get("member") {
        Some(member) => member_of(member, None),
        None => member_of(&Value::Null, raw.get("user")),
    };
    Some(Interaction {
        id: text("id")?,
        token: text("token")?,
        application_id: text("application_id").unwrap_or_default(),
        guild_id: text("guild_id"),
        channel_id: text("channel_id"),
        message_id: raw
            .pointer("/message/id")
            .and_then(Value::as_str)
            .map(str::to_owned),
        private: raw
            .pointer("/message/flags")
            .and_then(Value::as_u64)
            .is_some_and(|flags| flags & EPHEMERAL != 0),
        member,
        locale: text("locale").unwrap_or_else(|| "en-GB".to_owned()),
        kind: kind(raw),
    })
}

fn kind(raw: &Value) -> Kind {
    let number = raw.get("type").and_then(Value::as_u64).unwrap_or(0);
    let Some(data) = raw.get("data").filter(|d| d.is_object()) else {
        return unknown(format!("interaction type {number} without data"));
    };
    let resolved = resolved(data);
    let custom_id = text(data, "custom_id");
    match (number, custom_id) {
        (2, _) => command(data, resolved),
        (3, Some(custom_id)) => Kind::Component {
            custom_id,
            values: strings(data.get("values")),
            resolved,
        },
        (4, _) => autocomplete(data, &resolved),
        (5, Some(custom_id)) => {
            let values = modal::values(data, &resolved);
            Kind::Modal {
                custom_id,
                values,
                resolved,
            }
        }
        (3 | 5, None) => unknown(format!("interaction type {number} without custom_id")),
        _ => unknown(format!("interaction type {number}")),
    }
}

fn command(data: &Value, resolved: Resolved) -> Kind {
    let command_type = match data.get("type").and_then(Value::as_u64) {
        None | Some(1) => CommandType::Slash,
        Some(2) => CommandType::UserMenu,
        Some(3) => CommandType::MessageMenu,
        Some(other) => return unknown(format!("command type {other}")),
    };
    let Some(parsed) = options::parse(data, &resolved) else {
        return unknown("a command without name".to_owned());
    };
    let target = text(data, "target_id").and_then(|id| target(data, command_type, id));
    Kind::Command {
        path: parsed.path,
        command_type,
        options: parsed.options,
        resolved,
        target,
    }
}

fn autocomplete(data: &Value, resolved: &Resolved) -> Kind {
    let Some(parsed) = options::parse(data, resolved) else {
        return unknown("an autocomplete without name".to_owned());
    };
    match parsed.focused {
        Some(focused) => Kind::Autocomplete {
            path: parsed.path,
            options: parsed.options,
            focused,
        },
        None => unknown(format!(
            "an autocomplete of `{}` without a focused option",
            parsed.path
        )),
    }
}

fn target(data: &Value, command_type: CommandType, id: String) -> Option<Target> {
    let raw = |kind: &str| data.get("resolved")?.get(kind)?.get(&id).cloned();
    match command_type {
        CommandType::Slash => None,
        CommandType::UserMenu => {
            let user = raw("users").and_then(|v| model(v, "user"));
            Some(Target::User { id, user })
        }
        CommandType::MessageMenu => {
            let message = raw("messages").and_then(|v| model(v, "message"));
            Some(Target::Message { id, message })
        }
    }
}

fn model<T: serde::de::DeserializeOwned>(raw: Value, what: &str) -> Option<Box<T>> {
    match serde_json::from_value(raw) {
        Ok(model) => Some(Box::new(model)),
        Err(error) => {
            // Where in the text it failed, not the text: that is a person's words.
            tracing::error!(
                what,
                line = error.line(),
                "a resolved part has an unknown shape"
            );
            None
        }
    }
}

fn resolved(data: &Value) -> Resolved {
    let part = |kind: &str| data.get("resolved").and_then(|r| r.get(kind)?.as_object());
    let people = part("users")
        .into_iter()
        .flatten()
        .map(|(id, user)| {
            let member = part("members")
                .and_then(|m| m.get(id))
                .unwrap_or(&Value::Null);
            let mut person = member_of(member, Some(user));
            person.user_id.clone_from(id);
            (id.clone(), person)
        })
        .collect();
    let files = part("attachments")
        .into_iter()
        .flatten()
        .map(|(id, raw)| {
            let file = UploadedFile {
                id: id.clone(),
                filename: text(raw, "filename").unwrap_or_default(),
                size: raw.get("size").and_then(Value::as_u64).unwrap_or(0),
                content_type: text(raw, "content_type"),
                url: text(raw, "url").unwrap_or_default(),
            };
            (id.clone(), file)
        })
        .collect();
    Resolved { people, files }
}

// A member carries its user, or (in `resolved`) stands beside it.
fn member_of(member: &Value, user: Option<&Value>) -> Member {
    let user = user.or_else(|| member.get("user")).unwrap_or(&Value::Null);
    let username = text(user, "username").unwrap_or_default();
    Member {
        user_id: text(user, "id").unwrap_or_default(),
        display: text(member, "nick")
            .or_else(|| text(user, "global_name"))
            .unwrap_or_else(|| username.clone()),
        username,
        roles: strings(member.get("roles")),
        permissions: text(member, "permissions")
            .and_then(|p| p.parse().ok())
            .unwrap_or(0),
        bot: user.get("bot").and_then(Value::as_bool).unwrap_or(false),
    }
}

fn unknown(what: String) -> Kind {
    tracing::error!(%what, "an interaction has an unknown shape");
    Kind::Unknown { what }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests;
