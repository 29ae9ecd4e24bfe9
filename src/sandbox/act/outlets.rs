//! Addresses on this machine to which a drill's leader can post a body from the page: the server
//! forwards it, since a browser would not post to another port. Loopback only.

use std::time::{Duration, Instant};

use axum::{
    Json,
    extract::{Path, State},
};
use reqwest::{Client, Url, header::CONTENT_TYPE, redirect::Policy};
use serde_json::{Value, json};

use super::{Done, Wrong};
use crate::sandbox::{json::Look, server::App};

const PATIENCE: Duration = Duration::from_secs(10);

/// Where bodies can be sent, and some to send.
#[derive(Clone, Debug)]
pub struct Outlet {
    pub name: String,
    /// Plain HTTP on loopback.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub samples: Vec<Sample>,
}

/// A body to send.
#[derive(Clone, Debug)]
pub struct Sample {
    pub name: String,
    pub body: String,
    /// JSON pointers to the texts that tell one sending from another: its identifiers.
    pub fresh: Vec<String>,
}

impl Outlet {
    /// # Errors
    /// Says what is wrong with the address.
    pub fn check(&self) -> Result<(), String> {
        let wrong = |what: &str| format!("outlet {}: {} {what}", self.name, self.url);
        let url = Url::parse(&self.url).map_err(|error| wrong(&error.to_string()))?;
        let host = url.host_str().unwrap_or("");
        let ip = host.trim_start_matches('[').trim_end_matches(']').parse();
        let near = ip.is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        if url.scheme() != "http" || !near {
            return Err(wrong("is not http on a loopback address"));
        }
        Ok(())
    }
}

pub async fn list(State(app): State<App>) -> Done {
    app.within(|inner| {
        let outlets = inner.outlets.iter().map(|one| {
            let samples = one.samples.iter();
            let samples = samples
                .map(|one| json!({ "name": one.name, "body": one.body, "fresh": one.fresh }));
            json!({ "name": one.name, "url": one.url, "samples": samples.collect::<Vec<_>>() })
        });
        Ok(Json(json!({ "outlets": outlets.collect::<Vec<_>>() })))
    })
}

/// The body with a new value at each of the pointers. What is no JSON, or has no text there, stays.
fn freshened(text: String, pointers: &[&str], mark: &str) -> String {
    let Ok(mut body) = serde_json::from_str::<Value>(&text) else {
        return text;
    };
    let mut changed = false;
    for pointer in pointers {
        if let Some(Value::String(found)) = body.pointer_mut(pointer) {
            *found = format!("{found}-{mark}");
            changed = true;
        }
    }
    if changed { body.to_string() } else { text }
}

pub async fn send(State(app): State<App>, Path(name): Path<String>, body: Json<Value>) -> Done {
    let text = body
        .text("body")
        .ok_or_else(|| Wrong::bad("body is missing: the text to send"))?
        .to_owned();
    let pointers = body.get("fresh").and_then(Value::as_array);
    let pointers: Vec<&str> = pointers
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let (found, now) = app.within(|inner| {
        let found = inner.outlets.iter().find(|one| one.name == name).cloned();
        (found, inner.world.now())
    });
    let mark = format!("{:x}", now.timestamp_micros());
    let text = freshened(text, &pointers, &mark);
    let outlet = found.ok_or_else(|| Wrong::unknown(format!("no outlet {name:?}")))?;
    let began = Instant::now();
    let failed =
        |error: reqwest::Error| Wrong::bad(format!("{} did not answer: {error}", outlet.url));
    let client = Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(PATIENCE)
        .build()
        .map_err(failed)?;
    let mut request = client
        .post(&outlet.url)
        .header(CONTENT_TYPE, "application/json")
        .body(text.clone());
    for (name, value) in &outlet.headers {
        request = request.header(name, value);
    }
    let answer = request.send().await.map_err(failed)?;
    let status = answer.status().as_u16();
    let said = answer.text().await.map_err(failed)?;
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Json(
        json!({ "status": status, "body": said, "took_ms": took_ms, "sent": text }),
    ))
}

#[cfg(test)]
mod tests {
    use super::freshened;

    #[test]
    fn a_pointed_text_gets_a_new_value_and_all_else_stays() {
        let body = r#"{"id":"a","n":1}"#;
        let fresh = |text: &str, at: &[&str]| freshened(text.to_owned(), at, "1f");
        assert_eq!(fresh(body, &["/id"]), r#"{"id":"a-1f","n":1}"#);
        assert_eq!(fresh(body, &["/n", "/none"]), body);
        assert_eq!(fresh("no JSON", &["/id"]), "no JSON");
    }
}
