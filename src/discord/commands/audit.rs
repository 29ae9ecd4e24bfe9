//! The screens behind `/audit`: what a search found, and the proof of the history.

use super::acts::AuditAct;
use super::handle::{Bot, Fault, Reply};
use super::report::option;
use crate::app::prove::Proof;
use crate::app::search::Searched;
use crate::discord::incoming::CommandOption;
use crate::domain::incident::Refusal;
use crate::domain::policy::Actor;
use crate::domain::record::shown_time;
use crate::domain::search::SHOWN;
use crate::render::card::Tone;
use crate::render::contexts::{Found, FoundRow, Proven};
use chrono_tz::Tz;

impl Bot {
    pub(super) async fn audit(
        &self,
        actor: &Actor,
        act: AuditAct,
        options: &[CommandOption],
    ) -> Result<Reply, Fault> {
        match act {
            AuditAct::Search => self.search(actor, options).await,
            AuditAct::Verify => self.verify(actor).await,
        }
    }

    async fn search(&self, actor: &Actor, options: &[CommandOption]) -> Result<Reply, Fault> {
        let text = |name: &str| option(options, name).unwrap_or_default();
        let before = option(options, "before").map(|typed| typed.trim().parse());
        let before = before.transpose().map_err(|()| Refusal::NoSearch {
            missing: vec!["Before: an alert's number, such as ALR-9".to_owned()],
        })?;
        let (words, reason) = (text("words"), text("reason"));
        let searched = self.app.search(actor, &words, &reason, before).await?;
        let context = found(&searched, self.app.zone);
        let card = self.templates.plain_card(&context, Tone::Info)?;
        Ok(Reply::Show(card))
    }

    async fn verify(&self, actor: &Actor) -> Result<Reply, Fault> {
        let proof = self.app.prove(actor).await?;
        let tone = if proof.fault.is_none() {
            Tone::Calm
        } else {
            Tone::Alarm
        };
        let card = self.templates.plain_card(&proven(proof), tone)?;
        Ok(Reply::Show(card))
    }
}

fn found(searched: &Searched, zone: Tz) -> Found {
    let rows = searched.found.iter().map(|found| FoundRow {
        id: found.shown.id.to_string(),
        severity: found.shown.severity.to_owned(),
        stage: found.shown.stage.clone(),
        opened: shown_time(found.opened_at, zone),
    });
    let rows: Vec<FoundRow> = rows.collect();
    let others = searched.more_before;
    let headline = match rows.len() {
        0 => "Nothing found".to_owned(),
        _ if others.is_some() => format!("The newest {SHOWN} incidents with these words"),
        1 => "1 incident with these words".to_owned(),
        count => format!("{count} incidents with these words, the newest first"),
    };
    let others = others.map(|alert| {
        format!("There are others: the same again with before: {alert}. One whose alerts lie on both sides comes again.")
    });
    Found {
        headline,
        rows,
        others: others.unwrap_or_default(),
    }
}

fn proven(proof: Proof) -> Proven {
    let headline = match &proof.fault {
        None => "The history holds",
        Some(_) => "The history does not hold",
    };
    let purged = match proof.purged {
        0 => String::new(),
        count => format!("The contents of {count} entries were purged, as the history says."),
    };
    Proven {
        headline: headline.to_owned(),
        entries: proof.events,
        views: proof.views,
        head: match proof.head.as_str() {
            "" => "none yet".to_owned(),
            head => head.to_owned(),
        },
        fault: proof.fault.unwrap_or_default(),
        purged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::query::Queued;
    use crate::app::search;
    use crate::domain::ids::{AlertId, IncidentId};
    use crate::render::templates::{Template, Templates};
    use std::collections::BTreeMap;

    fn shown<T: Template>(context: &T) -> String {
        let templates = Templates::load(&BTreeMap::new()).unwrap();
        let card = templates.plain_card(context, Tone::Info).unwrap();
        format!("{}\n{}", card.title, card.body)
    }

    #[test]
    fn the_first_entry_that_does_not_hold_is_told_with_what_to_do() {
        let proof = Proof {
            events: 6,
            purged: 2,
            views: 1,
            head: "c0ffee".to_owned(),
            fault: Some("event 7 (INC-1, number 3, noted): its header was changed".to_owned()),
            ..Proof::default()
        };
        let told = shown(&proven(proof.clone()));
        for part in [
            "The history does not hold\n",
            "**Entries**: 6",
            "**Entries of the access log**: 1",
            "**Head**: c0ffee",
            "The contents of 2 entries were purged",
            "event 7 (INC-1, number 3, noted): its header was changed",
            "keeps a copy of the store",
        ] {
            assert!(told.contains(part), "{part:?} is not in {told}");
        }
        let told = shown(&proven(Proof {
            fault: None,
            ..proof
        }));
        assert!(told.starts_with("The history holds\n"), "{told}");
        assert!(!told.contains("does not hold"), "{told}");
    }

    #[test]
    fn the_newest_twenty_say_that_there_are_others_and_how_to_see_them() {
        let one = |n: i64| search::Found {
            shown: Queued {
                id: IncidentId(n),
                severity: "low",
                stage: "Triage".to_owned(),
                age: String::new(),
                holder: None,
                note: String::new(),
                yours_to_take: false,
            },
            opened_at: chrono::DateTime::UNIX_EPOCH,
            alert: AlertId(n),
        };
        let mut searched = Searched {
            found: (11..=30).rev().map(one).collect(),
            more_before: Some(AlertId(11)),
        };
        let told = shown(&found(&searched, Tz::UTC));
        assert!(told.starts_with("The newest 20 incidents"), "{told}");
        assert!(told.contains("with before: ALR-11"), "{told}");
        assert_eq!(told.matches("opened 1970-01-01 00:00 UTC").count(), 20);
        searched.more_before = None;
        let told = shown(&found(&searched, Tz::UTC));
        assert!(told.starts_with("20 incidents with these words"), "{told}");
        assert!(!told.contains("others"), "{told}");
    }
}
