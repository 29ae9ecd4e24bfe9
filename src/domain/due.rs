//! What is due, from state, playbook, hours and time alone. Rows of the store mirror it, so that nothing depends on a
//! running timer. An open incident always has a next step here: it is said again that it waits to be taken or for a sign
//! of life, it is released, or a snooze ends. Where the clock was set back, what happened "later" counts from now: no
//! deadline lies farther ahead than its time allows.

use super::alert::Severity;
use super::hours::Calendar;
use super::ids::{FieldId, PersonId};
use super::incident::Incident;
use super::playbook::definition::{Playbook, TransitionKind};
use super::reach::{MANAGER_AFTER, Said, Waits, longest_snooze, patience, times};
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

/// Every deadline that the incident has at this moment.
pub fn of(
    incident: &Incident,
    playbook: &Playbook,
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> Vec<Due> {
    let on = On {
        incident,
        playbook,
        calendar,
        now,
    };
    if !incident.is_open() {
        return on.look_again().into_iter().collect();
    }
    let mut dues = Vec::new();
    if let Some(snooze) = incident.snoozed() {
        let longest = longest_snooze(incident, playbook);
        dues.push(Due {
            kind: DueKind::SnoozeEnds,
            at: on.in_time(snooze.until.min(later(now, Some(longest)))),
        });
    } else {
        let release = on.released();
        let word = on.raised();
        // Who is told next that they hold it no more, is not told before that they do.
        let freed = release.as_ref().map(|release| release.at);
        dues.extend(word.filter(|word| freed.is_none_or(|freed| word.at < freed)));
        dues.extend(release);
    }
    dues.extend(owed(incident));
    dues.extend(on.acknowledge());
    dues.extend(on.talks());
    dues
}

/// What a deadline follows from.
struct On<'a> {
    incident: &'a Incident,
    playbook: &'a Playbook,
    calendar: &'a Calendar,
    now: DateTime<Utc>,
}

/// What is urgent does not wait for the morning.
fn is_urgent(incident: &Incident) -> bool {
    incident.severity >= Severity::High
}

/// Once the duty manager is told, more words help less: each waits twice as long as the one before, up to a day.
fn seldom(patience: TimeDelta, said: &Said, manager_after: u32) -> TimeDelta {
    let longest = TimeDelta::days(1).max(patience);
    let doublings = said.times.saturating_sub(manager_after).min(10);
    patience
        .checked_mul(1_i32 << doublings)
        .map_or(longest, |span| span.min(longest))
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

/// The end of the calendar where it is farther than that: a deadline is never lost.
fn later(at: DateTime<Utc>, by: Option<TimeDelta>) -> DateTime<Utc> {
    by.and_then(|by| at.checked_add_signed(by))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl On<'_> {
    /// So long after something that happened; at the latest so long from now.
    fn after(&self, at: DateTime<Utc>, by: Option<TimeDelta>) -> DateTime<Utc> {
        later(at.min(self.now), by)
    }

    /// At once, or when the organisation works.
    fn in_time(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        if is_urgent(self.incident) {
            at
        } else {
            self.calendar.at_work(at)
        }
    }

    /// The next word about a matter: after as long as it may wait, and again after as long each time.
    fn next_word(&self, about: Waits) -> Option<DateTime<Utc>> {
        let incident = self.incident;
        let patience = patience(incident, about, self.playbook)?;
        if let Some(said) = incident.said(about) {
            let again = if is_urgent(incident) {
                patience
            } else {
                let stage = self.playbook.stage(&incident.stage);
                seldom(
                    patience,
                    said,
                    stage.map_or(MANAGER_AFTER, |s| s.manager_after),
                )
            };
            return Some(self.after(said.at, Some(again)));
        }
        let rounds = i32::try_from(times(incident, about).saturating_add(1)).ok();
        let within = rounds.and_then(|rounds| patience.checked_mul(rounds));
        Some(self.after(incident.waits_since(about)?, within))
    }

    /// While nobody holds it, that it is taken; while somebody does, a sign of life.
    fn raised(&self) -> Option<Due> {
        let about = self.incident.waits();
        let at = self.next_word(about)?;
        Some(Due {
            kind: DueKind::Said(about),
            at: self.in_time(at),
        })
    }

    /// Held work is free again after the stage's time without a sign of life, and never before whoever holds it was
    /// told and had the time of a reminder. A snooze is a sign of life until its end; what waits for a second person
    /// does not wait for its holder.
    fn released(&self) -> Option<Due> {
        let incident = self.incident;
        if incident.waits() != Waits::Idle || incident.proposal.is_some() {
            return None;
        }
        let stage = self.playbook.stage(&incident.stage)?;
        let said = incident.said(Waits::Idle)?;
        let life = incident.waits_since(Waits::Idle)?;
        let life = incident.snooze.as_ref().map_or(life, |s| s.until.max(life));
        let mut at = self.after(life, Some(stage.release_after?));
        if said.times == 1 {
            at = at.max(self.after(said.at, Some(stage.idle_after())));
        }
        Some(Due {
            kind: DueKind::Release,
            at: self.in_time(at),
        })
    }

    /// A second look is raised after the playbook's time, and again after as long each time.
    fn look_again(&self) -> Option<Due> {
        let look = self.incident.second_look.as_ref()?;
        let rounds = i32::try_from(look.reminded.saturating_add(1)).ok()?;
        let within = self.playbook.second_look_within.checked_mul(rounds);
        Some(Due {
            kind: DueKind::LookAgain,
            at: self.in_time(self.after(look.drawn_at, within)),
        })
    }

    /// An unread brief is said again to its contacts, in their hours unless it cannot wait.
    fn acknowledge(&self) -> impl Iterator<Item = Due> {
        let engagements = self.incident.engagements.iter();
        let open = engagements.filter(|e| !e.is_settled() && !e.is_acknowledged());
        open.filter_map(|engagement| {
            let about = Waits::Acknowledge(engagement.number);
            let at = self.next_word(about)?;
            let waits = !is_urgent(self.incident) && !has_due_time(self.incident, self.playbook);
            let late = engagement.contacts.iter();
            let late = late.filter(|contact| contact.acknowledged_at.is_none());
            let late: Vec<PersonId> = late.map(|contact| contact.person).collect();
            Some(Due {
                kind: DueKind::Said(about),
                at: if waits {
                    self.calendar.reachable(&late, at)
                } else {
                    at
                },
            })
        })
    }

    /// A request that waits for a side's word is said again like an unread brief.
    fn talks(&self) -> impl Iterator<Item = Due> {
        let stage = self.playbook.stage(&self.incident.stage);
        let within = stage.map(|stage| stage.accept_within);
        let talks = self.incident.talks.iter();
        let waiting = talks.filter(|talk| talk.standing() == Standing::Waiting);
        waiting.filter_map(move |talk| {
            let rounds = i32::try_from(talk.reminded.saturating_add(1)).ok();
            let within = rounds.and_then(|rounds| within?.checked_mul(rounds));
            stage.map(|_| Due {
                kind: DueKind::Talk(talk.number),
                at: self.in_time(self.after(talk.asked_at, within)),
            })
        })
    }
}
