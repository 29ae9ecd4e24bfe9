//! Application commands: what may be registered. No world.

use serde_json::Value;

use crate::sandbox::{
    error::{Faults, Refused},
    json::{Look, length},
};

pub const SUB_COMMAND: i64 = 1;
pub const SUB_COMMAND_GROUP: i64 = 2;

/// A whole set, as in a bulk overwrite: at most 100 slash, 15 user and 15 message commands.
pub fn check_all(list: &[Value]) -> Result<(), Refused> {
    let mut faults = Faults::default();
    for (index, one) in list.iter().enumerate() {
        command(one, &format!("{index}"), &mut faults);
        let twin =
            |other: &Value| other.text("name") == one.text("name") && kind(other) == kind(one);
        if list.iter().take(index).any(twin) {
            let message = "Application command names must be unique";
            faults.add(
                &format!("{index}.name"),
                "APPLICATION_COMMANDS_DUPLICATE_NAME",
                message,
            );
        }
    }
    faults.done()?;
    for (wanted, most) in [(1, 100), (2, 15), (3, 15)] {
        if list.iter().filter(|one| kind(one) == wanted).count() > most {
            let message = format!("Maximum number of application commands reached ({most}).");
            return Err(Refused::bad(30_032, &message));
        }
    }
    Ok(())
}

pub fn check(one: &Value) -> Result<(), Refused> {
    let mut faults = Faults::default();
    command(one, "", &mut faults);
    faults.done()
}

pub fn kind(command: &Value) -> i64 {
    command.int("type").unwrap_or(1)
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

fn command(one: &Value, path: &str, faults: &mut Faults) {
    let name = one.text("name").unwrap_or("");
    let at = join(path, "name");
    match kind(one) {
        1 => {
            slash_name(name, &at, faults);
            let count = one.text("description").map_or(0, length);
            faults.length(&join(path, "description"), count, 1, 100);
        }
        2 | 3 => {
            faults.length(&at, length(name), 1, 32);
            if one.text("description").is_some_and(|text| !text.is_empty()) {
                let message = "Context menu commands cannot have description";
                faults.add(
                    &join(path, "description"),
                    "APPLICATION_COMMAND_TYPE_NO_DESCRIPTION",
                    message,
                );
            }
        }
        _ => faults.choice(&join(path, "type"), "1, 2, 3"),
    }
    if weight(one) > 8_000 {
        let message = "Command exceeds maximum size (8000)";
        faults.add(path, "APPLICATION_COMMAND_TOO_LARGE", message);
    }
    options(one, 0, &join(path, "options"), faults);
}

fn slash_name(name: &str, path: &str, faults: &mut Faults) {
    let fits = |c: char| c == '-' || c == '_' || c == '\'' || c.is_alphanumeric();
    let valid = (1..=32).contains(&length(name)) && name.chars().all(fits);
    if !valid || name != name.to_lowercase() {
        let message = "Command name is invalid: 1 to 32 lower-case letters, digits, - or _";
        faults.add(path, "APPLICATION_COMMAND_INVALID_NAME", message);
    }
}

/// Names, descriptions and values together, as Discord counts them.
fn weight(one: &Value) -> usize {
    let own: usize = ["name", "description", "value"]
        .iter()
        .filter_map(|key| one.text(key))
        .map(length)
        .sum();
    let below = one.list("options").iter().chain(one.list("choices"));
    own + below.map(weight).sum::<usize>()
}

fn options(one: &Value, depth: u8, path: &str, faults: &mut Faults) {
    let list = one.list("options");
    faults.length(path, list.len(), 0, 25);
    let mut optional_seen = false;
    for (index, option) in list.iter().enumerate() {
        let at = format!("{path}.{index}");
        slash_name(
            option.text("name").unwrap_or(""),
            &format!("{at}.name"),
            faults,
        );
        let count = option.text("description").map_or(0, length);
        faults.length(&format!("{at}.description"), count, 1, 100);
        if list
            .iter()
            .take(index)
            .any(|other| other.text("name") == option.text("name"))
        {
            let message = "Option names must be unique";
            faults.add(
                &format!("{at}.name"),
                "APPLICATION_COMMAND_OPTIONS_NAME_INVALID",
                message,
            );
        }
        let kind = option.int("type").unwrap_or(0);
        let nested = kind == SUB_COMMAND || kind == SUB_COMMAND_GROUP;
        if !(1..=11).contains(&kind)
            || (nested && depth > 1)
            || (kind == SUB_COMMAND_GROUP && depth > 0)
        {
            faults.choice(&format!("{at}.type"), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11");
        }
        if nested {
            options(option, depth + 1, &format!("{at}.options"), faults);
        } else {
            if option.yes("required") && optional_seen {
                let message = "Required options must be placed before non-required options";
                faults.add(&at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message);
            }
            optional_seen |= !option.yes("required");
            choices(option, &at, faults);
        }
    }
}

fn choices(option: &Value, at: &str, faults: &mut Faults) {
    let list = option.list("choices");
    faults.length(&format!("{at}.choices"), list.len(), 0, 25);
    choice_list(list, &format!("{at}.choices"), faults);
    if option.yes("autocomplete") && !list.is_empty() {
        let message = "Autocomplete cannot be used with choices";
        faults.add(
            &format!("{at}.autocomplete"),
            "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES",
            message,
        );
    }
}

/// Choices of an option or of an autocomplete answer: names 1 to 100, values up to 100.
pub fn choice_list(list: &[Value], path: &str, faults: &mut Faults) {
    for (index, choice) in list.iter().enumerate() {
        let count = choice.text("name").map_or(0, length);
        faults.length(&format!("{path}.{index}.name"), count, 1, 100);
        if !choice.has("value") {
            faults.required(&format!("{path}.{index}.value"));
        }
        let count = choice.text("value").map_or(0, length);
        faults.length(&format!("{path}.{index}.value"), count, 0, 100);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_wrong_command_is_refused_at_its_path() {
        let good = json!({ "name": "open", "description": "d" });
        let option = |name: &str, required: bool| json!({ "type": 3, "name": name, "description": "d", "required": required });
        let cases = [
            (good.clone().with("name", "Open"), "/errors/name"),
            (good.clone().with("name", "x".repeat(33)), "/errors/name"),
            (json!({ "name": "open" }), "/errors/description"),
            (
                good.clone().with("description", "x".repeat(101)),
                "/errors/description",
            ),
            (
                good.clone()
                    .with("options", json!([option("a", false), option("b", true)])),
                "/errors/options/1",
            ),
            (
                good.clone()
                    .with("options", json!([option("a", false), option("a", false)])),
                "/errors/options/1/name",
            ),
            (good.clone().with("type", 9), "/errors/type"),
        ];
        assert!(check(&good).is_ok());
        for (body, pointer) in cases {
            let refused = check(&body).expect_err(pointer).body();
            assert!(
                refused.pointer(&format!("{pointer}/_errors/0")).is_some(),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_hundred_and_one_commands_are_refused() {
        let list: Vec<Value> = (0..101)
            .map(|n| json!({ "name": format!("c{n}"), "description": "d" }))
            .collect();
        assert_eq!(check_all(&list).unwrap_err().code, 30_032);
        assert!(check_all(list.get(..100).unwrap()).is_ok());
    }
}
