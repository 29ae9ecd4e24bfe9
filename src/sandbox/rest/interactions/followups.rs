//! What a bot does with an interaction's token after its first answer.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};

use super::{TOKEN_LIVES, answers};
use crate::sandbox::{
    body::Payload,
    error::{Answer, Refused},
    posts::Post,
    rest::{empty, ok, within},
    rules::message::{self as rules, Way},
    server::{App, Inner},
    world::{
        journal::Change,
        model::{COMPONENTS_V2, EPHEMERAL, Interaction, Message, Stage},
        snowflake::Id,
    },
};

fn open(inner: &Inner, application: Id, token: &str) -> Result<Interaction, Refused> {
    let row = inner.world.interaction_by_token(token).cloned();
    let row = row.ok_or_else(Refused::unknown_webhook)?;
    if application != inner.world.guild().application_id {
        return Err(Refused::unknown_webhook());
    }
    if inner.world.now() - row.at > TOKEN_LIVES {
        return Err(Refused::new(
            StatusCode::UNAUTHORIZED,
            50_027,
            "Invalid Webhook Token",
        ));
    }
    match row.stage {
        Stage::Waiting | Stage::Expired => Err(Refused::unknown_webhook()),
        Stage::Deferred | Stage::Answered => Ok(row),
    }
}

/// `@original`, or the id of a follow-up of this interaction.
fn find(inner: &Inner, row: &Interaction, key: &str) -> Result<Message, Refused> {
    let id = if key == "@original" {
        row.original
    } else {
        key.parse().ok()
    };
    let message = id.and_then(|id| inner.world.message(row.channel_id, id));
    let own = |one: &&Message| {
        Some(one.id) == row.original || one.interaction.as_ref().is_some_and(|by| by.id == row.id)
    };
    message
        .filter(own)
        .cloned()
        .ok_or_else(Refused::unknown_message)
}

pub async fn create(
    State(app): State<App>,
    Path((application, token)): Path<(Id, String)>,
    payload: Payload,
) -> Answer {
    within(&app, |inner| {
        let mut row = open(inner, application, &token)?;
        payload.check_files()?;
        let draft = rules::read(&payload.json, payload.files.len(), Way::New, "")?;
        if row.stage == Stage::Deferred {
            // The first follow-up completes the deferred answer, as visible as the deferral was.
            row.stage = Stage::Answered;
            inner.world.put(Change::Interaction(row.clone()));
            let message = find(inner, &row, "@original")?;
            let message = inner.revise(message, draft, &payload.files);
            return ok(inner.message_json(&message));
        }
        let only_for = (draft.flags & EPHEMERAL != 0).then_some(row.user_id);
        let post = Post {
            channel: row.channel_id,
            author: inner.world.bot(),
            draft,
            files: payload.files,
            interaction: Some(answers(&row)),
            only_for,
            loading: false,
        };
        let message = inner.post(post).ok_or_else(Refused::unknown_channel)?;
        ok(inner.message_json(&message))
    })
}

type Target = Path<(Id, String, String)>;

pub async fn show(State(app): State<App>, Path((application, token, key)): Target) -> Answer {
    within(&app, |inner| {
        let row = open(inner, application, &token)?;
        ok(inner.message_json(&find(inner, &row, &key)?))
    })
}

pub async fn edit(
    State(app): State<App>,
    Path((application, token, key)): Target,
    payload: Payload,
) -> Answer {
    within(&app, |inner| {
        let mut row = open(inner, application, &token)?;
        let message = find(inner, &row, &key)?;
        payload.check_files()?;
        let way = Way::Edit {
            v2: message.flags & COMPONENTS_V2 != 0,
        };
        let draft = rules::read(&payload.json, payload.files.len(), way, "")?;
        Inner::check_edit(&message, &draft, payload.files.len())?;
        if row.stage == Stage::Deferred && Some(message.id) == row.original {
            row.stage = Stage::Answered;
            inner.world.put(Change::Interaction(row));
        }
        let message = inner.revise(message, draft, &payload.files);
        ok(inner.message_json(&message))
    })
}

pub async fn remove(State(app): State<App>, Path((application, token, key)): Target) -> Answer {
    within(&app, |inner| {
        let row = open(inner, application, &token)?;
        let message = find(inner, &row, &key)?;
        inner.erase(row.channel_id, &[message.id]);
        empty()
    })
}
