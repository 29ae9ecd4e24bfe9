//! Starts an interaction: its row, the event for the bot, the wait for the first answer.

use std::time::{Duration, Instant};

use axum::Json;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::{sync::oneshot, time::timeout};

use super::{Done, Wrong, view};
use crate::sandbox::{
    json::Look,
    permissions::ALL,
    rest::interactions::AUTOCOMPLETE,
    server::{App, First, Inner},
    wire,
    world::{
        journal::Change,
        model::{Channel, Interaction, Stage},
        snowflake::Id,
    },
};

/// How often a wait looks at the handed clock, which decides that the member's client gives up.
const LOOK: Duration = Duration::from_millis(100);
/// Where that clock stands still, nobody waits longer than this in real time.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a member does.
#[derive(Debug)]
pub struct Deed {
    pub kind: u8,
    pub user: Id,
    pub channel: Channel,
    pub data: Value,
    pub command: Option<String>,
    pub source: Option<Id>,
    pub modal: Option<Id>,
}

/// Does it, waits for the bot's first answer and tells what the member got.
pub async fn perform(app: &App, decide: impl FnOnce(&mut Inner) -> Result<Deed, Wrong>) -> Done {
    let began = Instant::now();
    let (id, answer) = app.within(|inner| {
        let deed = decide(inner)?;
        start(inner, &deed)
    })?;
    let first = wait(app, id, answer).await;
    let took_ms = began.elapsed().as_secs_f64() * 1e3;
    app.within(|inner| {
        if let Some(first) = first {
            Ok(Json(outcome(inner, id, &first, took_ms)))
        } else {
            inner.give_up(id);
            let why = if inner.hub.connected() == 0 {
                "it is not connected to the gateway"
            } else {
                "it is connected"
            };
            Err(Wrong::late(format!(
                "the bot did not answer interaction {id} within 3 seconds; {why}"
            )))
        }
    })
}

/// The first answer, unless three seconds pass on the handed clock.
async fn wait(app: &App, id: Id, mut answer: oneshot::Receiver<First>) -> Option<First> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        match timeout(LOOK, &mut answer).await {
            Ok(first) => return first.ok(),
            Err(_) => app.within(Inner::elapse),
        }
    }
    tracing::debug!(%id, "the clock stood still and nobody answered");
    None
}

fn start(inner: &mut Inner, deed: &Deed) -> Result<(Id, oneshot::Receiver<First>), Wrong> {
    let mut random = [0_u8; 48];
    getrandom::fill(&mut random)
        .map_err(|error| Wrong::bad(format!("no random numbers: {error}")))?;
    let row = Interaction {
        id: inner.world.new_id(),
        token: URL_SAFE_NO_PAD.encode(random),
        kind: deed.kind,
        user_id: deed.user,
        channel_id: deed.channel.id,
        at: inner.world.now(),
        stage: Stage::Waiting,
        command: deed.command.clone(),
        source: deed.source,
        original: None,
        modal: deed.modal,
        trigger: deed
            .modal
            .and_then(|id| inner.world.modals.get(&id)?.opened_by.clone()),
    };
    inner.world.put(Change::Interaction(row.clone()));
    let event = event(inner, &row, deed);
    let (waiter, answer) = oneshot::channel();
    inner.waiting.insert(row.id, waiter);
    inner.emit_interaction(&event);
    Ok((row.id, answer))
}

fn event(inner: &Inner, row: &Interaction, deed: &Deed) -> Value {
    let world = &inner.world;
    let guild = world.guild();
    let member = world.members.get(&deed.user).map(|member| {
        let permissions = world.channel_permissions(deed.user, &deed.channel);
        wire::member(world, member).with("permissions", permissions.to_string())
    });
    let mut event = json!({
        "id": row.id, "application_id": guild.application_id, "type": row.kind, "version": 1,
        "token": row.token, "data": deed.data, "guild_id": guild.id,
        "guild": { "id": guild.id, "locale": "en-US", "features": [] },
        "channel_id": deed.channel.id, "channel": wire::channel_for(world, &deed.channel, deed.user),
        "member": member, "locale": "en-US", "guild_locale": "en-US",
        "app_permissions": (world.channel_permissions(guild.bot_id, &deed.channel) & ALL).to_string(),
        "entitlements": [], "entitlement_sku_ids": [], "context": 0,
        "authorizing_integration_owners": { "0": guild.id }, "attachment_size_limit": 10_485_760,
    });
    let source = row.source.and_then(|id| world.message(row.channel_id, id));
    if let Some(message) = source.filter(|_| row.kind != AUTOCOMPLETE) {
        event.set("message", inner.message_json(message));
    }
    event
}

fn outcome(inner: &Inner, id: Id, first: &First, took_ms: f64) -> Value {
    let row = inner.world.interactions.get(&id);
    let message = row
        .zip(first.message)
        .and_then(|(row, id)| inner.world.message(row.channel_id, id));
    let modal = first.modal.and_then(|id| inner.world.modals.get(&id));
    let message = message.map(|message| view::message(inner, message));
    json!({
        "interaction": id,
        "response": {
            "type": first.kind, "data": first.data,
            "ephemeral": message.as_ref().is_some_and(|message| message.yes("ephemeral")),
        },
        "message": message, "modal": modal.map(view::modal), "choices": first.choices,
        "took_ms": took_ms,
    })
}
