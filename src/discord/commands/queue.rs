//! The queue, and what begins there: a second look at a dismissal, and dismissals that go together.

use super::forms::{ask_why, next_page, text_of};
use super::handle::{Bot, Fault, Reply};
use super::screens;
use crate::app::query::Queued;
use crate::app::together::{Companion, Group};
use crate::discord::custom_id::{CustomId, Dismissing};
use crate::discord::limits;
use crate::domain::ids::{IncidentId, PatternId, TransitionId};
use crate::domain::incident::Refusal;
use crate::domain::policy::Actor;
use crate::render::card::{Button, ButtonStyle, Card, Choice, Row, Tone};
use crate::render::contexts::{Labelled, Look, Noted, Queue, QueueRow, Together};
use std::collections::{BTreeMap, BTreeSet};

/// Lines of a queue on one screen; the rest is counted.
const QUEUE_LINES: usize = 25;
/// Menus of one message, one for each playbook's way.
const MENUS: usize = 5;

impl Bot {
    /// The controls of second looks, dismissals together and patterns; a form's own id is no control.
    pub(super) async fn around_dismissal(
        &self,
        actor: &Actor,
        id: Dismissing,
        values: &[String],
    ) -> Result<Reply, Fault> {
        let first = || values.first().ok_or(Refusal::NotFound);
        match id {
            Dismissing::Looks => {
                let id = first()?.parse().map_err(|()| Refusal::NotFound)?;
                self.second_look(actor, id).await
            }
            Dismissing::LookAgree(id) => self.looked(actor, id, None).await,
            Dismissing::LookReopen(id) => self.ask_reopen(actor, id).await,
            Dismissing::Several(pattern) => self.several(actor, chosen(pattern)).await,
            Dismissing::Together(pattern) => self.open_several(actor, pattern, values).await,
            Dismissing::Patterns => {
                let id = first()?.parse().map_err(|()| Refusal::NotFound)?;
                Ok(Reply::Update(self.pattern_card(actor, id).await?))
            }
            Dismissing::PatternChange(draft) => self.change_pattern(actor, draft).await,
            Dismissing::PatternPropose(draft) => self.propose_pattern(actor, draft).await,
            Dismissing::PatternAsk(id, place) => self.ask_pattern(actor, id, place).await,
            Dismissing::LookReopened(_)
            | Dismissing::PatternTyped(_)
            | Dismissing::PatternTold(..) => Err(Refusal::NotFound.into()),
        }
    }

    /// Their forms, submitted.
    pub(super) async fn dismissing_form(
        &self,
        actor: &Actor,
        id: Dismissing,
        mut page: BTreeMap<String, Vec<String>>,
    ) -> Result<Reply, Fault> {
        match id {
            Dismissing::LookReopened(id) => {
                let reason = text_of(&mut page, "reason");
                self.looked(actor, id, Some(reason)).await
            }
            Dismissing::PatternTyped(draft) => self.typed_pattern(actor, draft, page).await,
            Dismissing::PatternTold(id, place) => self.told_pattern(actor, id, place, page).await,
            Dismissing::Looks
            | Dismissing::LookAgree(_)
            | Dismissing::LookReopen(_)
            | Dismissing::Several(_)
            | Dismissing::Together(_)
            | Dismissing::PatternChange(_)
            | Dismissing::PatternPropose(_)
            | Dismissing::Patterns
            | Dismissing::PatternAsk(..) => Err(Refusal::NotFound.into()),
        }
    }

    pub(super) async fn open_queue(&self, actor: &Actor) -> Result<Card, Fault> {
        let rows = self.app.queue(actor).await?;
        let looks = self.app.second_looks(actor).await?;
        let shown = rows.iter().take(QUEUE_LINES).map(queue_row);
        let context = Queue {
            count: rows.len(),
            late: self.app.late().await?.unwrap_or_default(),
            unreadable: self.app.store.unreadable(),
            rows: shown.collect(),
            looks: looks
                .iter()
                .take(QUEUE_LINES)
                .map(|one| {
                    let what = format!("{}, dismissed {}", one.severity, one.at);
                    Labelled::new(one.id.to_string(), what)
                })
                .collect(),
        };
        let mut card = self.templates.plain_card(&context, Tone::Info)?;
        let options: Vec<Choice> = looks
            .iter()
            .take(limits::SELECT_OPTIONS)
            .map(|one| Choice {
                value: one.id.to_string(),
                label: one.id.to_string(),
                description: Some(format!("dismissed {}", one.at)),
                selected: false,
            })
            .collect();
        if !options.is_empty() {
            card.rows.push(Row::Select {
                custom_id: Dismissing::Looks.to_string(),
                placeholder: Some("Look again at…".to_owned()),
                options,
                min: 1,
                max: 1,
            });
        }
        Ok(card)
    }

    /// What a drawn dismissal rests on, with the two answers.
    pub(super) async fn second_look(&self, actor: &Actor, id: IncidentId) -> Result<Reply, Fault> {
        let seen = self.app.second_look(actor, id).await?;
        let labelled = |rows: Vec<(String, String)>| {
            let rows = rows.into_iter();
            rows.map(|(label, value)| Labelled::new(label, value))
                .collect()
        };
        let criteria = seen.criteria.into_iter();
        let context = Look {
            id: id.to_string(),
            severity: seen.severity.to_owned(),
            by: seen.by,
            at: seen.at,
            facts: labelled(seen.facts),
            criteria: criteria.map(|(text, note)| Noted { text, note }).collect(),
            record: labelled(seen.record),
        };
        let mut card = self.templates.plain_card(&context, Tone::Info)?;
        let button = |label: &str, id: CustomId, style| Button {
            label: label.to_owned(),
            custom_id: id.to_string(),
            style,
            ..Button::default()
        };
        let agree = CustomId::Dismissing(Dismissing::LookAgree(id));
        let reopen = CustomId::Dismissing(Dismissing::LookReopen(id));
        card.rows.push(Row::Buttons(vec![
            button("Agree", agree, ButtonStyle::Primary),
            button("Reopen", reopen, ButtonStyle::Plain),
            button("Details", CustomId::Details(id), ButtonStyle::Plain),
        ]));
        Ok(Reply::Show(card))
    }

    pub(super) async fn looked(
        &self,
        actor: &Actor,
        id: IncidentId,
        reopened_for: Option<String>,
    ) -> Result<Reply, Fault> {
        let agrees = reopened_for.is_none();
        let reason = reopened_for.unwrap_or_default();
        self.app.look_again(actor, id, agrees, reason).await?;
        if agrees {
            let text = "Your second look is on its timeline.";
            let card = self.told(
                &format!("{id} stays dismissed"),
                text,
                "Nothing more to do.",
            )?;
            return Ok(Reply::Update(card));
        }
        let card = self.told(
            &format!("{id} is open again"),
            "It stands where it was dismissed, with a new card and your reason on its timeline.",
            "Whoever works there claims it.",
        )?;
        Ok(Reply::Show(card))
    }

    pub(super) async fn ask_reopen(&self, actor: &Actor, id: IncidentId) -> Result<Reply, Fault> {
        self.app.may_look(actor, id).await?;
        let title = format!("{id}: reopen the dismissal");
        Ok(Reply::Form(ask_why(
            CustomId::Dismissing(Dismissing::LookReopened(id)),
            &title,
        )))
    }

    /// The list of what can be dismissed together, on this pattern where one is given.
    pub(super) async fn several(
        &self,
        actor: &Actor,
        pattern: Option<PatternId>,
    ) -> Result<Reply, Fault> {
        let groups = self.app.together(actor, pattern).await?;
        let all = || groups.iter().flat_map(|group| &group.candidates);
        let rows = all().filter(|one| one.left_out.is_none());
        let left_out = all().filter_map(|one| Some((one.id, one.left_out.clone()?)));
        let context = Together {
            rows: rows
                .take(QUEUE_LINES)
                .map(|one| Labelled::new(one.id.to_string(), &one.what))
                .collect(),
            left_out: left_out
                .take(QUEUE_LINES)
                .map(|(id, why)| Labelled::new(id.to_string(), why))
                .collect(),
        };
        let mut card = self.templates.plain_card(&context, Tone::Info)?;
        let menus = groups.iter().filter_map(|group| menu(group, pattern));
        card.rows.extend(menus.take(MENUS));
        Ok(Reply::Show(card))
    }

    /// Opens one form for what was chosen: each value is `incident|transition`.
    pub(super) async fn open_several(
        &self,
        actor: &Actor,
        pattern: i64,
        values: &[String],
    ) -> Result<Reply, Fault> {
        let mut ids = BTreeSet::new();
        let mut way = None;
        for value in values {
            let (id, transition) = value.split_once('|').ok_or(Refusal::NotFound)?;
            ids.insert(id.parse::<IncidentId>().map_err(|()| Refusal::NotFound)?);
            way = Some(TransitionId::new(transition));
        }
        let way = way.ok_or(Refusal::NotFound)?;
        let pattern = chosen(pattern);
        let opened = self.app.open_together(actor, &ids, way, pattern).await?;
        match next_page(&opened, true) {
            Some(form) => Ok(Reply::Form(form)),
            None => Ok(Reply::Show(screens::review(&self.templates, &opened)?)),
        }
    }

    /// What became of each incident of a dismissal together.
    pub(super) fn dismissed_together(
        &self,
        lead: IncidentId,
        others: &[Companion],
    ) -> Result<Reply, Fault> {
        let gone = others.iter().filter(|one| one.left_out.is_none());
        let ids: Vec<String> = std::iter::once(lead.to_string())
            .chain(gone.map(|one| one.id.to_string()))
            .collect();
        let mut card = self.told(
            &format!("{} dismissed under one rationale", ids.len()),
            &format!(
                "{}: each has its own entry with the ground and the rationale.",
                ids.join(", ")
            ),
            "What is left out needs a form of its own.",
        )?;
        let left_out = others
            .iter()
            .filter_map(|one| Some((one.id, one.left_out.clone()?)));
        let rows: Vec<Labelled> = left_out
            .map(|(id, why)| Labelled::new(id.to_string(), why))
            .collect();
        if !rows.is_empty() {
            let context = Together {
                rows: ids
                    .iter()
                    .map(|id| Labelled::new(id, "dismissed"))
                    .collect(),
                left_out: rows,
            };
            card = self.templates.plain_card(&context, Tone::Warning)?;
        }
        Ok(Reply::Update(card))
    }
}

/// The pattern behind a control's number; 0 stands for none.
fn chosen(number: i64) -> Option<PatternId> {
    (number > 0).then_some(PatternId(number))
}

fn menu(group: &Group, pattern: Option<PatternId>) -> Option<Row> {
    let fitting = group.candidates.iter().filter(|one| one.left_out.is_none());
    let options: Vec<Choice> = fitting
        .take(limits::SELECT_OPTIONS)
        .map(|one| Choice {
            value: format!("{}|{}", one.id, group.transition),
            label: one.id.to_string(),
            description: Some(one.what.clone()),
            selected: false,
        })
        .collect();
    let max = u8::try_from(options.len()).unwrap_or(u8::MAX);
    (max > 0).then(|| Row::Select {
        custom_id: Dismissing::Together(pattern.map_or(0, |id| id.0)).to_string(),
        placeholder: Some(format!("Dismiss together: {}", group.playbook)),
        options,
        min: 1,
        max,
    })
}

fn queue_row(row: &Queued) -> QueueRow {
    QueueRow {
        id: row.id.to_string(),
        severity: row.severity.to_owned(),
        stage: row.stage.clone(),
        age: row.age.clone(),
        holder: row
            .holder
            .clone()
            .map_or_else(|| "nobody yet".to_owned(), |h| format!("with {h}")),
        note: row.note.clone(),
        yours_to_take: row.yours_to_take,
    }
}
