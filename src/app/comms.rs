//! Requests to speak to the line manager, users or outside: asked, read with their wording, decided.

use super::act::Acted;
use super::visible::Visible;
use super::{App, AppError};
use crate::domain::ids::{AccountId, ChannelKey, IncidentId};
use crate::domain::incident::{Command, Event, Govern, Governed, Refusal, speaks_for};
use crate::domain::policy::{self, Actor};
use crate::domain::restricted::Clearance;
use crate::domain::role::Role;
use crate::domain::talk::{GOVERNANCE, Request, Standing, Talk, Verdict};
use crate::store::access::View;
use crate::store::{self, Connection};
use chrono::{DateTime, Utc};

/// A request with its wording, for those who may read it.
pub struct TalkView {
    pub number: u32,
    /// Whom it reaches, and what the playbook says of that.
    pub audience: String,
    pub rule: String,
    pub asked_by: String,
    pub wording: String,
    pub why: String,
    /// What the lists of the playbook found in the wording, and why it stands all the same.
    pub findings: Vec<String>,
    pub justification: Option<String>,
    pub standing: Standing,
    pub pending: Vec<Role>,
    /// Side, name, what they said, when.
    pub words: Vec<(Role, String, String, DateTime<Utc>)>,
    /// Whether the reader's word is wanted now.
    pub yours: bool,
}

/// What is posted to those whose word a request waits for: no wording, no audience.
pub struct Asked {
    pub id: IncidentId,
    pub number: u32,
    /// The named contacts among them; a team is told by its channel.
    pub mentions: Vec<AccountId>,
}

impl App {
    pub async fn request_talk(
        &self,
        actor: &Actor,
        id: IncidentId,
        request: Request,
    ) -> Result<Acted, AppError> {
        let command = Command::Govern(Govern::RequestTalk(Box::new(request)));
        self.act(actor, id, command).await
    }

    pub async fn decide_talk(
        &self,
        actor: &Actor,
        id: IncidentId,
        number: u32,
        verdict: Verdict,
    ) -> Result<Acted, AppError> {
        let command = Command::Govern(Govern::DecideTalk { number, verdict });
        self.act(actor, id, command).await
    }

    /// One request with its words; the view is logged.
    pub async fn talk(
        &self,
        actor: &Actor,
        id: IncidentId,
        number: u32,
    ) -> Result<TalkView, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let visible = app.visible(connection, &actor, id).await?;
                    let (talk, clearance) = readable(&actor, &visible, number)?;
                    let view = View {
                        at: app.now(),
                        by: actor.person,
                        what: "wording",
                        incident: id,
                        reason: None,
                        salt: app.ids.salt(),
                    };
                    store::access::append(connection, &view).await?;
                    let mut shown = app
                        .talk_view(connection, &visible, talk, &clearance)
                        .await?;
                    shown.yours = talk.standing() == Standing::Waiting
                        && talk.asked_by != actor.person
                        && talk
                            .pending()
                            .any(|side| speaks_for(&visible.incident, &actor, side));
                    Ok(shown)
                })
            })
            .await
    }

    async fn talk_view(
        &self,
        connection: &mut Connection,
        visible: &Visible,
        talk: &Talk,
        clearance: &Clearance,
    ) -> Result<TalkView, AppError> {
        let names = store::people::names(connection, &[visible.incident.id]).await?;
        let called = |person| names.get(&person).cloned().unwrap_or_default();
        let rules = &visible.playbook.playbook.communication;
        let rule = rules.iter().find(|r| r.id == talk.rule);
        let mut view = TalkView {
            number: talk.number,
            audience: rule.map_or_else(|| talk.rule.clone(), |r| r.audience.clone()),
            rule: rule.map_or_else(String::new, |r| r.text.clone()),
            asked_by: called(talk.asked_by),
            wording: String::new(),
            why: String::new(),
            findings: Vec::new(),
            justification: None,
            standing: talk.standing(),
            pending: talk.pending().collect(),
            words: Vec::new(),
            yours: false,
        };
        let history = store::event::list(connection, visible.incident.id).await?;
        for recorded in &history {
            let opened = recorded.event.as_ref().and_then(|e| e.open(clearance));
            match opened {
                Some(Event::Governed(Governed::TalkRequested {
                    number,
                    wording,
                    why,
                    findings,
                    justification,
                    ..
                })) if *number == talk.number => {
                    view.wording.clone_from(wording);
                    view.why.clone_from(why);
                    view.findings.clone_from(findings);
                    view.justification.clone_from(justification);
                }
                Some(Event::Governed(Governed::TalkDecided {
                    number,
                    side,
                    verdict,
                })) if *number == talk.number => {
                    let said = match verdict {
                        Verdict::Approve => "agrees".to_owned(),
                        Verdict::Change {
                            wording,
                            justification,
                        } => {
                            view.wording.clone_from(wording);
                            view.findings = crate::domain::talk::findings(
                                wording,
                                &visible.playbook.playbook.wording,
                            );
                            view.justification.clone_from(justification);
                            "agrees in other words".to_owned()
                        }
                        Verdict::Refuse { reason } => format!("refuses: {reason}"),
                    };
                    view.words
                        .push((*side, called(recorded.by), said, recorded.at));
                }
                _ => {}
            }
        }
        Ok(view)
    }

    /// The requests on which the member's word is wanted: whom it reaches, and the number.
    pub async fn talks_to_decide(
        &self,
        actor: &Actor,
        id: IncidentId,
    ) -> Result<Vec<(String, String)>, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let waiting = visible.incident.talks.iter().filter(|talk| {
            let mine = talk
                .pending()
                .any(|side| speaks_for(&visible.incident, actor, side));
            mine && talk.standing() == Standing::Waiting && talk.asked_by != actor.person
        });
        let rules = &visible.playbook.playbook.communication;
        let shown = waiting.map(|talk| {
            let rule = rules.iter().find(|r| r.id == talk.rule);
            let whom = rule.map_or_else(|| talk.rule.clone(), |r| r.audience.clone());
            (format!("{}: {whom}", talk.number), talk.number.to_string())
        });
        Ok(shown.collect())
    }

    /// Whom the playbook lets an investigator ask to speak to: title and id.
    pub async fn talk_rules(
        &self,
        actor: &Actor,
        id: IncidentId,
    ) -> Result<Vec<(String, String)>, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let playbook = &visible.playbook.playbook;
        if !policy::may(actor, policy::Act::Engage, &visible.incident, playbook) {
            return Ok(Vec::new());
        }
        let rules = playbook.communication.iter();
        Ok(rules.map(|r| (r.audience.clone(), r.id.clone())).collect())
    }

    /// Who is asked in this channel; nothing once the word was said.
    pub async fn asked(
        &self,
        id: IncidentId,
        number: u32,
        channel: &ChannelKey,
    ) -> Result<Option<Asked>, AppError> {
        let mut reader = self.store.read().await?;
        let Some(incident) = store::incident::find(&mut reader, id).await? else {
            return Ok(None);
        };
        let found = incident.talks.iter().find(|t| t.number == number);
        let waits = found.filter(|t| t.standing() == Standing::Waiting && incident.is_open());
        let Some(talk) = waits else { return Ok(None) };
        let governance = channel.as_str() == crate::domain::effect::GOVERNANCE;
        let here: Vec<Role> = talk
            .pending()
            .filter(|side| GOVERNANCE.contains(side) == governance)
            .collect();
        if here.is_empty() {
            return Ok(None);
        }
        let contacts = incident.engagements.iter().flat_map(|e| &e.contacts);
        let contacts = contacts
            .filter(|c| here.contains(&c.side))
            .map(|c| c.person)
            .collect();
        drop(reader);
        let walled = self.kept_out_accounts(id).await?;
        let mut mentions = self.accounts(&contacts).await?;
        mentions.retain(|account| !walled.contains(account));
        Ok(Some(Asked {
            id,
            number,
            mentions,
        }))
    }
}

fn readable<'v>(
    actor: &Actor,
    visible: &'v Visible,
    number: u32,
) -> Result<(&'v Talk, Clearance), Refusal> {
    let none = || Refusal::NoTalk {
        why: format!("Request {number} does not exist, or is not yours to read."),
    };
    let talks = &visible.incident.talks;
    let talk = talks.iter().find(|t| t.number == number).ok_or_else(none)?;
    let playbook = &visible.playbook.playbook;
    let clearance = policy::talk(actor, &visible.incident, talk, playbook, &visible.walls);
    Ok((talk, clearance.ok_or_else(none)?))
}
