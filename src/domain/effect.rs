//! What events want done outside: imperative, delivered later from the outbox, rendered from the state of that moment.

use super::ids::{ChannelKey, PersonId};
use super::incident::{Dismissal, Event, Governed, Incident, Phase, ReachEvent};
use super::playbook::definition::Playbook;
use super::reach::{Told, Waits};
use std::collections::BTreeSet;

/// The restricted channel where Governance is notified.
pub const GOVERNANCE: &str = "governance";
/// The channel of managers and auditors; a duty manager is told in a private thread of it.
pub const AUDIT: &str = "audit";

mod governed;
pub use governed::GovernanceEffect;
use governed::{answered, closing, moved, of_governed};

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
    /// Nobody looked again in time: said once more where it was dismissed.
    RemindLook {
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
    /// What happens on the side of Governance, told where it belongs.
    Governance(GovernanceEffect),
    /// The other tiers hear that something changed: id, severity, no more.
    PostStatus { channel: ChannelKey, number: u64 },
    /// The incident's private thread, with those on the case.
    OpenThread { channel: ChannelKey },
    /// Somebody in particular is reached.
    Reach(ReachEffect),
}

/// Effects that reach one person, or say that nobody can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReachEffect {
    /// Whoever holds it is mentioned in the stage's channel.
    RemindHolder {
        visit: usize,
        channel: ChannelKey,
        times: u32,
    },
    /// Whoever held it hears that they hold it no more.
    TellReleased {
        visit: usize,
        channel: ChannelKey,
        holder: PersonId,
        number: u64,
    },
    /// The duty manager hears what waits, in a thread of their own.
    TellManager {
        channel: ChannelKey,
        about: Waits,
        person: PersonId,
        times: u32,
    },
    /// No duty manager can be reached: said without the incident.
    SayNobody {
        channel: ChannelKey,
        about: Waits,
        times: u32,
    },
    /// The deputy took the contact's place and is mentioned.
    CallDeputy {
        engagement: u32,
        channel: ChannelKey,
        number: usize,
    },
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
            Event::AlertAttached { .. }
            | Event::AlertRepeated { .. }
            | Event::Claimed
            | Event::Proposed { .. }
            | Event::Agreed { .. }
            | Event::Refused { .. }
            | Event::ContainmentProposed { .. }
            | Event::ContainmentAuthorised { .. }
            | Event::ContainmentReported { .. }
            | Event::GateOverridden { .. }
            | Event::Linked { .. }
            | Event::SplitOff { .. }
            | Event::SplitFrom { .. } => edits = true,
            Event::Engaged { number, .. } => {
                let channel = ChannelKey::new(GOVERNANCE);
                posts.push(Effect::PostBrief {
                    engagement: *number,
                    channel,
                });
                edits = true;
            }
            Event::Answered { engagement, choice } => {
                posts.extend(answered(after, *engagement, *choice));
                edits = true;
            }
            Event::Governed(governed) => {
                posts.extend(of_governed(governed, after, playbook));
                edits |= !matches!(governed, Governed::LeftUnengaged { .. });
            }
            Event::StatusSet { .. } => {
                posts.extend(statuses(after, playbook));
                edits = true;
            }
            Event::Dismissal(event) => posts.extend(around_dismissal(event, after)),
            Event::Reach(event) => {
                edits |= !matches!(
                    event,
                    ReachEvent::Said {
                        told: Told::NotYet,
                        ..
                    }
                );
                posts.extend(reached(event, after));
            }
            Event::Ended { .. } => {
                posts.extend(closing(after));
                edits = true;
            }
            // The last two are of earlier versions.
            Event::Noted { .. } | Event::Raised { .. } | Event::Reminded { .. } => {}
        }
    }
    if edits {
        posts.extend(edits_of(after, &posts.clone()));
    }
    posts
}

fn around_dismissal(event: &Dismissal, after: &Incident) -> Option<Effect> {
    let Dismissal::LookReminded { times } = event else {
        return None;
    };
    let (visit, stay) = after.current_visit()?;
    Some(Effect::RemindLook {
        visit,
        channel: stay.channel.clone(),
        times: *times,
    })
}

/// Whom a word reaches: those who can act, and in their turn the duty manager.
fn reached(event: &ReachEvent, after: &Incident) -> Vec<Effect> {
    let Some((index, visit)) = after.current_visit() else {
        return Vec::new();
    };
    let channel = visit.channel.clone();
    match event {
        ReachEvent::Said {
            about, times, told, ..
        } => {
            let times = *times;
            let word = match about {
                Waits::Take => Effect::Remind {
                    visit: index,
                    channel,
                    times,
                },
                Waits::Idle => Effect::Reach(ReachEffect::RemindHolder {
                    visit: index,
                    channel,
                    times,
                }),
                Waits::Acknowledge(engagement) => Effect::RemindBrief {
                    engagement: *engagement,
                    channel: ChannelKey::new(GOVERNANCE),
                    times,
                },
            };
            let (about, channel) = (*about, ChannelKey::new(AUDIT));
            let manager = match told {
                Told::NotYet => None,
                Told::Manager(person) => Some(ReachEffect::TellManager {
                    channel,
                    about,
                    person: *person,
                    times,
                }),
                Told::Nobody => Some(ReachEffect::SayNobody {
                    channel,
                    about,
                    times,
                }),
            };
            [word]
                .into_iter()
                .chain(manager.map(Effect::Reach))
                .collect()
        }
        ReachEvent::Released { holder } => vec![Effect::Reach(ReachEffect::TellReleased {
            visit: index,
            channel,
            holder: *holder,
            number: after.version,
        })],
        ReachEvent::Snoozed { .. } | ReachEvent::SnoozeEnded => Vec::new(),
    }
}

/// After a wall was found: who is behind it leaves the threads, cards and briefs go where they may stand.
pub fn of_wall(after: &Incident) -> Vec<Effect> {
    let mut wanted = moved(after);
    wanted.extend(edits_of(after, &[]));
    wanted
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

/// One word for each other tier.
fn statuses(after: &Incident, playbook: &Playbook) -> impl Iterator<Item = Effect> {
    let number = after.version;
    other_channels(after, playbook).map(move |channel| Effect::PostStatus { channel, number })
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
