//! The built binary in processes of its own, which are killed as the machine's loss of power would.

use super::seen::{Message, list};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a process may take to say or do what it should.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `baton`; it ends with this.
pub struct Process {
    child: Child,
    said: Receiver<String>,
    heard: Vec<String>,
}

impl Process {
    /// Starts the binary with these arguments; `folder` is where it runs.
    pub fn start(folder: &Path, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_baton"))
            .args(args)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, said) = channel();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        for output in outputs {
            let tell = tell.clone();
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    // Nobody listens any more once the story is over.
                    let _ = tell.send(line);
                }
            });
        }
        let heard = Vec::new();
        Self { child, said, heard }
    }

    /// Waits for a line with this text, and gives back what follows the text up to a blank.
    pub fn says(&mut self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.said.recv_timeout(left) else {
                panic!("it did not say {text:?}, but:\n{}", self.heard.join("\n"));
            };
            self.heard.push(line.clone());
            if let Some((_, rest)) = line.split_once(text) {
                return rest
                    .split_whitespace()
                    .next()
                    .unwrap_or_default()
                    .to_owned();
            }
        }
    }

    /// Its number on this machine.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM: asks it to end.
    pub fn terminate(&self) {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until it has ended by itself; its exit code and all that it said.
    pub fn ends(mut self) -> (Option<i32>, String) {
        let until = Instant::now() + PATIENCE;
        loop {
            self.heard.extend(self.said.try_iter());
            if let Some(status) = self.child.try_wait().unwrap() {
                self.heard.extend(self.said.iter());
                return (status.code(), self.heard.join("\n"));
            }
            assert!(
                Instant::now() < until,
                "it does not end:\n{}",
                self.heard.join("\n")
            );
            thread::yield_now();
        }
    }

    /// What it said up to the last line that was waited for.
    pub fn heard(&self) -> String {
        self.heard.join("\n")
    }

    /// SIGKILL: nothing is finished.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The two addresses of a demo, or of a sandbox and a service beside it.
pub struct Place {
    client: reqwest::Client,
    sandbox: String,
    http: String,
}

impl Place {
    pub fn new(sandbox: &str, http: &str) -> Self {
        Self {
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            sandbox: sandbox.to_owned(),
            http: http.to_owned(),
        }
    }

    /// Waits until the service says that it is ready.
    pub async fn ready(&self) {
        self.until("ready", async || {
            let asked = self
                .client
                .get(format!("{}/readyz", self.http))
                .send()
                .await;
            asked.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    async fn until(&self, what: &str, is: impl AsyncFn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is().await {
            assert!(Instant::now() < until, "not in time: {what}");
            super::breathe().await;
        }
    }

    /// Posts a body; it is accepted.
    pub async fn alert(&self, source: &str, body: String) {
        assert_eq!(self.offer(source, body).await, Some(202));
    }

    /// Posts a body; the status of the answer, where one came.
    pub async fn offer(&self, source: &str, body: String) -> Option<u16> {
        self.post(source, body)
            .await
            .map(|answer| answer.status().as_u16())
    }

    /// Posts a body; the answer, where one came.
    pub async fn offers(&self, source: &str, body: String) -> Option<(u16, Value)> {
        Some(super::read(self.post(source, body).await?).await)
    }

    async fn post(&self, source: &str, body: String) -> Option<reqwest::Response> {
        let request = self
            .client
            .post(format!("{}/v1/alerts/{source}", self.http));
        request.bearer_auth("demo").body(body).send().await.ok()
    }

    /// Where alerts are taken: host and port.
    pub fn intake(&self) -> &str {
        self.http.trim_start_matches("http://")
    }

    /// A member's act; its answer.
    pub async fn act(&self, member: &str, what: &str, body: Value) -> Value {
        let path = format!("{}/sandbox/members/{member}/{what}", self.sandbox);
        let answer = self.client.post(path).json(&body).send().await.unwrap();
        let (status, told) = super::read(answer).await;
        assert_eq!(status, 200, "{told}");
        told
    }

    pub async fn run(&self, member: &str, channel: &str, command: &str, options: Value) -> Value {
        let body = json!({ "channel": channel, "name": command, "options": options });
        self.act(member, "commands", body).await
    }

    /// Picks one option from a menu; the message that comes of it.
    pub async fn picks(&self, member: &str, from: &Message, menu: &str, label: &str) -> Message {
        let menu = from.menu(menu).unwrap();
        let values = [super::member::option(&menu, label)];
        let body = json!({
            "message": from.id(), "custom_id": menu["custom_id"], "values": values,
        });
        let json = self.act(member, "components", body).await["message"].clone();
        Message { json }
    }

    /// Waits until each of so many incidents is shown, on a card or in a digest, wherever it belongs, and says that no
    /// second message shows it.
    pub async fn each_once(&self, count: usize) {
        let all: BTreeSet<String> = (1..=count).map(|n| format!("INC-{n}")).collect();
        self.until("a message that shows each alert", async || {
            let cards = self.cards().await;
            let shown: BTreeSet<String> = cards.iter().flat_map(Message::incidents).collect();
            shown.is_superset(&all)
        })
        .await;
        let cards = self.cards().await;
        for id in all {
            let shows = |card: &&Message| card.incidents().contains(&id);
            assert_eq!(cards.iter().filter(shows).count(), 1, "{id}");
        }
    }

    /// Waits until so many messages stand in a channel.
    pub async fn messages(&self, channel: &str, count: usize) {
        self.until("a message in the channel", async || {
            self.view("owner", channel).await.len() >= count
        })
        .await;
    }

    async fn cards(&self) -> Vec<Message> {
        let mut cards = Vec::new();
        for channel in ["tier1-triage", "endpoint-desk", "tier3-containment"] {
            let seen = self.view("owner", channel).await.into_iter();
            cards.extend(seen.filter(|message| message.json["ephemeral"] != true));
        }
        cards
    }

    /// The messages of a channel as a member sees them.
    pub async fn view(&self, member: &str, channel: &str) -> Vec<Message> {
        let path = format!(
            "{}/sandbox/members/{member}/view?channel={channel}",
            self.sandbox
        );
        let (_, told) = super::read(self.client.get(path).send().await.unwrap()).await;
        let messages = list(&told["messages"]).iter();
        messages
            .map(|json| Message { json: json.clone() })
            .collect()
    }

    /// Orders a fault of the sandbox.
    pub async fn fault(&self, order: Value) {
        let path = format!("{}/sandbox/faults", self.sandbox);
        let answer = self.client.post(path).json(&order).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// Waits until a request has met a fault.
    pub async fn fault_met(&self) {
        let path = format!("{}/sandbox/requests?limit=1", self.sandbox);
        self.until("a request that meets the fault", async || {
            let (_, told) = super::read(self.client.get(&path).send().await.unwrap()).await;
            told["faults_met"].as_u64() > Some(0)
        })
        .await;
    }

    /// Requests that Discord would have answered with 429.
    pub async fn too_many(&self) -> usize {
        let path = format!("{}/sandbox/requests", self.sandbox);
        let (_, told) = super::read(self.client.get(path).send().await.unwrap()).await;
        list(&told["requests"])
            .iter()
            .filter(|r| r["status"] == 429)
            .count()
    }
}
