//! Reads transitions and what contradicts in a record.

use super::Reader;
use super::names::Kind;
use crate::domain::ids::{CriterionId, FieldId, StageId, TransitionId};
use crate::domain::playbook::definition::{
    Criterion, Field, FieldKind, Owed, Transition, TransitionKind,
};
use crate::domain::playbook::rules::{Answer, Contradiction};
use crate::domain::playbook::section::{Section, Text};

/// Discord's limit on a button's text.
const TITLE: usize = 80;
/// Options of one menu.
const OPTIONS: usize = 25;

impl Reader<'_> {
    pub(super) fn transition(
        &mut self,
        s: &mut Section<'_, '_>,
        criteria: &[Criterion],
    ) -> Transition {
        let id = s.id(&mut self.f);
        self.names.declare(&mut self.f, Kind::Transition, &id);
        let title = s.short(&mut self.f, "title", TITLE);
        let set = [
            ("handoff", TransitionKind::Handoff),
            ("dismissal", TransitionKind::Dismissal),
            ("closure", TransitionKind::Closure),
            ("engagement", TransitionKind::Engagement),
        ];
        let kind = s.one_of(&mut self.f, "kind", &set);
        let from = self.refs(s, "from", Kind::Stage);
        let to = self.target(s, kind, &from);
        let chosen = self.criteria_of(s, kind, criteria);
        let record = self.refs(s, "record", Kind::Field);
        let owed = self.owed(s, &record);
        let one_of = self.within_record(s, "one_of", &record);
        Transition {
            title,
            kind: kind.unwrap_or(TransitionKind::Closure),
            from: from.into_iter().map(|t| StageId(t.value)).collect(),
            to: to.map(|t| StageId(t.value)),
            criteria: chosen.into_iter().map(|t| CriterionId(t.value)).collect(),
            gates: self.maybe_gates(s),
            moves_ownership: self.only_handoff(s, "moves_ownership", kind),
            answers_met_in: self.answering_field(s, "answers_met_in", &record),
            thresholds_answered_in: self.answering_field(s, "thresholds_answered_in", &record),
            asks_emergency: self.asks_emergency(s, &owed),
            ends_response: self.only_handoff(s, "ends_response", kind)
                || matches!(
                    kind,
                    Some(TransitionKind::Dismissal | TransitionKind::Closure)
                ),
            owed,
            one_of: one_of.into_iter().map(|t| FieldId(t.value)).collect(),
            record: record.into_iter().map(|t| FieldId(t.value)).collect(),
            id: TransitionId(id.value),
        }
    }

    /// The ids of a list that must hold at least one; only those that exist.
    fn refs(&mut self, s: &mut Section<'_, '_>, key: &'static str, kind: Kind) -> Vec<Text> {
        let found = s.texts(&mut self.f, key);
        if s.has(key) && found.is_empty() {
            let at = s.place(key);
            self.f
                .add_absence(at, format!("`{key}` is empty; name at least one"));
        }
        self.existing(found, kind)
    }

    fn existing(&mut self, found: Vec<Text>, kind: Kind) -> Vec<Text> {
        found
            .into_iter()
            .filter(|one| self.names.refer(&mut self.f, kind, one))
            .collect()
    }

    pub(super) fn maybe_gates(&mut self, s: &mut Section<'_, '_>) -> Vec<String> {
        let found = s.maybe_texts(&mut self.f, "gates");
        self.existing(found, Kind::Gate)
            .into_iter()
            .map(|t| t.value)
            .collect()
    }

    fn target(
        &mut self,
        s: &mut Section<'_, '_>,
        kind: Option<TransitionKind>,
        from: &[Text],
    ) -> Option<Text> {
        let found = s.maybe_text(&mut self.f, "to");
        match (kind, &found) {
            (Some(TransitionKind::Handoff), None) if !s.has("to") => {
                let at = s.place("kind");
                self.f
                    .add_absence(at, "a handoff leads to a stage; add `to`");
            }
            (
                Some(
                    TransitionKind::Dismissal
                    | TransitionKind::Closure
                    | TransitionKind::Engagement,
                ),
                Some(to),
            ) => {
                self.f.add(
                    to.at,
                    "only a handoff leads to a stage; remove `to` or make this a handoff",
                );
            }
            (_, Some(to)) if from.iter().any(|f| f.value == to.value) => {
                self.f.add(
                    to.at,
                    format!("it leads from `{0}` to `{0}`; name another stage", to.value),
                );
            }
            _ => {}
        }
        let found = found.filter(|_| kind == Some(TransitionKind::Handoff))?;
        self.names
            .refer(&mut self.f, Kind::Stage, &found)
            .then_some(found)
    }

    fn criteria_of(
        &mut self,
        s: &mut Section<'_, '_>,
        kind: Option<TransitionKind>,
        criteria: &[Criterion],
    ) -> Vec<Text> {
        let chosen = self.refs(s, "criteria", Kind::Criterion);
        if chosen.len() > OPTIONS {
            let at = s.place("criteria");
            let message = format!(
                "{} criteria; a form shows {OPTIONS}, so split the transition",
                chosen.len()
            );
            self.f.add(at, message);
        }
        for one in chosen
            .iter()
            .filter(|_| kind == Some(TransitionKind::Dismissal))
        {
            if criteria
                .iter()
                .any(|c| c.mandatory && c.id.as_str() == one.value)
            {
                let message = format!(
                    "`{}` is mandatory and excludes dismissal; it cannot be a ground for one",
                    one.value
                );
                self.f.add(one.at, message);
            }
        }
        chosen
    }

    fn owed(&mut self, s: &mut Section<'_, '_>, record: &[Text]) -> Vec<Owed> {
        self.each(s, "owed", |r, s| {
            let fields = r.within_record(s, "fields", record);
            let within = s.duration(&mut r.f, "within");
            (fields, within)
        })
        .into_iter()
        .flat_map(|(fields, within)| {
            fields.into_iter().map(move |field| Owed {
                field: FieldId(field.value),
                within,
            })
        })
        .collect()
    }

    fn within_record(
        &mut self,
        s: &mut Section<'_, '_>,
        key: &'static str,
        record: &[Text],
    ) -> Vec<Text> {
        let found = s.maybe_texts(&mut self.f, key);
        let found = self.existing(found, Kind::Field);
        for one in &found {
            self.in_record(one, record);
        }
        found
    }

    fn in_record(&mut self, one: &Text, record: &[Text]) {
        if !record.iter().any(|field| field.value == one.value) {
            let message = format!(
                "field `{}` is not in this transition's record; add it there or remove it here",
                one.value
            );
            self.f.add_absence(one.at, message);
        }
    }

    fn only_handoff(
        &mut self,
        s: &mut Section<'_, '_>,
        key: &'static str,
        kind: Option<TransitionKind>,
    ) -> bool {
        let set = s.flag(&mut self.f, key, false);
        if set && kind.is_some_and(|k| k != TransitionKind::Handoff) {
            let at = s.place(key);
            self.f
                .add(at, format!("`{key}` is for handoffs only; remove it"));
        }
        set
    }

    fn answering_field(
        &mut self,
        s: &mut Section<'_, '_>,
        key: &'static str,
        record: &[Text],
    ) -> Option<FieldId> {
        let found = s.maybe_text(&mut self.f, key)?;
        if self.names.refer(&mut self.f, Kind::Field, &found) {
            self.in_record(&found, record);
        }
        Some(FieldId(found.value))
    }

    fn asks_emergency(&mut self, s: &mut Section<'_, '_>, owed: &[Owed]) -> bool {
        let asks = s.flag(&mut self.f, "asks_emergency", false);
        if asks && owed.is_empty() {
            let at = s.place("asks_emergency");
            self.f
                .add_absence(at, "an emergency needs fields that may be owed; add `owed`");
        }
        asks
    }

    pub(super) fn contradiction(
        &mut self,
        s: &mut Section<'_, '_>,
        fields: &[Field],
    ) -> Contradiction {
        let id = s.id(&mut self.f);
        self.names.declare(&mut self.f, Kind::Contradiction, &id);
        let text = s.text(&mut self.f, "text").value;
        let answers = self.each(s, "answers", |r, s| r.answer(s, fields));
        let criterion = s.maybe_text(&mut self.f, "criterion");
        if let Some(criterion) = &criterion {
            self.names.refer(&mut self.f, Kind::Criterion, criterion);
        }
        let transition = s.maybe_text(&mut self.f, "transition");
        if let Some(transition) = &transition {
            self.names.refer(&mut self.f, Kind::Transition, transition);
        }
        let sides =
            answers.len() + usize::from(criterion.is_some()) + usize::from(transition.is_some());
        if sides < 2 {
            self.f.add_absence(
                s.at(),
                "a contradiction has two sides; name two of answers, criterion, transition",
            );
        }
        Contradiction {
            id: id.value,
            text,
            answers,
            criterion: criterion.map(|t| CriterionId(t.value)),
            transition: transition.map(|t| TransitionId(t.value)),
        }
    }

    /// An answer that a field can give: one of its choices, or yes or no.
    pub(super) fn answer(&mut self, s: &mut Section<'_, '_>, fields: &[Field]) -> Answer {
        let field = s.text(&mut self.f, "field");
        let answer = s.text(&mut self.f, "answer");
        if self.names.refer(&mut self.f, Kind::Field, &field) && !answer.value.is_empty() {
            let kind = fields
                .iter()
                .find(|f| f.id.as_str() == field.value)
                .map(|f| &f.kind);
            let can = match kind {
                Some(FieldKind::Choice(choices) | FieldKind::Choices(choices)) => {
                    choices.iter().map(|c| c.id.as_str()).collect()
                }
                Some(FieldKind::YesNo) => vec!["yes", "no"],
                Some(
                    FieldKind::Line
                    | FieldKind::Paragraph
                    | FieldKind::Person
                    | FieldKind::Time
                    | FieldKind::Link
                    | FieldKind::Upload,
                )
                | None => Vec::new(),
            };
            if !can.contains(&answer.value.as_str()) {
                let message = format!(
                    "field `{}` has no answer `{}`; it can be {}",
                    field.value,
                    answer.value,
                    if can.is_empty() {
                        "any text, so no rule can name one".to_owned()
                    } else {
                        can.join(", ")
                    }
                );
                self.f.add_absence(answer.at, message);
            }
        }
        Answer {
            field: FieldId(field.value),
            answer: answer.value,
        }
    }
}
