//! Reaching people: what waits is said again, then to the duty manager; held work without a sign of life is free again;
//! reminders rest for a reason, until a moment.

use super::decide::{Context, allowed, open_still};
use super::{Incident, Phase, Refusal};
use crate::domain::ids::PersonId;
use crate::domain::policy::{Act, Actor};
use crate::domain::reach::{MANAGER_AFTER, Said, Snooze, Told, Waits, longest_snooze, times};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What is asked. All but a snooze comes from the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReachCommand {
    /// It was time to say it again. The duty manager, where one can be reached, is told in their turn.
    Say {
        about: Waits,
        manager: Option<PersonId>,
    },
    /// Nobody who holds it gave a sign of life.
    Release,
    Snooze {
        /// None where it could not be read.
        until: Option<DateTime<Utc>>,
        reason: String,
    },
    EndSnooze {
        manager: Option<PersonId>,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reach", rename_all = "snake_case")]
pub enum ReachEvent {
    Said {
        about: Waits,
        /// Since when it waits.
        since: DateTime<Utc>,
        times: u32,
        told: Told,
    },
    Released {
        holder: PersonId,
    },
    Snoozed {
        until: DateTime<Utc>,
        reason: String,
    },
    SnoozeEnded,
}

impl ReachEvent {
    /// The header's word for it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Said { .. } => "said_again",
            Self::Released { .. } => "released",
            Self::Snoozed { .. } => "snoozed",
            Self::SnoozeEnded => "snooze_ended",
        }
    }
}

pub fn decide(
    incident: &Incident,
    command: &ReachCommand,
    context: &Context<'_>,
) -> Result<Vec<ReachEvent>, Refusal> {
    open_still(incident)?;
    match command {
        ReachCommand::Say { about, manager } => Ok(say(incident, *about, *manager, context)
            .into_iter()
            .collect()),
        ReachCommand::Release => Ok(match &incident.phase {
            Phase::Open { holder: Some(held) } => vec![ReachEvent::Released { holder: held.by }],
            Phase::Open { holder: None } | Phase::Offered(_) | Phase::Ended(_) => Vec::new(),
        }),
        ReachCommand::Snooze { until, reason } => snooze(incident, *until, reason, context),
        ReachCommand::EndSnooze { manager } => Ok(match incident.snoozed() {
            Some(_) => [ReachEvent::SnoozeEnded]
                .into_iter()
                .chain(say(incident, incident.waits(), *manager, context))
                .collect(),
            None => Vec::new(),
        }),
    }
}

/// The next word; none where the matter waits no more.
fn say(
    incident: &Incident,
    about: Waits,
    manager: Option<PersonId>,
    context: &Context<'_>,
) -> Option<ReachEvent> {
    let waits = match about {
        Waits::Take | Waits::Idle => incident.waits() == about,
        Waits::Acknowledge(number) => {
            let mut engagements = incident.engagements.iter();
            engagements.any(|e| e.number == number && !e.is_settled() && !e.is_acknowledged())
        }
    };
    let since = incident.waits_since(about).filter(|_| waits)?;
    let times = times(incident, about).saturating_add(1);
    let stage = context.playbook.stage(&incident.stage);
    let enough = stage.map_or(MANAGER_AFTER, |stage| stage.manager_after);
    let told = match manager {
        _ if times <= enough => Told::NotYet,
        Some(person) => Told::Manager(person),
        None => Told::Nobody,
    };
    Some(ReachEvent::Said {
        about,
        since,
        times,
        told,
    })
}

/// Whoever may act on it now lets its reminders rest, with a reason and an end within the stage's time.
fn snooze(
    incident: &Incident,
    until: Option<DateTime<Utc>>,
    reason: &str,
    context: &Context<'_>,
) -> Result<Vec<ReachEvent>, Refusal> {
    may_snooze(incident, context)?;
    let reason = reason.trim();
    let longest = longest_snooze(incident, context.playbook);
    let mut faults = Vec::new();
    if reason.is_empty() {
        faults.push("The reason is missing".to_owned());
    }
    match until {
        None => faults.push(
            "The end cannot be read: write 4h, 2d or a time such as 2026-11-03 08:40".to_owned(),
        ),
        Some(until) if until <= context.now => {
            faults.push("The end lies in the past".to_owned());
        }
        Some(until) if until - context.now > longest => faults.push(format!(
            "The end is too far: here reminders rest for {} at most",
            in_words(longest)
        )),
        Some(_) => {}
    }
    match until {
        Some(until) if faults.is_empty() => {
            let reason = reason.to_owned();
            Ok(vec![ReachEvent::Snoozed { until, reason }])
        }
        Some(_) | None => Err(Refusal::SnoozeUnfit { faults }),
    }
}

/// Whether this member may snooze it now: asked before the form opens. Whoever holds it; else those who could take it.
pub fn may_snooze<'c>(incident: &Incident, context: &Context<'c>) -> Result<&'c Actor, Refusal> {
    open_still(incident)?;
    let act = match &incident.phase {
        Phase::Offered(_) => Act::Receive,
        Phase::Open { .. } | Phase::Ended(_) => Act::Leave,
    };
    let actor = allowed(incident, act, context)?;
    match &incident.phase {
        Phase::Open { holder: Some(held) } if held.by != actor.person => Err(Refusal::Held {
            by: held.by,
            since: held.since,
        }),
        Phase::Open { .. } | Phase::Offered(_) | Phase::Ended(_) => Ok(actor),
    }
}

/// A span as people write it: in days where it is whole days, else hours or minutes.
fn in_words(span: TimeDelta) -> String {
    let (days, hours, minutes) = (span.num_days(), span.num_hours(), span.num_minutes());
    let (count, unit) = if days > 0 && hours == days * 24 {
        (days, "day")
    } else if hours > 0 && minutes == hours * 60 {
        (hours, "hour")
    } else {
        (minutes, "minute")
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

pub fn apply(incident: &mut Incident, event: &ReachEvent, by: PersonId, at: DateTime<Utc>) {
    match event {
        ReachEvent::Said {
            about,
            since,
            times,
            told,
        } => {
            incident.said.retain(|said| said.about != *about);
            incident.said.push(Said {
                about: *about,
                since: *since,
                times: *times,
                at,
                told: *told,
            });
            count(incident, *about, *times);
        }
        ReachEvent::Released { .. } => {
            incident.phase = Phase::Open { holder: None };
            incident.snooze = None;
            // From here on it waits to be claimed.
            if let Some(visit) = incident.visits.last_mut() {
                visit.since = at;
                visit.raised = 0;
            }
        }
        ReachEvent::Snoozed { until, reason } => {
            incident.snooze = Some(Snooze {
                by,
                at,
                until: *until,
                reason: reason.clone(),
                ended: false,
            });
        }
        ReachEvent::SnoozeEnded => {
            if let Some(snooze) = &mut incident.snooze {
                snooze.ended = true;
            }
        }
    }
}

/// How often it was said stands where it always stood, too.
fn count(incident: &mut Incident, about: Waits, times: u32) {
    match about {
        Waits::Take => {
            if let Some(visit) = incident.visits.last_mut() {
                visit.raised = times;
            }
        }
        Waits::Idle => {}
        Waits::Acknowledge(number) => {
            let mut engagements = incident.engagements.iter_mut();
            if let Some(found) = engagements.find(|e| e.number == number) {
                found.reminded = times;
            }
        }
    }
}
