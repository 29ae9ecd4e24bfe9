//! DLP rule matches of the audit stream: mail, sites and endpoints. The highest rule gives severity and
//! rule; the person is the sender or the acting user, never the matching service's account.

use super::json::{first, integer, list, text, texts};
use super::office365::{ENDPOINT, id};
use super::{ElementFault, Filling, identity, named};
use crate::domain::alert::{
    AlertKind, Destination, Device, Email, File, Reading, SensitiveType, Severity, User,
};
use serde_json::Value;

/// Whether an endpoint record says which policy matched; without one it is mere activity.
pub(super) fn names_policy(record: &Value) -> bool {
    !list(record, "/PolicyDetails").is_empty()
        || first(
            record,
            &["/PolicyMatchInfo/PolicyName", "/PolicyMatchInfo/PolicyId"],
        )
        .is_some()
}

pub(super) fn read(record: &Value, operation: String) -> Result<Reading, ElementFault> {
    let mut filling = Filling::new(id(record, "/Id")?, AlertKind::Dlp);
    filling.facts.source_incident_id = text(record, "/IncidentId");
    filling.facts.tenant_id = text(record, "/OrganizationId");
    filling.facts.workload = text(record, "/Workload");
    let recorded = filling.time(record, "/CreationTime");
    filling.facts.times.detected_at = recorded;
    filling.facts.times.recorded_at = recorded;
    filling.facts.times.sent_at = filling.time(record, "/ExchangeMetaData/Sent");
    rules(&mut filling, record);
    if filling.facts.action.is_none() {
        filling.facts.action = first(record, &["/EndpointMetaData/EndpointOperation"])
            .or_else(|| Some(operation).filter(|op| !op.eq_ignore_ascii_case("DlpRuleMatch")));
    }
    filling.facts.user = actor(record);
    mail(&mut filling, record);
    site(&mut filling, record);
    endpoint(&mut filling, record);
    Ok(filling.alert())
}

fn rules(filling: &mut Filling, record: &Value) {
    let mut highest: Option<(Severity, &Value, &Value)> = None;
    let mut actions: Vec<String> = Vec::new();
    for policy in list(record, "/PolicyDetails") {
        for rule in list(policy, "/Rules") {
            let severity =
                text(rule, "/Severity").map_or(Severity::Unknown, |w| Severity::from_word(&w));
            if highest.is_none_or(|(so_far, _, _)| severity > so_far) {
                highest = Some((severity, policy, rule));
            }
            for action in texts(rule, "/Actions") {
                if !actions.contains(&action) {
                    actions.push(action);
                }
            }
            found_types(&mut filling.facts.sensitive_types, rule);
        }
    }
    let info = record.pointer("/PolicyMatchInfo").unwrap_or(&Value::Null);
    let first_policy = list(record, "/PolicyDetails").first().unwrap_or(info);
    let (policy, rule) = highest.map_or((first_policy, info), |(_, p, r)| (p, r));
    filling.severity(text(rule, "/Severity"));
    filling.facts.policy = named(text(policy, "/PolicyId"), text(policy, "/PolicyName"));
    filling.facts.rule = named(text(rule, "/RuleId"), text(rule, "/RuleName"));
    filling.facts.enforcement = actions.iter().find(|a| a.starts_with("Block")).cloned();
    filling.facts.action = (!actions.is_empty()).then(|| actions.join(", "));
}

/// The same type in several rules is one finding, with its highest count.
fn found_types(found: &mut Vec<SensitiveType>, rule: &Value) {
    for entry in list(rule, "/ConditionsMatched/SensitiveInformation") {
        let each = SensitiveType {
            uid: text(entry, "/SensitiveType"),
            name: first(
                entry,
                &["/SensitiveInformationTypeName", "/SensitiveTypeName"],
            ),
            count: integer(entry, "/Count"),
            confidence: integer(entry, "/Confidence"),
        };
        match found
            .iter_mut()
            .find(|f| f.uid.is_some() && f.uid == each.uid)
        {
            Some(known) => known.count = known.count.max(each.count),
            None => found.push(each),
        }
    }
}

/// The sender or acting user that the match names. Only on an endpoint is the record's own user a person.
fn actor(record: &Value) -> Option<User> {
    let own: &[&str] = if integer(record, "/RecordType") == Some(ENDPOINT) {
        &["/UserId"]
    } else {
        &[]
    };
    [
        "/ExchangeMetaData/From",
        "/SharePointMetaData/From",
        "/EndpointMetaData/UserId",
    ]
    .iter()
    .chain(own)
    .filter_map(|pointer| text(record, pointer))
    .find_map(|name| identity::person(&name))
}

fn mail(filling: &mut Filling, record: &Value) {
    let Some(mail) = record
        .pointer("/ExchangeMetaData")
        .filter(|m| m.is_object())
    else {
        return;
    };
    let to: Vec<String> = ["/To", "/CC", "/BCC"]
        .iter()
        .flat_map(|p| texts(mail, p))
        .collect();
    if !to.is_empty() {
        filling.facts.destination = Some(Destination {
            shown: to.join(", "),
            external: outside(record),
        });
    }
    filling.detail.email = Some(Email {
        subject: text(mail, "/Subject"),
        from: text(mail, "/From"),
        to,
        message_id: text(mail, "/MessageID"),
    });
}

/// Only where a condition of the rule says so.
fn outside(record: &Value) -> Option<bool> {
    list(record, "/PolicyDetails")
        .iter()
        .flat_map(|policy| list(policy, "/Rules"))
        .flat_map(|rule| list(rule, "/ConditionsMatched/OtherConditions"))
        .any(|c| {
            text(c, "/Name").is_some_and(|name| name == "AccessScope")
                && text(c, "/Value").is_some_and(|v| {
                    ["includeexternalusers", "notinorganization"]
                        .contains(&v.to_lowercase().as_str())
                })
        })
        .then_some(true)
}

fn site(filling: &mut Filling, record: &Value) {
    let Some(site) = record
        .pointer("/SharePointMetaData")
        .filter(|m| m.is_object())
    else {
        return;
    };
    filling.facts.sensitivity_label =
        named(texts(site, "/SensitivityLabelIds").into_iter().next(), None);
    filling.detail.file = Some(File {
        name: text(site, "/FileName"),
        path: text(site, "/FilePathUrl"),
        size_bytes: integer(site, "/FileSize"),
        sha256: None,
    });
}

/// Endpoint facts stand under `EndpointMetaData` in a match, at the top in a plain endpoint record.
fn endpoint(filling: &mut Filling, record: &Value) {
    let at = record.pointer("/EndpointMetaData").unwrap_or(record);
    let hostname = text(at, "/DeviceName");
    let uid = text(at, "/MDATPDeviceId");
    if hostname.is_some() || uid.is_some() {
        filling.facts.device = Some(Device {
            uid,
            hostname,
            ..Device::default()
        });
    }
    if filling.facts.destination.is_none() {
        filling.facts.destination = text(at, "/TargetDomain").map(|shown| Destination {
            shown,
            external: None,
        });
    }
    if filling.facts.enforcement.is_none() {
        filling.facts.enforcement = text(at, "/EnforcementMode");
    }
    if let Some(label) = text(at, "/SensitivityLabelId") {
        filling.facts.sensitivity_label = named(Some(label), None);
    }
    if filling.detail.file.is_none() && filling.facts.device.is_some() {
        filling.detail.file = text(record, "/ObjectId").map(|path| File {
            name: None,
            path: Some(path),
            size_bytes: integer(at, "/FileSize"),
            sha256: text(at, "/Sha256"),
        });
    }
}
