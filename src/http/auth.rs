//! Who may post to a source: one scheme a source, several secrets at once while one is replaced. Pure: the
//! time is an argument. Every comparison takes the same time whatever it compares.

use super::sources::time;
use axum::extract::Query;
use axum::http::{HeaderMap, Uri, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How far a signed time may be from ours, either way.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// How a source proves itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// `Authorization: Bearer SECRET`.
    Bearer,
    /// HMAC-SHA256 of the raw body in a header.
    Hmac(HmacScheme),
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
    /// The secret in the address. Weaker: addresses end up in logs. For senders that cannot set a header.
    UrlToken { parameter: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HmacScheme {
    pub header: String,
    pub encoding: Encoding,
    /// What stands before the signature in the header, such as `sha256=`.
    pub prefix: String,
    pub timestamp: Option<SignedTime>,
}

/// A time in a header of its own, signed in front of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTime {
    pub header: String,
    /// What stands between time and body in what is signed, such as `.` or `:`.
    pub joiner: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Hex,
    Base64,
}

/// The sender is who the source's secret says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// What names this one delivery, where the scheme has a time: the same key again is a replay.
    pub replay_key: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthFault {
    #[error("{0} is missing.")]
    Missing(String),
    #[error("The secret or signature is wrong.")]
    Wrong,
    #[error("The signed time is more than five minutes from ours.")]
    Stale,
}

impl Scheme {
    /// The word in the configuration.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Hmac(_) => "hmac-sha256",
            Self::StandardWebhooks => "standard-webhooks",
            Self::UrlToken { .. } => "url-token",
        }
    }

    /// Whether the sender proves itself without the body, so that nothing of a stranger's is read.
    pub const fn is_before_body(&self) -> bool {
        matches!(self, Self::Bearer | Self::UrlToken { .. })
    }

    /// Whether the operator should be told that there are stronger schemes.
    pub const fn is_weaker(&self) -> bool {
        matches!(self, Self::UrlToken { .. })
    }
}

/// Checks a request against each of a source's secrets.
pub fn verify(
    scheme: &Scheme,
    secrets: &[SecretString],
    headers: &HeaderMap,
    uri: &Uri,
    raw_body: &[u8],
    now: DateTime<Utc>,
) -> Result<Authenticated, AuthFault> {
    match scheme {
        Scheme::Bearer => bearer(secrets, headers),
        Scheme::UrlToken { parameter } => token(secrets, uri, parameter),
        Scheme::Hmac(hmac) => signed(hmac, secrets, headers, raw_body, now),
        Scheme::StandardWebhooks => webhook(secrets, headers, raw_body, now),
    }
}

/// The key of a Standard Webhooks secret, `whsec_` and base64.
pub fn webhook_key(secret: &str) -> Option<Vec<u8>> {
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap_or(secret))
        .ok()?;
    (!key.is_empty()).then_some(key)
}

fn bearer(secrets: &[SecretString], headers: &HeaderMap) -> Result<Authenticated, AuthFault> {
    let given = text(headers, header::AUTHORIZATION.as_str())?;
    match given.split_once(' ') {
        Some((word, token)) if word.eq_ignore_ascii_case("bearer") => same(secrets, token.trim()),
        _ => Err(AuthFault::Missing("`Authorization: Bearer …`".to_owned())),
    }
}

fn token(secrets: &[SecretString], uri: &Uri, parameter: &str) -> Result<Authenticated, AuthFault> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map(|query| query.0)
        .unwrap_or_default();
    match pairs.iter().find(|(key, _)| key == parameter) {
        Some((_, token)) => same(secrets, token),
        None => Err(AuthFault::Missing(format!("`?{parameter}=…`"))),
    }
}

/// Digests are compared, so that neither content nor length shows in the time taken.
fn same(secrets: &[SecretString], given: &str) -> Result<Authenticated, AuthFault> {
    let given = Sha256::digest(given.as_bytes());
    let found = secrets
        .iter()
        .fold(subtle::Choice::from(0), |found, secret| {
            found | Sha256::digest(secret.expose_secret().as_bytes()).ct_eq(&given)
        });
    if bool::from(found) {
        Ok(Authenticated { replay_key: None })
    } else {
        Err(AuthFault::Wrong)
    }
}

fn signed(
    scheme: &HmacScheme,
    secrets: &[SecretString],
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Authenticated, AuthFault> {
    let given = text(headers, &scheme.header)?;
    let signature = given
        .strip_prefix(&scheme.prefix)
        .and_then(|rest| decode(scheme.encoding, rest.trim()))
        .ok_or(AuthFault::Wrong)?;
    let time = match &scheme.timestamp {
        Some(signed) => Some((text(headers, &signed.header)?, signed.joiner.as_str())),
        None => None,
    };
    let head = time.map_or_else(String::new, |(at, joiner)| format!("{at}{joiner}"));
    let keys = secrets
        .iter()
        .map(|s| s.expose_secret().as_bytes().to_vec());
    if !matches(keys, &[head.as_bytes(), body], &[signature]) {
        return Err(AuthFault::Wrong);
    }
    match time {
        Some((at, _)) => fresh(at, now).map(|()| Authenticated {
            replay_key: Some(given.to_owned()),
        }),
        None => Ok(Authenticated { replay_key: None }),
    }
}

fn webhook(
    secrets: &[SecretString],
    headers: &HeaderMap,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Authenticated, AuthFault> {
    let id = text(headers, "webhook-id")?;
    let at = text(headers, "webhook-timestamp")?;
    let given = text(headers, "webhook-signature")?;
    let signatures: Vec<Vec<u8>> = given
        .split_whitespace()
        .filter_map(|each| STANDARD.decode(each.strip_prefix("v1,")?).ok())
        .collect();
    let keys = secrets
        .iter()
        .filter_map(|s| webhook_key(s.expose_secret()));
    let head = format!("{id}.{at}.");
    if !matches(keys, &[head.as_bytes(), body], &signatures) {
        return Err(AuthFault::Wrong);
    }
    fresh(at, now)?;
    Ok(Authenticated {
        replay_key: Some(id.to_owned()),
    })
}

/// Whether one of the signatures is that of one of the keys; all are tried in any case.
fn matches(keys: impl Iterator<Item = Vec<u8>>, parts: &[&[u8]], signatures: &[Vec<u8>]) -> bool {
    let mut found = false;
    for key in keys {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else {
            continue;
        };
        for part in parts {
            mac.update(part);
        }
        for signature in signatures {
            found |= mac.clone().verify_slice(signature).is_ok();
        }
    }
    found
}

fn decode(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Hex => hex::decode(text).ok(),
        Encoding::Base64 => STANDARD.decode(text).ok(),
    }
}

fn fresh(at: &str, now: DateTime<Utc>) -> Result<(), AuthFault> {
    let at = time::read(at).ok_or(AuthFault::Stale)?;
    if (now - at).abs() > TOLERANCE {
        return Err(AuthFault::Stale);
    }
    Ok(())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, AuthFault> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|value| !value.trim().is_empty())
        .map(str::trim)
        .ok_or_else(|| AuthFault::Missing(format!("The header `{name}`")))
}

#[cfg(test)]
mod tests;
