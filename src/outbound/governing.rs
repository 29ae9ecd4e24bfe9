//! What happens on the side of Governance beyond the brief: contacts called later, closing briefs, requests to speak to
//! somebody, and those behind a wall who leave the threads. Each post proves its readers first.

use super::briefs::unproven;
use super::deliver::{posted_as, unrenderable};
use super::drain::{Outbound, Verdict};
use super::reach::mentions;
use crate::app::AppError;
use crate::app::act::thread_key;
use crate::discord::call::Call;
use crate::discord::custom_id::{read_talk, read_talk_now};
use crate::discord::rest::RestFault;
use crate::domain::effect::GOVERNANCE;
use crate::domain::ids::{AccountId, IncidentId};
use crate::domain::placement;
use crate::domain::view::ClosingView;
use crate::render::card::{Card, Tone};
use crate::render::contexts::Notice;
use crate::store;
use crate::store::outbox::Row;
use serde_json::Value;
use std::collections::BTreeSet;

impl Outbound {
    /// Contacts who were named later are called; in a private thread only those who are named now remain.
    pub(super) async fn call_contacts(&self, row: &Row) -> Result<Verdict, AppError> {
        let (Some(id), Ok(number)) = (row.incident, u32::try_from(row.arg)) else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(view) = self.app.brief(id, number).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let key = format!("brief:{id}:{number}");
        // Not posted yet: the post itself calls those who are named then.
        if self.posted(&key).await?.is_none() {
            return Ok(Verdict::Delivered(None));
        }
        let thread = self.posted(&format!("{key}:thread")).await?;
        if let Some(thread) = &thread {
            let mut members = view.mentions.clone();
            members.extend(view.security_account.clone());
            if let Err(verdict) = self.only(&thread.channel_id, &members).await {
                return Ok(verdict);
            }
        }
        if view.unread.is_empty() {
            return Ok(Verdict::Delivered(None));
        }
        let channel = match self.channel(&row.channel) {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        match self.prove(&channel).await {
            Ok(proof) if proof.faults.is_empty() => {}
            Ok(proof) => return Ok(unproven(&proof.faults)),
            Err(verdict) => return Ok(verdict),
        }
        let place = if thread.is_some() {
            "It stands in its private thread."
        } else {
            "It stands in this channel."
        };
        let card = Card {
            content: Some(format!("{id}: a brief waits")),
            title: format!("{id}: you are named on a brief"),
            body: format!("{place} Read it and answer with its buttons."),
            tone: Tone::Warning,
            mentions: mentions(&view.unread),
            ..Card::default()
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(row.key.clone(), channel, sent))
    }

    /// These members and nobody else but Baton are in the thread.
    async fn only(&self, thread: &str, members: &[AccountId]) -> Result<(), Verdict> {
        let answer = self.rest.send(&Call::list_thread_members(thread)).await?;
        let listed = answer.body.as_array().cloned().unwrap_or_default();
        let there: BTreeSet<String> = listed
            .iter()
            .filter_map(|one| one.get("user_id").and_then(Value::as_str))
            .map(str::to_owned)
            .collect();
        let wanted: BTreeSet<String> = members.iter().map(ToString::to_string).collect();
        for account in wanted.difference(&there) {
            settled(
                self.rest
                    .send(&Call::add_thread_member(thread, account))
                    .await,
            )?;
        }
        for account in there.difference(&wanted) {
            if self.guild.own.as_deref() != Some(account) {
                settled(
                    self.rest
                        .send(&Call::remove_thread_member(thread, account))
                        .await,
                )?;
            }
        }
        Ok(())
    }

    /// Whoever is behind a wall now leaves every thread of the incident.
    pub(super) async fn keep_out(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some(id) = row.incident else {
            return Ok(Verdict::Delivered(None));
        };
        let walled = self.app.kept_out_accounts(id).await?;
        if walled.is_empty() {
            return Ok(Verdict::Delivered(None));
        }
        let mut keys = vec![thread_key(id), format!("sealed:{id}")];
        for number in 1..=self.app.engagements(id).await? {
            keys.push(format!("brief:{id}:{number}:thread"));
        }
        for key in keys {
            let Some(thread) = self.posted(&key).await? else {
                continue;
            };
            for account in &walled {
                let call = Call::remove_thread_member(&thread.channel_id, account.as_str());
                if let Err(verdict) = settled(self.rest.send(&call).await) {
                    return Ok(verdict);
                }
            }
        }
        Ok(Verdict::Delivered(None))
    }

    /// The closing brief, where the brief may stand: by the same proof, in the same private thread.
    pub(super) async fn post_closing(&self, row: &Row) -> Result<Verdict, AppError> {
        let (Some(id), Ok(number)) = (row.incident, u32::try_from(row.arg)) else {
            return Ok(Verdict::Delivered(None));
        };
        // Reopened meanwhile: there is nothing closed to tell of.
        let Some(view) = self.app.closing(id, number).await? else {
            return Ok(Verdict::Delivered(None));
        };
        if self.posted(&row.key).await?.is_some() {
            return Ok(Verdict::Delivered(None));
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
        let walled = self.app.kept_out_accounts(id).await?;
        let touched = proof
            .readers
            .iter()
            .any(|reader| walled.contains(&AccountId::new(reader)));
        let rendered = self.templates.closing(&view);
        let both = rendered.and_then(|card| Ok((card, self.templates.closing_stub(&view)?)));
        let (card, stub) = match both {
            Ok(both) => both,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        if placement::brief_is_private(view.discreet, touched) {
            let private = Private {
                thread: format!("brief:{id}:{number}:thread"),
                name: format!("{id} brief {number}"),
                members: members(&view),
                channel: &channel,
                key: &row.key,
            };
            return self.privately(row, &private, card, &stub).await;
        }
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(row.key.clone(), channel, sent))
    }

    /// The stub in the channel, the page in the private thread of its engagement.
    pub(super) async fn privately(
        &self,
        row: &Row,
        private: &Private<'_>,
        card: Card,
        stub: &Card,
    ) -> Result<Verdict, AppError> {
        // Under the sealed channel, which Security sees too: the security contact belongs in it.
        let sealed = crate::domain::ids::ChannelKey::new(placement::SEALED);
        let parent = match self.channel(&sealed) {
            Ok(parent) => parent,
            Err(verdict) => return Ok(verdict),
        };
        let proof = match self.prove_thread(&parent, &private.members).await {
            Ok(proof) => proof,
            Err(verdict) => return Ok(verdict),
        };
        if !proof.faults.is_empty() {
            return Ok(unproven(&proof.faults));
        }
        let (key, members) = (&private.thread, &private.members);
        let thread = self
            .thread_with(key, &parent, &private.name, members, row.incident)
            .await?;
        let thread = match thread {
            Ok(thread) => thread,
            Err(verdict) => return Ok(verdict),
        };
        let stub_key = format!("{}:stub", private.key);
        if self.posted(&stub_key).await?.is_none() {
            // Its own nonce: both messages belong to one row.
            let nonce = format!("{}s", self.nonce(row));
            let sent = self.send_keyed(row, private.channel, stub, &nonce).await;
            match posted_as(stub_key, private.channel.to_owned(), sent) {
                Verdict::Delivered(Some((key, posted))) => {
                    self.save_posted(&key, row.incident, posted).await?;
                }
                other @ (Verdict::Delivered(None)
                | Verdict::Repost { .. }
                | Verdict::Later { .. }
                | Verdict::Stuck(_)
                | Verdict::Parked(_)
                | Verdict::Dead(_)) => return Ok(other),
            }
        }
        // In the thread everybody is named already; the channel's message mentioned them.
        let card = Card {
            mentions: Vec::new(),
            content: None,
            ..card
        };
        let sent = self.send_card(row, &thread, &card).await;
        Ok(posted_as(private.key.to_owned(), thread, sent))
    }

    /// Asks those whose word a request waits for. What it is about they read by its button, and nobody else.
    pub(super) async fn ask_talk(&self, row: &Row) -> Result<Verdict, AppError> {
        let (Some(id), Ok(number)) = (row.incident, u32::try_from(row.arg)) else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(asked) = self.app.asked(id, number, &row.channel).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let channel = if row.channel.as_str() == GOVERNANCE {
            let channel = match self.channel(&row.channel) {
                Ok(channel) => channel,
                Err(verdict) => return Ok(verdict),
            };
            match self.prove(&channel).await {
                Ok(proof) if proof.faults.is_empty() => channel,
                Ok(proof) => return Ok(unproven(&proof.faults)),
                Err(verdict) => return Ok(verdict),
            }
        } else if self.app.status_for(id, &row.channel).await?.is_some() {
            match self.channel(&row.channel) {
                Ok(channel) => channel,
                Err(verdict) => return Ok(verdict),
            }
        } else {
            // Someone walled reads that channel: it is said where the case goes on.
            match self.posted(&format!("sealed:{id}")).await? {
                Some(thread) => thread.channel_id,
                None => return Ok(Verdict::Delivered(None)),
            }
        };
        let card = Card {
            content: Some(format!("{id}: a wording waits")),
            title: format!("{id}: a wording waits for your word"),
            body: format!(
                "Somebody on the case asks to speak to others about it (request {number}). Only whose word is wanted reads it."
            ),
            tone: Tone::Warning,
            mentions: mentions(&asked.mentions),
            rows: vec![read_talk(asked.id, asked.number)],
            ..Card::default()
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(row.key.clone(), channel, sent))
    }

    /// Tells those on the case, in their thread, one step of its history.
    pub(super) async fn tell_step(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some(id) = row.incident else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(step) = self.app.step_view(id, row.arg).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(thread) = self.case_thread(id).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let notice = Notice {
            title: format!("{id}: Governance"),
            text: format!("{} {}", step.who, step.what),
            cure: "Go on by it; /timeline has it.".to_owned(),
        };
        let mut card = match self.templates.plain_card(&notice, Tone::Info) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        card.rows
            .extend(step.talk.map(|number| read_talk_now(id, number)));
        let sent = self.send_card(row, &thread, &card).await;
        Ok(posted_as(row.key.clone(), thread, sent))
    }

    /// Where those on the case read: their thread, or under seal the sealed one.
    async fn case_thread(&self, id: IncidentId) -> Result<Option<String>, AppError> {
        let thread = self.posted(&thread_key(id)).await?;
        let thread = match thread {
            Some(thread) => Some(thread),
            None => self.posted(&format!("sealed:{id}")).await?,
        };
        Ok(thread.map(|thread| thread.channel_id))
    }

    /// Whether a brief that stands in the open channel must leave it: a wall touches one of its readers now.
    pub(super) async fn must_move(
        &self,
        id: IncidentId,
        channel: &str,
    ) -> Result<Result<bool, Verdict>, AppError> {
        let walled = self.app.kept_out_accounts(id).await?;
        if walled.is_empty() {
            return Ok(Ok(false));
        }
        Ok(self.prove(channel).await.map(|proof| {
            let mut readers = proof.readers.iter();
            readers.any(|reader| walled.contains(&AccountId::new(reader)))
        }))
    }

    /// Forgets where something stood.
    pub(super) async fn forget(&self, key: &str) -> Result<(), AppError> {
        let key = key.to_owned();
        self.app
            .store
            .write(move |connection| {
                Box::pin(async move { Ok(store::posted::delete(connection, &key).await?) })
            })
            .await
    }
}

/// What is posted in a private thread, with a stub in the channel.
pub(super) struct Private<'a> {
    /// The key under which the thread is kept.
    pub thread: String,
    pub name: String,
    pub members: Vec<AccountId>,
    pub channel: &'a str,
    pub key: &'a str,
}

fn members(view: &ClosingView) -> Vec<AccountId> {
    let mut members = view.mentions.clone();
    members.extend(view.security_account.clone());
    members
}

/// Somebody who is not there, or has left, holds nothing up.
fn settled<T>(sent: Result<T, RestFault>) -> Result<(), Verdict> {
    match sent {
        Ok(_) | Err(RestFault::Gone { .. }) => Ok(()),
        Err(fault) => Err(fault.into()),
    }
}
