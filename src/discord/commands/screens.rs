//! The ephemeral screens: queue, timeline, details, drafts, help, and the review of a form.

use super::forms::{self, next_page};
use super::steps::at_source;
use crate::app::earlier::Other;
use crate::app::form::{Listed, Opened};
use crate::app::query;
use crate::app::together::Companion;
use crate::discord::custom_id::CustomId;
use crate::discord::limits;
use crate::domain::form::{CRITERIA_KEY, DONE_KEY, Item, Mark, Tick};
use crate::domain::ids::IncidentId;
use crate::domain::record::{is_web, shown_time};
use crate::render::card::{Button, ButtonStyle, Card, CardFile, Choice, Row, Tone};
use crate::render::contexts::{
    AlertDetails, Details, DraftRow, Drafts, Labelled, Noted, Review, ReviewItem,
};
use crate::render::escape::{clamp, plain};
use crate::render::templates::{TemplateFault, Templates};
use chrono_tz::Tz;

pub fn drafts(templates: &Templates, rows: &[Listed], zone: Tz) -> Result<Card, TemplateFault> {
    let shown = rows.iter().map(|row| DraftRow {
        draft: row.draft.to_string(),
        incident: row.incident.to_string(),
        title: row.title.clone(),
        saved: shown_time(row.saved_at, zone),
        answers: row.answers,
    });
    let context = Drafts {
        count: rows.len(),
        rows: shown.collect(),
    };
    let mut card = templates.plain_card(&context, Tone::Info)?;
    if !rows.is_empty() {
        card.rows.push(Row::Select {
            custom_id: CustomId::Drafts.to_string(),
            placeholder: Some("Go on with…".to_owned()),
            options: rows
                .iter()
                .map(|row| Choice {
                    value: row.draft.0.to_string(),
                    label: format!("{}: {}", row.incident, row.title),
                    ..Choice::default()
                })
                .collect(),
            min: 1,
            max: 1,
        });
    }
    Ok(card)
}

pub fn details(
    templates: &Templates,
    id: IncidentId,
    alerts: &[query::Opened],
    record: &[(String, String)],
    links: &[Other],
) -> Result<Card, TemplateFault> {
    let context = Details {
        id: id.to_string(),
        count: alerts.len(),
        alerts: alerts.iter().map(alert_details).collect(),
        linked: links
            .iter()
            .map(|other| Labelled::new(other.id.to_string(), other.words.clone()))
            .collect(),
    };
    let mut card = templates.plain_card(&context, Tone::Info)?;
    let earlier = Button {
        label: "Earlier incidents".to_owned(),
        custom_id: CustomId::Earlier(id).to_string(),
        ..Button::default()
    };
    let bodies = alerts
        .iter()
        .flat_map(|a| a.bodies.iter().map(move |body| (a.alert, body)));
    let whole = (!record.is_empty()).then(|| CardFile {
        name: format!("{id}-record.txt"),
        bytes: record_text(record).into_bytes(),
    });
    card.files = whole.into_iter().collect();
    let room = limits::FILES - card.files.len();
    let files = bodies
        .take(room)
        .enumerate()
        .map(|(n, (alert, bytes))| CardFile {
            name: format!("{alert}-body-{}.json", n + 1),
            bytes: bytes.clone(),
        });
    card.files.extend(files);
    let link = alerts.iter().find_map(|alert| alert.source_url.clone());
    let source = link.filter(|url| is_web(url)).map(at_source);
    let buttons = source.into_iter().chain([earlier]).collect();
    card.rows.push(Row::Buttons(buttons));
    Ok(card)
}

/// The record as a text file: nothing of it is cut, and nothing in a file is markup.
fn record_text(record: &[(String, String)]) -> String {
    let entries = record
        .iter()
        .map(|(title, answer)| format!("{title}\n{answer}\n"));
    entries.collect::<Vec<_>>().join("\n")
}

fn alert_details(opened: &query::Opened) -> AlertDetails {
    let mut lines = Vec::new();
    let mut put = |label: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            lines.push(Labelled::new(label, value));
        }
    };
    let detail = &opened.detail;
    put("Title", detail.title.clone());
    put("Description", detail.desc.clone());
    if let Some(file) = &detail.file {
        put("File", file.name.clone());
        put("Path", file.path.clone());
        put("Size", file.size_bytes.map(|n| format!("{n} bytes")));
        put("SHA-256", file.sha256.clone());
    }
    if let Some(email) = &detail.email {
        put("Mail subject", email.subject.clone());
        put("From", email.from.clone());
        put("To", Some(email.to.join(", ")));
        put("Message id", email.message_id.clone());
    }
    put("Address", detail.src_ip.clone());
    put("Evidence", Some(detail.evidence.join("\n")));
    put("At the source", opened.source_url.clone());
    put("Notes on reading", Some(opened.notes.join("\n")));
    AlertDetails {
        alert: opened.alert.to_string(),
        source: opened.source.clone(),
        source_alert_id: opened.source_alert_id.clone(),
        times_received: opened.times_received,
        lines,
    }
}

/// The one screen before submit: everything, what comes from the source, what is missing.
pub fn review(templates: &Templates, opened: &Opened) -> Result<Card, TemplateFault> {
    let form = &opened.form;
    let playbook = &opened.playbook.playbook;
    let title = playbook
        .transition(&opened.transition)
        .map_or("", |t| t.title.as_str());
    let context = Review {
        id: opened.incident.to_string(),
        title: title.to_owned(),
        draft: opened.draft.to_string(),
        criteria: form
            .criteria
            .iter()
            .filter(|c| c.ticked)
            .map(ticked)
            .collect(),
        items: form
            .items
            .iter()
            .filter(|i| !i.from_source || i.problem.is_some())
            .map(item)
            .collect(),
        from_source: form
            .items
            .iter()
            .filter(|i| i.from_source && i.problem.is_none())
            .map(|i| Labelled::new(&i.title, i.shown.clone().unwrap_or_default()))
            .collect(),
        done: confirmed(&form.done),
        together: opened.also.iter().map(together).collect(),
        missing: super::answers::missing(&form.readiness),
        notes: opened.notes.clone(),
    };
    let ready = form.readiness.is_ready();
    let mut card =
        templates.plain_card(&context, if ready { Tone::Calm } else { Tone::Warning })?;
    card.rows = review_rows(opened, ready);
    Ok(card)
}

fn together(one: &Companion) -> Labelled {
    let left_out = one.left_out.as_ref();
    let what = left_out.map_or_else(
        || "under the same rationale".to_owned(),
        |why| format!("left out, {why}"),
    );
    Labelled::new(one.id.to_string(), what)
}

/// How far the definition of done is confirmed; no words where there is none.
fn confirmed<Id>(lines: &[Tick<Id>]) -> String {
    let ticked = lines.iter().filter(|line| line.ticked).count();
    match (ticked, lines.len()) {
        (_, 0) => String::new(),
        (ticked, all) if ticked == all => "confirmed".to_owned(),
        (ticked, all) => format!("{ticked} of {all} confirmed"),
    }
}

fn ticked<Id>(tick: &Tick<Id>) -> Noted {
    let note = if tick.note.is_empty() {
        "yours to judge".to_owned()
    } else {
        tick.note.clone()
    };
    Noted {
        text: tick.text.clone(),
        note,
    }
}

fn item(item: &Item) -> ReviewItem {
    ReviewItem {
        title: if item.from_pattern {
            format!("{} (from the pattern)", item.title)
        } else {
            item.title.clone()
        },
        value: item.shown.clone().unwrap_or_else(|| "—".to_owned()),
        open: item.problem.is_some(),
    }
}

fn review_rows(opened: &Opened, ready: bool) -> Vec<Row> {
    let form = &opened.form;
    let draft = opened.draft;
    let mut rows = Vec::new();
    let lists = [
        (CRITERIA_KEY, forms::CRITERIA, form.criteria.is_empty()),
        (DONE_KEY, forms::DONE, form.done.is_empty()),
    ];
    let lists = lists
        .into_iter()
        .filter(|(.., empty)| !empty)
        .map(|(key, what, _)| (key.to_owned(), what.to_owned()));
    let fields = form
        .items
        .iter()
        .map(|item| (item.field.to_string(), item.title.clone()));
    rows.extend(select(
        CustomId::Change(draft),
        "Change an answer",
        lists.chain(fields),
    ));
    rows.extend(select(
        CustomId::Mark(draft),
        "Answer without a value",
        marks(&form.items),
    ));
    let mut buttons = Vec::new();
    if next_page(opened, false).is_some() {
        buttons.push(Button {
            label: "Fill in what is missing".to_owned(),
            custom_id: CustomId::Next(draft).to_string(),
            style: ButtonStyle::Primary,
            ..Button::default()
        });
    }
    buttons.push(Button {
        label: "Submit".to_owned(),
        custom_id: CustomId::Submit(draft).to_string(),
        style: if ready {
            ButtonStyle::Primary
        } else {
            ButtonStyle::Plain
        },
        ..Button::default()
    });
    rows.push(Row::Buttons(buttons));
    rows
}

/// The value of the option that answers everything still missing at once, as far as it may.
pub const ALL_SILENT: &str = "*";

fn marks(items: &[Item]) -> impl Iterator<Item = (String, String)> {
    let missing: Vec<&Item> = items.iter().filter(|item| item.problem.is_some()).collect();
    let silent = missing
        .iter()
        .filter(|i| i.shown.is_none() && i.may.contains(&Mark::SourceSilent));
    let all = (silent.count() > 1).then(|| {
        (
            ALL_SILENT.to_owned(),
            "All that is missing, where allowed: source does not say".to_owned(),
        )
    });
    let each: Vec<(String, String)> = missing
        .into_iter()
        .flat_map(|item| {
            item.may.iter().map(|mark| {
                let value = format!("{}|{}", item.field, mark.key());
                (value, format!("{}: {}", item.title, mark.words()))
            })
        })
        .collect();
    all.into_iter().chain(each)
}

/// One line to tick, as an option: the sentence cut to what an option shows, the rest beneath it.
pub fn choice<Id: std::fmt::Display>(tick: &Tick<Id>) -> Choice {
    Choice {
        value: tick.id.to_string(),
        label: clamp(&plain(&tick.text), limits::OPTION_LABEL),
        description: (!tick.note.is_empty()).then(|| plain(&tick.note)),
        selected: tick.ticked,
    }
}

fn select(
    id: CustomId,
    what: &str,
    options: impl Iterator<Item = (String, String)>,
) -> Option<Row> {
    let options: Vec<Choice> = options
        .take(limits::SELECT_OPTIONS)
        .map(|(value, label)| Choice {
            value,
            label,
            ..Choice::default()
        })
        .collect();
    (!options.is_empty()).then(|| Row::Select {
        custom_id: id.to_string(),
        placeholder: Some(what.to_owned()),
        options,
        min: 1,
        max: 1,
    })
}
