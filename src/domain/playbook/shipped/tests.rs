//! The shipped playbooks: they read clean, route as they say, and the program knows no id of theirs.

use super::embedded;
use crate::domain::alert::{Alert, AlertKind, Destination, Named, SensitiveType, Severity, User};
use crate::domain::playbook::criterion::Evaluation;
use crate::domain::playbook::definition::{FieldKind, Playbook, TransitionKind};
use crate::domain::playbook::facts::{Facts, FactsInput, IncidentFacts, PersonFacts};
use crate::domain::playbook::read;
use crate::domain::playbook::samples::silent_alert;
use crate::domain::record::SAMPLE_TIME;
use crate::domain::role::Role;
use chrono::DateTime;
use std::path::Path;

#[test]
fn every_shipped_playbook_reads_clean() {
    for (name, text) in embedded() {
        if let Err(faults) = read(text) {
            panic!(
                "{name}:\n{}",
                faults
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("\n")
            );
        }
    }
}

#[test]
fn what_a_form_shows_is_read_at_a_glance() {
    // A line of a form, and the help that chat shows whole; a time's help is followed by how one is written.
    let (line, help) = (50, 100);
    let written = format!(", such as {SAMPLE_TIME}").len();
    for (_, text) in embedded() {
        let playbook = read(text).unwrap();
        for done in playbook.stages.iter().flat_map(|stage| &stage.done) {
            assert!(done.text.chars().count() <= line, "{}", done.text);
        }
        for field in &playbook.fields {
            let more = if field.kind == FieldKind::Time {
                written
            } else {
                0
            };
            assert!(field.help.chars().count() + more <= help, "{}", field.help);
        }
    }
}

/// Each shipped id, except words that anybody would use.
fn shipped_ids() -> Vec<String> {
    let mut ids = Vec::new();
    for (_, text) in embedded() {
        let playbook = read(text).unwrap();
        ids.push(playbook.id.0);
        ids.extend(playbook.stages.into_iter().map(|x| x.id.0));
        ids.extend(playbook.transitions.into_iter().map(|x| x.id.0));
        ids.extend(playbook.criteria.into_iter().map(|x| x.id.0));
        ids.extend(playbook.fields.into_iter().map(|x| x.id.0));
        ids.extend(playbook.gates.into_iter().map(|x| x.id));
        ids.extend(playbook.containment.into_iter().map(|x| x.id));
        ids.extend(playbook.recovery.into_iter().map(|x| x.id));
        ids.extend(playbook.outcomes.into_iter().map(|x| x.id));
    }
    ids.retain(|id| id.contains('-'));
    ids
}

#[test]
fn the_program_knows_no_id_of_a_shipped_playbook() {
    let ids = shipped_ids();
    assert!(ids.len() > 60);
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut read_files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                read_files += 1;
                for id in &ids {
                    assert!(
                        !source.contains(&format!("\"{id}\"")),
                        "{} names `{id}`, which a playbook owns; make it data",
                        path.display()
                    );
                }
            }
        }
    }
    assert!(read_files > 10);
}

fn shipped(index: usize) -> Playbook {
    read(embedded()[index].1).unwrap()
}

/// An alert as a source sends it, with the parts that the shipped criteria look at.
fn alert(kind: AlertKind, severity: Severity) -> Alert {
    let named = |name: &str| {
        Some(Named {
            uid: None,
            name: Some(name.to_owned()),
        })
    };
    let upn = Some("clerk@contoso.example".to_owned());
    Alert {
        kind,
        severity,
        category: Some("LateralMovement".to_owned()),
        user: Some(User {
            upn,
            ..User::default()
        }),
        policy: named("Ledger"),
        workload: Some("Endpoint".to_owned()),
        action: Some("FileUploadedToCloud".to_owned()),
        destination: Some(Destination {
            shown: "drop.example".to_owned(),
            external: None,
        }),
        sensitivity_label: named("Highly Confidential"),
        sensitive_types: vec![SensitiveType {
            name: Some("Credit Card Number".to_owned()),
            count: Some(12),
            ..SensitiveType::default()
        }],
        ..silent_alert()
    }
}

fn facts(playbook: &Playbook, alert: &Alert, detections_in_window: i64) -> Facts {
    Facts::new(&FactsInput {
        alert: Some(alert),
        source: "purview",
        incident: IncidentFacts::default(),
        person: PersonFacts {
            known: true,
            detections_in_window,
            ..PersonFacts::default()
        },
        repeat: playbook.repeat,
        now: DateTime::UNIX_EPOCH,
    })
}

#[test]
fn each_kind_of_alert_finds_its_shipped_playbook_and_the_last_takes_what_none_takes() {
    let takers = |kind| -> Vec<usize> {
        let alert = alert(kind, Severity::Low);
        let takes = |i: &usize| shipped(*i).route(&facts(&shipped(*i), &alert, 1));
        (0..embedded().len()).filter(takes).collect()
    };
    assert_eq!(takers(AlertKind::Dlp), [0, 2]);
    assert_eq!(takers(AlertKind::Endpoint), [1, 2]);
    assert_eq!(takers(AlertKind::Identity), [1, 2]);
    assert_eq!(takers(AlertKind::Compliance), [1, 2]);
    assert_eq!(takers(AlertKind::Siem), [2]);
    assert_eq!(takers(AlertKind::Infra), [2]);
}

#[test]
fn only_the_last_shipped_playbook_takes_everything() {
    let everything: Vec<bool> = (0..embedded().len())
        .map(|i| shipped(i).takes_everything())
        .collect();
    assert_eq!(everything, [false, false, true]);
}

#[test]
fn a_high_endpoint_alert_goes_to_security_at_once_and_others_to_the_front_line() {
    let playbook = shipped(1);
    let role = |severity| {
        let alert = alert(AlertKind::Endpoint, severity);
        let entry = playbook.entry(&facts(&playbook, &alert, 1)).unwrap();
        playbook.stage(&entry.stage).unwrap().role
    };
    assert_eq!(role(Severity::Critical), Role::Tier3);
    assert_eq!(role(Severity::High), Role::Tier3);
    assert_eq!(role(Severity::Medium), Role::Frontline);
    assert_eq!(role(Severity::Unknown), Role::Frontline);
}

/// How many criteria of a transition the program evaluates as met.
fn met(playbook: &Playbook, transition: usize, alert: &Alert, detections: i64) -> usize {
    let facts = facts(playbook, alert, detections);
    playbook.transitions[transition]
        .criteria
        .iter()
        .filter_map(|id| playbook.criterion(id))
        .filter(|c| matches!(c.evaluate(&facts), Evaluation::Met { .. }))
        .count()
}

#[test]
fn the_triggers_that_the_program_can_see_are_evaluated() {
    let dlp = shipped(0);
    let mut seen = alert(AlertKind::Dlp, Severity::Low);
    // Label, destination, and from the second detection on the repeat.
    assert_eq!(met(&dlp, 0, &seen, 1), 2);
    assert_eq!(met(&dlp, 0, &seen, 2), 3);
    seen.sensitivity_label = None;
    seen.destination = None;
    seen.action = Some("FileRead".to_owned());
    assert_eq!(met(&dlp, 0, &seen, 1), 0);
    let endpoint = shipped(1);
    let moving = alert(AlertKind::Endpoint, Severity::Low);
    assert_eq!(met(&endpoint, 0, &moving, 1), 1);
    assert_eq!(
        met(&endpoint, 0, &alert(AlertKind::Endpoint, Severity::High), 1),
        2
    );
}

#[test]
fn the_front_line_cannot_dismiss_on_any_of_the_eight_triggers() {
    let playbook = shipped(1);
    let first = &playbook.first_stage().unwrap().id;
    assert_eq!(playbook.mandatory_at(first).count(), 8);
    let escalation = &playbook.transitions[0];
    assert_eq!(escalation.criteria.len(), 9);
    // An emergency: all may be owed but the behaviour, and of person and device one is needed.
    assert_eq!(escalation.record.len() - escalation.owed.len(), 1);
    assert_eq!(escalation.one_of.len(), 2);
}

#[test]
fn each_shipped_transition_can_be_taken_by_someone_who_reads_its_record() {
    for playbook in [shipped(0), shipped(1), shipped(2)] {
        for transition in &playbook.transitions {
            for stage in transition.from.iter().filter_map(|id| playbook.stage(id)) {
                // Governance is engaged by tier2 and tier3, whoever works at the stage.
                let role = match transition.kind {
                    TransitionKind::Engagement => Role::Tier3,
                    TransitionKind::Handoff
                    | TransitionKind::Dismissal
                    | TransitionKind::Closure => stage.role,
                };
                for field in transition.record.iter().filter_map(|id| playbook.field(id)) {
                    assert!(
                        field.audience.contains(&role),
                        "{}: {} writes {} in {}",
                        playbook.id,
                        role,
                        field.id,
                        transition.id
                    );
                }
            }
        }
    }
}

#[test]
fn each_field_criterion_and_gate_that_is_shipped_is_used() {
    for playbook in [shipped(0), shipped(1), shipped(2)] {
        for field in &playbook.fields {
            assert!(
                playbook
                    .transitions
                    .iter()
                    .any(|t| t.record.contains(&field.id)),
                "{}",
                field.id
            );
        }
        for criterion in &playbook.criteria {
            assert!(
                playbook
                    .transitions
                    .iter()
                    .any(|t| t.criteria.contains(&criterion.id)),
                "{}",
                criterion.id
            );
        }
        let named = |id: &String| {
            playbook.transitions.iter().any(|t| t.gates.contains(id))
                || playbook.containment.iter().any(|a| a.gates.contains(id))
                || playbook.recovery.iter().any(|r| r.gates.contains(id))
        };
        assert!(playbook.gates.iter().all(|g| named(&g.id)));
    }
}

#[test]
fn reasons_for_thresholds_are_asked_by_the_ways_that_pass_over_them_and_by_no_later_one() {
    let mut later = 0;
    for (_, text) in embedded() {
        let playbook = read(text).unwrap();
        let asked = playbook.transitions.iter();
        let asked: Vec<_> = asked
            .filter_map(|t| t.thresholds_answered_in.clone())
            .collect();
        for way in &playbook.transitions {
            let others = asked.iter().filter(|field| !way.record.contains(field));
            let record = playbook.record_at(&way.id);
            for field in others {
                assert!(!record.contains(field), "{} asks {field}", way.id);
                later += 1;
            }
        }
    }
    assert!(later > 0);
}
