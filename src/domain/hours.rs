//! When people work: the organisation's hours, a contact's own, and the first moment at which somebody may be disturbed.
//! Pure: the present and the zone's rules come as arguments.

use super::ids::PersonId;
use super::record::parse_time;
use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, TimeZone as _, Utc, Weekday};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// Days after which somebody works again, whatever the hours are; a week and the change of the clock.
const HORIZON_DAYS: u64 = 9;
/// The longest gap that a change of the clock leaves, in minutes.
const LONGEST_GAP: i64 = 24 * 60;
const WEEK: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

/// Hours of a week, such as `Mon-Fri 08:00-18:00`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    pub zone: Tz,
    /// From Monday on.
    days: [bool; 7],
    /// Minutes of the local day.
    minutes: Range<i64>,
}

/// Whose hours count for what.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// The organisation's; without them it works around the clock.
    pub organisation: Option<Hours>,
    /// Those of contacts who named their own.
    pub people: BTreeMap<PersonId, Hours>,
}

impl Calendar {
    /// The first moment from `at` on at which the organisation works.
    pub fn at_work(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.organisation
            .as_ref()
            .map_or(at, |hours| hours.from(at))
    }

    /// The first moment from `at` on at which all of them may be disturbed; where their hours never meet, the first at
    /// which the last of them may.
    pub fn reachable(&self, people: &[PersonId], at: DateTime<Utc>) -> DateTime<Utc> {
        let hours = people.iter().map(|person| self.people.get(person));
        let hours: Vec<&Hours> = hours
            .filter_map(|own| own.or(self.organisation.as_ref()))
            .collect();
        let mut moment = at;
        for _ in 0..WEEK.len() {
            let next = hours.iter().fold(moment, |at, hours| hours.from(at));
            if next == moment {
                return moment;
            }
            moment = next;
        }
        hours.iter().map(|hours| hours.from(at)).max().unwrap_or(at)
    }
}

impl Hours {
    /// Reads `Mon-Fri 08:00-18:00`, `Mon,Wed,Sat 09:30-12:00` or `Mon-Sun 00:00-24:00`; a zone may follow, else it is
    /// `zone`.
    pub fn parse(text: &str, zone: Tz) -> Option<Self> {
        let mut words = text.split_whitespace();
        let days = parse_days(words.next()?)?;
        let (from, to) = words.next()?.split_once('-')?;
        let minutes = parse_minute(from)?..parse_minute(to)?;
        let zone = match words.next() {
            Some(name) => name.parse().ok()?,
            None => zone,
        };
        let whole = words.next().is_none() && !minutes.is_empty();
        whole.then_some(Self {
            zone,
            days,
            minutes,
        })
    }

    /// The first moment from `at` on within these hours.
    pub fn from(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let today = at.with_timezone(&self.zone).date_naive();
        // The day before too: an hour may have been turned back over midnight.
        let first = today.pred_opt().unwrap_or(today);
        let days = (0..=HORIZON_DAYS).filter_map(|ahead| first.checked_add_days(Days::new(ahead)));
        for day in days.filter(|day| self.works_on(*day)) {
            let opens = self.moment(day, self.minutes.start, false);
            let closes = self.moment(day, self.minutes.end, true);
            if let (Some(opens), Some(closes)) = (opens, closes)
                && at < closes
            {
                return at.max(opens);
            }
        }
        // The end of the calendar: better at once than never.
        at
    }

    fn works_on(&self, day: NaiveDate) -> bool {
        let place = day.weekday().num_days_from_monday();
        let place = usize::try_from(place).unwrap_or_default();
        self.days.get(place).copied().unwrap_or(false)
    }

    /// A minute of a local day. One that the clock skips is the first after it; of one that comes twice the first
    /// opens and the second closes.
    fn moment(&self, day: NaiveDate, minute: i64, closes: bool) -> Option<DateTime<Utc>> {
        let local = day.and_hms_opt(0, 0, 0)?;
        let local = local.checked_add_signed(TimeDelta::minutes(minute))?;
        (0..=LONGEST_GAP).find_map(|later| {
            let tried = local.checked_add_signed(TimeDelta::minutes(later))?;
            let found = self.zone.from_local_datetime(&tried);
            let found = if closes {
                found.latest()
            } else {
                found.earliest()
            };
            found.map(|at| at.with_timezone(&Utc))
        })
    }
}

impl fmt::Display for Hours {
    /// As it is read: days, times, zone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days: Vec<String> = WEEK
            .into_iter()
            .zip(self.days)
            .filter(|(_, works)| *works)
            .map(|(day, _)| day.to_string())
            .collect();
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let (from, to) = (clock(self.minutes.start), clock(self.minutes.end));
        write!(f, "{} {from}-{to} {}", days.join(","), self.zone)
    }
}

/// When something shall end, as people type it: after `30m`, `4h` or `2d`, or at a time.
pub fn parse_until(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    let text = text.trim();
    let span = text
        .split_at_checked(text.len().saturating_sub(1))
        .and_then(|(count, unit)| {
            let count: i64 = count.trim().parse().ok()?;
            match unit {
                "m" => TimeDelta::try_minutes(count),
                "h" => TimeDelta::try_hours(count),
                "d" => TimeDelta::try_days(count),
                _ => None,
            }
        });
    match span {
        Some(span) => now.checked_add_signed(span),
        None => parse_time(text, zone).ok(),
    }
}

fn parse_days(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (place_of(first)?, place_of(last)?);
        if first > last {
            return None;
        }
        for (place, works) in days.iter_mut().enumerate() {
            *works |= (first..=last).contains(&place);
        }
    }
    Some(days)
}

/// `Mon` or `Monday`, in any case.
fn place_of(text: &str) -> Option<usize> {
    let day: Weekday = text.parse().ok()?;
    WEEK.iter().position(|known| *known == day)
}

/// `08:00` as minutes of the day; `24:00` is its end.
fn parse_minute(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !two(hour) || !two(minute) {
        return None;
    }
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    let whole = hour * 60 + minute;
    (minute < 60 && whole <= 24 * 60).then_some(whole)
}
