//! What happens beside the stages: a second person's word, Governance's answers, containment, notes, the roster.

use super::forms::{ask_owner, ask_why};
use super::handle::{Bot, Fault, Reply};
use super::report::{option, person};
use super::table::{ContainAct, RosterAct};
use crate::discord::custom_id::CustomId;
use crate::discord::incoming::CommandOption;
use crate::domain::alert::Severity;
use crate::domain::governance::Choice;
use crate::domain::ids::{AccountId, IncidentId, PlaybookId};
use crate::domain::incident::{Command, Refusal};
use crate::domain::policy::Actor;
use crate::domain::record::shown_time;
use crate::domain::role::Role;
use crate::render::card::Tone;
use crate::render::contexts::{Containment, ContainmentRow, Labelled, Said};

impl Bot {
    pub(super) async fn second(
        &self,
        actor: &Actor,
        id: IncidentId,
        agree: bool,
        reason: String,
    ) -> Result<Reply, Fault> {
        let command = if agree {
            Command::Agree { reason }
        } else {
            Command::Refuse { reason }
        };
        self.app.act(actor, id, command).await?;
        let card = if agree {
            self.told(
                &format!("{id} is dismissed"),
                "You agreed, with your reason on its timeline.",
                "Nothing more to do for you.",
            )?
        } else {
            self.told(
                &format!("{id} stays open"),
                "You refused the dismissal, with your reason on its timeline.",
                "Its holder goes on with it.",
            )?
        };
        Ok(Reply::Show(card))
    }

    /// The form in which a second person says why.
    pub(super) async fn ask_second(
        &self,
        actor: &Actor,
        id: IncidentId,
        agree: bool,
    ) -> Result<Reply, Fault> {
        self.app.may_second(actor, id).await?;
        let (form, word) = if agree {
            (CustomId::Agreed(id), "agree to")
        } else {
            (CustomId::Refused(id), "refuse")
        };
        let title = format!("{id}: {word} the dismissal");
        Ok(Reply::Form(ask_why(form, &title)))
    }

    /// Asks why, where the answer says why; else takes it at once.
    pub(super) async fn ask_decision(
        &self,
        actor: &Actor,
        id: IncidentId,
        engagement: u32,
        key: &str,
    ) -> Result<Reply, Fault> {
        let place = Choice::ALL
            .iter()
            .position(|c| c.key() == key)
            .ok_or(Refusal::NotFound)?;
        let choice = Choice::ALL.get(place).copied().ok_or(Refusal::NotFound)?;
        self.app.may_answer(actor, id, engagement, choice).await?;
        if !choice.asks_why() {
            return self.decide(actor, id, engagement, choice, None).await;
        }
        if choice == Choice::GoesOnAlone {
            return Ok(Reply::Form(ask_owner(CustomId::Alone(id, engagement))));
        }
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        Ok(Reply::Form(ask_why(
            CustomId::Why(id, engagement, place),
            choice.words(),
        )))
    }

    pub(super) async fn decide(
        &self,
        actor: &Actor,
        id: IncidentId,
        engagement: u32,
        choice: Choice,
        words: Option<String>,
    ) -> Result<Reply, Fault> {
        self.app
            .answer_engagement(actor, id, engagement, choice, words)
            .await?;
        let text = if choice.asks_why() {
            "It is on the record. Your words are read only by the contacts and the security contact."
        } else {
            "It is on the record."
        };
        let next = if choice == Choice::Acknowledge {
            "Press “Answer or decide” on the brief as soon as you can say what is asked there."
        } else {
            "The brief shows what was decided; you can answer again there."
        };
        let card = self.told(&format!("{id}: {}", choice.words()), text, next)?;
        Ok(Reply::Show(card))
    }

    pub(super) async fn said(
        &self,
        actor: &Actor,
        id: IncidentId,
        number: u32,
    ) -> Result<Reply, Fault> {
        let said = self.app.said(actor, id, number).await?;
        let lines = said.into_iter().map(|one| {
            let label = format!(
                "{} · {} · {}",
                one.by,
                one.choice,
                shown_time(one.at, self.app.zone)
            );
            Labelled::new(label, one.words)
        });
        let context = Said {
            id: id.to_string(),
            number,
            lines: lines.collect(),
        };
        Ok(Reply::Show(
            self.templates.plain_card(&context, Tone::Info)?,
        ))
    }

    pub(super) async fn status(
        &self,
        actor: &Actor,
        id: IncidentId,
        severity: Option<Severity>,
        text: String,
    ) -> Result<Reply, Fault> {
        self.app
            .act(actor, id, Command::SetStatus { severity, text })
            .await?;
        let card = self.told(
            &format!("{id}: the other tiers are told"),
            "They see id, severity and stage; your words stay on the timeline.",
            "Nothing more to do for you.",
        )?;
        Ok(Reply::Show(card))
    }

    pub(super) async fn snooze(
        &self,
        actor: &Actor,
        id: IncidentId,
        until: &str,
        reason: String,
    ) -> Result<Reply, Fault> {
        let acted = self.app.snooze(actor, id, until, reason).await?;
        let until = acted.incident.snoozed().map(|snooze| snooze.until);
        let until = until.map_or_else(String::new, |at| shown_time(at, self.app.zone));
        let card = self.told(
            &format!("{id}: its reminders rest until {until}"),
            "Your reason is on the timeline; the card and /queue show that they rest.",
            "Then they go on by themselves. They go on earlier where it is handed over or gets more severe.",
        )?;
        Ok(Reply::Show(card))
    }

    pub(super) async fn reopen(
        &self,
        actor: &Actor,
        id: IncidentId,
        reason: String,
    ) -> Result<Reply, Fault> {
        self.app.act(actor, id, Command::Reopen { reason }).await?;
        let card = self.told(
            &format!("{id} is open again"),
            "It stands at the stage where it ended, with a new card.",
            "Claim it on its card, or with /claim.",
        )?;
        Ok(Reply::Show(card))
    }

    pub(super) async fn route_to(
        &self,
        actor: &Actor,
        id: IncidentId,
        playbook: PlaybookId,
    ) -> Result<Reply, Fault> {
        self.app.route_to(actor, id, playbook).await?;
        let card = self.told(
            &format!("{id} follows another playbook"),
            "Its card stands where that playbook begins.",
            "Whoever works there claims it.",
        )?;
        Ok(Reply::Show(card))
    }

    pub(super) async fn contain(
        &self,
        actor: &Actor,
        id: IncidentId,
        act: ContainAct,
        number: Option<u32>,
        what: Option<String>,
        words: String,
    ) -> Result<Reply, Fault> {
        let numbered = || {
            number.ok_or_else(|| Refusal::NoAction {
                why: "The action is named by its number.".to_owned(),
            })
        };
        let command = match act {
            ContainAct::List => return self.containment(actor, id).await,
            ContainAct::Propose => Command::Propose {
                action: what.unwrap_or_default(),
                target: words,
            },
            ContainAct::Authorise => Command::Authorise {
                number: numbered()?,
            },
            ContainAct::Done => Command::Report {
                number: numbered()?,
                done: true,
                result: words,
            },
            ContainAct::Failed => Command::Report {
                number: numbered()?,
                done: false,
                result: words,
            },
            ContainAct::Override => Command::Override {
                number: numbered()?,
                reason: words,
            },
        };
        self.app.act(actor, id, command).await?;
        if act == ContainAct::Override {
            let card = self.told(
                &format!("{id}: your word for the emergency is recorded"),
                "The gate opens once a tier3 and a manager or Legal have both given theirs.",
                "Then /contain authorise; HR is told to answer.",
            )?;
            return Ok(Reply::Show(card));
        }
        self.containment(actor, id).await
    }

    async fn containment(&self, actor: &Actor, id: IncidentId) -> Result<Reply, Fault> {
        let rows = self.app.containment(actor, id).await?;
        let rows = rows.into_iter().map(|row| ContainmentRow {
            number: row.number,
            title: row.title,
            target: row
                .target
                .unwrap_or_else(|| "what only those on the case read".to_owned()),
            state: row.state.to_owned(),
            closed: row.closed,
        });
        let context = Containment {
            id: id.to_string(),
            rows: rows.collect(),
        };
        Ok(Reply::Show(
            self.templates.plain_card(&context, Tone::Info)?,
        ))
    }

    pub(super) async fn roster(
        &self,
        actor: &Actor,
        act: RosterAct,
        options: &[CommandOption],
    ) -> Result<Reply, Fault> {
        let (title, text) = match act {
            RosterAct::Who => {
                let roster = self.app.roster().await?;
                let called = |side: &Role| {
                    if *side == Role::Manager {
                        "duty manager".to_owned()
                    } else {
                        side.to_string()
                    }
                };
                let named = roster.iter().map(|(side, names)| (called(side), names));
                let lines = named.map(|(side, names)| match names.as_slice() {
                    [] => format!("{side}: nobody"),
                    [contact] => format!("{side}: {contact}"),
                    [contact, deputy, ..] => format!("{side}: {contact}, deputy {deputy}"),
                });
                (
                    "Who stands for which side".to_owned(),
                    lines.collect::<Vec<_>>().join("; "),
                )
            }
            RosterAct::Set => {
                let side: Role = option(options, "side")
                    .and_then(|side| side.parse().ok())
                    .ok_or(Refusal::NotFound)?;
                let named = ["contact", "deputy"]
                    .into_iter()
                    .filter_map(|name| person(options, name));
                let accounts = named.map(AccountId::new).collect();
                let set = self.app.set_roster(actor, side, accounts).await?;
                (format!("{side} is set"), set.join(", deputy "))
            }
            RosterAct::Hours => {
                let text = option(options, "hours").unwrap_or_default();
                let given = Some(text.trim()).filter(|text| !text.eq_ignore_ascii_case("none"));
                let set = self.app.set_hours(actor, given).await?;
                let text = set.map_or_else(
                    || "Yours are the organisation's working hours.".to_owned(),
                    |hours| format!("You can be reached {hours}. What is urgent does not wait."),
                );
                ("Noted".to_owned(), text)
            }
            RosterAct::Absent => {
                let away = option(options, "state").as_deref() == Some("away");
                let known = self.app.set_absence(actor, away).await?;
                let text = match (known, away) {
                    (false, _) => "You stand on no side's roster; nothing changed.",
                    (true, true) => "Your deputy is named from now on.",
                    (true, false) => "You are named again from now on.",
                };
                ("Noted".to_owned(), text.to_owned())
            }
        };
        Ok(Reply::Show(self.told(
            &title,
            &text,
            "/roster who shows all sides.",
        )?))
    }
}
