//! How often a bot may IDENTIFY, on the handed clock. Knows no session.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// Sessions that an application may start in a day; one more and Discord resets its token.
const TOTAL: u32 = 1_000;
/// Between two IDENTIFYs of an application whose `max_concurrency` is 1.
const APART: TimeDelta = TimeDelta::seconds(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Granted,
    /// Answered with op 9.
    TooSoon,
    /// The token no longer counts.
    TooMany,
}

#[derive(Debug, Default)]
pub struct Starts {
    used: u32,
    ends: DateTime<Utc>,
    last: Option<DateTime<Utc>>,
    /// Since the sandbox began.
    pub granted: u64,
}

impl Starts {
    pub fn ask(&mut self, now: DateTime<Utc>) -> Start {
        self.roll(now);
        // Where the clock stands still it says nothing of how close together two came.
        let soon = |last: DateTime<Utc>| now != last && now - last < APART;
        if self.last.is_some_and(soon) {
            return Start::TooSoon;
        }
        if self.used >= TOTAL {
            return Start::TooMany;
        }
        self.used += 1;
        self.granted += 1;
        self.last = Some(now);
        Start::Granted
    }

    fn roll(&mut self, now: DateTime<Utc>) {
        if now >= self.ends {
            self.used = 0;
            self.ends = now + TimeDelta::days(1);
        }
    }

    /// `session_start_limit` of `/gateway/bot`.
    pub fn json(&mut self, now: DateTime<Utc>) -> Value {
        self.roll(now);
        json!({
            "total": TOTAL, "remaining": TOTAL - self.used,
            "reset_after": (self.ends - now).num_milliseconds(), "max_concurrency": 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn two_identifies_within_five_seconds_are_too_soon() {
        let mut starts = Starts::default();
        assert_eq!(starts.ask(day(0)), Start::Granted);
        assert_eq!(starts.ask(day(4)), Start::TooSoon);
        assert_eq!(starts.ask(day(5)), Start::Granted);
    }

    #[test]
    fn after_a_thousand_sessions_the_next_waits_for_another_day() {
        let mut starts = Starts::default();
        for n in 0..1_000 {
            assert_eq!(starts.ask(day(n * 5)), Start::Granted);
        }
        assert_eq!(starts.json(day(5_000))["remaining"], 0);
        assert_eq!(starts.ask(day(5_000)), Start::TooMany);
        assert_eq!(starts.ask(day(86_400)), Start::Granted);
        assert_eq!(starts.json(day(86_400))["remaining"], 999);
    }
}
