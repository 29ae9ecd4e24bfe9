//! Calm: one alert at a time, from the request to its 202 and to its card in the channel, and what the idle service takes.

use super::bodies;
use super::load::{Connection, at};
use super::service::{Baton, Disk};
use super::summary::spread;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Alerts of a round, apart enough that a channel's limit is never met.
const ALERTS: usize = 20;
const APART: Duration = Duration::from_millis(1_500);

pub fn run(rounds: usize) {
    let mut taken = Vec::new();
    let mut shown = Vec::new();
    let mut idle = Vec::new();
    for round in 0..rounds {
        let baton = Baton::start(Disk::AsIs);
        std::thread::sleep(Duration::from_secs(2));
        let before = baton.service.cost();
        std::thread::sleep(Duration::from_secs(3));
        let after = baton.service.cost();
        idle.push((after.peak_mb, (after.cpu - before.cpu).as_secs_f64() / 3.0));
        let (accepted, visible) = one_by_one(&baton, round);
        taken.push(accepted);
        shown.push(visible);
    }
    let ms = |times: &Vec<Duration>, part: f64| at(times, part).as_secs_f64() * 1e3;
    println!("| work | p50 ms | p99 ms |\n| --- | --- | --- |");
    for (what, rounds) in [
        ("request to 202", &taken),
        ("request to the card in the channel", &shown),
    ] {
        println!(
            "| {what} | {} | {} |",
            spread(rounds.iter().map(|times| ms(times, 0.5)), 2),
            spread(rounds.iter().map(|times| ms(times, 0.99)), 2),
        );
    }
    println!(
        "\n- idle: {} MB, {} % of a core",
        spread(idle.iter().map(|(mb, _)| *mb), 1),
        spread(idle.iter().map(|(_, cpu)| cpu * 100.0), 2)
    );
}

fn one_by_one(baton: &Baton, round: usize) -> (Vec<Duration>, Vec<Duration>) {
    let head = format!(
        "POST /v1/alerts/alertmanager HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer demo\r\n",
        baton.http
    );
    let (mut accepted, mut sent) = (Vec::new(), Vec::new());
    baton.guild.block_on(async {
        let mut connection = Connection::open(&baton.http).await.unwrap();
        for n in 0..ALERTS {
            let body = bodies::prometheus_list(&format!("calm{round}"), n..n + 1);
            let (began, at) = (Instant::now(), chrono::Utc::now());
            let (status, _) = connection.post(&head, &body).await.unwrap();
            assert_eq!(status, 202);
            accepted.push(began.elapsed());
            sent.push(at);
            tokio::time::sleep(APART).await;
        }
    });
    let posted = posts(baton);
    let mut visible: Vec<Duration> = sent
        .iter()
        .zip(posted)
        .filter_map(|(sent, posted)| (posted - *sent).to_std().ok())
        .collect();
    accepted.sort_unstable();
    visible.sort_unstable();
    (accepted, visible)
}

/// When each message was accepted, in order, by the sandbox's own log.
pub fn posts(baton: &Baton) -> Vec<chrono::DateTime<chrono::Utc>> {
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
