//! What the auditor asserts: each open incident has a live next step and a card, what is due is done, what was intended
//! leaves. Pure: what the store keeps comes as an argument. A finding is a kind and a number, never an incident.

use super::due::{self, DueKind};
use super::hours::Calendar;
use super::ids::IncidentId;
use super::incident::Incident;
use super::playbook::definition::Playbook;
use super::reach::Waits;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How often a round begins.
pub const ROUND_EVERY: TimeDelta = TimeDelta::minutes(1);
/// What is due is done by the next tick; after this long it is not being done at all.
pub const LATE_AFTER: TimeDelta = TimeDelta::minutes(5);
/// A message that waits for so long does not merely wait for its turn.
pub const UNSENT_AFTER: TimeDelta = TimeDelta::minutes(10);
/// What rests was told when it began to; after so long it is told again.
pub const RESTING_AFTER: TimeDelta = TimeDelta::hours(24);
/// A finding that stays is told again after this long.
pub const AGAIN_AFTER: TimeDelta = TimeDelta::hours(6);
/// One that comes and goes is told no more often than this.
pub const QUIET_FOR: TimeDelta = TimeDelta::minutes(15);

/// So many incidents of a kind are named in the log.
const FIRST: usize = 20;

/// What can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The saved state cannot be read: nobody sees it any more.
    Unreadable,
    /// By its playbook nothing ever happens to an open incident again.
    NoNextStep,
    /// A deadline that follows from the state is not kept, or too late, or one is kept that follows from nothing.
    Deadline,
    /// Nothing shows where it stands, and nothing is on its way to.
    Card,
    /// What is due is not done.
    Late,
    /// Messages do not leave.
    Unsent,
    /// Messages rest until somebody mends a channel or permission.
    Resting,
}

impl Kind {
    pub const ALL: [Self; 7] = [
        Self::Unreadable,
        Self::NoNextStep,
        Self::Deadline,
        Self::Card,
        Self::Late,
        Self::Unsent,
        Self::Resting,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::NoNextStep => "no_next_step",
            Self::Deadline => "deadline",
            Self::Card => "card",
            Self::Late => "late",
            Self::Unsent => "unsent",
            Self::Resting => "resting",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// What was found, as a sentence without the incidents: that one exists may be a secret.
    pub fn words(self, count: u64) -> String {
        let many = |one: &str, more: &str| {
            if count == 1 {
                format!("1 {one}")
            } else {
                format!("{count} {more}")
            }
        };
        match self {
            Self::Unreadable => format!(
                "{} cannot be read from the store.",
                many("open incident", "open incidents")
            ),
            Self::NoNextStep => format!(
                "{} no next step in the playbook.",
                many("open incident has", "open incidents have")
            ),
            Self::Deadline => format!(
                "{} a deadline that was lost or set wrongly.",
                many("incident had", "incidents had")
            ),
            Self::Card => format!(
                "{} no card in the channel, and none was on its way.",
                many("open incident had", "open incidents had")
            ),
            Self::Late => format!(
                "{} long due and not done.",
                many("deadline is", "deadlines are")
            ),
            Self::Unsent => format!(
                "{} for more than {} minutes to be sent.",
                many("message waits", "messages wait"),
                UNSENT_AFTER.num_minutes()
            ),
            Self::Resting => format!(
                "{} for more than a day: a channel, member or permission is missing.",
                many("message rests", "messages rest")
            ),
        }
    }

    /// What a person does about it.
    pub const fn next(self) -> &'static str {
        match self {
            Self::Unreadable => {
                "Run baton verify: it names the first entry that does not hold. The service's log names the incidents."
            }
            Self::NoNextStep => {
                "An auditor finds it with /timeline; whoever reads it moves it on. Then mend the playbook: baton check."
            }
            Self::Deadline => {
                "It is set again from the state; nothing more to do. If it comes back, run baton verify and look at the host's clock."
            }
            Self::Card => "The card is sent again; nothing more to do.",
            Self::Late => {
                "Look at the service's log for what fails, and at the disk; then start Baton again."
            }
            Self::Unsent => {
                "See /health for the channels. Look at Discord's status page and the service's log; nothing is lost."
            }
            Self::Resting => {
                "Mend the channel or Baton's permissions there. They are sent as soon as Discord reports the change."
            }
        }
    }

    /// Whether work stands still until a person acts.
    pub const fn is_grave(self) -> bool {
        match self {
            Self::Unreadable | Self::NoNextStep | Self::Late | Self::Unsent => true,
            Self::Deadline | Self::Card | Self::Resting => false,
        }
    }
}

/// What the store keeps of an open incident beside its state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The rows of what is due: key and instant.
    pub dues: BTreeMap<String, DateTime<Utc>>,
    /// The card of its present stay stands, or its delivery waits or rests, or was refused for good and that was told.
    pub carded: bool,
}

/// What is wrong with one incident at this moment. Without a playbook nothing can be judged.
pub fn look(
    incident: &Incident,
    playbook: Option<&Playbook>,
    calendar: &Calendar,
    kept: &Kept,
    now: DateTime<Utc>,
) -> BTreeSet<Kind> {
    let mut found = BTreeSet::new();
    if !incident.is_open() {
        return found;
    }
    let dues = playbook.map(|playbook| due::of(incident, playbook, calendar, now));
    let dues = dues.unwrap_or_default();
    if !dues.iter().any(|due| moves_on(&due.kind)) {
        found.insert(Kind::NoNextStep);
    }
    let keys: BTreeSet<String> = dues.iter().map(|due| due.kind.key()).collect();
    let unfounded = kept.dues.keys().any(|key| !keys.contains(key));
    // One that is kept earlier than it must be is looked at earlier, no more.
    let late = dues.iter().any(|due| {
        let row = kept.dues.get(&due.kind.key());
        row.is_none_or(|at| at.timestamp_micros() > due.at.timestamp_micros())
    });
    if playbook.is_some() && (unfounded || late) {
        found.insert(Kind::Deadline);
    }
    if !kept.carded {
        found.insert(Kind::Card);
    }
    found
}

/// Whether it brings the incident before somebody who can move it on.
const fn moves_on(kind: &DueKind) -> bool {
    match kind {
        DueKind::Said(Waits::Take | Waits::Idle) | DueKind::Release | DueKind::SnoozeEnds => true,
        DueKind::Said(Waits::Acknowledge(_))
        | DueKind::Owed(_)
        | DueKind::Talk(_)
        | DueKind::LookAgain => false,
    }
}

/// What a round saw of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    pub count: u64,
    /// So many of them were repaired.
    pub mended: u64,
}

/// A round under way: where it stands, and what it saw so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    pub began_at: Option<DateTime<Utc>>,
    /// The last incident that was looked at; none between two rounds.
    pub after: Option<i64>,
    pub seen: BTreeMap<Kind, Seen>,
    /// The first incidents of each kind, for the log.
    pub first: BTreeMap<Kind, Vec<IncidentId>>,
}

impl Round {
    /// The place to go on from; begins a round where one is due. A clock that was set back begins one at once.
    pub fn go_on(&mut self, now: DateTime<Utc>) -> Option<i64> {
        let since = self.began_at.map(|at| now - at);
        let due = since.is_none_or(|since| since >= ROUND_EVERY || since < TimeDelta::zero());
        if self.after.is_none() && due {
            *self = Self {
                began_at: Some(now),
                after: Some(0),
                ..Self::default()
            };
        }
        self.after
    }

    pub fn count(&mut self, kind: Kind, incident: IncidentId, mended: bool) {
        let seen = self.seen.entry(kind).or_default();
        seen.count += 1;
        seen.mended += u64::from(mended);
        let first = self.first.entry(kind).or_default();
        if first.len() < FIRST {
            first.push(incident);
        }
    }
}

/// A kind of finding as it stands, over the rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    pub since: DateTime<Utc>,
    pub count: u64,
    pub mended: u64,
    pub told_at: DateTime<Utc>,
    /// The first round that found it no more.
    pub over_at: Option<DateTime<Utc>>,
}

impl Noted {
    pub const fn is_open(&self) -> bool {
        self.over_at.is_none()
    }
}

/// What is kept of a kind after a round, and whether it is told now: once, and again only where it stays.
pub fn note(before: Option<&Noted>, seen: Seen, now: DateTime<Utc>) -> (Option<Noted>, bool) {
    let Some(before) = before else {
        let first = (seen.count > 0).then_some(Noted {
            since: now,
            count: seen.count,
            mended: seen.mended,
            told_at: now,
            over_at: None,
        });
        let tell = first.is_some();
        return (first, tell);
    };
    if seen.count == 0 {
        let over_at = before.over_at.or(Some(now));
        let over = Noted {
            over_at,
            ..before.clone()
        };
        return (Some(over), false);
    }
    let since = if before.is_open() { before.since } else { now };
    // A spell that was kept quiet so far is told sooner than one that was told.
    let wait = if before.is_open() && before.since <= before.told_at {
        AGAIN_AFTER
    } else {
        QUIET_FOR
    };
    let rested = now - before.told_at;
    let tell = rested >= wait || rested < TimeDelta::zero();
    let noted = Noted {
        since,
        count: seen.count,
        mended: seen.mended,
        told_at: if tell { now } else { before.told_at },
        over_at: None,
    };
    (Some(noted), tell)
}
