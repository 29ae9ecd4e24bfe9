//! The sender's side: what is posted to the intake and what it answers.

use super::World;
use serde_json::Value;

/// A body under `tests/data/payloads`.
#[macro_export]
macro_rules! payload {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/payloads/",
            $name
        ))
    };
}

/// What the intake answered.
#[derive(Debug)]
pub struct Received {
    pub status: u16,
    pub body: Value,
}

impl World {
    /// Posts a body as a source does that has the right secret.
    pub async fn alert(&self, source: &str, body: impl Into<reqwest::Body>) -> Received {
        self.alert_with(source, "demo", body).await
    }

    /// The same with this secret.
    pub async fn alert_with(
        &self,
        source: &str,
        secret: &str,
        body: impl Into<reqwest::Body>,
    ) -> Received {
        let address = format!("http://{}/v1/alerts/{source}", self.service().http);
        let request = self
            .stage
            .client
            .post(address)
            .bearer_auth(secret)
            .header("content-type", "application/json")
            .body(body);
        let (status, body) = super::read(request.send().await.unwrap()).await;
        Received { status, body }
    }
}

impl Received {
    /// The alerts of an accepted body.
    pub fn accepted(&self) -> &[Value] {
        assert_eq!(self.status, 202, "{}", self.body);
        self.body["alerts"].as_array().unwrap()
    }

    /// Each alert of an accepted body as `outcome INC-n`, or the outcome alone.
    pub fn outcomes(&self) -> Vec<String> {
        let told = |alert: &Value| {
            let outcome = alert["outcome"].as_str().unwrap();
            match alert["incident"].as_str() {
                Some(incident) => format!("{outcome} {incident}"),
                None => outcome.to_owned(),
            }
        };
        self.accepted().iter().map(told).collect()
    }

    /// A body that was refused with this status: the problem's words.
    pub fn refused(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        self.body["detail"].as_str().unwrap_or_default().to_owned()
    }
}
