//! The gates, on a clock that the test holds.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn lane(route: &'static str, major: &str) -> Lane {
    Lane {
        route,
        major: major.into(),
        exempt_from_global: false,
    }
}

fn headers(bucket: &str, limit: u32, remaining: u32, reset_ms: u64) -> Learned {
    Learned {
        bucket: Some(bucket.into()),
        limit: Some(limit),
        remaining: Some(remaining),
        reset_after: Some(Duration::from_millis(reset_ms)),
        ..Learned::default()
    }
}

fn refused(after_ms: u64, scope: Scope) -> Learned {
    Learned {
        refused: Some(Refused {
            after: Duration::from_millis(after_ms),
            scope,
        }),
        counts_as_invalid: scope != Scope::Shared,
        ..Learned::default()
    }
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

const POST: &str = "POST /channels/messages";
const PATCH: &str = "PATCH /channels/messages/id";

#[test]
fn an_unknown_bucket_is_tried_by_one_request() {
    let (mut pace, now) = (Pace::new(), Instant::now());
    let post = lane(POST, "7");
    assert_eq!(pace.admit(&post, now), Admission::Go);
    assert_eq!(pace.admit(&post, now), Admission::WaitUntil(now + PROBE));
    assert_eq!(pace.admit(&lane(POST, "8"), now), Admission::Go);
    pace.learn(&post, &headers("b", 5, 4, 5_000), now);
    for _ in 0..4 {
        assert_eq!(pace.admit(&post, now), Admission::Go);
    }
    assert_eq!(
        pace.admit(&post, now),
        Admission::WaitUntil(now + ms(5_000))
    );
}

#[test]
fn a_window_that_ended_opens_the_bucket_again() {
    let (mut pace, now) = (Pace::new(), Instant::now());
    let post = lane(POST, "7");
    assert_eq!(pace.admit(&post, now), Admission::Go);
    pace.learn(&post, &headers("b", 2, 0, 1_000), now);
    assert_eq!(
        pace.admit(&post, now + ms(999)),
        Admission::WaitUntil(now + ms(1_000))
    );
    assert_eq!(pace.admit(&post, now + ms(1_000)), Admission::Go);
}

#[test]
fn routes_with_one_bucket_share_its_count() {
    let (mut pace, now) = (Pace::new(), Instant::now());
    for route in [POST, PATCH] {
        assert_eq!(pace.admit(&lane(route, "7"), now), Admission::Go);
        pace.learn(&lane(route, "7"), &headers("same", 5, 0, 2_000), now);
    }
    assert_eq!(
        pace.admit(&lane(POST, "7"), now),
        Admission::WaitUntil(now + ms(2_000))
    );
    assert_eq!(
        pace.admit(&lane(PATCH, "7"), now),
        Admission::WaitUntil(now + ms(2_000))
    );
    assert_eq!(pace.admit(&lane(POST, "8"), now), Admission::Go);
}

#[test]
fn a_429_of_a_bucket_holds_that_bucket_only() {
    let (mut pace, now) = (Pace::new(), Instant::now());
    assert_eq!(pace.admit(&lane(POST, "7"), now), Admission::Go);
    pace.learn(&lane(POST, "7"), &refused(1_500, Scope::User), now);
    assert_eq!(
        pace.admit(&lane(POST, "7"), now),
        Admission::WaitUntil(now + ms(1_500))
    );
    assert_eq!(pace.admit(&lane(POST, "8"), now), Admission::Go);
    assert_eq!(pace.admit(&lane(POST, "7"), now + ms(1_500)), Admission::Go);
}

#[test]
fn a_global_429_holds_all_but_interactions() {
    let (mut pace, now) = (Pace::new(), Instant::now());
    assert_eq!(pace.admit(&lane(POST, "7"), now), Admission::Go);
    pace.learn(&lane(POST, "7"), &refused(700, Scope::Global), now);
    assert_eq!(
        pace.admit(&lane(PATCH, "9"), now),
        Admission::WaitUntil(now + ms(700))
    );
    let callback = Lane {
        exempt_from_global: true,
        ..lane("POST /interactions", "1")
    };
    assert_eq!(pace.admit(&callback, now), Admission::Go);
}

#[test]
fn no_more_than_the_global_limit_leave_in_a_second() {
    let (mut pace, now) = (Pace::new(), Instant::now());
    for n in 0..GLOBAL_PER_SECOND {
        assert_eq!(pace.admit(&lane(POST, &n.to_string()), now), Admission::Go);
    }
    assert_eq!(
        pace.admit(&lane(POST, "x"), now + ms(10)),
        Admission::WaitUntil(now + SECOND)
    );
    assert_eq!(pace.admit(&lane(POST, "x"), now + SECOND), Admission::Go);
}

#[test]
fn many_refusals_stop_everything_until_the_window_moves_on() {
    let (mut pace, start) = (Pace::new(), Instant::now());
    let bad = Learned {
        counts_as_invalid: true,
        ..Learned::default()
    };
    for n in 0..REFUSED_MOST {
        pace.learn(&lane(POST, "7"), &bad, start + ms(n as u64));
    }
    let now = start + Duration::from_mins(1);
    let callback = Lane {
        exempt_from_global: true,
        ..lane("POST /interactions", "1")
    };
    assert_eq!(
        pace.admit(&callback, now),
        Admission::WaitUntil(start + REFUSED_WINDOW)
    );
    assert_eq!(pace.admit(&callback, start + REFUSED_WINDOW), Admission::Go);
    assert_eq!(
        pace.refused_lately(start + REFUSED_WINDOW),
        REFUSED_MOST - 1
    );
}

#[test]
fn a_shared_429_is_not_counted_against_us() {
    let (mut pace, now) = (Pace::new(), Instant::now());
    pace.learn(&lane(POST, "7"), &refused(100, Scope::Shared), now);
    assert_eq!(pace.refused_lately(now), 0);
}

#[test]
fn a_request_without_an_answer_gives_its_place_back() {
    let (mut pace, now) = (Pace::new(), Instant::now());
    let post = lane(POST, "7");
    assert_eq!(pace.admit(&post, now), Admission::Go);
    pace.abandon(&post, now);
    assert_eq!(pace.admit(&post, now), Admission::Go);
    // And one that was forgotten does not hold it for ever.
    assert_eq!(pace.admit(&post, now + FORGOTTEN), Admission::Go);
}

#[test]
fn buckets_at_rest_are_forgotten() {
    let (mut pace, now) = (Pace::new(), Instant::now());
    for n in 0..2_000_u64 {
        let at = now + ms(n * 100);
        let post = lane(POST, &n.to_string());
        assert_eq!(pace.admit(&post, at), Admission::Go);
        pace.learn(&post, &headers("b", 5, 4, 1_000), at);
    }
    assert!(pace.buckets.len() <= BUCKETS_KEPT + 1);
}

/// Discord's side: a bucket of `limit` per fixed window.
struct Server {
    limit: u32,
    window: Duration,
    opened: Instant,
    used: u32,
}

impl Server {
    fn answer(&mut self, now: Instant) -> (bool, Learned) {
        if now.duration_since(self.opened) >= self.window {
            (self.opened, self.used) = (now, 0);
        }
        let reset = (self.opened + self.window).duration_since(now);
        if self.used >= self.limit {
            let after = Refused {
                after: reset,
                scope: Scope::User,
            };
            return (
                false,
                Learned {
                    refused: Some(after),
                    ..Learned::default()
                },
            );
        }
        self.used += 1;
        let remaining = self.limit - self.used;
        (
            true,
            headers(
                "b",
                self.limit,
                remaining,
                u64::try_from(reset.as_millis()).unwrap() + 1,
            ),
        )
    }
}

/// What happens to a request in turn.
#[derive(Clone)]
enum Event {
    Wanted { there: Duration, back: Duration },
    Arrives { back: Duration },
    Answered(Learned),
}

proptest! {
    #[test]
    fn whoever_obeys_meets_no_429_and_everything_leaves(
        limit in 1_u32..8, window_ms in 50_u64..3_000, steps in proptest::collection::vec(1_u64..200, 1..40),
    ) {
        let start = Instant::now();
        let mut server = Server { limit, window: ms(window_ms), opened: start, used: 0 };
        let (mut pace, post, mut now) = (Pace::new(), lane(POST, "7"), start);
        for step in steps {
            now += ms(step);
            let mut turns = 0;
            while let Admission::WaitUntil(until) = pace.admit(&post, now) {
                prop_assert!(until > now, "no waiting without progress");
                now = until;
                turns += 1;
                prop_assert!(turns < 4, "a free bucket is reached");
            }
            let (accepted, learned) = server.answer(now);
            prop_assert!(accepted);
            pace.learn(&post, &learned, now);
        }
    }

    #[test]
    fn whatever_is_on_its_way_and_in_whatever_order_answers_come_no_429_is_met(
        limit in 1_u32..8, window_ms in 50_u64..3_000,
        wanted in proptest::collection::vec((0_usize..2, 0_u64..4_000, 0_u64..50, 0_u64..700), 1..60),
    ) {
        let start = Instant::now();
        let posts = [lane(POST, "7"), lane(POST, "8")];
        let mut servers = posts.clone().map(|_| Server { limit, window: ms(window_ms), opened: start, used: 0 });
        let (mut pace, mut events) = (Pace::new(), BTreeMap::new());
        for (n, (channel, at, there, back)) in wanted.iter().enumerate() {
            let event = Event::Wanted { there: ms(*there), back: ms(*back) };
            events.insert((start + ms(*at), n), (*channel, event));
        }
        let (mut count, mut accepted) = (events.len(), 0);
        while let Some(((now, _), (channel, event))) = events.pop_first() {
            count += 1;
            prop_assert!(count < 100_000, "everything comes to its end");
            let post = &posts[channel];
            let (at, next) = match event {
                Event::Wanted { there, back } => match pace.admit(post, now) {
                    Admission::Go => (now + there, Event::Arrives { back }),
                    Admission::WaitUntil(until) => {
                        prop_assert!(until > now, "no waiting without progress");
                        (until, event)
                    }
                },
                Event::Arrives { back } => {
                    let (fits, learned) = servers[channel].answer(now);
                    prop_assert!(fits);
                    accepted += 1;
                    (now + back, Event::Answered(learned))
                }
                Event::Answered(learned) => {
                    pace.learn(post, &learned, now);
                    continue;
                }
            };
            events.insert((at, count), (channel, next));
        }
        prop_assert_eq!(accepted, wanted.len());
    }
}
