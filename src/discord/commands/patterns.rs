//! Known patterns in chat: the form, the screen that tries the scope, the list, and each step with its words.

use super::forms::{ask_why, text_of};
use super::handle::{Bot, Fault, Reply};
use super::report::option;
use super::table::{PatternAct, PatternStep};
use crate::app::pattern::{Shown, Sketch};
use crate::discord::custom_id::{CustomId, Dismissing};
use crate::discord::incoming::CommandOption;
use crate::discord::limits;
use crate::domain::ids::{IncidentId, PatternId, PersonId, PlaybookId};
use crate::domain::incident::Refusal;
use crate::domain::pattern::{Pattern, REASON_MAX, Standing, Step, TITLE_MAX, Trial, Typed, Word};
use crate::domain::playbook::criterion::LONGEST;
use crate::domain::policy::Actor;
use crate::domain::record::shown_date;
use crate::render::card::{Button, ButtonStyle, Card, Choice, Row, Tone};
use crate::render::contexts::{Labelled, PatternDraft, PatternList, PatternRow, PatternShown};
use crate::render::form::{Form, Input, InputKind};
use std::collections::BTreeMap;

type Page = BTreeMap<String, Vec<String>>;

impl Bot {
    pub(super) async fn pattern(
        &self,
        actor: &Actor,
        act: PatternAct,
        options: &[CommandOption],
    ) -> Result<Reply, Fault> {
        let text = |name: &str| option(options, name);
        let id = || {
            let typed = text("pattern").and_then(|typed| typed.parse().ok());
            typed.ok_or_else(|| Refusal::NoPattern {
                why: "A pattern is named by its number, such as PAT-3.".to_owned(),
            })
        };
        let words = text("text").unwrap_or_default();
        match act {
            PatternAct::List => Ok(Reply::Show(self.pattern_list(actor).await?)),
            PatternAct::Show => Ok(Reply::Show(self.pattern_card(actor, id()?).await?)),
            PatternAct::Propose => {
                let like = text("incident").map(|typed| typed.parse::<IncidentId>());
                let like = like.transpose().map_err(|()| Refusal::NotFound)?;
                let playbook = text("playbook").map(PlaybookId::new);
                let sketch = self.app.sketch_pattern(actor, playbook, like).await?;
                Ok(Reply::Form(pattern_form(&sketch)))
            }
            PatternAct::Approve => {
                self.pattern_step(actor, id()?, Step::Approve { words })
                    .await
            }
            PatternAct::Review => {
                let typed = text("expires").unwrap_or_default();
                let until = self.app.pattern_until(actor, id()?, &typed).await?;
                self.pattern_step(actor, id()?, Step::Review { until, words })
                    .await
            }
            PatternAct::Retire => {
                self.pattern_step(actor, id()?, Step::Retire { words })
                    .await
            }
        }
    }

    pub(super) async fn pattern_choices(
        &self,
        actor: &Actor,
        act: Option<PatternAct>,
        typed: &str,
    ) -> Result<Vec<(String, String)>, Fault> {
        let typed = typed.trim().to_lowercase();
        let fits = |one: &Pattern, standing: Standing| {
            let offered = match act {
                None => standing == Standing::InDate,
                Some(PatternAct::Approve) => {
                    standing == Standing::Proposed && one.proposed.by != actor.person
                }
                Some(PatternAct::Review) => {
                    matches!(standing, Standing::InDate | Standing::Expired)
                }
                Some(PatternAct::Retire) => standing != Standing::Retired,
                Some(PatternAct::List | PatternAct::Show | PatternAct::Propose) => true,
            };
            offered && one.reference().to_lowercase().contains(&typed)
        };
        let found = self.app.patterns(actor).await?.into_iter();
        Ok(found
            .filter(|(one, standing)| fits(one, *standing))
            .take(limits::SELECT_OPTIONS)
            .map(|(one, standing)| {
                let name = format!("{} · {}", one.reference(), standing.words());
                (name, one.id.to_string())
            })
            .collect())
    }

    async fn pattern_list(&self, actor: &Actor) -> Result<Card, Fault> {
        let found = self.app.patterns(actor).await?;
        let names = self.app.names().await?;
        let zone = self.app.zone;
        let rows = found.iter().map(|(one, standing)| PatternRow {
            id: one.id.to_string(),
            title: one.title.clone(),
            standing: standing.words().to_owned(),
            expires: shown_date(one.expires_at, zone),
            hits: one.hits,
            owner: called(&names, one.owner),
            approver: said(one.approved, &names, zone, "nobody yet"),
            reviewed: said(one.reviewed, &names, zone, "never"),
        });
        let context = PatternList {
            count: found.len(),
            rows: rows.take(limits::SELECT_OPTIONS).collect(),
        };
        let mut card = self.templates.plain_card(&context, Tone::Info)?;
        let options: Vec<Choice> = found
            .iter()
            .take(limits::SELECT_OPTIONS)
            .map(|(one, standing)| Choice {
                value: one.id.0.to_string(),
                label: one.reference(),
                description: Some(standing.words().to_owned()),
                selected: false,
            })
            .collect();
        if !options.is_empty() {
            card.rows.push(Row::Select {
                custom_id: Dismissing::Patterns.to_string(),
                placeholder: Some("Open a pattern…".to_owned()),
                options,
                min: 1,
                max: 1,
            });
        }
        Ok(card)
    }

    pub(super) async fn pattern_card(&self, actor: &Actor, id: PatternId) -> Result<Card, Fault> {
        let shown = self.app.pattern(actor, id).await?;
        let zone = self.app.zone;
        let (one, names) = (&shown.pattern, &shown.names);
        let history = shown.history.iter().map(|entry| {
            let role = entry.role.map_or("", |role| role.key());
            let label = format!(
                "{} {} ({role})",
                shown_date(entry.at, zone),
                called(names, entry.by)
            );
            let until = shown_date(entry.expires_at, zone);
            Labelled::new(
                label,
                format!("{}, until {until}: {}", entry.kind, entry.words),
            )
        });
        let trial = shown.trial.as_ref().map(Trial::words);
        let last_hit = one.last_hit_at.map(|at| shown_date(at, zone));
        let context = PatternShown {
            id: one.id.to_string(),
            title: one.title.clone(),
            standing: shown.standing.words().to_owned(),
            playbook: shown.playbook.clone(),
            expires: shown_date(one.expires_at, zone),
            reason: one.reason.clone(),
            scope: one.scope.clone(),
            trial: trial.unwrap_or_else(|| "its scope cannot be read any more".to_owned()),
            owner: called(names, one.owner),
            approver: said(one.approved, names, zone, "nobody yet"),
            reviewed: said(one.reviewed, names, zone, "never"),
            hits: one.hits,
            last_hit: last_hit.unwrap_or_else(|| "never".to_owned()),
            history: history.collect(),
        };
        let mut card = self.templates.plain_card(&context, Tone::Info)?;
        let buttons = pattern_buttons(&shown);
        if !buttons.is_empty() {
            card.rows.push(Row::Buttons(buttons));
        }
        Ok(card)
    }

    async fn pattern_step(&self, actor: &Actor, id: PatternId, step: Step) -> Result<Reply, Fault> {
        let pattern = self.app.step_pattern(actor, id, step.clone()).await?;
        let until = shown_date(pattern.expires_at, self.app.zone);
        let (title, text) = match step {
            Step::Approve { .. } => (
                format!("{id} is approved"),
                format!(
                    "It shows on the cards that it covers, and prefills a dismissal, until {until}."
                ),
            ),
            Step::Review { .. } => (
                format!("{id} is reviewed"),
                format!("It counts until {until}."),
            ),
            Step::Retire { .. } => (
                format!("{id} is retired"),
                "Nobody can dismiss on it any more; what was dismissed stays as it is.".to_owned(),
            ),
        };
        let next = "/pattern show tells its whole history.";
        Ok(Reply::Show(self.told(&title, &text, next)?))
    }

    /// The form that asks for the words of a step; refused before it opens where the step would be.
    pub(super) async fn ask_pattern(
        &self,
        actor: &Actor,
        id: PatternId,
        place: u32,
    ) -> Result<Reply, Fault> {
        let act = asked(place)?;
        let shown = self.app.pattern(actor, id).await?;
        let title = match act {
            PatternStep::Review => format!("{id}: still holds?"),
            PatternStep::Approve => format!("{id}: approve"),
            PatternStep::Retire => format!("{id}: retire"),
        };
        let mut form = ask_why(
            CustomId::Dismissing(Dismissing::PatternTold(id, place)),
            &title,
        );
        if act == PatternStep::Review {
            let until = shown_date(shown.pattern.expires_at, self.app.zone);
            form.inputs.insert(
                0,
                line(
                    "expires",
                    "Last day it counts",
                    "A date such as 2027-03-31",
                    until,
                    20,
                ),
            );
        }
        Ok(Reply::Form(form))
    }

    pub(super) async fn told_pattern(
        &self,
        actor: &Actor,
        id: PatternId,
        place: u32,
        mut page: Page,
    ) -> Result<Reply, Fault> {
        let words = text_of(&mut page, "reason");
        let step = match asked(place)? {
            PatternStep::Review => {
                let typed = text_of(&mut page, "expires");
                let until = self.app.pattern_until(actor, id, &typed).await?;
                Step::Review { until, words }
            }
            PatternStep::Approve => Step::Approve { words },
            PatternStep::Retire => Step::Retire { words },
        };
        self.pattern_step(actor, id, step).await
    }

    /// A page of the form: kept, then tried.
    pub(super) async fn typed_pattern(
        &self,
        actor: &Actor,
        draft: i64,
        mut page: Page,
    ) -> Result<Reply, Fault> {
        let typed = Typed {
            title: text_of(&mut page, "title"),
            scope: text_of(&mut page, "scope"),
            reason: text_of(&mut page, "reason"),
            expires: text_of(&mut page, "expires"),
            owner: text_of(&mut page, "owner"),
        };
        let sketch = self.app.try_pattern(actor, draft, Some(typed)).await?;
        Ok(Reply::Show(self.sketch_card(&sketch)?))
    }

    pub(super) async fn change_pattern(&self, actor: &Actor, draft: i64) -> Result<Reply, Fault> {
        let sketch = self.app.try_pattern(actor, draft, None).await?;
        Ok(Reply::Form(pattern_form(&sketch)))
    }

    pub(super) async fn propose_pattern(&self, actor: &Actor, draft: i64) -> Result<Reply, Fault> {
        match self.app.propose_pattern(actor, draft).await? {
            Err(sketch) => Ok(Reply::Update(self.sketch_card(&sketch)?)),
            Ok(pattern) => {
                let card = self.told(
                    &format!("{} is proposed", pattern.id),
                    "It waits for a second person; until then nobody can dismiss on it.",
                    "Ask a colleague who may approve patterns: /pattern approve.",
                )?;
                Ok(Reply::Update(card))
            }
        }
    }

    fn sketch_card(&self, sketch: &Sketch) -> Result<Card, Fault> {
        let typed = &sketch.typed;
        let or_dash = |text: &str| match text.trim() {
            "" => "—".to_owned(),
            text => text.to_owned(),
        };
        let trial = sketch.trial.as_ref().map(Trial::words);
        let context = PatternDraft {
            playbook: sketch.playbook.clone(),
            title: or_dash(&typed.title),
            reason: or_dash(&typed.reason),
            scope: or_dash(&typed.scope),
            trial: trial.unwrap_or_else(|| "not yet, the scope cannot be read".to_owned()),
            expires: or_dash(&typed.expires),
            missing: sketch.wrong.clone(),
        };
        let ready = sketch.wrong.is_empty();
        let tone = if ready { Tone::Calm } else { Tone::Warning };
        let mut card = self.templates.plain_card(&context, tone)?;
        let button = |label: &str, id: Dismissing, primary: bool, disabled: bool| Button {
            label: label.to_owned(),
            custom_id: id.to_string(),
            style: if primary {
                ButtonStyle::Primary
            } else {
                ButtonStyle::Plain
            },
            disabled,
            ..Button::default()
        };
        let draft = sketch.draft;
        card.rows.push(Row::Buttons(vec![
            button("Propose", Dismissing::PatternPropose(draft), ready, !ready),
            button("Change", Dismissing::PatternChange(draft), !ready, false),
        ]));
        Ok(card)
    }
}

fn asked(place: u32) -> Result<PatternStep, Refusal> {
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    let act = PatternStep::ALL.get(place).copied();
    act.ok_or(Refusal::NotFound)
}

fn pattern_buttons(shown: &Shown) -> Vec<Button> {
    let id = shown.pattern.id;
    let place = |act: PatternStep| {
        let place = PatternStep::ALL.iter().position(|one| *one == act);
        u32::try_from(place.unwrap_or(usize::MAX)).unwrap_or(u32::MAX)
    };
    let ask = |act| Dismissing::PatternAsk(id, place(act));
    let in_date = shown.standing == Standing::InDate;
    [
        ("Approve", ask(PatternStep::Approve), shown.may_approve),
        ("Dismiss what it covers", Dismissing::Several(id.0), in_date),
        ("Review", ask(PatternStep::Review), shown.may_review),
        ("Retire", ask(PatternStep::Retire), shown.may_retire),
    ]
    .into_iter()
    .filter(|(_, _, may)| *may)
    .map(|(label, id, _)| Button {
        label: label.to_owned(),
        custom_id: id.to_string(),
        ..Button::default()
    })
    .collect()
}

fn called(names: &BTreeMap<PersonId, String>, person: PersonId) -> String {
    names
        .get(&person)
        .cloned()
        .unwrap_or_else(|| person.to_string())
}

fn said(
    word: Option<Word>,
    names: &BTreeMap<PersonId, String>,
    zone: chrono_tz::Tz,
    otherwise: &str,
) -> String {
    word.map_or_else(
        || otherwise.to_owned(),
        |word| {
            format!(
                "{} on {}",
                called(names, word.by),
                shown_date(word.at, zone)
            )
        },
    )
}

/// Everything that a pattern needs, on one page; nothing is required on Discord's side, so that nothing typed is lost.
fn pattern_form(sketch: &Sketch) -> Form {
    let typed = &sketch.typed;
    let paragraph = |key: &str, label: &str, help: &str, value: &str, max: usize| Input {
        kind: InputKind::Paragraph {
            value: Some(value.to_owned()).filter(|v| !v.is_empty()),
            max: u16::try_from(max).ok(),
        },
        ..line(key, label, help, String::new(), 0)
    };
    let owner = Input {
        kind: InputKind::Person {
            selected: vec![crate::domain::ids::AccountId::new(&typed.owner)],
            max: 1,
        },
        ..line(
            "owner",
            "Owner",
            "Who stands for it; nobody chosen means you",
            String::new(),
            0,
        )
    };
    Form {
        custom_id: Dismissing::PatternTyped(sketch.draft).to_string(),
        title: format!("Pattern: {}", sketch.playbook),
        inputs: vec![
            line(
                "title",
                "Title",
                "A short name, such as: Monthly export of the finance team",
                typed.title.clone(),
                TITLE_MAX,
            ),
            paragraph(
                "scope",
                "Scope",
                "What is true of such alerts: alert.policy == 'Rates' && person.department == 'Sales'",
                &typed.scope,
                LONGEST,
            ),
            paragraph(
                "reason",
                "Why such alerts are harmless",
                "It becomes the rationale of each dismissal, so state the facts",
                &typed.reason,
                REASON_MAX,
            ),
            line(
                "expires",
                "Last day it counts",
                "A date such as 2027-03-31; after it somebody reviews the pattern, or nobody can use it",
                typed.expires.clone(),
                20,
            ),
            owner,
        ],
    }
}

fn line(key: &str, label: &str, help: &str, value: String, max: usize) -> Input {
    Input {
        key: key.to_owned(),
        label: label.to_owned(),
        help: Some(help.to_owned()),
        required: false,
        kind: InputKind::Line {
            value: Some(value).filter(|v| !v.is_empty()),
            max: u16::try_from(max).ok(),
        },
    }
}
