//! Alerts of the audit stream (record type 40): the facts stand under short keys in `Data`, which is
//! JSON inside a text. The record's own `UserId` is the alerting service's account.

use super::json::{self, Nested, first, text, texts};
use super::office365::{finish, id};
use super::{ElementFault, Filling, identity, named};
use crate::domain::alert::{
    AlertKind, Destination, Device, Email, File, Reading, SensitiveType, User,
};
use serde_json::Value;

pub(super) fn read(record: &Value) -> Result<Reading, ElementFault> {
    let category = text(record, "/Category");
    let mut filling = Filling::new(id(record, "/AlertId")?, kind(category.as_deref()));
    filling.facts.category = category;
    let data = match json::nested(record, "/Data") {
        Nested::Object(data) => data,
        Nested::Absent => Value::Null,
        Nested::Unreadable => {
            filling
                .facts
                .parse_notes
                .push("Data could not be read".to_owned());
            Value::Null
        }
    };
    envelope(&mut filling, record, &data);
    times(&mut filling, record, &data);
    what(&mut filling, record, &data);
    who_and_where(&mut filling, record, &data);
    if text(record, "/Operation").as_deref() == Some("AlertEntityGenerated") {
        // The entities of one alert carry the alert's id; their own time keeps them apart.
        filling.facts.key_time = filling.facts.times.recorded_at;
    }
    Ok(finish(filling))
}

fn kind(category: Option<&str>) -> AlertKind {
    match category.unwrap_or_default().to_ascii_lowercase().as_str() {
        "datalossprevention" => AlertKind::Dlp,
        "accessgovernance" | "permissions" => AlertKind::Identity,
        "threatmanagement" => AlertKind::Endpoint,
        // Mail flow, data governance, others: a person chooses.
        _ => AlertKind::Siem,
    }
}

fn envelope(filling: &mut Filling, record: &Value, data: &Value) {
    filling.severity(text(record, "/Severity").or_else(|| text(data, "/sev")));
    filling.facts.tenant_id = text(record, "/OrganizationId");
    filling.facts.source_status = text(record, "/Status");
    filling.facts.product = text(record, "/Source");
    filling.facts.source_url = json::list(record, "/AlertLinks")
        .iter()
        .find_map(|link| text(link, "/AlertLinkHref"));
    filling.detail.title = text(record, "/Name").or_else(|| text(data, "/an"));
    filling.detail.desc = text(data, "/ad");
}

fn times(filling: &mut Filling, record: &Value, data: &Value) {
    let recorded = filling.time(record, "/CreationTime");
    let started = filling.time(data, "/ts");
    filling.facts.times.recorded_at = recorded;
    filling.facts.times.first_seen_at = started;
    filling.facts.times.last_seen_at = filling.time(data, "/te");
    filling.facts.times.detected_at = started.or(recorded);
}

fn what(filling: &mut Filling, record: &Value, data: &Value) {
    let facts = &mut filling.facts;
    facts.workload = text(data, "/wl").or_else(|| text(record, "/Workload"));
    // That a rule matched is no action: what was done, or what the policy did, says more.
    facts.action = text(data, "/eop")
        .or_else(|| text(data, "/op").filter(|op| !op.eq_ignore_ascii_case("DlpRuleMatch")))
        .or_else(|| text(data, "/dact"))
        .or_else(|| text(data, "/op"));
    facts.policy = named(text(data, "/dpid"), text(data, "/dpn"));
    facts.rule = named(text(data, "/drid"), text(data, "/drn"));
    facts.enforcement = text(data, "/enmd");
    facts.sensitive_types = text(data, "/sitmi").map(|t| packed(&t)).unwrap_or_default();
    let path = text(data, "/ofph");
    let size_bytes = json::integer(data, "/efs");
    if path.is_some() || size_bytes.is_some() {
        filling.detail.file = Some(File {
            name: path.as_deref().map(last_segment),
            path,
            size_bytes,
            sha256: None,
        });
    }
    filling.detail.src_ip = text(data, "/ecip");
    filling.detail.evidence = [("application", "/app"), ("target", "/tfph")]
        .iter()
        .filter_map(|(label, pointer)| Some(format!("{label}: {}", text(data, pointer)?)))
        .collect();
}

fn who_and_where(filling: &mut Filling, record: &Value, data: &Value) {
    filling.facts.user = actor(filling, record, data);
    let hostname = text(data, "/dn");
    let uid = text(data, "/mddid");
    if hostname.is_some() || uid.is_some() {
        filling.facts.device = Some(Device {
            uid,
            hostname,
            ..Device::default()
        });
    }
    let mut to = texts(data, "/to");
    to.extend(texts(data, "/cc"));
    to.extend(texts(data, "/bcc"));
    filling.facts.destination = text(data, "/tdmn")
        .or_else(|| (!to.is_empty()).then(|| to.join(", ")))
        .or_else(|| text(data, "/tfph").and_then(|path| share(&path)))
        .map(|shown| Destination {
            shown,
            external: None,
        });
    let from = text(data, "/mfrm");
    if from.is_some() || !to.is_empty() {
        filling.detail.email = Some(Email {
            subject: first(data, &["/msub", "/sub"]),
            from,
            to,
            message_id: text(data, "/imsgid"),
        });
    }
}

/// The acting person: named as such, else the sender, else the entity where the entity is a user.
fn actor(filling: &mut Filling, record: &Value, data: &Value) -> Option<User> {
    let mut people = texts(data, "/f3u");
    people.extend(texts(data, "/mfrm"));
    people.extend(text(data, "/suid"));
    let entity = first(data, &["/etype"]).or_else(|| text(record, "/EntityType"));
    if entity.is_some_and(|kind| kind.eq_ignore_ascii_case("user")) {
        people.extend(text(data, "/eid"));
    }
    let mut found = people.iter().filter_map(|name| identity::person(name));
    let actor = found.next();
    let others = found.filter(|other| Some(other) != actor.as_ref()).count();
    if others > 0 {
        filling
            .facts
            .parse_notes
            .push(format!("{others} more acting accounts are named"));
    }
    actor
}

/// `id:name:count:confidence;…`
fn packed(text: &str) -> Vec<SensitiveType> {
    text.split(';')
        .filter(|entry| !entry.trim().is_empty())
        .map(|entry| {
            let mut parts = entry.split(':').map(str::trim);
            let given = |part: Option<&str>| part.filter(|p| !p.is_empty()).map(str::to_owned);
            SensitiveType {
                uid: given(parts.next()),
                name: given(parts.next()),
                count: parts.next().and_then(|n| n.parse().ok()),
                // The fourth number is larger than any percentage: what it means is not documented.
                confidence: parts
                    .next()
                    .and_then(|n| n.parse().ok())
                    .filter(|n| (0..=100).contains(n)),
            }
        })
        .collect()
}

fn last_segment(path: &str) -> String {
    path.rsplit(['\\', '/']).next().unwrap_or(path).to_owned()
}

/// Host and share of a network path, or the drive: the rest of a path names files, which are restricted.
fn share(path: &str) -> Option<String> {
    if let Some(rest) = path.strip_prefix("\\\\") {
        let mut parts = rest.split('\\').filter(|p| !p.is_empty());
        let host = parts.next()?;
        return Some(parts.next().map_or_else(
            || format!("\\\\{host}"),
            |share| format!("\\\\{host}\\{share}"),
        ));
    }
    path.get(..2)
        .filter(|drive| drive.ends_with(':'))
        .map(str::to_owned)
}
