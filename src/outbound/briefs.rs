//! Briefs: posted to the restricted channel only when its readers are proven; where misconduct is named or a wall touches a
//! reader, the channel gets id and mentions, and the brief a private thread with the contacts and the security contact.

use super::deliver::{edit_of, posted_as, unrenderable};
use super::drain::{Outbound, Verdict};
use super::governing::Private;
use super::reach::mentions;
use crate::app::AppError;
use crate::app::act::thread_key;
use crate::discord::call::Call;
use crate::discord::custom_id::brief_press;
use crate::discord::rest::RestFault;
use crate::domain::ids::{AccountId, ChannelKey};
use crate::domain::placement;
use crate::domain::view::BriefView;
use crate::render::card::{Card, Tone};
use crate::render::contexts::Notice;
use crate::store::outbox::Row;

impl Outbound {
    pub(super) async fn post_brief(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some((view, key)) = self.brief(row).await? else {
            return Ok(Verdict::Delivered(None));
        };
        if self.posted(&key).await?.is_some() {
            return self.edit_brief(row).await;
        }
        let channel = match self.channel(&row.channel) {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        let proof = match self.prove(&channel).await {
            Ok(proof) => proof,
            Err(verdict) => return Ok(verdict),
        };
        if !proof.faults.is_empty() {
            return Ok(unproven(&proof.faults));
        }
        let walled = self.app.kept_out_accounts(view.id).await?;
        let touched = proof
            .readers
            .iter()
            .any(|reader| walled.contains(&AccountId::new(reader)));
        if placement::brief_is_private(view.discreet, touched) {
            return self.post_privately(row, &view, &channel, &key).await;
        }
        let card = match self.templates.brief(&view, brief_press) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(key, channel, sent))
    }

    /// The stub in the channel, the brief in its private thread.
    async fn post_privately(
        &self,
        row: &Row,
        view: &BriefView,
        channel: &str,
        key: &str,
    ) -> Result<Verdict, AppError> {
        let mut members = view.mentions.clone();
        members.extend(view.security_account.clone());
        let private = Private {
            thread: format!("{key}:thread"),
            name: format!("{} brief {}", view.id, view.number),
            members,
            channel,
            key,
        };
        let rendered = self.templates.brief(view, brief_press);
        let both = rendered.and_then(|card| Ok((card, self.templates.brief_stub(view)?)));
        match both {
            Ok((card, stub)) => self.privately(row, &private, card, &stub).await,
            Err(fault) => Ok(unrenderable(&fault)),
        }
    }

    pub(super) async fn edit_brief(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some((view, key)) = self.brief(row).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(posted) = self.posted(&key).await? else {
            return Ok(Verdict::Delivered(None));
        };
        // A wall touches a reader of the channel since it was posted: the brief goes on in its private thread.
        let open = self.channel(&row.channel);
        if let Ok(channel) = open
            && channel == posted.channel_id
        {
            match self.must_move(view.id, &channel).await? {
                Ok(false) => {}
                Ok(true) => {
                    let call = Call::delete_message(&posted.channel_id, &posted.message_id);
                    return match self.rest.send(&call).await {
                        Ok(_) | Err(RestFault::Gone { .. }) => {
                            self.forget(&key).await?;
                            self.post_privately(row, &view, &channel, &key).await
                        }
                        Err(fault) => Ok(fault.into()),
                    };
                }
                Err(verdict) => return Ok(verdict),
            }
        }
        let card = match self.templates.brief(&view, brief_press) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        // An edit mentions nobody anew.
        let card = Card {
            mentions: Vec::new(),
            ..card
        };
        let call = edit_of(&posted, &card);
        Ok(match self.rest.send(&call).await {
            Ok(_) => Verdict::Delivered(None),
            Err(fault) => fault.into(),
        })
    }

    /// Tells those on the case, in their thread, what was decided; the words stay with the brief.
    pub(super) async fn tell_case(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some((view, _)) = self.brief(row).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let thread = self.posted(&thread_key(view.id)).await?;
        // The key ends in the answer's place among all of this engagement.
        let place = row
            .key
            .rsplit(':')
            .next()
            .and_then(|n| n.parse::<usize>().ok())
            .unwrap_or(0);
        let answer = place.checked_sub(1).and_then(|at| view.decisions.get(at));
        let (Some(thread), Some((who, what, _))) = (thread, answer) else {
            return Ok(Verdict::Delivered(None));
        };
        let notice = Notice {
            title: format!("{}: Governance answered", view.id),
            text: format!("{who}: {what}"),
            cure: "Go on by it. The security contact reads the words with “What was said” on the brief."
                .to_owned(),
        };
        let card = match self.templates.plain_card(&notice, Tone::Info) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let sent = self.send_card(row, &thread.channel_id, &card).await;
        Ok(posted_as(row.key.clone(), thread.channel_id, sent))
    }

    /// Mentions once more those who have not read it; where the brief is, the words are.
    pub(super) async fn remind_brief(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some((view, key)) = self.brief(row).await? else {
            return Ok(Verdict::Delivered(None));
        };
        if view.reminds.is_empty() || self.posted(&key).await?.is_none() {
            return Ok(Verdict::Delivered(None));
        }
        let channel = match self.proven(&row.channel).await {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        // A deputy who is called for the first time must be able to open what waits.
        if let Err(verdict) = self.let_in(&view, &key).await? {
            return Ok(verdict);
        }
        let mentions = mentions(&view.reminds);
        let next = match row.key.rsplit(':').next() {
            Some("1") => "Your deputy is told next.",
            Some("2") => "Your deputy is told too; the duty manager is told next.",
            Some(_) | None => "Your deputy and the duty manager are told.",
        };
        // No more than a lock screen shows: where the brief stands, its words are.
        let card = Card {
            content: Some(format!("{}: a brief still waits", view.id)),
            title: format!("{}: a brief still waits", view.id),
            body: format!("Read it and answer with its buttons. {next}"),
            tone: Tone::Warning,
            mentions,
            ..Card::default()
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(row.key.clone(), channel, sent))
    }

    /// The restricted channel, once its readers are proven.
    pub(super) async fn proven(&self, key: &ChannelKey) -> Result<String, Verdict> {
        let channel = self.channel(key)?;
        let proof = self.prove(&channel).await?;
        if proof.faults.is_empty() {
            Ok(channel)
        } else {
            Err(unproven(&proof.faults))
        }
    }

    pub(super) async fn brief(&self, row: &Row) -> Result<Option<(BriefView, String)>, AppError> {
        let (Some(incident), Ok(number)) = (row.incident, u32::try_from(row.arg)) else {
            return Ok(None);
        };
        let view = self.app.brief(incident, number).await?;
        Ok(view.map(|view| (view, format!("brief:{incident}:{number}"))))
    }
}

pub(super) fn unproven(faults: &[String]) -> Verdict {
    Verdict::Parked(format!(
        "not posted, since others could read it: {}",
        faults.join("; ")
    ))
}
