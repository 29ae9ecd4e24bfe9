//! The events of the gateway and who gets them. Changes nothing in the world.

use serde_json::{Value, json};

use super::{GUILD_MEMBERS, GUILD_MESSAGE_TYPING, GUILD_MESSAGES, GUILDS, MESSAGE_CONTENT};
use crate::sandbox::{
    json::Look,
    server::Inner,
    wire,
    world::{
        model::{Channel, Member, Message, Role},
        snowflake::Id,
    },
};

impl Inner {
    fn emit(&mut self, intent: u64, name: &str, data: &Value) {
        self.hub.dispatch(name, |intents| {
            (intents & intent == intent).then(|| data.clone())
        });
    }

    /// MESSAGE_CREATE and MESSAGE_UPDATE. Without MESSAGE_CONTENT a bot reads only its own
    /// messages and those that mention it.
    pub fn emit_message(&mut self, name: &str, message: &Message) {
        let Some(channel) = self.world.channels.get(&message.channel_id) else {
            return;
        };
        let bot = self.world.bot();
        if message.only_for.is_some() || !self.world.can_see(bot, channel) {
            return;
        }
        let mut full = self
            .message_json(message)
            .with("guild_id", self.world.guild().id);
        if let Some(member) = self.world.members.get(&message.author) {
            full.set("member", wire::partial_member(member));
        }
        let mut bare = full.clone();
        if message.author != bot && !message.mentions.users.contains(&bot) {
            bare.set("content", "");
            for key in ["embeds", "components", "attachments"] {
                bare.set(key, json!([]));
            }
        }
        self.hub.dispatch(name, |intents| {
            let content = intents & MESSAGE_CONTENT != 0;
            (intents & GUILD_MESSAGES != 0)
                .then(|| if content { full.clone() } else { bare.clone() })
        });
    }

    pub fn emit_deleted(&mut self, channel_id: Id, ids: &[Id]) {
        let seen = self.world.channels.get(&channel_id);
        if !seen.is_some_and(|channel| self.world.can_see(self.world.bot(), channel)) {
            return;
        }
        let data = json!({ "channel_id": channel_id, "guild_id": self.world.guild().id });
        if let [id] = ids {
            self.emit(GUILD_MESSAGES, "MESSAGE_DELETE", &data.with("id", *id));
        } else {
            let ids: Vec<Value> = ids.iter().map(|id| (*id).into()).collect();
            self.emit(
                GUILD_MESSAGES,
                "MESSAGE_DELETE_BULK",
                &data.with("ids", ids),
            );
        }
    }

    /// CHANNEL_* or THREAD_*, by what it is: `what` is CREATE, UPDATE or DELETE.
    pub fn emit_channel(&mut self, what: &str, channel: &Channel) {
        let bot = self.world.bot();
        let value = wire::channel(&self.world, channel);
        if channel.thread.is_none() {
            return self.emit(GUILDS, &format!("CHANNEL_{what}"), &value);
        }
        if !self.world.can_see(bot, channel) {
            return;
        }
        let value = match what {
            "CREATE" => {
                let own = wire::thread_member(&self.world, channel, bot);
                value.with("newly_created", true).with("member", own)
            }
            "DELETE" => json!({
                "id": channel.id, "guild_id": self.world.guild().id, "type": channel.kind,
                "parent_id": channel.parent_id,
            }),
            _ => value,
        };
        self.emit(GUILDS, &format!("THREAD_{what}"), &value);
    }

    /// Stores a changed channel and tells it. A channel that opens to the bot brings its threads.
    pub fn change_channel(&mut self, channel: &Channel) {
        let bot = self.world.bot();
        let before = self.world.channels.get(&channel.id);
        let was_open = before.is_some_and(|row| self.world.can_see(bot, row));
        self.world.put_channel(channel.clone());
        self.emit_channel("UPDATE", channel);
        if channel.thread.is_none() && !was_open && self.world.can_see(bot, channel) {
            self.emit_threads(channel.id);
        }
    }

    fn emit_threads(&mut self, parent: Id) {
        let bot = self.world.bot();
        let rows = self.world.channels.values();
        let rows: Vec<&Channel> = rows
            .filter(|row| row.parent_id == Some(parent) && self.world.can_see(bot, row))
            .filter(|row| row.thread.as_ref().is_some_and(|one| !one.archived))
            .collect();
        let members = rows
            .iter()
            .filter_map(|row| wire::thread_member(&self.world, row, bot));
        let threads = rows.iter().map(|row| wire::channel(&self.world, row));
        let data = json!({
            "guild_id": self.world.guild().id, "channel_ids": [parent],
            "threads": threads.collect::<Vec<_>>(), "members": members.collect::<Vec<_>>(),
        });
        self.emit(GUILDS, "THREAD_LIST_SYNC", &data);
    }

    pub fn emit_thread_members(&mut self, thread: &Channel, added: &[Id], removed: &[Id]) {
        let bot = self.world.bot();
        if !self.world.can_see(bot, thread) && !removed.contains(&bot) {
            return;
        }
        let added = added
            .iter()
            .filter_map(|id| wire::thread_member(&self.world, thread, *id));
        let removed: Vec<Value> = removed.iter().map(|id| (*id).into()).collect();
        let count = thread.thread.as_ref().map_or(0, |one| one.members.len());
        let data = json!({
            "id": thread.id, "guild_id": self.world.guild().id, "member_count": count,
            "added_members": added.collect::<Vec<_>>(), "removed_member_ids": removed,
        });
        self.emit(GUILDS, "THREAD_MEMBERS_UPDATE", &data);
    }

    pub fn emit_pins(&mut self, channel: &Channel) {
        if !self.world.can_see(self.world.bot(), channel) {
            return;
        }
        let messages = self.world.messages.get(&channel.id).into_iter();
        let last = messages
            .flat_map(|of| of.values())
            .filter_map(|one| one.pinned_at)
            .max();
        let data = json!({
            "guild_id": self.world.guild().id, "channel_id": channel.id,
            "last_pin_timestamp": last.map(wire::instant),
        });
        self.emit(GUILDS, "CHANNEL_PINS_UPDATE", &data);
    }

    pub fn emit_typing(&mut self, channel: Id, user: Id) {
        let member = self.world.members.get(&user);
        let data = json!({
            "guild_id": self.world.guild().id, "channel_id": channel, "user_id": user,
            "timestamp": self.world.now().timestamp(),
            "member": member.map(|row| wire::member(&self.world, row)),
        });
        self.emit(GUILD_MESSAGE_TYPING, "TYPING_START", &data);
    }

    pub fn emit_role(&mut self, what: &str, role: &Role) {
        let data = json!({ "guild_id": self.world.guild().id });
        let data = if what == "DELETE" {
            data.with("role_id", role.id)
        } else {
            data.with("role", wire::role(role))
        };
        self.emit(GUILDS, &format!("GUILD_ROLE_{what}"), &data);
    }

    pub fn emit_member(&mut self, member: &Member) {
        let data = wire::member(&self.world, member).with("guild_id", self.world.guild().id);
        self.emit(GUILD_MEMBERS, "GUILD_MEMBER_UPDATE", &data);
    }

    /// Interactions need no intent.
    pub fn emit_interaction(&mut self, data: &Value) {
        self.emit(0, "INTERACTION_CREATE", data);
    }
}
