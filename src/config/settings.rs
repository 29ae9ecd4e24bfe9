//! What the program runs with, checked and typed. Secrets in it do not print.

use super::fault::ConfigFault;
use super::reader::Reader;
use super::sections;
use crate::domain::alert::Alert;
use crate::domain::hours::Hours;
use crate::domain::ids::{AccountId, ChannelKey, PlaybookId, SourceId};
use crate::domain::role::Role;
use crate::http::auth::Scheme;
use crate::http::sources::{Adapter, DERIVED, GenericMap, LabelMap};
use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;

#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub store: StoreSettings,
    /// Without it the service makes no backups.
    pub backup: Option<BackupSettings>,
    pub discord: DiscordSettings,
    /// The channels that playbooks name, and `sealed`, `governance`, `audit`.
    pub channels: BTreeMap<ChannelKey, NonZeroU64>,
    pub roles: RoleIds,
    pub http: HttpSettings,
    pub sources: BTreeMap<SourceId, SourceSettings>,
    pub organisation: Organisation,
    pub playbooks: PlaybookSettings,
    pub heartbeat: HeartbeatSettings,
    pub log: LogSettings,
}

#[derive(Debug, Clone)]
pub struct StoreSettings {
    pub path: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSettings {
    pub dir: PathBuf,
    /// Times of each day, in the organisation's time zone.
    pub at: Vec<NaiveTime>,
    /// So many of the newest stay.
    pub keep: usize,
    /// Public keys of age; without them backups lie open.
    pub recipients: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct DiscordSettings {
    pub token: Option<SecretString>,
    pub guild: Option<NonZeroU64>,
    pub application: Option<NonZeroU64>,
    /// Instead of Discord's own address, without a slash at its end.
    pub base: Option<String>,
}

/// Which of Discord's roles stand for each role key.
#[derive(Debug, Clone, Default)]
pub struct RoleIds {
    pub by_role: BTreeMap<Role, Vec<NonZeroU64>>,
    /// The mark of a lead, beside a role.
    pub lead: Vec<NonZeroU64>,
}

#[derive(Debug, Clone)]
pub struct HttpSettings {
    pub listen: SocketAddr,
    pub body_limit_bytes: usize,
    /// All bodies on their way into the store at one moment, together.
    pub all_bodies_limit_bytes: usize,
    pub read_timeout: Duration,
}

#[derive(Debug, Clone)]
pub struct SourceSettings {
    pub adapter: Adapter,
    pub scheme: Scheme,
    /// More than one while a secret is being replaced.
    pub secrets: Vec<SecretString>,
    /// A link to the alert at its source, with placeholders.
    pub link: Option<String>,
    /// Where the source's bodies name no tenant.
    pub tenant: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Organisation {
    pub name: Option<String>,
    pub time_zone: Option<Tz>,
    /// When it works; without them around the clock.
    pub working_hours: Option<Hours>,
    /// Members who can read everything in Discord (owner, administrators) and who were accepted by name.
    pub accepted_readers: Vec<AcceptedReader>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedReader {
    pub account: AccountId,
    pub accepted_by: String,
    pub accepted_on: NaiveDate,
}

#[derive(Debug, Clone, Default)]
pub struct PlaybookSettings {
    /// Files here override or add to the shipped playbooks.
    pub dir: Option<PathBuf>,
    pub disabled: Vec<PlaybookId>,
}

/// A monitor outside that raises the alarm when it hears nothing.
#[derive(Debug, Clone)]
pub struct HeartbeatSettings {
    /// Its address, which often holds a key; none where there is no monitor.
    pub url: Option<SecretString>,
    pub every: Duration,
}

#[derive(Debug, Clone)]
pub struct LogSettings {
    /// In the form of `tracing`: a level, or a level per module.
    pub filter: String,
    pub json: bool,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            path: PathBuf::from("baton.db"),
        }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8485)),
            body_limit_bytes: 4 * 1024 * 1024,
            all_bodies_limit_bytes: 64 * 1024 * 1024,
            read_timeout: Duration::from_secs(10),
        }
    }
}

impl Default for HeartbeatSettings {
    fn default() -> Self {
        Self {
            url: None,
            every: Duration::from_mins(1),
        }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            json: false,
        }
    }
}

/// What the demo's sandbox says of itself.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The sandbox's address.
    pub base: String,
    pub token: SecretString,
    pub guild: NonZeroU64,
    pub application: NonZeroU64,
    /// The guild's owner, accepted as a reader by name.
    pub owner: AccountId,
    pub accepted_on: NaiveDate,
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    pub channels: BTreeMap<ChannelKey, NonZeroU64>,
    pub roles: RoleIds,
}

impl Settings {
    /// Reads the file at `path`, overridden by what `env` says. Either everything is right, or every fault is
    /// named. What is merely absent is [`missing`](super::missing())'s business.
    pub fn load(
        path: &Path,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<ConfigFault>> {
        let unreadable = |e: std::io::Error| {
            vec![ConfigFault {
                place: super::Place::of(path.to_owned(), "", &(0..0)),
                key: String::new(),
                message: format!(
                    "cannot be read: {e}. Name the file with --config; deploy/baton.example.toml has every key."
                ),
            }]
        };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Self::read(path, &text, &env)
    }

    /// [`Self::load`] on a text that is at hand; `path` is for messages and for files named beside it.
    pub fn read(
        path: &Path,
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Vec<ConfigFault>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader::new(path, text, env);
        for error in &errors {
            let place = reader.place(&error.span().unwrap_or(0..0));
            reader.fault(place, "", error.message());
        }
        let settings = sections::read(&mut reader, &table);
        if reader.faults.is_empty() {
            return Ok(settings);
        }
        reader.faults.sort();
        reader.faults.dedup();
        Err(reader.faults)
    }

    /// The demo's: everything on this machine.
    pub fn demo(demo: Demo) -> Self {
        Self {
            store: StoreSettings {
                path: demo.data_dir.join("baton.db"),
            },
            backup: None,
            discord: DiscordSettings {
                token: Some(demo.token),
                guild: Some(demo.guild),
                application: Some(demo.application),
                base: Some(demo.base.clone()),
            },
            channels: demo.channels,
            roles: demo.roles,
            http: HttpSettings {
                listen: demo.listen,
                ..HttpSettings::default()
            },
            sources: Self::linked_sources(&demo.base),
            organisation: Organisation {
                name: Some("Demo".to_owned()),
                time_zone: Some(Tz::UTC),
                working_hours: None,
                accepted_readers: vec![AcceptedReader {
                    account: demo.owner,
                    accepted_by: "demo".to_owned(),
                    accepted_on: demo.accepted_on,
                }],
            },
            playbooks: PlaybookSettings::default(),
            heartbeat: HeartbeatSettings::default(),
            log: LogSettings::default(),
        }
    }

    /// The demo's sources, with links to the sandbox's stand-in for a detection tool.
    fn linked_sources(base: &str) -> BTreeMap<SourceId, SourceSettings> {
        let mut sources = Self::demo_sources();
        for source in sources.values_mut() {
            source.link = Some(stand_in(base));
        }
        sources
    }

    /// The demo's sources, with the bearer `demo`.
    pub fn demo_sources() -> BTreeMap<SourceId, SourceSettings> {
        let source = |name: &str, adapter: Adapter| {
            let settings = SourceSettings {
                adapter,
                scheme: Scheme::Bearer,
                secrets: vec![SecretString::from("demo")],
                link: None,
                tenant: None,
            };
            (SourceId::new(name), settings)
        };
        BTreeMap::from([
            source("purview", Adapter::Office365),
            source("defender", Adapter::Graph),
            source(
                "alertmanager",
                Adapter::Alertmanager(Box::<LabelMap>::default()),
            ),
            source("generic", Adapter::Generic(Box::<GenericMap>::default())),
        ])
    }
}

/// The link template of a source in the demo.
pub fn stand_in(base: &str) -> String {
    format!("{base}/console?alert={{source_alert_id}}")
}

/// What a link template may name.
pub(super) const PLACEHOLDERS: [&str; 3] =
    ["{source_alert_id}", "{source_incident_id}", "{tenant_id}"];

impl SourceSettings {
    /// Adds what the configuration knows and the body does not say: tenant and link.
    pub fn complete(&self, alert: &mut Alert) {
        alert.source_url = self.link(alert);
        if alert.tenant_id.is_none() {
            alert.tenant_id.clone_from(&self.tenant);
        }
    }

    /// The link to an alert: the source's own, else the template filled. A template that names what the
    /// alert does not have gives none.
    pub fn link(&self, alert: &Alert) -> Option<String> {
        if let Some(own) = &alert.source_url {
            return Some(own.clone());
        }
        let tenant = alert.tenant_id.as_ref().or(self.tenant.as_ref());
        let known_there = Some(&alert.source_alert_id).filter(|id| !id.starts_with(DERIVED));
        let values = [known_there, alert.source_incident_id.as_ref(), tenant];
        PLACEHOLDERS.into_iter().zip(values).try_fold(
            self.link.clone()?,
            |link, (placeholder, value)| {
                if !link.contains(placeholder) {
                    return Some(link);
                }
                Some(link.replace(placeholder, &escaped(value?)))
            },
        )
    }
}

/// As one part of an address: everything but the unreserved characters in percent form.
fn escaped(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _written = write!(out, "%{byte:02X}");
        }
        out
    })
}
