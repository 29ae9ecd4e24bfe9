//! Members and their Discord roles become accounts and role keys, by the configuration's map.

use super::incoming::Member;
use crate::domain::ids::{AccountId, ChannelKey};
use crate::domain::role::Role;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What the configuration says of the guild.
#[derive(Debug, Clone, Default)]
pub struct GuildMap {
    pub guild: String,
    /// Discord role id to role key.
    pub roles: BTreeMap<String, Role>,
    /// The Discord roles that mark a lead.
    pub lead: BTreeSet<String>,
    /// Accounts that may read everything and were accepted by name: the owner, administrators.
    pub accepted: BTreeSet<String>,
    /// Baton's own account; the same id as its application's.
    pub own: Option<String>,
    /// Channel name of the playbooks to Discord's id.
    pub channels: BTreeMap<ChannelKey, String>,
}

impl GuildMap {
    /// The role keys of these Discord roles.
    pub fn keys<'r>(&self, roles: impl IntoIterator<Item = &'r str>) -> BTreeSet<Role> {
        roles
            .into_iter()
            .filter_map(|id| self.roles.get(id))
            .copied()
            .collect()
    }

    /// Account, shown name, role keys and lead mark of the member who acts.
    pub fn member(&self, member: &Member) -> (AccountId, String, BTreeSet<Role>, bool) {
        let keys = self.keys(member.roles.iter().map(String::as_str));
        let lead = member.roles.iter().any(|role| self.lead.contains(role));
        (
            AccountId(member.user_id.clone()),
            member.display.clone(),
            keys,
            lead,
        )
    }

    /// The same from a raw member, as the gateway and the list of members send it; bots are none.
    pub fn raw_member(&self, raw: &Value) -> Option<(AccountId, String, BTreeSet<Role>)> {
        let user = raw.get("user")?;
        if user.get("bot").and_then(Value::as_bool) == Some(true) {
            return None;
        }
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let name = text(raw.get("nick"))
            .or_else(|| text(user.get("global_name")))
            .or_else(|| text(user.get("username")))?;
        let roles = raw
            .get("roles")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let keys = self.keys(roles.iter().filter_map(Value::as_str));
        Some((AccountId(text(user.get("id"))?), name, keys))
    }
}
