//! The sandbox as its clients see it: a gateway client, plain HTTP, the control API.

mod controls;
mod gateway;
mod interactions;
mod limits;
mod page;
mod refusals;
mod rest;
mod semantics;
mod socket;

use std::{path::PathBuf, sync::Arc, time::Duration};

use chrono::DateTime;
use futures_util::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use twilight_gateway::{ConfigBuilder, Intents, Message, Shard, ShardId};

use super::{
    FrozenClock, Options, Sandbox,
    permissions::{ADMINISTRATOR, VIEW_CHANNEL},
    seed::{
        BotSeed, ChannelSeed, OverwriteFor, OverwriteSeed, PRIVILEGED_INTENTS, RoleSeed, WorldSeed,
    },
};

pub(super) const APP: u64 = 1_000_000;
pub(super) const TOKEN: &str = "test-token";

pub(super) fn seed() -> WorldSeed {
    let role = |name: &str, members: &[&str]| RoleSeed {
        name: name.to_owned(),
        permissions: 0,
        members: members.iter().map(|name| (*name).to_owned()).collect(),
    };
    let overwrite = |to, allow, deny| OverwriteSeed { to, allow, deny };
    WorldSeed {
        guild: "Test".to_owned(),
        owner: "owner".to_owned(),
        bot: BotSeed {
            id: APP,
            name: "bot".to_owned(),
            token: TOKEN.to_owned(),
            permissions: ADMINISTRATOR,
            privileged_intents: PRIVILEGED_INTENTS,
        },
        everyone: None,
        members: vec!["outsider".to_owned()],
        roles: vec![
            role("tier1", &["tier1", "tier1b"]),
            role("tier2", &["tier2"]),
        ],
        channels: vec![
            ChannelSeed {
                name: "general".to_owned(),
                topic: None,
                overwrites: Vec::new(),
            },
            ChannelSeed {
                name: "triage".to_owned(),
                topic: None,
                overwrites: vec![
                    overwrite(OverwriteFor::Everyone, 0, VIEW_CHANNEL),
                    overwrite(OverwriteFor::Role("tier1".to_owned()), VIEW_CHANNEL, 0),
                    overwrite(OverwriteFor::Bot, VIEW_CHANNEL, 0),
                ],
            },
        ],
    }
}

pub(super) struct Place {
    pub sandbox: Sandbox,
    pub clock: Arc<FrozenClock>,
    http: reqwest::Client,
    guild: Value,
}

impl Place {
    pub async fn open() -> Self {
        Self::with(None, seed()).await
    }

    pub async fn with(world: Option<PathBuf>, seed: WorldSeed) -> Self {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Arc::new(FrozenClock::at(start));
        let addr = "127.0.0.1:0".parse().unwrap();
        let sandbox = Sandbox::start(Options {
            addr,
            world,
            clock: clock.clone(),
            seed,
            traffic: None,
        })
        .await
        .unwrap();
        let mut place = Self {
            sandbox,
            clock,
            http: reqwest::Client::new(),
            guild: Value::Null,
        };
        place.guild = place.control("GET", "/guild", Value::Null).await.1;
        place
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Value,
    ) -> reqwest::Response {
        let url = format!("http://{}{path}", self.sandbox.addr());
        let mut request = self
            .http
            .request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bot {token}"));
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    /// As the bot.
    pub async fn rest(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let response = self.raw(method, path, body).await;
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub async fn raw(&self, method: &str, path: &str, body: Value) -> reqwest::Response {
        self.ask(method, &format!("/api/v10{path}"), Some(TOKEN), body)
            .await
    }

    pub async fn control(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let response = self
            .ask(method, &format!("/sandbox{path}"), None, body)
            .await;
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub async fn member(&self, user: &str, deed: &str, body: Value) -> (StatusCode, Value) {
        self.control("POST", &format!("/members/{user}/{deed}"), body)
            .await
    }

    pub async fn view(&self, user: &str, channel: &str) -> (StatusCode, Value) {
        self.control(
            "GET",
            &format!("/members/{user}/view?channel={channel}"),
            Value::Null,
        )
        .await
    }

    pub async fn advance(&self, ms: i64) {
        assert_eq!(
            self.control("POST", "/clock", json!({ "advance_ms": ms }))
                .await
                .0,
            200
        );
    }

    fn id_in(&self, list: &str, name: &str) -> String {
        let rows = self.guild[list].as_array().unwrap().iter();
        let found = rows
            .clone()
            .find(|row| row["name"] == name || row["user"]["username"] == name);
        let row = found.unwrap_or_else(|| panic!("no {name} in {list}"));
        row.get("id")
            .unwrap_or(&row["user"]["id"])
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub fn channel(&self, name: &str) -> String {
        self.id_in("channels", name)
    }

    pub fn role(&self, name: &str) -> String {
        self.id_in("roles", name)
    }

    pub fn user(&self, name: &str) -> String {
        self.id_in("members", name)
    }

    pub fn guild_id(&self) -> String {
        self.guild["guild"]["id"].as_str().unwrap().to_owned()
    }

    pub async fn bot(&self) -> Bot {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let intents = Intents::GUILDS
            | Intents::GUILD_MESSAGES
            | Intents::GUILD_MEMBERS
            | Intents::MESSAGE_CONTENT;
        let config = ConfigBuilder::new(TOKEN.to_owned(), intents)
            .proxy_url(format!("ws://{}", self.sandbox.addr()))
            .build();
        let mut bot = Bot {
            shard: Shard::with_config(ShardId::ONE, config),
        };
        bot.event("GUILD_CREATE").await;
        bot
    }

    pub async fn register(&self, commands: Value) {
        let path = format!("/applications/{APP}/guilds/{}/commands", self.guild_id());
        let (status, answer) = self.rest("PUT", &path, commands).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// Answers an interaction as the bot.
    pub async fn answer(&self, interaction: &Value, body: Value) -> (StatusCode, Value) {
        let (id, token) = (&interaction["id"], &interaction["token"]);
        let path = format!(
            "/interactions/{}/{}/callback",
            id.as_str().unwrap(),
            token.as_str().unwrap()
        );
        self.rest("POST", &path, body).await
    }

    /// A member does something and the bot answers with this.
    pub async fn exchange(
        &self,
        bot: &mut Bot,
        user: &str,
        deed: &str,
        body: Value,
        answer: Value,
    ) -> (Value, Value) {
        let respond = async {
            let interaction = bot.event("INTERACTION_CREATE").await;
            let (status, wrong) = self.answer(&interaction, answer).await;
            assert!(status.is_success(), "{wrong}");
            interaction
        };
        let ((status, shown), interaction) = tokio::join!(self.member(user, deed, body), respond);
        assert_eq!(status, 200, "{shown}");
        (shown, interaction)
    }
}

pub(super) struct Bot {
    pub shard: Shard,
}

impl Bot {
    /// The next frame, whatever it is.
    pub async fn frame(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(15), self.shard.next());
            match message
                .await
                .expect("a frame within 15 s")
                .expect("an open shard")
            {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Ok(Message::Close(frame)) => {
                    return json!({ "closed": frame.map(|frame| frame.code) });
                }
                Err(error) => eprintln!("reconnecting: {error}"),
            }
        }
    }

    /// The data of the next event of that name.
    pub async fn event(&mut self, name: &str) -> Value {
        loop {
            let frame = self.frame().await;
            if frame["t"] == name {
                return frame["d"].clone();
            }
        }
    }
}
