//! The facts that criteria, entries and prefills see. Plain data: built by whoever loads, read by
//! expressions. Titles, files and mail subjects are restricted and have no path here.

mod of_alert;

use super::criterion::env;
use super::rules::{Repeat, shown_count};
use crate::domain::alert::{Alert, Severity};
use cel::common::types::CelString;
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use cel::objects::{Key, Map};
use cel::{Context, Value};
use chrono::{DateTime, SecondsFormat, Utc};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// The group of facts that come from the person's history and the directory.
pub(super) const PERSON: &str = "person";
const DETECTIONS: &str = "person.detections_in_window";
const OPEN_INCIDENTS: &str = "person.open_incidents";
/// Those that are counted up to [`super::rules::COUNTED`].
pub(super) const PERSON_COUNTS: [&str; 2] = [DETECTIONS, OPEN_INCIDENTS];

/// Elements of a list that an expression sees; more would let a comprehension run long.
const LONGEST_LIST: usize = 100;
/// Characters of a text that an expression sees.
const LONGEST_TEXT: usize = 4_000;

/// What the facts are built from. What is not known stays at its default.
#[derive(Debug, Clone, Copy)]
pub struct FactsInput<'a> {
    pub alert: Option<&'a Alert>,
    /// The configured source that the alert came through; "" where there is none.
    pub source: &'a str,
    pub incident: IncidentFacts<'a>,
    pub person: PersonFacts<'a>,
    /// The playbook's repeat rule.
    pub repeat: Option<Repeat>,
    pub now: DateTime<Utc>,
}

/// The incident as it stands; on arrival, before one is opened, the default.
#[derive(Debug, Clone, Copy, Default)]
pub struct IncidentFacts<'a> {
    /// As written: `INC-42`.
    pub id: &'a str,
    pub stage: &'a str,
    /// The highest of its alerts.
    pub severity: Option<Severity>,
    pub alerts: i64,
    pub opened_at: Option<DateTime<Utc>>,
    pub reopened: bool,
}

/// The person concerned, by the directory and the history.
#[derive(Debug, Clone, Copy, Default)]
pub struct PersonFacts<'a> {
    pub known: bool,
    pub department: Option<&'a str>,
    /// Distinct detections in the playbook's window, the present one included, up to [`super::rules::COUNTED`].
    pub detections_in_window: i64,
    /// Incidents about this person that are open, the present one included, up to [`super::rules::COUNTED`].
    pub open_incidents: i64,
}

/// Every path has a value in every case: texts are "" where the source is silent, lists empty, numbers 0.
pub struct Facts {
    values: BTreeMap<&'static str, Value>,
}

impl Facts {
    pub fn new(input: &FactsInput<'_>) -> Self {
        let mut values = BTreeMap::new();
        of_alert::add(&mut values, input);
        incident_facts(&mut values, input);
        let in_alert = || input.alert?.user.as_ref()?.department.as_deref();
        values.insert("person.department", text(in_alert()));
        person_facts(&mut values, input.person);
        values.insert("now", instant(input.now));
        let mut facts = Self { values };
        facts.count_by(input.repeat);
        facts
    }

    /// The same facts with what the history now says of the person.
    pub fn know(&mut self, person: PersonFacts<'_>) {
        person_facts(&mut self.values, person);
    }

    /// The same facts under another playbook's repeat rule.
    pub fn count_by(&mut self, repeat: Option<Repeat>) {
        let (count, days) = repeat.map_or((0, 0), |r| (r.count, r.window_days));
        self.values.extend([
            ("repeat.count", Value::Int(count)),
            ("repeat.window_days", Value::Int(days)),
        ]);
    }

    /// The facts of an alert that says nothing.
    pub fn none(now: DateTime<Utc>) -> Self {
        Self::new(&FactsInput {
            alert: None,
            source: "",
            incident: IncidentFacts::default(),
            person: PersonFacts::default(),
            repeat: None,
            now,
        })
    }

    /// What an expression runs in: it asks for each fact that it names, and copies none.
    pub(super) fn context(&self) -> Context<'_, '_> {
        let mut context = Context::with_env(env());
        context.set_variable_resolver(self);
        context
    }

    /// A group as a whole, for `has` and for lists made of it.
    fn group(&self, name: &str) -> Option<Value> {
        let own = self.values.iter().filter_map(|(path, value)| {
            let key = path.strip_prefix(name)?.strip_prefix('.')?;
            Some((Key::from(key), value.clone()))
        });
        let map: std::collections::HashMap<Key, Value> = own.collect();
        (!map.is_empty()).then(|| Value::Map(Map { map: Arc::new(map) }))
    }

    /// A value as people read it; "not stated" where the source is silent.
    pub fn shown(&self, path: &str) -> String {
        match (path, self.values.get(path)) {
            (path, Some(Value::Int(count))) if PERSON_COUNTS.contains(&path) => shown_count(*count),
            (_, Some(value)) if !written(value).is_empty() => written(value),
            _ => "not stated".to_owned(),
        }
    }

    /// A sample on which every expression is proven before it may run.
    pub(super) fn sample(which: Sample) -> &'static Self {
        match which {
            Sample::Empty => &EMPTY,
            Sample::Full => &FULL,
        }
    }
}

impl VariableResolver for Facts {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let found = self.values.get(name);
        if let Some(Value::String(text)) = found {
            return Some(CowVal::owned(CelString::from(text.as_str())));
        }
        let value = found.cloned().or_else(|| self.group(name))?;
        value.try_into().ok().map(CowVal::Owned)
    }
}

impl fmt::Debug for Facts {
    /// Paths only: the values may name people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values.keys()).finish()
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Sample {
    Empty,
    Full,
}

static EMPTY: LazyLock<Facts> = LazyLock::new(|| {
    Facts::new(&FactsInput {
        alert: None,
        source: "",
        incident: IncidentFacts::default(),
        person: PersonFacts::default(),
        repeat: None,
        now: DateTime::UNIX_EPOCH,
    })
});

/// Every path of the empty sample with a value that is not empty, of the same type.
static FULL: LazyLock<Facts> = LazyLock::new(|| {
    let mut values = EMPTY.values.clone();
    for (path, value) in &mut values {
        *value = typical(path, value);
    }
    Facts { values }
});

fn typical(path: &str, silent: &Value) -> Value {
    match silent {
        Value::Bool(_) => Value::Bool(true),
        Value::Int(_) => Value::Int(3),
        Value::List(_) => list(["one", "two"].into_iter()),
        Value::String(_) if path.ends_with("_at") => text(Some("2026-01-02T03:04:05Z")),
        Value::String(_) => text(Some("some text")),
        Value::Timestamp(_)
        | Value::Map(_)
        | Value::Function(..)
        | Value::UInt(_)
        | Value::Float(_)
        | Value::Bytes(_)
        | Value::Duration(_)
        | Value::Opaque(_)
        | Value::Struct(_)
        | Value::Null => silent.clone(),
    }
}

pub(super) fn known_path(path: &str) -> bool {
    EMPTY.values.contains_key(path)
}

/// The paths of a group, without the group's name.
pub(super) fn paths_under(group: &str) -> impl Iterator<Item = &'static str> {
    EMPTY
        .values
        .keys()
        .filter_map(move |path| path.strip_prefix(group)?.strip_prefix('.'))
}

/// The directory's department stands before the alert's.
fn person_facts(values: &mut BTreeMap<&'static str, Value>, person: PersonFacts<'_>) {
    values.extend([
        ("person.known", Value::Bool(person.known)),
        (DETECTIONS, Value::Int(person.detections_in_window)),
        (OPEN_INCIDENTS, Value::Int(person.open_incidents)),
    ]);
    if let Some(department) = person.department {
        values.insert("person.department", text(Some(department)));
    }
}

fn incident_facts(values: &mut BTreeMap<&'static str, Value>, input: &FactsInput<'_>) {
    let incident = input.incident;
    let severity = incident.severity.or(input.alert.map(|a| a.severity));
    let severity = severity.unwrap_or(Severity::Unknown);
    let opened_at = incident.opened_at.unwrap_or(input.now);
    values.extend([
        ("incident.id", text(Some(incident.id))),
        ("incident.stage", text(Some(incident.stage))),
        ("incident.severity", text(Some(severity.key()))),
        ("incident.severity_rank", Value::Int(severity as i64)),
        ("incident.alerts", Value::Int(incident.alerts)),
        ("incident.opened", instant(opened_at)),
        (
            "incident.age_minutes",
            Value::Int((input.now - opened_at).num_minutes()),
        ),
        ("incident.reopened", Value::Bool(incident.reopened)),
    ]);
}

fn text(value: Option<&str>) -> Value {
    let value = value.unwrap_or_default();
    let end = value.char_indices().nth(LONGEST_TEXT).map(|(at, _)| at);
    Value::from(end.map_or(value, |end| &value[..end]))
}

fn list<'a>(values: impl Iterator<Item = &'a str>) -> Value {
    Value::List(Arc::new(
        values
            .take(LONGEST_LIST)
            .map(|value| text(Some(value)))
            .collect(),
    ))
}

fn instant(at: DateTime<Utc>) -> Value {
    Value::Timestamp(at.fixed_offset())
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.as_str().to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Timestamp(at) => rfc3339(at.to_utc()),
        Value::List(values) => values.iter().map(written).collect::<Vec<_>>().join(", "),
        // No fact has another type: `new` makes none.
        Value::Map(_)
        | Value::Function(..)
        | Value::UInt(_)
        | Value::Float(_)
        | Value::Bytes(_)
        | Value::Duration(_)
        | Value::Opaque(_)
        | Value::Struct(_)
        | Value::Null => String::new(),
    }
}

/// Prefilled from the pattern that covers the incident.
pub const PATTERN_REFERENCE: &str = "pattern.reference";
pub const PATTERN_REASON: &str = "pattern.reason";

/// Where a field may be prefilled from.
pub const PREFILLS: [&str; 25] = [
    "alert.source_alert_id",
    "alert.source_url",
    "alert.user",
    "alert.department",
    "alert.workload",
    "alert.action",
    "alert.enforcement",
    "alert.policy",
    "alert.rule",
    "alert.label",
    "alert.severity",
    "alert.category",
    "alert.product",
    "alert.detection_source",
    "alert.device",
    "alert.device_serial",
    "alert.device_os",
    "alert.destination",
    "alert.sensitive_types",
    "alert.detected_at",
    "incident.id",
    "incident.severity",
    "person.department",
    PATTERN_REFERENCE,
    PATTERN_REASON,
];

/// What the source says for a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prefill {
    Value(String),
    /// The source does not say.
    Silent,
}

/// The value for a field, from one of [`PREFILLS`]; any other path is silent.
pub fn prefill(path: &str, facts: &Facts) -> Prefill {
    let value = PREFILLS
        .contains(&path)
        .then(|| facts.values.get(path))
        .flatten()
        .map(written);
    match value {
        Some(value) if !value.is_empty() => Prefill::Value(value),
        _ => Prefill::Silent,
    }
}

#[cfg(test)]
mod tests;
