//! The guided form: pages are kept as they came, gaps are named, the source's answers are attested.

use super::{Case, actor, criterion, field};
use crate::domain::form::{
    Body, CRITERIA_KEY, Form, Mark, PAGE_MAX, Prefilled, REASON_SUFFIX, assemble, slots,
};
use crate::domain::ids::{DoneId, FieldId, TransitionId};
use crate::domain::incident::{Command, Finding};
use crate::domain::record::Origin;
use crate::domain::role::Role;
use std::collections::BTreeMap;

fn form(case: &Case, way: &str, body: &Body, prefilled: &Prefilled) -> Form {
    let desk = actor(Role::Tier1, 1);
    let transition = case.playbook.transition(&TransitionId::new(way)).unwrap();
    let context = case.context(Some(&desk));
    assemble(
        case.incident(),
        transition,
        body,
        prefilled,
        &context,
        chrono_tz::UTC,
    )
}

fn page(entries: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let texts = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect();
    entries
        .iter()
        .map(|(key, values)| ((*key).to_owned(), texts(values)))
        .collect()
}

fn known() -> Vec<FieldId> {
    super::playbook().record_at(&TransitionId::new("send-search"))
}

fn problems(form: &Form) -> Vec<String> {
    let open = form
        .items
        .iter()
        .filter_map(|i| Some((i, i.problem.as_ref()?)));
    open.map(|(item, problem)| format!("{} {problem}", item.title))
        .collect()
}

/// Everything that the way to the street asks.
fn filled() -> Body {
    let mut body = Body::default();
    let searched = format!("searched{REASON_SUFFIX}");
    body.take_page(
        &page(&[
            (CRITERIA_KEY, &["lost-again"]),
            ("badge-number", &["4711"]),
            ("holder", &["9050"]),
            ("noticed-at", &["2026-11-03 08:40"]),
            ("door-log", &["https://doors.example/1"]),
            ("story", &["It slipped out"]),
            ("searched", &["yes"]),
            (&searched, &["nothing found"]),
            ("doors", &["lobby"]),
        ]),
        &known(),
    );
    body.done.push(DoneId::new("asked"));
    body
}

#[test]
fn a_complete_form_is_ready_and_its_submission_is_accepted() {
    let mut case = Case::opened();
    let form = form(&case, "send-search", &filled(), &Prefilled::new());
    assert_eq!(problems(&form), Vec::<String>::new());
    assert!(form.readiness.is_ready());
    case.submit(&actor(Role::Tier1, 1), form.submission)
        .unwrap();
}

#[test]
fn a_page_is_kept_as_it_came_and_keys_of_nobody_are_not() {
    let mut body = Body::default();
    body.take_page(
        &page(&[("story", &["half"]), ("drop table", &["x"])]),
        &known(),
    );
    assert_eq!(body.answers.len(), 1);
    // A page that does not show a field leaves it alone; one that empties it, empties it.
    body.take_page(&page(&[("holder", &["9050"])]), &known());
    assert_eq!(body.answers[&field("story")].values, ["half"]);
    body.take_page(&page(&[("story", &["  "])]), &known());
    assert!(!body.answers.contains_key(&field("story")));
    let saved = serde_json::to_string(&body).unwrap();
    assert_eq!(serde_json::from_str::<Body>(&saved).unwrap(), body);
}

#[test]
fn a_value_that_cannot_be_read_is_kept_and_named() {
    let case = Case::opened();
    let mut body = filled();
    body.take_page(
        &page(&[("noticed-at", &["yesterday"]), ("doors", &["roof"])]),
        &known(),
    );
    let form = form(&case, "send-search", &body, &Prefilled::new());
    assert_eq!(
        problems(&form),
        [
            "Noticed at must be a time such as 2026-11-03 08:40 (UTC)",
            "Doors it opens may only hold: Lobby, Laboratory, Vault",
        ]
    );
    assert!(!form.readiness.is_ready());
    let item = form
        .items
        .iter()
        .find(|i| i.field == field("noticed-at"))
        .unwrap();
    assert_eq!(item.typed.values, ["yesterday"]);
}

#[test]
fn a_mark_answers_where_the_playbook_allows_it_and_a_value_replaces_it() {
    let case = Case::opened();
    let mut body = filled();
    body.mark(field("story"), Mark::Owed);
    body.mark(field("door-log"), Mark::SourceSilent);
    body.mark(field("holder"), Mark::NotApplicable);
    let marked = form(&case, "send-search", &body, &Prefilled::new());
    assert_eq!(
        problems(&marked),
        ["Badge holder cannot be “not applicable”"]
    );
    let item = |id: &str| marked.items.iter().find(|i| i.field == field(id)).unwrap();
    assert_eq!(
        item("story").shown.as_deref(),
        Some("owed until 2026-11-03 10:40 UTC")
    );
    assert_eq!(item("story").may, [Mark::Owed]);
    assert_eq!(item("door-log").may, [Mark::SourceSilent]);
    assert_eq!(item("holder").may, []);
    body.take_page(&page(&[("holder", &["9051"])]), &known());
    let typed = form(&case, "send-search", &body, &Prefilled::new());
    assert_eq!(problems(&typed), Vec::<String>::new());
}

#[test]
fn what_the_source_says_is_prefilled_and_counts_as_attested() {
    let case = Case::opened();
    let prefilled = Prefilled::from([
        (field("badge-number"), "0815".to_owned()),
        (field("noticed-at"), "no time at all".to_owned()),
    ]);
    let first = form(&case, "send-search", &Body::default(), &prefilled);
    let badge = &first.items[0];
    assert_eq!(
        (badge.shown.as_deref(), badge.from_source),
        (Some("0815"), true)
    );
    assert_eq!(
        first.submission.answers[&field("badge-number")].1,
        Origin::Source
    );
    // What cannot be read is asked, and the source's silence is a person's to state.
    assert!(!first.submission.answers.contains_key(&field("noticed-at")));
    assert!(!first.submission.answers.contains_key(&field("door-log")));
    // A person's word replaces it.
    let said = form(&case, "send-search", &filled(), &prefilled);
    assert_eq!(
        said.submission.answers[&field("badge-number")].1,
        Origin::Person
    );
}

#[test]
fn what_is_recorded_is_not_asked_again() {
    let mut case = Case::opened();
    case.submit(&actor(Role::Tier1, 1), case.complete("send-search"))
        .unwrap();
    case.act(Some(&actor(Role::Tier2, 3)), &Command::Accept)
        .unwrap();
    let prefilled = Prefilled::from([(field("badge-number"), "0815".to_owned())]);
    let form = form(&case, "make-new", &Body::default(), &prefilled);
    assert_eq!(
        problems(&form),
        [
            "Where it was lost is missing",
            "Photograph of the report is missing"
        ]
    );
    let badge = &form.items[0];
    assert!(badge.recorded && !badge.from_source);
    assert_eq!(form.submission.answers, BTreeMap::new());
    let done: Vec<&str> = form.done.iter().map(|line| line.id.as_str()).collect();
    assert_eq!(done, ["doors-read", "holder-called"]);
}

#[test]
fn a_criterion_that_is_met_is_ticked_until_a_person_says_otherwise() {
    let mut case = Case::opened();
    let known = crate::domain::incident::Criterion {
        finding: Finding::Met,
        facts: vec![("Losses in 90 days".to_owned(), "3".to_owned())],
        confirmed_by: Vec::new(),
    };
    case.incident
        .as_mut()
        .unwrap()
        .criteria
        .insert(criterion("lost-again"), known);
    let ticks = |body: &Body| {
        let form = form(&case, "send-search", body, &Prefilled::new());
        form.criteria
            .into_iter()
            .map(|t| (t.ticked, t.note))
            .collect::<Vec<_>>()
    };
    let met = "met · Losses in 90 days: 3".to_owned();
    assert_eq!(
        ticks(&Body::default()),
        [(true, met.clone()), (false, String::new())]
    );
    let mut body = Body::default();
    body.take_page(&page(&[(CRITERIA_KEY, &["opened-a-door"])]), &[]);
    assert_eq!(ticks(&body), [(false, met), (true, String::new())]);
}

#[test]
fn a_page_holds_five_inputs_and_a_yes_no_takes_two() {
    let case = Case::opened();
    let mut body = Body::default();
    let mut pages = Vec::new();
    for first in [true, false, false] {
        let form = form(&case, "send-search", &body, &Prefilled::new());
        let next = form.next_page(&case.playbook, first);
        let inputs = |id: &FieldId| slots(&case.playbook.field(id).unwrap().kind);
        let ticks = usize::from(next.criteria) + usize::from(next.done);
        assert!(next.fields.iter().map(inputs).sum::<usize>() + ticks <= PAGE_MAX);
        assert_eq!(next.asks_nothing(&form), pages.len() == 2);
        for id in &next.fields {
            body.answers
                .insert(id.clone(), filled().answers[id].clone());
        }
        body.criteria = Some(vec![criterion("lost-again")]);
        if next.done {
            body.done = form.done.iter().map(|line| line.id.clone()).collect();
        }
        pages.push((next.criteria, next.fields.len(), next.done));
    }
    // Four beside the criteria; one, a yes/no and one, and the definition of done; nothing is left.
    assert_eq!(
        pages,
        [(true, 4, false), (false, 3, true), (false, 0, false)]
    );
}

#[test]
fn a_page_asks_for_a_criterion_until_one_is_ticked() {
    let case = Case::opened();
    let mut body = filled();
    body.criteria = Some(Vec::new());
    let open = form(&case, "send-search", &body, &Prefilled::new());
    assert!(open.next_page(&case.playbook, false).criteria);
    body.criteria = Some(vec![criterion("lost-again")]);
    let ticked = form(&case, "send-search", &body, &Prefilled::new());
    assert!(!ticked.next_page(&case.playbook, false).criteria);
}

#[test]
fn where_the_source_is_silent_the_words_for_that_stand_ready_to_be_left_or_replaced() {
    let case = Case::opened();
    let log = |body: &Body| {
        let form = form(&case, "send-search", body, &Prefilled::new());
        let at = form.items.iter().position(|i| i.title == "Door log");
        form.items[at.unwrap()].clone()
    };
    let asked = log(&Body::default());
    // Nobody has said it yet.
    assert_eq!(asked.typed.values, ["source does not say"]);
    assert_eq!(asked.problem.as_deref(), Some("is missing"));
    let said = |words: &str| {
        let mut body = Body::default();
        body.take_page(&page(&[("door-log", &[words])]), &known());
        log(&body)
    };
    for words in ["source does not say", " Source does not say "] {
        let said = said(words);
        assert_eq!((said.problem, said.from_source), (None, false));
        assert_eq!(said.shown.as_deref(), Some("source does not say"));
    }
    assert_eq!(said("https://doors.example/1").problem, None);
    // Words that the field does not allow are no answer.
    assert!(said("comes later").problem.is_some());
}
