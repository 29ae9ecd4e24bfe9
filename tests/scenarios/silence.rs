//! That a story fails on what it leaves behind: without these, silence would prove nothing.

use super::harness::{minutes, scenario};
use crate::payload;
use serde_json::json;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");

#[test]
#[should_panic(expected = "nobody expected this in #tier1-triage")]
fn a_story_fails_on_a_message_nobody_looked_at() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
    });
}

#[test]
#[should_panic(expected = "nobody expected this in #tier1-triage")]
fn a_story_fails_on_a_reminder_nobody_looked_at() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.tier1().channel("tier1-triage").await.card("INC-1");
        w.advance(minutes(300)).await;
    });
}

#[test]
#[should_panic(expected = "was answered with 500")]
fn a_story_fails_on_a_refused_request_that_it_did_not_declare() {
    scenario(async |w| {
        w.fault(json!({ "kind": "http_500", "route": "POST /api/v10/channels" }))
            .await;
        w.alert("purview", UPLOAD).await.accepted();
        w.tier1().channel("tier1-triage").await.card("INC-1");
    });
}

#[test]
#[should_panic(expected = "logged: WARN the gateway connection dropped")]
fn a_story_fails_on_a_warning_that_it_did_not_declare() {
    scenario(async |w| {
        w.fault(json!({ "kind": "gateway_reconnect" })).await;
        w.connected().await;
        w.heard().await;
    });
}

#[test]
#[should_panic(expected = "0 of 1 requests POST got 500")]
fn a_story_fails_on_a_fault_that_did_not_come() {
    scenario(async |w| {
        w.expected().request(500, "POST", 1);
    });
}

#[test]
#[should_panic(expected = "the history does not hold")]
fn a_story_fails_on_a_history_that_was_changed() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.tier1().channel("tier1-triage").await.card("INC-1");
        w.tamper("UPDATE incidents SET stage = 'containment'").await;
    });
}
