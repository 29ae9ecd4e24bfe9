//! The page: plain files in the binary, no build step. It uses the control API like any other
//! caller; nothing is rendered here.

use axum::{
    extract::Path,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

const FILES: [(&str, &str, &str); 14] = [
    ("app.js", SCRIPT, include_str!("app.js")),
    ("api.js", SCRIPT, include_str!("api.js")),
    ("components.js", SCRIPT, include_str!("components.js")),
    ("composer.js", SCRIPT, include_str!("composer.js")),
    ("console.js", SCRIPT, include_str!("console.js")),
    ("dom.js", SCRIPT, include_str!("dom.js")),
    ("leader.js", SCRIPT, include_str!("leader.js")),
    ("list.js", SCRIPT, include_str!("list.js")),
    ("markdown.js", SCRIPT, include_str!("markdown.js")),
    ("message.js", SCRIPT, include_str!("message.js")),
    ("modal.js", SCRIPT, include_str!("modal.js")),
    ("picker.js", SCRIPT, include_str!("picker.js")),
    ("state.js", SCRIPT, include_str!("state.js")),
    ("style.css", STYLE, include_str!("style.css")),
];

/// Nothing runs, loads or connects but what this server serves; nobody frames the page.
const GUARDS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

fn served(kind: &'static str, text: &'static str) -> Response {
    (GUARDS, [(header::CONTENT_TYPE, kind)], text).into_response()
}

pub fn index() -> Response {
    served("text/html; charset=utf-8", include_str!("index.html"))
}

/// The stand-in for a detection tool, to which a drill's links can lead.
pub async fn console() -> Response {
    served("text/html; charset=utf-8", include_str!("console.html"))
}

pub async fn file(Path(name): Path<String>) -> Response {
    let found = FILES.iter().find(|(known, ..)| *known == name);
    found.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |(_, kind, text)| served(kind, text),
    )
}
