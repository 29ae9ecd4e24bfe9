//! Threads: start, members, settings. Their messages are like those of any channel.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::{created, empty, ok, within};
use crate::sandbox::{
    body::Payload,
    error::{Answer, Faults, Refused},
    json::{Look, length},
    permissions::{
        CREATE_PRIVATE_THREADS, CREATE_PUBLIC_THREADS, MANAGE_THREADS, SEND_MESSAGES_IN_THREADS,
    },
    server::{App, Inner},
    wire,
    world::{
        model::{Channel, PRIVATE_THREAD, PUBLIC_THREAD, Thread, ThreadMember},
        snowflake::Id,
    },
};

fn check(body: &Value, new: bool) -> Result<(), Refused> {
    let mut faults = Faults::default();
    if new || body.has("name") {
        faults.length("name", body.text("name").map_or(0, length), 1, 100);
    }
    let minutes = body.int("auto_archive_duration");
    if minutes.is_some_and(|minutes| ![60, 1_440, 4_320, 10_080].contains(&minutes)) {
        faults.choice("auto_archive_duration", "60, 1440, 4320, 10080");
    }
    if body
        .int("rate_limit_per_user")
        .is_some_and(|s| !(0..=21_600).contains(&s))
    {
        faults.add(
            "rate_limit_per_user",
            "NUMBER_TYPE_MAX",
            "Must be between 0 and 21600.",
        );
    }
    faults.done()
}

fn open(inner: &mut Inner, parent: Id, id: Id, kind: u8, body: &Value) -> Channel {
    let (now, bot) = (inner.world.now(), inner.world.bot());
    let channel = Channel {
        id,
        kind,
        name: body.text("name").unwrap_or("").to_owned(),
        topic: None,
        parent_id: Some(parent),
        position: 0,
        nsfw: false,
        slowmode_s: body.int("rate_limit_per_user").unwrap_or(0),
        overwrites: Vec::new(),
        last_message_id: None,
        thread: Some(Thread {
            owner_id: bot,
            archived: false,
            archive_minutes: body.int("auto_archive_duration").unwrap_or(4_320),
            archived_at: now,
            active_at: now,
            locked: false,
            invitable: body.at("invitable").as_bool().unwrap_or(true),
            created_at: now,
            members: vec![ThreadMember {
                user_id: bot,
                joined_at: now,
            }],
            message_count: 0,
        }),
    };
    inner.world.put_channel(channel.clone());
    inner.emit_channel("CREATE", &channel);
    channel
}

fn shown(inner: &Inner, channel: &Channel) -> Value {
    let own = wire::thread_member(&inner.world, channel, inner.world.bot());
    wire::channel(&inner.world, channel).with("member", own)
}

pub async fn start(State(app): State<App>, Path(parent): Path<Id>, payload: Payload) -> Answer {
    within(&app, |inner| {
        let place = inner.open_channel(parent)?;
        let body = &payload.json;
        // Without a type Discord makes a private thread.
        let kind = match body.int("type").unwrap_or(12) {
            11 => PUBLIC_THREAD,
            12 => PRIVATE_THREAD,
            _ => {
                return Err(Refused::field(
                    "type",
                    "BASE_TYPE_CHOICES",
                    "Value must be one of {11, 12}.",
                ));
            }
        };
        if place.thread.is_some() {
            return Err(Refused::bad(
                50_024,
                "Cannot execute action on this channel type",
            ));
        }
        let needed = if kind == PRIVATE_THREAD {
            CREATE_PRIVATE_THREADS
        } else {
            CREATE_PUBLIC_THREADS
        };
        inner.channel_with(parent, needed)?;
        check(body, true)?;
        let id = inner.world.new_id();
        let channel = open(inner, parent, id, kind, body);
        created(shown(inner, &channel))
    })
}

pub async fn from_message(
    State(app): State<App>,
    Path((parent, message)): Path<(Id, Id)>,
    payload: Payload,
) -> Answer {
    within(&app, |inner| {
        inner.channel_with(parent, CREATE_PUBLIC_THREADS)?;
        let found = inner
            .world
            .message(parent, message)
            .filter(|one| one.only_for.is_none());
        let mut row = found.cloned().ok_or_else(Refused::unknown_message)?;
        if row.thread_id.is_some() {
            return Err(Refused::bad(
                160_004,
                "A thread has already been created for this message",
            ));
        }
        check(&payload.json, true)?;
        // The thread has its message's id.
        let channel = open(inner, parent, message, PUBLIC_THREAD, &payload.json);
        row.thread_id = Some(channel.id);
        row.flags |= 1 << 5;
        inner.world.put_message(row.clone());
        inner.emit_message("MESSAGE_UPDATE", &row);
        created(shown(inner, &channel))
    })
}

pub async fn active(State(app): State<App>, Path(guild): Path<Id>) -> Answer {
    within(&app, |inner| {
        inner.check_guild(guild)?;
        let bot = inner.world.bot();
        let open = |row: &&Channel| row.thread.as_ref().is_some_and(|one| !one.archived);
        let rows = inner.world.channels.values().filter(open);
        let rows: Vec<&Channel> = rows.filter(|row| inner.world.can_see(bot, row)).collect();
        let members = rows
            .iter()
            .filter_map(|row| wire::thread_member(&inner.world, row, bot));
        ok(json!({
            "threads": rows.iter().map(|row| wire::channel(&inner.world, row)).collect::<Vec<_>>(),
            "members": members.collect::<Vec<_>>(), "has_more": false,
        }))
    })
}

/// A thread that the bot sees, open for changes.
fn thread_of(inner: &Inner, id: Id) -> Result<(Channel, Thread), Refused> {
    let channel = inner.open_channel(id)?;
    let not = || Refused::bad(50_024, "Cannot execute action on this channel type");
    let thread = channel.thread.clone().ok_or_else(not)?;
    Ok((channel, thread))
}

pub fn edit(inner: &mut Inner, mut channel: Channel, body: &Value) -> Answer {
    check(body, false)?;
    let (bot, now) = (inner.world.bot(), inner.world.now());
    let manages = inner.world.can(bot, &channel, MANAGE_THREADS);
    let Some(thread) = &mut channel.thread else {
        return Err(Refused::unknown_channel());
    };
    let unarchives = body.at("archived").as_bool() == Some(false);
    let keys = body.as_object().map_or(0, serde_json::Map::len);
    if thread.archived && !unarchives {
        return Err(Refused::bad(50_083, "Thread is archived"));
    }
    let only_wakes = unarchives && keys == 1 && !thread.locked;
    let may_write = inner.world.channels.get(&channel.id);
    let may_write =
        may_write.is_some_and(|row| inner.world.can(bot, row, SEND_MESSAGES_IN_THREADS));
    if !(manages || thread.owner_id == bot && !body.has("locked") || only_wakes && may_write) {
        return Err(Refused::missing_permissions());
    }
    if let Some(archived) = body
        .at("archived")
        .as_bool()
        .filter(|new| *new != thread.archived)
    {
        thread.archived = archived;
        thread.archived_at = now;
        thread.active_at = now;
    }
    thread.locked = body.at("locked").as_bool().unwrap_or(thread.locked);
    thread.invitable = body.at("invitable").as_bool().unwrap_or(thread.invitable);
    thread.archive_minutes = body
        .int("auto_archive_duration")
        .unwrap_or(thread.archive_minutes);
    if let Some(name) = body.text("name") {
        name.clone_into(&mut channel.name);
    }
    channel.slowmode_s = body
        .int("rate_limit_per_user")
        .unwrap_or(channel.slowmode_s);
    inner.world.put_channel(channel.clone());
    inner.emit_channel("UPDATE", &channel);
    ok(wire::channel(&inner.world, &channel))
}

pub async fn members(State(app): State<App>, Path(id): Path<Id>) -> Answer {
    within(&app, |inner| {
        let (channel, thread) = thread_of(inner, id)?;
        let rows = thread.members.iter();
        ok(rows
            .filter_map(|row| wire::thread_member(&inner.world, &channel, row.user_id))
            .collect())
    })
}

pub async fn member(State(app): State<App>, Path((id, user)): Path<(Id, Id)>) -> Answer {
    within(&app, |inner| {
        let (channel, _) = thread_of(inner, id)?;
        ok(
            wire::thread_member(&inner.world, &channel, user)
                .ok_or_else(Refused::unknown_member)?,
        )
    })
}

fn not_archived(thread: &Thread) -> Result<(), Refused> {
    if thread.archived {
        Err(Refused::bad(50_083, "Thread is archived"))
    } else {
        Ok(())
    }
}

pub async fn join(State(app): State<App>, Path(id): Path<Id>) -> Answer {
    within(&app, |inner| {
        let (_, thread) = thread_of(inner, id)?;
        not_archived(&thread)?;
        let bot = inner.world.bot();
        inner.join_thread(id, &[bot]);
        empty()
    })
}

pub async fn add(State(app): State<App>, Path((id, user)): Path<(Id, Id)>) -> Answer {
    within(&app, |inner| {
        let (channel, thread) = thread_of(inner, id)?;
        not_archived(&thread)?;
        if !inner.world.users.contains_key(&user) {
            return Err(Refused::unknown_user());
        }
        inner.channel_with(id, SEND_MESSAGES_IN_THREADS)?;
        let sees = inner.world.channel_permissions(user, &channel)
            & crate::sandbox::permissions::VIEW_CHANNEL
            != 0;
        if !sees {
            return Err(Refused::new(
                StatusCode::FORBIDDEN,
                50_001,
                "Missing Access",
            ));
        }
        inner.join_thread(id, &[user]);
        empty()
    })
}

fn leave_thread(inner: &mut Inner, id: Id, user: Id) -> Answer {
    let (mut channel, mut thread) = thread_of(inner, id)?;
    not_archived(&thread)?;
    thread.members.retain(|one| one.user_id != user);
    channel.thread = Some(thread);
    inner.world.put_channel(channel.clone());
    inner.emit_thread_members(&channel, &[], &[user]);
    empty()
}

pub async fn leave(State(app): State<App>, Path(id): Path<Id>) -> Answer {
    within(&app, |inner| {
        let bot = inner.world.bot();
        leave_thread(inner, id, bot)
    })
}

pub async fn remove(State(app): State<App>, Path((id, user)): Path<(Id, Id)>) -> Answer {
    within(&app, |inner| {
        let (channel, thread) = thread_of(inner, id)?;
        let own = channel.kind == PRIVATE_THREAD && thread.owner_id == inner.world.bot();
        if !own {
            inner.channel_with(id, MANAGE_THREADS)?;
        }
        leave_thread(inner, id, user)
    })
}
