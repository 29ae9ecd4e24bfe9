//! The timeline: an incident's events as lines that people read, as far as their clearance goes.

mod case;
mod governed;
mod topic;

pub use case::names;
use case::{IN_WORDS, correction, hidden, set_beside};
pub use topic::{Shown, Topic};

use super::alert::Severity;
use super::governance::{Choice, Contact};
use super::ids::{CriterionId, DoneId, FieldId, IncidentId, PersonId, StageId};
use super::incident::{Dismissal, Event, Finding, ReachEvent};
use super::playbook::definition::{Field, Playbook};
use super::reach::{Told, Waits};
use super::record::{Entry, Origin, shown, shown_time};
use super::restricted::{Clearance, Level, Restricted};
use super::role::Role;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};

/// The label of a held or released item.
pub const ITEM: &str = "Item";

/// One entry of the history as the store gives it back. A purged payload is `None`.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Counts from 1 within the incident.
    pub number: i64,
    pub at: DateTime<Utc>,
    /// Zero for the program itself.
    pub by: PersonId,
    pub role: Option<Role>,
    pub kind: String,
    pub criterion: Option<CriterionId>,
    pub event: Option<Restricted<Event>>,
}

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As the reader counts: what they may not know of is not counted.
    pub number: i64,
    /// Its number in the history.
    pub entry: i64,
    pub at: DateTime<Utc>,
    pub by: PersonId,
    pub role: Option<Role>,
    /// What happened, a clause without the person: "offered to Investigation".
    pub what: String,
    /// The criteria it rests on, as sentences.
    pub on: Vec<String>,
    /// Field title and answer, reason and the like; empty below the clearance for it.
    pub details: Vec<(String, String)>,
    /// Who is named by it: "named as contact", "continued by".
    pub whom: Vec<PersonId>,
    /// A step that someone decided, as opposed to what arrived by itself, was taken up or was noted.
    pub decision: bool,
    pub topic: Topic,
}

impl Line {
    /// What happened, with the names of those who are named by it.
    pub fn told(&self, names: &BTreeMap<PersonId, String>) -> String {
        let whom = self.whom.iter().map(|person| {
            let known = names.get(person).cloned();
            known.unwrap_or_else(|| person.to_string())
        });
        let whom: Vec<String> = whom.collect();
        if whom.is_empty() {
            self.what.clone()
        } else {
            format!("{}: {}", self.what, whom.join(", "))
        }
    }
}

/// Who reads a timeline, as far as its lines ask.
pub struct Reader<'a> {
    pub clearance: &'a Clearance,
    /// Whose audience the shown fields belong to.
    pub roles: &'a BTreeSet<Role>,
    pub zone: Tz,
    /// The other incidents that they may know of. A line that names any other is left out whole.
    pub others: &'a BTreeSet<IncidentId>,
    /// Playbooks that it may have followed before: stages and criteria are told by their titles.
    pub before: &'a [&'a Playbook],
    /// How people are called.
    pub names: &'a BTreeMap<PersonId, String>,
}

/// The lines that this reader may read; none below [`Level::Steps`].
pub fn lines(history: &[Recorded], playbook: &Playbook, reader: &Reader<'_>) -> Vec<Line> {
    if reader.clearance.level() < Level::Steps {
        return Vec::new();
    }
    let teller = Teller {
        playbook,
        before: reader.before,
        roles: reader.roles,
        zone: reader.zone,
        names: reader.names,
        record: reader.clearance.level() >= Level::Record,
    };
    let hidden = hidden(history, reader.others);
    let mut told: Vec<Line> = history
        .iter()
        .filter(|recorded| !hidden.contains(&recorded.number))
        .zip(1..)
        .map(|(recorded, number)| teller.line(recorded, number))
        .collect();
    for (correction, corrected) in history.iter().filter_map(correction) {
        set_beside(&mut told, correction, corrected);
    }
    told
}

struct Teller<'a> {
    playbook: &'a Playbook,
    before: &'a [&'a Playbook],
    /// Whose audience the shown fields belong to.
    roles: &'a BTreeSet<Role>,
    zone: Tz,
    names: &'a BTreeMap<PersonId, String>,
    record: bool,
}

impl Teller<'_> {
    fn line(&self, recorded: &Recorded, number: i64) -> Line {
        let mut line = Line {
            number,
            entry: recorded.number,
            at: recorded.at,
            by: recorded.by,
            role: recorded.role,
            what: format!("{} (contents purged)", recorded.kind),
            on: Vec::new(),
            details: Vec::new(),
            whom: Vec::new(),
            decision: recorded.by != PersonId::PROGRAM,
            topic: Topic::Way,
        };
        if let Some(event) = &recorded.event {
            let event = event.judge();
            line.topic = Topic::of(event);
            line.decision &= !matches!(event, Event::Claimed | Event::Noted { .. });
            self.tell(event, &mut line);
        }
        line
    }

    fn tell(&self, event: &Event, line: &mut Line) {
        match event {
            Event::Opened {
                alert,
                severity,
                stage,
                because,
                criteria,
                playbook,
                ..
            } => {
                line.what = format!("opened at {} from {alert}: {because}", self.stage(stage));
                line.on = self.met(criteria);
                self.detail(line, "Severity", severity.key());
                let followed = format!("{} {}", playbook.id, playbook.version);
                self.detail(line, "Playbook", &followed);
            }
            Event::AlertAttached {
                alert,
                severity,
                criteria,
                ..
            } => {
                line.what = format!("{alert} joined, severity {severity}");
                line.on = self.met(criteria);
            }
            Event::AlertRepeated { alert, times } => {
                line.what = format!("{alert} came again, {times} times in all");
            }
            Event::Claimed => "claimed".clone_into(&mut line.what),
            Event::Offered {
                to,
                criteria,
                entries,
                done,
                ..
            } => {
                line.what = format!("offered to {}", self.stage(to));
                line.on = self.sentences(criteria);
                self.record(line, entries, done);
            }
            Event::Accepted { owner } => line.what = format!("accepted; {owner} owns it"),
            Event::Returned { reason, .. } => self.detailed(line, "returned", "Reason", reason),
            Event::Ended {
                kind,
                criteria,
                entries,
                done,
                ..
            } => {
                kind.word().clone_into(&mut line.what);
                line.on = self.sentences(criteria);
                self.record(line, entries, done);
            }
            Event::Proposed { .. }
            | Event::Agreed { .. }
            | Event::Refused { .. }
            | Event::Engaged { .. }
            | Event::Answered { .. }
            | Event::StatusSet { .. }
            | Event::Reminded { .. }
            | Event::Reopened { .. }
            | Event::Routed { .. }
            | Event::Raised { .. }
            | Event::Reach(_) => self.tell_beside(event, line),
            Event::Governed(governed) => self.tell_governed(governed, line),
            Event::ContainmentProposed { .. }
            | Event::ContainmentAuthorised { .. }
            | Event::ContainmentReported { .. }
            | Event::GateOverridden { .. } => self.tell_containment(event, line),
            Event::Noted { .. }
            | Event::Linked { .. }
            | Event::SplitOff { .. }
            | Event::SplitFrom { .. } => self.tell_case(event, line),
            Event::Dismissal(event) => self.tell_dismissal(event, line),
        }
    }

    /// What happened beside the stages. Counsel text is not among it: only that something was decided, and which.
    fn tell_beside(&self, event: &Event, line: &mut Line) {
        match event {
            Event::Proposed {
                criteria,
                entries,
                done,
                ..
            } => {
                "proposed to dismiss; a second person decides".clone_into(&mut line.what);
                line.on = self.sentences(criteria);
                self.record(line, entries, done);
            }
            Event::Agreed { reason } => self.reasoned(line, "agreed to the dismissal", reason),
            Event::Refused { reason } => self.reasoned(line, "refused the dismissal", reason),
            Event::Engaged {
                number,
                criteria,
                contacts,
                ..
            } => self.tell_engaged(*number, criteria, contacts, line),
            Event::Answered {
                engagement,
                choice: Choice::Acknowledge,
            } => line.what = format!("read brief {engagement} and acknowledged it"),
            Event::Answered { engagement, choice } => {
                line.what = format!("decided on engagement {engagement}: {}", choice.words());
            }
            Event::Raised { times } => {
                line.what = format!("raised: nobody took it in time ({times})");
            }
            Event::StatusSet { severity, text } => {
                self.reasoned(line, &status(*severity), text);
            }
            Event::Reminded { engagement, times } => {
                line.what = format!("reminded the contacts of engagement {engagement} ({times})");
            }
            Event::Reach(event) => self.tell_reach(event, line),
            Event::Reopened { reason, .. } => self.reasoned(line, "reopened", reason),
            Event::Routed {
                playbook, criteria, ..
            } => {
                line.what = format!("chose the playbook {} {}", playbook.id, playbook.version);
                line.on = self.met(criteria);
            }
            Event::Opened { .. }
            | Event::AlertAttached { .. }
            | Event::AlertRepeated { .. }
            | Event::Claimed
            | Event::Offered { .. }
            | Event::Accepted { .. }
            | Event::Returned { .. }
            | Event::Governed(_)
            | Event::Dismissal(_)
            | Event::Ended { .. }
            | Event::ContainmentProposed { .. }
            | Event::ContainmentAuthorised { .. }
            | Event::ContainmentReported { .. }
            | Event::GateOverridden { .. }
            | Event::Noted { .. }
            | Event::Linked { .. }
            | Event::SplitOff { .. }
            | Event::SplitFrom { .. } => {}
        }
    }

    fn tell_containment(&self, event: &Event, line: &mut Line) {
        if let Event::ContainmentProposed {
            number,
            action,
            target,
        } = event
        {
            line.what = format!("proposed containment {number}: {}", self.action(action));
            self.detail(line, "On", target);
        }
        if let Event::ContainmentAuthorised { number } = event {
            line.what = format!("authorised containment {number}");
        }
        if let Event::ContainmentReported {
            number,
            done,
            result,
        } = event
        {
            let word = if *done { "done and verified" } else { "failed" };
            self.reasoned(line, &format!("containment {number} {word}"), result);
        }
        if let Event::GateOverridden { number, reason, .. } = event {
            let what = format!("declared an emergency for containment {number}");
            self.reasoned(line, &what, reason);
        }
    }

    /// Reminders, releases and snoozes.
    fn tell_reach(&self, event: &ReachEvent, line: &mut Line) {
        match event {
            ReachEvent::Said {
                about,
                times,
                told,
                since,
            } => {
                let what = match about {
                    Waits::Take => "raised: nobody took it in time".to_owned(),
                    Waits::Idle => "raised: held without a sign of life".to_owned(),
                    Waits::Acknowledge(number) => {
                        format!("reminded the contacts of engagement {number}")
                    }
                };
                let whom = match told {
                    Told::NotYet => "",
                    Told::Manager(_) => "; the duty manager is told",
                    Told::Nobody => "; no duty manager can be reached",
                };
                line.what = format!("{what} ({times}){whom}");
                line.details
                    .push(("Waits since".to_owned(), shown_time(*since, self.zone)));
            }
            ReachEvent::Released { .. } => {
                "released: held too long without a sign of life".clone_into(&mut line.what);
            }
            ReachEvent::Snoozed { until, reason } => {
                let what = format!("snoozed reminders until {}", shown_time(*until, self.zone));
                self.reasoned(line, &what, reason);
            }
            ReachEvent::SnoozeEnded => "reminders go on".clone_into(&mut line.what),
        }
    }

    fn tell_engaged(
        &self,
        number: u32,
        criteria: &[CriterionId],
        contacts: &[Contact],
        line: &mut Line,
    ) {
        let sides: Vec<&str> = contacts.iter().map(|c| c.side.key()).collect();
        let sides = sides.join(", ");
        line.what = format!("engaged Governance ({number}): {sides}; named");
        line.on = self.sentences(criteria);
        line.whom = contacts.iter().map(|c| c.person).collect();
    }

    /// What a dismissal rests on, and who looked at it again.
    fn tell_dismissal(&self, event: &Dismissal, line: &mut Line) {
        match event {
            Dismissal::PatternApplied { pattern, title, .. } => {
                line.what = format!("rested on the pattern {pattern}");
                self.detail(line, "Pattern", title);
            }
            Dismissal::LookDrawn { percent } => {
                line.what = format!("drawn for a second look, as {percent} in 100 are");
            }
            Dismissal::LookReminded { times } => {
                line.what = format!("raised: nobody took the second look in time ({times})");
            }
            Dismissal::LookedAgain { agrees: true, .. } => {
                "looked again and agreed to the dismissal".clone_into(&mut line.what);
            }
            Dismissal::LookedAgain { reason, .. } => {
                let what = "looked again and did not agree to the dismissal";
                self.reasoned(line, what, reason);
            }
        }
    }

    fn reasoned(&self, line: &mut Line, what: &str, reason: &str) {
        self.detailed(line, what, IN_WORDS, reason);
    }

    fn detailed(&self, line: &mut Line, what: &str, label: &str, value: &str) {
        what.clone_into(&mut line.what);
        self.detail(line, label, value);
    }

    fn action(&self, id: &str) -> String {
        self.playbook
            .action(id)
            .map_or_else(|| id.to_owned(), |a| a.title.clone())
    }

    /// The one that it follows, then those that it may have followed before.
    fn playbooks(&self) -> impl Iterator<Item = &Playbook> {
        std::iter::once(self.playbook).chain(self.before.iter().copied())
    }

    fn stage(&self, id: &StageId) -> String {
        let found = self.playbooks().find_map(|playbook| playbook.stage(id));
        found.map_or_else(|| id.to_string(), |s| s.title.clone())
    }

    fn met(&self, criteria: &[super::incident::Evaluated]) -> Vec<String> {
        let met = criteria.iter().filter(|c| c.finding == Finding::Met);
        met.map(|c| self.sentence(&c.criterion)).collect()
    }

    fn sentences(&self, criteria: &[CriterionId]) -> Vec<String> {
        criteria.iter().map(|id| self.sentence(id)).collect()
    }

    fn sentence(&self, id: &CriterionId) -> String {
        let found = self.playbooks().find_map(|playbook| playbook.criterion(id));
        found.map_or_else(|| id.to_string(), |c| c.text.clone())
    }

    fn detail(&self, line: &mut Line, label: &str, value: &str) {
        if self.record || label == "Severity" || label == "Playbook" {
            line.details.push((label.to_owned(), value.to_owned()));
        }
    }

    fn record(&self, line: &mut Line, entries: &BTreeMap<FieldId, Entry>, done: &[DoneId]) {
        // What came of it is theirs too who read the steps and not the record.
        let outcome = self.playbook.outcome_field();
        // In the playbook's order, as people filled it in.
        let readable = |f: &&Field| f.audience.iter().any(|role| self.roles.contains(role));
        for field in self.playbook.fields.iter().filter(readable) {
            let Some(entry) = entries.get(&field.id) else {
                continue;
            };
            let source = match entry.origin {
                Origin::Source => " (from source)",
                Origin::Pattern => " (from the pattern)",
                Origin::Person => "",
            };
            let value = format!("{}{source}", shown(field, &entry.state, self.zone));
            if self.record || outcome.is_some_and(|outcome| outcome.id == field.id) {
                line.details.push((field.title.clone(), value));
            }
        }
        for id in done {
            let lines = self.playbook.stages.iter().flat_map(|s| &s.done);
            if let Some(found) = lines.into_iter().find(|d| d.id == *id) {
                self.detail(line, "Confirmed", &found.text);
            }
        }
    }
}

/// What a status says, a clause.
fn status(severity: Option<Severity>) -> String {
    severity.map_or_else(
        || "told the other tiers of a development".to_owned(),
        |severity| format!("set the severity to {severity}"),
    )
}
