//! Facts as expressions and forms see them.

use super::*;
use crate::domain::alert::{Destination, Named, SensitiveType, User};
use crate::domain::playbook::criterion::{Expr, Truth};
use crate::domain::playbook::samples::{input, now, says, silent_alert};
use chrono::TimeDelta;

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
        let from_pattern = [PATTERN_REASON, PATTERN_REFERENCE].contains(&path);
        assert!(known_path(path) != from_pattern, "{path}");
        // What a pattern says is no fact of an alert.
        assert!(!from_pattern || value(path) == Prefill::Silent);
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
