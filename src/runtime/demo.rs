//! `baton demo` and `baton sandbox`: everything on this machine, no account, no network.

use super::ports::{Ports, Shared, SystemIds};
use super::scene::{Scene, TOKEN, seed};
use super::story::tell;
use super::walk::{self, Stopped, Ways};
use super::{Drive, Service, StartFault};
use crate::app::App;
use crate::domain::directory::Listed;
use crate::domain::ids::IncidentId;
use crate::sandbox::{Clock as _, Options, Outlet, Sample, Sandbox, SystemClock};
use crate::store::lock;
use chrono::{DateTime, Utc};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;

/// How long the demo waits for its service to be ready.
const READY_WITHIN: Duration = Duration::from_secs(20);
/// Where the sandbox keeps its world, in the data folder.
const WORLD: &str = "sandbox-world.jsonl";

/// The samples: source, what it is, body.
const SAMPLES: [(&str, &str, &str); 4] = [
    (
        "purview",
        "a file uploaded to a chat service, low",
        include_str!("../../templates/samples/purview_dlp_alert_endpoint_web_low.json"),
    ),
    (
        "purview",
        "a mail with rates to a supplier, low",
        include_str!("../../templates/samples/purview_dlp_alert_entity_exchange.json"),
    ),
    (
        "purview",
        "a mail with ledger data, blocked, high",
        include_str!("../../templates/samples/purview_dlp_rulematch_exchange.json"),
    ),
    (
        "defender",
        "a concealed program on a device, low",
        include_str!("../../templates/samples/graph_alert_v2_mde_hidden_file.json"),
    ),
];

/// Where a sample, of whichever source, says which alert it is.
const IDS: [&str; 5] = ["/AlertId", "/IncidentId", "/Id", "/id", "/incidentId"];

/// What `baton demo` is told.
pub struct DemoOptions {
    pub sandbox: SocketAddr,
    pub http: SocketAddr,
    pub data: PathBuf,
    /// Posts no samples.
    pub empty: bool,
    /// The people directory that goes with the samples.
    pub people: Vec<Listed>,
}

/// Runs the demo until `stop` is true.
pub async fn demo(options: DemoOptions, mut stop: watch::Receiver<bool>) -> Result<(), StartFault> {
    prepare_folder(&options.data)?;
    // Whoever runs this store keeps the world beside it too: asked before anything of it is opened.
    drop(lock::hold(&options.data.join("baton.db")).map_err(StartFault::one)?);
    let clock = Arc::new(SystemClock::default());
    let sandbox = start_sandbox(options.sandbox, &options.data, clock.clone()).await?;
    let scene = Scene::read(sandbox.addr()).await.map_err(StartFault::one)?;
    let today = clock.now().date_naive();
    let settings = scene.settings(options.http, &options.data, today);
    let ports = Ports {
        clock: Arc::new(Shared::new(clock.clone())),
        ids: Arc::new(SystemIds),
    };
    let service = Service::start(&settings, ports, Drive::Loops).await?;
    wait_until_ready(&service).await?;
    sandbox
        .offer(outlets(service.http))
        .map_err(StartFault::one)?;
    welcome(&scene.base, service.http, &options.data);
    if !options.empty {
        know_people(&service.app, options.people).await?;
    }
    let (app, base) = (service.app.clone(), scene.base.clone());
    let sample = OnceLock::new();
    let mut telling = Box::pin(tell(app, base, &sample, stop.clone()));
    let now = clock.now();
    let posting = async {
        if !options.empty {
            // Everything it speaks to is on this machine.
            let client = reqwest::Client::builder().no_proxy().build();
            let client = client.unwrap_or_default();
            post_samples(service.http, &client).await;
            let ways = Ways {
                sandbox: &scene.base,
                intake: &format!("http://{}", service.http),
                client: &client,
            };
            walk_story(&ways, &sample, now).await;
        }
    };
    tokio::select! {
        () = async { tokio::join!(posting, &mut telling); } => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    println!(
        "Stopping. Everything is kept in {}.",
        options.data.display()
    );
    drop(telling);
    service.stop().await;
    sandbox.stop().await;
    Ok(())
}

/// Runs the sandbox alone, with a configuration beside its world for a service in a process of its own.
pub async fn sandbox(
    listen: SocketAddr,
    http: SocketAddr,
    data: &Path,
    mut stop: watch::Receiver<bool>,
) -> Result<(), StartFault> {
    prepare_folder(data)?;
    let clock = Arc::new(SystemClock::default());
    let sandbox = start_sandbox(listen, data, clock.clone()).await?;
    let scene = Scene::read(sandbox.addr()).await.map_err(StartFault::one)?;
    let config = write_config(&scene, http, data, clock.now())?;
    println!(
        "The sandbox runs at {}. Its world is kept in {}.",
        scene.base,
        data.display()
    );
    println!(
        "A service for it, in another terminal:\n  baton run --config {}",
        config.display()
    );
    // An error means that whoever could stop it is gone: stop.
    let _ = stop.wait_for(|stop| *stop).await;
    sandbox.stop().await;
    Ok(())
}

fn prepare_folder(data: &Path) -> Result<(), StartFault> {
    std::fs::create_dir_all(data).map_err(|fault| {
        StartFault(vec![format!(
            "{} cannot be made: {fault}. Choose another folder with --data.",
            data.display()
        )])
    })
}

async fn start_sandbox(
    addr: SocketAddr,
    data: &Path,
    clock: Arc<SystemClock>,
) -> Result<Sandbox, StartFault> {
    let options = Options {
        addr,
        world: Some(data.join(WORLD)),
        clock,
        seed: seed(),
        traffic: None,
    };
    Sandbox::start(options).await.map_err(StartFault::one)
}

fn write_config(
    scene: &Scene,
    http: SocketAddr,
    data: &Path,
    now: DateTime<Utc>,
) -> Result<PathBuf, StartFault> {
    let told = |fault: std::io::Error| {
        StartFault(vec![format!(
            "{} cannot be written: {fault}",
            data.display()
        )])
    };
    let data = data.canonicalize().map_err(told)?;
    let text = scene.config_text(http, &data.join("baton.db"), now.date_naive());
    for (name, content) in [
        ("baton.toml", text.as_str()),
        ("sandbox-token", TOKEN),
        ("source-secret", "demo"),
    ] {
        write_private(&data.join(name), content).map_err(told)?;
    }
    Ok(data.join("baton.toml"))
}

#[cfg(unix)]
fn write_private(path: &Path, content: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut how = std::fs::OpenOptions::new();
    how.write(true).create(true).truncate(true).mode(0o600);
    how.open(path)?.write_all(content.as_bytes())
}

async fn wait_until_ready(service: &Service) -> Result<(), StartFault> {
    tokio::time::timeout(READY_WITHIN, service.missing.none())
        .await
        .map_err(|_| StartFault(service.missing.list()))
}

fn welcome(base: &str, http: SocketAddr, data: &Path) {
    println!(
        "Baton's demo runs. Nothing leaves this machine; everything is kept in {data}.
The demo approves its own copies of the shipped playbooks: they are drafts, and a live service asks Legal, HR and
management to approve them first.

  Open      {base}/?as=tier1 in a browser: you are a triage analyst. Choose #tier1-triage, press Claim on a card,
            then Escalate. Open a second window as ?as=tier2 to accept. The panel for the leader of a drill sends alerts,
            moves the clock and breaks things.
  Members   tier1 tier1b tier2 tier3 frontline engineering legal hr grc manager auditor admin outsider owner
  Alerts    POST http://{http}/v1/alerts/purview (also defender, alertmanager, generic), with `Authorization: Bearer demo`

Without a browser, in another terminal:
  curl -s http://{http}/v1/alerts/purview -H 'Authorization: Bearer demo' -H 'content-type: application/json' \\
    --data-binary @templates/samples/purview_dlp_alert_endpoint_web_low.json
  curl -s {base}/sandbox/members/tier1/commands -H 'content-type: application/json' \\
    -d '{{\"channel\":\"tier1-triage\",\"name\":\"queue\",\"options\":{{}}}}'
  cargo run -- verify --data {data}

What happens is told here. Ctrl-C stops; the next start goes on where this one ended.
",
        data = data.display(),
    );
}

/// What the page's second panel can send.
fn outlets(http: SocketAddr) -> Vec<Outlet> {
    let sources = ["purview", "defender", "alertmanager", "generic"];
    let outlet = |source: &str| Outlet {
        name: source.to_owned(),
        url: format!("http://{http}/v1/alerts/{source}"),
        headers: vec![("authorization".to_owned(), "Bearer demo".to_owned())],
        samples: SAMPLES
            .iter()
            .filter(|(of, ..)| *of == source)
            .map(|(_, what, body)| Sample {
                name: (*what).to_owned(),
                body: (*body).to_owned(),
                fresh: IDS.map(str::to_owned).to_vec(),
            })
            .collect(),
    };
    sources.into_iter().map(outlet).collect()
}

/// Departments and line managers of those whom the samples name.
async fn know_people(app: &App, people: Vec<Listed>) -> Result<(), StartFault> {
    let source = "the demo's samples".to_owned();
    let plan = app.import_people(people, false, source).await;
    let plan = plan.map_err(StartFault::one)?;
    let faults = plan.faults.into_iter().map(|fault| fault.text);
    let faults: Vec<String> = faults.collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(StartFault(faults))
    }
}

async fn post_samples(http: SocketAddr, client: &reqwest::Client) {
    for (source, what, body) in SAMPLES {
        let sent = client
            .post(format!("http://{http}/v1/alerts/{source}"))
            .bearer_auth("demo")
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await;
        match sent {
            Ok(answer) => println!("→ sample alert from {source} ({what}): {}", answer.status()),
            Err(fault) => println!("→ sample alert from {source} could not be sent: {fault}"),
        }
    }
}

/// One alert of its own goes the whole way; the samples stay open for whoever looks.
async fn walk_story(ways: &Ways<'_>, sample: &OnceLock<IncidentId>, now: DateTime<Utc>) {
    let walked = async {
        let Some(id) = walk::open(ways).await? else {
            return Ok(());
        };
        sample.get_or_init(|| id);
        println!(
            "→ sample story: {id} goes from an alert to its end by itself; the alerts above wait for you"
        );
        walk::walk(ways, id, now).await
    };
    let walked: Result<(), Stopped> = walked.await;
    if let Err(why) = walked {
        println!("The sample story went no further. {why}");
    }
}
