//! The guided form of a way out: what is known, what is missing, what a person has given so far.
//! Assembled anew from the draft each time, so that a restart or a change of the incident loses nothing.

mod ticks;

pub use ticks::note;

use super::ids::{CriterionId, DoneId, FieldId, IncidentId};
use super::incident::{Context, Incident, Readiness, Submission, readiness, unengaged_here};
use super::pattern::first_covering;
use super::playbook::definition::{Field, FieldKind, Playbook, Transition};
use super::playbook::facts::{PATTERN_REASON, PATTERN_REFERENCE};
use super::record::{Answer, Gap, Origin, RawAnswer, State, parse, shown};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

mod mark;
pub use mark::Mark;

/// How many inputs a form of Discord takes.
pub const PAGE_MAX: usize = 5;
/// The key under which the criteria arrive on a page.
pub const CRITERIA_KEY: &str = ":criteria";
/// The key under which the confirmed lines of the definition of done arrive on a page.
pub const DONE_KEY: &str = ":done";
/// What is put behind a field's id for the second half of a yes/no.
pub const REASON_SUFFIX: &str = ":reason";

/// What has been given so far, as it was typed and picked. Kept before it is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Criteria ticked; `None` until the person has seen them.
    pub criteria: Option<Vec<CriterionId>>,
    pub answers: BTreeMap<FieldId, RawAnswer>,
    /// Fields answered without a value.
    pub marks: BTreeMap<FieldId, Mark>,
    /// Lines of the definition of done that are confirmed.
    pub done: Vec<DoneId>,
    /// Incidents that are dismissed together with this one, under the same rationale.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub also: BTreeSet<IncidentId>,
}

impl Body {
    /// Takes in one page as it arrived: keys are field ids, [`CRITERIA_KEY`], [`DONE_KEY`], or a field id with [`REASON_SUFFIX`].
    /// Unknown keys are kept out; a value replaces a mark.
    pub fn take_page(&mut self, page: &BTreeMap<String, Vec<String>>, known: &[FieldId]) {
        if let Some(ticked) = page.get(CRITERIA_KEY) {
            self.criteria = Some(ticked.iter().map(CriterionId::new).collect());
        }
        if let Some(ticked) = page.get(DONE_KEY) {
            self.done = ticked.iter().map(DoneId::new).collect();
        }
        for field in known {
            let values = page.get(field.as_str());
            let reason = page.get(&format!("{field}{REASON_SUFFIX}"));
            if values.is_none() && reason.is_none() {
                continue;
            }
            let answer = self.answers.entry(field.clone()).or_default();
            if let Some(values) = values {
                answer.values.clone_from(values);
            }
            if let Some(reason) = reason {
                answer.reason = reason.first().cloned();
            }
            if answer.is_empty() {
                self.answers.remove(field);
            } else {
                self.marks.remove(field);
            }
        }
    }

    /// Answers a field without a value; what was typed stays beside it until it is typed anew.
    pub fn mark(&mut self, field: FieldId, mark: Mark) {
        self.marks.insert(field, mark);
    }
}

/// Everything a page or the review screen shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub items: Vec<Item>,
    pub criteria: Vec<Tick<CriterionId>>,
    pub done: Vec<Tick<DoneId>>,
    pub readiness: Readiness,
    /// What submitting now would submit.
    pub submission: Submission,
    /// Distinct detections of the person in the playbook's window, this one included, where that counts.
    pub detections: Option<i64>,
}

/// One field of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub field: FieldId,
    pub title: String,
    /// The answer as people read it; `None` while there is none.
    pub shown: Option<String>,
    pub from_source: bool,
    /// It is prefilled from the pattern that covers the incident.
    pub from_pattern: bool,
    /// It stands in the record already, from an earlier handoff.
    pub recorded: bool,
    pub problem: Option<String>,
    /// What a reopened form shows again.
    pub typed: RawAnswer,
    pub may: Vec<Mark>,
}

/// One line that a person ticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick<Id> {
    pub id: Id,
    pub text: String,
    pub ticked: bool,
    /// How the program found it, and the facts.
    pub note: String,
}

/// What the source says for the fields of a record, as text; those on which it is silent are absent.
pub type Prefilled = BTreeMap<FieldId, String>;

/// Assembles the form of one way out from what was given, what is recorded and what the source says.
pub fn assemble(
    incident: &Incident,
    transition: &Transition,
    body: &Body,
    prefilled: &Prefilled,
    context: &Context<'_>,
    zone: Tz,
) -> Form {
    let playbook = context.playbook;
    let fields: Vec<&Field> = playbook
        .record_at(&transition.id)
        .iter()
        .filter_map(|id| playbook.field(id))
        .collect();
    let mut answers = BTreeMap::new();
    let mut invalid = BTreeMap::new();
    for field in &fields {
        match given(field, transition, body, context, zone) {
            Ok(Some(state)) => {
                answers.insert(field.id.clone(), (state, Origin::Person));
            }
            Ok(None) if incident.record.judge().latest(&field.id).is_none() => {
                let from_pattern = || Some((from_pattern(field, context)?, Origin::Pattern));
                let from_source = || Some((from_source(field, prefilled, zone)?, Origin::Source));
                if let Some(known) = from_pattern().or_else(from_source) {
                    answers.insert(field.id.clone(), known);
                }
            }
            Ok(None) => {}
            Err(problem) => {
                invalid.insert(field.id.clone(), problem);
            }
        }
    }
    let criteria = ticks::criteria(incident, transition, body, context);
    let submission = Submission {
        transition: transition.id.clone(),
        criteria: criteria
            .iter()
            .filter(|t| t.ticked)
            .map(|t| t.id.clone())
            .collect(),
        answers,
        done: body.done.clone(),
    };
    let mut readiness = readiness(incident, transition, &submission, context);
    name_invalid(&mut readiness, &fields, &invalid);
    // Asked only where a threshold that is met would be passed over.
    let idle = transition
        .thresholds_answered_in
        .as_ref()
        .filter(|_| unengaged_here(incident, transition, &submission, context).is_empty());
    Form {
        items: fields
            .iter()
            .filter(|field| idle != Some(&field.id))
            .map(|field| {
                let silent = field.prefill.is_some() && !prefilled.contains_key(&field.id);
                let own = (may(field, transition), |state: Option<&State>| {
                    typed(field, silent, transition, body, state)
                });
                item(field, incident, &submission, &readiness, own, zone)
            })
            .collect(),
        done: ticks::done(incident, transition, body, context),
        criteria,
        readiness,
        submission,
        detections: context.detections,
    }
}

/// A value that could not be read is a gap of its own kind, whether or not something older stands.
fn name_invalid(readiness: &mut Readiness, fields: &[&Field], invalid: &BTreeMap<FieldId, String>) {
    readiness
        .gaps
        .retain(|gap| !invalid.contains_key(&gap.field));
    for field in fields {
        if let Some(problem) = invalid.get(&field.id) {
            readiness.gaps.push(Gap {
                field: field.id.clone(),
                title: field.title.clone(),
                problem: problem.clone(),
            });
        }
    }
}

fn given(
    field: &Field,
    transition: &Transition,
    body: &Body,
    context: &Context<'_>,
    zone: Tz,
) -> Result<Option<State>, String> {
    let mark = body.marks.get(&field.id).copied();
    match mark.or_else(|| marked_in_words(field, transition, body)) {
        Some(Mark::NotApplicable) => return Ok(Some(State::NotApplicable)),
        Some(Mark::SourceSilent) => return Ok(Some(State::SourceSilent)),
        Some(Mark::Owed) => {
            let owed = transition.owed.iter().find(|owed| owed.field == field.id);
            let until = context.now + owed.map(|o| o.within).unwrap_or_default();
            return Ok(Some(State::Owed { until }));
        }
        None => {}
    }
    match body.answers.get(&field.id) {
        Some(raw) => Ok(parse(field, raw, zone)?.map(State::Value)),
        None => Ok(None),
    }
}

/// Whoever types the words of an answer without a value, where the field may have one, gives that answer.
fn marked_in_words(field: &Field, transition: &Transition, body: &Body) -> Option<Mark> {
    let typed = body.answers.get(&field.id)?.first();
    let words = |mark: &Mark| typed.eq_ignore_ascii_case(mark.words());
    may(field, transition).into_iter().find(words)
}

/// What the source says, typed. Its silence is no answer: a person says so, or finds it out.
fn from_source(field: &Field, prefilled: &Prefilled, zone: Tz) -> Option<State> {
    let text = prefilled.get(&field.id)?;
    let raw = RawAnswer {
        values: vec![text.clone()],
        reason: None,
    };
    parse(field, &raw, zone).ok().flatten().map(State::Value)
}

/// What the pattern that covers the incident says for the field.
fn from_pattern(field: &Field, context: &Context<'_>) -> Option<State> {
    let covering = first_covering(context.patterns)?;
    let text = match field.prefill.as_deref()? {
        PATTERN_REFERENCE => covering.pattern.reference(),
        PATTERN_REASON => covering.pattern.reason.clone(),
        _ => return None,
    };
    Some(State::Value(Answer::Text(text)))
}

fn item(
    field: &Field,
    incident: &Incident,
    submission: &Submission,
    readiness: &Readiness,
    (may, typed): (Vec<Mark>, impl FnOnce(Option<&State>) -> RawAnswer),
    zone: Tz,
) -> Item {
    let recorded = incident.record.judge().latest(&field.id);
    let given = submission.answers.get(&field.id);
    let state = given
        .map(|(state, _)| state)
        .or_else(|| recorded.map(|e| &e.state));
    let origin = given
        .map(|(_, origin)| *origin)
        .or_else(|| recorded.map(|e| e.origin));
    let text = state.map(|state| shown(field, state, zone));
    let problem = readiness
        .gaps
        .iter()
        .find(|g| g.field == field.id)
        .map(|g| g.problem.clone());
    Item {
        field: field.id.clone(),
        title: field.title.clone(),
        typed: typed(state),
        shown: text,
        from_source: origin == Some(Origin::Source),
        from_pattern: origin == Some(Origin::Pattern),
        recorded: given.is_none() && recorded.is_some(),
        problem,
        may,
    }
}

/// What an input shows: what was typed last, else the value that stands. Where the source was asked and is silent,
/// the words for that: whoever leaves them says so.
fn typed(
    field: &Field,
    silent: bool,
    transition: &Transition,
    body: &Body,
    state: Option<&State>,
) -> RawAnswer {
    if let Some(raw) = body.answers.get(&field.id) {
        return raw.clone();
    }
    if silent
        && takes_words(&field.kind)
        && state.is_none()
        && may(field, transition).contains(&Mark::SourceSilent)
    {
        return RawAnswer {
            values: vec![Mark::SourceSilent.words().to_owned()],
            reason: None,
        };
    }
    let Some(State::Value(answer)) = state else {
        return RawAnswer::default();
    };
    let (values, reason) = match answer {
        Answer::Text(text) | Answer::Choice(text) | Answer::Person(text) | Answer::Link(text) => {
            (vec![text.clone()], None)
        }
        Answer::Choices(ids) => (ids.clone(), None),
        Answer::At(at) => (vec![at.to_rfc3339()], None),
        Answer::YesNo { yes, reason } => (
            vec![if *yes { "yes" } else { "no" }.to_owned()],
            Some(reason.clone()),
        ),
        Answer::Upload { .. } => (Vec::new(), None),
    };
    RawAnswer { values, reason }
}

fn may(field: &Field, transition: &Transition) -> Vec<Mark> {
    let owed = transition.owed.iter().any(|owed| owed.field == field.id);
    [
        (field.may_be_not_applicable, Mark::NotApplicable),
        (field.may_be_silent, Mark::SourceSilent),
        (owed, Mark::Owed),
    ]
    .into_iter()
    .filter_map(|(allowed, mark)| allowed.then_some(mark))
    .collect()
}

/// Whether any text can be typed into the field's input.
const fn takes_words(kind: &FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Line | FieldKind::Paragraph | FieldKind::Time | FieldKind::Link
    )
}

/// How many inputs a field takes on a page.
pub const fn slots(kind: &FieldKind) -> usize {
    match kind {
        FieldKind::YesNo => 2,
        FieldKind::Line
        | FieldKind::Paragraph
        | FieldKind::Choice(_)
        | FieldKind::Choices(_)
        | FieldKind::Person
        | FieldKind::Time
        | FieldKind::Link
        | FieldKind::Upload => 1,
    }
}

/// What one page asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub criteria: bool,
    pub fields: Vec<FieldId>,
    pub done: bool,
}

impl Page {
    /// Nothing of it is missing: a look at the criteria alone is no reason for a page.
    pub fn asks_nothing(&self, form: &Form) -> bool {
        self.fields.is_empty() && !self.done && !(self.criteria && form.readiness.criterion_missing)
    }
}

impl Form {
    /// What else stands in the way, found outside the rules: it shows at its field, like any other gap.
    pub fn add_gaps(&mut self, gaps: Vec<Gap>) {
        for gap in gaps {
            if let Some(item) = self.items.iter_mut().find(|item| item.field == gap.field) {
                item.problem.get_or_insert_with(|| gap.problem.clone());
            }
            self.readiness.gaps.push(gap);
        }
    }

    /// The next page: what has a problem, in the record's order, as far as one page holds. The criteria stand before it
    /// where they are to be seen or none is ticked; the definition of done after it, once every field has its place.
    pub fn next_page(&self, playbook: &Playbook, see_criteria: bool) -> Page {
        let criteria =
            !self.criteria.is_empty() && (see_criteria || self.readiness.criterion_missing);
        let mut free = PAGE_MAX.saturating_sub(usize::from(criteria));
        let mut page = Page {
            criteria,
            ..Page::default()
        };
        let mut all = true;
        for item in self.items.iter().filter(|item| item.problem.is_some()) {
            let cost = playbook
                .field(&item.field)
                .map_or(1, |field| slots(&field.kind));
            if cost > free {
                all = false;
                break;
            }
            free -= cost;
            page.fields.push(item.field.clone());
        }
        page.done = all && free > 0 && self.done.iter().any(|line| !line.ticked);
        page
    }
}
