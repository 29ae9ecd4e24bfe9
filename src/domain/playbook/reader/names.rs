//! The ids a file declares, with their places, and the references to them.

use crate::domain::playbook::fault::{Faults, nearest, position};
use crate::domain::playbook::section::Text;
use std::collections::BTreeMap;

/// What an id is an id of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::domain::playbook) enum Kind {
    Stage,
    Transition,
    Criterion,
    Field,
    Gate,
    Outcome,
    Action,
    Evidence,
    Recovery,
    Communication,
    Wording,
    Review,
    Clock,
    Contradiction,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::Transition => "transition",
            Self::Criterion => "criterion",
            Self::Field => "field",
            Self::Gate => "gate",
            Self::Outcome => "outcome",
            Self::Action => "containment action",
            Self::Evidence => "evidence",
            Self::Recovery => "recovery path",
            Self::Communication => "communication rule",
            Self::Wording => "wording list",
            Self::Review => "review item",
            Self::Clock => "clock",
            Self::Contradiction => "contradiction",
        }
    }
}

#[derive(Debug, Default)]
pub(in crate::domain::playbook) struct Names {
    declared: BTreeMap<(Kind, String), usize>,
    /// Each way in: its place and whether it has a condition.
    entries: Vec<(usize, bool)>,
}

impl Names {
    /// Takes an id in; a second one of the same kind is a fault.
    pub fn declare(&mut self, f: &mut Faults<'_>, kind: Kind, id: &Text) {
        if id.value.is_empty() {
            return;
        }
        if let Some(first) = self.declared.get(&(kind, id.value.clone())) {
            let (line, _) = position(f.text(), *first);
            let message = format!(
                "{} `{}` stands already on line {line}; give this one another id",
                kind.word(),
                id.value
            );
            f.add(id.at, message);
            return;
        }
        self.declared.insert((kind, id.value.clone()), id.at);
    }

    /// Proves a reference; whether it holds.
    pub fn refer(&mut self, f: &mut Faults<'_>, kind: Kind, id: &Text) -> bool {
        if id.value.is_empty() {
            return false;
        }
        if self.place(kind, &id.value).is_some() {
            return true;
        }
        let known = self
            .declared
            .keys()
            .filter(|(k, _)| *k == kind)
            .map(|(_, id)| id.as_str());
        let mend = nearest(&id.value, known).map_or_else(
            || "declare it or mend the reference".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        f.add_absence(id.at, format!("no {} `{}`; {mend}", kind.word(), id.value));
        false
    }

    /// Where an id is declared.
    pub fn place(&self, kind: Kind, id: &str) -> Option<usize> {
        self.declared.get(&(kind, id.to_owned())).copied()
    }

    pub fn entry(&mut self, at: usize, has_condition: bool) {
        self.entries.push((at, has_condition));
    }

    pub fn entries(&self) -> &[(usize, bool)] {
        &self.entries
    }
}
