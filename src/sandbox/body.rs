//! Request bodies: JSON, or a form with `payload_json` and files. Checks no content.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Multipart, Request},
    http::{header, request::Parts},
};
use serde_json::{Value, json};

use super::{error::Refused, json::Look};

/// Discord's limit for a whole request.
pub const REQUEST_MAX: usize = 25 * 1024 * 1024;
/// And for one file, without boosts.
pub const FILE_MAX: usize = 10 * 1024 * 1024;

#[derive(Clone, Debug)]
pub struct Upload {
    /// The number in `files[n]`, which `attachments[].id` refers to.
    pub number: u64,
    pub filename: String,
    pub content_type: Option<String>,
    pub bytes: Bytes,
}

#[derive(Clone, Debug, Default)]
pub struct Payload {
    pub json: Value,
    pub files: Vec<Upload>,
}

impl Payload {
    pub async fn read(parts: &Parts, bytes: Bytes) -> Result<Self, Refused> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let kind = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
            return form(parts, bytes).await;
        }
        let json = serde_json::from_slice(&bytes).map_err(|_| no_json())?;
        Ok(Self {
            json,
            files: Vec::new(),
        })
    }

    /// As the request log shows it.
    pub fn logged(&self) -> Value {
        if self.files.is_empty() {
            return self.json.clone();
        }
        let files = self.files.iter().map(|one| {
            json!({ "filename": one.filename, "content_type": one.content_type, "size": one.bytes.len() })
        });
        let body = if self.json.is_object() {
            self.json.clone()
        } else {
            json!({})
        };
        body.with("files", files.collect::<Vec<_>>())
    }

    pub fn check_files(&self) -> Result<(), Refused> {
        if self.files.iter().any(|file| file.bytes.len() > FILE_MAX) {
            let status = axum::http::StatusCode::PAYLOAD_TOO_LARGE;
            return Err(Refused::new(status, 40_005, "Request entity too large"));
        }
        if self.files.len() > 10 {
            return Err(Refused::field(
                "files",
                "BASE_TYPE_MAX_LENGTH",
                "Must be 10 or fewer in length.",
            ));
        }
        Ok(())
    }
}

fn no_json() -> Refused {
    Refused::bad(50_109, "The request body contains invalid JSON.")
}

fn no_form<E>(_: E) -> Refused {
    Refused::bad(50_035, "Invalid Form Body")
}

async fn form(parts: &Parts, bytes: Bytes) -> Result<Payload, Refused> {
    let mut again = Request::new(axum::body::Body::from(bytes));
    *again.headers_mut() = parts.headers.clone();
    again
        .extensions_mut()
        .insert(axum::extract::DefaultBodyLimit::disable());
    let mut form = Multipart::from_request(again, &()).await.map_err(no_form)?;
    let mut payload = Payload::default();
    while let Some(field) = form.next_field().await.map_err(no_form)? {
        let name = field.name().unwrap_or("").to_owned();
        let filename = field.file_name().map(ToOwned::to_owned);
        let content_type = field.content_type().map(ToOwned::to_owned);
        let bytes = field.bytes().await.map_err(no_form)?;
        if name == "payload_json" {
            payload.json = serde_json::from_slice(&bytes).map_err(|_| no_json())?;
        } else if let Some(filename) = filename {
            let inside = name.trim_start_matches("files[").trim_end_matches(']');
            let next = u64::try_from(payload.files.len()).unwrap_or(0);
            let number = inside.parse().unwrap_or(next);
            payload.files.push(Upload {
                number,
                filename,
                content_type,
                bytes,
            });
        } else if payload.json.is_null() {
            payload.json = json!({ name: String::from_utf8_lossy(&bytes) });
        } else {
            payload
                .json
                .set(&name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    Ok(payload)
}

/// Handlers take the body that the front has read and logged.
impl<S: Send + Sync> FromRequestParts<S> for Payload {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        Ok(parts.extensions.remove::<Self>().unwrap_or_default())
    }
}
