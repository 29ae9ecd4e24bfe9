//! Everything that anybody saw of a story: each member's channels, each answer they were given, each message that was
//! ever sent, files, logs and what the service answers over HTTP. For stories about what nobody may see.

use super::seen::{Message, list};
use super::{Member, World};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One thing that was seen.
pub struct Sight {
    /// Who saw it; empty where it is nobody's to see, such as a log line.
    pub by: BTreeSet<String>,
    pub place: String,
    pub text: String,
}

impl World {
    /// The names of all members but those.
    pub async fn members_but(&self, but: &[&str]) -> Vec<String> {
        let guild = self.guild().await;
        let names = list(&guild["members"]).iter().filter_map(|member| {
            let user = &member["user"];
            (user["bot"] != true).then(|| user["username"].as_str().unwrap().to_owned())
        });
        names.filter(|name| !but.contains(&name.as_str())).collect()
    }

    /// Each channel and thread that the member sees, with its messages.
    pub async fn channels_of(&self, member: &str) -> Vec<(String, Vec<Message>)> {
        let mut seen = Vec::new();
        for channel in list(&self.guild().await["channels"]) {
            let id = channel["id"].as_str().unwrap();
            let path = format!("/sandbox/members/{member}/view?channel={id}");
            let (status, view) = self.stage.get(&path).await;
            if status == 200 {
                let messages = list(&view["messages"]).iter();
                let messages = messages.map(|json| Message { json: json.clone() });
                seen.push((id.to_owned(), messages.collect()));
            }
        }
        seen
    }

    /// Nothing that was posted surprises.
    pub async fn looks_at_everything(&self) {
        self.settle().await;
        for (_, messages) in self.channels_of("owner").await {
            let mut known = self.stage.looked_at.borrow_mut();
            known.extend(messages.iter().map(Message::id));
        }
    }

    /// Presses, runs, submits, whatever comes of it.
    pub async fn tries(&self, member: &str, what: &str, body: Value) -> Value {
        let member = Member::new(self.stage.clone(), member);
        member.act(what, body).await.raw().clone()
    }

    /// The first words of all controls that somebody used so far.
    pub fn controls_used(&self) -> BTreeSet<String> {
        let used = self.stage.used.borrow();
        let words = used.iter().filter_map(|id| id.split(':').next());
        words.map(str::to_owned).collect()
    }

    /// Everything that was seen so far, by whom.
    pub async fn everything_seen(&self, members: &[String]) -> Vec<Sight> {
        self.looks_at_everything().await;
        let mut seen = Vec::new();
        let mut readers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for member in members {
            for (channel, messages) in self.channels_of(member).await {
                readers
                    .entry(channel.clone())
                    .or_default()
                    .insert(member.clone());
                for message in messages {
                    self.one_message(member, &channel, &message.json, &mut seen)
                        .await;
                }
            }
        }
        let told = self.stage.told.borrow().clone();
        for (member, answer) in told {
            if members.contains(&member) {
                self.one_message(&member, "an answer", &answer, &mut seen)
                    .await;
            }
        }
        self.requests_seen(&readers, &mut seen).await;
        for line in self.stage.logs.all() {
            seen.push(Sight::nobodys("the log", line));
        }
        seen
    }

    async fn one_message(&self, member: &str, place: &str, json: &Value, seen: &mut Vec<Sight>) {
        let by = BTreeSet::from([member.to_owned()]);
        let mut texts = vec![json.to_string()];
        for address in files(json) {
            let answer = self.stage.client.get(&address).send().await.unwrap();
            if answer.status().is_success() {
                let bytes = answer.bytes().await.unwrap();
                texts.push(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        seen.extend(texts.into_iter().map(|text| Sight {
            by: by.clone(),
            place: place.to_owned(),
            text,
        }));
    }

    /// What was sent to channels, also where it was edited or deleted since.
    async fn requests_seen(
        &self,
        readers: &BTreeMap<String, BTreeSet<String>>,
        seen: &mut Vec<Sight>,
    ) {
        for request in self.stage.requests().await {
            let path = request["path"].as_str().unwrap_or_default();
            let place = super::ending::line(&request);
            if let Some(rest) = path.strip_prefix("/api/v10/channels/") {
                let channel = rest.split('/').next().unwrap_or_default();
                seen.push(Sight {
                    by: readers.get(channel).cloned().unwrap_or_default(),
                    place,
                    text: request["body"].to_string(),
                });
            }
        }
    }

    /// What the service answers to anybody on this machine: its routes without a secret, and a body that is none.
    pub async fn answers_over_http(&self, routes: &[String], body: &str) -> Vec<Sight> {
        let service = self.service();
        let mut seen = Vec::new();
        for route in routes {
            let address = format!("http://{}{route}", service.http);
            for request in [
                self.stage.client.get(&address),
                self.stage.client.post(&address).body(body.to_owned()),
                self.stage
                    .client
                    .post(&address)
                    .bearer_auth("demo")
                    .body(body.to_owned()),
            ] {
                let answer = request.send().await.unwrap();
                assert_ne!(answer.status().as_u16(), 500, "{route}");
                let text = answer.text().await.unwrap();
                seen.push(Sight::nobodys(route, text));
            }
        }
        seen
    }
}

impl Sight {
    fn nobodys(place: &str, text: String) -> Self {
        Self {
            by: BTreeSet::new(),
            place: place.to_owned(),
            text,
        }
    }
}

/// Addresses of all files in an answer or message.
fn files(json: &Value) -> Vec<String> {
    match json {
        Value::Object(map) => {
            let mut found: Vec<String> = map.values().flat_map(files).collect();
            if map.contains_key("filename") {
                found.extend(map.get("url").and_then(Value::as_str).map(str::to_owned));
            }
            found
        }
        Value::Array(all) => all.iter().flat_map(files).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
