//! Reads a request's body within a size and a time. What is refused is still drained, within bounds and
//! without keeping it: a sender that is cut off while it writes never sees why.

use super::problem::Problem;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::timeout;

/// Refused bytes that are drained before the connection is simply closed.
const DRAIN_BYTES: usize = 32 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub bytes: usize,
    pub time: Duration,
}

/// The whole body, or why not.
pub(super) async fn whole(
    headers: &HeaderMap,
    body: Body,
    limits: Limits,
) -> Result<Bytes, Problem> {
    if let Err(problem) = readable(headers) {
        drain(body, limits).await;
        return Err(problem);
    }
    let mut stream = body.into_data_stream();
    match timeout(limits.time, collect(&mut stream, limits.bytes)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(Stop::Broken)) => Err(Problem::broken_off()),
        Ok(Err(Stop::TooLarge)) => {
            let _late = timeout(limits.time, discard(&mut stream)).await;
            Err(Problem::too_large(limits.bytes))
        }
        Err(_late) => Err(Problem::too_slow(limits.time.as_secs())),
    }
}

/// Lets a refused body pass by.
pub(super) async fn drain(body: Body, limits: Limits) {
    let _late = timeout(limits.time, discard(&mut body.into_data_stream())).await;
}

enum Stop {
    TooLarge,
    Broken,
}

async fn collect(stream: &mut BodyDataStream, limit: usize) -> Result<Bytes, Stop> {
    let mut kept = Vec::new();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_broken| Stop::Broken)?;
        if kept.len() + part.len() > limit {
            return Err(Stop::TooLarge);
        }
        kept.extend_from_slice(&part);
    }
    Ok(Bytes::from(kept))
}

async fn discard(stream: &mut BodyDataStream) {
    let mut passed = 0;
    while let Some(Ok(part)) = stream.next().await {
        passed += part.len();
        if passed > DRAIN_BYTES {
            return;
        }
    }
}

/// Senders name JSON in many ways or not at all; only what cannot be JSON text is refused.
fn readable(headers: &HeaderMap) -> Result<(), Problem> {
    let word = |name: header::HeaderName| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    };
    let encoding = word(header::CONTENT_ENCODING);
    if !encoding.is_empty() && encoding != "identity" {
        return Err(Problem::wrong_media("The body is compressed."));
    }
    let media = word(header::CONTENT_TYPE);
    if ["multipart/", "image/", "audio/", "video/", "font/"]
        .iter()
        .any(|m| media.starts_with(m))
    {
        return Err(Problem::wrong_media("The content type is not JSON."));
    }
    Ok(())
}
