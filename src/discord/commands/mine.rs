//! The screen behind `/me`: what waits for a member, and what came of what they handed over.

use crate::app::me::Mine;
use crate::app::query::Queued;
use crate::domain::record::shown_time;
use crate::render::card::{Card, Tone};
use crate::render::contexts::{CameOf, Me, MineRow, MyDraft};
use crate::render::templates::{TemplateFault, Templates};
use chrono_tz::Tz;

/// What waits for the member, by what they can do about it.
pub fn screen(templates: &Templates, mine: &Mine, zone: Tz) -> Result<Card, TemplateFault> {
    let each = |rows: &[Queued], what: &'static str| -> Vec<MineRow> {
        let rows = rows.iter().map(|row| MineRow {
            id: row.id.to_string(),
            severity: row.severity.to_owned(),
            stage: row.stage.clone(),
            age: row.age.clone(),
            what: what.to_owned(),
            note: row.note.clone(),
        });
        rows.collect()
    };
    let waiting = [
        each(&mine.held, "you hold it"),
        each(&mine.offered, "offered: /accept or /return"),
        each(&mine.briefs, "a brief waits for you to read it"),
    ];
    let drafts = mine.drafts.iter().map(|draft| MyDraft {
        incident: draft.incident.to_string(),
        title: draft.title.clone(),
        saved: shown_time(draft.saved_at, zone),
    });
    let came_of = mine.came_of.iter().map(|(id, at, verdict)| CameOf {
        id: id.to_string(),
        verdict: verdict.words().to_owned(),
        ended: shown_time(*at, zone),
    });
    let context = Me {
        waiting: waiting.concat(),
        drafts: drafts.collect(),
        came_of: came_of.collect(),
    };
    templates.plain_card(&context, Tone::Info)
}
