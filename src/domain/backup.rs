//! When the next backup is due: at set times of the organisation's day, and again soon after one that failed.

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// Until a backup that failed is tried again.
pub const AGAIN: TimeDelta = TimeDelta::minutes(15);

/// The times of each day, in one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub at: Vec<NaiveTime>,
    pub zone: Tz,
}

impl Schedule {
    /// Whether one is due: the first at once, a later one at the first set time after the last, one that failed after
    /// [`AGAIN`], and any time that was missed as soon as somebody asks.
    pub fn is_due(
        &self,
        last: Option<DateTime<Utc>>,
        failed: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> bool {
        match (last, failed) {
            (None, None) => true,
            (last, Some(failed)) if last.is_none_or(|last| last < failed) => now >= failed + AGAIN,
            (Some(last), _) => self.next_after(last).is_some_and(|due| now >= due),
            (None, Some(_)) => false,
        }
    }

    /// The first set time after a moment. A time that the clocks skip counts an hour later, one that they show twice the
    /// first time.
    fn next_after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = moment.with_timezone(&self.zone).date_naive();
        let days = (0..3).filter_map(|n| today.checked_add_days(Days::new(n)));
        let times = days.flat_map(|day| self.at.iter().map(move |time| day.and_time(*time)));
        let moments = times.filter_map(|local| {
            let shown = |local: NaiveDateTime| self.zone.from_local_datetime(&local).earliest();
            shown(local).or_else(|| shown(local + TimeDelta::hours(1)))
        });
        moments
            .map(|at| at.with_timezone(&Utc))
            .filter(|at| *at > moment)
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn schedule(times: &[&str]) -> Schedule {
        Schedule {
            at: times.iter().map(|t| t.parse().unwrap()).collect(),
            zone: chrono_tz::Europe::Berlin,
        }
    }

    #[test]
    fn the_first_is_due_at_once_and_the_next_at_its_time_of_the_day() {
        let nightly = schedule(&["02:30:00"]);
        let now = at("2026-11-20T09:00:00Z");
        assert!(nightly.is_due(None, None, now));
        for (time, due) in [
            ("2026-11-21T01:29:59Z", false),
            ("2026-11-21T01:30:00Z", true),
        ] {
            assert_eq!(nightly.is_due(Some(now), None, at(time)), due, "{time}");
        }
        // A time that was slept through is made up for.
        assert!(nightly.is_due(Some(now), None, at("2026-11-25T12:00:00Z")));
        let twice = schedule(&["14:00:00", "02:30:00"]);
        assert!(!twice.is_due(Some(now), None, at("2026-11-20T12:59:59Z")));
        assert!(twice.is_due(Some(now), None, at("2026-11-20T13:00:00Z")));
    }

    #[test]
    fn one_that_failed_is_tried_again_soon_and_then_the_day_goes_on() {
        let nightly = schedule(&["02:30:00"]);
        let (last, failed) = (at("2026-11-20T01:30:00Z"), at("2026-11-21T01:30:00Z"));
        assert!(!nightly.is_due(Some(last), Some(failed), failed + TimeDelta::minutes(14)));
        assert!(nightly.is_due(Some(last), Some(failed), failed + AGAIN));
        assert!(!nightly.is_due(None, Some(failed), failed));
        assert!(nightly.is_due(None, Some(failed), failed + AGAIN));
        let worked = failed + AGAIN;
        assert!(!nightly.is_due(Some(worked), Some(failed), worked + TimeDelta::hours(20)));
    }

    #[test]
    fn each_day_has_one_through_both_changes_of_the_clocks() {
        let nightly = schedule(&["02:30:00"]);
        // 02:30 is skipped on 28 March 2027, and shown twice on 25 October 2026.
        for (last, due) in [
            ("2027-03-27T01:30:00Z", "2027-03-28T01:30:00Z"),
            ("2027-03-28T01:30:00Z", "2027-03-29T00:30:00Z"),
            ("2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z"),
            ("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        ] {
            assert_eq!(nightly.next_after(at(last)), Some(at(due)), "{last}");
        }
    }
}
