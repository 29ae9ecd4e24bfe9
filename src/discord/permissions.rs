//! Discord's permission model over raw bits, as its documentation says it (`topics/permissions`):
//! who can do what in a channel, and who can read it and why. Pure.
//!
//! Bits stay `u64`: serenity's flags drop those that it does not know (from 1 << 51 on), so a set
//! that is read and written back through them would lose permissions.

use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};

pub const ADMINISTRATOR: u64 = 1 << 3;
pub const VIEW_CHANNEL: u64 = 1 << 10;
pub const SEND_MESSAGES: u64 = 1 << 11;
pub const MANAGE_MESSAGES: u64 = 1 << 13;
pub const EMBED_LINKS: u64 = 1 << 14;
pub const ATTACH_FILES: u64 = 1 << 15;
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
pub const MANAGE_THREADS: u64 = 1 << 34;
pub const CREATE_PRIVATE_THREADS: u64 = 1 << 36;
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
/// What the owner and administrators hold: everything, bits of tomorrow included.
pub const ALL: u64 = u64::MAX;

/// A guild as far as permissions need it. Its id is the id of the role @everyone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Guild {
    #[serde(deserialize_with = "number")]
    pub id: u64,
    #[serde(deserialize_with = "number")]
    pub owner_id: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Role {
    #[serde(deserialize_with = "number")]
    pub id: u64,
    #[serde(default)]
    pub name: String,
    #[serde(deserialize_with = "number")]
    pub permissions: u64,
}

/// Whom an overwrite is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Role(u64),
    Member(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "WireOverwrite")]
pub struct Overwrite {
    pub target: Target,
    pub allow: u64,
    pub deny: u64,
}

/// A channel that is no thread. Threads have no overwrites: their parent's count.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Channel {
    #[serde(deserialize_with = "number")]
    pub id: u64,
    #[serde(default, rename = "permission_overwrites")]
    pub overwrites: Vec<Overwrite>,
}

/// A member. `timed_out` is computed by the caller from the member and its clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub user_id: u64,
    pub roles: Vec<u64>,
    pub timed_out: bool,
}

/// One reason why somebody can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    Owner,
    /// Through this role, which carries ADMINISTRATOR.
    Administrator(u64),
    /// An overwrite for the member.
    MemberOverwrite,
    /// An overwrite for this role; the guild's id stands for @everyone.
    RoleOverwrite(u64),
    /// The role itself carries VIEW_CHANNEL and no overwrite takes it away.
    Role(u64),
    /// Added to the private thread.
    ThreadMember,
    /// Reads every private thread of the channel.
    ManageThreads,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    pub user_id: u64,
    pub why: Vec<Why>,
}

/// A role whose bearer can read with it alone. Exact for VIEW_CHANNEL: where no role alone can
/// read, no set of roles can, since role overwrites deny and allow as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleReader {
    pub role_id: u64,
    pub why: Vec<Why>,
}

/// What a member may do in the whole guild, before any channel speaks.
pub fn base_permissions(guild: &Guild, roles: &[Role], member: &Member) -> u64 {
    if member.user_id == guild.owner_id {
        return ALL;
    }
    let held = roles
        .iter()
        .filter(|r| r.id == guild.id || member.roles.contains(&r.id))
        .fold(0, |bits, r| bits | r.permissions);
    if held & ADMINISTRATOR != 0 { ALL } else { held }
}

/// What a member may do in a channel.
pub fn permissions_of(guild: &Guild, roles: &[Role], member: &Member, channel: &Channel) -> u64 {
    let base = base_permissions(guild, roles, member);
    if base == ALL {
        return ALL;
    }
    let mut bits = overwritten(base, guild, member, channel);
    if bits & VIEW_CHANNEL == 0 {
        // Who does not see a channel can do nothing in it.
        return 0;
    }
    if member.timed_out {
        bits &= VIEW_CHANNEL | READ_MESSAGE_HISTORY;
    }
    bits
}

// @everyone, then all roles together, then the member; in each step deny before allow.
fn overwritten(base: u64, guild: &Guild, member: &Member, channel: &Channel) -> u64 {
    let mut bits = base;
    let step = |bits: u64, wanted: &dyn Fn(Target) -> bool| {
        let (allow, deny) = channel
            .overwrites
            .iter()
            .filter(|o| wanted(o.target))
            .fold((0, 0), |(allow, deny), o| (allow | o.allow, deny | o.deny));
        (bits & !deny) | allow
    };
    bits = step(bits, &|t| t == Target::Role(guild.id));
    bits = step(bits, &|t| match t {
        Target::Role(id) => id != guild.id && member.roles.contains(&id),
        Target::Member(_) => false,
    });
    step(bits, &|t| t == Target::Member(member.user_id))
}

/// Everyone among `members` who can read the channel, and why.
pub fn who_can_read(
    guild: &Guild,
    roles: &[Role],
    channel: &Channel,
    members: &[Member],
) -> Vec<Reader> {
    members
        .iter()
        .filter(|m| permissions_of(guild, roles, m, channel) & VIEW_CHANNEL != 0)
        .map(|m| Reader {
            user_id: m.user_id,
            why: reasons(guild, roles, channel, m),
        })
        .collect()
}

/// Everyone among `members` who can read a private thread of `parent`: who was added to it or may
/// manage threads, and sees the parent.
pub fn who_can_read_private_thread(
    guild: &Guild,
    roles: &[Role],
    parent: &Channel,
    members: &[Member],
    added: &BTreeSet<u64>,
) -> Vec<Reader> {
    members
        .iter()
        .filter_map(|m| {
            let bits = permissions_of(guild, roles, m, parent);
            let mut why = Vec::new();
            if m.user_id == guild.owner_id {
                why.push(Why::Owner);
            } else if bits == ALL {
                why.extend(administrators(roles, guild, m));
            } else if bits & MANAGE_THREADS != 0 {
                why.push(Why::ManageThreads);
            }
            if added.contains(&m.user_id) {
                why.push(Why::ThreadMember);
            }
            let reads = bits & VIEW_CHANNEL != 0 && !why.is_empty();
            reads.then_some(Reader {
                user_id: m.user_id,
                why,
            })
        })
        .collect()
}

/// The roles, @everyone first, whose bearers can read the channel by that role alone. Needs no
/// list of members; owner and member overwrites are not in it, see [`overwritten_members`].
pub fn roles_that_can_read(guild: &Guild, roles: &[Role], channel: &Channel) -> Vec<RoleReader> {
    let mut found: Vec<RoleReader> = roles
        .iter()
        .filter_map(|role| {
            // User 0 exists nowhere: no owner, no member overwrite.
            let bearer = Member {
                user_id: 0,
                roles: vec![role.id],
                timed_out: false,
            };
            let reads = permissions_of(guild, roles, &bearer, channel) & VIEW_CHANNEL != 0;
            reads.then(|| RoleReader {
                role_id: role.id,
                why: reasons(guild, roles, channel, &bearer),
            })
        })
        .collect();
    found.sort_by_key(|r| (r.role_id != guild.id, r.role_id));
    found
}

/// The members whom an overwrite of the channel lets read, whatever their roles.
pub fn overwritten_members(channel: &Channel) -> Vec<u64> {
    channel
        .overwrites
        .iter()
        .filter(|o| o.allow & VIEW_CHANNEL != 0)
        .filter_map(|o| match o.target {
            Target::Member(id) => Some(id),
            Target::Role(_) => None,
        })
        .collect()
}

fn administrators(roles: &[Role], guild: &Guild, member: &Member) -> Vec<Why> {
    held(roles, guild, member)
        .filter(|r| r.permissions & ADMINISTRATOR != 0)
        .map(|r| Why::Administrator(r.id))
        .collect()
}

fn held<'a>(
    roles: &'a [Role],
    guild: &'a Guild,
    member: &'a Member,
) -> impl Iterator<Item = &'a Role> {
    roles
        .iter()
        .filter(move |r| r.id == guild.id || member.roles.contains(&r.id))
}

// Every reason that stands by itself: curing the channel means ending each of them.
fn reasons(guild: &Guild, roles: &[Role], channel: &Channel, member: &Member) -> Vec<Why> {
    let mut why = BTreeSet::new();
    if member.user_id == guild.owner_id {
        why.insert(Why::Owner);
    }
    why.extend(administrators(roles, guild, member));
    let by_target: BTreeMap<(bool, u64), Overwrite> = channel
        .overwrites
        .iter()
        .map(|o| (key(o.target), *o))
        .collect();
    let allows = |t: Target| {
        by_target
            .get(&key(t))
            .is_some_and(|o| o.allow & VIEW_CHANNEL != 0)
    };
    if allows(Target::Member(member.user_id)) {
        why.insert(Why::MemberOverwrite);
    }
    let member_denied = by_target
        .get(&key(Target::Member(member.user_id)))
        .is_some_and(|o| o.deny & !o.allow & VIEW_CHANNEL != 0);
    if !member_denied {
        let role_denied = held(roles, guild, member)
            .filter(|r| r.id != guild.id)
            .filter_map(|r| by_target.get(&key(Target::Role(r.id))))
            .any(|o| o.deny & VIEW_CHANNEL != 0);
        for role in held(roles, guild, member) {
            // What @everyone is allowed, a role of theirs may take back.
            let stands = role.id != guild.id || !role_denied;
            if stands && allows(Target::Role(role.id)) {
                why.insert(Why::RoleOverwrite(role.id));
            }
        }
        let without = Channel {
            id: channel.id,
            overwrites: channel
                .overwrites
                .iter()
                .map(|o| Overwrite {
                    allow: o.allow & !VIEW_CHANNEL,
                    ..*o
                })
                .collect(),
        };
        for role in held(roles, guild, member).filter(|r| r.permissions & VIEW_CHANNEL != 0) {
            if overwritten(role.permissions, guild, member, &without) & VIEW_CHANNEL != 0 {
                why.insert(Why::Role(role.id));
            }
        }
    }
    why.into_iter().collect()
}

const fn key(target: Target) -> (bool, u64) {
    match target {
        Target::Role(id) => (false, id),
        Target::Member(id) => (true, id),
    }
}

#[derive(Deserialize)]
struct WireOverwrite {
    #[serde(deserialize_with = "number")]
    id: u64,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default, deserialize_with = "number")]
    allow: u64,
    #[serde(default, deserialize_with = "number")]
    deny: u64,
}

impl From<WireOverwrite> for Overwrite {
    fn from(wire: WireOverwrite) -> Self {
        let target = if wire.kind == 0 {
            Target::Role(wire.id)
        } else {
            Target::Member(wire.id)
        };
        Self {
            target,
            allow: wire.allow,
            deny: wire.deny,
        }
    }
}

// Snowflakes and permission sets travel as strings, some of them also as numbers.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(n) => Ok(n),
        Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests;
