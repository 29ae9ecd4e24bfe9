//! One gateway connection: HELLO, IDENTIFY or RESUME, heartbeats, orders. Keeps no events.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{
        ConnectInfo, Query, State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::{GUILD_MEMBERS, GUILDS, Order, pack::Packer, starts::Start};
use crate::sandbox::{
    json::Look,
    net::Peer,
    seed::PRIVILEGED_INTENTS,
    server::{App, Inner},
    wire,
};

const HEARTBEAT_MS: u64 = 41_250;
/// A client that misses more than one beat is gone.
const SILENCE: Duration = Duration::from_millis(HEARTBEAT_MS * 3 / 2);
/// Discord refuses a larger frame from a client.
const FRAME_MAX: usize = 4_096;
/// And more frames in a minute, of real time like heartbeats.
const FRAMES_MAX: u32 = 120;
const MINUTE: Duration = Duration::from_mins(1);

#[derive(Debug, Deserialize)]
pub struct Asked {
    v: Option<u32>,
    encoding: Option<String>,
    compress: Option<String>,
}

pub async fn upgrade(
    State(app): State<App>,
    Query(asked): Query<Asked>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    socket: WebSocketUpgrade,
) -> Response {
    socket.on_upgrade(move |socket| async move {
        let mut connection = Connection::new(app, socket);
        match connection.run(&asked).await {
            End::Close(code) => connection.close(code).await,
            End::Break => peer.breaker.trip(),
            End::Gone => {}
        }
    })
}

enum End {
    Close(u16),
    Break,
    Gone,
}

struct Connection {
    app: App,
    socket: WebSocket,
    packer: Packer,
    /// When the current minute began, and the frames that came in it.
    minute: (Instant, u32),
    session: Option<String>,
    link: mpsc::UnboundedSender<Order>,
    orders: mpsc::UnboundedReceiver<Order>,
}

impl Connection {
    fn new(app: App, socket: WebSocket) -> Self {
        let (link, orders) = mpsc::unbounded_channel();
        Self {
            app,
            socket,
            packer: Packer::Plain,
            minute: (Instant::now(), 0),
            session: None,
            link,
            orders,
        }
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        let message = self.packer.pack(text).map_err(|_| End::Close(4_000))?;
        self.socket.send(message).await.map_err(|_| End::Gone)
    }

    async fn close(&mut self, code: u16) {
        let frame = CloseFrame {
            code,
            reason: "".into(),
        };
        // The other side may be gone already; then there is nobody to tell.
        self.socket
            .send(Message::Close(Some(frame)))
            .await
            .unwrap_or_default();
    }

    async fn run(&mut self, asked: &Asked) -> End {
        let shut = self.app.within(|inner| {
            inner
                .orders
                .gateway_shut_until
                .is_some_and(|until| inner.world.now() < until)
        });
        if shut {
            return End::Break;
        }
        if asked.v.is_some_and(|version| version != 10) {
            return End::Close(4_012);
        }
        let Some(packer) = Packer::of_stream(asked.compress.as_deref()) else {
            return End::Close(4_002);
        };
        self.packer = packer;
        if asked
            .encoding
            .as_deref()
            .is_some_and(|encoding| encoding != "json")
        {
            return End::Close(4_002);
        }
        let hello = json!({ "op": 10, "t": null, "s": null,
            "d": { "heartbeat_interval": HEARTBEAT_MS, "_trace": [] } });
        if let Err(end) = self.send(hello.to_string()).await {
            return end;
        }
        let mut heard = Instant::now();
        loop {
            match self.turn(&mut heard).await {
                Ok(()) => {}
                Err(end) => return end,
            }
        }
    }

    async fn turn(&mut self, heard: &mut Instant) -> Result<(), End> {
        let app = self.app.clone();
        tokio::select! {
            biased;
            () = app.stopped() => Err(End::Close(1_012)),
            order = self.orders.recv() => match order {
                Some(Order::Send(text)) => self.send(text).await,
                Some(Order::Close(code)) => Err(End::Close(code)),
                Some(Order::Break) | None => Err(End::Break),
            },
            frame = timeout_at(*heard + SILENCE, self.socket.recv()) => {
                let Ok(frame) = frame else { return Err(End::Close(4_009)) };
                match frame {
                    Some(Ok(Message::Text(text))) => self.hear(text.as_str(), heard).await,
                    Some(Ok(Message::Binary(bytes))) => self.hear_bytes(&bytes, heard).await,
                    Some(Ok(Message::Close(frame))) => Err(self.closed(frame.as_ref())),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                    Some(Err(_)) | None => Err(End::Gone),
                }
            }
        }
    }

    /// A client that closes with 1000 or 1001 ends its session.
    fn closed(&self, frame: Option<&CloseFrame>) -> End {
        if let (Some(1_000 | 1_001), Some(id)) = (frame.map(|frame| frame.code), &self.session) {
            self.app.within(|inner| inner.hub.end(id));
        }
        End::Gone
    }

    async fn hear_bytes(&mut self, bytes: &Bytes, heard: &mut Instant) -> Result<(), End> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| End::Close(4_002))?
            .to_owned();
        self.hear(&text, heard).await
    }

    /// Counts one frame of the client.
    fn paced(&mut self) -> bool {
        let (began, heard) = self.minute;
        if began.elapsed() >= MINUTE {
            self.minute = (Instant::now(), 1);
            return true;
        }
        self.minute = (began, heard + 1);
        heard < FRAMES_MAX
    }

    async fn hear(&mut self, text: &str, heard: &mut Instant) -> Result<(), End> {
        if text.len() > FRAME_MAX {
            return Err(End::Close(4_002));
        }
        if !self.paced() {
            return Err(End::Close(4_008));
        }
        let frame: Value = serde_json::from_str(text).map_err(|_| End::Close(4_002))?;
        match frame.int("op") {
            Some(1) => {
                *heard = Instant::now();
                self.send(json!({ "op": 11, "t": null, "s": null, "d": null }).to_string())
                    .await
            }
            Some(2) if self.session.is_some() => Err(End::Close(4_005)),
            Some(2) => self.identify(frame.at("d")).await,
            Some(6) => self.resume(frame.at("d")).await,
            Some(3 | 4 | 8) if self.session.is_none() => Err(End::Close(4_003)),
            Some(3 | 4) => Ok(()),
            Some(8) => {
                self.list_members(frame.at("d"));
                Ok(())
            }
            _ => Err(End::Close(4_001)),
        }
    }

    async fn identify(&mut self, data: &Value) -> Result<(), End> {
        let token = data
            .text("token")
            .unwrap_or("")
            .trim_start_matches("Bot ")
            .to_owned();
        let Some(intents) = data.at("intents").as_u64() else {
            return Err(End::Close(4_013));
        };
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|_| End::Close(4_000))?;
        let id = URL_SAFE_NO_PAD.encode(random);
        let begun = self.app.within(|inner| {
            if token != inner.world.guild().token {
                return Err(End::Close(4_004));
            }
            if intents & PRIVILEGED_INTENTS & !inner.world.guild().privileged_intents != 0 {
                return Err(End::Close(4_014));
            }
            match inner.hub.starts.ask(inner.world.now()) {
                Start::Granted => {}
                Start::TooSoon => return Ok(false),
                Start::TooMany => return Err(End::Close(4_004)),
            }
            inner.hub.open(id.clone(), intents, self.link.clone());
            inner.hub.send_to(&id, "READY", &ready(inner, &id));
            if intents & GUILDS != 0 {
                let guild = wire::guild_create(&inner.world, intents & GUILD_MEMBERS != 0);
                inner.hub.send_to(&id, "GUILD_CREATE", &guild);
            }
            Ok(true)
        })?;
        if !begun {
            return self.invalid_session().await;
        }
        self.session = Some(id);
        if data.yes("compress") {
            self.packer.each_payload();
        }
        Ok(())
    }

    async fn resume(&mut self, data: &Value) -> Result<(), End> {
        let token = data
            .text("token")
            .unwrap_or("")
            .trim_start_matches("Bot ")
            .to_owned();
        let id = data.text("session_id").unwrap_or("").to_owned();
        let seq = data.at("seq").as_u64().unwrap_or(0);
        let back = self.app.within(|inner| {
            if token != inner.world.guild().token {
                return Err(End::Close(4_004));
            }
            Ok(inner.hub.resume(&id, seq, self.link.clone()))
        })?;
        if back {
            self.session = Some(id);
            return Ok(());
        }
        self.invalid_session().await
    }

    async fn invalid_session(&mut self) -> Result<(), End> {
        self.send(json!({ "op": 9, "t": null, "s": null, "d": false }).to_string())
            .await
    }

    /// Op 8, answered in one chunk.
    fn list_members(&mut self, data: &Value) {
        let Some(id) = self.session.clone() else {
            return;
        };
        let query = data.text("query").unwrap_or("").to_owned();
        let nonce = data.at("nonce").clone();
        self.app.within(|inner| {
            let world = &inner.world;
            let fits = |user: &crate::sandbox::world::snowflake::Id| {
                world
                    .users
                    .get(user)
                    .is_some_and(|user| user.username.starts_with(&query))
            };
            let members = world.members.values().filter(|row| fits(&row.user_id));
            let members: Vec<Value> = members.map(|row| wire::member(world, row)).collect();
            let chunk = json!({ "guild_id": world.guild().id, "members": members,
                "chunk_index": 0, "chunk_count": 1, "nonce": nonce });
            inner.hub.send_to(&id, "GUILD_MEMBERS_CHUNK", &chunk);
        });
    }
}

/// The address to resume at is another path than the first one, so that it shows who uses it.
fn ready(inner: &Inner, session: &str) -> Value {
    let world = &inner.world;
    let application = wire::application(world);
    json!({
        "v": 10, "user": wire::own_user(world),
        "user_settings": {}, "private_channels": [], "relationships": [], "presences": [],
        "guilds": [{ "id": world.guild().id, "unavailable": true }],
        "session_id": session, "session_type": "normal",
        "resume_gateway_url": format!("{}/resume", inner.base.replacen("http", "ws", 1)),
        "shard": [0, 1],
        "application": { "id": application.at("id"), "flags": application.at("flags") },
        "_trace": [],
    })
}
