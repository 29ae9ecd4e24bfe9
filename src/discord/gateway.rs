//! The gateway connection: text frames in, typed events out. twilight-gateway keeps the session
//! (heartbeat, RESUME at `resume_gateway_url`, IDENTIFY pace); what a frame says is read here.
//!
//! The guard: twilight dials `resume_url` or else the configured address, and would fall back to
//! Discord's own only where no address is configured – it always is. It takes `resume_url` from READY
//! while it hands us that frame, and dials only when polled again; so the address is checked after
//! each poll, and a shard with a bad one is never polled again.

mod drops;
mod event;

use super::connect::{ConnectFault, checked_gateway_url, install_tls_provider, pause_until};
use drops::Drops;
use event::{fatal_reason, unreadable};
use futures_util::StreamExt as _;
use secrecy::{ExposeSecret, SecretString};
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};
use twilight_gateway::error::{ReceiveMessageError, ReceiveMessageErrorType};
use twilight_gateway::{
    CloseFrame, ConfigBuilder, Intents, Message, Session, Shard, ShardId, ShardState,
};

pub use event::{GatewayEvent, Ready, SavedSession};

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

pub struct Gateway {
    shard: Box<Shard>,
    /// The last one that Discord named: the shard forgets it when it could not be dialled once.
    resume_url: Option<String>,
    loopback_only: bool,
    ended: bool,
    drops: Drops,
}

enum Polled {
    Item(Option<Result<Message, ReceiveMessageError>>),
    /// The connection ended without a word.
    Ended,
}

impl Gateway {
    /// Prepares the connection; the first `next` dials.
    pub fn connect(options: GatewayOptions) -> Result<Self, ConnectFault> {
        install_tls_provider();
        let url = checked_gateway_url(&options.url, options.loopback_only)?;
        let token = options.token.expose_secret().trim().to_owned();
        let mut config = ConfigBuilder::new(token, INTENTS).proxy_url(url);
        let mut known = None;
        if let Some(saved) = options.saved {
            match checked_gateway_url(&saved.resume_url, options.loopback_only) {
                Ok(resume_url) => {
                    let session = Session::new(saved.sequence, saved.id);
                    known = Some(resume_url.clone());
                    config = config.session(session).resume_url(resume_url);
                }
                // The session belongs to another place than the one that we may dial.
                Err(fault) => tracing::warn!(%fault, "a saved gateway session is not resumed"),
            }
        }
        Ok(Self {
            shard: Box::new(Shard::with_config(ShardId::ONE, config.build())),
            resume_url: known,
            loopback_only: options.loopback_only,
            ended: false,
            drops: Drops::default(),
        })
    }

    /// The next event; nothing after `Fatal`. It may be dropped and called again at any point.
    pub async fn next(&mut self) -> Option<GatewayEvent> {
        loop {
            if self.ended {
                return None;
            }
            if let Some(until) = self.drops.pause_until {
                pause_until(until).await;
                self.drops.pause_until = None;
            }
            let polled = self.poll().await;
            if let Some(reason) = self.forbidden_resume_url() {
                return Some(self.end(reason));
            }
            if let Some(url) = self.shard.resume_url() {
                self.resume_url = Some(url.to_owned());
            }
            if let Some(event) = self.event(polled) {
                return Some(event);
            }
        }
    }

    /// The session as it stands, to be saved. None before READY and after it was invalidated.
    pub fn session(&self) -> Option<SavedSession> {
        let session = self.shard.session()?;
        Some(SavedSession {
            id: session.id().to_owned(),
            sequence: session.sequence(),
            resume_url: match self.shard.resume_url() {
                Some(url) => url.to_owned(),
                None => self.resume_url.clone()?,
            },
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

    // A connection that ends without a close frame gives no item: the shard dials again within the
    // same call, at once and without end. That shows between two polls only.
    async fn poll(&mut self) -> Polled {
        poll_fn(|cx| {
            let item = self.shard.poll_next_unpin(cx);
            let ended = self.drops.ended(!self.is_disconnected());
            match item {
                Poll::Ready(item) => Poll::Ready(Polled::Item(item)),
                Poll::Pending if ended => Poll::Ready(Polled::Ended),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    fn event(&mut self, polled: Polled) -> Option<GatewayEvent> {
        let now = Instant::now();
        match polled {
            Polled::Ended => {
                self.drops.count_end(now);
                Some(dropped("the connection ended".to_owned()))
            }
            Polled::Item(None) => Some(self.end("the gateway closed for good".to_owned())),
            Polled::Item(Some(Ok(Message::Close(frame)))) => {
                let code = frame.map(|f| f.code);
                if self.shard.state() == ShardState::FatallyClosed {
                    return Some(self.end(fatal_reason(code)));
                }
                let reason = code.map_or("closed".to_owned(), |c| format!("closed with {c}"));
                self.drops.count_close(now).then(|| dropped(reason))
            }
            Polled::Item(Some(Ok(Message::Text(text)))) => {
                let event = event::read(&text, self.session());
                if matches!(event, Some(GatewayEvent::Ready(_) | GatewayEvent::Resumed)) {
                    self.drops.session_is_up();
                }
                event
            }
            Polled::Item(Some(Err(error))) => Some(failed(&error)),
        }
    }

    fn is_disconnected(&self) -> bool {
        matches!(self.shard.state(), ShardState::Disconnected { .. })
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
}

fn dropped(reason: String) -> GatewayEvent {
    tracing::warn!(%reason, "the gateway connection dropped");
    GatewayEvent::Dropped { reason }
}

// twilight waits by itself after a failed attempt, longer each time.
fn failed(error: &ReceiveMessageError) -> GatewayEvent {
    if matches!(error.kind(), ReceiveMessageErrorType::Reconnect) {
        return dropped("could not connect".to_owned());
    }
    // The error's own text may hold the whole frame, so it is not logged.
    unreadable("a frame without operation, sequence or type")
}
