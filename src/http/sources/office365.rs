//! The Office 365 audit stream: says which record a record is and hands it to its reader. What is no
//! alert there is noted, with the reason. The acting account of a record is seldom its `UserId`.

use super::json::{first, identifier, integer, text};
use super::{ElementFault, Filling, derived, identity, office365_alert, office365_match};
use crate::domain::alert::{AlertKind, Reading};
use serde_json::Value;

const ALERT: i64 = 40;
const CLOUD_APP: i64 = 98;
pub(super) const ENDPOINT: i64 = 63;

pub(super) fn read(record: &Value, raw: &str) -> Result<Reading, ElementFault> {
    if let Some(why) = housekeeping(record) {
        return Ok(Filling::new(derived(raw), AlertKind::Compliance).noted(why));
    }
    let operation = text(record, "/Operation").ok_or_else(|| {
        ElementFault::at(
            "/Operation",
            "Not a record of the audit stream: no Operation.",
        )
    })?;
    let kind = integer(record, "/RecordType");
    if kind.is_none() && record.pointer("/RecordType").is_some() {
        return Err(ElementFault::at("/RecordType", "Expected a number."));
    }
    let is_match = operation.eq_ignore_ascii_case("DlpRuleMatch");
    match kind {
        Some(ALERT) => office365_alert::read(record),
        Some(CLOUD_APP) => cloud_app(record, operation),
        Some(ENDPOINT) if is_match || office365_match::names_policy(record) => {
            office365_match::read(record, operation)
        }
        _ if is_match => office365_match::read(record, operation),
        _ => other(record, raw, &operation),
    }
}

/// Bodies that the stream's subscription sends, not about anything that happened.
fn housekeeping(record: &Value) -> Option<&'static str> {
    if text(record, "/validationCode").is_some() {
        return Some("the source checks the address; nothing is reported");
    }
    (text(record, "/contentUri").is_some() && text(record, "/contentId").is_some())
        .then_some("the source says that content is ready to fetch; it holds no record itself")
}

pub(super) fn id(record: &Value, pointer: &str) -> Result<String, ElementFault> {
    identifier(record, pointer)
        .ok_or_else(|| ElementFault::at(pointer, "The id of the alert is missing or is no text."))
}

/// An alert of Defender for Cloud Apps.
fn cloud_app(record: &Value, operation: String) -> Result<Reading, ElementFault> {
    let mut filling = Filling::new(id(record, "/Id")?, AlertKind::Identity);
    filling.severity(text(record, "/AlertSeverity"));
    let started = filling.time(record, "/ActivityStartTime");
    let recorded = filling.time(record, "/CreationTime");
    let times = &mut filling.facts.times;
    times.first_seen_at = started;
    times.recorded_at = recorded;
    times.detected_at = started.or(recorded);
    filling.facts.times.modified_at = filling.time(record, "/LastUpdatedTime");
    filling.facts.tenant_id = text(record, "/OrganizationId");
    filling.facts.category = text(record, "/AlertCategory");
    filling.facts.product = text(record, "/Workload");
    filling.facts.workload = text(record, "/Workload");
    filling.facts.action = Some(operation);
    filling.facts.source_url = first(record, &["/AlertUri"]);
    filling.facts.source_status = text(record, "/ResultStatus");
    filling.facts.user = text(record, "/UserId").and_then(|t| identity::person(&t));
    filling.detail.title = text(record, "/AlertDisplayName");
    filling.detail.desc = text(record, "/AlertDescription");
    let addresses = super::json::texts(record, "/ClientIPs");
    filling.detail.src_ip = addresses.first().cloned();
    filling.detail.evidence = addresses
        .iter()
        .skip(1)
        .map(|address| format!("also from {address}"))
        .collect();
    Ok(finish(filling))
}

/// A record that reports no alert: kept, shown, opens nothing.
fn other(record: &Value, raw: &str, operation: &str) -> Result<Reading, ElementFault> {
    if record.pointer("/CreationTime").is_none() {
        return Err(ElementFault::at(
            "/CreationTime",
            "Not a record of the audit stream: no CreationTime.",
        ));
    }
    let id = text(record, "/Id").unwrap_or_else(|| derived(raw));
    let mut filling = Filling::new(id, AlertKind::Compliance);
    let recorded = filling.time(record, "/CreationTime");
    filling.facts.times.detected_at = recorded;
    filling.facts.times.recorded_at = recorded;
    filling.facts.tenant_id = text(record, "/OrganizationId");
    filling.facts.workload = text(record, "/Workload");
    filling.facts.action = Some(operation.to_owned());
    filling.facts.user = text(record, "/UserId").and_then(|t| identity::person(&t));
    Ok(filling.noted("an audit record that reports no alert"))
}

/// An alert, unless the source has closed it already.
pub(super) fn finish(filling: Filling) -> Reading {
    let status = filling.facts.source_status.clone().unwrap_or_default();
    if ["resolved", "dismissed", "closed"].contains(&status.to_lowercase().as_str()) {
        return filling.noted(format!("the source has it as {status}"));
    }
    filling.alert()
}
