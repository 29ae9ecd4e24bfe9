//! The REST executor: one request, one verdict, and the pace between them.

use super::fake::{Fake, Reply, rest, spawn};
use baton::discord::call::Call;
use baton::discord::connect::{open_gateway, send_when_free};
use baton::discord::message::reply_json;
use baton::discord::rest::{RestFault, WaitFor};
use baton::outbound::pace::Scope;
use baton::render::card::{Card, CardFile};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(5);

fn card() -> Card {
    Card {
        title: "INC-7".into(),
        ..Card::default()
    }
}

fn post() -> Call {
    Call::create_message("77", &card(), Some("n-1"))
}

fn created() -> Reply {
    Reply::Json(200, json!({ "id": "500" }))
}

fn limited(seconds: f64) -> Reply {
    let body = json!({ "message": "slow down", "retry_after": seconds, "global": false });
    Reply::With(429, vec![("x-ratelimit-scope", "user".into())], body)
}

#[tokio::test]
async fn a_request_goes_to_the_base_with_token_name_and_nonce() {
    let (fake, base) = Fake::start(vec![created()]).await;
    let answer = rest(&base)
        .send(&post().reason("INC-7 – ok"))
        .await
        .unwrap();
    assert_eq!(answer.id(), Some("500"));
    let asked = &fake.asked()[0];
    assert_eq!(asked.line, "POST /api/v10/channels/77/messages");
    assert_eq!(asked.headers["authorization"], "Bot token-of-the-test");
    assert!(
        asked.headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("DiscordBot (https://")
    );
    assert_eq!(
        asked.headers["x-audit-log-reason"],
        "INC-7%20%E2%80%93%20ok"
    );
    assert_eq!(asked.json()["nonce"], "n-1");
    assert_eq!(asked.json()["allowed_mentions"]["parse"], json!([]));
}

#[tokio::test]
async fn after_a_429_the_same_request_is_accepted_in_its_time() {
    let (fake, base) = Fake::start(vec![limited(0.2), limited(0.1), created()]).await;
    let started = Instant::now();
    let answer = send_when_free(&rest(&base), &post(), PATIENCE)
        .await
        .unwrap();
    assert_eq!(answer.id(), Some("500"));
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(fake.asked().len(), 3);
}

#[tokio::test]
async fn a_429_tells_when_and_holds_the_next_request_back_unsent() {
    let (fake, base) = Fake::start(vec![limited(30.0)]).await;
    let rest = rest(&base);
    let fault = rest.send(&post()).await.unwrap_err();
    let RestFault::RetryAt { after, scope, .. } = fault else {
        panic!("{fault}")
    };
    assert_eq!(
        (after, scope),
        (Duration::from_secs(30), WaitFor::Limit(Scope::User))
    );
    let fault = rest.send(&post()).await.unwrap_err();
    assert!(matches!(
        fault,
        RestFault::RetryAt {
            scope: WaitFor::Turn,
            ..
        }
    ));
    assert_eq!(fake.asked().len(), 1);
    let impatient = send_when_free(&rest, &post(), Duration::from_millis(10)).await;
    assert!(matches!(impatient, Err(RestFault::RetryAt { .. })));
    assert_eq!(rest.refused_lately(), 1);
}

#[tokio::test]
async fn a_fault_of_discord_or_of_the_network_is_tried_again() {
    let script = vec![
        Reply::Json(502, Value::Null),
        Reply::Json(503, json!({ "message": "maintenance" })),
        Reply::Lost,
        Reply::Never,
        created(),
    ];
    let (fake, base) = Fake::start(script).await;
    let rest = rest(&base);
    let mut met = Vec::new();
    for _ in 0..4 {
        let fault = rest.send(&post()).await.unwrap_err();
        let RestFault::RetryAt { scope, why, .. } = fault else {
            panic!("{fault}")
        };
        assert!(!why.contains("token"), "{why}");
        met.push(scope);
    }
    assert_eq!(
        met,
        [
            WaitFor::Discord,
            WaitFor::Discord,
            WaitFor::Network,
            WaitFor::Timeout
        ]
    );
    assert_eq!(rest.send(&post()).await.unwrap().id(), Some("500"));
    let nonces: Vec<_> = fake
        .asked()
        .iter()
        .map(|a| a.json()["nonce"].clone())
        .collect();
    assert_eq!(
        nonces,
        vec![json!("n-1"); 5],
        "Discord can tell it is the same message"
    );
}

#[tokio::test]
async fn a_connection_that_breaks_at_once_is_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream);
        }
    });
    let fault = rest(&base)
        .send(&Call::callback("1", "hush", json!({})))
        .await
        .unwrap_err();
    assert!(
        matches!(
            fault,
            RestFault::RetryAt {
                scope: WaitFor::Network,
                ..
            }
        ),
        "{fault}"
    );
    assert!(!fault.to_string().contains("hush"));
}

#[tokio::test]
async fn after_a_401_nothing_more_is_sent_until_told() {
    let refusal = Reply::Json(401, json!({ "message": "401: Unauthorized", "code": 0 }));
    let (fake, base) = Fake::start(vec![refusal, created()]).await;
    let rest = rest(&base);
    for _ in 0..3 {
        assert_eq!(rest.send(&post()).await, Err(RestFault::Unauthorized));
    }
    assert_eq!(fake.asked().len(), 1);
    assert!(rest.is_shut());
    rest.reopen();
    assert!(rest.send(&post()).await.is_ok());
}

#[tokio::test]
async fn a_void_interaction_token_is_gone_and_does_not_stop_the_bot() {
    let refusal = Reply::Json(
        401,
        json!({ "message": "Invalid Webhook Token", "code": 50_027 }),
    );
    let (_fake, base) = Fake::start(vec![refusal, created()]).await;
    let rest = rest(&base);
    let fault = rest
        .send(&Call::edit_original("5", "old", &card()))
        .await
        .unwrap_err();
    assert!(matches!(fault, RestFault::Gone { code: 50_027, .. }));
    assert!(rest.send(&post()).await.is_ok());
}

#[tokio::test]
async fn what_is_missing_is_told_apart_from_what_is_wrong() {
    let said = |status, code| Reply::Json(status, json!({ "message": "why", "code": code }));
    let script = vec![
        said(404, 10_003),
        said(404, 10_008),
        said(403, 50_001),
        said(403, 50_013),
        said(404, 0),
        said(400, 50_035),
        said(400, 40_060),
    ];
    let (_fake, base) = Fake::start(script).await;
    let rest = rest(&base);
    for code in [10_003, 10_008, 50_001, 50_013] {
        let fault = rest.send(&post()).await.unwrap_err();
        assert_eq!(
            fault,
            RestFault::Gone {
                code,
                message: "why".into()
            }
        );
    }
    for (status, code) in [(404, 0), (400, 50_035), (400, 40_060)] {
        let fault = rest.send(&post()).await.unwrap_err();
        assert_eq!(fault.is_already_answered(), code == 40_060);
        let RestFault::Rejected {
            status: s,
            code: c,
            body,
            ..
        } = fault
        else {
            panic!()
        };
        assert_eq!((s, c, &body["message"]), (status, code, &json!("why")));
    }
}

#[tokio::test]
async fn files_travel_beside_the_message() {
    let (fake, base) = Fake::start(vec![created(), Reply::Json(204, Value::Null)]).await;
    let file = CardFile {
        name: "record.txt".into(),
        bytes: b"all of it".to_vec(),
    };
    let card = Card {
        files: vec![file],
        ..card()
    };
    let rest = rest(&base);
    rest.send(&Call::create_message("77", &card, None))
        .await
        .unwrap();
    let reply = Call::callback("1", "t", reply_json(&card, true)).files(&card.files);
    let answer = rest.send(&reply).await.unwrap();
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    for asked in fake.asked() {
        let kind = asked.headers["content-type"].to_str().unwrap();
        assert!(kind.starts_with("multipart/form-data; boundary="));
        let body = String::from_utf8(asked.body.to_vec()).unwrap();
        assert!(body.contains(r#"name="payload_json""#));
        assert!(
            body.contains(r#""attachments":[{"filename":"record.txt","id":0}]"#),
            "{body}"
        );
        assert!(body.contains(r#"name="files[0]"; filename="record.txt""#));
        assert!(body.contains("all of it"));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, target) = Fake::start(vec![]).await;
    let moved = Reply::With(302, vec![("location", target)], json!({}));
    let (_fake, base) = Fake::start(vec![moved]).await;
    let fault = rest(&base).send(&post()).await.unwrap_err();
    assert!(matches!(fault, RestFault::Rejected { status: 302, .. }));
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_burst_at_one_channel_leaves_whole_and_meets_no_429() {
    let (fake, base) = Fake::start(vec![]).await;
    fake.limit(5, Duration::from_millis(400));
    let rest = Arc::new(rest(&base));
    let sends = (0..14).map(|_| {
        let rest = Arc::clone(&rest);
        async move { send_when_free(&rest, &post(), Duration::from_secs(20)).await }
    });
    let answers = futures_util::future::join_all(sends).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(fake.asked().len(), 14, "each was sent once");
    assert_eq!(rest.refused_lately(), 0);
}

#[tokio::test]
async fn a_gateway_that_cannot_be_asked_for_is_never_dialled_elsewhere() {
    let script = vec![
        Reply::Json(404, json!({ "message": "404: Not Found", "code": 0 })),
        Reply::Json(200, json!({})),
        Reply::Json(200, json!({ "url": "wss://gateway.discord.gg" })),
    ];
    let (_fake, base) = Fake::start(script).await;
    let rest = rest(&base);
    for expected in ["refused with 404", "has no `url`", "is not on this machine"] {
        let opened = open_gateway(&rest, "t".into(), None, true, PATIENCE).await;
        let fault = opened.err().unwrap().to_string();
        assert!(fault.contains(expected), "{fault}");
    }
}
