//! The programs that are measured, each a process of its own on loopback and a folder that goes with it.

use chrono::{DateTime, Utc};
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// What a process took of the machine since it started.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub peak_mb: f64,
    pub cpu: Duration,
}

/// How the disk behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    AsIs,
    /// Each fsync takes two milliseconds more, as on a cloud disk.
    Slow,
}

impl Disk {
    pub const fn told(self) -> &'static str {
        match self {
            Self::AsIs => "disk as it is",
            Self::Slow => "2 ms added to each fsync",
        }
    }
}

/// A running program; it ends with this.
pub struct Process {
    child: Child,
    said: Receiver<String>,
}

impl Process {
    pub fn start(program: &Path, args: &[&str], folder: &Path, disk: Disk) -> Self {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(folder)
            .env("RUST_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if disk == Disk::Slow {
            command
                .env("LD_PRELOAD", slow_disk())
                .env("SLOWSYNC_US", "2000");
        }
        let mut child = command.spawn().unwrap();
        let (tell, said) = channel();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        for output in outputs {
            let tell = tell.clone();
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    // Nobody listens any more once the work is done.
                    let _ = tell.send(line);
                }
            });
        }
        Self { child, said }
    }

    /// Waits for a line with this text, and gives back what follows the text up to a blank.
    pub fn says(&self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut heard = String::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.said.recv_timeout(left) else {
                panic!("it did not say {text:?}, but:\n{heard}");
            };
            if let Some((_, rest)) = line.split_once(text) {
                return rest
                    .split_whitespace()
                    .next()
                    .unwrap_or_default()
                    .to_owned();
            }
            heard.push_str(&line);
            heard.push('\n');
        }
    }

    pub fn cost(&self) -> Cost {
        let of =
            |name: &str| fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap();
        let status = of("status");
        let peak = status.lines().find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .split_whitespace()
                .next()?
                .parse::<f64>()
                .ok()
        });
        let stat = of("stat");
        // Behind the name in brackets; user and system time stand twelfth and thirteenth, in hundredths of a second.
        let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 = after
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum();
        Cost {
            peak_mb: peak.unwrap_or(f64::NAN) / 1024.0,
            cpu: Duration::from_millis(ticks * 10),
        }
    }

    /// SIGKILL after a while, from beside: nothing is finished.
    pub fn kill_after(&self, pause: Duration) {
        let process = self.child.id().to_string();
        thread::spawn(move || {
            thread::sleep(pause);
            Command::new("kill")
                .args(["-9", &process])
                .status()
                .unwrap();
        });
    }

    fn until_dead(&mut self) {
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A free port of loopback, as an address.
pub fn free() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Waits until something listens there and answers.
pub fn until_open(address: &str) {
    let until = Instant::now() + PATIENCE;
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < until, "nothing listens at {address}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The sandbox and the service beside it.
pub struct Baton {
    folder: TempDir,
    _sandbox: Process,
    pub service: Process,
    /// Where alerts are taken, host and port.
    pub http: String,
    pub guild: Guild,
    /// When the service was started, and how long it took until it accepted alerts.
    pub started: (DateTime<Utc>, Duration),
}

impl Baton {
    pub fn start(disk: Disk) -> Self {
        Self::start_with(disk, None)
    }

    /// The same with a playbook of the operator's own.
    pub fn start_with(disk: Disk, playbook: Option<&str>) -> Self {
        Self::start_on(disk, playbook, |_| ())
    }

    /// The same, once `before` has done its work in the folder where the store will be.
    pub fn start_on(disk: Disk, playbook: Option<&str>, before: impl FnOnce(&Path)) -> Self {
        let folder = TempDir::new().unwrap();
        let program = Path::new(env!("CARGO_BIN_EXE_baton"));
        let (listen, http) = (free(), free());
        let args = [
            "sandbox", "--listen", &listen, "--http", &http, "--data", "data",
        ];
        let sandbox = Process::start(program, &args, folder.path(), Disk::AsIs);
        let base = sandbox.says("runs at ").trim_end_matches('.').to_owned();
        sandbox.says("baton run --config");
        if let Some(playbook) = playbook {
            let own = folder.path().join("data/playbooks");
            fs::create_dir_all(&own).unwrap();
            fs::write(own.join("bench.toml"), playbook).unwrap();
            let config = folder.path().join("data/baton.toml");
            let text = fs::read_to_string(&config).unwrap();
            let dir = format!("{text}\n[playbooks]\ndir = \"{}\"\n", own.display());
            fs::write(&config, dir).unwrap();
        }
        before(&folder.path().join("data"));
        let (at, began) = (Utc::now(), Instant::now());
        let service = Self::serve(&folder, disk);
        let started = (at, began.elapsed());
        let guild = Guild::new(&base);
        guild.until_ready(&http);
        Self {
            folder,
            _sandbox: sandbox,
            service,
            http,
            guild,
            started,
        }
    }

    /// Runs the program with the service's configuration beside it, to its end. Gives back how long it took.
    pub fn runs(&self, args: &[&str]) -> Duration {
        let began = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_baton"));
        let config = ["--config", "data/baton.toml"];
        command
            .args(args)
            .args(config)
            .current_dir(self.folder.path());
        let done = command.stdout(Stdio::null()).status().unwrap();
        assert!(done.success(), "{args:?}");
        began.elapsed()
    }

    fn serve(folder: &TempDir, disk: Disk) -> Process {
        let program = Path::new(env!("CARGO_BIN_EXE_baton"));
        let service = Process::start(
            program,
            &["run", "--config", "data/baton.toml"],
            folder.path(),
            disk,
        );
        service.says("alerts are taken");
        service
    }

    /// Started at once after it was killed.
    pub fn start_again(&mut self) {
        self.service.until_dead();
        self.service = Self::serve(&self.folder, Disk::AsIs);
    }
}

/// The sandbox's control of the guild.
pub struct Guild {
    pub base: String,
    pub client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl Guild {
    pub fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    fn until_ready(&self, http: &str) {
        let until = Instant::now() + PATIENCE;
        let asked = || {
            let url = format!("http://{http}/readyz");
            self.block_on(async { self.client.get(url).send().await.map(|a| a.status()) })
        };
        while !asked().is_ok_and(|status| status.is_success()) {
            assert!(Instant::now() < until, "the service is not ready");
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn get(&self, path: &str) -> serde_json::Value {
        let url = format!("{}{path}", self.base);
        self.block_on(async {
            self.client
                .get(url)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap()
        })
    }

    /// A file that came with a message.
    pub fn text(&self, url: &str) -> String {
        let asked = self.client.get(url);
        self.block_on(async { asked.send().await.unwrap().text().await.unwrap() })
    }

    /// The id of a channel, by its name.
    pub fn channel(&self, name: &str) -> String {
        let guild = self.get("/sandbox/guild");
        let channels = guild["channels"].as_array().unwrap();
        let found = channels.iter().find(|c| c["name"] == name).unwrap();
        found["id"].as_str().unwrap().to_owned()
    }

    /// The id of a member, by their name.
    pub fn member(&self, name: &str) -> String {
        let guild = self.get("/sandbox/guild");
        let members = guild["members"].as_array().unwrap();
        let found = members
            .iter()
            .find(|m| m["user"]["username"] == name)
            .unwrap();
        found["user"]["id"].as_str().unwrap().to_owned()
    }
}

/// Alertmanager, where it is installed; its notices go nowhere.
pub fn alertmanager() -> Option<(TempDir, Process, String)> {
    alertmanager_with("  group_by: [alertname]\n", "")
}

/// The same, where it tells each alert at once, alone, to a webhook of Discord.
pub fn alertmanager_telling(webhook: &str) -> Option<(TempDir, Process, String)> {
    let route = "  group_by: ['...']\n  group_wait: 0s\n";
    let told = format!(
        "    discord_configs:\n      - webhook_url: {webhook}\n        send_resolved: false\n"
    );
    alertmanager_with(route, &told)
}

fn alertmanager_with(route: &str, receiver: &str) -> Option<(TempDir, Process, String)> {
    let program = ["/usr/bin/prometheus-alertmanager", "/usr/bin/alertmanager"];
    let program = program.iter().map(PathBuf::from).find(|p| p.exists())?;
    let folder = TempDir::new().unwrap();
    let config =
        format!("route:\n  receiver: figures\n{route}receivers:\n  - name: figures\n{receiver}");
    fs::write(folder.path().join("config.yml"), config).unwrap();
    let listen = free();
    let args = [
        "--config.file=config.yml",
        "--storage.path=data",
        "--cluster.listen-address=",
        &format!("--web.listen-address={listen}"),
    ];
    let peer = Process::start(&program, &args, folder.path(), Disk::AsIs);
    until_open(&listen);
    Some((folder, peer, listen))
}

/// The library that makes each fsync slow, compiled once.
fn slow_disk() -> PathBuf {
    let library = std::env::temp_dir().join("baton-slow-fsync.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/slow_fsync.c");
    let done = Command::new("cc")
        .args(["-shared", "-fPIC", "-O2", "-o"])
        .arg(&library)
        .args([source, "-ldl"])
        .status()
        .unwrap();
    assert!(done.success(), "cc could not compile {source}");
    library
}
