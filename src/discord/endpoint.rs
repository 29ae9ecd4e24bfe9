//! The paths of Discord's REST API that Baton calls, typed: each knows its segments, its rate-limit
//! lane and whether it is an interaction's. Ids are put in as path segments, never pasted into text.

use super::limits;
use crate::outbound::pace::Lane;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// One path. `Debug` shows no interaction token.
#[derive(Clone, PartialEq, Eq)]
pub enum Endpoint {
    Gateway,
    CurrentUser,
    Channel {
        channel: String,
    },
    Messages {
        channel: String,
    },
    /// One page of a channel's messages, those that follow `after`.
    History {
        channel: String,
        after: String,
    },
    Message {
        channel: String,
        message: String,
    },
    Threads {
        channel: String,
    },
    ThreadMembers {
        thread: String,
    },
    ThreadMember {
        thread: String,
        user: String,
    },
    Guild {
        guild: String,
    },
    GuildChannels {
        guild: String,
    },
    GuildRoles {
        guild: String,
    },
    RoleMemberCounts {
        guild: String,
    },
    ActiveThreads {
        guild: String,
    },
    Member {
        guild: String,
        user: String,
    },
    /// One page of members; `after` is the last id of the page before, "0" for the first.
    Members {
        guild: String,
        after: String,
    },
    GuildCommands {
        application: String,
        guild: String,
    },
    InteractionCallback {
        interaction: String,
        token: String,
    },
    OriginalResponse {
        application: String,
        token: String,
    },
    Followups {
        application: String,
        token: String,
    },
    Followup {
        application: String,
        token: String,
        message: String,
    },
}

impl Endpoint {
    /// The segments behind `/api/v10`.
    pub fn segments(&self) -> Vec<&str> {
        match self {
            Self::Gateway => vec!["gateway"],
            Self::CurrentUser => vec!["users", "@me"],
            Self::Channel { channel } => vec!["channels", channel],
            Self::Messages { channel } | Self::History { channel, .. } => {
                vec!["channels", channel, "messages"]
            }
            Self::Message { channel, message } => vec!["channels", channel, "messages", message],
            Self::Threads { channel } => vec!["channels", channel, "threads"],
            Self::ThreadMembers { thread } => vec!["channels", thread, "thread-members"],
            Self::ThreadMember { thread, user } => {
                vec!["channels", thread, "thread-members", user]
            }
            Self::Guild { guild } => vec!["guilds", guild],
            Self::GuildChannels { guild } => vec!["guilds", guild, "channels"],
            Self::GuildRoles { guild } => vec!["guilds", guild, "roles"],
            Self::RoleMemberCounts { guild } => vec!["guilds", guild, "roles", "member-counts"],
            Self::ActiveThreads { guild } => vec!["guilds", guild, "threads", "active"],
            Self::Member { guild, user } => vec!["guilds", guild, "members", user],
            Self::Members { guild, .. } => vec!["guilds", guild, "members"],
            Self::GuildCommands { application, guild } => {
                vec!["applications", application, "guilds", guild, "commands"]
            }
            Self::InteractionCallback { interaction, token } => {
                vec!["interactions", interaction, token, "callback"]
            }
            Self::OriginalResponse { application, token } => {
                vec!["webhooks", application, token, "messages", "@original"]
            }
            Self::Followups { application, token } => vec!["webhooks", application, token],
            Self::Followup {
                application,
                token,
                message,
            } => {
                vec!["webhooks", application, token, "messages", message]
            }
        }
    }

    /// The query, where the path has one.
    pub fn query(&self) -> Vec<(&'static str, String)> {
        let page = |most: usize, after: &str| {
            vec![("limit", most.to_string()), ("after", after.to_owned())]
        };
        if let Self::Members { after, .. } = self {
            page(limits::MEMBER_PAGE, after)
        } else if let Self::History { after, .. } = self {
            page(limits::HISTORY_PAGE, after)
        } else {
            Vec::new()
        }
    }

    /// Answers to an interaction: exempt from the global limit, and void with their token.
    pub const fn is_interaction(&self) -> bool {
        matches!(
            self,
            Self::InteractionCallback { .. }
                | Self::OriginalResponse { .. }
                | Self::Followups { .. }
                | Self::Followup { .. }
        )
    }

    /// Where the request queues. Discord counts a route per method and per channel, guild or
    /// webhook; all other ids in a path do not matter.
    pub fn lane(&self, method: Method) -> Lane {
        Lane {
            route: self.route(method),
            major: self.major(),
            exempt_from_global: self.is_interaction(),
        }
    }

    /// The route without ids, for logs and lanes.
    pub const fn route(&self, method: Method) -> &'static str {
        macro_rules! with_method {
            ($path:literal) => {
                match method {
                    Method::Get => concat!("GET ", $path),
                    Method::Post => concat!("POST ", $path),
                    Method::Put => concat!("PUT ", $path),
                    Method::Patch => concat!("PATCH ", $path),
                    Method::Delete => concat!("DELETE ", $path),
                }
            };
        }
        match self {
            Self::Gateway => with_method!("/gateway"),
            Self::CurrentUser => with_method!("/users/@me"),
            Self::Channel { .. } => with_method!("/channels/{id}"),
            Self::Messages { .. } | Self::History { .. } => with_method!("/channels/{id}/messages"),
            Self::Message { .. } => with_method!("/channels/{id}/messages/{id}"),
            Self::Threads { .. } => with_method!("/channels/{id}/threads"),
            Self::ThreadMembers { .. } => with_method!("/channels/{id}/thread-members"),
            Self::ThreadMember { .. } => with_method!("/channels/{id}/thread-members/{id}"),
            Self::Guild { .. } => with_method!("/guilds/{id}"),
            Self::GuildChannels { .. } => with_method!("/guilds/{id}/channels"),
            Self::GuildRoles { .. } => with_method!("/guilds/{id}/roles"),
            Self::RoleMemberCounts { .. } => with_method!("/guilds/{id}/roles/member-counts"),
            Self::ActiveThreads { .. } => with_method!("/guilds/{id}/threads/active"),
            Self::Member { .. } => with_method!("/guilds/{id}/members/{id}"),
            Self::Members { .. } => with_method!("/guilds/{id}/members"),
            Self::GuildCommands { .. } => with_method!("/applications/{id}/guilds/{id}/commands"),
            Self::InteractionCallback { .. } => with_method!("/interactions/{id}/…/callback"),
            Self::OriginalResponse { .. } => with_method!("/webhooks/{id}/…/messages/@original"),
            Self::Followups { .. } => with_method!("/webhooks/{id}/…"),
            Self::Followup { .. } => with_method!("/webhooks/{id}/…/messages/{id}"),
        }
    }

    fn major(&self) -> String {
        match self {
            Self::Gateway | Self::CurrentUser => String::new(),
            Self::Channel { channel }
            | Self::Messages { channel }
            | Self::History { channel, .. }
            | Self::Message { channel, .. }
            | Self::Threads { channel } => channel.clone(),
            Self::ThreadMembers { thread } | Self::ThreadMember { thread, .. } => thread.clone(),
            Self::Guild { guild }
            | Self::GuildChannels { guild }
            | Self::GuildRoles { guild }
            | Self::RoleMemberCounts { guild }
            | Self::ActiveThreads { guild }
            | Self::Member { guild, .. }
            | Self::Members { guild, .. }
            | Self::GuildCommands { guild, .. } => guild.clone(),
            Self::InteractionCallback { token, .. }
            | Self::OriginalResponse { token, .. }
            | Self::Followups { token, .. }
            | Self::Followup { token, .. } => token.clone(),
        }
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let route = self.route(Method::Get);
        f.write_str(route.strip_prefix("GET ").unwrap_or(route))
    }
}
