//! The record a transition carries: typed answers, each with its state, author and time. Append-only:
//! an amendment is a new entry beside the old; the newest counts.

use super::ids::{FieldId, PersonId};
use super::playbook::definition::{Field, FieldKind};
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest answer kept, in characters: what one form field of Discord can send.
pub const ANSWER_MAX_CHARS: usize = 4000;

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "value")]
pub enum State {
    Value(Answer),
    NotApplicable,
    /// The source does not say, and nobody could tell.
    SourceSilent,
    /// Allowed to come later, by the playbook's leave.
    Owed {
        until: DateTime<Utc>,
    },
}

/// A typed answer. Choices are kept by id and shown by title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Text(String),
    Choice(String),
    Choices(Vec<String>),
    /// A person, as an account of the guild.
    Person(String),
    At(DateTime<Utc>),
    Link(String),
    YesNo {
        yes: bool,
        reason: String,
    },
    /// A file by its reference; its contents are not kept in the record.
    Upload {
        filename: String,
        size_bytes: u64,
    },
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Prefilled from the source and attested by submitting.
    Source,
    /// Prefilled from a known pattern and attested by submitting.
    Pattern,
    Person,
}

/// One version of one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    #[serde(flatten)]
    pub state: State,
    pub origin: Origin,
    pub by: PersonId,
    pub at: DateTime<Utc>,
}

/// Every version of every field, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Record(BTreeMap<FieldId, Vec<Entry>>);

impl Record {
    /// The newest version of a field.
    pub fn latest(&self, field: &FieldId) -> Option<&Entry> {
        self.0.get(field).and_then(|versions| versions.last())
    }

    /// All versions of a field, oldest first.
    pub fn versions(&self, field: &FieldId) -> &[Entry] {
        self.0.get(field).map_or(&[], Vec::as_slice)
    }

    /// Adds a version, unless it says what the newest says already.
    pub fn append(&mut self, field: FieldId, entry: Entry) {
        let versions = self.0.entry(field).or_default();
        if versions.last().is_none_or(|last| last.state != entry.state) {
            versions.push(entry);
        }
    }

    /// The fields that have an entry, in key order.
    pub fn fields(&self) -> impl Iterator<Item = &FieldId> {
        self.0.keys()
    }
}

/// What is wrong with one field of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    pub field: FieldId,
    /// The field's title, as the form shows it.
    pub title: String,
    /// What to do about it, a clause: "is missing".
    pub problem: String,
}

/// What a person typed or picked for one field, as it arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawAnswer {
    /// One element for text, several for choices.
    pub values: Vec<String>,
    /// The second half of a yes/no: its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl RawAnswer {
    /// The first of the values, without space around it.
    pub fn first(&self) -> &str {
        self.values.first().map_or("", |v| v.trim())
    }

    /// Whether nothing at all was given.
    pub fn is_empty(&self) -> bool {
        self.values.iter().all(|v| v.trim().is_empty())
            && self.reason.as_deref().is_none_or(|r| r.trim().is_empty())
    }
}

/// Reads what was given into an answer of the field's kind. `zone` is the zone that times are typed in.
/// `Ok(None)` when nothing was given; an error is a clause that says how to mend it.
pub fn parse(field: &Field, raw: &RawAnswer, zone: Tz) -> Result<Option<Answer>, String> {
    if raw.is_empty() {
        return Ok(None);
    }
    if raw
        .values
        .iter()
        .chain(&raw.reason)
        .any(|v| v.chars().count() > ANSWER_MAX_CHARS)
    {
        return Err(format!(
            "is longer than {ANSWER_MAX_CHARS} characters; shorten it"
        ));
    }
    let text = raw.first().to_owned();
    match &field.kind {
        FieldKind::Line | FieldKind::Paragraph => Ok(Some(Answer::Text(text))),
        FieldKind::Choice(options) => {
            let known = options.iter().any(|o| o.id == text);
            known.then_some(Some(Answer::Choice(text))).ok_or_else(|| {
                let titles: Vec<_> = options.iter().map(|o| o.title.as_str()).collect();
                format!("must be one of: {}", titles.join(", "))
            })
        }
        FieldKind::Choices(options) => {
            let unknown = raw
                .values
                .iter()
                .any(|v| !options.iter().any(|o| o.id == *v));
            if unknown {
                let titles: Vec<_> = options.iter().map(|o| o.title.as_str()).collect();
                return Err(format!("may only hold: {}", titles.join(", ")));
            }
            Ok(Some(Answer::Choices(raw.values.clone())))
        }
        FieldKind::Person => Ok(Some(Answer::Person(text))),
        FieldKind::Time => parse_time(&text, zone).map(|at| Some(Answer::At(at))),
        FieldKind::Link => parse_link(text).map(Some),
        FieldKind::YesNo => parse_yes_no(&text, raw.reason.as_deref()).map(Some),
        FieldKind::Upload => parse_upload(raw).map(Some),
    }
}

/// Whether a text is an address of the web, and nothing else.
pub fn is_web(text: &str) -> bool {
    let scheme = text.starts_with("https://") || text.starts_with("http://");
    scheme && text.len() > 10 && !text.contains(char::is_whitespace)
}

fn parse_link(text: String) -> Result<Answer, String> {
    if is_web(&text) {
        Ok(Answer::Link(text))
    } else {
        Err("must be a link that begins with https://".to_owned())
    }
}

fn parse_yes_no(text: &str, reason: Option<&str>) -> Result<Answer, String> {
    let yes = match text {
        "yes" => true,
        "no" => false,
        _ => return Err("needs yes or no, and the reason".to_owned()),
    };
    match reason.map(str::trim) {
        Some(reason) if !reason.is_empty() => Ok(Answer::YesNo {
            yes,
            reason: reason.to_owned(),
        }),
        _ => Err("needs its reason".to_owned()),
    }
}

fn parse_upload(raw: &RawAnswer) -> Result<Answer, String> {
    let filename = raw.first().to_owned();
    let size_bytes = raw.reason.as_deref().and_then(|s| s.parse().ok());
    match size_bytes {
        Some(size_bytes) if !filename.is_empty() => Ok(Answer::Upload {
            filename,
            size_bytes,
        }),
        _ => Err("needs a file".to_owned()),
    }
}

/// How a time is written, for those who write one.
pub const SAMPLE_TIME: &str = "2026-11-03 08:40";

/// Reads a time as people type it: `2026-11-03 08:40` in `zone`, or RFC 3339 with its own offset.
pub fn parse_time(text: &str, zone: Tz) -> Result<DateTime<Utc>, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.with_timezone(&Utc));
    }
    let local = [
        "%Y-%m-%d %H:%M",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%dT%H:%M:%S",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    .ok_or_else(|| format!("must be a time such as {SAMPLE_TIME} ({zone})"))?;
    zone.from_local_datetime(&local)
        .earliest()
        .map(|at| at.with_timezone(&Utc))
        .ok_or_else(|| format!("does not exist in {zone}: the clock skips it; name another minute"))
}

/// How a state reads to people, in the field's own titles. Owed and silent are words, never blanks.
pub fn shown(field: &Field, state: &State, zone: Tz) -> String {
    match state {
        State::NotApplicable => "not applicable".to_owned(),
        State::SourceSilent => "source does not say".to_owned(),
        State::Owed { until } => format!("owed until {}", shown_time(*until, zone)),
        State::Value(answer) => shown_answer(field, answer, zone),
    }
}

fn shown_answer(field: &Field, answer: &Answer, zone: Tz) -> String {
    let title = |id: &String| match &field.kind {
        FieldKind::Choice(options) | FieldKind::Choices(options) => options
            .iter()
            .find(|o| o.id == *id)
            .map_or_else(|| id.clone(), |o| o.title.clone()),
        FieldKind::Line
        | FieldKind::Paragraph
        | FieldKind::Person
        | FieldKind::Time
        | FieldKind::Link
        | FieldKind::YesNo
        | FieldKind::Upload => id.clone(),
    };
    match answer {
        Answer::Text(text) | Answer::Person(text) | Answer::Link(text) => text.clone(),
        Answer::Choice(id) => title(id),
        Answer::Choices(ids) => ids.iter().map(title).collect::<Vec<_>>().join(", "),
        Answer::At(at) => shown_time(*at, zone),
        Answer::YesNo { yes, reason } => format!("{}: {reason}", if *yes { "yes" } else { "no" }),
        Answer::Upload {
            filename,
            size_bytes,
        } => format!("{filename} ({size_bytes} bytes)"),
    }
}

/// A day as people read it.
pub fn shown_date(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d").to_string()
}

/// A time as people read it, with its zone said.
pub fn shown_time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone)
        .format("%Y-%m-%d %H:%M %Z")
        .to_string()
}
