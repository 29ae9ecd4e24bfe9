//! The markers: what is hidden in which field, and who may read it. The fields and their audiences are the playbook's.

use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use baton::domain::playbook::definition::{Field, FieldKind};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

const UPLOAD: &str = crate::payload!("purview_dlp_alert_endpoint_web_low.json");
const TIERS: &[&str] = &["tier1", "tier2", "tier3"];
/// On the case, and whoever proves it afterwards.
const CASE: &[&str] = &["tier2", "tier3", "auditor"];

/// Whoever dismisses on patterns, approves them, or proves it afterwards.
const PATTERN: &[&str] = &["tier1", "tier2", "tier3", "manager", "auditor"];

/// One marker.
pub struct Hidden {
    pub name: String,
    marker: String,
    disguises: Vec<String>,
    readers: Vec<String>,
}

/// All markers of one story.
pub struct Canary {
    pub hidden: Vec<Hidden>,
}

impl Hidden {
    /// Letters and digits only, so that JSON and percent escapes leave it as it is; base64 and hex are looked for too.
    /// `lower` is the same text in lower case.
    pub fn stands_in(&self, text: &str, lower: &str) -> bool {
        lower.contains(&self.marker) || self.disguises.iter().any(|shape| text.contains(shape))
    }

    /// Whether the member of this name holds a role of the audience.
    pub fn may_read(&self, member: &str) -> bool {
        let role = if member == "tier1b" { "tier1" } else { member };
        self.readers.iter().any(|reader| reader == role)
    }
}

impl Canary {
    /// A marker for each field of the playbook that takes words, and for all else that a story hides.
    pub fn hatch() -> Self {
        let mut canary = Self { hidden: Vec::new() };
        let case_and_manager = [CASE, &["manager"]].concat();
        for (name, readers) in [
            // Restricted by the alert: details only, and logged.
            ("file name", TIERS),
            ("path", TIERS),
            ("title", TIERS),
            ("raw body", TIERS),
            ("application", TIERS),
            // What the card shows, and the record.
            // A manager reads the name on a stated reason, which the driver gives.
            (
                "person",
                &[
                    "tier1", "tier2", "tier3", "auditor", "legal", "hr", "manager",
                ],
            ),
            ("device", &["tier1", "tier2", "tier3", "auditor"]),
            // What is said on the way.
            ("return reason", &["tier1", "tier2", "tier3", "auditor"]),
            ("note", CASE),
            ("status", CASE),
            ("containment target", &case_and_manager),
            ("containment result", &case_and_manager),
            ("containment failure", &case_and_manager),
            // Between Legal and the case's one security contact.
            ("counsel text", &["legal", "hr", "grc", "tier2"]),
            ("pattern title", PATTERN),
            ("pattern that waits", PATTERN),
            ("pattern reason", PATTERN),
            ("pattern approval", PATTERN),
            ("reason to reopen", &["tier1", "tier2", "tier3", "auditor"]),
            (
                "wording",
                &["tier2", "tier3", "auditor", "legal", "hr", "grc"],
            ),
            (
                "why it is to be said",
                &["tier2", "tier3", "auditor", "legal", "hr", "grc"],
            ),
            (
                "second person's reason",
                &["tier1", "tier2", "tier3", "auditor"],
            ),
        ] {
            canary.hide(name, readers);
        }
        let (_, text) = baton::domain::playbook::shipped::embedded()[0];
        let fields = baton::domain::playbook::read(text).unwrap().fields;
        // Choices and times hold no words, and what this alert fills is hidden there.
        let silent = [
            None,
            Some("person.department"),
            Some("alert.label"),
            Some("pattern.reason"),
            Some("pattern.reference"),
        ];
        let typed = |field: &Field| match field.kind {
            FieldKind::Line | FieldKind::Paragraph => silent.contains(&field.prefill.as_deref()),
            FieldKind::YesNo => true,
            _ => false,
        };
        for field in fields.into_iter().filter(typed) {
            let audience: Vec<&str> = field.audience.iter().map(|role| role.key()).collect();
            canary.hide(&format!("field {}", field.title), &audience);
        }
        canary
    }

    fn hide(&mut self, name: &str, readers: &[&str]) {
        let random = RandomState::new().build_hasher().finish();
        let marker = format!("zq{random:016x}");
        self.hidden.push(Hidden {
            name: name.to_owned(),
            disguises: disguises(&marker),
            marker,
            readers: readers.iter().map(|r| (*r).to_owned()).collect(),
        });
    }

    /// The marker of this name.
    pub fn of(&self, name: &str) -> &str {
        let found = self.hidden.iter().find(|hidden| hidden.name == name);
        &found
            .unwrap_or_else(|| panic!("nothing is hidden as {name:?}"))
            .marker
    }

    /// An upload to a chat service, with a marker in each place that is restricted.
    pub fn alert(&self) -> String {
        let mut body = UPLOAD.to_owned();
        for (was, name) in [
            ("applicants0917-list-tw", "file name"),
            ("VisaDesk", "path"),
            (
                "DLP-Low volume of content detected Identity Papers Browser",
                "title",
            ),
            ("New alert", "raw body"),
            ("msedge", "application"),
            ("visa.assistant", "person"),
            ("lt-tw208k5x", "device"),
        ] {
            assert!(body.contains(was), "{was}");
            body = body.replace(was, self.of(name));
        }
        body
    }

    /// Another detection, of which the same is hidden.
    pub fn another_alert(&self) -> String {
        self.alert()
            .replace("93c389c1-be90-b0d0", "93c389c1-0000-0002")
    }

    /// One of many.
    pub fn nth_alert(&self, n: usize) -> String {
        let id = format!("93c389c1-0001-{n:04}");
        self.alert().replace("93c389c1-be90-b0d0", &id)
    }

    pub fn third_alert(&self) -> String {
        self.alert()
            .replace("93c389c1-be90-b0d0", "93c389c1-0000-0003")
    }

    /// A body that is no JSON, with everything in it.
    pub fn broken_body(&self) -> String {
        format!("{{{}", self.alert())
    }

    /// What is typed into the form's fields of this kind of answer: title and marker. Reasons of yes and no too.
    pub fn answers(&self) -> Vec<(String, String)> {
        let fields = self.hidden.iter().filter_map(|hidden| {
            let title = hidden.name.strip_prefix("field ")?;
            let marker = hidden.marker.clone();
            Some([
                (title.to_owned(), format!("Words {marker}.")),
                (format!("{title}: why"), format!("Because {marker}.")),
            ])
        });
        fields.flatten().collect()
    }
}

/// A marker within base64, at each of the three places it can begin at, and as hex.
fn disguises(marker: &str) -> Vec<String> {
    let within = |skip: usize| {
        let mut padded = vec![0; skip];
        padded.extend_from_slice(marker.as_bytes());
        let text = BASE64_STANDARD_NO_PAD.encode(&padded);
        // The first and the last group hold bits of the neighbours.
        let from = if skip == 0 { 0 } else { 4 };
        text[from..text.len() - 4].to_owned()
    };
    vec![within(0), within(1), within(2), hex::encode(marker)]
}
