//! Where a post about an incident may go: the one answer for every way out to Discord.

use super::ids::ChannelKey;
use super::ids::PersonId;
use super::incident::Incident;
use super::policy::Walls;
use std::collections::BTreeSet;

/// The channel for what nobody walled may see.
pub const SEALED: &str = "sealed";

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// The channel that was meant.
    Channel(ChannelKey),
    /// A private thread of the sealed channel, with these members, under an opaque reference.
    SealedThread { members: BTreeSet<PersonId> },
}

/// `readers` are the persons known to read the wanted channel; `cleared` those of the stage who are not walled.
pub fn of(
    incident: &Incident,
    wanted: &ChannelKey,
    readers: &BTreeSet<PersonId>,
    walls: &Walls,
) -> Placement {
    let walled_reader = readers.iter().any(|reader| walls.contains(reader));
    if incident.sealed || walled_reader {
        let members = readers.difference(walls).copied().collect();
        return Placement::SealedThread { members };
    }
    Placement::Channel(wanted.clone())
}

/// Whether a brief goes to a private thread, and only its id to the restricted channel: where misconduct is named, or
/// a wall touches a reader of that channel.
pub const fn brief_is_private(names_misconduct: bool, wall_touches_reader: bool) -> bool {
    names_misconduct || wall_touches_reader
}
