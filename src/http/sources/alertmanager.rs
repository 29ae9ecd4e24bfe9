//! What Prometheus and Alertmanager send: the webhook of version 4, and the list of alerts that Prometheus posts to
//! Alertmanager. Read into borrowed text, since monitoring posts by the ten thousand.
//!
//! An alert is its labels: their fingerprint is its id, and each firing, by the time it started, an alert of its own.

use super::json::LONGEST_ID;
use super::split::{self, Parts};
use super::{BodyFault, ElementFault, Filling, identity, named, time};
use crate::domain::alert::{AlertKind, Device, Reading, Severity};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

const NAME: &str = "alertname";
/// Where rules say in words what is the matter, by the usual order of custom.
const WORDS: [&str; 4] = ["summary", "title", "description", "message"];

/// Which labels stand for what, and what their severities mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMap {
    pub severity: String,
    pub user: String,
    pub device: String,
    /// In lower case; the usual words need no entry.
    pub severity_words: BTreeMap<String, Severity>,
    pub kind: AlertKind,
}

impl Default for LabelMap {
    fn default() -> Self {
        Self {
            severity: "severity".to_owned(),
            user: "user".to_owned(),
            device: "instance".to_owned(),
            severity_words: BTreeMap::from([("warning".to_owned(), Severity::Medium)]),
            kind: AlertKind::Infra,
        }
    }
}

impl LabelMap {
    fn severity(&self, word: &str) -> Severity {
        self.severity_words
            .get(&word.to_lowercase())
            .copied()
            .unwrap_or_else(|| Severity::from_word(word))
    }
}

/// The webhook's envelope; the labels that its alerts share stand on each of them too.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    alerts: Option<&'a RawValue>,
    /// Alerts of the group that the sender cut off.
    #[serde(rename = "truncatedAlerts")]
    left_out: Option<u64>,
}

/// A list that is there and null is there: it says that there is nothing.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted<'a> {
    #[serde(borrow)]
    labels: Pairs<'a>,
    #[serde(borrow, default)]
    annotations: Pairs<'a>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    starts_at: Option<Text<'a>>,
    #[serde(borrow)]
    ends_at: Option<Text<'a>>,
    #[serde(borrow, rename = "generatorURL")]
    generator_url: Option<Text<'a>>,
    #[serde(borrow)]
    fingerprint: Option<Text<'a>>,
}

/// A text of the body, copied only where it holds an escape.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Labels or annotations: sorted by name, one of each, none empty, as Alertmanager itself sees them.
#[derive(Default)]
struct Pairs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Gather;
        impl<'de> Visitor<'de> for Gather {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Pairs::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::with_capacity(8);
                while let Some((Text(name), Text(value))) = map.next_entry()? {
                    pairs.push((name, value));
                }
                // Of a name that stands twice the last one counts, as everywhere in JSON.
                pairs.reverse();
                pairs.sort_by(|a: &(Cow<'_, str>, _), b| a.0.cmp(&b.0));
                pairs.dedup_by(|later, first| later.0 == first.0);
                pairs.retain(|(_, value)| !value.is_empty());
                Ok(Pairs(pairs))
            }
        }
        from.deserialize_any(Gather)
    }
}

impl Pairs<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.binary_search_by(|pair| pair.0.as_ref().cmp(name));
        let (_, value) = self.0.get(found.ok()?)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// Alertmanager's own fingerprint of labels (FNV-1a over the sorted pairs), so that an alert has the same id
    /// whether Prometheus or Alertmanager sends it.
    fn fingerprint(&self) -> String {
        const PRIME: u64 = 0x0100_0000_01b3;
        let texts = self.0.iter().flat_map(|(name, value)| [name, value]);
        let bytes = texts.flat_map(|text| text.bytes().chain([0xff]));
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(PRIME)
        });
        format!("{hash:016x}")
    }
}

/// Takes a body apart: its elements, and how many alerts the sender says it cut off.
pub(super) fn split(body: &[u8]) -> Result<(Parts<'_>, u64), BodyFault> {
    let raw = split::text(body)?.trim();
    if raw.starts_with('{') {
        let envelope: Envelope<'_> = serde_json::from_str(raw).map_err(|e| {
            if e.is_data() {
                unknown_envelope()
            } else {
                split::not_json_at(&e)
            }
        })?;
        if let Some(alerts) = envelope.alerts {
            let list = alerts.get().trim();
            let parts = match list {
                "null" => Vec::new(),
                list => split::listed("/alerts", list)?,
            };
            return Ok((parts, envelope.left_out.unwrap_or(0)));
        }
        // One alert without anything around it.
        return Ok((vec![(String::new(), raw)], 0));
    }
    if raw.starts_with('[') {
        return Ok((split::listed("", raw)?, 0));
    }
    split::whole(body).map(|raw| (vec![(String::new(), raw)], 0))
}

fn unknown_envelope() -> BodyFault {
    BodyFault {
        pointer: "/truncatedAlerts".to_owned(),
        message: "Expected a number.".to_owned(),
        mend: super::ALERTMANAGER_MEND.to_owned(),
    }
}

/// Reads one alert as it stood when it was received: Prometheus says by `endsAt` alone that one has ended.
pub(super) fn read(
    map: &LabelMap,
    raw: &str,
    left_out: u64,
    received_at: DateTime<Utc>,
) -> Result<Reading, ElementFault> {
    let Ok(posted) = serde_json::from_str::<Posted<'_>>(raw) else {
        return Err(fault(raw));
    };
    if posted.labels.0.is_empty() {
        return Err(ElementFault::at("/labels", "An alert has labels."));
    }
    let mut filling = Filling::new(id(&posted)?, map.kind);
    let label = |name: &str| posted.labels.get(name);
    filling.facts.source_severity = label(&map.severity).map(str::to_owned);
    filling.facts.severity = label(&map.severity).map_or(Severity::Unknown, |w| map.severity(w));
    filling.facts.user = label(&map.user).and_then(identity::person);
    filling.facts.device = label(&map.device).map(|device| Device {
        hostname: Some(device.to_owned()),
        ..Device::default()
    });
    filling.facts.rule = named(None, label(NAME).map(str::to_owned));
    filling.facts.source_url = given(posted.generator_url.as_ref());
    filling.facts.source_status = given(posted.status.as_ref());
    filling.detail.title = label(NAME).map(str::to_owned);
    filling.detail.desc = WORDS
        .iter()
        .find_map(|key| posted.annotations.get(key))
        .map(str::to_owned);
    filling.detail.evidence = evidence(map, &posted);
    if left_out > 0 {
        filling.facts.parse_notes.push(format!(
            "the sender left out {left_out} further alerts of this group (its max_alerts)"
        ));
    }
    let started = instant(&mut filling, posted.starts_at.as_ref(), "/startsAt");
    let ends = instant(&mut filling, posted.ends_at.as_ref(), "/endsAt");
    filling.facts.times.detected_at = started;
    filling.facts.times.first_seen_at = started;
    // The same labels fire again another day.
    filling.facts.key_time = started;
    let has_ended = match posted.status.as_ref().map(|text| text.0.trim()) {
        Some(word) if !word.is_empty() => word.eq_ignore_ascii_case("resolved"),
        _ => ends.is_some_and(|at| at <= received_at),
    };
    if has_ended {
        filling.facts.times.resolved_at = ends;
        return Ok(filling.noted("the source has it as resolved"));
    }
    Ok(filling.alert())
}

fn id(posted: &Posted<'_>) -> Result<String, ElementFault> {
    match given(posted.fingerprint.as_ref()) {
        Some(long) if long.chars().count() > LONGEST_ID => Err(ElementFault::at(
            "/fingerprint",
            "The fingerprint is too long.",
        )),
        Some(own) => Ok(own),
        None => Ok(posted.labels.fingerprint()),
    }
}

fn given(text: Option<&Text<'_>>) -> Option<String> {
    let text = text?.0.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn instant(filling: &mut Filling, text: Option<&Text<'_>>, pointer: &str) -> Option<DateTime<Utc>> {
    let text = text?.0.trim();
    let read = time::read(text);
    if read.is_none() && !text.is_empty() && !time::is_sentinel(text) {
        filling.unread_time(pointer);
    }
    read
}

/// The labels that stand for nothing else, in one line.
fn evidence(map: &LabelMap, posted: &Posted<'_>) -> Vec<String> {
    let told = [NAME, &map.severity, &map.user, &map.device];
    let mut line = String::new();
    for (name, value) in &posted.labels.0 {
        if told.contains(&name.as_ref()) {
            continue;
        }
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(name);
        line.push('=');
        line.push_str(value);
    }
    Some(line)
        .filter(|line| !line.is_empty())
        .into_iter()
        .collect()
}

/// What is wrong with an alert that could not be read, without repeating any of it.
fn fault(raw: &str) -> ElementFault {
    let object = match split::object(raw) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return ElementFault::at("", "Expected an object."),
        Err(fault) => return fault,
    };
    if !object.contains_key("labels") {
        return ElementFault::at("/labels", "An alert has labels; they are missing.");
    }
    ["labels", "annotations"]
        .into_iter()
        .find_map(|key| pairs_fault(&object, key))
        .or_else(|| {
            let texts = [
                "status",
                "startsAt",
                "endsAt",
                "generatorURL",
                "fingerprint",
            ];
            let wrong = texts.into_iter().find(|key| {
                object
                    .get(*key)
                    .is_some_and(|value| !value.is_string() && !value.is_null())
            });
            wrong.map(|key| ElementFault::at(&format!("/{key}"), "Expected a text."))
        })
        .unwrap_or_else(|| ElementFault::at("", "A name stands twice in this alert."))
}

fn pairs_fault(object: &Map<String, Value>, key: &str) -> Option<ElementFault> {
    match object.get(key)? {
        Value::Object(pairs) => {
            let (name, _) = pairs.iter().find(|(_, value)| !value.is_string())?;
            let name = name.replace('~', "~0").replace('/', "~1");
            Some(ElementFault::at(
                &format!("/{key}/{name}"),
                "Expected a text.",
            ))
        }
        Value::Null => None,
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Some(
            ElementFault::at(&format!("/{key}"), "Expected an object of texts."),
        ),
    }
}
