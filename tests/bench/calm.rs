//! Calm: one alert at a time, from the request to its answer and to its message, and what the idle service takes. Beside
//! it, in turn with it, Alertmanager with the shortest waits that it has; what it posts goes to a listener that only notes
//! when it came, where Baton's goes through the sandbox.

use super::bodies;
use super::load::{Connection, at};
use super::service::{Baton, Disk, alertmanager_telling, free};
use super::summary::spread;
use axum::Router;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Alerts of a round to each, apart enough that a channel's limit is never met.
const ALERTS: usize = 20;
const APART: Duration = Duration::from_millis(750);

/// What one program took, of one round, in order of length.
#[derive(Default)]
struct Times {
    accepted: Vec<Duration>,
    shown: Vec<Duration>,
}

pub fn run(rounds: usize) {
    let (mut ours, mut theirs, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let baton = Baton::start(Disk::AsIs);
        std::thread::sleep(Duration::from_secs(2));
        let before = baton.service.cost();
        std::thread::sleep(Duration::from_secs(3));
        let after = baton.service.cost();
        idle.push((after.peak_mb, (after.cpu - before.cpu).as_secs_f64() / 3.0));
        let (own, peer) = one_by_one(&baton, round);
        ours.push(own);
        theirs.extend(peer);
    }
    println!("| work | program | p50 ms | p99 ms |\n| --- | --- | --- | --- |");
    row("request to 202", "Baton", &ours, |t| &t.accepted);
    row("request to the card in the channel", "Baton", &ours, |t| {
        &t.shown
    });
    if theirs.is_empty() {
        println!("\nAlertmanager is not installed; Debian's package is prometheus-alertmanager.");
    } else {
        row("request to 200", "Alertmanager", &theirs, |t| &t.accepted);
        row("request to its message", "Alertmanager", &theirs, |t| {
            &t.shown
        });
        println!();
        ratio("request to message, p50", &ours, &theirs, 0.5);
        ratio("request to message, p99", &ours, &theirs, 0.99);
    }
    println!(
        "\n- idle: {} MB, {} % of a core",
        spread(idle.iter().map(|(mb, _)| *mb), 1),
        spread(idle.iter().map(|(_, cpu)| cpu * 100.0), 2)
    );
}

fn ms(times: &[Duration], part: f64) -> f64 {
    at(times, part).as_secs_f64() * 1e3
}

fn row(what: &str, program: &str, rounds: &[Times], of: fn(&Times) -> &Vec<Duration>) {
    println!(
        "| {what} | {program} | {} | {} |",
        spread(rounds.iter().map(|times| ms(of(times), 0.5)), 2),
        spread(rounds.iter().map(|times| ms(of(times), 0.99)), 2),
    );
}

fn ratio(what: &str, ours: &[Times], theirs: &[Times], part: f64) {
    let rounds = ours.iter().zip(theirs);
    let ratios = rounds.map(|(own, peer)| ms(&own.shown, part) / ms(&peer.shown, part));
    println!("- {what}, to Alertmanager's: {}", spread(ratios, 2));
}

/// Sends to both in turn.
fn one_by_one(baton: &Baton, round: usize) -> (Times, Option<Times>) {
    let notices = Notices::listen();
    let peer = alertmanager_telling(&notices.url);
    let (mut own, mut theirs) = (Sent::default(), Sent::default());
    let run = format!("calm{round}");
    baton.guild.block_on(async {
        for n in 0..ALERTS {
            let body = bodies::prometheus_list(&run, n..n + 1);
            own.send(&baton.http, "/v1/alerts/alertmanager", &body)
                .await;
            tokio::time::sleep(APART).await;
            if let Some((_, _, address)) = &peer {
                theirs.send(address, "/api/v2/alerts", &body).await;
            }
            tokio::time::sleep(APART).await;
        }
    });
    let came = notices.came.lock().unwrap().clone();
    (own.shown(posts(baton)), peer.map(|_| theirs.shown(came)))
}

/// What was sent over one connection, and when.
#[derive(Default)]
struct Sent {
    connection: Option<Connection>,
    at: Vec<DateTime<Utc>>,
    accepted: Vec<Duration>,
}

impl Sent {
    async fn send(&mut self, address: &str, path: &str, body: &[u8]) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer demo\r\ncontent-type: application/json\r\n"
        );
        if self.connection.is_none() {
            self.connection = Some(Connection::open(address).await.unwrap());
        }
        let connection = self.connection.as_mut().unwrap();
        let (began, at) = (Instant::now(), Utc::now());
        let (status, _) = connection.post(&head, body).await.unwrap();
        assert!((200..300).contains(&status), "{address} answered {status}");
        self.accepted.push(began.elapsed());
        self.at.push(at);
    }

    /// With when each message came, in the order of the alerts.
    fn shown(self, came: Vec<DateTime<Utc>>) -> Times {
        assert_eq!(self.at.len(), came.len(), "a message for each alert");
        let mut times = Times {
            accepted: self.accepted,
            shown: self
                .at
                .iter()
                .zip(came)
                .filter_map(|(sent, came)| (came - *sent).to_std().ok())
                .collect(),
        };
        times.accepted.sort_unstable();
        times.shown.sort_unstable();
        times
    }
}

/// Where Alertmanager posts, as to a webhook of Discord.
struct Notices {
    url: String,
    came: Arc<Mutex<Vec<DateTime<Utc>>>>,
    _runtime: tokio::runtime::Runtime,
}

impl Notices {
    fn listen() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let address = free();
        let came: Arc<Mutex<Vec<DateTime<Utc>>>> = Arc::default();
        let noted = came.clone();
        let router = Router::new().fallback(move || {
            noted.lock().unwrap().push(Utc::now());
            async { StatusCode::NO_CONTENT }
        });
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind(&address))
            .unwrap();
        runtime.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url: format!("http://{address}/api/webhooks/1/figures"),
            came,
            _runtime: runtime,
        }
    }
}

/// When each message was accepted, in order, by the sandbox's own log.
pub fn posts(baton: &Baton) -> Vec<DateTime<Utc>> {
    let log = baton.guild.get("/sandbox/requests");
    let requests = log["requests"].as_array().unwrap();
    let posts = requests.iter().filter(|r| {
        let path = r["path"].as_str().unwrap_or_default();
        r["method"] == "POST" && path.ends_with("/messages") && r["status"] == 200
    });
    posts
        .filter_map(|r| r.get("at").and_then(Value::as_str)?.parse().ok())
        .collect()
}
