//! What the auditor found, told in the audit channel: without an incident, for the channel's readers may not know of it.

use super::deliver::{posted_as, unrenderable};
use super::drain::{Outbound, Verdict};
use crate::app::AppError;
use crate::domain::audit::{Kind, Noted};
use crate::domain::record::shown_time;
use crate::render::card::Tone;
use crate::render::contexts::Notice;
use crate::store::outbox::Row;
use chrono_tz::Tz;

impl Outbound {
    pub(super) async fn tell_finding(&self, row: &Row) -> Result<Verdict, AppError> {
        let kind = row.key.split(':').nth(1).and_then(Kind::from_key);
        let Some(kind) = kind else {
            return Ok(Verdict::Dead("no such finding".to_owned()));
        };
        let Some(noted) = self.app.finding(kind).await? else {
            return Ok(Verdict::Delivered(None));
        };
        let channel = match self.channel(&row.channel) {
            Ok(channel) => channel,
            Err(verdict) => return Ok(verdict),
        };
        let tone = if kind.is_grave() && noted.is_open() {
            Tone::Alarm
        } else {
            Tone::Warning
        };
        let notice = notice(kind, &noted, self.app.zone);
        let card = match self.templates.plain_card(&notice, tone) {
            Ok(card) => card,
            Err(fault) => return Ok(unrenderable(&fault)),
        };
        let sent = self.send_card(row, &channel, &card).await;
        Ok(posted_as(row.key.clone(), channel, sent))
    }
}

fn notice(kind: Kind, noted: &Noted, zone: Tz) -> Notice {
    let since = shown_time(noted.since, zone);
    let now = match noted.over_at {
        Some(over) => format!("since {since}; no longer so at {}", shown_time(over, zone)),
        None => format!("since {since}"),
    };
    let mended = if noted.mended > 0 { " Repaired." } else { "" };
    Notice {
        title: "The auditor found something".to_owned(),
        text: format!(
            "{} ({now}).{mended}",
            kind.words(noted.count).trim_end_matches('.')
        ),
        cure: kind.next().to_owned(),
    }
}
