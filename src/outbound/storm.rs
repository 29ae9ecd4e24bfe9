//! When alerts leave on cards of their own and when in a digest, by what a channel may still send. Pure.
//!
//! A channel takes so many messages in a window. In calm each alert has its own card, at once. Where more wait than that
//! can show, one digest carries all of them, and the next follows after an even part of the window; one message stays in
//! reserve for a high alert that comes in between.

use super::pace::Budget;
use std::time::Duration;

/// How long an alert may wait for its channel's next message where a storm begins: cards of their own stop before what is
/// left of the window would be spread wider than this.
const LONGEST: Duration = Duration::from_millis(1_700);

/// What waits in a channel to be shown for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiting {
    /// Alerts, as far as they were counted.
    pub posts: usize,
    /// Those of high and critical severity among them; they stand first.
    pub high: usize,
}

/// What may leave now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The first so many, each on its own card.
    Own(usize),
    /// The first so many on their own cards, then everything else that waits in one digest.
    Digest { own: usize },
    /// Nothing before this time has passed.
    Wait(Duration),
}

/// `next_digest` is how long the last digest still lasts; nothing where there was none or its time is over.
pub fn turn(waiting: Waiting, budget: Budget, next_digest: Option<Duration>) -> Turn {
    let spare = spare(budget);
    if let Some(left) = next_digest {
        // The next digest keeps its message.
        return match own(waiting, spare) {
            0 => Turn::Wait(left),
            own => Turn::Own(own),
        };
    }
    if spare == 0 {
        return Turn::Wait(until_spare(budget));
    }
    if waiting.posts <= spare {
        return Turn::Own(waiting.posts);
    }
    Turn::Digest {
        own: own(waiting, spare),
    }
}

/// High ones keep their own cards where all of them can and a message is left for the digest; else they come first in it.
fn own(waiting: Waiting, spare: usize) -> usize {
    if waiting.high < spare {
        waiting.high
    } else {
        0
    }
}

/// How long a digest lasts before the next one, by what is left when it was sent: an even part of the window, with one
/// message more in reserve where the others stay dense enough without it.
pub fn lasts(left: Budget) -> Duration {
    let parts =
        (left.left.saturating_sub(1).max(1)..=left.left).map(|parts| left.resets_in / parts);
    let dense = parts.into_iter().find(|part| *part <= LONGEST);
    dense.unwrap_or_else(|| left.resets_in / (left.left + 1))
}

/// How many messages may leave at once, so that the rest of the window is not spread too wide.
fn spare(budget: Budget) -> usize {
    let mut spare = 0;
    while spare < budget.left && budget.resets_in / (budget.left - spare) <= LONGEST {
        spare += 1;
    }
    usize::try_from(spare).unwrap_or(usize::MAX)
}

/// When the next message may leave, where none may now.
fn until_spare(budget: Budget) -> Duration {
    budget.resets_in.saturating_sub(LONGEST * budget.left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    const fn budget(left: u32, millis: u64) -> Budget {
        Budget {
            left,
            resets_in: ms(millis),
        }
    }

    const fn posts(posts: usize, high: usize) -> Waiting {
        Waiting { posts, high }
    }

    #[test]
    fn calm_gives_each_alert_its_card_and_a_storm_one_digest() {
        for (waiting, left, next, expected) in [
            // A whole window: three at once still leave the rest of it dense enough.
            (posts(1, 0), budget(5, 5_000), None, Turn::Own(1)),
            (posts(3, 0), budget(5, 5_000), None, Turn::Own(3)),
            (posts(4, 0), budget(5, 5_000), None, Turn::Digest { own: 0 }),
            // High ones keep their cards, as long as one message is left for the others.
            (posts(8, 1), budget(5, 5_000), None, Turn::Digest { own: 1 }),
            (posts(8, 2), budget(5, 5_000), None, Turn::Digest { own: 2 }),
            (posts(8, 3), budget(5, 5_000), None, Turn::Digest { own: 0 }),
            // Two left for long: the next waits until it is its turn.
            (posts(1, 0), budget(2, 4_900), None, Turn::Wait(ms(1_500))),
            (posts(1, 1), budget(0, 800), None, Turn::Wait(ms(800))),
            (posts(8, 0), budget(1, 1_000), None, Turn::Digest { own: 0 }),
            // Between two digests only a high one goes.
            (
                posts(8, 0),
                budget(4, 4_000),
                Some(ms(300)),
                Turn::Wait(ms(300)),
            ),
            (posts(8, 1), budget(4, 4_000), Some(ms(300)), Turn::Own(1)),
            (
                posts(8, 1),
                budget(1, 4_000),
                Some(ms(300)),
                Turn::Wait(ms(300)),
            ),
        ] {
            assert_eq!(
                turn(waiting, left, next),
                expected,
                "{waiting:?} {left:?} {next:?}"
            );
        }
    }

    #[test]
    fn a_digest_lasts_an_even_part_of_the_window_with_messages_in_reserve() {
        // Three digests a window; of its other two messages one is for a high alert, one for what nobody expects.
        assert_eq!(lasts(budget(4, 5_000)), ms(5_000) / 3);
        assert_eq!(lasts(budget(1, 1_250)), ms(1_250));
        assert_eq!(lasts(budget(0, 700)), ms(700));
        // What was spent at once where the storm began leaves nothing for a reserve.
        assert_eq!(lasts(budget(2, 3_400)), ms(1_700));
        assert_eq!(lasts(budget(1, 3_400)), ms(1_700));
    }

    /// A channel with five messages in five seconds, told step by step; gives the longest wait of an alert and how many
    /// messages left.
    fn told(arrivals: &[(u64, bool)]) -> (u64, usize) {
        let (mut at, mut messages, mut longest) = (0_u64, 0, 0);
        let (mut window, mut left, mut digest_until) = (None, 5_u32, None);
        let mut queue: VecDeque<(u64, bool)> = VecDeque::new();
        let mut coming = arrivals.iter().copied().peekable();
        while coming.peek().is_some() || !queue.is_empty() {
            while let Some(one) = coming.next_if(|(due, _)| *due <= at) {
                let place = if one.1 {
                    queue.iter().take_while(|(_, high)| *high).count()
                } else {
                    queue.len()
                };
                queue.insert(place, one);
            }
            if window.is_some_and(|ends| at >= ends) {
                (window, left) = (None, 5);
            }
            let now = |left| budget(left, window.map_or(5_000, |ends: u64| ends - at));
            let high = queue.iter().filter(|(_, high)| *high).count();
            let next = digest_until
                .filter(|until| *until > at)
                .map(|until| ms(until - at));
            let (leave, sent, digest) = match turn(posts(queue.len(), high), now(left), next) {
                _ if queue.is_empty() => (0, 0, false),
                Turn::Wait(_) => (0, 0, false),
                Turn::Own(own) => (own, own, false),
                Turn::Digest { own } => (queue.len(), own + 1, true),
            };
            for (came, _) in queue.drain(..leave) {
                longest = longest.max(at - came);
            }
            if sent > 0 {
                messages += sent;
                left = left
                    .checked_sub(u32::try_from(sent).unwrap())
                    .expect("more than the limit");
                window = window.or(Some(at + 5_000));
            }
            if digest {
                let left = budget(left, window.unwrap() - at);
                digest_until = Some(at + u64::try_from(lasts(left).as_millis()).unwrap());
            }
            at += 5;
        }
        (longest, messages)
    }

    #[test]
    fn ten_thousand_alerts_in_a_minute_are_shown_in_sixty_five_messages_and_none_waits_two_seconds()
    {
        let storm: Vec<(u64, bool)> = (0..10_000).map(|n| (n * 6, false)).collect();
        let (longest, messages) = told(&storm);
        assert!(longest <= 1_700, "{longest} ms");
        assert!(messages <= 65, "{messages} messages");
    }

    #[test]
    fn a_channel_with_its_part_of_ten_thousand_a_third_of_them_high_takes_no_more_than_sixty() {
        let storm: Vec<(u64, bool)> = (0..2_000).map(|n| (n * 30, n % 3 == 0)).collect();
        let (longest, messages) = told(&storm);
        assert!(longest <= 1_700, "{longest} ms");
        assert!(messages <= 60, "{messages} messages");
    }

    proptest! {
        #[test]
        fn whatever_comes_the_limit_holds_and_nothing_waits_longer_than_two_seconds(
            gaps in prop::collection::vec((0_u64..1_500, any::<bool>()), 1..120),
        ) {
            let mut at = 0;
            let arrivals: Vec<(u64, bool)> = gaps.into_iter().map(|(gap, high)| { at += gap; (at, high) }).collect();
            let (longest, messages) = told(&arrivals);
            prop_assert!(longest <= 2_000, "{longest} ms");
            prop_assert!(messages <= arrivals.len());
        }
    }
}
