//! Reads a playbook from its text, strictly: every fault at once, each at its line and column.
//! No IO; whoever has the file names it beside the fault.

mod catalogue;
pub(super) mod names;
mod parts;
mod transitions;

use super::check;
use super::criterion::Expr;
use super::definition::{Entry, Playbook, Status};
use super::fault::{Fault, Faults};
use super::rules::{COUNTED, PatternRules, Repeat};
use super::section::{Section, Text};
use crate::domain::ids::{CriterionId, PlaybookId, StageId};
use chrono::TimeDelta;
use names::{Kind, Names};
use toml::de::DeTable;

/// Where a playbook does not say how long a second look may wait.
const SECOND_LOOK_WITHIN: TimeDelta = TimeDelta::days(2);

/// The playbook, or all that is wrong with it.
pub fn read(text: &str) -> Result<Playbook, Vec<Fault>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut f = Faults::of(text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        f.add_unparsed(at, format!("the file is no TOML here: {}", error.message()));
    }
    let mut reader = Reader {
        f,
        names: Names::default(),
    };
    let playbook = reader.playbook(Section::root(table.get_ref()));
    let Reader { mut f, names } = reader;
    check::check(&mut f, &names, &playbook);
    let faults = f.sorted();
    if faults.is_empty() {
        Ok(playbook)
    } else {
        Err(faults)
    }
}

/// What a field may be made of that stands elsewhere in the file: ids with titles.
struct Offers {
    uploads: bool,
    outcomes: Vec<(String, String)>,
    containment: Vec<(String, String)>,
    recovery: Vec<(String, String)>,
}

/// The faults so far and the ids that are declared. Parts are read in the order in which they are referred to.
struct Reader<'t> {
    f: Faults<'t>,
    names: Names,
}

impl Reader<'_> {
    fn playbook(&mut self, mut s: Section<'_, '_>) -> Playbook {
        let outcomes = self.each(&mut s, "outcomes", Self::outcome);
        let criteria = self.each(&mut s, "criteria", Self::criterion);
        let offers = Offers {
            uploads: s.flag(&mut self.f, "uploads", false),
            outcomes: s.titles("outcomes"),
            containment: s.titles("containment"),
            recovery: s.titles("recovery"),
        };
        let fields = self.each(&mut s, "fields", |r, s| r.field(s, &offers));
        let evidence = self.each(&mut s, "evidence", Self::evidence);
        let gates = self.each(&mut s, "gates", |r, s| r.gate(s, &fields));
        let gates = gates.into_iter().flatten().collect();
        let containment = self.each(&mut s, "containment", Self::action);
        let recovery = self.each(&mut s, "recovery", Self::recovery_path);
        let stages = self.each(&mut s, "stages", |r, s| r.stage(s, &fields));
        let transitions = self.each(&mut s, "transitions", |r, s| r.transition(s, &criteria));
        let contradictions =
            self.each(&mut s, "contradictions", |r, s| r.contradiction(s, &fields));
        let entries = self.each(&mut s, "entries", Self::entry);
        let playbook = Playbook {
            id: PlaybookId(s.id(&mut self.f).value),
            title: s.short(&mut self.f, "title", 80),
            version: s.short(&mut self.f, "version", 40),
            status: self.status(&mut s),
            owner: s.text(&mut self.f, "owner").value,
            reviewed_on: s.date(&mut self.f, "reviewed_on"),
            summary: s.text(&mut self.f, "summary").value,
            uploads: offers.uploads,
            approvers: self.roles(&mut s, "approvers"),
            takes: self.takes(&mut s),
            entries,
            repeat: self.repeat(&mut s),
            second_look_percent: u8::try_from(s.number(
                &mut self.f,
                "second_look_percent",
                (0, 100),
            ))
            .unwrap_or_default(),
            second_look_within: s
                .maybe_duration(&mut self.f, "second_look_within")
                .unwrap_or(SECOND_LOOK_WITHIN),
            patterns: self.patterns(&mut s),
            dismissed_kept_for_days: s.number(&mut self.f, "dismissed_kept_for_days", (1, 36_500)),
            stages,
            transitions,
            criteria,
            fields,
            outcomes,
            gates,
            contradictions,
            containment,
            evidence,
            recovery,
            communication: self.each(&mut s, "communication", Self::communication_rule),
            wording: self.each(&mut s, "wording", Self::wording),
            review: self.each(&mut s, "review", Self::review_item),
            thresholds: self.each(&mut s, "thresholds", Self::threshold),
            clocks: self.each(&mut s, "clocks", Self::clock),
        };
        s.finish(&mut self.f);
        playbook
    }

    /// Reads each table of a list, to its last key.
    fn each<T>(
        &mut self,
        from: &mut Section<'_, '_>,
        key: &'static str,
        read: impl Fn(&mut Self, &mut Section<'_, '_>) -> T,
    ) -> Vec<T> {
        let mut found = Vec::new();
        for mut section in from.sections(&mut self.f, key) {
            found.push(read(self, &mut section));
            section.finish(&mut self.f);
        }
        found
    }

    fn status(&mut self, s: &mut Section<'_, '_>) -> Status {
        let set = [
            ("draft", Status::Draft),
            ("approved", Status::Approved),
            ("operational", Status::Operational),
            ("retired", Status::Retired),
        ];
        s.one_of(&mut self.f, "status", &set)
            .unwrap_or(Status::Draft)
    }

    fn takes(&mut self, s: &mut Section<'_, '_>) -> Option<Expr> {
        let mut section = s.section(&mut self.f, "takes")?;
        let found = section.text(&mut self.f, "when");
        let expr = self.expr(&found);
        section.finish(&mut self.f);
        expr
    }

    fn entry(&mut self, s: &mut Section<'_, '_>) -> Entry {
        let stage = s.text(&mut self.f, "stage");
        self.names.refer(&mut self.f, Kind::Stage, &stage);
        let because = s.text(&mut self.f, "because").value;
        let criterion = s.maybe_text(&mut self.f, "criterion");
        if let Some(criterion) = &criterion {
            self.names.refer(&mut self.f, Kind::Criterion, criterion);
        }
        let when = self.maybe_expr(s, "when");
        self.names.entry(s.at(), s.has("when"));
        Entry {
            stage: StageId(stage.value),
            when,
            because,
            criterion: criterion.map(|c| CriterionId(c.value)),
        }
    }

    fn repeat(&mut self, s: &mut Section<'_, '_>) -> Option<Repeat> {
        let mut section = s.section(&mut self.f, "repeat")?;
        let repeat = Repeat {
            window_days: section.number(&mut self.f, "window_days", (1, 3_650)),
            count: section.number(&mut self.f, "count", (2, COUNTED)),
            blocks_dismissal_from: section.number(
                &mut self.f,
                "blocks_dismissal_from",
                (2, COUNTED),
            ),
        };
        section.finish(&mut self.f);
        Some(repeat)
    }

    fn patterns(&mut self, s: &mut Section<'_, '_>) -> Option<PatternRules> {
        let mut section = s.section(&mut self.f, "patterns")?;
        let rules = PatternRules {
            propose: self.roles(&mut section, "propose"),
            approve: self.roles(&mut section, "approve"),
            longest_days: section.number(&mut self.f, "longest_days", (1, 3_650)),
        };
        section.finish(&mut self.f);
        Some(rules)
    }

    fn maybe_expr(&mut self, s: &mut Section<'_, '_>, key: &'static str) -> Option<Expr> {
        let found = s.maybe_text(&mut self.f, key)?;
        self.expr(&found)
    }

    fn expr(&mut self, found: &Text) -> Option<Expr> {
        if found.value.is_empty() {
            return None;
        }
        match Expr::parse(&found.value) {
            Ok(expr) => Some(expr),
            Err(faults) => {
                for fault in faults {
                    self.f.add(found.place(fault.at), fault.message);
                }
                None
            }
        }
    }
}
