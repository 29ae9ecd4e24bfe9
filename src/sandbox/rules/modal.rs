//! Modals: what a bot may show, and what a member's client lets through. No world.

use serde_json::Value;

use super::component::{
    self, CHANNEL_SELECT, CHECKBOX, CHECKBOX_GROUP, FILE_UPLOAD, LABEL, MENTIONABLE_SELECT,
    RADIO_GROUP, ROLE_SELECT, ROW, STRING_SELECT, TEXT_DISPLAY, TEXT_INPUT, USER_SELECT, kind,
};
use crate::sandbox::{
    error::{Faults, Refused},
    json::{Look, length},
};

/// `data` of an interaction's answer of type 9.
pub fn check(data: &Value) -> Result<(), Refused> {
    let mut faults = Faults::default();
    component::custom_id(data, "data", &mut faults);
    faults.length("data.title", data.text("title").map_or(0, length), 1, 45);
    let list = data.list("components");
    faults.length("data.components", list.len(), 1, 5);
    for (index, one) in list.iter().enumerate() {
        let path = format!("data.components.{index}");
        match kind(one) {
            LABEL => label(one, &path, &mut faults),
            ROW => row(one, &path, &mut faults),
            TEXT_DISPLAY => {
                let count = one.text("content").map_or(0, length);
                faults.length(&format!("{path}.content"), count, 1, 4_000);
            }
            _ => faults.choice(&format!("{path}.type"), "1, 10, 18"),
        }
    }
    component::duplicates(list, "data.components", &mut faults);
    faults.done()
}

fn label(one: &Value, path: &str, faults: &mut Faults) {
    faults.length(
        &format!("{path}.label"),
        one.text("label").map_or(0, length),
        1,
        45,
    );
    let description = one.text("description").map_or(0, length);
    faults.length(&format!("{path}.description"), description, 0, 100);
    let inner = one.at("component");
    let path = format!("{path}.component");
    if inner.has("disabled") && inner.yes("disabled") {
        let message = "A component in a modal cannot be disabled";
        faults.add(
            &format!("{path}.disabled"),
            "COMPONENT_DISABLED_IN_MODAL",
            message,
        );
    }
    input(inner, &path, faults);
}

fn input(inner: &Value, path: &str, faults: &mut Faults) {
    match kind(inner) {
        TEXT_INPUT => text_input(inner, path, faults),
        STRING_SELECT | USER_SELECT | ROLE_SELECT | MENTIONABLE_SELECT | CHANNEL_SELECT => {
            component::select(inner, path, faults);
        }
        FILE_UPLOAD => {
            component::custom_id(inner, path, faults);
            component::range(inner, 10, path, faults);
        }
        RADIO_GROUP => {
            component::custom_id(inner, path, faults);
            component::options(inner, 2, 10, path, faults);
            if inner
                .list("options")
                .iter()
                .filter(|one| one.yes("default"))
                .count()
                > 1
            {
                let message = "Only one option can be the default";
                faults.add(&format!("{path}.options"), "RADIO_GROUP_DEFAULTS", message);
            }
        }
        CHECKBOX_GROUP => {
            component::custom_id(inner, path, faults);
            component::options(inner, 1, 10, path, faults);
            component::range(inner, 10, path, faults);
        }
        CHECKBOX => {
            component::custom_id(inner, path, faults);
            if inner.yes("required") {
                let message = "A checkbox cannot be required";
                faults.add(&format!("{path}.required"), "CHECKBOX_REQUIRED", message);
            }
        }
        _ => faults.choice(&format!("{path}.type"), "3, 4, 5, 6, 7, 8, 19, 21, 22, 23"),
    }
}

fn row(one: &Value, path: &str, faults: &mut Faults) {
    faults.length(
        &format!("{path}.components"),
        one.list("components").len(),
        1,
        1,
    );
    for (index, child) in one.list("components").iter().enumerate() {
        let path = format!("{path}.components.{index}");
        if kind(child) == TEXT_INPUT {
            let count = child.text("label").map_or(0, length);
            faults.length(&format!("{path}.label"), count, 1, 45);
            text_input(child, &path, faults);
        } else {
            faults.choice(&format!("{path}.type"), "4");
        }
    }
}

fn text_input(one: &Value, path: &str, faults: &mut Faults) {
    component::custom_id(one, path, faults);
    if !matches!(one.int("style"), Some(1 | 2)) {
        faults.choice(&format!("{path}.style"), "1, 2");
    }
    let (least, most) = (one.int("min_length"), one.int("max_length"));
    for (key, value, low) in [("min_length", least, 0), ("max_length", most, 1)] {
        if value.is_some_and(|value| !(low..=4_000).contains(&value)) {
            faults.add(&format!("{path}.{key}"), "NUMBER_TYPE_MAX", "Out of range.");
        }
    }
    if least.unwrap_or(0) > most.unwrap_or(4_000) {
        let message = "Min length must not be more than max length";
        faults.add(
            &format!("{path}.min_length"),
            "TEXT_INPUT_MIN_GREATER_THAN_MAX",
            message,
        );
    }
    let most = most
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(4_000);
    faults.length(
        &format!("{path}.value"),
        one.text("value").map_or(0, length),
        0,
        most.min(4_000),
    );
    let placeholder = one.text("placeholder").map_or(0, length);
    faults.length(&format!("{path}.placeholder"), placeholder, 0, 100);
}

/// What a member's client refuses in one submitted input: the sentence, or nothing.
pub fn refused_input(input: &Value, values: &[String]) -> Option<String> {
    let kind = kind(input);
    let required = input
        .get("required")
        .and_then(Value::as_bool)
        .unwrap_or(kind != CHECKBOX);
    if kind == CHECKBOX {
        return None;
    }
    let given = values.iter().filter(|value| !value.is_empty()).count();
    if given == 0 {
        return required.then(|| "is required".to_owned());
    }
    if kind == TEXT_INPUT {
        let count = values.first().map_or(0, |value| length(value));
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let (least, most) = (
            input.int("min_length").unwrap_or(0),
            input.int("max_length").unwrap_or(4_000),
        );
        let fits = (least..=most).contains(&count);
        return (!fits)
            .then(|| format!("must be {least} to {most} characters long, it has {count}"));
    }
    let count = i64::try_from(given).unwrap_or(i64::MAX);
    let options = input.list("options");
    let default_most = if kind == CHECKBOX_GROUP {
        i64::try_from(options.len()).unwrap_or(10)
    } else {
        1
    };
    let (least, most) = (
        input.int("min_values").unwrap_or(1),
        input.int("max_values").unwrap_or(default_most),
    );
    if kind != RADIO_GROUP && !(least..=most).contains(&count) {
        return Some(format!("takes {least} to {most} values, {count} given"));
    }
    if kind == RADIO_GROUP && count > 1 {
        return Some("takes one value".to_owned());
    }
    if options.is_empty() {
        return None;
    }
    let known = |value: &&String| {
        options
            .iter()
            .any(|option| option.text("value") == Some(value))
    };
    values
        .iter()
        .find(|value| !known(value))
        .map(|value| format!("has no option {value:?}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn modal(component: &Value) -> Value {
        json!({ "custom_id": "m", "title": "t",
            "components": [{ "type": 18, "label": "l", "component": component }] })
    }

    #[test]
    fn every_kind_of_input_is_accepted_in_a_label() {
        let options = json!([{ "label": "a", "value": "a" }, { "label": "b", "value": "b" }]);
        for kind in [3, 4, 5, 6, 7, 8, 19, 21, 22, 23] {
            let mut input = json!({ "type": kind, "custom_id": "c" });
            if [3, 21, 22].contains(&kind) {
                input.set("options", options.clone());
            }
            if kind == 4 {
                input.set("style", 1);
            }
            assert!(check(&modal(&input)).is_ok(), "{kind}");
        }
    }

    #[test]
    fn each_wrong_modal_is_refused_at_its_path() {
        let text = json!({ "type": 4, "style": 1, "custom_id": "c" });
        let label = json!({ "type": 18, "label": "l", "component": text });
        let inner = "/errors/data/components/0/component";
        let option = json!({ "label": "a", "value": "a" });
        let cases = [
            (
                modal(&text).with("title", "x".repeat(46)),
                "/errors/data/title".to_owned(),
            ),
            (
                modal(&text).with("components", json!([])),
                "/errors/data/components".to_owned(),
            ),
            (
                modal(&text).with("components", json!(vec![label.clone(); 6])),
                "/errors/data/components".to_owned(),
            ),
            (
                modal(&text).with(
                    "components",
                    json!([label.clone().with("label", "x".repeat(46))]),
                ),
                "/errors/data/components/0/label".to_owned(),
            ),
            (
                modal(&text).with(
                    "components",
                    json!([label.with("description", "x".repeat(101))]),
                ),
                "/errors/data/components/0/description".to_owned(),
            ),
            (
                modal(&text.clone().with("value", "x".repeat(4001))),
                format!("{inner}/value"),
            ),
            (
                modal(&text.with("disabled", true)),
                format!("{inner}/disabled"),
            ),
            (
                modal(&json!({ "type": 21, "custom_id": "c", "options": [option] })),
                format!("{inner}/options"),
            ),
            (
                modal(&json!({ "type": 23, "custom_id": "c", "required": true })),
                format!("{inner}/required"),
            ),
            (
                modal(&json!({ "type": 2, "custom_id": "c" })),
                format!("{inner}/type"),
            ),
            (
                modal(&json!({})).with("components", json!([{ "type": 3, "custom_id": "c" }])),
                "/errors/data/components/0/type".to_owned(),
            ),
        ];
        for (data, pointer) in cases {
            let body = check(&data).expect_err(&pointer).body();
            assert!(
                body.pointer(&format!("{pointer}/_errors/0")).is_some(),
                "{pointer}: {body}"
            );
        }
    }
}
