//! Reading the fixtures and the shipped playbooks.

use super::criterion::Evaluation;
use super::definition::{Playbook, TransitionKind};
use super::facts::{Facts, FactsInput, IncidentFacts, PersonFacts};
use super::fault::Fault;
use super::{notes, read};
use crate::domain::alert::{
    Alert, AlertKind, Destination, Detail, Named, SensitiveType, Severity, Times, User,
};
use crate::domain::ids::{StageId, TransitionId};
use crate::domain::restricted::Restricted;
use crate::domain::role::Role;
use chrono::{DateTime, NaiveDate};
use std::path::Path;

fn lines(faults: &[Fault]) -> String {
    let mut text = String::new();
    for fault in faults {
        text += &fault.to_string();
        text.push('\n');
    }
    text
}

#[test]
fn an_invented_playbook_reads_clean() {
    let text = include_str!("../../../tests/data/playbooks/invented.toml");
    let playbook = read(text).map_err(|faults| lines(&faults)).unwrap();
    assert_eq!(playbook.stages.len(), 3);
}

#[test]
fn every_shipped_playbook_reads_clean() {
    for (name, text) in super::shipped::embedded() {
        if let Err(faults) = read(text) {
            panic!("{name}:\n{}", lines(&faults));
        }
    }
}

#[test]
fn a_broken_playbook_gives_all_its_faults_in_one_run() {
    let faults = read(include_str!("../../../tests/data/playbooks/broken.toml")).unwrap_err();
    let expected = include_str!("../../../tests/data/playbooks/broken.expected");
    assert_eq!(lines(&faults), expected);
    assert!(faults.len() >= 20);
}

#[test]
fn lines_that_do_not_parse_come_together_with_what_is_wrong_elsewhere() {
    let text = "id = \"x\ntitle = 4\nversion = = 2\nstatus = \"drafty\"\n";
    let places: Vec<(usize, bool)> = read(text)
        .unwrap_err()
        .iter()
        .map(|f| (f.line, f.message.starts_with("the file is no TOML here")))
        .collect();
    assert!(places.contains(&(1, true)), "{places:?}");
    assert!(places.contains(&(3, true)), "{places:?}");
    assert!(
        places.contains(&(2, false)) && places.contains(&(4, false)),
        "{places:?}"
    );
    // Nothing is reported missing: it may stand on a line that does not parse.
    assert!(
        places
            .iter()
            .all(|(line, syntax)| *syntax || [2, 4].contains(line)),
        "{places:?}"
    );
}

/// The invented playbook with one place changed, and what is then wrong with it.
fn changed(from: &str, to: &str) -> String {
    let text = include_str!("../../../tests/data/playbooks/invented.toml");
    assert!(text.contains(from), "{from}");
    let faults = read(&text.replacen(from, to, 1)).err().unwrap_or_default();
    faults
        .iter()
        .map(|f| f.message.clone())
        .collect::<Vec<_>>()
        .join("; ")
}

/// One more than a form shows.
fn repeated(one: impl Fn(usize) -> String) -> String {
    (0..26).map(one).collect::<Vec<_>>().concat()
}

#[test]
fn what_a_form_cannot_show_is_a_fault() {
    let many = repeated(|i| format!("{{ id = \"c{i}\", title = \"C\" }}, "));
    let lab = "    { id = \"lab\", title = \"Laboratory\" },\n";
    assert!(changed(lab, &many).contains("28 choices; a form shows 25"));
    let long = "x".repeat(101);
    assert!(changed("Laboratory", &long).contains("`title` has 101 characters; shorten it to 100"));
    assert!(changed("Send out the search", &long).contains("shorten it to 80"));
    assert!(changed("Reception desk\"", &format!("{long}\"")).contains("shorten it to 80"));
    let list = repeated(|i| {
        format!(
            "[[criteria]]
id = \"k{i}\"
text = \"K\"
"
        )
    });
    let ids = repeated(|i| format!("\"k{i}\", "));
    let text = include_str!("../../../tests/data/playbooks/invented.toml");
    let text = text.replacen(
        "criteria = [\"in-a-drawer\"]",
        &format!("criteria = [{ids}]"),
        1,
    ) + &list;
    assert!(lines(&read(&text).unwrap_err()).contains("26 criteria; a form shows 25"));
}

#[test]
fn a_file_is_taken_only_where_uploads_are_allowed() {
    assert!(
        changed("uploads = true", "uploads = false")
            .contains("uploads = false; change one of them")
    );
}

#[test]
fn a_receiver_who_reads_nothing_of_the_record_is_a_fault() {
    let faults = changed(
        "role = \"tier2\"\nowner = \"Badge office\"",
        "role = \"engineering\"\nowner = \"Badge office\"",
    );
    assert_eq!(
        faults,
        "`make-new` hands a record to engineering, who may read none of it; add engineering to the audience of its fields"
    );
}

#[test]
fn a_stage_from_which_no_way_leads_to_an_end_is_a_fault() {
    let faults = changed(
        "kind = \"closure\"\nfrom = [\"street\", \"smithy\"]",
        "kind = \"handoff\"\nto = \"desk\"\nfrom = [\"street\", \"smithy\"]",
    );
    // The desk can still dismiss, and both others lead back to it.
    assert_eq!(
        faults,
        "`finish` hands a record to tier1, who may read none of it; add tier1 to the audience of its fields"
    );
    let text = include_str!("../../../tests/data/playbooks/invented.toml")
        .replace("from = [\"street\", \"smithy\"]\ncriteria = [\"blocked", "from = [\"desk\"]\ncriteria = [\"blocked")
        .replace("[[contradictions]]", "[[transitions]]\nid = \"round\"\ntitle = \"Round\"\nkind = \"handoff\"\nfrom = [\"smithy\"]\nto = \"street\"\ncriteria = [\"data-on-badge\"]\nrecord = [\"story\"]\n\n[[contradictions]]");
    let faults = lines(&read(&text).unwrap_err());
    assert!(
        faults.contains("from stage `street` no way leads to an end; add a closure or a dismissal"),
        "{faults}"
    );
    assert!(faults.contains("from stage `smithy` no way"), "{faults}");
    assert!(!faults.contains("from stage `desk`"), "{faults}");
}

#[test]
fn a_playbook_without_entry_or_stage_says_so() {
    let faults = lines(&read("").unwrap_err());
    assert!(faults.contains("nothing says where an incident starts"));
    assert!(faults.contains("the playbook has no stage"));
}

#[test]
fn records_are_cumulative_along_the_way() {
    let playbook = read(include_str!("../../../tests/data/playbooks/invented.toml")).unwrap();
    let record = |id: &str| -> Vec<String> {
        let fields = playbook.record_at(&TransitionId::new(id));
        fields.into_iter().map(|f| f.0).collect()
    };
    let first = [
        "badge-number",
        "holder",
        "noticed-at",
        "door-log",
        "story",
        "searched",
        "doors",
    ];
    assert_eq!(record("send-search"), first);
    assert_eq!(
        record("make-new"),
        [&first[..], &["where-lost", "photo"]].concat()
    );
    assert_eq!(record("drawer"), ["story"]);
    assert_eq!(
        record("finish"),
        [&first[..], &["where-lost", "photo", "end"]].concat()
    );
    assert_eq!(record("unknown"), Vec::<String>::new());
}

#[test]
fn the_ways_out_of_a_stage_are_those_that_name_it() {
    let playbook = read(include_str!("../../../tests/data/playbooks/invented.toml")).unwrap();
    let ways: Vec<&str> = playbook
        .ways_out(&StageId::new("street"))
        .map(|t| t.id.as_str())
        .collect();
    assert_eq!(ways, ["make-new", "tell-privacy", "finish"]);
    assert_eq!(playbook.first_stage().unwrap().id.as_str(), "desk");
    assert_eq!(playbook.outcome_field().unwrap().id.as_str(), "end");
    let mandatory: Vec<&str> = playbook
        .mandatory_at(&StageId::new("desk"))
        .map(|c| c.id.as_str())
        .collect();
    assert_eq!(mandatory, ["opened-a-door"]);
}

#[test]
fn a_review_a_year_ago_is_a_note_and_no_fault() {
    let playbook = read(include_str!("../../../tests/data/playbooks/invented.toml")).unwrap();
    let on = |y, m, d| notes(&playbook, NaiveDate::from_ymd_opt(y, m, d).unwrap());
    assert_eq!(on(2027, 6, 1), Vec::<String>::new());
    assert_eq!(
        on(2027, 6, 2),
        [
            "Lost access badge was last reviewed on 2026-06-01; the review was due on 2027-06-01. Review it and set `reviewed_on`."
        ]
    );
    assert_eq!(on(2026, 5, 1).len(), 1);
}

/// Each shipped id, except words that anybody would use.
fn shipped_ids() -> Vec<String> {
    let mut ids = Vec::new();
    for (_, text) in super::shipped::embedded() {
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
    read(super::shipped::embedded()[index].1).unwrap()
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
        source_alert_id: "A-1".to_owned(),
        source_incident_id: None,
        source_url: None,
        tenant_id: None,
        key_time: None,
        kind,
        severity,
        source_severity: None,
        source_status: None,
        category: Some("LateralMovement".to_owned()),
        product: None,
        detection_source: None,
        times: Times::default(),
        user: Some(User {
            upn,
            ..User::default()
        }),
        device: None,
        policy: named("Ledger"),
        rule: None,
        workload: Some("Endpoint".to_owned()),
        action: Some("FileUploadedToCloud".to_owned()),
        enforcement: None,
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
        techniques: Vec::new(),
        parse_notes: Vec::new(),
        detail: Restricted::new(Detail::default()),
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
fn each_kind_of_alert_finds_its_shipped_playbook_or_none() {
    let takers = |kind| -> Vec<usize> {
        let alert = alert(kind, Severity::Low);
        let takes = |i: &usize| shipped(*i).route(&facts(&shipped(*i), &alert, 1));
        (0..2).filter(takes).collect()
    };
    assert_eq!(takers(AlertKind::Dlp), [0]);
    assert_eq!(takers(AlertKind::Endpoint), [1]);
    assert_eq!(takers(AlertKind::Identity), [1]);
    assert_eq!(takers(AlertKind::Compliance), [1]);
    assert_eq!(takers(AlertKind::Siem), Vec::<usize>::new());
    assert_eq!(takers(AlertKind::Infra), Vec::<usize>::new());
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
    for playbook in [shipped(0), shipped(1)] {
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
    for playbook in [shipped(0), shipped(1)] {
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
