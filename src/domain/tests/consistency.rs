//! What an answer makes of another: contradictions, and a rationale that answers each criterion that is met.

use super::room::{counter, give, picked, said, sentences, table, vault};
use super::{Case, criterion, titles};
use crate::domain::alert::Severity;
use crate::domain::ids::AlertId;
use crate::domain::incident::{Command, Evaluated, Finding, Submission};
use crate::domain::record::{Answer, State};

fn asked(change: impl Fn(&mut Submission)) -> Vec<String> {
    let mut case = Case::at_table();
    let mut form = case.complete("ask-vault");
    change(&mut form);
    match case.submit(&table(), form) {
        Ok(_) => Vec::new(),
        refused => sentences(refused),
    }
}

#[test]
fn two_answers_that_exclude_each_other_are_refused_by_the_playbooks_sentence() {
    let angry_and_blameless = |mood: &'static str, blame: bool| {
        asked(move |form| {
            picked(form, "mood", mood);
            said(form, "blame", blame);
        })
    };
    assert_eq!(
        angry_and_blameless("angry", false),
        ["Angry and not to blame exclude each other."]
    );
    for (mood, blame) in [("angry", true), ("unclear", false), ("unclear", true)] {
        assert_eq!(angry_and_blameless(mood, blame), Vec::<String>::new());
    }
}

#[test]
fn an_answer_against_the_criterion_of_the_same_step_is_refused() {
    let calm = |ground: &'static str| {
        asked(move |form| {
            picked(form, "mood", "calm");
            form.criteria = vec![criterion(ground)];
        })
    };
    assert_eq!(
        calm("torn-on-purpose"),
        ["Torn on purpose by a calm reader: change one of the two."]
    );
    assert_eq!(calm("rare-book"), Vec::<String>::new());
}

#[test]
fn an_answer_that_only_another_way_out_allows_is_refused_on_this_one() {
    let mut case = Case::at_vault("unclear", false, false);
    let mut form = case.complete("shelve-locked");
    picked(&mut form, "end", "banned");
    said(&mut form, "board-asked", false);
    case.submit(&vault(), form).unwrap();
    let mut early = Case::at_table();
    let mut form = early.complete("shelve");
    picked(&mut form, "end", "banned");
    said(&mut form, "board-asked", false);
    assert_eq!(
        sentences(early.submit(&table(), form)),
        ["Only the vault bans a reader."]
    );
}

#[test]
fn an_answer_of_an_earlier_record_contradicts_a_later_one() {
    let mut case = Case::at_table();
    let mut form = case.complete("ask-vault");
    let both = Answer::Choices(vec!["glue".to_owned(), "ink".to_owned()]);
    give(&mut form, "signs", State::Value(both));
    said(&mut form, "board-asked", false);
    case.submit(&table(), form).unwrap();
    case.act(Some(&vault()), &Command::Accept).unwrap();
    let mut form = case.complete("shelve-locked");
    form.answers.retain(|id, _| id.as_str() == "end");
    assert_eq!(
        sentences(case.submit(&vault(), form.clone())),
        ["Ink does not come out."]
    );
    // Taken back in the same step, it stands no more.
    let glue = Answer::Choices(vec!["glue".to_owned()]);
    give(&mut form, "signs", State::Value(glue));
    case.submit(&vault(), form).unwrap();
}

fn met(case: &mut Case, criteria: &[&str]) {
    let found = criteria.iter().map(|id| Evaluated {
        criterion: criterion(id),
        finding: Finding::Met,
        facts: Vec::new(),
    });
    let attach = Command::Attach {
        alert: AlertId(2),
        severity: Severity::Low,
        concerned: None,
        criteria: found.collect(),
    };
    case.act(None, &attach).unwrap();
}

#[test]
fn a_dismissal_answers_each_trigger_that_is_met_in_a_line() {
    let dismissed = |found: &[&str], answers: State| {
        let mut case = Case::torn();
        met(&mut case, found);
        let mut form = case.complete("old-damage");
        give(&mut form, "each-sign", answers);
        case.submit(&counter(), form).map_err(|r| titles(&r))
    };
    let lines = |text: &str| State::Value(Answer::Text(text.to_owned()));
    let one = ["Each sign against it needs a line for each trigger that is met: The book is rare."];
    let two = [
        "Each sign against it needs a line for each trigger that is met: This reader returned a torn page before. · The book is rare.",
    ];
    assert!(dismissed(&[], State::NotApplicable).is_ok());
    assert_eq!(
        dismissed(&["rare-book"], State::NotApplicable).unwrap_err(),
        one
    );
    assert!(dismissed(&["rare-book"], lines("It is a common print.")).is_ok());
    let both = ["torn-again", "rare-book"];
    // Empty lines answer nothing.
    assert_eq!(dismissed(&both, lines("One.\n\n  \n")).unwrap_err(), two);
    assert!(dismissed(&both, lines("One.\nTwo.")).is_ok());
    // What leads elsewhere from another stage is not asked here.
    assert!(dismissed(&["page-safe"], State::NotApplicable).is_ok());
}

#[test]
fn a_mandatory_trigger_excludes_dismissal_whatever_is_answered() {
    let mut case = Case::torn();
    met(&mut case, &["on-camera"]);
    let refused = case.submit(&counter(), case.complete("old-damage"));
    let Err(crate::domain::incident::Refusal::RecordIncomplete(readiness)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(readiness.excluded_by, ["The camera shows the tearing."]);
}
