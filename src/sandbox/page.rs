//! A plain page of the guild as one member sees it, rendered here with everything escaped; and the
//! files that messages carry.

use std::fmt::Write;

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;

use super::{
    act::view,
    server::{App, Inner},
    world::{
        model::{Channel, Message},
        snowflake::Id,
    },
};

#[derive(Debug, Deserialize)]
pub struct Asked {
    /// Name of the member whose eyes it is seen with; the owner's where absent.
    #[serde(rename = "as")]
    member: Option<String>,
}

pub fn guild(app: &App, asked: &Asked) -> Response {
    app.within(|inner| {
        let owner = inner.world.guild().owner_id.to_string();
        let key = asked.member.as_deref().unwrap_or(&owner);
        let Some(member) = inner.world.find_member(key).map(|row| row.user_id) else {
            return (StatusCode::NOT_FOUND, Html("No such member.".to_owned())).into_response();
        };
        let page =
            render(inner, member).unwrap_or_else(|_| "The page could not be written.".to_owned());
        let policy = "default-src 'none'; style-src 'unsafe-inline'";
        ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
    })
}

fn render(inner: &Inner, member: Id) -> Result<String, std::fmt::Error> {
    let name = |id: Id| {
        inner
            .world
            .users
            .get(&id)
            .map_or("?", |user| user.username.as_str())
    };
    let mut page = String::from(
        "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=5>\
         <meta name=viewport content='width=device-width'><title>Sandbox</title>\
         <style>body{font:16px system-ui;max-width:60em;margin:1em auto;padding:0 1em}\
         pre{white-space:pre-wrap;margin:.2em 0}article{border-left:3px solid;padding-left:.6em;margin:.6em 0}</style>",
    );
    write!(
        page,
        "<h1>{} as {}</h1><nav>See it as: ",
        escape(&inner.world.guild().name),
        escape(name(member))
    )?;
    for id in inner.world.members.keys() {
        write!(page, "<a href='/?as={id}'>{}</a> ", escape(name(*id)))?;
    }
    page.push_str("</nav><p>To act, use the control API under /sandbox; this page reloads every five seconds.</p>");
    let visible = inner
        .world
        .channels
        .values()
        .filter(|row| inner.world.can_see(member, row));
    for channel in visible {
        section(inner, member, channel, &mut page)?;
    }
    Ok(page)
}

fn section(inner: &Inner, member: Id, channel: &Channel, page: &mut String) -> std::fmt::Result {
    let mark = if channel.thread.is_some() {
        "thread "
    } else {
        "#"
    };
    write!(page, "<section><h2>{mark}{}</h2>", escape(&channel.name))?;
    let seen = view::seen(inner, member, channel);
    for message in seen.iter().skip(seen.len().saturating_sub(30)) {
        article(inner, message, page)?;
    }
    page.push_str("</section>");
    Ok(())
}

fn article(inner: &Inner, message: &Message, page: &mut String) -> std::fmt::Result {
    let author = inner
        .world
        .users
        .get(&message.author)
        .map_or("?", |user| user.username.as_str());
    let only = if message.only_for.is_some() {
        " (only you see this)"
    } else {
        ""
    };
    write!(
        page,
        "<article><b>{}</b> {}{only}",
        escape(author),
        message.timestamp.format("%H:%M:%S")
    )?;
    let mut texts = vec![message.content.clone()];
    for embed in &message.embeds {
        super::words::of(embed, &mut texts);
    }
    for component in &message.components {
        super::words::of(component, &mut texts);
    }
    for text in texts.iter().filter(|text| !text.is_empty()) {
        write!(page, "<pre>{}</pre>", escape(text))?;
    }
    page.push_str("</article>");
    Ok(())
}

fn escape(text: &str) -> String {
    let escaped = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    escaped.replace('"', "&quot;").replace('\'', "&#39;")
}

/// Served as a download: what members upload never runs here.
pub async fn file(State(app): State<App>, Path((_, id, _)): Path<(Id, Id, String)>) -> Response {
    let row = app.within(|inner| inner.world.files.get(&id).cloned());
    let bytes = row.and_then(|row| {
        STANDARD
            .decode(row.base64)
            .ok()
            .map(|bytes| (row.content_type, bytes))
    });
    let Some((kind, bytes)) = bytes else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, "attachment".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, bytes).into_response()
}
