//! What a member does with the bot: commands, autocomplete, buttons and menus, forms.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{
    Done, Wrong, channel_for,
    interaction::{Deed, perform},
    key, member,
    options::{self, Reading, Resolved},
    submit,
};
use crate::sandbox::{
    json::{Look, bits},
    permissions::USE_APPLICATION_COMMANDS,
    rest::interactions::{AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT},
    rules::component::{self, flat, is_select, kind},
    server::{App, Inner},
    world::{
        model::{Channel, Command, Message},
        snowflake::Id,
    },
};

fn place(inner: &Inner, user: Id, body: &Value) -> Result<Channel, Wrong> {
    let name = key(body.at("channel")).ok_or_else(|| Wrong::bad("channel is missing"))?;
    let channel = channel_for(inner, user, &name)?;
    if inner.world.can(user, &channel, USE_APPLICATION_COMMANDS) {
        Ok(channel)
    } else {
        Err(Wrong::closed("the member may not use commands there"))
    }
}

/// `default_member_permissions`: what a member needs to be offered the command.
fn offered(inner: &Inner, user: Id, channel: &Channel, row: &Command) -> Result<(), Wrong> {
    let needed = bits(row.body.at("default_member_permissions"));
    let held = inner.world.channel_permissions(user, channel);
    let admin = held & crate::sandbox::permissions::ADMINISTRATOR != 0;
    if needed.is_none_or(|needed| admin || (needed != 0 && held & needed == needed)) {
        Ok(())
    } else {
        Err(Wrong::closed(format!(
            "the member is not offered /{}",
            row.name
        )))
    }
}

fn data_of(inner: &Inner, row: &Command) -> Value {
    let mut data = json!({ "id": row.id, "name": row.name, "type": row.kind });
    if row.in_guild {
        data.set("guild_id", inner.world.guild().id);
    }
    data
}

fn slash(
    inner: &mut Inner,
    user: &str,
    body: &Value,
    focused: Option<String>,
) -> Result<Deed, Wrong> {
    let user = member(inner, user)?.user_id;
    let channel = place(inner, user, body)?;
    let name = body
        .text("name")
        .ok_or_else(|| Wrong::bad("name is missing"))?;
    let (row, below) = options::find(inner, 1, name)?;
    offered(inner, user, &channel, &row)?;
    if let Some(focused) = &focused {
        let leaf = below.last().unwrap_or(&row.body);
        let completes = |one: &Value| one.text("name") == Some(focused) && one.yes("autocomplete");
        if !leaf.list("options").iter().any(completes) {
            return Err(Wrong::bad(format!(
                "option {focused:?} has no autocomplete"
            )));
        }
    }
    let autocomplete = focused.is_some();
    let resolved = Resolved::default();
    let mut reading = Reading {
        inner,
        user,
        channel: channel.id,
        resolved,
        focused,
    };
    let sent = options::read(&mut reading, &row, &below, body.at("options"))?;
    let resolved = reading.resolved;
    let mut data = data_of(inner, &row);
    if !sent.is_empty() {
        data.set("options", sent);
    }
    resolved.into_data(&mut data);
    let kind = if autocomplete { AUTOCOMPLETE } else { COMMAND };
    let path: Vec<&str> = name.trim_start_matches('/').split_whitespace().collect();
    Ok(Deed {
        kind,
        user,
        channel,
        data,
        command: Some(path.join(" ")),
        source: None,
        modal: None,
    })
}

/// A command from the context menu of a member (2) or a message (3).
fn from_menu(inner: &mut Inner, user: &str, body: &Value, menu: u8) -> Result<Deed, Wrong> {
    let user = member(inner, user)?.user_id;
    let channel = place(inner, user, body)?;
    let name = body
        .text("name")
        .ok_or_else(|| Wrong::bad("name is missing"))?;
    let (row, _) = options::find(inner, menu, name)?;
    offered(inner, user, &channel, &row)?;
    let target = key(body.at("target")).ok_or_else(|| Wrong::bad("target is missing"))?;
    let mut resolved = Resolved::default();
    let id = if menu == 2 {
        resolved
            .user(inner, &target)
            .ok_or_else(|| Wrong::bad(format!("no member {target:?}")))?
    } else {
        let found = target
            .parse()
            .ok()
            .and_then(|id| inner.world.message(channel.id, id));
        let visible = found.filter(|row| row.only_for.is_none_or(|reader| reader == user));
        let row = visible.ok_or_else(|| Wrong::bad("the member sees no such message there"))?;
        resolved.message(row.id, inner.message_json(row));
        row.id
    };
    let mut data = data_of(inner, &row).with("target_id", id);
    resolved.into_data(&mut data);
    Ok(Deed {
        kind: COMMAND,
        user,
        channel,
        data,
        command: Some(row.name),
        source: None,
        modal: None,
    })
}

pub async fn command(State(app): State<App>, Path(user): Path<String>, body: Json<Value>) -> Done {
    perform(&app, |inner| match body.int("type").unwrap_or(1) {
        1 => slash(inner, &user, &body, None),
        2 => from_menu(inner, &user, &body, 2),
        3 => from_menu(inner, &user, &body, 3),
        _ => Err(Wrong::bad("type must be 1, 2 or 3")),
    })
    .await
}

pub async fn autocomplete(
    State(app): State<App>,
    Path(user): Path<String>,
    body: Json<Value>,
) -> Done {
    let focused = body.text("focused").map(ToOwned::to_owned);
    let focused =
        focused.ok_or_else(|| Wrong::bad("focused is missing: the option being typed"))?;
    perform(&app, |inner| slash(inner, &user, &body, Some(focused))).await
}

/// A message that the member sees, wherever it is.
fn visible(inner: &Inner, user: Id, id: Option<Id>) -> Result<(Message, Channel), Wrong> {
    let unknown = || Wrong::unknown("the member sees no such message");
    let row = id
        .and_then(|id| inner.world.find_message(id))
        .ok_or_else(unknown)?;
    let channel = inner
        .world
        .channels
        .get(&row.channel_id)
        .ok_or_else(unknown)?;
    if !inner.world.can_see(user, channel) {
        return Err(Wrong::closed("the member cannot see that channel"));
    }
    if row.only_for.is_some_and(|reader| reader != user) {
        return Err(unknown());
    }
    Ok((row.clone(), channel.clone()))
}

pub async fn component(
    State(app): State<App>,
    Path(user): Path<String>,
    body: Json<Value>,
) -> Done {
    perform(&app, |inner| {
        let user = member(inner, &user)?.user_id;
        let (message, channel) = visible(
            inner,
            user,
            key(body.at("message")).and_then(|id| id.parse().ok()),
        )?;
        let custom_id = body
            .text("custom_id")
            .ok_or_else(|| Wrong::bad("custom_id is missing"))?;
        let all = flat(&message.components);
        let found = all
            .into_iter()
            .find(|one| one.text("custom_id") == Some(custom_id));
        let found = found
            .ok_or_else(|| Wrong::bad(format!("the message has no component {custom_id:?}")))?;
        if found.yes("disabled") {
            return Err(Wrong::bad(format!("component {custom_id:?} is disabled")));
        }
        let mut data = json!({
            "component_type": kind(found), "custom_id": custom_id, "id": found.at("id"),
        });
        if is_select(kind(found)) {
            let mut resolved = Resolved::default();
            let given = body
                .list("values")
                .iter()
                .filter_map(key)
                .collect::<Vec<_>>();
            let values = picked(inner, user, found, &given, &mut resolved)?;
            data.set("values", values);
            resolved.into_data(&mut data);
        }
        let source = Some(message.id);
        Ok(Deed {
            kind: COMPONENT,
            user,
            channel,
            data,
            command: None,
            source,
            modal: None,
        })
    })
    .await
}

/// What a member picks from a menu: options by value, everything else by id or name.
pub fn picked(
    inner: &Inner,
    user: Id,
    menu: &Value,
    given: &[String],
    resolved: &mut Resolved,
) -> Result<Vec<Value>, Wrong> {
    let named = menu.text("custom_id").unwrap_or("");
    let count = i64::try_from(given.len()).unwrap_or(i64::MAX);
    let (least, most) = (
        menu.int("min_values").unwrap_or(1),
        menu.int("max_values").unwrap_or(1),
    );
    if !(least..=most).contains(&count) {
        return Err(Wrong::bad(format!(
            "{named:?} takes {least} to {most} values, {count} given"
        )));
    }
    let mut values = Vec::new();
    for one in given {
        let value = match kind(menu) {
            component::USER_SELECT => resolved.user(inner, one).map(Value::from),
            component::ROLE_SELECT => resolved.role(inner, one).map(Value::from),
            component::CHANNEL_SELECT => resolved.channel(inner, user, one).map(Value::from),
            component::MENTIONABLE_SELECT => {
                let member = resolved.user(inner, one);
                member
                    .or_else(|| resolved.role(inner, one))
                    .map(Value::from)
            }
            _ => {
                let mut options = menu.list("options").iter();
                options
                    .find(|option| option.text("value") == Some(one))
                    .map(|_| one.clone().into())
            }
        };
        values.push(value.ok_or_else(|| Wrong::bad(format!("{named:?} has no option {one:?}")))?);
    }
    Ok(values)
}

pub async fn modal(State(app): State<App>, Path(user): Path<String>, body: Json<Value>) -> Done {
    perform(&app, |inner| {
        let user = member(inner, &user)?.user_id;
        let named = key(body.at("modal"))
            .ok_or_else(|| Wrong::bad("modal is missing: the id in view.modal.id"))?;
        let mut open = inner
            .world
            .modals
            .values()
            .filter(|row| row.user_id == user);
        let row = open.find(|row| row.id.to_string() == named).cloned();
        let row =
            row.ok_or_else(|| Wrong::bad(format!("the member has no form {named:?} open")))?;
        let channel = inner.world.channels.get(&row.channel_id).cloned();
        let channel = channel.ok_or_else(|| Wrong::bad("the form's channel is gone"))?;
        let data = submit::data(inner, &row, body.at("values"))?;
        Ok(Deed {
            kind: MODAL_SUBMIT,
            user,
            channel,
            data,
            command: None,
            source: row.source,
            modal: Some(row.id),
        })
    })
    .await
}
