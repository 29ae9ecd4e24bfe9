//! Components of messages: rows, buttons, selects and the layout of version 2. No modals.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::sandbox::{
    error::Faults,
    json::{Look, length},
};

pub const ROW: i64 = 1;
pub const BUTTON: i64 = 2;
pub const STRING_SELECT: i64 = 3;
pub const TEXT_INPUT: i64 = 4;
pub const USER_SELECT: i64 = 5;
pub const ROLE_SELECT: i64 = 6;
pub const MENTIONABLE_SELECT: i64 = 7;
pub const CHANNEL_SELECT: i64 = 8;
pub const SECTION: i64 = 9;
pub const TEXT_DISPLAY: i64 = 10;
pub const THUMBNAIL: i64 = 11;
pub const SEPARATOR: i64 = 14;
pub const CONTAINER: i64 = 17;
pub const LABEL: i64 = 18;
pub const FILE_UPLOAD: i64 = 19;
pub const RADIO_GROUP: i64 = 21;
pub const CHECKBOX_GROUP: i64 = 22;
pub const CHECKBOX: i64 = 23;

pub fn kind(component: &Value) -> i64 {
    component.int("type").unwrap_or(0)
}

pub fn is_select(kind: i64) -> bool {
    (STRING_SELECT..=CHANNEL_SELECT).contains(&kind) && kind != TEXT_INPUT
}

/// Every component below, depth first: children, a section's accessory, a label's component.
pub fn flat(list: &[Value]) -> Vec<&Value> {
    let mut all = Vec::new();
    for one in list {
        all.push(one);
        all.extend(flat(one.list("components")));
        for key in ["component", "accessory"] {
            if let Some(inner) = one.get(key) {
                all.extend(flat(std::slice::from_ref(inner)));
            }
        }
    }
    all
}

/// Discord gives each component without an id one that is unique in its message.
pub fn numbered(list: &[Value]) -> Vec<Value> {
    let mut next = 1;
    list.iter().map(|one| number(one, &mut next)).collect()
}

fn number(one: &Value, next: &mut i64) -> Value {
    let mut one = one.clone();
    if one.int("id").is_none_or(|id| id == 0) {
        one.set("id", *next);
    }
    *next += 1;
    if let Some(children) = one.get("components").and_then(Value::as_array) {
        let children: Vec<Value> = children.iter().map(|child| number(child, next)).collect();
        one.set("components", children);
    }
    for key in ["component", "accessory"] {
        if let Some(child) = one.get(key).cloned() {
            one.set(key, number(&child, next));
        }
    }
    one
}

/// A component of a message as Discord gives it back: with what was left to its default, and
/// without what only counts in modals.
pub fn shown(mut one: Value) -> Value {
    let defaults = match kind(&one) {
        select if is_select(select) => {
            if let Some(object) = one.as_object_mut() {
                object.remove("required");
            }
            json!({ "min_values": 1, "max_values": 1 })
        }
        CONTAINER => json!({ "accent_color": null, "spoiler": false }),
        THUMBNAIL => json!({ "description": null, "spoiler": false }),
        SEPARATOR => json!({ "spacing": 1, "divider": true }),
        _ => Value::Null,
    };
    for (key, default) in defaults.as_object().into_iter().flatten() {
        if !one.has(key) {
            one.set(key, default.clone());
        }
    }
    if let Some(children) = one.get("components").and_then(Value::as_array).cloned() {
        let children: Vec<Value> = children.into_iter().map(shown).collect();
        one.set("components", children);
    }
    if let Some(accessory) = one.get("accessory").cloned() {
        one.set("accessory", shown(accessory));
    }
    one
}

/// A message's text with that of its text displays: what mentions are looked for in.
pub fn text(content: &str, components: &[Value]) -> String {
    let mut text = content.to_owned();
    for one in flat(components) {
        if kind(one) == TEXT_DISPLAY {
            text.push('\n');
            text.push_str(one.text("content").unwrap_or(""));
        }
    }
    text
}

pub fn check(list: &[Value], v2: bool, path: &str, faults: &mut Faults) {
    if v2 {
        if flat(list).len() > 40 {
            faults.add(
                path,
                "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
                "At most 40 components.",
            );
        }
    } else {
        faults.length(path, list.len(), 0, 5);
    }
    for (index, one) in list.iter().enumerate() {
        let path = format!("{path}.{index}");
        match kind(one) {
            ROW => row(one, &path, faults),
            SECTION | TEXT_DISPLAY | 12..=14 | CONTAINER if v2 => block(one, &path, faults),
            _ if v2 => faults.choice(&format!("{path}.type"), "1, 9, 10, 12, 13, 14, 17"),
            _ => faults.choice(&format!("{path}.type"), "1"),
        }
    }
    duplicates(list, path, faults);
}

pub fn duplicates(list: &[Value], path: &str, faults: &mut Faults) {
    let mut seen = BTreeSet::new();
    for id in flat(list).iter().filter_map(|one| one.text("custom_id")) {
        if !seen.insert(id) {
            let message = format!("Component custom id cannot be duplicated: {id}");
            faults.add(path, "COMPONENT_CUSTOM_ID_DUPLICATED", &message);
        }
    }
}

fn block(one: &Value, path: &str, faults: &mut Faults) {
    match kind(one) {
        TEXT_DISPLAY => {
            let count = one.text("content").map_or(0, length);
            faults.length(&format!("{path}.content"), count, 1, 4_000);
        }
        SECTION => {
            faults.length(
                &format!("{path}.components"),
                one.list("components").len(),
                1,
                3,
            );
            match kind(one.at("accessory")) {
                BUTTON => button(one.at("accessory"), &format!("{path}.accessory"), faults),
                THUMBNAIL => {}
                _ => faults.choice(&format!("{path}.accessory.type"), "2, 11"),
            }
        }
        CONTAINER => {
            for (index, child) in one.list("components").iter().enumerate() {
                let path = format!("{path}.components.{index}");
                match kind(child) {
                    ROW => row(child, &path, faults),
                    CONTAINER => faults.choice(&format!("{path}.type"), "1, 9, 10, 12, 13, 14"),
                    _ => block(child, &path, faults),
                }
            }
        }
        _ => {}
    }
}

fn row(one: &Value, path: &str, faults: &mut Faults) {
    let children = one.list("components");
    let has_select = children.iter().any(|child| is_select(kind(child)));
    let most = if has_select { 1 } else { 5 };
    faults.length(&format!("{path}.components"), children.len(), 1, most);
    for (index, child) in children.iter().enumerate() {
        let path = format!("{path}.components.{index}");
        match kind(child) {
            BUTTON => button(child, &path, faults),
            select_kind if is_select(select_kind) => select(child, &path, faults),
            _ => faults.choice(&format!("{path}.type"), "2, 3, 5, 6, 7, 8"),
        }
    }
}

pub fn custom_id(one: &Value, path: &str, faults: &mut Faults) {
    match one.text("custom_id") {
        None => faults.required(&format!("{path}.custom_id")),
        Some(id) => faults.length(&format!("{path}.custom_id"), length(id), 1, 100),
    }
}

fn button(one: &Value, path: &str, faults: &mut Faults) {
    match one.int("style") {
        Some(1..=4) => custom_id(one, path, faults),
        Some(5) if one.has("custom_id") => {
            let message = "A custom id and url cannot both be specified";
            faults.add(
                path,
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                message,
            );
        }
        Some(5) if one.text("url").is_none() => faults.required(&format!("{path}.url")),
        Some(5 | 6) => {}
        _ => faults.choice(&format!("{path}.style"), "1, 2, 3, 4, 5, 6"),
    }
    let label = one.text("label").map_or(0, length);
    faults.length(&format!("{path}.label"), label, 0, 80);
    if label == 0 && !one.has("emoji") && one.int("style") != Some(6) {
        let message = "A button must have a label or an emoji";
        faults.add(path, "BUTTON_COMPONENT_INVALID_LABEL", message);
    }
}

pub fn select(one: &Value, path: &str, faults: &mut Faults) {
    custom_id(one, path, faults);
    let placeholder = one.text("placeholder").map_or(0, length);
    faults.length(&format!("{path}.placeholder"), placeholder, 0, 150);
    range(one, 25, path, faults);
    if kind(one) == STRING_SELECT {
        options(one, 1, 25, path, faults);
        let most = one.int("max_values").unwrap_or(1);
        let count = i64::try_from(one.list("options").len()).unwrap_or(i64::MAX);
        if most > count && count > 0 {
            let message = "Max values must not be more than the number of options";
            faults.add(
                &format!("{path}.max_values"),
                "SELECT_COMPONENT_MAX_VALUES",
                message,
            );
        }
    }
}

/// `min_values` and `max_values`.
pub fn range(one: &Value, top: i64, path: &str, faults: &mut Faults) {
    let (least, most) = (one.int("min_values"), one.int("max_values"));
    if least.is_some_and(|least| !(0..=top).contains(&least)) {
        faults.add(
            &format!("{path}.min_values"),
            "NUMBER_TYPE_MAX",
            "Out of range.",
        );
    }
    if most.is_some_and(|most| !(1..=top).contains(&most)) {
        faults.add(
            &format!("{path}.max_values"),
            "NUMBER_TYPE_MAX",
            "Out of range.",
        );
    }
    if least.unwrap_or(1) > most.unwrap_or(least.unwrap_or(1).max(1)) {
        let message = "Min values must not be more than max values";
        faults.add(
            &format!("{path}.min_values"),
            "SELECT_COMPONENT_MIN_GREATER_THAN_MAX",
            message,
        );
    }
}

pub fn options(one: &Value, least: usize, most: usize, path: &str, faults: &mut Faults) {
    let list = one.list("options");
    faults.length(&format!("{path}.options"), list.len(), least, most);
    let mut seen = BTreeSet::new();
    for (index, option) in list.iter().enumerate() {
        let path = format!("{path}.options.{index}");
        for key in ["label", "value"] {
            let count = option.text(key).map_or(0, length);
            faults.length(&format!("{path}.{key}"), count, 1, 100);
        }
        let count = option.text("description").map_or(0, length);
        faults.length(&format!("{path}.description"), count, 0, 100);
        if option
            .text("value")
            .is_some_and(|value| !seen.insert(value))
        {
            let message = "The specified option value is already used";
            faults.add(
                &format!("{path}.value"),
                "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                message,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_of(children: &Value) -> Value {
        json!({ "type": 1, "components": children })
    }

    fn errors(list: &Value, v2: bool) -> Value {
        let mut faults = Faults::default();
        check(list.as_array().unwrap(), v2, "components", &mut faults);
        faults
            .done()
            .err()
            .map_or(Value::Null, |refused| refused.body())
    }

    fn press(id: &str) -> Value {
        json!({ "type": 2, "style": 1, "label": "x", "custom_id": id })
    }

    #[test]
    fn each_wrong_component_is_refused_at_its_path() {
        let many: Vec<Value> = (0..6).map(|n| press(&n.to_string())).collect();
        let rows: Vec<Value> = (0..6)
            .map(|n| row_of(&json!([press(&n.to_string())])))
            .collect();
        let options: Vec<Value> = (0..26)
            .map(|n| json!({ "label": "l", "value": n.to_string() }))
            .collect();
        let at = "/errors/components/0/components/0";
        let cases = [
            (json!(rows), "/errors/components".to_owned()),
            (
                json!([row_of(&json!(many))]),
                "/errors/components/0/components".to_owned(),
            ),
            (
                json!([row_of(&json!([press(&"x".repeat(101))]))]),
                format!("{at}/custom_id"),
            ),
            (
                json!([row_of(&json!([press("a").with("label", "x".repeat(81))]))]),
                format!("{at}/label"),
            ),
            (
                json!([row_of(&json!([press("a"), press("a")]))]),
                "/errors/components".to_owned(),
            ),
            (
                json!([row_of(
                    &json!([{ "type": 3, "custom_id": "s", "options": options }])
                )]),
                format!("{at}/options"),
            ),
            (
                json!([row_of(&json!([{ "type": 3, "custom_id": "s", "options": [
                    { "label": "l", "value": "v" }, { "label": "m", "value": "v" }] }]))]),
                format!("{at}/options/1/value"),
            ),
            (
                json!([row_of(
                    &json!([{ "type": 5, "custom_id": "s", "min_values": 3, "max_values": 2 }])
                )]),
                format!("{at}/min_values"),
            ),
            (
                json!([{ "type": 18 }]),
                "/errors/components/0/type".to_owned(),
            ),
            (
                json!([row_of(&json!([{ "type": 4, "custom_id": "t" }]))]),
                format!("{at}/type"),
            ),
        ];
        for (list, pointer) in cases {
            let body = errors(&list, false);
            assert!(
                body.pointer(&format!("{pointer}/_errors/0")).is_some(),
                "{pointer}: {body}"
            );
        }
    }

    #[test]
    fn more_than_forty_components_of_version_two_are_refused() {
        let text = json!({ "type": 10, "content": "x" });
        assert_eq!(errors(&json!(vec![text.clone(); 40]), true), Value::Null);
        assert!(errors(&json!(vec![text; 41]), true).is_object());
    }
}
