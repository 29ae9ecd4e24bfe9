//! Properties over random people in the reading room: what happens to a person, and how an incident ends.

use super::Case;
use super::room::{
    counter, counter_b, grc, hr, hr_b, legal, legal_b, manager, picked, said, table, vault, vault_b,
};
use crate::domain::governance::Choice;
use crate::domain::incident::{Command, Event, Governed, Incident, Refusal, closed_for};
use crate::domain::policy::Actor;
use crate::domain::role::Role;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// One thing that somebody asks, by numbers into lists.
#[derive(Debug, Clone)]
enum Asked {
    Claim,
    Accept,
    Return,
    Agree,
    Refuse,
    Leave {
        way: usize,
        mood: usize,
        blame: bool,
        board: bool,
    },
    Engage(usize),
    Answer(u32, usize),
    Propose(usize),
    Authorise(u32),
    Report(u32, bool),
    Override(u32),
    Reopen,
}

fn asked() -> impl Strategy<Value = Asked> {
    let leave = (0..9_usize, 0..3_usize, any::<bool>(), any::<bool>()).prop_map(
        |(way, mood, blame, board)| Asked::Leave {
            way,
            mood,
            blame,
            board,
        },
    );
    prop_oneof![
        1 => Just(Asked::Claim),
        5 => Just(Asked::Accept),
        1 => Just(Asked::Return),
        2 => Just(Asked::Agree),
        1 => Just(Asked::Refuse),
        8 => leave,
        3 => (0..3_usize).prop_map(Asked::Engage),
        6 => (1..3_u32, 0..13_usize).prop_map(|(n, c)| Asked::Answer(n, c)),
        3 => (0..4_usize).prop_map(Asked::Propose),
        5 => (1..4_u32).prop_map(Asked::Authorise),
        3 => (1..4_u32, any::<bool>()).prop_map(|(n, d)| Asked::Report(n, d)),
        3 => (1..4_u32).prop_map(Asked::Override),
        1 => Just(Asked::Reopen),
    ]
}

fn people() -> Vec<Actor> {
    vec![
        counter(),
        counter_b(),
        table(),
        vault(),
        vault_b(),
        manager(),
        legal(),
        legal_b(),
        hr(),
        hr_b(),
        grc(),
    ]
}

/// Those who could do it at all, so that the sequences get somewhere.
fn fitting(asked: &Asked, case: &Case) -> Vec<Actor> {
    let everybody = people();
    let stage = case.playbook.stage(&case.incident().stage).unwrap().role;
    let wanted: Vec<Role> = match asked {
        Asked::Claim | Asked::Leave { .. } => vec![stage],
        Asked::Accept | Asked::Return => vec![Role::Tier1, Role::Tier2, Role::Tier3],
        Asked::Agree | Asked::Refuse => vec![Role::Tier1, Role::Tier2],
        Asked::Engage(_) => vec![Role::Tier2, Role::Tier3],
        Asked::Answer(..) => vec![Role::Legal, Role::Hr, Role::Grc],
        Asked::Propose(_) | Asked::Report(..) => vec![Role::Tier3],
        Asked::Authorise(_) => vec![Role::Tier3, Role::Manager],
        Asked::Override(_) => vec![Role::Tier3, Role::Manager, Role::Legal],
        Asked::Reopen => vec![stage, Role::Manager],
    };
    let fits = |who: &Actor| wanted.iter().any(|role| who.has(*role));
    everybody.into_iter().filter(fits).collect()
}

fn ask(case: &mut Case, who: &Actor, asked: &Asked) -> Result<Vec<Event>, Refusal> {
    let reason = "seen".to_owned();
    match asked {
        Asked::Claim => case.act(Some(who), &Command::Claim),
        Asked::Accept => case.act(Some(who), &Command::Accept),
        Asked::Return => case.act(Some(who), &Command::Return { reason }),
        Asked::Agree => case.act(Some(who), &Command::Agree { reason }),
        Asked::Refuse => case.act(Some(who), &Command::Refuse { reason }),
        Asked::Reopen => case.act(Some(who), &Command::Reopen { reason }),
        Asked::Engage(criterion) => {
            let all = ["reader-suspected", "lender-asks", "nobody-agreed"];
            case.engage(who, &[all[*criterion]])
        }
        Asked::Answer(number, choice) => case.answers(who, *number, Choice::ALL[*choice]),
        Asked::Propose(action) => {
            let action = case.playbook.containment[*action].id.clone();
            case.propose(who, &action)
        }
        Asked::Authorise(number) => case.authorise(who, *number),
        Asked::Report(number, done) => case.report(who, *number, *done),
        Asked::Override(number) => case.emergency(who, *number),
        Asked::Leave {
            way,
            mood,
            blame,
            board,
        } => {
            let way = case.playbook.transitions[*way].id.to_string();
            let mut form = case.complete(&way);
            form.criteria
                .clone_from(&case.playbook.transition(&form.transition).unwrap().criteria);
            form.criteria
                .retain(|c| !["torn-on-purpose", "bad-binding"].contains(&c.as_str()));
            if form.answers.contains_key(&super::field("mood")) {
                picked(&mut form, "mood", ["unclear", "calm", "angry"][*mood]);
                said(&mut form, "blame", *blame);
                said(&mut form, "board-asked", *board);
            }
            case.submit(who, form)
        }
    }
}

/// Read from the history alone, apart from the gates' own code: whether HR, or two persons in an emergency, opened
/// the way to the person.
fn way_was_open(case: &Case, number: u32) -> bool {
    let mut word = None;
    let mut read = false;
    let mut emergency: BTreeSet<(bool, i64)> = BTreeSet::new();
    let hr: BTreeSet<i64> = [hr().person.0, hr_b().person.0].into();
    for (event, by, _) in &case.history {
        if let Event::GateOverridden { role, covers, .. } = event
            && covers.contains(&number)
        {
            emergency.insert((*role == Role::Tier3, by.0));
        }
        if let Event::Governed(Governed::SideConcluded { .. }) = event {
            read |= hr.contains(&by.0);
        }
        let Event::Answered { choice, .. } = event else {
            continue;
        };
        if *choice == Choice::HoldContainment {
            word = Some(false);
            emergency.clear();
        } else if *choice == Choice::ProceedContainment {
            word = Some(true);
        } else if *choice != Choice::Conflict {
            read |= hr.contains(&by.0);
        }
    }
    let two = emergency
        .iter()
        .any(|(one, by)| *one && emergency.iter().any(|(other, who)| !other && who != by));
    two || word.unwrap_or(read)
}

fn no_misconduct(incident: &Incident) -> bool {
    use crate::domain::record::{Answer, State};
    let record = incident.record.judge();
    let latest = |id: &str| record.latest(&super::field(id)).map(|e| e.state.clone());
    let blameless = matches!(
        latest("blame"),
        Some(State::Value(Answer::YesNo { yes: false, .. }))
    );
    let angry = latest("mood") == Some(State::Value(Answer::Choice("angry".to_owned())));
    blameless && !angry
}

fn step(case: &mut Case, who: usize, asked: &Asked) -> BTreeSet<&'static str> {
    case.wait(1);
    let fitting = fitting(asked, case);
    let who = fitting[who % fitting.len()].clone();
    let before = case.incident().clone();
    let Ok(events) = ask(case, &who, asked) else {
        assert_eq!(*case.incident(), before, "a refusal changed something");
        return BTreeSet::new();
    };
    let mut seen = BTreeSet::new();
    for event in &events {
        seen.insert(event.kind());
        if let Event::ContainmentAuthorised { number } = event {
            seen.insert(prove_authorised(case, &before, &who, *number));
        }
        if let Event::Ended { transition, .. } = event {
            prove_ended(case, &before, transition.as_str());
        }
    }
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
    case.prove_next_step();
    seen
}

/// Gives back what opened the way, for an action on a person.
fn prove_authorised(case: &Case, before: &Incident, who: &Actor, number: u32) -> &'static str {
    let entry = before.actions.iter().find(|a| a.number == number).unwrap();
    let action = case.playbook.action(&entry.action).unwrap();
    assert!(!action.needs_second_person || entry.proposed_by != who.person);
    assert_eq!(
        closed_for(before, entry, action, &case.context(None)),
        Vec::<String>::new()
    );
    if action.id != "take-card" {
        return "on no person";
    }
    if no_misconduct(before) {
        return "without misconduct";
    }
    assert!(
        way_was_open(case, number),
        "something was done to a person before HR or an emergency: {:?}",
        case.history
    );
    "after HR or an emergency"
}

fn prove_ended(case: &Case, before: &Incident, way: &str) {
    let open = before.actions.iter().filter(|a| a.state.is_open()).count();
    let unsettled = before
        .engagements
        .iter()
        .filter(|e| !e.is_settled())
        .count();
    if way == "old-damage" {
        let people: BTreeSet<i64> = case
            .history
            .iter()
            .filter(|(event, ..)| matches!(event, Event::Proposed { .. } | Event::Agreed { .. }))
            .map(|(_, by, _)| by.0)
            .collect();
        assert!(
            case.detections < Some(2) || people.len() >= 2,
            "one person dismissed a repeat"
        );
        return;
    }
    assert!(
        ["shelve", "shelve-locked"].contains(&way),
        "{way} ended it, though its gate never opens"
    );
    assert_eq!(unsettled, 0, "ended under an engagement");
    assert!(way == "shelve" || open == 0, "ended with an action open");
}

/// Half of the stories begin at the vault, with a reader who is to blame.
fn begun(detections: i64) -> Case {
    let mut case = if detections % 2 == 0 {
        Case::torn()
    } else {
        Case::at_vault("unclear", true, false)
    };
    case.detections = Some(detections);
    case
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_contained_before_hr_or_an_emergency_and_nothing_ends_behind_a_closed_gate(
        detections in 0..4_i64,
        steps in prop::collection::vec((0..11_usize, asked()), 1..60),
    ) {
        let mut case = begun(detections);
        for (who, asked) in &steps {
            step(&mut case, *who, asked);
        }
    }
}

/// The property above says something only if its sequences get somewhere.
#[test]
fn the_random_sequences_contain_people_agree_override_and_close() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let steps = prop::collection::vec((0..11_usize, asked()), 50..51);
    let mut seen = BTreeSet::new();
    for round in 0..160 {
        let steps = steps.new_tree(&mut runner).unwrap().current();
        let mut case = begun(round % 4);
        for (who, asked) in &steps {
            seen.extend(step(&mut case, *who, asked));
        }
    }
    for kind in [
        "after HR or an emergency",
        "agreed",
        "answered",
        "containment_authorised",
        "containment_reported",
        "ended",
        "engaged",
        "gate_overridden",
        "refused",
        "reopened",
        "returned",
        "without misconduct",
    ] {
        assert!(seen.contains(kind), "never {kind}: {seen:?}");
    }
}
