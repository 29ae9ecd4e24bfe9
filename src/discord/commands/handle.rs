//! One interaction, from the typed frame to its answer: actor, route, use case, screen. Faults and refusals become
//! answers in one place, whatever was called.

use super::forms::{change, next_page, plain_values, return_reason, snooze_form};
use super::report::option;
use super::screens::ALL_SILENT;
use super::table::{Verb, commands};
use super::{answers, mine, screens};
use crate::app::form::Given;
use crate::app::{App, AppError, Cause as _};
use crate::discord::actor::GuildMap;
use crate::discord::custom_id::CustomId;
use crate::discord::incoming::{
    CommandOption, CommandType, Interaction, Kind, ModalValue, OptionValue,
};
use crate::domain::alert::Severity;
use crate::domain::form::Mark;
use crate::domain::governance::Choice;
use crate::domain::ids::{AccountId, FieldId, PlaybookId, TransitionId};
use crate::domain::incident::Refusal;
use crate::domain::playbook::definition::TransitionKind;
use crate::domain::policy::Actor;
use crate::domain::talk::Verdict;
use crate::domain::timeline::Shown;
use crate::render::card::{Card, CardFile, Tone};
use crate::render::contexts::Answer;
use crate::render::form::Form;
use crate::render::templates::{TemplateFault, Templates};
use std::collections::BTreeMap;

/// From so many bytes on, what was typed goes back in a file: a card takes about 4,000 characters.
const TYPED_SHOWN: usize = 1_000;
const TYPED_FILE: &str = "what-you-typed.txt";

/// What an interaction is answered with.
#[derive(Debug)]
pub enum Reply {
    /// A message that only the member sees.
    Show(Card),
    /// The ephemeral message with the pressed control shows this now.
    Update(Card),
    Form(Form),
    /// What is shown and what is sent back.
    Choices(Vec<(String, String)>),
}

/// Answers members.
pub struct Bot {
    pub app: App,
    pub templates: std::sync::Arc<Templates>,
    pub guild: GuildMap,
}

/// Why there is no answer of the kind that was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    Template(#[from] TemplateFault),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::App(AppError::Refused(refusal))
    }
}

impl Bot {
    /// The answer to one interaction, whatever happens. `None` when Discord sent something that has no answer.
    pub async fn answer(&self, interaction: Interaction) -> Option<Reply> {
        let reference = interaction.id.clone();
        let autocomplete = matches!(interaction.kind, Kind::Autocomplete { .. });
        let typed = typed_in(&interaction.kind);
        match self.route(interaction).await {
            Ok(reply) => reply,
            Err(_) if autocomplete => Some(Reply::Choices(Vec::new())),
            Err(Fault::App(AppError::Refused(refusal))) => {
                let holder = if let Refusal::Held { by, .. } = &refusal {
                    self.app.name(*by).await.ok()
                } else {
                    None
                };
                let answer = answers::refused(&refusal, holder.as_deref(), self.app.zone);
                // What is incomplete is saved as far as it goes.
                let saved = matches!(refusal, Refusal::RecordIncomplete(_));
                let typed = if saved { Vec::new() } else { typed };
                Some(self.given_back(answer, Tone::Warning, typed))
            }
            Err(fault) => {
                if let Fault::App(fault) = &fault
                    && let Some(trouble) = fault.trouble()
                {
                    // The store logs when it begins and ends.
                    return Some(self.given_back(answers::troubled(trouble), Tone::Alarm, typed));
                }
                tracing::error!(%reference, %fault, "an interaction could not be served");
                Some(self.given_back(answers::our_fault(&reference), Tone::Alarm, typed))
            }
        }
    }

    /// An answer to what was not taken: what was typed goes back, in a file where it is long.
    fn given_back(&self, mut answer: Answer, tone: Tone, typed: Vec<String>) -> Reply {
        let long = typed.iter().map(String::len).sum::<usize>() > TYPED_SHOWN;
        let mut files = Vec::new();
        if long {
            answer.typed = vec![format!("All of it is in {TYPED_FILE}.")];
            files.push(CardFile {
                name: TYPED_FILE.to_owned(),
                bytes: typed.join("\n\n").into_bytes(),
            });
        } else {
            answer.typed = typed;
        }
        let mut card = self.shown(&answer, tone);
        card.files = files;
        Reply::Show(card)
    }

    fn shown(&self, answer: &Answer, tone: Tone) -> Card {
        self.templates.answer(answer, tone).unwrap_or_else(|fault| {
            tracing::error!(%fault, "an answer could not be rendered");
            let (title, body) = (answer.title.clone(), answer.text.clone());
            Card {
                title,
                tone,
                body,
                ..Card::default()
            }
        })
    }

    async fn route(&self, interaction: Interaction) -> Result<Option<Reply>, Fault> {
        if interaction.guild_id.as_deref() != Some(self.guild.guild.as_str()) {
            return Err(Refusal::NotFound.into());
        }
        let (account, name, roles, lead) = self.guild.member(&interaction.member);
        let actor = self.app.actor(account, name, roles, lead).await?;
        match interaction.kind {
            Kind::Command {
                command_type: CommandType::MessageMenu,
                path,
                target,
                ..
            } => self
                .menu(&actor, &path, interaction.channel_id, target)
                .await
                .map(Some),
            Kind::Command { path, options, .. } => self.command(&actor, &path, &options).await,
            Kind::Autocomplete {
                path,
                options,
                focused,
            } => {
                let choices = self.autocomplete(&actor, &path, &options, &focused).await?;
                Ok(Some(Reply::Choices(choices)))
            }
            Kind::Component {
                custom_id, values, ..
            } => self.component(&actor, &custom_id, values).await,
            Kind::Modal {
                custom_id, values, ..
            } => {
                self.modal(&actor, &custom_id, values, interaction.private)
                    .await
            }
            Kind::Unknown { what } => {
                tracing::warn!(what, "an interaction of an unknown kind was not answered");
                Ok(None)
            }
        }
    }

    async fn command(
        &self,
        actor: &Actor,
        path: &str,
        options: &[CommandOption],
    ) -> Result<Option<Reply>, Fault> {
        let Some(command) = commands().find(|c| c.name == path) else {
            return Err(Refusal::NotFound.into());
        };
        let text = |name: &str| option(options, name);
        let incident = || {
            text("incident")
                .and_then(|t| t.parse().ok())
                .ok_or(Refusal::NotFound)
        };
        let reply = match command.verb {
            Verb::Open => self.open(actor, options).await?,
            Verb::Queue => {
                self.queue(actor, text("incident"), text("earlier_than"))
                    .await?
            }
            Verb::Leave(TransitionKind::Dismissal) if text("incident").is_none() => {
                let pattern = text("pattern").map(|typed| typed.parse());
                let pattern = pattern.transpose().map_err(|()| Refusal::NotFound)?;
                self.several(actor, pattern).await?
            }
            Verb::Claim => self.claim(actor, incident()?).await?,
            Verb::Leave(kind) => {
                self.leave(actor, incident()?, kind, text("to").map(TransitionId::new))
                    .await?
            }
            Verb::Case(act) => self.case(actor, incident()?, act, options).await?,
            Verb::Status => {
                let severity = text("severity").map(|word| Severity::from_word(&word));
                let words = text("text").unwrap_or_default();
                self.status(actor, incident()?, severity, words).await?
            }
            Verb::Reopen => {
                self.reopen(actor, incident()?, text("text").unwrap_or_default())
                    .await?
            }
            Verb::Route => {
                let playbook = PlaybookId::new(text("playbook").unwrap_or_default());
                self.route_to(actor, incident()?, playbook).await?
            }
            Verb::Contain(act) => {
                let number = text("action").and_then(|n| n.parse().ok());
                let words = text("text").unwrap_or_default();
                self.contain(actor, incident()?, act, number, text("what"), words)
                    .await?
            }
            Verb::Governance(act) => self.governance(actor, act, options).await?,
            Verb::Comms(act) => self.comms(actor, act, options).await?,
            Verb::Roster(act) => self.roster(actor, act, options).await?,
            Verb::Pattern(act) => self.pattern(actor, act, options).await?,
            Verb::Accept => self.accept(actor, incident()?).await?,
            Verb::Return => {
                self.give_back(actor, incident()?, text("reason").unwrap_or_default())
                    .await?
            }
            Verb::Snooze => {
                let until = text("until").unwrap_or_default();
                let reason = text("reason").unwrap_or_default();
                self.snooze(actor, incident()?, &until, reason).await?
            }
            Verb::Me => {
                let own = self.app.mine(actor).await?;
                Reply::Show(mine::screen(&self.templates, &own, self.app.zone)?)
            }
            Verb::Drafts => {
                let rows = self.app.drafts(actor).await?;
                Reply::Show(screens::drafts(&self.templates, &rows, self.app.zone)?)
            }
            Verb::Timeline if text("incident").is_none() => self.stuck(actor).await?,
            Verb::Timeline => {
                let shown = text("show").and_then(|key| Shown::from_key(&key));
                let shown = shown.unwrap_or(Shown::Decisions);
                Reply::Show(self.timeline(actor, incident()?, 0, shown).await?)
            }
            Verb::Audit(act) => self.audit(actor, act, options).await?,
            Verb::Health => self.health(actor).await?,
            Verb::Help => self.help(actor).await?,
        };
        Ok(Some(reply))
    }

    async fn component(
        &self,
        actor: &Actor,
        custom_id: &str,
        values: Vec<String>,
    ) -> Result<Option<Reply>, Fault> {
        let id: CustomId = custom_id.parse().map_err(|()| Refusal::NotFound)?;
        let first = || values.first().cloned().ok_or(Refusal::NotFound);
        let reply = match id {
            CustomId::Claim(id) => self.claim(actor, id).await?,
            CustomId::Escalate(id) => self.leave(actor, id, TransitionKind::Handoff, None).await?,
            CustomId::Dismiss(id) => {
                self.leave(actor, id, TransitionKind::Dismissal, None)
                    .await?
            }
            CustomId::Close(id) => self.leave(actor, id, TransitionKind::Closure, None).await?,
            CustomId::Agree(id) => self.ask_second(actor, id, true).await?,
            CustomId::Refuse(id) => self.ask_second(actor, id, false).await?,
            CustomId::Read(id, n) => self.decide(actor, id, n, Choice::Acknowledge, None).await?,
            CustomId::Answer(id, n) => self.ask_decision(actor, id, n, &first()?).await?,
            CustomId::Said(id, n) => self.said(actor, id, n).await?,
            CustomId::Answers(..)
            | CustomId::Talk(..)
            | CustomId::TalkAgree(..)
            | CustomId::TalkChange(..)
            | CustomId::TalkRefuse(..)
            | CustomId::Sign(..) => self.governing_press(actor, id).await?,
            CustomId::Accept(id) => self.accept(actor, id).await?,
            CustomId::Return(id) => {
                self.app.may_receive(actor, id).await?;
                Reply::Form(return_reason(id))
            }
            CustomId::Snooze(id) => {
                self.app.may_snooze(actor, id).await?;
                Reply::Form(snooze_form(id))
            }
            CustomId::Details(id) => self.details(actor, id).await?,
            CustomId::Way(id) => {
                self.open_way(actor, id, TransitionId::new(first()?))
                    .await?
            }
            CustomId::Drafts => {
                let id = first()?.parse().map_err(|()| Refusal::NotFound)?;
                self.reviewed(actor, id, Given::Nothing).await?
            }
            CustomId::Next(id) => {
                let opened = self.app.give(actor, id, Given::Nothing).await?;
                match next_page(&opened, false) {
                    Some(form) => Reply::Form(form),
                    None => Reply::Update(screens::review(&self.templates, &opened)?),
                }
            }
            CustomId::Change(id) => {
                let opened = self.app.give(actor, id, Given::Nothing).await?;
                Reply::Form(change(&opened, first()?))
            }
            CustomId::Mark(id) => {
                let given = parse_mark(&first()?).ok_or(Refusal::NotFound)?;
                self.reviewed(actor, id, given).await?
            }
            CustomId::Submit(id) => self.submit(actor, id).await?,
            CustomId::Timeline(..)
            | CustomId::Filter(_)
            | CustomId::Earlier(_)
            | CustomId::Names(_) => self.look(actor, id, &values).await?,
            CustomId::Dismissing(id) => self.around_dismissal(actor, id, &values).await?,
            CustomId::Digested(id) => self.press_digest(actor, id, &values).await?,
            CustomId::Page(..)
            | CustomId::LookedBack(_)
            | CustomId::Named(_)
            | CustomId::Returned(_)
            | CustomId::Snoozed(_)
            | CustomId::Agreed(_)
            | CustomId::Refused(_)
            | CustomId::Alone(..)
            | CustomId::TalkChanged(..)
            | CustomId::TalkRefused(..)
            | CustomId::Why(..) => return Err(Refusal::NotFound.into()),
        };
        Ok(Some(reply))
    }

    async fn modal(
        &self,
        actor: &Actor,
        custom_id: &str,
        values: BTreeMap<String, ModalValue>,
        private: bool,
    ) -> Result<Option<Reply>, Fault> {
        let mut values = plain_values(values);
        let reply = match custom_id.parse() {
            Ok(CustomId::Page(draft)) => {
                let opened = self.app.give(actor, draft, Given::Page(values)).await?;
                let card = screens::review(&self.templates, &opened)?;
                // In the place of the screen that opened the form; a card in a channel stays.
                if private {
                    Reply::Update(card)
                } else {
                    Reply::Show(card)
                }
            }
            Ok(CustomId::Dismissing(id)) => {
                in_place(self.dismissing_form(actor, id, values).await?, private)
            }
            Ok(CustomId::Returned(id)) => self.give_back(actor, id, why(&mut values)).await?,
            Ok(CustomId::Snoozed(id)) => {
                let until = values.remove("until").unwrap_or_default().concat();
                self.snooze(actor, id, &until, why(&mut values)).await?
            }
            Ok(CustomId::LookedBack(id)) => self.looked_back(actor, id, why(&mut values)).await?,
            Ok(CustomId::Named(id)) => self.named(actor, id, why(&mut values)).await?,
            Ok(CustomId::Agreed(id)) => self.second(actor, id, true, why(&mut values)).await?,
            Ok(CustomId::Refused(id)) => self.second(actor, id, false, why(&mut values)).await?,
            Ok(CustomId::Why(id, n, place)) => {
                let place = usize::try_from(place).unwrap_or(usize::MAX);
                let choice = Choice::ALL.get(place).copied().ok_or(Refusal::NotFound)?;
                self.decide(actor, id, n, choice, Some(why(&mut values)))
                    .await?
            }
            Ok(CustomId::Alone(id, n)) => {
                let owner = first(&mut values, "owner").map(AccountId::new);
                self.continue_alone(actor, id, n, owner, why(&mut values))
                    .await?
            }
            Ok(CustomId::TalkChanged(id, n)) => {
                let verdict = Verdict::Change {
                    wording: first(&mut values, "wording").unwrap_or_default(),
                    justification: first(&mut values, "justification"),
                };
                self.decide_talk(actor, id, n, verdict).await?
            }
            Ok(CustomId::TalkRefused(id, n)) => {
                let reason = why(&mut values);
                self.decide_talk(actor, id, n, Verdict::Refuse { reason })
                    .await?
            }
            _ => return Err(Refusal::NotFound.into()),
        };
        Ok(Some(reply))
    }
}

fn parse_mark(value: &str) -> Option<Given> {
    if value == ALL_SILENT {
        return Some(Given::AllSilent);
    }
    let (field, mark) = value.rsplit_once('|')?;
    let mark = Mark::ALL.into_iter().find(|m| m.key() == mark)?;
    Some(Given::Mark(FieldId::new(field), mark))
}

/// What was typed into a form, or in several words into a command.
fn typed_in(kind: &Kind) -> Vec<String> {
    let texts: Vec<&String> = match kind {
        Kind::Modal { values, .. } => {
            let texts = values.values().filter_map(|value| match value {
                ModalValue::Text(text) => Some(text),
                ModalValue::Values(_) | ModalValue::Flag(_) | ModalValue::Files(_) => None,
            });
            texts.collect()
        }
        Kind::Command { options, .. } => {
            let mut texts = Vec::new();
            for option in options {
                if let OptionValue::Text(text) = &option.value
                    && text.trim().contains(char::is_whitespace)
                {
                    texts.push(text);
                }
            }
            texts
        }
        Kind::Autocomplete { .. } | Kind::Component { .. } | Kind::Unknown { .. } => Vec::new(),
    };
    let given = texts.into_iter().filter(|text| !text.trim().is_empty());
    given.cloned().collect()
}

/// In the place of the private screen that opened the form.
fn in_place(reply: Reply, private: bool) -> Reply {
    match reply {
        Reply::Show(card) if private => Reply::Update(card),
        Reply::Show(_) | Reply::Update(_) | Reply::Form(_) | Reply::Choices(_) => reply,
    }
}

/// The words of a form that asks one thing.
fn why(values: &mut BTreeMap<String, Vec<String>>) -> String {
    first(values, "reason").unwrap_or_default()
}

fn first(values: &mut BTreeMap<String, Vec<String>>, key: &str) -> Option<String> {
    values.remove(key).and_then(|v| v.into_iter().next())
}
