//! What a case gathers, in chat: notes and messages of its thread, links and splits, and reads that ask for a reason.

use super::forms::ask_why;
use super::handle::{Bot, Fault, Reply};
use super::report::option;
use super::screens;
use super::table::{ADD_TO_TIMELINE, CaseAct};
use crate::app::case::Spoken;
use crate::discord::custom_id::CustomId;
use crate::discord::incoming::{CommandOption, Target};
use crate::domain::ids::{AccountId, AlertId, IncidentId};
use crate::domain::incident::{CaseFault, Noting, Refusal};
use crate::domain::policy::Actor;
use crate::domain::record::{parse_time, shown_time};
use crate::domain::search::SHOWN;
use crate::domain::timeline::Line;
use crate::domain::view::age;
use crate::render::card::Tone;
use crate::render::contexts::{Earlier, Labelled};
use chrono::{DateTime, TimeDelta, Utc};
use serenity::all::Message;

/// How a time is typed.
const TYPED: &str = "%Y-%m-%d %H:%M";
/// Choices that Discord shows.
const CHOICES: usize = 25;

impl Bot {
    pub(super) async fn case(
        &self,
        actor: &Actor,
        id: IncidentId,
        act: CaseAct,
        options: &[CommandOption],
    ) -> Result<Reply, Fault> {
        let text = |name: &str| option(options, name).unwrap_or_default();
        match act {
            CaseAct::Note => self.note(actor, id, options).await,
            CaseAct::Link => {
                let other = text("other").parse().map_err(|()| Refusal::NotFound)?;
                self.link(actor, id, other, text("reason")).await
            }
            CaseAct::Split => {
                let alerts = alerts(&text("alerts"))?;
                self.split(actor, id, alerts, text("reason")).await
            }
        }
    }

    /// What is open; or, with an incident, the earlier ones of the persons whom it is about.
    pub(super) async fn queue(
        &self,
        actor: &Actor,
        incident: Option<String>,
        earlier_than: Option<String>,
    ) -> Result<Reply, Fault> {
        if let Some(id) = earlier_than {
            let id = id.parse().map_err(|()| Refusal::NotFound)?;
            return self.ask_why_to_look(actor, CustomId::Earlier(id)).await;
        }
        if let Some(id) = incident {
            let id = id.parse().map_err(|()| Refusal::NotFound)?;
            return self.open_card(actor, id).await;
        }
        Ok(Reply::Show(self.open_queue(actor).await?))
    }

    pub(super) async fn details(&self, actor: &Actor, id: IncidentId) -> Result<Reply, Fault> {
        let alerts = self.app.details(actor, id).await?;
        let record = self.app.record(actor, id).await?;
        let links = self.app.links(actor, id).await?;
        let card = screens::details(&self.templates, id, &alerts, &record, &links)?;
        Ok(Reply::Show(card))
    }

    async fn note(
        &self,
        actor: &Actor,
        id: IncidentId,
        options: &[CommandOption],
    ) -> Result<Reply, Fault> {
        let zone = self.app.zone;
        let given = |name: &str| option(options, name).filter(|t| !t.trim().is_empty());
        let happened_at = given("happened_at")
            .map(|typed| parse_time(typed.trim(), zone))
            .transpose()
            .map_err(|why| Refusal::from(CaseFault::NoTime { why }))?;
        let corrects = given("corrects")
            .map(|number| number.trim().trim_start_matches('#').parse())
            .transpose()
            .map_err(|_| Refusal::from(CaseFault::NoEntry))?;
        let noting = Noting {
            text: given("text").unwrap_or_default(),
            happened_at,
            corrects,
            quoted: None,
        };
        let corrected = self.app.note(actor, id, noting).await?;
        let (title, text) = match (&corrected, happened_at) {
            (Some(line), _) => (
                format!("{id}: corrected"),
                format!(
                    "It stands beside entry {}, which stays as it was: {}.",
                    line.number,
                    in_short(line)
                ),
            ),
            (None, Some(at)) => (
                format!("{id}: noted"),
                format!(
                    "The timeline shows both times: it happened at {}, and was written down now.",
                    shown_time(at, zone)
                ),
            ),
            (None, None) => (format!("{id}: noted"), "It is on the timeline.".to_owned()),
        };
        let card = self.told(&title, &text, "/timeline shows it.")?;
        Ok(Reply::Show(card))
    }

    /// The menu on a message: its words, author and time go onto the timeline of the thread's incident.
    pub(super) async fn menu(
        &self,
        actor: &Actor,
        name: &str,
        channel: Option<String>,
        target: Option<Target>,
    ) -> Result<Reply, Fault> {
        let elsewhere = || Refusal::from(CaseFault::NotInThread);
        let (Some(channel), Some(Target::Message { id, message })) = (channel, target) else {
            return Err(elsewhere().into());
        };
        let Some(message) = message.filter(|_| name == ADD_TO_TIMELINE) else {
            return Err(elsewhere().into());
        };
        let zone = self.app.zone;
        let spoken = spoken(channel, id, &message);
        let at = shown_time(spoken.written_at, zone);
        let id = self.app.quote(actor, spoken).await?;
        let card = self.told(
            &format!("{id}: on the timeline"),
            &format!(
                "The message stands there as your note, with its author and its own time, {at}."
            ),
            "/timeline shows it. If it is edited in the thread, the timeline keeps these words.",
        )?;
        Ok(Reply::Show(card))
    }

    async fn link(
        &self,
        actor: &Actor,
        id: IncidentId,
        other: IncidentId,
        reason: String,
    ) -> Result<Reply, Fault> {
        let acted = self.app.link(actor, id, other, reason).await?;
        let text = if acted.changed {
            "Both timelines say so. Whoever may not know of both sees neither of the two there."
        } else {
            "They are linked already; nothing changed."
        };
        let card = self.told(
            &format!("{id} and {other} are linked"),
            text,
            "Nothing was merged: each keeps its alerts and goes its own way.",
        )?;
        Ok(Reply::Show(card))
    }

    async fn split(
        &self,
        actor: &Actor,
        id: IncidentId,
        alerts: Vec<AlertId>,
        reason: String,
    ) -> Result<Reply, Fault> {
        let gone: Vec<String> = alerts.iter().map(ToString::to_string).collect();
        let new = self.app.split(actor, id, alerts, reason).await?;
        let card = self.told(
            &format!("{id}: {} went into {}", gone.join(", "), new.id),
            "The new incident stands where its playbook begins, with its bodies; both are linked and judged anew.",
            &format!("Claim {} on its card, or with /claim.", new.id),
        )?;
        Ok(Reply::Show(card))
    }

    /// The form that asks for the reason, where the member may look at all.
    pub(super) async fn ask_why_to_look(
        &self,
        actor: &Actor,
        id: CustomId,
    ) -> Result<Reply, Fault> {
        if let CustomId::Earlier(id) = id {
            self.app.may_look_back(actor, id).await?;
            let title = format!("{id}: earlier incidents");
            return Ok(Reply::Form(ask_why(CustomId::LookedBack(id), &title)));
        }
        if let CustomId::Names(id) = id {
            self.app.may_name(actor, id).await?;
            let title = format!("{id}: names");
            return Ok(Reply::Form(ask_why(CustomId::Named(id), &title)));
        }
        Err(Refusal::NotFound.into())
    }

    pub(super) async fn looked_back(
        &self,
        actor: &Actor,
        id: IncidentId,
        reason: String,
    ) -> Result<Reply, Fault> {
        let earlier = self.app.earlier(actor, id, reason).await?;
        let rows = earlier.others.into_iter().map(|other| {
            let label = format!("{} · {}", other.id, other.whom);
            Labelled::new(label, other.words)
        });
        let context = Earlier {
            id: id.to_string(),
            rows: rows.collect(),
            newest: earlier.more.then_some(SHOWN),
        };
        Ok(Reply::Show(
            self.templates.plain_card(&context, Tone::Info)?,
        ))
    }

    pub(super) async fn named(
        &self,
        actor: &Actor,
        id: IncidentId,
        reason: String,
    ) -> Result<Reply, Fault> {
        let named = self.app.named(actor, id, reason).await?;
        let card = self.told(
            &format!("{id}: the persons concerned"),
            &named.join("; "),
            "That you asked, and why, is in the access log.",
        )?;
        Ok(Reply::Show(card))
    }

    /// How a typed time is understood, before it is sent.
    pub(super) fn past_choices(&self, typed: &str) -> Vec<(String, String)> {
        let (now, zone, typed) = (self.app.now(), self.app.zone, typed.trim());
        let choice = |at: DateTime<Utc>| {
            let shown = format!("{} · {} ago", shown_time(at, zone), age(now - at));
            (shown, at.with_timezone(&zone).format(TYPED).to_string())
        };
        if typed.is_empty() {
            let before = [
                TimeDelta::minutes(15),
                TimeDelta::hours(1),
                TimeDelta::days(1),
            ];
            return before.map(|ago| choice(now - ago)).to_vec();
        }
        match parse_time(typed, zone) {
            Ok(at) if at > now => {
                let shown = format!("{}: lies in the future", shown_time(at, zone));
                vec![(shown, typed.to_owned())]
            }
            Ok(at) => vec![choice(at)],
            Err(why) => vec![(why, typed.to_owned())],
        }
    }

    /// The entries of the timeline that hold what is typed, newest first.
    pub(super) async fn entry_choices(
        &self,
        actor: &Actor,
        id: IncidentId,
        typed: &str,
    ) -> Result<Vec<(String, String)>, Fault> {
        let told = self.app.timeline(actor, id).await?;
        let typed = typed.trim().to_lowercase();
        let lines = told.lines.iter().rev().map(|line| {
            let at = shown_time(line.at, self.app.zone);
            let name = format!("{} · {at} · {}", line.number, in_short(line));
            (name, line.number.to_string())
        });
        let matching = lines.filter(|(name, _)| name.to_lowercase().contains(&typed));
        Ok(matching.take(CHOICES).collect())
    }

    /// The alerts that can be added to those named already.
    pub(super) async fn alert_choices(
        &self,
        actor: &Actor,
        id: IncidentId,
        typed: &str,
    ) -> Result<Vec<(String, String)>, Fault> {
        let chosen = named_alerts(typed);
        let all = self.app.split_choices(actor, id).await?;
        let ids: Vec<String> = chosen.iter().map(ToString::to_string).collect();
        let prefix = if ids.is_empty() {
            String::new()
        } else {
            format!("{} ", ids.join(" "))
        };
        let free = all.into_iter().filter(|(_, alert)| !chosen.contains(alert));
        let choices =
            free.map(|(words, alert)| (format!("{prefix}{words}"), format!("{prefix}{alert}")));
        Ok(choices.take(CHOICES).collect())
    }
}

/// What an entry says, in one line.
fn in_short(line: &Line) -> String {
    let mut details = line.details.iter();
    match details.find(|(label, _)| label == "In words") {
        Some((_, words)) => format!("{} “{words}”", line.what),
        None => line.what.clone(),
    }
}

fn spoken(channel: String, id: String, message: &Message) -> Spoken {
    let written = DateTime::from_timestamp(message.timestamp.unix_timestamp(), 0);
    let files = match message.attachments.len() {
        0 => String::new(),
        n => format!("\n({n} attached, not kept here)"),
    };
    let text = message.content.trim();
    Spoken {
        channel,
        message: id,
        author: AccountId::new(message.author.id.to_string()),
        wordless: message.author.bot || message.webhook_id.is_some() || text.is_empty(),
        text: format!("{text}{files}"),
        written_at: written.unwrap_or_default(),
    }
}

/// The alerts in a typed list, whatever stands between them; what is no alert is left out.
fn named_alerts(typed: &str) -> Vec<AlertId> {
    let words = typed.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// The same, where every word must be an alert.
fn alerts(typed: &str) -> Result<Vec<AlertId>, Refusal> {
    let words = typed.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
    let words = words.filter(|word| !word.is_empty());
    let read: Result<Vec<AlertId>, ()> = words.map(str::parse).collect();
    let mut alerts = read.map_err(|()| CaseFault::NoAlert)?;
    alerts.sort_unstable();
    alerts.dedup();
    Ok(alerts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_read_from_a_list_as_people_type_it() {
        let wanted = Ok(vec![AlertId(3), AlertId(5)]);
        for typed in ["ALR-3 ALR-5", "alr-5, ALR-3", " 3;5 ", "ALR-3 ALR-3,ALR-5"] {
            assert_eq!(alerts(typed), wanted, "{typed}");
        }
        let none = CaseFault::NoAlert.into();
        assert_eq!(alerts("ALR-3 and ALR-5"), Err(none));
        assert_eq!(alerts(""), Ok(Vec::new()));
        assert_eq!(named_alerts("ALR-3 AL"), [AlertId(3)]);
    }
}
