//! One round of the outbox: what waits and is due, posts before edits, urgent first. The loop and the tests call the same step.

use crate::app::{App, AppError};
use crate::discord::actor::GuildMap;
use crate::discord::rest::{Rest, RestFault, WaitFor};
use crate::domain::ids::ChannelKey;
use crate::render::templates::Templates;
use crate::store::outbox::{Intent, Row, Settlement};
use crate::store::posted::Posted;
use crate::store::{self, StoreError};
use chrono::TimeDelta;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Where the audit channel's notices go.
pub const AUDIT: &str = "audit";
/// Between two looks at a store that takes nothing.
const TROUBLED_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two tries of one row.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Delivers effects to Discord.
pub struct Outbound {
    pub app: App,
    pub templates: Arc<Templates>,
    pub rest: Arc<Rest>,
    pub guild: Arc<GuildMap>,
    /// Names this store in nonces, so that two stores never share one.
    pub instance: String,
    /// True once the service ends: what is being sent is finished, nothing else is begun.
    pub stopping: watch::Receiver<bool>,
}

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    pub delivered: usize,
    /// Rows that wait for their time, their turn or Discord.
    pub waiting: usize,
    /// When to look again, where something waits.
    pub again_in: Option<Duration>,
}

/// What came of one row.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Done; the message that shows it now, and its key.
    Delivered(Option<(String, Posted)>),
    /// Done, but the message was gone: posted anew.
    Repost { stale: String },
    Later {
        after: Duration,
        why: String,
        counted: bool,
    },
    /// The channel, message, member or permission is missing.
    Parked(String),
    /// Discord will never take it as it is.
    Dead(String),
}

impl From<RestFault> for Verdict {
    fn from(fault: RestFault) -> Self {
        match fault {
            RestFault::RetryAt { after, scope, why } => Self::Later {
                after,
                why,
                counted: scope != WaitFor::Turn,
            },
            RestFault::Gone { code, message } => Self::Parked(format!("{message} ({code})")),
            RestFault::Unauthorized => Self::Later {
                after: LONGEST_PAUSE,
                why: "Discord refuses the token".to_owned(),
                counted: false,
            },
            RestFault::Rejected {
                status,
                code,
                message,
                ..
            } => Self::Dead(format!("refused with {status}: {message} ({code})")),
            RestFault::Unsendable(why) => Self::Dead(why),
        }
    }
}

impl Outbound {
    /// Delivers what is due now. It never sleeps; what has to wait says how long.
    pub async fn drain_once(&self) -> Result<Drained, AppError> {
        if !self.app.takes_work().await {
            // What is sent now could not be remembered, and would be sent again.
            return Ok(Drained {
                again_in: Some(TROUBLED_PAUSE),
                ..Drained::default()
            });
        }
        let mut reader = self.app.store.read().await?;
        let rows = store::outbox::list_waiting(&mut reader).await?;
        drop(reader);
        let mut drained = Drained::default();
        // A channel that has to wait holds back its later rows: their order stays.
        let mut held: BTreeSet<ChannelKey> = BTreeSet::new();
        for row in rows {
            if *self.stopping.borrow() {
                break;
            }
            let early = (row.due_at - self.app.now()).to_std().unwrap_or_default();
            // Longer than any pause: the clock was set back. What Discord asked for, its pace keeps.
            if !early.is_zero() && early <= LONGEST_PAUSE {
                drained.wait(early);
                continue;
            }
            if held.contains(&row.channel) {
                drained.waiting += 1;
                continue;
            }
            // A row that cannot be worked on holds up no other.
            let verdict = match self.deliver(&row).await {
                Ok(verdict) => verdict,
                Err(fault) => Verdict::Later {
                    after: LONGEST_PAUSE,
                    why: fault.to_string(),
                    counted: true,
                },
            };
            if let Verdict::Later { after, .. } = &verdict {
                held.insert(row.channel.clone());
                drained.wait(*after);
            } else {
                drained.delivered += 1;
            }
            self.record(&row, verdict).await?;
        }
        Ok(drained)
    }

    async fn deliver(&self, row: &Row) -> Result<Verdict, AppError> {
        match row.kind.as_str() {
            "post_card" => self.post_card(row).await,
            "edit_card" => self.edit_card(row).await,
            "remind" => self.remind(row).await,
            "remind_look" => self.remind_look(row).await,
            "open_thread" => self.open_thread(row).await,
            "post_brief" => self.post_brief(row).await,
            "edit_brief" => self.edit_brief(row).await,
            "tell_case" => self.tell_case(row).await,
            "remind_brief" => self.remind_brief(row).await,
            "call_contacts" => self.call_contacts(row).await,
            "keep_out" => self.keep_out(row).await,
            "post_closing" => self.post_closing(row).await,
            "ask_talk" => self.ask_talk(row).await,
            "tell_step" => self.tell_step(row).await,
            "post_status" => self.post_status(row).await,
            "remind_holder" => self.remind_holder(row).await,
            "tell_released" => self.tell_released(row).await,
            "tell_manager" => self.tell_manager(row).await,
            "say_nobody" => self.say_nobody(row).await,
            "call_deputy" => self.call_deputy(row).await,
            "tell_backup" => self.tell_backup(row).await,
            "notice" => self.notice(row).await,
            "finding" => self.tell_finding(row).await,
            other => Ok(Verdict::Dead(format!("nobody delivers {other}"))),
        }
    }

    /// Records a verdict in one commit, with what follows from it.
    async fn record(&self, row: &Row, verdict: Verdict) -> Result<(), AppError> {
        let (now, row, audit) = (self.app.now(), row.clone(), ChannelKey::new(AUDIT));
        if let Verdict::Parked(why) | Verdict::Dead(why) = &verdict {
            tracing::warn!(outbox.id = row.id, outbox.kind = %row.kind, why, "an effect rests");
        }
        self.app
            .store
            .write(move |connection| {
                Box::pin(async move {
                    match verdict {
                        Verdict::Delivered(posted) => {
                            if let Some((key, posted)) = posted {
                                let incident = row.incident;
                                store::posted::save(connection, &key, incident, &posted, now)
                                    .await?;
                            }
                            let done = Settlement::Delivered;
                            store::outbox::settle(connection, row.id, done, None, now).await?;
                        }
                        Verdict::Repost { stale } => {
                            store::posted::delete(connection, &stale).await?;
                            let done = Settlement::Delivered;
                            store::outbox::settle(connection, row.id, done, None, now).await?;
                            let key = stale.replacen("card:", "post:", 1);
                            let intent = Intent {
                                kind: "post_card",
                                key: &key,
                                incident: row.incident,
                                channel: &row.channel,
                                arg: row.arg,
                                rank: 0,
                            };
                            store::outbox::insert(connection, &intent, now).await?;
                        }
                        Verdict::Later { counted: false, .. } => {}
                        Verdict::Later {
                            after,
                            why,
                            counted: true,
                        } => {
                            let pause = pause(row.attempts).max(after);
                            let due = now + TimeDelta::from_std(pause).unwrap_or(TimeDelta::zero());
                            store::outbox::retry(connection, row.id, due, &why).await?;
                        }
                        Verdict::Parked(why) => {
                            rest(connection, &row, Settlement::Parked, &why, &audit, now).await?;
                        }
                        Verdict::Dead(why) => {
                            rest(connection, &row, Settlement::Dead, &why, &audit, now).await?;
                        }
                    }
                    Ok::<_, AppError>(())
                })
            })
            .await
    }

    /// What rests is tried again: at start, and when Discord says that channels, roles or members changed.
    pub async fn unpark(&self) -> Result<u64, AppError> {
        let now = self.app.now();
        self.app
            .store
            .write(move |connection| {
                Box::pin(async move { Ok(store::outbox::unpark(connection, now).await?) })
            })
            .await
    }

    /// The nonce of a row: the same at each try, so that Discord itself refuses the second of two.
    pub(super) fn nonce(&self, row: &Row) -> String {
        format!("{}-{}", self.instance, row.id)
    }
}

impl Drained {
    fn wait(&mut self, after: Duration) {
        self.waiting += 1;
        self.again_in = Some(self.again_in.map_or(after, |known| known.min(after)));
    }
}

/// Doubles from a second; a row is never given up for faults of the network.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 9)).unwrap_or(0);
    Duration::from_secs(2_u64.pow(doublings)).min(LONGEST_PAUSE)
}

/// A row that rests is told in the audit channel, once for each reason: it is tried again at every change of the guild.
/// A notice that rests is only logged.
async fn rest(
    connection: &mut store::Connection,
    row: &Row,
    settlement: Settlement,
    why: &str,
    audit: &ChannelKey,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<(), StoreError> {
    store::outbox::settle(connection, row.id, settlement, Some(why), now).await?;
    if row.kind == "notice" || row.last_fault.as_deref() == Some(why) {
        return Ok(());
    }
    let key = format!("notice:{}", row.id);
    let intent = Intent {
        kind: "notice",
        key: &key,
        incident: row.incident,
        channel: audit,
        arg: row.id,
        rank: 0,
    };
    store::outbox::insert(connection, &intent, now).await
}
