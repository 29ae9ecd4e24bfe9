//! The one executor of Discord's REST API, the same for the sandbox and for Discord. It sends once
//! and says what came of it; it never sleeps and never retries by itself.
//!
//! It is built on reqwest and typed paths, not on serenity's `Request::build`, by evidence from
//! serenity 0.12.5: `build` opens a tracing span with the whole request in it (bodies and interaction
//! tokens in logs); its base is a text replacement whose absence means discord.com; its buckets do
//! not know the method; and its own client with the limiter on ignores the base. reqwest is the
//! client under serenity too, so nothing is added.

use super::call::Call;
use super::connect::{ConnectFault, install_tls_provider, is_loopback};
use super::endpoint::{Endpoint, Method};
use super::limits;
use crate::outbound::pace::{Admission, Lane, Learned, Pace, Refused, Scope};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const DISCORD: &str = "https://discord.com";
/// Discord asks for this form, with an address, and shuts out clients without it (`reference`,
/// user agent). The name is reserved and leads nowhere until the project has a home.
const USER_AGENT: &str = concat!(
    "DiscordBot (https://baton.invalid, ",
    env!("CARGO_PKG_VERSION"),
    ")"
);
/// The first wait after a fault of Discord or of the network; the outbox lets it grow.
const FAULT_WAIT: Duration = Duration::from_secs(2);
/// A 429 that does not come from the API (no JSON) is the edge shutting an address out.
const EDGE_WAIT: Duration = Duration::from_mins(1);
/// No answer of Discord makes a request wait longer in one step.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

pub struct RestOptions {
    /// Where the API is, such as `http://127.0.0.1:8484`; Discord where none is given.
    pub base: Option<String>,
    pub token: SecretString,
    /// Refuses every base that is not on this machine.
    pub loopback_only: bool,
    pub timeout: Duration,
}

pub struct Rest {
    client: Client,
    base: Url,
    authorization: HeaderValue,
    pace: Mutex<Pace>,
    shut: AtomicBool,
}

/// A request that Discord accepted. `body` is null where the answer has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The id of what was created, read or changed.
    pub fn id(&self) -> Option<&str> {
        self.text("/id")
    }

    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer)?.as_str()
    }
}

/// Why a request has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitFor {
    /// Our own pace: nothing was sent.
    Turn,
    /// Discord's limit: answered 429.
    Limit(Scope),
    /// Discord answered 5xx, or nothing that can be read.
    Discord,
    /// No connection, or it broke. The request may have been carried out.
    Network,
    /// No answer in time. The request may have been carried out.
    Timeout,
}

/// What came of a request that was not accepted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RestFault {
    #[error("try again in {after:?}: {why}")]
    RetryAt {
        after: Duration,
        scope: WaitFor,
        why: String,
    },
    /// The channel, message, member or permission is missing: park it and tell the audit channel.
    #[error("gone or not permitted (Discord's code {code}): {message}")]
    Gone { code: u64, message: String },
    /// Our request is wrong.
    #[error("refused with {status} (Discord's code {code}): {message}")]
    Rejected {
        status: u16,
        code: u64,
        message: String,
        body: Value,
    },
    #[error("Discord refuses the token; nothing more is sent until it is changed")]
    Unauthorized,
    #[error("the request could not be built: {0}")]
    Unsendable(String),
}

impl RestFault {
    /// The interaction was answered before: by us, over a connection that broke.
    pub fn is_already_answered(&self) -> bool {
        matches!(self, Self::Rejected { code: 40_060, .. })
    }
}

/// Why the executor is not built.
#[derive(Debug, thiserror::Error)]
pub enum RestSetupFault {
    #[error("`{0}` is no base address: it must be http://host:port or https://host")]
    NotABase(String),
    #[error("the token has characters that no token has; check the file it is read from")]
    BadToken,
    #[error("the HTTP client could not be built: {0}")]
    Client(String),
    #[error(transparent)]
    Address(#[from] ConnectFault),
}

impl Rest {
    pub fn new(options: &RestOptions) -> Result<Self, RestSetupFault> {
        install_tls_provider();
        let base = checked_base(options)?;
        let token = format!("Bot {}", options.token.expose_secret().trim());
        let mut authorization =
            HeaderValue::from_str(&token).map_err(|_| RestSetupFault::BadToken)?;
        authorization.set_sensitive(true);
        let mut client = Client::builder()
            .user_agent(USER_AGENT)
            .timeout(options.timeout)
            // The API never redirects; following one would carry the token elsewhere.
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&base) {
            // A proxy from the environment would carry local traffic off this machine.
            client = client.no_proxy();
        }
        let client = client
            .build()
            .map_err(|e| RestSetupFault::Client(e.to_string()))?;
        let (pace, shut) = (Mutex::new(Pace::new()), AtomicBool::new(false));
        Ok(Self {
            client,
            base,
            authorization,
            pace,
            shut,
        })
    }

    /// Sends once, if it may go now. What has to wait comes back as `RetryAt`, unsent where its
    /// scope is `WaitFor::Turn`.
    pub async fn send(&self, call: &Call) -> Result<Answer, RestFault> {
        if self.is_shut() {
            return Err(RestFault::Unauthorized);
        }
        let request = self.request(call)?;
        let lane = call.path.lane(call.method);
        let now = Instant::now();
        if let Admission::WaitUntil(until) = self.pace().admit(&lane, now) {
            return Err(RestFault::RetryAt {
                after: until.saturating_duration_since(now),
                scope: WaitFor::Turn,
                why: format!("{} waits for its turn", lane.route),
            });
        }
        let mut place = Place {
            rest: self,
            lane: &lane,
            taken: true,
        };
        let response = request
            .send()
            .await
            .map_err(|e| network_fault(e, lane.route))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await;
        let body = bytes
            .as_ref()
            .ok()
            .map(|b| serde_json::from_slice::<Value>(b));
        let json = body.as_ref().and_then(|b| b.as_ref().ok());
        self.pace()
            .learn(&lane, &learned(status, &headers, json), Instant::now());
        place.taken = false;
        let bytes = bytes.map_err(|e| network_fault(e, lane.route))?;
        let answer = Received {
            status,
            headers: &headers,
            json,
            empty: bytes.is_empty(),
        };
        let verdict = answer.verdict(&call.path, lane.route);
        if matches!(verdict, Err(RestFault::Unauthorized))
            && !self.shut.swap(true, Ordering::AcqRel)
        {
            tracing::error!("Discord refuses the token: nothing more is sent; change it, restart");
        }
        verdict
    }

    /// Whether a 401 has shut the executor.
    pub fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire)
    }

    /// Opens it again, once an operator says that the token is good.
    pub fn reopen(&self) {
        self.shut.store(false, Ordering::Release);
    }

    /// Requests that Discord refused in the last ten minutes, for `/health`.
    pub fn refused_lately(&self) -> usize {
        self.pace().refused_lately(Instant::now())
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        // The state is counters; a panic elsewhere does not make them wrong.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self, call: &Call) -> Result<RequestBuilder, RestFault> {
        let mut request = self
            .client
            .request(method(call.method), self.url(&call.path)?)
            .header(AUTHORIZATION, self.authorization.clone());
        if let Some(reason) = call.reason.as_deref().filter(|r| !r.trim().is_empty()) {
            request = request.header("X-Audit-Log-Reason", encoded_reason(reason));
        }
        Ok(match &call.body {
            Some(body) if call.files.is_empty() => request.json(body),
            Some(body) => request.multipart(multipart(body, call)),
            None => request,
        })
    }

    fn url(&self, path: &Endpoint) -> Result<Url, RestFault> {
        let segments = path.segments();
        if segments.iter().any(|s| matches!(*s, "" | "." | "..")) {
            return Err(RestFault::Unsendable(format!("an id in {path:?} is empty")));
        }
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| RestFault::Unsendable("the base takes no path".to_owned()))?
            .pop_if_empty()
            .extend(["api", "v10"])
            .extend(segments);
        let query = path.query();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

/// Gives the place in the pace back when no answer came, also when the caller was dropped.
struct Place<'a> {
    rest: &'a Rest,
    lane: &'a Lane,
    taken: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.taken {
            self.rest.pace().abandon(self.lane, Instant::now());
        }
    }
}

struct Received<'a> {
    status: StatusCode,
    headers: &'a HeaderMap,
    json: Option<&'a Value>,
    empty: bool,
}

impl Received<'_> {
    fn verdict(&self, path: &Endpoint, route: &str) -> Result<Answer, RestFault> {
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

fn checked_base(options: &RestOptions) -> Result<Url, RestSetupFault> {
    let text = options.base.as_deref().unwrap_or(DISCORD);
    let fault = || RestSetupFault::NotABase(text.to_owned());
    let base = Url::parse(text).map_err(|_| fault())?;
    let plain = base.username().is_empty() && base.password().is_none();
    if !matches!(base.scheme(), "http" | "https") || base.query().is_some() || !plain {
        return Err(fault());
    }
    let loopback = is_loopback(&base);
    if options.loopback_only && !loopback {
        return Err(ConnectFault::NotLoopback(text.to_owned()).into());
    }
    if !loopback && base.scheme() == "http" {
        return Err(ConnectFault::Unencrypted(text.to_owned()).into());
    }
    Ok(base)
}

const fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

fn multipart(body: &Value, call: &Call) -> Form {
    let mut form = Form::new().text("payload_json", body.to_string());
    for (n, file) in call.files.iter().enumerate() {
        let part = Part::bytes(file.bytes.clone()).file_name(file.name.clone());
        form = form.part(format!("files[{n}]"), part);
    }
    form
}

// Discord decodes percent-encoding; a plain header could not carry names or line breaks.
fn encoded_reason(reason: &str) -> String {
    let mut out = String::new();
    for byte in reason
        .chars()
        .take(limits::REASON)
        .collect::<String>()
        .bytes()
    {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

// The address is left out: an interaction's token is part of it.
fn network_fault(error: reqwest::Error, route: &str) -> RestFault {
    let error = error.without_url();
    if error.is_builder() {
        return RestFault::Unsendable(error.to_string());
    }
    let scope = if error.is_timeout() {
        WaitFor::Timeout
    } else {
        WaitFor::Network
    };
    RestFault::RetryAt {
        after: FAULT_WAIT,
        scope,
        why: format!("{route}: {error}"),
    }
}

fn learned(status: StatusCode, headers: &HeaderMap, json: Option<&Value>) -> Learned {
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

fn refused(status: StatusCode, headers: &HeaderMap, json: Option<&Value>) -> Option<Refused> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(base: Option<&str>, loopback_only: bool) -> Result<Rest, RestSetupFault> {
        Rest::new(&RestOptions {
            base: base.map(str::to_owned),
            token: "secret".into(),
            loopback_only,
            timeout: Duration::from_secs(1),
        })
    }

    #[test]
    fn only_this_machine_is_reached_where_that_is_asked() {
        assert!(rest(Some("http://127.0.0.1:8484"), true).is_ok());
        assert!(rest(None, true).is_err(), "no base means Discord");
        assert!(rest(Some("https://discord.com"), true).is_err());
        assert!(rest(Some("http://127.0.0.1@discord.com"), true).is_err());
        assert!(
            rest(Some("http://proxy.example"), false).is_err(),
            "unencrypted"
        );
        assert!(rest(None, false).is_ok());
    }

    #[test]
    fn paths_stand_behind_the_base_and_cannot_be_left() {
        let rest = rest(Some("http://127.0.0.1:1/prefix/"), true).unwrap();
        let url = |call: Call| rest.url(&call.path).unwrap().to_string();
        assert_eq!(
            url(Call::list_members("7", None)),
            "http://127.0.0.1:1/prefix/api/v10/guilds/7/members?limit=1000&after=0"
        );
        assert_eq!(
            url(Call::get_channel("../users?x#y")),
            "http://127.0.0.1:1/prefix/api/v10/channels/..%2Fusers%3Fx%23y"
        );
        assert!(rest.url(&Call::get_channel("..").path).is_err());
        assert!(rest.url(&Call::get_channel("").path).is_err());
    }

    #[test]
    fn a_reason_is_encoded_and_short_enough() {
        assert_eq!(encoded_reason("INC-7 – ok\n"), "INC-7%20%E2%80%93%20ok%0A");
        assert_eq!(encoded_reason(&"x".repeat(600)).len(), 512);
    }

    #[test]
    fn a_429_is_read_from_body_header_or_neither() {
        let mut headers = HeaderMap::new();
        let body = serde_json::json!({ "retry_after": 0.25, "global": false });
        let status = StatusCode::TOO_MANY_REQUESTS;
        let wait = |ms, scope| {
            Some(Refused {
                after: Duration::from_millis(ms),
                scope,
            })
        };
        assert_eq!(
            refused(status, &headers, Some(&body)),
            wait(250, Scope::User)
        );
        assert_eq!(refused(status, &headers, None), wait(60_000, Scope::Global));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("3"));
        assert_eq!(refused(status, &headers, None), wait(3_000, Scope::Global));
        headers.insert("x-ratelimit-scope", HeaderValue::from_static("shared"));
        assert_eq!(refused(status, &headers, None), wait(3_000, Scope::Shared));
        assert!(!learned(status, &headers, None).counts_as_invalid);
        assert_eq!(refused(StatusCode::OK, &headers, None), None);
    }

    #[test]
    fn a_secret_is_in_no_debug_text() {
        let call = Call::callback("1", "hush", Value::Null);
        assert_eq!(format!("{:?}", call.path), "/interactions/{id}/…/callback");
    }
}
