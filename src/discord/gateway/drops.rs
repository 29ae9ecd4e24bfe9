//! When a dropped connection may be dialled again. Pure.
//!
//! twilight waits only after it could not connect. A gateway that accepts and hangs up at once it
//! would dial without end (3,900 times in 1.5 s on one machine), so the pause is ours.

use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Link {
    #[default]
    Down,
    Up,
    /// Its end was told; a close frame that comes after it is no second drop.
    EndTold,
}

#[derive(Debug, Default)]
pub(super) struct Drops {
    link: Link,
    /// Since a session was last up.
    count: u32,
    pub(super) pause_until: Option<Instant>,
}

impl Drops {
    /// Takes in whether the connection stands after a poll; true where it stood before and no
    /// longer does.
    pub(super) fn ended(&mut self, stands: bool) -> bool {
        if stands {
            self.link = Link::Up;
        }
        !stands && self.link == Link::Up
    }

    /// The connection ended without a close frame.
    pub(super) fn count_end(&mut self, now: Instant) {
        self.count_drop(now);
        self.link = Link::EndTold;
    }

    /// A close frame came; false where it belongs to an end that was told.
    pub(super) fn count_close(&mut self, now: Instant) -> bool {
        let told = self.link == Link::EndTold;
        self.link = Link::Down;
        if !told {
            self.count_drop(now);
        }
        !told
    }

    pub(super) fn session_is_up(&mut self) {
        self.count = 0;
    }

    // The first drop is nothing unusual. The longest pause stays below the ten seconds that twilight
    // gives a connection it has begun.
    fn count_drop(&mut self, now: Instant) {
        self.count = self.count.saturating_add(1);
        if self.count > 1 {
            let seconds = 2_u64.pow((self.count - 2).min(3));
            self.pause_until = Some(now + Duration::from_secs(seconds));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(drops: &Drops, now: Instant) -> Option<u64> {
        drops.pause_until.map(|until| (until - now).as_secs())
    }

    #[test]
    fn the_pause_grows_until_a_session_is_up() {
        let (mut drops, now) = (Drops::default(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..7 {
            assert!(!drops.ended(true));
            assert!(drops.count_close(now));
            pauses.push(pause(&drops, now));
        }
        assert_eq!(
            pauses,
            [None, Some(1), Some(2), Some(4), Some(8), Some(8), Some(8)]
        );
        drops.session_is_up();
        drops.pause_until = None;
        assert!(drops.count_close(now));
        assert_eq!(pause(&drops, now), None);
    }

    #[test]
    fn one_end_is_counted_once() {
        let (mut drops, now) = (Drops::default(), Instant::now());
        assert!(!drops.ended(false), "it never stood");
        drops.ended(true);
        assert!(drops.ended(false));
        drops.count_end(now);
        assert!(!drops.ended(false), "told once");
        assert!(!drops.count_close(now), "the close frame of the same end");
        assert!(drops.count_close(now), "a new connection's close");
    }
}
