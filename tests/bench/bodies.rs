//! The bodies that are sent: alerts as Prometheus posts them, and alerts of Microsoft Graph made large as those really are.

use serde_json::{Value, json};

/// Persons that the alerts are about, in turn.
const PERSONS: usize = 500;

/// One alert of a list, of about 630 bytes with the list around it.
pub fn prometheus(run: &str, n: usize) -> Value {
    let severity = ["info", "warning", "critical"][n % 3];
    json!({
        "labels": {
            "alertname": format!("DiskFillsUp{}", n % 50),
            "alert_id": format!("{run}-{n}"),
            "instance": format!("host-{}.contoso.example:9100", n % 400),
            "job": "node",
            "severity": severity,
            "team": "platform",
            "tenant": "contoso",
            "user": format!("user{}@contoso.example", n % PERSONS),
        },
        "annotations": {
            "summary": "The file system will be full within four hours at the present rate",
            "description": "Predicted from the last six hours by a linear fit over the free bytes of the mount point.",
            "runbook": "https://runbooks.contoso.example/disk-fills-up",
        },
        "startsAt": "2026-10-12T09:35:49.741Z",
        "endsAt": "2036-10-12T09:35:49.741Z",
        "generatorURL": "https://prometheus.contoso.example/graph?g0.expr=predict_linear",
    })
}

pub fn prometheus_list(run: &str, range: std::ops::Range<usize>) -> Vec<u8> {
    let list: Vec<Value> = range.map(|n| prometheus(run, n)).collect();
    serde_json::to_vec(&list).unwrap()
}

/// The same, all about one person.
pub fn about_one_person(run: &str, range: std::ops::Range<usize>) -> Vec<u8> {
    let list: Vec<Value> = range
        .map(|n| {
            let mut alert = prometheus(run, n);
            alert["labels"]["user"] = json!("service@contoso.example");
            alert
        })
        .collect();
    serde_json::to_vec(&list).unwrap()
}

/// An alert for one of five channels, by its policy.
pub fn spread(run: &str, n: usize) -> Vec<u8> {
    let severity = ["low", "medium", "high"][(n / 5) % 3];
    let body = json!({
        "id": format!("{run}-{n}"),
        "kind": "infra",
        "severity": severity,
        "policy": format!("c{}", n % 5),
        "user": format!("user{}@contoso.example", n % PERSONS),
    });
    serde_json::to_vec(&body).unwrap()
}

/// The sample of a device alert, as large as in the field, with an id and a person of its own.
pub fn graph(run: &str, n: usize) -> Vec<u8> {
    const SAMPLE: &str =
        include_str!("../../templates/samples/graph_alert_v2_mde_hidden_file.json");
    const SIZE: usize = 5_800;
    let mut body: Value = serde_json::from_str(SAMPLE).unwrap();
    body["id"] = json!(format!("{run}-{n}"));
    body["incidentId"] = json!(format!("{run}-{n}"));
    let size = serde_json::to_vec(&body).unwrap().len();
    body["recommendedActions"] =
        json!("Look at the process tree. ".repeat(SIZE.saturating_sub(size) / 26));
    serde_json::to_vec(&body).unwrap()
}
