//! What an answer of Discord means: accepted, to be tried again, gone, or wrong; and what its
//! headers say about pace. Pure.

use super::{Answer, RestFault, WaitFor};
use crate::discord::endpoint::Endpoint;
use crate::outbound::pace::{Learned, Refused, Scope};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;
use std::time::Duration;

/// The first wait after a fault of Discord or of the network; the outbox lets it grow.
pub(super) const FAULT_WAIT: Duration = Duration::from_secs(2);
/// A 429 that does not come from the API (no JSON) is the edge shutting an address out.
const EDGE_WAIT: Duration = Duration::from_mins(1);
/// No answer of Discord makes a request wait longer in one step.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

pub(super) struct Received<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) json: Option<&'a Value>,
    pub(super) empty: bool,
}

impl Received<'_> {
    pub(super) fn verdict(&self, path: &Endpoint, route: &str) -> Result<Answer, RestFault> {
        let status = self.status.as_u16();
        if self.status.is_success() {
            if self.json.is_none() && !self.empty {
                return Err(self.retry(FAULT_WAIT, WaitFor::Discord, route));
            }
            let body = self.json.cloned().unwrap_or_default();
            return Ok(Answer { status, body });
        }
        if let Some(Refused { after, scope }) = refused(self.status, self.headers, self.json) {
            return Err(self.retry(after, WaitFor::Limit(scope), route));
        }
        if self.status.is_server_error() {
            let after = retry_after(self.headers).unwrap_or(FAULT_WAIT);
            return Err(self.retry(after, WaitFor::Discord, route));
        }
        let (code, message) = (self.code(), self.message());
        match status {
            // An interaction's token that is void says nothing about ours.
            401 if path.is_interaction() && code == 50_027 => {
                Err(RestFault::Gone { code, message })
            }
            401 => Err(RestFault::Unauthorized),
            403 | 404 if is_gone(code) => Err(RestFault::Gone { code, message }),
            _ => Err(RestFault::Rejected {
                status,
                code,
                message,
                body: self.json.cloned().unwrap_or_default(),
            }),
        }
    }

    fn retry(&self, after: Duration, scope: WaitFor, route: &str) -> RestFault {
        let why = format!("{route} was answered {}", self.status.as_u16());
        RestFault::RetryAt { after, scope, why }
    }

    fn code(&self) -> u64 {
        self.json.and_then(|j| j.get("code")?.as_u64()).unwrap_or(0)
    }

    fn message(&self) -> String {
        let said = self.json.and_then(|j| j.get("message")?.as_str());
        said.unwrap_or("no reason was given").to_owned()
    }
}

/// Discord's codes for what is missing or not permitted (`topics/opcodes-and-status-codes`).
const fn is_gone(code: u64) -> bool {
    matches!(
        code,
        10_003 // channel
        | 10_004 // guild
        | 10_007 // member
        | 10_008 // message
        | 10_011 // role
        | 10_013 // user
        | 10_015 // webhook: the interaction's token is void
        | 10_062 // interaction
        | 50_001 // no access
        | 50_007 // no messages to this user
        | 50_013 // no permission
        | 50_027 // webhook token
        | 50_083 // archived thread
    )
}

pub(super) fn learned(status: StatusCode, headers: &HeaderMap, json: Option<&Value>) -> Learned {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let refused = refused(status, headers, json);
    let shared = matches!(
        refused,
        Some(Refused {
            scope: Scope::Shared,
            ..
        })
    );
    Learned {
        bucket: text("x-ratelimit-bucket").map(str::to_owned),
        limit: text("x-ratelimit-limit").and_then(|t| t.parse().ok()),
        remaining: text("x-ratelimit-remaining").and_then(|t| t.parse().ok()),
        reset_after: text("x-ratelimit-reset-after").and_then(seconds),
        refused,
        counts_as_invalid: matches!(status.as_u16(), 401 | 403 | 429) && !shared,
    }
}

pub(super) fn refused(
    status: StatusCode,
    headers: &HeaderMap,
    json: Option<&Value>,
) -> Option<Refused> {
    if status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let said = json.and_then(|j| j.get("retry_after")?.as_f64());
    let after = said
        .and_then(|s| Duration::try_from_secs_f64(s).ok())
        .or_else(|| retry_after(headers))
        .unwrap_or(EDGE_WAIT)
        .min(LONGEST_WAIT);
    let global = json.is_none_or(|j| j.get("global").and_then(Value::as_bool) == Some(true));
    let scope = match headers
        .get("x-ratelimit-scope")
        .and_then(|h| h.to_str().ok())
    {
        Some("shared") => Scope::Shared,
        Some("global") => Scope::Global,
        _ if global => Scope::Global,
        _ => Scope::User,
    };
    Some(Refused { after, scope })
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let wait = seconds(headers.get(RETRY_AFTER)?.to_str().ok()?)?;
    Some(wait.min(LONGEST_WAIT))
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
}
