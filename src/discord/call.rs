//! The calls that Baton makes, one constructor each. A call is data: `Rest::send` tries it once,
//! `connect::send_when_free` waits for its turn.

use super::endpoint::{Endpoint, Method};
use super::limits;
use super::message::{edit_json, followup_json, message_json};
use crate::render::card::{Card, CardFile};
use crate::render::escape::{clamp, plain};
use serde_json::{Value, json};

/// One request to Discord. `Debug` shows the route only.
#[derive(Clone)]
pub struct Call {
    pub method: Method,
    pub path: Endpoint,
    pub body: Option<Value>,
    pub files: Vec<CardFile>,
    /// For the guild's audit log.
    pub reason: Option<String>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Call({})", self.path.route(self.method))
    }
}

impl Call {
    pub fn new(method: Method, path: Endpoint) -> Self {
        Self {
            method,
            path,
            body: None,
            files: Vec::new(),
            reason: None,
        }
    }

    pub fn body(self, body: Value) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    pub fn files(self, files: &[CardFile]) -> Self {
        Self {
            files: files.iter().take(limits::FILES).cloned().collect(),
            ..self
        }
    }

    pub fn reason(self, reason: &str) -> Self {
        Self {
            reason: Some(reason.to_owned()),
            ..self
        }
    }

    /// The gateway's address: `url` in the answer.
    pub fn gateway_url() -> Self {
        Self::new(Method::Get, Endpoint::Gateway)
    }

    pub fn current_user() -> Self {
        Self::new(Method::Get, Endpoint::CurrentUser)
    }

    /// The same nonce again within minutes answers with the first message instead of a second.
    pub fn create_message(channel: &str, card: &Card, nonce: Option<&str>) -> Self {
        Self::new(
            Method::Post,
            Endpoint::Messages {
                channel: channel.into(),
            },
        )
        .body(message_json(card, nonce))
        .files(&card.files)
    }

    pub fn edit_message(channel: &str, message: &str, card: &Card, key: Option<&str>) -> Self {
        Self::new(
            Method::Patch,
            Endpoint::Message {
                channel: channel.into(),
                message: message.into(),
            },
        )
        .body(edit_json(card, key))
        .files(&card.files)
    }

    pub fn delete_message(channel: &str, message: &str) -> Self {
        Self::new(
            Method::Delete,
            Endpoint::Message {
                channel: channel.into(),
                message: message.into(),
            },
        )
    }

    /// One page of at most `limits::HISTORY_PAGE` messages that follow the id `after`.
    pub fn list_messages(channel: &str, after: &str) -> Self {
        let (channel, after) = (channel.into(), after.into());
        Self::new(Method::Get, Endpoint::History { channel, after })
    }

    pub fn get_message(channel: &str, message: &str) -> Self {
        Self::new(
            Method::Get,
            Endpoint::Message {
                channel: channel.into(),
                message: message.into(),
            },
        )
    }

    /// A private thread (type 12) to which only those with the right to manage threads may add.
    pub fn create_private_thread(channel: &str, name: &str) -> Self {
        let name = plain(name);
        let name = if name.trim().is_empty() {
            "…"
        } else {
            name.trim()
        };
        // Archived after a week without a message; archived threads stay readable.
        Self::new(
            Method::Post,
            Endpoint::Threads {
                channel: channel.into(),
            },
        )
        .body(json!({
            "name": clamp(name, limits::THREAD_NAME), "type": 12, "invitable": false,
            "auto_archive_duration": 10_080,
        }))
    }

    pub fn add_thread_member(thread: &str, user: &str) -> Self {
        Self::new(
            Method::Put,
            Endpoint::ThreadMember {
                thread: thread.into(),
                user: user.into(),
            },
        )
    }

    pub fn remove_thread_member(thread: &str, user: &str) -> Self {
        Self::new(
            Method::Delete,
            Endpoint::ThreadMember {
                thread: thread.into(),
                user: user.into(),
            },
        )
    }

    pub fn list_thread_members(thread: &str) -> Self {
        Self::new(
            Method::Get,
            Endpoint::ThreadMembers {
                thread: thread.into(),
            },
        )
    }

    pub fn get_channel(channel: &str) -> Self {
        Self::new(
            Method::Get,
            Endpoint::Channel {
                channel: channel.into(),
            },
        )
    }

    /// Changes a channel or thread, such as `{"archived": true, "locked": true}`.
    pub fn patch_channel(channel: &str, changes: Value) -> Self {
        Self::new(
            Method::Patch,
            Endpoint::Channel {
                channel: channel.into(),
            },
        )
        .body(changes)
    }

    pub fn get_guild(guild: &str) -> Self {
        Self::new(
            Method::Get,
            Endpoint::Guild {
                guild: guild.into(),
            },
        )
    }

    pub fn get_guild_channels(guild: &str) -> Self {
        Self::new(
            Method::Get,
            Endpoint::GuildChannels {
                guild: guild.into(),
            },
        )
    }

    pub fn get_guild_roles(guild: &str) -> Self {
        Self::new(
            Method::Get,
            Endpoint::GuildRoles {
                guild: guild.into(),
            },
        )
    }

    pub fn role_member_counts(guild: &str) -> Self {
        Self::new(
            Method::Get,
            Endpoint::RoleMemberCounts {
                guild: guild.into(),
            },
        )
    }

    /// Finds a thread whose creation got no answer, before it is created a second time.
    pub fn list_active_threads(guild: &str) -> Self {
        Self::new(
            Method::Get,
            Endpoint::ActiveThreads {
                guild: guild.into(),
            },
        )
    }

    pub fn get_member(guild: &str, user: &str) -> Self {
        Self::new(
            Method::Get,
            Endpoint::Member {
                guild: guild.into(),
                user: user.into(),
            },
        )
    }

    /// One page of at most `limits::MEMBER_PAGE` members, by id, behind `after`.
    pub fn list_members(guild: &str, after: Option<&str>) -> Self {
        let after = after.unwrap_or("0").to_owned();
        Self::new(
            Method::Get,
            Endpoint::Members {
                guild: guild.into(),
                after,
            },
        )
    }

    pub fn get_guild_commands(application: &str, guild: &str) -> Self {
        let (application, guild) = (application.into(), guild.into());
        Self::new(Method::Get, Endpoint::GuildCommands { application, guild })
    }

    /// Replaces all commands of the guild. Compare before: creations are limited per day.
    pub fn put_guild_commands(application: &str, guild: &str, commands: Value) -> Self {
        let (application, guild) = (application.into(), guild.into());
        Self::new(Method::Put, Endpoint::GuildCommands { application, guild }).body(commands)
    }

    /// The first answer to an interaction, within three seconds. `response` is one of `message`'s
    /// or `modal`'s; pass the card's files along where it has some.
    pub fn callback(interaction: &str, token: &str, response: Value) -> Self {
        let (interaction, token) = (interaction.into(), token.into());
        Self::new(
            Method::Post,
            Endpoint::InteractionCallback { interaction, token },
        )
        .body(response)
    }

    /// Changes the first answer; it also fills a deferred one.
    pub fn edit_original(application: &str, token: &str, card: &Card) -> Self {
        let (application, token) = (application.into(), token.into());
        Self::new(
            Method::Patch,
            Endpoint::OriginalResponse { application, token },
        )
        .body(edit_json(card, None))
        .files(&card.files)
    }

    pub fn delete_original(application: &str, token: &str) -> Self {
        let (application, token) = (application.into(), token.into());
        Self::new(
            Method::Delete,
            Endpoint::OriginalResponse { application, token },
        )
    }

    pub fn followup(application: &str, token: &str, card: &Card, ephemeral: bool) -> Self {
        let (application, token) = (application.into(), token.into());
        Self::new(Method::Post, Endpoint::Followups { application, token })
            .body(followup_json(card, ephemeral))
            .files(&card.files)
    }
}
