//! What follows from what: time, mentions, pins, threads that open, the record of the traffic.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Place, TOKEN, seed};
use crate::sandbox::{Clock, Options, Sandbox, SystemClock, permissions::VIEW_CHANNEL};

#[tokio::test]
async fn a_thread_is_archived_when_its_time_has_passed_on_the_handed_clock() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    let path = format!("/channels/{}/threads", place.channel("triage"));
    let body = json!({ "name": "t", "type": 12, "auto_archive_duration": 60 });
    let (_, thread) = place.rest("POST", &path, body).await;
    place.clock.advance(TimeDelta::minutes(60));
    let path = format!("/channels/{}", thread["id"].as_str().unwrap());
    let (_, found) = place.rest("GET", &path, Value::Null).await;
    assert_eq!(found["thread_metadata"]["archived"], true);
    let update = bot.event("THREAD_UPDATE").await;
    assert_eq!(update["thread_metadata"]["archived"], true);
    let (_, refused) = place.rest("PATCH", &path, json!({ "name": "n" })).await;
    assert_eq!(refused["code"], 50_083);
}

#[tokio::test]
async fn mentions_count_in_text_displays_and_an_answer_pings_whom_it_answers_unless_told_not_to() {
    let place = Place::open().await;
    let path = format!("/channels/{}/messages", place.channel("general"));
    let asked = place.member(
        "tier1",
        "messages",
        json!({ "channel": "general", "content": "?" }),
    );
    let (_, asked) = asked.await;
    let text = format!("<@{}>", place.user("tier2"));
    let display = json!({ "flags": 1 << 15, "components": [{ "type": 10, "content": text }] });
    let reply = json!({ "content": "!", "message_reference": { "message_id": asked["id"] } });
    let mut quiet = reply.clone();
    quiet["allowed_mentions"] = json!({ "parse": [] });
    for (body, pinged) in [
        (display, json!([place.user("tier2")])),
        (reply, json!([place.user("tier1")])),
        (quiet, json!([])),
    ] {
        let (status, sent) = place.rest("POST", &path, body).await;
        assert_eq!(status, 200, "{sent}");
        let seen = place.view("tier1", "general").await.1;
        let last = seen["messages"].as_array().unwrap().last().unwrap();
        assert_eq!(last["pinged"]["users"], pinged);
    }
}

#[tokio::test]
async fn a_pin_is_listed_told_and_taken_back() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    let channel = format!("/channels/{}", place.channel("general"));
    let (_, message) = place
        .rest(
            "POST",
            &format!("{channel}/messages"),
            json!({ "content": "x" }),
        )
        .await;
    let pin = format!(
        "{channel}/messages/pins/{}",
        message["id"].as_str().unwrap()
    );
    assert_eq!(place.rest("PUT", &pin, Value::Null).await.0, 204);
    assert!(bot.event("CHANNEL_PINS_UPDATE").await["last_pin_timestamp"].is_string());
    let said = bot.event("MESSAGE_CREATE").await;
    assert_eq!(
        (&said["type"], &said["message_reference"]["message_id"]),
        (&json!(6), &message["id"])
    );
    let (_, pins) = place
        .rest("GET", &format!("{channel}/messages/pins"), Value::Null)
        .await;
    assert_eq!(pins["items"][0]["message"]["id"], message["id"]);
    assert_eq!(pins["items"][0]["message"]["pinned"], true);
    assert_eq!(place.rest("DELETE", &pin, Value::Null).await.0, 204);
    let (_, old) = place
        .rest("GET", &format!("{channel}/pins"), Value::Null)
        .await;
    assert_eq!(old, json!([]));
}

#[tokio::test]
async fn typing_is_accepted_where_the_bot_may_write() {
    let place = Place::open().await;
    let path = format!("/channels/{}/typing", place.channel("general"));
    assert_eq!(place.rest("POST", &path, Value::Null).await.0, 204);
    assert_eq!(
        place
            .rest("POST", "/channels/1/typing", Value::Null)
            .await
            .1["code"],
        10_003
    );
}

#[tokio::test]
async fn a_channel_that_opens_to_the_bot_brings_its_threads() {
    let mut seed = seed();
    seed.bot.permissions = VIEW_CHANNEL | (1 << 35) | (1 << 28);
    let place = Place::with(None, seed).await;
    let mut bot = place.bot().await;
    let triage = place.channel("triage");
    let path = format!("/channels/{triage}/threads");
    let (status, thread) = place
        .rest("POST", &path, json!({ "name": "t", "type": 11 }))
        .await;
    assert_eq!(status, 201, "{thread}");
    let own = format!("/channels/triage/overwrites/{}", place.user("bot"));
    place
        .control("PUT", &own, json!({ "deny": VIEW_CHANNEL.to_string() }))
        .await;
    place
        .control("PUT", &own, json!({ "allow": VIEW_CHANNEL.to_string() }))
        .await;
    let sync = bot.event("THREAD_LIST_SYNC").await;
    assert_eq!(sync["channel_ids"], json!([triage]));
    assert_eq!(sync["threads"][0]["id"], thread["id"]);
    assert_eq!(sync["members"][0]["user_id"], place.user("bot"));
}

#[tokio::test]
async fn who_joins_and_leaves_a_thread_is_told() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    let path = format!("/channels/{}/threads", place.channel("triage"));
    let (_, thread) = place
        .rest("POST", &path, json!({ "name": "t", "type": 12 }))
        .await;
    let tier1 = place.user("tier1");
    let member = format!(
        "/channels/{}/thread-members/{tier1}",
        thread["id"].as_str().unwrap()
    );
    assert_eq!(place.rest("PUT", &member, Value::Null).await.0, 204);
    let joined = bot.event("THREAD_MEMBERS_UPDATE").await;
    assert_eq!(
        (
            &joined["added_members"][0]["user_id"],
            &joined["member_count"]
        ),
        (&json!(tier1), &json!(2))
    );
    assert_eq!(place.rest("DELETE", &member, Value::Null).await.0, 204);
    let left = bot.event("THREAD_MEMBERS_UPDATE").await;
    assert_eq!(
        (&left["removed_member_ids"], &left["member_count"]),
        (&json!([tier1]), &json!(1))
    );
}

#[tokio::test]
async fn a_reason_is_read_as_it_was_meant() {
    let place = Place::open().await;
    let url = format!("http://{}/api/v10/users/@me", place.sandbox.addr());
    let request = reqwest::Client::new().get(url);
    let request = request.header("authorization", format!("Bot {TOKEN}"));
    request
        .header("x-audit-log-reason", "INC-1%3A%20100%25%20s%C3%BCd")
        .send()
        .await
        .unwrap();
    let (_, log) = place.control("GET", "/requests", Value::Null).await;
    assert_eq!(log["requests"][0]["reason"], "INC-1: 100% süd");
}

#[tokio::test]
async fn the_traffic_is_written_with_its_answers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("traffic.jsonl");
    let options = Options {
        addr: "127.0.0.1:0".parse().unwrap(),
        world: None,
        clock: Arc::new(SystemClock::default()),
        seed: seed(),
        traffic: Some(file.clone()),
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let url = format!("http://{}/api/v10/channels/1/messages?x=1", sandbox.addr());
    let request = reqwest::Client::new().post(url);
    let request = request.header("authorization", format!("Bot {TOKEN}"));
    let answer = request
        .json(&json!({ "content": "x" }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], 10_003);
    let written = std::fs::read_to_string(file).unwrap();
    let written: Value = serde_json::from_str(written.trim()).unwrap();
    let expected = json!({ "method": "POST", "path": "/api/v10/channels/1/messages?x=1", "status": 404,
        "request": { "content": "x" }, "response": { "code": 10_003, "message": "Unknown Channel" } });
    assert_eq!(written, expected);
}
