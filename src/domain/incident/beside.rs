//! Folds what happens beside the stages: proposals, engagements, containment, notes.

use super::apply::{append, confirm};
use super::event::{Dismissal, Event};
use super::{Incident, Override, Phase, Proposal, SecondLook, governed};
use crate::domain::containment::{ActionState, ContainmentAction};
use crate::domain::governance::{Choice, Contact, Decided, Engagement};
use crate::domain::ids::PersonId;
use chrono::{DateTime, Utc};

/// Applies one event that moves no stage; others are left alone.
pub fn apply(incident: &mut Incident, event: &Event, by: PersonId, at: DateTime<Utc>) {
    match event {
        Event::Proposed {
            transition,
            criteria,
            entries,
            done,
        } => {
            append(incident, entries);
            incident.proposal = Some(Proposal {
                by,
                at,
                transition: transition.clone(),
                criteria: criteria.clone(),
                done: done.clone(),
            });
        }
        Event::Agreed { .. } => {
            incident.on_case.insert(by);
        }
        Event::Refused { .. } => incident.proposal = None,
        Event::Engaged {
            number,
            criteria,
            entries,
            contacts,
            discreet,
        } => {
            confirm(&mut incident.criteria, criteria, by);
            append(incident, entries);
            incident.engagements.push(Engagement {
                number: *number,
                criteria: criteria.clone(),
                security: by,
                engaged_at: at,
                contacts: contacts.clone(),
                discreet: *discreet,
                decisions: Vec::new(),
                concluded_at: None,
                owner: None,
                reminded: 0,
            });
        }
        Event::Answered { engagement, choice } => answered(incident, *engagement, *choice, by, at),
        Event::Reminded { engagement, times } => {
            let found = incident
                .engagements
                .iter_mut()
                .find(|e| e.number == *engagement);
            if let Some(found) = found {
                found.reminded = *times;
            }
        }
        Event::StatusSet { severity, .. } => {
            if let Some(severity) = severity {
                incident.severity = *severity;
            }
        }
        Event::ContainmentProposed { .. }
        | Event::ContainmentAuthorised { .. }
        | Event::ContainmentReported { .. }
        | Event::GateOverridden { .. } => contained(incident, event, by, at),
        Event::Governed(governed) => governed::apply(incident, governed, by, at),
        Event::Dismissal(event) => dismissal(incident, event, by, at),
        Event::Opened { .. }
        | Event::AlertAttached { .. }
        | Event::AlertRepeated { .. }
        | Event::Claimed
        | Event::Offered { .. }
        | Event::Accepted { .. }
        | Event::Returned { .. }
        | Event::Ended { .. }
        | Event::Raised { .. }
        | Event::Reopened { .. }
        | Event::Routed { .. }
        | Event::Reach(_)
        | Event::Linked { .. }
        | Event::SplitOff { .. }
        | Event::SplitFrom { .. }
        | Event::Noted { .. } => {}
    }
}

fn dismissal(incident: &mut Incident, event: &Dismissal, by: PersonId, at: DateTime<Utc>) {
    match event {
        Dismissal::PatternApplied { .. } => {}
        Dismissal::LookDrawn { .. } => {
            if let Phase::Ended(ended) = &incident.phase {
                let dismissed_by = [Some(ended.by), ended.proposed_by];
                incident.second_look = Some(SecondLook {
                    drawn_at: at,
                    dismissed_by: dismissed_by.into_iter().flatten().collect(),
                    reminded: 0,
                });
            }
        }
        Dismissal::LookReminded { times } => {
            if let Some(look) = &mut incident.second_look {
                look.reminded = *times;
            }
        }
        Dismissal::LookedAgain { .. } => {
            incident.second_look = None;
            incident.on_case.insert(by);
        }
    }
}

fn contained(incident: &mut Incident, event: &Event, by: PersonId, at: DateTime<Utc>) {
    match event {
        Event::ContainmentProposed {
            number,
            action,
            target,
        } => {
            incident.actions.push(ContainmentAction {
                number: *number,
                action: action.clone(),
                target: target.clone(),
                proposed_by: by,
                proposed_at: at,
                state: ActionState::Proposed,
            });
        }
        Event::ContainmentAuthorised { number } => {
            set_action(incident, *number, ActionState::Authorised { by });
        }
        Event::ContainmentReported {
            number,
            done,
            result,
        } => {
            let result = result.clone();
            let state = if *done {
                ActionState::Done { result }
            } else {
                ActionState::Failed { result }
            };
            set_action(incident, *number, state);
        }
        Event::GateOverridden {
            gate, role, covers, ..
        } => {
            incident.overrides.push(Override {
                gate: gate.clone(),
                by,
                role: *role,
                at,
                covers: covers.clone(),
            });
        }
        Event::Opened { .. }
        | Event::AlertAttached { .. }
        | Event::AlertRepeated { .. }
        | Event::Claimed
        | Event::Offered { .. }
        | Event::Accepted { .. }
        | Event::Returned { .. }
        | Event::Ended { .. }
        | Event::Raised { .. }
        | Event::Proposed { .. }
        | Event::Agreed { .. }
        | Event::Refused { .. }
        | Event::Engaged { .. }
        | Event::Answered { .. }
        | Event::Noted { .. }
        | Event::StatusSet { .. }
        | Event::Reminded { .. }
        | Event::Reopened { .. }
        | Event::Reach(_)
        | Event::Governed(_)
        | Event::Linked { .. }
        | Event::SplitOff { .. }
        | Event::SplitFrom { .. }
        | Event::Dismissal(_)
        | Event::Routed { .. } => {}
    }
}

fn set_action(incident: &mut Incident, number: u32, state: ActionState) {
    if let Some(action) = incident.actions.iter_mut().find(|a| a.number == number) {
        action.state = state;
    }
}

fn answered(incident: &mut Incident, number: u32, choice: Choice, by: PersonId, at: DateTime<Utc>) {
    let Some(engagement) = incident.engagements.iter_mut().find(|e| e.number == number) else {
        return;
    };
    engagement.decisions.push(Decided { by, at, choice });
    let mine = engagement
        .contacts
        .iter_mut()
        .filter(|c| c.person == by || c.deputy == Some(by));
    match choice {
        // As histories have it from the time when one side concluded for all.
        Choice::Conclude => engagement.concluded_at = Some(at),
        Choice::Conflict => {}
        // Whoever answers has read it.
        Choice::Acknowledge
        | Choice::Notify
        | Choice::DoNotNotify
        | Choice::Hold
        | Choice::ReleaseHold
        | Choice::MoreNeeded
        | Choice::HoldContainment
        | Choice::ProceedContainment
        | Choice::InformManager
        | Choice::TakenOver
        | Choice::GoesOnAlone => mine.for_each(|contact| {
            contact.acknowledged_at.get_or_insert(at);
        }),
    }
    if choice == Choice::MoreNeeded {
        asked_again(engagement, by);
    }
    if choice == Choice::Conflict {
        incident.conflicted.insert(by);
        let contacts = incident
            .engagements
            .iter_mut()
            .flat_map(|e| &mut e.contacts);
        contacts.for_each(|contact| step_aside(contact, by));
    }
}

/// A side that needs more has not concluded.
fn asked_again(engagement: &mut Engagement, by: PersonId) {
    for contact in &mut engagement.contacts {
        let mine = contact.person == by || contact.deputy == Some(by);
        if mine && contact.concluded_at.take().is_some() {
            engagement.concluded_at = None;
        }
    }
}

/// The deputy takes the contact's place; whoever has the conflict is out of it, as contact and as deputy.
pub(super) fn step_aside(contact: &mut Contact, by: PersonId) {
    if contact.deputy == Some(by) {
        contact.deputy = None;
    }
    if contact.person == by
        && let Some(deputy) = contact.deputy.take()
    {
        contact.person = deputy;
        contact.acknowledged_at = None;
    }
}
