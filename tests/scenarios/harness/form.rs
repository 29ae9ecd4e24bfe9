//! Answers to what members do, and the forms among them, filled by the titles of their fields.

use super::member::{Member, option};
use super::seen::{Message, list};
use serde_json::{Value, json};

/// Every option of a list.
pub const ALL: &str = "*";
/// Between the labels where several options of one field are meant.
const AND: char = '|';

/// What came back.
pub struct Answer {
    member: Member,
    status: u16,
    json: Value,
}

/// An open form.
pub struct Form {
    member: Member,
    pub json: Value,
}

impl Answer {
    pub(super) fn new(member: Member, status: u16, json: Value) -> Self {
        Self {
            member,
            status,
            json,
        }
    }

    /// The answer as the sandbox gave it, whatever it is.
    pub fn raw(&self) -> &Value {
        &self.json
    }

    pub(super) fn json(&self) -> &Value {
        assert_eq!(self.status, 200, "{}: {}", self.member.name, self.json);
        &self.json
    }

    /// A message that only the member sees.
    pub fn message(&self) -> Message {
        let json = self.json()["message"].clone();
        assert!(json.is_object(), "no message came: {}", self.json);
        assert_eq!(json["ephemeral"], true, "everybody sees it: {json}");
        Message { json }
    }

    /// The message's text.
    pub fn text(&self) -> String {
        self.message().text()
    }

    /// The message, where one came that says something.
    pub fn told(&self) -> Option<Message> {
        let json = self.json["message"].clone();
        let message = Message { json };
        (self.status == 200 && !message.text().is_empty()).then_some(message)
    }

    /// The form, where one opened.
    pub fn opened(&self) -> Option<Form> {
        let json = self.json["modal"].clone();
        let member = self.member.clone();
        (self.status == 200 && json.is_object()).then_some(Form { member, json })
    }

    pub fn is_form(&self) -> bool {
        self.json()["modal"].is_object()
    }

    /// A form that opened.
    pub fn form(&self) -> Form {
        let json = self.json()["modal"].clone();
        assert!(json.is_object(), "no form opened: {}", self.json);
        let member = self.member.clone();
        Form { member, json }
    }
}

impl Form {
    /// Titles of its fields.
    pub fn titles(&self) -> Vec<String> {
        let labels = list(&self.json["components"]).iter();
        labels
            .filter_map(|one| one["label"].as_str().map(str::to_owned))
            .collect()
    }

    /// What stands in a field, or is chosen there.
    pub fn standing(&self, title: &str) -> Vec<String> {
        let control = self.control(title);
        if let Some(text) = control["value"].as_str() {
            return vec![text.to_owned()];
        }
        let chosen = list(&control["options"]).iter();
        chosen
            .filter(|one| one["default"] == true)
            .map(|one| one["label"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Sends the form with these values by title; what is not named is sent as it stands.
    pub async fn submit(&self, values: &[(&str, &str)]) -> Answer {
        let pairs = values.iter().map(|(title, value)| {
            let control = self.control(title);
            let id = control["custom_id"].as_str().unwrap().to_owned();
            (id, typed(&control, value))
        });
        let values = Value::Object(pairs.collect());
        let body = json!({ "modal": self.json["id"], "values": values });
        self.member.act("modals", body).await
    }

    /// Whether it asks for any of these.
    pub fn knows(&self, answers: &[(&str, &str)]) -> bool {
        let titles = self.titles();
        let asked = |title: &str| titles.iter().any(|shown| same(shown, title));
        answers.iter().any(|(title, _)| asked(title))
    }

    /// Sends each field of which `answers` knows the title.
    pub async fn fill(&self, answers: &[(&str, &str)]) -> Answer {
        let titles = self.titles();
        let here = |title: &str| titles.iter().any(|shown| same(shown, title));
        let mine: Vec<(&str, &str)> = answers
            .iter()
            .filter(|(title, _)| here(title))
            .copied()
            .collect();
        self.submit(&mine).await
    }

    fn control(&self, title: &str) -> Value {
        let mut labels = list(&self.json["components"]).iter();
        labels
            .find(|one| {
                one["label"]
                    .as_str()
                    .is_some_and(|shown| same(shown, title))
            })
            .unwrap_or_else(|| panic!("no field {title:?}, but {:?}", self.titles()))["component"]
            .clone()
    }
}

/// Discord cuts a title at 45 characters.
fn same(shown: &str, title: &str) -> bool {
    shown == title
        || shown
            .strip_suffix('…')
            .is_some_and(|cut| title.starts_with(cut))
}

fn typed(control: &Value, value: &str) -> Value {
    let labels = || -> Vec<String> {
        if value == ALL {
            let each = list(&control["options"]).iter();
            return each
                .map(|one| one["value"].as_str().unwrap().to_owned())
                .collect();
        }
        let each = value.split(AND).filter(|label| !label.is_empty());
        each.map(|label| option(control, label)).collect()
    };
    match control["type"].as_u64() {
        // A list, boxes.
        Some(3 | 22) => json!(labels()),
        // One of several.
        Some(21) => json!(labels().first()),
        Some(5) => json!([value]),
        Some(19) => json!([{ "filename": value, "base64": "aGVsbG8=" }]),
        _ => json!(value),
    }
}
