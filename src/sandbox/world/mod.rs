//! The guild as it stands, and the one way to change it: a `Change`, journaled, then applied.
//! No wire format, no permissions.

pub mod access;
pub mod journal;
pub mod model;
pub mod note;
pub mod snowflake;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io,
    path::Path,
    sync::Arc,
};

use chrono::{DateTime, Utc};

use self::{
    journal::{Change, Journal},
    model::{Channel, Command, Guild, Interaction, Member, Message, Modal, Role, StoredFile, User},
    note::Watchers,
    snowflake::{Id, Snowflakes},
};
use super::clock::Clock;

/// A token lives 15 minutes; this many interactions in that time would be another program's load.
const INTERACTIONS_KEPT: usize = 10_000;

/// Everything that is kept.
#[derive(Debug, Default)]
pub struct State {
    guild: Option<Guild>,
    pub users: BTreeMap<Id, User>,
    pub members: BTreeMap<Id, Member>,
    pub roles: BTreeMap<Id, Role>,
    pub channels: BTreeMap<Id, Channel>,
    /// When a thread falls idle if nothing more is written in it, the first first.
    pub idle: BTreeSet<(DateTime<Utc>, Id)>,
    pub messages: HashMap<Id, BTreeMap<Id, Message>>,
    pub interactions: BTreeMap<Id, Interaction>,
    pub tokens: HashMap<String, Id>,
    pub modals: BTreeMap<Id, Modal>,
    pub commands: BTreeMap<Id, Command>,
    pub files: BTreeMap<Id, StoredFile>,
}

impl State {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Guild(row) => self.guild = Some(row),
            Change::User(row) => drop(self.users.insert(row.id, row)),
            Change::Member(row) => drop(self.members.insert(row.user_id, row)),
            Change::Role(row) => drop(self.roles.insert(row.id, row)),
            Change::RoleGone(id) => drop(self.roles.remove(&id)),
            Change::Channel(row) => {
                self.unlist_idle(row.id);
                self.idle.extend(row.idle_from().map(|at| (at, row.id)));
                self.channels.insert(row.id, *row);
            }
            Change::ChannelGone(id) => {
                self.unlist_idle(id);
                self.channels.remove(&id);
                self.messages.remove(&id);
            }
            Change::Message(row) => {
                self.messages
                    .entry(row.channel_id)
                    .or_default()
                    .insert(row.id, *row);
            }
            Change::MessageGone(channel, id) => {
                if let Some(messages) = self.messages.get_mut(&channel) {
                    messages.remove(&id);
                }
            }
            Change::Interaction(row) => {
                self.tokens.insert(row.token.clone(), row.id);
                self.interactions.insert(row.id, row);
                while self.interactions.len() > INTERACTIONS_KEPT {
                    let oldest = self.interactions.pop_first();
                    oldest.and_then(|(_, row)| self.tokens.remove(&row.token));
                }
            }
            Change::Modal(row) => drop(self.modals.insert(row.id, row)),
            Change::ModalGone(id) => drop(self.modals.remove(&id)),
            Change::Command(row) => drop(self.commands.insert(row.id, row)),
            Change::CommandGone(id) => drop(self.commands.remove(&id)),
            Change::File(row) => drop(self.files.insert(row.id, row)),
            Change::FileGone(id) => drop(self.files.remove(&id)),
        }
    }

    fn unlist_idle(&mut self, id: Id) {
        let from = self.channels.get(&id).and_then(Channel::idle_from);
        from.map(|at| self.idle.remove(&(at, id)));
    }

    fn rows(&self) -> Vec<Change> {
        let mut rows: Vec<Change> = self.guild.iter().cloned().map(Change::Guild).collect();
        rows.extend(self.users.values().cloned().map(Change::User));
        rows.extend(self.members.values().cloned().map(Change::Member));
        rows.extend(self.roles.values().cloned().map(Change::Role));
        rows.extend(
            self.channels
                .values()
                .cloned()
                .map(|row| Change::Channel(Box::new(row))),
        );
        let messages = self.messages.values().flat_map(BTreeMap::values).cloned();
        rows.extend(messages.map(|row| Change::Message(Box::new(row))));
        rows.extend(self.interactions.values().cloned().map(Change::Interaction));
        rows.extend(self.modals.values().cloned().map(Change::Modal));
        rows.extend(self.commands.values().cloned().map(Change::Command));
        rows.extend(self.files.values().cloned().map(Change::File));
        rows
    }

    fn ids(&self) -> impl Iterator<Item = Id> {
        let messages = self.messages.values().flat_map(|of| of.keys().copied());
        (self.users.keys().copied())
            .chain(self.roles.keys().copied())
            .chain(self.channels.keys().copied())
            .chain(messages)
            .chain(self.interactions.keys().copied())
            .chain(self.modals.keys().copied())
            .chain(self.commands.values().map(|row| row.version.max(row.id)))
            .chain(self.files.keys().copied())
    }
}

/// The state, its file and its clock.
pub struct World {
    state: State,
    journal: Option<Journal>,
    flakes: Snowflakes,
    pub clock: Arc<dyn Clock>,
    /// A change could not be written: nothing more may be answered as done.
    pub failed: bool,
    pub watchers: Watchers,
}

impl std::ops::Deref for World {
    type Target = State;
    fn deref(&self) -> &State {
        &self.state
    }
}

impl World {
    pub fn open(path: Option<&Path>, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let mut state = State::default();
        let mut flakes = Snowflakes::default();
        let mut journal = None;
        if let Some(path) = path {
            let (mut file, changes) = Journal::open(path)?;
            for change in changes {
                state.apply(change);
            }
            state.ids().for_each(|id| flakes.seen(id));
            file.compact(&state.rows())?;
            journal = Some(file);
        }
        Ok(Self {
            state,
            journal,
            flakes,
            clock,
            failed: false,
            watchers: Watchers::default(),
        })
    }

    pub fn is_new(&self) -> bool {
        self.state.guild.is_none()
    }

    /// Writes the change to the file, then lets it take effect.
    pub fn put(&mut self, change: Change) {
        if let Some(Err(error)) = self.journal.as_mut().map(|journal| journal.append(&change)) {
            tracing::error!(%error, "the sandbox's world could not be written");
            self.failed = true;
        }
        let note = note::of(&self.state, &change);
        self.state.apply(change);
        if let Some(note) = note {
            self.watchers.tell(note);
        }
    }

    pub fn put_message(&mut self, message: Message) {
        self.put(Change::Message(Box::new(message)));
    }

    pub fn put_channel(&mut self, channel: Channel) {
        self.put(Change::Channel(Box::new(channel)));
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn new_id(&mut self) -> Id {
        self.flakes.next(self.clock.now())
    }

    /// # Panics
    /// In a world that was not seeded; none is served before that.
    #[expect(
        clippy::expect_used,
        reason = "a sandbox is only reachable once its guild was seeded"
    )]
    pub fn guild(&self) -> &Guild {
        self.state.guild.as_ref().expect("the seed made a guild")
    }

    pub fn bot(&self) -> Id {
        self.guild().bot_id
    }

    /// The role that everyone has carries the guild's id.
    pub fn everyone(&self) -> Id {
        self.guild().id
    }

    pub fn message(&self, channel: Id, id: Id) -> Option<&Message> {
        self.messages.get(&channel)?.get(&id)
    }

    /// A message whose channel is not known to the caller.
    pub fn find_message(&self, id: Id) -> Option<&Message> {
        self.messages.values().find_map(|of| of.get(&id))
    }

    /// A member by id or user name.
    pub fn find_member(&self, key: &str) -> Option<&Member> {
        let id = self
            .users
            .values()
            .find(|user| user.username == key)
            .map(|user| user.id);
        self.members.get(&id.or_else(|| key.parse().ok())?)
    }

    /// A channel or thread by id or name.
    pub fn find_channel(&self, key: &str) -> Option<&Channel> {
        let named = self.channels.values().find(|channel| channel.name == key);
        named.or_else(|| self.channels.get(&key.parse().ok()?))
    }

    /// A role by id or name.
    pub fn find_role(&self, key: &str) -> Option<&Role> {
        let named = self.roles.values().find(|role| role.name == key);
        named.or_else(|| self.roles.get(&key.parse().ok()?))
    }

    pub fn interaction_by_token(&self, token: &str) -> Option<&Interaction> {
        self.interactions.get(self.tokens.get(token)?)
    }
}
