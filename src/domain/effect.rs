//! What events want done outside: imperative, delivered later from the outbox, rendered from the state of that moment.

use super::ids::ChannelKey;
use super::incident::{Event, Incident, Phase};
use super::playbook::definition::Playbook;
use std::collections::BTreeSet;

/// The restricted channel where Governance is notified.
pub const GOVERNANCE: &str = "governance";

/// One intended effect on one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A new card for one stay at a stage.
    PostCard { visit: usize, channel: ChannelKey },
    /// A card that stands already shows the present state.
    EditCard { visit: usize, channel: ChannelKey },
    /// Nobody took it in time: said once more in the stage's channel.
    Remind {
        visit: usize,
        channel: ChannelKey,
        times: u32,
    },
    /// The brief of an engagement, on the restricted channel.
    PostBrief {
        engagement: u32,
        channel: ChannelKey,
    },
    /// The brief as it stands now, with what was answered.
    EditBrief {
        engagement: u32,
        channel: ChannelKey,
    },
    /// The case's thread hears that Governance answered.
    TellCase {
        engagement: u32,
        channel: ChannelKey,
        number: usize,
    },
    /// Those who have not read a brief are mentioned once more.
    RemindBrief {
        engagement: u32,
        channel: ChannelKey,
        times: u32,
    },
    /// The other tiers hear that something changed: id, severity, no more.
    PostStatus { channel: ChannelKey, number: u64 },
    /// The incident's private thread, with those on the case.
    OpenThread { channel: ChannelKey },
}

/// What the events, which led to `after`, want done. New posts stand before edits.
pub fn of(events: &[Event], after: &Incident, playbook: &Playbook) -> Vec<Effect> {
    let mut posts = Vec::new();
    let mut edits = false;
    for event in events {
        match event {
            Event::Opened { .. }
            | Event::Offered { .. }
            | Event::Returned { .. }
            | Event::Reopened { .. }
            | Event::Routed { .. } => {
                posts.extend(post_of_last_visit(after));
                edits = true;
            }
            Event::Accepted { .. } => {
                posts.extend(thread(after, playbook));
                edits = true;
            }
            Event::Raised { times } => {
                let visit = after.current_visit();
                posts.extend(visit.map(|(index, visit)| Effect::Remind {
                    visit: index,
                    channel: visit.channel.clone(),
                    times: *times,
                }));
            }
            Event::AlertAttached { .. }
            | Event::AlertRepeated { .. }
            | Event::Claimed
            | Event::Ended { .. }
            | Event::Proposed { .. }
            | Event::Agreed { .. }
            | Event::Refused { .. }
            | Event::ContainmentProposed { .. }
            | Event::ContainmentAuthorised { .. }
            | Event::ContainmentReported { .. }
            | Event::GateOverridden { .. } => edits = true,
            Event::Engaged { number, .. } => {
                let channel = ChannelKey::new(GOVERNANCE);
                posts.push(Effect::PostBrief {
                    engagement: *number,
                    channel,
                });
                edits = true;
            }
            Event::Answered { engagement, .. } => {
                let channel = ChannelKey::new(GOVERNANCE);
                let told = after.engagements.iter().find(|e| e.number == *engagement);
                let number = told.map_or(0, |e| e.decisions.len());
                posts.extend(after.current_visit().map(|(_, visit)| Effect::TellCase {
                    engagement: *engagement,
                    channel: visit.channel.clone(),
                    number,
                }));
                posts.push(Effect::EditBrief {
                    engagement: *engagement,
                    channel,
                });
                edits = true;
            }
            Event::Reminded { engagement, times } => posts.push(Effect::RemindBrief {
                engagement: *engagement,
                channel: ChannelKey::new(GOVERNANCE),
                times: *times,
            }),
            Event::StatusSet { .. } => {
                posts.extend(
                    other_channels(after, playbook).map(|channel| Effect::PostStatus {
                        channel,
                        number: after.version,
                    }),
                );
                edits = true;
            }
            Event::Noted { .. } => {}
        }
    }
    if edits {
        posts.extend(edits_of(after, &posts.clone()));
    }
    posts
}

fn post_of_last_visit(after: &Incident) -> Option<Effect> {
    after
        .current_visit()
        .map(|(index, visit)| Effect::PostCard {
            visit: index,
            channel: visit.channel.clone(),
        })
}

fn thread(after: &Incident, playbook: &Playbook) -> Option<Effect> {
    let stage = playbook.stage(&after.stage)?;
    let held = matches!(after.phase, Phase::Open { holder: Some(_) });
    (stage.thread && held).then(|| Effect::OpenThread {
        channel: stage.channel.clone(),
    })
}

/// Every card that stands, but for those that are about to be posted with the same contents.
fn edits_of(after: &Incident, posts: &[Effect]) -> Vec<Effect> {
    let fresh = |index: usize| {
        posts
            .iter()
            .any(|p| matches!(p, Effect::PostCard { visit, .. } if *visit == index))
    };
    let visits = after
        .visits
        .iter()
        .enumerate()
        .filter(|(index, _)| !fresh(*index));
    visits
        .map(|(index, visit)| Effect::EditCard {
            visit: index,
            channel: visit.channel.clone(),
        })
        .collect()
}

/// The channels of the playbook's other stages, each once.
fn other_channels(after: &Incident, playbook: &Playbook) -> impl Iterator<Item = ChannelKey> {
    let here = playbook
        .stage(&after.stage)
        .map(|stage| stage.channel.clone());
    let channels: BTreeSet<ChannelKey> = playbook
        .stages
        .iter()
        .map(|stage| stage.channel.clone())
        .collect();
    channels
        .into_iter()
        .filter(move |channel| here.as_ref() != Some(channel))
}
