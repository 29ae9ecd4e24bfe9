//! Writes each request of the bot with its answer to a file, one JSON object a line: method, path,
//! status, request, response. Changes neither.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::{Mutex, PoisonError},
};

use axum::{
    body::{Body, to_bytes},
    extract::{OriginalUri, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    SandboxError,
    body::{Payload, REQUEST_MAX},
    error::Refused,
    server::App,
};

pub struct Traffic(Mutex<File>);

impl Traffic {
    pub fn open(path: &Path) -> Result<Self, SandboxError> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let failed = |source| SandboxError::Traffic {
            path: path.display().to_string(),
            source,
        };
        file.map(|file| Self(Mutex::new(file))).map_err(failed)
    }

    fn write(&self, exchange: &Value) {
        let line = format!("{exchange}\n");
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::error!(%error, "the sandbox's traffic could not be written");
        }
    }
}

pub async fn record(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let Some(traffic) = &app.traffic else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, REQUEST_MAX).await else {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Refused::new(status, 40_005, "Request entity too large").into_response();
    };
    let asked = Payload::read(&parts, bytes.clone()).await;
    let asked = asked.map_or(Value::Null, |payload| payload.json);
    let method = parts.method.to_string();
    let again = Request::from_parts(parts, Body::from(bytes));
    let (parts, body) = next.run(again).await.into_parts();
    // Answers are made in memory here: reading one back cannot fail.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    traffic.write(&json!({
        "method": method, "path": uri.to_string(), "status": parts.status.as_u16(),
        "request": asked, "response": answer,
    }));
    Response::from_parts(parts, Body::from(bytes))
}
