//! A storm: ten thousand alerts in a minute, while each channel takes five messages in five seconds. Shown is an alert whose
//! incident stands in an accepted message or in its attachment.

use super::bodies;
use super::load::{Connection, at};
use super::service::{Baton, Disk};
use std::collections::HashMap;
use std::time::{Duration, Instant};

const ALERTS: usize = 10_000;
const LASTS: Duration = Duration::from_mins(1);

/// How often the service is killed in the second storm, each time at another moment.
const KILLS: usize = 20;

/// Alerts that all come to one channel, or to five in turn by their policy.
#[derive(Clone, Copy)]
enum Spread {
    OneChannel,
    FiveChannels,
}

/// An entry in five channels.
const FIVE: &str = include_str!("five_channels.toml");

pub fn run(_rounds: usize) {
    println!(
        "| storm | accepted | shown | p50 s | p99 s | most s | messages | 429 | in two messages |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (spread, kills) in [
        (Spread::FiveChannels, 0),
        (Spread::OneChannel, 0),
        (Spread::OneChannel, KILLS),
    ] {
        let (accepted, shown) = storm(spread, kills);
        println!(
            "| {ALERTS} alerts in {} s, {}, killed {kills} times | {accepted} | {} | {:.2} | {:.2} | {:.2} | {} | {} | {} |",
            LASTS.as_secs(),
            spread.told(),
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

impl Spread {
    const fn told(self) -> &'static str {
        match self {
            Self::OneChannel => "1 channel",
            Self::FiveChannels => "5 channels",
        }
    }

    fn body(self, n: usize) -> (&'static str, Vec<u8>) {
        match self {
            Self::OneChannel => ("alertmanager", bodies::prometheus_list("storm", n..n + 1)),
            Self::FiveChannels => ("generic", bodies::spread("storm", n)),
        }
    }
}

struct Shown {
    /// From the 202 to the message, sorted.
    after: Vec<Duration>,
    messages: usize,
    refused: usize,
    twice: usize,
}

fn storm(spread: Spread, kills: usize) -> (usize, Shown) {
    let playbook = match spread {
        Spread::OneChannel => None,
        Spread::FiveChannels => Some(FIVE),
    };
    let mut baton = Baton::start_with(Disk::AsIs, playbook);
    let taken = send(&mut baton, spread, kills);
    let quiet = Instant::now() + Duration::from_mins(2);
    let mut files = HashMap::new();
    loop {
        std::thread::sleep(Duration::from_secs(4));
        let shown = seen(&baton, &taken, &mut files);
        if shown.after.len() >= taken.len() || Instant::now() > quiet {
            return (taken.len(), shown);
        }
    }
}

/// When each incident's alert was accepted. What a kill left without an answer is sent again, as senders do.
fn send(
    baton: &mut Baton,
    spread: Spread,
    kills: usize,
) -> HashMap<usize, chrono::DateTime<chrono::Utc>> {
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
        let (source, body) = spread.body(n);
        let head = format!(
            "POST /v1/alerts/{source} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer demo\r\n",
            baton.http
        );
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
        for number in numbers(&answer) {
            taken.entry(number).or_insert_with(chrono::Utc::now);
        }
    }
    taken
}

/// What stands in the channels, attachments among it; `files` are those that were read before.
fn seen(
    baton: &Baton,
    taken: &HashMap<usize, chrono::DateTime<chrono::Utc>>,
    files: &mut HashMap<String, String>,
) -> Shown {
    let log = baton.guild.get("/sandbox/requests");
    let requests = log["requests"].as_array().unwrap();
    let refused = requests.iter().filter(|r| r["status"] == 429).count();
    let mut first: HashMap<usize, (chrono::DateTime<chrono::Utc>, usize)> = HashMap::new();
    let mut messages = 0;
    let guild = baton.guild.get("/sandbox/guild");
    for channel in guild["channels"].as_array().unwrap() {
        let id = channel["id"].as_str().unwrap();
        let path = format!("/sandbox/members/owner/view?channel={id}");
        let view = baton.guild.get(&path);
        for message in view["messages"].as_array().into_iter().flatten() {
            messages += 1;
            let at = message["timestamp"].as_str().unwrap().parse().unwrap();
            let mut text = format!("{}{}", message["embeds"], message["components"]);
            for file in message["attachments"].as_array().into_iter().flatten() {
                let url = file["url"].as_str().unwrap();
                let whole = files.entry(url.to_owned());
                text.push_str(whole.or_insert_with(|| baton.guild.text(url)));
            }
            for number in numbers(&text) {
                let known = first.entry(number).or_insert((at, 0));
                *known = (known.0.min(at), known.1 + 1);
            }
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

/// The incidents that a text names, each once.
fn numbers(text: &str) -> std::collections::BTreeSet<usize> {
    let each = text.split("INC-").skip(1);
    each.filter_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    })
    .collect()
}
