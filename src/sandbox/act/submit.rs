//! A submitted form: each input's value as Discord sends it, after what the client would refuse.

use serde_json::{Value, json};

use super::{Wrong, calls, key, options::Resolved};
use crate::sandbox::{
    json::Look,
    rules::{
        component::{
            CHECKBOX, CHECKBOX_GROUP, FILE_UPLOAD, LABEL, RADIO_GROUP, STRING_SELECT, TEXT_DISPLAY,
            TEXT_INPUT, kind,
        },
        modal::refused_input,
    },
    server::Inner,
    world::model::Modal,
};

/// `data` of the interaction that submits this modal.
pub fn data(inner: &mut Inner, row: &Modal, values: &Value) -> Result<Value, Wrong> {
    let inputs: Vec<&Value> = row.components.iter().filter_map(input_of).collect();
    for name in values
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
    {
        if !inputs.iter().any(|one| one.text("custom_id") == Some(name)) {
            return Err(Wrong::bad(format!("the form has no field {name:?}")));
        }
    }
    let mut resolved = Resolved::default();
    let mut components = Vec::new();
    for one in &row.components {
        let mut sent = json!({ "type": kind(one), "id": one.at("id") });
        if let Some(input) = input_of(one) {
            let label = if kind(one) == LABEL {
                one.text("label")
            } else {
                input.text("label")
            };
            let label = label.unwrap_or("").to_owned();
            let value = submitted(inner, row, input, &label, values, &mut resolved)?;
            if kind(one) == LABEL {
                sent.set("component", value);
            } else {
                sent.set("components", vec![value]);
            }
        } else if kind(one) != TEXT_DISPLAY {
            continue;
        }
        components.push(sent);
    }
    let mut data = json!({ "custom_id": row.custom_id, "components": components });
    resolved.into_data(&mut data);
    Ok(data)
}

/// The input in a label, or in an action row of the old kind.
fn input_of(one: &Value) -> Option<&Value> {
    if kind(one) == LABEL {
        one.get("component")
    } else {
        one.list("components").first()
    }
}

/// What stands in the field when the form opens.
fn prefilled(input: &Value) -> Vec<String> {
    match kind(input) {
        TEXT_INPUT => input
            .text("value")
            .map(ToOwned::to_owned)
            .into_iter()
            .collect(),
        CHECKBOX => vec![input.yes("default").to_string()],
        STRING_SELECT | RADIO_GROUP | CHECKBOX_GROUP => {
            let chosen = input
                .list("options")
                .iter()
                .filter(|option| option.yes("default"));
            chosen
                .filter_map(|option| option.text("value"))
                .map(ToOwned::to_owned)
                .collect()
        }
        _ => input
            .list("default_values")
            .iter()
            .filter_map(|one| key(one.at("id")))
            .collect(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

fn submitted(
    inner: &mut Inner,
    row: &Modal,
    input: &Value,
    label: &str,
    values: &Value,
    resolved: &mut Resolved,
) -> Result<Value, Wrong> {
    let id = input.text("custom_id").unwrap_or("");
    let given = values.get(id);
    let mut sent = json!({ "type": kind(input), "id": input.at("id"), "custom_id": id });
    let refuse = |why: String| Wrong::bad(format!("{label} ({id}) {why}"));
    if kind(input) == FILE_UPLOAD {
        let files: Vec<Value> = match given {
            Some(Value::Array(list)) => list.clone(),
            Some(file @ Value::Object(_)) => vec![file.clone()],
            _ => Vec::new(),
        };
        let names: Vec<String> = files
            .iter()
            .map(|one| one.text("filename").unwrap_or("file").to_owned())
            .collect();
        if let Some(why) = refused_input(input, &names) {
            return Err(refuse(why));
        }
        let mut ids = Vec::new();
        for file in &files {
            ids.push(Value::from(resolved.file(inner, row.channel_id, file)?));
        }
        return Ok(sent.with("values", ids));
    }
    let chosen = given.map_or_else(|| prefilled(input), texts);
    if let Some(why) = refused_input(input, &chosen) {
        return Err(refuse(why));
    }
    match kind(input) {
        TEXT_INPUT => sent.set("value", chosen.first().cloned().unwrap_or_default()),
        CHECKBOX => sent.set("value", chosen.first().is_some_and(|value| value == "true")),
        RADIO_GROUP => sent.set("value", chosen.first().cloned()),
        CHECKBOX_GROUP => sent.set("values", chosen),
        _ if chosen.is_empty() => sent.set("values", json!([])),
        _ => {
            let picked = calls::picked(inner, row.user_id, input, &chosen, resolved);
            sent.set("values", picked.map_err(|wrong| refuse(wrong.why))?);
        }
    }
    Ok(sent)
}
