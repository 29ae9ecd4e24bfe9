//! Reading and extending loose JSON without panicking. Knows no Discord object.

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

static NULL: Value = Value::Null;

pub trait Look {
    /// The value under a key; null where there is none.
    fn at(&self, key: &str) -> &Value;
    fn text(&self, key: &str) -> Option<&str>;
    fn int(&self, key: &str) -> Option<i64>;
    fn yes(&self, key: &str) -> bool;
    fn list(&self, key: &str) -> &[Value];
    fn has(&self, key: &str) -> bool;
    fn set(&mut self, key: &str, value: impl Into<Value>);
    fn with(self, key: &str, value: impl Into<Value>) -> Self;
}

impl Look for Value {
    fn at(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&NULL)
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.at(key).as_str()
    }

    fn int(&self, key: &str) -> Option<i64> {
        let value = self.at(key);
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    fn yes(&self, key: &str) -> bool {
        self.at(key).as_bool().unwrap_or(false)
    }

    fn list(&self, key: &str) -> &[Value] {
        self.at(key).as_array().map_or(&[], Vec::as_slice)
    }

    fn has(&self, key: &str) -> bool {
        !self.at(key).is_null()
    }

    fn set(&mut self, key: &str, value: impl Into<Value>) {
        if let Some(object) = self.as_object_mut() {
            object.insert(key.to_owned(), value.into());
        }
    }

    fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.set(key, value);
        self
    }
}

/// The length that Discord counts: characters, not bytes.
pub fn length(text: &str) -> usize {
    text.chars().count()
}

/// A switch in a query: clients write `true`, `True` or `1`.
pub fn switch<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    match String::deserialize(from)?.as_str() {
        "true" | "True" | "1" => Ok(true),
        "false" | "False" | "0" => Ok(false),
        other => Err(D::Error::custom(format!("{other:?} is not a switch"))),
    }
}

/// A permission set or flag field: Discord writes them as strings, clients also as numbers.
pub fn bits(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
