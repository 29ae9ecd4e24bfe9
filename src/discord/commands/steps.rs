//! The steps of the main way: claim, hand over, accept, return, and the screens beside them.

use super::forms::next_page;
use super::handle::{Bot, Fault, Reply};
use super::report::report;
use super::table::{ADD_TO_TIMELINE, commands};
use super::{answers, screens};
use crate::app::AppError;
use crate::app::form::Given;
use crate::app::intake::{Arrived, Batch};
use crate::discord::custom_id::CustomId;
use crate::discord::incoming::CommandOption;
use crate::domain::alert::Reading;
use crate::domain::ids::{IncidentId, SourceId, TransitionId};
use crate::domain::incident::{Command, EndKind, Incident, Phase, Refusal};
use crate::domain::playbook::definition::TransitionKind;
use crate::domain::policy::{Actor, may_report};
use crate::domain::role::Role;
use crate::render::card::{Button, ButtonStyle, Card, Choice, Row, Tone};
use crate::render::contexts::{Answer, Help, HelpRow};
use crate::render::templates::TemplateFault;

impl Bot {
    pub(super) async fn reviewed(
        &self,
        actor: &Actor,
        draft: crate::domain::ids::DraftId,
        given: Given,
    ) -> Result<Reply, Fault> {
        let opened = self.app.give(actor, draft, given).await?;
        Ok(Reply::Update(screens::review(&self.templates, &opened)?))
    }

    pub(super) async fn claim(&self, actor: &Actor, id: IncidentId) -> Result<Reply, Fault> {
        let acted = self.app.act(actor, id, Command::Claim).await?;
        let text = if acted.changed {
            "You hold it from now on."
        } else {
            "You hold it already."
        };
        let can = self.app.next(&acted).await?;
        let next = if can.source.is_some() {
            "Open it at the source, then escalate it, or dismiss it on a ground."
        } else {
            "Look at the details, then escalate it, or dismiss it on a ground."
        };
        let mut card = self.told(&format!("{id} is yours"), text, next)?;
        let mut buttons: Vec<Button> = can.source.into_iter().map(at_source).collect();
        let ways = [
            (TransitionKind::Handoff, "Escalate", CustomId::Escalate(id)),
            (TransitionKind::Dismissal, "Dismiss", CustomId::Dismiss(id)),
            (TransitionKind::Closure, "Close", CustomId::Close(id)),
        ];
        let ways = ways
            .into_iter()
            .filter(|(kind, ..)| can.ways.contains(kind));
        buttons.extend(ways.map(|(_, label, id)| press(label, &id)));
        buttons.push(press("Details", &CustomId::Details(id)));
        card.rows.push(Row::Buttons(buttons));
        Ok(Reply::Show(card))
    }

    /// Opens the form at once where there is one way of this kind; else asks which.
    pub(super) async fn leave(
        &self,
        actor: &Actor,
        id: IncidentId,
        kind: TransitionKind,
        way: Option<TransitionId>,
    ) -> Result<Reply, Fault> {
        let ways = self.app.ways(actor, id, kind).await?;
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
        self.open_way(actor, id, way).await
    }

    /// Opens the form of one way, or its review where nothing is missing.
    pub(super) async fn open_way(
        &self,
        actor: &Actor,
        id: IncidentId,
        way: TransitionId,
    ) -> Result<Reply, Fault> {
        let opened = self.app.open_form(actor, id, way).await?;
        match next_page(&opened, true) {
            Some(form) => Ok(Reply::Form(form)),
            None => Ok(Reply::Show(screens::review(&self.templates, &opened)?)),
        }
    }

    pub(super) fn which_way(
        &self,
        id: IncidentId,
        ways: &[(TransitionId, String)],
    ) -> Result<Reply, Fault> {
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

    pub(super) async fn submit(
        &self,
        actor: &Actor,
        draft: crate::domain::ids::DraftId,
    ) -> Result<Reply, Fault> {
        match self.app.submit_all(actor, draft).await {
            Ok(done) if !done.others.is_empty() => {
                self.dismissed_together(done.acted.incident.id, &done.others)
            }
            Ok(done) => {
                let (title, text, next) = submitted(&done.acted.incident);
                Ok(Reply::Update(self.told(&title, &text, next)?))
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

    pub(super) async fn accept(&self, actor: &Actor, id: IncidentId) -> Result<Reply, Fault> {
        self.app.act(actor, id, Command::Accept).await?;
        let card = self.told(
            &format!("{id} is yours"),
            "You accepted the handoff and hold it from now on.",
            "The record stands in its private thread, which opens now; /timeline tells what was decided so far.",
        )?;
        Ok(Reply::Show(card))
    }

    pub(super) async fn give_back(
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

    pub(super) async fn help(&self, actor: &Actor) -> Result<Reply, Fault> {
        let mine = commands().filter(|command| {
            // A lead does what an administrator does.
            let has = |role: &Role| actor.has(*role) || (*role == Role::Admin && actor.lead);
            command.roles.is_empty() || command.roles.iter().any(has)
        });
        let rows = mine
            .map(|command| HelpRow {
                path: format!("/{}", command.name),
                what: command.what.to_owned(),
            })
            .chain(noting_menu(actor))
            .collect();
        let queue = self.app.queue(actor).await?;
        let mut waiting = match queue.iter().filter(|row| row.yours_to_take).count() {
            0 => Vec::new(),
            1 => vec!["1 incident waits for you: /queue".to_owned()],
            n => vec![format!("{n} incidents wait for you: /queue")],
        };
        match self.app.second_looks(actor).await?.len() {
            0 => {}
            1 => waiting.push("1 dismissal waits for your second look: /queue".to_owned()),
            n => waiting.push(format!("{n} dismissals wait for your second look: /queue")),
        }
        match self.app.patterns_to_approve(actor).await? {
            0 => {}
            1 => waiting.push("1 pattern waits for approval: /pattern list".to_owned()),
            n => waiting.push(format!("{n} patterns wait for approval: /pattern list")),
        }
        let waiting = waiting.join(". ");
        let card = self
            .templates
            .plain_card(&Help { rows, waiting }, Tone::Info)?;
        Ok(Reply::Show(card))
    }

    /// A person's report becomes an alert of the source `chat`.
    pub(super) async fn open(
        &self,
        actor: &Actor,
        options: &[CommandOption],
    ) -> Result<Reply, Fault> {
        if !may_report(actor) {
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

    pub(super) fn told(&self, title: &str, text: &str, next: &str) -> Result<Card, TemplateFault> {
        let answer = Answer {
            title: title.to_owned(),
            text: text.to_owned(),
            next: next.to_owned(),
            ..Answer::default()
        };
        self.templates.answer(&answer, Tone::Info)
    }
}

/// Opens an alert in the detection tool.
pub(super) fn at_source(url: String) -> Button {
    Button {
        label: "Open at the source".to_owned(),
        url: Some(url),
        ..Button::default()
    }
}

fn press(label: &str, id: &CustomId) -> Button {
    Button {
        label: label.to_owned(),
        custom_id: id.to_string(),
        style: ButtonStyle::Plain,
        ..Button::default()
    }
}

/// What a submit led to: title, text, next step.
fn submitted(incident: &Incident) -> (String, String, &'static str) {
    let id = incident.id;
    match &incident.phase {
        Phase::Offered(_) => (
            format!("{id} is handed over"),
            incident.visits.last().map_or_else(String::new, |visit| {
                format!("The record went with it; its card is in #{}.", visit.channel)
            }),
            "Nothing more to do for you; your card shows when they accept or return it.",
        ),
        Phase::Ended(ended) if ended.kind == EndKind::Dismissed => (
            format!("{id} is dismissed"),
            "The rationale is on its timeline.".to_owned(),
            "Nothing more to do for you.",
        ),
        Phase::Ended(_) => (
            format!("{id} is closed"),
            "The record and the outcome are on its timeline.".to_owned(),
            "Nothing more to do for you.",
        ),
        Phase::Open { .. } if incident.proposal.is_some() => (
            format!("{id} waits for a second person"),
            "This person was detected before, so somebody else agrees to the dismissal or refuses it.".to_owned(),
            "Ask a colleague of triage or investigation to press Agree or Refuse on its card.",
        ),
        Phase::Open { .. } => (
            format!("{id}: Governance is engaged"),
            "The brief goes to the restricted channel as soon as its readers are proven.".to_owned(),
            "The contacts answer there; what they decide shows on the timeline.",
        ),
    }
}

/// The menu on messages, for whoever can be on a case.
fn noting_menu(actor: &Actor) -> Option<HelpRow> {
    let works = [Role::Tier2, Role::Tier3]
        .iter()
        .any(|role| actor.has(*role));
    works.then(|| HelpRow {
        path: ADD_TO_TIMELINE.to_owned(),
        what: "Menu of a message in a case's private thread (Apps): its words go onto the timeline"
            .to_owned(),
    })
}
