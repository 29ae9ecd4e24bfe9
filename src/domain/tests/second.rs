//! The repeat rule: a person who was detected before is not dismissed by one person alone.

use super::room::{READER, counter, counter_b, manager, picked, said, table, vault};
use super::{Case, criterion};
use crate::domain::alert::Severity;
use crate::domain::ids::AlertId;
use crate::domain::incident::{Command, EndKind, Evaluated, Event, Finding, Phase, Refusal};
use crate::domain::policy::{Actor, reads};

fn agree(reason: &str) -> Command {
    Command::Agree {
        reason: reason.to_owned(),
    }
}

fn refuse(reason: &str) -> Command {
    Command::Refuse {
        reason: reason.to_owned(),
    }
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::kind).collect()
}

/// The second detection of the reader, dismissed by the first person.
fn proposed() -> Case {
    let mut case = Case::torn();
    case.detections = Some(2);
    let form = case.complete("old-damage");
    let events = case.submit(&counter(), form).unwrap();
    assert_eq!(kinds(&events), ["claimed", "proposed"]);
    case
}

#[test]
fn the_first_detection_is_dismissed_by_one_person() {
    for detections in [None, Some(0), Some(1)] {
        let mut case = Case::torn();
        case.detections = detections;
        case.submit(&counter(), case.complete("old-damage"))
            .unwrap();
        assert!(!case.incident().is_open());
    }
}

#[test]
fn from_the_second_detection_on_a_dismissal_waits_for_a_second_person() {
    for detections in [2, 3, 90] {
        let mut case = Case::torn();
        case.detections = Some(detections);
        case.submit(&counter(), case.complete("old-damage"))
            .unwrap();
        assert!(case.incident().is_open());
        assert_eq!(
            case.incident().proposal.as_ref().unwrap().by,
            counter().person
        );
    }
}

#[test]
fn an_incident_about_nobody_known_repeats_nothing() {
    let mut case = Case::torn();
    case.detections = Some(9);
    case.incident.as_mut().unwrap().concerned.clear();
    case.submit(&counter(), case.complete("old-damage"))
        .unwrap();
    assert!(!case.incident().is_open());
}

#[test]
fn a_gap_beside_the_gate_is_refused_and_proposes_nothing() {
    let mut case = Case::torn();
    case.detections = Some(2);
    let mut form = case.complete("old-damage");
    form.done.clear();
    let Err(Refusal::RecordIncomplete(readiness)) = case.submit(&counter(), form) else {
        panic!("not refused");
    };
    assert_eq!(readiness.undone.len(), 1);
    assert_eq!(case.incident().proposal, None);
}

#[test]
fn another_person_of_the_two_tiers_agrees_with_a_reason_and_it_is_dismissed() {
    for second in [counter_b(), table()] {
        let mut case = proposed();
        case.wait(7);
        let events = case
            .act(Some(&second), &agree(" It was torn in 1950. "))
            .unwrap();
        assert_eq!(kinds(&events), ["agreed", "ended"]);
        let reason = "It was torn in 1950.".to_owned();
        assert_eq!(events[0], Event::Agreed { reason });
        let Phase::Ended(ended) = &case.incident().phase else {
            panic!("open");
        };
        assert_eq!((ended.kind, ended.by), (EndKind::Dismissed, second.person));
        assert_eq!(ended.transition.as_str(), "old-damage");
        // What was proposed is on the record, by the one who wrote it.
        let record = case.incident().record.judge();
        let entry = record.latest(&super::field("why-old")).unwrap();
        assert_eq!(entry.by, counter().person);
        assert_eq!(case.replayed().as_ref(), Some(case.incident()));
    }
}

#[test]
fn the_one_who_proposed_it_neither_agrees_nor_refuses() {
    let mut case = proposed();
    for word in [agree("so it is"), refuse("or not")] {
        assert_eq!(
            case.act(Some(&counter()), &word).unwrap_err(),
            Refusal::SamePerson
        );
    }
    assert!(case.incident().is_open());
}

#[test]
fn a_second_persons_word_needs_its_reason() {
    for word in [agree("  "), refuse("\n")] {
        let mut case = proposed();
        assert_eq!(
            case.act(Some(&counter_b()), &word).unwrap_err(),
            Refusal::ReasonMissing
        );
    }
}

#[test]
fn who_is_of_neither_tier_has_no_word_in_it() {
    for other in [vault(), manager()] {
        let refused = proposed().act(Some(&other), &agree("fine")).unwrap_err();
        assert!(matches!(refused, Refusal::NotYours { .. }), "{refused:?}");
    }
    assert_eq!(
        proposed().act(None, &agree("fine")).unwrap_err(),
        Refusal::NotFound
    );
}

#[test]
fn the_person_concerned_does_not_know_of_it_even_as_a_colleague() {
    let case = proposed();
    let reader = Actor {
        person: READER,
        ..counter_b()
    };
    let walls = [READER].into();
    assert_eq!(
        reads(&reader, case.incident(), &case.playbook, &walls),
        None
    );
    assert!(reads(&counter_b(), case.incident(), &case.playbook, &walls).is_some());
}

#[test]
fn a_refused_dismissal_stays_with_its_holder_who_takes_another_way() {
    let mut case = proposed();
    let waiting = case.submit(&counter(), case.complete("ask-table"));
    assert_eq!(
        waiting.unwrap_err(),
        Refusal::Proposed {
            by: counter().person
        }
    );
    case.act(Some(&counter_b()), &refuse("The tear is fresh."))
        .unwrap();
    assert!(case.incident().is_open());
    assert_eq!(case.incident().holder(), Some(counter().person));
    assert_eq!(case.incident().proposal, None);
    assert_eq!(
        case.act(Some(&counter_b()), &agree("after all"))
            .unwrap_err(),
        Refusal::NothingProposed
    );
    case.submit(&counter(), case.complete("ask-table")).unwrap();
    assert!(matches!(case.incident().phase, Phase::Offered(_)));
}

#[test]
fn what_came_up_since_the_proposal_is_answered_before_anybody_agrees() {
    for (trigger, expected) in [
        ("on-camera", "excluded"),
        ("rare-book", "a line is missing"),
    ] {
        let mut case = proposed();
        let attach = Command::Attach {
            alert: AlertId(2),
            severity: Severity::High,
            concerned: None,
            criteria: vec![Evaluated {
                criterion: criterion(trigger),
                finding: Finding::Met,
                facts: Vec::new(),
            }],
        };
        case.act(None, &attach).unwrap();
        if trigger == "rare-book" {
            // One line stands in the record for one trigger; a second one is met now.
            let Command::Attach { criteria, .. } = attach else {
                unreachable!()
            };
            let again = Evaluated {
                criterion: criterion("torn-again"),
                ..criteria[0].clone()
            };
            let more = Command::Attach {
                alert: AlertId(3),
                severity: Severity::High,
                concerned: None,
                criteria: vec![again],
            };
            case.act(None, &more).unwrap();
        }
        let refused = case.act(Some(&counter_b()), &agree("fine")).unwrap_err();
        let Refusal::RecordIncomplete(readiness) = refused else {
            panic!("{expected}: {refused:?}");
        };
        assert_eq!(
            readiness.excluded_by.is_empty(),
            trigger == "rare-book",
            "{expected}"
        );
        assert_eq!(
            readiness.gaps.is_empty(),
            trigger == "on-camera",
            "{expected}"
        );
        assert!(case.incident().is_open());
        // The way out is a refusal: the holder has it back and amends it.
        case.act(Some(&counter_b()), &refuse("Look again."))
            .unwrap();
    }
}

#[test]
fn only_a_dismissal_is_opened_by_a_second_person() {
    // A closure with a closed gate is refused; nobody is asked.
    let mut case = Case::at_table();
    let mut form = case.complete("shelve");
    picked(&mut form, "end", "mended");
    said(&mut form, "board-asked", true);
    let Err(Refusal::RecordIncomplete(readiness)) = case.submit(&table(), form) else {
        panic!("not refused");
    };
    assert_eq!(readiness.gates, ["The board must know and was not told."]);
    assert_eq!(case.incident().proposal, None);
}
