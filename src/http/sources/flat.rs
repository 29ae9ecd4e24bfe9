//! A reading as one flat JSON object: for a dry run, and to compare with what a sample should give.
//! It opens what is restricted, so the caller brings the clearance.

use super::DERIVED;
use crate::domain::alert::{Alert, Named, Reading, Severity, Times};
use crate::domain::restricted::Clearance;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

/// The reading with the keys of a dry run. `playbook` is what the caller chose; one that opens nothing has none.
pub fn flat(reading: &Reading, playbook: Option<&str>, clearance: &Clearance) -> Value {
    let (alert, opens) = match reading {
        Reading::Alert(alert) => (alert, true),
        Reading::Noted(alert, _) => (alert, false),
    };
    let id = Some(&alert.source_alert_id).filter(|id| !id.starts_with(DERIVED));
    let device = alert.device.as_ref();
    json!({
        "source_alert_id": id,
        "source_incident_id": alert.source_incident_id,
        "title": alert.detail.open(clearance).and_then(|d| d.title.clone()),
        "severity": severity(alert, opens || id.is_some()),
        "user": alert.user.as_ref().and_then(crate::domain::alert::User::shown),
        "device": device.and_then(|d| d.hostname.clone().or_else(|| d.uid.clone())),
        "device_serial": device.and_then(|d| d.serial_number.clone()),
        "policy": alert.policy.as_ref().and_then(name),
        "label": alert.sensitivity_label.as_ref().and_then(name),
        "workload": alert.workload,
        "action": alert.action,
        "destination": alert.destination.as_ref().map(|d| d.shown.clone()),
        "detected_at": alert.times.detected_at.map(instant),
        "source_url": alert.source_url,
        "playbook": playbook.filter(|_| opens),
        "opens_incident": opens,
        "times": times(&alert.times),
    })
}

/// All readings of a body: what a dry run prints.
pub fn flat_body<'a>(
    readings: impl IntoIterator<Item = (&'a Reading, Option<&'a str>)>,
    clearance: &Clearance,
) -> Value {
    let mut is_alert = false;
    let alerts: Vec<Value> = readings
        .into_iter()
        .map(|(reading, playbook)| {
            is_alert |= matches!(reading, Reading::Alert(_));
            flat(reading, playbook, clearance)
        })
        .collect();
    json!({"alerts": alerts, "is_alert": is_alert})
}

/// A record that is no alert at all has no severity; every alert has one, if only `unknown`.
fn severity(alert: &Alert, is_alert: bool) -> Option<&'static str> {
    (is_alert || alert.severity != Severity::Unknown).then(|| alert.severity.key())
}

fn name(named: &Named) -> Option<String> {
    named.name.clone().or_else(|| named.uid.clone())
}

fn times(times: &Times) -> Value {
    let each = [
        ("first_seen", times.first_seen_at),
        ("last_seen", times.last_seen_at),
        ("created", times.created_at),
        ("updated", times.modified_at),
        ("recorded", times.recorded_at),
        ("sent", times.sent_at),
        ("resolved", times.resolved_at),
    ];
    let given: Map<String, Value> = each
        .into_iter()
        .filter_map(|(key, at)| at.map(|at| (key.to_owned(), Value::String(instant(at)))))
        .collect();
    Value::Object(given)
}

/// RFC 3339 in UTC, the fraction without trailing zeros.
pub fn instant(at: DateTime<Utc>) -> String {
    let full = at.to_rfc3339_opts(SecondsFormat::Nanos, true);
    let short = full
        .trim_end_matches('Z')
        .trim_end_matches('0')
        .trim_end_matches('.');
    format!("{short}Z")
}
