//! What happens around the stages: a status for the other tiers, reopening, the choice of a playbook.

use super::case::CaseFault;
use super::command::Routing;
use super::decide::{Context, allowed, open_still};
use super::event::Event;
use super::{Incident, Phase, Refusal};
use crate::domain::alert::Severity;
use crate::domain::policy::Act;

/// A material development. Whoever is on the case says it.
pub fn set_status(
    incident: &Incident,
    severity: Option<Severity>,
    text: &str,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    open_still(incident)?;
    allowed(incident, Act::Note, context)?;
    match text.trim() {
        "" => Err(Refusal::ReasonMissing),
        text => Ok(vec![Event::StatusSet {
            severity,
            text: text.to_owned(),
        }]),
    }
}

/// An ended incident goes on at the stage where it ended, unclaimed.
pub fn reopen(
    incident: &Incident,
    reason: &str,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    let Phase::Ended(_) = &incident.phase else {
        return Err(CaseFault::OpenStill.into());
    };
    allowed(incident, Act::Reopen, context)?;
    let stage = context
        .playbook
        .stage(&incident.stage)
        .ok_or(Refusal::Changed)?;
    match reason.trim() {
        "" => Err(Refusal::ReasonMissing),
        reason => Ok(vec![Event::Reopened {
            reason: reason.to_owned(),
            channel: stage.channel.clone(),
        }]),
    }
}

/// A person chooses another playbook while nothing was handed over yet.
pub fn route(
    incident: &Incident,
    routing: &Routing,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    allowed(incident, Act::Leave, context)?;
    let Phase::Open { holder } = &incident.phase else {
        return Err(if incident.is_open() {
            CaseFault::HandedOver.into()
        } else {
            Refusal::Ended
        });
    };
    let actor = context.actor.ok_or(Refusal::NotFound)?;
    if let Some(held) = holder.as_ref().filter(|held| held.by != actor.person) {
        return Err(Refusal::Held {
            by: held.by,
            since: held.since,
        });
    }
    let untouched = incident.record.judge().fields().next().is_none();
    if !untouched {
        return Err(CaseFault::HandedOver.into());
    }
    if routing.playbook == incident.playbook {
        return Err(CaseFault::SamePlaybook.into());
    }
    Ok(vec![Event::Routed {
        playbook: routing.playbook.clone(),
        stage: routing.stage.clone(),
        channel: routing.channel.clone(),
        owner: routing.owner.clone(),
        criteria: routing.criteria.clone(),
    }])
}
