//! Microsoft Graph: `alerts_v2`, incidents and sign-in risks, and the bodies beside them that report
//! nothing. Enumerations are read in any case; a word that is not known stays as text.

use super::json::{self, Nested, any_case, first, identifier, text, texts};
use super::{DERIVED, ElementFault, Filling, derived, graph_evidence, identity, named};
use crate::domain::alert::{AlertKind, Email, File, Reading};
use serde_json::Value;

pub(super) fn read(element: &Value, raw: &str) -> Result<Reading, ElementFault> {
    let kind = text(element, "/@odata.type")
        .unwrap_or_default()
        .to_lowercase();
    let has = |pointer: &str| element.pointer(pointer).is_some_and(|v| !v.is_null());
    if let Some(why) = housekeeping(element) {
        return Ok(Filling::new(derived(raw), AlertKind::Siem).noted(why));
    }
    if kind.ends_with(".devicecompliancedevicestatus") {
        return compliance(element, raw);
    }
    if kind.ends_with(".riskdetection") || (has("/riskEventType") && has("/riskState")) {
        return risk(element);
    }
    if kind.ends_with(".security.incident") || (has("/incidentWebUrl") && has("/displayName")) {
        return incident(element);
    }
    let marks = [
        "/serviceSource",
        "/detectionSource",
        "/alertWebUrl",
        "/providerAlertId",
    ];
    if kind.ends_with(".security.alert") || marks.iter().any(|mark| has(mark)) {
        return alert(element);
    }
    if has("/vendorInformation") {
        return Err(ElementFault::at(
            "/vendorInformation",
            "An alert of the older `/security/alerts`; send `alerts_v2`.",
        ));
    }
    Err(ElementFault::at(
        "",
        "Neither an alert of `alerts_v2`, nor an incident, nor anything else of Graph that is known here.",
    ))
}

fn housekeeping(element: &Value) -> Option<&'static str> {
    let has = |pointer: &str| text(element, pointer).is_some();
    if has("/subscriptionId") && has("/lifecycleEvent") {
        return Some("the subscription needs attention; nothing is reported");
    }
    if has("/subscriptionId") && has("/changeType") {
        return Some("the source says that something changed; the alert itself must be fetched");
    }
    let written = [
        "/createdByDisplayName",
        "/createdBy",
        "/createdDateTime",
        "/createdTime",
    ];
    (element.pointer("/comment").is_some_and(Value::is_string)
        && !has("/id")
        && written.iter().any(|p| has(p)))
    .then_some("a comment on an alert; it reports nothing new")
}

fn id(element: &Value) -> Result<String, ElementFault> {
    identifier(element, "/id")
        .ok_or_else(|| ElementFault::at("/id", "The id of the alert is missing or is no text."))
}

fn alert(element: &Value) -> Result<Reading, ElementFault> {
    let service = text(element, "/serviceSource");
    let detection = text(element, "/detectionSource");
    let kind = kind(service.as_deref(), detection.as_deref());
    let mut filling = Filling::new(id(element)?, kind);
    common(&mut filling, element);
    filling.facts.source_incident_id = text(element, "/incidentId");
    filling.facts.source_url = first(element, &["/alertWebUrl", "/incidentWebUrl"]);
    filling.facts.category = text(element, "/category");
    filling.facts.product = text(element, "/productName").or_else(|| service.clone());
    filling.facts.detection_source = detection;
    filling.facts.workload = service;
    filling.facts.techniques = texts(element, "/mitreTechniques");
    filling.detail.title = text(element, "/title");
    let started = filling.time(element, "/firstActivityDateTime");
    filling.facts.times.first_seen_at = started;
    filling.facts.times.last_seen_at = filling.time(element, "/lastActivityDateTime");
    filling.facts.times.resolved_at = filling.time(element, "/resolvedDateTime");
    filling.facts.times.detected_at = started.or(filling.facts.times.created_at);
    graph_evidence::read(&mut filling, element);
    policy(&mut filling, element);
    Ok(finish(filling))
}

/// What alerts and incidents have alike.
fn common(filling: &mut Filling, element: &Value) {
    filling.severity(text(element, "/severity"));
    filling.facts.tenant_id = text(element, "/tenantId");
    filling.facts.source_status = text(element, "/status");
    filling.facts.times.created_at = filling.time(element, "/createdDateTime");
    filling.facts.times.modified_at = filling.time(element, "/lastUpdateDateTime");
    filling.detail.desc = text(element, "/description");
}

fn finish(filling: Filling) -> Reading {
    let status = filling.facts.source_status.clone().unwrap_or_default();
    if ["resolved", "redirected"].contains(&status.to_lowercase().as_str()) {
        return filling.noted(format!("the source has it as {status}"));
    }
    filling.alert()
}

/// The three spellings under which the source names its DLP.
fn is_dlp(word: &str) -> bool {
    let bare: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
    ["datalossprevention", "microsoftdatalossprevention"].contains(&bare.to_lowercase().as_str())
}

fn kind(service: Option<&str>, detection: Option<&str>) -> AlertKind {
    if [service, detection].into_iter().flatten().any(is_dlp) {
        return AlertKind::Dlp;
    }
    match service.unwrap_or_default().to_lowercase().as_str() {
        "microsoftdefenderforendpoint" | "microsoft365defender" => AlertKind::Endpoint,
        "microsoftdefenderforidentity"
        | "azureadidentityprotection"
        | "microsoftentraidprotection"
        | "microsoftdefenderforcloudapps"
        | "microsoftappgovernance" => AlertKind::Identity,
        "microsoftdefenderforcloud" => AlertKind::Infra,
        // Anything else: a person chooses.
        _ => AlertKind::Siem,
    }
}

/// The policy's name: where the source states it, else out of the title that it generates. A generated
/// title says also where the match was, and holds the name of the file or the subject of the mail.
fn policy(filling: &mut Filling, element: &Value) {
    let more = match json::nested(element, "/additionalData") {
        Nested::Object(more) => more,
        Nested::Absent | Nested::Unreadable => Value::Null,
    };
    let stated = any_case(&more, "AlertPolicyTitle");
    let title = filling.detail.title.clone().unwrap_or_default();
    let generated = (filling.facts.kind == AlertKind::Dlp)
        .then(|| Generated::read(&title))
        .flatten();
    let parsed = generated.as_ref().map(|g| g.policy.clone());
    filling.facts.policy = named(text(element, "/alertPolicyId"), stated.or(parsed));
    if let Some(generated) = generated {
        generated.tell(filling);
    }
}

/// A title such as `DLP policy (NAME) matched for document (FILE) in a device`.
struct Generated {
    policy: String,
    workload: Option<&'static str>,
    file: Option<String>,
    subject: Option<String>,
}

impl Generated {
    fn read(title: &str) -> Option<Self> {
        const OPENING: &str = "dlp policy (";
        let head = title.get(..OPENING.len())?;
        if !head.eq_ignore_ascii_case(OPENING) {
            return None;
        }
        let (policy, rest) = title.get(OPENING.len()..)?.split_once(") matched for ")?;
        let mut found = Self {
            policy: policy.trim().to_owned(),
            workload: None,
            file: None,
            subject: None,
        };
        if let Some(rest) = rest.strip_prefix("email with subject (") {
            found.workload = Some("Exchange");
            found.subject = rest.rsplit_once(')').map(|(subject, _)| subject.to_owned());
        } else if let Some((file, place)) = rest
            .strip_prefix("document (")
            .and_then(|r| r.rsplit_once(')'))
        {
            found.file = Some(file.to_owned());
            found.workload = workload(place);
        }
        Some(found)
    }

    fn tell(self, filling: &mut Filling) {
        if let Some(workload) = self.workload {
            filling.facts.workload = Some(workload.to_owned());
        }
        if self.file.is_some() && filling.detail.file.is_none() {
            filling.detail.file = Some(File {
                name: self.file,
                ..File::default()
            });
        }
        if self.subject.is_some() && filling.detail.email.is_none() {
            filling.detail.email = Some(Email {
                subject: self.subject,
                ..Email::default()
            });
        }
    }
}

fn workload(place: &str) -> Option<&'static str> {
    let place = place.to_lowercase();
    [
        ("device", "Endpoint"),
        ("onedrive", "OneDrive"),
        ("sharepoint", "SharePoint"),
        ("teams", "MicrosoftTeams"),
    ]
    .iter()
    .find(|(word, _)| place.contains(word))
    .map(|(_, name)| *name)
}

/// An incident has no alert id; its own id is its key.
fn incident(element: &Value) -> Result<Reading, ElementFault> {
    let id = id(element)?;
    let mut filling = Filling::new(format!("{DERIVED}incident:{id}"), AlertKind::Endpoint);
    common(&mut filling, element);
    filling.facts.source_incident_id = Some(id);
    filling.facts.source_url = text(element, "/incidentWebUrl");
    filling.facts.times.detected_at = filling.facts.times.created_at;
    filling.detail.title = text(element, "/displayName");
    if text(element, "/redirectIncidentId").is_some() {
        return Ok(filling.noted("the source has merged it into another incident"));
    }
    Ok(finish(filling))
}

fn risk(element: &Value) -> Result<Reading, ElementFault> {
    let mut filling = Filling::new(id(element)?, AlertKind::Identity);
    let level = text(element, "/riskLevel");
    filling.severity(level);
    filling.facts.source_status = text(element, "/riskState");
    filling.facts.workload = text(element, "/source");
    filling.facts.action = text(element, "/activity");
    filling.facts.user = text(element, "/userPrincipalName").and_then(|t| identity::person(&t));
    if let Some(user) = filling.facts.user.as_mut() {
        user.uid = text(element, "/userId");
        user.display_name = text(element, "/userDisplayName");
    }
    let started = filling.time(element, "/activityDateTime");
    let detected = filling.time(element, "/detectedDateTime");
    filling.facts.times.first_seen_at = started;
    filling.facts.times.detected_at = started.or(detected);
    filling.facts.times.modified_at = filling.time(element, "/lastUpdatedDateTime");
    filling.detail.title = text(element, "/riskEventType");
    filling.detail.src_ip =
        text(element, "/ipAddress").filter(|ip| ip.parse::<std::net::IpAddr>().is_ok());
    let state = filling.facts.source_status.clone().unwrap_or_default();
    if ["remediated", "dismissed", "confirmedsafe"].contains(&state.to_lowercase().as_str()) {
        return Ok(filling.noted(format!("the source has the risk as {state}")));
    }
    Ok(filling.alert())
}

/// The compliance state of one device: anything but a failure is noted; a failure belongs to a source
/// that says which device it is, which this body does not.
fn compliance(element: &Value, raw: &str) -> Result<Reading, ElementFault> {
    let status = text(element, "/status").unwrap_or_default();
    if ["notapplicable", "compliant", "remediated", "notassigned"]
        .contains(&status.to_lowercase().as_str())
    {
        let filling = Filling::new(derived(raw), AlertKind::Compliance);
        return Ok(filling.noted(format!("a compliance state: {status}")));
    }
    Err(ElementFault::at(
        "/status",
        "A device's compliance failure is not read from this body; send the Intune log instead.",
    ))
}
