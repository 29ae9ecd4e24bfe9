//! Migrations run over stores that hold something: a filled store of each format is kept under `tests/data/stores`, named
//! by its last migration, and every later program opens it, loses no row and proves its history.

use super::source::{files, root};
use baton::app::form::Given;
use baton::app::intake::{Arrived, Batch};
use baton::app::playbooks::Playbooks;
use baton::app::{App, AppError, Clock, Ids};
use baton::domain::directory::{Identity, Listed};
use baton::domain::form::{CRITERIA_KEY, DONE_KEY};
use baton::domain::governance::Choice;
use baton::domain::ids::{AccountId, IncidentId, PlaybookId, SourceId};
use baton::domain::incident::Command;
use baton::domain::pattern::Typed;
use baton::domain::playbook::definition::{FieldKind, TransitionKind};
use baton::domain::policy::Actor;
use baton::domain::role::Role;
use baton::http::sources::Adapter;
use baton::store::{self, Connection, Store};
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

struct Frozen;

impl Clock for Frozen {
    fn now(&self) -> DateTime<Utc> {
        "2026-11-03T08:40:00.123456Z".parse().unwrap()
    }
}

struct Sevens;

impl Ids for Sevens {
    fn salt(&self) -> [u8; 16] {
        [7; 16]
    }
}

/// Fills a new store with at least one row in every table, by what the program does every day.
async fn fill(path: &Path) {
    let (store, writing) = Store::open(path).await.unwrap();
    let shipped = baton::domain::playbook::shipped::embedded();
    let texts = shipped.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let app = App {
        store,
        playbooks: Arc::new(Playbooks::read(&texts).unwrap()),
        clock: Arc::new(Frozen),
        ids: Arc::new(Sevens),
        zone: chrono_tz::UTC,
        hours: None,
        arriving: baton::app::intake::waiting(),
        acting: baton::app::act::waiting(),
        watch: Arc::default(),
    };
    let work = async move {
        work(&app).await.unwrap();
        app.store.close().await;
    };
    tokio::join!(writing, work);
}

async fn work(app: &App) -> Result<(), AppError> {
    let (keeper, now) = (app.clone(), app.now());
    app.store
        .write::<_, AppError, _>(move |connection| {
            Box::pin(async move {
                keeper.playbooks.keep(connection, now).await?;
                store::fact::save(connection, "instance", "0a1b2c3d", now).await?;
                let posted = store::posted::Posted {
                    channel_id: "100".to_owned(),
                    message_id: "200".to_owned(),
                    mark: Some("0a1b2c3d-1".to_owned()),
                };
                store::posted::save(connection, "notice:1", None, &posted, now).await?;
                Ok(())
            })
        })
        .await?;
    take(
        app,
        include_bytes!("../data/payloads/purview_dlp_rulematch_exchange.json"),
    )
    .await?;
    // A second incident, which nobody claims.
    take(
        app,
        include_bytes!("../data/payloads/purview_dlp_alert_endpoint_web_low.json"),
    )
    .await?;
    let account = AccountId::new("900");
    let actor = app
        .actor(account, "tier1".to_owned(), [Role::Tier1].into(), false)
        .await?;
    let incident = IncidentId(1);
    app.act(&actor, incident, Command::Claim).await?;
    let ways = app.ways(&actor, incident, TransitionKind::Handoff).await?;
    let form = app.open_form(&actor, incident, ways[0].0.clone()).await?;
    app.give(&actor, form.draft, Given::AllSilent).await?;
    app.details(&actor, incident).await?;
    engage(app, &actor, incident).await?;
    patterns(app, &actor).await?;
    let identity = |kind, value: &str| Identity {
        kind,
        value: value.to_owned(),
    };
    let listed = Listed {
        line: 2,
        key: "p-1".to_owned(),
        name: Some("tier1".to_owned()),
        department: Some("Security Operations".to_owned()),
        line_manager: None,
        identities: vec![
            identity("account", "900"),
            identity("upn", "tier1@contoso.example"),
        ],
    };
    app.import_people(vec![listed], false, "f00d".to_owned())
        .await?;
    app.index_words().await?;
    let (at, by) = (app.now(), actor.person);
    app.store
        .write(move |connection| {
            Box::pin(async move {
                let view = store::access::View {
                    at,
                    by,
                    what: "details",
                    incident,
                    reason: Some("asked by the person concerned"),
                    salt: [7; 16],
                };
                Ok(store::access::append(connection, &view).await?)
            })
        })
        .await
}

/// One pattern is proposed, and another is being written.
async fn patterns(app: &App, tier1: &Actor) -> Result<(), AppError> {
    let playbook = || Some(PlaybookId::new("purview-dlp"));
    let sketch = app.sketch_pattern(tier1, playbook(), None).await?;
    let typed = Typed {
        title: "Uploads of the visa desk".to_owned(),
        reason: "The contractor's service is theirs".to_owned(),
        scope: "alert.workload == 'Endpoint'".to_owned(),
        expires: "2027-01-31".to_owned(),
        owner: String::new(),
    };
    let tried = app.try_pattern(tier1, sketch.draft, Some(typed)).await?;
    assert_eq!(tried.wrong, Vec::<String>::new());
    let proposed = app.propose_pattern(tier1, sketch.draft).await?;
    assert!(proposed.is_ok());
    app.sketch_pattern(tier1, playbook(), None).await.map(drop)
}

/// The incident goes on to investigation, Governance is engaged, and Legal says something beside an answer.
async fn engage(app: &App, tier1: &Actor, incident: IncidentId) -> Result<(), AppError> {
    let member = async |name: &str, role| {
        let account = AccountId::new(format!("9{name}"));
        app.actor(account, name.to_owned(), [role].into(), false)
            .await
    };
    let (tier2, legal) = (
        member("tier2", Role::Tier2).await?,
        member("legal", Role::Legal).await?,
    );
    app.set_roster(&legal, Role::Legal, vec![legal.account.clone()])
        .await?;
    send(app, tier1, incident, TransitionKind::Handoff).await?;
    app.act(&tier2, incident, Command::Accept).await?;
    send(app, &tier2, incident, TransitionKind::Engagement).await?;
    let words = Some("The insurer wants to know".to_owned());
    app.answer_engagement(&legal, incident, 1, Choice::Hold, words)
        .await
        .map(drop)
}

/// Fills the first form of this kind and submits it. What a person has to write is the same sentence everywhere.
async fn send(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    kind: TransitionKind,
) -> Result<(), AppError> {
    let ways = app.ways(actor, incident, kind).await?;
    let form = app.open_form(actor, incident, ways[0].0.clone()).await?;
    let playbook = &form.playbook.playbook;
    let missing = form.form.items.iter().filter(|item| item.shown.is_none());
    let written = missing.map(|item| {
        let is_time = playbook.field(&item.field).unwrap().kind == FieldKind::Time;
        let text = if is_time {
            "2026-11-04 12:00"
        } else {
            "Data of customers went to an outside address"
        };
        (item.field.to_string(), vec![text.to_owned()])
    });
    let criteria = form.form.criteria.iter().map(|c| c.id.to_string());
    // A legal hold: one that calls Legal alone.
    let criteria = criteria.filter(|id| kind == TransitionKind::Handoff || id.contains("hold"));
    let done = form.form.done.iter().map(|line| line.id.0.clone());
    for given in [
        Given::Page(written.collect()),
        Given::AllSilent,
        Given::Page(BTreeMap::from([
            (CRITERIA_KEY.to_owned(), criteria.collect()),
            (DONE_KEY.to_owned(), done.collect()),
        ])),
    ] {
        app.give(actor, form.draft, given).await?;
    }
    app.submit(actor, form.draft).await.map(drop)
}

/// One body, and an element beside it that cannot be read.
async fn take(app: &App, body: &[u8]) -> Result<(), AppError> {
    let elements = Adapter::Office365.read(body, app.now()).unwrap();
    let elements = elements.into_iter();
    let mut elements: Vec<Arrived> = elements
        .map(|element| Arrived {
            raw: element.raw,
            reading: element
                .outcome
                .map_err(|fault| (fault.pointer, fault.message)),
        })
        .collect();
    elements.push(Arrived {
        raw: b"{}".to_vec(),
        reading: Err(("/Id".to_owned(), "is missing".to_owned())),
    });
    let batch = Batch {
        source: SourceId::new("purview"),
        elements,
        reported_by: None,
        drill: false,
    };
    app.take(batch).await.map(drop)
}

async fn open(path: &Path) -> Connection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    Connection::connect_with(&options).await.unwrap()
}

/// Each table with its number of rows.
async fn rows(connection: &mut Connection) -> BTreeMap<String, i64> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let mut counts = BTreeMap::new();
    for table in tables {
        let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let count: i64 = sqlx::query_scalar(count)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        counts.insert(table, count);
    }
    counts
}

/// What SQLite itself finds wrong: tables that take any type, rows that point nowhere, broken pages.
async fn faults(connection: &mut Connection) -> Vec<String> {
    let asked = [
        "SELECT name || ' is not STRICT' FROM pragma_table_list
         WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'",
        "SELECT \"table\" || ' points at a missing row of ' || parent FROM pragma_foreign_key_check",
        "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    ];
    let mut found = Vec::new();
    for question in asked {
        let answers: Vec<String> = sqlx::query_scalar(question)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        found.extend(answers);
    }
    found
}

fn empty_tables(rows: &BTreeMap<String, i64>) -> Vec<&String> {
    rows.iter()
        .filter(|(_, count)| **count == 0)
        .map(|(table, _)| table)
        .collect()
}

#[tokio::test]
async fn what_the_program_writes_fills_every_table_and_holds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baton.db");
    Box::pin(fill(&path)).await;
    let mut connection = open(&path).await;
    let filled = rows(&mut connection).await;
    assert_eq!(
        empty_tables(&filled),
        Vec::<&String>::new(),
        "a new table: let `fill` put a row into it"
    );
    assert_eq!(faults(&mut connection).await, Vec::<String>::new());
    let proof = store::verify::verify(&mut connection).await.unwrap();
    assert_eq!(proof.fault, None);
    assert_eq!((proof.events > 1, proof.views), (true, 2));
}

/// Writes the store of a dump.
async fn restore(dump: &Path, to: &Path) {
    let mut connection = open(to).await;
    let dump = AssertSqlSafe(std::fs::read_to_string(dump).unwrap());
    sqlx::raw_sql(dump).execute(&mut connection).await.unwrap();
    // A dump writes an index of words straight into the schema, which is read when a file is opened.
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_hash_that_is_none_outlives_the_change_to_bytes_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baton.db");
    restore(&root().join("tests/data/stores/0010.sql"), &path).await;
    let mut connection = open(&path).await;
    for statement in [
        "DROP TRIGGER event_headers_stay",
        "UPDATE event_headers SET hash = 'no hash' WHERE seq = 2",
    ] {
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
    let (store, writing) = Store::open(&path).await.unwrap();
    let proving = async move {
        let mut reader = store.read().await.unwrap();
        let proof = store::verify::verify(&mut reader).await.unwrap();
        drop(reader);
        store.close().await;
        proof.fault.unwrap()
    };
    let ((), fault) = tokio::join!(writing, proving);
    assert!(fault.starts_with("event 2 (INC-"), "{fault}");
}

#[tokio::test]
async fn a_store_of_every_format_opens_with_all_its_rows() {
    for file in files("tests/data/stores", ".sql") {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baton.db");
        restore(&file, &path).await;
        let mut connection = open(&path).await;
        let before = rows(&mut connection).await;
        assert_eq!(
            empty_tables(&before),
            Vec::<&String>::new(),
            "{}",
            file.display()
        );
        connection.close().await.unwrap();

        let opened = Store::open(&path).await;
        let (store, writing) = opened
            .map_err(|fault| format!("{}: {fault}. {RENEW}", file.display()))
            .unwrap();
        let reads = async move {
            let mut reader = store.read().await.unwrap();
            let proof = store::verify::verify(&mut reader).await.unwrap();
            let incidents = store::incident::list_open(&mut reader).await.unwrap();
            drop(reader);
            store.close().await;
            (proof.fault, incidents.len())
        };
        let ((), (fault, incidents)) = tokio::join!(writing, reads);
        assert_eq!(fault, None, "{}", file.display());
        assert!(incidents > 0);
        let mut connection = open(&path).await;
        let after = rows(&mut connection).await;
        for (table, count) in &before {
            let kept = after.get(table).copied().unwrap_or_default();
            assert!(
                kept >= *count,
                "{}: {table} had {count} rows and has {kept}",
                file.display()
            );
        }
        assert_eq!(faults(&mut connection).await, Vec::<String>::new());
    }
}

const RENEW: &str = "A migration that was released is never changed. Before its release, write its store anew: \
                     cargo nextest run --run-ignored only a_store_of_this_format_is_written";

#[test]
fn each_migration_leaves_a_store_of_its_format() {
    let numbers = |folder: &str| -> Vec<String> {
        let names = files(folder, ".sql")
            .into_iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
        names
            .map(|name| name.chars().take_while(char::is_ascii_digit).collect())
            .collect()
    };
    assert_eq!(
        numbers("tests/data/stores"),
        numbers("migrations"),
        "{RENEW}"
    );
}

#[tokio::test]
#[ignore = "writes into tests/data/stores; run it once for a new migration, and commit what it wrote"]
async fn a_store_of_this_format_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("baton.db");
    Box::pin(fill(&path)).await;
    let last = files("migrations", ".sql").pop().unwrap();
    let number: String = last
        .file_name()
        .unwrap()
        .to_string_lossy()
        .chars()
        .take(4)
        .collect();
    let dump = std::process::Command::new("sqlite3")
        .arg(&path)
        .arg(".dump")
        .output()
        .unwrap();
    assert!(dump.status.success());
    std::fs::write(
        root().join(format!("tests/data/stores/{number}.sql")),
        dump.stdout,
    )
    .unwrap();
}
