//! What must stand before the service is ready: the commands, only where they differ, and the members. Tried again until
//! it does, beside the gateway, so that nothing that is heard there waits for it.

use crate::app::{App, AppError};
use crate::discord::call::Call;
use crate::discord::commands::{Bot, registration};
use crate::discord::connect::send_when_free;
use crate::discord::rest::{Rest, RestFault};
use crate::domain::ids::AccountId;
use crate::domain::role::Role;
use crate::outbound::Outbound;
use crate::watch::Missing;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long start-up calls may wait for their turn.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Between two tries.
const RETRY: Duration = Duration::from_secs(5);
/// Members on one page of Discord's list.
const MEMBER_PAGE: usize = 1000;

/// A member as the gateway tells of them.
#[derive(Debug, Clone)]
pub enum Change {
    Is(AccountId, String, BTreeSet<Role>),
    Left(AccountId),
}

/// Works on one preparation at a time.
#[derive(Clone)]
pub struct Preparation {
    pub app: App,
    pub bot: Arc<Bot>,
    pub rest: Arc<Rest>,
    pub outbound: Arc<Outbound>,
    pub missing: Arc<Missing>,
    /// What the gateway told since the list of members was asked for: the list may be older.
    pub heard: Arc<Mutex<Vec<Change>>>,
}

impl Preparation {
    /// Ends when the service is ready.
    pub async fn run(self, application: String) {
        loop {
            let commands = self.register(&application).await;
            let members = self.learn_members().await;
            self.wake_parked().await;
            let Err(why) = commands.and(members) else {
                tracing::info!("ready");
                self.missing.clear("gateway");
                return;
            };
            tracing::error!(why, "Discord is connected, but not prepared");
            self.missing.set("gateway", why);
            pause(RETRY).await;
        }
    }

    /// Takes in a change, now and after the list of members that may be under way.
    pub async fn member_changed(&self, change: Change) {
        self.changes().push(change.clone());
        self.keep(change).await;
    }

    async fn keep(&self, change: Change) {
        let kept = match change {
            Change::Is(account, name, roles) => {
                let saved = self.app.save_member(account, name, roles).await;
                saved.map(drop)
            }
            Change::Left(account) => self.app.delete_member(account).await,
        };
        if let Err(fault) = kept {
            tracing::error!(%fault, "a member's change could not be kept");
        }
    }

    fn changes(&self) -> std::sync::MutexGuard<'_, Vec<Change>> {
        // A list of whole values; a panic elsewhere does not make it wrong.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers the commands, only where they differ.
    async fn register(&self, application: &str) -> Result<(), String> {
        let told = |fault: RestFault| format!("the commands could not be registered: {fault}");
        let guild = &self.bot.guild.guild;
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

    /// Who is a member now, with which roles; who left while nobody listened is forgotten.
    async fn learn_members(&self) -> Result<(), String> {
        let told = |fault: AppError| format!("the members could not be kept: {fault}");
        let (mut after, mut listed) = (None::<String>, BTreeSet::new());
        self.changes().clear();
        loop {
            let call = Call::list_members(&self.bot.guild.guild, after.as_deref());
            let answer = send_when_free(&self.rest, &call, PATIENCE)
                .await
                .map_err(|fault| format!("the members could not be listed: {fault}"))?;
            let page = answer.body.as_array().cloned().unwrap_or_default();
            let members = page.iter().filter_map(|raw| self.bot.guild.raw_member(raw));
            let members: Vec<_> = members.collect();
            listed.extend(members.iter().map(|(account, ..)| account.clone()));
            self.app.save_members(members).await.map_err(told)?;
            if page.len() < MEMBER_PAGE {
                break;
            }
            after = page
                .last()
                .and_then(|m| m.pointer("/user/id"))
                .and_then(Value::as_str)
                .map(str::to_owned);
        }
        self.app.keep_members(listed).await.map_err(told)?;
        loop {
            let heard = std::mem::take(&mut *self.changes());
            if heard.is_empty() {
                return Ok(());
            }
            for change in heard {
                self.keep(change).await;
            }
        }
    }

    /// Tries again what rested because a channel or permission was missing.
    pub async fn wake_parked(&self) {
        if let Err(fault) = self.outbound.unpark().await {
            tracing::error!(%fault, "what rests could not be woken");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a loop of the runtime waits between two tries"
)]
async fn pause(by: Duration) {
    tokio::time::sleep(by).await;
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
