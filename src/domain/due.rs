//! What is due, from state, playbook, hours and time alone. Rows of the store mirror it, so that nothing depends on a
//! running timer. An open incident always has a next step here: it is said again that it waits to be taken or for a sign
//! of life, it is released, or a snooze ends.

use super::alert::Severity;
use super::hours::Calendar;
use super::ids::{FieldId, PersonId};
use super::incident::Incident;
use super::playbook::definition::{Playbook, TransitionKind};
use super::reach::{MANAGER_AFTER, Said, Waits, patience, times};
use super::record::{Answer, State};
use super::talk::Standing;
use chrono::{DateTime, TimeDelta, Utc};

/// A deadline of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub kind: DueKind,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DueKind {
    /// It is said again that something waits.
    Said(Waits),
    /// A field that was allowed to come later.
    Owed(FieldId),
    /// Held work without a sign of life is free again.
    Release,
    /// Reminders go on.
    SnoozeEnds,
    /// The sides that were asked say whether somebody may be spoken to.
    Talk(u32),
    /// Somebody looks again at a dismissal that was drawn.
    LookAgain,
}

impl DueKind {
    /// The kind behind a row's key.
    pub fn from_key(key: &str) -> Option<Self> {
        match key.split_once(':') {
            None => match key {
                "take" => Some(Self::Said(Waits::Take)),
                "idle" => Some(Self::Said(Waits::Idle)),
                "release" => Some(Self::Release),
                "snooze" => Some(Self::SnoozeEnds),
                "look" => Some(Self::LookAgain),
                _ => None,
            },
            Some(("owed", field)) => Some(Self::Owed(FieldId::new(field))),
            Some(("acknowledge", number)) => {
                let number = number.parse().ok()?;
                Some(Self::Said(Waits::Acknowledge(number)))
            }
            Some(("talk", number)) => number.parse().ok().map(Self::Talk),
            Some(_) => None,
        }
    }

    /// The key of its row.
    pub fn key(&self) -> String {
        match self {
            Self::Said(about) => about.key(),
            Self::LookAgain => "look".to_owned(),
            Self::Owed(field) => format!("owed:{field}"),
            Self::Release => "release".to_owned(),
            Self::SnoozeEnds => "snooze".to_owned(),
            Self::Talk(number) => format!("talk:{number}"),
        }
    }
}

/// Every deadline that the incident has now.
pub fn of(incident: &Incident, playbook: &Playbook, calendar: &Calendar) -> Vec<Due> {
    if !incident.is_open() {
        return look_again(incident, playbook, calendar)
            .into_iter()
            .collect();
    }
    let mut dues = Vec::new();
    if let Some(snooze) = incident.snoozed() {
        dues.push(Due {
            kind: DueKind::SnoozeEnds,
            at: in_time(incident, calendar, snooze.until),
        });
    } else {
        let release = released(incident, playbook, calendar);
        let word = raised(incident, playbook, calendar);
        // Who is told next that they hold it no more, is not told before that they do.
        let freed = release.as_ref().map(|release| release.at);
        dues.extend(word.filter(|word| freed.is_none_or(|freed| word.at < freed)));
        dues.extend(release);
    }
    dues.extend(owed(incident));
    dues.extend(acknowledge(incident, playbook, calendar));
    dues.extend(talks(incident, playbook, calendar));
    dues
}

/// What is urgent does not wait for the morning.
fn is_urgent(incident: &Incident) -> bool {
    incident.severity >= Severity::High
}

/// At once, or when the organisation works.
fn in_time(incident: &Incident, calendar: &Calendar, at: DateTime<Utc>) -> DateTime<Utc> {
    if is_urgent(incident) {
        at
    } else {
        calendar.at_work(at)
    }
}

/// The next word about a matter: after as long as it may wait, and again after as long each time.
fn next_word(incident: &Incident, about: Waits, playbook: &Playbook) -> Option<DateTime<Utc>> {
    let patience = patience(incident, about, playbook)?;
    if let Some(said) = incident.said(about) {
        let again = if is_urgent(incident) {
            patience
        } else {
            let stage = playbook.stage(&incident.stage);
            seldom(
                patience,
                said,
                stage.map_or(MANAGER_AFTER, |s| s.manager_after),
            )
        };
        return Some(later(said.at, Some(again)));
    }
    let rounds = i32::try_from(times(incident, about).saturating_add(1)).ok();
    let within = rounds.and_then(|rounds| patience.checked_mul(rounds));
    Some(later(incident.waits_since(about)?, within))
}

/// Once the duty manager is told, more words help less: each waits twice as long as the one before, up to a day.
fn seldom(patience: TimeDelta, said: &Said, manager_after: u32) -> TimeDelta {
    let longest = TimeDelta::days(1).max(patience);
    let doublings = said.times.saturating_sub(manager_after).min(10);
    patience
        .checked_mul(1_i32 << doublings)
        .map_or(longest, |span| span.min(longest))
}

/// The end of the calendar where it is farther than that: a deadline is never lost.
fn later(at: DateTime<Utc>, by: Option<TimeDelta>) -> DateTime<Utc> {
    by.and_then(|by| at.checked_add_signed(by))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// While nobody holds it, that it is taken; while somebody does, a sign of life.
fn raised(incident: &Incident, playbook: &Playbook, calendar: &Calendar) -> Option<Due> {
    let about = incident.waits();
    let at = next_word(incident, about, playbook)?;
    Some(Due {
        kind: DueKind::Said(about),
        at: in_time(incident, calendar, at),
    })
}

/// Held work is free again after the stage's time without a sign of life, and never before whoever holds it was told
/// and had the time of a reminder. A snooze is a sign of life until its end; what waits for a second person does not
/// wait for its holder.
fn released(incident: &Incident, playbook: &Playbook, calendar: &Calendar) -> Option<Due> {
    if incident.waits() != Waits::Idle || incident.proposal.is_some() {
        return None;
    }
    let stage = playbook.stage(&incident.stage)?;
    let said = incident.said(Waits::Idle)?;
    let life = incident.waits_since(Waits::Idle)?;
    let life = incident.snooze.as_ref().map_or(life, |s| s.until.max(life));
    let mut at = later(life, Some(stage.release_after?));
    if said.times == 1 {
        at = at.max(later(said.at, Some(stage.idle_after())));
    }
    Some(Due {
        kind: DueKind::Release,
        at: in_time(incident, calendar, at),
    })
}

/// A second look is raised after the playbook's time, and again after as long each time.
fn look_again(incident: &Incident, playbook: &Playbook, calendar: &Calendar) -> Option<Due> {
    let look = incident.second_look.as_ref()?;
    let rounds = i32::try_from(look.reminded.saturating_add(1)).ok()?;
    let at = later(
        look.drawn_at,
        playbook.second_look_within.checked_mul(rounds),
    );
    Some(Due {
        kind: DueKind::LookAgain,
        at: in_time(incident, calendar, at),
    })
}

fn owed(incident: &Incident) -> impl Iterator<Item = Due> {
    let record = incident.record.judge();
    record
        .fields()
        .filter_map(|field| match record.latest(field)?.state {
            State::Owed { until } => Some(Due {
                kind: DueKind::Owed(field.clone()),
                at: until,
            }),
            State::Value(_) | State::NotApplicable | State::SourceSilent => None,
        })
}

/// An unread brief is said again to its contacts, in their hours unless it cannot wait.
fn acknowledge(incident: &Incident, playbook: &Playbook, calendar: &Calendar) -> Vec<Due> {
    let open = incident
        .engagements
        .iter()
        .filter(|e| !e.is_settled() && !e.is_acknowledged());
    open.filter_map(|engagement| {
        let about = Waits::Acknowledge(engagement.number);
        let at = next_word(incident, about, playbook)?;
        let waits = !is_urgent(incident) && !has_due_time(incident, playbook);
        let late = engagement.contacts.iter();
        let late = late.filter(|contact| contact.acknowledged_at.is_none());
        let late: Vec<PersonId> = late.map(|contact| contact.person).collect();
        Some(Due {
            kind: DueKind::Said(about),
            at: if waits {
                calendar.reachable(&late, at)
            } else {
                at
            },
        })
    })
    .collect()
}

/// Whether the record of an engagement says by when an answer is wanted.
fn has_due_time(incident: &Incident, playbook: &Playbook) -> bool {
    let record = incident.record.judge();
    let engaging = playbook
        .transitions
        .iter()
        .filter(|t| t.kind == TransitionKind::Engagement);
    let mut fields = engaging.flat_map(|t| &t.record);
    fields.any(|field| {
        let latest = record.latest(field).map(|entry| &entry.state);
        matches!(latest, Some(State::Value(Answer::At(_))))
    })
}

/// A request that waits for a side's word is said again like an unread brief.
fn talks(incident: &Incident, playbook: &Playbook, calendar: &Calendar) -> Vec<Due> {
    let Some(stage) = playbook.stage(&incident.stage) else {
        return Vec::new();
    };
    let waiting = incident
        .talks
        .iter()
        .filter(|talk| talk.standing() == Standing::Waiting);
    let each = waiting.map(|talk| {
        let rounds = i32::try_from(talk.reminded.saturating_add(1)).ok();
        let within = rounds.and_then(|rounds| stage.accept_within.checked_mul(rounds));
        Due {
            kind: DueKind::Talk(talk.number),
            at: in_time(incident, calendar, later(talk.asked_at, within)),
        }
    });
    each.collect()
}
