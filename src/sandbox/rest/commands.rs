//! Application commands, of the guild and global ones: the same handlers, with or without a guild.

use std::collections::HashMap;

use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::{created, empty, ok, within};
use crate::sandbox::{
    body::Payload,
    error::{Answer, Refused},
    json::Look,
    rules::command as rules,
    server::{App, Inner},
    wire,
    world::{journal::Change, model::Command, snowflake::Id},
};

type Ids = HashMap<String, Id>;

/// True for the guild's commands, false for global ones.
fn scope(inner: &Inner, ids: &Ids) -> Result<bool, Refused> {
    inner.check_application(ids.get("application").copied().unwrap_or_default())?;
    match ids.get("guild") {
        None => Ok(false),
        Some(guild) if *guild == inner.world.guild().id => Ok(true),
        Some(_) => Err(Refused::missing_access()),
    }
}

fn of_scope(inner: &Inner, in_guild: bool) -> Vec<Command> {
    inner
        .world
        .commands
        .values()
        .filter(|row| row.in_guild == in_guild)
        .cloned()
        .collect()
}

fn listed(inner: &Inner, in_guild: bool) -> Value {
    of_scope(inner, in_guild)
        .iter()
        .map(|row| wire::command(&inner.world, row))
        .collect()
}

fn find(inner: &Inner, ids: &Ids) -> Result<Command, Refused> {
    let in_guild = scope(inner, ids)?;
    let id = ids.get("command").copied().unwrap_or_default();
    let row = inner
        .world
        .commands
        .get(&id)
        .filter(|row| row.in_guild == in_guild);
    row.cloned().ok_or_else(Refused::unknown_command)
}

/// A command as Discord shows it: what was sent, with the defaults filled in.
fn body(sent: &Value) -> Value {
    let member = sent.at("default_member_permissions");
    let member = member
        .as_u64()
        .map_or_else(|| member.clone(), |bits| bits.to_string().into());
    let mut body = json!({
        "type": rules::kind(sent), "name": sent.at("name"), "name_localizations": sent.at("name_localizations"),
        "description": sent.text("description").unwrap_or(""),
        "description_localizations": sent.at("description_localizations"),
        "default_member_permissions": member, "nsfw": sent.yes("nsfw"),
        "dm_permission": sent.at("dm_permission").as_bool().unwrap_or(true),
        "contexts": sent.at("contexts"),
        "integration_types": if sent.has("integration_types") { sent.at("integration_types").clone() } else { json!([0]) },
    });
    if !sent.list("options").is_empty() {
        body.set("options", sent.at("options").clone());
    }
    body
}

/// Writes a command; one of the same kind and name keeps its id, and its version if nothing changed.
fn save(inner: &mut Inner, in_guild: bool, sent: &Value) -> Command {
    let body = body(sent);
    let kind = u8::try_from(rules::kind(sent)).unwrap_or(1);
    let name = sent.text("name").unwrap_or("").to_owned();
    let old = of_scope(inner, in_guild)
        .into_iter()
        .find(|row| row.kind == kind && row.name == name);
    if let Some(old) = old.as_ref().filter(|old| old.body == body) {
        return old.clone();
    }
    let version = inner.world.new_id();
    let id = old.map_or(version, |old| old.id);
    let row = Command {
        id,
        in_guild,
        version,
        kind,
        name,
        body,
    };
    inner.world.put(Change::Command(row.clone()));
    row
}

pub async fn list(State(app): State<App>, Path(ids): Path<Ids>) -> Answer {
    within(&app, |inner| {
        let in_guild = scope(inner, &ids)?;
        ok(listed(inner, in_guild))
    })
}

pub async fn replace(State(app): State<App>, Path(ids): Path<Ids>, payload: Payload) -> Answer {
    within(&app, |inner| {
        let in_guild = scope(inner, &ids)?;
        let sent = payload.json.as_array().cloned().unwrap_or_default();
        rules::check_all(&sent)?;
        let kept: Vec<Id> = sent
            .iter()
            .map(|one| save(inner, in_guild, one).id)
            .collect();
        for row in of_scope(inner, in_guild) {
            if !kept.contains(&row.id) {
                inner.world.put(Change::CommandGone(row.id));
            }
        }
        ok(listed(inner, in_guild))
    })
}

pub async fn create(State(app): State<App>, Path(ids): Path<Ids>, payload: Payload) -> Answer {
    within(&app, |inner| {
        let in_guild = scope(inner, &ids)?;
        rules::check(&payload.json)?;
        let same = |row: &Command| {
            i64::from(row.kind) == rules::kind(&payload.json)
                && Some(row.name.as_str()) == payload.json.text("name")
        };
        let all = of_scope(inner, in_guild);
        let known = all.iter().any(same);
        let most = if rules::kind(&payload.json) == 1 {
            100
        } else {
            15
        };
        let held = all
            .iter()
            .filter(|row| i64::from(row.kind) == rules::kind(&payload.json))
            .count();
        if !known && held >= most {
            let message = format!("Maximum number of application commands reached ({most}).");
            return Err(Refused::bad(30_032, &message));
        }
        let row = save(inner, in_guild, &payload.json);
        let value = wire::command(&inner.world, &row);
        if known { ok(value) } else { created(value) }
    })
}

pub async fn show(State(app): State<App>, Path(ids): Path<Ids>) -> Answer {
    within(&app, |inner| {
        ok(wire::command(&inner.world, &find(inner, &ids)?))
    })
}

pub async fn edit(State(app): State<App>, Path(ids): Path<Ids>, payload: Payload) -> Answer {
    within(&app, |inner| {
        let mut row = find(inner, &ids)?;
        let mut merged = row.body.clone();
        for (key, value) in payload.json.as_object().into_iter().flatten() {
            merged.set(key, value.clone());
        }
        rules::check(&merged)?;
        row.body = body(&merged);
        merged.text("name").unwrap_or("").clone_into(&mut row.name);
        row.version = inner.world.new_id();
        inner.world.put(Change::Command(row.clone()));
        ok(wire::command(&inner.world, &row))
    })
}

pub async fn remove(State(app): State<App>, Path(ids): Path<Ids>) -> Answer {
    within(&app, |inner| {
        let row = find(inner, &ids)?;
        inner.world.put(Change::CommandGone(row.id));
        empty()
    })
}
