//! The outbox, channel by channel: what waits and is due, posts before edits, urgent first. Channels are worked on beside
//! each other, so that a slow or faulty one holds up no other. The loop and the tests call the same step.

use super::digests::is_listed;
use super::lanes::Lanes;
use super::storm::Turn;
use crate::app::{App, AppError};
use crate::discord::actor::GuildMap;
use crate::discord::rest::{Rest, RestFault, WaitFor};
use crate::domain::ids::ChannelKey;
use crate::render::templates::Templates;
use crate::store::outbox::{Intent, Row, Settlement};
use crate::store::posted::Posted;
use crate::store::{self, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Where the audit channel's notices go.
pub const AUDIT: &str = "audit";
/// Between two looks at a store that takes nothing.
const TROUBLED_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two tries of one row that cannot be worked on, or of a token that is refused.
pub(super) const LONGEST_PAUSE: Duration =
    Duration::from_secs(store::outbox::LONGEST_PAUSE_S as u64);
/// The longest pause between two tries where Discord or the network fails.
const LONGEST_OUTAGE: Duration = Duration::from_secs(30);
/// Rows that are read at once.
const AT_ONCE: i64 = 8;

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
    /// When this run of the program began: what was intended before may have been sent before.
    pub started_at: DateTime<Utc>,
    /// What is known of each channel while the program runs.
    pub channels: Lanes,
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
    /// It cannot be worked on, by a fault of ours; it is tried again, and holds up no other.
    Stuck(String),
    /// The channel, message, member or permission is missing.
    Parked(String),
    /// Discord will never take it as it is.
    Dead(String),
}

impl Verdict {
    /// Nothing was sent: it waits for its turn.
    pub(super) fn turn(after: Duration) -> Self {
        Self::Later {
            after,
            why: "waits for its turn".to_owned(),
            counted: false,
        }
    }
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
    /// Delivers what is due now, in all channels. It never sleeps; what has to wait says how long.
    pub async fn drain_once(&self) -> Result<Drained, AppError> {
        let channels = self.waiting_channels().await?;
        let each = channels.iter().map(|channel| self.drain_channel(channel));
        let mut drained = Drained::default();
        for one in join_all(each).await {
            drained.add(one?);
        }
        Ok(drained)
    }

    /// The channels for which something waits.
    pub async fn waiting_channels(&self) -> Result<Vec<ChannelKey>, AppError> {
        let mut reader = self.app.store.read().await?;
        Ok(store::outbox::list_channels(&mut reader).await?)
    }

    /// Delivers what is due now in one channel, until something there has to wait.
    pub async fn drain_channel(&self, channel: &ChannelKey) -> Result<Drained, AppError> {
        let mut drained = Drained::default();
        if !self.app.takes_work().await {
            // What is sent now could not be remembered, and would be sent again.
            drained.look_again(Some(TROUBLED_PAUSE));
            return Ok(drained);
        }
        if let Some(left) = self.channels.held(channel, self.app.clock.instant()) {
            drained.waiting = 1;
            drained.look_again(Some(left));
            return Ok(drained);
        }
        loop {
            if *self.stopping.borrow() {
                return Ok(drained);
            }
            let (now, mut reader) = (self.app.now(), self.app.store.read().await?);
            let rows = store::outbox::list_due(&mut reader, channel, now, AT_ONCE).await?;
            if rows.is_empty() {
                let (waiting, first) = store::outbox::next_due(&mut reader, channel, now).await?;
                drained.waiting += waiting;
                let early = first.map(|due| (due - now).to_std().unwrap_or_default());
                drained.look_again(early);
                return Ok(drained);
            }
            drop(reader);
            let now = match self.leave_now(channel, &rows).await? {
                Ok(now) => now,
                Err(after) => {
                    drained.delivered += self.edit_meanwhile(channel).await?;
                    drained.waiting += rows.len();
                    drained.look_again(Some(after));
                    return Ok(drained);
                }
            };
            for (done, row) in rows.iter().take(now).enumerate() {
                if *self.stopping.borrow() {
                    return Ok(drained);
                }
                let held = self.work_on(row).await?;
                // What has to wait holds back what stands behind it: their order stays.
                if held.is_some() {
                    drained.waiting += rows.len() - done;
                    drained.look_again(held);
                    return Ok(drained);
                }
                drained.delivered += 1;
            }
        }
    }

    /// Delivers one row and records what came of it. Gives back how long that holds back its channel.
    async fn work_on(&self, row: &Row) -> Result<Option<Duration>, AppError> {
        // A row that cannot be worked on holds up no other.
        let verdict = match self.deliver(row).await {
            Ok(verdict) => verdict,
            Err(fault) => Verdict::Stuck(fault.to_string()),
        };
        let held = self.held_by(&row.channel, &verdict);
        self.record(row, verdict).await?;
        Ok(held)
    }

    /// While new alerts wait for their turn, cards that stand already are changed: Discord counts edits apart.
    async fn edit_meanwhile(&self, channel: &ChannelKey) -> Result<usize, AppError> {
        let place = self.guild.channels.get(channel);
        if place.is_none_or(|place| self.edit_waits(place).is_some()) {
            return Ok(0);
        }
        let (now, mut reader) = (self.app.now(), self.app.store.read().await?);
        let rows = store::outbox::list_due_edits(&mut reader, channel, now, AT_ONCE).await?;
        drop(reader);
        for (done, row) in rows.iter().enumerate() {
            if self.work_on(row).await?.is_some() {
                return Ok(done);
            }
        }
        Ok(rows.len())
    }

    /// How many of the first rows go now, each alone; or how long they wait. Posts take their turn by what the channel may
    /// still get: a digest that is needed is put together here, and stands first of all then.
    async fn leave_now(
        &self,
        channel: &ChannelKey,
        rows: &[Row],
    ) -> Result<Result<usize, Duration>, AppError> {
        if !rows.first().is_some_and(is_listed) {
            return Ok(Ok(rows.iter().take_while(|row| !is_listed(row)).count()));
        }
        let own = match self.turn(channel, rows) {
            Turn::Wait(after) => return Ok(Err(after)),
            Turn::Own(own) | Turn::Digest { own } => own,
        };
        if own > 0 {
            return Ok(Ok(own));
        }
        match self.gather(channel).await? {
            Ok(true) => Ok(Ok(0)),
            Ok(false) => Ok(Ok(rows.len())),
            Err(verdict) => Ok(Err(self
                .held_by(channel, &verdict)
                .unwrap_or(LONGEST_OUTAGE))),
        }
    }

    /// How long a verdict holds back its channel.
    fn held_by(&self, channel: &ChannelKey, verdict: &Verdict) -> Option<Duration> {
        let Verdict::Later { after, counted, .. } = verdict else {
            return None;
        };
        if *counted {
            // Nothing else is tried there before either.
            let until = self.app.clock.instant() + *after;
            self.channels.hold(channel, until);
        }
        Some(*after)
    }

    async fn deliver(&self, row: &Row) -> Result<Verdict, AppError> {
        match row.kind.as_str() {
            "post_card" => self.post_card(row).await,
            "post_digest" => self.post_digest(row).await,
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
                            if row.kind == "post_digest" {
                                store::outbox::settle_digest(connection, row.id, now).await?;
                            }
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
                        Verdict::Stuck(why) => {
                            let due = now + TimeDelta::from_std(LONGEST_PAUSE).unwrap_or_default();
                            store::outbox::retry(connection, row.id, due, &why).await?;
                        }
                        Verdict::Parked(why) => {
                            rest(connection, &row, Settlement::Parked, &why, &audit, now).await?;
                        }
                        Verdict::Dead(why) => {
                            if row.kind == "post_digest" {
                                let posts = store::outbox::list_digest(connection, row.id).await?;
                                let posts: Vec<i64> = posts.iter().map(|post| post.id).collect();
                                store::outbox::release(connection, &posts).await?;
                            }
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
    fn look_again(&mut self, after: Option<Duration>) {
        self.again_in = self.again_in.into_iter().chain(after).min();
    }

    fn add(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.waiting += other.waiting;
        self.look_again(other.again_in);
    }
}

/// Doubles from a second; a row is never given up for faults of the network.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 9)).unwrap_or(0);
    Duration::from_secs(2_u64.pow(doublings)).min(LONGEST_OUTAGE)
}

/// A row that rests is told in the audit channel, once for each reason: it is tried again at every change of the guild.
/// A notice that rests is only logged.
async fn rest(
    connection: &mut store::Connection,
    row: &Row,
    settlement: Settlement,
    why: &str,
    audit: &ChannelKey,
    now: DateTime<Utc>,
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
