//! Snowflakes: Discord's ids, which carry their time. May not read a clock.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

/// 2015-01-01, in milliseconds of Unix time: Discord's epoch.
const EPOCH_MS: i64 = 1_420_070_400_000;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Id(pub u64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl From<Id> for Value {
    fn from(id: Id) -> Self {
        Self::String(id.to_string())
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl de::Visitor<'_> for Either {
            type Value = Id;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a snowflake, as text or number")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id, E> {
                text.parse().map_err(|_| E::custom("not a snowflake"))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Id, E> {
                Ok(Id(number))
            }
        }
        from.deserialize_any(Either)
    }
}

/// An id in a loose JSON value.
pub fn id_of(value: &Value) -> Option<Id> {
    value
        .as_u64()
        .map(Id)
        .or_else(|| value.as_str()?.parse().ok())
}

/// Grows with the clock, and by one where the clock stands still or goes back.
#[derive(Debug, Default)]
pub struct Snowflakes {
    last: u64,
}

impl Snowflakes {
    pub fn next(&mut self, now: DateTime<Utc>) -> Id {
        let since = u64::try_from(now.timestamp_millis() - EPOCH_MS).unwrap_or(0);
        self.last = (since << 22).max(self.last + 1);
        Id(self.last)
    }

    /// Ids seen in a reopened world are never given out again.
    pub fn seen(&mut self, id: Id) {
        self.last = self.last.max(id.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_while_the_clock_stands_still_and_grow_when_it_moves() {
        let mut flakes = Snowflakes::default();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (first, second) = (flakes.next(now), flakes.next(now));
        assert!(second > first);
        let later = flakes.next(now + chrono::TimeDelta::seconds(1));
        assert!(later.0 >= second.0 + (900 << 22));
        assert!(
            flakes.next(now) > later,
            "a clock that goes back repeats no id"
        );
    }
}
