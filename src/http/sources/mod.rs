//! What a source sends, read into normalized alerts: pure functions of bytes, no clock, no network.
//! An adapter keeps what the source says and guesses nothing; one bad element never costs the others.

pub mod alertmanager;
pub mod flat;
pub mod generic;
mod graph;
mod graph_evidence;
mod identity;
mod json;
mod office365;
mod office365_alert;
mod office365_match;
mod split;
pub mod time;

use crate::domain::alert::{Alert, AlertKind, Detail, Named, Reading, Severity};
use crate::domain::restricted::Restricted;
use chrono::{DateTime, Utc};
use serde_json::Value;

pub use alertmanager::LabelMap;
pub use generic::GenericMap;

/// Elements of one body that are read; more is refused as a whole, before any work.
pub const MOST_ELEMENTS: usize = 10_000;

/// How an id starts that the adapter made, since the body gives none. [`flat`] shows such an id as null.
pub const DERIVED: &str = "derived:";

/// How a source's bodies are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adapter {
    /// The Office 365 audit stream: DLP matches, alerts, cloud app alerts.
    Office365,
    /// Microsoft Graph: `alerts_v2`, incidents, sign-in risks.
    Graph,
    /// Alertmanager's webhook, and the list of alerts that Prometheus posts to it.
    Alertmanager(Box<LabelMap>),
    /// Any JSON, by pointers from the configuration.
    Generic(Box<GenericMap>),
}

/// One element of a body: an object of its own, with its bytes as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Where it stands in the body, as a JSON pointer; empty for the body itself.
    pub pointer: String,
    pub raw: Vec<u8>,
    pub outcome: Result<Reading, ElementFault>,
}

/// Why one element could not be read. The pointer starts at the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementFault {
    pub pointer: String,
    pub message: String,
}

/// Why nothing of a body could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyFault {
    pub pointer: String,
    pub message: String,
    /// What the sender can do about it.
    pub mend: String,
}

impl Adapter {
    /// The word in the configuration.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Office365 => "office365",
            Self::Graph => "graph",
            Self::Alertmanager(_) => "alertmanager",
            Self::Generic(_) => "generic",
        }
    }

    /// Reads a body as it stood when it was received. An empty list is no fault: it says that there is nothing.
    pub fn read(&self, body: &[u8], received_at: DateTime<Utc>) -> Result<Vec<Element>, BodyFault> {
        let mut left_out = 0;
        let parts = match self {
            Self::Office365 => split::split(body, &["/value", "/records", "/Records"])?,
            Self::Graph => split::split(body, &["/value"])?,
            Self::Alertmanager(_) => {
                let (parts, cut) = alertmanager::split(body)?;
                left_out = cut;
                parts
            }
            Self::Generic(map) => split::items(body, map.items.as_deref())?,
        };
        let elements: Vec<Element> = parts
            .into_iter()
            .map(|(pointer, raw)| self.element(pointer, raw, left_out, received_at))
            .collect();
        self.refuse_if_nothing_fits(&elements)?;
        Ok(elements)
    }

    /// Reads a kept body again: a whole one, or one element that was kept alone, without the list around it.
    pub fn read_kept(
        &self,
        body: &[u8],
        received_at: DateTime<Utc>,
    ) -> Result<Vec<Element>, BodyFault> {
        self.read(body, received_at).or_else(|fault| {
            let alone = std::str::from_utf8(body)
                .map(|text| self.element(String::new(), text.trim(), 0, received_at))
                .ok()
                .filter(|element| element.outcome.is_ok());
            alone.map(|element| vec![element]).ok_or(fault)
        })
    }

    fn element(
        &self,
        pointer: String,
        raw: &str,
        left_out: u64,
        received_at: DateTime<Utc>,
    ) -> Element {
        let outcome = match self {
            Self::Office365 => split::object(raw).and_then(|value| office365::read(&value, raw)),
            Self::Graph => split::object(raw).and_then(|value| graph::read(&value, raw)),
            Self::Alertmanager(map) => alertmanager::read(map, raw, left_out, received_at),
            Self::Generic(map) => {
                split::object(raw).and_then(|value| generic::read(map, &value, raw))
            }
        };
        let outcome = outcome.map_err(|fault| ElementFault {
            pointer: format!("{pointer}{}", fault.pointer),
            message: fault.message,
        });
        Element {
            pointer,
            raw: raw.as_bytes().to_vec(),
            outcome,
        }
    }

    fn refuse_if_nothing_fits(&self, elements: &[Element]) -> Result<(), BodyFault> {
        let mut faults = elements.iter().filter_map(|e| e.outcome.as_ref().err());
        match faults.next() {
            Some(first) if faults.count() + 1 == elements.len() => Err(BodyFault {
                pointer: first.pointer.clone(),
                message: first.message.clone(),
                mend: self.mend().to_owned(),
            }),
            _ => Ok(()),
        }
    }

    const fn mend(&self) -> &'static str {
        match self {
            Self::Office365 => {
                "Send records of the Office 365 audit stream as they come, one or a list of them."
            }
            Self::Graph => {
                "Send alerts of Microsoft Graph `alerts_v2` as they come: one, a list, or an object with `value`."
            }
            Self::Alertmanager(_) => ALERTMANAGER_MEND,
            Self::Generic(_) => {
                "Send what the pointers under `map` of this source name, or mend those pointers."
            }
        }
    }
}

const ALERTMANAGER_MEND: &str = "Send what Alertmanager's `webhook_config` posts without a `payload` of its own, or the list of alerts that Prometheus \
     posts to Alertmanager.";

impl ElementFault {
    fn at(pointer: &str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.to_owned(),
            message: message.into(),
        }
    }
}

/// An alert under construction: the facts, and beside them what will be sealed.
struct Filling {
    facts: Alert,
    detail: Detail,
}

impl Filling {
    fn new(source_alert_id: String, kind: AlertKind) -> Self {
        Self {
            facts: Alert::silent(source_alert_id, kind),
            detail: Detail::default(),
        }
    }

    fn severity(&mut self, word: Option<String>) {
        self.facts.severity = word
            .as_deref()
            .map_or(Severity::Unknown, Severity::from_word);
        self.facts.source_severity = word;
    }

    /// Reads a time; one that is there and cannot be read leaves a note, never its text.
    fn time(&mut self, value: &Value, pointer: &str) -> Option<DateTime<Utc>> {
        let read = time::at(value, pointer);
        if read.is_none() && json::text(value, pointer).is_some_and(|t| !time::is_sentinel(&t)) {
            self.unread_time(pointer);
        }
        read
    }

    fn unread_time(&mut self, pointer: &str) {
        self.facts
            .parse_notes
            .push(format!("the time at {pointer} could not be read"));
    }

    fn alert(self) -> Reading {
        Reading::Alert(Box::new(self.seal()))
    }

    fn noted(self, why: impl Into<String>) -> Reading {
        Reading::Noted(Box::new(self.seal()), why.into())
    }

    fn seal(mut self) -> Alert {
        self.facts.detail = Restricted::new(self.detail);
        self.facts
    }
}

/// A name with its id, where there is either.
fn named(uid: Option<String>, name: Option<String>) -> Option<Named> {
    (uid.is_some() || name.is_some()).then_some(Named { uid, name })
}

/// An id of our own for an element without one: the same bytes give the same id.
fn derived(raw: &str) -> String {
    use sha2::{Digest, Sha256};
    format!("{DERIVED}{}", hex::encode(Sha256::digest(raw.as_bytes())))
}

#[cfg(test)]
mod tests;
