//! The adapters on the sample bodies, on variations of them, and on any bytes.

use super::*;
use crate::domain::restricted::Purpose;
use serde_json::json;

mod alertmanager;
mod damaged;
mod shapes;

/// When the bodies of these tests are received.
fn received() -> DateTime<Utc> {
    time::read("2026-11-21T12:00:00Z").unwrap()
}

fn clearance() -> crate::domain::restricted::Clearance {
    crate::domain::restricted::Clearance::system(Purpose::Evaluation)
}

fn sample(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/payloads/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

fn sample_value(name: &str) -> Value {
    serde_json::from_slice(&sample(name)).unwrap()
}

/// The expected facts of a sample, without what the caller or a reader adds.
fn expected(name: &str) -> Value {
    let mut all = sample_value("EXPECTED.json")[name].take();
    all.as_object_mut().unwrap().remove("source_kind");
    for alert in all["alerts"].as_array_mut().unwrap() {
        alert.as_object_mut().unwrap().remove("note");
        alert["playbook"] = Value::Null;
    }
    all
}

fn readings(adapter: &Adapter, body: &[u8]) -> Vec<Reading> {
    let elements = adapter.read(body, received()).unwrap();
    elements.into_iter().map(|e| e.outcome.unwrap()).collect()
}

fn only(adapter: &Adapter, body: &Value) -> Reading {
    let mut all = readings(adapter, body.to_string().as_bytes());
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn facts(reading: &Reading) -> &Alert {
    match reading {
        Reading::Alert(alert) | Reading::Noted(alert, _) => alert,
    }
}

fn flats(adapter: &Adapter, body: &[u8]) -> Value {
    let all = readings(adapter, body);
    flat::flat_body(all.iter().map(|r| (r, None)), &clearance())
}

#[test]
fn each_office365_sample_gives_its_facts() {
    for name in [
        "purview_dlp_alert_endpoint_web_low.json",
        "purview_dlp_alert_entity_exchange.json",
        "purview_dlp_rulematch_exchange.json",
        "o365_alert_elevation_exchange_admin.json",
        "mcas_alert_impossible_travel.json",
    ] {
        assert_eq!(
            flats(&Adapter::Office365, &sample(name)),
            expected(name),
            "{name}"
        );
    }
}

#[test]
fn each_graph_sample_gives_its_facts() {
    for name in [
        "graph_alert_v2_mde_hidden_file.json",
        "graph_incidents_list_demo.json",
        "graph_change_notification.json",
        "graph_lifecycle_notification.json",
        "graph_devicecompliancedevicestatus_docs.json",
    ] {
        assert_eq!(
            flats(&Adapter::Graph, &sample(name)),
            expected(name),
            "{name}"
        );
    }
}

#[test]
fn a_remediated_risk_opens_nothing_and_keeps_its_facts() {
    let name = "graph_riskdetection_docs.json";
    let mut wanted = expected(name);
    // The second of two detection times has no place in the normalized alert.
    wanted["alerts"][0]["times"]
        .as_object_mut()
        .unwrap()
        .remove("detected");
    assert_eq!(flats(&Adapter::Graph, &sample(name)), wanted);
}

#[test]
fn the_answer_to_a_comment_opens_nothing() {
    let name = "graph_comment_create_response.json";
    let all = flats(&Adapter::Graph, &sample(name));
    let wanted = expected(name);
    assert_eq!(all["is_alert"], wanted["is_alert"]);
    let alerts = all["alerts"].as_array().unwrap();
    assert_eq!(alerts.len(), 2);
    assert!(alerts.iter().all(|each| *each == wanted["alerts"][0]));
}

#[test]
fn the_kind_is_dlp_for_dlp_only() {
    for (name, kind) in [
        ("purview_dlp_alert_endpoint_web_low.json", AlertKind::Dlp),
        ("purview_dlp_rulematch_exchange.json", AlertKind::Dlp),
        (
            "o365_alert_elevation_exchange_admin.json",
            AlertKind::Identity,
        ),
        ("mcas_alert_impossible_travel.json", AlertKind::Identity),
    ] {
        assert_eq!(
            facts(&only(&Adapter::Office365, &sample_value(name))).kind,
            kind,
            "{name}"
        );
    }
}

#[test]
fn an_endpoint_upload_tells_rule_types_device_and_enforcement() {
    let reading = only(
        &Adapter::Office365,
        &sample_value("purview_dlp_alert_endpoint_web_low.json"),
    );
    let alert = facts(&reading);
    assert_eq!(alert.enforcement.as_deref(), Some("Audit"));
    assert_eq!(
        alert.device.as_ref().unwrap().uid.as_deref(),
        Some("480217736059114")
    );
    assert_eq!(
        alert.rule.as_ref().unwrap().name.as_deref(),
        Some("Low volume of content detected Identity Papers Browser")
    );
    let types: Vec<_> = alert
        .sensitive_types
        .iter()
        .map(|t| (t.name.as_deref().unwrap(), t.count))
        .collect();
    assert_eq!(
        types,
        [
            ("Finland Passport Number", Some(1)),
            ("Poland Identity Card", Some(1)),
            ("EU Passport Number", Some(3))
        ]
    );
    let detail = alert.detail.open(&clearance()).unwrap();
    let file = detail.file.as_ref().unwrap();
    assert_eq!(file.name.as_deref(), Some("applicants0917-list-tw.pdf"));
    assert_eq!(file.size_bytes, Some(164_902));
}

#[test]
fn the_highest_rule_of_a_match_gives_severity_and_rule() {
    let mut body = sample_value("purview_dlp_rulematch_exchange.json");
    body["PolicyDetails"][0]["Rules"]
        .as_array_mut()
        .unwrap()
        .reverse();
    let reading = only(&Adapter::Office365, &body);
    let alert = facts(&reading);
    assert_eq!(alert.severity, Severity::High);
    assert_eq!(
        alert.rule.as_ref().unwrap().name.as_deref(),
        Some("High volume of content detected ledger")
    );
    assert_eq!(alert.enforcement.as_deref(), Some("BlockAccess"));
    assert_eq!(alert.sensitive_types.len(), 2);
    assert_eq!(alert.destination.as_ref().unwrap().external, Some(true));
}

#[test]
fn a_match_on_a_site_names_who_shared_which_file() {
    let mut body = sample_value("purview_dlp_rulematch_exchange.json");
    body.as_object_mut().unwrap().remove("ExchangeMetaData");
    body["RecordType"] = json!(11);
    body["Workload"] = json!("OneDrive");
    body["UserId"] = json!("site.owner@contoso.example");
    body["SharePointMetaData"] = json!({
        "From": "Clerk@Contoso.Example", "FileName": "pay.xlsx", "FileOwner": "owner@contoso.example",
        "FilePathUrl": "https://contoso.example/pay.xlsx", "SensitivityLabelIds": ["label-1"]
    });
    let reading = only(&Adapter::Office365, &body);
    let alert = facts(&reading);
    assert_eq!(
        alert.user.as_ref().unwrap().upn.as_deref(),
        Some("clerk@contoso.example")
    );
    assert_eq!(
        alert.sensitivity_label.as_ref().unwrap().uid.as_deref(),
        Some("label-1")
    );
    let detail = alert.detail.open(&clearance()).unwrap();
    assert_eq!(
        detail.file.as_ref().unwrap().name.as_deref(),
        Some("pay.xlsx")
    );
    body["SharePointMetaData"]["From"] = json!("SHAREPOINT\\system");
    assert_eq!(facts(&only(&Adapter::Office365, &body)).user, None);
}

#[test]
fn an_endpoint_record_is_a_match_only_where_it_names_a_policy() {
    let mut body = json!({
        "CreationTime": "2026-11-03T08:42:51", "Id": "e-1", "Operation": "FileCopiedToRemovableMedia",
        "RecordType": 63, "UserId": "Clerk@Contoso.Example", "Workload": "Endpoint", "DeviceName": "lt-1",
        "ObjectId": "C:\\pay.xlsx", "FileSize": 12
    });
    assert!(matches!(
        only(&Adapter::Office365, &body),
        Reading::Noted(..)
    ));
    body["PolicyMatchInfo"] =
        json!({"PolicyId": "p-1", "PolicyName": "Removable media", "RuleName": "any"});
    let reading = only(&Adapter::Office365, &body);
    let alert = facts(&reading);
    assert!(matches!(reading, Reading::Alert(_)));
    assert_eq!(
        alert.policy.as_ref().unwrap().name.as_deref(),
        Some("Removable media")
    );
    assert_eq!(alert.action.as_deref(), Some("FileCopiedToRemovableMedia"));
    assert_eq!(
        alert.user.as_ref().unwrap().upn.as_deref(),
        Some("clerk@contoso.example")
    );
    assert_eq!(
        alert.device.as_ref().unwrap().hostname.as_deref(),
        Some("lt-1")
    );
}

#[test]
fn entities_of_one_alert_are_kept_apart_by_their_time() {
    let entity = sample_value("purview_dlp_alert_entity_exchange.json");
    let alert = sample_value("purview_dlp_alert_endpoint_web_low.json");
    assert!(
        facts(&only(&Adapter::Office365, &entity))
            .key_time
            .is_some()
    );
    assert!(facts(&only(&Adapter::Office365, &alert)).key_time.is_none());
}

#[test]
fn another_record_of_the_audit_stream_is_noted_with_its_reason() {
    let body = json!({
        "CreationTime": "2026-11-03T08:42:51", "Id": "a-1", "Operation": "FileAccessed", "RecordType": 6,
        "UserId": "Clerk@contoso.example", "Workload": "SharePoint"
    });
    let Reading::Noted(alert, why) = only(&Adapter::Office365, &body) else {
        panic!("an audit record opened an incident");
    };
    assert_eq!(why, "an audit record that reports no alert");
    assert_eq!(
        alert.user.unwrap().upn.as_deref(),
        Some("clerk@contoso.example")
    );
}

#[test]
fn an_alert_whose_data_is_broken_is_still_an_alert() {
    let mut body = sample_value("purview_dlp_alert_endpoint_web_low.json");
    body["Data"] = json!("{\"f3u\": ");
    let reading = only(&Adapter::Office365, &body);
    assert!(matches!(reading, Reading::Alert(_)));
    assert_eq!(facts(&reading).parse_notes, ["Data could not be read"]);
    assert_eq!(facts(&reading).user, None);
}

#[test]
fn an_alert_without_a_severity_is_unknown() {
    let mut body = sample_value("mcas_alert_impossible_travel.json");
    body["AlertSeverity"] = Value::Null;
    assert_eq!(
        facts(&only(&Adapter::Office365, &body)).severity,
        Severity::Unknown
    );
}

#[test]
fn what_the_source_has_resolved_is_noted() {
    let mut alert = sample_value("graph_alert_v2_mde_hidden_file.json");
    for word in ["resolved", "Resolved", "RESOLVED"] {
        alert["status"] = json!(word);
        assert!(
            matches!(only(&Adapter::Graph, &alert), Reading::Noted(..)),
            "{word}"
        );
    }
    let mut alert = sample_value("o365_alert_elevation_exchange_admin.json");
    alert["Status"] = json!("Resolved");
    assert!(matches!(
        only(&Adapter::Office365, &alert),
        Reading::Noted(..)
    ));
}

#[test]
fn graph_alerts_come_alone_in_a_list_and_in_value() {
    let one = sample_value("graph_alert_v2_mde_hidden_file.json");
    for body in [json!([one, one]), json!({"value": [one, one]})] {
        assert_eq!(
            readings(&Adapter::Graph, body.to_string().as_bytes()).len(),
            2
        );
    }
}

#[test]
fn dlp_alerts_of_graph_are_known_by_any_spelling() {
    let mut alert = sample_value("graph_alert_v2_mde_hidden_file.json");
    for word in [
        "dataLossPrevention",
        "DATALOSSPREVENTION",
        "microsoftDataLossPrevention",
        "Microsoft Data Loss Prevention",
    ] {
        alert["serviceSource"] = json!(word);
        assert_eq!(
            facts(&only(&Adapter::Graph, &alert)).kind,
            AlertKind::Dlp,
            "{word}"
        );
    }
}

#[test]
fn a_generated_dlp_title_gives_policy_and_workload_and_stays_restricted() {
    let mut alert = sample_value("graph_alert_v2_mde_hidden_file.json");
    alert["serviceSource"] = json!("dataLossPrevention");
    for (title, policy, workload) in [
        (
            "DLP policy (Payroll (EU)) matched for document (pay (1).xlsx) in a device",
            "Payroll (EU)",
            "Endpoint",
        ),
        (
            "DLP policy (Payroll) matched for document (pay.xlsx) in OneDrive",
            "Payroll",
            "OneDrive",
        ),
        (
            "DLP policy (Payroll) matched for email with subject (Bank (new))",
            "Payroll",
            "Exchange",
        ),
    ] {
        alert["title"] = json!(title);
        let reading = only(&Adapter::Graph, &alert);
        let facts = facts(&reading);
        assert_eq!(facts.policy.as_ref().unwrap().name.as_deref(), Some(policy));
        assert_eq!(facts.workload.as_deref(), Some(workload));
        assert!(
            !format!("{facts:?}").contains("pay"),
            "the debug form shows restricted text"
        );
        assert_eq!(
            facts.detail.open(&clearance()).unwrap().title.as_deref(),
            Some(title)
        );
    }
    alert["additionalData"] = json!({"alertPolicyTitle": "As stated"});
    let stated = only(&Adapter::Graph, &alert);
    assert_eq!(
        facts(&stated).policy.as_ref().unwrap().name.as_deref(),
        Some("As stated")
    );
}

#[test]
fn the_person_of_a_graph_alert_is_the_named_user_never_a_service() {
    let mut alert = sample_value("graph_alert_v2_mde_hidden_file.json");
    let user = |account: Value| json!({"@odata.type": "#microsoft.graph.security.userEvidence", "userAccount": account});
    alert["evidence"] = json!([
        user(json!({"accountName": "SYSTEM", "domainName": "NT AUTHORITY", "userSid": "S-1-5-18"})),
        user(
            json!({"accountName": "clerk", "domainName": "CORP", "userPrincipalName": "Clerk@Contoso.Example"})
        ),
    ]);
    let reading = only(&Adapter::Graph, &alert);
    assert_eq!(
        facts(&reading).user.as_ref().unwrap().shown().as_deref(),
        Some("clerk@contoso.example")
    );
}
