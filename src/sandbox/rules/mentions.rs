//! Who a text would ping: the `allowed_mentions` object and the mentions in the text. Posts nothing.

use serde_json::Value;

use crate::sandbox::{
    error::Faults,
    json::Look,
    permissions::MENTION_EVERYONE,
    world::{
        World,
        model::{Channel, Pinged},
        snowflake::{Id, id_of},
    },
};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Which {
    All,
    These(Vec<Id>),
}

impl Which {
    fn holds(&self, id: Id) -> bool {
        match self {
            Self::All => true,
            Self::These(ids) => ids.contains(&id),
        }
    }
}

/// What `allowed_mentions` lets through. Without the object: everything.
#[derive(Clone, Debug)]
pub struct Allowed {
    users: Which,
    roles: Which,
    everyone: bool,
    /// Whether an answer pings whom it answers.
    pub replied_user: bool,
}

impl Default for Allowed {
    fn default() -> Self {
        Self {
            users: Which::All,
            roles: Which::All,
            everyone: true,
            replied_user: true,
        }
    }
}

pub fn read(body: &Value, faults: &mut Faults) -> Allowed {
    let given = body.at("allowed_mentions");
    let Some(object) = given.as_object() else {
        return Allowed::default();
    };
    for key in object.keys() {
        if !["parse", "users", "roles", "replied_user"].contains(&key.as_str()) {
            let path = format!("allowed_mentions.{key}");
            faults.add(&path, "UNKNOWN_FIELD", "This field is not known.");
        }
    }
    let parse: Vec<&str> = given
        .list("parse")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    for (index, word) in given.list("parse").iter().enumerate() {
        if !matches!(word.as_str(), Some("users" | "roles" | "everyone")) {
            faults.choice(
                &format!("allowed_mentions.parse.{index}"),
                "users, roles, everyone",
            );
        }
    }
    let which = |key: &str, faults: &mut Faults| {
        let ids: Vec<Id> = given.list(key).iter().filter_map(id_of).collect();
        let path = format!("allowed_mentions.{key}");
        faults.length(&path, ids.len(), 0, 100);
        if parse.contains(&key) && !ids.is_empty() {
            let message = format!("parse:[\"{key}\"] and {key}: [ids...] are mutually exclusive.");
            faults.add(&path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", &message);
        }
        if parse.contains(&key) {
            Which::All
        } else {
            Which::These(ids)
        }
    };
    Allowed {
        users: which("users", faults),
        roles: which("roles", faults),
        everyone: parse.contains(&"everyone"),
        replied_user: given.yes("replied_user"),
    }
}

/// The mentions in a text that resolve, are let through, and that the author may use there.
pub fn resolve(
    text: &str,
    allowed: &Allowed,
    world: &World,
    author: Id,
    channel: &Channel,
) -> Pinged {
    let mut pinged = Pinged::default();
    let may_mention_all = world.can(author, channel, MENTION_EVERYONE);
    for piece in text.split('<').skip(1) {
        let Some((inside, _)) = piece.split_once('>') else {
            continue;
        };
        if let Some(id) = inside.strip_prefix("@&").and_then(|id| id.parse().ok()) {
            let role = world
                .roles
                .get(&id)
                .filter(|role| role.mentionable || may_mention_all);
            if role.is_some() && allowed.roles.holds(id) && !pinged.roles.contains(&id) {
                pinged.roles.push(id);
            }
        } else if let Some(id) = inside.strip_prefix('@') {
            let id = id.trim_start_matches('!').parse().unwrap_or_default();
            let known = world.users.contains_key(&id);
            if known && allowed.users.holds(id) && !pinged.users.contains(&id) {
                pinged.users.push(id);
            }
        }
    }
    let all = text.contains("@everyone") || text.contains("@here");
    pinged.everyone = all && allowed.everyone && may_mention_all;
    pinged
}
