//! A REST server that answers by script and remembers what it was asked.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use baton::discord::rest::{Rest, RestOptions};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// One answer of the script.
pub enum Reply {
    Json(u16, Value),
    With(u16, Vec<(&'static str, String)>, Value),
    /// The headers say 200, then the connection breaks.
    Lost,
    Never,
}

#[derive(Clone)]
pub struct Asked {
    pub line: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Asked {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Answers what the script does not: a limit of `most` per `window` as Discord counts it.
pub struct Limit {
    pub most: u32,
    pub window: Duration,
    pub opened: Instant,
    pub used: u32,
}

#[derive(Clone, Default)]
pub struct Fake {
    script: Arc<Mutex<VecDeque<Reply>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    limit: Arc<Mutex<Option<Limit>>>,
}

impl Fake {
    /// Serves on a free port; gives its base address.
    pub async fn start(script: Vec<Reply>) -> (Self, String) {
        let fake = Self::default();
        *fake.script.lock().unwrap() = script.into();
        let router = Router::new().fallback(answer).with_state(fake.clone());
        (fake, serve(router).await)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn limit(&self, limit: u32, window: Duration) {
        *self.limit.lock().unwrap() = Some(Limit {
            most: limit,
            window,
            opened: Instant::now(),
            used: 0,
        });
    }
}

pub async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    spawn(async move { axum::serve(listener, router).await.unwrap() });
    base
}

#[expect(
    clippy::disallowed_methods,
    reason = "a fake ends with its test's runtime"
)]
pub fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(task));
}

pub fn rest(base: &str) -> Rest {
    Rest::new(&RestOptions {
        base: Some(base.to_owned()),
        token: "token-of-the-test".into(),
        loopback_only: true,
        timeout: Duration::from_millis(500),
    })
    .unwrap()
}

async fn answer(State(fake): State<Fake>, request: Request) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    let headers = request.headers().clone();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20)
        .await
        .unwrap();
    fake.asked.lock().unwrap().push(Asked {
        line,
        headers,
        body,
    });
    let next = fake.script.lock().unwrap().pop_front();
    match next {
        Some(Reply::Json(status, body)) => json(status, &[], &body),
        Some(Reply::With(status, headers, body)) => json(status, &headers, &body),
        Some(Reply::Lost) => {
            let broken = futures_util::stream::iter([
                Ok(Bytes::from_static(b"{\"id\":")),
                Err(std::io::Error::other("broken")),
            ]);
            Response::new(Body::from_stream(broken))
        }
        Some(Reply::Never) => std::future::pending().await,
        None => limited(&fake),
    }
}

fn limited(fake: &Fake) -> Response {
    let mut limit = fake.limit.lock().unwrap();
    let Some(limit) = limit.as_mut() else {
        return json(200, &[], &serde_json::json!({ "id": "1" }));
    };
    if limit.opened.elapsed() >= limit.window {
        (limit.opened, limit.used) = (Instant::now(), 0);
    }
    let left = limit
        .window
        .saturating_sub(limit.opened.elapsed())
        .as_secs_f64()
        + 0.001;
    if limit.used >= limit.most {
        return json(
            429,
            &[],
            &serde_json::json!({ "retry_after": left, "global": false }),
        );
    }
    limit.used += 1;
    let headers = [
        ("x-ratelimit-bucket", "abc".to_owned()),
        ("x-ratelimit-limit", limit.most.to_string()),
        (
            "x-ratelimit-remaining",
            (limit.most - limit.used).to_string(),
        ),
        ("x-ratelimit-reset-after", format!("{left:.3}")),
    ];
    json(200, &headers, &serde_json::json!({ "id": "1" }))
}

fn json(status: u16, headers: &[(&'static str, String)], body: &Value) -> Response {
    let mut response = Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("content-type", "application/json");
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    response.body(Body::from(text)).unwrap()
}
