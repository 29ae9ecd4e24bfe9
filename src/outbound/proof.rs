//! The proof of who can read the restricted channel, computed before every post from what Discord says now.
//! Verified, not trusted: administrators, the owner and member overwrites count.

use super::drain::{Outbound, Verdict};
use crate::discord::call::Call;
use crate::discord::permissions::{
    Channel, Guild, Member, Reader, Role as GuildRole, Why, who_can_read,
    who_can_read_private_thread,
};
use crate::domain::ids::AccountId;
use crate::domain::role::Role;
use serde_json::Value;
use std::collections::BTreeSet;

/// Members on one page of Discord's list.
const PAGE: usize = 1000;
/// The sides for which the channel is made.
const READERS: [Role; 3] = [Role::Legal, Role::Hr, Role::Grc];

/// The guild as Discord says it is now.
struct Seen {
    guild: Guild,
    roles: Vec<GuildRole>,
    channel: Channel,
    members: Vec<Member>,
}

/// Who reads the channel, as accounts; and what is wrong, one sentence a cause.
pub(super) struct Proof {
    pub readers: BTreeSet<String>,
    pub faults: Vec<String>,
}

impl Outbound {
    /// Who reads the restricted channel: only the three sides, and those accepted by name, may.
    pub(super) async fn prove(&self, channel: &str) -> Result<Proof, Verdict> {
        let seen = self.look(channel).await?;
        let readers = who_can_read(&seen.guild, &seen.roles, &seen.channel, &seen.members);
        Ok(self.judged(&readers, &seen, |reader| {
            self.is_side(reader, &seen.members)
        }))
    }

    /// Who would read a private thread of this channel: its members, and those accepted by name.
    pub(super) async fn prove_thread(
        &self,
        parent: &str,
        members: &[AccountId],
    ) -> Result<Proof, Verdict> {
        let seen = self.look(parent).await?;
        let added: BTreeSet<u64> = members
            .iter()
            .filter_map(|m| m.as_str().parse().ok())
            .collect();
        let readers = who_can_read_private_thread(
            &seen.guild,
            &seen.roles,
            &seen.channel,
            &seen.members,
            &added,
        );
        Ok(self.judged(&readers, &seen, |reader| added.contains(&reader.user_id)))
    }

    /// Asks Discord for guild, roles, channel and members as they are now.
    async fn look(&self, channel: &str) -> Result<Seen, Verdict> {
        let guild_id = &self.guild.guild;
        Ok(Seen {
            guild: self.ask(&Call::get_guild(guild_id)).await?,
            roles: self.ask(&Call::get_guild_roles(guild_id)).await?,
            channel: self.ask(&Call::get_channel(channel)).await?,
            members: self.all_members().await?,
        })
    }

    fn judged(&self, readers: &[Reader], seen: &Seen, may: impl Fn(&Reader) -> bool) -> Proof {
        let strangers = readers
            .iter()
            .filter(|reader| !self.is_accepted(reader) && !may(reader));
        let faults: BTreeSet<String> = strangers
            .flat_map(|reader| {
                reader
                    .why
                    .iter()
                    .map(|why| cause(*why, reader, &seen.roles))
            })
            .collect();
        Proof {
            readers: readers.iter().map(|r| r.user_id.to_string()).collect(),
            faults: faults.into_iter().collect(),
        }
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, call: &Call) -> Result<T, Verdict> {
        let answer = self.rest.send(call).await?;
        serde_json::from_value(answer.body)
            .map_err(|fault| Verdict::Dead(format!("Discord's answer cannot be read: {fault}")))
    }

    async fn all_members(&self) -> Result<Vec<Member>, Verdict> {
        let mut members = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let call = Call::list_members(&self.guild.guild, after.as_deref());
            let page: Vec<Value> = self.ask(&call).await?;
            members.extend(page.iter().filter_map(member));
            if page.len() < PAGE {
                return Ok(members);
            }
            let last = page
                .last()
                .and_then(|m| m.pointer("/user/id"))
                .and_then(Value::as_str);
            after = last.map(str::to_owned);
        }
    }

    /// Those accepted by name, and Baton itself.
    fn is_accepted(&self, reader: &Reader) -> bool {
        let id = reader.user_id.to_string();
        self.guild.accepted.contains(&id) || self.guild.own.as_deref() == Some(id.as_str())
    }

    /// Those of the three sides.
    fn is_side(&self, reader: &Reader, members: &[Member]) -> bool {
        let member = members.iter().find(|m| m.user_id == reader.user_id);
        let roles: Vec<String> = member.map_or_else(Vec::new, |m| {
            m.roles.iter().map(ToString::to_string).collect()
        });
        let keys = self.guild.keys(roles.iter().map(String::as_str));
        READERS.iter().any(|side| keys.contains(side))
    }
}

fn member(raw: &Value) -> Option<Member> {
    let number = |value: &Value| value.as_str().and_then(|id| id.parse().ok());
    let roles = raw.get("roles").and_then(Value::as_array);
    Some(Member {
        user_id: number(raw.pointer("/user/id")?)?,
        roles: roles.into_iter().flatten().filter_map(number).collect(),
        // Someone in a time-out still reads.
        timed_out: false,
    })
}

fn cause(why: Why, reader: &Reader, roles: &[GuildRole]) -> String {
    let name = |id: u64| {
        let role = roles.iter().find(|role| role.id == id);
        role.map_or_else(|| id.to_string(), |role| format!("“{}”", role.name))
    };
    match why {
        Why::Owner => format!(
            "the guild's owner ({}) is not accepted by name",
            reader.user_id
        ),
        Why::Administrator(id) => format!("the role {} carries ADMINISTRATOR", name(id)),
        Why::MemberOverwrite => format!(
            "an overwrite for the member {} lets them read",
            reader.user_id
        ),
        Why::RoleOverwrite(id) => format!("an overwrite for the role {} lets it read", name(id)),
        Why::Role(id) => format!("the role {} can view the channel", name(id)),
        Why::ThreadMember => format!("the member {} was added", reader.user_id),
        Why::ManageThreads => format!("the member {} manages threads", reader.user_id),
    }
}
