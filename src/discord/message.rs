//! Neutral card → the JSON of a Discord message, always within Discord's limits, and the answers to
//! an interaction that carry a card. Pure: nothing is sent from here.

use super::limits;
use crate::domain::ids::AccountId;
use crate::render::card::{Button, ButtonStyle, Card, Choice, Row, Tone};
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
        body.insert("nonce".into(), json!(clamp_with(nonce, limits::NONCE, "")));
        body.insert("enforce_nonce".into(), json!(true));
    }
    Value::Object(body)
}

/// The body of an edit: afterwards the message is this card and nothing else, so that a card that
/// lost its text, controls or files loses them on Discord too.
pub fn edit_json(card: &Card) -> Value {
    Value::Object(parts(card))
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

/// The rows as Discord takes them, and how many controls could not be shown.
fn rows_json(rows: &[Row]) -> (Vec<Value>, usize) {
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    let mut dropped = 0;
    for row in rows {
        match row {
            Row::Buttons(buttons) => {
                let shown: Vec<Value> = buttons
                    .iter()
                    .filter_map(|b| button(b, &mut seen))
                    .collect();
                dropped += buttons.len() - shown.len();
                out.extend(shown.chunks(limits::ROW_BUTTONS).map(<[Value]>::to_vec));
            }
            Row::Select {
                custom_id,
                placeholder,
                options,
                min,
                max,
            } => {
                let select = Some(custom_id)
                    .filter(|id| fresh(id, &mut seen))
                    .and_then(|id| string_select(id, placeholder.as_deref(), options, *min, *max));
                dropped += usize::from(select.is_none());
                out.extend(select.map(|s| vec![s]));
            }
            Row::PersonSelect {
                custom_id,
                placeholder,
                selected,
                min,
                max,
            } => {
                let select = Some(custom_id)
                    .filter(|id| fresh(id, &mut seen))
                    .map(|id| person_select(id, placeholder.as_deref(), selected, *min, *max));
                dropped += usize::from(select.is_none());
                out.extend(select.map(|s| vec![s]));
            }
        }
    }
    dropped += out.iter().skip(limits::ROWS).map(Vec::len).sum::<usize>();
    out.truncate(limits::ROWS);
    if dropped > 0 {
        tracing::error!(
            controls.dropped = dropped,
            "a card has controls that Discord refuses"
        );
    }
    (
        out.into_iter()
            .map(|c| json!({ "type": 1, "components": c }))
            .collect(),
        dropped,
    )
}

fn fresh(custom_id: &str, seen: &mut BTreeSet<String>) -> bool {
    (1..=limits::CUSTOM_ID).contains(&length(custom_id)) && seen.insert(custom_id.to_owned())
}

fn button(button: &Button, seen: &mut BTreeSet<String>) -> Option<Value> {
    let text = label(&button.label, limits::BUTTON_LABEL);
    if let Some(url) = &button.url {
        let web = url.starts_with("https://") || url.starts_with("http://");
        let fits = web && length(url) <= limits::BUTTON_URL;
        return fits.then(|| {
            json!({ "type": 2, "style": 5, "label": text, "url": url, "disabled": button.disabled })
        });
    }
    let style = match button.style {
        ButtonStyle::Primary => 1,
        ButtonStyle::Plain => 2,
        ButtonStyle::Danger => 4,
    };
    fresh(&button.custom_id, seen).then(|| {
        json!({
            "type": 2, "style": style, "label": text,
            "custom_id": button.custom_id, "disabled": button.disabled,
        })
    })
}

/// A string select; none where no option is left that Discord would take.
pub(super) fn string_select(
    custom_id: &str,
    placeholder: Option<&str>,
    options: &[Choice],
    min: u8,
    max: u8,
) -> Option<Value> {
    let max = usize::from(max).max(1);
    let options = options_json(options, limits::SELECT_OPTIONS, max);
    if options.is_empty() {
        return None;
    }
    let max = max.min(options.len());
    let mut select = json!({
        "type": 3, "custom_id": custom_id, "options": options,
        "min_values": usize::from(min).min(max), "max_values": max,
    });
    insert_placeholder(&mut select, placeholder);
    Some(select)
}

/// A select over the guild's people.
pub(super) fn person_select(
    custom_id: &str,
    placeholder: Option<&str>,
    selected: &[AccountId],
    min: u8,
    max: u8,
) -> Value {
    let max = usize::from(max).clamp(1, limits::SELECT_OPTIONS);
    let mut seen = BTreeSet::new();
    let chosen: Vec<Value> = selected
        .iter()
        .filter(|a| is_snowflake(a.as_str()) && seen.insert(a.as_str()))
        .take(max)
        .map(|a| json!({ "id": a.as_str(), "type": "user" }))
        .collect();
    let min = usize::from(min).min(max);
    let mut select =
        json!({ "type": 5, "custom_id": custom_id, "min_values": min, "max_values": max });
    // Discord wants as many defaults as the bounds allow, or none.
    if chosen.len() >= min.max(1) {
        insert(&mut select, "default_values", Value::Array(chosen));
    }
    insert_placeholder(&mut select, placeholder);
    select
}

/// Options without doubles and with at most `selectable` of them selected.
pub(super) fn options_json(options: &[Choice], most: usize, selectable: usize) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let fitting: Vec<&Choice> = options
        .iter()
        .filter(|o| (1..=limits::OPTION_VALUE).contains(&length(&o.value)))
        .filter(|o| seen.insert(o.value.as_str()))
        .collect();
    if fitting.len() < options.len() || fitting.len() > most {
        tracing::error!(
            options.given = options.len(),
            "a list has options that Discord refuses"
        );
    }
    let mut selected = 0;
    fitting
        .into_iter()
        .take(most)
        .map(|choice| {
            let chosen = choice.selected && selected < selectable;
            selected += usize::from(chosen);
            let text = label(&choice.label, limits::OPTION_LABEL);
            let mut option = json!({ "value": choice.value, "label": text, "default": chosen });
            let help = choice.description.as_deref().map(plain).unwrap_or_default();
            if !help.trim().is_empty() {
                let help = clamp(help.trim(), limits::OPTION_DESCRIPTION);
                insert(&mut option, "description", json!(help));
            }
            option
        })
        .collect()
}

/// A label: one line, nothing hidden in it, never empty.
pub(super) fn label(text: &str, limit: usize) -> String {
    let text = plain(text);
    match text.trim() {
        "" => "…".to_owned(),
        text => clamp(text, limit),
    }
}

pub(super) fn insert(value: &mut Value, key: &str, part: Value) {
    if let Value::Object(map) = value {
        map.insert(key.to_owned(), part);
    }
}

fn insert_placeholder(select: &mut Value, placeholder: Option<&str>) {
    if let Some(text) = placeholder.filter(|t| !t.trim().is_empty()) {
        insert(
            select,
            "placeholder",
            json!(label(text, limits::SELECT_PLACEHOLDER)),
        );
    }
}

pub(super) fn is_snowflake(id: &str) -> bool {
    id.parse::<u64>()
        .is_ok_and(|n| n > 0 && !id.starts_with('+'))
}

#[cfg(test)]
mod tests;
