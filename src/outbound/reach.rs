//! Reaching one person: whoever holds or held an incident, in the stage's channel; the duty manager, in a private thread
//! of theirs whose readers are proven before each post; the deputy who took a contact's place.

use super::deliver::{posted_as, unrenderable};
use super::drain::{Outbound, Verdict};
use crate::app::AppError;
use crate::app::act::card_key;
use crate::app::reach::ManagerWord;
use crate::discord::call::Call;
use crate::discord::custom_id::press;
use crate::domain::due::DueKind;
use crate::domain::ids::{AccountId, IncidentId, PersonId};
use crate::domain::reach::Waits;
use crate::render::card::{Card, Tone, UserMention};
use crate::render::contexts::{DutyWord, IdleWord, Notice, capital};
use crate::store::outbox::Row;

impl Outbound {
    /// Whoever holds it is mentioned in the stage's channel, or under its seal.
    pub(super) async fn remind_holder(&self, row: &Row) -> Result<Verdict, AppError> {
        let (Some(id), Ok(visit)) = (row.incident, usize::try_from(row.arg)) else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(word) = self.app.holder_word(id).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(placed) = self.app.placed_card(id, visit).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let times = last_part(&row.key).parse().unwrap_or(1);
        let view = &placed.view;
        let context = IdleWord {
            drill: view.drill,
            id: view.id.to_string(),
            severity: capital(view.severity),
            stage: view.stage.clone(),
            holder: word.name,
            quiet_for: word.quiet_for,
            next: if word.waits_for_second {
                "A second person agrees to what was proposed, or refuses it: the buttons are on its card.".to_owned()
            } else {
                "Go on with it, put a note on it, or let its reminders rest with a reason."
                    .to_owned()
            },
            times,
        };
        let card = match self.templates.idle(&context, view, press) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let line = format!("{id} has no sign of life");
        let card = mentioning(card, word.account.as_ref(), line);
        let channel = match self.channel_of(&placed, row).await? {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        let sent = self.send_card(row, &channel, &card).await;
        let key = format!("{}:idle:{times}", card_key(id, visit));
        Ok(posted_as(key, channel, sent))
    }

    /// Whoever held it is told that it is free again.
    pub(super) async fn tell_released(&self, row: &Row) -> Result<Verdict, AppError> {
        let (Some(id), Ok(visit)) = (row.incident, last_part(&row.key).parse::<usize>()) else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(word) = self.app.released_word(id, PersonId(row.arg)).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let Some(placed) = self.app.placed_card(id, visit).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let drill = if placed.view.drill { "DRILL · " } else { "" };
        let notice = Notice {
            title: format!("{drill}{id} is free again"),
            text: format!(
                "{} held it without a sign of life for too long. What was done and drafted is kept.",
                word.name
            ),
            cure: format!("Whoever goes on with it claims it: on its card, or with /claim {id}."),
        };
        let card = match self.templates.plain_card(&notice, Tone::Warning) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let card = mentioning(card, word.account.as_ref(), format!("{id} is free again"));
        let channel = match self.channel_of(&placed, row).await? {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(row.key.clone(), channel, sent))
    }

    /// The duty manager, in a thread where nobody else reads: administrators read the channel above it.
    pub(super) async fn tell_manager(&self, row: &Row) -> Result<Verdict, AppError> {
        let (Some(id), Some((about, times))) = (row.incident, matter(&row.key)) else {
            return Ok(Verdict::Delivered(None));
        };
        let person = PersonId(row.arg);
        let Some(word) = self.app.manager_word(id, person, about).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let parent = match self.channel(&row.channel) {
            Ok(parent) => parent,
            Err(verdict) => return Ok(verdict),
        };
        let members = [word.account.clone()];
        let proof = match self.prove_thread(&parent, &members).await {
            Ok(proof) => proof,
            Err(verdict) => return Ok(verdict),
        };
        if !proof.faults.is_empty() {
            return Ok(Verdict::Parked(format!(
                "a duty manager is not told, since others could read it: {}",
                proof.faults.join("; ")
            )));
        }
        let name = format!("Duty manager {}", word.name);
        let key = format!("duty:{person}");
        let thread = match self
            .thread_with(&key, &parent, &name, &members, None)
            .await?
        {
            Ok(thread) => thread,
            Err(verdict) => return Ok(verdict),
        };
        let card = match self.duty_card(id, word, times) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let sent = self.send_card(row, &thread, &card).await;
        Ok(posted_as(row.key.clone(), thread, sent))
    }

    fn duty_card(
        &self,
        id: IncidentId,
        word: ManagerWord,
        times: u32,
    ) -> Result<Card, crate::render::templates::TemplateFault> {
        let account = Some(word.account).filter(|_| !word.drill);
        let context = DutyWord {
            drill: word.drill,
            id: id.to_string(),
            severity: capital(word.severity),
            stage: word.stage,
            age: word.age,
            what: word.what,
            holder: word.holder.unwrap_or_else(|| "nobody".to_owned()),
            times,
        };
        let card = self.templates.plain_card(&context, Tone::Alarm)?;
        let line = format!("{id} waits, and you are duty manager");
        Ok(mentioning(card, account.as_ref(), line))
    }

    /// That nobody could be told, without saying of what: administrators read here.
    pub(super) async fn say_nobody(&self, row: &Row) -> Result<Verdict, AppError> {
        let channel = match self.channel(&row.channel) {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        let notice = Notice {
            title: "No duty manager can be reached".to_owned(),
            text: "Something waits longer than it may, and everybody who is named is absent or may not be told."
                .to_owned(),
            cure: "A lead or an administrator names others with /roster set. Managers find what waits with /queue."
                .to_owned(),
        };
        let card = match self.templates.plain_card(&notice, Tone::Alarm) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(row.key.clone(), channel, sent))
    }

    /// The deputy is mentioned where the contact was, and let into the thread where the brief stands.
    pub(super) async fn call_deputy(&self, row: &Row) -> Result<Verdict, AppError> {
        let Some((view, key)) = self.brief(row).await? else {
            return Ok(Verdict::Delivered(None));
        };
        if view.steps_in.is_empty() || self.posted(&key).await?.is_none() {
            return Ok(Verdict::Delivered(None));
        }
        let channel = match self.proven(&row.channel).await {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        if let Err(verdict) = self.let_in(&view, &key).await? {
            return Ok(verdict);
        }
        let card = Card {
            title: format!("{}: a deputy takes a contact's place", view.id),
            body: "Whoever is named here does: read the brief and answer with its buttons."
                .to_owned(),
            tone: Tone::Warning,
            content: Some(format!("{}: a brief waits", view.id)),
            mentions: mentions(&view.steps_in),
            ..Card::default()
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(row.key.clone(), channel, sent))
    }

    /// Those who are called now come into the brief's private thread, if it has one; those walled off by now go.
    pub(super) async fn let_in(
        &self,
        view: &crate::domain::view::BriefView,
        key: &str,
    ) -> Result<Result<(), Verdict>, AppError> {
        let thread_key = format!("{key}:thread");
        let Some(thread) = self.posted(&thread_key).await? else {
            return Ok(Ok(()));
        };
        for account in self.app.kept_out_accounts(view.id).await? {
            let call = Call::remove_thread_member(&thread.channel_id, account.as_str());
            match self.rest.send(&call).await {
                Ok(_) | Err(crate::discord::rest::RestFault::Gone { .. }) => {}
                Err(fault) => return Ok(Err(fault.into())),
            }
        }
        let parent = match self.channel(&crate::domain::ids::ChannelKey::new(
            crate::domain::placement::SEALED,
        )) {
            Ok(parent) => parent,
            Err(verdict) => return Ok(Err(verdict)),
        };
        let name = format!("{} brief {}", view.id, view.number);
        let joined = self
            .thread_with(&thread_key, &parent, &name, &view.reminds, Some(view.id))
            .await?;
        Ok(joined.map(|_| ()))
    }
}

/// The card with a line for the lock screen, and whom it mentions.
fn mentioning(card: Card, account: Option<&AccountId>, line: String) -> Card {
    Card {
        content: account.is_some().then_some(line),
        mentions: mentions(account),
        ..card
    }
}

pub(super) fn mentions<'a>(accounts: impl IntoIterator<Item = &'a AccountId>) -> Vec<UserMention> {
    let each = accounts.into_iter().cloned();
    each.map(|account| UserMention { account }).collect()
}

fn last_part(key: &str) -> &str {
    key.rsplit(':').next().unwrap_or_default()
}

/// What waits and how often it was said, from `duty:INC-1:3:acknowledge:2`.
fn matter(key: &str) -> Option<(Waits, u32)> {
    let mut parts = key.splitn(4, ':').skip(2);
    let times = parts.next()?.parse().ok()?;
    match DueKind::from_key(parts.next()?)? {
        DueKind::Said(about) => Some((about, times)),
        DueKind::Owed(_)
        | DueKind::Talk(_)
        | DueKind::Release
        | DueKind::SnoozeEnds
        | DueKind::LookAgain => None,
    }
}
