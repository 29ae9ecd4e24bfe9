//! The intake over a real connection, with a port that remembers what it was given.

use super::*;
use crate::http::auth::{Encoding, HmacScheme};
use futures_util::future::select_all;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LIMIT: usize = 64 * 1024;
const ROOM: usize = 4 * LIMIT;

type Kept = Arc<Mutex<Vec<Submission>>>;

fn source(adapter: Adapter, scheme: Scheme) -> Source {
    Source {
        adapter,
        scheme,
        secrets: vec![SecretString::from("demo")],
    }
}

fn signed() -> Scheme {
    Scheme::Hmac(HmacScheme {
        header: "x-signature".to_owned(),
        encoding: Encoding::Hex,
        prefix: String::new(),
        timestamp: None,
    })
}

fn intake(kept: &Kept) -> Intake {
    let kept = Arc::clone(kept);
    Intake {
        answered: Arc::new(|_, _| {}),
        sources: BTreeMap::from([
            (
                SourceId::new("generic"),
                source(Adapter::Generic(Box::default()), Scheme::Bearer),
            ),
            (
                SourceId::new("purview"),
                source(Adapter::Office365, Scheme::Bearer),
            ),
            (
                SourceId::new("signed"),
                source(Adapter::Generic(Box::default()), signed()),
            ),
        ]),
        body_limit_bytes: LIMIT,
        room: Room::of(ROOM),
        read_timeout: Duration::from_millis(400),
        port: IntakePort::new(move |submission: Submission| {
            let kept = Arc::clone(&kept);
            async move {
                let taken = answer(&submission);
                kept.lock().unwrap().push(submission);
                taken
            }
        }),
        now: Arc::new(|| DateTime::from_timestamp(1_764_000_000, 0).unwrap()),
        missing: Arc::new(Vec::new),
    }
}

/// Opens an incident for each element that was read; an id `full` finds the store full.
fn answer(submission: &Submission) -> Taken {
    if submission.raw_body.windows(4).any(|w| w == b"full") {
        return Err(IntakeError {
            detail: "The store is full.".to_owned(),
            retry_after_s: 30,
        });
    }
    let elements = submission.read.as_deref().unwrap_or_default();
    Ok(elements
        .iter()
        .enumerate()
        .map(|(i, element)| TakenAlert {
            id: format!("ALR-{}", i + 1),
            incident: element.outcome.is_ok().then(|| "INC-1".to_owned()),
            outcome: if element.outcome.is_ok() {
                Outcome::Opened
            } else {
                Outcome::Quarantined
            },
        })
        .collect())
}

/// Serves on a port of its own for as long as the story takes.
async fn served<F: Future<Output = ()>>(story: impl FnOnce(String, Kept) -> F) {
    served_with(|_intake| {}, story).await;
}

async fn served_with<F: Future<Output = ()>>(
    change: impl FnOnce(&mut Intake),
    story: impl FnOnce(String, Kept) -> F,
) {
    let kept = Kept::default();
    let mut intake = intake(&kept);
    change(&mut intake);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::select! {
        ended = axum::serve(listener, router(intake)).into_future() => panic!("the server ended: {ended:?}"),
        () = story(base, kept) => {}
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn post(url: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let answer = client()
        .post(url)
        .bearer_auth("demo")
        .body(body)
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(kind == "application/problem+json", status >= 400);
    let value: Value = answer.json().await.unwrap();
    if status >= 400 {
        assert_eq!(value["status"], json!(status));
        assert!(!value["mend"].as_str().unwrap().is_empty());
    }
    (status, value)
}

#[tokio::test]
async fn a_body_that_is_read_gets_202_with_each_outcome() {
    served(|base, kept| async move {
        let body = r#"[{"id": "a"}, {"no": "id"}]"#;
        let (status, value) = post(&format!("{base}/v1/alerts/generic"), body).await;
        assert_eq!(status, 202);
        assert_eq!(
            value,
            json!({"alerts": [
                {"id": "ALR-1", "incident": "INC-1", "outcome": "opened"},
                {"id": "ALR-2", "incident": null, "outcome": "quarantined"},
            ]})
        );
        let kept = kept.lock().unwrap();
        assert_eq!(kept[0].source, SourceId::new("generic"));
        assert_eq!(kept[0].raw_body, body.as_bytes());
        assert_eq!(kept[0].received_at.timestamp(), 1_764_000_000);
    })
    .await;
}

#[tokio::test]
async fn a_real_body_reaches_the_port_as_an_alert() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/payloads/purview_dlp_alert_endpoint_web_low.json"
    );
    let body = std::fs::read(path).unwrap();
    served(|base, kept| async move {
        assert_eq!(
            post(&format!("{base}/v1/alerts/purview"), body).await.0,
            202
        );
        let kept = kept.lock().unwrap();
        let element = &kept[0].read.as_ref().unwrap()[0];
        assert!(matches!(
            element.outcome,
            Ok(crate::domain::alert::Reading::Alert(_))
        ));
    })
    .await;
}

#[tokio::test]
async fn a_body_of_which_nothing_fits_gets_400_and_goes_to_quarantine() {
    served(|base, kept| async move {
        let (status, value) = post(&format!("{base}/v1/alerts/generic"), "{\"id\": ").await;
        assert_eq!(status, 400);
        assert!(
            value["detail"]
                .as_str()
                .unwrap()
                .contains("line 1, column 7")
        );
        let (status, value) = post(&format!("{base}/v1/alerts/purview"), "[{\"a\": 1}]").await;
        assert_eq!((status, &value["pointer"]), (400, &json!("/0/Operation")));
        let kept = kept.lock().unwrap();
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().all(|submission| submission.read.is_err()));
    })
    .await;
}

#[tokio::test]
async fn a_stranger_gets_401_an_unknown_source_404_and_nothing_is_kept() {
    served(|base, kept| async move {
        for (path, bearer, expected) in [
            ("generic", "wrong", 401),
            ("nowhere", "demo", 404),
            ("%ff", "demo", 404),
            ("signed", "demo", 401),
        ] {
            let answer = client()
                .post(format!("{base}/v1/alerts/{path}"))
                .bearer_auth(bearer)
                .body(r#"{"id": "a"}"#)
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status().as_u16(), expected, "{path}");
        }
        assert!(kept.lock().unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_signed_body_is_taken_and_a_changed_one_is_not() {
    served(|base, kept| async move {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"demo").unwrap();
        mac.update(br#"{"id": "a"}"#);
        let signature = hex::encode(mac.finalize().into_bytes());
        for (body, expected) in [(r#"{"id": "a"}"#, 202), (r#"{"id": "b"}"#, 401)] {
            let request = client().post(format!("{base}/v1/alerts/signed"));
            let answer = request
                .header("x-signature", &signature)
                .body(body)
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status().as_u16(), expected);
        }
        assert_eq!(kept.lock().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn ten_megabytes_get_413_and_are_not_kept() {
    served(|base, kept| async move {
        for path in ["generic", "signed"] {
            let (status, value) =
                post(&format!("{base}/v1/alerts/{path}"), vec![b' '; 10_000_000]).await;
            assert_eq!(status, 413);
            assert!(value["detail"].as_str().unwrap().contains("65536 bytes"));
        }
        let answer = client()
            .post(format!("{base}/v1/alerts/generic"))
            .bearer_auth("wrong")
            .body(vec![b' '; 10_000_000])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), 401);
        assert!(kept.lock().unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_body_that_does_not_come_gets_408() {
    served(|base, kept| async move {
        let address = base.trim_start_matches("http://").to_owned();
        let mut line = tokio::net::TcpStream::connect(&address).await.unwrap();
        let head = "POST /v1/alerts/generic HTTP/1.1\r\nhost: x\r\nauthorization: Bearer demo\r\n\
                    content-length: 100\r\nconnection: close\r\n\r\n{\"id\"";
        line.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(kept.lock().unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_body_that_cannot_be_json_gets_415_and_any_other_type_is_read() {
    served(|base, _kept| async move {
        let url = format!("{base}/v1/alerts/generic");
        for (header, value, expected) in [
            ("content-type", "multipart/form-data; boundary=x", 415),
            ("content-encoding", "gzip", 415),
            ("content-type", "application/x-www-form-urlencoded", 202),
            ("content-type", "text/plain", 202),
        ] {
            let request = client()
                .post(&url)
                .bearer_auth("demo")
                .header(header, value);
            let answer = request.body(r#"{"id": "a"}"#).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), expected, "{value}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_full_store_gets_503_with_the_time_to_come_again() {
    served(|base, _kept| async move {
        let request = client()
            .post(format!("{base}/v1/alerts/generic"))
            .bearer_auth("demo");
        let answer = request.body(r#"{"id": "full"}"#).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 503);
        assert_eq!(answer.headers()["retry-after"], "30");
        let value: Value = answer.json().await.unwrap();
        assert_eq!(value["detail"], "The store is full.");
    })
    .await;
}

#[tokio::test]
async fn another_method_gets_405_and_another_address_404() {
    served(|base, _kept| async move {
        let answer = client()
            .get(format!("{base}/v1/alerts/generic"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), 405);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        assert_eq!(post(&format!("{base}/v1/other"), "{}").await.0, 404);
    })
    .await;
}

#[tokio::test]
async fn ready_names_what_is_missing() {
    let gateway = |intake: &mut Intake| {
        intake.missing = Arc::new(|| vec!["the gateway is not connected".to_owned()]);
    };
    served_with(gateway, |base, _kept| async move {
        let answer = client().get(format!("{base}/readyz")).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 503);
        let value: Value = answer.json().await.unwrap();
        assert_eq!(value["missing"], json!(["the gateway is not connected"]));
        let alive = client()
            .get(format!("{base}/healthz"))
            .send()
            .await
            .unwrap();
        assert_eq!(alive.status().as_u16(), 200);
    })
    .await;
    served(|base, _kept| async move {
        let answer = client().get(format!("{base}/readyz")).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
    })
    .await;
}

#[tokio::test]
async fn bodies_beyond_the_room_of_all_get_503_before_they_are_kept_in_memory() {
    let waiting = |intake: &mut Intake| {
        intake.port = IntakePort::new(|submission: Submission| async move {
            let _place = submission.place;
            std::future::pending().await
        });
    };
    served_with(waiting, |base, _kept| async move {
        let large = format!("{{\"id\": \"{}\"}}", "x".repeat(LIMIT - 100));
        let client = client();
        let post = || {
            let request = client.post(format!("{base}/v1/alerts/generic"));
            request.bearer_auth("demo").body(large.clone())
        };
        // Each needs a little more than its bytes: three fit, and wait for a store that does not answer.
        let four = (0..4).map(|_| post().send());
        let (answer, _, three) = select_all(four.map(Box::pin)).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status().as_u16(), 503);
        assert_eq!(answer.headers()["retry-after"], "1");
        let told: Value = answer.json().await.unwrap();
        assert_eq!(told["detail"], "More arrives than can be kept at once.");
        // Whoever hangs up gives its room back: the next one waits as they did.
        drop(three);
        while post()
            .timeout(Duration::from_millis(200))
            .send()
            .await
            .is_ok()
        {}
    })
    .await;
}
