//! Discord's JSON objects, made from the world's rows. Reads only.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::{
    json::Look,
    world::{
        World,
        model::{
            Answers, Attachment, Channel, Command, Interaction, Member, Message, Role, Target,
        },
        snowflake::Id,
    },
};

/// The part of a world's address that links to stored files carry, before the attachment's id.
pub const FILES: &str = "/attachments";

pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, false)
}

pub fn user(world: &World, id: Id) -> Value {
    let row = world.users.get(&id);
    let name = row.map_or("deleted-user", |user| user.username.as_str());
    json!({
        "id": id, "username": name, "discriminator": "0", "global_name": null, "avatar": null,
        "bot": row.is_some_and(|user| user.bot), "system": false, "banner": null,
        "accent_color": null, "avatar_decoration_data": null, "collectibles": null,
        "primary_guild": null, "public_flags": 0, "flags": 0,
    })
}

/// The bot as it reads itself.
pub fn own_user(world: &World) -> Value {
    user(world, world.bot())
        .with("verified", true)
        .with("mfa_enabled", false)
        .with("locale", "en-US")
}

/// A member without its user, as messages carry it.
pub fn partial_member(row: &Member) -> Value {
    json!({
        "roles": row.roles, "nick": row.nick, "avatar": null, "banner": null,
        "joined_at": instant(row.joined_at), "premium_since": null, "deaf": false, "mute": false,
        "pending": false, "flags": 0, "avatar_decoration_data": null, "collectibles": null,
        "communication_disabled_until": row.timeout_until.map(instant),
    })
}

pub fn member(world: &World, row: &Member) -> Value {
    partial_member(row).with("user", user(world, row.user_id))
}

pub fn role(row: &Role) -> Value {
    let mut value = json!({
        "id": row.id, "name": row.name,
        "permissions": row.permissions.to_string(), "position": row.position, "color": row.color,
        "colors": { "primary_color": row.color, "secondary_color": null, "tertiary_color": null },
        "hoist": row.hoist, "managed": row.managed, "mentionable": row.mentionable,
        "icon": null, "unicode_emoji": null, "flags": 0,
    });
    if let Some(bot) = row.bot_id {
        value.set("tags", json!({ "bot_id": bot }));
    }
    value
}

pub fn channel(world: &World, row: &Channel) -> Value {
    let overwrites = row.overwrites.iter().map(|one| {
        let kind = i32::from(one.target == Target::Member);
        json!({ "id": one.id, "type": kind, "allow": one.allow.to_string(), "deny": one.deny.to_string() })
    });
    let value = json!({
        "id": row.id, "type": row.kind, "guild_id": world.guild().id, "name": row.name,
        "parent_id": row.parent_id, "last_message_id": row.last_message_id, "flags": 0,
        "rate_limit_per_user": row.slowmode_s,
    });
    let Some(thread) = &row.thread else {
        return value
            .with("topic", row.topic.clone())
            .with("position", row.position)
            .with("nsfw", row.nsfw)
            .with("permission_overwrites", overwrites.collect::<Vec<_>>());
    };
    let mut metadata = json!({
        "archived": thread.archived, "auto_archive_duration": thread.archive_minutes,
        "archive_timestamp": instant(thread.archived_at), "locked": thread.locked,
        "create_timestamp": instant(thread.created_at),
    });
    if row.kind == super::world::model::PRIVATE_THREAD {
        metadata.set("invitable", thread.invitable);
    }
    value
        .with("owner_id", thread.owner_id)
        .with("thread_metadata", metadata)
        .with("member_count", thread.members.len().min(50))
        .with("message_count", thread.message_count)
        .with("total_message_sent", thread.message_count)
}

/// A channel as an interaction carries it, with what the member may there.
pub fn channel_for(world: &World, row: &Channel, member: Id) -> Value {
    let permissions = world.channel_permissions(member, row).to_string();
    channel(world, row).with("permissions", permissions)
}

pub fn thread_member(world: &World, channel: &Channel, user: Id) -> Option<Value> {
    let thread = channel.thread.as_ref()?;
    let row = thread.members.iter().find(|one| one.user_id == user)?;
    let value = json!({
        "id": channel.id, "user_id": user, "join_timestamp": instant(row.joined_at), "flags": 0,
    });
    let member = world.members.get(&user)?;
    Some(value.with("member", self::member(world, member)))
}

pub fn attachment(base: &str, channel: Id, row: &Attachment) -> Value {
    let url = format!("{base}{FILES}/{channel}/{}/{}", row.id, row.filename);
    let mut value = json!({
        "id": row.id, "filename": row.filename, "size": row.size, "url": url, "proxy_url": url,
        "content_type": row.content_type,
    });
    if let Some(description) = &row.description {
        value.set("description", description.clone());
    }
    if row.ephemeral {
        value.set("ephemeral", true);
    }
    value
}

pub fn message(world: &World, base: &str, row: &Message) -> Value {
    let files = row
        .attachments
        .iter()
        .map(|one| attachment(base, row.channel_id, one));
    let mentions: Vec<Value> = row
        .mentions
        .users
        .iter()
        .map(|id| user(world, *id))
        .collect();
    let mut value = json!({
        "id": row.id, "type": row.kind, "channel_id": row.channel_id,
        "author": user(world, row.author), "content": row.content,
        "timestamp": instant(row.timestamp), "edited_timestamp": row.edited_at.map(instant),
        "tts": row.tts, "pinned": row.pinned_at.is_some(), "flags": row.flags, "embeds": row.embeds,
        "components": row.components, "attachments": files.collect::<Vec<_>>(),
        "mentions": mentions, "mention_roles": row.mentions.roles,
        "mention_everyone": row.mentions.everyone,
    });
    if let Some(nonce) = &row.nonce {
        value.set("nonce", nonce.clone());
    }
    if let Some(reply) = row.reply_to {
        let guild = world.guild().id;
        value.set(
            "message_reference",
            json!({ "type": 0, "message_id": reply, "channel_id": row.channel_id, "guild_id": guild }),
        );
    }
    if let Some(answers) = &row.interaction {
        let by = user(world, answers.user_id);
        value.set("application_id", world.guild().application_id);
        value.set("webhook_id", world.guild().application_id);
        value.set("interaction_metadata", self::answers(world, answers));
        if let Some(name) = &answers.command {
            let old = json!({ "id": answers.id, "type": answers.kind, "name": name, "user": by });
            value.set("interaction", old);
        }
    }
    if let Some(thread) = row.thread_id.and_then(|id| world.channels.get(&id)) {
        value.set("thread", channel(world, thread));
    }
    value
}

/// What a message tells of the interaction that it answers; a form's also tells what opened it.
fn answers(world: &World, row: &Answers) -> Value {
    let mut value = json!({
        "id": row.id, "type": row.kind, "user": user(world, row.user_id),
        "authorizing_integration_owners": { "0": world.guild().id },
    });
    if let Some(message) = row.message {
        value.set("interacted_message_id", message);
    }
    if let Some(trigger) = &row.trigger {
        value.set("triggering_interaction_metadata", answers(world, trigger));
    }
    value
}

pub fn command(world: &World, row: &Command) -> Value {
    let mut value = row.body.clone();
    value.set("id", row.id);
    value.set("application_id", world.guild().application_id);
    value.set("version", row.version);
    if row.in_guild {
        value.set("guild_id", world.guild().id);
    }
    value
}

/// The guild as REST gives it.
pub fn guild(world: &World) -> Value {
    let row = world.guild();
    let mut value = json!({
        "id": row.id, "name": row.name, "owner_id": row.owner_id, "region": "deprecated",
        "afk_timeout": 300, "features": [], "emojis": [], "stickers": [], "widget_enabled": false,
        "verification_level": 0, "default_message_notifications": 1, "explicit_content_filter": 0,
        "mfa_level": 0, "system_channel_flags": 0, "max_members": 500_000,
        "max_stage_video_channel_users": 50, "max_video_channel_users": 25, "premium_tier": 0,
        "premium_subscription_count": 0, "premium_progress_bar_enabled": false,
        "preferred_locale": "en-US", "nsfw": false, "nsfw_level": 0,
        "roles": world.roles.values().map(role).collect::<Vec<_>>(),
    });
    for unset in UNSET {
        value.set(unset, Value::Null);
    }
    value
}

/// What a guild may have and this one has not.
const UNSET: [&str; 16] = [
    "icon",
    "splash",
    "discovery_splash",
    "home_header",
    "banner",
    "description",
    "widget_channel_id",
    "afk_channel_id",
    "application_id",
    "system_channel_id",
    "rules_channel_id",
    "public_updates_channel_id",
    "safety_alerts_channel_id",
    "max_presences",
    "vanity_url_code",
    "incidents_data",
];

/// What GUILD_CREATE has beyond REST's guild.
pub fn guild_create(world: &World, with_members: bool) -> Value {
    let bot = world.bot();
    let seen = |row: &&Channel| world.can_see(bot, row);
    let threads = world
        .channels
        .values()
        .filter(|row| row.thread.is_some())
        .filter(seen);
    let threads = threads.filter(|row| row.thread.as_ref().is_some_and(|one| !one.archived));
    let channels = world.channels.values().filter(|row| row.thread.is_none());
    let members = world
        .members
        .values()
        .filter(|row| with_members || row.user_id == bot);
    guild(world)
        .with(
            "joined_at",
            world.members.get(&bot).map(|row| instant(row.joined_at)),
        )
        .with("large", false)
        .with("unavailable", false)
        .with("member_count", world.members.len())
        .with("voice_states", json!([]))
        .with(
            "members",
            members.map(|row| member(world, row)).collect::<Vec<_>>(),
        )
        .with(
            "channels",
            channels.map(|row| channel(world, row)).collect::<Vec<_>>(),
        )
        .with(
            "threads",
            threads.map(|row| channel(world, row)).collect::<Vec<_>>(),
        )
        .with("presences", json!([]))
        .with("stage_instances", json!([]))
        .with("guild_scheduled_events", json!([]))
        .with("soundboard_sounds", json!([]))
}

pub fn application(world: &World) -> Value {
    let row = world.guild();
    // GATEWAY_GUILD_MEMBERS_LIMITED, GATEWAY_MESSAGE_CONTENT_LIMITED: the switches of a private bot.
    let flags =
        (((row.privileged_intents >> 1) & 1) << 15) | (((row.privileged_intents >> 15) & 1) << 19);
    json!({
        "id": row.application_id, "name": row.application_name, "icon": null, "description": "",
        "type": null, "bot_public": false, "bot_require_code_grant": false,
        "verify_key": "0".repeat(64), "flags": flags, "flags_new": flags.to_string(), "bot": user(world, row.bot_id),
        "owner": user(world, row.owner_id), "team": null, "redirect_uris": [],
        "interactions_endpoint_url": null, "role_connections_verification_url": null,
        "integration_types_config": { "0": {} }, "approximate_guild_count": 1,
        "approximate_user_install_count": 0, "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0, "eligible_oauth2_scopes": [],
    })
}

/// The answer to a callback that asked for the resource.
pub fn callback(row: &Interaction, kind: i64, message: Option<Value>) -> Value {
    let loading = message
        .as_ref()
        .and_then(|one| one.int("flags"))
        .unwrap_or(0)
        & (1 << 7)
        != 0;
    let mut interaction = json!({ "id": row.id, "type": row.kind });
    let mut resource = None;
    if let Some(message) = message {
        interaction.set("response_message_id", message.at("id").clone());
        interaction.set("response_message_loading", loading);
        let ephemeral = message.int("flags").unwrap_or(0) & (1 << 6) != 0;
        interaction.set("response_message_ephemeral", ephemeral);
        if kind == 4 || kind == 7 {
            resource = Some(json!({ "type": kind, "message": message }));
        }
    }
    let answer = json!({ "interaction": interaction });
    match resource {
        Some(resource) => answer.with("resource", resource),
        None => answer,
    }
}
