//! What Governance does by command and button beyond the brief: own answers, contacts, holds, thresholds.

use super::handle::{Bot, Fault, Reply};
use super::report::{option, person};
use super::table::{GovernanceAct, OptKind, Verb};
use crate::discord::custom_id::{CustomId, answers};
use crate::discord::incoming::CommandOption;
use crate::domain::governance::Choice;
use crate::domain::ids::{AccountId, IncidentId};
use crate::domain::incident::Refusal;
use crate::domain::policy::Actor;
use crate::domain::record::shown_time;
use crate::domain::role::Role;
use crate::domain::talk::Verdict;
use crate::render::card::{Button, Row, Tone};
use crate::render::contexts::{Contacts, ContactsOf, Labelled, Thresholds, ThresholdsOf};

/// How much of a hash a button carries: as many digits as fit its number.
const HASH_DIGITS: usize = 15;

impl Bot {
    pub(super) async fn governance(
        &self,
        actor: &Actor,
        act: GovernanceAct,
        options: &[CommandOption],
    ) -> Result<Reply, Fault> {
        if act == GovernanceAct::Thresholds {
            return self.thresholds(actor).await;
        }
        let id: IncidentId = option(options, "incident")
            .and_then(|t| t.parse().ok())
            .ok_or(Refusal::NotFound)?;
        let text = option(options, "text");
        match act {
            GovernanceAct::Thresholds => self.thresholds(actor).await,
            GovernanceAct::Ask => {
                let (number, _) = self.app.own_answers(actor, id, None).await?;
                self.decide(actor, id, number, Choice::MoreNeeded, text)
                    .await
            }
            GovernanceAct::Decide => {
                let (number, own) = self.app.own_answers(actor, id, None).await?;
                let key = option(options, "answer").unwrap_or_default();
                let mut all = own.into_iter().chain([Choice::Acknowledge]);
                let choice = all.find(|c| c.key() == key).ok_or(Refusal::NoEngagement)?;
                if choice == Choice::GoesOnAlone {
                    let owner = person(options, "owner").map(AccountId::new);
                    let words = text.unwrap_or_default();
                    return self.continue_alone(actor, id, number, owner, words).await;
                }
                self.decide(actor, id, number, choice, text).await
            }
            GovernanceAct::Contacts => self.contacts(actor, id, options).await,
            GovernanceAct::Hold | GovernanceAct::Release => {
                let release = act == GovernanceAct::Release;
                let item = option(options, "item").unwrap_or_default();
                let words = text.unwrap_or_default();
                self.app
                    .hold(actor, id, release, item.clone(), words)
                    .await?;
                let (title, text) = if release {
                    (
                        "released",
                        "It may be deleted, where no later hold stands in the way.",
                    )
                } else {
                    (
                        "held",
                        "Nothing of this incident is deleted but what you release by its name.",
                    )
                };
                Ok(Reply::Show(self.told(
                    &format!("{id}: {item} is {title}"),
                    text,
                    "/governance release and hold change it; the brief shows what is held.",
                )?))
            }
        }
    }

    /// The buttons of Governance beyond the brief's own.
    pub(super) async fn governing_press(
        &self,
        actor: &Actor,
        id: CustomId,
    ) -> Result<Reply, Fault> {
        if let CustomId::Answers(id, n) = id {
            return self.own_answers(actor, id, n).await;
        }
        if let CustomId::Talk(id, n) = id {
            return self.read_talk(actor, id, n).await;
        }
        if let CustomId::TalkAgree(id, n) = id {
            return self.decide_talk(actor, id, n, Verdict::Approve).await;
        }
        if let CustomId::TalkChange(id, n) = id {
            return self.change_talk(actor, id, n).await;
        }
        if let CustomId::TalkRefuse(id, n) = id {
            return self.ask_refusal(actor, id, n).await;
        }
        if let CustomId::Sign(side, hash) = id {
            return self.sign(actor, side, hash).await;
        }
        Err(Refusal::NotFound.into())
    }

    /// The answers of the presser's own side.
    async fn own_answers(
        &self,
        actor: &Actor,
        id: IncidentId,
        number: u32,
    ) -> Result<Reply, Fault> {
        let (number, own) = self.app.own_answers(actor, id, Some(number)).await?;
        let mut card = self.told(
            &format!("{id}: your answer"),
            "It counts for your side. Why is read by the contacts and the security contact alone.",
            "Choose one.",
        )?;
        card.rows.push(answers(id, number, &own));
        Ok(Reply::Show(card))
    }

    pub(super) async fn continue_alone(
        &self,
        actor: &Actor,
        id: IncidentId,
        number: u32,
        owner: Option<AccountId>,
        words: String,
    ) -> Result<Reply, Fault> {
        self.app
            .continue_alone(actor, id, number, owner, words)
            .await?;
        Ok(Reply::Show(self.told(
            &format!("{id}: engagement {number} goes on without Security"),
            "Closure need not wait for it any more; who continues it stands on the timeline.",
            "/governance contacts shows who is named.",
        )?))
    }

    async fn contacts(
        &self,
        actor: &Actor,
        id: IncidentId,
        options: &[CommandOption],
    ) -> Result<Reply, Fault> {
        let named = |name| person(options, name).map(AccountId::new);
        match (named("contact"), named("deputy")) {
            (Some(contact), deputy) => {
                self.app
                    .name_contacts(actor, id, None, contact, deputy)
                    .await?;
            }
            (None, Some(_)) => {
                return Err(Refusal::NoContact {
                    sides: actor.roles.iter().copied().collect(),
                }
                .into());
            }
            (None, None) => {}
        }
        let all = self.app.contacts(actor, id).await?;
        let engagements = all.into_iter().map(|one| ContactsOf {
            number: one.engagement,
            status: one.status.to_owned(),
            sides: one
                .sides
                .into_iter()
                .map(|(side, contact, deputy, stands)| {
                    let deputy = deputy.map_or_else(String::new, |d| format!(", deputy {d}"));
                    Labelled::new(side.key(), format!("{contact}{deputy}; {stands}"))
                })
                .collect(),
            security: one.security,
            owner: one.owner.unwrap_or_default(),
        });
        let context = Contacts {
            id: id.to_string(),
            engagements: engagements.collect(),
        };
        let card = self.templates.plain_card(&context, Tone::Info)?;
        Ok(Reply::Show(card))
    }

    async fn thresholds(&self, actor: &Actor) -> Result<Reply, Fault> {
        let all = self.app.thresholds(actor).await?;
        let zone = self.app.zone;
        let mut buttons = Vec::new();
        for one in &all {
            let Some(hash) = one.hash.get(..HASH_DIGITS) else {
                continue;
            };
            let number = i64::from_str_radix(hash, 16).unwrap_or(0);
            let own = one.yours.iter().filter_map(|side| {
                let place = Role::ALL.iter().position(|role| role == side)?;
                let place = u32::try_from(place).ok()?;
                Some(Button {
                    label: format!("Sign for {side}: {} {}", one.title, one.version),
                    custom_id: CustomId::Sign(place, number).to_string(),
                    ..Button::default()
                })
            });
            buttons.extend(own);
        }
        let playbooks = all.into_iter().map(|one| ThresholdsOf {
            title: one.title,
            version: one.version,
            hash: one.hash.get(..12).unwrap_or(&one.hash).to_owned(),
            rows: one
                .rows
                .into_iter()
                .map(|(sentence, values)| Labelled::new(sentence, values))
                .collect(),
            unsigned: one.signed.iter().any(|(_, signed)| signed.is_none()),
            signed: one
                .signed
                .into_iter()
                .map(|(side, signed)| {
                    let who = signed.map_or_else(
                        || "not yet".to_owned(),
                        |s| format!("{}, {}", s.name, shown_time(s.at, zone)),
                    );
                    Labelled::new(side.key(), who)
                })
                .collect(),
        });
        let context = Thresholds {
            playbooks: playbooks.collect(),
        };
        let mut card = self.templates.plain_card(&context, Tone::Info)?;
        if !buttons.is_empty() {
            card.rows.push(Row::Buttons(buttons));
        }
        Ok(Reply::Show(card))
    }

    async fn sign(&self, actor: &Actor, place: u32, hash: i64) -> Result<Reply, Fault> {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let side = Role::ALL.get(place).copied().ok_or(Refusal::NotFound)?;
        let hash = format!("{hash:0HASH_DIGITS$x}");
        self.app.sign_thresholds(actor, side, &hash).await?;
        let Reply::Show(card) = self.thresholds(actor).await? else {
            return Err(Refusal::NotFound.into());
        };
        Ok(Reply::Update(card))
    }

    /// What is offered while somebody types.
    pub(super) async fn governing_choices(
        &self,
        actor: &Actor,
        id: IncidentId,
        verb: Verb,
        kind: OptKind,
    ) -> Result<Vec<(String, String)>, Fault> {
        Ok(match kind {
            OptKind::Answer => {
                let (_, own) = self.app.own_answers(actor, id, None).await?;
                let all = [Choice::Acknowledge].into_iter().chain(own);
                all.map(|c| (c.words().to_owned(), c.key().to_owned()))
                    .collect()
            }
            OptKind::Item => {
                let release = verb == Verb::Governance(GovernanceAct::Release);
                let items = self.app.items(actor, id, release).await?;
                items.into_iter().map(|i| (i.clone(), i)).collect()
            }
            OptKind::Rule => self.app.talk_rules(actor, id).await?,
            OptKind::Request => self.app.talks_to_decide(actor, id).await?,
            OptKind::Text(_)
            | OptKind::Incident
            | OptKind::Way
            | OptKind::Choice(_)
            | OptKind::Action
            | OptKind::Playbook
            | OptKind::Alerts
            | OptKind::Entry
            | OptKind::Past
            | OptKind::Pattern
            | OptKind::Person => Vec::new(),
        })
    }
}
