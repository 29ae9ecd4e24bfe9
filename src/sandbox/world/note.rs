//! What has just changed, for those who watch the world. Carries ids only: each watcher reads what
//! it may see. No wire format, no permissions.

use tokio::sync::broadcast;

use super::{
    State,
    journal::Change,
    model::{Channel, Thread},
    snowflake::Id,
};

/// Watchers that fall further behind are told to read everything again.
const KEPT: usize = 1_024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// A message in a channel is new or changed.
    Message(Id, Id),
    MessageGone {
        channel: Id,
        id: Id,
        /// Set where only one member had seen it.
        only_for: Option<Id>,
    },
    /// Channels, threads, roles, members or commands.
    Guild,
    Clock,
}

/// Everyone who watches.
#[derive(Debug)]
pub struct Watchers(broadcast::Sender<Note>);

impl Default for Watchers {
    fn default() -> Self {
        Self(broadcast::channel(KEPT).0)
    }
}

impl Watchers {
    pub fn join(&self) -> broadcast::Receiver<Note> {
        self.0.subscribe()
    }

    pub fn tell(&self, note: Note) {
        // Nobody watching is no fault.
        self.0.send(note).map(drop).unwrap_or_default();
    }
}

/// What watchers hear of a change that is about to be applied.
pub fn of(state: &State, change: &Change) -> Option<Note> {
    match change {
        Change::Message(row) => Some(Note::Message(row.channel_id, row.id)),
        Change::MessageGone(channel, id) => {
            let row = state.messages.get(channel).and_then(|of| of.get(id));
            Some(Note::MessageGone {
                channel: *channel,
                id: *id,
                only_for: row?.only_for,
            })
        }
        Change::Channel(row) => {
            let known = state.channels.get(&row.id);
            known
                .is_none_or(|known| place(known) != place(row))
                .then_some(Note::Guild)
        }
        Change::Guild(_)
        | Change::User(_)
        | Change::Member(_)
        | Change::Role(_)
        | Change::RoleGone(_)
        | Change::ChannelGone(_)
        | Change::Command(_)
        | Change::CommandGone(_) => Some(Note::Guild),
        Change::Interaction(_)
        | Change::Modal(_)
        | Change::ModalGone(_)
        | Change::File(_)
        | Change::FileGone(_) => None,
    }
}

/// A channel without what each message in it changes.
fn place(row: &Channel) -> Channel {
    let thread = row.thread.clone().map(|thread| Thread {
        active_at: thread.created_at,
        message_count: 0,
        ..thread
    });
    Channel {
        last_message_id: None,
        thread,
        ..row.clone()
    }
}
