//! Who may do what in thousands of random guilds: the sandbox, the bot's own computation and
//! discord.js must answer the same.

use std::{collections::BTreeSet, path::Path, process::Command, sync::Arc};

use baton::{
    discord::permissions as ours,
    sandbox::{
        FrozenClock,
        permissions::{ADMINISTRATOR, ALL, MANAGE_THREADS, VIEW_CHANNEL},
        world::{World, journal::Change, model, snowflake::Id},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};

const GUILD: u64 = 1_000;
const ROLES: u64 = 1_001;
const MEMBERS: u64 = 2_000;
const CHANNELS: u64 = 3_000;
const THREAD: u64 = 4_000;
/// The batch for discord.js is the same each time.
const SEED: [u8; 32] = *b"the same two thousand guilds, 01";
const BATCH: usize = 2_000;

#[derive(Clone, Debug)]
struct Case {
    everyone: u64,
    roles: Vec<u64>,
    /// The roles by their place in `roles`, and whether in timeout. The first member owns the guild.
    members: Vec<(Vec<usize>, bool)>,
    /// Overwrites: for the n-th of @everyone, roles, members.
    channels: Vec<Vec<(usize, u64, u64)>>,
    /// A private thread in the first channel, with the members added to it.
    added: Vec<usize>,
}

/// Sets in which ADMINISTRATOR is seldom and the bits that decide most are often.
fn bits() -> impl Strategy<Value = u64> {
    let plain = (any::<u64>(), any::<u64>()).prop_map(|(a, b)| a & b & ALL & !ADMINISTRATOR);
    prop_oneof![
        6 => plain,
        4 => Just(VIEW_CHANNEL),
        3 => Just(0),
        2 => Just(VIEW_CHANNEL | MANAGE_THREADS),
        1 => Just(ADMINISTRATOR),
        1 => Just(ALL & !ADMINISTRATOR),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let role = 0..6_usize;
    let members = prop::collection::vec(
        (prop::collection::vec(role, 0..4), prop::bool::weighted(0.2)),
        1..6,
    );
    let overwrite = (0..12_usize, bits(), bits());
    let channels = prop::collection::vec(prop::collection::vec(overwrite, 0..6), 1..4);
    let roles = prop::collection::vec(bits(), 6);
    let added = prop::collection::vec(0..6_usize, 0..3);
    (bits(), roles, members, channels, added).prop_map(
        |(everyone, roles, members, channels, added)| Case {
            everyone,
            roles,
            members,
            channels,
            added,
        },
    )
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

impl Case {
    fn member_ids(&self) -> impl Iterator<Item = u64> + use<> {
        (0..self.members.len()).map(|n| MEMBERS + n as u64)
    }

    fn roles_of(&self, member: usize) -> Vec<u64> {
        let places: BTreeSet<usize> = self.members[member].0.iter().copied().collect();
        places.into_iter().map(|n| ROLES + n as u64).collect()
    }

    /// One overwrite for each target, as Discord keeps them; id, whether of a member, allow, deny.
    fn overwrites(&self, channel: usize) -> Vec<(u64, bool, u64, u64)> {
        let mut seen = BTreeSet::new();
        let list = self.channels[channel].iter();
        list.filter(|(target, _, _)| seen.insert(*target))
            .map(|(target, allow, deny)| match *target {
                0 => (GUILD, false, *allow, deny & !allow),
                n @ 1..=6 => (ROLES + n as u64 - 1, false, *allow, deny & !allow),
                n => (MEMBERS + n as u64 - 7, true, *allow, deny & !allow),
            })
            .collect()
    }

    fn added_ids(&self) -> BTreeSet<u64> {
        let members = self.added.iter().filter(|n| **n < self.members.len());
        members.map(|n| MEMBERS + *n as u64).collect()
    }

    /// Every place with its id.
    fn places(&self) -> impl Iterator<Item = u64> + use<> {
        (0..self.channels.len())
            .map(|n| CHANNELS + n as u64)
            .chain([THREAD])
    }
}

/// The sandbox's world of this guild.
fn world(case: &Case) -> World {
    let mut world = World::open(None, Arc::new(FrozenClock::at(now()))).unwrap();
    world.put(Change::Guild(model::Guild {
        id: Id(GUILD),
        name: "g".to_owned(),
        owner_id: Id(MEMBERS),
        application_id: Id(9),
        bot_id: Id(9),
        application_name: "b".to_owned(),
        token: "t".to_owned(),
        privileged_intents: 0,
    }));
    let all = [case.everyone]
        .into_iter()
        .chain(case.roles.iter().copied());
    for (n, permissions) in all.enumerate() {
        world.put(Change::Role(model::Role {
            id: Id(GUILD + n as u64),
            name: format!("r{n}"),
            permissions,
            position: i64::try_from(n).unwrap(),
            color: 0,
            hoist: false,
            mentionable: false,
            managed: false,
            bot_id: None,
        }));
    }
    for (n, id) in case.member_ids().enumerate() {
        let until = now() + TimeDelta::hours(1);
        world.put(Change::Member(model::Member {
            user_id: Id(id),
            roles: case.roles_of(n).into_iter().map(Id).collect(),
            joined_at: now(),
            nick: None,
            timeout_until: case.members[n].1.then_some(until),
        }));
    }
    for n in 0..case.channels.len() {
        let overwrites = case.overwrites(n).into_iter();
        let overwrites = overwrites.map(|(id, of_member, allow, deny)| model::Overwrite {
            id: Id(id),
            target: if of_member {
                model::Target::Member
            } else {
                model::Target::Role
            },
            allow,
            deny,
        });
        let row = channel(CHANNELS + n as u64, model::TEXT_CHANNEL);
        let overwrites = overwrites.collect();
        world.put_channel(model::Channel { overwrites, ..row });
    }
    let joined = |user_id| model::ThreadMember {
        user_id: Id(user_id),
        joined_at: now(),
    };
    world.put_channel(model::Channel {
        parent_id: Some(Id(CHANNELS)),
        thread: Some(model::Thread {
            owner_id: Id(9),
            archived: false,
            archive_minutes: 60,
            archived_at: now(),
            active_at: now(),
            locked: false,
            invitable: false,
            created_at: now(),
            members: case.added_ids().into_iter().map(joined).collect(),
            message_count: 0,
        }),
        ..channel(THREAD, model::PRIVATE_THREAD)
    });
    world
}

fn channel(id: u64, kind: u8) -> model::Channel {
    model::Channel {
        id: Id(id),
        kind,
        name: format!("c{id}"),
        topic: None,
        parent_id: None,
        position: 0,
        nsfw: false,
        slowmode_s: 0,
        overwrites: Vec::new(),
        last_message_id: None,
        thread: None,
    }
}

/// What the member may there; nothing where they do not see it.
fn by_sandbox(world: &World, member: u64, place: u64) -> u64 {
    let channel = &world.channels[&Id(place)];
    if world.can_see(Id(member), channel) {
        world.channel_permissions(Id(member), channel) & ALL
    } else {
        0
    }
}

fn by_ours(case: &Case, member: usize, place: u64) -> u64 {
    let guild = ours::Guild {
        id: GUILD,
        owner_id: MEMBERS,
    };
    let all = [case.everyone]
        .into_iter()
        .chain(case.roles.iter().copied());
    let roles: Vec<ours::Role> = all
        .enumerate()
        .map(|(n, permissions)| ours::Role {
            id: GUILD + n as u64,
            name: String::new(),
            permissions,
        })
        .collect();
    let parent = if place == THREAD { CHANNELS } else { place };
    let overwrites = case
        .overwrites(usize::try_from(parent - CHANNELS).unwrap())
        .into_iter();
    let overwrites = overwrites.map(|(id, of_member, allow, deny)| ours::Overwrite {
        target: if of_member {
            ours::Target::Member(id)
        } else {
            ours::Target::Role(id)
        },
        allow,
        deny,
    });
    let channel = ours::Channel {
        id: parent,
        overwrites: overwrites.collect(),
    };
    let asked = ours::Member {
        user_id: MEMBERS + member as u64,
        roles: case.roles_of(member),
        timed_out: case.members[member].1,
    };
    let bits = ours::permissions_of(&guild, &roles, &asked, &channel) & ALL;
    let added = case.added_ids();
    let one = [asked];
    let reads = place != THREAD
        || !ours::who_can_read_private_thread(&guild, &roles, &channel, &one, &added).is_empty();
    if reads { bits } else { 0 }
}

proptest! {
    #![proptest_config(Config::with_cases(4_000))]

    #[test]
    fn the_sandbox_and_the_bot_agree_on_every_member_in_every_place(case in case()) {
        let world = world(&case);
        for place in case.places() {
            for (n, id) in case.member_ids().enumerate() {
                let (a, b) = (by_sandbox(&world, id, place), by_ours(&case, n, place));
                prop_assert_eq!(a, b, "member {} in {}: {:#x} or {:#x}", id, place, a, b);
            }
        }
    }
}

/// The guild as a client gets it, and what each member may in each place by the sandbox.
fn wire(case: &Case) -> Value {
    let world = world(case);
    let roles = world.roles.values().map(|role| {
        json!({ "id": role.id, "name": role.name, "permissions": role.permissions.to_string(),
            "position": role.position, "color": 0, "hoist": false, "managed": false, "mentionable": false })
    });
    let members = world.members.values().map(|member| {
        json!({ "user": { "id": member.user_id, "username": "u" }, "roles": member.roles, "joined_at": now(),
            "communication_disabled_until": member.timeout_until })
    });
    let channels = world
        .channels
        .values()
        .filter(|row| row.thread.is_none())
        .map(|row| {
            let overwrites = row.overwrites.iter().map(|one| {
                json!({ "id": one.id, "type": i32::from(one.target == model::Target::Member),
                "allow": one.allow.to_string(), "deny": one.deny.to_string() })
            });
            json!({ "id": row.id, "type": 0, "name": row.name,
            "permission_overwrites": overwrites.collect::<Vec<_>>() })
        });
    let answers = case.places().flat_map(|place| {
        let world = &world;
        case.member_ids().map(move |id| {
            json!([
                place.to_string(),
                id.to_string(),
                by_sandbox(world, id, place).to_string()
            ])
        })
    });
    let added: Vec<String> = case.added_ids().iter().map(ToString::to_string).collect();
    json!({
        "guild": { "id": GUILD.to_string(), "name": "g", "owner_id": MEMBERS.to_string(),
            "roles": roles.collect::<Vec<_>>(), "members": members.collect::<Vec<_>>(),
            "channels": channels.collect::<Vec<_>>() },
        "thread": { "id": THREAD.to_string(), "parent_id": CHANNELS.to_string(), "members": added },
        "now": now(), "all": ALL.to_string(),
        "answers": answers.collect::<Vec<_>>(),
    })
}

#[test]
#[ignore = "tests/peers/run installs discord.js and runs it"]
fn discord_js_agrees_on_two_thousand_guilds() {
    println!("seed {}", String::from_utf8_lossy(&SEED));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let guilds = (0..BATCH).map(|_| case().new_tree(&mut runner).unwrap().current());
    let lines: Vec<String> = guilds.map(|guild| wire(&guild).to_string()).collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("guilds.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let node = Command::new("node")
        .arg(here.join("permissions.mjs"))
        .arg(&file)
        .output();
    let output = node.expect("node; run tests/peers/run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.starts_with("2000 guilds, "), "{said}");
}
