//! A person's report, from `/open`: an alert of the source `chat`, kept with the words as they were given.

use crate::discord::incoming::{CommandOption, OptionValue};
use crate::domain::alert::{Alert, AlertKind, Detail, Device, Times, User};
use crate::domain::policy::Actor;
use crate::domain::restricted::Restricted;

/// The text of an option, where it was given.
pub fn option(options: &[CommandOption], name: &str) -> Option<String> {
    let given = options.iter().find(|o| o.name == name)?;
    if let OptionValue::Text(text) = &given.value {
        Some(text.clone())
    } else {
        None
    }
}

/// The report as an alert, and the bytes that are kept of it.
pub fn report(
    actor: &Actor,
    options: &[CommandOption],
    now: chrono::DateTime<chrono::Utc>,
) -> (Alert, Vec<u8>) {
    let text = |name: &str| {
        option(options, name)
            .map(|t| t.trim().to_owned())
            .filter(|t| !t.is_empty())
    };
    let kind = match text("about").as_deref() {
        Some("dlp") => AlertKind::Dlp,
        Some("endpoint") => AlertKind::Endpoint,
        Some("identity") => AlertKind::Identity,
        Some("compliance") => AlertKind::Compliance,
        _ => AlertKind::Infra,
    };
    let raw = serde_json::json!({
        "reported_by": actor.account.as_str(),
        "reported_at": now.to_rfc3339(),
        "what": text("what"),
        "about": text("about"),
        "person": text("person"),
        "device": text("device"),
        "directive_by": text("directive_by"),
    })
    .to_string()
    .into_bytes();
    let user = text("person").map(|name| {
        let upn = name.contains('@').then(|| name.to_lowercase());
        let name = upn.is_none().then_some(name);
        User {
            upn,
            name,
            ..User::default()
        }
    });
    let device = text("device").map(|name| Device {
        hostname: Some(name),
        ..Device::default()
    });
    let directive = text("directive_by").map(|who| format!("Directive given by {who}"));
    let detail = Detail {
        title: None,
        desc: text("what"),
        evidence: directive.iter().cloned().collect(),
        ..Detail::default()
    };
    let alert = Alert {
        category: directive.map(|_| "directive".to_owned()),
        times: Times {
            detected_at: Some(now),
            ..Times::default()
        },
        user,
        device,
        detail: Restricted::new(detail),
        // A report is its own alert: account and instant name it.
        ..Alert::silent(
            format!("{}-{}", actor.account, now.timestamp_micros()),
            kind,
        )
    };
    (alert, raw)
}

/// The account of a member option, where one was chosen.
pub fn person(options: &[CommandOption], name: &str) -> Option<String> {
    let given = options.iter().find(|o| o.name == name)?;
    if let OptionValue::User(id) = &given.value {
        Some(id.clone())
    } else {
        None
    }
}
