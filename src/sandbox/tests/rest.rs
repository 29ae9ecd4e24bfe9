//! REST: messages, nonces, limits, threads, permissions, files, what is unknown.

use serde_json::{Value, json};

use super::{Place, TOKEN, seed};
use crate::sandbox::permissions::{EVERYONE_DEFAULT, MANAGE_THREADS, SEND_MESSAGES, VIEW_CHANNEL};

#[tokio::test]
async fn the_same_nonce_posts_once() {
    let place = Place::open().await;
    let path = format!("/channels/{}/messages", place.channel("general"));
    let body = json!({ "content": "once", "nonce": "n1", "enforce_nonce": true });
    let (_, first) = place.rest("POST", &path, body.clone()).await;
    let (status, second) = place.rest("POST", &path, body.clone()).await;
    assert_eq!((status.as_u16(), &second["id"]), (200, &first["id"]));
    assert_eq!(
        place.view("tier1", "general").await.1["messages"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    place.advance(6 * 60_000).await;
    assert_ne!(place.rest("POST", &path, body).await.1["id"], first["id"]);
}

#[tokio::test]
async fn the_sixth_message_gets_429_with_discords_headers_until_the_clock_moves() {
    let place = Place::open().await;
    let path = format!("/channels/{}/messages", place.channel("general"));
    let body = json!({ "content": "x" });
    for left in (0..5).rev() {
        let response = place.raw("POST", &path, body.clone()).await;
        assert_eq!(
            response.headers()["x-ratelimit-remaining"],
            left.to_string()
        );
        assert!(response.headers().contains_key("x-ratelimit-bucket"));
    }
    let response = place.raw("POST", &path, body.clone()).await;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["x-ratelimit-scope"], "user");
    assert_eq!(response.headers()["retry-after"], "5");
    let refused: Value = response.json().await.unwrap();
    assert_eq!(
        (&refused["global"], &refused["retry_after"]),
        (&json!(false), &json!(5.0))
    );
    let other = format!("/channels/{}/messages", place.channel("triage"));
    assert_eq!(place.rest("POST", &other, body.clone()).await.0, 200);
    place.advance(5_000).await;
    assert_eq!(place.rest("POST", &path, body).await.0, 200);
}

#[tokio::test]
async fn wrong_token_unknown_ids_and_unknown_endpoints_have_discords_answers() {
    let place = Place::open().await;
    let response = place
        .ask("GET", "/api/v10/users/@me", Some("wrong"), Value::Null)
        .await;
    assert_eq!(response.status(), 401);
    for (path, code) in [
        ("/channels/1", 10_003),
        ("/guilds/1", 10_004),
        ("/users/1", 10_013),
    ] {
        assert_eq!(
            place.rest("GET", path, Value::Null).await.1["code"],
            code,
            "{path}"
        );
    }
    let path = format!("/channels/{}/messages/1", place.channel("general"));
    assert_eq!(
        place.rest("GET", &path, Value::Null).await.1["code"],
        10_008
    );
    let hook = format!("/webhooks/{}/nothing", super::APP);
    assert_eq!(
        place.rest("POST", &hook, json!({ "content": "x" })).await.1["code"],
        10_015
    );
    assert_eq!(
        place.rest("GET", "/voice/regions", Value::Null).await.0,
        501
    );
    assert_eq!(place.sandbox.unknown_endpoints(), 1);
}

#[tokio::test]
async fn a_bot_without_permission_is_told_50001_or_50013() {
    let mut seed = seed();
    seed.bot.permissions = VIEW_CHANNEL;
    seed.everyone = Some(EVERYONE_DEFAULT & !SEND_MESSAGES);
    seed.channels[1].overwrites.pop();
    let place = Place::with(None, seed).await;
    let message = json!({ "content": "x" });
    let path = format!("/channels/{}/messages", place.channel("general"));
    assert_eq!(
        place.rest("POST", &path, message.clone()).await.1["code"],
        50_013
    );
    let path = format!("/channels/{}/messages", place.channel("triage"));
    assert_eq!(place.rest("POST", &path, message).await.1["code"], 50_001);
    let path = format!("/guilds/{}/channels", place.guild_id());
    assert_eq!(
        place.rest("POST", &path, json!({ "name": "n" })).await.1["code"],
        50_013
    );
}

#[tokio::test]
async fn a_private_thread_is_seen_by_its_members_and_by_who_manages_threads() {
    let place = Place::open().await;
    let triage = place.channel("triage");
    let body = json!({ "name": "INC-1", "type": 12, "invitable": false });
    let (status, thread) = place
        .rest("POST", &format!("/channels/{triage}/threads"), body)
        .await;
    assert_eq!(status, 201, "{thread}");
    let id = thread["id"].as_str().unwrap();
    let add = format!("/channels/{id}/thread-members/{}", place.user("tier1"));
    assert_eq!(place.rest("PUT", &add, Value::Null).await.0, 204);
    assert_eq!(place.view("tier1", id).await.0, 200);
    assert_eq!(place.view("tier1b", id).await.0, 403);
    let outsider = format!("/channels/{id}/thread-members/{}", place.user("outsider"));
    assert_eq!(
        place.rest("PUT", &outsider, Value::Null).await.1["code"],
        50_001
    );
    let overwrite = format!("/channels/{triage}/overwrites/{}", place.user("tier1b"));
    let allow = (VIEW_CHANNEL | MANAGE_THREADS).to_string();
    place
        .control("PUT", &overwrite, json!({ "allow": allow }))
        .await;
    assert_eq!(place.view("tier1b", id).await.0, 200);
    assert_eq!(place.rest("DELETE", &add, Value::Null).await.0, 204);
    assert_eq!(place.view("tier1", id).await.0, 403);
    let path = format!("/guilds/{}/threads/active", place.guild_id());
    assert_eq!(
        place.rest("GET", &path, Value::Null).await.1["threads"][0]["id"],
        id
    );
    place.advance(4_320 * 60_000).await;
    let (_, archived) = place
        .rest("GET", &format!("/channels/{id}"), Value::Null)
        .await;
    assert_eq!(archived["thread_metadata"]["archived"], true);
}

#[tokio::test]
async fn pinged_says_who_a_message_reaches_and_allowed_mentions_holds_it_back() {
    let place = Place::open().await;
    let path = format!("/channels/{}/messages", place.channel("general"));
    let text = format!(
        "<@{}> <@&{}> @everyone",
        place.user("tier1"),
        place.role("tier2")
    );
    place.rest("POST", &path, json!({ "content": text })).await;
    place
        .rest(
            "POST",
            &path,
            json!({ "content": text, "allowed_mentions": { "parse": [] } }),
        )
        .await;
    place
        .member(
            "tier1",
            "messages",
            json!({ "channel": "general", "content": text }),
        )
        .await;
    let messages = place.view("tier1", "general").await.1["messages"].clone();
    let all =
        json!({ "users": [place.user("tier1")], "roles": [place.role("tier2")], "everyone": true });
    assert_eq!(messages[0]["pinged"], all);
    let none = json!({ "users": [], "roles": [], "everyone": false });
    assert_eq!(messages[1]["pinged"], none);
    let everyone_may = EVERYONE_DEFAULT & crate::sandbox::permissions::MENTION_EVERYONE != 0;
    assert_eq!(messages[2]["pinged"]["everyone"], everyone_may);
}

#[tokio::test]
async fn a_file_is_uploaded_served_and_dropped_by_an_edit() {
    let place = Place::open().await;
    let part = reqwest::multipart::Part::bytes(b"hello".to_vec())
        .file_name("note one.txt")
        .mime_str("text/plain")
        .unwrap();
    let payload =
        json!({ "content": "see", "attachments": [{ "id": 0, "description": "a note" }] });
    let form = reqwest::multipart::Form::new()
        .text("payload_json", payload.to_string())
        .part("files[0]", part);
    let path = format!("/api/v10/channels/{}/messages", place.channel("general"));
    let url = format!("http://{}{path}", place.sandbox.addr());
    let request = reqwest::Client::new()
        .post(url)
        .header("authorization", format!("Bot {TOKEN}"))
        .multipart(form);
    let message: Value = request.send().await.unwrap().json().await.unwrap();
    let file = &message["attachments"][0];
    assert_eq!(
        (&file["filename"], &file["size"], &file["description"]),
        (&json!("note_one.txt"), &json!(5), &json!("a note"))
    );
    let url = file["url"].as_str().unwrap();
    assert_eq!(
        reqwest::get(url).await.unwrap().text().await.unwrap(),
        "hello"
    );
    let path = format!(
        "/channels/{}/messages/{}",
        place.channel("general"),
        message["id"].as_str().unwrap()
    );
    let (_, edited) = place
        .rest("PATCH", &path, json!({ "attachments": [] }))
        .await;
    assert_eq!(
        (&edited["attachments"], &edited["content"]),
        (&json!([]), &json!("see"))
    );
    assert_eq!(reqwest::get(url).await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_file_without_a_kind_is_taken_for_what_its_name_says() {
    let place = Place::open().await;
    let path = format!("/api/v10/channels/{}/messages", place.channel("general"));
    for (name, kind) in [
        ("plan.png", json!("image/png")),
        ("plan.PNG", json!("image/png")),
        ("plan.svg", Value::Null),
        ("plan", Value::Null),
    ] {
        let part = reqwest::multipart::Part::bytes(b"bytes".to_vec()).file_name(name);
        let form = reqwest::multipart::Form::new()
            .text("payload_json", json!({ "content": "see" }).to_string())
            .part("files[0]", part);
        let request = reqwest::Client::new()
            .post(format!("http://{}{path}", place.sandbox.addr()))
            .header("authorization", format!("Bot {TOKEN}"))
            .multipart(form);
        let message: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(message["attachments"][0]["content_type"], kind, "{name}");
    }
}

#[tokio::test]
async fn messages_are_paged_and_deleted_in_bulk() {
    let place = Place::open().await;
    let path = format!("/channels/{}/messages", place.channel("general"));
    let mut ids = Vec::new();
    for n in 0..5 {
        let (_, message) = place
            .rest("POST", &path, json!({ "content": n.to_string() }))
            .await;
        ids.push(message["id"].as_str().unwrap().to_owned());
    }
    let contents = async |query: String| {
        let (_, list) = place
            .rest("GET", &format!("{path}?{query}"), Value::Null)
            .await;
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| one["content"].as_str().unwrap().to_owned())
            .collect::<String>()
    };
    assert_eq!(contents("limit=2".to_owned()).await, "43");
    assert_eq!(contents(format!("before={}", ids[2])).await, "10");
    assert_eq!(contents(format!("after={}&limit=2", ids[1])).await, "32");
    assert_eq!(contents(format!("around={}&limit=2", ids[2])).await, "321");
    let bulk = format!("{path}/bulk-delete");
    assert_eq!(
        place
            .rest("POST", &bulk, json!({ "messages": [ids[0], ids[1]] }))
            .await
            .0,
        204
    );
    assert_eq!(contents("limit=9".to_owned()).await, "432");
}

#[tokio::test]
async fn the_global_gate_closes_after_50_requests_and_leaves_interactions_alone() {
    let place = Place::open().await;
    for n in 0..50 {
        let path = if n % 2 == 0 {
            "/users/@me"
        } else {
            "/gateway/bot"
        };
        assert_eq!(place.rest("GET", path, Value::Null).await.0, 200);
    }
    let response = place.raw("GET", "/applications/@me", Value::Null).await;
    assert_eq!(
        (
            response.status().as_u16(),
            &response.headers()["x-ratelimit-scope"]
        ),
        (429, &"global".parse().unwrap())
    );
    assert_eq!(response.json::<Value>().await.unwrap()["global"], true);
    let hook = format!("/webhooks/{}/nothing", super::APP);
    assert_eq!(
        place.rest("POST", &hook, json!({ "content": "x" })).await.0,
        404
    );
    place.advance(1_000).await;
    assert_eq!(place.rest("GET", "/users/@me", Value::Null).await.0, 200);
}

#[tokio::test]
async fn a_mention_does_not_ping_who_cannot_see_the_channel() {
    let place = Place::open().await;
    let path = format!("/channels/{}/messages", place.channel("triage"));
    let text = format!("<@{}> <@{}>", place.user("tier1"), place.user("outsider"));
    place.rest("POST", &path, json!({ "content": text })).await;
    let seen = place.view("tier1", "triage").await.1;
    assert_eq!(
        seen["messages"][0]["pinged"]["users"],
        json!([place.user("tier1")])
    );
}

#[tokio::test]
async fn the_bot_changes_overwrites_and_roles_within_its_own_rights() {
    let mut seed = seed();
    seed.bot.permissions = crate::sandbox::permissions::MANAGE_ROLES | VIEW_CHANNEL;
    let place = Place::with(None, seed).await;
    let role = place.role("tier1");
    let path = format!("/channels/{}/permissions/{role}", place.channel("general"));
    let set = |allow: u64| json!({ "type": 0, "allow": allow.to_string(), "deny": "0" });
    assert_eq!(place.rest("PUT", &path, set(VIEW_CHANNEL)).await.0, 204);
    assert_eq!(
        place.rest("PUT", &path, set(MANAGE_THREADS)).await.1["code"],
        50_013
    );
    assert_eq!(place.rest("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(
        place.rest("DELETE", &path, Value::Null).await.1["code"],
        10_009
    );
    let member = format!(
        "/guilds/{}/members/{}/roles",
        place.guild_id(),
        place.user("outsider")
    );
    assert_eq!(
        place
            .rest("PUT", &format!("{member}/{role}"), Value::Null)
            .await
            .0,
        204
    );
    assert_eq!(place.view("outsider", "triage").await.0, 200);
    let own = place.role("bot");
    assert_eq!(
        place
            .rest("PUT", &format!("{member}/{own}"), Value::Null)
            .await
            .1["code"],
        50_013
    );
    let (_, counts) = place
        .rest(
            "GET",
            &format!("/guilds/{}/roles/member-counts", place.guild_id()),
            Value::Null,
        )
        .await;
    assert_eq!(counts[role], 3);
}
