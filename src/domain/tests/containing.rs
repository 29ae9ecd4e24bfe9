//! Containment from proposal to proof, and the gates before it.

use super::Case;
use super::room::{counter, hr, hr_b, legal, manager, sentences, table, vault, vault_b};
use crate::domain::containment::ActionState;
use crate::domain::governance::Choice;
use crate::domain::incident::{Command, Event, Refusal, closed_for};
use crate::domain::policy::Actor;
use crate::domain::role::Role;

const HR_FIRST: &str = "The staff office reads it before anything is done to the reader.";
const BOARD_FIRST: &str = "The board must know and was not told.";

/// At the vault; the reader is to blame, and the action on them is proposed.
fn card_to_take() -> Case {
    let mut case = Case::at_vault("unclear", true, true);
    case.propose(&vault(), "take-card").unwrap();
    case
}

fn gates(case: &Case) -> Vec<String> {
    let entry = &case.incident().actions[0];
    let action = case.playbook.action(&entry.action).unwrap();
    closed_for(case.incident(), entry, action, &case.context(None))
}

#[test]
fn an_action_goes_from_proposed_to_authorised_to_done_and_never_back() {
    let mut case = Case::at_vault("unclear", false, false);
    let events = case.propose(&vault(), "shut-room").unwrap();
    let target = "the reader at desk 4".to_owned();
    let action = "shut-room".to_owned();
    assert_eq!(
        events,
        [Event::ContainmentProposed {
            number: 1,
            action,
            target
        }]
    );
    let why = |outcome: Result<Vec<Event>, Refusal>| match outcome {
        Err(Refusal::NoAction { why }) => why,
        other => panic!("{other:?}"),
    };
    // Nothing is done before it is authorised.
    assert_eq!(
        why(case.report(&vault(), 1, true)),
        "Action 1 is not authorised yet."
    );
    case.authorise(&vault(), 1).unwrap();
    assert_eq!(
        why(case.authorise(&vault(), 1)),
        "Action 1 is authorised already."
    );
    let silent = Command::Report {
        number: 1,
        done: true,
        result: " ".to_owned(),
    };
    assert_eq!(
        case.act(Some(&vault()), &silent).unwrap_err(),
        Refusal::ReasonMissing
    );
    case.report(&vault(), 1, true).unwrap();
    let result = "seen at the door".to_owned();
    assert_eq!(
        case.incident().actions[0].state,
        ActionState::Done { result }
    );
    assert_eq!(
        why(case.report(&vault(), 1, false)),
        "Action 1 is reported already."
    );
    assert_eq!(
        why(case.authorise(&vault(), 1)),
        "Action 1 is done and verified already."
    );
    assert_eq!(why(case.authorise(&vault(), 2)), "Action 2 does not exist.");
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
}

#[test]
fn what_is_proposed_may_be_given_up_and_what_is_authorised_may_fail() {
    let mut case = Case::at_vault("unclear", false, false);
    case.propose(&vault(), "shut-room").unwrap();
    case.propose(&vault(), "shut-room").unwrap();
    case.report(&vault(), 1, false).unwrap();
    case.authorise(&vault(), 2).unwrap();
    case.report(&vault(), 2, false).unwrap();
    let words: Vec<&str> = case
        .incident()
        .actions
        .iter()
        .map(|a| a.state.word())
        .collect();
    assert_eq!(words, ["failed", "failed"]);
}

#[test]
fn only_the_catalogue_is_proposed_and_on_something() {
    let mut case = Case::at_vault("unclear", false, false);
    let refused = case.propose(&vault(), "burn-book").unwrap_err();
    let why = "The playbook's catalogue has: Take the reader's card; Walk the reader out; Shut the room; Pulp the page.";
    assert_eq!(
        refused,
        Refusal::NoAction {
            why: why.to_owned()
        }
    );
    let nobody = Command::Propose {
        action: "shut-room".to_owned(),
        target: " ".to_owned(),
    };
    assert_eq!(
        case.act(Some(&vault()), &nobody).unwrap_err(),
        Refusal::ReasonMissing
    );
    for other in [table(), counter(), manager(), vault_b()] {
        let refused = case.propose(&other, "shut-room").unwrap_err();
        assert!(matches!(refused, Refusal::NotYours { .. }), "{other:?}");
    }
}

#[test]
fn where_two_persons_are_needed_the_proposer_does_not_authorise() {
    for second in [vault_b(), manager()] {
        let mut case = Case::at_vault("unclear", false, false);
        case.propose(&vault(), "take-card").unwrap();
        assert_eq!(
            case.authorise(&vault(), 1).unwrap_err(),
            Refusal::SamePerson
        );
        for other in [table(), counter(), legal()] {
            let refused = case.authorise(&other, 1).unwrap_err();
            assert!(matches!(refused, Refusal::NotYours { .. }), "{other:?}");
        }
        case.authorise(&second, 1).unwrap();
        let by = second.person;
        assert_eq!(
            case.incident().actions[0].state,
            ActionState::Authorised { by }
        );
    }
}

#[test]
fn nothing_is_done_to_a_person_before_hr_has_read_it() {
    let mut case = card_to_take();
    assert_eq!(
        sentences(case.authorise(&vault_b(), 1)),
        [HR_FIRST, BOARD_FIRST]
    );
    // A brief that names no misconduct is none for HR.
    case.engage(&vault(), &["lender-asks"]).unwrap();
    case.answers(&legal(), 1, Choice::Acknowledge).unwrap();
    assert_eq!(sentences(case.authorise(&vault_b(), 1)), [HR_FIRST]);
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    assert_eq!(sentences(case.authorise(&vault_b(), 1)), [HR_FIRST]);
    // Legal's word does not stand for HR's.
    case.answers(&legal(), 2, Choice::Acknowledge).unwrap();
    assert_eq!(sentences(case.authorise(&vault_b(), 1)), [HR_FIRST]);
    case.answers(&hr_b(), 2, Choice::Acknowledge).unwrap();
    case.authorise(&vault_b(), 1).unwrap();
}

#[test]
fn hr_holds_containment_and_lets_it_proceed_as_often_as_it_must() {
    let mut case = card_to_take();
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    let mut closed_after = |who: &Actor, choice| {
        case.wait(1);
        case.answers(who, 1, choice).unwrap();
        !gates(&case).is_empty()
    };
    assert!(!closed_after(&hr(), Choice::ProceedContainment));
    assert!(closed_after(&hr(), Choice::HoldContainment));
    assert!(closed_after(&hr(), Choice::MoreNeeded));
    assert!(closed_after(&hr_b(), Choice::Acknowledge));
    assert!(!closed_after(&hr_b(), Choice::ProceedContainment));
    assert!(closed_after(&hr(), Choice::HoldContainment));
    assert!(!closed_after(&hr_b(), Choice::ProceedContainment));
    // The same word again, after the deputy's, is a word of its own.
    assert!(closed_after(&hr(), Choice::HoldContainment));
    assert_eq!(sentences(case.authorise(&vault_b(), 1)), [HR_FIRST]);
}

#[test]
fn a_hold_on_one_engagement_is_not_opened_by_another() {
    let mut case = card_to_take();
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    case.answers(&hr(), 1, Choice::ProceedContainment).unwrap();
    assert_eq!(gates(&case), [HR_FIRST]);
    case.answers(&hr(), 2, Choice::Acknowledge).unwrap();
    assert_eq!(gates(&case), Vec::<String>::new());
}

#[test]
fn the_word_of_a_contact_who_has_a_conflict_opens_nothing() {
    let mut case = card_to_take();
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    case.answers(&hr(), 1, Choice::ProceedContainment).unwrap();
    assert_eq!(gates(&case), Vec::<String>::new());
    case.answers(&hr(), 1, Choice::Conflict).unwrap();
    assert_eq!(gates(&case), [HR_FIRST]);
    case.answers(&hr_b(), 1, Choice::Acknowledge).unwrap();
    assert_eq!(gates(&case), Vec::<String>::new());
}

#[test]
fn a_deputy_with_a_conflict_never_becomes_the_contact() {
    let mut case = card_to_take();
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    case.answers(&hr_b(), 1, Choice::Conflict).unwrap();
    let refused = case.answers(&hr(), 1, Choice::Conflict).unwrap_err();
    assert_eq!(
        refused,
        Refusal::NoContact {
            sides: vec![Role::Hr]
        }
    );
    let refused = case.answers(&hr_b(), 1, Choice::Acknowledge).unwrap_err();
    assert_eq!(refused, Refusal::NoEngagement);
}

#[test]
fn a_reason_without_misconduct_opens_it_unless_the_record_speaks_against_it() {
    let closed = |mood, blame| {
        let mut case = Case::at_vault("unclear", blame, false);
        // The record may come to say so later; what stands now counts.
        if mood == "angry" {
            let entry = super::answer_entry("mood", mood);
            let mut record = case.incident().record.judge().clone();
            record.append(entry.0, entry.1);
            let sealed = crate::domain::restricted::Restricted::new(record);
            case.incident.as_mut().unwrap().record = sealed;
        }
        case.propose(&vault(), "take-card").unwrap();
        !gates(&case).is_empty()
    };
    assert!(!closed("unclear", false));
    assert!(closed("unclear", true));
    assert!(closed("angry", true));
    assert!(closed("angry", false));
}

#[test]
fn a_gate_that_asks_for_an_answer_stands_open_without_it() {
    for (mood, closed) in [("unclear", false), ("angry", true)] {
        let mut case = Case::at_vault(mood, true, false);
        case.propose(&vault(), "walk-out").unwrap();
        assert_eq!(!gates(&case).is_empty(), closed, "{mood}");
    }
}

#[test]
fn in_an_emergency_two_persons_of_the_two_kinds_open_the_gate() {
    let mut case = card_to_take();
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    let refused = case.emergency(&table(), 1).unwrap_err();
    assert!(matches!(refused, Refusal::NotYours { .. }), "{refused:?}");
    let silent = Command::Override {
        number: 1,
        reason: " ".to_owned(),
    };
    assert_eq!(
        case.act(Some(&manager()), &silent).unwrap_err(),
        Refusal::ReasonMissing
    );
    case.emergency(&vault(), 1).unwrap();
    assert_eq!(
        case.emergency(&vault(), 1).unwrap_err(),
        Refusal::SamePerson
    );
    case.emergency(&vault_b(), 1).unwrap();
    // Two of one kind are not the two kinds.
    assert_eq!(gates(&case), [HR_FIRST]);
    case.emergency(&manager(), 1).unwrap();
    assert_eq!(gates(&case), Vec::<String>::new());
    case.authorise(&vault_b(), 1).unwrap();
}

#[test]
fn a_manager_and_legal_do_not_open_it_without_a_responder() {
    let mut case = card_to_take();
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    case.emergency(&manager(), 1).unwrap();
    case.emergency(&legal(), 1).unwrap();
    assert_eq!(gates(&case), [HR_FIRST]);
    // One person with both roles is one person.
    let both = Actor {
        roles: [Role::Tier3, Role::Manager].into(),
        ..vault_b()
    };
    let mut alone = card_to_take();
    alone.emergency(&both, 1).unwrap();
    assert_eq!(alone.emergency(&both, 1).unwrap_err(), Refusal::SamePerson);
    assert_eq!(gates(&alone), [HR_FIRST, BOARD_FIRST]);
}

#[test]
fn hr_closes_an_overridden_gate_again_and_a_new_emergency_needs_both_words_again() {
    let mut case = card_to_take();
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    for by in [vault(), manager()] {
        case.emergency(&by, 1).unwrap();
    }
    assert_eq!(gates(&case), Vec::<String>::new());
    case.wait(5);
    case.answers(&hr(), 1, Choice::HoldContainment).unwrap();
    assert_eq!(gates(&case), [HR_FIRST]);
    case.wait(5);
    case.emergency(&vault(), 1).unwrap();
    assert_eq!(gates(&case), [HR_FIRST]);
    case.emergency(&manager(), 1).unwrap();
    assert_eq!(gates(&case), Vec::<String>::new());
}

#[test]
fn an_action_without_that_gate_knows_no_emergency() {
    let mut case = Case::at_vault("unclear", false, false);
    case.propose(&vault(), "shut-room").unwrap();
    let refused = case.emergency(&vault(), 1).unwrap_err();
    let why = "Action 1 has no gate that an emergency may open.".to_owned();
    assert_eq!(refused, Refusal::NoAction { why });
}

#[test]
fn under_a_legal_hold_nothing_is_destroyed() {
    let mut case = Case::at_vault("unclear", false, false);
    case.propose(&vault(), "pulp-page").unwrap();
    case.engage(&vault(), &["lender-asks"]).unwrap();
    case.answers(&legal(), 1, Choice::Hold).unwrap();
    assert_eq!(
        sentences(case.authorise(&vault(), 1)),
        ["The lawyers hold the book. Held: everything."]
    );
    case.wait(1);
    case.answers(&legal(), 1, Choice::ReleaseHold).unwrap();
    case.authorise(&vault(), 1).unwrap();
}

#[test]
fn closure_waits_for_every_action() {
    let mut case = Case::at_vault("unclear", false, false);
    case.propose(&vault(), "shut-room").unwrap();
    case.propose(&vault(), "pulp-page").unwrap();
    let form = |case: &Case| {
        let mut form = case.complete("shelve-locked");
        form.answers.retain(|id, _| id.as_str() == "end");
        form
    };
    let open = ["A step in the room is not finished."];
    assert_eq!(sentences(case.submit(&vault(), form(&case))), open);
    case.authorise(&vault(), 1).unwrap();
    case.report(&vault(), 2, false).unwrap();
    assert_eq!(sentences(case.submit(&vault(), form(&case))), open);
    case.report(&vault(), 1, true).unwrap();
    case.submit(&vault(), form(&case)).unwrap();
}

#[test]
fn a_gate_whose_proof_no_command_brings_yet_is_closed_and_not_skipped() {
    for (way, text) in [
        ("keep-signs", "The signs are not kept."),
        ("mend", "No mending is allowed yet."),
        ("learn", "The lessons are not in."),
    ] {
        let mut case = Case::at_vault("unclear", false, false);
        let mut form = case.complete(way);
        form.answers.retain(|id, _| id.as_str() == "end");
        assert_eq!(sentences(case.submit(&vault(), form)), [text]);
    }
}

#[test]
fn after_the_end_nothing_is_contained() {
    let mut case = Case::at_vault("unclear", false, false);
    case.propose(&vault(), "shut-room").unwrap();
    case.report(&vault(), 1, false).unwrap();
    let mut form = case.complete("shelve-locked");
    form.answers.retain(|id, _| id.as_str() == "end");
    case.submit(&vault(), form).unwrap();
    assert_eq!(
        case.propose(&vault(), "shut-room").unwrap_err(),
        Refusal::Ended
    );
    assert_eq!(case.authorise(&vault(), 1).unwrap_err(), Refusal::Ended);
    assert_eq!(case.emergency(&vault(), 1).unwrap_err(), Refusal::Ended);
}
