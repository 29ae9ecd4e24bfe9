//! However long Discord refuses, Baton does not hammer it: Discord shuts out whoever collects 10,000 refusals in ten
//! minutes.

use crate::scenarios::harness::{World, scenario};
use baton::sandbox::permissions::VIEW_CHANNEL;
use chrono::TimeDelta;
use serde_json::json;

/// For so long each request is refused, in milliseconds of the clock.
const TEN_MINUTES: i64 = 600_000;
const ALERTS: usize = 5;

/// Alerts come in while each request is refused for ten minutes; gives back how many were.
async fn refused_for_ten_minutes(w: &World, kind: &str, status: u64) -> usize {
    w.expected().whatever_fails();
    w.fault(json!({ "kind": kind, "for_ms": TEN_MINUTES, "route": "*" }))
        .await;
    for n in 0..ALERTS {
        let body = json!({ "id": format!("refused-{n}"), "kind": "dlp", "severity": "low" });
        w.alert("generic", body.to_string()).await.accepted();
    }
    let mut left = TimeDelta::milliseconds(TEN_MINUTES);
    while left > TimeDelta::zero() {
        let drained = w.deliver_once().await;
        let wait = drained
            .again_in
            .and_then(|wait| TimeDelta::from_std(wait).ok());
        let wait = wait
            .unwrap_or(left)
            .max(TimeDelta::milliseconds(1))
            .min(left);
        w.jump(wait);
        left -= wait;
    }
    let told = w.sandbox_says("requests").await;
    let requests = told["requests"].as_array().unwrap();
    let refused = requests
        .iter()
        .filter(|one| one["status"] == status)
        .count();
    w.faults_end().await;
    if w.service().rest.is_shut() {
        w.kill();
        w.start().await;
    }
    // What rests is sent once the guild changes.
    w.overwrite("recovery", "outsider", 0, VIEW_CHANNEL).await;
    let messages = w.tier1().channel("tier1-triage").await.all();
    for n in 1..=ALERTS {
        let id = format!("INC-{n}");
        let shown = messages
            .iter()
            .filter(|one| one.incidents().contains(&id))
            .count();
        assert_eq!(shown, 1, "{kind}: {id}");
    }
    refused
}

#[test]
fn refusals_stay_few_however_long_discord_refuses() {
    for (kind, status, most) in [
        // After the first nothing is sent until a start.
        ("http_401", 401, 1),
        // Each message rests after its first try, and one notice for each in the audit channel.
        ("http_403", 403, 2 * ALERTS),
        ("http_404", 404, 2 * ALERTS),
        // The pause doubles to half a minute: five tries up to there, then two a minute.
        ("http_429", 429, 5 + 2 * 10),
    ] {
        scenario(async |w| {
            let refused = refused_for_ten_minutes(w, kind, status).await;
            println!("{kind}: {refused} refusals in ten minutes");
            assert!(
                (1..=most).contains(&refused),
                "{kind}: {refused}, at most {most}"
            );
        });
    }
}
