//! How well the service is.

use super::Template;
use serde::Serialize;

/// One line of it.
#[derive(Debug, Clone, Serialize)]
pub struct HealthLine {
    /// A sign that says the same as the word.
    pub mark: String,
    pub check: String,
    pub status: String,
    pub text: String,
    /// Empty where nothing is to be done.
    pub next: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Health {
    pub headline: String,
    pub lines: Vec<HealthLine>,
}
template!(
    "health",
    Health,
    Health {
        headline: "Baton is degraded".to_owned(),
        lines: vec![HealthLine {
            mark: "⛔".to_owned(),
            check: "gateway".to_owned(),
            status: "degraded".to_owned(),
            text: "It is not connected.".to_owned(),
            next: "Look at the token.".to_owned(),
        }],
    }
);
