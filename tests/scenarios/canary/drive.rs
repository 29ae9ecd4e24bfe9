//! Everybody tries everything: each command with each option, each control of each message in sight, each form that opens.

use crate::scenarios::harness::{Message, World};
use baton::discord::commands::{Opt, OptKind, commands};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// How far an answer to an answer is followed.
const DEPTH: usize = 3;
const INCIDENTS: [&str; 2] = ["INC-1", "INC-2"];

/// Lets all members try; what is searched for are these words.
pub async fn drive(w: &World, members: &[String], searched: &str) {
    let mut driver = Driver {
        w,
        searched,
        tried: BTreeSet::new(),
        somebody: w.account("hr").await,
    };
    // Whoever may read least comes first: what they find is as the story left it.
    let mut order: Vec<&String> = members.iter().collect();
    order.sort_by_key(|name| {
        let last = ["legal", "hr", "tier1b", "tier1", "tier3", "tier2"];
        last.iter()
            .position(|known| known == name)
            .map_or(0, |at| at + 1)
    });
    for member in order {
        driver.member(member).await;
    }
}

struct Driver<'w> {
    w: &'w World,
    searched: &'w str,
    /// Who pressed what already.
    tried: BTreeSet<(String, String)>,
    /// An account, where one is asked for.
    somebody: String,
}

impl Driver<'_> {
    async fn member(&mut self, member: &str) {
        let channels = self.w.channels_of(member).await;
        let Some((home, _)) = channels.first() else {
            panic!("{member} sees no channel and so can try nothing");
        };
        for (_, messages) in &channels {
            for message in messages {
                self.controls(member, &message.json, 0).await;
            }
        }
        let home = home.clone();
        self.menus(member, &channels).await;
        for command in commands() {
            let optional = command.options.iter().filter(|one| !one.required);
            if optional
                .into_iter()
                .any(|one| one.kind == OptKind::Incident)
            {
                let body = json!({ "channel": home, "name": command.name, "options": {} });
                let answer = self.w.tries(member, "commands", body).await;
                self.follow(member, &answer, 0).await;
            }
            for incident in INCIDENTS {
                let options = self
                    .options(member, &home, command.name, command.options, incident)
                    .await;
                let body = json!({ "channel": home, "name": command.name, "options": options });
                let answer = self.w.tries(member, "commands", body).await;
                assert!(
                    answer["response"].is_object(),
                    "{member} could not run /{}: {answer}",
                    command.name
                );
                self.follow(member, &answer, 0).await;
                if command
                    .options
                    .iter()
                    .all(|one| one.kind != OptKind::Incident)
                {
                    break;
                }
            }
        }
    }

    /// The menu of the newest message in each channel.
    async fn menus(&mut self, member: &str, channels: &[(String, Vec<Message>)]) {
        let guild = self.w.guild().await;
        let commands = guild["commands"].as_array().cloned().unwrap_or_default();
        let menus = commands.iter().filter(|one| one["type"] == 3);
        for menu in menus {
            for (channel, messages) in channels {
                let Some(message) = messages.last() else {
                    continue;
                };
                let body = json!({
                    "channel": channel, "name": menu["name"], "type": 3, "target": message.id(),
                });
                let answer = self.w.tries(member, "commands", body).await;
                assert!(answer["response"].is_object(), "{member}: {answer}");
                self.follow(member, &answer, 0).await;
            }
        }
    }

    async fn options(
        &mut self,
        member: &str,
        channel: &str,
        command: &str,
        all: &[Opt],
        incident: &str,
    ) -> Value {
        let mut options = Map::new();
        for one in all {
            let value = match one.kind {
                OptKind::Text(_) if one.name == "incident" => incident.to_owned(),
                OptKind::Text(_) if one.name == "words" => self.searched.to_owned(),
                // One answer shows all there is.
                OptKind::Text(_) if one.name == "before" => continue,
                OptKind::Text(most) if most < 20 => "1".to_owned(),
                OptKind::Text(_) => format!("words of {member}"),
                OptKind::Choice(choices) => choices[0].0.to_owned(),
                OptKind::Person => self.somebody.clone(),
                // The rest is offered while one types.
                _ => {
                    let offered = self
                        .offered(member, channel, command, one.name, &options)
                        .await;
                    match offered {
                        _ if one.kind == OptKind::Incident => incident.to_owned(),
                        Some(first) => first,
                        None if one.required => "none".to_owned(),
                        None => continue,
                    }
                }
            };
            options.insert(one.name.to_owned(), json!(value));
        }
        Value::Object(options)
    }

    async fn offered(
        &mut self,
        member: &str,
        channel: &str,
        command: &str,
        focused: &str,
        so_far: &Map<String, Value>,
    ) -> Option<String> {
        let mut options = so_far.clone();
        options.insert(focused.to_owned(), json!(""));
        let body = json!({
            "channel": channel, "name": command, "options": options, "focused": focused,
        });
        let answer = self.w.tries(member, "autocomplete", body).await;
        assert!(
            answer["choices"].is_array(),
            "{member}, /{command}: {answer}"
        );
        answer["choices"][0]["value"].as_str().map(str::to_owned)
    }

    /// Every control of a message, each once for a member.
    async fn controls(&mut self, member: &str, message: &Value, depth: usize) {
        let rows = message["components"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let all = rows
            .iter()
            .flat_map(|row| row["components"].as_array().cloned().unwrap_or_default());
        let mut all: Vec<Value> = all.collect();
        // What one control leads to can take another away: one member begins at the other end.
        if member == "tier1b" {
            all.reverse();
        }
        for control in all {
            let Some(id) = control["custom_id"].as_str().map(str::to_owned) else {
                continue;
            };
            if control["disabled"] == true {
                continue;
            }
            let options = control["options"].as_array().cloned().unwrap_or_default();
            let values: Vec<Option<Value>> = match control["type"].as_u64() {
                Some(3) => some_of(&options)
                    .map(|one| Some(json!([one["value"]])))
                    .collect(),
                Some(5) => vec![Some(json!([self.somebody]))],
                _ => vec![None],
            };
            for value in values {
                let key = format!("{id} {}", value.clone().unwrap_or_default());
                if !self.tried.insert((member.to_owned(), key)) {
                    continue;
                }
                let mut body = json!({ "message": message["id"], "custom_id": id });
                if let Some(value) = value {
                    body["values"] = value;
                }
                let answer = self.w.tries(member, "components", body).await;
                Box::pin(self.follow(member, &answer, depth)).await;
            }
        }
    }

    /// Fills the form that opened with words of no meaning, or tries the controls of the answer.
    async fn follow(&mut self, member: &str, answer: &Value, depth: usize) {
        if depth >= DEPTH {
            return;
        }
        let form = &answer["modal"];
        if form.is_object() {
            let rows = form["components"].as_array().cloned().unwrap_or_default();
            let inputs = rows.iter().map(|row| row["component"].clone());
            let values = inputs
                .filter_map(|one| Some((one["custom_id"].as_str()?.to_owned(), filler(&one)?)));
            let values: Map<String, Value> = values.collect();
            let body = json!({ "modal": form["id"], "values": values });
            let answer = self.w.tries(member, "modals", body).await;
            Box::pin(self.follow(member, &answer, depth + 1)).await;
        } else if answer["message"].is_object() {
            let message = Message {
                json: answer["message"].clone(),
            };
            self.controls(member, &message.json, depth + 1).await;
        }
    }
}

/// Every entry of a list; of a long one, whose entries differ in nothing but the incident, the first and the last.
fn some_of(options: &[Value]) -> impl Iterator<Item = &Value> {
    let all = options.len() < 25;
    let last = options.len().saturating_sub(1);
    let chosen = move |(at, _): &(usize, &Value)| all || *at == 0 || *at == last;
    options
        .iter()
        .enumerate()
        .filter(chosen)
        .map(|(_, one)| one)
}

/// Something for an input that cannot be left as it is.
fn filler(input: &Value) -> Option<Value> {
    match input["type"].as_u64() {
        Some(4) if input["value"].is_null() => Some(json!("words of no meaning")),
        Some(21) => Some(input["options"][0]["value"].clone()),
        _ => None,
    }
}
