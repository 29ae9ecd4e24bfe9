//! Between columns and the domain's types.

use super::StoreError;
use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};

/// Microseconds UTC, as columns keep instants.
pub fn us(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

pub fn at(us: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(us).ok_or_else(|| StoreError::Inconsistent {
        what: "an instant",
        why: us.to_string(),
    })
}

pub fn to_json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Inconsistent {
        what,
        why: e.to_string(),
    })
}

pub fn from_json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Inconsistent {
        what,
        why: e.to_string(),
    })
}

/// SHA-256 over the parts one after the other, hexadecimal.
pub fn sha256(parts: &[&[u8]]) -> String {
    use sha2::Digest as _;
    let mut hasher = sha2::Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    // `hex::encode` collects characters one by one: it costs as much as the hash of a short text.
    let mut text = [0; 64];
    let written = hex::encode_to_slice(hasher.finalize(), &mut text);
    debug_assert!(written.is_ok(), "two digits a byte");
    String::from_utf8_lossy(&text).into_owned()
}
