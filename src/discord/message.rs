//! Neutral card → the JSON of a Discord message, always within Discord's limits, and the answers to
//! an interaction that carry a card. Pure: nothing is sent from here.

use super::controls::{is_snowflake, label, rows_json};
use super::custom_id::KEY_MARK;
use super::limits;
use crate::render::card::{Card, Tone};
use crate::render::escape::{clamp, clamp_with, length, plain};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Stands where a text was cut; the card's Details button shows the whole to whoever is cleared.
pub const CUT: &str = "… (cut; whole text in Details)";

const EPHEMERAL: u64 = 1 << 6;

/// The body of a new message. The nonce lets Discord itself refuse the same post twice within
/// minutes; the outbox is the durable guard.
pub fn message_json(card: &Card, nonce: Option<&str>) -> Value {
    let mut body = parts(card);
    if card.files.is_empty() {
        body.remove("attachments");
    }
    if let Some(nonce) = nonce {
        mark(&mut body, nonce);
        body.insert("nonce".into(), json!(clamp_with(nonce, limits::NONCE, "")));
        body.insert("enforce_nonce".into(), json!(true));
    }
    Value::Object(body)
}

/// Writes the key of the post behind the ids of its controls, by which it is found again in the channel. Discord gives a
/// nonce back for minutes only. Behind each of them: an edit that takes one away leaves the ids of the others as they are.
fn mark(body: &mut Map<String, Value>, key: &str) {
    let rows = body.get_mut("components").and_then(Value::as_array_mut);
    let controls = rows
        .into_iter()
        .flatten()
        .filter_map(|row| row.get_mut("components")?.as_array_mut());
    let ids = controls
        .flatten()
        .filter_map(|control| control.get_mut("custom_id"));
    for id in ids {
        if let Value::String(id) = id
            && length(id) + length(key) < limits::CUSTOM_ID
        {
            id.push(KEY_MARK);
            id.push_str(key);
        }
    }
}

/// The key that stands in a message of the channel's history.
pub fn key_of(message: &Value) -> Option<&str> {
    let rows = message.get("components")?.as_array()?.iter();
    let mut controls = rows
        .filter_map(|row| row.get("components")?.as_array())
        .flatten();
    controls.find_map(|control| {
        let id = control.get("custom_id")?.as_str()?;
        id.split_once(KEY_MARK).map(|(_, key)| key)
    })
}

/// Title and text of a message, as they came to stand in the channel.
pub fn words_of(message: &Value) -> (Option<&str>, Option<&str>) {
    let embed = message.pointer("/embeds/0");
    let of = |key: &str| embed.and_then(|embed| embed.get(key)?.as_str());
    (of("title"), of("description"))
}

/// The body of an edit: afterwards the message is this card and nothing else, so that a card that
/// lost its text, controls or files loses them on Discord too. It keeps the key of its post.
pub fn edit_json(card: &Card, key: Option<&str>) -> Value {
    let mut body = parts(card);
    if let Some(key) = key {
        mark(&mut body, key);
    }
    Value::Object(body)
}

/// Answers an interaction with a new message.
pub fn reply_json(card: &Card, ephemeral: bool) -> Value {
    json!({ "type": 4, "data": followup_json(card, ephemeral) })
}

/// A message that follows an answered interaction.
pub fn followup_json(card: &Card, ephemeral: bool) -> Value {
    let mut data = parts(card);
    if card.files.is_empty() {
        data.remove("attachments");
    }
    data.insert("flags".into(), json!(if ephemeral { EPHEMERAL } else { 0 }));
    Value::Object(data)
}

/// Answers "working on it"; the card follows by editing the original response. What is shown
/// later keeps the ephemerality that is chosen here.
pub fn deferred_json(ephemeral: bool) -> Value {
    json!({ "type": 5, "data": { "flags": if ephemeral { EPHEMERAL } else { 0 } } })
}

/// Acknowledges a press without a visible sign; the message may be edited later.
pub fn deferred_update_json() -> Value {
    json!({ "type": 6 })
}

/// Answers a press by changing the message that carries the button.
pub fn update_json(card: &Card) -> Value {
    json!({ "type": 7, "data": parts(card) })
}

/// Answers an autocomplete: what is shown and what is sent back.
pub fn choices_json(choices: &[(String, String)]) -> Value {
    let choices: Vec<Value> = choices
        .iter()
        .filter(|(_, value)| (1..=limits::CHOICE_VALUE).contains(&length(value)))
        .take(limits::CHOICES)
        .map(|(name, value)| json!({ "name": label(name, limits::CHOICE_NAME), "value": value }))
        .collect();
    json!({ "type": 8, "data": { "choices": choices } })
}

fn parts(card: &Card) -> Map<String, Value> {
    let mentioned = mentioned(card);
    let (rows, dropped) = rows_json(&card.rows);
    let mut body = Map::new();
    body.insert("content".into(), json!(content(card, &mentioned)));
    body.insert("embeds".into(), json!([embed(card, dropped)]));
    body.insert("components".into(), Value::Array(rows));
    body.insert(
        "allowed_mentions".into(),
        json!({ "parse": [], "users": mentioned }),
    );
    body.insert("attachments".into(), attachments(card));
    body
}

fn mentioned(card: &Card) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    card.mentions
        .iter()
        .map(|m| m.account.as_str())
        .filter(|id| is_snowflake(id) && seen.insert(*id))
        .take(limits::MENTIONS)
        .collect()
}

// The names stand first, so that a cut can never silence them.
fn content(card: &Card, mentioned: &[&str]) -> String {
    let mut text = String::new();
    for id in mentioned {
        let mention = format!("<@{id}>");
        if length(&text) + length(&mention) < limits::CONTENT {
            text = if text.is_empty() {
                mention
            } else {
                format!("{text} {mention}")
            };
        }
    }
    match card.content.as_deref().filter(|c| !c.trim().is_empty()) {
        None => text,
        Some(rest) if text.is_empty() => clamp_with(rest, limits::CONTENT, CUT),
        Some(rest) => {
            let room = limits::CONTENT.saturating_sub(length(&text) + 1);
            format!("{text} {}", clamp_with(rest, room, CUT))
                .trim_end()
                .to_owned()
        }
    }
}

fn embed(card: &Card, dropped: usize) -> Value {
    let title = clamp(card.title.trim(), limits::EMBED_TITLE);
    let footer = match card.footer.as_deref().filter(|f| !f.trim().is_empty()) {
        Some(text) => format!("{} · {}", card.tone.word(), plain(text)),
        None => card.tone.word().to_owned(),
    };
    let footer = clamp(&footer, limits::EMBED_FOOTER);
    let mut text = card.body.trim_end().to_owned();
    if dropped > 0 {
        // A control that cannot be shown must not vanish in silence.
        text = format!("({dropped} controls do not fit here; use the commands.)\n{text}");
    }
    let room = limits::EMBED_SUM - length(&title) - length(&footer);
    let body = clamp_with(&text, room.min(limits::EMBED_DESCRIPTION), CUT);
    let mut embed = Map::new();
    if title.is_empty() && body.is_empty() {
        embed.insert("title".into(), json!("(no text)"));
    }
    if !title.is_empty() {
        embed.insert("title".into(), json!(title));
    }
    if !body.is_empty() {
        embed.insert("description".into(), json!(body));
    }
    embed.insert("color".into(), json!(colour(card.tone)));
    embed.insert("footer".into(), json!({ "text": footer }));
    Value::Object(embed)
}

fn attachments(card: &Card) -> Value {
    card.files
        .iter()
        .take(limits::FILES)
        .enumerate()
        .map(|(id, file)| json!({ "id": id, "filename": file.name }))
        .collect()
}

// Told apart by those who see colours differently too; the word is what counts.
const fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Calm => 0x8A_8F98,
        Tone::Info => 0x2F_6FDE,
        Tone::Warning => 0xE0_A100,
        Tone::Alarm => 0xC6_2828,
        Tone::Done => 0x2E_7D4F,
    }
}

#[cfg(test)]
mod tests;
