//! Steps that many stories take on their way to something else.

use super::form::{ALL, Answer};
use super::member::Member;
use super::seen::Message;
use crate::payload;
use baton::config::Settings;
use std::path::Path;

const DONE: (&str, &str) = ("Definition of done", ALL);
const FILL: &str = "Fill in what is missing";
const SILENT: &str = "Answer without a value";

/// What a triage analyst answers for the sample of the upload to a chat service.
pub const TRIAGE: &[(&str, &str)] = &[
    ("Department", "Visa desk"),
    ("Why not dismissed", "Passports went to a chat service."),
];

/// A data loss alert of the generic source, with these facts changed.
pub fn leak(id: &str, changes: &[(&str, &str)]) -> String {
    let mut body = serde_json::json!({
        "id": id, "kind": "dlp", "severity": "medium", "user": "m.porter@contoso.example",
        "policy": "Customer lists", "rule": "Customer lists leave", "workload": "Exchange",
        "action": "MailSent", "label": "General", "detected_at": "2026-11-20T08:30:00Z",
        "title": "list.xlsx was sent", "url": "https://alerts.example/1",
    });
    for (key, value) in changes {
        body[*key] = serde_json::json!(value);
    }
    body.to_string()
}

/// What a triage analyst answers for such an alert.
pub const LEAKED: &[(&str, &str)] = &[
    (
        "Criteria that are met",
        "The metadata alone shows no false positive",
    ),
    ("Department", "Sales"),
    ("Why not dismissed", "No pattern fits: the list is new."),
];
/// An alert of a rates desk that meets no trigger: another number is another detection.
pub fn rates(number: u32, person: &str) -> String {
    payload!("purview_dlp_alert_entity_exchange.json")
        .replace("e25a1302-76a3", &format!("e25a1302-{number:04}"))
        .replace("4c25fa4a-034c", &format!("4c25fa4a-{number:04}"))
        .replace("13da9e0e-e640", &format!("13da9e0e-{number:04}"))
        .replace("rates.desk@contoso.example", person)
        .replace("buyer@supplier.example", "buyer@contoso.example")
        .replace(
            "quotes@partner.example,bulk.quotes@supplier.example",
            "quotes@contoso.example",
        )
}

/// The same playbook, of whose dismissals so many in a hundred are drawn for a second look.
pub fn second_looks(settings: &mut Settings, folder: &Path, percent: u8) {
    let shipped = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/templates/playbooks/purview-dlp.toml"
    ));
    let dir = folder.join("playbooks");
    std::fs::create_dir(&dir).unwrap();
    let drawn = format!("second_look_percent = {percent}\n");
    let text = shipped.replace("second_look_percent = 10\n", &drawn);
    assert_ne!(text, shipped);
    std::fs::write(dir.join("purview-dlp.toml"), text).unwrap();
    settings.playbooks.dir = Some(dir);
}

impl Member {
    /// Takes what is offered in this channel.
    pub async fn takes(&self, channel: &str, id: &str) {
        let card = self.channel(channel).await.card(id);
        self.press(&card, "Accept")
            .await
            .message()
            .expect(&format!("{id} is yours"));
        self.channel(id).await.all();
    }

    /// Goes through the pages of a form until the review screen has nothing left but Submit: fields by title, all else
    /// as "source does not say", every line of the definition of done.
    pub async fn completes(&self, first: Answer, answers: &[(&str, &str)]) -> Message {
        let review = self.fills(first, answers).await;
        review.lacks("Still missing");
        review
    }

    /// The same, where a gate may stay that another person opens.
    pub async fn fills(&self, first: Answer, answers: &[(&str, &str)]) -> Message {
        let answers = &[answers, &[DONE]].concat();
        let mut review = if first.is_form() {
            first.form().fill(answers).await.message()
        } else {
            first.message()
        };
        while review.buttons().iter().any(|label| label == FILL) {
            let form = self.press(&review, FILL).await.form();
            let (known, before) = (form.knows(answers), review.text());
            review = form.fill(answers).await.message();
            assert_ne!(review.text(), before, "the same is asked again");
            if !known {
                break;
            }
        }
        if review.text().contains("All that is missing") {
            review = self
                .pick(&review, SILENT, &["All that is missing"])
                .await
                .message();
        }
        review
    }

    /// Hands an incident over from its card in this channel.
    pub async fn hands_over(&self, channel: &str, id: &str, answers: &[(&str, &str)]) {
        let card = self.channel(channel).await.card(id);
        let first = self.press(&card, "Escalate").await;
        let review = self.completes(first, answers).await;
        self.press(&review, "Submit")
            .await
            .message()
            .expect("is handed over");
    }
}
