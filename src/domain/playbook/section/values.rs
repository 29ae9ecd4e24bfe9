//! Single values of a section: texts, words of a closed set, durations. Each wrong one is a fault.

use super::{Text, Value};
use crate::domain::playbook::fault::Faults;
use chrono::TimeDelta;
use toml::de::DeValue;

/// One of a closed set of words, or a fault that names them.
pub(in crate::domain::playbook) fn word_of<T: Copy>(
    f: &mut Faults<'_>,
    key: &str,
    found: &Text,
    set: &[(&str, T)],
) -> Option<T> {
    let hit = set.iter().find(|(word, _)| *word == found.value);
    if hit.is_none() && !found.value.is_empty() {
        let words: Vec<&str> = set.iter().map(|(word, _)| *word).collect();
        let message = format!(
            "unknown {key} `{}`; use one of {}",
            found.value,
            words.join(", ")
        );
        f.add(found.at, message);
    }
    hit.map(|(_, value)| *value)
}

pub(super) fn duration_of(f: &mut Faults<'_>, key: &str, found: &Text) -> TimeDelta {
    let parsed = found
        .value
        .split_at_checked(found.value.len().saturating_sub(1))
        .and_then(|(digits, unit)| {
            let number = digits
                .parse::<i64>()
                .ok()
                .filter(|n| (1..=10_000).contains(n))?;
            match unit {
                "m" => TimeDelta::try_minutes(number),
                "h" => TimeDelta::try_hours(number),
                "d" => TimeDelta::try_days(number),
                _ => None,
            }
        });
    if parsed.is_none() && !found.value.is_empty() {
        let message = format!(
            "`{key}` is `{}`; write a duration such as 30m, 4h or 2d",
            found.value
        );
        f.add(found.at, message);
    }
    parsed.unwrap_or_default()
}

pub(super) fn text(f: &mut Faults<'_>, key: &str, value: &Value<'_>) -> Option<Text> {
    let at = value.span().start;
    let Some(read) = value.get_ref().as_str() else {
        wrong_type(f, key, value, "a text in quotation marks");
        return None;
    };
    if read.trim().is_empty() {
        f.add(at, format!("`{key}` is empty; write it or remove the key"));
        return None;
    }
    let raw = f.text().get(value.span()).unwrap_or_default();
    Some(Text {
        value: read.to_owned(),
        at,
        inside: raw.find(read).map(|quote| at + quote),
    })
}

pub(super) fn wrong_type(f: &mut Faults<'_>, key: &str, value: &Value<'_>, wanted: &str) {
    let message = format!(
        "`{key}` is {}; write {wanted}",
        match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    );
    f.add(value.span().start, message);
}
