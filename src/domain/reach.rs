//! What waits for somebody, and how often that was said: to those who can act, then to the duty manager. Pure.

use super::ids::PersonId;
use super::incident::{Incident, Phase};
use super::playbook::definition::{Playbook, Stage};
use super::policy::Walls;
use super::record::shown_time;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// After how long without a sign of life held work is raised, where the playbook does not say.
pub const IDLE_AFTER: TimeDelta = TimeDelta::hours(24);
/// For how long reminders may be snoozed at most, where the playbook does not say.
pub const SNOOZE_AT_MOST: TimeDelta = TimeDelta::hours(24);
/// How often it is said to those who can act before the duty manager is told, where the playbook does not say.
pub const MANAGER_AFTER: u32 = 2;

/// A matter that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// For someone of the stage to claim or accept it.
    Take,
    /// For a sign of life of whoever holds it.
    Idle,
    /// For the contacts of an engagement to read its brief.
    Acknowledge(u32),
}

impl Waits {
    /// The key of its row among what is due.
    pub fn key(self) -> String {
        match self {
            Self::Take => "take".to_owned(),
            Self::Idle => "idle".to_owned(),
            Self::Acknowledge(engagement) => format!("acknowledge:{engagement}"),
        }
    }

    /// What waits, a clause.
    pub fn words(self, offered: bool) -> String {
        match self {
            Self::Take if offered => "a handoff that nobody accepts".to_owned(),
            Self::Take => "an incident that nobody claims".to_owned(),
            Self::Idle => "held work without a sign of life".to_owned(),
            Self::Acknowledge(number) => format!("the brief of engagement {number}, not read yet"),
        }
    }
}

/// Whether the duty manager was told too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It is not their turn yet.
    NotYet,
    Manager(PersonId),
    /// It was their turn, and all are absent, walled off, or nobody is named.
    Nobody,
}

/// The newest word about a matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    pub about: Waits,
    /// Since when the matter waits: a later beginning starts anew.
    pub since: DateTime<Utc>,
    pub times: u32,
    pub at: DateTime<Utc>,
    pub told: Told,
}

/// Reminders that rest until a moment, for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snooze {
    pub by: PersonId,
    pub at: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub reason: String,
    /// It ended by itself; reminders go on.
    pub ended: bool,
}

impl Incident {
    /// Whether claiming or accepting is what it waits for, or a sign of life.
    pub fn waits(&self) -> Waits {
        match &self.phase {
            Phase::Open { holder: Some(_) } => Waits::Idle,
            Phase::Open { holder: None } | Phase::Offered(_) | Phase::Ended(_) => Waits::Take,
        }
    }

    /// Since when a matter waits.
    pub fn waits_since(&self, about: Waits) -> Option<DateTime<Utc>> {
        match about {
            Waits::Take => self.current_visit().map(|(_, visit)| visit.since),
            Waits::Idle => match &self.phase {
                Phase::Open { holder: Some(held) } => Some(self.touched_at.unwrap_or(held.since)),
                Phase::Open { holder: None } | Phase::Offered(_) | Phase::Ended(_) => None,
            },
            Waits::Acknowledge(number) => {
                let found = self.engagements.iter().find(|e| e.number == number);
                found.map(|engagement| engagement.engaged_at)
            }
        }
    }

    /// The newest word about a matter as it waits now.
    pub fn said(&self, about: Waits) -> Option<&Said> {
        let since = self.waits_since(about)?;
        let found = self.said.iter().find(|said| said.about == about);
        found.filter(|said| said.since == since)
    }

    /// The snooze that keeps its reminders quiet.
    pub fn snoozed(&self) -> Option<&Snooze> {
        self.snooze.as_ref().filter(|snooze| !snooze.ended)
    }
}

/// How often a matter was said already. What earlier versions counted counts on.
pub fn times(incident: &Incident, about: Waits) -> u32 {
    if let Some(said) = incident.said(about) {
        return said.times;
    }
    match about {
        Waits::Take => incident
            .current_visit()
            .map_or(0, |(_, visit)| visit.raised),
        Waits::Idle => 0,
        Waits::Acknowledge(number) => {
            let found = incident.engagements.iter().find(|e| e.number == number);
            found.map_or(0, |engagement| engagement.reminded)
        }
    }
}

/// How long a matter may wait between two words about it, by the stage where it waits.
pub fn patience(incident: &Incident, about: Waits, playbook: &Playbook) -> Option<TimeDelta> {
    let stage = playbook.stage(&incident.stage);
    match about {
        Waits::Take => {
            let (_, visit) = incident.current_visit()?;
            let stage = playbook.stage(&visit.stage)?;
            let offered = matches!(incident.phase, Phase::Offered(_));
            Some(stage.take_within(offered, incident.severity))
        }
        Waits::Idle => stage.map(Stage::idle_after),
        // An unread brief waits as long as a handoff of the stage that engaged.
        Waits::Acknowledge(_) => stage.map(|stage| stage.accept_within),
    }
}

/// For how long its reminders may be snoozed: the stage where it waits says so.
pub fn longest_snooze(incident: &Incident, playbook: &Playbook) -> TimeDelta {
    let visit = incident.current_visit().map(|(_, visit)| &visit.stage);
    let stage = visit.and_then(|id| playbook.stage(id));
    stage
        .and_then(|stage| stage.snooze_at_most)
        .unwrap_or(SNOOZE_AT_MOST)
}

/// Who is told where those who can act do not: the first on the roster whom no wall keeps out, and who does not hold
/// it. Never the person concerned and never their line manager: both are walled.
pub fn duty_manager(managers: &[PersonId], incident: &Incident, walls: &Walls) -> Option<PersonId> {
    let kept_out = |person: &PersonId| {
        walls.contains(person)
            || incident.conflicted.contains(person)
            || incident.concerned.contains(person)
            || incident.holder() == Some(*person)
    };
    managers.iter().copied().find(|person| !kept_out(person))
}

/// What its card says of reminders: that they rest, or how often it was raised and to whom. `whole` shows the reason.
pub fn standing(
    incident: &Incident,
    name: impl Fn(PersonId) -> String,
    zone: Tz,
    whole: bool,
) -> Option<String> {
    if !incident.is_open() {
        return None;
    }
    if let Some(snooze) = incident.snoozed() {
        let until = shown_time(snooze.until, zone);
        let rest = format!("snoozed until {until} by {}", name(snooze.by));
        return Some(if whole {
            format!("{rest}: {}", snooze.reason)
        } else {
            rest
        });
    }
    let said = incident.said(incident.waits())?;
    match said.told {
        Told::NotYet => None,
        Told::Manager(_) => Some(format!(
            "raised {} times; the duty manager is told",
            said.times
        )),
        Told::Nobody => Some(format!(
            "raised {} times; no duty manager can be reached",
            said.times
        )),
    }
}
