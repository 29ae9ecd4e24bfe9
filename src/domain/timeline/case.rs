//! What the case gathered, told: notes, corrections beside what they correct, links to what the reader may know of.

use super::{Line, Recorded, Teller};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Event, Quoted};
use crate::domain::record::shown_time;
use std::collections::BTreeSet;

/// The label of what somebody said.
pub(super) const IN_WORDS: &str = "In words";
const BEFORE: &str = "Before";
const CORRECTED: &str = "Corrected";
const CORRECTS: &str = "corrected";

/// The entries that name an incident that the reader may not know of, and what corrects them.
pub(super) fn hidden(history: &[Recorded], others: &BTreeSet<IncidentId>) -> BTreeSet<i64> {
    let mut hidden = BTreeSet::new();
    for recorded in history {
        let named = recorded.event.as_ref().and_then(|e| names(e.judge()));
        let corrects = correction(recorded).map(|(_, corrected)| corrected);
        if named.is_some_and(|other| !others.contains(&other))
            || corrects.is_some_and(|corrected| hidden.contains(&corrected))
        {
            hidden.insert(recorded.number);
        }
    }
    hidden
}

/// The other incident that an event names.
pub const fn names(event: &Event) -> Option<IncidentId> {
    match event {
        Event::Linked { other, .. }
        | Event::SplitOff { into: other, .. }
        | Event::SplitFrom { from: other, .. } => Some(*other),
        Event::Opened { .. }
        | Event::AlertAttached { .. }
        | Event::AlertRepeated { .. }
        | Event::Claimed
        | Event::Offered { .. }
        | Event::Accepted { .. }
        | Event::Returned { .. }
        | Event::Ended { .. }
        | Event::Raised { .. }
        | Event::Reach(_)
        | Event::Governed(_)
        | Event::Dismissal(_)
        | Event::Proposed { .. }
        | Event::Agreed { .. }
        | Event::Refused { .. }
        | Event::Engaged { .. }
        | Event::Answered { .. }
        | Event::ContainmentProposed { .. }
        | Event::ContainmentAuthorised { .. }
        | Event::ContainmentReported { .. }
        | Event::GateOverridden { .. }
        | Event::StatusSet { .. }
        | Event::Reminded { .. }
        | Event::Reopened { .. }
        | Event::Routed { .. }
        | Event::Noted { .. } => None,
    }
}

/// The number of a correction, and of the entry that it corrects.
pub(super) fn correction(recorded: &Recorded) -> Option<(i64, i64)> {
    if let Event::Noted { corrects, .. } = recorded.event.as_ref()?.judge() {
        corrects.map(|corrected| (recorded.number, corrected))
    } else {
        None
    }
}

/// Old and new are read beside each other, whichever of the two one finds; the old one keeps its own words.
pub(super) fn set_beside(told: &mut [Line], correction: i64, corrected: i64) {
    let place = |entry: i64| told.iter().position(|line| line.entry == entry);
    let (Some(new), Some(old)) = (place(correction), place(corrected)) else {
        return;
    };
    let words = |line: &Line| {
        let mut details = line.details.iter();
        details
            .find(|(label, _)| label == IN_WORDS)
            .map(|(_, words)| words.clone())
    };
    let number = |at: usize| told.get(at).map_or(0, |line| line.number);
    let (new_number, old_number) = (number(new), number(old));
    let after = told.get(new).and_then(words);
    let before = told
        .get(old)
        .map(|line| words(line).unwrap_or_else(|| line.what.clone()));
    if let Some(line) = told.get_mut(new) {
        line.what = line
            .what
            .replacen(CORRECTS, &format!("{CORRECTS} entry {old_number}"), 1);
        if after.is_some() {
            line.details.extend(before.map(|b| (BEFORE.to_owned(), b)));
        }
    }
    if let Some(line) = told.get_mut(old) {
        line.what = format!("{} · corrected in entry {new_number}", line.what);
        line.details
            .extend(after.map(|a| (CORRECTED.to_owned(), a)));
    }
}

impl Teller<'_> {
    /// What the case gathered.
    pub(super) fn tell_case(&self, event: &Event, line: &mut Line) {
        if let Event::Noted {
            text,
            happened_at,
            corrects,
            quoted,
        } = event
        {
            let mut what = match (quoted, corrects) {
                (Some(quoted), _) => self.quoted(quoted),
                (None, Some(_)) => CORRECTS.to_owned(),
                (None, None) => "noted".to_owned(),
            };
            if let Some(at) = happened_at {
                let at = shown_time(*at, self.zone);
                what = format!("{what} afterwards what happened at {at}");
            }
            self.reasoned(line, &what, text);
        }
        if let Event::Linked { other, reason } = event {
            self.reasoned(line, &format!("linked it with {other}"), reason);
        }
        if let Event::SplitOff {
            into,
            alerts,
            reason,
            criteria,
            ..
        } = event
        {
            let alerts: Vec<String> = alerts.iter().map(ToString::to_string).collect();
            let what = format!("split {} off into {into}", alerts.join(", "));
            line.on = self.met(criteria);
            self.reasoned(line, &what, reason);
        }
        if let Event::SplitFrom { from, reason } = event {
            self.reasoned(line, &format!("split it off {from}"), reason);
        }
    }

    fn quoted(&self, quoted: &Quoted) -> String {
        let author = quoted.author.map_or_else(
            || "somebody who is not known any more".to_owned(),
            |author| {
                let name = self.names.get(&author).cloned();
                name.unwrap_or_else(|| author.to_string())
            },
        );
        let at = shown_time(quoted.written_at, self.zone);
        format!("noted what {author} wrote in the thread at {at}")
    }
}
