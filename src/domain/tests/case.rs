//! What a case gathers: notes, corrections, links, splits; and who finds which of it on the timeline.

use super::{Case, actor, opening};
use crate::domain::alert::Severity;
use crate::domain::ids::{AlertId, IncidentId, PersonId};
use crate::domain::incident::{
    CaseFault, Command, Evaluated, Event, Finding, Noting, Quoted, Refusal, Splitting,
};
use crate::domain::policy::{Actor, export};
use crate::domain::restricted::Restricted;
use crate::domain::role::Role;
use crate::domain::timeline::{Line, Reader, Recorded, lines};
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};

fn desk() -> Actor {
    actor(Role::Tier1, 1)
}

/// Claimed at the desk.
fn held() -> Case {
    let mut case = Case::opened();
    case.wait(30);
    case.act(Some(&desk()), &Command::Claim).unwrap();
    case
}

fn noting(text: &str) -> Noting {
    Noting {
        text: text.to_owned(),
        ..Noting::default()
    }
}

fn note(case: &mut Case, by: &Actor, noting: Noting) -> Result<Vec<Event>, Refusal> {
    case.act(Some(by), &Command::Note(Box::new(noting)))
}

fn link(case: &mut Case, by: Option<&Actor>, other: i64) -> Result<Vec<Event>, Refusal> {
    let reason = "the same badge".to_owned();
    let other = IncidentId(other);
    case.act(by, &Command::Link { other, reason })
}

fn attach(case: &mut Case, alert: i64, person: i64, met: bool) {
    let criterion = case.playbook.criteria[0].id.clone();
    let finding = if met { Finding::Met } else { Finding::NotMet };
    let facts = vec![("Seen".to_owned(), format!("by alert {alert}"))];
    let command = Command::Attach {
        alert: AlertId(alert),
        severity: Severity::High,
        concerned: Some(PersonId(person)),
        criteria: vec![Evaluated {
            criterion,
            finding,
            facts,
        }],
    };
    case.act(None, &command).unwrap();
}

/// As it is told to a reader of the whole record who knows of these other incidents.
fn told(case: &Case, others: &[i64]) -> Vec<Line> {
    let recorded = |(number, (event, by, at)): (i64, &(Event, PersonId, _))| Recorded {
        number,
        at: *at,
        by: *by,
        role: None,
        kind: event.kind().to_owned(),
        criterion: None,
        event: Some(Restricted::new(event.clone())),
    };
    let history: Vec<Recorded> = (1..).zip(&case.history).map(recorded).collect();
    let reader = Reader {
        clearance: &export(),
        roles: &BTreeSet::new(),
        zone: chrono_tz::Tz::UTC,
        others: &others.iter().map(|id| IncidentId(*id)).collect(),
        before: &[],
        names: &BTreeMap::from([(PersonId(3), "Kim".to_owned())]),
    };
    lines(&history, &case.playbook, &reader)
}

fn whats(lines: &[Line]) -> Vec<String> {
    let line = |line: &Line| format!("{} {}", line.number, line.what);
    lines.iter().map(line).collect()
}

#[test]
fn a_note_may_be_backdated_but_never_foretold() {
    let mut case = held();
    let at = |minutes| case.now + TimeDelta::minutes(minutes);
    let (before, now, soon) = (at(-20), at(0), at(1));
    for (happened_at, wanted) in [
        (None, Ok("noted")),
        (
            Some(before),
            Ok("noted afterwards what happened at 2026-11-03 08:50 UTC"),
        ),
        (
            Some(now),
            Ok("noted afterwards what happened at 2026-11-03 09:10 UTC"),
        ),
        (
            Some(soon),
            Err(Refusal::Case(CaseFault::Future { at: soon })),
        ),
    ] {
        let noting = Noting {
            happened_at,
            ..noting("the drawer was open")
        };
        match (note(&mut case, &desk(), noting), wanted) {
            (Ok(_), Ok(what)) => assert_eq!(told(&case, &[]).last().unwrap().what, what),
            (Err(refusal), Err(wanted)) => assert_eq!(refusal, wanted),
            other => panic!("{other:?}"),
        }
    }
    // Its own place on the timeline is when it was written down.
    assert!(
        told(&case, &[])
            .iter()
            .skip(2)
            .all(|line| line.at == case.now)
    );
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
}

#[test]
fn a_correction_points_at_an_entry_that_is_there_and_both_are_read_beside_each_other() {
    let mut case = held();
    note(&mut case, &desk(), noting("It was badge 12")).unwrap();
    for gone in [-1, 0, 4, i64::MAX] {
        let noting = Noting {
            corrects: Some(gone),
            ..noting("It was badge 21")
        };
        let refused = note(&mut case, &desk(), noting).unwrap_err();
        assert_eq!(refused, CaseFault::NoEntry.into(), "{gone}");
    }
    let noting = Noting {
        corrects: Some(3),
        ..noting("It was badge 21")
    };
    note(&mut case, &desk(), noting).unwrap();
    let lines = told(&case, &[]);
    let detail = |n: usize| -> Vec<String> {
        let all = lines[n].details.iter();
        all.map(|(label, words)| format!("{label}: {words}"))
            .collect()
    };
    assert_eq!(lines[2].what, "noted · corrected in entry 4");
    assert_eq!(
        detail(2),
        ["In words: It was badge 12", "Corrected: It was badge 21"]
    );
    assert_eq!(lines[3].what, "corrected entry 3");
    assert_eq!(
        detail(3),
        ["In words: It was badge 21", "Before: It was badge 12"]
    );
}

#[test]
fn a_message_is_put_down_once_with_its_author_and_its_own_time() {
    let mut case = held();
    let quote = |message: &str| Noting {
        quoted: Some(Quoted {
            message: message.to_owned(),
            author: Some(PersonId(3)),
            written_at: super::start(),
        }),
        ..noting("The badge lies at the gate")
    };
    note(&mut case, &desk(), quote("77")).unwrap();
    let refused = note(&mut case, &desk(), quote("77")).unwrap_err();
    assert_eq!(refused, CaseFault::QuotedAlready.into());
    note(&mut case, &desk(), quote("78")).unwrap();
    let line = &told(&case, &[])[2];
    assert_eq!(
        line.what,
        "noted what Kim wrote in the thread at 2026-11-03 08:40 UTC"
    );
    assert_eq!(line.by, desk().person);
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
}

#[test]
fn notes_are_for_those_on_the_case_and_while_it_is_open() {
    let mut case = held();
    let stranger = actor(Role::Tier1, 2);
    let refused = note(&mut case, &stranger, noting("x")).unwrap_err();
    assert!(matches!(refused, Refusal::NotYours { .. }));
    assert_eq!(
        note(&mut case, &desk(), noting(" ")),
        Err(Refusal::ReasonMissing)
    );
    case.submit(&desk(), case.complete("drawer")).unwrap();
    assert_eq!(note(&mut case, &desk(), noting("x")), Err(Refusal::Ended));
}

#[test]
fn whoever_works_on_it_links_it_once_and_the_other_side_follows() {
    let mut case = Case::opened();
    let stranger = actor(Role::Tier2, 3);
    assert!(matches!(
        link(&mut case, Some(&stranger), 7),
        Err(Refusal::NotYours { .. })
    ));
    let itself = link(&mut case, Some(&desk()), 1).unwrap_err();
    assert_eq!(itself, CaseFault::Itself.into());
    assert_eq!(link(&mut case, Some(&desk()), 7).unwrap().len(), 1);
    // Again: nothing to do.
    assert_eq!(link(&mut case, Some(&desk()), 7).unwrap(), []);
    case.submit(&desk(), case.complete("drawer")).unwrap();
    assert_eq!(link(&mut case, Some(&desk()), 8), Err(Refusal::Ended));
    // The other side of somebody's link follows, ended or not.
    assert_eq!(link(&mut case, None, 8).unwrap().len(), 1);
    assert_eq!(
        case.incident().linked,
        [IncidentId(7), IncidentId(8)].into()
    );
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
}

#[test]
fn a_link_to_what_the_reader_may_not_know_of_leaves_no_trace_and_no_gap() {
    let mut case = held();
    link(&mut case, Some(&desk()), 7).unwrap();
    let corrected = Noting {
        corrects: Some(3),
        ..noting("INC-8 was meant")
    };
    note(&mut case, &desk(), corrected).unwrap();
    note(&mut case, &desk(), noting("the gate is shut")).unwrap();
    let all = whats(&told(&case, &[7]));
    assert_eq!(all.len(), 5);
    assert_eq!(all[2], "3 linked it with INC-7 · corrected in entry 4");
    assert_eq!(all[3], "4 corrected entry 3");
    assert_eq!(all[4], "5 noted");
    // Neither the link nor what corrects it; the rest is counted on.
    let blind = whats(&told(&case, &[]));
    assert_eq!(blind.len(), 3);
    assert_eq!(blind[2], "3 noted");
    assert!(!format!("{:?}", told(&case, &[])).contains("INC-"));
}

fn splitting(case: &Case, alerts: &[i64], concerned: &[i64]) -> Splitting {
    let criterion = case.playbook.criteria[0].id.clone();
    Splitting {
        into: IncidentId(9),
        alerts: alerts.iter().map(|id| AlertId(*id)).collect(),
        reason: "another badge".to_owned(),
        concerned: concerned.iter().map(|id| PersonId(*id)).collect(),
        criteria: vec![Evaluated {
            criterion,
            finding: Finding::NotMet,
            facts: Vec::new(),
        }],
    }
}

#[test]
fn alerts_split_off_leave_at_least_one_and_what_is_left_is_judged_anew() {
    let mut case = held();
    attach(&mut case, 2, 51, true);
    attach(&mut case, 3, 50, false);
    let first = case.playbook.criteria[0].id.clone();
    assert_eq!(case.incident().criteria[&first].finding, Finding::Met);
    let split = |case: &mut Case, by: &Actor, one: Splitting| {
        case.act(Some(by), &Command::Split(Box::new(one)))
    };
    let other = actor(Role::Tier1, 2);
    for (alerts, by, wanted) in [
        (&[][..], &desk(), Refusal::from(CaseFault::NoAlert)),
        (
            &[2, 8],
            &desk(),
            CaseFault::NotItsOwn {
                alerts: vec![AlertId(8)],
            }
            .into(),
        ),
        (&[1, 2, 3], &desk(), CaseFault::NothingLeft.into()),
        (
            &[2],
            &other,
            Refusal::Held {
                by: desk().person,
                since: case.now,
            },
        ),
    ] {
        let one = splitting(&case, alerts, &[50]);
        assert_eq!(split(&mut case, by, one).unwrap_err(), wanted);
    }
    let silent = Splitting {
        reason: " ".to_owned(),
        ..splitting(&case, &[2], &[50])
    };
    assert_eq!(
        split(&mut case, &desk(), silent),
        Err(Refusal::ReasonMissing)
    );
    let one = splitting(&case, &[2], &[50]);
    split(&mut case, &desk(), one).unwrap();
    let left = case.incident();
    assert_eq!(left.alerts, [AlertId(1), AlertId(3)]);
    assert_eq!(left.concerned, [PersonId(50)].into());
    // The history speaks of them: they stay walled off.
    assert_eq!(left.past_concerned, [PersonId(51)].into());
    assert_eq!(left.criteria[&first].finding, Finding::NotMet);
    assert_eq!(left.linked, [IncidentId(9)].into());
    assert_eq!(
        whats(&told(&case, &[9])).last().unwrap(),
        "5 split ALR-2 off into INC-9"
    );
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
}

#[test]
fn nothing_is_split_off_while_a_handoff_waits_or_after_the_end() {
    let mut case = held();
    attach(&mut case, 2, 51, false);
    case.submit(&desk(), case.complete("send-search")).unwrap();
    let one = Command::Split(Box::new(splitting(&case, &[2], &[50])));
    assert!(matches!(
        case.act(Some(&desk()), &one),
        Err(Refusal::Offered { .. })
    ));
    let mut case = held();
    attach(&mut case, 2, 51, false);
    case.submit(&desk(), case.complete("drawer")).unwrap();
    assert_eq!(case.act(Some(&desk()), &one), Err(Refusal::Ended));
}

#[test]
fn the_new_incident_says_where_it_comes_from() {
    let mut case = Case::new();
    case.act(None, &opening()).unwrap();
    let reason = "another badge".to_owned();
    let from = IncidentId(4);
    case.act(None, &Command::ComeFrom { from, reason }).unwrap();
    assert_eq!(case.incident().linked, [from].into());
    assert_eq!(
        whats(&told(&case, &[4])).last().unwrap(),
        "2 split it off INC-4"
    );
    assert_eq!(told(&case, &[]).len(), 1);
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
}

#[test]
fn a_history_from_before_corrections_is_read_as_it_was() {
    let old = r#"{"event":"noted","text":"seen"}"#;
    let event: Event = serde_json::from_str(old).unwrap();
    let wanted = Event::Noted {
        text: "seen".to_owned(),
        happened_at: None,
        corrects: None,
        quoted: None,
    };
    assert_eq!(event, wanted);
    assert_eq!(serde_json::to_string(&event).unwrap(), old);
}
