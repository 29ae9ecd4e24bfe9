//! What of the outbox stands at Discord already, though nobody recorded it: an answer was lost, or the program ended between
//! the post and its commit. For minutes Discord itself refuses the same nonce twice; beyond that the channel's history is
//! searched for the post's key before anything is posted again.

use super::drain::Outbound;
use crate::discord::call::Call;
use crate::discord::limits;
use crate::discord::message::{key_of, message_json, words_of};
use crate::discord::rest::{Answer, RestFault};
use crate::render::card::Card;
use crate::store;
use crate::store::outbox::Row;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long a nonce is sure to be refused a second time. Discord says "the past few minutes".
const NONCE_HOLDS: TimeDelta = TimeDelta::minutes(1);
/// How far Discord's clock may differ from ours.
const SKEW: TimeDelta = TimeDelta::minutes(1);
/// How long a request of the last run may still be on its way to Discord when this one begins.
const ON_THE_WAY: TimeDelta = TimeDelta::milliseconds(500);
/// Pages of a channel's history that are searched at most.
const PAGES: usize = 100;
/// The beginning of Discord's ids: 2015-01-01, in milliseconds of Unix time.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// Our messages of a channel: those with a key, and those that show words alone.
#[derive(Default)]
pub(super) struct History {
    /// Read when all that the last run sent must have arrived.
    settled: bool,
    keyed: BTreeMap<String, String>,
    plain: Vec<(Option<String>, Option<String>, String)>,
}

/// The histories that were read since the start, by Discord's id of the channel.
pub(super) type Histories = Mutex<BTreeMap<String, Arc<History>>>;

impl Outbound {
    pub(super) async fn send_card(
        &self,
        row: &Row,
        channel: &str,
        card: &Card,
    ) -> Result<Answer, RestFault> {
        self.send_keyed(row, channel, card, &self.nonce(row)).await
    }

    /// Posts under a key, unless a message with this key stands in the channel.
    pub(super) async fn send_keyed(
        &self,
        row: &Row,
        channel: &str,
        card: &Card,
        key: &str,
    ) -> Result<Answer, RestFault> {
        if let Some(id) = self.arrived(row, channel, card, key).await? {
            let mut body = message_json(card, Some(key));
            if let Value::Object(body) = &mut body {
                body.insert("id".into(), json!(id));
            }
            return Ok(Answer { status: 200, body });
        }
        let call = Call::create_message(channel, card, Some(key));
        self.rest.send(&call).await
    }

    /// How long it takes until what the last run sent must have arrived; nothing once it has.
    pub(super) fn settles(&self) -> Option<Duration> {
        let left = self.started_at + ON_THE_WAY - self.app.now();
        // A clock that was set back since holds up nothing.
        let waits = left > TimeDelta::zero() && left <= ON_THE_WAY;
        waits.then(|| left.to_std().unwrap_or_default())
    }

    /// The message that an earlier try of this row left in the channel.
    async fn arrived(
        &self,
        row: &Row,
        channel: &str,
        card: &Card,
        key: &str,
    ) -> Result<Option<String>, RestFault> {
        let history = if row.created_at < self.started_at {
            self.history(channel, row.created_at).await?
        } else if row.attempts > 0 && self.app.now() - row.created_at > NONCE_HOLDS {
            Arc::new(self.read_history(channel, row.created_at).await?)
        } else {
            return Ok(None);
        };
        if let Some(id) = history.keyed.get(key) {
            return Ok(Some(id.clone()));
        }
        self.same_words(&history, card, key).await
    }

    /// The same for one that may not be tried again, so that no nonce helps.
    pub(super) async fn left_there(
        &self,
        row: &Row,
        channel: &str,
        key: &str,
    ) -> Result<Option<String>, RestFault> {
        let history = if row.created_at < self.started_at {
            self.history(channel, row.created_at).await?
        } else {
            Arc::new(self.read_history(channel, row.created_at).await?)
        };
        Ok(history.keyed.get(key).cloned())
    }

    /// Those posts that stand in the channel on cards of their own from before the start, or may: a card without controls
    /// has no key, and is told from others where it is posted.
    pub(super) async fn arrived_before<'r>(
        &self,
        channel: &str,
        rows: &[&'r Row],
    ) -> Result<Vec<&'r Row>, RestFault> {
        let before = rows.iter().filter(|row| row.created_at < self.started_at);
        let Some(oldest) = before.map(|row| row.created_at).min() else {
            return Ok(Vec::new());
        };
        let history = self.history(channel, oldest).await?;
        let plain = history.named_without_key();
        let named = |row: &Row| {
            row.incident
                .is_some_and(|id| plain.contains(&*id.to_string()))
        };
        let stands = |row: &&&Row| {
            let may = row.created_at < self.started_at && named(row);
            may || history.keyed.contains_key(&self.nonce(row))
        };
        Ok(rows.iter().filter(stands).copied().collect())
    }

    /// The channel's history as it was at the start, from the oldest that waits: read once, and once more where that was
    /// too early for what was still on its way. Until then a nonce keeps single posts from coming twice.
    async fn history(
        &self,
        channel: &str,
        since: DateTime<Utc>,
    ) -> Result<Arc<History>, RestFault> {
        let settled = self.settles().is_none();
        if let Some(known) = self.channels.histories().get(channel)
            && (known.settled || !settled)
        {
            return Ok(known.clone());
        }
        let since = self.oldest_waiting().await.unwrap_or(since).min(since);
        let mut read = self.read_history(channel, since).await?;
        read.settled = settled;
        let read = Arc::new(read);
        let mut histories = self.channels.histories();
        histories.insert(channel.to_owned(), read.clone());
        Ok(read)
    }

    async fn oldest_waiting(&self) -> Option<DateTime<Utc>> {
        let mut reader = self.app.store.read().await.ok()?;
        let backlog = store::outbox::list_backlog(&mut reader).await.ok()?;
        backlog.iter().map(|one| one.oldest).min()
    }

    async fn read_history(
        &self,
        channel: &str,
        since: DateTime<Utc>,
    ) -> Result<History, RestFault> {
        let mut history = History::default();
        let mut after = id_at(since - SKEW);
        for _ in 0..PAGES {
            let answer = match self.rest.send(&Call::list_messages(channel, &after)).await {
                Ok(answer) => answer,
                // Who may not read the history has the nonce alone.
                Err(RestFault::Gone { .. }) => return Ok(history),
                Err(fault) => return Err(fault),
            };
            let page = answer
                .body
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            for message in page {
                history.take(message, self.guild.own.as_deref());
            }
            let newest = page
                .iter()
                .filter_map(id_of)
                .max_by_key(|id| id.parse::<u64>().unwrap_or(0));
            match newest {
                Some(id) if page.len() >= limits::HISTORY_PAGE => id.clone_into(&mut after),
                _ => return Ok(history),
            }
        }
        tracing::warn!(
            channel,
            "a channel's history is too long to be searched whole"
        );
        Ok(history)
    }

    /// A message without controls has no key: the same words, in a message that belongs to no other post.
    async fn same_words(
        &self,
        history: &History,
        card: &Card,
        key: &str,
    ) -> Result<Option<String>, RestFault> {
        let rendered = message_json(card, Some(key));
        if key_of(&rendered).is_some() {
            return Ok(None);
        }
        let (title, text) = words_of(&rendered);
        for (known_title, known_text, id) in &history.plain {
            if known_title.as_deref() != title || known_text.as_deref() != text {
                continue;
            }
            let known = async {
                let mut reader = self.app.store.read().await?;
                store::posted::is_known(&mut reader, id).await
            };
            match known.await {
                Ok(true) => {}
                Ok(false) => return Ok(Some(id.clone())),
                Err(fault) => return Err(RestFault::Unsendable(fault.to_string())),
            }
        }
        Ok(None)
    }
}

impl History {
    /// The words in the titles of messages without a key: among them the incidents that they are about.
    fn named_without_key(&self) -> BTreeSet<&str> {
        let titles = self.plain.iter().filter_map(|(title, ..)| title.as_deref());
        titles.flat_map(str::split_whitespace).collect()
    }

    fn take(&mut self, message: &Value, own: Option<&str>) {
        let author = message.pointer("/author/id").and_then(Value::as_str);
        let Some(id) = id_of(message).filter(|_| own.is_none() || author == own) else {
            return;
        };
        if let Some(key) = key_of(message) {
            self.keyed.insert(key.to_owned(), id.to_owned());
            return;
        }
        let (title, text) = words_of(message);
        self.plain.push((
            title.map(str::to_owned),
            text.map(str::to_owned),
            id.to_owned(),
        ));
    }
}

fn id_of(message: &Value) -> Option<&str> {
    message.get("id")?.as_str()
}

/// The smallest id that a message of this time can have.
fn id_at(at: DateTime<Utc>) -> String {
    let since = at.timestamp_millis().saturating_sub(EPOCH_MS).max(0);
    (since << 22).to_string()
}
