//! The guild of the demo and of drills: who is in it, which channels, who reads what. And the settings of a service for it,
//! read back from the sandbox as it really is.

use crate::config::{Demo, RoleIds, Settings, stand_in};
use crate::domain::ids::{AccountId, ChannelKey};
use crate::domain::role::Role;
use crate::sandbox::permissions::{
    ATTACH_FILES, CREATE_PRIVATE_THREADS, EMBED_LINKS, EVERYONE_DEFAULT, MANAGE_THREADS,
    MENTION_EVERYONE, READ_MESSAGE_HISTORY, SEND_MESSAGES, SEND_MESSAGES_IN_THREADS, VIEW_CHANNEL,
};
use crate::sandbox::seed::{
    BotSeed, ChannelSeed, OverwriteFor, OverwriteSeed, RoleSeed, WorldSeed,
};
use chrono::NaiveDate;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::Path;

/// The bot's token in the sandbox. It opens nothing but a world on this machine; its first part names the application.
pub const TOKEN: &str = "MTAwMDAwMDAwMDAwMDAwMDAwMQ.sandbox.baton";
const APPLICATION: u64 = 1_000_000_000_000_000_001;
/// GUILD_MEMBERS: Baton needs it to prove who reads a channel.
const GUILD_MEMBERS: u64 = 1 << 1;
/// The mark of a lead.
const LEAD: &str = "lead";

/// Each channel with the role keys that read it.
const CHANNELS: [(&str, &[Role]); 8] = [
    ("tier1-triage", &[Role::Tier1]),
    ("tier2-investigation", &[Role::Tier2]),
    ("tier3-containment", &[Role::Tier3]),
    ("endpoint-desk", &[Role::Frontline]),
    ("recovery", &[Role::Engineering]),
    // Its threads are private: who sees the channel sees none of them by that.
    (
        "sealed",
        &[
            Role::Frontline,
            Role::Tier1,
            Role::Tier2,
            Role::Tier3,
            Role::Engineering,
            Role::Legal,
            Role::Hr,
            Role::Grc,
        ],
    ),
    ("governance", &[Role::Legal, Role::Hr, Role::Grc]),
    ("audit", &[Role::Auditor, Role::Admin, Role::Manager]),
];

/// The guild that a new world starts with.
pub fn seed() -> WorldSeed {
    let member = |role: Role| role.key().to_owned();
    let mut roles: Vec<RoleSeed> = Role::ALL
        .into_iter()
        .map(|role| {
            let mut members = vec![member(role)];
            if role == Role::Tier1 {
                members.push("tier1b".to_owned());
            }
            RoleSeed {
                name: member(role),
                permissions: 0,
                members,
            }
        })
        .collect();
    let leads = vec![member(Role::Tier3)];
    roles.push(RoleSeed {
        name: LEAD.to_owned(),
        permissions: 0,
        members: leads,
    });
    WorldSeed {
        guild: "Baton demo".to_owned(),
        owner: "owner".to_owned(),
        bot: BotSeed {
            id: APPLICATION,
            name: "Baton".to_owned(),
            token: TOKEN.to_owned(),
            permissions: bot_permissions(),
            privileged_intents: GUILD_MEMBERS,
        },
        everyone: Some(EVERYONE_DEFAULT & !MENTION_EVERYONE),
        members: vec!["outsider".to_owned()],
        roles,
        channels: CHANNELS
            .iter()
            .map(|(name, readers)| channel(name, readers))
            .collect(),
    }
}

/// What Baton needs in its channels, and no more.
fn bot_permissions() -> u64 {
    VIEW_CHANNEL
        | SEND_MESSAGES
        | EMBED_LINKS
        | ATTACH_FILES
        | READ_MESSAGE_HISTORY
        | CREATE_PRIVATE_THREADS
        | SEND_MESSAGES_IN_THREADS
        | MANAGE_THREADS
}

fn channel(name: &str, readers: &[Role]) -> ChannelSeed {
    let sees = |to: OverwriteFor, allow: u64, deny: u64| OverwriteSeed { to, allow, deny };
    let mut overwrites = vec![
        sees(OverwriteFor::Everyone, 0, VIEW_CHANNEL),
        sees(OverwriteFor::Bot, bot_permissions(), 0),
    ];
    for role in readers {
        let who = OverwriteFor::Role(role.key().to_owned());
        overwrites.push(sees(
            who,
            VIEW_CHANNEL | READ_MESSAGE_HISTORY,
            MANAGE_THREADS,
        ));
    }
    ChannelSeed {
        name: name.to_owned(),
        topic: None,
        overwrites,
    }
}

/// Why a sandbox cannot be used as the scene.
#[derive(Debug, thiserror::Error)]
pub enum SceneFault {
    #[error("the sandbox at {0} cannot be asked: {1}")]
    Unreachable(String, reqwest::Error),
    #[error("the sandbox's world lacks {0}; start with an empty --data folder")]
    Lacks(String),
}

/// The guild as the sandbox has it, with the ids that a configuration needs.
pub struct Scene {
    pub base: String,
    guild: NonZeroU64,
    owner: AccountId,
    channels: BTreeMap<ChannelKey, NonZeroU64>,
    roles: RoleIds,
}

impl Scene {
    /// Asks the sandbox.
    pub async fn read(address: SocketAddr) -> Result<Self, SceneFault> {
        let base = format!("http://{address}");
        let unreachable = |fault| SceneFault::Unreachable(base.clone(), fault);
        let told = reqwest::get(format!("{base}/sandbox/guild"))
            .await
            .map_err(unreachable)?;
        let world: Value = told.json().await.map_err(unreachable)?;
        let id = |value: &Value, pointer: &str| -> Option<NonZeroU64> {
            value.pointer(pointer)?.as_str()?.parse().ok()
        };
        let lacks = |what: &str| SceneFault::Lacks(what.to_owned());
        let owner = world.pointer("/guild/owner_id").and_then(Value::as_str);
        let mut scene = Self {
            guild: id(&world, "/guild/id").ok_or_else(|| lacks("the guild"))?,
            owner: AccountId::new(owner.ok_or_else(|| lacks("the guild's owner"))?),
            channels: BTreeMap::new(),
            roles: RoleIds::default(),
            base,
        };
        let list = |key: &str| {
            world
                .get(key)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        let named = |list: &[Value], name: &str| -> Result<NonZeroU64, SceneFault> {
            let found = list
                .iter()
                .find(|one| one.get("name").and_then(Value::as_str) == Some(name));
            found
                .and_then(|one| id(one, "/id"))
                .ok_or_else(|| lacks(name))
        };
        let (channels, roles) = (list("channels"), list("roles"));
        for (name, _) in CHANNELS {
            scene
                .channels
                .insert(ChannelKey::new(name), named(&channels, name)?);
        }
        for role in Role::ALL {
            scene
                .roles
                .by_role
                .insert(role, vec![named(&roles, role.key())?]);
        }
        scene.roles.lead.push(named(&roles, LEAD)?);
        Ok(scene)
    }

    /// The settings of a service for this guild.
    pub fn settings(&self, listen: SocketAddr, data: &Path, today: NaiveDate) -> Settings {
        Settings::demo(Demo {
            base: self.base.clone(),
            token: SecretString::from(TOKEN),
            guild: self.guild,
            application: NonZeroU64::new(APPLICATION).unwrap_or(self.guild),
            owner: self.owner.clone(),
            accepted_on: today,
            data_dir: data.to_owned(),
            listen,
            channels: self.channels.clone(),
            roles: self.roles.clone(),
        })
    }

    /// The same as a configuration file, for a service in a process of its own. Its secrets are two files beside it.
    pub fn config_text(&self, listen: SocketAddr, store: &Path, today: NaiveDate) -> String {
        let mut text = String::new();
        let mut line = |args: std::fmt::Arguments<'_>| {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{args}");
        };
        line(format_args!(
            "# A service for the sandbox at {}: baton run --config THIS_FILE",
            self.base
        ));
        line(format_args!(
            "[store]\npath = {:?}\n",
            store.display().to_string()
        ));
        line(format_args!(
            "[discord]\ntoken_file = \"sandbox-token\"\nguild = \"{}\"\napplication = \"{APPLICATION}\"\nbase = \"{}\"\n",
            self.guild, self.base
        ));
        line(format_args!("[channels]"));
        for (key, id) in &self.channels {
            line(format_args!("{key} = \"{id}\""));
        }
        line(format_args!("\n[roles]"));
        for (role, ids) in &self.roles.by_role {
            let ids: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
            line(format_args!("{role} = [{}]", ids.join(", ")));
        }
        let leads: Vec<String> = self
            .roles
            .lead
            .iter()
            .map(|id| format!("\"{id}\""))
            .collect();
        line(format_args!("lead = [{}]\n", leads.join(", ")));
        line(format_args!("[http]\nlisten = \"{listen}\"\n"));
        for (name, adapter) in [
            ("purview", "office365"),
            ("defender", "graph"),
            ("alertmanager", "alertmanager"),
            ("generic", "generic"),
        ] {
            line(format_args!(
                "[sources.{name}]\nadapter = \"{adapter}\"\nlink = \"{}\"\nauth = {{ scheme = \"bearer\", secret_file = \"source-secret\" }}",
                stand_in(&self.base)
            ));
            line(format_args!(""));
        }
        line(format_args!(
            "[organisation]\nname = \"Demo\"\ntime_zone = \"UTC\""
        ));
        line(format_args!(
            "\n[[organisation.accepted_readers]]\nid = \"{}\"\nby = \"demo\"\non = \"{today}\"",
            self.owner
        ));
        text
    }
}
