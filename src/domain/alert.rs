//! The normalized alert: what a detection tool, or a person, reported. It keeps what the source says and
//! guesses nothing; names follow OCSF where it has one. Adapters fill it, purely, from a body.

use super::restricted::Restricted;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One alert of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The source's own id; with the source, the tenant and `key_time` the key under which a re-send is recognised.
    pub source_alert_id: String,
    /// The surrounding incident at the source: an attribute, not part of the key.
    pub source_incident_id: Option<String>,
    pub source_url: Option<String>,
    pub tenant_id: Option<String>,
    /// Part of the key, only where the source's ids repeat.
    pub key_time: Option<DateTime<Utc>>,
    pub kind: AlertKind,
    pub severity: Severity,
    /// The severity in the source's own word.
    pub source_severity: Option<String>,
    /// The status in the source's own word.
    pub source_status: Option<String>,
    pub category: Option<String>,
    pub product: Option<String>,
    pub detection_source: Option<String>,
    pub times: Times,
    pub user: Option<User>,
    pub device: Option<Device>,
    pub policy: Option<Named>,
    pub rule: Option<Named>,
    pub workload: Option<String>,
    /// What was done; several are joined with `, ` in the source's order.
    pub action: Option<String>,
    /// What the policy did about it: audited, warned, blocked, in the source's word.
    pub enforcement: Option<String>,
    pub destination: Option<Destination>,
    pub sensitivity_label: Option<Named>,
    pub sensitive_types: Vec<SensitiveType>,
    pub techniques: Vec<String>,
    /// What the adapter had to say about the body: a missing time, a value it could not read.
    pub parse_notes: Vec<String>,
    /// Title, file, mail subject, description: only for whoever is cleared.
    pub detail: Restricted<Detail>,
}

impl Alert {
    /// Matches of sensitive data, where the source counted any.
    pub fn matches(&self) -> Option<i64> {
        let counted: Vec<i64> = self
            .sensitive_types
            .iter()
            .filter_map(|t| t.count)
            .collect();
        (!counted.is_empty()).then(|| counted.into_iter().sum())
    }

    /// An alert of which the source says nothing but its id and kind; whoever knows more fills it in.
    pub fn silent(source_alert_id: String, kind: AlertKind) -> Self {
        Self {
            source_alert_id,
            source_incident_id: None,
            source_url: None,
            tenant_id: None,
            key_time: None,
            kind,
            severity: Severity::Unknown,
            source_severity: None,
            source_status: None,
            category: None,
            product: None,
            detection_source: None,
            times: Times::default(),
            user: None,
            device: None,
            policy: None,
            rule: None,
            workload: None,
            action: None,
            enforcement: None,
            destination: None,
            sensitivity_label: None,
            sensitive_types: Vec::new(),
            techniques: Vec::new(),
            parse_notes: Vec::new(),
            detail: Restricted::new(Detail::default()),
        }
    }
}

/// What may carry file names, mail subjects and contents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    pub title: Option<String>,
    pub desc: Option<String>,
    pub file: Option<File>,
    pub email: Option<Email>,
    pub src_ip: Option<String>,
    /// One line for each further piece of evidence.
    pub evidence: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertKind {
    Dlp,
    Endpoint,
    Identity,
    Compliance,
    Siem,
    Infra,
}

impl AlertKind {
    pub const ALL: [Self; 6] = [
        Self::Dlp,
        Self::Endpoint,
        Self::Identity,
        Self::Compliance,
        Self::Siem,
        Self::Infra,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Dlp => "dlp",
            Self::Endpoint => "endpoint",
            Self::Identity => "identity",
            Self::Compliance => "compliance",
            Self::Siem => "siem",
            Self::Infra => "infra",
        }
    }
}

/// From the source; `Unknown` where it says none, and then a person looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Unknown,
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Self; 6] = [
        Self::Unknown,
        Self::Informational,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Its place among what leaves first: 0 for the most severe.
    pub const fn rank(self) -> i64 {
        5 - self as i64
    }

    /// Reads a source's word, in any case; anything else is `Unknown`.
    pub fn from_word(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "informational" | "info" => Self::Informational,
            "low" => Self::Low,
            "medium" | "moderate" => Self::Medium,
            "high" => Self::High,
            "critical" => Self::Critical,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// Every time the source gives. `detected_at` is the first-seen or event time; the others stand as given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    pub detected_at: Option<DateTime<Utc>>,
    pub first_seen_at: Option<DateTime<Utc>>,
    pub last_seen_at: Option<DateTime<Utc>>,
    pub created_at: Option<DateTime<Utc>>,
    pub modified_at: Option<DateTime<Utc>>,
    pub recorded_at: Option<DateTime<Utc>>,
    pub sent_at: Option<DateTime<Utc>>,
    pub resolved_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub uid: Option<String>,
    /// Lower case.
    pub upn: Option<String>,
    pub name: Option<String>,
    pub domain: Option<String>,
    pub sid: Option<String>,
    pub display_name: Option<String>,
    pub department: Option<String>,
}

impl User {
    /// The identity as people read it: UPN, else `DOMAIN\name`, else the bare name or reference.
    pub fn shown(&self) -> Option<String> {
        self.upn
            .clone()
            .or_else(|| match (&self.domain, &self.name) {
                (Some(domain), Some(name)) => Some(format!("{domain}\\{name}")),
                (None, Some(name)) => Some(name.clone()),
                _ => None,
            })
            .or_else(|| self.uid.clone())
            .or_else(|| self.sid.clone())
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub uid: Option<String>,
    pub hostname: Option<String>,
    pub serial_number: Option<String>,
    pub os: Option<String>,
    pub entra_device_id: Option<String>,
    pub intune_device_id: Option<String>,
}

/// A thing with a name and, perhaps, the source's id of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    pub uid: Option<String>,
    pub name: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// A domain or several recipients, as the source says them; joined with `, `.
    pub shown: String,
    /// Whether the source calls it external.
    pub external: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensitiveType {
    pub uid: Option<String>,
    pub name: Option<String>,
    pub count: Option<i64>,
    pub confidence: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub name: Option<String>,
    pub path: Option<String>,
    pub size_bytes: Option<i64>,
    pub sha256: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Email {
    pub subject: Option<String>,
    pub from: Option<String>,
    pub to: Vec<String>,
    pub message_id: Option<String>,
}

/// What an adapter makes of one element of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Opens an incident, or joins one.
    Alert(Box<Alert>),
    /// Kept and shown, opens nothing: resolved at the source, an inventory row. The sentence says why.
    Noted(Box<Alert>, String),
}
