//! What the sandbox's world is made of: the rows that are kept in its file. No rules, no wire format.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::snowflake::Id;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Guild {
    pub id: Id,
    pub name: String,
    pub owner_id: Id,
    pub application_id: Id,
    pub bot_id: Id,
    pub application_name: String,
    pub token: String,
    /// Gateway intents of the privileged kind that are switched on for the application.
    pub privileged_intents: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    pub id: Id,
    pub username: String,
    pub bot: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    pub user_id: Id,
    pub roles: Vec<Id>,
    pub joined_at: DateTime<Utc>,
    pub nick: Option<String>,
    pub timeout_until: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    pub id: Id,
    pub name: String,
    pub permissions: u64,
    pub position: i64,
    pub color: i64,
    pub hoist: bool,
    pub mentionable: bool,
    pub managed: bool,
    pub bot_id: Option<Id>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    Role,
    Member,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overwrite {
    pub id: Id,
    pub target: Target,
    pub allow: u64,
    pub deny: u64,
}

pub const TEXT_CHANNEL: u8 = 0;
pub const CATEGORY: u8 = 4;
pub const NEWS_CHANNEL: u8 = 5;
pub const PUBLIC_THREAD: u8 = 11;
pub const PRIVATE_THREAD: u8 = 12;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    pub id: Id,
    pub kind: u8,
    pub name: String,
    pub topic: Option<String>,
    pub parent_id: Option<Id>,
    pub position: i64,
    pub nsfw: bool,
    pub slowmode_s: i64,
    pub overwrites: Vec<Overwrite>,
    pub last_message_id: Option<Id>,
    pub thread: Option<Thread>,
}

impl Channel {
    /// From when it is an idle thread, unless something is written in it before.
    pub fn idle_from(&self) -> Option<DateTime<Utc>> {
        let open = self.thread.as_ref().filter(|thread| !thread.archived);
        open.map(|thread| thread.active_at + TimeDelta::minutes(thread.archive_minutes))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    pub owner_id: Id,
    pub archived: bool,
    pub archive_minutes: i64,
    pub archived_at: DateTime<Utc>,
    pub active_at: DateTime<Utc>,
    pub locked: bool,
    pub invitable: bool,
    pub created_at: DateTime<Utc>,
    pub members: Vec<ThreadMember>,
    pub message_count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadMember {
    pub user_id: Id,
    pub joined_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinged {
    pub users: Vec<Id>,
    pub roles: Vec<Id>,
    pub everyone: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attachment {
    pub id: Id,
    pub filename: String,
    pub description: Option<String>,
    pub content_type: Option<String>,
    pub size: usize,
    pub ephemeral: bool,
}

pub const EPHEMERAL: u64 = 1 << 6;
pub const LOADING: u64 = 1 << 7;
pub const COMPONENTS_V2: u64 = 1 << 15;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    pub id: Id,
    pub channel_id: Id,
    pub author: Id,
    pub kind: u8,
    pub content: String,
    pub embeds: Vec<Value>,
    pub components: Vec<Value>,
    pub attachments: Vec<Attachment>,
    pub flags: u64,
    pub tts: bool,
    pub timestamp: DateTime<Utc>,
    pub edited_at: Option<DateTime<Utc>>,
    /// What the mentions in the text resolve to now.
    pub mentions: Pinged,
    /// Who was pinged when it was posted: an edit pings nobody.
    pub pinged: Pinged,
    pub nonce: Option<Value>,
    /// The message that it answers.
    pub reply_to: Option<Id>,
    /// The interaction that it answers: id, kind, member, command name.
    pub interaction: Option<Answers>,
    /// Only this member sees it.
    pub only_for: Option<Id>,
    pub thread_id: Option<Id>,
    #[serde(default)]
    pub pinned_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answers {
    pub id: Id,
    pub kind: u8,
    pub user_id: Id,
    pub command: Option<String>,
    /// The message whose component was used.
    #[serde(default)]
    pub message: Option<Id>,
    /// What opened the form that was submitted.
    #[serde(default)]
    pub trigger: Option<Box<Answers>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    Waiting,
    /// The client stopped waiting: an answer comes too late.
    Expired,
    /// "Thinking": the first follow-up completes the answer.
    Deferred,
    Answered,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Interaction {
    pub id: Id,
    pub token: String,
    pub kind: u8,
    pub user_id: Id,
    pub channel_id: Id,
    pub at: DateTime<Utc>,
    pub stage: Stage,
    pub command: Option<String>,
    /// The message whose component was used, also through a modal that it opened.
    pub source: Option<Id>,
    /// The message that `@original` names.
    pub original: Option<Id>,
    /// The modal that was submitted.
    pub modal: Option<Id>,
    /// What opened that modal.
    #[serde(default)]
    pub trigger: Option<Box<Answers>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Modal {
    pub id: Id,
    pub user_id: Id,
    pub channel_id: Id,
    pub source: Option<Id>,
    pub custom_id: String,
    pub title: String,
    pub components: Vec<Value>,
    #[serde(default)]
    pub opened_by: Option<Box<Answers>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Command {
    pub id: Id,
    pub in_guild: bool,
    pub version: Id,
    pub kind: u8,
    pub name: String,
    /// The object as Discord shows it, without id and version.
    pub body: Value,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredFile {
    pub id: Id,
    pub content_type: String,
    pub base64: String,
}
