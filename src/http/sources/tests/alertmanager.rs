//! Alertmanager's webhook and Prometheus's list: the same alert by either way, each firing its own.

use super::*;
use proptest::prelude::*;

fn adapter() -> Adapter {
    Adapter::Alertmanager(Box::default())
}

fn posted(changes: &[(&str, Value)]) -> Value {
    let mut alert = json!({
        "labels": {"alertname": "DiskFills", "instance": "db-1.fabrikam.example:9100", "severity": "warning"},
        "annotations": {"summary": "The disk fills within four hours."},
        "startsAt": "2026-11-21T11:00:00.5Z",
        "endsAt": "2026-11-21T12:04:00Z",
        "generatorURL": "https://prometheus.fabrikam.example/graph?g0.expr=up"
    });
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        alert.pointer_mut(parent).unwrap()[key] = value.clone();
    }
    alert
}

#[test]
fn the_webhook_sample_gives_its_facts() {
    let name = "alertmanager_v4_instance_down.json";
    assert_eq!(flats(&adapter(), &sample(name)), expected(name));
}

#[test]
fn a_list_as_prometheus_posts_it_gives_the_same_alert_as_the_webhook() {
    let list = json!([posted(&[])]);
    let by_list = readings(&adapter(), list.to_string().as_bytes()).remove(0);
    let alert = facts(&by_list);
    assert_eq!(alert.severity, Severity::Medium);
    assert_eq!(alert.source_severity.as_deref(), Some("warning"));
    assert_eq!(alert.kind, AlertKind::Infra);
    assert_eq!(
        alert.rule.as_ref().unwrap().name.as_deref(),
        Some("DiskFills")
    );
    assert_eq!(alert.key_time, alert.times.detected_at);
    let detail = alert.detail.open(&clearance()).unwrap();
    assert_eq!(
        detail.desc.as_deref(),
        Some("The disk fills within four hours.")
    );
    let id = alert.source_alert_id.clone();
    let passed_on = posted(&[
        ("/status", json!("firing")),
        ("/fingerprint", json!(id)),
        ("/endsAt", json!("0001-01-01T00:00:00Z")),
    ]);
    let body = json!({"version": "4", "truncatedAlerts": 0, "alerts": [passed_on]});
    let mut by_webhook = only(&adapter(), &body);
    if let Reading::Alert(alert) = &mut by_webhook {
        alert.source_status = None;
    }
    assert_eq!(by_webhook, by_list);
}

#[test]
fn a_fingerprint_is_derived_as_alertmanager_does() {
    // Prometheus's own example of a label set and its fingerprint.
    let body = json!({"labels": {"name": "garland, briggs", "fear": "love is not enough"}});
    assert_eq!(
        facts(&only(&adapter(), &body)).source_alert_id,
        format!("{:016x}", 5_799_056_148_416_392_346_u64)
    );
    let empty =
        json!({"labels": {"fear": "love is not enough", "none": "", "name": "garland, briggs"}});
    assert_eq!(
        facts(&only(&adapter(), &empty)).source_alert_id,
        facts(&only(&adapter(), &body)).source_alert_id
    );
}

#[test]
fn what_has_ended_is_noted_by_its_status_or_by_its_end() {
    for (what, changes, is_noted) in [
        ("ends later", vec![], false),
        (
            "has ended",
            vec![("/endsAt", json!("2026-11-21T12:00:00Z"))],
            true,
        ),
        (
            "never ends",
            vec![("/endsAt", json!("0001-01-01T00:00:00Z"))],
            false,
        ),
        ("no end", vec![("/endsAt", Value::Null)], false),
        ("resolved", vec![("/status", json!("resolved"))], true),
        (
            "fires on, says the sender",
            vec![
                ("/status", json!("firing")),
                ("/endsAt", json!("2026-11-21T11:30:00Z")),
            ],
            false,
        ),
    ] {
        let noted = matches!(only(&adapter(), &posted(&changes)), Reading::Noted(..));
        assert_eq!(noted, is_noted, "{what}");
    }
}

#[test]
fn labels_name_severity_person_and_device_as_configured() {
    for (word, severity) in [
        (json!("critical"), Severity::Critical),
        (json!("Warning"), Severity::Medium),
        (json!("info"), Severity::Informational),
        (json!("page"), Severity::Unknown),
        (json!(""), Severity::Unknown),
    ] {
        let reading = only(&adapter(), &posted(&[("/labels/severity", word.clone())]));
        assert_eq!(facts(&reading).severity, severity, "{word}");
    }
    let map = LabelMap {
        severity: "prio".to_owned(),
        user: "login".to_owned(),
        device: "host".to_owned(),
        severity_words: [("page".to_owned(), Severity::Critical)].into(),
        kind: AlertKind::Siem,
    };
    let body = posted(&[(
        "/labels",
        json!({"prio": "page", "login": "Clerk@Contoso.Example", "host": "lt-1", "job": "x", "team": "y"}),
    )]);
    let reading = only(&Adapter::Alertmanager(Box::new(map)), &body);
    let alert = facts(&reading);
    assert_eq!(alert.severity, Severity::Critical);
    assert_eq!(
        alert.user.as_ref().unwrap().shown().as_deref(),
        Some("clerk@contoso.example")
    );
    assert_eq!(
        alert.device.as_ref().unwrap().hostname.as_deref(),
        Some("lt-1")
    );
    assert_eq!(alert.kind, AlertKind::Siem);
    assert_eq!(alert.rule, None);
    let detail = alert.detail.open(&clearance()).unwrap();
    assert_eq!(detail.evidence, ["job=x, team=y"]);
}

#[test]
fn one_bad_alert_costs_no_other_and_is_told_without_its_text() {
    for (pointer, value, told) in [
        ("/labels", Value::Null, "/labels"),
        ("/labels", json!("secret"), "/labels"),
        ("/labels", json!({}), "/labels"),
        ("/labels/a~b", json!(7), "/labels/a~0b"),
        (
            "/annotations/summary",
            json!(["secret"]),
            "/annotations/summary",
        ),
        ("/startsAt", json!(1), "/startsAt"),
        ("/fingerprint", json!("s".repeat(1001)), "/fingerprint"),
    ] {
        let body = json!({"alerts": [posted(&[(pointer, value)]), posted(&[])]}).to_string();
        let elements = adapter().read(body.as_bytes(), received()).unwrap();
        let fault = elements[0].outcome.as_ref().unwrap_err();
        assert_eq!(fault.pointer, format!("/alerts/0{told}"));
        assert!(!fault.message.contains("secret"));
        assert!(elements[1].outcome.is_ok());
        assert_eq!(elements[1].pointer, "/alerts/1");
    }
    let twice = r#"[{"labels": {"a": "1"}, "status": "firing", "status": "firing"}]"#;
    assert!(adapter().read(twice.as_bytes(), received()).is_err());
}

#[test]
fn a_body_of_which_nothing_fits_says_where() {
    for (body, pointer) in [
        (json!({"alerts": [{"x": 1}]}), "/alerts/0/labels"),
        (json!([3]), "/0"),
        (json!({"alerts": {"labels": 1}}), "/alerts/labels"),
        (
            json!({"alerts": [], "truncatedAlerts": "many"}),
            "/truncatedAlerts",
        ),
        (json!({"hello": 1}), "/labels"),
        (json!(7), ""),
    ] {
        let text = body.to_string();
        let fault = adapter().read(text.as_bytes(), received()).unwrap_err();
        assert_eq!(fault.pointer, pointer, "{body}");
        assert!(fault.mend.contains("webhook_config") || pointer.is_empty());
    }
    for body in [json!([]), json!({"alerts": []}), json!({"alerts": null})] {
        assert!(
            readings(&adapter(), body.to_string().as_bytes()).is_empty(),
            "{body}"
        );
    }
}

#[test]
fn what_the_sender_cut_off_is_said_on_each_alert() {
    let body = json!({"truncatedAlerts": 3, "alerts": [posted(&[])]});
    assert_eq!(
        facts(&only(&adapter(), &body)).parse_notes,
        ["the sender left out 3 further alerts of this group (its max_alerts)"]
    );
}

#[test]
fn an_alert_that_was_kept_alone_is_read_again_as_it_stood() {
    let body = posted(&[]).to_string();
    let kept = adapter().read_kept(body.as_bytes(), received()).unwrap();
    assert!(matches!(kept[0].outcome, Ok(Reading::Alert(_))));
    let later = received() + chrono::TimeDelta::days(1);
    let kept = adapter().read_kept(body.as_bytes(), later).unwrap();
    assert!(matches!(kept[0].outcome, Ok(Reading::Noted(..))));
}

proptest! {
    /// The order of labels is nothing, and escapes are what they stand for.
    #[test]
    fn an_alert_is_its_labels_in_any_order(
        mut labels in prop::collection::btree_map("[a-z_]{1,8}", "\\PC{1,12}", 1..8),
        escaped in any::<bool>(),
    ) {
        labels.retain(|_, value| !value.trim().is_empty());
        prop_assume!(!labels.is_empty());
        let text = |value: &str| {
            if escaped {
                let units = value.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
                format!("\"{}\"", units.collect::<String>())
            } else {
                json!(value).to_string()
            }
        };
        let pairs: Vec<String> = labels.iter().map(|(k, v)| format!("{}:{}", json!(k), text(v))).collect();
        let mut turned = pairs.clone();
        turned.reverse();
        let id = |pairs: &[String]| {
            let body = format!("[{{\"labels\":{{{}}}}}]", pairs.join(","));
            facts(&readings(&adapter(), body.as_bytes())[0]).source_alert_id.clone()
        };
        prop_assert_eq!(id(&pairs), id(&turned));
        let plain = json!([{"labels": labels}]).to_string();
        let by_plain = facts(&readings(&adapter(), plain.as_bytes())[0]).source_alert_id.clone();
        prop_assert_eq!(by_plain, id(&pairs));
    }
}
