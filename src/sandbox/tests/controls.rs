//! Faults, the request log, the world's file, who may connect.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{APP, Place, seed};
use crate::sandbox::{Clock, Options, Sandbox, SandboxError, SystemClock};

#[tokio::test]
async fn a_lost_response_is_done_but_its_caller_sees_a_broken_connection() {
    let place = Place::open().await;
    let fault = json!({ "kind": "lost_response", "route": "POST /api/v10/channels" });
    place.control("POST", "/faults", fault).await;
    let url = format!(
        "http://{}/api/v10/channels/{}/messages",
        place.sandbox.addr(),
        place.channel("general")
    );
    let request = reqwest::Client::new()
        .post(url)
        .header("authorization", format!("Bot {}", super::TOKEN));
    let broken = request
        .json(&json!({ "content": "there", "nonce": "1" }))
        .send()
        .await;
    assert!(broken.is_err(), "{broken:?}");
    assert_eq!(
        place.view("tier1", "general").await.1["messages"][0]["content"],
        "there"
    );
    let (_, log) = place.control("GET", "/requests", Value::Null).await;
    let last = log["requests"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["method"], &last["status"], &last["body"]["content"]),
        (&json!("POST"), &json!(200), &json!("there"))
    );
}

#[tokio::test]
async fn ordered_500_and_429_hit_once_and_do_nothing() {
    let place = Place::open().await;
    let path = format!("/channels/{}/messages", place.channel("general"));
    for (kind, status) in [("http_500", 500), ("http_429", 429)] {
        place
            .control("POST", "/faults", json!({ "kind": kind }))
            .await;
        assert_eq!(
            place
                .rest("POST", &path, json!({ "content": kind }))
                .await
                .0,
            status
        );
    }
    assert_eq!(
        place
            .rest("POST", &path, json!({ "content": "ok" }))
            .await
            .0,
        200
    );
    assert_eq!(
        place.view("tier1", "general").await.1["messages"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        place
            .control("POST", "/faults", json!({ "kind": "flood" }))
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn the_world_is_back_after_reopening_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.jsonl");
    let place = Place::with(Some(file.clone()), seed()).await;
    let mut bot = place.bot().await;
    place
        .register(json!([{ "name": "open", "description": "d" }]))
        .await;
    let path = format!("/channels/{}/messages", place.channel("triage"));
    let body = json!({ "content": "card", "nonce": "k", "enforce_nonce": true });
    let (_, card) = place.rest("POST", &path, body.clone()).await;
    let (_, thread) = place
        .rest(
            "POST",
            &format!("/channels/{}/threads", place.channel("triage")),
            json!({ "name": "t" }),
        )
        .await;
    let form = json!({ "type": 9, "data": { "custom_id": "f", "title": "F", "components": [
        { "type": 18, "label": "L", "component": { "type": 4, "style": 1, "custom_id": "c" } }] } });
    let run = json!({ "channel": "triage", "name": "open" });
    place
        .exchange(&mut bot, "tier1", "commands", run.clone(), form)
        .await;
    let psst = json!({ "type": 4, "data": { "content": "psst", "flags": 64 } });
    let (_, interaction) = place
        .exchange(&mut bot, "tier1b", "commands", run, psst)
        .await;
    let before = place.control("GET", "/guild", Value::Null).await.1;
    let seen = place.view("tier1", "triage").await.1;
    // The first one is still running: what a killed process leaves is what is in the file now.
    let left = folder.path().join("left.jsonl");
    std::fs::copy(&file, &left).unwrap();
    let again = Place::with(Some(left), seed()).await;
    assert_eq!(again.control("GET", "/guild", Value::Null).await.1, before);
    assert_eq!(again.view("tier1", "triage").await.1, seen);
    assert!(seen["modal"]["id"].is_string());
    let hidden = again.view("tier1b", "triage").await.1;
    assert_eq!(hidden["messages"][1]["content"], "psst");
    assert_eq!(
        again.rest("POST", &path, body).await.1["id"],
        card["id"],
        "the nonce is remembered"
    );
    let (_, new) = again.rest("POST", &path, json!({ "content": "new" })).await;
    let number = |value: &Value| value["id"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(number(&new) > number(&thread));
    let hook = format!(
        "/webhooks/{APP}/{}/messages/@original",
        interaction["token"].as_str().unwrap()
    );
    assert_eq!(
        again
            .rest("PATCH", &hook, json!({ "content": "still mine" }))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn only_loopback_is_bound_and_only_loopback_names_are_answered() {
    let addr = "0.0.0.0:0".parse().unwrap();
    let clock = Arc::new(SystemClock::default());
    let refused = Sandbox::start(Options {
        addr,
        world: None,
        clock,
        seed: seed(),
        traffic: None,
    })
    .await;
    assert!(matches!(refused, Err(SandboxError::NotLoopback(_))));
    let place = Place::open().await;
    let url = format!("http://{}/sandbox/guild", place.sandbox.addr());
    let rebound = reqwest::Client::new()
        .get(&url)
        .header("host", "evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(rebound.status(), 403);
    let named = reqwest::Client::new()
        .get(&url)
        .header("host", "localhost:1")
        .send()
        .await
        .unwrap();
    assert_eq!(named.status(), 200);
    place.sandbox.stop().await;
    assert!(reqwest::get(&url).await.is_err());
}

#[tokio::test]
async fn an_unanswered_command_is_504_after_three_seconds_and_its_token_is_void() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    place
        .register(json!([{ "name": "open", "description": "d" }]))
        .await;
    let run = json!({ "channel": "triage", "name": "open" });
    let wait = async {
        tokio::task::yield_now().await;
        while place.sandbox.app.within(|inner| inner.waiting.is_empty()) {
            tokio::task::yield_now().await;
        }
        place.clock.advance(chrono::TimeDelta::milliseconds(3_001));
    };
    let ((status, why), ()) = tokio::join!(place.member("tier1", "commands", run), wait);
    assert_eq!(status, 504);
    assert!(why["error"].as_str().unwrap().contains("3 seconds"));
    let interaction = bot.event("INTERACTION_CREATE").await;
    let (_, refused) = place.answer(&interaction, json!({ "type": 5 })).await;
    assert_eq!(refused["code"], 10_062);
}

#[tokio::test]
async fn a_slow_answer_is_held_back_and_done() {
    let place = Place::open().await;
    place
        .control("POST", "/faults", json!({ "kind": "slow", "for_ms": 300 }))
        .await;
    let began = std::time::Instant::now();
    let path = format!("/channels/{}/messages", place.channel("general"));
    assert_eq!(
        place.rest("POST", &path, json!({ "content": "x" })).await.0,
        200
    );
    assert!(began.elapsed().as_millis() >= 300);
}

#[tokio::test]
async fn ordered_401_403_and_404_speak_as_discord_does_and_do_nothing() {
    let place = Place::open().await;
    let path = format!("/channels/{}/messages", place.channel("general"));
    let one = format!("{path}/1");
    for (kind, path, status, code) in [
        ("http_401", &path, 401, 0),
        ("http_403", &path, 403, 50_001),
        ("http_404", &path, 404, 10_003),
        ("http_404", &one, 404, 10_008),
    ] {
        let order = json!({ "kind": kind, "route": "*" });
        place.control("POST", "/faults", order).await;
        let told = place.rest("POST", path, json!({ "content": kind })).await;
        assert_eq!(
            (told.0.as_u16(), &told.1["code"]),
            (status, &json!(code)),
            "{kind}"
        );
    }
    let seen = place.view("tier1", "general").await.1;
    assert_eq!(seen["messages"], json!([]));
}

#[tokio::test]
async fn a_lost_request_is_not_done_and_a_late_response_is_done_before_it_comes() {
    let place = Place::open().await;
    let path = format!("/channels/{}/messages", place.channel("general"));
    let url = format!("http://{}/api/v10{path}", place.sandbox.addr());
    let send = |content: &str| {
        let request = reqwest::Client::new().post(&url);
        let request = request.header("authorization", format!("Bot {}", super::TOKEN));
        request.json(&json!({ "content": content })).send()
    };
    place
        .control("POST", "/faults", json!({ "kind": "lost_request" }))
        .await;
    assert!(send("lost").await.is_err());
    let order = json!({ "kind": "late_response", "for_ms": 60_000 });
    place.control("POST", "/faults", order).await;
    let stands = async {
        loop {
            let seen = place.view("tier1", "general").await.1;
            if let [one] = seen["messages"].as_array().unwrap().as_slice() {
                return one["content"].clone();
            }
        }
    };
    tokio::select! {
        answer = send("late") => panic!("{answer:?}"),
        content = stands => assert_eq!(content, "late"),
    }
}

#[tokio::test]
async fn all_faults_end_at_once() {
    let place = Place::open().await;
    let order = json!({ "kind": "http_500", "times": 1000, "route": "*" });
    place.control("POST", "/faults", order).await;
    assert_eq!(place.rest("GET", "/users/@me", Value::Null).await.0, 500);
    assert_eq!(place.control("DELETE", "/faults", Value::Null).await.0, 200);
    assert_eq!(place.rest("GET", "/users/@me", Value::Null).await.0, 200);
}

#[tokio::test]
async fn the_request_log_goes_on_after_the_last_known_number() {
    let place = Place::open().await;
    for _ in 0..3 {
        place.rest("GET", "/users/@me", Value::Null).await;
    }
    let (_, log) = place.control("GET", "/requests?since=2", Value::Null).await;
    let rows = log["requests"].as_array().unwrap();
    assert_eq!(
        (rows.len(), &rows[0]["path"]),
        (1, &json!("/api/v10/users/@me"))
    );
}
