//! The drill leader's levers: clock, faults, membership, permissions, the request log; and plain
//! messages of members.

use axum::{
    Json,
    extract::{Path, Query, State},
};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Done, Wrong, channel_for, key, member, view};
use crate::sandbox::{
    faults::{FaultKind, Order},
    gateway,
    json::{Look, bits},
    posts::Post,
    rules::message::{self as rules, Way},
    server::{App, Inner, Logged},
    wire,
    world::{
        journal::Change,
        model::{Overwrite, Target},
        note::Note,
        snowflake::Id,
    },
};

pub async fn health(State(app): State<App>) -> Done {
    app.within(|inner| {
        Ok(Json(json!({
            "ok": !inner.world.failed, "gateway_connections": inner.hub.connected(),
            "identifies": inner.hub.starts.granted,
            "unknown_endpoints": inner.unknown_endpoints, "invalid_requests": inner.limits.invalid,
        })))
    })
}

pub async fn time(State(app): State<App>) -> Done {
    app.within(|inner| Ok(Json(json!({ "now": wire::instant(inner.world.now()) }))))
}

#[derive(Debug, Deserialize)]
pub struct Advance {
    advance_ms: i64,
}

pub async fn clock(State(app): State<App>, body: Json<Value>) -> Done {
    let by: Advance = read(&body)?;
    let by = Some(by.advance_ms).filter(|ms| (0..=1_000_000_000_000).contains(ms));
    let by =
        by.ok_or_else(|| Wrong::bad("advance_ms must not be negative or more than 30 years"))?;
    app.within(|inner| {
        inner.world.clock.advance(TimeDelta::milliseconds(by));
        inner.elapse();
        inner.world.watchers.tell(Note::Clock);
        Ok(Json(json!({ "now": wire::instant(inner.world.now()) })))
    })
}

fn read<T: for<'de> Deserialize<'de>>(body: &Value) -> Result<T, Wrong> {
    T::deserialize(body).map_err(|error| Wrong::bad(error.to_string()))
}

pub async fn faults(State(app): State<App>, body: Json<Value>) -> Done {
    let order: Order = read(&body)?;
    app.within(|inner| {
        let now = inner.world.now();
        if order.kind.of_gateway() {
            gateway_fault(inner, &order);
        } else {
            inner.orders.place(order, now);
        }
        Ok(Json(json!({ "ok": true })))
    })
}

pub async fn end_faults(State(app): State<App>) -> Done {
    app.within(|inner| {
        inner.orders.end_all();
        Ok(Json(json!({ "ok": true })))
    })
}

fn gateway_fault(inner: &mut Inner, order: &Order) {
    let plain = |op: u8, data: Value| {
        gateway::Order::Send(json!({ "op": op, "t": null, "s": null, "d": data }).to_string())
    };
    match order.kind {
        FaultKind::GatewayInvalidSession => {
            inner.hub.order_all(&plain(9, json!(false)));
            inner.hub.order_all(&gateway::Order::Close(4_000));
            inner.hub.end_all();
        }
        FaultKind::GatewayReconnect => inner.hub.order_all(&plain(7, Value::Null)),
        FaultKind::GatewayClose => inner.hub.order_all(&gateway::Order::Close(4_000)),
        FaultKind::GatewayDrop => {
            let shut = order
                .for_ms
                .map(|ms| TimeDelta::milliseconds(i64::from(ms)));
            inner.orders.gateway_shut_until = shut.map(|time| inner.world.now() + time);
            inner.hub.order_all(&gateway::Order::Break);
        }
        FaultKind::Http500
        | FaultKind::Http429
        | FaultKind::Http401
        | FaultKind::Http403
        | FaultKind::Http404
        | FaultKind::Timeout
        | FaultKind::Slow
        | FaultKind::LateResponse
        | FaultKind::LostRequest
        | FaultKind::LostResponse => {}
    }
}

#[derive(Debug, Deserialize)]
pub struct Since {
    /// The number of the last request that is already known.
    since: Option<u64>,
    /// Only the newest so many.
    limit: Option<usize>,
}

pub async fn requests(State(app): State<App>, Query(asked): Query<Since>) -> Done {
    app.within(|inner| {
        let since = asked.since.unwrap_or(0);
        let newer = |row: &&Logged| row.number > since;
        let count = inner.log.kept.iter().filter(newer).count();
        let skip = asked.limit.map_or(0, |limit| count.saturating_sub(limit));
        let rows = inner.log.kept.iter().filter(newer).skip(skip);
        Ok(Json(json!({
            "requests": rows.map(Logged::json).collect::<Vec<_>>(),
            "unknown_endpoints": inner.unknown_endpoints, "faults_met": inner.orders.met,
        })))
    })
}

pub async fn roles(State(app): State<App>, Path(user): Path<String>, body: Json<Value>) -> Done {
    app.within(|inner| {
        let mut row = member(inner, &user)?;
        let list = body.as_array().or_else(|| body.at("roles").as_array());
        let list = list.ok_or_else(|| Wrong::bad("give {\"roles\": [id or name, …]}"))?;
        let mut roles = Vec::new();
        for one in list {
            let found = key(one).and_then(|key| inner.world.find_role(&key).map(|role| role.id));
            let id = found.ok_or_else(|| Wrong::bad(format!("no role {one}")))?;
            if id != inner.world.everyone() && !roles.contains(&id) {
                roles.push(id);
            }
        }
        row.roles = roles;
        inner.world.put(Change::Member(row.clone()));
        inner.emit_member(&row);
        Ok(Json(wire::member(&inner.world, &row)))
    })
}

/// The role or member that an overwrite is for, by id or name.
fn target(inner: &Inner, name: &str) -> Result<(Id, Target), Wrong> {
    if let Some(role) = inner.world.find_role(name) {
        return Ok((role.id, Target::Role));
    }
    let user = inner
        .world
        .find_member(name)
        .map(|member| (member.user_id, Target::Member));
    user.ok_or_else(|| Wrong::bad(format!("no role or member {name:?}")))
}

fn change_overwrite(app: &App, path: &(String, String), sides: Option<(u64, u64)>) -> Done {
    app.within(|inner| {
        let mut channel = inner.world.find_channel(&path.0).cloned();
        let channel = channel
            .as_mut()
            .ok_or_else(|| Wrong::unknown(format!("no channel {:?}", path.0)))?;
        if channel.thread.is_some() {
            return Err(Wrong::bad("a thread has no overwrites of its own"));
        }
        let (id, target) = target(inner, &path.1)?;
        let had = channel.overwrites.iter().any(|old| old.id == id);
        channel.overwrites.retain(|old| old.id != id);
        match sides {
            Some((allow, deny)) => channel.overwrites.push(Overwrite {
                id,
                target,
                allow,
                deny,
            }),
            None if !had => return Err(Wrong::unknown("no such overwrite")),
            None => {}
        }
        inner.change_channel(channel);
        Ok(Json(wire::channel(&inner.world, channel)))
    })
}

pub async fn set_overwrite(
    State(app): State<App>,
    Path(path): Path<(String, String)>,
    body: Json<Value>,
) -> Done {
    let side = |key: &str| {
        let value = body.at(key);
        if value.is_null() {
            Ok(0)
        } else {
            bits(value).ok_or_else(|| Wrong::bad(format!("{key} is no permission set")))
        }
    };
    let (allow, deny) = (side("allow")?, side("deny")?);
    if allow & deny != 0 {
        return Err(Wrong::bad("allow and deny share a bit"));
    }
    change_overwrite(&app, &path, Some((allow, deny)))
}

pub async fn delete_overwrite(State(app): State<App>, Path(path): Path<(String, String)>) -> Done {
    change_overwrite(&app, &path, None)
}

pub async fn write(State(app): State<App>, Path(user): Path<String>, body: Json<Value>) -> Done {
    app.within(|inner| {
        let user = member(inner, &user)?.user_id;
        let place = key(body.at("channel")).ok_or_else(|| Wrong::bad("channel is missing"))?;
        let channel = channel_for(inner, user, &place)?;
        if !inner.world.can_write(user, &channel) {
            return Err(Wrong::closed("the member may not write there"));
        }
        let content = body
            .text("content")
            .ok_or_else(|| Wrong::bad("content is missing"))?;
        let draft = rules::read(&json!({ "content": content }), 0, Way::New, "");
        let draft = draft.map_err(|refused| Wrong::bad(refused.body().to_string()))?;
        let post = Post {
            channel: channel.id,
            author: user,
            draft,
            files: Vec::new(),
            interaction: None,
            only_for: None,
            loading: false,
        };
        let message = inner
            .post(post)
            .ok_or_else(|| Wrong::bad("the channel is gone"))?;
        Ok(Json(view::message(inner, &message)))
    })
}
