//! The timeline in chat: page by page, for one topic or all, with its picture; and what is stuck.

use super::handle::{Bot, Fault, Reply};
use crate::app::told::Told;
use crate::discord::custom_id::CustomId;
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::Refusal;
use crate::domain::policy::Actor;
use crate::domain::record::shown_time;
use crate::domain::timeline::{Line, Shown};
use crate::render::card::{Button, Card, CardFile, Choice, Row, Tone};
use crate::render::contexts::{Labelled, Stuck, StuckRow, Timeline, TimelineLine};
use crate::render::picture::Picture;
use crate::render::templates::{TemplateFault, Templates};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Events on one page of a timeline.
const TIMELINE_LINES: usize = 12;
/// Lines of what is stuck on one screen; the rest is counted.
const STUCK_LINES: usize = 25;

impl Bot {
    pub(super) async fn timeline(
        &self,
        actor: &Actor,
        id: IncidentId,
        page: u32,
        shown: Shown,
    ) -> Result<Card, Fault> {
        let told = self.app.timeline(actor, id).await?;
        let zone = self.app.zone;
        let mut card = timeline(&self.templates, &told, (page, shown), zone)?;
        let way = self.app.way(actor, id).await?;
        let picture = Picture {
            title: &id.to_string(),
            lanes: &way.lanes,
            stages: &way.stages,
            names: &told.names,
            zone,
        };
        match picture.png() {
            Ok(Some(bytes)) => {
                let name = format!("{id}-timeline.png");
                card.files.push(CardFile { name, bytes });
                card.footer = Some(format!("The picture: {}.", picture.in_words()));
            }
            Ok(None) => {}
            // The words are the timeline; the picture only shows them at a glance.
            Err(fault) => tracing::warn!(incident.id = %id, %fault, "no picture"),
        }
        Ok(card)
    }

    /// Another page or topic of a timeline, or the form that asks why somebody wants to know more.
    pub(super) async fn look(
        &self,
        actor: &Actor,
        id: CustomId,
        values: &[String],
    ) -> Result<Reply, Fault> {
        if let CustomId::Timeline(id, page, shown) = id {
            return Ok(Reply::Update(self.timeline(actor, id, page, shown).await?));
        }
        if let CustomId::Filter(id) = id {
            let chosen = values.first().and_then(|key| Shown::from_key(key));
            let shown = chosen.ok_or(Refusal::NotFound)?;
            return Ok(Reply::Update(self.timeline(actor, id, 0, shown).await?));
        }
        self.ask_why_to_look(actor, id).await
    }

    /// What waits longer than it should, among what the member may read.
    pub(super) async fn stuck(&self, actor: &Actor) -> Result<Reply, Fault> {
        let rows = self.app.stuck(actor).await?;
        let shown = rows.iter().take(STUCK_LINES).map(|row| StuckRow {
            id: row.id.to_string(),
            severity: row.severity.to_owned(),
            stage: row.stage.clone(),
            waits_for: row.waits_for.clone(),
            with_whom: row.with.clone(),
            since: shown_time(row.since, self.app.zone),
        });
        let context = Stuck {
            unreadable: self.app.store.unreadable(),
            count: rows.len(),
            rows: shown.collect(),
        };
        Ok(Reply::Show(
            self.templates.plain_card(&context, Tone::Info)?,
        ))
    }
}

fn timeline(
    templates: &Templates,
    told: &Told,
    (page, shown): (u32, Shown),
    zone: Tz,
) -> Result<Card, TemplateFault> {
    let id = told.id;
    let lines = &told.lines;
    let wanted: Vec<&Line> = lines.iter().filter(|line| shown.takes(line)).collect();
    let pages = wanted.len().div_ceil(TIMELINE_LINES).max(1);
    let page = usize::try_from(page).unwrap_or(0).min(pages - 1);
    let on_page = wanted
        .iter()
        .skip(page * TIMELINE_LINES)
        .take(TIMELINE_LINES);
    let left_out = lines.len() - wanted.len();
    let mut note = Vec::new();
    if left_out > 0 {
        note.push(shown.words().to_lowercase());
    }
    if pages > 1 {
        note.push(format!("page {} of {pages}", page + 1));
    }
    let context = Timeline {
        id: id.to_string(),
        page_note: note.join(" · "),
        persons: told.persons.clone(),
        lines: on_page
            .map(|line| timeline_line(line, &told.names, zone))
            .collect(),
    };
    let mut card = templates.plain_card(&context, Tone::Info)?;
    let mut buttons = timeline_buttons(id, (page, pages), shown, left_out);
    if told.may_name {
        buttons.push(Button {
            label: "Who are they?".to_owned(),
            custom_id: CustomId::Names(id).to_string(),
            ..Button::default()
        });
    }
    if !buttons.is_empty() {
        card.rows.push(Row::Buttons(buttons));
    }
    card.rows.extend(filter(id, lines, shown));
    Ok(card)
}

fn timeline_buttons(
    id: IncidentId,
    (page, pages): (usize, usize),
    shown: Shown,
    left_out: usize,
) -> Vec<Button> {
    let button = |label: &str, to: usize, shown: Shown, disabled: bool| Button {
        label: label.to_owned(),
        custom_id: CustomId::Timeline(id, u32::try_from(to).unwrap_or(0), shown).to_string(),
        disabled,
        ..Button::default()
    };
    let mut buttons = Vec::new();
    if pages > 1 {
        buttons.push(button("Earlier", page.saturating_sub(1), shown, page == 0));
        buttons.push(button("Later", page + 1, shown, page + 1 == pages));
    }
    if shown == Shown::Everything {
        buttons.push(button("Decisions only", 0, Shown::Decisions, false));
    } else if left_out > 0 {
        buttons.push(button("Everything", 0, Shown::Everything, false));
    }
    buttons
}

/// What else the timeline can be read for: the topics that it has lines of, where those are more than one.
fn filter(id: IncidentId, lines: &[Line], shown: Shown) -> Option<Row> {
    let topics = Shown::ALL.into_iter().filter(|one| match one {
        Shown::Decisions | Shown::Everything => true,
        Shown::Only(topic) => lines.iter().any(|line| line.topic == *topic),
    });
    let options: Vec<Choice> = topics
        .map(|one| Choice {
            value: one.key().to_owned(),
            label: one.words().to_owned(),
            selected: one == shown,
            ..Choice::default()
        })
        .collect();
    // Decisions, everything, and one topic only: the button says it already.
    (options.len() > 3).then(|| Row::Select {
        custom_id: CustomId::Filter(id).to_string(),
        placeholder: Some("Show only…".to_owned()),
        options,
        min: 1,
        max: 1,
    })
}

fn timeline_line(line: &Line, names: &BTreeMap<PersonId, String>, zone: Tz) -> TimelineLine {
    let who = if line.by == PersonId::PROGRAM {
        "Baton".to_owned()
    } else {
        names
            .get(&line.by)
            .cloned()
            .unwrap_or_else(|| line.by.to_string())
    };
    TimelineLine {
        number: line.number,
        at: shown_time(line.at, zone),
        who,
        role: line.role.map(|r| r.key().to_owned()).unwrap_or_default(),
        what: line.told(names),
        on: line.on.clone(),
        details: line
            .details
            .iter()
            .map(|(l, v)| Labelled::new(l, v))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timeline::Topic;

    fn line(number: i64, decision: bool, topic: Topic) -> Line {
        Line {
            number,
            entry: number,
            at: chrono::DateTime::UNIX_EPOCH,
            by: PersonId(1),
            role: None,
            what: format!("step {number}"),
            on: Vec::new(),
            details: Vec::new(),
            whom: Vec::new(),
            decision,
            topic,
        }
    }

    fn way(number: i64, decision: bool) -> Line {
        line(number, decision, Topic::Way)
    }

    /// Its text, and what its buttons and its menu call.
    fn shown(lines: &[Line], page: u32, shown: Shown) -> (String, Vec<String>) {
        let templates = Templates::load(&BTreeMap::new()).unwrap();
        let told = Told {
            id: IncidentId(1),
            lines: lines.to_vec(),
            names: BTreeMap::new(),
            persons: Vec::new(),
            may_name: false,
        };
        let card = timeline(&templates, &told, (page, shown), Tz::UTC).unwrap();
        let calls = card.rows.iter().flat_map(|row| match row {
            Row::Buttons(buttons) => buttons.iter().map(|b| b.custom_id.clone()).collect(),
            Row::Select { options, .. } => options.iter().map(|o| o.value.clone()).collect(),
            Row::PersonSelect { .. } => Vec::new(),
        });
        (format!("{} {}", card.title, card.body), calls.collect())
    }

    #[test]
    fn a_timeline_opens_on_the_decisions_and_everything_is_a_button_away() {
        let lines = [way(1, false), way(2, false), way(3, true)];
        let (text, calls) = shown(&lines, 0, Shown::Decisions);
        assert!(text.contains("step 1") && text.contains("step 3"), "{text}");
        assert!(!text.contains("step 2"), "{text}");
        assert_eq!(calls, ["timeline:1:0:everything"]);
        let (text, calls) = shown(&lines, 0, Shown::Everything);
        assert!(text.contains("step 2"), "{text}");
        assert_eq!(calls, ["timeline:1:0:decisions"]);
        // Where nothing was left out, nothing is offered.
        let all = [way(1, false), way(2, true)];
        assert!(shown(&all, 0, Shown::Decisions).1.is_empty());
    }

    #[test]
    fn the_pages_stay_with_what_was_chosen() {
        let lines: Vec<Line> = (1..=30).map(|n| way(n, n % 2 == 0)).collect();
        let (text, calls) = shown(&lines, 1, Shown::Decisions);
        assert!(text.contains("page 2 of 2"), "{text}");
        let wanted = ["timeline:1:0:decisions", "timeline:1:2:decisions"];
        assert_eq!(calls[..2], wanted);
        assert_eq!(calls[2], "timeline:1:0:everything");
        let (text, calls) = shown(&lines, 9, Shown::Everything);
        assert!(
            text.contains("page 3 of 3") && text.contains("step 30"),
            "{text}"
        );
        let wanted = ["timeline:1:1:everything", "timeline:1:3:everything"];
        assert_eq!(calls[..2], wanted);
    }

    #[test]
    fn a_topic_shows_its_lines_alone_and_only_topics_that_are_there_are_offered() {
        let lines = [
            way(1, true),
            line(2, true, Topic::Containment),
            line(3, false, Topic::Notes),
        ];
        let (text, calls) = shown(&lines, 0, Shown::Only(Topic::Notes));
        assert!(text.contains("step 3"), "{text}");
        assert!(!text.contains("step 1") && !text.contains("step 2"));
        assert!(text.contains("notes and statuses"), "{text}");
        let menu = ["decisions", "everything", "way", "containment", "notes"];
        assert_eq!(calls[1..], menu);
    }
}
