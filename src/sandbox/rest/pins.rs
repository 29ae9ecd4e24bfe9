//! Pinned messages, by the present and by the older path; and the sign that somebody types.

use axum::extract::{Path, Query, State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{empty, messages::find, ok, within};
use crate::sandbox::{
    error::{Answer, Refused},
    permissions::{PIN_MESSAGES, READ_MESSAGE_HISTORY},
    server::{App, Inner},
    wire,
    world::{
        model::{Message, Pinged},
        snowflake::Id,
    },
};

/// A channel holds so many pins.
const PINS: usize = 250;
/// The type of the message that says that something was pinned.
const PIN_ADDED: u8 = 6;

pub async fn typing(State(app): State<App>, Path(id): Path<Id>) -> Answer {
    within(&app, |inner| {
        let channel = inner.open_channel(id)?;
        let bot = inner.world.bot();
        if !inner.world.can_write(bot, &channel) {
            return Err(Refused::missing_permissions());
        }
        inner.emit_typing(id, bot);
        empty()
    })
}

/// Newest pin first.
fn pinned(inner: &Inner, channel: Id) -> Vec<(DateTime<Utc>, &Message)> {
    let all = inner.world.messages.get(&channel).into_iter();
    let all = all.flat_map(|of| of.values());
    let mut list: Vec<_> = all.filter_map(|one| Some((one.pinned_at?, one))).collect();
    list.sort_by_key(|(at, one)| std::cmp::Reverse((*at, one.id)));
    list
}

#[derive(Debug, Deserialize)]
pub struct Page {
    before: Option<DateTime<Utc>>,
    limit: Option<usize>,
}

pub async fn list(State(app): State<App>, Path(id): Path<Id>, Query(page): Query<Page>) -> Answer {
    within(&app, |inner| {
        let limit = page.limit.unwrap_or(50);
        if !(1..=50).contains(&limit) {
            let message = "Must be between 1 and 50.";
            return Err(Refused::field("limit", "NUMBER_TYPE_MAX", message));
        }
        let channel = inner.open_channel(id)?;
        let reads = inner
            .world
            .can(inner.world.bot(), &channel, READ_MESSAGE_HISTORY);
        let mut list = if reads { pinned(inner, id) } else { Vec::new() };
        list.retain(|(at, _)| page.before.is_none_or(|before| *at < before));
        let shown = list.iter().take(limit).map(|(at, one)| {
            json!({ "pinned_at": wire::instant(*at), "message": inner.message_json(one) })
        });
        let items: Vec<Value> = shown.collect();
        ok(json!({ "items": items, "has_more": list.len() > limit }))
    })
}

pub async fn list_old(State(app): State<App>, Path(id): Path<Id>) -> Answer {
    within(&app, |inner| {
        inner.channel_with(id, READ_MESSAGE_HISTORY)?;
        let list = pinned(inner, id);
        ok(list
            .iter()
            .take(50)
            .map(|(_, one)| inner.message_json(one))
            .collect())
    })
}

fn set(inner: &mut Inner, channel: Id, id: Id, pin: bool) -> Answer {
    let place = inner.channel_with(channel, PIN_MESSAGES | READ_MESSAGE_HISTORY)?;
    let mut message = find(inner, channel, id)?;
    if place.thread.as_ref().is_some_and(|thread| thread.archived) {
        return Err(Refused::bad(50_083, "Thread is archived"));
    }
    if message.pinned_at.is_some() == pin {
        return empty();
    }
    if pin && pinned(inner, channel).len() >= PINS {
        let message = format!("Maximum number of pins reached for the channel ({PINS})");
        return Err(Refused::bad(30_003, &message));
    }
    message.pinned_at = pin.then(|| inner.world.now());
    inner.world.put_message(message.clone());
    inner.emit_message("MESSAGE_UPDATE", &message);
    inner.emit_pins(&place);
    if pin {
        announce(inner, &message);
    }
    empty()
}

/// The channel is told who pinned what.
fn announce(inner: &mut Inner, pinned: &Message) {
    let message = Message {
        id: inner.world.new_id(),
        channel_id: pinned.channel_id,
        author: inner.world.bot(),
        kind: PIN_ADDED,
        content: String::new(),
        embeds: Vec::new(),
        components: Vec::new(),
        attachments: Vec::new(),
        flags: 0,
        tts: false,
        timestamp: inner.world.now(),
        edited_at: None,
        mentions: Pinged::default(),
        pinged: Pinged::default(),
        nonce: None,
        reply_to: Some(pinned.id),
        interaction: None,
        only_for: None,
        thread_id: None,
        pinned_at: None,
    };
    inner.world.put_message(message.clone());
    inner.emit_message("MESSAGE_CREATE", &message);
}

pub async fn add(State(app): State<App>, Path((channel, id)): Path<(Id, Id)>) -> Answer {
    within(&app, |inner| set(inner, channel, id, true))
}

pub async fn remove(State(app): State<App>, Path((channel, id)): Path<(Id, Id)>) -> Answer {
    within(&app, |inner| set(inner, channel, id, false))
}
