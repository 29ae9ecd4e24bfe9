//! What expressions say about facts.

use super::*;
use crate::domain::ids::CriterionId;
use crate::domain::playbook::definition::ShownFact;
use crate::domain::playbook::samples::{input, refused, says, silent_alert};
use proptest::prelude::*;

#[test]
fn mentions_finds_a_word_in_any_case_in_a_text_or_a_list() {
    let mut alert = silent_alert();
    alert.category = Some("PrivilegeEscalation".to_owned());
    alert.techniques = vec!["T1".to_owned(), "T1021.001".to_owned()];
    let truth = |source| says(source, &alert);
    assert_eq!(
        truth("alert.category.mentions(['malware', 'privilege'])"),
        Truth::True
    );
    assert_eq!(truth("alert.category.mentions(['malware'])"), Truth::False);
    assert_eq!(truth("alert.techniques.mentions(['t1021'])"), Truth::True);
    assert_eq!(truth("alert.label.mentions(['secret'])"), Truth::False);
    assert_eq!(truth("alert.label.mentions([])"), Truth::False);
    assert!(refused("alert.label.mentions([1])").contains("it takes texts"));
    assert!(refused("alert.label.mentions('secret')").contains("no matching overload"));
}

#[test]
fn an_error_at_run_time_is_not_false() {
    let mut given = input(None);
    given.person.open_incidents = 1;
    let expr = Expr::parse("100 / (person.open_incidents - 1) > 1").unwrap();
    let truth = expr.eval(&Facts::new(&given));
    assert!(matches!(truth, Truth::NotEvaluated(_)), "{truth:?}");
}

#[test]
fn a_met_criterion_brings_its_facts_and_one_without_expression_is_asked() {
    let criterion = |when: Option<&str>| Criterion {
        id: CriterionId::new("c"),
        text: "It is so.".to_owned(),
        mandatory: false,
        needs_pattern: false,
        when: when.map(|w| Expr::parse(w).unwrap()),
        facts: vec![
            ShownFact {
                label: "Detections".to_owned(),
                path: "person.detections_in_window".to_owned(),
            },
            ShownFact {
                label: "Label".to_owned(),
                path: "alert.label".to_owned(),
            },
        ],
    };
    let mut input = input(None);
    input.person.detections_in_window = 2;
    input.person.open_incidents = 1;
    let facts = Facts::new(&input);
    let repeated = criterion(Some("person.detections_in_window >= repeat.count"));
    assert_eq!(
        repeated.evaluate(&facts),
        Evaluation::Met {
            facts: vec![
                ("Detections".to_owned(), "2".to_owned()),
                ("Label".to_owned(), "not stated".to_owned()),
            ]
        }
    );
    input.person.detections_in_window = 1;
    assert_eq!(repeated.evaluate(&Facts::new(&input)), Evaluation::NotMet);
    assert_eq!(criterion(None).evaluate(&facts), Evaluation::Asked);
    let broken = criterion(Some("100 / (person.open_incidents - 1) > 1"));
    assert!(matches!(
        broken.evaluate(&facts),
        Evaluation::NotEvaluated(_)
    ));
}

#[test]
fn expressions_may_be_shared_between_threads() {
    const fn shared<T: Send + Sync + Clone>() {}
    shared::<Expr>();
}

/// Pieces of expressions in any order: more of them reach the guard than random characters do.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "alert",
        ".label",
        ".techniques",
        "person.known",
        "now",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "&&",
        "||",
        "!",
        "==",
        "in",
        "?",
        ":",
        "'a'",
        "1",
        "-9223372036854775808",
        "0u",
        "1.5",
        "true",
        ".exists(x, ",
        ".map(x, x)",
        "has(alert.label)",
        "size(",
        "timestamp(",
        "int(",
        ",",
        "/",
        "%",
        "*",
        "b'\\xff'",
        "google.Foo{a: 1}",
        "null",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|parts| parts.join(" "))
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(source in "\\PC{0,60}") {
        let _ = Expr::parse(&source);
    }

    #[test]
    fn what_is_accepted_always_answers(source in pieces()) {
        if let Ok(expr) = Expr::parse(&source) {
            let truth = expr.eval(&Facts::new(&input(Some(&silent_alert()))));
            let no_answer = matches!(&truth, Truth::NotEvaluated(why) if why.starts_with("gives"));
            prop_assert!(!no_answer, "`{source}` gives neither yes nor no");
        }
    }

    #[test]
    fn faults_lie_within_the_expression(source in pieces()) {
        for fault in Expr::parse(&source).err().unwrap_or_default() {
            prop_assert!(fault.at <= source.len(), "{} of {}", fault.at, source.len());
        }
    }
}
