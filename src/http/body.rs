//! Reads a request's body within a size and a time. What is refused is still drained, within bounds and
//! without keeping it: a sender that is cut off while it writes never sees why.

use super::problem::Problem;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Refused bytes that are drained before the connection is simply closed.
const DRAIN_BYTES: usize = 32 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub bytes: usize,
    pub time: Duration,
}

/// What a submission needs beside its bytes, so that many small ones are bounded too.
const BESIDE_BYTES: usize = 16 * 1024;

/// How many bytes of bodies may be on their way into the store at one moment, all senders together. Nobody waits for
/// room: a sender that finds none comes again.
#[derive(Debug, Clone)]
pub struct Room(Arc<Semaphore>);

/// The room of one body; free again once it is dropped.
#[derive(Debug, Clone)]
pub struct Place(#[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

impl Room {
    pub fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Stop> {
        let wanted = u32::try_from(bytes).map_err(|_| Stop::NoRoom)?;
        let room = self.0.clone().try_acquire_many_owned(wanted);
        room.map_err(|_| Stop::NoRoom)
    }
}

/// The whole body with the room that it takes, or why not.
pub(super) async fn whole(
    headers: &HeaderMap,
    body: Body,
    limits: Limits,
    room: &Room,
) -> Result<(Bytes, Place), Problem> {
    if let Err(problem) = readable(headers) {
        drain(body, limits).await;
        return Err(problem);
    }
    let mut stream = body.into_data_stream();
    match timeout(limits.time, collect(&mut stream, limits.bytes, room)).await {
        Ok(Ok((bytes, place))) => Ok((bytes, Place(Arc::new(place)))),
        Ok(Err(Stop::Broken)) => Err(Problem::broken_off()),
        Ok(Err(Stop::TooLarge)) => {
            let _late = timeout(limits.time, discard(&mut stream)).await;
            Err(Problem::too_large(limits.bytes))
        }
        Ok(Err(Stop::NoRoom)) => {
            let _late = timeout(limits.time, discard(&mut stream)).await;
            Err(Problem::no_room())
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
    NoRoom,
}

async fn collect(
    stream: &mut BodyDataStream,
    limit: usize,
    room: &Room,
) -> Result<(Bytes, OwnedSemaphorePermit), Stop> {
    let mut place = room.take(BESIDE_BYTES)?;
    let mut kept = Vec::new();
    while let Some(part) = stream.next().await {
        let part = part.map_err(|_broken| Stop::Broken)?;
        if kept.len() + part.len() > limit {
            return Err(Stop::TooLarge);
        }
        place.merge(room.take(part.len())?);
        kept.extend_from_slice(&part);
    }
    Ok((Bytes::from(kept), place))
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
