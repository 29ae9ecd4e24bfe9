//! Lenient reading of JSON values: numbers where texts are usual, objects inside texts, empty texts for
//! nothing. No vendor's names here.

use serde_json::Value;

/// The text under a pointer; a number or a truth value is its own text. Blank is nothing.
pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    scalar(value.pointer(pointer)?)
}

pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.trim().to_owned()).filter(|s| !s.is_empty()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An id as the source writes it. A number with a fraction or beyond 64 bits has lost digits on the way, so two
/// of them could fall together: it is none. Nor is what no source would call an id by its length.
pub(super) fn identifier(value: &Value, pointer: &str) -> Option<String> {
    let found = value.pointer(pointer)?;
    let exact = !found.is_number() || found.is_i64() || found.is_u64();
    scalar(found).filter(|id| exact && !found.is_boolean() && id.chars().count() <= LONGEST_ID)
}

/// Characters of an id.
pub(super) const LONGEST_ID: usize = 1_000;

/// The first of several pointers that has a text.
pub(super) fn first(value: &Value, pointers: &[&str]) -> Option<String> {
    pointers.iter().find_map(|p| text(value, p))
}

/// A whole number, also when it is written as text.
pub(super) fn integer(value: &Value, pointer: &str) -> Option<i64> {
    text(value, pointer)?.parse().ok()
}

/// The list under a pointer; a single object counts as a list of one.
pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    match value.pointer(pointer) {
        Some(Value::Array(items)) => items,
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    }
}

/// Texts under a pointer: a list of them, or one text with commas or semicolons.
pub(super) fn texts(value: &Value, pointer: &str) -> Vec<String> {
    match value.pointer(pointer) {
        Some(Value::Array(items)) => items.iter().filter_map(scalar).collect(),
        Some(Value::String(s)) => s
            .split([',', ';'])
            .map(|part| part.trim().to_owned())
            .filter(|part| !part.is_empty())
            .collect(),
        _ => Vec::new(),
    }
}

/// An object, or an object written as JSON inside a text.
pub(super) fn nested(value: &Value, pointer: &str) -> Nested {
    match value.pointer(pointer) {
        None | Some(Value::Null) => Nested::Absent,
        Some(found @ Value::Object(_)) => Nested::Object(found.clone()),
        Some(Value::String(s)) if s.trim().is_empty() => Nested::Absent,
        Some(Value::String(s)) => match serde_json::from_str::<Value>(s) {
            Ok(found @ Value::Object(_)) => Nested::Object(found),
            _ => Nested::Unreadable,
        },
        Some(_) => Nested::Unreadable,
    }
}

pub(super) enum Nested {
    Object(Value),
    Absent,
    Unreadable,
}

/// A key of an object in any case.
pub(super) fn any_case(value: &Value, key: &str) -> Option<String> {
    value
        .as_object()?
        .iter()
        .find(|(k, _)| k.eq_ignore_ascii_case(key))
        .and_then(|(_, v)| scalar(v))
}
