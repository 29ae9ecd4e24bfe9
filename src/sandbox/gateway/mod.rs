//! The gateway: sessions with their sequence of events, and who gets which event. Sockets are in
//! `socket`. No REST, no rules.

pub mod events;
mod pack;
pub mod socket;
pub mod starts;

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};
use tokio::sync::mpsc;

pub const GUILDS: u64 = 1;
pub const GUILD_MEMBERS: u64 = 1 << 1;
pub const GUILD_MESSAGES: u64 = 1 << 9;
pub const GUILD_MESSAGE_TYPING: u64 = 1 << 11;
pub const MESSAGE_CONTENT: u64 = 1 << 15;

/// Events kept for a client that comes back.
const REPLAYED: usize = 5_000;

/// From here on, sessions that nobody came back to are forgotten.
const SESSIONS: usize = 16;

/// What a socket is told to do.
#[derive(Clone, Debug)]
pub enum Order {
    Send(String),
    Close(u16),
    /// Breaks the connection without a close frame.
    Break,
}

#[derive(Debug)]
pub struct Session {
    pub intents: u64,
    seq: u64,
    sent: VecDeque<(u64, String)>,
    link: Option<mpsc::UnboundedSender<Order>>,
}

impl Session {
    fn send(&mut self, name: &str, data: &Value) {
        self.seq += 1;
        let frame = json!({ "op": 0, "t": name, "s": self.seq, "d": data }).to_string();
        if self.sent.len() == REPLAYED {
            self.sent.pop_front();
        }
        self.sent.push_back((self.seq, frame.clone()));
        self.order(Order::Send(frame));
    }

    fn order(&mut self, order: Order) {
        let gone = self
            .link
            .as_ref()
            .is_some_and(|link| link.send(order).is_err());
        if gone {
            self.link = None;
        }
    }
}

#[derive(Debug, Default)]
pub struct Hub {
    pub starts: starts::Starts,
    sessions: HashMap<String, Session>,
}

impl Hub {
    pub fn open(&mut self, id: String, intents: u64, link: mpsc::UnboundedSender<Order>) {
        if self.sessions.len() >= SESSIONS {
            self.sessions
                .retain(|_, one| one.link.as_ref().is_some_and(|link| !link.is_closed()));
        }
        let session = Session {
            intents,
            seq: 0,
            sent: VecDeque::new(),
            link: Some(link),
        };
        self.sessions.insert(id, session);
    }

    /// Sends to one session only.
    pub fn send_to(&mut self, id: &str, name: &str, data: &Value) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.send(name, data);
        }
    }

    /// Replays what was missed. False if the session is unknown or too much was missed.
    pub fn resume(&mut self, id: &str, seq: u64, link: mpsc::UnboundedSender<Order>) -> bool {
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        let oldest = session
            .sent
            .front()
            .map_or(session.seq + 1, |(first, _)| *first);
        if seq > session.seq || seq + 1 < oldest {
            return false;
        }
        session.order(Order::Break);
        session.link = Some(link);
        let missed: Vec<String> = session
            .sent
            .iter()
            .filter(|(n, _)| *n > seq)
            .map(|(_, frame)| frame.clone())
            .collect();
        for frame in missed {
            session.order(Order::Send(frame));
        }
        session.send("RESUMED", &json!({ "_trace": [] }));
        true
    }

    pub fn end(&mut self, id: &str) {
        self.sessions.remove(id);
    }

    pub fn end_all(&mut self) {
        self.sessions.clear();
    }

    /// An order for every connected socket.
    pub fn order_all(&mut self, order: &Order) {
        for session in self.sessions.values_mut() {
            session.order(order.clone());
        }
    }

    /// Sends an event to each session; `data` decides by the session's intents.
    pub fn dispatch(&mut self, name: &str, data: impl Fn(u64) -> Option<Value>) {
        for session in self.sessions.values_mut() {
            if let Some(data) = data(session.intents) {
                session.send(name, &data);
            }
        }
    }

    pub fn connected(&self) -> usize {
        let open = |one: &&Session| one.link.as_ref().is_some_and(|link| !link.is_closed());
        self.sessions.values().filter(open).count()
    }
}
