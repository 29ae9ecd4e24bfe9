//! What a gateway frame says, typed. Pure: a text in, an event out.

use crate::discord::incoming::{self, Interaction};
use serde::Deserialize;
use serde_json::Value;

/// What resumes a session after a restart. Save it after the events up to it are dealt with: what
/// lies behind it is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSession {
    pub id: String,
    pub sequence: u64,
    pub resume_url: String,
}

/// What the gateway tells. Raw parts are Discord's `d`.
#[derive(Debug)]
pub enum GatewayEvent {
    /// A new session. Interactions of the gap before it are gone.
    Ready(Ready),
    /// The session goes on; missed events follow or have followed.
    Resumed,
    GuildCreate(Value),
    GuildUpdate(Value),
    /// A member joined or changed (`user`, `roles`, `guild_id`).
    MemberUpdate(Value),
    MemberRemove(Value),
    /// A role was created, changed or deleted.
    RoleChange(Value),
    /// A channel was created, changed or deleted.
    ChannelChange(Value),
    /// A thread or its list of members changed.
    ThreadChange(Value),
    Interaction(Box<Interaction>),
    /// The connection broke; the next call connects again, after a growing pause.
    Dropped {
        reason: String,
    },
    /// A frame that cannot be read. It is logged; nothing else can be done about it.
    Unreadable(String),
    /// The end: `next` gives nothing more. The reason says what an operator must change.
    Fatal(String),
    /// An event that Baton has no use for, by name.
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    pub application_id: String,
    pub user_id: String,
    /// The guilds that will follow as `GuildCreate`.
    pub guild_ids: Vec<String>,
    pub session: SavedSession,
}

#[derive(Deserialize)]
struct Frame {
    op: u8,
    #[serde(default)]
    t: Option<String>,
    #[serde(default)]
    d: Value,
}

/// The event of a frame; none for the frames of the connection itself (hello, heartbeats, …).
/// `session` is the session as it stands after the frame.
pub(super) fn read(text: &str, session: Option<SavedSession>) -> Option<GatewayEvent> {
    let Ok(frame) = serde_json::from_str::<Frame>(text) else {
        return Some(unreadable("a frame that is no gateway frame"));
    };
    if frame.op != 0 {
        return None;
    }
    let name = frame.t.unwrap_or_default();
    let raw = frame.d;
    Some(match name.as_str() {
        "READY" => match ready(&raw, session) {
            Some(ready) => GatewayEvent::Ready(ready),
            None => unreadable("READY without application, user or session"),
        },
        "RESUMED" => GatewayEvent::Resumed,
        "INTERACTION_CREATE" => match incoming::read(&raw) {
            Some(interaction) => GatewayEvent::Interaction(Box::new(interaction)),
            None => unreadable("INTERACTION_CREATE without id or token"),
        },
        "GUILD_CREATE" => GatewayEvent::GuildCreate(raw),
        "GUILD_UPDATE" => GatewayEvent::GuildUpdate(raw),
        "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" => GatewayEvent::MemberUpdate(raw),
        "GUILD_MEMBER_REMOVE" => GatewayEvent::MemberRemove(raw),
        "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" | "GUILD_ROLE_DELETE" => {
            GatewayEvent::RoleChange(raw)
        }
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "CHANNEL_DELETE" => GatewayEvent::ChannelChange(raw),
        "THREAD_CREATE" | "THREAD_UPDATE" | "THREAD_DELETE" | "THREAD_MEMBERS_UPDATE" => {
            GatewayEvent::ThreadChange(raw)
        }
        _ => GatewayEvent::Other(name),
    })
}

pub(super) fn unreadable(what: &str) -> GatewayEvent {
    tracing::error!(frame = what, "the gateway sent what cannot be read");
    GatewayEvent::Unreadable(what.to_owned())
}

/// The codes after which Discord wants no new attempt (`topics/opcodes-and-status-codes`).
pub(super) fn fatal_reason(code: Option<u16>) -> String {
    let cure = match code {
        Some(4_004) => "the token is wrong: check the bot's token in the configuration",
        Some(4_010 | 4_011) => "the sharding is wrong: the bot is in too many guilds for one",
        Some(4_012) => "the gateway's version is no longer served: update Baton",
        Some(4_013) => "an intent is unknown: update Baton",
        Some(4_014) => {
            "the intent `Server Members` is not granted: switch it on in the developer portal"
        }
        _ => "Discord wants no new attempt",
    };
    match code {
        Some(code) => format!("closed with {code}: {cure}"),
        None => cure.to_owned(),
    }
}

fn ready(raw: &Value, session: Option<SavedSession>) -> Option<Ready> {
    let text = |pointer: &str| raw.pointer(pointer)?.as_str().map(str::to_owned);
    let guilds = raw.get("guilds").and_then(Value::as_array);
    Some(Ready {
        application_id: text("/application/id")?,
        user_id: text("/user/id")?,
        guild_ids: guilds
            .into_iter()
            .flatten()
            .filter_map(|g| Some(g.get("id")?.as_str()?.to_owned()))
            .collect(),
        session: session?,
    })
}

#[cfg(test)]
mod tests;
