//! What every REST request of the bot passes: body, faults, token, rate limits, log. No endpoint.

use std::time::Duration;

use axum::{
    Json,
    body::{Bytes, to_bytes},
    extract::{ConnectInfo, MatchedPath, OriginalUri, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    body::{Payload, REQUEST_MAX},
    error::Refused,
    faults::{FaultKind, Order},
    limits::{Scope, Verdict},
    net::{Peer, pause},
    server::{App, Inner, Logged},
};

/// How long a swallowed request keeps its caller before the connection breaks.
const SWALLOWED: Duration = Duration::from_mins(1);
const SLOW_MS: u32 = 2_000;
/// What counts towards the ban of an address.
const INVALID: [StatusCode; 3] = [
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::TOO_MANY_REQUESTS,
];

/// Says whose limit a request met.
const SCOPE: &str = "x-ratelimit-scope";

/// Names in a `Host` header that can only mean this machine: a page elsewhere that has its own
/// name resolve to loopback sends its own name.
pub async fn only_local(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let name = host.map(|host| {
        host.rsplit_once(':').map_or(host, |(name, port)| {
            if port.chars().all(|c| c.is_ascii_digit()) {
                name
            } else {
                host
            }
        })
    });
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    let near = peer.is_some_and(|peer| peer.0.addr.ip().is_loopback());
    let local = name.is_some_and(|name| {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        bare == "localhost"
            || bare
                .parse()
                .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    });
    if near && local {
        next.run(request).await
    } else {
        (
            StatusCode::FORBIDDEN,
            "The sandbox answers only to this machine.",
        )
            .into_response()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what was read is done, whoever still waits for its answer; it ends by itself"
)]
pub async fn front(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    // Below `/api/v10` the router has cut that off.
    parts.uri = uri;
    let Ok(bytes) = to_bytes(body, REQUEST_MAX).await else {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Refused::new(status, 40_005, "Request entity too large").into_response();
    };
    let served = tokio::spawn(served(app, peer, parts, bytes, next)).await;
    served.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

async fn served(app: App, peer: Peer, mut parts: Parts, bytes: Bytes, next: Next) -> Response {
    let line = format!("{} {}", parts.method, parts.uri.path());
    let major = major(parts.uri.path());
    let payload = Payload::read(&parts, bytes).await;
    let logged = payload.as_ref().map_or(Value::Null, Payload::logged);
    let fault = app.within(|inner| {
        inner.elapse();
        inner.orders.meet(&line, inner.world.now())
    });
    if let Some(order) = fault
        .as_ref()
        .filter(|order| order.kind == FaultKind::Timeout)
    {
        tracing::debug!(line, kind = ?order.kind, "a request is swallowed");
        app.within(|inner| note(inner, &parts, logged, None));
        tokio::select! { () = pause(SWALLOWED) => {}, () = app.stopped() => {} }
        peer.breaker.trip();
        return StatusCode::GATEWAY_TIMEOUT.into_response();
    }
    if fault
        .as_ref()
        .is_some_and(|order| order.kind == FaultKind::LostRequest)
    {
        app.within(|inner| note(inner, &parts, logged, None));
        peer.breaker.trip();
        return StatusCode::GATEWAY_TIMEOUT.into_response();
    }
    let verdict = app.within(|inner| admit(inner, &parts, &major, fault.as_ref()));
    let response = match verdict {
        Err(response) => *response,
        Ok(verdict) => {
            held_back(fault.as_ref(), FaultKind::Slow).await;
            let mut response = match payload {
                Ok(payload) => {
                    parts.extensions.insert(payload);
                    let request = Request::from_parts(parts.clone(), axum::body::Body::empty());
                    in_shape(next.run(request).await)
                }
                Err(refused) => refused.into_response(),
            };
            headers(response.headers_mut(), &verdict);
            response
        }
    };
    let status = response.status();
    let failed = app.within(|inner| {
        let shared = scope_of(&response) == Some(Scope::Shared.word());
        if INVALID.contains(&status) && !shared {
            inner.limits.count_invalid(inner.world.now());
        }
        note(inner, &parts, logged, Some(&response));
        inner.world.failed
    });
    held_back(fault.as_ref(), FaultKind::LateResponse).await;
    if fault.is_some_and(|order| order.kind == FaultKind::LostResponse) {
        peer.breaker.trip();
    }
    if failed {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    } else {
        response
    }
}

/// Waits where a fault of this kind says so.
async fn held_back(fault: Option<&Order>, kind: FaultKind) {
    if let Some(order) = fault.filter(|order| order.kind == kind) {
        let ms = order.for_ms.unwrap_or(SLOW_MS);
        pause(Duration::from_millis(ms.into())).await;
    }
}

/// An id in the path or a query that does not parse is refused before a handler sees it.
fn in_shape(response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let plain = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if response.status() == StatusCode::BAD_REQUEST && plain {
        let message = "Value is not snowflake.";
        return Refused::field("id", "NUMBER_TYPE_COERCE", message).into_response();
    }
    response
}

/// Whose limit a 429 met.
fn scope_of(response: &Response) -> Option<&str> {
    response.headers().get(SCOPE)?.to_str().ok()
}

/// Logs a request with its answer, or without one where it was swallowed.
fn note(inner: &mut Inner, parts: &Parts, body: Value, answer: Option<&Response>) {
    let status = answer.map_or(0, |answer| answer.status().as_u16());
    if status == 501 {
        inner.unknown_endpoints += 1;
        tracing::warn!(method = %parts.method, path = parts.uri.path(), "no such endpoint in the sandbox");
    }
    let path = parts
        .uri
        .path_and_query()
        .map_or("", |path| path.as_str())
        .to_owned();
    let reason = parts.headers.get("x-audit-log-reason");
    let reason = reason.map(|value| unescaped(value.as_bytes()));
    let at = inner.world.now();
    inner.log.add(Logged {
        number: 0,
        at,
        method: parts.method.to_string(),
        path,
        body,
        reason,
        status,
        scope: answer.and_then(scope_of).map(str::to_owned),
    });
}

/// A header's percent-encoded text, as audit-log reasons are sent.
fn unescaped(mut text: &[u8]) -> String {
    let mut bytes = Vec::new();
    while let Some((first, rest)) = text.split_first() {
        let code = (*first == b'%').then(|| rest.first_chunk::<2>()).flatten();
        let code = code.and_then(|pair| std::str::from_utf8(pair).ok());
        if let Some(byte) = code.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            bytes.push(byte);
            text = rest.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            text = rest;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What divides a route's bucket: the channel, guild or application, or the webhook with its token.
fn major(path: &str) -> String {
    let mut steps = path.trim_start_matches("/api/v10/").split('/');
    let webhook = steps.next() == Some("webhooks");
    steps
        .take(if webhook { 2 } else { 1 })
        .collect::<Vec<_>>()
        .join("/")
}

/// Answers to interactions authenticate by their token and are outside the global limit.
fn by_token(path: &str) -> bool {
    path.starts_with("/api/v10/webhooks/") || path.starts_with("/api/v10/interactions/")
}

/// Faults that answer at once, the token, the limits.
fn admit(
    inner: &mut Inner,
    parts: &Parts,
    major: &str,
    fault: Option<&Order>,
) -> Result<Verdict, Box<Response>> {
    let path = parts.uri.path();
    let route = parts
        .extensions
        .get::<MatchedPath>()
        .map_or(path, MatchedPath::as_str);
    if fault.is_some_and(|order| order.kind == FaultKind::Http500) {
        let body = json!({ "message": "500: Internal Server Error", "code": 0 });
        return Err(Box::new(
            (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response(),
        ));
    }
    if let Some(left) = inner.limits.banned(inner.world.now()) {
        return Err(Box::new(banned(left.num_seconds())));
    }
    if let Some(refused) = fault.and_then(|order| untrue(order.kind, path)) {
        return Err(Box::new(refused.into_response()));
    }
    let open = by_token(path) || path == "/api/v10/gateway";
    if !open && !authorised(inner, &parts.headers) {
        return Err(Box::new(unauthorised().into_response()));
    }
    let now = inner.world.now();
    let mut verdict = inner
        .limits
        .take(parts.method.as_str(), route, major, !by_token(path), now);
    if let Some(order) = fault.filter(|order| order.kind == FaultKind::Http429) {
        verdict.refused = Some(order.scope.unwrap_or(Scope::User));
        verdict.remaining = 0;
        verdict.reset_after_s = verdict.reset_after_s.max(1.0);
    }
    match verdict.refused {
        None => Ok(verdict),
        Some(scope) => Err(Box::new(too_many(&verdict, scope))),
    }
}

fn unauthorised() -> Refused {
    Refused::new(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized")
}

/// A refusal that is ordered, in the words that Discord has for this path.
fn untrue(kind: FaultKind, path: &str) -> Option<Refused> {
    let has = |part: &str| path.contains(part);
    match kind {
        FaultKind::Http401 => Some(unauthorised()),
        FaultKind::Http403 => Some(Refused::missing_access()),
        FaultKind::Http404 if has("/interactions/") => Some(Refused::unknown_interaction()),
        FaultKind::Http404 if has("/webhooks/") => Some(Refused::unknown_webhook()),
        FaultKind::Http404 if has("/messages/") => Some(Refused::unknown_message()),
        FaultKind::Http404 if has("/channels/") => Some(Refused::unknown_channel()),
        FaultKind::Http404 if has("/guilds/") => Some(Refused::unknown_guild()),
        FaultKind::Http404 => Some(Refused::new(StatusCode::NOT_FOUND, 0, "404: Not Found")),
        FaultKind::Http500
        | FaultKind::Http429
        | FaultKind::Timeout
        | FaultKind::Slow
        | FaultKind::LateResponse
        | FaultKind::LostRequest
        | FaultKind::LostResponse
        | FaultKind::GatewayDrop
        | FaultKind::GatewayInvalidSession
        | FaultKind::GatewayReconnect
        | FaultKind::GatewayClose => None,
    }
}

/// What stands before Discord answers a banned address: not JSON, and none of its own headers.
fn banned(seconds: i64) -> Response {
    let mut response = (StatusCode::TOO_MANY_REQUESTS, "error code: 1015").into_response();
    put(response.headers_mut(), "retry-after", &seconds.to_string());
    response
}

fn authorised(inner: &Inner, headers: &HeaderMap) -> bool {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    given.and_then(|value| value.strip_prefix("Bot ")) == Some(inner.world.guild().token.as_str())
}

fn too_many(verdict: &Verdict, scope: Scope) -> Response {
    let global = scope == Scope::Global;
    let body = json!({
        "message": "You are being rate limited.", "retry_after": verdict.reset_after_s,
        "global": global, "code": 0,
    });
    let mut response = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    let map = response.headers_mut();
    if global {
        put(map, "x-ratelimit-global", "true");
    } else {
        headers(map, verdict);
    }
    put(map, SCOPE, scope.word());
    put(
        map,
        "retry-after",
        &format!("{}", verdict.reset_after_s.ceil()),
    );
    response
}

fn headers(map: &mut HeaderMap, verdict: &Verdict) {
    put(map, "x-ratelimit-limit", &verdict.limit.to_string());
    put(map, "x-ratelimit-remaining", &verdict.remaining.to_string());
    let millis = verdict.reset.timestamp_millis();
    put(
        map,
        "x-ratelimit-reset",
        &format!("{}.{:03}", millis / 1_000, millis % 1_000),
    );
    put(
        map,
        "x-ratelimit-reset-after",
        &format!("{:.3}", verdict.reset_after_s),
    );
    put(map, "x-ratelimit-bucket", &verdict.bucket);
}

fn put(map: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        map.insert(HeaderName::from_static(name), value);
    }
}
