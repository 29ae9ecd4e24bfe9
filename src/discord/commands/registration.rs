//! The table of commands as Discord registers it.

use super::table::{ADD_TO_TIMELINE, Command, Opt, OptKind, commands};
use serde_json::{Value, json};

/// The body for registering the whole table in a guild. A command of two words is a subcommand of the first.
pub fn registration() -> Value {
    let mut registered: Vec<Value> = Vec::new();
    for command in commands() {
        let Some((group, name)) = command.name.split_once(' ') else {
            registered.push(command_json(
                command.name,
                command.what,
                &option_list(command),
            ));
            continue;
        };
        let sub = json!({
            "type": 1,
            "name": name,
            "description": command.what,
            "options": option_list(command),
        });
        let known = registered
            .iter_mut()
            .find(|c| c.get("name").and_then(Value::as_str) == Some(group));
        let options = known
            .and_then(|c| c.get_mut("options"))
            .and_then(Value::as_array_mut);
        match options {
            Some(options) => options.push(sub),
            None => registered.push(command_json(group, group_what(group), &[sub])),
        }
    }
    // A menu has a name alone: Discord wants neither description nor options.
    registered.push(json!({ "name": ADD_TO_TIMELINE, "type": 3, "contexts": [0] }));
    Value::Array(registered)
}

fn group_what(group: &str) -> &'static str {
    match group {
        "audit" => "Search the words of alerts, prove the history",
        "contain" => "Containment: propose, authorise, report",
        "pattern" => "Known patterns of harmless alerts",
        "roster" => "Who stands for which side",
        _ => "Commands of one kind",
    }
}

fn option_list(command: &Command) -> Vec<Value> {
    command.options.iter().map(option_json).collect()
}

fn command_json(name: &str, what: &str, options: &[Value]) -> Value {
    json!({
        "name": name,
        "description": what,
        "type": 1,
        "options": options,
        // Only in the guild; what a member may do is checked by Baton itself.
        "contexts": [0],
    })
}

fn option_json(option: &Opt) -> Value {
    let mut json = serde_json::Map::from_iter([
        (
            "type".to_owned(),
            json!(if option.kind == OptKind::Person { 6 } else { 3 }),
        ),
        ("name".to_owned(), json!(option.name)),
        ("description".to_owned(), json!(option.what)),
        ("required".to_owned(), json!(option.required)),
    ]);
    let (key, value) = match option.kind {
        OptKind::Text(max) => ("max_length", json!(max)),
        OptKind::Incident
        | OptKind::Way
        | OptKind::Action
        | OptKind::Answer
        | OptKind::Item
        | OptKind::Rule
        | OptKind::Request
        | OptKind::Playbook
        | OptKind::Alerts
        | OptKind::Entry
        | OptKind::Past
        | OptKind::Pattern => ("autocomplete", json!(true)),
        OptKind::Person => return Value::Object(json),
        OptKind::Choice(choices) => {
            let choices = choices.iter();
            (
                "choices",
                choices
                    .map(|(value, name)| json!({ "name": name, "value": value }))
                    .collect(),
            )
        }
    };
    json.insert(key.to_owned(), value);
    Value::Object(json)
}
