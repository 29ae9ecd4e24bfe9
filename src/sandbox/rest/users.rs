//! The bot itself, its application and where its gateway is.

use axum::{
    Json, Router,
    extract::{Path, State},
    routing::get,
};
use serde_json::{Value, json};

use super::ok;
use crate::sandbox::{
    error::{Answer, Refused},
    server::App,
    wire,
    world::snowflake::Id,
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/gateway", get(gateway))
        .route("/gateway/bot", get(gateway_bot))
        .route("/users/@me", get(me))
        .route("/users/@me/guilds", get(guilds))
        .route("/users/{user}", get(user))
        .route("/applications/@me", get(application))
        .route("/oauth2/applications/@me", get(application))
}

fn address(app: &App) -> String {
    app.within(|inner| inner.base.replacen("http", "ws", 1))
}

async fn gateway(State(app): State<App>) -> Json<Value> {
    Json(json!({ "url": address(&app) }))
}

async fn gateway_bot(State(app): State<App>) -> Json<Value> {
    let start = app.within(|inner| inner.hub.starts.json(inner.world.now()));
    Json(json!({ "url": address(&app), "shards": 1, "session_start_limit": start }))
}

async fn me(State(app): State<App>) -> Json<Value> {
    Json(app.within(|inner| wire::own_user(&inner.world)))
}

async fn user(State(app): State<App>, Path(id): Path<Id>) -> Answer {
    app.within(|inner| {
        let known = inner.world.users.contains_key(&id);
        if known {
            ok(wire::user(&inner.world, id))
        } else {
            Err(Refused::unknown_user())
        }
    })
}

async fn guilds(State(app): State<App>) -> Json<Value> {
    Json(app.within(|inner| {
        let guild = inner.world.guild();
        let permissions = inner.world.guild_permissions(guild.bot_id).to_string();
        json!([{ "id": guild.id, "name": guild.name, "icon": null, "banner": null, "owner": false,
            "permissions": permissions, "features": [] }])
    }))
}

async fn application(State(app): State<App>) -> Json<Value> {
    Json(app.within(|inner| wire::application(&inner.world)))
}
