//! The guild, its roles and members.

use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{empty, ok, within};
use crate::sandbox::{
    body::Payload,
    error::{Answer, Faults, Refused},
    json::{Look, bits, length, switch},
    permissions::{ADMINISTRATOR, MANAGE_ROLES},
    server::{App, Inner},
    wire,
    world::{
        journal::Change,
        model::{Member, Role},
        snowflake::Id,
    },
};

#[derive(Debug, Deserialize)]
pub struct Counts {
    #[serde(default, deserialize_with = "switch")]
    with_counts: bool,
}

pub async fn show(
    State(app): State<App>,
    Path(id): Path<Id>,
    Query(asked): Query<Counts>,
) -> Answer {
    within(&app, |inner| {
        inner.check_guild(id)?;
        let mut guild = wire::guild(&inner.world);
        if asked.with_counts {
            guild.set("approximate_member_count", inner.world.members.len());
            guild.set("approximate_presence_count", 1);
        }
        ok(guild)
    })
}

pub async fn roles(State(app): State<App>, Path(id): Path<Id>) -> Answer {
    within(&app, |inner| {
        inner.check_guild(id)?;
        ok(inner.world.roles.values().map(wire::role).collect())
    })
}

pub async fn role(State(app): State<App>, Path((guild, id)): Path<(Id, Id)>) -> Answer {
    within(&app, |inner| {
        inner.check_guild(guild)?;
        ok(wire::role(
            inner
                .world
                .roles
                .get(&id)
                .ok_or_else(Refused::unknown_role)?,
        ))
    })
}

pub async fn member_counts(State(app): State<App>, Path(id): Path<Id>) -> Answer {
    within(&app, |inner| {
        inner.check_guild(id)?;
        let everyone = inner.world.everyone();
        let count = |role: &Id| {
            inner
                .world
                .members
                .values()
                .filter(|row| row.roles.contains(role))
                .count()
        };
        let roles = inner.world.roles.keys().filter(|role| **role != everyone);
        let counts: Map<String, Value> = roles
            .map(|role| (role.to_string(), count(role).into()))
            .collect();
        ok(Value::Object(counts))
    })
}

/// Takes over what the body gives; a bot cannot hand out what it does not have.
fn apply(inner: &Inner, role: &mut Role, body: &Value) -> Result<(), Refused> {
    let mut faults = Faults::default();
    if let Some(name) = body.text("name") {
        faults.length("name", length(name), 1, 100);
        name.clone_into(&mut role.name);
    }
    faults.done()?;
    if body.has("permissions") {
        let wanted = bits(body.at("permissions")).ok_or_else(|| {
            Refused::field("permissions", "NUMBER_TYPE_COERCE", "Not a permission set.")
        })?;
        let own = inner.world.guild_permissions(inner.world.bot());
        if own & ADMINISTRATOR == 0 && (wanted ^ role.permissions) & !own != 0 {
            return Err(Refused::missing_permissions());
        }
        role.permissions = wanted;
    }
    role.color = body.int("color").unwrap_or(role.color);
    role.hoist = body.at("hoist").as_bool().unwrap_or(role.hoist);
    role.mentionable = body.at("mentionable").as_bool().unwrap_or(role.mentionable);
    Ok(())
}

pub async fn create_role(State(app): State<App>, Path(id): Path<Id>, payload: Payload) -> Answer {
    within(&app, |inner| {
        inner.check_guild(id)?;
        inner.need(MANAGE_ROLES)?;
        let everyone = inner.world.roles.get(&inner.world.everyone());
        let own = inner.world.guild_permissions(inner.world.bot());
        let permissions = everyone.map_or(0, |role| role.permissions) & own;
        let mut role = Role {
            id: inner.world.new_id(),
            name: "new role".to_owned(),
            permissions,
            position: 1,
            color: 0,
            hoist: false,
            mentionable: false,
            managed: false,
            bot_id: None,
        };
        apply(inner, &mut role, &payload.json)?;
        // A new role stands lowest: all others move up.
        let above: Vec<Role> = inner
            .world
            .roles
            .values()
            .filter(|one| one.position > 0)
            .cloned()
            .collect();
        for mut other in above {
            other.position += 1;
            inner.world.put(Change::Role(other));
        }
        inner.world.put(Change::Role(role.clone()));
        inner.emit_role("CREATE", &role);
        ok(wire::role(&role))
    })
}

fn own_role(inner: &Inner, guild: Id, id: Id) -> Result<Role, Refused> {
    inner.check_guild(guild)?;
    let role = inner
        .world
        .roles
        .get(&id)
        .ok_or_else(Refused::unknown_role)?;
    inner.need(MANAGE_ROLES)?;
    if inner.world.outranks(inner.world.bot(), role) {
        Ok(role.clone())
    } else {
        Err(Refused::missing_permissions())
    }
}

pub async fn edit_role(
    State(app): State<App>,
    Path((guild, id)): Path<(Id, Id)>,
    payload: Payload,
) -> Answer {
    within(&app, |inner| {
        let mut role = own_role(inner, guild, id)?;
        apply(inner, &mut role, &payload.json)?;
        inner.world.put(Change::Role(role.clone()));
        inner.emit_role("UPDATE", &role);
        ok(wire::role(&role))
    })
}

pub async fn delete_role(State(app): State<App>, Path((guild, id)): Path<(Id, Id)>) -> Answer {
    within(&app, |inner| {
        let role = own_role(inner, guild, id)?;
        if role.managed || id == inner.world.everyone() {
            return Err(Refused::bad(50_028, "Invalid Role"));
        }
        let holders: Vec<Member> = inner
            .world
            .members
            .values()
            .filter(|row| row.roles.contains(&id))
            .cloned()
            .collect();
        for mut member in holders {
            member.roles.retain(|held| *held != id);
            inner.world.put(Change::Member(member));
        }
        inner.world.put(Change::RoleGone(id));
        inner.emit_role("DELETE", &role);
        empty()
    })
}

#[derive(Debug, Deserialize)]
pub struct Page {
    limit: Option<usize>,
    after: Option<Id>,
}

pub async fn members(
    State(app): State<App>,
    Path(id): Path<Id>,
    Query(page): Query<Page>,
) -> Answer {
    within(&app, |inner| {
        inner.check_guild(id)?;
        let limit = page.limit.unwrap_or(1);
        if !(1..=1_000).contains(&limit) {
            return Err(Refused::field(
                "limit",
                "NUMBER_TYPE_MAX",
                "Must be between 1 and 1000.",
            ));
        }
        if inner.world.guild().privileged_intents & crate::sandbox::gateway::GUILD_MEMBERS == 0 {
            return Err(Refused::missing_access());
        }
        let after = page.after.unwrap_or_default();
        let rows = inner
            .world
            .members
            .values()
            .filter(|row| row.user_id > after)
            .take(limit);
        ok(rows.map(|row| wire::member(&inner.world, row)).collect())
    })
}

pub async fn member(State(app): State<App>, Path((guild, id)): Path<(Id, Id)>) -> Answer {
    within(&app, |inner| {
        inner.check_guild(guild)?;
        ok(wire::member(&inner.world, find(inner, id)?))
    })
}

fn find(inner: &Inner, id: Id) -> Result<&Member, Refused> {
    let known = inner.world.users.contains_key(&id);
    let unknown = || {
        if known {
            Refused::unknown_member()
        } else {
            Refused::unknown_user()
        }
    };
    inner.world.members.get(&id).ok_or_else(unknown)
}

fn change_role(app: &App, (guild, user, role): (Id, Id, Id), give: bool) -> Answer {
    within(app, |inner| {
        inner.check_guild(guild)?;
        let mut member = find(inner, user)?.clone();
        let role = own_role(inner, guild, role)?;
        if role.managed {
            return Err(Refused::missing_permissions());
        }
        member.roles.retain(|held| *held != role.id);
        if give {
            member.roles.push(role.id);
        }
        inner.world.put(Change::Member(member.clone()));
        inner.emit_member(&member);
        empty()
    })
}

pub async fn add_role(State(app): State<App>, Path(ids): Path<(Id, Id, Id)>) -> Answer {
    change_role(&app, ids, true)
}

pub async fn remove_role(State(app): State<App>, Path(ids): Path<(Id, Id, Id)>) -> Answer {
    change_role(&app, ids, false)
}
