//! Intake: durable, deduplicated, routed and in the outbox before the 202; beside Alertmanager, which keeps the same bodies
//! in memory, and beside the reference, which writes the same rows and decides nothing.

use super::bodies;
use super::load::{Load, send};
use super::service::{Baton, Disk, Process, alertmanager, free, until_open};
use super::summary::{Round, head, ratio, row};
use std::env;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// A way of sending the same alerts.
struct Shape {
    told: &'static str,
    connections: usize,
    requests: usize,
    /// Alerts in each request.
    batch: usize,
    /// The source that they come through, and how a request's body is made of the numbers of its alerts.
    source: &'static str,
    body: fn(&str, Range<usize>) -> Vec<u8>,
}

const SOURCE: &str = "alertmanager";
const LIST: fn(&str, Range<usize>) -> Vec<u8> = bodies::prometheus_list;

const PROMETHEUS: [Shape; 3] = [
    shape("one a request, 16 connections", 16, 20_000, 1, SOURCE, LIST),
    shape("one a request, 64 connections", 64, 20_000, 1, SOURCE, LIST),
    shape("100 a request, 4 connections", 4, 300, 100, SOURCE, LIST),
];
/// What fires is sent again and again by Prometheus, all of it.
const AGAIN: Shape = shape(
    "the same once more, 100 a request, 4 connections",
    4,
    100,
    100,
    SOURCE,
    LIST,
);
/// An account that everything runs under, and that something sets off again and again.
const ONE_PERSON: Shape = shape(
    "all about one person, 100 a request, 4 connections",
    4,
    300,
    100,
    SOURCE,
    bodies::about_one_person,
);
const GRAPH: Shape = shape(
    "Graph 5.8 KB, 64 connections",
    64,
    10_000,
    1,
    "defender",
    |run, range| bodies::graph(run, range.start),
);

const fn shape(
    told: &'static str,
    connections: usize,
    requests: usize,
    batch: usize,
    source: &'static str,
    body: fn(&str, Range<usize>) -> Vec<u8>,
) -> Shape {
    Shape {
        told,
        connections,
        requests,
        batch,
        source,
        body,
    }
}

impl Shape {
    const fn alerts(&self) -> usize {
        self.requests * self.batch
    }

    fn send(&self, address: &str, path: &str) -> Load {
        self.send_as(new_run(), address, path)
    }

    /// Sends everything twice; measured is the second time.
    fn again(&self, address: &str, path: &str, program: &Process) -> Round {
        let run = new_run();
        self.send_as(run.clone(), address, path);
        let before = program.cost();
        let load = self.send_as(run, address, path);
        let mut cost = program.cost();
        cost.cpu -= before.cpu;
        Round { load, cost }
    }

    fn send_as(&self, run: String, address: &str, path: &str) -> Load {
        let (batch, body) = (self.batch, self.body);
        send(
            address,
            path,
            self.connections,
            self.requests,
            batch,
            move |n| body(&run, n * batch..(n + 1) * batch),
        )
    }

    fn baton(&self, disk: Disk) -> Round {
        let baton = Baton::start(disk);
        let load = self.send(&baton.http, &format!("/v1/alerts/{}", self.source));
        let cost = baton.service.cost();
        Round { load, cost }
    }

    fn alertmanager(&self) -> Option<Round> {
        let (_folder, peer, address) = alertmanager()?;
        let load = self.send(&address, "/api/v2/alerts");
        let cost = peer.cost();
        Some(Round { load, cost })
    }

    fn reference(&self, grouping: &str, rows: &str, disk: Disk) -> Round {
        let folder = TempDir::new().unwrap();
        let address = free();
        let args = ["reference", &address, "reference.db", grouping, rows];
        let peer = Process::start(&env::current_exe().unwrap(), &args, folder.path(), disk);
        until_open(&address);
        let load = self.send(&address, "/");
        let cost = peer.cost();
        Round { load, cost }
    }
}

/// A name for what is sent, so that nothing of it was sent before.
fn new_run() -> String {
    static RUN: AtomicUsize = AtomicUsize::new(0);
    format!("run{}", RUN.fetch_add(1, Ordering::Relaxed))
}

pub fn run(rounds: usize) {
    for disk in [Disk::AsIs, Disk::Slow] {
        println!("### {}\n", disk.told());
        for shape in &PROMETHEUS {
            compare(shape, disk, rounds);
        }
        compare_again(disk, rounds);
        compare_person(disk, rounds);
        compare_graph(disk, rounds);
    }
}

fn compare(shape: &Shape, disk: Disk, rounds: usize) {
    let (mut ours, mut peers, mut same) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        peers.extend(shape.alertmanager());
        ours.push(shape.baton(disk));
        same.push(shape.reference("grouped", "same", disk));
    }
    head();
    row(shape.told, "Baton", &ours, shape.alerts());
    row(
        shape.told,
        "the same rows, undecided",
        &same,
        shape.alerts(),
    );
    if peers.is_empty() {
        println!("\nAlertmanager is not installed; Debian's package is prometheus-alertmanager.");
    } else {
        row(shape.told, "Alertmanager, memory", &peers, shape.alerts());
        println!();
        ratio("alerts/s to Alertmanager's", &ours, &peers, |r| r.load.rate);
        ratio("peak memory to Alertmanager's", &ours, &peers, |r| {
            r.cost.peak_mb
        });
    }
    ratio("alerts/s to the reference's", &ours, &same, |r| r.load.rate);
    ratio("p99 to the reference's", &ours, &same, |r| {
        r.load.p99.as_secs_f64()
    });
    println!();
}

fn compare_again(disk: Disk, rounds: usize) {
    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        if let Some((_folder, peer, address)) = alertmanager() {
            peers.push(AGAIN.again(&address, "/api/v2/alerts", &peer));
        }
        let baton = Baton::start(disk);
        ours.push(AGAIN.again(&baton.http, "/v1/alerts/alertmanager", &baton.service));
    }
    head();
    row(AGAIN.told, "Baton", &ours, AGAIN.alerts());
    if !peers.is_empty() {
        row(AGAIN.told, "Alertmanager, memory", &peers, AGAIN.alerts());
    }
    println!();
}

/// Beside the same with persons in turn.
fn compare_person(disk: Disk, rounds: usize) {
    let [.., spread] = &PROMETHEUS;
    let (mut one, mut many) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        one.push(ONE_PERSON.baton(disk));
        many.push(spread.baton(disk));
    }
    head();
    row(ONE_PERSON.told, "Baton", &one, ONE_PERSON.alerts());
    row(spread.told, "Baton", &many, spread.alerts());
    println!();
    ratio("alerts/s to persons in turn", &one, &many, |r| r.load.rate);
    println!();
}

fn compare_graph(disk: Disk, rounds: usize) {
    let (mut ours, mut thin, mut single) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(GRAPH.baton(disk));
        thin.push(GRAPH.reference("grouped", "thin", disk));
        single.push(GRAPH.reference("single", "thin", disk));
    }
    head();
    row(GRAPH.told, "Baton", &ours, GRAPH.alerts());
    row(
        GRAPH.told,
        "two rows an alert, grouped",
        &thin,
        GRAPH.alerts(),
    );
    row(
        GRAPH.told,
        "two rows, one commit a request",
        &single,
        GRAPH.alerts(),
    );
    println!();
    ratio("alerts/s to two rows grouped", &ours, &thin, |r| {
        r.load.rate
    });
    ratio("alerts/s to one commit a request", &ours, &single, |r| {
        r.load.rate
    });
    println!();
}
