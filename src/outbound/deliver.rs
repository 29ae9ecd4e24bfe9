//! The kinds of effect, each rendered from the state of this moment and sent once.

use super::drain::{Outbound, Verdict};
use crate::app::AppError;
use crate::app::act::card_key;
use crate::app::placed::Placed;
use crate::discord::call::Call;
use crate::discord::custom_id::press;
use crate::discord::message::key_of;
use crate::discord::rest::{Answer, RestFault};
use crate::domain::alert::Severity;
use crate::domain::ids::ChannelKey;
use crate::domain::placement::{Placement, SEALED};
use crate::domain::view::Standing;
use crate::render::card::{Card, Tone};
use crate::render::contexts::Notice;
use crate::render::templates::TemplateFault;
use crate::store;
use crate::store::outbox::Row;
use crate::store::posted::Posted;

/// Discord's code for a message that was deleted.
const UNKNOWN_MESSAGE: u64 = 10_008;

impl Outbound {
    pub(super) async fn post_card(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some((placed, key)) = self.placed(row).await? else {
            return Ok(Verdict::Delivered(None));
        };
        if self.posted(&key).await?.is_some() {
            return self.edit_card(row).await;
        }
        let card = match self.templates.incident_card(&placed.view, press) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let channel = match self.channel_of(&placed, row).await? {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(key, channel, sent))
    }

    pub(super) async fn edit_card(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some((placed, key)) = self.placed(row).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let posted = match self.posted(&key).await? {
            Some(posted) => posted,
            None => match self.edit_unposted(row, &placed, &key).await? {
                Ok(found) => found,
                Err(verdict) => return Ok(verdict),
            },
        };
        if let Some(after) = self.edit_waits(&posted.channel_id) {
            return Ok(Verdict::turn(after));
        }
        // Walled since it was posted: what stands in the open goes, and the card goes on under seal.
        let open = self.guild.channels.get(&row.channel) == Some(&posted.channel_id);
        if open && matches!(placed.placement, Placement::SealedThread { .. }) {
            let call = Call::delete_message(&posted.channel_id, &posted.message_id);
            return Ok(match self.rest.send(&call).await {
                Ok(_) | Err(RestFault::Gone { .. }) => Verdict::Repost { stale: key },
                Err(fault) => fault.into(),
            });
        }
        let card = match self.templates.incident_card(&placed.view, press) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let call = edit_of(&posted, &card);
        Ok(match self.rest.send(&call).await {
            Ok(_) => Verdict::Delivered(None),
            Err(RestFault::Gone {
                code: UNKNOWN_MESSAGE,
                ..
            }) => Verdict::Repost { stale: key },
            Err(fault) => fault.into(),
        })
    }

    /// A change of what has no card of its own as far as is known: the card that an earlier try of this row left, to be
    /// edited, or what came of it. Where it waits to be posted, the post will show the present state; what stands in a
    /// digest gets its card now.
    async fn edit_unposted(
        &self,
        row: &Row,
        placed: &Placed,
        key: &str,
    ) -> Result<Result<Posted, Verdict>, AppError> {
        let Some((digest, rank)) = self.digest_of(placed.view.id, row.arg).await? else {
            return Ok(Err(Verdict::Delivered(None)));
        };
        if matches!(placed.placement, Placement::SealedThread { .. }) {
            let verdict = self.clear_digest(digest).await?;
            let stale = key.to_owned();
            return Ok(Err(verdict.unwrap_or(Verdict::Repost { stale })));
        }
        if let Some(before) = self.own_card_before(row, placed, key).await? {
            return Ok(before);
        }
        // What is settled needs no card, nor what came again and stands there as severe as it is.
        let severer = Severity::from_word(placed.view.severity).rank() < rank;
        match placed.view.standing {
            Standing::Waiting if severer => {}
            Standing::Held => {}
            Standing::Waiting | Standing::Past => return Ok(Err(Verdict::Delivered(None))),
        }
        if let Some(after) = self.digest_waits(&row.channel) {
            return Ok(Err(Verdict::turn(after)));
        }
        let card = match self.templates.incident_card(&placed.view, press) {
            Ok(card) => card,
            Err(fault) => return Ok(Err(unrenderable(&fault))),
        };
        let channel = match self.channel_of(placed, row).await? {
            Ok(channel) => channel,
            Err(verdict) => return Ok(Err(verdict)),
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(Err(posted_as(key.to_owned(), channel, sent)))
    }

    /// The card that an earlier try of this row may have left in the channel, or why it has to wait; nothing where there is
    /// none. It is kept before anything else is done with it: an edit may take the controls that carry its key, and nobody
    /// would find it again.
    async fn own_card_before(
        &self,
        row: &Row,
        placed: &Placed,
        key: &str,
    ) -> Result<Option<Result<Posted, Verdict>>, AppError> {
        let before = row.created_at < self.started_at;
        if row.attempts == 0 && !before {
            return Ok(None);
        }
        if let Some(left) = self.settles().filter(|_| before) {
            return Ok(Some(Err(Verdict::turn(left))));
        }
        let channel = match self.channel_of(placed, row).await? {
            Ok(channel) => channel,
            Err(verdict) => return Ok(Some(Err(verdict))),
        };
        let mark = self.nonce(row);
        let id = match self.left_there(row, &channel, &mark).await {
            Ok(Some(id)) => id,
            Ok(None) => return Ok(None),
            Err(fault) => return Ok(Some(Err(fault.into()))),
        };
        let posted = Posted {
            channel_id: channel,
            message_id: id,
            mark: Some(mark),
        };
        let (key, kept, incident) = (key.to_owned(), posted.clone(), row.incident);
        let now = self.app.now();
        self.app
            .store
            .write(move |connection| {
                Box::pin(async move {
                    let saved = store::posted::save(connection, &key, incident, &kept, now);
                    Ok::<_, AppError>(saved.await?)
                })
            })
            .await?;
        Ok(Some(Ok(posted)))
    }

    pub(super) async fn remind(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some((placed, key)) = self.placed(row).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let times = row
            .key
            .rsplit(':')
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(1);
        let card = match self.templates.reminder(&placed.view, times, press) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let channel = match self.channel_of(&placed, row).await? {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(format!("{key}:reminder:{times}"), channel, sent))
    }

    /// Says that nobody took a second look in time, where the incident was dismissed.
    pub(super) async fn remind_look(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some((placed, _)) = self.placed(row).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let notice = Notice {
            title: format!("{}: a second look is due", placed.view.id),
            text: "It was dismissed and drawn for a second look. Nobody took it in time."
                .to_owned(),
            cure: "Somebody who had no part in the dismissal opens /queue and picks it under “Look again at…”."
                .to_owned(),
        };
        let card = match self.templates.plain_card(&notice, Tone::Warning) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let channel = match self.channel_of(&placed, row).await? {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(row.key.clone(), channel, sent))
    }

    /// Tells another tier's channel that something changed: id and severity, never the words or the person.
    pub(super) async fn post_status(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some(id) = row.incident else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(status) = self.app.status_for(id, &row.channel).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let notice = Notice {
            title: format!("{id}: a material development"),
            text: format!("Severity {}, {}.", status.severity, status.stage),
            cure: "Keep it in mind for your queue and your readiness; whoever is on the case knows more."
                .to_owned(),
        };
        let card = match self.templates.plain_card(&notice, Tone::Info) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let channel = match self.channel(&row.channel) {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(row.key.clone(), channel, sent))
    }

    /// Tells the audit channel about a row that rests: by its number, since administrators read no incidents.
    pub(super) async fn notice(&self, row: &Row) -> Result<Verdict, AppError> {
        let mut reader = self.app.store.read().await?;
        let about = store::outbox::find(&mut reader, row.arg).await?;
        drop(reader);
        let Some(about) = about else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(channel) = self.guild.channels.get(&row.channel) else {
            return Ok(Verdict::Parked(
                "the audit channel is not configured".to_owned(),
            ));
        };
        let notice = Notice {
            title: "Something could not be delivered".to_owned(),
            text: format!(
                "{} (delivery {}) for the channel {}: {}",
                in_words(&about.kind),
                about.id,
                about.channel,
                about.last_fault.unwrap_or_default()
            ),
            cure: "Mend the channel or Baton's permissions there. It is kept, and sent as soon as \
                   Discord reports the change or Baton starts again."
                .to_owned(),
        };
        let card = match self.templates.plain_card(&notice, Tone::Alarm) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let sent = self.send_card(row, channel, &card).await;
        Ok(posted_as(row.key.clone(), channel.clone(), sent))
    }

    async fn placed(&self, row: &Row) -> Result<Option<(Placed, String)>, AppError> {
        let (Some(incident), Ok(visit)) = (row.incident, usize::try_from(row.arg)) else {
            return Ok(None);
        };
        let placed = self.app.placed_card(incident, visit).await?;
        Ok(placed.map(|placed| (placed, card_key(incident, visit))))
    }

    pub(super) async fn posted(&self, key: &str) -> Result<Option<Posted>, AppError> {
        let mut reader = self.app.store.read().await?;
        Ok(store::posted::find(&mut reader, key).await?)
    }

    /// Discord's id of the channel or sealed thread where a card goes; the placement alone decides.
    pub(super) async fn channel_of(
        &self,
        placed: &Placed,
        row: &Row,
    ) -> Result<Result<String, Verdict>, AppError> {
        match &placed.placement {
            Placement::Channel(key) => Ok(self.channel(key)),
            Placement::SealedThread { members } => {
                let parent = match self.channel(&ChannelKey::new(SEALED)) {
                    Ok(parent) => parent,
                    Err(verdict) => return Ok(Err(verdict)),
                };
                let key = format!("sealed:{}", placed.view.id);
                let name = placed.sealed_reference.clone();
                let accounts = self.app.accounts(members).await?;
                self.thread_with(&key, &parent, &name, &accounts, row.incident)
                    .await
            }
        }
    }

    pub(super) fn channel(&self, key: &ChannelKey) -> Result<String, Verdict> {
        self.guild
            .channels
            .get(key)
            .cloned()
            .ok_or_else(|| Verdict::Parked(format!("the channel {key} is not configured")))
    }
}

pub(super) fn posted_as(key: String, channel: String, sent: Result<Answer, RestFault>) -> Verdict {
    match sent {
        Ok(answer) => match answer.id() {
            Some(id) => {
                let posted = Posted {
                    channel_id: channel,
                    message_id: id.to_owned(),
                    mark: key_of(&answer.body).map(str::to_owned),
                };
                Verdict::Delivered(Some((key, posted)))
            }
            None => Verdict::Dead("Discord's answer names no message".to_owned()),
        },
        Err(fault) => fault.into(),
    }
}

/// The edit of a message that stands.
pub(super) fn edit_of(posted: &Posted, card: &Card) -> Call {
    let mark = posted.mark.as_deref();
    Call::edit_message(&posted.channel_id, &posted.message_id, card, mark)
}

pub(super) fn unrenderable(fault: &TemplateFault) -> Verdict {
    Verdict::Dead(fault.to_string())
}

fn in_words(kind: &str) -> &str {
    match kind {
        "post_card" => "A card",
        "post_digest" => "A digest",
        "edit_card" => "The change of a card",
        "remind" | "remind_holder" => "A reminder",
        "tell_released" => "The word that work is free again",
        "tell_manager" => "A word to the duty manager",
        "say_nobody" => "The word that no duty manager can be reached",
        "call_deputy" => "The call of a deputy",
        "remind_look" => "The reminder of a second look",
        "open_thread" => "The private thread",
        "post_brief" => "A brief",
        "remind_brief" => "The reminder of a brief",
        "post_status" => "A status",
        "tell_case" => "Governance's answer",
        "edit_brief" => "The change of a brief",
        "call_contacts" => "The call to contacts",
        "keep_out" => "The removal of somebody from a thread",
        "post_closing" => "A closing brief",
        "ask_talk" => "The question about a wording",
        "tell_backup" => "The word about backups",
        "tell_step" => "What Governance decided",
        "finding" => "A word of the auditor",
        other => other,
    }
}
