//! Expressions: what is refused before it runs, and what they say about facts.

use super::*;
use crate::domain::alert::{Alert, AlertKind, Destination, Named, SensitiveType, Severity, User};
use crate::domain::alert::{Detail, Times};
use crate::domain::ids::CriterionId;
use crate::domain::playbook::definition::ShownFact;
use crate::domain::playbook::facts::{
    FactsInput, IncidentFacts, PREFILLS, PersonFacts, Prefill, known_path, prefill,
};
use crate::domain::playbook::rules::Repeat;
use crate::domain::restricted::Restricted;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn silent_alert() -> Alert {
    Alert {
        source_alert_id: "A-1".to_owned(),
        source_incident_id: None,
        source_url: None,
        tenant_id: None,
        key_time: None,
        kind: AlertKind::Dlp,
        severity: Severity::Unknown,
        source_severity: None,
        source_status: None,
        category: None,
        product: None,
        detection_source: None,
        times: Times::default(),
        user: None,
        device: None,
        policy: None,
        rule: None,
        workload: None,
        action: None,
        enforcement: None,
        destination: None,
        sensitivity_label: None,
        sensitive_types: Vec::new(),
        techniques: Vec::new(),
        parse_notes: Vec::new(),
        detail: Restricted::new(Detail::default()),
    }
}

fn input(alert: Option<&Alert>) -> FactsInput<'_> {
    FactsInput {
        alert,
        source: "purview",
        incident: IncidentFacts::default(),
        person: PersonFacts::default(),
        repeat: Some(Repeat {
            window_days: 30,
            count: 2,
            blocks_dismissal_from: 2,
        }),
        now: now(),
    }
}

fn says(source: &str, alert: &Alert) -> Truth {
    Expr::parse(source)
        .unwrap()
        .eval(&Facts::new(&input(Some(alert))))
}

fn refused(source: &str) -> String {
    let faults = Expr::parse(source).unwrap_err();
    faults
        .into_iter()
        .map(|f| f.message)
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn every_fact_is_there_when_the_source_is_silent() {
    let alert = silent_alert();
    assert_eq!(
        says("alert.user == '' && alert.techniques == []", &alert),
        Truth::True
    );
    assert_eq!(says("alert.severity_rank == 0", &alert), Truth::True);
    assert_eq!(says("alert.sensitive_count + 1 == 1", &alert), Truth::True);
    assert_eq!(says("alert.destination_external", &alert), Truth::False);
    assert_eq!(
        says(
            "incident.age_minutes == 0 && incident.opened == now",
            &alert
        ),
        Truth::True
    );
}

#[test]
fn facts_are_the_alerts() {
    let mut alert = silent_alert();
    alert.severity = Severity::High;
    alert.sensitivity_label = Some(Named {
        uid: None,
        name: Some("Highly Confidential".to_owned()),
    });
    alert.techniques = vec!["T1021.001".to_owned()];
    alert.sensitive_types = vec![
        SensitiveType {
            name: Some("Credit card".to_owned()),
            count: Some(4),
            ..SensitiveType::default()
        },
        SensitiveType {
            name: None,
            count: Some(3),
            ..SensitiveType::default()
        },
    ];
    assert_eq!(
        says(
            "alert.severity_rank == 4 && alert.severity == 'high'",
            &alert
        ),
        Truth::True
    );
    assert_eq!(
        says("alert.label.lowerAscii().contains('highly')", &alert),
        Truth::True
    );
    assert_eq!(
        says("alert.techniques.exists(t, t.startsWith('T1021'))", &alert),
        Truth::True
    );
    assert_eq!(
        says(
            "alert.sensitive_types == ['Credit card'] && alert.sensitive_count == 7",
            &alert
        ),
        Truth::True
    );
    assert_eq!(
        says(
            "alert.source == 'purview' && alert.source_alert_id == 'A-1'",
            &alert
        ),
        Truth::True
    );
}

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
fn a_destination_is_elsewhere_only_where_both_domains_are_known() {
    let elsewhere = |upn: Option<&str>, shown: &str| {
        let mut alert = silent_alert();
        alert.user = upn.map(|upn| User {
            upn: Some(upn.to_owned()),
            ..User::default()
        });
        alert.destination = Some(Destination {
            shown: shown.to_owned(),
            external: None,
        });
        says("alert.destination_elsewhere", &alert)
    };
    let own = Some("clerk@contoso.example");
    assert_eq!(
        elsewhere(own, "a@contoso.example, b@supplier.example"),
        Truth::True
    );
    assert_eq!(
        elsewhere(own, "a@Contoso.example, b@mail.contoso.example"),
        Truth::False
    );
    assert_eq!(elsewhere(own, "https://drop.example/x"), Truth::True);
    assert_eq!(elsewhere(own, "\\\\server\\share.d"), Truth::False);
    assert_eq!(elsewhere(own, "USB"), Truth::False);
    assert_eq!(elsewhere(None, "b@supplier.example"), Truth::False);
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

#[test]
fn lists_and_texts_are_capped() {
    let mut alert = silent_alert();
    alert.techniques = (0..500).map(|i| format!("T{i}")).collect();
    alert.workload = Some("w".repeat(9_000));
    assert_eq!(
        says(
            "size(alert.techniques) == 100 && size(alert.workload) == 4000",
            &alert
        ),
        Truth::True
    );
}

#[test]
fn a_met_criterion_brings_its_facts_and_one_without_expression_is_asked() {
    let criterion = |when: Option<&str>| Criterion {
        id: CriterionId::new("c"),
        text: "It is so.".to_owned(),
        mandatory: false,
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
fn prefills_come_from_the_allowed_paths_and_are_silent_where_the_source_is() {
    let mut alert = silent_alert();
    alert.source_url = Some("https://portal.example/a".to_owned());
    alert.times.detected_at = Some(now());
    alert.user = Some(User {
        department: Some("Ledger".to_owned()),
        ..User::default()
    });
    let mut given = input(Some(&alert));
    given.incident = IncidentFacts {
        id: "INC-7",
        ..IncidentFacts::default()
    };
    let facts = Facts::new(&given);
    let value = |path| prefill(path, &facts);
    assert_eq!(
        value("alert.source_url"),
        Prefill::Value("https://portal.example/a".to_owned())
    );
    assert_eq!(
        value("alert.detected_at"),
        Prefill::Value("2026-09-21T14:13:20Z".to_owned())
    );
    assert_eq!(
        value("person.department"),
        Prefill::Value("Ledger".to_owned())
    );
    assert_eq!(value("incident.id"), Prefill::Value("INC-7".to_owned()));
    assert_eq!(value("alert.policy"), Prefill::Silent);
    assert_eq!(value("alert.tenant_id"), Prefill::Silent);
    for path in PREFILLS {
        assert!(known_path(path), "{path}");
    }
}

#[test]
fn the_directory_knows_the_department_better_than_the_alert() {
    let mut alert = silent_alert();
    alert.user = Some(User {
        department: Some("Old".to_owned()),
        ..User::default()
    });
    let mut given = input(Some(&alert));
    given.person.department = Some("New");
    let facts = Facts::new(&given);
    assert_eq!(
        prefill("person.department", &facts),
        Prefill::Value("New".to_owned())
    );
}

#[test]
fn age_counts_from_the_opening() {
    let mut given = input(None);
    given.incident.opened_at = Some(now() - TimeDelta::minutes(90));
    let facts = Facts::new(&given);
    assert_eq!(
        Expr::parse("incident.age_minutes == 90")
            .unwrap()
            .eval(&facts),
        Truth::True
    );
    assert_eq!(
        Expr::parse("now - incident.opened > duration('1h')")
            .unwrap()
            .eval(&facts),
        Truth::True
    );
}

#[test]
fn facts_do_not_print_their_values() {
    let mut alert = silent_alert();
    alert.user = Some(User {
        upn: Some("clerk@contoso.example".to_owned()),
        ..User::default()
    });
    let printed = format!("{:?}", Facts::new(&input(Some(&alert))));
    assert!(printed.contains("alert.user") && !printed.contains("clerk"));
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
