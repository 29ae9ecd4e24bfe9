//! What Discord limits: sessions, frames, requests; and what it does when that is passed over.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{
    Place,
    socket::{Frame, Socket},
};
use crate::sandbox::Clock;

#[tokio::test]
async fn a_second_identify_within_five_seconds_is_answered_with_an_invalid_session() {
    let place = Place::open().await;
    let mut first = Socket::open(&place, "").await;
    assert_eq!(first.text().await["op"], 10);
    first.identify(false).await;
    assert_eq!(first.text().await["t"], "READY");
    place.clock.advance(TimeDelta::seconds(4));
    let mut second = Socket::open(&place, "").await;
    second.text().await;
    second.identify(false).await;
    let answer = second.text().await;
    assert_eq!((&answer["op"], &answer["d"]), (&json!(9), &json!(false)));
    place.clock.advance(TimeDelta::seconds(1));
    second.identify(false).await;
    assert_eq!(second.text().await["t"], "READY");
    let (_, bot) = place.rest("GET", "/gateway/bot", Value::Null).await;
    let limit = &bot["session_start_limit"];
    assert_eq!(
        (&limit["remaining"], &limit["max_concurrency"]),
        (&json!(998), &json!(1))
    );
}

#[tokio::test]
async fn the_121st_frame_of_a_minute_closes_the_connection() {
    let place = Place::open().await;
    let mut socket = Socket::open(&place, "").await;
    socket.text().await;
    for _ in 0..120 {
        socket.send(&json!({ "op": 1, "d": null })).await;
        assert_eq!(socket.text().await["op"], 11);
    }
    socket.send(&json!({ "op": 1, "d": null })).await;
    assert_eq!(socket.next().await, Frame::Closed(4_008));
}

#[tokio::test]
async fn a_compressed_stream_and_compressed_payloads_are_binary_and_others_are_refused() {
    let place = Place::open().await;
    for query in ["&compress=zlib-stream", "&compress=zstd-stream"] {
        let mut socket = Socket::open(&place, query).await;
        assert!(matches!(socket.next().await, Frame::Binary(_)), "{query}");
    }
    let mut socket = Socket::open(&place, "&compress=brotli").await;
    assert_eq!(socket.next().await, Frame::Closed(4_002));
    let mut socket = Socket::open(&place, "").await;
    socket.text().await;
    socket.identify(true).await;
    let mut zipped = 0;
    // READY, GUILD_CREATE: at least one is large.
    for _ in 0..2 {
        zipped +=
            usize::from(matches!(socket.next().await, Frame::Binary(bytes) if bytes[0] == 0x78));
    }
    assert!(zipped > 0);
}

#[tokio::test]
async fn a_shared_429_is_not_held_against_the_bot() {
    let place = Place::open().await;
    let invalid =
        async || place.control("GET", "/healthz", Value::Null).await.1["invalid_requests"].clone();
    for (scope, counted) in [("shared", 0), ("user", 1)] {
        let fault = json!({ "kind": "http_429", "scope": scope });
        assert_eq!(place.control("POST", "/faults", fault).await.0, 200);
        let refused = place.raw("GET", "/users/@me", Value::Null).await;
        assert_eq!(
            (
                refused.status().as_u16(),
                &refused.headers()["x-ratelimit-scope"]
            ),
            (429, &scope.parse().unwrap())
        );
        assert_eq!(invalid().await, counted);
        let (_, log) = place.control("GET", "/requests", Value::Null).await;
        assert_eq!(
            log["requests"].as_array().unwrap().last().unwrap()["scope"],
            scope
        );
    }
}

#[tokio::test]
async fn after_ten_thousand_invalid_requests_every_request_is_turned_away_for_an_hour() {
    let place = Place::open().await;
    let now = place.clock.now();
    place
        .sandbox
        .app
        .within(|inner| (0..9_999).for_each(|_| inner.limits.count_invalid(now)));
    assert_eq!(place.rest("GET", "/users/@me", Value::Null).await.0, 200);
    let wrong = place
        .ask("GET", "/api/v10/users/@me", Some("wrong"), Value::Null)
        .await;
    assert_eq!(wrong.status(), 401);
    let banned = place.raw("GET", "/users/@me", Value::Null).await;
    assert_eq!(banned.status(), 429);
    assert!(!banned.headers().contains_key("x-ratelimit-bucket"));
    assert_eq!(banned.text().await.unwrap(), "error code: 1015");
    place.clock.advance(TimeDelta::hours(1));
    assert_eq!(place.rest("GET", "/users/@me", Value::Null).await.0, 200);
}
