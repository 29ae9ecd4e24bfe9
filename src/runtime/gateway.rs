//! The gateway's loop: connects, registers commands where they differ, learns the members, hands interactions on,
//! and keeps the session so that the next start can resume.

use super::interactions::serve;
use crate::app::{App, AppError};
use crate::discord::call::Call;
use crate::discord::commands::{Bot, registration};
use crate::discord::connect::{open_gateway, send_when_free};
use crate::discord::gateway::{Gateway, GatewayEvent, SavedSession};
use crate::discord::rest::{Rest, RestFault};
use crate::domain::ids::AccountId;
use crate::outbound::Outbound;
use crate::store;
use crate::watch::Missing;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long start-up calls may wait for their turn.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries to reach the gateway's address.
const RETRY: Duration = Duration::from_secs(2);
/// How often the session is saved while events arrive.
const SAVE_EVERY: Duration = Duration::from_secs(5);
/// Members on one page of Discord's list.
const MEMBER_PAGE: usize = 1000;
const SESSION: &str = "gateway_session";

/// What the loop works with.
pub struct Link {
    pub app: App,
    pub bot: Arc<Bot>,
    pub rest: Arc<Rest>,
    pub outbound: Arc<Outbound>,
    pub missing: Arc<Missing>,
    pub token: SecretString,
    /// As configured; else from READY.
    pub application: Option<String>,
    pub loopback_only: bool,
}

/// Runs until told to stop, or until Discord says that it wants no new attempt.
pub async fn run(mut link: Link, mut stopping: watch::Receiver<bool>) {
    let mut saved = load_session(&link.app).await;
    while !*stopping.borrow() {
        let opened = open_gateway(
            &link.rest,
            link.token.clone(),
            saved.take(),
            link.loopback_only,
            PATIENCE,
        );
        match opened.await {
            Ok(gateway) => {
                if link.listen(gateway, &mut stopping).await {
                    return;
                }
            }
            Err(fault) => {
                tracing::warn!(%fault, "the gateway is not reached yet");
                link.missing.set(
                    "gateway",
                    format!("Discord's gateway is not reached: {fault}"),
                );
            }
        }
        let _ = timeout(RETRY, stopping.wait_for(|stop| *stop)).await;
    }
}

impl Link {
    /// True when there must be no new attempt.
    async fn listen(&mut self, mut gateway: Gateway, stopping: &mut watch::Receiver<bool>) -> bool {
        let mut serving = JoinSet::new();
        let mut saved_at = Instant::now();
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
                self.missing
                    .set("gateway", format!("Discord's gateway is closed: {reason}"));
                return true;
            }
            self.take(event, &mut serving).await;
            while serving.try_join_next().is_some() {}
            if saved_at.elapsed() >= SAVE_EVERY {
                save_session(&self.app, gateway.session()).await;
                saved_at = Instant::now();
            }
        }
        // Answers under way are given before the session is left.
        while serving.join_next().await.is_some() {}
        save_session(&self.app, gateway.leave().await).await;
        false
    }
    async fn take(&mut self, event: GatewayEvent, serving: &mut JoinSet<()>) {
        match event {
            GatewayEvent::Ready(ready) => {
                self.application = Some(ready.application_id);
                let guild = &self.bot.guild.guild;
                if !ready.guild_ids.contains(guild) {
                    let why = format!("the bot is not a member of the guild {guild}: invite it");
                    tracing::error!(why, "Discord is connected, but not prepared");
                    self.missing.set("gateway", why);
                }
            }
            // Follows READY, and an outage: from here on the guild is told of whole.
            GatewayEvent::GuildCreate(raw) if self.is_ours(&raw) => self.prepare().await,
            GatewayEvent::Resumed => {
                if self.missing.list().is_empty() {
                    return;
                }
                self.prepare().await;
            }
            GatewayEvent::Interaction(interaction) => {
                serving.spawn(serve(self.bot.clone(), self.rest.clone(), *interaction));
            }
            GatewayEvent::MemberUpdate(raw) => self.member_changed(&raw).await,
            GatewayEvent::MemberRemove(raw) => {
                let id = raw.pointer("/user/id").and_then(Value::as_str);
                if let Some(id) = id
                    && let Err(fault) = self.app.delete_member(AccountId::new(id)).await
                {
                    tracing::error!(%fault, "a member who left could not be forgotten");
                }
            }
            GatewayEvent::RoleChange(_)
            | GatewayEvent::ChannelChange(_)
            | GatewayEvent::GuildUpdate(_) => self.wake_parked().await,
            GatewayEvent::Dropped { reason } => tracing::warn!(reason, "the gateway broke"),
            GatewayEvent::ThreadChange(_)
            | GatewayEvent::Unreadable(_)
            | GatewayEvent::Fatal(_)
            | GatewayEvent::GuildCreate(_)
            | GatewayEvent::Other(_) => {}
        }
    }

    fn is_ours(&self, guild: &Value) -> bool {
        guild.get("id").and_then(Value::as_str) == Some(self.bot.guild.guild.as_str())
    }

    /// What must stand before the service is ready. Tried again at the next session.
    async fn prepare(&self) {
        let commands = self.register().await;
        let members = self.learn_members().await;
        self.wake_parked().await;
        match (commands, members) {
            (Ok(()), Ok(())) => {
                tracing::info!("ready");
                self.missing.clear("gateway");
            }
            (Err(why), _) | (_, Err(why)) => {
                tracing::error!(why, "Discord is connected, but not prepared");
                self.missing.set("gateway", why);
            }
        }
    }

    /// Registers the commands, only where they differ.
    async fn register(&self) -> Result<(), String> {
        let told = |fault: RestFault| format!("the commands could not be registered: {fault}");
        let guild = &self.bot.guild.guild;
        let application = self.application.as_deref().unwrap_or_default();
        let wanted = registration();
        let known = Call::get_guild_commands(application, guild);
        let known = send_when_free(&self.rest, &known, PATIENCE)
            .await
            .map_err(told)?
            .body;
        if says(&wanted, &known) && says_no_more(&wanted, &known) {
            return Ok(());
        }
        let put = Call::put_guild_commands(application, guild, wanted);
        send_when_free(&self.rest, &put, PATIENCE)
            .await
            .map_err(told)?;
        Ok(())
    }

    async fn learn_members(&self) -> Result<(), String> {
        let mut after: Option<String> = None;
        loop {
            let call = Call::list_members(&self.bot.guild.guild, after.as_deref());
            let answer = send_when_free(&self.rest, &call, PATIENCE)
                .await
                .map_err(|fault| format!("the members could not be listed: {fault}"))?;
            let page = answer.body.as_array().cloned().unwrap_or_default();
            let members = page.iter().filter_map(|raw| self.bot.guild.raw_member(raw));
            let saved = self.app.save_members(members.collect()).await;
            saved.map_err(|fault| format!("the members could not be kept: {fault}"))?;
            if page.len() < MEMBER_PAGE {
                return Ok(());
            }
            after = page
                .last()
                .and_then(|m| m.pointer("/user/id"))
                .and_then(Value::as_str)
                .map(str::to_owned);
        }
    }

    async fn member_changed(&self, raw: &Value) {
        let Some((account, name, roles)) = self.bot.guild.raw_member(raw) else {
            return;
        };
        if let Err(fault) = self.app.save_member(account, name, roles).await {
            tracing::error!(%fault, "a member could not be kept");
        }
    }

    async fn wake_parked(&self) {
        if let Err(fault) = self.outbound.unpark().await {
            tracing::error!(%fault, "what rests could not be woken");
        }
    }
}

/// Whether everything that we say stands there too. What Discord adds beside it does not count.
fn says(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => ours.iter().all(|(key, value)| {
            match theirs.get(key) {
                Some(known) => says(value, known),
                // Discord leaves out what is empty or false.
                None => *value == json!(false) || *value == json!([]),
            }
        }),
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().enumerate().all(|(at, one)| {
                    // A command and a menu may have one name: the kind tells them apart.
                    let (name, kind) = (one.get("name"), one.get("type"));
                    let named = theirs
                        .iter()
                        .find(|t| name.is_some() && t.get("name") == name && t.get("type") == kind);
                    named
                        .or_else(|| theirs.get(at))
                        .is_some_and(|known| says(one, known))
                })
        }
        (ours, theirs) => ours == theirs,
    }
}

/// Whether each of their commands has as many options as ours.
fn says_no_more(ours: &Value, theirs: &Value) -> bool {
    let options = |commands: &Value| -> usize {
        let each = commands.as_array().into_iter().flatten();
        each.filter_map(|c| c.get("options").and_then(Value::as_array))
            .map(Vec::len)
            .sum()
    };
    options(ours) == options(theirs)
}

async fn load_session(app: &App) -> Option<SavedSession> {
    let mut reader = app.store.read().await.ok()?;
    let text = store::fact::find(&mut reader, SESSION).await.ok()??;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_discord_adds_to_a_command_does_not_count_as_a_difference() {
        let mut theirs = registration();
        for command in theirs.as_array_mut().unwrap() {
            command["id"] = json!("1");
            command["nsfw"] = json!(false);
            if command["options"] == json!([]) {
                command.as_object_mut().unwrap().remove("options");
            }
        }
        theirs.as_array_mut().unwrap().reverse();
        assert!(says(&registration(), &theirs) && says_no_more(&registration(), &theirs));
    }

    #[test]
    fn a_missing_or_further_menu_is_a_difference() {
        let mut theirs = registration();
        let menu = theirs.as_array_mut().unwrap().pop().unwrap();
        assert_eq!(menu["type"], 3);
        assert!(!says(&registration(), &theirs));
        theirs.as_array_mut().unwrap().extend([menu.clone(), menu]);
        assert!(!says(&registration(), &theirs));
        // Discord keeps a menu with an empty description.
        let mut theirs = registration();
        let last = theirs.as_array().unwrap().len() - 1;
        theirs[last]["description"] = json!("");
        assert!(says(&registration(), &theirs) && says_no_more(&registration(), &theirs));
    }

    #[test]
    fn another_description_or_option_is_a_difference() {
        let mut theirs = registration();
        theirs[0]["description"] = json!("old words");
        assert!(!says(&registration(), &theirs));
        let mut theirs = registration();
        theirs[1]["options"] = json!([{ "name": "old", "type": 3, "description": "x" }]);
        assert!(!(says(&registration(), &theirs) && says_no_more(&registration(), &theirs)));
    }
}
