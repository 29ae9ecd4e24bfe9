//! The files that messages carry, served as downloads. Knows no message.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{server::App, world::snowflake::Id};

/// Served as a download: what members upload never runs here.
pub async fn file(State(app): State<App>, Path((_, id, _)): Path<(Id, Id, String)>) -> Response {
    let row = app.within(|inner| inner.world.files.get(&id).cloned());
    let bytes = row.and_then(|row| {
        STANDARD
            .decode(row.base64)
            .ok()
            .map(|bytes| (row.content_type, bytes))
    });
    let Some((kind, bytes)) = bytes else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, bytes).into_response()
}
