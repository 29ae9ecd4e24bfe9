//! Buttons, selects and options on Discord's wire, for messages and for forms. What Discord would
//! refuse is left out and counted, never sent. Pure.

use super::limits;
use crate::domain::ids::AccountId;
use crate::render::card::{Button, ButtonStyle, Choice, Row};
use crate::render::escape::{clamp, length, plain};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The rows as Discord takes them, and how many controls could not be shown.
pub(super) fn rows_json(rows: &[Row]) -> (Vec<Value>, usize) {
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
