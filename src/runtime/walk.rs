//! The demo's sample story: one alert goes the whole way by itself. Members act through the sandbox's own calls, as people
//! do at its page; what they do stands in a file, and what came of it is told from the history.

#![expect(
    clippy::indexing_slicing,
    reason = "JSON answers null for what is not there"
)]

use crate::domain::ids::IncidentId;
use chrono::{DateTime, Days, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const SCRIPT: &str = include_str!("../../templates/samples/story.json");
/// How long a member waits for a card with the button that they look for, and how often they look.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a message is looked at for one press.
const LOOKS: usize = 5;
const LOOK: Duration = Duration::from_millis(200);
/// The buttons that lead through a form, as a person reads them.
const FILL: &str = "Fill in what is missing";
const SUBMIT: &str = "Submit";
/// No form has more pages.
const PAGES: usize = 12;
/// An answer: every line of a list.
const ALL: &str = "*";
/// In an answer: the day after this one.
const TOMORROW: &str = "{tomorrow}";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    source: String,
    alert: Value,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    member: String,
    channel: String,
    does: Does,
    /// What is answered in the forms that open, by the title of the field. A list takes the beginning of a line, or `*`.
    #[serde(default)]
    answers: BTreeMap<String, String>,
    /// Words of Baton's last answer; others end the story.
    hears: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", untagged)]
enum Does {
    Run {
        run: String,
        #[serde(default)]
        options: Map<String, Value>,
    },
    /// A button of the newest message about the incident that has it.
    Press { press: String },
}

/// Where the story went no further, and why.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    #[error("the alert was not taken: {0}")]
    Alert(String),
    #[error("{member}, {does}: {why}")]
    Step {
        member: String,
        does: String,
        why: String,
    },
}

/// The sandbox and the intake that the story walks through.
pub struct Ways<'a> {
    pub sandbox: &'a str,
    pub intake: &'a str,
    pub client: &'a reqwest::Client,
}

/// Posts the story's alert. `None` where it is known already: the story is told once in a store.
pub async fn open(ways: &Ways<'_>) -> Result<Option<IncidentId>, Stopped> {
    let script = script()?;
    let url = format!("{}/v1/alerts/{}", ways.intake, script.source);
    let request = ways
        .client
        .post(url)
        .bearer_auth("demo")
        .json(&script.alert);
    let told = answer(request).await.map_err(Stopped::Alert)?;
    let alert = told.pointer("/alerts/0").cloned().unwrap_or_default();
    if alert["outcome"] != "opened" {
        return Ok(None);
    }
    let id = alert["incident"].as_str().and_then(|id| id.parse().ok());
    id.map(Some).ok_or_else(|| Stopped::Alert(told.to_string()))
}

/// Walks it to its end.
pub async fn walk(ways: &Ways<'_>, id: IncidentId, now: DateTime<Utc>) -> Result<(), Stopped> {
    let tomorrow = now.date_naive() + Days::new(1);
    for mut step in script()?.steps {
        for text in step.answers.values_mut() {
            *text = text.replace(TOMORROW, &tomorrow.to_string());
        }
        let told = Walker {
            ways,
            id,
            step: &step,
        }
        .goes()
        .await;
        let why = match told {
            Ok(said) if said.contains(&step.hears) => continue,
            Ok(said) => said,
            Err(why) => why,
        };
        let does = match step.does {
            Does::Run { run, .. } => format!("/{run}"),
            Does::Press { press } => format!("“{press}”"),
        };
        let member = step.member;
        return Err(Stopped::Step { member, does, why });
    }
    Ok(())
}

fn script() -> Result<Script, Stopped> {
    serde_json::from_str(SCRIPT).map_err(|fault| Stopped::Alert(fault.to_string()))
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let answer = request.send().await.map_err(|fault| fault.to_string())?;
    let status = answer.status();
    let text = answer.text().await.map_err(|fault| fault.to_string())?;
    if status.is_success() {
        serde_json::from_str(&text).map_err(|fault| fault.to_string())
    } else {
        Err(format!("{status}: {text}"))
    }
}

/// A member at one step.
struct Walker<'a> {
    ways: &'a Ways<'a>,
    id: IncidentId,
    step: &'a Step,
}

impl Walker<'_> {
    /// Does it, fills in every form that opens, and submits. What Baton said at the end, or why it could not be done.
    async fn goes(&self) -> Result<String, String> {
        let mut told = match &self.step.does {
            Does::Run { run, options } => {
                let mut options = options.clone();
                options.insert("incident".to_owned(), json!(self.id.to_string()));
                let body = json!({ "channel": self.step.channel, "name": run, "options": options });
                self.act("commands", body).await?
            }
            Does::Press { press } => self.press_newest(press).await?,
        };
        for _ in 0..PAGES {
            told = if told["modal"].is_object() {
                self.submit(&told["modal"]).await?
            } else if let Some(next) = [FILL, SUBMIT]
                .into_iter()
                .find(|label| button(&told["message"], label).is_some())
            {
                self.press(&told["message"], next).await?
            } else {
                return Ok(said(&told["message"]));
            };
        }
        Err(format!(
            "it asks again and again: {}",
            said(&told["message"])
        ))
    }

    async fn act(&self, what: &str, body: Value) -> Result<Value, String> {
        let Ways {
            sandbox, client, ..
        } = self.ways;
        let url = format!("{sandbox}/sandbox/members/{}/{what}", self.step.member);
        answer(client.post(url).json(&body)).await
    }

    async fn press(&self, message: &Value, label: &str) -> Result<Value, String> {
        let custom_id = button(message, label).ok_or_else(|| format!("no button “{label}”"))?;
        let body = json!({ "message": message["id"], "custom_id": custom_id });
        self.act("components", body).await
    }

    /// Presses it on the newest message; one that changed between the look and the press is looked at again.
    async fn press_newest(&self, label: &str) -> Result<Value, String> {
        let mut told = Err(String::new());
        for _ in 0..LOOKS {
            let message = self.waits_for(label).await?;
            told = self.press(&message, label).await;
            if told.is_ok() {
                break;
            }
        }
        told
    }

    /// The newest message about the incident with such a button, as soon as the member sees one.
    async fn waits_for(&self, label: &str) -> Result<Value, String> {
        let Ways {
            sandbox, client, ..
        } = self.ways;
        let Step {
            member, channel, ..
        } = self.step;
        let url = format!("{sandbox}/sandbox/members/{member}/view?channel={channel}");
        let words = self.id.to_string();
        let found = tokio::time::timeout(PATIENCE, async {
            let mut looks = tokio::time::interval(LOOK);
            loop {
                looks.tick().await;
                let told = answer(client.get(&url)).await?;
                let mut messages = list(&told["messages"]).iter().rev();
                let about =
                    |one: &&Value| said(one).contains(&words) && button(one, label).is_some();
                if let Some(message) = messages.find(about) {
                    return Ok(message.clone());
                }
            }
        });
        found
            .await
            .unwrap_or_else(|_| Err(format!("no card with “{label}” came to #{channel}")))
    }

    /// Sends the form: what stands there stays, what the step answers is written.
    async fn submit(&self, form: &Value) -> Result<Value, String> {
        let mut values = Map::new();
        for one in list(&form["components"]) {
            let title = one["label"].as_str().unwrap_or_default();
            let control = &one["component"];
            let answer = self.step.answers.get(title).map(String::as_str);
            if let (Some(answer), Some(id)) = (answer, control["custom_id"].as_str()) {
                values.insert(id.to_owned(), typed(control, answer));
            }
        }
        let body = json!({ "modal": form["id"], "values": values });
        self.act("modals", body).await
    }
}

/// Discord's component types that take one or several of a list.
const LIST: u64 = 3;
const RADIO: u64 = 21;
const BOXES: u64 = 22;

fn typed(control: &Value, answer: &str) -> Value {
    let options = list(&control["options"]).iter();
    let chosen = options.filter(|one| {
        let label = one["label"].as_str().unwrap_or_default();
        answer == ALL || label.starts_with(answer)
    });
    let mut chosen = chosen.map(|one| one["value"].clone());
    match control["type"].as_u64() {
        Some(LIST | BOXES) => json!(chosen.collect::<Vec<_>>()),
        Some(RADIO) => json!(chosen.next()),
        _ => json!(answer),
    }
}

fn button(message: &Value, label: &str) -> Option<String> {
    let rows = list(&message["components"]).iter();
    let mut controls = rows.flat_map(|row| list(&row["components"]));
    let found = controls.find(|one| one["label"] == label && one["disabled"] != true)?;
    Some(found["custom_id"].as_str()?.to_owned())
}

/// A message's words.
fn said(message: &Value) -> String {
    let embeds = list(&message["embeds"]).iter();
    let parts = embeds.flat_map(|embed| [&embed["title"], &embed["description"]]);
    let all = std::iter::once(&message["content"]).chain(parts);
    let words: Vec<&str> = all.filter_map(Value::as_str).collect();
    words.join("\n")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
