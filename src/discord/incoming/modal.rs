//! The answers of a submitted form, from Labels and from the older action rows.

use super::{Resolved, UploadedFile, strings, text};
use serde_json::Value;
use std::collections::BTreeMap;

/// One answer. Lists, radio groups and checkbox groups all give `Values`, so that a question reads
/// the same whichever control showed it; nothing chosen is an empty list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModalValue {
    Text(String),
    Values(Vec<String>),
    Flag(bool),
    Files(Vec<UploadedFile>),
}

pub(super) fn values(data: &Value, resolved: &Resolved) -> BTreeMap<String, ModalValue> {
    let mut found = BTreeMap::new();
    collect(data, resolved, &mut found, 0);
    found
}

// A Label holds one `component`, a row several `components`. Discord nests two deep; the bound keeps
// hostile JSON from using up the stack.
fn collect(
    holder: &Value,
    resolved: &Resolved,
    found: &mut BTreeMap<String, ModalValue>,
    depth: u8,
) {
    if depth > 4 {
        return;
    }
    let many = holder
        .get("components")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for part in many.chain(holder.get("component")) {
        if let Some(key) = text(part, "custom_id") {
            if let Some(value) = value(part, resolved) {
                found.insert(key, value);
            } else {
                let kind = part.get("type").and_then(Value::as_u64).unwrap_or(0);
                tracing::error!(kind, "a form has an answer of an unknown shape");
            }
        }
        collect(part, resolved, found, depth + 1);
    }
}

fn value(part: &Value, resolved: &Resolved) -> Option<ModalValue> {
    let value = part.get("value");
    match part.get("type").and_then(Value::as_u64)? {
        // Text input; an optional one that was left empty may come without a value.
        4 => Some(ModalValue::Text(text(part, "value").unwrap_or_default())),
        // String, user, role, mentionable and channel select; checkbox group.
        3 | 5..=8 | 22 => Some(ModalValue::Values(strings(part.get("values")))),
        // Radio group: null where nothing is chosen.
        21 => Some(ModalValue::Values(
            text(part, "value").into_iter().collect(),
        )),
        23 => Some(ModalValue::Flag(
            value.and_then(Value::as_bool).unwrap_or(false),
        )),
        19 => {
            let files = strings(part.get("values")).into_iter().map(|id| {
                resolved.files.get(&id).cloned().unwrap_or_else(|| {
                    tracing::error!("an uploaded file came without its description");
                    UploadedFile {
                        id,
                        ..UploadedFile::default()
                    }
                })
            });
            Some(ModalValue::Files(files.collect()))
        }
        _ => None,
    }
}
