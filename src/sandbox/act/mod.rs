//! The control API: what members do, and the drill leader's levers. Only for loopback; no token.

mod calls;
mod interaction;
mod levers;
mod options;
pub mod outlets;
pub mod stream;
mod submit;
pub mod view;

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde_json::{Value, json};

use super::{
    server::{App, Inner},
    world::{
        model::{Channel, Member},
        snowflake::Id,
    },
};

/// A control request that cannot be done, with what is wrong.
#[derive(Debug)]
pub struct Wrong {
    status: StatusCode,
    why: String,
}

pub type Done = Result<Json<Value>, Wrong>;

impl Wrong {
    pub fn bad(why: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            why: why.into(),
        }
    }

    pub fn closed(why: impl Into<String>) -> Self {
        Self {
            status: StatusCode::FORBIDDEN,
            why: why.into(),
        }
    }

    pub fn late(why: impl Into<String>) -> Self {
        Self {
            status: StatusCode::GATEWAY_TIMEOUT,
            why: why.into(),
        }
    }

    pub fn unknown(why: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            why: why.into(),
        }
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.why }))).into_response()
    }
}

pub fn routes() -> Router<App> {
    Router::new()
        .route("/sandbox/healthz", get(levers::health))
        .route("/sandbox/guild", get(view::guild))
        .route("/sandbox/clock", get(levers::time).post(levers::clock))
        .route(
            "/sandbox/faults",
            post(levers::faults).delete(levers::end_faults),
        )
        .route("/sandbox/requests", get(levers::requests))
        .route("/sandbox/members/{user}/roles", put(levers::roles))
        .route(
            "/sandbox/channels/{channel}/overwrites/{target}",
            put(levers::set_overwrite).delete(levers::delete_overwrite),
        )
        .route("/sandbox/members/{user}/messages", post(levers::write))
        .route("/sandbox/members/{user}/view", get(view::view))
        .route("/sandbox/members/{user}/guild", get(view::guild_of))
        .route("/sandbox/members/{user}/stream", get(stream::stream))
        .route("/sandbox/outlets", get(outlets::list))
        .route("/sandbox/outlets/{name}", post(outlets::send))
        .route("/sandbox/members/{user}/commands", post(calls::command))
        .route(
            "/sandbox/members/{user}/autocomplete",
            post(calls::autocomplete),
        )
        .route("/sandbox/members/{user}/components", post(calls::component))
        .route("/sandbox/members/{user}/modals", post(calls::modal))
        .layer(axum::extract::DefaultBodyLimit::max(
            super::body::REQUEST_MAX,
        ))
}

pub fn member(inner: &Inner, key: &str) -> Result<Member, Wrong> {
    let member = inner.world.find_member(key);
    member
        .cloned()
        .ok_or_else(|| Wrong::unknown(format!("no member {key:?}")))
}

/// A channel as a member finds it: unknown is told from closed, for the sake of tests.
pub fn channel_for(inner: &Inner, user: Id, key: &str) -> Result<Channel, Wrong> {
    let channel = inner.world.find_channel(key);
    let channel = channel.ok_or_else(|| Wrong::bad(format!("no channel {key:?}")))?;
    if inner.world.can_see(user, channel) {
        Ok(channel.clone())
    } else {
        Err(Wrong::closed(format!(
            "the member cannot see channel {key:?}"
        )))
    }
}

/// An id or a name, given as text or number.
pub fn key(value: &Value) -> Option<String> {
    value
        .as_str()
        .map(ToOwned::to_owned)
        .or_else(|| value.as_u64().map(|id| id.to_string()))
}
