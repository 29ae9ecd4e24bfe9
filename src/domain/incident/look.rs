//! The second look: a share of the dismissals is drawn, and somebody who did not dismiss it agrees or reopens it.

use super::decide::Context;
use super::event::{Dismissal, Event};
use super::{EndKind, Incident, Phase, Refusal, SecondLook};
use crate::domain::policy::{Act, may};
use chrono::{DateTime, TimeDelta, Utc};

/// Draws a dismissal where its lot, from 0 to 99, lies below the playbook's share. The lot is handed in.
pub fn draw(incident: &Incident, lot: u8, context: &Context<'_>) -> Result<Vec<Event>, Refusal> {
    let Phase::Ended(ended) = &incident.phase else {
        return Err(Refusal::Changed);
    };
    let percent = context.playbook.second_look_percent;
    let dismissed = ended.kind == EndKind::Dismissed && !incident.drill;
    let drawn = dismissed && lot < percent && incident.second_look.is_none();
    let event = Event::Dismissal(Dismissal::LookDrawn { percent });
    Ok(drawn.then_some(event).into_iter().collect())
}

/// The second person's word: it stays dismissed, or goes on for a reason.
pub fn look_again(
    incident: &Incident,
    agrees: bool,
    reason: &str,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    may_look(incident, context)?;
    let reason = reason.trim().to_owned();
    if !agrees && reason.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let looked = Event::Dismissal(Dismissal::LookedAgain {
        agrees,
        reason: reason.clone(),
    });
    if agrees {
        return Ok(vec![looked]);
    }
    let stage = context
        .playbook
        .stage(&incident.stage)
        .ok_or(Refusal::Changed)?;
    let channel = stage.channel.clone();
    Ok(vec![looked, Event::Reopened { reason, channel }])
}

/// Whether a second look waits for this member: asked before anything of it is shown.
pub fn may_look(incident: &Incident, context: &Context<'_>) -> Result<(), Refusal> {
    let actor = context.actor.ok_or(Refusal::NotFound)?;
    let why = match &incident.second_look {
        None => "No second look of this incident waits for anybody.",
        Some(look) if look.dismissed_by.contains(&actor.person) => {
            "You had a part in this dismissal; somebody else looks at it again."
        }
        Some(_) if may(actor, Act::LookAgain, incident, context.playbook) => return Ok(()),
        Some(_) => "A second look is for the roles tier1 and tier2.",
    };
    Err(Refusal::NoSecondLook {
        why: why.to_owned(),
    })
}

/// Nobody looked in time; nothing where none waits any more.
pub fn remind(incident: &Incident, context: &Context<'_>) -> Vec<Event> {
    let within = context.playbook.second_look_within;
    let event = incident.second_look.as_ref().map(|look| {
        let times = rounds(look, within, context.now);
        Event::Dismissal(Dismissal::LookReminded { times })
    });
    event.into_iter().collect()
}

/// Which round it is now. After a silence of several, one word stands for all of them.
fn rounds(look: &SecondLook, within: TimeDelta, now: DateTime<Utc>) -> u32 {
    let passed = (now - look.drawn_at).num_seconds() / within.num_seconds().max(1);
    u32::try_from(passed)
        .unwrap_or(0)
        .max(look.reminded.saturating_add(1))
}
