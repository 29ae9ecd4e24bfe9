//! Takes a body apart into its elements without touching their bytes: one object, a list, or a list
//! inside a wrapper. Depth and number are bounded; nothing here knows a vendor.

use super::{BodyFault, ElementFault, MOST_ELEMENTS};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

pub(super) type Parts<'a> = Vec<(String, &'a str)>;

/// Elements of a body that may be wrapped under one of `wrappers`.
pub(super) fn split<'a>(body: &'a [u8], wrappers: &[&str]) -> Result<Parts<'a>, BodyFault> {
    let raw = whole(body)?;
    if !raw.starts_with('{') {
        return listed("", raw);
    }
    for pointer in wrappers {
        if let Some(inner) = descend(raw, pointer).filter(|t| t.starts_with(['[', '{'])) {
            return listed(pointer, inner);
        }
    }
    listed("", raw)
}

/// Elements of a body under a configured pointer. Without a pointer the body is a list or one element.
pub(super) fn items<'a>(body: &'a [u8], pointer: Option<&str>) -> Result<Parts<'a>, BodyFault> {
    let raw = whole(body)?;
    let Some(pointer) = pointer else {
        return listed("", raw);
    };
    match descend(raw, pointer) {
        Some(inner) => listed(pointer, inner),
        None => Err(BodyFault {
            pointer: pointer.to_owned(),
            message: "The list of alerts is not there.".to_owned(),
            mend: "Send the list under this pointer, or mend `items` of this source.".to_owned(),
        }),
    }
}

/// One element as an object.
pub(super) fn object(raw: &str) -> Result<Value, ElementFault> {
    if !raw.starts_with('{') {
        return Err(ElementFault::at("", "Expected an object."));
    }
    serde_json::from_str(raw)
        .map_err(|e| ElementFault::at("", format!("This element cannot be read: {e}.")))
}

/// The body as text.
pub(super) fn text(body: &[u8]) -> Result<&str, BodyFault> {
    let text = std::str::from_utf8(body).map_err(|e| {
        not_json(format!(
            "The body is not UTF-8: byte {} is out of place.",
            e.valid_up_to() + 1
        ))
    })?;
    // Some senders put a byte order mark before their JSON.
    Ok(text.trim_start_matches('\u{feff}'))
}

/// The body, if it is one JSON value.
pub(super) fn whole(body: &[u8]) -> Result<&str, BodyFault> {
    serde_json::from_str::<&RawValue>(text(body)?)
        .map(|raw| raw.get().trim())
        .map_err(|e| not_json_at(&e))
}

/// Where a body stops being JSON. Only for errors of syntax: others would repeat what stands there.
pub(super) fn not_json_at(e: &serde_json::Error) -> BodyFault {
    not_json(format!(
        "The body is not JSON: line {}, column {}: {}.",
        e.line(),
        e.column(),
        reason(e)
    ))
}

/// serde_json's sentence without the place that it appends, which is said already.
fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    said.split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn not_json(message: String) -> BodyFault {
    BodyFault {
        pointer: String::new(),
        message,
        mend: "Send one JSON object, or a list of them, as UTF-8.".to_owned(),
    }
}

/// The elements of a list, or the one that stands there.
pub(super) fn listed<'a>(base: &str, raw: &'a str) -> Result<Parts<'a>, BodyFault> {
    if !raw.starts_with('[') {
        return Ok(vec![(base.to_owned(), raw)]);
    }
    let list: Vec<&RawValue> = serde_json::from_str(raw).map_err(|e| not_json_at(&e))?;
    if list.len() > MOST_ELEMENTS {
        return Err(BodyFault {
            pointer: base.to_owned(),
            message: format!("{} elements; {MOST_ELEMENTS} at most.", list.len()),
            mend: "Send them in several bodies.".to_owned(),
        });
    }
    Ok(list
        .into_iter()
        .enumerate()
        .map(|(i, part)| (format!("{base}/{i}"), part.get().trim()))
        .collect())
}

/// The text under a JSON pointer, through objects only.
fn descend<'a>(raw: &'a str, pointer: &str) -> Option<&'a str> {
    pointer.split('/').skip(1).try_fold(raw, |at, step| {
        let key = step.replace("~1", "/").replace("~0", "~");
        let fields: BTreeMap<String, &'a RawValue> = serde_json::from_str(at).ok()?;
        fields.get(&key).map(|found| found.get().trim())
    })
}
