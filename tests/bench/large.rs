//! A store with years in it: a million alerts, a hundred thousand incidents, five million events (`--alerts N` for another
//! size, in the same proportions). What each command reads of it, alone and while alerts come in; the proof of its history;
//! how soon a service takes alerts and shows them after it was killed on it with much unsent; a backup of it while it runs.

mod reads;

use super::bodies;
use super::calm::posts;
use super::load::at;
use super::service::{Baton, Disk};
use baton::app::act::By;
use baton::app::playbooks::{Loaded, Playbooks};
use baton::app::{App, AppError, Clock, Ids};
use baton::domain::alert::{Alert, Severity, User};
use baton::domain::ids::{AccountId, AlertId, IncidentId, PersonId, SourceId};
use baton::domain::incident::{Command, Context, EndKind, Event, Incident, Opening, apply, decide};
use baton::domain::playbook::shipped;
use baton::domain::policy::Actor;
use baton::domain::role::Role;
use baton::http::sources::Adapter;
use baton::store::alert::{Arrival, Written};
use baton::store::event::Entry;
use baton::store::people::Identity;
use baton::store::{self, Connection, Store};
use chrono::{DateTime, TimeDelta, Utc};
use reads::{Times, come_in, reads};
use std::env;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ALERTS: usize = 1_000_000;
/// In one incident.
const EACH: usize = 10;
const EVENTS_EACH: usize = 50;
/// Incidents that are still open at the end.
const OPEN: usize = 200;
/// Persons that the alerts are about.
const PERSONS: usize = 20_000;
/// Incidents that one transaction of the building takes.
const CHUNK: usize = 500;
const TRIES: usize = 500;
/// Alerts of which nobody was shown anything when the service was killed.
const UNSENT: usize = 10_000;
/// Alerts a second that come in beside.
const BESIDE: u64 = 1_000;

struct Wall;

impl Clock for Wall {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

impl Ids for Wall {
    fn salt(&self) -> [u8; 16] {
        [7; 16]
    }
}

pub fn run(_rounds: usize) {
    let args: Vec<String> = env::args().collect();
    let asked = args.iter().position(|arg| arg == "--alerts");
    let asked = asked.and_then(|place| args.get(place + 1)?.parse().ok());
    let alerts = asked.unwrap_or(ALERTS);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("baton.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measured(&file, alerts));
    // Nothing of it goes on beside what follows.
    let baton = Baton::start_on(Disk::AsIs, None, |data| {
        runtime.block_on(killed(&file, data));
        runtime.shutdown_background();
    });
    let (at, accepts) = baton.started;
    std::thread::sleep(Duration::from_secs(5));
    let first = posts(&baton).first().map(|first| *first - at);
    let first = first.map_or(f64::NAN, TimeDelta::as_seconds_f64);
    println!(
        "\nstarted after SIGKILL with {UNSENT} unsent rows: accepts after {:.2} s, first message after {first:.2} s",
        accepts.as_secs_f64()
    );
    let took = baton.runs(&["backup", "data/backup.db"]);
    println!(
        "\na backup of it, proven, while it runs: {:.1} s",
        took.as_secs_f64()
    );
}

/// Leaves in `data` what a service leaves that is killed with much unsent: the file and its log as they are at that moment.
async fn killed(file: &Path, data: &Path) {
    with_app(file, async |app| {
        let adapter = Adapter::Alertmanager(Box::default());
        for from in (0..UNSENT).step_by(100) {
            let raw = bodies::prometheus_list("unsent", from..from + 100);
            reads::take(&app, "alertmanager", &adapter, &raw).await;
        }
        for name in ["baton.db", "baton.db-wal"] {
            std::fs::copy(file.with_file_name(name), data.join(name)).unwrap();
            // What was copied is not still being written while the service starts.
            std::fs::File::open(data.join(name))
                .unwrap()
                .sync_all()
                .unwrap();
        }
    })
    .await;
}

async fn measured(file: &Path, alerts: usize) {
    let began = Instant::now();
    with_app(file, async |app| {
        build(&app, alerts).await;
        while app.index_words().await.unwrap() > 0 {}
    })
    .await;
    let size = std::fs::metadata(file).unwrap().len() >> 20;
    println!(
        "{alerts} alerts, {} incidents, {} events: {size} MB, built in {:.0} s\n",
        alerts / EACH,
        alerts / EACH * EVENTS_EACH,
        began.elapsed().as_secs_f64()
    );
    let began = Instant::now();
    with_app(file, async |app| {
        println!("opened in {} ms\n", began.elapsed().as_millis());
        println!("| read | beside | p50 ms | p99 ms |\n| --- | --- | --- | --- |");
        told("nothing", &reads(&app, alerts / EACH).await);
        let coming = tokio::spawn(come_in(app.clone()));
        let beside = reads(&app, alerts / EACH).await;
        coming.abort();
        told(&format!("{BESIDE} alerts/s"), &beside);
    })
    .await;
    let mut reader = Store::open_readers(file)
        .await
        .unwrap()
        .acquire()
        .await
        .unwrap();
    let began = Instant::now();
    let proof = store::verify::verify(&mut reader).await.unwrap();
    assert_eq!(proof.fault, None);
    let took = began.elapsed().as_secs_f64();
    println!(
        "\nproven: {} events in {took:.1} s, {:.0} a second",
        proof.events,
        proof.events as f64 / took
    );
}

fn told(beside: &str, times: &Times) {
    for (name, times) in times {
        let ms = |part| format!("{:.2}", at(times, part).as_secs_f64() * 1e3);
        println!("| {name} | {beside} | {} | {} |", ms(0.5), ms(0.99));
    }
}

async fn with_app(file: &Path, work: impl AsyncFnOnce(App)) {
    let (store, writing) = Store::open(file).await.unwrap();
    let texts = shipped::embedded().map(|(name, text)| (name.to_owned(), text.to_owned()));
    let app = App {
        store: store.clone(),
        playbooks: Arc::new(Playbooks::read(&texts).unwrap()),
        clock: Arc::new(Wall),
        ids: Arc::new(Wall),
        zone: chrono_tz::UTC,
        hours: None,
        arriving: baton::app::intake::waiting(),
        acting: baton::app::act::waiting(),
        watch: Arc::default(),
    };
    let writing = tokio::spawn(writing);
    work(app).await;
    store.close().await;
    writing.await.unwrap();
}

/// One incident as it is built, with its alerts' numbers.
struct Built {
    state: Incident,
    events: Vec<(Event, PersonId)>,
    at: DateTime<Utc>,
}

async fn build(app: &App, alerts: usize) {
    let (keeper, now) = (app.clone(), app.now());
    write(app, move |connection| {
        Box::pin(async move {
            keeper.playbooks.keep(connection, now).await?;
            let each: Vec<Vec<Identity>> = (0..PERSONS).map(|n| vec![identity(&upn(n))]).collect();
            let each: Vec<&[Identity]> = each.iter().map(Vec::as_slice).collect();
            for some in each.chunks(1_000) {
                store::people::find_or_insert_all(connection, some, now).await?;
            }
            Ok(())
        })
    })
    .await;
    let analyst = analyst(app).await;
    let incidents = alerts / EACH;
    let sample = sample();
    for from in (0..incidents).step_by(CHUNK) {
        let (builder, analyst, sample) = (app.clone(), analyst.clone(), sample.clone());
        let range = from..(from + CHUNK).min(incidents);
        write(app, move |connection| {
            Box::pin(async move {
                let built = range.map(|n| built(&builder, &analyst, n, n + OPEN >= incidents));
                let built: Vec<Built> = built.collect();
                keep(connection, &builder, &built, &sample).await
            })
        })
        .await;
    }
}

async fn write<F>(app: &App, job: F)
where
    F: for<'c> FnOnce(&'c mut Connection) -> store::Job<'c, Result<(), AppError>> + Send + 'static,
{
    app.store.write(job).await.unwrap();
}

fn upn(n: usize) -> String {
    format!("person-{n}@contoso.example")
}

fn identity(upn: &str) -> Identity {
    Identity {
        kind: "upn",
        value: upn.to_owned(),
    }
}

async fn analyst(app: &App) -> Actor {
    let account = AccountId::new("900");
    let roles = [Role::Tier1].into();
    app.actor(account, "tier1".to_owned(), roles, false)
        .await
        .unwrap()
}

/// The alert of which all are copies but for what tells them apart.
fn sample() -> (Alert, Vec<u8>) {
    let raw = bodies::prometheus_list("large", 0..1);
    let adapter = Adapter::Alertmanager(Box::default());
    let mut elements = adapter.read(&raw, Utc::now()).unwrap();
    let baton::domain::alert::Reading::Alert(alert) = elements.remove(0).outcome.unwrap() else {
        panic!("the sample is no alert");
    };
    (*alert, raw)
}

/// The loaded playbook that takes what no other takes.
fn playbook(app: &App) -> &Arc<Loaded> {
    app.playbooks.current().last().unwrap()
}

fn built(app: &App, analyst: &Actor, n: usize, open: bool) -> Built {
    let playbook = &playbook(app).playbook;
    let at = app.now() - TimeDelta::minutes((n % 500_000) as i64);
    let mut built = Built {
        state: opened(app, n, at),
        events: Vec::new(),
        at,
    };
    let id = |k: usize| AlertId((n * EACH + k + 1) as i64);
    built.events.push((opening(app, n), PersonId::PROGRAM));
    for k in 1..EACH {
        built.fold(
            Event::AlertAttached {
                alert: id(k),
                severity: Severity::Medium,
                concerned: Some(person(n)),
                criteria: Vec::new(),
            },
            PersonId::PROGRAM,
        );
    }
    built.fold(Event::Claimed, analyst.person);
    while built.events.len() < EVENTS_EACH - 1 {
        let text = format!(
            "Looked at log {} of the proxy; nothing out of line.",
            built.events.len()
        );
        let noted = Event::Noted {
            text,
            happened_at: None,
            corrects: None,
            quoted: None,
        };
        built.fold(noted, analyst.person);
    }
    let way = playbook.ways_out(&built.state.stage).next().unwrap();
    let ended = Event::Ended {
        transition: way.id.clone(),
        kind: EndKind::Dismissed,
        criteria: Vec::new(),
        entries: std::collections::BTreeMap::default(),
        done: Vec::new(),
    };
    let last = Event::AlertRepeated {
        alert: id(0),
        times: 2,
    };
    built.fold(if open { last } else { ended }, analyst.person);
    built
}

impl Built {
    fn fold(&mut self, event: Event, by: PersonId) {
        self.state = apply(Some(self.state.clone()), &event, by, self.at).unwrap();
        self.events.push((event, by));
    }
}

fn person(n: usize) -> PersonId {
    PersonId((n % PERSONS) as i64 + 1)
}

fn opening(app: &App, n: usize) -> Event {
    let loaded = playbook(app);
    let entry = loaded.playbook.stages.first().unwrap();
    let opening = Opening {
        id: IncidentId(n as i64 + 1),
        playbook: loaded.reference.clone(),
        alert: AlertId((n * EACH + 1) as i64),
        raw_sha256: "00".repeat(32),
        severity: Severity::Medium,
        stage: entry.id.clone(),
        because: "No playbook takes it.".to_owned(),
        concerned: Some(person(n)),
        reported_by: None,
        criteria: Vec::new(),
        drill: false,
        sealed: false,
    };
    let context = Context::new(app.now(), &loaded.playbook, None);
    let events = decide(None, &Command::Open(Box::new(opening)), &context).unwrap();
    events.into_iter().next().unwrap()
}

fn opened(app: &App, n: usize, at: DateTime<Utc>) -> Incident {
    apply(None, &opening(app, n), By::PROGRAM.person, at).unwrap()
}

async fn keep(
    connection: &mut Connection,
    app: &App,
    built: &[Built],
    (alert, raw): &(Alert, Vec<u8>),
) -> Result<(), AppError> {
    let source = SourceId::new("alertmanager");
    let mut alerts = Vec::with_capacity(built.len() * EACH);
    for one in built {
        for id in &one.state.alerts {
            let alert = Alert {
                source_alert_id: format!("large-{}", id.0),
                source_incident_id: Some(format!("group-{}", one.state.id)),
                user: Some(User {
                    upn: Some(upn((one.state.id.0 as usize - 1) % PERSONS)),
                    ..User::default()
                }),
                ..alert.clone()
            };
            let written = Written::of(&source, &alert)?;
            let raw = [raw.as_slice(), id.to_string().as_bytes()].concat();
            let sha256 = sha256(&raw);
            alerts.push((*id, one, alert, written, raw, sha256));
        }
    }
    let states: Vec<&Incident> = built.iter().map(|one| &one.state).collect();
    let arrivals = alerts
        .iter()
        .map(|(id, one, alert, written, raw, sha256)| Arrival {
            id: *id,
            source: &source,
            alert,
            written,
            incident: Some(one.state.id),
            person: one.state.concerned.first().copied(),
            received_at: one.at,
            drill: false,
            noted: None,
            raw,
            sha256,
        });
    let arrivals: Vec<Arrival<'_>> = arrivals.collect();
    store::alert::insert_all(connection, &arrivals).await?;
    let mut batch = store::Batch::default();
    store::incident::save_all(connection, &mut batch, &states, app.now()).await?;
    let opened: std::collections::BTreeMap<i64, &str> = alerts
        .iter()
        .map(|(id, .., sha256)| (id.0, sha256.as_str()))
        .collect();
    let mut events = Vec::with_capacity(built.len() * EVENTS_EACH);
    for one in built {
        for (event, by) in &one.events {
            let mut event = event.clone();
            if let Event::Opened {
                alert, raw_sha256, ..
            } = &mut event
            {
                opened[&alert.0].clone_into(raw_sha256);
            }
            events.push((one, event, *by));
        }
    }
    let entries = events.iter().map(|(one, event, by)| Entry {
        incident: one.state.id,
        event,
        at: one.at,
        by: *by,
        role: None,
        salt: app.ids.salt(),
    });
    let entries: Vec<Entry<'_>> = entries.collect();
    store::event::append_all(connection, &mut batch, &entries).await?;
    Ok(batch.write(connection).await?)
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    hex::encode(Sha256::digest(bytes))
}
