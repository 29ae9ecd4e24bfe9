//! What a member does: looks into channels, runs commands, presses buttons, picks from menus.

use super::Stage;
use super::form::Answer;
use super::seen::{Message, View, list};
use serde_json::{Value, json};
use std::rc::Rc;

/// A member's hand and eyes.
#[derive(Clone)]
pub struct Member {
    pub(super) stage: Rc<Stage>,
    pub name: String,
}

impl Member {
    pub(super) fn new(stage: Rc<Stage>, name: &str) -> Self {
        let name = name.to_owned();
        Self { stage, name }
    }

    /// Looks into a channel or thread, after everything that can be delivered was.
    pub async fn channel(&self, channel: &str) -> View {
        self.stage.settle().await;
        self.glance(channel).await
    }

    /// Looks into a channel as it is.
    pub async fn glance(&self, channel: &str) -> View {
        let (status, told) = self.view(channel).await;
        assert_eq!(status, 200, "{} in #{channel}: {told}", self.name);
        View::new(
            self.stage.clone(),
            channel,
            list(&told["messages"]).to_vec(),
        )
    }

    /// The channel is closed to the member.
    pub async fn cannot_see(&self, channel: &str) {
        let (status, told) = self.view(channel).await;
        assert_eq!(status, 403, "{} in #{channel}: {told}", self.name);
    }

    async fn view(&self, channel: &str) -> (u16, Value) {
        let path = format!("/sandbox/members/{}/view?channel={channel}", self.name);
        self.stage.get(&path).await
    }

    /// Runs a command with these options.
    pub async fn run(&self, channel: &str, command: &str, options: &[(&str, &str)]) -> Answer {
        let body = json!({ "channel": channel, "name": command, "options": named(options) });
        self.act("commands", body).await
    }

    /// Writes in a channel or thread.
    pub async fn says(&self, channel: &str, content: &str) -> Message {
        let path = format!("/sandbox/members/{}/messages", self.name);
        let body = json!({ "channel": channel, "content": content });
        let (status, json) = self.stage.post(&path, &body).await;
        assert_eq!(status, 200, "{} in #{channel}: {json}", self.name);
        Message { json }
    }

    /// Picks an entry of the menu on a message.
    pub async fn menu(&self, channel: &str, name: &str, message: &Message) -> Answer {
        let body = json!({ "channel": channel, "name": name, "type": 3, "target": message.id() });
        self.act("commands", body).await
    }

    /// What is offered for an option while it is typed.
    pub async fn offered(
        &self,
        channel: &str,
        command: &str,
        focused: &str,
        options: &[(&str, &str)],
    ) -> Vec<String> {
        let mut options = named(options);
        options[focused] = options.get(focused).cloned().unwrap_or_else(|| json!(""));
        let body = json!({
            "channel": channel, "name": command, "options": options, "focused": focused,
        });
        let answer = self.act("autocomplete", body).await;
        let choices = list(&answer.json()["choices"]).iter();
        choices
            .map(|choice| choice["value"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Presses the button with this label.
    pub async fn press(&self, message: &Message, label: &str) -> Answer {
        let body = json!({ "message": message.id(), "custom_id": message.button(label) });
        self.act("components", body).await
    }

    /// Picks the options whose label begins so from the menu with this title.
    pub async fn pick(&self, message: &Message, title: &str, labels: &[&str]) -> Answer {
        let menu = message
            .menu(title)
            .unwrap_or_else(|| panic!("no menu {title:?} on:\n{}", message.text()));
        let values: Vec<String> = labels.iter().map(|label| option(&menu, label)).collect();
        self.picked(message, &menu, &values).await
    }

    async fn picked(&self, message: &Message, menu: &Value, values: &[String]) -> Answer {
        let body = json!({
            "message": message.id(), "custom_id": menu["custom_id"], "values": values,
        });
        self.act("components", body).await
    }

    /// Presses, where nothing is answered: Discord tells the member so after three seconds.
    pub(super) async fn act(&self, what: &str, body: Value) -> Answer {
        let path = format!("/sandbox/members/{}/{what}", self.name);
        let (status, told) = self.stage.post(&path, &body).await;
        for id in [&body["custom_id"], &told["modal"]["custom_id"]] {
            let id = id.as_str().map(str::to_owned);
            self.stage.used.borrow_mut().extend(id);
        }
        let heard = (self.name.clone(), told.clone());
        self.stage.told.borrow_mut().push(heard);
        Answer::new(self.clone(), status, told)
    }
}

fn named(options: &[(&str, &str)]) -> Value {
    let pairs = options
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)));
    Value::Object(pairs.collect())
}

/// The value behind an option's label, or behind the beginning of it.
pub(super) fn option(control: &Value, label: &str) -> String {
    let options = list(&control["options"]);
    let begins = |one: &&Value| one["label"].as_str().is_some_and(|l| l.starts_with(label));
    let found = options
        .iter()
        .find(|one| one["label"] == label)
        .or_else(|| options.iter().find(begins));
    found.unwrap_or_else(|| panic!("no option {label:?} in {control:#}"))["value"]
        .as_str()
        .unwrap()
        .to_owned()
}
