//! Discord's permission computation, as a pure function over bits. Knows no world, no wire.
//!
//! Bits are raw `u64`: a bit that this file does not name is carried through untouched.

pub const ADMINISTRATOR: u64 = 1 << 3;
pub const MANAGE_CHANNELS: u64 = 1 << 4;
pub const MANAGE_GUILD: u64 = 1 << 5;
pub const VIEW_CHANNEL: u64 = 1 << 10;
pub const SEND_MESSAGES: u64 = 1 << 11;
pub const MANAGE_MESSAGES: u64 = 1 << 13;
pub const EMBED_LINKS: u64 = 1 << 14;
pub const ATTACH_FILES: u64 = 1 << 15;
pub const READ_MESSAGE_HISTORY: u64 = 1 << 16;
pub const MENTION_EVERYONE: u64 = 1 << 17;
pub const MANAGE_ROLES: u64 = 1 << 28;
pub const USE_APPLICATION_COMMANDS: u64 = 1 << 31;
pub const MANAGE_THREADS: u64 = 1 << 34;
pub const CREATE_PUBLIC_THREADS: u64 = 1 << 35;
pub const CREATE_PRIVATE_THREADS: u64 = 1 << 36;
pub const SEND_MESSAGES_IN_THREADS: u64 = 1 << 38;
pub const PIN_MESSAGES: u64 = 1 << 51;
/// Every bit that Discord has given a meaning.
pub const ALL: u64 = (1 << 53) - 1;
/// What @everyone may in a new guild.
pub const EVERYONE_DEFAULT: u64 = 2_046_159_031_356_993;

/// One side of an overwrite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    pub allow: u64,
    pub deny: u64,
}

/// What concerns one member in one channel. For a thread the overwrites are its parent's.
#[derive(Clone, Debug, Default)]
pub struct Question {
    pub owner: bool,
    pub everyone: u64,
    /// Permissions of the member's roles, @everyone apart.
    pub roles: Vec<u64>,
    pub everyone_overwrite: Sides,
    /// The overwrites of the roles that the member has.
    pub role_overwrites: Vec<Sides>,
    pub member_overwrite: Sides,
    pub timed_out: bool,
}

/// Guild-wide permissions.
pub fn base(question: &Question) -> u64 {
    if question.owner {
        return ALL;
    }
    let bits = question
        .roles
        .iter()
        .fold(question.everyone, |bits, role| bits | role);
    if bits & ADMINISTRATOR != 0 {
        return ALL;
    }
    quiet(question, bits)
}

/// Permissions in a channel: @everyone's overwrite, then the roles' denies together and their
/// allows together, then the member's.
pub fn in_channel(question: &Question) -> u64 {
    let whole = Question {
        timed_out: false,
        ..question.clone()
    };
    let mut bits = base(&whole);
    if bits & ADMINISTRATOR != 0 {
        return ALL;
    }
    bits = apply(bits, question.everyone_overwrite);
    let together = question
        .role_overwrites
        .iter()
        .fold(Sides::default(), |all, one| Sides {
            allow: all.allow | one.allow,
            deny: all.deny | one.deny,
        });
    bits = apply(bits, together);
    bits = apply(bits, question.member_overwrite);
    quiet(question, bits)
}

fn apply(bits: u64, sides: Sides) -> u64 {
    (bits & !sides.deny) | sides.allow
}

/// A member in timeout keeps only looking and reading.
fn quiet(question: &Question, bits: u64) -> u64 {
    if question.timed_out {
        bits & (VIEW_CHANNEL | READ_MESSAGE_HISTORY)
    } else {
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides(allow: u64, deny: u64) -> Sides {
        Sides { allow, deny }
    }

    fn agree(cases: &[(&str, Question, u64)]) {
        for (name, question, expected) in cases {
            assert_eq!(in_channel(question), *expected, "{name}");
        }
    }

    #[test]
    fn the_table_of_overwrites_is_applied_in_discords_order() {
        let v = VIEW_CHANNEL;
        let cases = [
            (
                "nothing set",
                Question {
                    everyone: v,
                    ..Question::default()
                },
                v,
            ),
            (
                "everyone denied",
                Question {
                    everyone: v,
                    everyone_overwrite: sides(0, v),
                    ..Question::default()
                },
                0,
            ),
            (
                "a role allows again",
                Question {
                    everyone: v,
                    everyone_overwrite: sides(0, v),
                    role_overwrites: vec![sides(v, 0)],
                    ..Question::default()
                },
                v,
            ),
            (
                "of two roles the allow wins",
                Question {
                    everyone: v,
                    role_overwrites: vec![sides(v, 0), sides(0, v)],
                    ..Question::default()
                },
                v,
            ),
            (
                "the member's deny comes last",
                Question {
                    everyone: v,
                    role_overwrites: vec![sides(v, 0)],
                    member_overwrite: sides(0, v),
                    ..Question::default()
                },
                0,
            ),
        ];
        agree(&cases);
    }

    #[test]
    fn owner_administrator_and_timeout_come_before_and_after_overwrites() {
        let v = VIEW_CHANNEL;
        let cases = [
            (
                "the owner is above overwrites",
                Question {
                    owner: true,
                    member_overwrite: sides(0, v),
                    ..Question::default()
                },
                ALL,
            ),
            (
                "an administrator is above overwrites",
                Question {
                    roles: vec![ADMINISTRATOR],
                    everyone_overwrite: sides(0, v),
                    ..Question::default()
                },
                ALL,
            ),
            (
                "an overwrite cannot make an administrator",
                Question {
                    everyone_overwrite: sides(ADMINISTRATOR, 0),
                    member_overwrite: sides(0, v),
                    everyone: v,
                    ..Question::default()
                },
                ADMINISTRATOR,
            ),
            (
                "a timeout leaves looking and reading",
                Question {
                    everyone: v | SEND_MESSAGES | READ_MESSAGE_HISTORY,
                    timed_out: true,
                    ..Question::default()
                },
                v | READ_MESSAGE_HISTORY,
            ),
            (
                "a timeout does not bind an administrator",
                Question {
                    roles: vec![ADMINISTRATOR],
                    timed_out: true,
                    ..Question::default()
                },
                ALL,
            ),
            (
                "unnamed bits are carried through",
                Question {
                    everyone: 1 << 60,
                    ..Question::default()
                },
                1 << 60,
            ),
        ];
        agree(&cases);
    }
}
