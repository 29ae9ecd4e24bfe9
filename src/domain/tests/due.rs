//! Deadlines from state and time: an open incident always has one.

use super::{Case, actor, field, say};
use crate::domain::due::{self, Due, DueKind};
use crate::domain::hours::Calendar;
use crate::domain::incident::Command;
use crate::domain::reach::Waits;
use crate::domain::record::{Origin, State};
use crate::domain::role::Role;
use chrono::TimeDelta;

fn dues(case: &Case) -> Vec<Due> {
    due::of(
        case.incident(),
        &case.playbook,
        &Calendar::default(),
        case.now,
    )
}

fn take_after(minutes: i64) -> Due {
    Due {
        kind: DueKind::Said(Waits::Take),
        at: super::start() + TimeDelta::minutes(minutes),
    }
}

/// The time without a sign of life of a stage that names none, in minutes.
const DAY: i64 = 24 * 60;

fn idle_after(minutes: i64) -> Due {
    Due {
        kind: DueKind::Said(Waits::Idle),
        ..take_after(minutes)
    }
}

#[test]
fn what_nobody_takes_is_due_again_after_as_long() {
    let mut case = Case::opened();
    assert_eq!(dues(&case), [take_after(60)]);
    case.wait(60);
    case.act(None, &say(Waits::Take, None)).unwrap();
    assert_eq!(dues(&case), [take_after(120)]);
    case.act(Some(&actor(Role::Tier1, 1)), &Command::Claim)
        .unwrap();
    assert_eq!(dues(&case), [idle_after(60 + DAY)]);
}

#[test]
fn an_offer_runs_on_the_receivers_time_and_what_is_owed_on_its_own() {
    let mut case = Case::opened();
    case.wait(10);
    let mut form = case.complete("send-search");
    let until = case.now + TimeDelta::minutes(90);
    form.answers
        .insert(field("story"), (State::Owed { until }, Origin::Person));
    case.submit(&actor(Role::Tier1, 1), form).unwrap();
    let owed = Due {
        kind: DueKind::Owed(field("story")),
        at: until,
    };
    assert_eq!(dues(&case), [take_after(10 + 45), owed.clone()]);
    case.act(Some(&actor(Role::Tier2, 3)), &Command::Accept)
        .unwrap();
    assert_eq!(dues(&case), [idle_after(10 + DAY), owed]);
}

#[test]
fn what_has_ended_owes_nothing() {
    let mut case = Case::opened();
    case.submit(&actor(Role::Tier1, 1), case.complete("drawer"))
        .unwrap();
    assert_eq!(dues(&case), []);
}
