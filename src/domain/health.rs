//! How well the service is: facts without incidents or persons, judged line by line, each with the next step. Pure.

use super::audit::{Kind, LATE_AFTER, Noted, UNSENT_AFTER};
use super::view::age;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// A message may wait so long for its turn before anybody needs to know.
const WAITS_LONG: TimeDelta = TimeDelta::minutes(1);
/// The auditor commits each minute, whatever else happens.
const COMMIT_WITHIN: TimeDelta = TimeDelta::minutes(5);
/// What is due is looked at each second.
const SWEEP_WITHIN: TimeDelta = TimeDelta::seconds(30);
/// A round of the auditor, however many incidents are open.
const AUDIT_WITHIN: TimeDelta = TimeDelta::minutes(15);
/// A backup older than this is none for whoever needs it.
const BACKUP_WITHIN: TimeDelta = TimeDelta::hours(48);
/// So many refused requests in ten minutes are no accident; Discord shuts an address out at 10,000.
const REFUSED_MANY: usize = 100;

/// How a line, or the whole, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    Well,
    /// Somebody should look at it; work goes on.
    Attention,
    /// Something does not work.
    Degraded,
}

impl Standing {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Attention => "attention",
            Self::Degraded => "degraded",
        }
    }
}

/// What waits, and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    pub count: i64,
    pub since: Option<DateTime<Utc>>,
}

/// Messages that wait, of one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// Its key in the configuration.
    pub channel: String,
    pub waiting: Waiting,
}

/// Everything that is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub started_at: Option<DateTime<Utc>>,
    /// What is missing before the service is ready, a sentence each.
    pub missing: Vec<String>,
    pub token_refused: bool,
    /// Requests that Discord refused in the last ten minutes.
    pub refused_lately: usize,
    pub unsent: Vec<Unsent>,
    /// Messages that wait for somebody to mend something.
    pub resting: i64,
    /// The newest commit that left a time.
    pub committed_at: Option<DateTime<Utc>>,
    /// How many entries the history has, and its last hash.
    pub chain: (i64, String),
    pub swept_at: Option<DateTime<Utc>>,
    /// What is due and not done. Answers that are owed wait for a person and are not among it.
    pub overdue: Waiting,
    /// The end of the auditor's last round.
    pub audited_at: Option<DateTime<Utc>>,
    pub findings: Vec<(Kind, Noted)>,
    pub quarantined: i64,
    pub backup_at: Option<DateTime<Utc>>,
    pub backup_fault_at: Option<DateTime<Utc>>,
}

/// One line: what it is about, how it stands, what a person does about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub check: &'static str,
    pub status: Standing,
    pub text: String,
    /// Empty where nothing is to be done.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub next: &'static str,
}

impl Facts {
    /// How many messages wait in all, and since when the oldest does.
    pub fn unsent_in_all(&self) -> Waiting {
        let each = self.unsent.iter();
        Waiting {
            count: each.clone().map(|unsent| unsent.waiting.count).sum(),
            since: each.filter_map(|unsent| unsent.waiting.since).min(),
        }
    }

    /// Line by line, in the order in which somebody would look.
    pub fn lines(&self, now: DateTime<Utc>) -> Vec<Line> {
        vec![
            self.gateway(),
            self.requests(),
            self.messages(now),
            self.store(now),
            self.timers(now),
            self.auditor(now),
            self.quarantine(),
            self.backup(now),
            self.history(),
        ]
    }

    /// Why no sign of life should be given; empty where the service does its work.
    pub fn deadly(&self, now: DateTime<Utc>) -> Vec<String> {
        let vital = [self.gateway(), self.requests(), self.timers(now)];
        let dead = vital
            .into_iter()
            .filter(|line| line.status == Standing::Degraded);
        dead.map(|line| line.text).collect()
    }

    fn gateway(&self) -> Line {
        let line = |status, text, next| Line {
            check: "gateway",
            status,
            text,
            next,
        };
        if self.missing.is_empty() {
            let text = "Discord's gateway is connected.".to_owned();
            return line(Standing::Well, text, "");
        }
        line(
            Standing::Degraded,
            format!("{}.", self.missing.join("; ")),
            "Baton tries again by itself; alerts are taken meanwhile. If it stays so, look at Discord's status page and the token.",
        )
    }

    fn requests(&self) -> Line {
        let (status, text, next) = if self.token_refused {
            (
                Standing::Degraded,
                "Discord refuses the token: nothing is sent.".to_owned(),
                "Put a new token into its file and start Baton again; what waits is sent then.",
            )
        } else if self.refused_lately >= REFUSED_MANY {
            (
                Standing::Attention,
                format!(
                    "Discord refused {} requests in ten minutes.",
                    self.refused_lately
                ),
                "Look at the service's log for the permissions that are missing.",
            )
        } else {
            let refused = self.refused_lately;
            (
                Standing::Well,
                format!("Discord refused {refused} requests in ten minutes."),
                "",
            )
        };
        Line {
            check: "discord",
            status,
            text,
            next,
        }
    }

    fn messages(&self, now: DateTime<Utc>) -> Line {
        let Waiting { count, since } = self.unsent_in_all();
        let oldest = since.map_or(TimeDelta::zero(), |since| now - since);
        let rests = match self.resting {
            0 => String::new(),
            1 => " 1 rests until a channel or permission is mended.".to_owned(),
            count => format!(" {count} rest until a channel or permission is mended."),
        };
        let channels: Vec<String> = self
            .unsent
            .iter()
            .map(|unsent| format!("{} {}", unsent.channel, unsent.waiting.count))
            .collect();
        let text = if count == 0 {
            format!("No message waits.{rests}")
        } else {
            let wait = if count == 1 {
                "message waits"
            } else {
                "messages wait"
            };
            format!(
                "{count} {wait}, the oldest {} ({}).{rests}",
                for_so_long(oldest),
                channels.join(", ")
            )
        };
        let (status, next) = if oldest >= UNSENT_AFTER {
            (Standing::Degraded, Kind::Unsent.next())
        } else if self.resting > 0 {
            (
                Standing::Attention,
                "Mend what the audit channel names; they are sent as soon as Discord reports the change.",
            )
        } else if oldest >= WAITS_LONG {
            (
                Standing::Attention,
                "They are sent as fast as Discord allows. Look again in a few minutes.",
            )
        } else {
            (Standing::Well, "")
        };
        Line {
            check: "messages",
            status,
            text,
            next,
        }
    }

    fn store(&self, now: DateTime<Utc>) -> Line {
        let since = self.committed_at.map(|at| now - at);
        let text = since.map_or_else(
            || "Nothing was committed yet.".to_owned(),
            |since| format!("The last commit was {}.", ago(since)),
        );
        let well = self.within(since, COMMIT_WITHIN, now);
        Line {
            check: "store",
            status: if well {
                Standing::Well
            } else {
                Standing::Degraded
            },
            text,
            next: if well {
                ""
            } else {
                "Look at the disk: is it full or read-only? Senders get 503 and come again; work goes on by itself."
            },
        }
    }

    fn timers(&self, now: DateTime<Utc>) -> Line {
        let since = self.swept_at.map(|at| now - at);
        let late = self
            .overdue
            .since
            .map_or(TimeDelta::zero(), |since| now - since);
        let swept = since.map_or_else(
            || "What is due was not looked at yet.".to_owned(),
            |since| format!("What is due was looked at {}.", ago(since)),
        );
        let text = match self.overdue.count {
            0 => swept,
            count => format!("{swept} {count} overdue, the oldest {}.", for_so_long(late)),
        };
        let (status, next) = if !self.within(since, SWEEP_WITHIN, now) || late >= LATE_AFTER {
            (Standing::Degraded, Kind::Late.next())
        } else if late >= WAITS_LONG {
            (
                Standing::Attention,
                "It is being worked off. Look again in a few minutes.",
            )
        } else {
            (Standing::Well, "")
        };
        Line {
            check: "timers",
            status,
            text,
            next,
        }
    }

    fn auditor(&self, now: DateTime<Utc>) -> Line {
        let since = self.audited_at.map(|at| now - at);
        let open: Vec<&(Kind, Noted)> = self.findings.iter().filter(|(_, n)| n.is_open()).collect();
        let looked = since.map_or_else(
            || "The auditor has not finished a round yet.".to_owned(),
            |since| format!("The auditor finished a round {}.", ago(since)),
        );
        let found = open.iter().map(|(kind, noted)| kind.words(noted.count));
        let text: Vec<String> = std::iter::once(looked).chain(found).collect();
        let well = self.within(since, AUDIT_WITHIN, now);
        let (status, next) = if !well {
            (
                Standing::Degraded,
                "Look at the service's log for why it does not finish; then start Baton again.",
            )
        } else if let Some((kind, _)) = open.iter().find(|(kind, _)| kind.is_grave()) {
            (Standing::Degraded, kind.next())
        } else if let Some((kind, _)) = open.first() {
            (Standing::Attention, kind.next())
        } else {
            (Standing::Well, "")
        };
        Line {
            check: "auditor",
            status,
            text: text.join(" "),
            next,
        }
    }

    fn quarantine(&self) -> Line {
        let empty = self.quarantined == 0;
        Line {
            check: "quarantine",
            status: if empty {
                Standing::Well
            } else {
                Standing::Attention
            },
            text: match self.quarantined {
                0 => "Every alert that was sent could be read.".to_owned(),
                1 => "1 body could not be read and waits.".to_owned(),
                count => format!("{count} bodies could not be read and wait."),
            },
            next: if empty {
                ""
            } else {
                "Mend the sender or its map in the configuration, then: baton replay."
            },
        }
    }

    fn backup(&self, now: DateTime<Utc>) -> Line {
        let failed = self.backup_fault_at.filter(|at| {
            let after = self.backup_at;
            after.is_none_or(|backup| *at > backup)
        });
        let last = self.backup_at.map_or_else(
            || "There is no backup yet.".to_owned(),
            |at| format!("The last backup was {}.", ago(now - at)),
        );
        let (status, text, next) = if let Some(at) = failed {
            (
                Standing::Degraded,
                format!("{last} One failed {}.", ago(now - at)),
                "Look at the service's log for why, mend it, and make one by hand.",
            )
        } else {
            match self.backup_at.map(|at| now - at) {
                Some(since) if since <= BACKUP_WITHIN => (Standing::Well, last, ""),
                Some(_) | None => (
                    Standing::Attention,
                    last,
                    "Make one, and have it made by a schedule: the runbook says how.",
                ),
            }
        };
        Line {
            check: "backup",
            status,
            text,
            next,
        }
    }

    fn history(&self) -> Line {
        let (events, head) = &self.chain;
        Line {
            check: "history",
            status: Standing::Well,
            text: format!("{events} entries, head {head}"),
            next: "",
        }
    }

    /// Whether something happened lately; just after the start it may not have happened yet. A clock that was set back
    /// says nothing.
    fn within(&self, since: Option<TimeDelta>, limit: TimeDelta, now: DateTime<Utc>) -> bool {
        let up = self.started_at.map(|at| now - at);
        since.or(up).is_some_and(|since| since <= limit)
    }
}

/// The worst of all lines.
pub fn overall(lines: &[Line]) -> Standing {
    let each = lines.iter().map(|line| line.status);
    each.max().unwrap_or(Standing::Well)
}

fn ago(span: TimeDelta) -> String {
    match for_so_long(span) {
        now if now == "just now" => now,
        span => format!("{} ago", span.trim_start_matches("for ")),
    }
}

/// Under a minute the seconds count.
fn for_so_long(span: TimeDelta) -> String {
    match span.num_seconds() {
        ..=0 => "just now".to_owned(),
        seconds @ 1..60 => format!("for {seconds} s"),
        _ => format!("for {}", age(span)),
    }
}
