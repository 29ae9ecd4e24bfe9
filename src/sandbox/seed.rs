//! The guild that a new world starts with. Not used once a world file exists.

use serde::{Deserialize, Serialize};

use super::{
    permissions::{ALL, EVERYONE_DEFAULT},
    world::{
        World,
        journal::Change,
        model::{Channel, Guild, Member, Overwrite, Role, TEXT_CHANNEL, Target, User},
        snowflake::Id,
    },
};

/// GUILD_MEMBERS, GUILD_PRESENCES, MESSAGE_CONTENT: off unless the application's owner turns them on.
pub const PRIVILEGED_INTENTS: u64 = (1 << 1) | (1 << 8) | (1 << 15);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorldSeed {
    pub guild: String,
    /// User name of the member who owns the guild.
    pub owner: String,
    pub bot: BotSeed,
    /// What @everyone may; Discord's default where absent.
    pub everyone: Option<u64>,
    /// Members without a role of their own; those named in `roles` need not be repeated.
    pub members: Vec<String>,
    pub roles: Vec<RoleSeed>,
    pub channels: Vec<ChannelSeed>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BotSeed {
    /// The application's id; the bot user has the same, as with real applications. Must not be 0.
    pub id: u64,
    pub name: String,
    pub token: String,
    /// Permissions of the bot's managed role.
    pub permissions: u64,
    /// Privileged intents that are switched on for the application.
    pub privileged_intents: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoleSeed {
    pub name: String,
    pub permissions: u64,
    pub members: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChannelSeed {
    pub name: String,
    pub topic: Option<String>,
    pub overwrites: Vec<OverwriteSeed>,
}

/// Whom an overwrite of the seed is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum OverwriteFor {
    Everyone,
    Role(String),
    Member(String),
    /// The bot's own member.
    Bot,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OverwriteSeed {
    pub to: OverwriteFor,
    pub allow: u64,
    pub deny: u64,
}

/// Fills a new world. An error names what in the seed refers to nothing.
pub fn plant(world: &mut World, seed: &WorldSeed) -> Result<(), String> {
    if seed.bot.id == 0 {
        return Err("the bot's id must not be 0".to_owned());
    }
    let guild_id = world.new_id();
    let owner_id = world.new_id();
    world.put(Change::User(User {
        id: owner_id,
        username: seed.owner.clone(),
        bot: false,
    }));
    let bot_id = Id(seed.bot.id);
    world.put(Change::User(User {
        id: bot_id,
        username: seed.bot.name.clone(),
        bot: true,
    }));
    world.put(Change::Guild(Guild {
        id: guild_id,
        name: seed.guild.clone(),
        owner_id,
        application_id: bot_id,
        bot_id,
        application_name: seed.bot.name.clone(),
        token: seed.bot.token.clone(),
        privileged_intents: seed.bot.privileged_intents & PRIVILEGED_INTENTS,
    }));
    plant_roles(world, seed, guild_id);
    plant_members(world, seed);
    for (position, channel) in seed.channels.iter().enumerate() {
        plant_channel(world, channel, i64::try_from(position).unwrap_or(0))?;
    }
    Ok(())
}

fn plant_roles(world: &mut World, seed: &WorldSeed, guild_id: Id) {
    let everyone = seed.everyone.unwrap_or(EVERYONE_DEFAULT);
    world.put(Change::Role(role(guild_id, "@everyone", everyone, 0)));
    let mut position = 0;
    for one in &seed.roles {
        position += 1;
        let id = world.new_id();
        world.put(Change::Role(role(id, &one.name, one.permissions, position)));
    }
    let id = world.new_id();
    let mut managed = role(id, &seed.bot.name, seed.bot.permissions & ALL, position + 1);
    managed.managed = true;
    managed.bot_id = Some(Id(seed.bot.id));
    world.put(Change::Role(managed));
}

fn role(id: Id, name: &str, permissions: u64, position: i64) -> Role {
    Role {
        id,
        name: name.to_owned(),
        permissions,
        position,
        color: 0,
        hoist: false,
        mentionable: false,
        managed: false,
        bot_id: None,
    }
}

fn plant_members(world: &mut World, seed: &WorldSeed) {
    let with_roles = seed.roles.iter().flat_map(|role| &role.members);
    let mut names: Vec<&String> = with_roles
        .chain(&seed.members)
        .chain([&seed.owner])
        .collect();
    names.sort();
    names.dedup();
    for name in names {
        let known = world
            .users
            .values()
            .find(|user| user.username == *name)
            .map(|user| user.id);
        let user_id = known.unwrap_or_else(|| world.new_id());
        if known.is_none() {
            world.put(Change::User(User {
                id: user_id,
                username: name.clone(),
                bot: false,
            }));
        }
        let held = seed.roles.iter().filter(|role| role.members.contains(name));
        let roles = held
            .filter_map(|role| world.find_role(&role.name))
            .map(|role| role.id);
        let roles = roles.collect();
        put_member(world, user_id, roles);
    }
    let bot = Id(seed.bot.id);
    let managed = world.roles.values().filter(|role| role.bot_id == Some(bot));
    let managed = managed.map(|role| role.id).collect();
    put_member(world, bot, managed);
}

fn put_member(world: &mut World, user_id: Id, roles: Vec<Id>) {
    let joined_at = world.now();
    world.put(Change::Member(Member {
        user_id,
        roles,
        joined_at,
        nick: None,
        timeout_until: None,
    }));
}

fn plant_channel(world: &mut World, seed: &ChannelSeed, position: i64) -> Result<(), String> {
    let mut overwrites = Vec::new();
    for one in &seed.overwrites {
        let unknown = |name: &str| format!("channel {}: nobody is called {name}", seed.name);
        let (id, target) = match &one.to {
            OverwriteFor::Everyone => (world.everyone(), Target::Role),
            OverwriteFor::Role(name) => (
                world.find_role(name).ok_or_else(|| unknown(name))?.id,
                Target::Role,
            ),
            OverwriteFor::Member(name) => (
                world
                    .find_member(name)
                    .ok_or_else(|| unknown(name))?
                    .user_id,
                Target::Member,
            ),
            OverwriteFor::Bot => (world.bot(), Target::Member),
        };
        overwrites.push(Overwrite {
            id,
            target,
            allow: one.allow,
            deny: one.deny,
        });
    }
    let id = world.new_id();
    world.put_channel(Channel {
        id,
        kind: TEXT_CHANNEL,
        name: seed.name.clone(),
        topic: seed.topic.clone(),
        parent_id: None,
        position,
        nsfw: false,
        slowmode_s: 0,
        overwrites,
        last_message_id: None,
        thread: None,
    });
    Ok(())
}
