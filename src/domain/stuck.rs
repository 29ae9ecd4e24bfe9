//! What is stuck: past its time, with whom, and since when. From state and time alone.

use super::due::{self, DueKind};
use super::hours::Calendar;
use super::ids::PersonId;
use super::incident::{Incident, Phase};
use super::playbook::definition::Playbook;
use super::reach::{Waits, patience, times};
use super::role::Role;
use chrono::{DateTime, Utc};

/// One thing that an incident waits for longer than it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// A noun: "someone to claim it".
    pub waits_for: String,
    pub with: With,
    pub since: DateTime<Utc>,
}

/// Who could move it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum With {
    Team(Role),
    People(Vec<PersonId>),
}

/// Everything that this incident waits for past its time, the oldest first. Past its time is what was said again since
/// it began to wait, and what is due to be said.
pub fn stuck(
    incident: &Incident,
    playbook: &Playbook,
    calendar: &Calendar,
    now: DateTime<Utc>,
) -> Vec<Stuck> {
    let dues = due::of(incident, playbook, calendar, now);
    let due = |kind: &DueKind| dues.iter().any(|due| due.kind == *kind && due.at <= now);
    let late = |about: Waits| times(incident, about) > 0 || due(&DueKind::Said(about));
    let unread = incident.engagements.iter();
    let unread = unread.filter(|e| !e.is_settled() && !e.is_acknowledged());
    let briefs = unread.map(|engagement| Waits::Acknowledge(engagement.number));
    let waits = std::iter::once(incident.waits()).chain(briefs);
    let open = waits.filter(|about| incident.is_open() && late(*about));
    let mut found: Vec<Stuck> = open
        .filter_map(|about| waiting(incident, playbook, about))
        .collect();
    for late in dues.iter().filter(|due| due.at <= now) {
        if let DueKind::Owed(field) = &late.kind {
            let title = playbook.field(field).map(|f| f.title.as_str());
            found.push(Stuck {
                waits_for: format!("an answer that is owed: {}", title.unwrap_or_default()),
                with: holder(incident, playbook),
                since: late.at,
            });
        }
    }
    found.extend(unseconded(incident, playbook, now));
    found.sort_by_key(|stuck| stuck.since);
    found
}

fn waiting(incident: &Incident, playbook: &Playbook, about: Waits) -> Option<Stuck> {
    let (_, visit) = incident.current_visit()?;
    let stage = playbook.stage(&visit.stage)?;
    let (waits_for, with) = match about {
        Waits::Take if matches!(incident.phase, Phase::Offered(_)) => (
            "its handoff to be accepted or returned".to_owned(),
            With::Team(stage.role),
        ),
        Waits::Take => ("someone to claim it".to_owned(), With::Team(stage.role)),
        Waits::Idle => ("a sign of life".to_owned(), holder(incident, playbook)),
        Waits::Acknowledge(number) => {
            let engagement = incident.engagements.iter().find(|e| e.number == number)?;
            let late = engagement
                .contacts
                .iter()
                .filter(|c| c.acknowledged_at.is_none());
            let people = late.map(|c| c.person).collect();
            (format!("brief {number} to be read"), With::People(people))
        }
    };
    Some(Stuck {
        waits_for,
        with,
        since: incident.waits_since(about)?,
    })
}

/// Nobody judges what was proposed; it should take no longer than a handoff to the stage.
fn unseconded(incident: &Incident, playbook: &Playbook, now: DateTime<Utc>) -> Option<Stuck> {
    let proposal = incident.proposal.as_ref()?;
    let (_, visit) = incident.current_visit()?;
    let stage = playbook.stage(&visit.stage)?;
    let patience = patience(incident, Waits::Take, playbook)?;
    (now >= proposal.at + patience).then(|| Stuck {
        waits_for: "a second person's word on its dismissal".to_owned(),
        with: With::Team(stage.role),
        since: proposal.at,
    })
}

/// Whoever holds it, else the team of the stage.
fn holder(incident: &Incident, playbook: &Playbook) -> With {
    match (incident.holder(), playbook.stage(&incident.stage)) {
        (None, Some(stage)) => With::Team(stage.role),
        (holder, _) => With::People(holder.into_iter().collect()),
    }
}
