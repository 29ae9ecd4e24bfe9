//! REST v10: the table of endpoints. Each handler checks as Discord does, changes the world, answers.

mod channels;
mod commands;
mod guild;
pub mod interactions;
mod messages;
mod pins;
mod threads;
mod users;

use axum::{
    Json, Router,
    extract::Request,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use serde_json::{Value, json};

use super::{
    error::Answer,
    front,
    server::{App, Inner},
    traffic,
};

pub fn routes(app: &App) -> Router<App> {
    let table = Router::new()
        .merge(users::routes())
        .merge(guild_routes())
        .merge(channel_routes())
        .merge(command_routes())
        .merge(interaction_routes())
        .method_not_allowed_fallback(unknown)
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(app.clone(), front::front))
        .layer(middleware::from_fn_with_state(app.clone(), traffic::record));
    Router::new().nest("/api/v10", table)
}

fn guild_routes() -> Router<App> {
    Router::new()
        .route("/guilds/{guild}", get(guild::show))
        .route(
            "/guilds/{guild}/channels",
            get(channels::list).post(channels::create),
        )
        .route("/guilds/{guild}/threads/active", get(threads::active))
        .route(
            "/guilds/{guild}/roles",
            get(guild::roles).post(guild::create_role),
        )
        .route(
            "/guilds/{guild}/roles/member-counts",
            get(guild::member_counts),
        )
        .route(
            "/guilds/{guild}/roles/{role}",
            get(guild::role)
                .patch(guild::edit_role)
                .delete(guild::delete_role),
        )
        .route("/guilds/{guild}/members", get(guild::members))
        .route("/guilds/{guild}/members/{user}", get(guild::member))
        .route(
            "/guilds/{guild}/members/{user}/roles/{role}",
            put(guild::add_role).delete(guild::remove_role),
        )
}

fn channel_routes() -> Router<App> {
    Router::new()
        .route(
            "/channels/{channel}",
            get(channels::show)
                .patch(channels::edit)
                .delete(channels::remove),
        )
        .route(
            "/channels/{channel}/permissions/{target}",
            put(channels::set_overwrite).delete(channels::delete_overwrite),
        )
        .route(
            "/channels/{channel}/messages",
            get(messages::list).post(messages::create),
        )
        .route("/channels/{channel}/typing", post(pins::typing))
        .route("/channels/{channel}/pins", get(pins::list_old))
        .route(
            "/channels/{channel}/pins/{message}",
            put(pins::add).delete(pins::remove),
        )
        .route("/channels/{channel}/messages/pins", get(pins::list))
        .route(
            "/channels/{channel}/messages/pins/{message}",
            put(pins::add).delete(pins::remove),
        )
        .route(
            "/channels/{channel}/messages/bulk-delete",
            post(messages::bulk_delete),
        )
        .route(
            "/channels/{channel}/messages/{message}",
            get(messages::show)
                .patch(messages::edit)
                .delete(messages::remove),
        )
        .route(
            "/channels/{channel}/messages/{message}/threads",
            post(threads::from_message),
        )
        .route("/channels/{channel}/threads", post(threads::start))
        .route("/channels/{channel}/thread-members", get(threads::members))
        .route(
            "/channels/{channel}/thread-members/@me",
            put(threads::join).delete(threads::leave),
        )
        .route(
            "/channels/{channel}/thread-members/{user}",
            get(threads::member)
                .put(threads::add)
                .delete(threads::remove),
        )
}

fn command_routes() -> Router<App> {
    let in_guild = "/applications/{application}/guilds/{guild}/commands";
    let everywhere = "/applications/{application}/commands";
    Router::new()
        .route(
            in_guild,
            get(commands::list)
                .put(commands::replace)
                .post(commands::create),
        )
        .route(
            everywhere,
            get(commands::list)
                .put(commands::replace)
                .post(commands::create),
        )
        .route(
            &format!("{in_guild}/{{command}}"),
            get(commands::show)
                .patch(commands::edit)
                .delete(commands::remove),
        )
        .route(
            &format!("{everywhere}/{{command}}"),
            get(commands::show)
                .patch(commands::edit)
                .delete(commands::remove),
        )
}

fn interaction_routes() -> Router<App> {
    Router::new()
        .route(
            "/interactions/{interaction}/{token}/callback",
            post(interactions::callback::answer),
        )
        .route(
            "/webhooks/{application}/{token}",
            post(interactions::followups::create),
        )
        .route(
            "/webhooks/{application}/{token}/messages/{message}",
            get(interactions::followups::show)
                .patch(interactions::followups::edit)
                .merge(delete(interactions::followups::remove)),
        )
}

async fn unknown(request: Request) -> Response {
    let what = format!("{} {}", request.method(), request.uri().path());
    let body = json!({ "message": format!("501: the sandbox does not know {what}"), "code": 0 });
    (StatusCode::NOT_IMPLEMENTED, Json(body)).into_response()
}

#[expect(clippy::unnecessary_wraps, reason = "what every handler ends in")]
fn ok(value: Value) -> Answer {
    Ok(Json(value).into_response())
}

#[expect(clippy::unnecessary_wraps, reason = "what every handler ends in")]
fn created(value: Value) -> Answer {
    Ok((StatusCode::CREATED, Json(value)).into_response())
}

#[expect(clippy::unnecessary_wraps, reason = "what every handler ends in")]
fn empty() -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Under the lock; what is wrong is answered in Discord's shape.
fn within(app: &App, deed: impl FnOnce(&mut Inner) -> Answer) -> Answer {
    app.within(deed)
}
