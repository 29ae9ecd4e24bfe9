//! What the sandbox's parts share: the world, the gateway's sessions, limits, faults, the log, and
//! the one lock around them. The lock is never held over an await.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};

use super::{
    act::outlets::Outlet,
    error::Refused,
    faults::Orders,
    gateway::Hub,
    limits::Limits,
    traffic::Traffic,
    wire,
    world::{
        World,
        model::{Channel, Message},
        snowflake::Id,
    },
};

/// Requests kept for assertions.
const LOGGED: usize = 20_000;

/// One request of the bot.
#[derive(Clone, Debug)]
pub struct Logged {
    pub number: u64,
    pub at: DateTime<Utc>,
    pub method: String,
    pub path: String,
    pub body: Value,
    pub reason: Option<String>,
    pub status: u16,
    /// Whose limit it met, where it was answered 429.
    pub scope: Option<String>,
}

impl Logged {
    pub fn json(&self) -> Value {
        json!({
            "number": self.number, "at": wire::instant(self.at), "method": self.method,
            "path": self.path, "body": self.body, "reason": self.reason, "status": self.status,
            "scope": self.scope,
        })
    }
}

#[derive(Debug, Default)]
pub struct Log {
    pub kept: VecDeque<Logged>,
    next: u64,
}

impl Log {
    pub fn add(&mut self, mut entry: Logged) {
        self.next += 1;
        entry.number = self.next;
        if self.kept.len() == LOGGED {
            self.kept.pop_front();
        }
        self.kept.push_back(entry);
    }
}

/// The bot's first answer to an interaction, for whoever waits for it.
#[derive(Clone, Debug)]
pub struct First {
    pub kind: i64,
    /// As the bot sent it.
    pub data: Value,
    pub message: Option<Id>,
    pub modal: Option<Id>,
    pub choices: Option<Value>,
}

pub struct Inner {
    pub world: World,
    pub hub: Hub,
    pub limits: Limits,
    pub orders: Orders,
    pub log: Log,
    pub waiting: BTreeMap<Id, oneshot::Sender<First>>,
    /// `http://127.0.0.1:PORT`
    pub base: String,
    /// Requests for endpoints that the sandbox does not know.
    pub unknown_endpoints: u64,
    pub outlets: Vec<Outlet>,
}

impl Inner {
    pub fn message_json(&self, message: &Message) -> Value {
        wire::message(&self.world, &self.base, message)
    }

    /// A channel that the bot may see: Discord says which is unknown and which is closed to it.
    pub fn open_channel(&self, id: Id) -> Result<Channel, Refused> {
        let channel = self
            .world
            .channels
            .get(&id)
            .ok_or_else(Refused::unknown_channel)?;
        if self.world.can_see(self.world.bot(), channel) {
            Ok(channel.clone())
        } else {
            Err(Refused::missing_access())
        }
    }

    /// The same, with what the bot needs there.
    pub fn channel_with(&self, id: Id, bits: u64) -> Result<Channel, Refused> {
        let channel = self.open_channel(id)?;
        if self.world.can(self.world.bot(), &channel, bits) {
            Ok(channel)
        } else {
            Err(Refused::missing_permissions())
        }
    }

    pub fn need(&self, bits: u64) -> Result<(), Refused> {
        let has = self.world.guild_permissions(self.world.bot());
        if has & bits == bits {
            Ok(())
        } else {
            Err(Refused::missing_permissions())
        }
    }

    pub fn check_guild(&self, id: Id) -> Result<(), Refused> {
        if id == self.world.guild().id {
            Ok(())
        } else {
            Err(Refused::unknown_guild())
        }
    }

    pub fn check_application(&self, id: Id) -> Result<(), Refused> {
        let known = id == self.world.guild().application_id;
        if known {
            Ok(())
        } else {
            Err(Refused::bad(
                20_012,
                "You are not authorized to perform this action on this application",
            ))
        }
    }
}

pub struct Server {
    inner: Mutex<Inner>,
    pub traffic: Option<Traffic>,
    /// Turns true when the sandbox stops.
    pub stopping: watch::Receiver<bool>,
}

pub type App = Arc<Server>;

impl Server {
    pub fn new(inner: Inner, traffic: Option<Traffic>, stopping: watch::Receiver<bool>) -> App {
        Arc::new(Self {
            inner: Mutex::new(inner),
            traffic,
            stopping,
        })
    }

    /// Does something under the lock.
    pub fn within<T>(&self, deed: impl FnOnce(&mut Inner) -> T) -> T {
        deed(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        // An error means that the sandbox itself is gone, which is stopped as well.
        stopping
            .wait_for(|stopped| *stopped)
            .await
            .map(drop)
            .unwrap_or_default();
    }
}
