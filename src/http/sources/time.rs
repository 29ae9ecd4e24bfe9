//! One lenient reader for every way in which the sources write an instant. Without a zone it is UTC;
//! what stands for "never" (the years 1 and 9999) is nothing.

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};
use serde_json::Value;

/// The instant under a pointer: a text, or a number of seconds or milliseconds since 1970.
pub fn at(value: &Value, pointer: &str) -> Option<DateTime<Utc>> {
    match value.pointer(pointer)? {
        Value::String(s) => read(s),
        Value::Number(n) => epoch(n.as_i64().or_else(|| whole(n.as_f64()?))?),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The instant that a text names.
pub fn read(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if text.len() > 64 {
        return None;
    }
    zoned(text)
        .or_else(|| unzoned(text))
        .or_else(|| epoch(text.parse().ok()?))
        .filter(|t| !never(t.year()))
}

/// Whether a text stands for "never", so that nothing is missing when it gives no instant.
pub fn is_sentinel(text: &str) -> bool {
    let text = text.trim();
    zoned(text)
        .or_else(|| unzoned(text))
        .is_some_and(|t| never(t.year()))
}

const fn never(year: i32) -> bool {
    year <= 1 || year >= 9998
}

fn zoned(text: &str) -> Option<DateTime<Utc>> {
    // The usual form, by the reader that is made for it alone and ten times as fast.
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    if let Some(local) = text.strip_suffix(['Z', 'z']) {
        return unzoned(local.trim_end());
    }
    [
        "%Y-%m-%dT%H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M:%S%.f%#z",
        "%Y-%m-%d %H:%M:%S%.f %#z",
    ]
    .iter()
    .find_map(|format| DateTime::parse_from_str(text, format).ok())
    .map(|t| t.with_timezone(&Utc))
}

fn unzoned(text: &str) -> Option<DateTime<Utc>> {
    [
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M:%S%.f",
        "%m/%d/%Y %I:%M:%S%.f %p",
        "%m/%d/%Y %H:%M:%S%.f",
        "%m/%d/%Y %I:%M %p",
        "%Y-%m-%dT%H:%M",
    ]
    .iter()
    .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    .map(|t| t.and_utc())
}

/// Anything beyond the year 5138 in seconds is milliseconds; before 2001 it is no alert's time.
fn epoch(number: i64) -> Option<DateTime<Utc>> {
    match number {
        1_000_000_000..100_000_000_000 => DateTime::from_timestamp(number, 0),
        1_000_000_000_000..100_000_000_000_000 => DateTime::from_timestamp_millis(number),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "bounded to the range that i64 holds exactly"
)]
fn whole(number: f64) -> Option<i64> {
    (0.0..9.0e15)
        .contains(&number)
        .then(|| number.trunc() as i64)
}

#[cfg(test)]
mod tests {
    use super::super::flat;
    use super::*;
    use serde_json::json;

    #[test]
    fn every_form_of_the_sources_is_one_instant() {
        let cases = [
            (
                "2026-09-18T13:44:40.6422105Z",
                "2026-09-18T13:44:40.6422105Z",
            ),
            (
                "2026-09-18 13:44:40.642210512",
                "2026-09-18T13:44:40.642210512Z",
            ),
            ("2026-11-03T08:42:51", "2026-11-03T08:42:51Z"),
            ("2025-10-15 06:50:08Z", "2025-10-15T06:50:08Z"),
            ("2025-10-15T8:48:50Z", "2025-10-15T08:48:50Z"),
            ("8/22/2022 6:11:52 PM", "2022-08-22T18:11:52Z"),
            ("12/1/2026 12:00:00 AM", "2026-12-01T00:00:00Z"),
            ("2026-10-12T09:35:49.741+0000", "2026-10-12T09:35:49.741Z"),
            (
                "2026-11-01T00:00:17.7736265-08:00",
                "2026-11-01T08:00:17.7736265Z",
            ),
            ("1764000000", "2025-11-24T16:00:00Z"),
            ("1764000000123", "2025-11-24T16:00:00.123Z"),
        ];
        for (text, expected) in cases {
            assert_eq!(
                read(text).map(flat::instant).as_deref(),
                Some(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn what_stands_for_never_is_nothing() {
        for text in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"] {
            assert_eq!(read(text), None, "{text}");
            assert!(is_sentinel(text), "{text}");
        }
        assert!(!is_sentinel("yesterday"));
    }

    #[test]
    fn nonsense_is_nothing() {
        for text in [
            "",
            "yesterday",
            "2026-13-01T00:00:00Z",
            "31/12/2026 10:00:00 PM",
            "7",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(at(&json!({"t": [1]}), "/t"), None);
        assert_eq!(
            at(&json!({"t": 1_764_000_000_i64}), "/t"),
            DateTime::from_timestamp(1_764_000_000, 0)
        );
    }
}
