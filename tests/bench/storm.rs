//! A storm: ten thousand alerts in a minute, while each channel takes five messages in five seconds. Shown is an alert whose
//! incident stands in an accepted message or in its attachment.

use super::bodies;
use super::load::{Connection, at};
use super::service::{Baton, Disk};
use serde_json::Value;
use std::collections::HashMap;
use std::time::{Duration, Instant};

const ALERTS: usize = 10_000;
const LASTS: Duration = Duration::from_mins(1);

/// How often the service is killed in the second storm, each time at another moment.
const KILLS: usize = 20;

pub fn run(_rounds: usize) {
    println!(
        "| storm | accepted | shown | p50 s | p99 s | most s | messages | 429 | in two messages |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for kills in [0, KILLS] {
        let (accepted, shown) = storm(kills);
        println!(
            "| {ALERTS} alerts in {} s, killed {kills} times | {accepted} | {} | {:.2} | {:.2} | {:.2} | {} | {} | {} |",
            LASTS.as_secs(),
            shown.after.len(),
            at(&shown.after, 0.5).as_secs_f64(),
            at(&shown.after, 0.99).as_secs_f64(),
            at(&shown.after, 1.0).as_secs_f64(),
            shown.messages,
            shown.refused,
            shown.twice,
        );
    }
}

struct Shown {
    /// From the 202 to the message, sorted.
    after: Vec<Duration>,
    messages: usize,
    refused: usize,
    twice: usize,
}

fn storm(kills: usize) -> (usize, Shown) {
    let mut baton = Baton::start(Disk::AsIs);
    let taken = send(&mut baton, kills);
    let quiet = Instant::now() + Duration::from_mins(2);
    loop {
        let shown = seen(&baton, &taken);
        if shown.after.len() >= taken.len() || Instant::now() > quiet {
            return (taken.len(), shown);
        }
        std::thread::sleep(Duration::from_secs(2));
    }
}

/// When each incident's alert was accepted. What a kill left without an answer is sent again, as senders do.
fn send(baton: &mut Baton, kills: usize) -> HashMap<usize, chrono::DateTime<chrono::Utc>> {
    let head = format!(
        "POST /v1/alerts/alertmanager HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer demo\r\n",
        baton.http
    );
    let mut taken = HashMap::new();
    let mut connection = baton.guild.block_on(Connection::open(&baton.http)).unwrap();
    let began = Instant::now();
    for n in 0..ALERTS {
        let due = LASTS.mul_f64(n as f64 / ALERTS as f64);
        std::thread::sleep(due.saturating_sub(began.elapsed()));
        let every = ALERTS / (kills + 1);
        if kills > 0 && n % every == every - 1 && n / every < kills {
            // Spread over the life of a request by the number itself, so that a run can be repeated.
            baton
                .service
                .kill_after(Duration::from_micros((n as u64 * 7_919) % 9_000));
        }
        let body = bodies::prometheus_list("storm", n..n + 1);
        let answer = loop {
            match baton.guild.block_on(connection.post(&head, &body)) {
                Ok((202, answer)) => break answer,
                Ok((status, answer)) => panic!("{status}: {answer}"),
                Err(_) => {
                    baton.start_again();
                    connection = baton.guild.block_on(Connection::open(&baton.http)).unwrap();
                }
            }
        };
        for number in numbers(&Value::String(answer)) {
            taken.entry(number).or_insert_with(chrono::Utc::now);
        }
    }
    taken
}

fn seen(baton: &Baton, taken: &HashMap<usize, chrono::DateTime<chrono::Utc>>) -> Shown {
    let log = baton.guild.get("/sandbox/requests");
    let requests = log["requests"].as_array().unwrap();
    let mut first: HashMap<usize, (chrono::DateTime<chrono::Utc>, usize)> = HashMap::new();
    let (mut messages, mut refused) = (0, 0);
    for request in requests {
        refused += usize::from(request["status"] == 429);
        let path = request["path"].as_str().unwrap_or_default();
        if request["method"] != "POST" || !path.ends_with("/messages") || request["status"] != 200 {
            continue;
        }
        messages += 1;
        let at = request["at"].as_str().and_then(|at| at.parse().ok());
        let at: chrono::DateTime<chrono::Utc> = at.unwrap();
        for number in numbers(&request["body"]) {
            first
                .entry(number)
                .and_modify(|seen| seen.1 += 1)
                .or_insert((at, 1));
        }
    }
    let mut after: Vec<Duration> = first
        .iter()
        .filter_map(|(number, (at, _))| {
            Some((*at - *taken.get(number)?).to_std().unwrap_or_default())
        })
        .collect();
    after.sort_unstable();
    Shown {
        after,
        messages,
        refused,
        twice: first.values().filter(|(_, times)| *times > 1).count(),
    }
}

/// The incidents that a message names, each once.
fn numbers(body: &Value) -> std::collections::BTreeSet<usize> {
    let text = body.to_string();
    let each = text.split("INC-").skip(1);
    each.filter_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    })
    .collect()
}
