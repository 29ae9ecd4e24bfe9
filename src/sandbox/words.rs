//! The words in an embed or a component, in reading order. Knows no message.

use serde_json::Value;

use super::json::Look;

const READ: [&str; 6] = ["title", "name", "label", "description", "value", "content"];

/// Appends the texts that a reader sees in this object and in what it holds.
pub fn of(object: &Value, into: &mut Vec<String>) {
    let button = object.has("custom_id");
    for key in READ {
        if let Some(text) = object.text(key) {
            into.push(if button {
                format!("[{text}]")
            } else {
                text.to_owned()
            });
        }
    }
    for key in ["author", "footer", "accessory", "component"] {
        if let Some(inner) = object.get(key) {
            of(inner, into);
        }
    }
    if let Some(text) = object.text("text") {
        into.push(text.to_owned());
    }
    for key in ["fields", "components"] {
        for inner in object.list(key) {
            of(inner, into);
        }
    }
}
