//! The command line, and what each command prints, on files of its own.

use super::check::{self, Findings};
use super::*;
use crate::app::intake::{Arrived, Batch};
use crate::app::playbooks::Playbooks;
use crate::app::{App, Clock, Ids};
use crate::runtime::ports::Ports;
use crate::store::Store;
use chrono::{DateTime, NaiveDate, Utc};
use clap::CommandFactory as _;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

struct Frozen;
impl Clock for Frozen {
    fn now(&self) -> DateTime<Utc> {
        "2026-11-21T09:00:00Z".parse().unwrap()
    }
}
struct Zeros;
impl Ids for Zeros {
    fn salt(&self) -> [u8; 16] {
        [0; 16]
    }
}

pub(super) fn ports() -> Ports {
    Ports {
        clock: Arc::new(Frozen),
        ids: Arc::new(Zeros),
    }
}

fn payload(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/payloads")
        .join(name)
}

pub(super) fn ended_well(code: ExitCode) -> bool {
    format!("{code:?}") == format!("{:?}", ExitCode::SUCCESS)
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[cfg(feature = "sandbox")]
#[test]
fn the_defaults_are_the_documented_ones() {
    let cli = Cli::try_parse_from(["baton", "demo"]).unwrap();
    let Command::Demo(demo) = cli.command else {
        panic!("not the demo");
    };
    assert_eq!(demo.sandbox.to_string(), "127.0.0.1:8484");
    assert_eq!(demo.http.to_string(), "127.0.0.1:8485");
    assert_eq!(demo.data, Path::new("./baton-data"));
    assert!(!demo.empty);
}

#[test]
fn what_a_command_needs_is_asked_for() {
    assert!(Cli::try_parse_from(["baton", "replay"]).is_err());
    assert!(Cli::try_parse_from(["baton", "run"]).is_err());
    assert!(Cli::try_parse_from(["baton", "verify"]).is_ok());
    assert!(Cli::try_parse_from(["baton", "try", "purview", "-", "--json"]).is_ok());
}

// ---------------------------------------------------------------- try

fn tried(source: &str, file: &Path, json: bool) -> (bool, String, String) {
    let args = TryArgs {
        source: source.to_owned(),
        file: file.to_owned(),
        json,
        config: None,
    };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = try_body::run(&args, &Frozen, &mut out, &mut err).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ended_well(code), text(out), text(err))
}

fn body(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn each_sample_gives_its_expected_facts_and_playbook_as_json() {
    let expected: BTreeMap<String, Value> =
        serde_json::from_slice(&std::fs::read(payload("EXPECTED.json")).unwrap()).unwrap();
    assert!(expected.len() > 8);
    for (name, mut wanted) in expected {
        let kind = wanted
            .as_object_mut()
            .and_then(|all| all.remove("source_kind"));
        let source = match kind.as_ref().and_then(Value::as_str) {
            Some("o365-audit") => "purview",
            Some("alertmanager") => "alertmanager",
            Some(_) => "defender",
            None => panic!("{name} has no source"),
        };
        for alert in wanted["alerts"].as_array_mut().unwrap() {
            alert.as_object_mut().unwrap().remove("note");
            // The second of two detection times has no place in the normalized alert.
            alert["times"].as_object_mut().unwrap().remove("detected");
        }
        let (well, out, err) = tried(source, &payload(&name), true);
        assert!(well, "{name}: {err}");
        let mut given: Value = serde_json::from_str(&out).unwrap();
        if wanted["is_alert"] == Value::Bool(false) {
            // A list of what is no alert says the same thing several times.
            let all = given["alerts"].as_array_mut().unwrap();
            all.dedup();
        }
        assert_eq!(given, wanted, "{name}");
    }
}

#[test]
fn a_dry_run_shows_facts_playbook_stage_criteria_and_card() {
    let (well, out, err) = tried(
        "purview",
        &payload("purview_dlp_alert_endpoint_web_low.json"),
        false,
    );
    assert!(well);
    assert_eq!(err, "");
    for line in [
        "  Severity              low",
        "  Person                visa.assistant@contoso.example",
        "  Serial number         source does not say",
        "  Playbook              Data loss prevention",
        "  Stage                 Triage. Each data loss alert starts with triage.",
        "(met · Destination: web.chat-service.example",
        "(rests on the person's history, which a dry run does not know)",
        "  | Low · INC-0 · Triage",
        "  | Destination: web.chat-service.example",
        "[Claim] [Escalate] [Dismiss] [Details]",
        "Nothing was stored.",
    ] {
        assert!(out.contains(line), "{line}\n---\n{out}");
    }
}

#[test]
fn what_no_playbook_takes_is_unrouted_and_has_no_playbook_in_json() {
    let file = body(r#"{"id": "x-1", "severity": "high", "kind": "infra"}"#);
    let (_, text, _) = tried("generic", file.path(), false);
    assert!(text.contains("; no other takes it"), "{text}");
    assert!(text.contains("The card in tier1-triage"), "{text}");
    let (well, json, _) = tried("generic", file.path(), true);
    let given: Value = serde_json::from_str(&json).unwrap();
    assert!(well);
    assert_eq!(given["alerts"][0]["playbook"], Value::Null);
    assert_eq!(given["alerts"][0]["opens_incident"], Value::Bool(true));
    assert_eq!(given["is_alert"], Value::Bool(true));
}

#[test]
fn a_fault_of_the_body_is_told_with_its_place_and_cure() {
    let file = body("{\"id\": }");
    let (well, out, _) = tried("purview", file.path(), false);
    assert!(!well);
    assert!(out.contains("not JSON: line 1, column 8"), "{out}");
    assert!(out.contains("Send one JSON object"), "{out}");
    let (well, out, err) = tried("purview", file.path(), true);
    assert!(!well);
    let given: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(given, serde_json::json!({"alerts": [], "is_alert": false}));
    assert!(err.contains("not JSON"), "{err}");
}

#[test]
fn one_bad_element_is_named_and_the_rest_is_shown() {
    let file = body(r#"[{"id": "x-1"}, {"severity": "low"}]"#);
    let (well, out, _) = tried("generic", file.path(), false);
    assert!(!well);
    assert!(out.contains("Element 2 (at /1)\n  Not read: "), "{out}");
    assert!(out.contains("  Alert ID              x-1"), "{out}");
}

#[test]
fn signs_that_steer_a_terminal_never_reach_it() {
    let file = body("{\"id\": \"a\\u001b[31m\\u202eb\", \"policy\": \"**x**\\u0007\"}");
    let (_, out, _) = tried("generic", file.path(), false);
    assert!(!out.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{out:?}");
    assert!(out.contains("Policy: **x**"), "{out}");
}

#[test]
fn an_unknown_source_names_those_that_there_are() {
    let args = TryArgs {
        source: "nobody".to_owned(),
        file: PathBuf::from("-"),
        json: false,
        config: None,
    };
    let fault = try_body::run(&args, &Frozen, &mut Vec::new(), &mut Vec::new()).unwrap_err();
    assert!(
        fault
            .to_string()
            .contains("alertmanager, defender, generic, purview")
    );
}

// ---------------------------------------------------------------- replay and verify

/// Takes these bodies into the store of a folder, as the intake would.
pub(super) async fn taken_in(data: &Path, source: &str, elements: Vec<Arrived>) {
    let (store, writing) = Store::open(&store_in(data)).await.unwrap();
    let files = crate::domain::playbook::shipped::embedded()
        .map(|(name, text)| (name.to_owned(), text.to_owned()));
    let app = App {
        store,
        playbooks: Arc::new(Playbooks::read(&files).unwrap()),
        clock: Arc::new(Frozen),
        ids: Arc::new(Zeros),
        zone: chrono_tz::Tz::UTC,
        hours: None,
        arriving: crate::app::intake::waiting(),
        acting: crate::app::act::waiting(),
        watch: Arc::default(),
    };
    let work = async move {
        let (keeper, now) = (app.clone(), app.now());
        app.store
            .write(move |c| {
                Box::pin(async move {
                    Ok::<_, crate::app::AppError>(keeper.playbooks.keep(c, now).await?)
                })
            })
            .await
            .unwrap();
        let batch = Batch {
            source: crate::domain::ids::SourceId::new(source),
            elements,
            reported_by: None,
            drill: false,
        };
        app.take(batch).await.unwrap();
        app.store.close().await;
    };
    tokio::join!(work, writing);
}

pub(super) fn unread(text: &str) -> Arrived {
    Arrived {
        raw: text.as_bytes().to_vec(),
        reading: Err(("/id".to_owned(), "an older adapter could not".to_owned())),
    }
}

pub(super) async fn replayed(data: &Path) -> (bool, String) {
    let args = ReplayArgs {
        config: None,
        data: Some(data.to_owned()),
    };
    let mut out = Vec::new();
    let code = replay::run(&args, ports(), &mut out).await.unwrap();
    (ended_well(code), String::from_utf8(out).unwrap())
}

async fn verified(data: &Path) -> anyhow::Result<(bool, String)> {
    let args = VerifyArgs {
        config: None,
        data: Some(data.to_owned()),
    };
    let mut out = Vec::new();
    let code = verify::run(&args, &mut out).await?;
    Ok((ended_well(code), String::from_utf8(out).unwrap()))
}

#[tokio::test]
async fn a_replayed_body_opens_its_incident_and_leaves_quarantine() {
    let data = tempfile::tempdir().unwrap();
    taken_in(
        data.path(),
        "generic",
        vec![unread(r#"{"id": "g-1"}"#), unread(r#"{"no": "id"}"#)],
    )
    .await;
    let (well, out) = replayed(data.path()).await;
    assert!(!well);
    assert!(
        out.contains("QRT-1 from generic:\n  ALR-1 opened · INC-1"),
        "{out}"
    );
    assert!(out.contains("QRT-2 from generic: stays; "), "{out}");
    assert!(out.contains("1 body stays in quarantine"), "{out}");
    let (_, again) = replayed(data.path()).await;
    assert!(!again.contains("QRT-1"), "{again}");
    assert!(again.contains("QRT-2 from generic: stays; "), "{again}");
    assert!(!again.contains("an older adapter could not"), "{again}");
}

#[tokio::test]
async fn a_body_of_a_source_that_is_gone_stays_with_its_reason() {
    let data = tempfile::tempdir().unwrap();
    taken_in(data.path(), "former", vec![unread("{}")]).await;
    let (well, out) = replayed(data.path()).await;
    assert!(!well);
    assert!(out.contains("the source is not configured"), "{out}");
}

#[tokio::test]
async fn verify_tells_what_it_proved_and_where_it_cannot() {
    let data = tempfile::tempdir().unwrap();
    let fault = verified(data.path()).await.unwrap_err();
    assert!(fault.to_string().starts_with("there is no store at "));
    taken_in(data.path(), "generic", vec![unread(r#"{"id": "g-1"}"#)]).await;
    assert!(replayed(data.path()).await.0);
    let (well, out) = verified(data.path()).await.unwrap();
    assert!(well, "{out}");
    assert!(out.contains("events     1\nincidents  1\nviews      0\npurged     0\nhead       "));
    assert!(out.contains("A cut tail shows only against the head kept outside"));
    std::fs::write(
        store_in(data.path()),
        "not a database, but long enough to look like one",
    )
    .unwrap();
    let (well, out) = verified(data.path()).await.unwrap();
    assert!(!well);
    assert!(out.contains("FAULT"), "{out}");
}

// ---------------------------------------------------------------- check

fn example(with: &str) -> crate::config::Settings {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/baton.example.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("disabled = []", with);
    let env = |name: &str| match name {
        "BATON_DISCORD__TOKEN" => Some("token".to_owned()),
        "BATON_HEARTBEAT__URL" => Some("https://monitor.example/key".to_owned()),
        "BATON_SOURCES__DEFENDER__AUTH__SECRET" => Some("whsec_c2VjcmV0".to_owned()),
        _ if name.ends_with("__AUTH__SECRET") => Some("secret".to_owned()),
        _ => None,
    };
    crate::config::Settings::read(&file, &text, &env).unwrap()
}

async fn found(settings: &crate::config::Settings) -> Findings {
    check::findings(settings, NaiveDate::from_ymd_opt(2026, 12, 1).unwrap()).await
}

#[tokio::test]
async fn the_example_may_run_and_its_weaker_points_are_named() {
    let findings = found(&example("disabled = []")).await;
    assert_eq!(findings.prevents, Vec::<String>::new());
    let notes = findings.notes.join("\n");
    assert_eq!(
        notes
            .matches("is a draft. Before live use legal, hr, manager approve it")
            .count(),
        3
    );
    assert!(notes.contains("The source `splunk` proves itself by a token in the address"));
    assert!(notes.contains("The source `generic` signs no time"));
    assert!(notes.contains("Backups lie open in /var/backups/baton"));
}

#[tokio::test]
async fn without_a_fallback_nothing_runs() {
    let last = crate::domain::playbook::shipped::embedded()[2].1;
    let id = crate::domain::playbook::read(last).unwrap().id;
    let findings = found(&example(&format!("disabled = [\"{id}\"]"))).await;
    assert_eq!(findings.prevents.len(), 1);
    assert!(findings.prevents[0].starts_with("No playbook takes what no other takes"));
}

#[tokio::test]
async fn faults_of_a_playbook_come_with_file_line_and_column() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("own.toml"), "id = \"own\"\ntitel = \"x\"\n").unwrap();
    let with = format!("disabled = []\ndir = {:?}", dir.path());
    let findings = found(&example(&with)).await;
    assert!(
        findings
            .prevents
            .iter()
            .any(|f| f.starts_with("own.toml:2:1: unknown key `titel`")),
        "{:?}",
        findings.prevents
    );
    assert!(findings.prevents.len() > 3);
}

#[tokio::test]
async fn a_year_after_its_review_a_playbook_is_overdue_and_still_runs() {
    let later = NaiveDate::from_ymd_opt(2028, 1, 1).unwrap();
    let findings = check::findings(&example("disabled = []"), later).await;
    assert_eq!(findings.prevents, Vec::<String>::new());
    assert!(
        findings
            .notes
            .iter()
            .any(|n| n.contains("the review was due on"))
    );
}

#[tokio::test]
async fn a_changed_text_under_a_known_version_prevents_the_start() {
    let data = tempfile::tempdir().unwrap();
    taken_in(data.path(), "generic", vec![unread("{}")]).await;
    let dir = tempfile::tempdir().unwrap();
    let (name, text) = crate::domain::playbook::shipped::embedded()[2];
    std::fs::write(dir.path().join(name), format!("{text}\n# changed\n")).unwrap();
    let mut settings = example(&format!("disabled = []\ndir = {:?}", dir.path()));
    settings.store.path = store_in(data.path());
    let findings = found(&settings).await;
    assert_eq!(findings.prevents.len(), 1, "{:?}", findings.prevents);
    assert!(findings.prevents[0].contains("is known to the store with another text"));
}

#[tokio::test]
async fn a_faulty_configuration_is_told_whole_and_prevents_the_start() {
    let file = body("[http]\nlisten = 5\n[storage]\n");
    let args = CheckArgs {
        config: file.path().to_owned(),
    };
    let mut out = Vec::new();
    let code = check::run(&args, &Frozen, &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(!ended_well(code));
    assert_eq!(out.matches("prevents run  ").count(), 2, "{out}");
}
