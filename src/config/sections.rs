//! The sections of the file, each read into its settings. Sources and their maps have files of their own.

use super::reader::{Reader, Section};
use super::secrets;
use super::settings::{
    AcceptedReader, BackupSettings, DiscordSettings, HeartbeatSettings, HttpSettings, LogSettings,
    Organisation, PlaybookSettings, RoleIds, Settings, StoreSettings,
};
use super::source;
use crate::domain::hours::Hours;
use crate::domain::ids::{AccountId, ChannelKey, PlaybookId};
use crate::domain::role::Role;
use chrono::NaiveTime;
use chrono_tz::Tz;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;
use toml::de::DeTable;

pub(super) fn read<'a>(reader: &mut Reader<'_>, table: &'a Spanned<DeTable<'a>>) -> Settings {
    let mut root = Reader::root(table);
    let settings = Settings {
        store: store(reader, &mut root),
        backup: backup(reader, &mut root),
        discord: discord(reader, &mut root),
        channels: channels(reader, &mut root),
        roles: roles(reader, &mut root),
        http: http(reader, &mut root),
        sources: source::read_all(reader, &mut root),
        organisation: organisation(reader, &mut root),
        playbooks: playbooks(reader, &mut root),
        heartbeat: heartbeat(reader, &mut root),
        log: log(reader, &mut root),
    };
    reader.finish(&root);
    settings
}

fn store(reader: &mut Reader<'_>, root: &mut Section<'_>) -> StoreSettings {
    let mut section = reader.section(root, "store");
    let path = reader.text(&mut section, "path");
    reader.finish(&section);
    path.map_or_else(StoreSettings::default, |found| StoreSettings {
        path: reader.beside(&found.value),
    })
}

/// A folder switches it on; the other keys have defaults.
fn backup(reader: &mut Reader<'_>, root: &mut Section<'_>) -> Option<BackupSettings> {
    let mut section = reader.section(root, "backup");
    let dir = reader.text(&mut section, "dir");
    let nightly = NaiveTime::from_hms_opt(2, 30, 0).unwrap_or_default();
    let mut backup = BackupSettings {
        dir: PathBuf::new(),
        at: vec![nightly],
        keep: 14,
        recipients: Vec::new(),
    };
    if let Some(found) = reader.texts(&mut section, "at") {
        let time = |text: &String| NaiveTime::parse_from_str(text, "%H:%M").ok();
        backup.at = found.value.iter().filter_map(time).collect();
        if backup.at.len() != found.value.len() || backup.at.is_empty() {
            reader.refuse(
                &found,
                "must be times of the day, such as [\"02:30\", \"14:30\"]",
            );
        }
    }
    if let Some(found) = reader.number(&mut section, "keep", 1..1001) {
        backup.keep = usize::try_from(found.value).unwrap_or(backup.keep);
    }
    if let Some(found) = reader.texts(&mut section, "recipients") {
        let unread = |text: &&String| text.parse::<age::x25519::Recipient>().is_err();
        if found.value.iter().any(|text| unread(&text)) {
            reader.refuse(
                &found,
                "must be public keys of age, such as age1…; age-keygen makes one",
            );
        }
        backup.recipients = found.value;
    }
    reader.finish(&section);
    match dir {
        Some(found) => Some(BackupSettings {
            dir: reader.beside(&found.value),
            ..backup
        }),
        None if section.is_present() => {
            let place = reader.place(&section.span());
            reader.fault(place, "backup", "needs `dir`, the folder for backups");
            None
        }
        None => None,
    }
}

fn discord(reader: &mut Reader<'_>, root: &mut Section<'_>) -> DiscordSettings {
    let mut section = reader.section(root, "discord");
    let token = secret(reader, &mut section, "token");
    let settings = DiscordSettings {
        token,
        guild: reader.snowflake(&mut section, "guild").map(|f| f.value),
        application: reader
            .snowflake(&mut section, "application")
            .map(|f| f.value),
        base: base(reader, &mut section),
    };
    reader.finish(&section);
    settings
}

/// A secret in the variable of that key, else in the file that `KEY_file` names. In the configuration itself
/// it is refused: that file is copied, shown and kept.
pub(super) fn secret(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    key: &str,
) -> Option<SecretString> {
    let file = reader.text(section, &format!("{key}_file"));
    if let Some((place, value)) = reader.secret_variable(section, key) {
        let secret = secrets::from_text(value);
        if secret.is_none() {
            reader.fault(place, &section.dotted(key), "is empty");
        }
        return secret;
    }
    refuse_inline(reader, section, key);
    let file = file?;
    match secrets::from_file(&reader.beside(&file.value)) {
        Ok(secret) => Some(secret),
        Err(why) => {
            reader.refuse(&file, why);
            None
        }
    }
}

pub(super) fn refuse_inline(reader: &mut Reader<'_>, section: &mut Section<'_>, key: &str) {
    if let Some(inline) = reader.text(section, key) {
        let message = format!(
            "a secret does not stand in this file; put it in a file of its own and name that as `{key}_file`"
        );
        reader.refuse(&inline, message);
    }
}

fn base(reader: &mut Reader<'_>, section: &mut Section<'_>) -> Option<String> {
    let found = reader.text(section, "base")?;
    let address = found.value.trim_end_matches('/');
    if may_be_dialled(address) {
        return Some(address.to_owned());
    }
    reader.refuse(&found, DIALLED);
    None
}

const DIALLED: &str = "must start with https://, or with http:// and be on this machine";

fn may_be_dialled(address: &str) -> bool {
    let host = address.strip_prefix("http://").map(|rest| {
        let authority = rest.split('/').next().unwrap_or_default();
        authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host)
    });
    let is_loopback = host.is_some_and(|h| ["localhost", "127.0.0.1", "[::1]"].contains(&h));
    is_loopback || address.starts_with("https://")
}

fn channels(reader: &mut Reader<'_>, root: &mut Section<'_>) -> BTreeMap<ChannelKey, NonZeroU64> {
    let mut section = reader.section(root, "channels");
    let mut channels = BTreeMap::new();
    for name in section.keys() {
        if let Some(found) = reader.snowflake(&mut section, &name) {
            if let Some(other) = channels.iter().find(|(_, id)| **id == found.value) {
                let message = format!("is the same channel as `{}`", (other.0 as &ChannelKey));
                reader.refuse(&found, message);
            }
            channels.insert(ChannelKey::new(name), found.value);
        }
    }
    channels
}

fn roles(reader: &mut Reader<'_>, root: &mut Section<'_>) -> RoleIds {
    let mut section = reader.section(root, "roles");
    let mut roles = RoleIds::default();
    for role in Role::ALL {
        if let Some(found) = reader.snowflakes(&mut section, role.key()) {
            roles.by_role.insert(role, found.value);
        }
    }
    if let Some(found) = reader.snowflakes(&mut section, "lead") {
        roles.lead = found.value;
    }
    reader.finish(&section);
    roles
}

fn http(reader: &mut Reader<'_>, root: &mut Section<'_>) -> HttpSettings {
    let mut section = reader.section(root, "http");
    let mut http = HttpSettings::default();
    let address = "an address and a port, such as 127.0.0.1:8485";
    if let Some(found) = reader.word(&mut section, "listen", address, |t| t.parse().ok()) {
        http.listen = found.value;
    }
    let sizes = 1024..64 * 1024 * 1024 + 1;
    if let Some(found) = reader.number(&mut section, "body_limit_bytes", sizes) {
        http.body_limit_bytes = usize::try_from(found.value).unwrap_or(http.body_limit_bytes);
    }
    // Two of the largest fit.
    let least = 2 * http.body_limit_bytes;
    http.all_bodies_limit_bytes = http.all_bodies_limit_bytes.max(least);
    let sizes = 1024 * 1024..1024 * 1024 * 1024 + 1;
    if let Some(found) = reader.number(&mut section, "all_bodies_limit_bytes", sizes) {
        http.all_bodies_limit_bytes = usize::try_from(found.value).unwrap_or(usize::MAX);
        if http.all_bodies_limit_bytes < least {
            reader.refuse(&found, "must be at least twice `body_limit_bytes`");
        }
    }
    if let Some(found) = reader.number(&mut section, "read_timeout_s", 1..301) {
        http.read_timeout = Duration::from_secs(found.value);
    }
    reader.finish(&section);
    http
}

fn organisation(reader: &mut Reader<'_>, root: &mut Section<'_>) -> Organisation {
    let mut section = reader.section(root, "organisation");
    let zone = "a time zone of the IANA list, such as Europe/Berlin";
    let time_zone = reader
        .word(&mut section, "time_zone", zone, |t| t.parse().ok())
        .map(|f| f.value);
    let hours = "days and times, such as Mon-Fri 08:00-18:00 or Mon,Wed,Sat 09:00-12:30";
    let working_hours = reader
        .word(&mut section, "working_hours", hours, |t| {
            Hours::parse(t, time_zone.unwrap_or(Tz::UTC))
        })
        .map(|f| f.value);
    let organisation = Organisation {
        name: reader.text(&mut section, "name").map(|f| f.value),
        time_zone,
        working_hours,
        accepted_readers: reader
            .tables(&mut section, "accepted_readers")
            .into_iter()
            .filter_map(|each| accepted(reader, each))
            .collect(),
    };
    reader.finish(&section);
    organisation
}

/// Who was accepted, by whom, when: a name without the other two is no acceptance.
fn accepted(reader: &mut Reader<'_>, mut section: Section<'_>) -> Option<AcceptedReader> {
    let before = reader.faults.len();
    let account = reader.snowflake(&mut section, "id");
    let by = reader.text(&mut section, "by");
    let day = "a day as text, such as \"2026-11-21\"";
    let on = reader.word(&mut section, "on", day, |t| t.parse().ok());
    reader.finish(&section);
    let (Some(account), Some(by), Some(on)) = (account, by, on) else {
        if reader.faults.len() == before {
            let place = reader.place(&section.span());
            reader.fault(place, &section.name, "needs `id`, `by` and `on`");
        }
        return None;
    };
    Some(AcceptedReader {
        account: AccountId::new(account.value.to_string()),
        accepted_by: by.value,
        accepted_on: on.value,
    })
}

fn playbooks(reader: &mut Reader<'_>, root: &mut Section<'_>) -> PlaybookSettings {
    let mut section = reader.section(root, "playbooks");
    let dir = reader.text(&mut section, "dir");
    let disabled = reader.texts(&mut section, "disabled");
    reader.finish(&section);
    let dir = dir.and_then(|found| {
        let path = reader.beside(&found.value);
        if !path.is_dir() {
            reader.refuse(&found, format!("{} is no folder", path.display()));
            return None;
        }
        Some(path)
    });
    PlaybookSettings {
        dir,
        disabled: disabled
            .into_iter()
            .flat_map(|found| found.value)
            .map(PlaybookId::new)
            .collect(),
    }
}

/// The address stands here, or in a file of its own where it holds a key.
fn heartbeat(reader: &mut Reader<'_>, root: &mut Section<'_>) -> HeartbeatSettings {
    let mut section = reader.section(root, "heartbeat");
    let mut settings = HeartbeatSettings::default();
    let written = reader.text(&mut section, "url");
    let file = reader.text(&mut section, "url_file");
    if let Some(found) = reader.number(&mut section, "every_s", 10..86_401) {
        settings.every = Duration::from_secs(found.value);
    }
    reader.finish(&section);
    // What stands here or in the environment goes before a file.
    let (found, url) = match (written, file) {
        (Some(written), _) => {
            let url = secrets::from_text(written.value.clone());
            (written, url)
        }
        (None, Some(file)) => match secrets::from_file(&reader.beside(&file.value)) {
            Ok(url) => (file, Some(url)),
            Err(why) => {
                reader.refuse(&file, why);
                return settings;
            }
        },
        (None, None) => return settings,
    };
    settings.url = url.filter(|url| may_be_dialled(url.expose_secret()));
    if settings.url.is_none() {
        // The address is not repeated: it may hold a key.
        reader.refuse(&found, DIALLED);
    }
    settings
}

fn log(reader: &mut Reader<'_>, root: &mut Section<'_>) -> LogSettings {
    let mut section = reader.section(root, "log");
    let mut log = LogSettings::default();
    let filter = "a level, or levels per module, such as info or baton=debug";
    let parsed = |t: &str| {
        t.parse::<tracing_subscriber::filter::Targets>()
            .ok()
            .map(|_| t.to_owned())
    };
    if let Some(found) = reader.word(&mut section, "filter", filter, parsed) {
        log.filter = found.value;
    }
    if let Some(found) = reader.truth(&mut section, "json") {
        log.json = found.value;
    }
    reader.finish(&section);
    log
}
