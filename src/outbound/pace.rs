//! When a request may be sent, by Discord's own headers. Pure: time is an argument, nothing sleeps
//! here, so a high alert never waits inside somebody else's call.
//!
//! Three gates: the bucket of the route, the 50 a second of the whole bot, and a stop far before
//! the number of refused requests at which Discord shuts an address out.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Discord allows 50 a second; the margin absorbs that requests sent apart may arrive together.
pub const GLOBAL_PER_SECOND: usize = 45;
const SECOND: Duration = Duration::from_secs(1);
/// Discord shuts an address out at 10,000 refused requests (401, 403, 429) in ten minutes. A
/// healthy bot has next to none; at this number something is wrong and more would not help.
pub const REFUSED_MOST: usize = 2_000;
pub const REFUSED_WINDOW: Duration = Duration::from_mins(10);
/// An unknown bucket is tried by one request; the others look again after this time.
const PROBE: Duration = Duration::from_millis(50);
/// A request that was never settled (its caller was dropped) holds its place this long at most.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// Buckets are forgotten when there are more than this and they are at rest.
const BUCKETS_KEPT: usize = 512;

/// Where a request queues: the route with its method, and the id that Discord counts apart
/// (channel, guild, webhook).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lane {
    pub route: &'static str,
    pub major: String,
    /// Interaction endpoints are outside the bot's global limit.
    pub exempt_from_global: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Go,
    WaitUntil(Instant),
}

/// What a lane may still send, by what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    pub left: u32,
    /// Until it is whole again.
    pub resets_in: Duration,
}

/// No bucket of Discord's lasts longer.
const LONGEST_WINDOW: Duration = Duration::from_mins(10);

/// What is taken to be a channel's limit before Discord's first answer there has told it.
pub const ASSUMED: Budget = Budget {
    left: 5,
    resets_in: Duration::from_secs(5),
};

/// What the headers of an answer say about pace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    pub bucket: Option<String>,
    pub limit: Option<u32>,
    pub remaining: Option<u32>,
    pub reset_after: Option<Duration>,
    /// Set for an answer 429.
    pub refused: Option<Refused>,
    /// The answer was 401, 403, or a 429 that counts.
    pub counts_as_invalid: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    pub after: Duration,
    pub scope: Scope,
}

/// Whose limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// This bucket, for us.
    User,
    /// This resource, for everyone who uses it.
    Shared,
    /// The whole bot, or the address.
    Global,
}

type BucketKey = (String, String);

#[derive(Debug)]
struct Bucket {
    limit: Option<u32>,
    remaining: u32,
    reset_at: Instant,
    /// How long a window lasts, as far as the headers showed.
    window: Duration,
    blocked_until: Option<Instant>,
    in_flight: VecDeque<Instant>,
    known: bool,
}

/// The state of all gates.
#[derive(Debug, Default)]
pub struct Pace {
    /// Route → the bucket that Discord named for it; routes with one bucket share its count.
    named: HashMap<&'static str, String>,
    buckets: HashMap<BucketKey, Bucket>,
    sent: VecDeque<Instant>,
    global_until: Option<Instant>,
    refused: VecDeque<Instant>,
}

impl Pace {
    pub fn new() -> Self {
        Self::default()
    }

    /// May a request of this lane go now? `Go` takes its place: [`Pace::learn`] must follow, or
    /// [`Pace::abandon`] where no answer came.
    pub fn admit(&mut self, lane: &Lane, now: Instant) -> Admission {
        if let Some(until) = self.shut(lane, now) {
            return Admission::WaitUntil(until);
        }
        let key = self.key(lane);
        let bucket = self
            .buckets
            .entry(key)
            .or_insert_with(|| Bucket::unknown(now));
        if let Some(until) = bucket.wait(now) {
            return Admission::WaitUntil(until);
        }
        bucket.in_flight.push_back(now);
        bucket.remaining = bucket.remaining.saturating_sub(1);
        if !lane.exempt_from_global {
            self.sent.push_back(now);
        }
        Admission::Go
    }

    /// Takes in what an answer says.
    pub fn learn(&mut self, lane: &Lane, learned: &Learned, now: Instant) {
        self.settle(lane, now);
        if learned.counts_as_invalid {
            self.refused.push_back(now);
        }
        if let Some(name) = &learned.bucket {
            self.name(lane, name);
        }
        if let Some(Refused {
            after,
            scope: Scope::Global,
        }) = learned.refused
        {
            self.global_until = self.global_until.max(Some(now + after));
        }
        let key = self.key(lane);
        let bucket = self
            .buckets
            .entry(key)
            .or_insert_with(|| Bucket::unknown(now));
        bucket.learn(learned, now);
        if self.buckets.len() > BUCKETS_KEPT {
            self.buckets.retain(|_, b| !b.at_rest(now));
        }
    }

    /// What this lane may still send, and until when; whether the whole bot may send now is not part of it.
    pub fn budget(&self, lane: &Lane, now: Instant) -> Budget {
        let bucket = self.buckets.get(&self.key(lane));
        bucket.map_or(ASSUMED, |bucket| bucket.budget(now))
    }

    /// The request got no answer: its place is free again.
    pub fn abandon(&mut self, lane: &Lane, now: Instant) {
        self.settle(lane, now);
    }

    /// Requests that Discord refused (401, 403, 429) in the last ten minutes, for `/health`.
    pub fn refused_lately(&mut self, now: Instant) -> usize {
        expire(&mut self.refused, now, REFUSED_WINDOW);
        self.refused.len()
    }

    // The gates that do not depend on the bucket.
    fn shut(&mut self, lane: &Lane, now: Instant) -> Option<Instant> {
        expire(&mut self.refused, now, REFUSED_WINDOW);
        expire(&mut self.sent, now, SECOND);
        if self.refused.len() >= REFUSED_MOST {
            return self.refused.front().map(|oldest| *oldest + REFUSED_WINDOW);
        }
        if lane.exempt_from_global {
            return None;
        }
        if let Some(until) = self.global_until.filter(|until| *until > now) {
            return Some(until);
        }
        if self.sent.len() >= GLOBAL_PER_SECOND {
            return self.sent.front().map(|oldest| *oldest + SECOND);
        }
        None
    }

    fn key(&self, lane: &Lane) -> BucketKey {
        let name = self
            .named
            .get(lane.route)
            .map_or(lane.route, String::as_str);
        (name.to_owned(), lane.major.clone())
    }

    // Discord tells a route's bucket with the first answer; what was counted under the route's own
    // name moves there, for each channel that has asked already.
    fn name(&mut self, lane: &Lane, name: &str) {
        let (old, _) = self.key(lane);
        if old == name {
            return;
        }
        self.named.insert(lane.route, name.to_owned());
        let moved: Vec<(BucketKey, Bucket)> =
            self.buckets.extract_if(|key, _| key.0 == old).collect();
        for ((_, major), bucket) in moved {
            self.buckets
                .entry((name.to_owned(), major))
                .and_modify(|b| b.in_flight.extend(&bucket.in_flight))
                .or_insert(bucket);
        }
    }

    fn settle(&mut self, lane: &Lane, now: Instant) {
        let key = self.key(lane);
        if let Some(bucket) = self.buckets.get_mut(&key) {
            bucket.in_flight.pop_front();
            expire(&mut bucket.in_flight, now, FORGOTTEN);
        }
    }
}

impl Bucket {
    fn unknown(now: Instant) -> Self {
        Self {
            limit: None,
            remaining: 1,
            reset_at: now,
            window: ASSUMED.resets_in,
            blocked_until: None,
            in_flight: VecDeque::new(),
            known: false,
        }
    }

    fn wait(&mut self, now: Instant) -> Option<Instant> {
        expire(&mut self.in_flight, now, FORGOTTEN);
        if let Some(until) = self.blocked_until.filter(|until| *until > now) {
            return Some(until);
        }
        if !self.known {
            return (!self.in_flight.is_empty()).then(|| now + PROBE);
        }
        let limit = self.limit?;
        if now >= self.reset_at {
            // A new window. What is still on its way may be counted in it.
            let on_the_way = u32::try_from(self.in_flight.len()).unwrap_or(u32::MAX);
            self.remaining = limit.max(1).saturating_sub(on_the_way);
            if self.remaining == 0 {
                return Some(now + PROBE);
            }
            return None;
        }
        (self.remaining == 0).then_some(self.reset_at)
    }

    fn budget(&self, now: Instant) -> Budget {
        let until = |at: Instant| at.saturating_duration_since(now);
        if let Some(blocked) = self.blocked_until.filter(|at| *at > now) {
            return Budget {
                left: 0,
                resets_in: until(blocked),
            };
        }
        // One that ends farther ahead began under a clock that was set back since.
        if self.known && now < self.reset_at && until(self.reset_at) <= LONGEST_WINDOW {
            return Budget {
                left: self.remaining,
                resets_in: until(self.reset_at),
            };
        }
        let limit = self.limit.unwrap_or(ASSUMED.left);
        let on_the_way = u32::try_from(self.in_flight.len()).unwrap_or(u32::MAX);
        Budget {
            left: limit.saturating_sub(on_the_way),
            resets_in: self.window,
        }
    }

    fn learn(&mut self, learned: &Learned, now: Instant) {
        if let Some(refused) = learned.refused {
            // Where the limit is not known yet, one request probes again afterwards.
            self.known = self.limit.is_some();
            if refused.scope != Scope::Global {
                self.blocked_until = self.blocked_until.max(Some(now + refused.after));
            }
            self.remaining = 0;
            self.reset_at = self.reset_at.max(now + refused.after);
            return;
        }
        let same_window = self.known && self.limit == learned.limit && now < self.reset_at;
        self.known = true;
        let (Some(limit), Some(remaining), Some(reset)) =
            (learned.limit, learned.remaining, learned.reset_after)
        else {
            return;
        };
        let on_the_way = u32::try_from(self.in_flight.len()).unwrap_or(u32::MAX);
        self.limit = Some(limit);
        if remaining + 1 == limit {
            self.window = reset;
        }
        if same_window {
            // Answers may overtake each other; our own count already holds what is on its way. One that was held up may
            // still tell of the window before.
            self.remaining = self.remaining.min(remaining);
            self.reset_at = self.reset_at.max(now + reset);
        } else {
            self.remaining = remaining.saturating_sub(on_the_way);
            self.reset_at = now + reset;
        }
    }

    fn at_rest(&self, now: Instant) -> bool {
        self.in_flight.is_empty()
            && self.reset_at <= now
            && self.blocked_until.is_none_or(|until| until <= now)
    }
}

fn expire(instants: &mut VecDeque<Instant>, now: Instant, window: Duration) {
    while instants
        .front()
        .is_some_and(|at| now.saturating_duration_since(*at) >= window)
    {
        instants.pop_front();
    }
}

#[cfg(test)]
mod tests;
