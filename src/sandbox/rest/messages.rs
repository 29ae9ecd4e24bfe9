//! Messages of channels: read, post, edit, delete. Interactions answer through `interactions`.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use chrono::TimeDelta;
use serde::Deserialize;

use super::{empty, ok, within};
use crate::sandbox::{
    body::Payload,
    error::{Answer, Refused},
    json::Look,
    permissions::{ATTACH_FILES, EMBED_LINKS, MANAGE_MESSAGES, READ_MESSAGE_HISTORY},
    posts::Post,
    rules::message::{self as rules, Draft, Way},
    server::{App, Inner},
    world::{
        model::{COMPONENTS_V2, Message},
        snowflake::{Id, id_of},
    },
};

/// "The past few minutes" in which a nonce is unique; Discord names no number.
const NONCE_KEPT: TimeDelta = TimeDelta::minutes(5);

#[derive(Debug, Deserialize)]
pub struct Page {
    before: Option<Id>,
    after: Option<Id>,
    around: Option<Id>,
    limit: Option<usize>,
}

pub async fn list(State(app): State<App>, Path(id): Path<Id>, Query(page): Query<Page>) -> Answer {
    within(&app, |inner| {
        let channel = inner.open_channel(id)?;
        let limit = page.limit.unwrap_or(50);
        if !(1..=100).contains(&limit) {
            return Err(Refused::field(
                "limit",
                "NUMBER_TYPE_MAX",
                "Must be between 1 and 100.",
            ));
        }
        if !inner
            .world
            .can(inner.world.bot(), &channel, READ_MESSAGE_HISTORY)
        {
            return ok(serde_json::json!([]));
        }
        let none = BTreeMap::new();
        let all = inner.world.messages.get(&id).unwrap_or(&none);
        let seen: Vec<&Message> = all.values().filter(|one| one.only_for.is_none()).collect();
        let older = |than: Id, take: usize| {
            seen.iter()
                .rev()
                .filter(move |one| one.id < than)
                .take(take)
                .copied()
                .collect::<Vec<_>>()
        };
        let newer = |than: Id, take: usize| {
            let mut list: Vec<_> = seen
                .iter()
                .filter(|one| one.id > than)
                .take(take)
                .copied()
                .collect();
            list.reverse();
            list
        };
        let picked = if let Some(middle) = page.around {
            let mut list = newer(middle, limit / 2);
            list.extend(seen.iter().filter(|one| one.id == middle).copied());
            list.extend(older(middle, limit / 2));
            list
        } else if let Some(after) = page.after {
            newer(after, limit)
        } else {
            older(page.before.unwrap_or(Id(u64::MAX)), limit)
        };
        ok(picked
            .into_iter()
            .map(|one| inner.message_json(one))
            .collect())
    })
}

/// A message that is there for the bot; ephemerals are not.
pub fn find(inner: &Inner, channel: Id, id: Id) -> Result<Message, Refused> {
    let message = inner
        .world
        .message(channel, id)
        .filter(|one| one.only_for.is_none());
    message.cloned().ok_or_else(Refused::unknown_message)
}

pub async fn show(State(app): State<App>, Path((channel, id)): Path<(Id, Id)>) -> Answer {
    within(&app, |inner| {
        inner.channel_with(channel, READ_MESSAGE_HISTORY)?;
        ok(inner.message_json(&find(inner, channel, id)?))
    })
}

fn may_carry(inner: &Inner, channel: Id, draft: &Draft, files: usize) -> Result<(), Refused> {
    if draft.embeds.as_ref().is_some_and(|list| !list.is_empty()) {
        inner.channel_with(channel, EMBED_LINKS)?;
    }
    if files > 0 {
        inner.channel_with(channel, ATTACH_FILES)?;
    }
    Ok(())
}

pub async fn create(State(app): State<App>, Path(id): Path<Id>, payload: Payload) -> Answer {
    within(&app, |inner| {
        let channel = inner.open_channel(id)?;
        let bot = inner.world.bot();
        if !inner.world.can_write(bot, &channel) {
            return Err(Refused::missing_permissions());
        }
        if channel.kind == crate::sandbox::world::model::CATEGORY {
            return Err(Refused::bad(
                50_008,
                "Cannot send messages in a non-text channel",
            ));
        }
        payload.check_files()?;
        let draft = rules::read(&payload.json, payload.files.len(), Way::New, "")?;
        may_carry(inner, id, &draft, payload.files.len())?;
        if let Some(answered) = draft.reply_to
            && find(inner, id, answered).is_err()
            && payload
                .json
                .at("message_reference")
                .at("fail_if_not_exists")
                .as_bool()
                != Some(false)
        {
            let path = "message_reference";
            return Err(Refused::field(
                path,
                "REPLIES_UNKNOWN_MESSAGE",
                "Unknown message",
            ));
        }
        if draft.enforce_nonce
            && let Some(twin) = same_nonce(inner, id, &draft)
        {
            return ok(inner.message_json(&twin));
        }
        let post = Post {
            channel: id,
            author: bot,
            draft,
            files: payload.files,
            interaction: None,
            only_for: None,
            loading: false,
        };
        let message = inner.post(post).ok_or_else(Refused::unknown_channel)?;
        ok(inner.message_json(&message))
    })
}

fn same_nonce(inner: &Inner, channel: Id, draft: &Draft) -> Option<Message> {
    let nonce = draft.nonce.as_ref()?;
    let since = inner.world.now() - NONCE_KEPT;
    let recent = inner.world.messages.get(&channel)?.values().rev();
    let mut recent = recent.take_while(|one| one.timestamp >= since);
    recent
        .find(|one| one.author == inner.world.bot() && one.nonce.as_ref() == Some(nonce))
        .cloned()
}

pub async fn edit(
    State(app): State<App>,
    Path((channel, id)): Path<(Id, Id)>,
    payload: Payload,
) -> Answer {
    within(&app, |inner| {
        let place = inner.open_channel(channel)?;
        let message = find(inner, channel, id)?;
        if message.author != inner.world.bot() {
            return Err(Refused::new(
                axum::http::StatusCode::FORBIDDEN,
                50_005,
                "Cannot edit a message authored by another user",
            ));
        }
        if place.thread.is_some_and(|thread| thread.archived) {
            return Err(Refused::bad(50_083, "Thread is archived"));
        }
        payload.check_files()?;
        let way = Way::Edit {
            v2: message.flags & COMPONENTS_V2 != 0,
        };
        let draft = rules::read(&payload.json, payload.files.len(), way, "")?;
        may_carry(inner, channel, &draft, payload.files.len())?;
        Inner::check_edit(&message, &draft, payload.files.len())?;
        let message = inner.revise(message, draft, &payload.files);
        ok(inner.message_json(&message))
    })
}

pub async fn remove(State(app): State<App>, Path((channel, id)): Path<(Id, Id)>) -> Answer {
    within(&app, |inner| {
        inner.open_channel(channel)?;
        let message = find(inner, channel, id)?;
        if message.author != inner.world.bot() {
            inner.channel_with(channel, MANAGE_MESSAGES)?;
        }
        inner.erase(channel, &[id]);
        empty()
    })
}

pub async fn bulk_delete(
    State(app): State<App>,
    Path(channel): Path<Id>,
    payload: Payload,
) -> Answer {
    within(&app, |inner| {
        inner.channel_with(channel, MANAGE_MESSAGES)?;
        let ids: Vec<Id> = payload
            .json
            .list("messages")
            .iter()
            .filter_map(id_of)
            .collect();
        if !(2..=100).contains(&ids.len()) {
            return Err(Refused::field(
                "messages",
                "BASE_TYPE_BAD_LENGTH",
                "Must be between 2 and 100 in length.",
            ));
        }
        let oldest = inner.world.now() - TimeDelta::days(14);
        let too_old = |id: &Id| {
            inner
                .world
                .message(channel, *id)
                .is_some_and(|one| one.timestamp < oldest)
        };
        if ids.iter().any(too_old) {
            return Err(Refused::bad(
                50_034,
                "You can only bulk delete messages that are under 14 days old.",
            ));
        }
        inner.erase(channel, &ids);
        empty()
    })
}
