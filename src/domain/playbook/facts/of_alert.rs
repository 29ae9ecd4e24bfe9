//! The facts of an alert, one path each.

use super::{FactsInput, list, rfc3339, text};
use crate::domain::alert::{Alert, Named, Severity, User};
use cel::Value;
use std::collections::BTreeMap;

type Get = fn(&Alert) -> Option<&str>;

/// Texts that stand in the alert as they are.
const TEXTS: [(&str, Get); 19] = [
    ("alert.source_alert_id", |a| Some(&a.source_alert_id)),
    ("alert.source_incident_id", |a| {
        a.source_incident_id.as_deref()
    }),
    ("alert.source_url", |a| a.source_url.as_deref()),
    ("alert.tenant_id", |a| a.tenant_id.as_deref()),
    ("alert.kind", |a| Some(a.kind.key())),
    ("alert.source_severity", |a| a.source_severity.as_deref()),
    ("alert.source_status", |a| a.source_status.as_deref()),
    ("alert.category", |a| a.category.as_deref()),
    ("alert.product", |a| a.product.as_deref()),
    ("alert.detection_source", |a| a.detection_source.as_deref()),
    ("alert.policy", |a| named(a.policy.as_ref())),
    ("alert.rule", |a| named(a.rule.as_ref())),
    ("alert.label", |a| named(a.sensitivity_label.as_ref())),
    ("alert.workload", |a| a.workload.as_deref()),
    ("alert.action", |a| a.action.as_deref()),
    ("alert.enforcement", |a| a.enforcement.as_deref()),
    ("alert.device", |a| a.device.as_ref()?.hostname.as_deref()),
    ("alert.device_serial", |a| {
        a.device.as_ref()?.serial_number.as_deref()
    }),
    ("alert.device_os", |a| a.device.as_ref()?.os.as_deref()),
];

pub(super) fn add(values: &mut BTreeMap<&'static str, Value>, input: &FactsInput<'_>) {
    let alert = input.alert;
    values.extend(TEXTS.map(|(path, get)| (path, text(alert.and_then(get)))));
    let user = alert.and_then(|a| a.user.as_ref());
    let destination = alert.and_then(|a| a.destination.as_ref());
    let severity = alert.map_or(Severity::Unknown, |a| a.severity);
    let types = alert.map_or(&[][..], |a| a.sensitive_types.as_slice());
    let count = types
        .iter()
        .filter_map(|t| t.count)
        .fold(0, i64::saturating_add);
    let techniques = alert.map_or(&[][..], |a| a.techniques.as_slice());
    let detected_at = alert.and_then(|a| a.times.detected_at).map(rfc3339);
    let external = destination.and_then(|d| d.external) == Some(true);
    let elsewhere = alert.is_some_and(destination_elsewhere);
    values.extend([
        ("alert.source", text(Some(input.source))),
        ("alert.severity", text(Some(severity.key()))),
        ("alert.severity_rank", Value::Int(severity as i64)),
        ("alert.user", text(user.and_then(User::shown).as_deref())),
        (
            "alert.department",
            text(user.and_then(|u| u.department.as_deref())),
        ),
        (
            "alert.destination",
            text(destination.map(|d| d.shown.as_str())),
        ),
        ("alert.destination_external", Value::Bool(external)),
        ("alert.destination_elsewhere", Value::Bool(elsewhere)),
        (
            "alert.sensitive_types",
            list(types.iter().filter_map(|t| t.name.as_deref())),
        ),
        ("alert.sensitive_count", Value::Int(count)),
        (
            "alert.techniques",
            list(techniques.iter().map(String::as_str)),
        ),
        ("alert.detected_at", text(detected_at.as_deref())),
    ]);
}

/// The name, else the source's id: better than nothing for whoever must find it.
fn named(thing: Option<&Named>) -> Option<&str> {
    let thing = thing?;
    thing.name.as_deref().or(thing.uid.as_deref())
}

/// Whether the destination names a domain that is not the person's own: read from both, without a guess
/// where either names none.
fn destination_elsewhere(alert: &Alert) -> bool {
    let upn = alert.user.as_ref().and_then(|u| u.upn.as_deref());
    let Some(own) = upn
        .and_then(|upn| upn.rsplit_once('@'))
        .map(|(_, domain)| domain)
    else {
        return false;
    };
    let shown = alert.destination.as_ref().map_or("", |d| d.shown.as_str());
    shown.split(", ").filter_map(domain_of).any(|domain| {
        let domain = domain.to_ascii_lowercase();
        let own = own.to_ascii_lowercase();
        domain != own && !domain.ends_with(&format!(".{own}"))
    })
}

/// The domain of an address, a link or a bare host; none for a path or a device.
fn domain_of(shown: &str) -> Option<&str> {
    let host = shown
        .split_once("://")
        .map_or(shown, |(_, rest)| rest.split('/').next().unwrap_or(rest));
    let host = host
        .rsplit_once('@')
        .map_or(host, |(_, domain)| domain)
        .trim();
    let is_host = host.contains('.')
        && !host.starts_with('.')
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || ".-".contains(c));
    is_host.then_some(host)
}
