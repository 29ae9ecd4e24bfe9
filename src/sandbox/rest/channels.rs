//! Channels and their permission overwrites. A thread's own settings are in `threads`.

use axum::extract::{Path, State};
use serde_json::Value;

use super::{created, empty, ok, threads, within};
use crate::sandbox::{
    body::Payload,
    error::{Answer, Faults, Refused},
    json::{Look, bits, length},
    permissions::{ADMINISTRATOR, MANAGE_CHANNELS, MANAGE_ROLES},
    server::{App, Inner},
    wire,
    world::{
        journal::Change,
        model::{CATEGORY, Channel, NEWS_CHANNEL, Overwrite, TEXT_CHANNEL, Target},
        snowflake::{Id, id_of},
    },
};

pub async fn list(State(app): State<App>, Path(id): Path<Id>) -> Answer {
    within(&app, |inner| {
        inner.check_guild(id)?;
        let rows = inner
            .world
            .channels
            .values()
            .filter(|row| row.thread.is_none());
        ok(rows.map(|row| wire::channel(&inner.world, row)).collect())
    })
}

pub async fn show(State(app): State<App>, Path(id): Path<Id>) -> Answer {
    within(&app, |inner| {
        ok(wire::channel(&inner.world, &inner.open_channel(id)?))
    })
}

pub async fn create(State(app): State<App>, Path(id): Path<Id>, payload: Payload) -> Answer {
    within(&app, |inner| {
        inner.check_guild(id)?;
        inner.need(MANAGE_CHANNELS)?;
        let kind = payload.json.int("type").unwrap_or(0);
        let kind = u8::try_from(kind)
            .ok()
            .filter(|kind| [TEXT_CHANNEL, CATEGORY, NEWS_CHANNEL].contains(kind));
        let kind = kind.ok_or_else(|| {
            Refused::field(
                "type",
                "BASE_TYPE_CHOICES",
                "Value must be one of {0, 4, 5}.",
            )
        })?;
        let mut channel = Channel {
            id: inner.world.new_id(),
            kind,
            name: String::new(),
            topic: None,
            parent_id: None,
            position: i64::try_from(inner.world.channels.len()).unwrap_or(0),
            nsfw: false,
            slowmode_s: 0,
            overwrites: Vec::new(),
            last_message_id: None,
            thread: None,
        };
        if payload.json.text("name").is_none() {
            return Err(Refused::field(
                "name",
                "BASE_TYPE_REQUIRED",
                "This field is required",
            ));
        }
        let own = inner.world.guild_permissions(inner.world.bot());
        apply(inner, &mut channel, &payload.json, own)?;
        inner.world.put_channel(channel.clone());
        inner.emit_channel("CREATE", &channel);
        created(wire::channel(&inner.world, &channel))
    })
}

/// Takes over what the body gives. `own`: what the bot may hand out in overwrites.
fn apply(inner: &Inner, channel: &mut Channel, body: &Value, own: u64) -> Result<(), Refused> {
    let mut faults = Faults::default();
    if let Some(name) = body.text("name") {
        faults.length("name", length(name), 1, 100);
        channel.name = if channel.kind == CATEGORY {
            name.to_owned()
        } else {
            slug(name)
        };
    }
    if let Some(topic) = body.get("topic") {
        faults.length("topic", topic.as_str().map_or(0, length), 0, 1_024);
        channel.topic = topic.as_str().map(ToOwned::to_owned);
    }
    if let Some(seconds) = body.int("rate_limit_per_user") {
        if !(0..=21_600).contains(&seconds) {
            faults.add(
                "rate_limit_per_user",
                "NUMBER_TYPE_MAX",
                "Must be between 0 and 21600.",
            );
        }
        channel.slowmode_s = seconds;
    }
    if let Some(parent) = body.get("parent_id") {
        channel.parent_id = id_of(parent);
        let known = channel.parent_id.is_none_or(|id| {
            inner
                .world
                .channels
                .get(&id)
                .is_some_and(|one| one.kind == CATEGORY)
        });
        if !known {
            faults.add(
                "parent_id",
                "CHANNEL_PARENT_INVALID",
                "Category does not exist",
            );
        }
    }
    faults.done()?;
    channel.position = body.int("position").unwrap_or(channel.position);
    channel.nsfw = body.at("nsfw").as_bool().unwrap_or(channel.nsfw);
    if body.get("permission_overwrites").is_some() {
        let list = body.list("permission_overwrites");
        let read: Result<Vec<_>, _> = list
            .iter()
            .map(|one| overwrite(inner, id_of(one.at("id")), one))
            .collect();
        let read = read?;
        for one in &read {
            let before = channel.overwrites.iter().find(|old| old.id == one.id);
            may_set(before, Some(one), own)?;
        }
        for old in &channel.overwrites {
            if !read.iter().any(|one| one.id == old.id) {
                may_set(Some(old), None, own)?;
            }
        }
        channel.overwrites = read;
    }
    Ok(())
}

/// Text channels have lower-case names without spaces.
fn slug(name: &str) -> String {
    name.trim()
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join("-")
}

pub fn overwrite(inner: &Inner, id: Option<Id>, body: &Value) -> Result<Overwrite, Refused> {
    let id =
        id.ok_or_else(|| Refused::field("id", "BASE_TYPE_REQUIRED", "This field is required"))?;
    let target = match body.at("type").as_i64().or_else(|| body.int("type")) {
        Some(0) => Target::Role,
        Some(1) => Target::Member,
        _ => {
            return Err(Refused::field(
                "type",
                "BASE_TYPE_CHOICES",
                "Value must be one of {0, 1}.",
            ));
        }
    };
    if target == Target::Role && !inner.world.roles.contains_key(&id) {
        return Err(Refused::bad(10_011, "Unknown Role"));
    }
    let side = |key: &str| {
        let value = body.at(key);
        if value.is_null() {
            Some(0)
        } else {
            bits(value)
        }
    };
    let wrong = |key: &str| Refused::field(key, "NUMBER_TYPE_COERCE", "Not a permission set.");
    let allow = side("allow").ok_or_else(|| wrong("allow"))?;
    let deny = side("deny").ok_or_else(|| wrong("deny"))?;
    Ok(Overwrite {
        id,
        target,
        allow,
        deny: deny & !allow,
    })
}

/// A bot may only change bits that it has itself.
fn may_set(before: Option<&Overwrite>, after: Option<&Overwrite>, own: u64) -> Result<(), Refused> {
    let bits = |one: Option<&Overwrite>| one.map_or((0, 0), |one| (one.allow, one.deny));
    let ((allow_a, deny_a), (allow_b, deny_b)) = (bits(before), bits(after));
    let changed = (allow_a ^ allow_b) | (deny_a ^ deny_b);
    if own & ADMINISTRATOR != 0 || changed & !own == 0 {
        Ok(())
    } else {
        Err(Refused::missing_permissions())
    }
}

pub async fn edit(State(app): State<App>, Path(id): Path<Id>, payload: Payload) -> Answer {
    within(&app, |inner| {
        let mut channel = inner.open_channel(id)?;
        if channel.thread.is_some() {
            return threads::edit(inner, channel, &payload.json);
        }
        inner.channel_with(id, MANAGE_CHANNELS)?;
        if payload.json.get("permission_overwrites").is_some() {
            inner.channel_with(id, MANAGE_ROLES)?;
        }
        let own = inner.world.channel_permissions(inner.world.bot(), &channel);
        apply(inner, &mut channel, &payload.json, own)?;
        inner.change_channel(&channel);
        ok(wire::channel(&inner.world, &channel))
    })
}

pub async fn remove(State(app): State<App>, Path(id): Path<Id>) -> Answer {
    within(&app, |inner| {
        let channel = inner.open_channel(id)?;
        let needed = if channel.thread.is_some() {
            crate::sandbox::permissions::MANAGE_THREADS
        } else {
            MANAGE_CHANNELS
        };
        inner.channel_with(id, needed)?;
        let value = wire::channel(&inner.world, &channel);
        let below = inner
            .world
            .channels
            .values()
            .filter(|row| row.thread.is_some() && row.parent_id == Some(id));
        let threads: Vec<Channel> = below.cloned().collect();
        for thread in threads {
            inner.emit_channel("DELETE", &thread);
            inner.world.put(Change::ChannelGone(thread.id));
        }
        inner.emit_channel("DELETE", &channel);
        inner.world.put(Change::ChannelGone(id));
        ok(value)
    })
}

pub async fn set_overwrite(
    State(app): State<App>,
    Path((id, target)): Path<(Id, Id)>,
    payload: Payload,
) -> Answer {
    within(&app, |inner| {
        let mut channel = inner.channel_with(id, MANAGE_ROLES)?;
        let read = overwrite(inner, Some(target), &payload.json)?;
        let own = inner.world.channel_permissions(inner.world.bot(), &channel);
        may_set(
            channel.overwrites.iter().find(|old| old.id == target),
            Some(&read),
            own,
        )?;
        channel.overwrites.retain(|old| old.id != target);
        channel.overwrites.push(read);
        inner.change_channel(&channel);
        empty()
    })
}

pub async fn delete_overwrite(
    State(app): State<App>,
    Path((id, target)): Path<(Id, Id)>,
) -> Answer {
    within(&app, |inner| {
        let mut channel = inner.channel_with(id, MANAGE_ROLES)?;
        let old = channel.overwrites.iter().find(|old| old.id == target);
        let own = inner.world.channel_permissions(inner.world.bot(), &channel);
        may_set(Some(old.ok_or_else(Refused::unknown_overwrite)?), None, own)?;
        channel.overwrites.retain(|old| old.id != target);
        inner.change_channel(&channel);
        empty()
    })
}
