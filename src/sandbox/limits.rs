//! Discord's rate limits on the handed clock: a bucket for each route and top-level id, and the
//! global gate. Knows no handler.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

/// Requests a second over all routes that are not interaction endpoints.
const GLOBAL: u32 = 50;
const INVALID: u32 = 10_000;
const INVALID_MS: i64 = 600_000;
/// Discord says "temporarily"; an hour is what is commonly seen.
const BAN: TimeDelta = TimeDelta::hours(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub limit: u32,
    pub window_ms: i64,
}

/// Discord's own numbers are not published: these have the usual order of magnitude, and clients
/// must read the headers anyway.
pub fn rate(method: &str, route: &str) -> Rate {
    let message = route.ends_with("/messages") || route.contains("/messages/{");
    let (limit, window_ms) = match (method, message) {
        ("GET", _) => (50, 1_000),
        ("DELETE", true) => (5, 1_000),
        (_, true) => (5, 5_000),
        _ => (10, 2_000),
    };
    Rate { limit, window_ms }
}

#[derive(Clone, Copy, Debug)]
struct Window {
    used: u32,
    ends: DateTime<Utc>,
}

/// What the headers say after a request, or instead of one.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub bucket: String,
    pub limit: u32,
    pub remaining: u32,
    pub reset: DateTime<Utc>,
    pub reset_after_s: f64,
    pub refused: Option<Scope>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    User,
    Global,
    /// Of the resource, whoever asks: it is not held against the bot.
    Shared,
}

impl Scope {
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Global => "global",
            Self::Shared => "shared",
        }
    }
}

#[derive(Debug, Default)]
pub struct Limits {
    buckets: HashMap<String, Window>,
    global: Option<Window>,
    /// Answers 401, 403 and 429, since the sandbox began.
    pub invalid: u64,
    recent: Option<Window>,
    banned_until: Option<DateTime<Utc>>,
}

impl Limits {
    /// Counts an answer 401, 403 or 429. Discord bans an address that collects 10,000 of them in
    /// ten minutes.
    pub fn count_invalid(&mut self, now: DateTime<Utc>) {
        self.invalid += 1;
        let window = self.recent.get_or_insert(Window { used: 0, ends: now });
        spend(window, INVALID, INVALID_MS, now);
        if window.used == INVALID && self.banned(now).is_none() {
            tracing::warn!(
                "10,000 invalid requests in ten minutes: the address is banned for an hour"
            );
            self.banned_until = Some(now + BAN);
        }
    }

    /// How long the address is still banned.
    pub fn banned(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let left = self.banned_until? - now;
        (left > TimeDelta::zero()).then_some(left)
    }

    /// Counts one request. `route` is the path's pattern, `major` its channel, guild or webhook.
    pub fn take(
        &mut self,
        method: &str,
        route: &str,
        major: &str,
        global: bool,
        now: DateTime<Utc>,
    ) -> Verdict {
        let rate = rate(method, route);
        let bucket = format!("{:032x}", fingerprint(&format!("{method} {route}")));
        let key = format!("{bucket}:{major}");
        if global
            && !spend(
                self.global.get_or_insert(Window { used: 0, ends: now }),
                GLOBAL,
                1_000,
                now,
            )
        {
            let ends = self.global.map_or(now, |window| window.ends);
            return verdict(bucket, rate, rate.limit, ends, now, Some(Scope::Global));
        }
        let window = self
            .buckets
            .entry(key)
            .or_insert(Window { used: 0, ends: now });
        let fits = spend(window, rate.limit, rate.window_ms, now);
        let refused = (!fits).then_some(Scope::User);
        verdict(bucket, rate, window.used, window.ends, now, refused)
    }
}

/// Uses one of the window's requests, or tells that none is left.
fn spend(window: &mut Window, limit: u32, window_ms: i64, now: DateTime<Utc>) -> bool {
    if now >= window.ends {
        *window = Window {
            used: 0,
            ends: now + TimeDelta::milliseconds(window_ms),
        };
    }
    let fits = window.used < limit;
    window.used += u32::from(fits);
    fits
}

fn verdict(
    bucket: String,
    rate: Rate,
    used: u32,
    reset: DateTime<Utc>,
    now: DateTime<Utc>,
    refused: Option<Scope>,
) -> Verdict {
    let micros = (reset - now).num_microseconds().unwrap_or(0).max(0);
    let millis =
        u32::try_from(micros.div_euclid(1_000) + i64::from(micros % 1_000 > 0)).unwrap_or(u32::MAX);
    Verdict {
        bucket,
        limit: rate.limit,
        remaining: rate.limit.saturating_sub(used),
        reset,
        reset_after_s: f64::from(millis) / 1_000.0,
        refused,
    }
}

/// FNV-1a: a bucket's name only has to be stable.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTE: &str = "/api/v10/channels/{channel}/messages";

    fn start() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    #[test]
    fn the_sixth_message_in_five_seconds_is_refused_and_the_window_reopens() {
        let (mut limits, now) = (Limits::default(), start());
        for left in (0..5).rev() {
            let verdict = limits.take("POST", ROUTE, "1", true, now);
            assert_eq!((verdict.remaining, verdict.refused), (left, None));
        }
        let sixth = limits.take("POST", ROUTE, "1", true, now + TimeDelta::seconds(2));
        assert_eq!(sixth.refused, Some(Scope::User));
        assert!((sixth.reset_after_s - 3.0).abs() < 1e-9);
        assert_eq!(
            limits.take("POST", ROUTE, "2", true, now).refused,
            None,
            "another channel"
        );
        let later = now + TimeDelta::seconds(5);
        assert_eq!(limits.take("POST", ROUTE, "1", true, later).refused, None);
    }

    #[test]
    fn ten_thousand_invalid_requests_in_ten_minutes_ban_the_address_for_a_while() {
        let (mut limits, now) = (Limits::default(), start());
        for _ in 0..9_999 {
            limits.count_invalid(now);
        }
        assert_eq!(limits.banned(now), None);
        let later = now + TimeDelta::minutes(10);
        limits.count_invalid(later);
        assert_eq!(limits.banned(later), None, "ten minutes are over");
        for _ in 0..9_999 {
            limits.count_invalid(later);
        }
        assert!(limits.banned(later).is_some());
        assert_eq!(limits.banned(later + TimeDelta::hours(1)), None);
    }

    #[test]
    fn the_fifty_first_request_of_a_second_meets_the_global_gate_but_an_interaction_passes() {
        let (mut limits, now) = (Limits::default(), start());
        for n in 0..50 {
            assert_eq!(
                limits
                    .take("POST", ROUTE, &n.to_string(), true, now)
                    .refused,
                None
            );
        }
        assert_eq!(
            limits.take("POST", ROUTE, "51", true, now).refused,
            Some(Scope::Global)
        );
        assert_eq!(
            limits.take("POST", "/webhooks", "52", false, now).refused,
            None
        );
    }
}
