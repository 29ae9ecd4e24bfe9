//! The permission model, case by case and as properties.

use super::*;
use proptest::prelude::*;
use serde_json::json;

const G: u64 = 1;
const OWNER: u64 = 100;
const STAFF: u64 = 2;
const MUTED: u64 = 3;
const BOSS: u64 = 4;

fn guild() -> Guild {
    Guild {
        id: G,
        owner_id: OWNER,
    }
}

fn role(id: u64, permissions: u64) -> Role {
    Role {
        id,
        name: format!("r{id}"),
        permissions,
    }
}

fn roles() -> Vec<Role> {
    vec![
        role(G, VIEW_CHANNEL | SEND_MESSAGES),
        role(STAFF, 0),
        role(MUTED, 0),
        role(BOSS, ADMINISTRATOR),
    ]
}

fn member(user_id: u64, roles: &[u64]) -> Member {
    Member {
        user_id,
        roles: roles.to_vec(),
        timed_out: false,
    }
}

fn over(target: Target, allow: u64, deny: u64) -> Overwrite {
    Overwrite {
        target,
        allow,
        deny,
    }
}

fn channel(overwrites: Vec<Overwrite>) -> Channel {
    Channel { id: 50, overwrites }
}

fn closed() -> Channel {
    channel(vec![
        over(Target::Role(G), 0, VIEW_CHANNEL),
        over(Target::Role(STAFF), VIEW_CHANNEL, 0),
    ])
}

#[test]
fn overwrites_speak_in_discords_order() {
    let see = VIEW_CHANNEL;
    let everyone = Target::Role(G);
    for (name, overwrites, held, reads) in [
        ("nothing said", vec![], vec![], true),
        (
            "everyone denied",
            vec![over(everyone, 0, see)],
            vec![],
            false,
        ),
        (
            "role allow beats everyone deny",
            closed().overwrites,
            vec![STAFF],
            true,
        ),
        (
            "one role's allow beats another role's deny",
            vec![
                over(Target::Role(MUTED), 0, see),
                over(Target::Role(STAFF), see, 0),
            ],
            vec![STAFF, MUTED],
            true,
        ),
        (
            "a role's deny beats everyone's allow",
            vec![over(everyone, see, 0), over(Target::Role(MUTED), 0, see)],
            vec![MUTED],
            false,
        ),
        (
            "a member's deny beats a role's allow",
            vec![
                over(Target::Role(STAFF), see, 0),
                over(Target::Member(9), 0, see),
            ],
            vec![STAFF],
            false,
        ),
        (
            "a member's allow beats every deny",
            vec![
                over(everyone, 0, see),
                over(Target::Role(MUTED), 0, see),
                over(Target::Member(9), see, 0),
            ],
            vec![MUTED],
            true,
        ),
        (
            "another member's allow says nothing",
            vec![over(everyone, 0, see), over(Target::Member(8), see, 0)],
            vec![],
            false,
        ),
        (
            "an administrator sees all",
            closed().overwrites,
            vec![BOSS],
            true,
        ),
    ] {
        let bits = permissions_of(&guild(), &roles(), &member(9, &held), &channel(overwrites));
        assert_eq!(bits & see != 0, reads, "{name}");
    }
}

#[test]
fn who_does_not_see_can_do_nothing() {
    let bits = permissions_of(&guild(), &roles(), &member(9, &[]), &closed());
    assert_eq!(bits, 0);
}

#[test]
fn a_timeout_leaves_reading_and_spares_administrators() {
    let out = Member {
        timed_out: true,
        ..member(9, &[])
    };
    assert_eq!(
        permissions_of(&guild(), &roles(), &out, &channel(vec![])),
        VIEW_CHANNEL
    );
    let boss = Member {
        timed_out: true,
        ..member(9, &[BOSS])
    };
    assert_eq!(
        permissions_of(&guild(), &roles(), &boss, &channel(vec![])),
        ALL
    );
}

#[test]
fn each_reader_is_listed_with_every_reason() {
    let mut room = closed();
    room.overwrites
        .push(over(Target::Member(12), VIEW_CHANNEL, 0));
    let members = [
        member(OWNER, &[STAFF]),
        member(10, &[STAFF]),
        member(11, &[]),
        member(12, &[]),
        member(13, &[BOSS]),
    ];
    let found: Vec<_> = who_can_read(&guild(), &roles(), &room, &members)
        .into_iter()
        .map(|r| (r.user_id, r.why))
        .collect();
    assert_eq!(
        found,
        [
            (OWNER, vec![Why::Owner, Why::RoleOverwrite(STAFF)]),
            (10, vec![Why::RoleOverwrite(STAFF)]),
            (12, vec![Why::MemberOverwrite]),
            (13, vec![Why::Administrator(BOSS)]),
        ]
    );
    assert_eq!(overwritten_members(&room), [12]);
}

#[test]
fn an_open_channel_is_read_by_everyone_and_says_so() {
    let found = roles_that_can_read(&guild(), &roles(), &channel(vec![]));
    assert_eq!(found.len(), 4);
    assert_eq!(
        found[0],
        RoleReader {
            role_id: G,
            why: vec![Why::Role(G)]
        }
    );
}

#[test]
fn a_closed_channel_is_read_by_its_role_and_by_administrators() {
    let found = roles_that_can_read(&guild(), &roles(), &closed());
    assert_eq!(
        found.iter().map(|r| r.role_id).collect::<Vec<_>>(),
        [STAFF, BOSS]
    );
}

#[test]
fn a_private_thread_is_read_by_the_added_and_by_thread_managers() {
    let mut roles = roles();
    roles[2].permissions = MANAGE_THREADS;
    let parent = channel(vec![over(Target::Member(14), 0, VIEW_CHANNEL)]);
    let members = [
        member(10, &[]),
        member(11, &[]),
        member(12, &[MUTED]),
        member(13, &[BOSS]),
        member(14, &[]),
    ];
    let added = BTreeSet::from([10, 14]);
    let found: Vec<_> = who_can_read_private_thread(&guild(), &roles, &parent, &members, &added)
        .into_iter()
        .map(|r| (r.user_id, r.why))
        .collect();
    assert_eq!(
        found,
        [
            (10, vec![Why::ThreadMember]),
            (12, vec![Why::ManageThreads]),
            (13, vec![Why::Administrator(BOSS)]),
        ]
    );
}

#[test]
fn discords_json_is_read_and_no_bit_is_lost() {
    let channel: Channel = serde_json::from_value(json!({
        "id": "50", "name": "sealed", "permission_overwrites": [
            { "id": "1", "type": 0, "allow": "0", "deny": "13510798882111488" },
            { "id": "9", "type": 1, "allow": 1024, "deny": "0" },
        ],
    }))
    .unwrap();
    assert_eq!(channel.overwrites[0].deny, (1 << 52) | (1 << 53));
    assert_eq!(
        channel.overwrites[1],
        over(Target::Member(9), VIEW_CHANNEL, 0)
    );
    let role: Role =
        serde_json::from_value(json!({ "id": "2", "name": "x", "permissions": "8" })).unwrap();
    assert_eq!(role.permissions, ADMINISTRATOR);
}

fn overwrites() -> impl Strategy<Value = Vec<Overwrite>> {
    let bits = || {
        prop_oneof![
            Just(0),
            Just(VIEW_CHANNEL),
            Just(VIEW_CHANNEL | SEND_MESSAGES)
        ]
    };
    let target = prop_oneof![
        (1_u64..6).prop_map(Target::Role),
        (1_u64..4).prop_map(Target::Member),
    ];
    proptest::collection::vec((target, bits(), bits()), 0..6).prop_map(|all| {
        let mut seen = BTreeSet::new();
        all.into_iter()
            .filter(|(t, _, _)| seen.insert(key(*t)))
            .map(|(t, allow, deny)| over(t, allow, deny))
            .collect()
    })
}

fn some_roles() -> impl Strategy<Value = Vec<Role>> {
    let bits = prop_oneof![
        4 => Just(0), 4 => Just(VIEW_CHANNEL), 1 => Just(ADMINISTRATOR), 1 => Just(SEND_MESSAGES)
    ];
    proptest::collection::vec(bits, 5).prop_map(|all| {
        all.into_iter()
            .zip(1..)
            .map(|(bits, id)| role(id, bits))
            .collect()
    })
}

proptest! {
    #[test]
    fn whoever_reads_has_a_reason_and_whoever_does_not_has_none(
        roles in some_roles(), overwrites in overwrites(),
        held in proptest::collection::btree_set(2_u64..6, 0..4), user in 1_u64..4,
    ) {
        let room = channel(overwrites);
        let who = member(user, &held.into_iter().collect::<Vec<_>>());
        let reads = permissions_of(&guild(), &roles, &who, &room) & VIEW_CHANNEL != 0;
        prop_assert_eq!(reads, !reasons(&guild(), &roles, &room, &who).is_empty());
    }

    #[test]
    fn the_order_of_overwrites_does_not_matter(
        roles in some_roles(), overwrites in overwrites(),
        held in proptest::collection::btree_set(2_u64..6, 0..4),
    ) {
        let who = member(1, &held.into_iter().collect::<Vec<_>>());
        let mut turned = overwrites.clone();
        turned.reverse();
        prop_assert_eq!(
            permissions_of(&guild(), &roles, &who, &channel(overwrites)),
            permissions_of(&guild(), &roles, &who, &channel(turned))
        );
    }

    #[test]
    fn a_members_own_overwrite_has_the_last_word(
        roles in some_roles(), mut overwrites in overwrites(),
        held in proptest::collection::btree_set(2_u64..6, 0..4), allow: bool,
    ) {
        let who = member(9, &held.into_iter().collect::<Vec<_>>());
        let (yes, no) = if allow { (VIEW_CHANNEL, 0) } else { (0, VIEW_CHANNEL) };
        overwrites.push(over(Target::Member(9), yes, no));
        let administers = base_permissions(&guild(), &roles, &who) == ALL;
        let reads = permissions_of(&guild(), &roles, &who, &channel(overwrites)) & VIEW_CHANNEL != 0;
        prop_assert_eq!(reads, allow || administers);
    }

    #[test]
    fn roles_alone_tell_who_can_read_by_roles(
        roles in some_roles(), overwrites in overwrites(),
        held in proptest::collection::btree_set(2_u64..6, 0..4),
    ) {
        let room = channel(
            overwrites.into_iter().filter(|o| matches!(o.target, Target::Role(_))).collect(),
        );
        let who = member(7, &held.iter().copied().collect::<Vec<_>>());
        let reads = permissions_of(&guild(), &roles, &who, &room) & VIEW_CHANNEL != 0;
        let alone = roles_that_can_read(&guild(), &roles, &room)
            .iter()
            .any(|r| r.role_id == G || held.contains(&r.role_id));
        if reads { prop_assert!(alone); }
    }
}
