//! What changes for a member, told as it happens over a websocket. Reads only; what a member may
//! not see is not told.

use axum::{
    extract::{
        Path, State,
        ws::{Message as Frame, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, header},
    response::Response,
};
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{Wrong, member, view};
use crate::sandbox::{
    server::{App, Inner},
    wire,
    world::{note::Note, snowflake::Id},
};

/// A page elsewhere may open a websocket to this machine, and says where it comes from.
fn own_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else {
        return true;
    };
    let host = text(header::HOST);
    host.is_some() && origin.strip_prefix("http://") == host
}

pub async fn stream(
    State(app): State<App>,
    Path(user): Path<String>,
    headers: HeaderMap,
    socket: WebSocketUpgrade,
) -> Result<Response, Wrong> {
    if !own_page(&headers) {
        return Err(Wrong::closed("only the sandbox's own page may watch"));
    }
    let (user, notes) = app.within(|inner| {
        let user = member(inner, &user)?.user_id;
        Ok((user, inner.world.watchers.join()))
    })?;
    Ok(socket.on_upgrade(move |socket| follow(app, user, notes, socket)))
}

async fn follow(app: App, user: Id, mut notes: Receiver<Note>, mut socket: WebSocket) {
    let mut next = Some(json!({ "type": "hello" }));
    loop {
        if let Some(value) = next.take()
            && socket
                .send(Frame::Text(value.to_string().into()))
                .await
                .is_err()
        {
            return;
        }
        tokio::select! {
            note = notes.recv() => match note {
                Ok(note) => next = app.within(|inner| told(inner, user, note)),
                Err(RecvError::Lagged(_)) => next = Some(json!({ "type": "reload" })),
                Err(RecvError::Closed) => return,
            },
            // The page says nothing; a frame that is none means that it is gone.
            got = socket.recv() => if !matches!(got, Some(Ok(_))) { return },
            () = app.stopped() => return,
        }
    }
}

/// What this member hears of it, if anything.
pub fn told(inner: &Inner, user: Id, note: Note) -> Option<Value> {
    let channel = |id: Id| {
        let row = inner.world.channels.get(&id)?;
        inner.world.can_see(user, row).then_some(row)
    };
    match note {
        Note::Message(place, id) => {
            let row = inner.world.message(place, id)?;
            view::sees(inner, user, channel(place)?, row)
                .then(|| json!({ "type": "message", "message": view::message(inner, row) }))
        }
        Note::MessageGone {
            channel: place,
            id,
            only_for,
        } => {
            channel(place)?;
            let seen = only_for.is_none_or(|reader| reader == user);
            seen.then(|| json!({ "type": "message_gone", "channel": place, "id": id }))
        }
        Note::Guild => Some(json!({ "type": "guild" })),
        Note::Clock => Some(json!({ "type": "clock", "now": wire::instant(inner.world.now()) })),
    }
}
