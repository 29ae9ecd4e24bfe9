//! Digests: what stands in one is fixed in the store before it is sent, so that whatever happens in between, each alert is
//! in one message.

use super::deliver::{edit_of, posted_as, unrenderable};
use super::drain::{Outbound, Verdict};
use super::pace::Budget;
use super::storm::{Turn, Waiting, lasts, turn};
use crate::app::AppError;
use crate::discord::custom_id::digest_press;
use crate::discord::endpoint::{Endpoint, Method};
use crate::discord::rest::RestFault;
use crate::domain::alert::Severity;
use crate::domain::digest::{Line, sort};
use crate::domain::ids::{ChannelKey, IncidentId};
use crate::render::card::Card;
use crate::store;
use crate::store::outbox::Row;
use std::collections::BTreeSet;
use std::time::Duration;

/// Alerts of one digest at most: more follow in the next.
const MOST: i64 = 2_000;

impl Outbound {
    /// What may leave of the posts that stand first in a channel.
    pub(super) fn turn(&self, channel: &ChannelKey, rows: &[Row]) -> Turn {
        let now = self.app.clock.instant();
        let posts = rows.iter().take_while(|row| is_listed(row));
        let waiting = Waiting {
            posts: posts.clone().count(),
            high: posts
                .filter(|row| row.rank <= Severity::High.rank())
                .count(),
        };
        let next = self.channels.next_digest(channel, now);
        turn(waiting, self.budget(channel), next)
    }

    /// How long a digest, or a card for what stood in one, has to wait for its turn.
    pub(super) fn digest_waits(&self, channel: &ChannelKey) -> Option<Duration> {
        let next = self.channels.next_digest(channel, self.app.clock.instant());
        let one = Waiting { posts: 1, high: 0 };
        match turn(one, self.budget(channel), next) {
            Turn::Wait(left) => Some(left),
            Turn::Own(_) | Turn::Digest { .. } => None,
        }
    }

    /// How long an edit has to wait: asked before it is rendered, since in a storm many wait.
    pub(super) fn edit_waits(&self, channel: &str) -> Option<Duration> {
        let (channel, message) = (channel.to_owned(), String::new());
        let path = Endpoint::Message { channel, message };
        let budget = self.rest.budget(&path, Method::Patch);
        (budget.left == 0).then_some(budget.resets_in)
    }

    /// What the channel may still get; one that is not configured has no limit of its own.
    fn budget(&self, channel: &ChannelKey) -> Budget {
        let channel = self.guild.channels.get(channel).cloned();
        let channel = channel.unwrap_or_default();
        self.rest
            .budget(&Endpoint::Messages { channel }, Method::Post)
    }

    /// Puts what waits in a channel into a digest. False where there are no two that may stand together: each goes alone.
    pub(super) async fn gather(
        &self,
        channel: &ChannelKey,
    ) -> Result<Result<bool, Verdict>, AppError> {
        let now = self.app.now();
        let mut reader = self.app.store.read().await?;
        let rows = store::outbox::list_due(&mut reader, channel, now, MOST).await?;
        drop(reader);
        let before = |row: &Row| is_listed(row) && row.created_at < self.started_at;
        if let Some(left) = self.settles()
            && rows.iter().any(before)
        {
            return Ok(Err(Verdict::turn(left)));
        }
        // What was tried alone may have arrived alone.
        let fresh = rows
            .iter()
            .filter(|row| is_listed(row) && row.attempts == 0);
        let mut fresh: Vec<&Row> = fresh.collect();
        if let Some(place) = self.guild.channels.get(channel) {
            match self.arrived_before(place, &fresh).await {
                Ok(there) => fresh.retain(|row| !there.iter().any(|known| known.id == row.id)),
                Err(fault) => return Ok(Err(fault.into())),
            }
        }
        let posts: Vec<Row> = fresh.into_iter().cloned().collect();
        if posts.len() < 2 {
            return Ok(Ok(false));
        }
        let channel = channel.clone();
        self.app
            .store
            .write(move |connection| {
                Box::pin(async move {
                    let posts: Vec<&Row> = posts.iter().collect();
                    store::outbox::insert_digest(connection, &channel, &posts, now).await?;
                    Ok::<_, AppError>(())
                })
            })
            .await?;
        Ok(Ok(true))
    }

    /// One message for all that stand in the digest; those that may not stand there, and one that would stand alone, leave
    /// it first.
    pub(super) async fn post_digest(&self, row: &Row) -> Result<Verdict, AppError> {
        if let Some(after) = self.digest_waits(&row.channel) {
            return Ok(Verdict::turn(after));
        }
        let channel = match self.channel(&row.channel) {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        let tried = row.attempts > 0 || row.created_at < self.started_at;
        let Members {
            mut lines,
            listed,
            mut left,
        } = self.members(row.id).await?;
        if !tried && listed.len() < 2 {
            left.extend(listed);
            lines.clear();
        }
        if !left.is_empty() {
            self.app
                .store
                .write(move |connection| {
                    Box::pin(async move {
                        Ok::<_, AppError>(store::outbox::release(connection, &left).await?)
                    })
                })
                .await?;
        }
        if lines.is_empty() {
            return Ok(Verdict::Delivered(None));
        }
        let card = match self.digest_card(row, &lines) {
            Ok(card) => card,
            Err(verdict) => return Ok(verdict),
        };
        let sent = self.send_card(row, &channel, &card).await;
        let now = self.app.clock.instant();
        let next = now + lasts(self.budget(&row.channel));
        self.channels.digest_lasts(&row.channel, next);
        let verdict = posted_as(digest_key(row.id), channel, sent);
        // An earlier try may have arrived with what has left it since.
        if let (true, Verdict::Delivered(Some((_, posted)))) = (tried, &verdict) {
            let call = edit_of(posted, &card);
            if let Err(fault) = self.rest.send(&call).await {
                return Ok(fault.into());
            }
        }
        Ok(verdict)
    }

    /// The digest in which a card's post was shown, where it has no card of its own, and its rank there.
    pub(super) async fn digest_of(
        &self,
        incident: IncidentId,
        visit: i64,
    ) -> Result<Option<(i64, i64)>, AppError> {
        let mut reader = self.app.store.read().await?;
        let key = format!("post:{incident}:{visit}");
        Ok(store::outbox::find_digest_of(&mut reader, &key).await?)
    }

    /// Takes out of a digest what may not stand there any more.
    pub(super) async fn clear_digest(&self, digest: i64) -> Result<Option<Verdict>, AppError> {
        let Some(posted) = self.posted(&digest_key(digest)).await? else {
            return Ok(None);
        };
        let mut reader = self.app.store.read().await?;
        let row = store::outbox::find(&mut reader, digest).await?;
        drop(reader);
        let Some(row) = row else {
            return Ok(None);
        };
        let Members { lines, .. } = self.members(digest).await?;
        let card = match self.digest_card(&row, &lines) {
            Ok(card) => card,
            Err(verdict) => return Ok(Some(verdict)),
        };
        let call = edit_of(&posted, &card);
        Ok(match self.rest.send(&call).await {
            Ok(_) | Err(RestFault::Gone { .. }) => None,
            Err(fault) => Some(fault.into()),
        })
    }

    fn digest_card(&self, row: &Row, lines: &[Line]) -> Result<Card, Verdict> {
        let rows = digest_press(row.id, lines);
        let card = self.templates.digest(lines, &row.channel, row.id, rows);
        card.map_err(|fault| unrenderable(&fault))
    }

    async fn members(&self, digest: i64) -> Result<Members, AppError> {
        let mut reader = self.app.store.read().await?;
        let rows = store::outbox::list_digest(&mut reader, digest).await?;
        drop(reader);
        let mut members = Members::default();
        let mut shown = BTreeSet::new();
        for (row, line) in rows.iter().zip(self.lines_of(&rows).await?) {
            let Some(line) = line else {
                members.left.push(row.id);
                continue;
            };
            members.listed.push(row.id);
            // A reminder of what is new here already says nothing more.
            if !shown.insert(line.id) {
                continue;
            }
            let reminds = row.kind == "remind";
            members
                .lines
                .push(if reminds { line.reminding() } else { line });
        }
        sort(&mut members.lines);
        Ok(members)
    }

    async fn lines_of(&self, rows: &[Row]) -> Result<Vec<Option<Line>>, AppError> {
        let posts = rows.iter().map(|row| {
            let visit = usize::try_from(row.arg).unwrap_or(usize::MAX);
            (row.incident.unwrap_or(IncidentId(0)), visit)
        });
        let posts: Vec<(IncidentId, usize)> = posts.collect();
        self.app.digest_lines(&posts).await
    }
}

/// What stands in a digest.
#[derive(Default)]
struct Members {
    /// As it lists them, in its order.
    lines: Vec<Line>,
    /// The posts that it shows.
    listed: Vec<i64>,
    /// Those that may not stand in it.
    left: Vec<i64>,
}

/// What a digest can list: alerts that are new in a channel, and reminders of those that nobody took.
pub(super) fn is_listed(row: &Row) -> bool {
    matches!(row.kind.as_str(), "post_card" | "remind")
}

/// The key under which a digest's message is kept.
fn digest_key(digest: i64) -> String {
    format!("digest:{digest}")
}
