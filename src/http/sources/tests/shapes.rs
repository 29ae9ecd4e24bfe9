//! Configured pointers, bodies of every shape, and any bytes at all.

use super::flat::flat;
use super::*;
use proptest::prelude::*;

fn generic() -> Adapter {
    Adapter::Generic(Box::default())
}

pub(super) fn every() -> [Adapter; 4] {
    let monitoring = Adapter::Alertmanager(Box::default());
    [Adapter::Office365, Adapter::Graph, monitoring, generic()]
}

#[test]
fn the_generic_map_points_at_every_fact() {
    let body = json!({
        "id": 7, "incident": "G-1", "title": "t", "severity": "High", "kind": "dlp", "user": "CORP\\clerk",
        "device": "lt-1", "serial": "SN1", "policy": "p", "rule": "r", "label": "Secret", "workload": "Mail",
        "action": "Sent", "destination": "x.example", "detected_at": "2026-11-03 08:00:00Z", "url": "https://s.example/7"
    });
    let flat = flat(&only(&generic(), &body), Some("any"), &clearance());
    for (key, value) in [
        ("source_alert_id", "7"),
        ("source_incident_id", "G-1"),
        ("severity", "high"),
        ("user", "CORP\\clerk"),
        ("device", "lt-1"),
        ("device_serial", "SN1"),
        ("policy", "p"),
        ("label", "Secret"),
        ("destination", "x.example"),
        ("detected_at", "2026-11-03T08:00:00Z"),
        ("source_url", "https://s.example/7"),
        ("playbook", "any"),
    ] {
        assert_eq!(flat[key], json!(value), "{key}");
    }
}

#[test]
fn configured_pointers_words_and_items_are_followed() {
    let map = GenericMap {
        items: Some("/data/alerts".to_owned()),
        pointers: [
            (
                generic::Fact::Id,
                vec!["/x".to_owned(), "/meta/a~1b".to_owned()],
            ),
            (generic::Fact::Severity, vec!["/p".to_owned()]),
        ]
        .into_iter()
        .collect(),
        severity_words: [("p1".to_owned(), Severity::Critical)]
            .into_iter()
            .collect(),
        closed_words: vec![],
        kind: AlertKind::Infra,
    };
    let adapter = Adapter::Generic(Box::new(map));
    let body =
        json!({"data": {"alerts": [{"meta": {"a/b": "x1"}, "p": "P1"}, {"meta": {"a/b": "x2"}}]}});
    let all = readings(&adapter, body.to_string().as_bytes());
    assert_eq!(facts(&all[0]).severity, Severity::Critical);
    assert_eq!(facts(&all[1]).severity, Severity::Unknown);
    assert_eq!(facts(&all[1]).kind, AlertKind::Infra);
    assert_eq!(
        adapter.read(b"{}", received()).unwrap_err().pointer,
        "/data/alerts"
    );
}

#[test]
fn an_id_that_lost_digits_or_has_no_end_is_none() {
    let long = "x".repeat(1_001);
    for id in [
        json!(1e36),
        json!(1.5),
        json!(true),
        json!({}),
        json!(" "),
        json!(long),
    ] {
        let body = json!({ "id": id }).to_string();
        assert_eq!(
            generic()
                .read(body.as_bytes(), received())
                .unwrap_err()
                .pointer,
            "/id"
        );
    }
    let named = only(
        &generic(),
        &json!({"source_alert_id": 18_446_744_073_709_551_615_u64}),
    );
    assert_eq!(facts(&named).source_alert_id, "18446744073709551615");
}

#[test]
fn one_bad_element_is_named_and_the_rest_taken() {
    let body = json!([{"id": "1"}, {"title": "no id"}, 3, {"id": "4"}]);
    let elements = generic()
        .read(body.to_string().as_bytes(), received())
        .unwrap();
    let faults: Vec<_> = elements
        .iter()
        .filter_map(|e| e.outcome.as_ref().err())
        .map(|f| f.pointer.as_str())
        .collect();
    assert_eq!(faults, ["/1/id", "/2"]);
    assert_eq!(elements[3].raw, br#"{"id":"4"}"#);
}

#[test]
fn a_body_of_which_nothing_fits_names_the_first_fault() {
    let fault = generic()
        .read(br#"[{"a": 1}, {"a": 2}]"#, received())
        .unwrap_err();
    assert_eq!(fault.pointer, "/0/id");
    for (adapter, body, pointer) in [
        (Adapter::Office365, r#"{"hello": 1}"#, "/Operation"),
        (
            Adapter::Office365,
            r#"{"Operation": "AlertTriggered", "RecordType": 40}"#,
            "/AlertId",
        ),
        (
            Adapter::Office365,
            r#"{"Operation": "AlertTriggered", "RecordType": 40, "AlertId": {}}"#,
            "/AlertId",
        ),
        (
            Adapter::Office365,
            r#"{"Operation": "X", "RecordType": []}"#,
            "/RecordType",
        ),
        (Adapter::Graph, r#"{"value": [{"hello": 1}]}"#, "/value/0"),
        (Adapter::Graph, "3", ""),
    ] {
        let fault = adapter.read(body.as_bytes(), received()).unwrap_err();
        assert_eq!(fault.pointer, pointer, "{body}");
        assert!(!fault.mend.is_empty());
    }
}

#[test]
fn what_is_no_json_is_told_with_line_and_column() {
    let fault = generic().read(b"{\n  \"id\": x}", received()).unwrap_err();
    assert_eq!(
        fault.message,
        "The body is not JSON: line 2, column 9: expected value."
    );
    assert!(
        generic()
            .read(b"\xff\xfe", received())
            .unwrap_err()
            .message
            .contains("UTF-8")
    );
    assert!(generic().read(b"", received()).is_err());
}

#[test]
fn an_empty_list_holds_nothing_and_is_no_fault() {
    assert!(
        Adapter::Graph
            .read(br#"{"value": []}"#, received())
            .unwrap()
            .is_empty()
    );
    assert!(generic().read(b"[]", received()).unwrap().is_empty());
}

#[test]
fn depth_and_number_are_bounded() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for adapter in every() {
        assert!(adapter.read(deep.as_bytes(), received()).is_err());
        let inside = format!(r#"{{"id": "1", "x": {deep}}}"#);
        assert!(adapter.read(inside.as_bytes(), received()).is_err());
    }
    let many = format!("[{}1]", "1,".repeat(MOST_ELEMENTS));
    assert!(
        generic()
            .read(many.as_bytes(), received())
            .unwrap_err()
            .message
            .contains("at most")
    );
}

#[test]
fn a_byte_order_mark_is_no_fault() {
    assert!(
        generic()
            .read(b"\xef\xbb\xbf{\"id\": 1}", received())
            .is_ok()
    );
}

/// Any JSON, biased towards the keys that the adapters read.
fn any_json() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "value",
        "Operation",
        "RecordType",
        "Id",
        "AlertId",
        "Data",
        "PolicyDetails",
        "Rules",
        "Severity",
        "CreationTime",
        "ExchangeMetaData",
        "To",
        "id",
        "evidence",
        "@odata.type",
        "userAccount",
        "title",
        "serviceSource",
        "subscriptionId",
        "changeType",
        "AlertLinks",
        "UserId",
        "status",
        "Actions",
    ]);
    let words = prop::sample::select(vec![
        "DlpRuleMatch",
        "AlertTriggered",
        "#microsoft.graph.security.alert",
        "dataLossPrevention",
        "DLP policy (",
        "DLP policy (a) matched for document (",
        "\\\\",
        "{\"f3u\":\"\u{301}\"}",
        "é:",
        "2026-01-01T00:00:60Z",
        "#microsoft.graph.security.userEvidence",
        "9999-12-31",
        "S-1-",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![11, 13, 40, 63, 98]).prop_map(Value::from),
        words.prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..8).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for adapter in every() {
            let _answer = adapter.read(&body, received());
        }
    }

    #[test]
    fn any_json_is_read_or_refused_and_shown(body in any_json()) {
        for adapter in every() {
            for element in adapter.read(body.to_string().as_bytes(), received()).into_iter().flatten() {
                if let Ok(reading) = element.outcome {
                    let shown = flat(&reading, None, &clearance());
                    prop_assert!(!facts(&reading).source_alert_id.is_empty());
                    prop_assert_eq!(shown.as_object().map(serde_json::Map::len), Some(17));
                }
            }
        }
    }

    #[test]
    fn any_cut_of_a_sample_is_read_or_refused(cut in 0usize..2200) {
        let body = sample("purview_dlp_alert_endpoint_web_low.json");
        let _answer = Adapter::Office365.read(&body[..cut.min(body.len())], received());
    }

    #[test]
    fn any_text_as_a_time_is_read_or_nothing(text in "\\PC{0,40}") {
        let _answer = time::read(&text);
    }
}
