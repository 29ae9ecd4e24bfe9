//! Any source that sends JSON: where each fact stands is said by JSON pointers from the configuration.
//! A fact without a pointer is simply not there; an id that the map names must be in the body.

use super::json::{identifier, text};
use super::{ElementFault, Filling, derived, identity, named};
use crate::domain::alert::{AlertKind, Destination, Device, File, Reading, Severity};
use serde_json::Value;
use std::collections::BTreeMap;

/// The facts that a map may point at; the word is the key in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    Id,
    Incident,
    Title,
    Description,
    Severity,
    Status,
    Kind,
    User,
    Device,
    Serial,
    Policy,
    Rule,
    Label,
    Workload,
    Action,
    Destination,
    DetectedAt,
    CreatedAt,
    UpdatedAt,
    Url,
    File,
    Ip,
}

impl Fact {
    pub const ALL: [Self; 22] = [
        Self::Id,
        Self::Incident,
        Self::Title,
        Self::Description,
        Self::Severity,
        Self::Status,
        Self::Kind,
        Self::User,
        Self::Device,
        Self::Serial,
        Self::Policy,
        Self::Rule,
        Self::Label,
        Self::Workload,
        Self::Action,
        Self::Destination,
        Self::DetectedAt,
        Self::CreatedAt,
        Self::UpdatedAt,
        Self::Url,
        Self::File,
        Self::Ip,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Incident => "incident",
            Self::Title => "title",
            Self::Description => "description",
            Self::Severity => "severity",
            Self::Status => "status",
            Self::Kind => "kind",
            Self::User => "user",
            Self::Device => "device",
            Self::Serial => "serial",
            Self::Policy => "policy",
            Self::Rule => "rule",
            Self::Label => "label",
            Self::Workload => "workload",
            Self::Action => "action",
            Self::Destination => "destination",
            Self::DetectedAt => "detected_at",
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::Url => "url",
            Self::File => "file",
            Self::Ip => "ip",
        }
    }

    /// Its name in the normalized alert, where that is another.
    const fn long_key(self) -> Option<&'static str> {
        match self {
            Self::Id => Some("source_alert_id"),
            Self::Incident => Some("source_incident_id"),
            Self::Url => Some("source_url"),
            Self::Serial => Some("device_serial"),
            Self::Label => Some("sensitivity_label"),
            Self::UpdatedAt => Some("modified_at"),
            Self::Title
            | Self::Description
            | Self::Severity
            | Self::Status
            | Self::Kind
            | Self::User
            | Self::Device
            | Self::Policy
            | Self::Rule
            | Self::Workload
            | Self::Action
            | Self::Destination
            | Self::DetectedAt
            | Self::CreatedAt
            | Self::File
            | Self::Ip => None,
        }
    }
}

/// Where each fact stands, and what the source's words mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenericMap {
    /// The list of alerts in a body; without it the body is one alert or a list.
    pub items: Option<String>,
    /// In each body the first pointer that finds something counts.
    pub pointers: BTreeMap<Fact, Vec<String>>,
    /// The source's severities, in lower case; the usual words need no entry.
    pub severity_words: BTreeMap<String, Severity>,
    /// Statuses, in lower case, that mean that nothing is to be done.
    pub closed_words: Vec<String>,
    /// Used where the body names no kind.
    pub kind: AlertKind,
}

impl Default for GenericMap {
    /// Each fact stands at the top of the body under its own key, or under its name in the normalized alert: what
    /// the example and the demo document.
    fn default() -> Self {
        Self {
            items: None,
            pointers: Fact::ALL
                .into_iter()
                .map(|fact| {
                    let keys = [fact.key()].into_iter().chain(fact.long_key());
                    (fact, keys.map(|key| format!("/{key}")).collect())
                })
                .collect(),
            severity_words: BTreeMap::new(),
            closed_words: vec!["resolved".to_owned(), "closed".to_owned()],
            kind: AlertKind::Siem,
        }
    }
}

impl GenericMap {
    fn pointers(&self, fact: Fact) -> &[String] {
        self.pointers.get(&fact).map_or(&[], Vec::as_slice)
    }

    fn text(&self, element: &Value, fact: Fact) -> Option<String> {
        self.pointers(fact).iter().find_map(|p| text(element, p))
    }

    fn id(&self, element: &Value, raw: &str) -> Result<String, ElementFault> {
        let pointers = self.pointers(Fact::Id);
        let Some(first) = pointers.first() else {
            return Ok(derived(raw));
        };
        pointers
            .iter()
            .find_map(|pointer| identifier(element, pointer))
            .ok_or_else(|| ElementFault::at(first, "The id of the alert is missing or is no text."))
    }

    fn severity(&self, word: &str) -> Severity {
        self.severity_words
            .get(&word.to_lowercase())
            .copied()
            .unwrap_or_else(|| Severity::from_word(word))
    }
}

pub(super) fn read(map: &GenericMap, element: &Value, raw: &str) -> Result<Reading, ElementFault> {
    let kind = map
        .text(element, Fact::Kind)
        .and_then(|word| kind_of(&word));
    let mut filling = Filling::new(map.id(element, raw)?, kind.unwrap_or(map.kind));
    let given = |fact: Fact| map.text(element, fact);
    filling.facts.source_severity = given(Fact::Severity);
    filling.facts.severity = filling
        .facts
        .source_severity
        .as_deref()
        .map_or(Severity::Unknown, |word| map.severity(word));
    filling.facts.source_incident_id = given(Fact::Incident);
    filling.facts.source_url = given(Fact::Url);
    filling.facts.source_status = given(Fact::Status);
    filling.facts.user = given(Fact::User).and_then(|t| identity::person(&t));
    filling.facts.device = device(given(Fact::Device), given(Fact::Serial));
    filling.facts.policy = named(None, given(Fact::Policy));
    filling.facts.rule = named(None, given(Fact::Rule));
    filling.facts.sensitivity_label = named(None, given(Fact::Label));
    filling.facts.workload = given(Fact::Workload);
    filling.facts.action = given(Fact::Action);
    filling.facts.destination = given(Fact::Destination).map(|shown| Destination {
        shown,
        external: None,
    });
    filling.detail.title = given(Fact::Title);
    filling.detail.desc = given(Fact::Description);
    filling.detail.src_ip = given(Fact::Ip);
    filling.detail.file = given(Fact::File).map(|name| File {
        name: Some(name),
        ..File::default()
    });
    times(&mut filling, map, element);
    let status = filling.facts.source_status.clone().unwrap_or_default();
    if map.closed_words.contains(&status.to_lowercase()) {
        return Ok(filling.noted(format!("the source has it as {status}")));
    }
    Ok(filling.alert())
}

fn times(filling: &mut Filling, map: &GenericMap, element: &Value) {
    let mut at = |fact: Fact| {
        let pointers = map.pointers(fact).iter();
        pointers
            .filter(|pointer| text(element, pointer).is_some())
            .find_map(|pointer| filling.time(element, pointer))
    };
    let (detected, created, updated) = (
        at(Fact::DetectedAt),
        at(Fact::CreatedAt),
        at(Fact::UpdatedAt),
    );
    let times = &mut filling.facts.times;
    times.detected_at = detected.or(created);
    times.created_at = created;
    times.modified_at = updated;
}

fn device(hostname: Option<String>, serial_number: Option<String>) -> Option<Device> {
    (hostname.is_some() || serial_number.is_some()).then(|| Device {
        hostname,
        serial_number,
        ..Device::default()
    })
}

/// The kind that a word names, in any case.
pub fn kind_of(word: &str) -> Option<AlertKind> {
    let named = |kind: &AlertKind| kind.key().eq_ignore_ascii_case(word.trim());
    AlertKind::ALL.into_iter().find(named)
}
