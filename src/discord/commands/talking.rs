//! Speaking to those who are not on the case: asked with a wording, read and decided by those whose word the rule names.

use super::forms::{ask_why, other_words};
use super::handle::{Bot, Fault, Reply};
use super::report::option;
use super::table::CommsAct;
use crate::discord::custom_id::{CustomId, talk_press};
use crate::discord::incoming::CommandOption;
use crate::domain::ids::IncidentId;
use crate::domain::incident::Refusal;
use crate::domain::policy::Actor;
use crate::domain::talk::{Request, Standing, Verdict};
use crate::render::card::Tone;
use crate::render::contexts::{Labelled, Talk};

impl Bot {
    pub(super) async fn comms(
        &self,
        actor: &Actor,
        act: CommsAct,
        options: &[CommandOption],
    ) -> Result<Reply, Fault> {
        let text = |name: &str| option(options, name);
        let id: IncidentId = text("incident")
            .and_then(|t| t.parse().ok())
            .ok_or(Refusal::NotFound)?;
        match act {
            CommsAct::Request => {
                let request = Request {
                    rule: text("to").unwrap_or_default(),
                    wording: text("wording").unwrap_or_default(),
                    why: text("why").unwrap_or_default(),
                    justification: text("justification"),
                };
                self.request_talk(actor, id, request).await
            }
            CommsAct::Decide => {
                let number = text("request").and_then(|n| n.parse().ok());
                let number = number.ok_or_else(|| Refusal::NoTalk {
                    why: "The request is named by its number.".to_owned(),
                })?;
                let words = text("text");
                let verdict = match (text("answer").as_deref(), text("wording")) {
                    (Some("refuse"), _) => Verdict::Refuse {
                        reason: words.unwrap_or_default(),
                    },
                    (_, Some(wording)) => Verdict::Change {
                        wording,
                        justification: words,
                    },
                    (Some(_), None) => Verdict::Approve,
                    (None, None) => return self.read_talk(actor, id, number).await,
                };
                self.decide_talk(actor, id, number, verdict).await
            }
        }
    }

    async fn request_talk(
        &self,
        actor: &Actor,
        id: IncidentId,
        request: Request,
    ) -> Result<Reply, Fault> {
        let acted = self.app.request_talk(actor, id, request).await?;
        let talk = acted.incident.talks.last().ok_or(Refusal::NotFound)?;
        let sides: Vec<&str> = talk.pending().map(crate::domain::role::Role::key).collect();
        Ok(Reply::Show(self.told(
            &format!("{id}: request {} waits", talk.number),
            &format!(
                "It waits for {}. Until then nobody speaks.",
                sides.join(" and ")
            ),
            "You will see in the case's thread what was decided.",
        )?))
    }

    pub(super) async fn read_talk(
        &self,
        actor: &Actor,
        id: IncidentId,
        number: u32,
    ) -> Result<Reply, Fault> {
        let view = self.app.talk(actor, id, number).await?;
        let pending: Vec<&str> = view.pending.iter().map(|side| side.key()).collect();
        let waits = view.standing == Standing::Waiting;
        let context = Talk {
            id: id.to_string(),
            number,
            audience: view.audience,
            rule: view.rule,
            asked_by: view.asked_by,
            wording: view.wording,
            why: view.why,
            findings: view.findings,
            justification: view.justification.unwrap_or_default(),
            standing: view.standing.word().to_owned(),
            pending: if waits {
                pending.join(", ")
            } else {
                String::new()
            },
            words: view
                .words
                .into_iter()
                .map(|(side, who, said, _)| Labelled::new(format!("{who} ({side})"), said))
                .collect(),
        };
        let mut card = self.templates.plain_card(&context, Tone::Info)?;
        if view.yours {
            card.rows.push(talk_press(id, number));
        }
        Ok(Reply::Show(card))
    }

    pub(super) async fn decide_talk(
        &self,
        actor: &Actor,
        id: IncidentId,
        number: u32,
        verdict: Verdict,
    ) -> Result<Reply, Fault> {
        let acted = self.app.decide_talk(actor, id, number, verdict).await?;
        let talk = acted.incident.talks.iter().find(|t| t.number == number);
        let talk = talk.ok_or(Refusal::NotFound)?;
        let text = match talk.standing() {
            Standing::Approved => {
                "All whose word was wanted agree: it may be said, in this wording."
            }
            Standing::Refused => "It is not said.",
            Standing::Waiting => "Another side is still to be heard.",
        };
        Ok(Reply::Show(self.told(
            &format!("{id}: request {number} is {}", talk.standing().word()),
            text,
            "Who asked sees it in the case's thread.",
        )?))
    }

    pub(super) async fn change_talk(
        &self,
        actor: &Actor,
        id: IncidentId,
        number: u32,
    ) -> Result<Reply, Fault> {
        let view = self.app.talk(actor, id, number).await?;
        asked(view.yours, number)?;
        let form = other_words(CustomId::TalkChanged(id, number), &view.wording);
        Ok(Reply::Form(form))
    }

    pub(super) async fn ask_refusal(
        &self,
        actor: &Actor,
        id: IncidentId,
        number: u32,
    ) -> Result<Reply, Fault> {
        let view = self.app.talk(actor, id, number).await?;
        asked(view.yours, number)?;
        Ok(Reply::Form(ask_why(
            CustomId::TalkRefused(id, number),
            &format!("{id}: refuse request {number}"),
        )))
    }
}

/// A form opens only for whose word is wanted.
fn asked(yours: bool, number: u32) -> Result<(), Refusal> {
    if yours {
        Ok(())
    } else {
        Err(Refusal::NoTalk {
            why: format!("Request {number} does not wait for your word."),
        })
    }
}
