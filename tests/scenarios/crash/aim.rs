//! When to kill, and what the kill met: chosen by what is seen from outside, judged by the store's file and what stands at
//! the sandbox, before the next start.

use crate::scenarios::harness::chance::Chance;
use crate::scenarios::harness::ledger::{numbers, pairs};
use crate::scenarios::harness::{World, breathe};
use futures_util::future::pending;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// No life lasts longer from its first step to the kill.
const LONGEST: Duration = Duration::from_secs(3);

/// What a kill cuts off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// An alert was sent and is not in the store.
    BeforeCommit,
    /// It is in the store, and its message is not sent.
    CommitToSend,
    /// The message stands, and the store does not know.
    SendToRecorded,
    /// A page of a form was saved, and the form is not at its end.
    MidForm,
}

/// What the run counts of one life.
#[derive(Default)]
pub struct Life {
    /// The alerts of this life that were accepted.
    pub taken: RefCell<BTreeSet<String>>,
}

/// When the kill comes.
pub struct Moment {
    aim: Phase,
    /// The sandbox's last request before.
    since: u64,
    /// How many accepted alerts or confirmed pages are waited for.
    count: usize,
    /// And then so long.
    pause: Duration,
}

impl Phase {
    pub const ALL: [Self; 4] = [
        Self::BeforeCommit,
        Self::CommitToSend,
        Self::SendToRecorded,
        Self::MidForm,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::BeforeCommit => "before the commit",
            Self::CommitToSend => "commit to send",
            Self::SendToRecorded => "send to recorded",
            Self::MidForm => "mid-form",
        }
    }

    /// Draws the moment; prepares the sandbox for it.
    pub async fn choose(self, chance: &mut Chance, w: &World, seen: &Seen) -> Moment {
        let (most_us, most_count) = match self {
            Self::BeforeCommit => (12_000, 1),
            Self::CommitToSend => (4_000, 3),
            Self::SendToRecorded => (3_000, 1),
            Self::MidForm => (30_000, 20),
        };
        let mut pause = Duration::from_micros(chance.below(most_us));
        // Half of them as it comes, half with an answer that is held back: the time between is short.
        if self == Self::SendToRecorded && chance.below(2) == 0 {
            let order = json!({
                "kind": "late_response", "for_ms": 400, "times": 3,
                "route": "POST /api/v10/channels",
            });
            w.fault(order).await;
            pause = Duration::from_micros(chance.below(300_000));
        }
        // A step and its page are done at once, and the member hears of it later.
        if self == Self::MidForm && chance.below(2) == 0 {
            let order =
                json!({ "kind": "late_response", "for_ms": 20, "times": 500, "route": "*" });
            w.fault(order).await;
        }
        let count = 1 + usize::try_from(chance.below(most_count)).unwrap();
        Moment {
            aim: self,
            since: seen.last,
            count,
            pause,
        }
    }
}

impl Moment {
    /// Waits for it; `confirmed` says how many pages were in this life.
    pub async fn comes(self, w: &World, life: &Life, confirmed: impl Fn() -> usize) {
        match self.aim {
            Phase::BeforeCommit => {}
            Phase::CommitToSend => {
                let taken = async {
                    while life.taken.borrow().len() < self.count {
                        tokio::task::yield_now().await;
                    }
                };
                let _ = timeout(LONGEST, taken).await;
            }
            Phase::SendToRecorded => {
                let stands = async {
                    while posted(w, self.since).await.1.is_empty() {
                        tokio::task::yield_now().await;
                    }
                };
                let _ = timeout(LONGEST, stands).await;
            }
            Phase::MidForm => {
                // Where the walks come to their end before, no more is confirmed.
                let enough = async {
                    while confirmed() < self.count {
                        breathe().await;
                    }
                };
                let _ = timeout(LONGEST, enough).await;
            }
        }
        let until = Instant::now() + self.pause;
        // The clock of the runtime counts milliseconds; the rest is waited for awake.
        let _ = timeout(
            self.pause.saturating_sub(Duration::from_millis(2)),
            pending::<()>(),
        )
        .await;
        while Instant::now() < until {
            tokio::task::yield_now().await;
        }
    }
}

/// The sandbox's last request after a number, and the nonces of what was posted since.
async fn posted(w: &World, since: u64) -> (u64, BTreeSet<String>) {
    let told = w.sandbox_says(&format!("requests?since={since}")).await;
    let requests = told["requests"].as_array().unwrap();
    let last = requests
        .last()
        .map_or(since, |one| one["number"].as_u64().unwrap());
    let done = requests
        .iter()
        .filter(|one| one["status"] == 200 && one["method"] == "POST");
    let nonces = done.filter_map(|one| one["body"]["nonce"].as_str().map(str::to_owned));
    (last, nonces.collect())
}

/// How much of each kind still waits to be delivered.
pub fn waits(w: &World) -> Option<BTreeMap<String, i64>> {
    let waiting = "SELECT kind, COUNT(*) FROM outbox WHERE state = 'waiting' GROUP BY kind";
    Some(pairs(&w.ledger(), waiting)).filter(|kinds| !kinds.is_empty())
}

/// What was seen after each kill.
#[derive(Default)]
pub struct Seen {
    kills: BTreeMap<Phase, usize>,
    /// The sandbox's last request at the last kill, and at each.
    pub last: u64,
    pub ends: Vec<u64>,
    /// The outbox's last row, and when the last page was saved.
    row: i64,
    saved_us: i64,
}

impl Seen {
    pub fn met(&self, phase: Phase) -> usize {
        self.kills.get(&phase).copied().unwrap_or_default()
    }

    /// Looks at what a kill left, and counts it for one phase: the one aimed at, where it was met.
    pub async fn look(
        &mut self,
        w: &World,
        aim: Phase,
        names: &BTreeSet<String>,
        offered: &BTreeMap<String, bool>,
    ) {
        let (last, arrived) = posted(w, self.last).await;
        let ledger = w.ledger();
        let kept = pairs(
            &ledger,
            "SELECT source_alert_id, COUNT(*) FROM alerts WHERE source = 'generic' GROUP BY 1",
        );
        for name in names.iter().filter(|name| offered[*name]) {
            assert_eq!(kept.get(name), Some(&1), "{name} was accepted");
        }
        let waiting = pairs(
            &ledger,
            "SELECT (SELECT value FROM facts WHERE key = 'instance') || '-' || id, id FROM outbox
             WHERE state = 'waiting' AND digest_id IS NULL AND kind IN ('post_card', 'post_digest')",
        );
        let [row, saved_us] = numbers(
            &ledger,
            "SELECT (SELECT COALESCE(MAX(id), 0) FROM outbox),
                    (SELECT COALESCE(MAX(saved_us), 0) FROM drafts WHERE state = 'open' AND body LIKE '%walk%')",
        );
        let met = [
            names.iter().any(|name| !kept.contains_key(name)),
            waiting
                .iter()
                .any(|(nonce, id)| *id > self.row && !arrived.contains(nonce)),
            waiting.keys().any(|nonce| arrived.contains(nonce)),
            saved_us > self.saved_us,
        ];
        let met = Phase::ALL.into_iter().zip(met).filter(|(_, met)| *met);
        let met: Vec<Phase> = met.map(|(phase, _)| phase).collect();
        if let Some(phase) = met.iter().find(|phase| **phase == aim).or(met.first()) {
            *self.kills.entry(*phase).or_default() += 1;
        }
        (self.last, self.row) = (last, row);
        self.saved_us = self.saved_us.max(saved_us);
        self.ends.push(last);
    }

    /// Kills by phase, a line each.
    pub fn table(&self) -> String {
        let mut table = String::new();
        for phase in Phase::ALL {
            writeln!(table, "{:>18} {:>4}", phase.words(), self.met(phase)).unwrap();
        }
        let none = self.ends.len() - self.kills.values().sum::<usize>();
        writeln!(table, "{:>18} {none:>4}", "elsewhere").unwrap();
        writeln!(table, "{:>18} {:>4}", "all kills", self.ends.len()).unwrap();
        table
    }
}

/// A request's channel lane: Discord counts each apart.
pub fn lane(request: &Value) -> String {
    let path = request["path"].as_str().unwrap().split('?').next().unwrap();
    let major: Vec<&str> = path.split('/').take(6).collect();
    format!(
        "{} {}",
        request["method"].as_str().unwrap(),
        major.join("/")
    )
}
