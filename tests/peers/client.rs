//! A foreign client as a process beside a sandbox of its own: its lines, and the member's side of
//! the control API. Knows nothing of what the client does.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use baton::sandbox::{
    Options, Sandbox, SystemClock,
    permissions::{
        ATTACH_FILES, CREATE_PRIVATE_THREADS, EMBED_LINKS, MANAGE_THREADS, PIN_MESSAGES,
        READ_MESSAGE_HISTORY, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS, VIEW_CHANNEL,
    },
    seed::{
        BotSeed, ChannelSeed, OverwriteFor, OverwriteSeed, PRIVILEGED_INTENTS, RoleSeed, WorldSeed,
    },
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

const APP: u64 = 1_000_000_000_000_000_001;
/// The first part is the application's id in base64, as in real tokens.
const TOKEN: &str = "MTAwMDAwMDAwMDAwMDAwMDAwMQ.sandbox.token";
/// A client has this long for a step, reconnecting included.
const PATIENCE: Duration = Duration::from_secs(20);

fn seed() -> WorldSeed {
    let channel = |name: &str, deny: u64| ChannelSeed {
        name: name.to_owned(),
        topic: None,
        overwrites: vec![OverwriteSeed {
            to: OverwriteFor::Everyone,
            allow: 0,
            deny,
        }],
    };
    let role = RoleSeed {
        name: "tier1".to_owned(),
        permissions: 0,
        members: vec!["analyst".to_owned()],
    };
    let bot = VIEW_CHANNEL
        | SEND_MESSAGES
        | EMBED_LINKS
        | ATTACH_FILES
        | READ_MESSAGE_HISTORY
        | CREATE_PRIVATE_THREADS
        | SEND_MESSAGES_IN_THREADS
        | MANAGE_THREADS
        | PIN_MESSAGES;
    WorldSeed {
        guild: "Peers".to_owned(),
        owner: "owner".to_owned(),
        bot: BotSeed {
            id: APP,
            name: "peer".to_owned(),
            token: TOKEN.to_owned(),
            permissions: bot,
            privileged_intents: PRIVILEGED_INTENTS,
        },
        everyone: None,
        members: vec!["engineer".to_owned()],
        roles: vec![role],
        channels: vec![
            channel("general", 0),
            channel("readonly", SEND_MESSAGES),
            channel("secret", VIEW_CHANNEL),
        ],
    }
}

pub struct Client {
    sandbox: Sandbox,
    process: Child,
    lines: mpsc::UnboundedReceiver<Value>,
    early: Vec<Value>,
    http: reqwest::Client,
}

impl Drop for Client {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Client {
    /// Starts a sandbox that writes its traffic to `NAME.jsonl`, and the client beside it.
    pub async fn start(name: &str, program: &str, script: &str) -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
        let traffic = Path::new(env!("CARGO_TARGET_TMPDIR")).join("traffic");
        std::fs::create_dir_all(&traffic).unwrap();
        let traffic = traffic.join(format!("{name}.jsonl"));
        if traffic.exists() {
            std::fs::remove_file(&traffic).unwrap();
        }
        let options = Options {
            addr: "127.0.0.1:0".parse().unwrap(),
            world: None,
            clock: Arc::new(SystemClock::default()),
            seed: seed(),
            traffic: Some(traffic),
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let base = format!("http://{}", sandbox.addr());
        let http = reqwest::Client::new();
        let guild: Value = http
            .get(format!("{base}/sandbox/guild"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let program = if program.contains('/') {
            here.join(program)
        } else {
            program.into()
        };
        let mut process = Command::new(&program)
            .arg(here.join(script))
            .env("BASE", &base)
            .env("TOKEN", TOKEN)
            .env("GUILD", guild["guild"]["id"].as_str().unwrap())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; run tests/peers/run", program.display()));
        let lines = read(process.stdout.take().unwrap());
        Self {
            sandbox,
            process,
            lines,
            early: Vec::new(),
            http,
        }
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("http://{}/sandbox{path}", self.sandbox.addr());
        let mut request = self.http.request(method, url);
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(reqwest::Method::GET, path, &Value::Null).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(reqwest::Method::POST, path, &body).await;
        assert_eq!(status, 200, "{path} {body}: {answer}");
        answer
    }

    /// The analyst does something with the bot; what she gets.
    pub async fn act(&self, deed: &str, body: Value) -> Value {
        self.post(&format!("/members/analyst/{deed}"), body).await
    }

    pub async fn run(&self, name: &str, options: Value) -> Value {
        let body = json!({ "channel": "general", "name": name, "options": options });
        self.act("commands", body).await
    }

    /// What the client printed for that step; other steps wait for who asks for them.
    pub async fn said(&mut self, step: &str) -> Value {
        if let Some(at) = self.early.iter().position(|line| line["step"] == step) {
            return self.early.remove(at);
        }
        loop {
            let line = tokio::time::timeout(PATIENCE, self.lines.recv()).await;
            let line = line.unwrap_or_else(|_| panic!("no {step}, but {:?}", self.early));
            let line = line.unwrap_or_else(|| panic!("ended before {step}: {:?}", self.early));
            assert_ne!(line["step"], "failed", "{}", line["error"]);
            if line["step"] == step {
                return line;
            }
            self.early.push(line);
        }
    }

    /// What was printed and not asked for.
    pub fn unasked(&mut self) -> Vec<Value> {
        while let Ok(line) = self.lines.try_recv() {
            self.early.push(line);
        }
        std::mem::take(&mut self.early)
    }

    pub fn unknown_endpoints(&self) -> u64 {
        self.sandbox.unknown_endpoints()
    }
}

fn read(from: impl std::io::Read + Send + 'static) -> mpsc::UnboundedReceiver<Value> {
    let (to, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let line = serde_json::from_str(&line)
                .unwrap_or_else(|_| json!({ "step": "failed", "error": line }));
            // Said at once: the member's side may fail of it first.
            if line["step"] == "failed" {
                eprintln!("{}", line["error"].as_str().unwrap_or_default());
            }
            if to.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
