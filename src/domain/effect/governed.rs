//! What events on the side of Governance want done outside.

use super::{Effect, GOVERNANCE, ReachEffect};
use crate::domain::governance::Choice;
use crate::domain::ids::ChannelKey;
use crate::domain::incident::{Governed, Incident};
use crate::domain::playbook::definition::Playbook;
use crate::domain::talk;
use std::collections::BTreeSet;

/// An effect of the side of Governance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GovernanceEffect {
    /// Contacts that were named later are called, and those who are none any more leave the private thread.
    CallContacts {
        engagement: u32,
        channel: ChannelKey,
        number: u64,
    },
    /// What became of it, for the contacts of an engagement.
    PostClosing {
        engagement: u32,
        channel: ChannelKey,
        round: u32,
    },
    /// Those whose word a request waits for are asked, in a channel that they read.
    AskTalk {
        talk: u32,
        channel: ChannelKey,
        times: u32,
        version: u32,
    },
    /// The case's thread hears of one step of the history.
    TellStep { channel: ChannelKey, number: u64 },
    /// Whoever is walled off now leaves the threads.
    KeepOut { channel: ChannelKey, number: u64 },
}

fn governance() -> ChannelKey {
    ChannelKey::new(GOVERNANCE)
}

pub(super) fn of_governed(event: &Governed, after: &Incident, playbook: &Playbook) -> Vec<Effect> {
    match event {
        Governed::SideConcluded { engagement, .. } => {
            answered(after, *engagement, Choice::Conclude)
        }
        Governed::ContinuedAlone { engagement, .. } => {
            answered(after, *engagement, Choice::GoesOnAlone)
        }
        Governed::ContactsNamed { engagement, .. } => {
            let called = Effect::Governance(GovernanceEffect::CallContacts {
                engagement: *engagement,
                channel: governance(),
                number: after.version,
            });
            let told = step(after);
            told.into_iter()
                .chain([called, edited(*engagement)])
                .collect()
        }
        Governed::ItemHeld { .. } | Governed::ItemReleased { .. } => {
            let briefs = after.engagements.iter().map(|e| edited(e.number));
            step(after).into_iter().chain(briefs).collect()
        }
        Governed::LeftUnengaged { .. } => Vec::new(),
        Governed::TalkRequested { number, .. } => asked(after, playbook, *number, 0),
        Governed::TalkReminded { number, times } => asked(after, playbook, *number, *times),
        Governed::TalkDecided { number, .. } => {
            let found = after.talks.iter().find(|t| t.number == *number);
            // Other words need the word of those who had agreed to the former ones.
            let again = found.filter(|t| {
                t.standing() == talk::Standing::Waiting
                    && t.words.last().is_some_and(|w| w.version > 1)
            });
            let asked = again.map_or_else(Vec::new, |_| asked(after, playbook, *number, 0));
            step(after).into_iter().chain(asked).collect()
        }
        Governed::KeptOut { .. } => moved(after),
    }
}

/// The case hears of an answer, and the brief shows it; a conflict of interest moves what the contact could read.
pub(super) fn answered(after: &Incident, engagement: u32, choice: Choice) -> Vec<Effect> {
    let found = after.engagements.iter().find(|e| e.number == engagement);
    let number = found.map_or(0, |e| e.decisions.len());
    let told = after.current_visit().map(|(_, visit)| Effect::TellCase {
        engagement,
        channel: visit.channel.clone(),
        number,
    });
    let mut wanted: Vec<Effect> = told.into_iter().collect();
    if choice == Choice::Conflict {
        wanted.push(Effect::Reach(ReachEffect::CallDeputy {
            engagement,
            channel: governance(),
            number,
        }));
        // The deputy is called by name already; on the other engagements whoever takes the place is.
        let called = |one: &Effect| matches!(one, Effect::Governance(GovernanceEffect::CallContacts { engagement: mine, .. }) if *mine == engagement);
        wanted.extend(moved(after).into_iter().filter(|one| !called(one)));
    } else {
        wanted.push(edited(engagement));
    }
    wanted
}

fn edited(engagement: u32) -> Effect {
    Effect::EditBrief {
        engagement,
        channel: governance(),
    }
}

fn step(after: &Incident) -> Option<Effect> {
    after.current_visit().map(|(_, visit)| {
        Effect::Governance(GovernanceEffect::TellStep {
            channel: visit.channel.clone(),
            number: after.version,
        })
    })
}

/// Somebody is walled off now: they leave the threads, briefs go where they may stand, whoever is named instead is called.
pub(super) fn moved(after: &Incident) -> Vec<Effect> {
    let number = after.version;
    let mut wanted: Vec<Effect> = after
        .current_visit()
        .map(|(_, visit)| {
            Effect::Governance(GovernanceEffect::KeepOut {
                channel: visit.channel.clone(),
                number,
            })
        })
        .into_iter()
        .collect();
    for engagement in &after.engagements {
        wanted.push(Effect::Governance(GovernanceEffect::CallContacts {
            engagement: engagement.number,
            channel: governance(),
            number,
        }));
        wanted.push(edited(engagement.number));
    }
    wanted
}

/// The contacts of each engagement hear what became of it.
pub(super) fn closing(after: &Incident) -> Vec<Effect> {
    let each = after.engagements.iter().map(|e| {
        Effect::Governance(GovernanceEffect::PostClosing {
            engagement: e.number,
            channel: governance(),
            round: after.reopened,
        })
    });
    each.collect()
}

/// The channels in which those whose word is missing read: the restricted one for Governance, their stage's for a team.
fn asked(after: &Incident, playbook: &Playbook, number: u32, times: u32) -> Vec<Effect> {
    let Some(talk) = after.talks.iter().find(|t| t.number == number) else {
        return Vec::new();
    };
    let mut channels = BTreeSet::new();
    for side in talk.pending() {
        if talk::GOVERNANCE.contains(&side) {
            channels.insert(governance());
        } else {
            let stages = playbook.stages.iter().filter(|stage| stage.role == side);
            channels.extend(stages.map(|stage| stage.channel.clone()));
        }
    }
    let each = channels.into_iter().map(|channel| {
        Effect::Governance(GovernanceEffect::AskTalk {
            talk: number,
            channel,
            times,
            version: talk.version,
        })
    });
    each.collect()
}
