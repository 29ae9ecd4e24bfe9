//! What the one who escalated is told once it has ended.

use super::{Case, actor};
use crate::domain::incident::Command;
use crate::domain::outcome::{Verdict, verdict};
use crate::domain::record::{Answer, Origin, State};
use crate::domain::role::Role;

fn told(case: &Case) -> Option<Verdict> {
    verdict(case.incident(), &case.playbook)
}

/// Searched for in the street, and finished there with this outcome, where there is one.
fn finished(outcome: Option<&str>) -> Case {
    let mut case = Case::opened();
    let (desk, street) = (actor(Role::Tier1, 1), actor(Role::Tier2, 3));
    case.submit(&desk, case.complete("send-search")).unwrap();
    assert_eq!(told(&case), None);
    case.act(Some(&street), &Command::Accept).unwrap();
    let mut form = case.complete("finish");
    if let Some(outcome) = outcome {
        let answer = State::Value(Answer::Choice(outcome.to_owned()));
        form.answers
            .insert(super::field("end"), (answer, Origin::Person));
    } else {
        case.playbook.outcomes.clear();
    }
    case.submit(&street, form).unwrap();
    case
}

#[test]
fn an_end_is_confirmed_as_its_outcome_says_and_a_dismissal_never_is() {
    assert_eq!(told(&finished(Some("blocked"))), Some(Verdict::Confirmed));
    assert_eq!(told(&finished(Some("found"))), Some(Verdict::NotConfirmed));
    assert_eq!(told(&finished(None)), Some(Verdict::Unsaid));
    let mut case = Case::opened();
    let form = case.complete("drawer");
    case.submit(&actor(Role::Tier1, 1), form).unwrap();
    assert_eq!(told(&case), Some(Verdict::NotConfirmed));
}
