//! The gateway's loop: connects, has the service prepared, hands interactions on. A session is kept only by a soft end, and
//! used once: after a kill nobody knows up to where events were worked on, and none may be worked on twice.

use super::interactions::serve;
use super::prepare::{Change, PATIENCE, Preparation};
use crate::app::{App, AppError};
use crate::discord::connect::open_gateway;
use crate::discord::gateway::{Gateway, GatewayEvent, SavedSession};
use crate::domain::ids::AccountId;
use crate::store;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Between two tries to reach the gateway's address.
const RETRY: Duration = Duration::from_secs(2);
const SESSION: &str = "gateway_session";

/// What the loop works with.
pub struct Link {
    pub prepare: Preparation,
    pub token: SecretString,
    /// As configured; else from READY.
    pub application: Option<String>,
    pub loopback_only: bool,
}

/// Runs until told to stop, or until Discord says that it wants no new attempt.
pub async fn run(mut link: Link, mut stopping: watch::Receiver<bool>) {
    let mut saved = take_session(&link.prepare.app).await;
    // One at a time; it ends with this loop.
    let mut preparing = JoinSet::new();
    while !*stopping.borrow() {
        let opened = open_gateway(
            &link.prepare.rest,
            link.token.clone(),
            saved.take(),
            link.loopback_only,
            PATIENCE,
        );
        match opened.await {
            Ok(gateway) => match link.listen(gateway, &mut preparing, &mut stopping).await {
                Left::ForGood => return,
                Left::With(session) => saved = session,
            },
            Err(fault) => {
                tracing::warn!(%fault, "the gateway is not reached yet");
                link.prepare.missing.set(
                    "gateway",
                    format!("Discord's gateway is not reached: {fault}"),
                );
            }
        }
        let _ = timeout(RETRY, stopping.wait_for(|stop| *stop)).await;
    }
    save_session(&link.prepare.app, saved).await;
}

/// How a connection was left.
enum Left {
    /// Discord wants no new attempt.
    ForGood,
    /// The session that can be resumed, where there is one.
    With(Option<SavedSession>),
}

impl Link {
    async fn listen(
        &mut self,
        mut gateway: Gateway,
        preparing: &mut JoinSet<()>,
        stopping: &mut watch::Receiver<bool>,
    ) -> Left {
        let mut serving = JoinSet::new();
        loop {
            let event = tokio::select! {
                event = gateway.next() => event,
                _ = stopping.wait_for(|stop| *stop) => break,
            };
            let Some(event) = event else { break };
            if let GatewayEvent::Fatal(reason) = event {
                tracing::error!(
                    reason,
                    "the gateway is closed for good; alerts are still taken"
                );
                let why = format!("Discord's gateway is closed: {reason}");
                self.prepare.missing.set("gateway", why);
                return Left::ForGood;
            }
            self.take(event, &mut serving, preparing).await;
            while serving.try_join_next().is_some() {}
        }
        // Answers under way are given before the session is left.
        while serving.join_next().await.is_some() {}
        Left::With(gateway.leave().await)
    }

    async fn take(
        &mut self,
        event: GatewayEvent,
        serving: &mut JoinSet<()>,
        preparing: &mut JoinSet<()>,
    ) {
        match event {
            GatewayEvent::Ready(ready) => {
                self.application = Some(ready.application_id);
                let guild = &self.prepare.bot.guild.guild;
                if !ready.guild_ids.contains(guild) {
                    let why = format!("the bot is not a member of the guild {guild}: invite it");
                    tracing::error!(why, "Discord is connected, but not prepared");
                    self.prepare.missing.set("gateway", why);
                }
            }
            // Follows READY, and an outage: from here on the guild is told of whole.
            GatewayEvent::GuildCreate(raw) if self.is_ours(&raw) => {
                preparing.shutdown().await;
                self.begin_preparing(preparing);
            }
            GatewayEvent::Resumed => {
                let prepares = !preparing.is_empty() && preparing.try_join_next().is_none();
                if prepares || self.prepare.missing.list().is_empty() {
                    return;
                }
                self.begin_preparing(preparing);
            }
            GatewayEvent::Interaction(interaction) => {
                let (bot, rest) = (self.prepare.bot.clone(), self.prepare.rest.clone());
                serving.spawn(serve(bot, rest, *interaction));
            }
            GatewayEvent::MemberUpdate(raw) => {
                if let Some((account, name, roles)) = self.prepare.bot.guild.raw_member(&raw) {
                    let change = Change::Is(account, name, roles);
                    self.prepare.member_changed(change).await;
                }
            }
            GatewayEvent::MemberRemove(raw) => {
                if let Some(id) = raw.pointer("/user/id").and_then(Value::as_str) {
                    let change = Change::Left(AccountId::new(id));
                    self.prepare.member_changed(change).await;
                }
            }
            GatewayEvent::RoleChange(_)
            | GatewayEvent::ChannelChange(_)
            | GatewayEvent::GuildUpdate(_) => self.prepare.wake_parked().await,
            GatewayEvent::Dropped { reason } => tracing::warn!(reason, "the gateway broke"),
            GatewayEvent::ThreadChange(_)
            | GatewayEvent::Unreadable(_)
            | GatewayEvent::Fatal(_)
            | GatewayEvent::GuildCreate(_)
            | GatewayEvent::Other(_) => {}
        }
    }

    fn begin_preparing(&self, preparing: &mut JoinSet<()>) {
        let application = self.application.clone().unwrap_or_default();
        preparing.spawn(self.prepare.clone().run(application));
    }

    fn is_ours(&self, guild: &Value) -> bool {
        guild.get("id").and_then(Value::as_str) == Some(self.prepare.bot.guild.guild.as_str())
    }
}

/// The session that a soft end left. It is forgotten here: a kill leaves none.
async fn take_session(app: &App) -> Option<SavedSession> {
    let taken = app
        .store
        .write(move |connection| {
            Box::pin(
                async move { Ok::<_, AppError>(store::fact::take(connection, SESSION).await?) },
            )
        })
        .await;
    let text = match taken {
        Ok(text) => text?,
        Err(fault) => {
            tracing::warn!(%fault, "the gateway's session could not be read; a new one begins");
            return None;
        }
    };
    let value: Value = serde_json::from_str(&text).ok()?;
    Some(SavedSession {
        id: value.get("id")?.as_str()?.to_owned(),
        sequence: value.get("sequence")?.as_u64()?,
        resume_url: value.get("resume_url")?.as_str()?.to_owned(),
    })
}

async fn save_session(app: &App, session: Option<SavedSession>) {
    let Some(session) = session else { return };
    let text = json!({
        "id": session.id, "sequence": session.sequence, "resume_url": session.resume_url,
    })
    .to_string();
    let now = app.now();
    let saved = app
        .store
        .write(move |connection| {
            Box::pin(async move {
                store::fact::save(connection, SESSION, &text, now).await?;
                Ok::<_, AppError>(())
            })
        })
        .await;
    if let Err(fault) = saved {
        tracing::warn!(%fault, "the gateway's session could not be kept");
    }
}
