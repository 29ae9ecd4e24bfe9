//! Who is reached when: the ladder to the duty manager, releases, snoozes, hours that are waited for.

use super::room::{READER, hr, legal, manager, table, vault};
use super::{Case, actor, say};
use crate::domain::alert::Severity;
use crate::domain::due::{self, Due, DueKind};
use crate::domain::effect::{self, Effect, ReachEffect};
use crate::domain::governance::Choice;
use crate::domain::hours::{Calendar, Hours};
use crate::domain::ids::{AlertId, PersonId};
use crate::domain::incident::{
    Command, Event, Incident, Noting, ReachCommand, ReachEvent, Refusal,
};
use crate::domain::policy::{Actor, Walls};
use crate::domain::reach::{Told, Waits, duty_manager, standing};
use crate::domain::role::Role;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::BTreeSet;

const CHIEF: i64 = 7;

fn desk() -> Actor {
    actor(Role::Tier1, 1)
}

fn snooze(hours: i64, case: &Case, reason: &str) -> Command {
    Command::Reach(ReachCommand::Snooze {
        until: Some(case.now + TimeDelta::hours(hours)),
        reason: reason.to_owned(),
    })
}

fn dues(case: &Case, calendar: &Calendar) -> Vec<Due> {
    due::of(case.incident(), &case.playbook, calendar, case.now)
}

fn when(case: &Case, kind: &DueKind, calendar: &Calendar) -> Option<DateTime<Utc>> {
    let found = dues(case, calendar).into_iter().find(|d| d.kind == *kind);
    found.map(|due| due.at)
}

/// The first stage releases what is held for two days without a sign of life.
fn held() -> Case {
    let mut case = Case::opened();
    case.playbook.stages[0].release_after = Some(TimeDelta::days(2));
    case.act(Some(&desk()), &Command::Claim).unwrap();
    case
}

/// Does what is due next, at the moment when it is; gives back what that was and what followed.
fn next(case: &mut Case, reachable: Option<i64>) -> (String, Vec<Event>) {
    let mut dues = dues(case, &Calendar::default());
    dues.retain(|due| !matches!(due.kind, DueKind::Owed(_)));
    dues.sort_by_key(|due| due.at);
    let due = dues.remove(0);
    case.now = case.now.max(due.at);
    let manager = reachable.map(PersonId);
    let command = match due.kind {
        DueKind::Said(about) => say(about, reachable),
        DueKind::Release => Command::Reach(ReachCommand::Release),
        DueKind::SnoozeEnds => Command::Reach(ReachCommand::EndSnooze { manager }),
        DueKind::Owed(_) | DueKind::Talk(_) | DueKind::LookAgain => unreachable!(),
    };
    let events = case.act(None, &command).unwrap();
    assert!(
        !events.is_empty(),
        "{due:?} led to nothing: it would be due for ever"
    );
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
    (due.kind.key(), events)
}

fn told(events: &[Event]) -> Option<Told> {
    events.iter().find_map(|event| {
        let Event::Reach(ReachEvent::Said { told, .. }) = event else {
            return None;
        };
        Some(*told)
    })
}

/// Whom the effects of these events reach.
fn reached(case: &Case, events: &[Event]) -> Vec<&'static str> {
    let effects = effect::of(events, case.incident(), &case.playbook);
    let word = |effect: &Effect| {
        if let Effect::Reach(effect) = effect {
            return Some(match effect {
                ReachEffect::RemindHolder { .. } => "holder",
                ReachEffect::TellReleased { .. } => "who held it",
                ReachEffect::TellManager { .. } => "manager",
                ReachEffect::SayNobody { .. } => "nobody",
                ReachEffect::CallDeputy { .. } => "deputy",
            });
        }
        if matches!(effect, Effect::RemindBrief { .. }) {
            return Some("contacts");
        }
        matches!(effect, Effect::Remind { .. }).then_some("stage")
    };
    effects.iter().filter_map(word).collect()
}

#[test]
fn what_waits_is_said_twice_to_those_who_can_act_and_then_to_the_duty_manager_too() {
    for (mut case, key, who) in [
        (Case::opened(), "take", "stage"),
        (held(), "idle", "holder"),
    ] {
        case.playbook.stages[0].release_after = None;
        for round in 1..=4 {
            let (kind, events) = next(&mut case, Some(CHIEF));
            assert_eq!(kind, key);
            let expected = if round > 2 {
                vec![who, "manager"]
            } else {
                vec![who]
            };
            assert_eq!(reached(&case, &events), expected, "round {round}");
        }
        let (_, events) = next(&mut case, None);
        assert_eq!(told(&events), Some(Told::Nobody));
        assert_eq!(reached(&case, &events), [who, "nobody"]);
    }
}

#[test]
fn after_a_long_silence_one_word_stands_for_all_rounds_and_the_ladder_keeps_its_order() {
    let mut case = Case::opened();
    case.wait(60 * 24 * 30);
    let events = case.act(None, &say(Waits::Take, Some(CHIEF))).unwrap();
    assert_eq!(told(&events), Some(Told::NotYet));
    let again = when(&case, &DueKind::Said(Waits::Take), &Calendar::default());
    assert_eq!(again, Some(case.now + TimeDelta::minutes(60)));
}

#[test]
fn after_the_duty_managers_turn_the_words_become_seldom_but_for_what_is_urgent() {
    for (severity, expected) in [
        (
            Severity::Medium,
            [60, 60, 60, 120, 240, 480, 960, 1440, 1440],
        ),
        (Severity::High, [60; 9]),
    ] {
        let mut case = Case::opened();
        case.incident.as_mut().unwrap().severity = severity;
        let mut before = case.now;
        for minutes in expected {
            let due = when(&case, &DueKind::Said(Waits::Take), &Calendar::default());
            case.now = due.unwrap();
            assert_eq!(
                case.now - before,
                TimeDelta::minutes(minutes),
                "{severity:?}"
            );
            before = case.now;
            case.act(None, &say(Waits::Take, Some(CHIEF))).unwrap();
        }
    }
}

#[test]
fn a_sign_of_life_of_a_person_begins_the_ladder_anew_and_one_of_the_program_does_not() {
    let mut case = held();
    case.playbook.stages[0].release_after = None;
    for _ in 0..2 {
        next(&mut case, Some(CHIEF));
    }
    let repeat = Command::CountRepeat {
        alert: AlertId(1),
        times: 2,
    };
    case.act(None, &repeat).unwrap();
    let told_at = when(&case, &DueKind::Said(Waits::Idle), &Calendar::default());
    assert_eq!(told_at, Some(case.now + TimeDelta::days(1)));
    case.wait(60);
    let text = "Spoke to the holder.".to_owned();
    case.act(Some(&desk()), &noted(text)).unwrap();
    let (kind, events) = next(&mut case, Some(CHIEF));
    assert_eq!((kind.as_str(), told(&events)), ("idle", Some(Told::NotYet)));
    assert_eq!(case.incident().said(Waits::Idle).unwrap().times, 1);
}

#[test]
fn held_work_without_a_sign_of_life_is_free_again_and_waits_to_be_claimed_from_then_on() {
    let mut case = held();
    assert_eq!(next(&mut case, None).0, "idle");
    let (kind, events) = next(&mut case, None);
    assert_eq!(kind, "release");
    assert_eq!(reached(&case, &events), ["who held it"]);
    assert_eq!(case.incident().holder(), None);
    let again = when(&case, &DueKind::Said(Waits::Take), &Calendar::default());
    assert_eq!(again, Some(case.now + TimeDelta::minutes(60)));
    let other = actor(Role::Tier1, 2);
    case.act(Some(&other), &Command::Claim).unwrap();
    assert_eq!(case.incident().holder(), Some(other.person));
}

#[test]
fn after_a_long_silence_nobody_is_released_before_they_were_told_and_had_time() {
    let mut case = held();
    case.wait(60 * 24 * 30);
    let (kind, _) = next(&mut case, None);
    assert_eq!(kind, "idle");
    let told_at = case.now;
    let (kind, _) = next(&mut case, None);
    assert_eq!(
        (kind.as_str(), case.now),
        ("release", told_at + TimeDelta::days(1))
    );
}

#[test]
fn nobody_is_released_who_waits_for_a_second_person() {
    let mut case = Case::torn();
    case.detections = Some(5);
    case.playbook.stages[0].release_after = Some(TimeDelta::days(2));
    let form = case.complete("old-damage");
    let events = case.submit(&super::room::counter(), form).unwrap();
    assert!(
        events.iter().any(|e| matches!(e, Event::Proposed { .. })),
        "{events:?}"
    );
    assert_eq!(when(&case, &DueKind::Release, &Calendar::default()), None);
    assert!(when(&case, &DueKind::Said(Waits::Idle), &Calendar::default()).is_some());
}

#[test]
fn a_snooze_has_a_reason_and_an_end_that_is_not_too_far_and_says_all_that_is_wrong() {
    let mut case = held();
    case.playbook.stages[0].snooze_at_most = Some(TimeDelta::hours(90));
    let missing = "The reason is missing".to_owned();
    let far = "The end is too far: here reminders rest for 90 hours at most".to_owned();
    let past = "The end lies in the past".to_owned();
    let unread =
        "The end cannot be read: write 4h, 2d or a time such as 2026-11-03 08:40".to_owned();
    let table = [
        (snooze(91, &case, "  "), vec![missing.clone(), far]),
        (snooze(0, &case, "because"), vec![past]),
        (
            Command::Reach(ReachCommand::Snooze {
                until: None,
                reason: String::new(),
            }),
            vec![missing, unread],
        ),
    ];
    for (command, faults) in table {
        let refused = case.act(Some(&desk()), &command).unwrap_err();
        assert_eq!(refused, Refusal::SnoozeUnfit { faults });
    }
    let longest = snooze(90, &case, "The holder is on a ship.");
    case.act(Some(&desk()), &longest).unwrap();
}

#[test]
fn a_snooze_keeps_reminders_and_release_quiet_ends_by_itself_and_raises_then() {
    let mut case = held();
    case.playbook.stages[0].release_after = Some(TimeDelta::hours(30));
    next(&mut case, None);
    let quiet = snooze(20, &case, "The holder is on a ship.");
    case.act(Some(&desk()), &quiet).unwrap();
    let until = case.now + TimeDelta::hours(20);
    let all = dues(&case, &Calendar::default());
    assert_eq!(
        all,
        [Due {
            kind: DueKind::SnoozeEnds,
            at: until
        }]
    );
    let (kind, events) = next(&mut case, None);
    assert_eq!(kind, "snooze");
    assert_eq!(reached(&case, &events), ["holder"]);
    assert_eq!(case.now, until);
    let released = when(&case, &DueKind::Release, &Calendar::default());
    assert_eq!(released, Some(until + TimeDelta::hours(30)));
}

#[test]
fn a_snooze_that_ends_at_the_weekend_raises_on_monday_unless_it_is_urgent() {
    for (severity, expected) in [
        (Severity::Low, "2026-11-09T07:00:00Z"),
        (Severity::High, "2026-11-07T16:00:00Z"),
    ] {
        let mut case = held();
        case.incident.as_mut().unwrap().severity = severity;
        case.now = "2026-11-06T16:00:00Z".parse().unwrap();
        let quiet = snooze(24, &case, "The lock maker comes on Saturday.");
        case.act(Some(&desk()), &quiet).unwrap();
        let ends = when(&case, &DueKind::SnoozeEnds, &super::hours::office());
        assert_eq!(ends, Some(expected.parse().unwrap()), "{severity:?}");
    }
}

#[test]
fn a_snooze_ends_where_somebody_else_has_it_or_it_gets_more_severe() {
    let severe = |severity| Command::Attach {
        alert: AlertId(2),
        severity,
        concerned: None,
        criteria: Vec::new(),
    };
    for (command, stays) in [
        (severe(Severity::High), false),
        (severe(Severity::Low), true),
    ] {
        let mut case = held();
        let quiet = snooze(5, &case, "Lunch.");
        case.act(Some(&desk()), &quiet).unwrap();
        case.act(None, &command).unwrap();
        assert_eq!(case.incident().snoozed().is_some(), stays);
    }
    let mut case = held();
    let quiet = snooze(5, &case, "Lunch.");
    case.act(Some(&desk()), &quiet).unwrap();
    case.submit(&desk(), case.complete("send-search")).unwrap();
    assert_eq!(case.incident().snoozed(), None);
}

#[test]
fn what_is_not_urgent_waits_for_the_working_hours_and_what_is_does_not() {
    let calendar = super::hours::office();
    let monday: DateTime<Utc> = "2026-11-09T07:00:00Z".parse().unwrap();
    let friday_night: DateTime<Utc> = "2026-11-06T20:00:00Z".parse().unwrap();
    for (severity, expected) in [
        (Severity::Unknown, monday),
        (Severity::Medium, monday),
        (Severity::High, friday_night + TimeDelta::hours(1)),
        (Severity::Critical, friday_night + TimeDelta::hours(1)),
    ] {
        let mut case = Case::new();
        case.now = friday_night;
        let Command::Open(mut opening) = super::opening() else {
            unreachable!()
        };
        opening.severity = severity;
        case.act(None, &Command::Open(opening)).unwrap();
        let at = when(&case, &DueKind::Said(Waits::Take), &calendar);
        assert_eq!(at, Some(expected), "{severity:?}");
    }
}

#[test]
fn the_time_to_claim_is_that_of_the_severity_where_the_stage_has_one() {
    let mut case = Case::opened();
    case.playbook.stages[0].claim_by_severity = vec![(Severity::Medium, TimeDelta::minutes(5))];
    let at = when(&case, &DueKind::Said(Waits::Take), &Calendar::default());
    assert_eq!(at, Some(case.now + TimeDelta::minutes(5)));
}

/// Engaged, with or without a time by which an answer is wanted.
fn engaged(has_due_time: bool) -> Case {
    let mut case = Case::at_vault("angry", true, true);
    case.now = "2026-11-06T20:00:00Z".parse().unwrap();
    if has_due_time {
        let mut fields = case.playbook.fields.iter_mut();
        let told = &case
            .playbook
            .transitions
            .iter()
            .find(|t| t.id.as_str() == "tell-board");
        let first = told.unwrap().record[0].clone();
        let field = fields.find(|field| field.id == first).unwrap();
        field.kind = crate::domain::playbook::definition::FieldKind::Time;
    }
    case.engage(&vault(), &["lender-asks"]).unwrap();
    case
}

#[test]
fn an_unread_brief_is_said_to_its_contacts_their_deputies_and_the_duty_manager_in_turn() {
    let mut case = engaged(false);
    let mut called = Vec::new();
    for _ in 0..3 {
        case.now = when(
            &case,
            &DueKind::Said(Waits::Acknowledge(1)),
            &Calendar::default(),
        )
        .unwrap();
        let events = case
            .act(None, &say(Waits::Acknowledge(1), Some(CHIEF)))
            .unwrap();
        let people = case.incident().engagements[0].to_remind(&BTreeSet::new());
        called.push((people.len(), reached(&case, &events)));
    }
    let deputies = called[1].0;
    assert!(deputies > called[0].0, "{called:?}");
    assert_eq!(called[0].1, ["contacts"]);
    assert_eq!(called[1].1, ["contacts"]);
    assert_eq!(called[2], (deputies, vec!["contacts", "manager"]));
}

#[test]
fn for_a_contact_who_is_absent_the_deputy_is_called_from_the_first_word_on() {
    let case = engaged(false);
    let engagement = &case.incident().engagements[0];
    let absent: BTreeSet<PersonId> = [legal().person].into();
    let called = engagement.to_remind(&absent);
    assert!(
        called.contains(&super::room::legal_b().person),
        "{called:?}"
    );
    assert!(!called.contains(&legal().person), "{called:?}");
    // Without a deputy they are called all the same: somebody is.
    let mut alone = engagement.clone();
    alone
        .contacts
        .iter_mut()
        .for_each(|contact| contact.deputy = None);
    assert!(alone.to_remind(&absent).contains(&legal().person));
}

#[test]
fn a_brief_without_a_due_time_waits_for_the_contacts_hours_and_one_with_it_does_not() {
    let kind = DueKind::Said(Waits::Acknowledge(1));
    let saturday = Hours::parse("Sat 10:00-12:00", Tz::UTC).unwrap();
    let mut calendar = super::hours::office();
    let case = engaged(false);
    let monday: DateTime<Utc> = "2026-11-09T07:00:00Z".parse().unwrap();
    assert_eq!(when(&case, &kind, &calendar), Some(monday));
    for contact in &case.incident().engagements[0].contacts {
        calendar.people.insert(contact.person, saturday.clone());
    }
    let theirs: DateTime<Utc> = "2026-11-07T10:00:00Z".parse().unwrap();
    assert_eq!(when(&case, &kind, &calendar), Some(theirs));
    let case = engaged(true);
    let at_once = when(&case, &kind, &Calendar::default());
    assert!(at_once.unwrap() < theirs);
    assert_eq!(when(&case, &kind, &calendar), at_once);
}

#[test]
fn a_contact_with_a_conflict_of_interest_calls_the_deputy_by_name() {
    let mut case = Case::at_vault("angry", true, true);
    case.engage(&vault(), &["reader-suspected"]).unwrap();
    let events = case.answers(&hr(), 1, Choice::Conflict).unwrap();
    assert_eq!(reached(&case, &events), ["deputy"]);
    let events = case.answers(&legal(), 1, Choice::Acknowledge);
    assert!(events.is_err() || reached(&case, &events.unwrap()).is_empty());
}

#[test]
fn the_duty_manager_is_the_first_whom_nothing_keeps_out() {
    let mut case = Case::at_table();
    let (one, two, three) = (PersonId(61), PersonId(62), PersonId(63));
    let all = [one, two, three];
    let none = Walls::new();
    let of = |incident: &Incident, people: &[PersonId], walls: &Walls| {
        duty_manager(people, incident, walls)
    };
    assert_eq!(of(case.incident(), &all, &none), Some(one));
    // The line manager of the person concerned is walled, as that person is.
    assert_eq!(of(case.incident(), &all, &Walls::from([one])), Some(two));
    assert_eq!(of(case.incident(), &[READER, three], &none), Some(three));
    // Whoever holds it is not asked about themselves.
    assert_eq!(
        of(case.incident(), &[table().person, two], &none),
        Some(two)
    );
    assert_eq!(of(case.incident(), &all, &Walls::from(all)), None);
    assert_eq!(of(case.incident(), &[], &none), None);
    case.incident.as_mut().unwrap().conflicted.insert(one);
    assert_eq!(of(case.incident(), &all, &none), Some(two));
}

#[test]
fn a_card_says_that_reminders_rest_and_that_the_duty_manager_is_told_or_cannot_be() {
    let mut case = held();
    let name = |person: PersonId| format!("name of {person}");
    let said = |case: &Case, whole| standing(case.incident(), name, Tz::UTC, whole);
    assert_eq!(said(&case, true), None);
    let quiet = snooze(5, &case, "Lunch.");
    case.act(Some(&desk()), &quiet).unwrap();
    let until = "snoozed until 2026-11-03 13:40 UTC by name of P-1";
    assert_eq!(said(&case, false).as_deref(), Some(until));
    assert_eq!(said(&case, true), Some(format!("{until}: Lunch.")));
    next(&mut case, None);
    assert_eq!(said(&case, true), None);
    case.playbook.stages[0].release_after = None;
    next(&mut case, None);
    next(&mut case, Some(manager().person.0));
    let manager = "raised 3 times; the duty manager is told";
    assert_eq!(said(&case, false).as_deref(), Some(manager));
    next(&mut case, None);
    let nobody = "raised 4 times; no duty manager can be reached";
    assert_eq!(said(&case, false).as_deref(), Some(nobody));
}

fn noted(text: String) -> Command {
    Command::Note(Box::new(Noting {
        text,
        ..Noting::default()
    }))
}
