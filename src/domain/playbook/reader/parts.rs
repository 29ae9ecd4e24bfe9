//! Reads stages, criteria and fields.

use super::names::Kind;
use super::{Offers, Reader};
use crate::domain::alert::Severity;
use crate::domain::ids::{ChannelKey, CriterionId, DoneId, FieldId, StageId};
use crate::domain::playbook::definition::{
    Choice, Criterion, Done, Field, FieldKind, ImmediateAction, ShownFact, Stage,
};
use crate::domain::playbook::facts::{PREFILLS, known_path};
use crate::domain::playbook::section::{Section, Text, word_of};
use crate::domain::reach::{IDLE_AFTER, MANAGER_AFTER};
use crate::domain::role::Role;
use chrono::TimeDelta;

/// Discord's limits on a form: a label, its description, an option, the options of a menu.
const LABEL: usize = 45;
const HELP: usize = 100;
const OPTION: usize = 100;
const OPTIONS: usize = 25;
const TITLE: usize = 80;

impl Reader<'_> {
    pub(super) fn roles(&mut self, s: &mut Section<'_, '_>, key: &'static str) -> Vec<Role> {
        let found = s.texts(&mut self.f, key);
        if s.has(key) && found.is_empty() {
            let at = s.place(key);
            self.f
                .add_absence(at, format!("`{key}` is empty; name at least one role"));
        }
        self.roles_of(key, &found)
    }

    pub(super) fn maybe_roles(&mut self, s: &mut Section<'_, '_>, key: &'static str) -> Vec<Role> {
        let found = s.maybe_texts(&mut self.f, key);
        self.roles_of(key, &found)
    }

    fn roles_of(&mut self, key: &str, found: &[Text]) -> Vec<Role> {
        found
            .iter()
            .filter_map(|one| {
                word_of(
                    &mut self.f,
                    &format!("role in `{key}`:"),
                    one,
                    &role_words(),
                )
            })
            .collect()
    }

    pub(super) fn role(&mut self, s: &mut Section<'_, '_>, key: &'static str) -> Role {
        s.one_of(&mut self.f, key, &role_words())
            .unwrap_or(Role::Admin)
    }

    pub(super) fn stage(&mut self, s: &mut Section<'_, '_>, fields: &[Field]) -> Stage {
        let id = s.id(&mut self.f);
        self.names.declare(&mut self.f, Kind::Stage, &id);
        let idle_after = s.maybe_duration(&mut self.f, "idle_after");
        Stage {
            title: s.short(&mut self.f, "title", TITLE),
            channel: ChannelKey(s.text(&mut self.f, "channel").value),
            role: self.role(s, "role"),
            owner: s.text(&mut self.f, "owner").value,
            accept_within: s.duration(&mut self.f, "accept_within"),
            claim_within: s.maybe_duration(&mut self.f, "claim_within"),
            claim_by_severity: self.claim_by_severity(s),
            idle_after,
            release_after: self.release_after(s, idle_after),
            snooze_at_most: s.maybe_duration(&mut self.f, "snooze_at_most"),
            manager_after: self.manager_after(s),
            thread: s.flag(&mut self.f, "thread", false),
            done: self.done(s),
            do_not_touch: s.maybe_text(&mut self.f, "do_not_touch").map(|t| t.value),
            immediate: self.each(s, "immediate", |r, s| r.immediate(s, fields)),
            id: StageId(id.value),
        }
    }

    /// A time for each severity that has its own.
    fn claim_by_severity(&mut self, s: &mut Section<'_, '_>) -> Vec<(Severity, TimeDelta)> {
        let Some(mut section) = s.section(&mut self.f, "claim_by_severity") else {
            return Vec::new();
        };
        let found = Severity::ALL.into_iter().filter_map(|severity| {
            let within = section.maybe_duration(&mut self.f, severity.key())?;
            Some((severity, within))
        });
        let found = found.collect();
        section.finish(&mut self.f);
        found
    }

    /// Nobody is released before they were told.
    fn release_after(
        &mut self,
        s: &mut Section<'_, '_>,
        idle: Option<TimeDelta>,
    ) -> Option<TimeDelta> {
        let after = s.maybe_duration(&mut self.f, "release_after")?;
        if after <= idle.unwrap_or(IDLE_AFTER) {
            let at = s.place("release_after");
            self.f.add(
                at,
                "`release_after` is not longer than `idle_after`; whoever holds it is reminded first",
            );
        }
        Some(after)
    }

    fn manager_after(&mut self, s: &mut Section<'_, '_>) -> u32 {
        if !s.has("manager_after") {
            s.knows("manager_after");
            return MANAGER_AFTER;
        }
        let times = s.number(&mut self.f, "manager_after", (1, 20));
        u32::try_from(times).unwrap_or(MANAGER_AFTER)
    }

    fn done(&mut self, s: &mut Section<'_, '_>) -> Vec<Done> {
        let mut seen: Vec<String> = Vec::new();
        let mut found = Vec::new();
        for mut one in s.sections(&mut self.f, "done") {
            let id = one.id(&mut self.f);
            if seen.contains(&id.value) {
                let message = format!(
                    "`{}` stands twice in this stage; give it another id",
                    id.value
                );
                self.f.add(id.at, message);
            }
            seen.push(id.value.clone());
            found.push(Done {
                id: DoneId(id.value),
                text: one.text(&mut self.f, "text").value,
            });
            one.finish(&mut self.f);
        }
        if found.is_empty() {
            let at = s.place("done");
            self.f.add_absence(
                at,
                "the stage has no definition of done; add at least one line",
            );
        }
        found
    }

    fn immediate(&mut self, s: &mut Section<'_, '_>, fields: &[Field]) -> ImmediateAction {
        let id = s.id(&mut self.f);
        let text = s.text(&mut self.f, "text").value;
        let field = s.text(&mut self.f, "field");
        if self.names.refer(&mut self.f, Kind::Field, &field)
            && fields
                .iter()
                .any(|f| f.id.as_str() == field.value && f.kind != FieldKind::YesNo)
        {
            let message = format!(
                "field `{}` takes no yes or no; make its kind yes_no",
                field.value
            );
            self.f.add(field.at, message);
        }
        ImmediateAction {
            id: id.value,
            text,
            field: FieldId(field.value),
        }
    }

    pub(super) fn criterion(&mut self, s: &mut Section<'_, '_>) -> Criterion {
        let id = s.id(&mut self.f);
        self.names.declare(&mut self.f, Kind::Criterion, &id);
        Criterion {
            text: s.text(&mut self.f, "text").value,
            mandatory: s.flag(&mut self.f, "mandatory", false),
            needs_pattern: s.flag(&mut self.f, "needs_pattern", false),
            when: self.maybe_expr(s, "when"),
            facts: self.each(s, "facts", Self::shown_fact),
            id: CriterionId(id.value),
        }
    }

    fn shown_fact(&mut self, s: &mut Section<'_, '_>) -> ShownFact {
        let label = s.text(&mut self.f, "label").value;
        let path = s.text(&mut self.f, "value");
        if !path.value.is_empty() && !known_path(&path.value) {
            let message = format!("no fact `{}`; give a path such as alert.label", path.value);
            self.f.add(path.at, message);
        }
        ShownFact {
            label,
            path: path.value,
        }
    }

    pub(super) fn field(&mut self, s: &mut Section<'_, '_>, offers: &Offers) -> Field {
        let id = s.id(&mut self.f);
        self.names.declare(&mut self.f, Kind::Field, &id);
        let title = s.short(&mut self.f, "title", LABEL);
        let help = s.short(&mut self.f, "help", HELP);
        let kind = self.field_kind(s, offers);
        Field {
            prefill: self.prefill(s, kind.as_ref()),
            title,
            help,
            kind: kind.unwrap_or(FieldKind::Line),
            may_be_not_applicable: s.flag(&mut self.f, "may_be_not_applicable", false),
            may_be_silent: s.flag(&mut self.f, "may_be_silent", false),
            wording: s.flag(&mut self.f, "wording", false),
            audience: self.roles(s, "audience"),
            id: FieldId(id.value),
        }
    }

    fn field_kind(&mut self, s: &mut Section<'_, '_>, offers: &Offers) -> Option<FieldKind> {
        let set = [
            ("line", Kinds::Plain(&FieldKind::Line)),
            ("paragraph", Kinds::Plain(&FieldKind::Paragraph)),
            ("choice", Kinds::Choice),
            ("choices", Kinds::Choices),
            ("outcome", Kinds::Outcome),
            ("containment", Kinds::Containment),
            ("recovery", Kinds::Recovery),
            ("person", Kinds::Plain(&FieldKind::Person)),
            ("time", Kinds::Plain(&FieldKind::Time)),
            ("link", Kinds::Plain(&FieldKind::Link)),
            ("yes_no", Kinds::Plain(&FieldKind::YesNo)),
            ("upload", Kinds::Plain(&FieldKind::Upload)),
        ];
        let kind = s.one_of(&mut self.f, "kind", &set)?;
        let at = s.place("kind");
        match kind {
            Kinds::Choice => Some(FieldKind::Choice(self.choices(s))),
            Kinds::Choices => Some(FieldKind::Choices(self.choices(s))),
            Kinds::Outcome => {
                let choices = self.offered(at, "outcomes", &offers.outcomes);
                Some(FieldKind::Choice(choices))
            }
            Kinds::Containment => {
                let choices = self.offered(at, "containment", &offers.containment);
                Some(FieldKind::Choices(choices))
            }
            Kinds::Recovery => {
                let choices = self.offered(at, "recovery", &offers.recovery);
                Some(FieldKind::Choice(choices))
            }
            Kinds::Plain(kind) => {
                if *kind == FieldKind::Upload && !offers.uploads {
                    self.f.add(
                        at,
                        "a field takes a file, but the playbook says uploads = false; change one of them",
                    );
                }
                Some(kind.clone())
            }
        }
    }

    /// The entries of a list of the playbook, as choices.
    fn offered(&mut self, at: usize, key: &str, from: &[(String, String)]) -> Vec<Choice> {
        if from.is_empty() {
            self.f.add_absence(
                at,
                format!("there is nothing to choose from; add [[{key}]]"),
            );
        }
        self.few_enough(at, from.len());
        from.iter()
            .map(|(id, title)| Choice {
                id: id.clone(),
                title: title.clone(),
            })
            .collect()
    }

    fn few_enough(&mut self, at: usize, count: usize) {
        if count > OPTIONS {
            self.f.add(
                at,
                format!("{count} choices; a form shows {OPTIONS}, so split the field"),
            );
        }
    }

    fn choices(&mut self, s: &mut Section<'_, '_>) -> Vec<Choice> {
        let found = self.each(s, "choices", |r, s| {
            let id = s.id(&mut r.f);
            let title = s.short(&mut r.f, "title", OPTION);
            (id, title)
        });
        let at = s.place("choices");
        if found.is_empty() {
            self.f
                .add_absence(at, "there is nothing to choose from; add `choices`");
        }
        self.few_enough(at, found.len());
        for (i, (id, _)) in found.iter().enumerate() {
            if found
                .iter()
                .take(i)
                .any(|(earlier, _)| earlier.value == id.value)
            {
                self.f.add(
                    id.at,
                    format!("choice `{}` stands twice; give it another id", id.value),
                );
            }
        }
        found
            .into_iter()
            .map(|(id, title)| Choice {
                id: id.value,
                title,
            })
            .collect()
    }

    fn prefill(&mut self, s: &mut Section<'_, '_>, kind: Option<&FieldKind>) -> Option<String> {
        let path = s.maybe_text(&mut self.f, "prefill")?;
        if !PREFILLS.contains(&path.value.as_str()) {
            let message = format!(
                "nothing is prefilled from `{}`; use one of {}",
                path.value,
                PREFILLS.join(", ")
            );
            self.f.add(path.at, message);
            return None;
        }
        let fits = match kind {
            Some(FieldKind::Link) => path.value == "alert.source_url",
            Some(FieldKind::Time) => path.value == "alert.detected_at",
            Some(FieldKind::Line | FieldKind::Paragraph | FieldKind::Person) | None => true,
            Some(
                FieldKind::Choice(_) | FieldKind::Choices(_) | FieldKind::YesNo | FieldKind::Upload,
            ) => false,
        };
        if !fits {
            let message = format!(
                "`{}` does not fit a field of this kind; remove the prefill",
                path.value
            );
            self.f.add(path.at, message);
        }
        Some(path.value)
    }
}

#[derive(Clone, Copy)]
enum Kinds<'k> {
    Plain(&'k FieldKind),
    Choice,
    Choices,
    Outcome,
    Containment,
    Recovery,
}

fn role_words() -> [(&'static str, Role); 11] {
    Role::ALL.map(|role| (role.key(), role))
}
