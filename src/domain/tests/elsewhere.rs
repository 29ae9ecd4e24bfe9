//! A gate follows the person: what linked incidents say of HR and the person, in the reading room.

use super::Case;
use super::room::{READER, hr, legal, manager, vault};
use crate::domain::governance::Choice;
use crate::domain::ids::{IncidentId, TransitionId};
use crate::domain::incident::{
    Command, Context, Elsewhere, EndKind, Ended, Phase, apply, closed_for, decide,
};
use crate::domain::policy::{Actor, Walls};
use crate::domain::role::Role;

const HR_FIRST: &str = "The staff office reads it before anything is done to the reader.";

/// At the vault, where the record rules misconduct out: of itself the gate is open.
fn ruled_out() -> Case {
    let mut case = Case::at_vault("unclear", false, false);
    case.propose(&vault(), "take-card").unwrap();
    case
}

/// The gates of the first case's action that are closed while the others are linked with it.
fn closed(case: &Case, linked: &[&Case], told: bool) -> Vec<String> {
    let elsewhere = elsewhere(linked, told);
    let entry = &case.incident().actions[0];
    let action = case.playbook.action(&entry.action).unwrap();
    let context = Context {
        elsewhere: Some(&elsewhere),
        ..case.context(None)
    };
    closed_for(case.incident(), entry, action, &context)
}

fn elsewhere(linked: &[&Case], told: bool) -> Elsewhere {
    let mut elsewhere = Elsewhere::default();
    for other in linked {
        elsewhere.add(other.incident(), &other.playbook, told);
    }
    elsewhere
}

/// At the vault, with what the record says of the reader.
fn recorded(mood: &str, blame: bool) -> Case {
    Case::at_vault(mood, blame, false)
}

#[test]
fn an_open_linked_incident_that_names_misconduct_closes_the_gate() {
    let case = ruled_out();
    assert_eq!(closed(&case, &[], false), [""; 0]);
    let harmless = recorded("unclear", false);
    assert_eq!(closed(&case, &[&harmless], false), [""; 0]);
    // In the record: the answer that does not rule it out, or one that excludes ruling it out.
    for naming in [recorded("unclear", true), recorded("angry", true)] {
        assert_eq!(closed(&case, &[&harmless, &naming], false), [HR_FIRST]);
    }
    // By a criterion that calls HR, confirmed in a brief.
    let mut engaged = recorded("unclear", false);
    engaged.engage(&vault(), &["reader-suspected"]).unwrap();
    assert_eq!(closed(&case, &[&engaged], false), [HR_FIRST]);
    // A brief on anything else names nobody.
    let mut other = recorded("unclear", false);
    other.engage(&vault(), &["lender-asks"]).unwrap();
    assert_eq!(closed(&case, &[&other], false), [""; 0]);
}

#[test]
fn only_whoever_may_read_the_other_record_is_told_which_incident_closes_it() {
    let (case, naming) = (ruled_out(), recorded("unclear", true));
    let told = closed(&case, &[&naming], true);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with(HR_FIRST), "{told:?}");
    assert!(told[0].ends_with("misconduct is named in INC-1, which is linked."));
    assert_eq!(closed(&case, &[&naming], false), [HR_FIRST]);
}

#[test]
fn what_has_ended_closes_nothing_any_more() {
    let case = ruled_out();
    let mut naming = recorded("unclear", true);
    assert_eq!(closed(&case, &[&naming], false), [HR_FIRST]);
    let mut ended = naming.incident().clone();
    ended.phase = Phase::Ended(Ended {
        transition: TransitionId::new("shelve"),
        kind: EndKind::Closed,
        by: vault().person,
        at: naming.now,
        proposed_by: None,
    });
    naming.incident = Some(ended);
    assert_eq!(closed(&case, &[&naming], false), [""; 0]);
}

#[test]
fn hr_opens_it_in_either_and_holds_it_in_both() {
    let mut case = ruled_out();
    let mut naming = recorded("unclear", true);
    // HR hears in the linked incident.
    naming.engage(&vault(), &["reader-suspected"]).unwrap();
    assert_eq!(closed(&case, &[&naming], false), [HR_FIRST]);
    naming.answers(&hr(), 1, Choice::Acknowledge).unwrap();
    assert_eq!(closed(&case, &[&naming], false), [""; 0]);
    naming.answers(&hr(), 1, Choice::HoldContainment).unwrap();
    assert_eq!(closed(&case, &[&naming], false), [HR_FIRST]);
    // HR hears in this one, while nobody asked there.
    let silent = recorded("unclear", true);
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    assert_eq!(closed(&case, &[&silent], false), [HR_FIRST]);
    case.answers(&hr(), 1, Choice::Acknowledge).unwrap();
    assert_eq!(closed(&case, &[&silent], false), [""; 0]);
    // A hold there still holds here.
    assert_eq!(closed(&case, &[&naming], false), [HR_FIRST]);
}

#[test]
fn two_persons_open_it_in_an_emergency_until_hr_holds_there() {
    let mut case = ruled_out();
    let mut naming = recorded("unclear", true);
    naming.wait(200);
    naming.engage(&vault(), &["reader-suspected"]).unwrap();
    case.wait(100);
    let word = |case: &mut Case, by: &Actor| case.emergency(by, 1);
    word(&mut case, &vault()).unwrap();
    assert_eq!(closed(&case, &[&naming], false), [HR_FIRST]);
    word(&mut case, &manager()).unwrap();
    assert_eq!(closed(&case, &[&naming], false), [""; 0]);
    naming.answers(&hr(), 1, Choice::HoldContainment).unwrap();
    assert_eq!(closed(&case, &[&naming], false), [HR_FIRST]);
    // New words after the hold count again.
    case.wait(200);
    let held = elsewhere(&[&naming], false);
    for by in [vault(), legal()] {
        let context = Context {
            elsewhere: Some(&held),
            ..case.context(Some(&by))
        };
        let command = Command::Override {
            number: 1,
            reason: "it burns still".to_owned(),
        };
        let events = decide(case.incident.as_ref(), &command, &context).unwrap();
        for event in &events {
            let now = case.now;
            case.incident = apply(case.incident.take(), event, by.person, now);
        }
    }
    assert_eq!(closed(&case, &[&naming], false), [""; 0]);
}

#[test]
fn a_link_walls_nobody_off_and_opens_nothing() {
    // What is linked is known to the incident alone; who reads it is judged by its own walls.
    let mut case = ruled_out();
    let other = IncidentId(9);
    let link = Command::Link {
        other,
        reason: "the same page".to_owned(),
    };
    case.act(Some(&vault()), &link).unwrap();
    let outsider = super::actor(Role::Grc, 60);
    let reads = |who: &Actor| {
        let walls = Walls::from([READER]);
        crate::domain::policy::reads(who, case.incident(), &case.playbook, &walls)
    };
    assert!(reads(&outsider).is_none());
    assert!(reads(&vault()).is_some());
}
