//! What members see: channels and messages as text, with their controls by label.

use super::Stage;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::rc::Rc;

/// A channel as one member sees it.
pub struct View {
    stage: Rc<Stage>,
    pub channel: String,
    messages: Vec<Value>,
}

/// One message.
#[derive(Clone)]
pub struct Message {
    pub json: Value,
}

impl View {
    pub(super) fn new(stage: Rc<Stage>, channel: &str, messages: Vec<Value>) -> Self {
        let channel = channel.to_owned();
        Self {
            stage,
            channel,
            messages,
        }
    }

    /// The newest card of an incident.
    pub fn card(&self, id: &str) -> Message {
        let found = self
            .posted()
            .filter(|message| message.is_card_of(id))
            .last();
        self.taken(found.unwrap_or_else(|| panic!("no card of {id} in #{}:\n{self}", self.channel)))
    }

    /// The newest card of an incident, where one stands.
    pub fn find_card(&self, id: &str) -> Option<Message> {
        let found = self
            .posted()
            .filter(|message| message.is_card_of(id))
            .last();
        found.map(|message| self.taken(message))
    }

    /// The one message with this text.
    pub fn saying(&self, text: &str) -> Message {
        let found: Vec<Message> = self.posted().filter(|m| m.text().contains(text)).collect();
        let [one] = found.as_slice() else {
            panic!(
                "{} messages say {text:?} in #{}:\n{self}",
                found.len(),
                self.channel
            );
        };
        self.taken(one.clone())
    }

    /// Every message here, looked at.
    pub fn all(&self) -> Vec<Message> {
        self.posted().map(|message| self.taken(message)).collect()
    }

    /// Nothing was posted here.
    pub fn is_empty(&self) -> bool {
        self.posted().next().is_none()
    }

    fn posted(&self) -> impl Iterator<Item = Message> + '_ {
        let kept = self.messages.iter().filter(|m| m["ephemeral"] != true);
        kept.map(|json| Message { json: json.clone() })
    }

    fn taken(&self, message: Message) -> Message {
        self.stage.looked_at.borrow_mut().insert(message.id());
        message
    }
}

impl std::fmt::Display for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for message in self.posted() {
            writeln!(f, "{}\n", message.text())?;
        }
        Ok(())
    }
}

impl Message {
    pub fn id(&self) -> String {
        self.json["id"].as_str().unwrap().to_owned()
    }

    /// The message as people read it, its controls in brackets beneath it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |value: &Value| {
            if let Some(said) = value.as_str().filter(|said| !said.is_empty()) {
                writeln!(text, "{said}").unwrap();
            }
        };
        line(&self.json["content"]);
        for embed in list(&self.json["embeds"]) {
            line(&embed["title"]);
            line(&embed["description"]);
            line(&embed["footer"]["text"]);
        }
        for row in list(&self.json["components"]) {
            let controls: Vec<String> = list(&row["components"]).iter().map(control).collect();
            writeln!(text, "{}", controls.join(" ")).unwrap();
        }
        text.trim_end().to_owned()
    }

    /// Says this.
    pub fn expect(&self, text: &str) -> &Self {
        assert!(
            self.text().contains(text),
            "{text:?} is not in:\n{}",
            self.text()
        );
        self
    }

    /// Does not say this.
    pub fn lacks(&self, text: &str) -> &Self {
        assert!(
            !self.text().contains(text),
            "{text:?} is in:\n{}",
            self.text()
        );
        self
    }

    /// Nobody was notified by it.
    pub fn pings_nobody(&self) -> &Self {
        let pinged = &self.json["pinged"];
        assert_eq!(list(&pinged["users"]).len(), 0, "{pinged}");
        assert_eq!(list(&pinged["roles"]).len(), 0, "{pinged}");
        assert_eq!(pinged["everyone"], false);
        self
    }

    /// Where a file of it is to be had.
    pub fn file_address(&self, name: &str) -> String {
        let files = list(&self.json["attachments"]);
        let file = files.iter().find(|file| file["filename"] == name).unwrap();
        file["url"].as_str().unwrap().to_owned()
    }

    /// Labels of its buttons.
    pub fn buttons(&self) -> Vec<String> {
        let rows = list(&self.json["components"]);
        let all = rows.iter().flat_map(|row| list(&row["components"]));
        all.filter_map(|one| one["label"].as_str().map(str::to_owned))
            .collect()
    }

    /// The incidents that it names.
    pub fn incidents(&self) -> BTreeSet<String> {
        let text = self.text();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let ids = words.filter(|word| word.starts_with("INC-"));
        ids.map(str::to_owned).collect()
    }

    pub fn is_card_of(&self, id: &str) -> bool {
        let title = self.json["embeds"][0]["title"].as_str().unwrap_or_default();
        let named = title.split(" · ").any(|part| part == id);
        named && !title.contains("timeline")
    }

    pub(super) fn button(&self, label: &str) -> String {
        self.control(|one| one["label"] == label)
            .unwrap_or_else(|| panic!("no button {label:?} on:\n{}", self.text()))["custom_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The menu with this placeholder.
    pub(super) fn menu(&self, title: &str) -> Option<Value> {
        self.control(|one| one["placeholder"] == title)
    }

    fn control(&self, is: impl Fn(&Value) -> bool) -> Option<Value> {
        let rows = list(&self.json["components"]);
        let mut all = rows.iter().flat_map(|row| list(&row["components"]));
        all.find(|one| is(one)).cloned()
    }
}

fn control(one: &Value) -> String {
    let Some(options) = one["options"].as_array() else {
        let disabled = if one["disabled"] == true { ", off" } else { "" };
        return format!("[{}{disabled}]", one["label"].as_str().unwrap_or("?"));
    };
    let shown = options.iter().map(|option| {
        let chosen = if option["default"] == true {
            "✓ "
        } else {
            ""
        };
        format!("{chosen}{}", option["label"].as_str().unwrap())
    });
    let shown: Vec<String> = shown.collect();
    let title = one["placeholder"].as_str().unwrap_or("?");
    format!("<{title}: {}>", shown.join(" | "))
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
