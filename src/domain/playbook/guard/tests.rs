//! Expressions that are refused before they run, and why.

use crate::domain::playbook::criterion::{Expr, LONGEST, Truth};
use crate::domain::playbook::facts::Facts;
use crate::domain::playbook::samples::{input, refused};

#[test]
fn the_sample_without_values_is_part_of_the_proof() {
    assert!(refused("10 / person.open_incidents > 1").contains("on an empty sample"));
}

#[test]
fn what_an_error_would_hide_behind_is_refused() {
    assert!(refused("true || alert.sevrity == 'high'").contains("did you mean `alert.severity`?"));
    assert!(refused("alert.kind == 'none' && alert.severity > 3").contains("no matching overload"));
    assert!(refused("alert == 'x'").contains("say which"));
    assert!(refused("severity == 'high'").contains("unknown name `severity`"));
    assert!(refused("alert.label.name == 'x'").contains("has no parts"));
    assert!(refused("alert.title == 'x'").contains("unknown fact"));
}

#[test]
fn a_persons_count_that_is_compared_with_more_than_is_counted_is_named() {
    let named = |source: &str| Expr::parse(source).unwrap().beyond_count();
    let (detections, open) = ("person.detections_in_window", "person.open_incidents");
    for (source, expected) in [
        ("person.detections_in_window >= 1001", Some(detections)),
        ("person.detections_in_window > 1000", Some(detections)),
        ("1000 < person.open_incidents", Some(open)),
        (
            "alert.kind == 'x' || person.open_incidents == 2000",
            Some(open),
        ),
        ("!(5000 >= person.open_incidents)", Some(open)),
        ("person.detections_in_window >= 1000", None),
        ("person.detections_in_window > 999", None),
        ("1000 > person.open_incidents", None),
        ("person.detections_in_window >= repeat.count", None),
        ("incident.alerts > 5000", None),
    ] {
        assert_eq!(named(source), expected, "{source}");
    }
}

#[test]
fn what_could_run_long_is_refused() {
    assert!(
        refused("alert.techniques.all(a, alert.techniques.all(b, a == b))")
            .contains("split the criterion")
    );
    assert!(refused("alert.techniques.map(a, a).all(b, b == 'x')").contains("split the criterion"));
    let long = format!("alert.user == '{}'", "x".repeat(LONGEST));
    assert!(refused(&long).contains("shorten it to 2000"));
    // A regular expression is compiled at each evaluation, however large it gets.
    assert!(refused("alert.user.matches('(a{999}){999}')").contains("unknown function `matches`"));
    assert!(refused("alert.user.replace('a', 'b') == 'x'").contains("unknown function `replace`"));
}

#[test]
fn the_deepest_expressions_that_are_accepted_run_on_a_small_stack() {
    let accepted = [
        "true&&".repeat(332) + "true",
        "!".repeat(1_990) + "true",
        "(".repeat(60) + "true" + &")".repeat(60),
        "!(".repeat(18) + "true" + &")".repeat(18),
        "alert.user".to_owned() + &".lowerAscii()".repeat(16) + " == ''",
    ];
    for source in accepted {
        let expr = Expr::parse(&source).unwrap();
        assert_eq!(
            expr.eval(&Facts::new(&input(None))),
            Truth::True,
            "{source}"
        );
    }
}

#[test]
fn what_would_exhaust_the_stack_is_refused_before_it_does() {
    let brackets = [
        "(".repeat(990) + "true" + &")".repeat(990),
        "(".repeat(2_000),
        "[".repeat(2_000),
        "true?true:".repeat(199) + "true",
    ];
    for source in brackets {
        assert!(refused(&source).contains("at most 60 are read"), "{source}");
    }
    let deep = [
        "!(".repeat(60) + "true" + &")".repeat(60),
        "size(".repeat(60) + "alert.user" + &")".repeat(60) + " == 1",
        "1".to_owned() + &"+1".repeat(990) + " > 0",
        "alert".to_owned() + &".user".repeat(390),
    ];
    for source in deep {
        assert!(
            refused(&source).contains("at most 20 is evaluated"),
            "{source}"
        );
    }
}

#[test]
fn an_answer_that_is_no_yes_or_no_is_refused() {
    assert!(refused("alert.severity").contains("gives a string"));
    assert!(refused("person.open_incidents").contains("gives a int"));
}
