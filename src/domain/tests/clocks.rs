//! What is due holds whatever the clock does: set forward and back, leap days and seconds, summer time in every zone.

use super::{Case, say};
use crate::domain::audit::{Kept, Kind, look};
use crate::domain::due::{self, Due, DueKind};
use crate::domain::hours::{Calendar, Hours, parse_until};
use crate::domain::ids::PersonId;
use crate::domain::incident::{Command, ReachCommand};
use crate::domain::reach::Waits;
use crate::domain::record::{parse_time, shown_time};
use crate::domain::role::Role;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// An incident with the rows that the store would keep of it, its sweep and its auditor.
struct Rows {
    case: Case,
    rows: BTreeMap<String, DateTime<Utc>>,
}

impl Rows {
    fn new(case: Case) -> Self {
        let mut kept = Self {
            case,
            rows: BTreeMap::new(),
        };
        kept.mirror();
        kept
    }

    fn dues(&self) -> Vec<Due> {
        let calendar = Calendar::default();
        due::of(
            self.case.incident(),
            &self.case.playbook,
            &calendar,
            self.case.now,
        )
    }

    fn mirror(&mut self) {
        let rows = self.dues().into_iter();
        self.rows = rows.map(|due| (due.kind.key(), due.at)).collect();
    }

    /// One tick: what is due is done, then the auditor looks. Gives back how much was said.
    fn tick(&mut self) -> usize {
        let mut said = 0;
        let now = self.case.now;
        let due = self.rows.iter().filter(|(_, at)| **at <= now);
        let due: Vec<String> = due.map(|(key, _)| key.clone()).collect();
        for key in due {
            if self.rows.get(&key).is_none_or(|at| *at > now) {
                continue;
            }
            let command = match DueKind::from_key(&key).unwrap() {
                DueKind::Said(about) => say(about, None),
                DueKind::Release => Command::Reach(ReachCommand::Release),
                other @ (DueKind::Owed(_)
                | DueKind::SnoozeEnds
                | DueKind::Talk(_)
                | DueKind::LookAgain) => panic!("{other:?}"),
            };
            said += self.case.act(None, &command).unwrap().len();
            self.mirror();
        }
        if self.look().contains(&Kind::Deadline) {
            self.mirror();
        }
        assert!(self.look().is_empty(), "what was found is mended");
        said
    }

    fn look(&self) -> std::collections::BTreeSet<Kind> {
        let kept = Kept {
            dues: self.rows.clone(),
            carded: true,
        };
        let (incident, playbook) = (self.case.incident(), &self.case.playbook);
        look(
            incident,
            Some(playbook),
            &Calendar::default(),
            &kept,
            self.case.now,
        )
    }
}

fn held() -> Case {
    let mut case = Case::opened();
    case.act(Some(&super::actor(Role::Tier1, 1)), &Command::Claim)
        .unwrap();
    case
}

#[test]
fn a_clock_that_was_a_year_ahead_delays_nothing_once_it_is_set_right() {
    let mut kept = Rows::new(Case::opened());
    let right = kept.case.now;
    kept.case.wait(400 * 24 * 60);
    assert_eq!(kept.tick(), 1, "one word stands for all rounds");
    kept.case.now = right;
    assert_eq!(kept.tick(), 0, "nothing is said again for that");
    kept.case.wait(59);
    assert_eq!(kept.tick(), 0);
    kept.case.wait(1);
    assert_eq!(kept.tick(), 1, "the next word comes in its time");
}

#[test]
fn reminders_that_were_snoozed_by_a_wrong_clock_rest_no_longer_than_is_allowed() {
    let mut case = held();
    let right = case.now;
    case.wait(400 * 24 * 60);
    let until = Some(case.now + TimeDelta::hours(4));
    let reason = "Waits for the morning.".to_owned();
    let snooze = Command::Reach(ReachCommand::Snooze { until, reason });
    case.act(Some(&super::actor(Role::Tier1, 1)), &snooze)
        .unwrap();
    case.now = right;
    let dues = due::of(case.incident(), &case.playbook, &Calendar::default(), right);
    let longest = crate::domain::reach::longest_snooze(case.incident(), &case.playbook);
    let expected = Due {
        kind: DueKind::SnoozeEnds,
        at: right + longest,
    };
    assert_eq!(dues, [expected]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the clock jumps, forward and back: nothing is said twice at one moment, no deadline moves out of reach,
    /// and after as long as the longest time something is said.
    #[test]
    fn jumps_of_the_clock_lose_nothing_and_say_nothing_twice(
        claimed in any::<bool>(), jumps in prop::collection::vec(-200_000..200_000_i64, 1..12),
    ) {
        let mut kept = Rows::new(if claimed { held() } else { Case::opened() });
        for minutes in jumps {
            kept.case.wait(minutes);
            prop_assert!(kept.tick() <= 2);
            prop_assert_eq!(kept.tick(), 0, "the same moment again");
            let next = kept.rows.values().min();
            prop_assert!(next.is_some_and(|at| *at <= kept.case.now + TimeDelta::days(2)));
        }
        let mut said = 0;
        for _ in 0..3 {
            kept.case.wait(24 * 60);
            said += kept.tick();
        }
        prop_assert!(said > 0);
    }

    /// A day more is 24 hours more in every zone; what is typed as it was shown is the same minute, or the first of two.
    #[test]
    fn spans_and_typed_times_mean_the_same_in_every_zone(
        zone in 0..TZ_VARIANTS.len(), minute in 0..3_000_000_i64, days in 1..400_i64,
    ) {
        let zone = TZ_VARIANTS[zone];
        let moment = at("2024-01-01T00:00:00Z") + TimeDelta::minutes(minute);
        let later = parse_until(&format!("{days}d"), moment, zone);
        prop_assert_eq!(later, Some(moment + TimeDelta::hours(24 * days)));
        let shown = shown_time(moment, zone);
        let typed = parse_time(&shown[..16], zone).unwrap();
        prop_assert!(typed <= moment && moment - typed <= TimeDelta::hours(1), "{} {}", shown, zone);
        prop_assert_eq!(&shown_time(typed, zone)[..16], &shown[..16]);
    }

    /// Two people with any hours in any zones are called within two weeks, and never before it was asked.
    #[test]
    fn contacts_of_any_two_zones_are_reached_within_two_weeks(
        zones in (0..TZ_VARIANTS.len(), 0..TZ_VARIANTS.len()), from in (0..23_i64, 0..23_i64),
        minute in 0..3_000_000_i64,
    ) {
        let of = |zone: usize, hour: i64| {
            let text = format!("Mon-Fri {hour:02}:00-{:02}:00", (hour + 6).min(24));
            Hours::parse(&text, TZ_VARIANTS[zone]).unwrap()
        };
        let people = [(PersonId(1), of(zones.0, from.0)), (PersonId(2), of(zones.1, from.1))];
        let calendar = Calendar { people: people.into(), ..Calendar::default() };
        let moment = at("2024-01-01T00:00:00Z") + TimeDelta::minutes(minute);
        let reached = calendar.reachable(&[PersonId(1), PersonId(2)], moment);
        prop_assert!(reached >= moment && reached <= moment + TimeDelta::days(14));
    }
}

#[test]
fn leap_days_and_leap_seconds_are_moments_like_any_other() {
    let leap = parse_time("2016-12-31T23:59:60Z", Tz::UTC).unwrap();
    let midnight = at("2017-01-01T00:00:00Z");
    // As the store keeps it, it is the second after.
    assert_eq!(leap.timestamp_micros(), midnight.timestamp_micros());
    assert!(shown_time(leap, Tz::UTC).starts_with("2016-12-31 23:59"));
    let hours = Hours::parse("Sun 00:00-01:00", Tz::UTC).unwrap();
    let opens = hours.from(leap).timestamp_micros();
    assert_eq!(opens, midnight.timestamp_micros());
    let until = parse_until("1d", leap, Tz::UTC).unwrap();
    assert!((until - midnight - TimeDelta::days(1)).abs() <= TimeDelta::seconds(1));
    for (typed, exists) in [
        ("2028-02-29 08:00", true),
        ("2027-02-29 08:00", false),
        ("2100-02-29 08:00", false),
        ("2000-02-29 08:00", true),
    ] {
        assert_eq!(parse_time(typed, Tz::UTC).is_ok(), exists, "{typed}");
    }
    let eve = at("2028-02-28T22:00:00Z");
    assert_eq!(
        parse_until("2d", eve, Tz::UTC),
        Some(at("2028-03-01T22:00:00Z"))
    );
}

/// From when, for so long, in a zone; and what the clock on the wall says then.
const OVER_THE_CHANGE: &str = "
2026-03-27T12:00:00Z | 3d | Europe/Berlin | 2026-03-30 14:00 CEST | in spring an hour later on the wall
2026-10-23T12:00:00Z | 3d | Europe/Berlin | 2026-10-26 13:00 CET | in autumn an hour earlier
2026-10-24T23:30:00Z | 2h | Europe/Berlin | 2026-10-25 02:30 CET | the second time that it is half past two
2026-03-07T12:00:00Z | 3d | America/New_York | 2026-03-10 08:00 EDT | over there three weeks before
2026-04-03T12:00:00Z | 3d | Australia/Lord_Howe | 2026-04-06 22:30 +1030 | where it is half an hour
2026-10-23T12:00:00Z | 3d | Asia/Kolkata | 2026-10-26 17:30 IST | where nothing changes
";

#[test]
fn a_span_over_the_change_of_the_clock_is_as_long_as_any_other() {
    let mut tried = 0;
    for line in OVER_THE_CHANGE.trim().lines() {
        let cells: Vec<&str> = line.split(" | ").collect();
        let zone: Tz = cells[2].parse().unwrap();
        let until = parse_until(cells[1], at(cells[0]), zone).unwrap();
        assert_eq!(shown_time(until, zone), cells[3], "{line}");
        tried += 1;
    }
    assert_eq!(tried, 6);
}

#[test]
fn what_waits_over_the_change_of_the_clock_is_said_after_as_long() {
    for change in ["2026-03-29T00:30:00Z", "2026-10-25T00:30:00Z"] {
        let mut case = Case::opened();
        let before = case.now;
        let shift = at(change) - before;
        // The whole case happened then.
        case.now += shift;
        let incident = case.incident.as_mut().unwrap();
        for visit in &mut incident.visits {
            visit.since += shift;
        }
        let dues = due::of(
            case.incident(),
            &case.playbook,
            &Calendar::default(),
            case.now,
        );
        let expected = Due {
            kind: DueKind::Said(Waits::Take),
            at: case.now + TimeDelta::minutes(60),
        };
        assert_eq!(dues, [expected]);
    }
}
