//! The gateway connection: text frames in, typed events out. twilight-gateway keeps the session
//! (heartbeat, RESUME at `resume_gateway_url`, IDENTIFY pace); what a frame says is read here.
//!
//! The guard: twilight dials `resume_url` or else the configured address, and would fall back to
//! Discord's own only where no address is configured – it always is. It takes `resume_url` from READY
//! while it hands us that frame, and dials only when polled again; so the address is checked after
//! each poll, and a shard with a bad one is never polled again.

use super::connect::{ConnectFault, checked_gateway_url, install_tls_provider, pause_until};
use super::incoming::{self, Interaction};
use futures_util::StreamExt as _;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};
use twilight_gateway::error::{ReceiveMessageError, ReceiveMessageErrorType};
use twilight_gateway::{
    CloseFrame, ConfigBuilder, Intents, Message, Session, Shard, ShardId, ShardState,
};

/// Commands need GUILDS; the proof of who reads a channel needs GUILD_MEMBERS (privileged).
const INTENTS: Intents = Intents::GUILDS.union(Intents::GUILD_MEMBERS);
/// Close 4000: Discord keeps the session, so that the next start can resume it.
const KEEP_SESSION: u16 = 4_000;
/// How long `leave` waits until the close is sent.
const LEAVE_WAIT: Duration = Duration::from_secs(2);

pub struct GatewayOptions {
    pub token: SecretString,
    /// From `GET /gateway`.
    pub url: String,
    /// A session of an earlier start; it is resumed where Discord still knows it.
    pub saved: Option<SavedSession>,
    pub loopback_only: bool,
}

/// What resumes a session after a restart. Save it after the events up to it are dealt with: what
/// lies behind it is sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSession {
    pub id: String,
    pub sequence: u64,
    pub resume_url: String,
}

/// What the gateway tells. Raw parts are Discord's `d`.
#[derive(Debug)]
pub enum GatewayEvent {
    /// A new session. Interactions of the gap before it are gone.
    Ready(Ready),
    /// The session goes on; missed events follow or have followed.
    Resumed,
    GuildCreate(Value),
    GuildUpdate(Value),
    /// A member joined or changed (`user`, `roles`, `guild_id`).
    MemberUpdate(Value),
    MemberRemove(Value),
    /// A role was created, changed or deleted.
    RoleChange(Value),
    /// A channel was created, changed or deleted.
    ChannelChange(Value),
    /// A thread or its list of members changed.
    ThreadChange(Value),
    Interaction(Box<Interaction>),
    /// The connection broke; the next call connects again, after a growing pause.
    Dropped {
        reason: String,
    },
    /// A frame that cannot be read. It is logged; nothing else can be done about it.
    Unreadable(String),
    /// The end: `next` gives nothing more. The reason says what an operator must change.
    Fatal(String),
    /// An event that Baton has no use for, by name.
    Other(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    pub application_id: String,
    pub user_id: String,
    /// The guilds that will follow as `GuildCreate`.
    pub guild_ids: Vec<String>,
    pub session: SavedSession,
}

pub struct Gateway {
    shard: Shard,
    loopback_only: bool,
    ended: bool,
    /// Whether the connection stood when it was last looked at.
    up: bool,
    /// Whether its end was told before a close frame came: then that frame is no second drop.
    told: bool,
    /// Drops since a session was last up.
    drops: u32,
    pause_until: Option<Instant>,
}

enum Polled {
    Item(Option<Result<Message, ReceiveMessageError>>),
    /// The connection ended without a word.
    Ended,
}

#[derive(Deserialize)]
struct Frame {
    op: u8,
    #[serde(default)]
    t: Option<String>,
    #[serde(default)]
    d: Value,
}

impl Gateway {
    /// Prepares the connection; the first `next` dials.
    pub fn connect(options: GatewayOptions) -> Result<Self, ConnectFault> {
        install_tls_provider();
        let url = checked_gateway_url(&options.url, options.loopback_only)?;
        let token = options.token.expose_secret().trim().to_owned();
        let mut config = ConfigBuilder::new(token, INTENTS).proxy_url(url);
        if let Some(saved) = options.saved {
            match checked_gateway_url(&saved.resume_url, options.loopback_only) {
                Ok(resume_url) => {
                    config = config
                        .session(Session::new(saved.sequence, saved.id))
                        .resume_url(resume_url);
                }
                // The session belongs to another place than the one that we may dial.
                Err(fault) => tracing::warn!(%fault, "a saved gateway session is not resumed"),
            }
        }
        Ok(Self {
            shard: Shard::with_config(ShardId::ONE, config.build()),
            loopback_only: options.loopback_only,
            ended: false,
            up: false,
            told: false,
            drops: 0,
            pause_until: None,
        })
    }

    /// The next event; nothing after `Fatal`. It may be dropped and called again at any point.
    pub async fn next(&mut self) -> Option<GatewayEvent> {
        loop {
            if self.ended {
                return None;
            }
            if let Some(until) = self.pause_until {
                pause_until(until).await;
                self.pause_until = None;
            }
            let polled = self.poll().await;
            if let Some(reason) = self.forbidden_resume_url() {
                return Some(self.end(reason));
            }
            let Polled::Item(item) = polled else {
                self.told = true;
                return Some(self.dropped("the connection ended".to_owned()));
            };
            match item {
                None => return Some(self.end("the gateway closed for good".to_owned())),
                Some(Ok(Message::Close(_))) if self.told && !self.is_fatal() => self.told = false,
                Some(Ok(Message::Close(frame))) => return Some(self.closed(frame.as_ref())),
                Some(Ok(Message::Text(text))) => {
                    if let Some(event) = self.read(&text) {
                        return Some(event);
                    }
                }
                Some(Err(error)) => return Some(failed(&error)),
            }
        }
    }

    /// The session as it stands, to be saved. None before READY and after it was invalidated.
    pub fn session(&self) -> Option<SavedSession> {
        let session = self.shard.session()?;
        Some(SavedSession {
            id: session.id().to_owned(),
            sequence: session.sequence(),
            resume_url: self.shard.resume_url()?.to_owned(),
        })
    }

    /// Leaves so that the session can be resumed by the next start. Returns what to save.
    pub async fn leave(mut self) -> Option<SavedSession> {
        let session = self.session();
        if session.is_some() && !self.ended {
            self.shard
                .close(CloseFrame::new(KEEP_SESSION, "restarting"));
            // Done once the frame is out: polled on, the shard would connect again.
            let closing = poll_fn(|cx| {
                loop {
                    match self.shard.poll_next_unpin(cx) {
                        Poll::Ready(Some(Ok(Message::Text(_)))) => {}
                        Poll::Ready(_) => return Poll::Ready(()),
                        Poll::Pending if self.is_disconnected() => return Poll::Ready(()),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            });
            // Without a close Discord finds out by itself; the session stays as good.
            let _ = tokio::time::timeout(LEAVE_WAIT, closing).await;
        }
        session
    }

    fn is_fatal(&self) -> bool {
        self.shard.state() == ShardState::FatallyClosed
    }

    fn is_disconnected(&self) -> bool {
        matches!(self.shard.state(), ShardState::Disconnected { .. })
    }

    fn stands(&mut self, stands: bool) {
        self.up |= stands;
        self.told &= !stands;
    }

    // A connection that ends without a close frame gives no item: the shard dials again within the
    // same call, at once and without end. That shows between two polls only.
    async fn poll(&mut self) -> Polled {
        poll_fn(|cx| {
            let item = self.shard.poll_next_unpin(cx);
            let stands = !self.is_disconnected();
            match item {
                Poll::Ready(item) => {
                    self.stands(stands);
                    Poll::Ready(Polled::Item(item))
                }
                Poll::Pending if self.up && !stands => Poll::Ready(Polled::Ended),
                Poll::Pending => {
                    self.stands(stands);
                    Poll::Pending
                }
            }
        })
        .await
    }

    // Exactly the address that twilight would dial next.
    fn forbidden_resume_url(&self) -> Option<String> {
        let url = self.shard.resume_url()?;
        let fault = checked_gateway_url(url, self.loopback_only).err()?;
        Some(format!(
            "the gateway wants to be resumed elsewhere: {fault}"
        ))
    }

    fn end(&mut self, reason: String) -> GatewayEvent {
        self.ended = true;
        tracing::error!(%reason, "the gateway connection ended");
        GatewayEvent::Fatal(reason)
    }

    fn closed(&mut self, frame: Option<&CloseFrame<'static>>) -> GatewayEvent {
        let code = frame.map(|f| f.code);
        if self.is_fatal() {
            return self.end(fatal_reason(code));
        }
        self.dropped(match code {
            Some(code) => format!("closed with {code}"),
            None => "closed without a code".to_owned(),
        })
    }

    // twilight waits only after it could not connect; a gateway that accepts and hangs up at once
    // would be dialled without end. The pause stays below twilight's ten seconds for connecting.
    fn dropped(&mut self, reason: String) -> GatewayEvent {
        self.up = false;
        self.drops = self.drops.saturating_add(1);
        if self.drops > 1 {
            let seconds = 2_u64.pow((self.drops - 2).min(3));
            self.pause_until = Some(Instant::now() + Duration::from_secs(seconds));
        }
        tracing::warn!(%reason, drops = self.drops, "the gateway connection dropped");
        GatewayEvent::Dropped { reason }
    }

    fn read(&mut self, text: &str) -> Option<GatewayEvent> {
        let Ok(frame) = serde_json::from_str::<Frame>(text) else {
            return Some(unreadable("a frame that is no gateway frame"));
        };
        if frame.op != 0 {
            return None;
        }
        let name = frame.t.unwrap_or_default();
        let raw = frame.d;
        Some(match name.as_str() {
            "READY" => self.ready(&raw),
            "RESUMED" => {
                self.drops = 0;
                GatewayEvent::Resumed
            }
            "INTERACTION_CREATE" => match incoming::read(&raw) {
                Some(interaction) => GatewayEvent::Interaction(Box::new(interaction)),
                None => unreadable("INTERACTION_CREATE without id or token"),
            },
            "GUILD_CREATE" => GatewayEvent::GuildCreate(raw),
            "GUILD_UPDATE" => GatewayEvent::GuildUpdate(raw),
            "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" => GatewayEvent::MemberUpdate(raw),
            "GUILD_MEMBER_REMOVE" => GatewayEvent::MemberRemove(raw),
            "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" | "GUILD_ROLE_DELETE" => {
                GatewayEvent::RoleChange(raw)
            }
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "CHANNEL_DELETE" => {
                GatewayEvent::ChannelChange(raw)
            }
            "THREAD_CREATE" | "THREAD_UPDATE" | "THREAD_DELETE" | "THREAD_MEMBERS_UPDATE" => {
                GatewayEvent::ThreadChange(raw)
            }
            _ => GatewayEvent::Other(name),
        })
    }

    fn ready(&mut self, raw: &Value) -> GatewayEvent {
        let text = |pointer: &str| raw.pointer(pointer)?.as_str().map(str::to_owned);
        let (Some(application_id), Some(user_id), Some(session)) =
            (text("/application/id"), text("/user/id"), self.session())
        else {
            return unreadable("READY without application, user or session");
        };
        self.drops = 0;
        let guilds = raw.get("guilds").and_then(Value::as_array);
        let guild_ids = guilds
            .into_iter()
            .flatten()
            .filter_map(|g| Some(g.get("id")?.as_str()?.to_owned()))
            .collect();
        GatewayEvent::Ready(Ready {
            application_id,
            user_id,
            guild_ids,
            session,
        })
    }
}

fn failed(error: &ReceiveMessageError) -> GatewayEvent {
    // The error's own text may hold the whole frame, so it is not logged.
    if matches!(error.kind(), ReceiveMessageErrorType::Reconnect) {
        tracing::warn!("the gateway could not be reached");
        return GatewayEvent::Dropped {
            reason: "could not connect".to_owned(),
        };
    }
    unreadable("a frame without operation, sequence or type")
}

fn unreadable(what: &str) -> GatewayEvent {
    tracing::error!(frame = what, "the gateway sent what cannot be read");
    GatewayEvent::Unreadable(what.to_owned())
}

// The codes after which Discord wants no new attempt (`topics/opcodes-and-status-codes`).
fn fatal_reason(code: Option<u16>) -> String {
    let cure = match code {
        Some(4_004) => "the token is wrong: check the bot's token in the configuration",
        Some(4_010 | 4_011) => "the sharding is wrong: the bot is in too many guilds for one",
        Some(4_012) => "the gateway's version is no longer served: update Baton",
        Some(4_013) => "an intent is unknown: update Baton",
        Some(4_014) => {
            "the intent `Server Members` is not granted: switch it on in the developer portal"
        }
        _ => "Discord wants no new attempt",
    };
    match code {
        Some(code) => format!("closed with {code}: {cure}"),
        None => cure.to_owned(),
    }
}
