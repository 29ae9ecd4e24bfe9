//! The one executor of Discord's REST API, the same for the sandbox and for Discord. It sends once
//! and says what came of it; it never sleeps and never retries by itself.
//!
//! It is built on reqwest and typed paths, not on serenity's `Request::build`, by evidence from
//! serenity 0.12.5: `build` opens a tracing span with the whole request in it (bodies and interaction
//! tokens in logs); its base is a text replacement whose absence means discord.com; its buckets do
//! not know the method; and its own client with the limiter on ignores the base. reqwest is the
//! client under serenity too, so nothing is added.

mod verdict;

use super::call::Call;
use super::connect::{ConnectFault, install_tls_provider, is_loopback};
use super::endpoint::{Endpoint, Method};
use super::limits;
use crate::outbound::pace::{Admission, Budget, Lane, Pace, Scope};
use crate::watch::DiscordMeters;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use verdict::{FAULT_WAIT, Received, learned};

/// Requests on their way at once. A burst of answers then shares connections instead of opening one for each.
const AT_ONCE: usize = 64;
const DISCORD: &str = "https://discord.com";
/// Discord asks for this form, with an address, and shuts out clients without it (`reference`,
/// user agent). The name is reserved and leads nowhere until the project has a home.
const USER_AGENT: &str = concat!(
    "DiscordBot (https://baton.invalid, ",
    env!("CARGO_PKG_VERSION"),
    ")"
);
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
    places: Semaphore,
    now: Box<dyn Fn() -> Instant + Send + Sync>,
    shut: AtomicBool,
    meters: DiscordMeters,
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
            places: Semaphore::new(AT_ONCE),
            now: Box::new(Instant::now),
            shut,
            meters: DiscordMeters::default(),
        })
    }

    /// Keeps its pace on another clock than the system's: the one on which the other side counts.
    pub fn paced_by(self, now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self {
            now: Box::new(now),
            ..self
        }
    }

    /// Sends once, if it may go now. What has to wait comes back as `RetryAt`, unsent where its
    /// scope is `WaitFor::Turn`.
    pub async fn send(&self, call: &Call) -> Result<Answer, RestFault> {
        if self.is_shut() {
            return Err(RestFault::Unauthorized);
        }
        let request = self.request(call)?;
        let lane = call.path.lane(call.method);
        // Never closed.
        let _place = self.places.acquire().await.ok();
        let now = (self.now)();
        if let Admission::WaitUntil(until) = self.pace().admit(&lane, now) {
            return Err(RestFault::RetryAt {
                after: until.saturating_duration_since(now),
                scope: WaitFor::Turn,
                why: format!("{} waits for its turn", lane.route),
            });
        }
        let mut turn = Turn {
            rest: self,
            lane: &lane,
            taken: true,
        };
        let response = request.send().await;
        self.meters
            .answered(response.as_ref().ok().map(|r| r.status().as_u16()));
        let response = response.map_err(|e| network_fault(e, lane.route))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await;
        let body = bytes
            .as_ref()
            .ok()
            .map(|b| serde_json::from_slice::<Value>(b));
        let json = body.as_ref().and_then(|b| b.as_ref().ok());
        self.pace()
            .learn(&lane, &learned(status, &headers, json), (self.now)());
        turn.taken = false;
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

    /// What it counts.
    pub const fn meters(&self) -> &DiscordMeters {
        &self.meters
    }

    /// Requests that Discord refused in the last ten minutes, for `/health`.
    pub fn refused_lately(&self) -> usize {
        self.pace().refused_lately((self.now)())
    }

    /// What may still be sent as this call is, before its limit is met.
    pub fn budget(&self, path: &Endpoint, method: Method) -> Budget {
        self.pace().budget(&path.lane(method), (self.now)())
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

/// Gives the turn back when no answer came, also when the caller was dropped.
struct Turn<'a> {
    rest: &'a Rest,
    lane: &'a Lane,
    taken: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.taken {
            self.rest.pace().abandon(self.lane, (self.rest.now)());
        }
    }
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

#[cfg(test)]
mod tests;
