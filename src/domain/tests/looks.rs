//! The second look: which dismissals are drawn, who looks, what their word leads to, and what happens when nobody does.

use super::Case;
use super::room::{READER, counter, counter_b, manager, table, vault};
use crate::domain::due::{self, DueKind};
use crate::domain::hours::Calendar;
use crate::domain::incident::{Command, Dismissal, Event, Phase, Refusal};
use crate::domain::policy::{Act, Actor, may, reads};
use crate::domain::restricted::Level;
use chrono::TimeDelta;
use proptest::prelude::*;

fn look(agrees: bool, reason: &str) -> Command {
    let reason = reason.to_owned();
    Command::LookAgain { agrees, reason }
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::kind).collect()
}

/// Dismissed at the counter; its lot is the lowest.
fn drawn() -> Case {
    let mut case = Case::torn();
    case.submit(&counter(), case.complete("old-damage"))
        .unwrap();
    let events = case.act(None, &Command::Draw { lot: 0 }).unwrap();
    assert_eq!(
        events,
        [Event::Dismissal(Dismissal::LookDrawn { percent: 10 })]
    );
    case
}

proptest! {
    #[test]
    fn a_dismissal_is_drawn_exactly_where_its_lot_lies_below_the_share(lot in 0..100_u8, percent in 0..=100_u8) {
        let mut case = Case::torn();
        case.playbook.second_look_percent = percent;
        case.submit(&counter(), case.complete("old-damage")).unwrap();
        let events = case.act(None, &Command::Draw { lot }).unwrap();
        prop_assert_eq!(events.len(), usize::from(lot < percent));
        prop_assert_eq!(case.incident().second_look.is_some(), lot < percent);
        // Once is enough.
        let again = case.act(None, &Command::Draw { lot }).unwrap();
        prop_assert!(again.is_empty());
        let replayed = case.replayed();
        prop_assert_eq!(replayed.as_ref(), Some(case.incident()));
    }
}

#[test]
fn only_a_dismissal_is_drawn_and_no_drill() {
    let draw = Command::Draw { lot: 0 };
    assert_eq!(Case::torn().act(None, &draw), Err(Refusal::Changed));
    let mut drill = Case::torn();
    drill.incident.as_mut().unwrap().drill = true;
    drill
        .submit(&counter(), drill.complete("old-damage"))
        .unwrap();
    assert_eq!(drill.act(None, &draw), Ok(Vec::new()));
    let mut closed = Case::at_table();
    let mut form = closed.complete("shelve");
    super::room::picked(&mut form, "end", "mended");
    super::room::said(&mut form, "board-asked", false);
    closed.submit(&table(), form).unwrap();
    assert!(matches!(closed.incident().phase, Phase::Ended(_)));
    assert_eq!(closed.act(None, &draw), Ok(Vec::new()));
}

#[test]
fn somebody_of_the_two_tiers_who_had_no_part_in_it_agrees_or_reopens_for_a_reason() {
    for second in [counter_b(), table()] {
        let mut case = drawn();
        let events = case.act(Some(&second), &look(true, "")).unwrap();
        assert_eq!(kinds(&events), ["looked_again"]);
        assert!(!case.incident().is_open());
        assert_eq!(case.incident().second_look, None);

        let mut case = drawn();
        let silent = case.act(Some(&second), &look(false, " "));
        assert_eq!(silent, Err(Refusal::ReasonMissing));
        let events = case
            .act(Some(&second), &look(false, "It was fresh."))
            .unwrap();
        assert_eq!(kinds(&events), ["looked_again", "reopened"]);
        assert!(case.incident().is_open());
        assert_eq!(case.replayed().as_ref(), Some(case.incident()));
    }
}

#[test]
fn whoever_had_a_part_in_it_or_another_role_does_not_judge_it() {
    for (who, part) in [
        (counter(), "somebody else"),
        (vault(), "tier1 and tier2"),
        (manager(), "tier1 and tier2"),
    ] {
        let refused = drawn().act(Some(&who), &look(true, "")).unwrap_err();
        let Refusal::NoSecondLook { why } = refused else {
            panic!("{refused:?}");
        };
        assert!(why.contains(part), "{why}");
    }
    // Both who dismissed on the repeat rule had their part.
    let mut case = Case::torn();
    case.detections = Some(2);
    case.submit(&counter(), case.complete("old-damage"))
        .unwrap();
    let agree = Command::Agree {
        reason: "so it is".to_owned(),
    };
    case.act(Some(&counter_b()), &agree).unwrap();
    case.act(None, &Command::Draw { lot: 0 }).unwrap();
    for part in [counter(), counter_b()] {
        assert!(!may(&part, Act::LookAgain, case.incident(), &case.playbook));
    }
    assert!(may(
        &table(),
        Act::LookAgain,
        case.incident(),
        &case.playbook
    ));
}

#[test]
fn who_looks_again_reads_the_record_until_it_is_judged_and_the_walled_never() {
    let mut case = drawn();
    let level = |case: &Case, who: &Actor| {
        let walls = [READER].into();
        reads(who, case.incident(), &case.playbook, &walls).map(|c| c.level())
    };
    let reader = Actor {
        person: READER,
        ..counter_b()
    };
    assert_eq!(level(&case, &counter_b()), Some(Level::Record));
    assert_eq!(level(&case, &counter()), Some(Level::Stub));
    assert_eq!(level(&case, &reader), None);
    assert!(may(
        &table(),
        Act::ReadDetails,
        case.incident(),
        &case.playbook
    ));
    case.act(Some(&table()), &look(true, "")).unwrap();
    assert_eq!(level(&case, &counter_b()), Some(Level::Stub));
}

#[test]
fn a_second_look_is_due_and_raised_after_as_long_each_time() {
    let mut case = drawn();
    let hours = TimeDelta::hours;
    for rounds in 1..4 {
        let dues = due::of(
            case.incident(),
            &case.playbook,
            &Calendar::default(),
            case.now,
        );
        let at = super::start() + hours(6 * i64::from(rounds));
        assert_eq!(dues.len(), 1);
        assert_eq!((&dues[0].kind, dues[0].at), (&DueKind::LookAgain, at));
        assert_eq!(
            DueKind::from_key(&dues[0].kind.key()),
            Some(DueKind::LookAgain)
        );
        case.wait(6 * 60);
        let events = case.act(None, &Command::RemindLook).unwrap();
        assert_eq!(
            events,
            [Event::Dismissal(Dismissal::LookReminded { times: rounds })]
        );
    }
    case.act(Some(&table()), &look(true, "")).unwrap();
    assert_eq!(
        due::of(
            case.incident(),
            &case.playbook,
            &Calendar::default(),
            case.now
        ),
        []
    );
    assert_eq!(case.act(None, &Command::RemindLook), Ok(Vec::new()));
}

#[test]
fn a_reopening_by_anybody_ends_the_wait_for_a_second_look() {
    let mut case = drawn();
    let reopen = Command::Reopen {
        reason: "Another page is torn.".to_owned(),
    };
    case.act(Some(&counter()), &reopen).unwrap();
    assert_eq!(case.incident().second_look, None);
    let refused = case.act(Some(&table()), &look(true, "")).unwrap_err();
    assert!(
        matches!(refused, Refusal::NoSecondLook { .. }),
        "{refused:?}"
    );
}
