//! What only the whole playbook shows: stages nobody reaches or leaves, entries nobody takes, records whose
//! receiver cannot read them. And notes, which are no faults.

use super::definition::{Field, Playbook, Transition, TransitionKind};
use super::facts::PATTERN_REFERENCE;
use super::fault::Faults;
use super::reader::names::{Kind, Names};
use super::rules::COUNTED;
use crate::domain::ids::StageId;
use crate::domain::pattern::reference_field;
use chrono::{Months, NaiveDate};

pub(super) fn check(f: &mut Faults<'_>, names: &Names, playbook: &Playbook) {
    entries(f, names);
    if playbook.stages.is_empty() {
        f.add_absence(0, "the playbook has no stage; add [[stages]]");
        return;
    }
    reach(f, names, playbook);
    ends(f, names, playbook);
    receivers(f, names, playbook);
    patterns(f, names, playbook);
}

/// A ground that rests on a pattern is one of a dismissal whose record names the pattern, in a playbook that knows patterns.
fn patterns(f: &mut Faults<'_>, names: &Names, playbook: &Playbook) {
    for criterion in playbook.criteria.iter().filter(|c| c.needs_pattern) {
        let at = names
            .place(Kind::Criterion, criterion.id.as_str())
            .unwrap_or_default();
        if playbook.patterns.is_none() {
            let message = format!(
                "criterion `{}` needs a pattern, and nothing says who may propose and approve one; add [patterns]",
                criterion.id
            );
            f.add_absence(at, message);
        }
        let users = playbook.transitions.iter();
        for t in users.filter(|t| t.criteria.contains(&criterion.id)) {
            let message = if t.kind != TransitionKind::Dismissal {
                format!(
                    "criterion `{}` needs a pattern, but `{}` is no dismissal; remove one of them",
                    criterion.id, t.id
                )
            } else if reference_field(t, playbook).is_none() {
                format!(
                    "criterion `{}` needs a pattern, but no field of `{}` names it; add one with prefill = \"{PATTERN_REFERENCE}\"",
                    criterion.id, t.id
                )
            } else {
                continue;
            };
            f.add_absence(at, message);
        }
    }
}

fn entries(f: &mut Faults<'_>, names: &Names) {
    let Some(((at, conditional), earlier)) = names.entries().split_last() else {
        f.add_absence(0, "nothing says where an incident starts; add [[entries]]");
        return;
    };
    if *conditional {
        f.add(
            *at,
            "the last entry takes what no other took; remove its `when`",
        );
    }
    for (at, _) in earlier.iter().filter(|(_, conditional)| !conditional) {
        f.add(
            *at,
            "an entry without `when` takes everything; make it the last",
        );
    }
}

fn reach(f: &mut Faults<'_>, names: &Names, playbook: &Playbook) {
    let mut reached: Vec<&StageId> = playbook.entries.iter().map(|e| &e.stage).collect();
    let mut grown = true;
    while grown {
        grown = false;
        for t in &playbook.transitions {
            if let Some(to) = &t.to
                && !reached.contains(&to)
                && t.from.iter().any(|from| reached.contains(&from))
            {
                reached.push(to);
                grown = true;
            }
        }
    }
    for stage in &playbook.stages {
        let at = names
            .place(Kind::Stage, stage.id.as_str())
            .unwrap_or_default();
        if !reached.contains(&&stage.id) {
            let message = format!(
                "no way leads to stage `{}`; add an entry or a handoff to it",
                stage.id
            );
            f.add_absence(at, message);
        }
        let leaves = |kind| kind != TransitionKind::Engagement;
        if !playbook.ways_out(&stage.id).any(|t| leaves(t.kind)) {
            let message = format!(
                "nobody can leave stage `{}`; add a transition from it",
                stage.id
            );
            f.add_absence(at, message);
        }
    }
}

/// Handoffs that only lead in a circle never end an incident.
fn ends(f: &mut Faults<'_>, names: &Names, playbook: &Playbook) {
    // A handoff whose target is wrong has its own fault; it may lead anywhere.
    let is_end = |t: &Transition| t.to.is_none() && t.kind != TransitionKind::Engagement;
    let mut ending: Vec<&StageId> = Vec::new();
    loop {
        let more = playbook.stages.iter().map(|s| &s.id).find(|id| {
            !ending.contains(id)
                && playbook
                    .ways_out(id)
                    .any(|t| is_end(t) || t.to.as_ref().is_some_and(|to| ending.contains(&to)))
        });
        match more {
            Some(id) => ending.push(id),
            None => break,
        }
    }
    for stage in playbook.stages.iter().filter(|s| !ending.contains(&&s.id)) {
        let at = names
            .place(Kind::Stage, stage.id.as_str())
            .unwrap_or_default();
        if playbook
            .ways_out(&stage.id)
            .any(|t| t.kind == TransitionKind::Handoff)
        {
            let message = format!(
                "from stage `{}` no way leads to an end; add a closure or a dismissal",
                stage.id
            );
            f.add_absence(at, message);
        }
    }
}

/// A record is handed over to be acted on: whoever works at the target must be able to read some of it.
fn receivers(f: &mut Faults<'_>, names: &Names, playbook: &Playbook) {
    for t in &playbook.transitions {
        let Some(target) = t.to.as_ref().and_then(|id| playbook.stage(id)) else {
            continue;
        };
        let mut record = t
            .record
            .iter()
            .filter_map(|id| playbook.field(id))
            .peekable();
        let reads =
            |field: &Field| field.audience.is_empty() || field.audience.contains(&target.role);
        if record.peek().is_some() && !record.any(reads) {
            let at = names
                .place(Kind::Transition, t.id.as_str())
                .unwrap_or_default();
            let message = format!(
                "`{}` hands a record to {role}, who may read none of it; add {role} to the audience of its fields",
                t.id,
                role = target.role
            );
            f.add_absence(at, message);
        }
    }
}

/// What the operator should know and no fault is: a review that is overdue, a number that is never reached.
pub fn notes(playbook: &Playbook, today: NaiveDate) -> Vec<String> {
    let mut notes = Vec::new();
    let due = playbook.reviewed_on.checked_add_months(Months::new(12));
    if let Some(due) = due.filter(|due| *due < today) {
        notes.push(format!(
            "{} was last reviewed on {}; the review was due on {due}. Review it and set `reviewed_on`.",
            playbook.title, playbook.reviewed_on
        ));
    }
    if playbook.reviewed_on > today {
        notes.push(format!(
            "{} says it was reviewed on {}, which is still to come. Mend `reviewed_on`.",
            playbook.title, playbook.reviewed_on
        ));
    }
    let entries = playbook.entries.iter().filter_map(|e| e.when.as_ref());
    let criteria = playbook.criteria.iter().filter_map(|c| c.when.as_ref());
    for when in playbook.takes.iter().chain(entries).chain(criteria) {
        if let Some(path) = when.beyond_count() {
            notes.push(format!(
                "{}: `{}` asks for more than is counted, so it says the same of everybody: `{path}` ends at {COUNTED}. \
                 Compare it with {COUNTED} at most, as in `{path} >= {COUNTED}`.",
                playbook.title,
                when.source()
            ));
        }
    }
    notes
}
