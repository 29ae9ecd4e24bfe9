//! The first answer to an interaction, of each type, once and in time.

use axum::{
    Json,
    extract::{Path, Query, State},
    response::IntoResponse,
};
use serde::Deserialize;

use super::{AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, TO_ANSWER, answers};
use crate::sandbox::{
    body::Payload,
    error::{Answer, Faults, Refused},
    json::{Look, bits, switch},
    posts::Post,
    rest::{empty, within},
    rules::{
        command, component,
        message::{self as rules, Draft, Way},
        modal,
    },
    server::{App, First, Inner},
    wire,
    world::{
        journal::Change,
        model::{COMPONENTS_V2, EPHEMERAL, Interaction, Message, Modal, Stage},
        snowflake::Id,
    },
};

#[derive(Debug, Deserialize)]
pub struct Wish {
    #[serde(default, deserialize_with = "switch")]
    with_response: bool,
}

pub async fn answer(
    State(app): State<App>,
    Path((id, token)): Path<(Id, String)>,
    Query(wish): Query<Wish>,
    payload: Payload,
) -> Answer {
    within(&app, |inner| {
        let mut row = waiting(inner, id, &token)?;
        let kind = payload.json.int("type").unwrap_or(0);
        if !fits(&row, kind) {
            let message = "This type of response is not valid for this interaction.";
            return Err(Refused::field(
                "type",
                "INTERACTION_RESPONSE_TYPE_INVALID",
                message,
            ));
        }
        payload.check_files()?;
        let mut first = First {
            kind,
            data: payload.json.at("data").clone(),
            message: None,
            modal: None,
            choices: None,
        };
        row.stage = Stage::Answered;
        match kind {
            4 => first.message = Some(reply(inner, &row, &payload)?.id),
            5 => {
                first.message = Some(think(inner, &row, &payload)?.id);
                row.stage = Stage::Deferred;
            }
            6 => first.message = Some(source(inner, &row)?.id),
            7 => first.message = Some(update(inner, &row, &payload)?.id),
            8 => {
                let data = payload.json.at("data");
                let mut faults = Faults::default();
                faults.length("data.choices", data.list("choices").len(), 0, 25);
                command::choice_list(data.list("choices"), "data.choices", &mut faults);
                faults.done()?;
                first.choices = Some(data.at("choices").clone());
            }
            _ => first.modal = Some(show(inner, &row, &payload)?),
        }
        row.original = first.message;
        inner.world.put(Change::Interaction(row.clone()));
        if let Some(submitted) = row.modal {
            inner.world.put(Change::ModalGone(submitted));
        }
        let message = first
            .message
            .and_then(|id| inner.world.message(row.channel_id, id));
        let shown = message.map(|message| inner.message_json(message));
        if let Some(waiter) = inner.waiting.remove(&row.id) {
            // Whoever waited may have hung up: then nobody asks for the answer any more.
            waiter.send(first).unwrap_or_default();
        }
        if wish.with_response {
            return Ok(Json(wire::callback(&row, kind, shown)).into_response());
        }
        empty()
    })
}

fn waiting(inner: &mut Inner, id: Id, token: &str) -> Result<Interaction, Refused> {
    let row = inner
        .world
        .interactions
        .get(&id)
        .filter(|row| row.token == token)
        .cloned();
    let mut row = row.ok_or_else(Refused::unknown_interaction)?;
    let late = inner.world.now() - row.at > TO_ANSWER;
    match row.stage {
        Stage::Waiting if late => {
            row.stage = Stage::Expired;
            inner.world.put(Change::Interaction(row));
            Err(Refused::unknown_interaction())
        }
        Stage::Waiting => Ok(row),
        Stage::Expired => Err(Refused::unknown_interaction()),
        Stage::Deferred | Stage::Answered => Err(Refused::answered()),
    }
}

/// Which answers an interaction takes: no modal for a submitted modal, updates only where there
/// is a message to update.
fn fits(row: &Interaction, kind: i64) -> bool {
    match row.kind {
        COMMAND => [4, 5, 9].contains(&kind),
        COMPONENT => [4, 5, 6, 7, 9].contains(&kind),
        AUTOCOMPLETE => kind == 8,
        MODAL_SUBMIT if row.source.is_some() => [4, 5, 6, 7].contains(&kind),
        MODAL_SUBMIT => [4, 5].contains(&kind),
        _ => false,
    }
}

fn post(
    inner: &mut Inner,
    row: &Interaction,
    draft: Draft,
    payload: &Payload,
    loading: bool,
) -> Result<Message, Refused> {
    let only_for = (draft.flags & EPHEMERAL != 0).then_some(row.user_id);
    let post = Post {
        channel: row.channel_id,
        author: inner.world.bot(),
        draft,
        files: payload.files.clone(),
        interaction: Some(answers(row)),
        only_for,
        loading,
    };
    inner.post(post).ok_or_else(Refused::unknown_channel)
}

fn reply(inner: &mut Inner, row: &Interaction, payload: &Payload) -> Result<Message, Refused> {
    let draft = rules::read(
        payload.json.at("data"),
        payload.files.len(),
        Way::New,
        "data",
    )?;
    post(inner, row, draft, payload, false)
}

fn think(inner: &mut Inner, row: &Interaction, payload: &Payload) -> Result<Message, Refused> {
    let flags = bits(payload.json.at("data").at("flags")).unwrap_or(0) & EPHEMERAL;
    post(
        inner,
        row,
        Draft {
            flags,
            ..Draft::default()
        },
        payload,
        true,
    )
}

fn source(inner: &Inner, row: &Interaction) -> Result<Message, Refused> {
    let message = row
        .source
        .and_then(|id| inner.world.message(row.channel_id, id));
    message.cloned().ok_or_else(Refused::unknown_message)
}

fn update(inner: &mut Inner, row: &Interaction, payload: &Payload) -> Result<Message, Refused> {
    let message = source(inner, row)?;
    let way = Way::Edit {
        v2: message.flags & COMPONENTS_V2 != 0,
    };
    let draft = rules::read(payload.json.at("data"), payload.files.len(), way, "data")?;
    Inner::check_edit(&message, &draft, payload.files.len())?;
    Ok(inner.revise(message, draft, &payload.files))
}

/// Opens a modal for the member, in the place of one that may be open.
fn show(inner: &mut Inner, row: &Interaction, payload: &Payload) -> Result<Id, Refused> {
    let data = payload.json.at("data");
    modal::check(data)?;
    let open = inner
        .world
        .modals
        .values()
        .filter(|one| one.user_id == row.user_id);
    let open: Vec<Id> = open.map(|one| one.id).collect();
    for id in open {
        inner.world.put(Change::ModalGone(id));
    }
    let id = inner.world.new_id();
    inner.world.put(Change::Modal(Modal {
        id,
        user_id: row.user_id,
        channel_id: row.channel_id,
        source: row.source,
        custom_id: data.text("custom_id").unwrap_or("").to_owned(),
        title: data.text("title").unwrap_or("").to_owned(),
        components: component::numbered(data.list("components")),
        opened_by: Some(Box::new(answers(row))),
    }));
    Ok(id)
}
