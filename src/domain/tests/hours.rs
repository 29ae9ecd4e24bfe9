//! Working hours and contact hours, over weekends, ends of months and the change of the clock.

use crate::domain::hours::{Calendar, Hours, parse_until};
use crate::domain::ids::PersonId;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn hours(text: &str, zone: Tz) -> Hours {
    Hours::parse(text, zone).unwrap_or_else(|| panic!("{text}"))
}

/// An organisation that works by day.
pub fn office() -> Calendar {
    Calendar {
        organisation: Some(hours("Mon-Fri 08:00-18:00", Tz::Europe__Berlin)),
        ..Calendar::default()
    }
}

/// Hours, zone, from when, and the first moment of work.
const FIRST_MOMENTS: &str = "
Mon-Fri 08:00-18:00 | Europe/Berlin | 2026-11-20T09:00:00Z | 2026-11-20T09:00:00Z | within the hours at once
Mon-Fri 08:00-18:00 | Europe/Berlin | 2026-11-20T16:59:59Z | 2026-11-20T16:59:59Z | in the last second too
Mon-Fri 08:00-18:00 | Europe/Berlin | 2026-11-20T17:00:00Z | 2026-11-23T07:00:00Z | the end does not belong to them
Mon-Fri 08:00-18:00 | Europe/Berlin | 2026-11-19T02:00:00Z | 2026-11-19T07:00:00Z | in the night the morning
Mon-Fri 08:00-18:00 | Europe/Berlin | 2026-11-21T12:00:00Z | 2026-11-23T07:00:00Z | on Saturday the Monday
Mon-Fri 08:00-18:00 | Europe/Berlin | 2026-10-30T18:00:00Z | 2026-11-02T07:00:00Z | over the end of a month
Mon-Sun 09:00-17:00 | Pacific/Auckland | 2026-12-31T05:00:00Z | 2026-12-31T20:00:00Z | a new year's morning elsewhere
Tue 08:00-18:00 | UTC | 2028-02-28T20:00:00Z | 2028-02-29T08:00:00Z | 29 February
Mon-Fri 08:00-18:00 | Europe/Berlin | 2026-03-27T18:00:00Z | 2026-03-30T06:00:00Z | summer time began
Mon-Fri 08:00-18:00 | Europe/Berlin | 2026-10-23T18:00:00Z | 2026-10-26T07:00:00Z | summer time ended
Sun 02:30-06:00 | Europe/Berlin | 2026-03-28T12:00:00Z | 2026-03-29T01:00:00Z | an opening that the clock skips
Sun 02:30-06:00 | Europe/Berlin | 2026-10-24T12:00:00Z | 2026-10-25T00:30:00Z | of two such hours the first opens
Sun 00:00-02:30 | Europe/Berlin | 2026-10-25T01:15:00Z | 2026-10-25T01:15:00Z | and the second closes
Sun 00:00-02:30 | Europe/Berlin | 2026-10-25T01:45:00Z | 2026-10-31T23:00:00Z | after both it is closed
Sun 00:00-24:00 | America/Havana | 2026-03-07T12:00:00Z | 2026-03-08T05:00:00Z | a day that begins at one
Mon-Sun 00:00-24:00 | UTC | 2026-11-21T23:59:59Z | 2026-11-21T23:59:59Z | around the clock
mon,WED,Saturday 09:30-12:00 | UTC | 2026-11-20T12:00:00Z | 2026-11-21T09:30:00Z | days in other letters
";

#[test]
fn the_first_moment_of_work_is_found_over_nights_weekends_months_and_changes_of_the_clock() {
    let mut tried = 0;
    for line in FIRST_MOMENTS.trim().lines() {
        let cells: Vec<&str> = line.split(" | ").collect();
        let found = hours(cells[0], cells[1].parse().unwrap()).from(at(cells[2]));
        assert_eq!(found, at(cells[3]), "{line}");
        tried += 1;
    }
    assert_eq!(tried, 17);
}

#[test]
fn hours_that_cannot_be_meant_are_not_read() {
    for text in [
        "",
        "Mon-Fri",
        "08:00-18:00",
        "Fri-Mon 08:00-18:00",
        "Mon-Fri 18:00-08:00",
        "Mon-Fri 08:00-08:00",
        "Mon-Fri 8-18",
        "Mon-Fri 08:00-24:01",
        "Mon-Fri 08:60-18:00",
        "Mon-Fri -8:00-18:00",
        "Mon-Someday 08:00-18:00",
        "Mon-Fri 08:00-18:00 Mars/Base",
        "Mon-Fri 08:00-18:00 UTC please",
    ] {
        assert_eq!(Hours::parse(text, Tz::UTC), None, "{text}");
    }
    let lisbon = hours("Mon-Wed 08:00-12:30 Europe/Lisbon", Tz::UTC);
    assert_eq!(lisbon.to_string(), "Mon,Tue,Wed 08:00-12:30 Europe/Lisbon");
}

#[test]
fn several_contacts_are_called_when_all_of_them_can_be_reached() {
    let people = [
        (
            PersonId(1),
            hours("Mon-Fri 09:00-17:00", Tz::Europe__Berlin),
        ),
        (
            PersonId(2),
            hours("Mon-Fri 09:00-17:00", Tz::America__New_York),
        ),
        (PersonId(3), hours("Sat 09:00-12:00", Tz::UTC)),
    ];
    let calendar = Calendar {
        people: people.into(),
        ..office()
    };
    let table: [(&[i64], &str); 6] = [
        (&[], "2026-11-20T18:30:00Z"),
        (&[1], "2026-11-23T08:00:00Z"),
        (&[2], "2026-11-20T18:30:00Z"),
        // Their common hours begin in New York's morning.
        (&[1, 2], "2026-11-23T14:00:00Z"),
        // Nobody's own: the organisation's.
        (&[9], "2026-11-23T07:00:00Z"),
        // Hours that never meet: when the last of them can be reached.
        (&[1, 3], "2026-11-23T08:00:00Z"),
    ];
    for (people, expected) in table {
        let people: Vec<PersonId> = people.iter().copied().map(PersonId).collect();
        let found = calendar.reachable(&people, at("2026-11-20T18:30:00Z"));
        assert_eq!(found, at(expected), "{people:?}");
    }
}

#[test]
fn an_end_is_a_span_or_a_time_in_the_zone() {
    let now = at("2026-03-28T22:00:00Z");
    let table = [
        ("90m", Some("2026-03-28T23:30:00Z")),
        (" 4h ", Some("2026-03-29T02:00:00Z")),
        ("2d", Some("2026-03-30T22:00:00Z")),
        // Two hours of the clock, one of them skipped.
        ("2026-03-29 03:30", Some("2026-03-29T01:30:00Z")),
        ("2026-03-29 02:30", None),
        ("2026-03-29T01:00:00Z", Some("2026-03-29T01:00:00Z")),
        ("tomorrow", None),
        ("9223372036854775807d", None),
        ("h", None),
        ("", None),
    ];
    for (text, expected) in table {
        let found = parse_until(text, now, Tz::Europe__Berlin);
        assert_eq!(found, expected.map(at), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the days, the times, the zone and the moment: work begins within a week, and once it did it goes on.
    #[test]
    fn work_begins_within_a_week_and_stays_begun(
        first in 0..7_usize, from in 0..1439_i64, long in 1..600_i64,
        zone in 0..chrono_tz::TZ_VARIANTS.len(), minute in 0..3_000_000_i64,
    ) {
        let zone = chrono_tz::TZ_VARIANTS[zone];
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let to = (from + long).min(1440);
        let clock = |m: i64| format!("{:02}:{:02}", m / 60, m % 60);
        let text = format!("{} {}-{}", days[first], clock(from), clock(to));
        let hours = hours(&text, zone);
        let moment = at("2024-01-01T00:00:00Z") + TimeDelta::minutes(minute);
        let begins = hours.from(moment);
        prop_assert!(begins >= moment);
        // A day that a zone left out altogether is made up for a week later.
        prop_assert!(begins <= moment + TimeDelta::days(8), "{text} {zone} {moment} {begins}");
        prop_assert_eq!(hours.from(begins), begins);
    }
}
