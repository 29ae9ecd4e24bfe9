//! What a member sees: messages and the open modal, and the guild for whoever leads.

use std::ops::Bound;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Done, Wrong, channel_for, member};
use crate::sandbox::{
    json::Look,
    permissions::READ_MESSAGE_HISTORY,
    server::{App, Inner},
    wire,
    world::{
        model::{Channel, Message, Modal},
        snowflake::Id,
    },
};

pub fn message(inner: &Inner, row: &Message) -> Value {
    let author = inner.world.users.get(&row.author);
    let files = row
        .attachments
        .iter()
        .map(|one| wire::attachment(&inner.base, row.channel_id, one));
    let mut value = json!({
        "id": row.id, "channel_id": row.channel_id, "type": row.kind,
        "author": {
            "id": row.author, "username": author.map(|user| user.username.as_str()),
            "bot": author.is_some_and(|user| user.bot),
        },
        "content": row.content, "embeds": row.embeds, "components": row.components,
        "attachments": files.collect::<Vec<_>>(), "flags": row.flags,
        "ephemeral": row.only_for.is_some(), "timestamp": wire::instant(row.timestamp),
        "edited_timestamp": row.edited_at.map(wire::instant),
        "pinged": {
            "users": row.pinged.users, "roles": row.pinged.roles, "everyone": row.pinged.everyone,
        },
    });
    if let Some(nonce) = &row.nonce {
        value.set("nonce", nonce.clone());
    }
    if let Some(reply) = row.reply_to {
        value.set("reply_to", reply);
    }
    if let Some(answers) = &row.interaction {
        let answers =
            json!({ "user": answers.user_id, "kind": answers.kind, "command": answers.command });
        value.set("answers", answers);
    }
    if let Some(thread) = row.thread_id.and_then(|id| inner.world.channels.get(&id)) {
        value.set("thread", json!({ "id": thread.id, "name": thread.name }));
    }
    value
}

pub fn modal(row: &Modal) -> Value {
    json!({
        "id": row.id, "custom_id": row.custom_id, "title": row.title,
        "components": row.components, "channel_id": row.channel_id,
    })
}

/// Whether a member sees this message of a channel that they see.
pub fn sees(inner: &Inner, user: Id, channel: &Channel, row: &Message) -> bool {
    row.only_for.map_or_else(
        || inner.world.can(user, channel, READ_MESSAGE_HISTORY),
        |reader| reader == user,
    )
}

#[derive(Debug, Deserialize)]
pub struct Where {
    channel: String,
    /// Only messages before this one.
    before: Option<Id>,
    /// Only messages after this one.
    after: Option<Id>,
    /// So many: the oldest with `after`, else the newest.
    limit: Option<usize>,
}

/// The messages that a member sees in a channel, oldest first.
fn seen<'a>(inner: &'a Inner, user: Id, channel: &Channel, at: &Where) -> Vec<&'a Message> {
    let history = inner.world.can(user, channel, READ_MESSAGE_HISTORY);
    let low = at.after.map_or(Bound::Unbounded, Bound::Excluded);
    let high = at.before.map_or(Bound::Unbounded, Bound::Excluded);
    let empty = at
        .after
        .zip(at.before)
        .is_some_and(|(after, before)| after >= before);
    let all = inner.world.messages.get(&channel.id).filter(|_| !empty);
    let all = all.into_iter().flat_map(|of| of.range((low, high)));
    let visible = all
        .map(|(_, row)| row)
        .filter(|row| row.only_for.map_or(history, |reader| reader == user));
    let limit = at.limit.unwrap_or(usize::MAX);
    if at.after.is_some() {
        return visible.take(limit).collect();
    }
    let mut newest: Vec<&Message> = visible.rev().take(limit).collect();
    newest.reverse();
    newest
}

pub async fn view(
    State(app): State<App>,
    Path(user): Path<String>,
    Query(at): Query<Where>,
) -> Done {
    app.within(|inner| {
        let user = member(inner, &user)?.user_id;
        let channel = channel_for(inner, user, &at.channel)?;
        let messages: Vec<Value> = seen(inner, user, &channel, &at)
            .into_iter()
            .map(|row| message(inner, row))
            .collect();
        let open = inner.world.modals.values().rfind(|row| row.user_id == user);
        Ok(Json(
            json!({ "messages": messages, "modal": open.map(modal) }),
        ))
    })
}

/// The guild as one member finds it: the channels that they see, with what they may there.
pub async fn guild_of(State(app): State<App>, Path(user): Path<String>) -> Done {
    app.within(|inner| {
        let own = member(inner, &user)?;
        let world = &inner.world;
        let visible = world
            .channels
            .values()
            .filter(|row| world.can_see(own.user_id, row));
        let channels = visible.map(|row| {
            let inside = row.thread.iter().flat_map(|thread| &thread.members);
            let inside: Vec<Value> = inside.map(|one| one.user_id.into()).collect();
            wire::channel_for(world, row, own.user_id)
                .with("writable", world.can_write(own.user_id, row))
                .with("members", inside)
        });
        let members = world.members.values().map(|row| {
            let user = world.users.get(&row.user_id);
            json!({
                "id": row.user_id, "username": user.map(|user| user.username.as_str()),
                "bot": user.is_some_and(|user| user.bot), "roles": row.roles,
            })
        });
        let guild = world.guild();
        Ok(Json(json!({
            "guild": { "id": guild.id, "name": guild.name },
            "me": own.user_id, "now": wire::instant(world.now()),
            "channels": channels.collect::<Vec<_>>(),
            "roles": world.roles.values().map(wire::role).collect::<Vec<_>>(),
            "members": members.collect::<Vec<_>>(),
            "commands": world.commands.values().map(|row| wire::command(world, row)).collect::<Vec<_>>(),
        })))
    })
}

pub async fn guild(State(app): State<App>) -> Result<Json<Value>, Wrong> {
    app.within(|inner| {
        let world = &inner.world;
        let members = world.members.values().map(|row| {
            let user = world.users.get(&row.user_id);
            json!({
                "user": {
                    "id": row.user_id, "username": user.map(|user| user.username.as_str()),
                    "bot": user.is_some_and(|user| user.bot),
                },
                "roles": row.roles,
            })
        });
        let channels = world.channels.values().map(|row| {
            let mut value = wire::channel(world, row);
            if let Some(thread) = &row.thread {
                let ids: Vec<Value> = thread.members.iter().map(|one| one.user_id.into()).collect();
                value.set("members", ids);
            }
            value
        });
        let guild = world.guild();
        Ok(Json(json!({
            "guild": { "id": guild.id, "name": guild.name, "owner_id": guild.owner_id,
                "application_id": guild.application_id, "bot_id": guild.bot_id },
            "channels": channels.collect::<Vec<_>>(),
            "roles": world.roles.values().map(wire::role).collect::<Vec<_>>(),
            "members": members.collect::<Vec<_>>(),
            "commands": world.commands.values().map(|row| wire::command(world, row)).collect::<Vec<_>>(),
        })))
    })
}
