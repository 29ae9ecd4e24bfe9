//! The people directory against what is known: who is new, changed or gone, and what a person must decide first.
//! Pure: it is told both sides, and plans; nothing is linked here.

#[cfg(test)]
mod tests;

use super::ids::PersonId;
use std::collections::{BTreeMap, BTreeSet};

/// What a person is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// `upn`, `sid`, `name`, `reference` or `account`.
    pub kind: &'static str,
    /// In the form that is compared: lower case, but for SIDs, references and account ids.
    pub value: String,
}

/// One line of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it stands in the file.
    pub line: u64,
    /// The directory's own key for the person; it does not change.
    pub key: String,
    pub name: Option<String>,
    pub department: Option<String>,
    /// The key of another person.
    pub line_manager: Option<String>,
    pub identities: Vec<Identity>,
}

/// A person as the store knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    pub key: Option<String>,
    pub name: Option<String>,
    pub department: Option<String>,
    pub line_manager: Option<PersonId>,
    /// Stands in the history or the access log: their number there never changes.
    pub acted: bool,
}

/// All persons and what they are known by.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    pub persons: BTreeMap<PersonId, Known>,
    pub identities: BTreeMap<Identity, PersonId>,
}

/// What is to be done for one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub listed: Listed,
    /// `None` for a new person.
    pub person: Option<PersonId>,
    /// Others who are the same person; only where the import was told to join them.
    pub joins: Vec<PersonId>,
    /// Identities that become theirs, and whose they were.
    pub links: Vec<(Identity, Option<PersonId>)>,
    /// What is different now, in words; empty where nothing is.
    pub changes: Vec<String>,
}

/// Something that keeps the whole file out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub line: u64,
    pub text: String,
}

/// The whole import, ready to be told or carried out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    pub rows: Vec<Planned>,
    /// Persons of an earlier import who are not in this one: key, and name. They are kept.
    pub gone: Vec<(String, Option<String>)>,
    /// In the file's order; nothing is imported while there is one.
    pub faults: Vec<Fault>,
}

/// Plans an import. `join` says that persons who share a line are one.
pub fn plan(listed: &[Listed], known: &Directory, join: bool) -> Plan {
    let planner = Planner::new(listed, known);
    let mut plan = Plan {
        gone: planner.gone(),
        ..Plan::default()
    };
    let mut taken = planner.by_key.values().copied().collect();
    for row in listed {
        planner.check_manager(row, &mut plan.faults);
        let mut persons = planner.persons(row, &taken);
        taken.extend(persons.iter().copied());
        let person = planner.kept(&persons);
        persons.retain(|p| Some(*p) != person);
        if !persons.is_empty() {
            let fault = planner.not_joined(row, person, &persons, join);
            plan.faults.extend(fault);
        }
        plan.rows.push(planner.planned(row, person, persons));
    }
    // Only now is every line's person known, and with it every line manager.
    let managers: BTreeMap<String, Option<PersonId>> = plan
        .rows
        .iter()
        .map(|row| (row.listed.key.clone(), row.person))
        .collect();
    for row in &mut plan.rows {
        row.changes.extend(planner.manager_change(row, &managers));
    }
    plan.faults.sort();
    plan
}

struct Planner<'a> {
    known: &'a Directory,
    keys: BTreeSet<&'a str>,
    /// Persons known under a key that the file has.
    by_key: BTreeMap<&'a str, PersonId>,
}

impl<'a> Planner<'a> {
    fn new(listed: &'a [Listed], known: &'a Directory) -> Self {
        let keys: BTreeSet<&str> = listed.iter().map(|row| row.key.as_str()).collect();
        let by_key = known
            .persons
            .iter()
            .filter_map(|(id, person)| Some((person.key.as_deref()?, *id)))
            .filter(|(key, _)| keys.contains(key))
            .collect();
        Self {
            known,
            keys,
            by_key,
        }
    }

    fn gone(&self) -> Vec<(String, Option<String>)> {
        let listed_before = self.known.persons.values();
        listed_before
            .filter_map(|p| Some((p.key.clone()?, p.name.clone())))
            .filter(|(key, _)| !self.keys.contains(key.as_str()))
            .collect()
    }

    /// Who this line is about: the person of its key, and whoever its identities belong to but no other line has.
    fn persons(&self, row: &Listed, taken: &BTreeSet<PersonId>) -> Vec<PersonId> {
        let own = self.by_key.get(row.key.as_str()).copied();
        let linked = row
            .identities
            .iter()
            .filter_map(|identity| self.known.identities.get(identity).copied())
            .filter(|person| !taken.contains(person));
        let mut found: Vec<PersonId> = own.into_iter().collect();
        for person in linked {
            if !found.contains(&person) {
                found.push(person);
            }
        }
        found
    }

    /// The one that stays: whoever stands in the history, else whom the directory knows, else the first.
    fn kept(&self, persons: &[PersonId]) -> Option<PersonId> {
        let rank = |id: &PersonId| {
            let known = self.known.persons.get(id);
            let acted = known.is_some_and(|p| p.acted);
            (!acted, known.is_none_or(|p| p.key.is_none()), *id)
        };
        persons.iter().copied().min_by_key(rank)
    }

    fn not_joined(
        &self,
        row: &Listed,
        person: Option<PersonId>,
        others: &[PersonId],
        join: bool,
    ) -> Option<Fault> {
        let acted = |id: &PersonId| self.known.persons.get(id).is_some_and(|p| p.acted);
        let all: Vec<String> = person
            .iter()
            .chain(others)
            .map(|id| self.described(*id))
            .collect();
        let all = all.join(" and ");
        let text = if others.iter().any(acted) {
            format!(
                "{all} have both acted under a number of their own, which the history keeps: they cannot be joined. \
                 Give the second one a line of its own"
            )
        } else if join {
            return None;
        } else {
            format!(
                "says that {all} are one person. If they are, import with --merge; if not, mend the line"
            )
        };
        Some(Fault {
            line: row.line,
            text,
        })
    }

    /// A person by what they are known by.
    fn described(&self, id: PersonId) -> String {
        let identities = self.known.identities.iter();
        let known: Vec<String> = identities
            .filter(|(_, person)| **person == id)
            .map(|(identity, _)| format!("{} {}", identity.kind, identity.value))
            .collect();
        format!("{id} ({})", known.join(", "))
    }

    fn check_manager(&self, row: &Listed, faults: &mut Vec<Fault>) {
        let Some(manager) = &row.line_manager else {
            return;
        };
        let text = if *manager == row.key {
            "line_manager is the person's own key".to_owned()
        } else if !self.keys.contains(manager.as_str()) && self.known_by(manager).is_none() {
            format!(
                "line_manager {manager} has no line in the file and is not known. Add the line, or leave it empty"
            )
        } else {
            return;
        };
        faults.push(Fault {
            line: row.line,
            text,
        });
    }

    fn known_by(&self, key: &str) -> Option<PersonId> {
        let mut persons = self.known.persons.iter();
        let found = persons.find(|(_, person)| person.key.as_deref() == Some(key))?;
        Some(*found.0)
    }

    fn planned(&self, row: &Listed, person: Option<PersonId>, joins: Vec<PersonId>) -> Planned {
        let mut links = Vec::new();
        for identity in &row.identities {
            let was = self.known.identities.get(identity).copied();
            if was.is_none() || was != person {
                links.push((identity.clone(), was));
            }
        }
        let changes = match person.and_then(|id| self.known.persons.get(&id)) {
            None => Vec::new(),
            Some(before) => changes(row, before, &links, joins.len()),
        };
        Planned {
            listed: row.clone(),
            person,
            joins,
            links,
            changes,
        }
    }

    fn manager_change(
        &self,
        row: &Planned,
        managers: &BTreeMap<String, Option<PersonId>>,
    ) -> Option<String> {
        let before = self.known.persons.get(&row.person?)?.line_manager;
        let wanted = row.listed.line_manager.as_ref();
        let now = wanted.and_then(|key| match managers.get(key) {
            Some(person) => *person,
            None => self.known_by(key),
        });
        // A line manager who is new has no number yet.
        let new = wanted.is_some() && now.is_none();
        (before != now || new).then(|| "line manager".to_owned())
    }
}

fn changes(
    row: &Listed,
    before: &Known,
    links: &[(Identity, Option<PersonId>)],
    joins: usize,
) -> Vec<String> {
    let key = before.key.as_deref();
    let mut changes = Vec::new();
    match key {
        None => changes.push("now in the directory".to_owned()),
        Some(key) if key != row.key => changes.push(format!("key, was {key}")),
        Some(_) => {}
    }
    if before.name != row.name {
        changes.push("name".to_owned());
    }
    if before.department != row.department {
        changes.push("department".to_owned());
    }
    changes.extend(links.iter().map(|(identity, was)| match was {
        Some(was) => format!("{} {}, was of {was}", identity.kind, identity.value),
        None => format!("{} {}", identity.kind, identity.value),
    }));
    if joins > 0 {
        changes.push(format!("joined with {joins} other"));
    }
    changes
}
