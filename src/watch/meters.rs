//! What is counted and measured, by Prometheus' conventions. Counting is an atomic addition; only a scrape gathers.
//! Labels are words of the program or of the configuration, never of an alert.

use crate::domain::audit::Kind;
use crate::domain::health::Facts;
use chrono::{DateTime, Utc};
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

type Label = (&'static str, String);
type Counters<const N: usize> = Family<[Label; N], Counter>;
type Seconds = Gauge<f64, AtomicU64>;

/// Discord waits three seconds for the first answer.
const ACKNOWLEDGE_SECONDS: [f64; 10] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 3.0];
const GROUP_JOBS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// The classes of Discord's answers; `none` where there was no answer.
const CLASSES: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", "none"];
const OUTCOMES: [&str; 5] = ["opened", "attached", "repeated", "noted", "quarantined"];

/// What the store's writer counts.
#[derive(Clone)]
pub struct StoreMeters {
    commits: Counter,
    failed: Counter,
    jobs: Histogram,
}

impl Default for StoreMeters {
    fn default() -> Self {
        Self {
            commits: Counter::default(),
            failed: Counter::default(),
            jobs: Histogram::new(GROUP_JOBS),
        }
    }
}

impl StoreMeters {
    /// One commit, shared by so many jobs.
    pub fn committed(&self, jobs: usize) {
        self.commits.inc();
        self.jobs
            .observe(f64::from(u32::try_from(jobs).unwrap_or(u32::MAX)));
    }

    pub fn failed(&self) {
        self.failed.inc();
    }
}

/// What Discord answers.
#[derive(Clone)]
pub struct DiscordMeters {
    responses: Counters<1>,
    classes: [Counter; 5],
    limited: Counter,
}

impl Default for DiscordMeters {
    fn default() -> Self {
        let responses = Counters::default();
        let classes =
            CLASSES.map(|class| responses.get_or_create_owned(&[("class", class.to_owned())]));
        Self {
            responses,
            classes,
            limited: Counter::default(),
        }
    }
}

impl DiscordMeters {
    /// An answer with its status, or that none came.
    pub fn answered(&self, status: Option<u16>) {
        let place = match status.map(|status| status / 100) {
            Some(2) => 0,
            Some(3) => 1,
            Some(4) => 2,
            Some(5) => 3,
            Some(_) | None => 4,
        };
        if let Some(class) = self.classes.get(place) {
            class.inc();
        }
        if status == Some(429) {
            self.limited.inc();
        }
    }
}

/// What comes of one source's alerts.
#[derive(Clone)]
pub struct IntakeMeters(BTreeMap<&'static str, Counter>);

impl IntakeMeters {
    /// The outcome's own word.
    pub fn taken(&self, outcome: &str) {
        if let Some(counter) = self.0.get(outcome) {
            counter.inc();
        }
    }
}

/// Every counter and gauge, with the register that tells them.
pub struct Meters {
    registry: Registry,
    alerts: Counters<2>,
    requests: Counters<2>,
    acknowledged: Histogram,
    sweeps: Counter,
    done: Counter,
    delivered: Counter,
    rounds: Counter,
    found: Counters<1>,
    mended: Counters<1>,
    beats: Counters<1>,
    gauges: Gauges,
}

/// Set at each scrape, from the facts of that moment.
#[derive(Default)]
struct Gauges {
    ready: Gauge,
    token_refused: Gauge,
    refused_lately: Gauge,
    waiting: Family<[Label; 1], Gauge>,
    oldest: Seconds,
    resting: Gauge,
    overdue: Gauge,
    overdue_oldest: Seconds,
    quarantined: Gauge,
    findings: Family<[Label; 1], Gauge>,
    entries: Gauge,
    started: Seconds,
    swept: Seconds,
    audited: Seconds,
    committed: Seconds,
    backup: Seconds,
}

impl Default for Meters {
    fn default() -> Self {
        Self::new(&StoreMeters::default(), &DiscordMeters::default())
    }
}

impl Meters {
    pub fn new(store: &StoreMeters, discord: &DiscordMeters) -> Self {
        let mut meters = Self {
            registry: Registry::with_prefix("baton"),
            alerts: Counters::default(),
            requests: Counters::default(),
            acknowledged: Histogram::new(ACKNOWLEDGE_SECONDS),
            sweeps: Counter::default(),
            done: Counter::default(),
            delivered: Counter::default(),
            rounds: Counter::default(),
            found: Counters::default(),
            mended: Counters::default(),
            beats: Counters::default(),
            gauges: Gauges::default(),
        };
        for kind in Kind::ALL {
            let label = [("kind", kind.key().to_owned())];
            drop((
                meters.found.get_or_create_owned(&label),
                meters.mended.get_or_create_owned(&label),
            ));
        }
        meters.register(store, discord);
        meters
    }

    #[expect(clippy::too_many_lines, reason = "one list of names and helps")]
    fn register(&mut self, store: &StoreMeters, discord: &DiscordMeters) {
        let registry = &mut self.registry;
        registry.register(
            "build",
            "The running version",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        for (name, help, counters) in [
            (
                "intake_alerts",
                "Alerts taken, by source and what became of them",
                &self.alerts,
            ),
            (
                "intake_requests",
                "Requests to the intake, by source and status",
                &self.requests,
            ),
        ] {
            registry.register(name, help, counters.clone());
        }
        for (name, help, counters) in [
            (
                "discord_responses",
                "Answers of Discord's REST API, by class of status; none where none came",
                &discord.responses,
            ),
            (
                "auditor_findings_seen",
                "Findings of the auditor's rounds, by kind",
                &self.found,
            ),
            (
                "auditor_mended",
                "Findings that the auditor repaired, by kind",
                &self.mended,
            ),
            (
                "heartbeats",
                "Signs of life to the monitor outside: sent, failed or withheld",
                &self.beats,
            ),
        ] {
            registry.register(name, help, counters.clone());
        }
        for (name, help, counter) in [
            (
                "discord_rate_limited",
                "Answers 429 of Discord",
                &discord.limited,
            ),
            ("store_commits", "Commits of the store", &store.commits),
            (
                "store_commit_failures",
                "Groups of work that could not be committed",
                &store.failed,
            ),
            ("sweeps", "Looks at everything that is due", &self.sweeps),
            ("sweep_steps", "Due steps that were worked on", &self.done),
            (
                "outbox_settled",
                "Messages delivered, or laid to rest",
                &self.delivered,
            ),
            (
                "auditor_rounds",
                "Rounds of the auditor over every open incident",
                &self.rounds,
            ),
        ] {
            registry.register(name, help, counter.clone());
        }
        registry.register(
            "store_commit_jobs",
            "Jobs that share one commit",
            store.jobs.clone(),
        );
        registry.register_with_unit(
            "interaction_acknowledge",
            "From an interaction's arrival to its first answer",
            Unit::Seconds,
            self.acknowledged.clone(),
        );
        self.gauges.register(registry);
    }

    /// The counters of a source, each standing at zero from the start.
    pub fn intake(&self, source: &str) -> IntakeMeters {
        let each = OUTCOMES.into_iter().map(|outcome| {
            let label = [
                ("source", source.to_owned()),
                ("outcome", outcome.to_owned()),
            ];
            (outcome, self.alerts.get_or_create_owned(&label))
        });
        IntakeMeters(each.collect())
    }

    /// A request to the intake; none where the source is not configured.
    pub fn requested(&self, source: Option<&str>, status: u16) {
        let source = source.unwrap_or("unknown").to_owned();
        let label = [("source", source), ("code", status.to_string())];
        self.requests.get_or_create(&label).inc();
    }

    pub fn acknowledged(&self, within: Duration) {
        self.acknowledged.observe(within.as_secs_f64());
    }

    pub fn swept(&self, steps: usize) {
        self.sweeps.inc();
        self.done.inc_by(u64::try_from(steps).unwrap_or(u64::MAX));
    }

    pub fn settled(&self, messages: usize) {
        self.delivered
            .inc_by(u64::try_from(messages).unwrap_or(u64::MAX));
    }

    /// A round of the auditor ended.
    pub fn audited(&self) {
        self.rounds.inc();
    }

    pub fn found(&self, kind: Kind, count: u64, mended: u64) {
        let label = [("kind", kind.key().to_owned())];
        self.found.get_or_create(&label).inc_by(count);
        self.mended.get_or_create(&label).inc_by(mended);
    }

    /// A sign of life to the monitor: `sent`, `failed` or `withheld`.
    pub fn beat(&self, outcome: &'static str) {
        let label = [("outcome", outcome.to_owned())];
        self.beats.get_or_create(&label).inc();
    }

    /// Everything as text in Prometheus' exposition format, version 0.0.4.
    pub fn tell(&self, facts: &Facts, now: DateTime<Utc>) -> Result<String, std::fmt::Error> {
        self.gauges.set(facts, now);
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Gauges {
    #[expect(clippy::too_many_lines, reason = "one list of names and helps")]
    fn register(&self, registry: &mut Registry) {
        for (name, help, gauge) in [
            (
                "gateway_ready",
                "1 while Discord's gateway is connected and prepared",
                &self.ready,
            ),
            (
                "discord_token_refused",
                "1 once Discord refused the token",
                &self.token_refused,
            ),
            (
                "discord_refused_lately",
                "Requests that Discord refused (401, 403, 429) in the last ten minutes",
                &self.refused_lately,
            ),
            (
                "outbox_resting",
                "Messages that rest until a channel, member or permission is mended",
                &self.resting,
            ),
            (
                "timers_overdue",
                "Steps that are due and not done",
                &self.overdue,
            ),
            (
                "quarantine_waiting",
                "Bodies that could not be read and wait to be replayed",
                &self.quarantined,
            ),
            (
                "history_entries",
                "Entries of the chained history",
                &self.entries,
            ),
        ] {
            registry.register(name, help, gauge.clone());
        }
        registry.register(
            "outbox_waiting",
            "Messages that wait to be sent, by channel",
            self.waiting.clone(),
        );
        registry.register(
            "auditor_findings",
            "Findings of the auditor that stand, by kind",
            self.findings.clone(),
        );
        for (name, help, gauge) in [
            (
                "outbox_oldest_age",
                "For how long the oldest unsent message waits",
                &self.oldest,
            ),
            (
                "timers_overdue_oldest_age",
                "For how long the oldest step is overdue",
                &self.overdue_oldest,
            ),
            ("start_timestamp", "When the service started", &self.started),
            (
                "sweep_last_timestamp",
                "The last look at everything that is due",
                &self.swept,
            ),
            (
                "auditor_last_round_timestamp",
                "The end of the auditor's last round",
                &self.audited,
            ),
            (
                "store_last_commit_timestamp",
                "The newest commit that left a time",
                &self.committed,
            ),
            (
                "backup_last_success_timestamp",
                "The last backup; 0 where there is none",
                &self.backup,
            ),
        ] {
            registry.register_with_unit(name, help, Unit::Seconds, gauge.clone());
        }
    }

    fn set(&self, facts: &Facts, now: DateTime<Utc>) {
        self.ready.set(i64::from(facts.missing.is_empty()));
        self.token_refused.set(i64::from(facts.token_refused));
        self.refused_lately
            .set(i64::try_from(facts.refused_lately).unwrap_or(i64::MAX));
        self.resting.set(facts.resting);
        self.overdue.set(facts.overdue.count);
        self.quarantined.set(facts.quarantined);
        self.entries.set(facts.chain.0);
        self.waiting.clear();
        for unsent in &facts.unsent {
            let label = [("channel", unsent.channel.clone())];
            self.waiting.get_or_create(&label).set(unsent.waiting.count);
        }
        for kind in Kind::ALL {
            let mut open = facts.findings.iter().filter(|(_, noted)| noted.is_open());
            let count = open.find(|(found, _)| *found == kind);
            let count = count.map_or(0, |(_, noted)| noted.count);
            let label = [("kind", kind.key().to_owned())];
            let gauge = self.findings.get_or_create_owned(&label);
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let age = |since: Option<DateTime<Utc>>| {
            let age = since.and_then(|since| (now - since).to_std().ok());
            age.map_or(0.0, |age| age.as_secs_f64())
        };
        self.oldest.set(age(facts.unsent_in_all().since));
        self.overdue_oldest.set(age(facts.overdue.since));
        let stamp = |at: Option<DateTime<Utc>>| {
            let since = at.and_then(|at| (at - DateTime::UNIX_EPOCH).to_std().ok());
            since.map_or(0.0, |since| since.as_secs_f64())
        };
        for (gauge, at) in [
            (&self.started, facts.started_at),
            (&self.swept, facts.swept_at),
            (&self.audited, facts.audited_at),
            (&self.committed, facts.committed_at),
            (&self.backup, facts.backup_at),
        ] {
            gauge.set(stamp(at));
        }
    }
}
