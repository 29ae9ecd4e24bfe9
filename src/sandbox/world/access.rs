//! Who may do what in the world: gathers the rows and asks `permissions`. Decides nothing itself
//! but what concerns threads.

use super::{
    World,
    model::{Channel, PRIVATE_THREAD, Role, Target},
    snowflake::Id,
};
use crate::sandbox::permissions::{self as perms, Question, Sides};

impl World {
    fn question(&self, user: Id) -> Option<Question> {
        let member = self.members.get(&user)?;
        let roles = member.roles.iter().filter_map(|id| self.roles.get(id));
        Some(Question {
            owner: self.guild().owner_id == user,
            everyone: self
                .roles
                .get(&self.everyone())
                .map_or(0, |role| role.permissions),
            roles: roles.map(|role| role.permissions).collect(),
            timed_out: member.timeout_until.is_some_and(|until| until > self.now()),
            ..Question::default()
        })
    }

    /// Guild-wide permissions; none for who is no member.
    pub fn guild_permissions(&self, user: Id) -> u64 {
        self.question(user)
            .map_or(0, |question| perms::base(&question))
    }

    /// Permissions in a channel, or for a thread those that its parent gives.
    pub fn channel_permissions(&self, user: Id, channel: &Channel) -> u64 {
        let Some(mut question) = self.question(user) else {
            return 0;
        };
        let roles = self
            .members
            .get(&user)
            .map(|member| member.roles.clone())
            .unwrap_or_default();
        let parent = channel.thread.as_ref().and(channel.parent_id);
        let place = parent
            .and_then(|id| self.channels.get(&id))
            .unwrap_or(channel);
        for overwrite in &place.overwrites {
            let sides = Sides {
                allow: overwrite.allow,
                deny: overwrite.deny,
            };
            match overwrite.target {
                Target::Role if overwrite.id == self.everyone() => {
                    question.everyone_overwrite = sides;
                }
                Target::Role if roles.contains(&overwrite.id) => {
                    question.role_overwrites.push(sides);
                }
                Target::Member if overwrite.id == user => question.member_overwrite = sides,
                Target::Role | Target::Member => {}
            }
        }
        perms::in_channel(&question)
    }

    pub fn can(&self, user: Id, channel: &Channel, bits: u64) -> bool {
        self.can_see(user, channel) && self.channel_permissions(user, channel) & bits == bits
    }

    /// A private thread is seen by its members and by those who manage threads.
    pub fn can_see(&self, user: Id, channel: &Channel) -> bool {
        let bits = self.channel_permissions(user, channel);
        if bits & perms::VIEW_CHANNEL == 0 {
            return false;
        }
        let Some(thread) = channel
            .thread
            .as_ref()
            .filter(|_| channel.kind == PRIVATE_THREAD)
        else {
            return true;
        };
        bits & perms::MANAGE_THREADS != 0 || thread.members.iter().any(|one| one.user_id == user)
    }

    pub fn can_write(&self, user: Id, channel: &Channel) -> bool {
        let Some(thread) = &channel.thread else {
            return self.can(user, channel, perms::SEND_MESSAGES);
        };
        self.can(user, channel, perms::SEND_MESSAGES_IN_THREADS)
            && (!thread.locked || self.can(user, channel, perms::MANAGE_THREADS))
    }

    /// The position of the member's highest role; the owner stands above all.
    pub fn rank(&self, user: Id) -> i64 {
        if self.guild().owner_id == user {
            return i64::MAX;
        }
        let roles = self
            .members
            .get(&user)
            .into_iter()
            .flat_map(|member| &member.roles);
        roles
            .filter_map(|id| self.roles.get(id))
            .map(|role| role.position)
            .max()
            .unwrap_or(0)
    }

    /// Whether the member may change or hand out that role.
    pub fn outranks(&self, user: Id, role: &Role) -> bool {
        self.rank(user) > role.position
    }
}
