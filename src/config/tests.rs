//! The example, faults with their places, overrides, secrets, links, and what is missing.

mod random;

use super::*;
use crate::domain::alert::Reading;
use crate::domain::ids::{AccountId, ChannelKey, SourceId};
use crate::domain::role::Role;
use crate::http::auth::Scheme;
use crate::http::sources::Adapter;
use chrono::DateTime;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

fn read(text: &str, env: &[(&str, &str)]) -> Result<Settings, Vec<ConfigFault>> {
    let look = |name: &str| {
        let found = env.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::read(Path::new("baton.toml"), text, &look)
}

fn faults(text: &str) -> Vec<String> {
    let all = read(text, &[]).unwrap_err();
    all.iter().map(ToString::to_string).collect()
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/baton.example.toml")
}

fn example_secrets(name: &str) -> Option<String> {
    match name {
        "BATON_SOURCES__DEFENDER__AUTH__SECRET" => Some("whsec_c2VjcmV0".to_owned()),
        "BATON_DISCORD__TOKEN" => Some("token".to_owned()),
        "BATON_HEARTBEAT__URL" => Some("https://monitor.example/key".to_owned()),
        _ if name.ends_with("__AUTH__SECRET") => Some("secret".to_owned()),
        _ => None,
    }
}

#[test]
fn the_example_is_complete_and_right() {
    let settings = Settings::load(&example(), example_secrets).unwrap();
    let channels: BTreeSet<_> = settings.channels.keys().cloned().collect();
    assert_eq!(missing(&settings, &channels), Vec::<String>::new());
    assert_eq!(settings.channels.len(), 8);
    assert_eq!(settings.roles.by_role.len(), Role::ALL.len());
    let generic = &settings.sources[&SourceId::new("generic")];
    let Adapter::Generic(map) = &generic.adapter else {
        panic!("the generic source has another adapter");
    };
    assert_eq!(map.items.as_deref(), Some("/alerts"));
    assert!(
        matches!(&generic.scheme, Scheme::Hmac(h) if h.header == "x-signature" && h.prefix == "sha256=")
    );
    assert!(
        settings.sources[&SourceId::new("splunk")]
            .scheme
            .is_weaker()
    );
    assert_eq!(
        settings.organisation.accepted_readers[0].accepted_by,
        "Head of Legal"
    );
    // The hours are those of the organisation's zone.
    let hours = settings.organisation.working_hours.unwrap().to_string();
    assert_eq!(hours, "Mon,Tue,Wed,Thu,Fri 08:00-18:00 Europe/Berlin");
}

#[test]
fn every_value_of_the_example_that_is_a_default_says_the_default() {
    let settings = Settings::load(&example(), example_secrets).unwrap();
    let empty = read("", &[]).unwrap();
    assert_eq!(settings.http.listen, empty.http.listen);
    assert_eq!(settings.http.body_limit_bytes, empty.http.body_limit_bytes);
    let all = |settings: &Settings| settings.http.all_bodies_limit_bytes;
    assert_eq!(all(&settings), all(&empty));
    assert_eq!(settings.http.read_timeout, empty.http.read_timeout);
    // Only the folder has none.
    let folder = read("[backup]\ndir = '/var/backups/baton'", &[]).unwrap();
    assert_eq!(settings.backup, folder.backup);
    assert_eq!(empty.backup, None);
    assert_eq!(settings.heartbeat.every, empty.heartbeat.every);
    assert_eq!(settings.log.filter, empty.log.filter);
}

#[test]
fn a_heartbeats_address_comes_from_its_file_and_is_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    let text = format!("[heartbeat]\nurl_file = {file:?}\nevery_s = 30\n");
    std::fs::write(&file, "https://monitor.example/key-1\n").unwrap();
    let heartbeat = read(&text, &[]).unwrap().heartbeat;
    assert_eq!(
        heartbeat.url.as_ref().unwrap().expose_secret(),
        "https://monitor.example/key-1"
    );
    assert_eq!(heartbeat.every, std::time::Duration::from_secs(30));
    assert!(!format!("{heartbeat:?}").contains("key-1"));
    let other = [("BATON_HEARTBEAT__URL", "http://127.0.0.1:1/key-2")];
    let heartbeat = read(&text, &other).unwrap().heartbeat;
    assert_eq!(heartbeat.url.unwrap().expose_secret(), other[0].1);
    for address in ["http://monitor.example/key-3", "monitor.example/key-3", ""] {
        std::fs::write(&file, address).unwrap();
        let told = faults(&text).join("\n");
        assert!(
            told.starts_with("baton.toml:2:12: heartbeat.url_file: "),
            "{told}"
        );
        assert!(!told.contains("key-3"), "{told}");
    }
    for (text, told) in [
        ("url = 'ftp://x'", "heartbeat.url: must start with https://"),
        (
            "every_s = 9",
            "heartbeat.every_s: must be a whole number from 10",
        ),
        (
            "every = 60",
            "heartbeat.every: unknown key; known here: every_s, url, url_file",
        ),
    ] {
        let all = faults(&format!("[heartbeat]\n{text}\n")).join("\n");
        assert!(all.contains(told), "{all}");
    }
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let text = "\
[http]
listen = 'nowhere'
body_limit_bytes = 12
read_timeout = 3

[discord]
guild = 0
token = 'inline-secret'
base = 'http://example.org'

[roles]
tier9 = ['1']
tier1 = 'x'

[sources.a]
adapter = 'purview'
auth = { scheme = 'bearer', prefix = 'x' }

[sources.b]
link = 'https://x.example/{alert}'

[organisation]
time_zone = 'Mars'
working_hours = 'all day'
accepted_readers = [{ id = '1', by = 'x' }]

[databse]
";
    let all = faults(text);
    let places: Vec<&str> = all
        .iter()
        .map(|f| f.rsplit_once(": ").map_or(f.as_str(), |(at, _)| at))
        .collect();
    let wanted = [
        "baton.toml:2:10: http.listen",
        "baton.toml:3:20: http.body_limit_bytes",
        "baton.toml:4:1: http.read_timeout: unknown key; known here",
        "baton.toml:7:9: discord.guild",
        "baton.toml:8:9: discord.token",
        "baton.toml:9:8: discord.base",
        "baton.toml:12:1: roles.tier9: unknown key; known here",
        "baton.toml:13:9: roles.tier1",
        "baton.toml:16:11: sources.a.adapter",
        "baton.toml:17:29: sources.a.auth.prefix: unknown key; known here",
        "baton.toml:19:1: sources.b.adapter",
        "baton.toml:19:1: sources.b.auth.scheme",
        "baton.toml:20:8: sources.b.link",
        "baton.toml:23:13: organisation.time_zone",
        "baton.toml:24:17: organisation.working_hours",
        "baton.toml:25:21: organisation.accepted_readers",
        "baton.toml:27:2: databse: unknown key; known here",
    ];
    assert_eq!(places, wanted);
    assert!(!all.join("\n").contains("inline-secret"));
}

#[test]
fn faults_of_syntax_come_together_with_the_others() {
    let all = faults("[http]\nlisten = \nbody_limit_bytes = 1\n\n[log]\njson = 'yes'\n");
    assert!(
        all.iter().any(|f| f.starts_with("baton.toml:2:")),
        "{all:?}"
    );
    assert!(
        all.iter()
            .any(|f| f.starts_with("baton.toml:3:20: http.body_limit_bytes"))
    );
    assert!(
        all.iter()
            .any(|f| f.starts_with("baton.toml:6:8: log.json"))
    );
}

#[test]
fn the_environment_overrides_the_file_and_is_named_in_its_faults() {
    let text = "[http]\nlisten = '127.0.0.1:1'\n[roles]\ntier1 = ['1']\n[sources.my-siem]\nadapter = 'generic'\nauth = { scheme = 'bearer' }\n";
    let env = [
        ("BATON_HTTP__LISTEN", "127.0.0.1:2"),
        ("BATON_LOG__JSON", "true"),
        ("BATON_ROLES__TIER1", "7, 8"),
        ("BATON_DISCORD__GUILD", "5"),
        ("BATON_SOURCES__MY_SIEM__AUTH__SECRET", "new"),
        ("BATON_SOURCES__MY_SIEM__AUTH__SECRET_PREVIOUS", "old"),
    ];
    let settings = read(text, &env).unwrap();
    assert_eq!(settings.http.listen.port(), 2);
    assert!(settings.log.json);
    assert_eq!(settings.roles.by_role[&Role::Tier1].len(), 2);
    assert_eq!(settings.discord.guild, NonZeroU64::new(5));
    let secrets = &settings.sources[&SourceId::new("my-siem")].secrets;
    let shown: Vec<&str> = secrets.iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!(shown, ["new", "old"]);
    let fault = read("", &[("BATON_HTTP__LISTEN", "x")]).unwrap_err();
    assert!(
        fault[0]
            .to_string()
            .starts_with("environment BATON_HTTP__LISTEN: http.listen: must be")
    );
}

#[test]
fn secrets_come_from_files_beside_the_configuration_and_never_print() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("token"), "canary-token\n").unwrap();
    std::fs::write(dir.path().join("one"), "canary-one").unwrap();
    std::fs::write(dir.path().join("two"), "canary-two\n").unwrap();
    let path = dir.path().join("baton.toml");
    let text = "[discord]\ntoken_file = 'token'\n[sources.s]\nadapter = 'graph'\n\
                auth = { scheme = 'bearer', secret_files = ['one', 'two'] }\n";
    std::fs::write(&path, text).unwrap();
    let settings = Settings::load(&path, |_| None).unwrap();
    assert_eq!(
        settings.discord.token.as_ref().unwrap().expose_secret(),
        "canary-token"
    );
    assert_eq!(
        settings.sources[&SourceId::new("s")].secrets[1].expose_secret(),
        "canary-two"
    );
    assert!(!format!("{settings:?}").contains("canary"));
    std::fs::write(dir.path().join("token"), "\n").unwrap();
    std::fs::remove_file(dir.path().join("two")).unwrap();
    let faults = Settings::load(&path, |_| None).unwrap_err();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].message.ends_with("token is empty"));
    assert!(faults[1].message.contains("two cannot be read"));
}

#[test]
fn a_file_that_is_not_there_is_a_fault() {
    let faults = Settings::load(Path::new("/nonexistent/baton.toml"), |_| None).unwrap_err();
    assert!(faults[0].message.starts_with("cannot be read"));
}

#[test]
fn a_webhook_secret_that_is_no_base64_is_refused() {
    let text = "[sources.w]\nadapter = 'graph'\nauth = { scheme = 'standard-webhooks' }\n";
    let all = read(text, &[("BATON_SOURCES__W__AUTH__SECRET", "whsec_%")]).unwrap_err();
    assert!(all[0].message.contains("whsec_"));
    assert!(
        read(
            text,
            &[("BATON_SOURCES__W__AUTH__SECRET", "whsec_c2VjcmV0")]
        )
        .is_ok()
    );
}

#[test]
fn everything_that_is_missing_is_listed_with_its_cure() {
    let channels = BTreeSet::from([ChannelKey::new("desk")]);
    let gaps = missing(&read("", &[]).unwrap(), &channels);
    for word in [
        "token",
        "guild",
        "application",
        "`desk`",
        "`sealed`",
        "`tier1`",
        "lead",
        "source",
        "name",
        "time zone",
    ] {
        assert!(
            gaps.iter().any(|gap| gap.contains(word)),
            "{word}: {gaps:?}"
        );
    }
    assert_eq!(gaps.len(), 3 + 4 + Role::ALL.len() + 1 + 1 + 2);
    let text = "[sources.s]\nadapter = 'graph'\nauth = { scheme = 'bearer' }\n";
    let gaps = missing(&read(text, &[]).unwrap(), &channels);
    assert!(
        gaps.iter()
            .any(|gap| gap.starts_with("The source `s` has no secret"))
    );
}

fn demo() -> Settings {
    let id = |n: u64| NonZeroU64::new(n).unwrap();
    Settings::demo(Demo {
        base: "http://127.0.0.1:8484".to_owned(),
        token: SecretString::from("t"),
        guild: id(1),
        application: id(2),
        owner: AccountId::new("3"),
        accepted_on: chrono::NaiveDate::from_ymd_opt(2026, 11, 21).unwrap(),
        data_dir: PathBuf::from("/data"),
        listen: "127.0.0.1:8485".parse().unwrap(),
        channels: ["sealed", "governance", "audit"]
            .map(|n| (ChannelKey::new(n), id(9)))
            .into(),
        roles: RoleIds {
            by_role: Role::ALL.map(|role| (role, vec![id(7)])).into(),
            lead: vec![id(8)],
        },
    })
}

#[test]
fn the_demo_misses_nothing() {
    let settings = demo();
    assert_eq!(missing(&settings, &BTreeSet::new()), Vec::<String>::new());
    let sources: Vec<&str> = settings.sources.keys().map(SourceId::as_str).collect();
    assert_eq!(sources, ["alertmanager", "defender", "generic", "purview"]);
    assert_eq!(settings.store.path, Path::new("/data/baton.db"));
}

#[test]
fn a_link_is_the_sources_own_else_the_template_filled() {
    let mut source = demo().sources[&SourceId::new("generic")].clone();
    source.link = Some("https://x.example/{source_alert_id}?i={source_incident_id}".to_owned());
    let alert = |body: &str| {
        let mut elements = source
            .adapter
            .read(body.as_bytes(), DateTime::UNIX_EPOCH)
            .unwrap();
        match elements.remove(0).outcome.unwrap() {
            Reading::Alert(alert) | Reading::Noted(alert, _) => alert,
        }
    };
    let own = alert(r#"{"id": "1", "url": "https://own.example/1"}"#);
    assert_eq!(source.link(&own).as_deref(), Some("https://own.example/1"));
    let filled = alert(r#"{"id": "a/b &", "incident": "G 1"}"#);
    assert_eq!(
        source.link(&filled).as_deref(),
        Some("https://x.example/a%2Fb%20%26?i=G%201")
    );
    let lacking = alert(r#"{"id": "1"}"#);
    assert_eq!(source.link(&lacking), None);
}

#[test]
fn backups_need_a_folder_times_of_the_day_and_keys_that_read() {
    let all = faults(
        "[backup]\nat = ['02:30', '25:00']\nkeep = 0\nrecipients = ['age1nobody']\n[http]\nall_bodies_limit_bytes = 1048576",
    );
    for fault in [
        "baton.toml:1:1: backup: needs `dir`",
        "backup.at: must be times of the day",
        "backup.keep: must be a whole number from 1",
        "backup.recipients: must be public keys of age",
        "http.all_bodies_limit_bytes: must be at least twice",
    ] {
        assert!(
            all.iter().any(|told| told.contains(fault)),
            "{fault}: {all:?}"
        );
    }
    let key = age::x25519::Identity::generate().to_public().to_string();
    let text = format!("[backup]\ndir = 'copies'\nat = ['02:30', '14:30']\nrecipients = ['{key}']");
    let backup = read(&text, &[]).unwrap().backup.unwrap();
    assert_eq!((backup.at.len(), backup.keep), (2, 14));
    assert_eq!(backup.recipients, [key]);
}
