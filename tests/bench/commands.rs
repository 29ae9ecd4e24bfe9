//! Commands: a thousand at once, each on an incident of its own and durably committed before its answer; then one at a time.
//! Measured by the sandbox, from the interaction that it sends to the answer that it gets.

use super::bodies;
use super::load::{at, send};
use super::service::{Baton, Disk};
use super::summary::spread;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const AT_ONCE: usize = 1_000;
const ALONE: usize = 200;
/// What is late counts as this long at least.
const DISCORD_WAITS: Duration = Duration::from_secs(3);
/// Alerts a second that come in beside.
const BESIDE: usize = 1_000;

struct Taken {
    at_once: Vec<Duration>,
    late: usize,
    alone: Vec<Duration>,
}

pub fn run(rounds: usize) {
    println!("| work | p50 ms | p99 ms | later than Discord waits |\n| --- | --- | --- | --- |");
    for (disk, beside) in [(Disk::AsIs, 0), (Disk::Slow, 0), (Disk::AsIs, BESIDE)] {
        let taken: Vec<Taken> = (0..rounds).map(|_| claim(disk, beside)).collect();
        let told = match beside {
            0 => disk.told().to_owned(),
            more => format!("{}, beside {more} alerts a second", disk.told()),
        };
        let ms = |times: &[Duration], part: f64| at(times, part).as_secs_f64() * 1e3;
        println!(
            "| {AT_ONCE} at once, {told} | {} | {} | {} |",
            spread(taken.iter().map(|t| ms(&t.at_once, 0.5)), 0),
            spread(taken.iter().map(|t| ms(&t.at_once, 0.99)), 0),
            taken.iter().map(|t| t.late).sum::<usize>(),
        );
        println!(
            "| one at a time, {told} | {} | {} | 0 |",
            spread(taken.iter().map(|t| ms(&t.alone, 0.5)), 2),
            spread(taken.iter().map(|t| ms(&t.alone, 0.99)), 2),
        );
    }
}

/// Sends so many alerts a second from beside until it is dropped.
struct Beside {
    over: Arc<AtomicBool>,
    sends: Option<JoinHandle<()>>,
}

impl Beside {
    fn begin(baton: &Baton, each_second: usize) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (ends, address) = (over.clone(), baton.http.clone());
        let sends = std::thread::spawn(move || {
            for tenth in 0_usize.. {
                if ends.load(Ordering::Relaxed) {
                    return;
                }
                let began = Instant::now();
                let each = each_second / 10;
                let body = move |n| {
                    let n = tenth * each + n;
                    bodies::prometheus_list("beside", n..n + 1)
                };
                send(&address, "/v1/alerts/alertmanager", 8, each, 1, body);
                std::thread::sleep(Duration::from_millis(100).saturating_sub(began.elapsed()));
            }
        });
        Self {
            over,
            sends: Some(sends),
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // What is on its way is answered before the service ends.
        self.sends.take().unwrap().join().unwrap();
    }
}

fn claim(disk: Disk, beside: usize) -> Taken {
    let baton = Baton::start(disk);
    let all = AT_ONCE + ALONE;
    let load = send(
        &baton.http,
        "/v1/alerts/alertmanager",
        1,
        1,
        all,
        move |_| bodies::prometheus_list("commands", 0..all),
    );
    assert_eq!(load.refused, 0);
    let _beside = (beside > 0).then(|| Beside::begin(&baton, beside));
    let guild = &baton.guild;
    let (member, channel) = (guild.member("tier1"), guild.channel("tier1-triage"));
    let url = format!("{}/sandbox/members/{member}/commands", guild.base);
    let run = |n: usize| {
        let body = json!({
            "channel": channel, "name": "claim", "options": { "incident": format!("INC-{n}") },
        });
        let request = guild.client.post(&url).json(&body);
        async move {
            let answer = request.send().await.unwrap();
            let late = answer.status().as_u16() == 504;
            let answer: Value = answer.json().await.unwrap_or_default();
            let content = answer.to_string();
            assert!(late || content.contains("INC-"), "not claimed: {content}");
            let took = answer["took_ms"].as_f64();
            let took = took.map_or(DISCORD_WAITS, |ms| Duration::from_secs_f64(ms / 1e3));
            (took, late)
        }
    };
    let mut at_once = guild.block_on(futures_util::future::join_all((1..=AT_ONCE).map(run)));
    let late = at_once.iter().filter(|(_, late)| *late).count();
    let mut alone = guild.block_on(async {
        let mut times = Vec::new();
        for n in AT_ONCE + 1..=all {
            times.push(run(n).await.0);
        }
        times
    });
    alone.sort_unstable();
    at_once.sort_unstable();
    Taken {
        at_once: at_once.into_iter().map(|(took, _)| took).collect(),
        late,
        alone,
    }
}
