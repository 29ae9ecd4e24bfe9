//! One interaction, from the typed frame to its answer: actor, route, use case, screen. Faults and refusals become
//! answers in one place, whatever was called.

use super::forms::{next_page, page, plain_values, return_reason};
use super::report::{option, report};
use super::screens::ALL_SILENT;
use super::table::{COMMANDS, Verb};
use super::{answers, screens};
use crate::app::form::{Given, Opened};
use crate::app::intake::{Arrived, Batch};
use crate::app::{App, AppError};
use crate::discord::actor::GuildMap;
use crate::discord::custom_id::CustomId;
use crate::discord::incoming::{CommandOption, Interaction, Kind, ModalValue};
use crate::domain::alert::Reading;
use crate::domain::form::Mark;
use crate::domain::ids::{FieldId, IncidentId, SourceId, TransitionId};
use crate::domain::incident::{Command, Refusal};
use crate::domain::playbook::definition::TransitionKind;
use crate::domain::policy::Actor;
use crate::domain::role::Role;
use crate::render::card::{Button, ButtonStyle, Card, Choice, Row, Tone};
use crate::render::contexts::{Answer, Help, HelpRow};
use crate::render::form::Form;
use crate::render::templates::{TemplateFault, Templates};
use std::collections::BTreeMap;

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
                Some(self.shown(&answer, Tone::Warning))
            }
            Err(fault) => {
                tracing::error!(%reference, %fault, "an interaction could not be served");
                Some(self.shown(&answers::our_fault(&reference), Tone::Alarm))
            }
        }
    }

    fn shown(&self, answer: &Answer, tone: Tone) -> Reply {
        let card = self.templates.answer(answer, tone).unwrap_or_else(|fault| {
            tracing::error!(%fault, "an answer could not be rendered");
            let (title, body) = (answer.title.clone(), answer.text.clone());
            Card {
                title,
                tone,
                body,
                ..Card::default()
            }
        });
        Reply::Show(card)
    }

    async fn route(&self, interaction: Interaction) -> Result<Option<Reply>, Fault> {
        if interaction.guild_id.as_deref() != Some(self.guild.guild.as_str()) {
            return Err(Refusal::NotFound.into());
        }
        let (account, name, roles, lead) = self.guild.member(&interaction.member);
        let actor = self.app.actor(account, name, roles, lead).await?;
        match interaction.kind {
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
            } => self.modal(&actor, &custom_id, values).await,
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
        let Some(command) = COMMANDS.iter().find(|c| c.name == path) else {
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
                let rows = self.app.queue(actor).await?;
                Reply::Show(screens::queue(&self.templates, &rows)?)
            }
            Verb::Claim => self.claim(actor, incident()?).await?,
            Verb::Escalate => {
                self.escalate(actor, incident()?, text("to").map(TransitionId::new))
                    .await?
            }
            Verb::Accept => self.accept(actor, incident()?).await?,
            Verb::Return => {
                self.give_back(actor, incident()?, text("reason").unwrap_or_default())
                    .await?
            }
            Verb::Drafts => {
                let rows = self.app.drafts(actor).await?;
                Reply::Show(screens::drafts(&self.templates, &rows, self.app.zone)?)
            }
            Verb::Timeline => Reply::Show(self.timeline(actor, incident()?, 0).await?),
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
            CustomId::Escalate(id) => self.escalate(actor, id, None).await?,
            CustomId::Accept(id) => self.accept(actor, id).await?,
            CustomId::Return(id) => {
                self.app.may_receive(actor, id).await?;
                Reply::Form(return_reason(id))
            }
            CustomId::Details(id) => {
                let alerts = self.app.details(actor, id).await?;
                Reply::Show(screens::details(&self.templates, id, &alerts)?)
            }
            CustomId::Way(id) => {
                self.escalate(actor, id, Some(TransitionId::new(first()?)))
                    .await?
            }
            CustomId::Draft(id) => self.reviewed(actor, id, Given::Nothing).await?,
            CustomId::Drafts => {
                let id = first()?.parse().map_err(|()| Refusal::NotFound)?;
                self.reviewed(actor, id, Given::Nothing).await?
            }
            CustomId::Next(id) => {
                let opened = self.app.give(actor, id, Given::Nothing).await?;
                match next_page(&opened, true) {
                    Some(form) => Reply::Form(form),
                    None => Reply::Update(screens::review(&self.templates, &opened)?),
                }
            }
            CustomId::Criteria(id) => self.reviewed(actor, id, Given::Criteria(values)).await?,
            CustomId::Done(id) => self.reviewed(actor, id, Given::Done(values)).await?,
            CustomId::Change(id) => {
                let opened = self.app.give(actor, id, Given::Nothing).await?;
                Reply::Form(page(&opened, &[FieldId::new(first()?)], false, true))
            }
            CustomId::Mark(id) => {
                let given = parse_mark(&first()?).ok_or(Refusal::NotFound)?;
                self.reviewed(actor, id, given).await?
            }
            CustomId::Submit(id) => self.submit(actor, id).await?,
            CustomId::Timeline(id, page) => Reply::Update(self.timeline(actor, id, page).await?),
            CustomId::Page(..) | CustomId::Returned(_) => return Err(Refusal::NotFound.into()),
        };
        Ok(Some(reply))
    }

    async fn modal(
        &self,
        actor: &Actor,
        custom_id: &str,
        values: BTreeMap<String, ModalValue>,
    ) -> Result<Option<Reply>, Fault> {
        let mut values = plain_values(values);
        let reply = match custom_id.parse() {
            Ok(CustomId::Page(draft, from_review)) => {
                let opened = self.app.give(actor, draft, Given::Page(values)).await?;
                let card = screens::review(&self.templates, &opened)?;
                if from_review {
                    Reply::Update(card)
                } else {
                    Reply::Show(card)
                }
            }
            Ok(CustomId::Returned(id)) => {
                let reason = values.remove("reason").and_then(|v| v.into_iter().next());
                self.give_back(actor, id, reason.unwrap_or_default())
                    .await?
            }
            _ => return Err(Refusal::NotFound.into()),
        };
        Ok(Some(reply))
    }

    async fn reviewed(
        &self,
        actor: &Actor,
        draft: crate::domain::ids::DraftId,
        given: Given,
    ) -> Result<Reply, Fault> {
        let opened = self.app.give(actor, draft, given).await?;
        Ok(Reply::Update(screens::review(&self.templates, &opened)?))
    }

    async fn claim(&self, actor: &Actor, id: IncidentId) -> Result<Reply, Fault> {
        let acted = self.app.act(actor, id, Command::Claim).await?;
        let text = if acted.changed {
            "You hold it from now on."
        } else {
            "You hold it already."
        };
        let mut card = self.told(
            &format!("{id} is yours"),
            text,
            "Open the source, look at the details, then escalate it with its record.",
        )?;
        let button = |label: &str, id: CustomId, style| Button {
            label: label.to_owned(),
            custom_id: id.to_string(),
            style,
            ..Button::default()
        };
        card.rows.push(Row::Buttons(vec![
            button("Escalate", CustomId::Escalate(id), ButtonStyle::Primary),
            button("Details", CustomId::Details(id), ButtonStyle::Plain),
        ]));
        Ok(Reply::Show(card))
    }

    /// Opens the form at once where there is one way; else asks which.
    async fn escalate(
        &self,
        actor: &Actor,
        id: IncidentId,
        way: Option<TransitionId>,
    ) -> Result<Reply, Fault> {
        let ways = self.app.ways(actor, id, TransitionKind::Handoff).await?;
        let way = match (way, ways.as_slice()) {
            (Some(way), _) => way,
            (None, [(only, _)]) => only.clone(),
            (None, []) => return Err(Refusal::NoSuchWay { ways: Vec::new() }.into()),
            (None, several) => return self.which_way(id, several),
        };
        if !ways.iter().any(|(known, _)| *known == way) {
            let ways = ways.into_iter().map(|(_, title)| title).collect();
            return Err(Refusal::NoSuchWay { ways }.into());
        }
        let opened = self.app.open_form(actor, id, way).await?;
        self.first_screen(&opened)
    }

    fn first_screen(&self, opened: &Opened) -> Result<Reply, Fault> {
        match next_page(opened, false) {
            Some(form) => Ok(Reply::Form(form)),
            None => Ok(Reply::Show(screens::review(&self.templates, opened)?)),
        }
    }

    fn which_way(&self, id: IncidentId, ways: &[(TransitionId, String)]) -> Result<Reply, Fault> {
        let mut card = self.told(
            &format!("{id}: where to?"),
            "There is more than one way.",
            "Choose one.",
        )?;
        card.rows.push(Row::Select {
            custom_id: CustomId::Way(id).to_string(),
            placeholder: Some("Where to".to_owned()),
            options: ways
                .iter()
                .map(|(way, title)| Choice {
                    value: way.to_string(),
                    label: title.clone(),
                    ..Choice::default()
                })
                .collect(),
            min: 1,
            max: 1,
        });
        Ok(Reply::Show(card))
    }

    async fn submit(
        &self,
        actor: &Actor,
        draft: crate::domain::ids::DraftId,
    ) -> Result<Reply, Fault> {
        match self.app.submit(actor, draft).await {
            Ok(acted) => {
                let id = acted.incident.id;
                let card = self.told(
                    &format!("{id} is handed over"),
                    "The record went with it; the receiving stage has its card.",
                    "You will see on the card when it is accepted or returned.",
                )?;
                Ok(Reply::Update(card))
            }
            // The screen stays, with everything that is missing named in one answer above its controls.
            Err(AppError::Refused(Refusal::RecordIncomplete(readiness))) => {
                let opened = self.app.give(actor, draft, Given::Nothing).await?;
                let refused =
                    answers::refused(&Refusal::RecordIncomplete(readiness), None, self.app.zone);
                let mut card = self.templates.answer(&refused, Tone::Warning)?;
                card.rows = screens::review(&self.templates, &opened)?.rows;
                Ok(Reply::Update(card))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    async fn accept(&self, actor: &Actor, id: IncidentId) -> Result<Reply, Fault> {
        self.app.act(actor, id, Command::Accept).await?;
        let card = self.told(
            &format!("{id} is yours"),
            "You accepted the handoff and hold it from now on.",
            "Its private thread opens with the record; /timeline tells what was decided so far.",
        )?;
        Ok(Reply::Show(card))
    }

    async fn give_back(
        &self,
        actor: &Actor,
        id: IncidentId,
        reason: String,
    ) -> Result<Reply, Fault> {
        self.app.act(actor, id, Command::Return { reason }).await?;
        let card = self.told(
            &format!("{id} is returned"),
            "It went back with your reason; its record is ready to be amended.",
            "Nothing more to do for you.",
        )?;
        Ok(Reply::Show(card))
    }

    async fn timeline(&self, actor: &Actor, id: IncidentId, page: u32) -> Result<Card, Fault> {
        let (_, lines, names) = self.app.timeline(actor, id).await?;
        Ok(screens::timeline(
            &self.templates,
            id,
            &lines,
            &names,
            page,
            self.app.zone,
        )?)
    }

    async fn help(&self, actor: &Actor) -> Result<Reply, Fault> {
        let mine = COMMANDS.iter().filter(|command| {
            command.roles.is_empty() || command.roles.iter().any(|role| actor.has(*role))
        });
        let rows = mine
            .map(|command| HelpRow {
                path: command.name.to_owned(),
                what: command.what.to_owned(),
            })
            .collect();
        let queue = self.app.queue(actor).await?;
        let waiting = match queue.iter().filter(|row| row.yours_to_take).count() {
            0 => String::new(),
            1 => "1 incident waits for you: /queue".to_owned(),
            n => format!("{n} incidents wait for you: /queue"),
        };
        let card = self
            .templates
            .plain_card(&Help { rows, waiting }, Tone::Info)?;
        Ok(Reply::Show(card))
    }

    /// A person's report becomes an alert of the source `chat`.
    async fn open(&self, actor: &Actor, options: &[CommandOption]) -> Result<Reply, Fault> {
        let reporters = [Role::Frontline, Role::Tier1, Role::Tier2, Role::Tier3];
        if !reporters.into_iter().any(|role| actor.has(role)) {
            return Err(Refusal::NotYours {
                role: Some(Role::Frontline),
            }
            .into());
        }
        let (alert, raw) = report(actor, options, self.app.now());
        let reading = Ok(Reading::Alert(Box::new(alert)));
        let batch = Batch {
            source: SourceId::new("chat"),
            elements: vec![Arrived { raw, reading }],
            reported_by: Some(actor.person),
            drill: false,
        };
        let taken = self.app.take(batch).await?;
        let incident = taken.first().and_then(|t| t.incident);
        let id = incident.map_or_else(String::new, |id| id.to_string());
        let card = self.told(
            &format!("{id} is open"),
            "Your report is kept and on its card. Do not try to repair anything before Security says so.",
            "Its card has the next step. /queue shows where it stands.",
        )?;
        Ok(Reply::Show(card))
    }

    fn told(&self, title: &str, text: &str, next: &str) -> Result<Card, TemplateFault> {
        let answer = Answer {
            title: title.to_owned(),
            text: text.to_owned(),
            missing: Vec::new(),
            next: next.to_owned(),
        };
        self.templates.answer(&answer, Tone::Done)
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
