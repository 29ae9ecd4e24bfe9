//! What cannot be taken, told as RFC 9457 problem details: what is wrong, where, and what mends it.
//! Nothing of the body is repeated.

use super::auth::AuthFault;
use super::sources::BodyFault;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// Room is made with every commit.
const NO_ROOM_RETRY_S: u32 = 1;

/// One problem, as it goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub title: &'static str,
    pub status: u16,
    pub detail: String,
    /// Where in the body, as a JSON pointer; empty is the body itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What the sender can do about it.
    pub mend: String,
    #[serde(skip)]
    retry_after_s: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self {
            kind,
            title,
            status: status.as_u16(),
            detail: String::new(),
            pointer: None,
            mend: String::new(),
            retry_after_s: None,
        }
    }

    fn saying(mut self, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        self.detail = detail.into();
        self.mend = mend.into();
        self
    }

    /// 400: the body was kept in quarantine, but nothing of it could be read.
    pub fn unreadable(fault: &BodyFault) -> Self {
        let mut problem = Self::new(
            StatusCode::BAD_REQUEST,
            "urn:baton:problem:unreadable-body",
            "The body could not be read",
        )
        .saying(
            fault.message.clone(),
            format!("{} The body is kept and can be replayed.", fault.mend),
        );
        problem.pointer = Some(fault.pointer.clone());
        problem
    }

    /// 400: the body broke off.
    pub fn broken_off() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "urn:baton:problem:broken-body",
            "The body broke off",
        )
        .saying(
            "The connection ended before the body did.",
            "Send it again.",
        )
    }

    /// 401: the sender did not prove itself. Nothing is kept.
    pub fn unauthenticated(fault: &AuthFault) -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "urn:baton:problem:unauthenticated",
            "The sender is not known",
        )
        .saying(
            fault.to_string(),
            "Send what this source's `auth` asks for, and check clock and secret.",
        )
    }

    /// 404: no such source.
    pub fn unknown_source() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "urn:baton:problem:unknown-source",
            "No such source",
        )
        .saying(
            "No source of this name is configured.",
            "Check the last part of the address against `[sources]` in the configuration.",
        )
    }

    /// 404: no such address.
    pub fn unknown_address() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "urn:baton:problem:unknown-address",
            "Nothing is here",
        )
        .saying(
            "This address serves nothing.",
            "Alerts go to `/v1/alerts/SOURCE`.",
        )
    }

    /// 405: wrong method.
    pub fn wrong_method(allowed: &'static str) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "urn:baton:problem:wrong-method",
            "This method is not served here",
        )
        .saying(
            format!("Only {allowed} is served here."),
            format!("Use {allowed}."),
        )
    }

    /// 408: the body came too slowly.
    pub fn too_slow(limit_s: u64) -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "urn:baton:problem:too-slow",
            "The body came too slowly",
        )
        .saying(
            format!("It was not complete after {limit_s} seconds."),
            "Send it again; if it is large, in several bodies.",
        )
    }

    /// 413: larger than the limit.
    pub fn too_large(limit_bytes: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "urn:baton:problem:too-large",
            "The body is too large",
        )
        .saying(
            format!("The limit is {limit_bytes} bytes. Nothing of it is kept."),
            "Send the alerts in several bodies, or raise `body_limit_bytes` under `[http]`.",
        )
    }

    /// 415: something that cannot be JSON text.
    pub fn wrong_media(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "urn:baton:problem:wrong-media-type",
            "This kind of body is not taken",
        )
        .saying(
            detail,
            "Send plain JSON with `Content-Type: application/json`.",
        )
    }

    /// 503: too much is on its way into the store already.
    pub fn no_room() -> Self {
        Self::unavailable("More arrives than can be kept at once.", NO_ROOM_RETRY_S)
    }

    /// 503: it could not be kept now. The sender should come again.
    pub fn unavailable(detail: impl Into<String>, retry_after_s: u32) -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "urn:baton:problem:unavailable",
            "Not now",
        )
        .saying(
            detail,
            format!("Nothing of it is kept. Send it again in {retry_after_s} seconds."),
        );
        problem.retry_after_s = Some(retry_after_s);
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after_s = self.retry_after_s;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
