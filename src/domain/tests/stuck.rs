//! What is stuck, with whom, since when.

use super::room::{counter, counter_b, hr, legal, vault};
use super::{Case, actor, field, say, start};
use crate::domain::governance::Choice;
use crate::domain::hours::Calendar;
use crate::domain::incident::Command;
use crate::domain::reach::Waits;
use crate::domain::record::{Origin, State};
use crate::domain::role::Role;
use crate::domain::stuck::{With, stuck};
use chrono::TimeDelta;

/// What it waits for, with whom, and since which minute of the story.
fn found(case: &Case) -> Vec<(String, With, i64)> {
    let all = stuck(
        case.incident(),
        &case.playbook,
        &Calendar::default(),
        case.now,
    );
    let all = all.into_iter();
    all.map(|one| (one.waits_for, one.with, (one.since - start()).num_minutes()))
        .collect()
}

fn with_team(waits_for: &str, role: Role, since: i64) -> (String, With, i64) {
    (waits_for.to_owned(), With::Team(role), since)
}

/// With whom it waits for this; nobody where it does not.
fn with(case: &Case, waits_for: &str) -> Option<With> {
    let all = found(case).into_iter();
    all.filter(|(waits, ..)| waits == waits_for)
        .map(|(_, with, _)| with)
        .next()
}

#[test]
fn what_nobody_claims_or_accepts_in_time_is_stuck_with_the_team() {
    let mut case = Case::opened();
    case.wait(59);
    assert_eq!(found(&case), []);
    case.wait(1);
    let unclaimed = [with_team("someone to claim it", Role::Tier1, 0)];
    assert_eq!(found(&case), unclaimed);
    // Said once: it stays stuck until the next word too.
    case.act(None, &say(Waits::Take, None)).unwrap();
    assert_eq!(found(&case), unclaimed);
    case.act(Some(&actor(Role::Tier1, 1)), &Command::Claim)
        .unwrap();
    assert_eq!(found(&case), []);
    case.submit(&actor(Role::Tier1, 1), case.complete("send-search"))
        .unwrap();
    case.wait(45);
    let waits = "its handoff to be accepted or returned";
    assert_eq!(found(&case), [with_team(waits, Role::Tier2, 60)]);
}

#[test]
fn held_work_without_a_sign_of_life_is_stuck_with_its_holder() {
    let mut case = Case::opened();
    let desk = actor(Role::Tier1, 1);
    case.act(Some(&desk), &Command::Claim).unwrap();
    case.wait(24 * 60);
    let with = With::People(vec![desk.person]);
    assert_eq!(found(&case), [("a sign of life".to_owned(), with, 0)]);
}

#[test]
fn an_answer_that_is_owed_is_stuck_with_the_holder_once_it_is_due() {
    let mut case = Case::opened();
    let mut form = case.complete("send-search");
    let until = case.now + TimeDelta::minutes(90);
    form.answers
        .insert(field("story"), (State::Owed { until }, Origin::Person));
    case.submit(&actor(Role::Tier1, 1), form).unwrap();
    let street = actor(Role::Tier2, 3);
    case.act(Some(&street), &Command::Accept).unwrap();
    assert_eq!(found(&case), []);
    case.wait(90);
    let title = &case.playbook.field(&field("story")).unwrap().title;
    let waits = format!("an answer that is owed: {title}");
    let with = With::People(vec![street.person]);
    assert_eq!(found(&case), [(waits, with, 90)]);
}

#[test]
fn a_brief_that_is_not_read_is_stuck_with_those_who_have_not_read_it() {
    let unread = "brief 1 to be read";
    let mut case = Case::at_vault("unclear", true, false);
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    assert_eq!(with(&case, unread), None);
    case.wait(10_000);
    let Some(With::People(people)) = with(&case, unread) else {
        panic!("{:?}", found(&case));
    };
    let both = [hr().person, legal().person];
    assert!(people.len() == 2 && both.iter().all(|p| people.contains(p)));
    case.answers(&hr(), 1, Choice::Acknowledge).unwrap();
    assert_eq!(
        with(&case, unread),
        Some(With::People(vec![legal().person]))
    );
    case.answers(&legal(), 1, Choice::Acknowledge).unwrap();
    assert_eq!(with(&case, unread), None);
}

#[test]
fn a_dismissal_that_nobody_judges_is_stuck_with_the_team() {
    let unjudged = "a second person's word on its dismissal";
    let mut case = Case::torn();
    case.detections = Some(2);
    case.submit(&counter(), case.complete("old-damage"))
        .unwrap();
    assert!(case.incident().proposal.is_some());
    assert_eq!(with(&case, unjudged), None);
    case.wait(10_000);
    assert_eq!(with(&case, unjudged), Some(With::Team(Role::Tier1)));
    let reason = "not so old".to_owned();
    case.act(Some(&counter_b()), &Command::Refuse { reason })
        .unwrap();
    assert_eq!(with(&case, unjudged), None);
}
