//! Neutral form → Discord's modal with Label components. Chooses the control for each question:
//! radio and checkbox groups where they can hold the options, else a list. Pure.

use super::controls::{insert, is_snowflake, label, options_json, person_select, string_select};
use super::limits;
use crate::render::card::Choice;
use crate::render::escape::{clamp, clamp_with, length, plain};
use crate::render::form::{Form, Input, InputKind};
use serde_json::{Value, json};

/// Answers an interaction with a form. It must be the first answer, and never to a form.
pub fn modal_json(form: &Form) -> Value {
    if form.inputs.len() > limits::MODAL_COMPONENTS || length(&form.custom_id) > limits::CUSTOM_ID {
        tracing::error!(
            form.inputs = form.inputs.len(),
            "a form has more than Discord takes"
        );
    }
    let components: Vec<Value> = form
        .inputs
        .iter()
        .take(limits::MODAL_COMPONENTS)
        .map(component)
        .collect();
    json!({ "type": 9, "data": {
        "custom_id": clamp_with(&form.custom_id, limits::CUSTOM_ID, ""),
        "title": label(&form.title, limits::MODAL_TITLE),
        "components": components,
    }})
}

fn component(input: &Input) -> Value {
    let key = clamp_with(&input.key, limits::CUSTOM_ID, "");
    let control = match &input.kind {
        InputKind::Line { value, max } => Some(text(&key, 1, input, value.as_deref(), *max)),
        InputKind::Paragraph { value, max } => Some(text(&key, 2, input, value.as_deref(), *max)),
        InputKind::Radio { options } => radio(&key, input, options),
        InputKind::Select { options, min, max } => list(&key, input, options, *min, *max),
        InputKind::Checkboxes { options, min, max } => boxes(&key, input, options, *min, *max),
        InputKind::Checkbox { checked } => {
            Some(json!({ "type": 23, "custom_id": key, "default": checked }))
        }
        InputKind::Person { selected, max } => {
            let chosen: Vec<_> = selected
                .iter()
                .filter(|a| is_snowflake(a.as_str()))
                .cloned()
                .collect();
            let least = u8::from(input.required);
            Some(required(
                person_select(&key, None, &chosen, least, *max),
                input,
            ))
        }
        InputKind::Upload { max } => Some(upload(&key, input, *max)),
        InputKind::Text { markdown } => return display(&input.label, markdown),
    };
    match control {
        Some(control) => labelled(input, &control),
        None => display(&input.label, "There is nothing to choose from."),
    }
}

// A label that is cut goes whole into the description, where it is longer.
fn labelled(input: &Input, control: &Value) -> Value {
    let name = plain(&input.label);
    let mut help = input.help.as_deref().map(plain).unwrap_or_default();
    if length(name.trim()) > limits::LABEL {
        help = format!("{} {help}", name.trim());
    }
    let mut json = json!({
        "type": 18, "label": label(&input.label, limits::LABEL), "component": control,
    });
    if !help.trim().is_empty() {
        insert(
            &mut json,
            "description",
            json!(clamp(help.trim(), limits::LABEL_DESCRIPTION)),
        );
    }
    json
}

fn display(heading: &str, markdown: &str) -> Value {
    let content = match (heading.trim(), markdown.trim()) {
        ("", "") => "…".to_owned(),
        ("", text) => text.to_owned(),
        (heading, "") => format!("**{heading}**"),
        (heading, text) => format!("**{heading}**\n{text}"),
    };
    json!({ "type": 10, "content": clamp(&content, limits::TEXT_DISPLAY) })
}

fn required(mut control: Value, input: &Input) -> Value {
    insert(&mut control, "required", json!(input.required));
    control
}

fn text(key: &str, style: u8, input: &Input, value: Option<&str>, max: Option<u16>) -> Value {
    let max = max
        .map_or(limits::TEXT_VALUE, usize::from)
        .clamp(1, limits::TEXT_VALUE);
    let mut control = json!({
        "type": 4, "custom_id": key, "style": style, "max_length": max, "required": input.required,
    });
    if let Some(value) = value.filter(|v| !v.is_empty()) {
        insert(&mut control, "value", json!(clamp(value, max)));
    }
    control
}

fn radio(key: &str, input: &Input, options: &[Choice]) -> Option<Value> {
    let shown = options_json(options, limits::SELECT_OPTIONS, 1);
    if !(limits::RADIO_LEAST..=limits::RADIO_MOST).contains(&shown.len()) {
        return list(key, input, options, 1, 1);
    }
    Some(required(
        json!({ "type": 21, "custom_id": key, "options": shown }),
        input,
    ))
}

fn list(key: &str, input: &Input, options: &[Choice], min: u8, max: u8) -> Option<Value> {
    let least = if input.required { min.max(1) } else { 0 };
    string_select(key, None, options, least, max).map(|select| required(select, input))
}

fn boxes(key: &str, input: &Input, options: &[Choice], min: u8, max: u8) -> Option<Value> {
    let shown = options_json(options, limits::SELECT_OPTIONS, usize::from(max).max(1));
    if shown.is_empty() || shown.len() > limits::CHECKBOXES_MOST {
        return list(key, input, options, min, max);
    }
    let most = usize::from(max).clamp(1, shown.len());
    let least = if input.required {
        usize::from(min).clamp(1, most)
    } else {
        0
    };
    let group = json!({
        "type": 22, "custom_id": key, "options": shown, "min_values": least, "max_values": most,
    });
    Some(required(group, input))
}

fn upload(key: &str, input: &Input, max: u8) -> Value {
    required(
        json!({
            "type": 19, "custom_id": key, "min_values": u8::from(input.required),
            "max_values": usize::from(max).clamp(1, limits::UPLOADS),
        }),
        input,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AccountId;

    fn input(key: &str, required: bool, kind: InputKind) -> Input {
        Input {
            key: key.into(),
            label: "Why".into(),
            help: None,
            required,
            kind,
        }
    }

    fn options(count: usize) -> Vec<Choice> {
        (0..count)
            .map(|n| Choice {
                value: n.to_string(),
                label: format!("o{n}"),
                ..Choice::default()
            })
            .collect()
    }

    fn shown(kind: InputKind, required: bool) -> Value {
        component(&input("k", required, kind))["component"].take()
    }

    #[test]
    fn a_form_is_a_modal_of_labels() {
        let form = Form {
            custom_id: "f:1".into(),
            title: "Escalate INC-7".into(),
            inputs: vec![Input {
                help: Some("One sentence".into()),
                ..input(
                    "why",
                    true,
                    InputKind::Line {
                        value: Some("third alert".into()),
                        max: None,
                    },
                )
            }],
        };
        assert_eq!(
            modal_json(&form),
            json!({ "type": 9, "data": {
                "custom_id": "f:1", "title": "Escalate INC-7",
                "components": [{
                    "type": 18, "label": "Why", "description": "One sentence",
                    "component": {
                        "type": 4, "custom_id": "why", "style": 1, "max_length": 4000,
                        "required": true, "value": "third alert",
                    },
                }],
            }})
        );
    }

    #[test]
    fn a_choice_is_radio_from_two_to_ten_and_a_list_beyond() {
        for (count, kind) in [(1, 3), (2, 21), (10, 21), (11, 3), (25, 3), (40, 3)] {
            assert_eq!(
                shown(
                    InputKind::Radio {
                        options: options(count)
                    },
                    true
                )["type"],
                kind
            );
        }
        let list = shown(
            InputKind::Radio {
                options: options(40),
            },
            true,
        );
        assert_eq!(list["options"].as_array().unwrap().len(), 25);
        assert_eq!(list["max_values"], 1);
    }

    #[test]
    fn several_choices_are_boxes_up_to_ten_and_a_list_beyond() {
        let kind = |count| InputKind::Checkboxes {
            options: options(count),
            min: 2,
            max: 3,
        };
        let boxes = shown(kind(10), true);
        assert_eq!(
            (&boxes["type"], &boxes["min_values"], &boxes["max_values"]),
            (&json!(22), &json!(2), &json!(3))
        );
        let list = shown(kind(11), false);
        assert_eq!(
            (&list["type"], &list["min_values"], &list["max_values"]),
            (&json!(3), &json!(0), &json!(3))
        );
        assert_eq!(list["required"], false);
    }

    #[test]
    fn a_question_without_options_is_a_sentence_and_no_dead_control() {
        let json = component(&input("k", true, InputKind::Radio { options: vec![] }));
        assert_eq!(
            json,
            json!({ "type": 10, "content": "**Why**\nThere is nothing to choose from." })
        );
    }

    #[test]
    fn people_files_and_a_single_yes_have_their_controls() {
        let selected = vec![AccountId::new("42"), AccountId::new("no id")];
        let person = shown(InputKind::Person { selected, max: 1 }, true);
        assert_eq!(
            person,
            json!({ "type": 5, "custom_id": "k", "min_values": 1, "max_values": 1,
                    "default_values": [{ "id": "42", "type": "user" }], "required": true })
        );
        let upload = shown(InputKind::Upload { max: 99 }, false);
        assert_eq!(
            upload,
            json!({ "type": 19, "custom_id": "k", "min_values": 0, "max_values": 10,
                    "required": false })
        );
        let yes = shown(InputKind::Checkbox { checked: true }, false);
        assert_eq!(
            yes,
            json!({ "type": 23, "custom_id": "k", "default": true })
        );
    }

    #[test]
    fn a_label_that_is_cut_stands_whole_in_the_help() {
        let name = "Why this cannot be dismissed on the metadata alone".to_owned();
        let json = component(&Input {
            label: name.clone(),
            ..input("k", true, InputKind::Checkbox { checked: false })
        });
        assert_eq!(length(json["label"].as_str().unwrap()), 45);
        assert_eq!(json["description"], name);
    }

    #[test]
    fn at_most_five_inputs_are_shown() {
        let inputs = (0..7)
            .map(|n| input(&n.to_string(), true, InputKind::Checkbox { checked: false }))
            .collect();
        let json = modal_json(&Form {
            inputs,
            ..Form::default()
        });
        assert_eq!(json["data"]["components"].as_array().unwrap().len(), 5);
    }
}
