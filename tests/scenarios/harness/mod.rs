//! The stage of a scenario: the real runtime, the real client of Discord, the sandbox, one frozen clock for both, a
//! store in a folder that is thrown away. A story reads what members see and does what members do; it knows titles
//! and labels, never an id of a control. What a story did not expect makes it fail at its end (`ending`).

mod alert;
mod behind;
pub mod chance;
mod ending;
mod form;
pub mod ledger;
mod logs;
mod member;
mod once;
pub mod process;
mod seen;
mod steps;
mod sweep;
mod walk;

pub use form::{ALL, Answer};
pub use member::Member;
pub use seen::Message;
pub use steps::{LEAKED, TRIAGE, leak, rates, second_looks};
pub use sweep::Sight;
pub use walk::{Walk, Went};

use baton::app::Ids;
use baton::config::Settings;
use baton::runtime::ports::{Ports, Shared};
use baton::runtime::scene::{Scene, seed};
use baton::runtime::{Drive, Service};
use baton::sandbox::{Clock as _, FrozenClock, Options, Sandbox};
use chrono::{DateTime, TimeDelta, Utc};
use ending::Expected;
use logs::Logs;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;

/// When every story begins.
pub const MORNING: &str = "2026-11-20T09:00:00Z";
/// Where alerts open at their source.
const SOURCE: &str = "https://source.example/alerts/{source_alert_id}";
/// How long, in real time, something may take that takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// Rounds of the outbox after which a story is told that it never comes to rest.
const ROUNDS: usize = 400;

/// Tells a story on a stage of its own, and looks at what it left.
pub fn scenario(story: impl AsyncFnOnce(&World)) {
    scenario_with(|_, _| {}, story);
}

/// The same with other settings: `change` gets them and the folder of the story.
pub fn scenario_with(change: impl FnOnce(&mut Settings, &Path), story: impl AsyncFnOnce(&World)) {
    let (logs, _guard) = Logs::capture();
    // One thread: what is logged belongs to this story, whatever runs beside it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let world = World::begin(logs, change).await;
        story(&world).await;
        world.end().await;
    });
}

/// For [`World::advance`].
pub fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

/// Numbers in a row where the program wants random ones.
#[derive(Default)]
struct Counted(AtomicU64);

impl Ids for Counted {
    fn salt(&self) -> [u8; 16] {
        let next = self.0.fetch_add(1, Ordering::Relaxed);
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&next.to_be_bytes());
        salt
    }
}

/// What all handles of one story share.
struct Stage {
    client: reqwest::Client,
    sandbox: RefCell<Option<Sandbox>>,
    base: String,
    clock: Arc<FrozenClock>,
    ports: Ports,
    settings: Settings,
    /// Held so that it lasts as long as the story.
    folder: Option<TempDir>,
    service: RefCell<Option<Rc<Service>>>,
    looked_at: RefCell<BTreeSet<String>>,
    /// What each member was told, answer by answer.
    told: RefCell<Vec<(String, Value)>>,
    /// The controls that somebody used, by their ids.
    used: RefCell<BTreeSet<String>>,
    expected: RefCell<Expected>,
    logs: Logs,
}

/// Where this story's requests and answers are written; tests/peers/run holds them against Discord's own schema.
fn traffic() -> std::path::PathBuf {
    let name = std::thread::current()
        .name()
        .unwrap_or("story")
        .replace("::", "-");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("traffic/scenarios");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.jsonl"));
    // Written anew at each run.
    let _ = std::fs::remove_file(&file);
    file
}

/// The story's hand on everything.
pub struct World {
    stage: Rc<Stage>,
}

impl World {
    async fn begin(logs: Logs, change: impl FnOnce(&mut Settings, &Path)) -> Self {
        let morning: DateTime<Utc> = MORNING.parse().unwrap();
        let clock = Arc::new(FrozenClock::at(morning));
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let sandbox = Sandbox::start(Options {
            addr: free,
            world: None,
            clock: clock.clone(),
            seed: seed(),
            traffic: Some(traffic()),
        })
        .await
        .unwrap();
        let folder = TempDir::new().unwrap();
        let scene = Scene::read(sandbox.addr()).await.unwrap();
        let mut settings = scene.settings(free, folder.path(), morning.date_naive());
        for source in settings.sources.values_mut() {
            source.link = Some(SOURCE.to_owned());
        }
        change(&mut settings, folder.path());
        let ports = Ports {
            clock: Arc::new(Shared::new(clock.clone())),
            ids: Arc::new(Counted::default()),
        };
        let mut stage = Stage::set(scene.base, Some(sandbox), clock, ports, settings);
        (stage.folder, stage.logs) = (Some(folder), logs);
        let world = Self {
            stage: Rc::new(stage),
        };
        world.start().await;
        world
    }

    /// Members of a sandbox in another process, beside the service that runs there on a store in this folder.
    pub async fn beside(sandbox: &str, folder: &Path) -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let address = sandbox.trim_start_matches("http://").parse().unwrap();
        let scene = Scene::read(address).await.unwrap();
        let clock = Arc::new(FrozenClock::at(MORNING.parse().unwrap()));
        let settings = scene.settings(free, folder, clock.now().date_naive());
        let ports = Ports {
            clock: Arc::new(Shared::new(clock.clone())),
            ids: Arc::new(Counted::default()),
        };
        Self {
            stage: Rc::new(Stage::set(scene.base, None, clock, ports, settings)),
        }
    }

    /// Starts the service on the story's store, and waits until it is ready.
    pub async fn start(&self) {
        let (settings, ports) = (&self.stage.settings, self.stage.ports.clone());
        // What was killed lets go of the store as soon as it gets its turn to end.
        let free = async {
            while baton::store::lock::hold(&settings.store.path).is_err() {
                breathe().await;
            }
        };
        assert!(
            timeout(PATIENCE, free).await.is_ok(),
            "the store is not let go"
        );
        let service = Service::start(settings, ports, Drive::ByHand)
            .await
            .unwrap();
        let ready = timeout(PATIENCE, service.missing.none()).await;
        assert!(ready.is_ok(), "not ready: {:?}", service.missing.list());
        let before = self.stage.service.replace(Some(Rc::new(service)));
        assert!(before.is_none(), "the service runs already");
    }

    /// Ends the service at once: nothing is finished, nothing is said.
    pub fn kill(&self) {
        let service = self.stage.service.take().expect("the service runs");
        let service = Rc::try_unwrap(service).ok().expect("nobody is using it");
        drop(service);
    }

    /// Ends the service as an operator does.
    pub async fn stop(&self) {
        let service = self.stage.service.take().expect("the service runs");
        let service = Rc::try_unwrap(service).ok().expect("nobody is using it");
        service.stop().await;
    }

    /// Waits until the service is connected to the gateway.
    pub async fn connected(&self) {
        let connected = async {
            while self.stage.get("/sandbox/healthz").await.1["gateway_connections"] != 1 {
                breathe().await;
            }
        };
        let connected = timeout(PATIENCE, connected).await;
        assert!(
            connected.is_ok(),
            "the service does not come back to the gateway"
        );
    }

    /// The service, for what no member can see.
    pub fn service(&self) -> Rc<Service> {
        self.stage.service()
    }

    /// A member by name: one per role key, `tier1b`, `outsider`, `owner`.
    pub fn member(&self, name: &str) -> Member {
        Member::new(self.stage.clone(), name)
    }

    pub fn tier1(&self) -> Member {
        self.member("tier1")
    }

    pub fn tier1b(&self) -> Member {
        self.member("tier1b")
    }

    pub fn tier2(&self) -> Member {
        self.member("tier2")
    }

    pub fn outsider(&self) -> Member {
        self.member("outsider")
    }

    /// Delivers what waits, lets time pass; what became due is done and delivered.
    pub async fn advance(&self, by: TimeDelta) {
        self.settle().await;
        self.stage.clock.advance(by);
        self.service().tick().await.unwrap();
        self.settle().await;
    }

    /// Moves the clock forward or back, and nothing else happens.
    pub fn jump(&self, by: TimeDelta) {
        self.stage.clock.advance(by);
    }

    /// Delivers until nothing is left that can go; where Discord's pace asks for it, the clock moves on.
    pub async fn settle(&self) {
        self.stage.settle().await;
    }

    /// One round of deliveries, for stories about what happens in between.
    pub async fn deliver_once(&self) -> baton::outbound::Drained {
        self.service().drain_once().await.unwrap()
    }

    /// Orders faults of the sandbox.
    pub async fn fault(&self, order: Value) {
        self.stage.post("/sandbox/faults", &order).await;
    }

    /// Ends every fault of the sandbox.
    pub async fn faults_end(&self) {
        let path = format!("{}/sandbox/faults", self.stage.base);
        let (status, told) = read(self.stage.client.delete(path).send().await.unwrap()).await;
        assert_eq!(status, 200, "{told}");
    }

    /// What the sandbox says at an address of its control interface.
    pub async fn sandbox_says(&self, path: &str) -> Value {
        self.stage.get(&format!("/sandbox/{path}")).await.1
    }

    /// Changes what a role or member may do in a channel; the service has heard of it afterwards.
    pub async fn overwrite(&self, channel: &str, whom: &str, allow: u64, deny: u64) {
        let path = format!("/sandbox/channels/{channel}/overwrites/{whom}");
        let sides = serde_json::json!({ "allow": allow.to_string(), "deny": deny.to_string() });
        self.stage.put(&path, &sides).await;
        self.heard().await;
    }

    /// Gives a member these roles and no others; the service has heard of it afterwards.
    pub async fn roles(&self, member: &str, roles: &[&str]) {
        let path = format!("/sandbox/members/{member}/roles");
        self.stage.put(&path, &serde_json::json!(roles)).await;
        self.heard().await;
    }

    /// Waits until the service has taken in what the gateway said so far: events come in order, and an answer is the last.
    pub async fn heard(&self) {
        self.tier1()
            .run("tier1-triage", "help", &[])
            .await
            .message();
    }

    pub fn expected(&self) -> std::cell::RefMut<'_, Expected> {
        self.stage.expected.borrow_mut()
    }
}

impl Stage {
    fn set(
        base: String,
        sandbox: Option<Sandbox>,
        clock: Arc<FrozenClock>,
        ports: Ports,
        settings: Settings,
    ) -> Self {
        Self {
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            base,
            sandbox: RefCell::new(sandbox),
            clock,
            ports,
            settings,
            folder: None,
            service: RefCell::default(),
            looked_at: RefCell::default(),
            told: RefCell::default(),
            used: RefCell::default(),
            expected: RefCell::default(),
            logs: Logs::default(),
        }
    }

    fn service(&self) -> Rc<Service> {
        self.service.borrow().clone().expect("the service runs")
    }

    async fn settle(&self) {
        let service = self.service();
        for _ in 0..ROUNDS {
            let drained = service.drain_once().await.unwrap();
            if drained.delivered > 0 {
                continue;
            }
            if drained.waiting == 0 {
                return;
            }
            let wait = drained.again_in.expect("what waits says until when");
            self.clock
                .advance(TimeDelta::from_std(wait).unwrap() + TimeDelta::milliseconds(1));
        }
        panic!("the outbox does not come to rest");
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let answer = self.client.get(format!("{}{path}", self.base));
        read(answer.send().await.unwrap()).await
    }

    async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.client.post(format!("{}{path}", self.base)).json(body);
        read(request.send().await.unwrap()).await
    }

    async fn put(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.client.put(format!("{}{path}", self.base)).json(body);
        let (status, told) = read(request.send().await.unwrap()).await;
        assert_eq!(status, 200, "{told}");
        (status, told)
    }

    async fn requests(&self) -> Vec<Value> {
        let (_, told) = self.get("/sandbox/requests").await;
        told["requests"].as_array().unwrap().clone()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the gateway comes back in real time, and nothing tells when"
)]
pub async fn breathe() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}

async fn read(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}
