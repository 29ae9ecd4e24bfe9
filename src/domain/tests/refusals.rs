//! Which step whom is refused when, as one table.

use super::{Case, actor};
use crate::domain::alert::Severity;
use crate::domain::ids::AlertId;
use crate::domain::incident::{Command, ReachCommand, Refusal};
use crate::domain::policy::Actor;
use crate::domain::reach::Waits;
use crate::domain::role::Role;
use chrono::TimeDelta;

fn desk() -> Actor {
    actor(Role::Tier1, 1)
}

fn street() -> Actor {
    actor(Role::Tier2, 3)
}

/// The incident in one of its situations.
fn situation(name: &str) -> Case {
    let mut case = Case::opened();
    let returned = Command::Return {
        reason: "Which door?".to_owned(),
    };
    if name == "claimed" {
        case.act(Some(&desk()), &Command::Claim).unwrap();
    }
    if ["offered", "accepted", "returned"].contains(&name) {
        case.submit(&desk(), case.complete("send-search")).unwrap();
    }
    match name {
        "accepted" => drop(case.act(Some(&street()), &Command::Accept).unwrap()),
        "returned" => drop(case.act(Some(&street()), &returned).unwrap()),
        "ended" => drop(case.submit(&desk(), case.complete("drawer")).unwrap()),
        "opened" | "claimed" | "offered" => {}
        other => panic!("{other}"),
    }
    case
}

fn command(case: &Case, name: &str) -> Command {
    match name {
        "claim" => Command::Claim,
        "accept" => Command::Accept,
        "return" => Command::Return {
            reason: "Which door?".to_owned(),
        },
        "raise" => super::say(Waits::Take, None),
        "nudge" => super::say(Waits::Idle, None),
        "release" => Command::Reach(ReachCommand::Release),
        "snooze" => Command::Reach(ReachCommand::Snooze {
            until: Some(case.now + TimeDelta::hours(1)),
            reason: "The holder is on a train.".to_owned(),
        }),
        "open" => super::opening(),
        "attach" => Command::Attach {
            alert: AlertId(2),
            severity: Severity::High,
            concerned: None,
            criteria: Vec::new(),
        },
        "count" => Command::CountRepeat {
            alert: AlertId(1),
            times: 2,
        },
        way => Command::Submit(Box::new(case.complete(way))),
    }
}

fn word(outcome: &Result<Vec<crate::domain::incident::Event>, Refusal>) -> String {
    match outcome {
        Ok(events) if events.is_empty() => "nothing".to_owned(),
        Ok(events) => events
            .iter()
            .map(crate::domain::incident::Event::kind)
            .collect::<Vec<_>>()
            .join("+"),
        Err(Refusal::NotFound) => "not found".to_owned(),
        Err(Refusal::NotYours { role }) => {
            format!("for {}", role.map_or("nobody", Role::key))
        }
        Err(Refusal::Held { by, .. }) => format!("held by {by}"),
        Err(Refusal::Offered { to }) => format!("offered to {to}"),
        Err(Refusal::NothingOffered) => "nothing offered".to_owned(),
        Err(Refusal::Ended) => "has ended".to_owned(),
        Err(Refusal::NoSuchWay { ways }) => format!("ways: {}", ways.join(", ")),
        Err(Refusal::RecordIncomplete(readiness)) => format!("incomplete {readiness:?}"),
        Err(Refusal::ReasonMissing) => "no reason".to_owned(),
        Err(Refusal::Changed) => "changed".to_owned(),
        Err(Refusal::Proposed { by }) => format!("proposed by {by}"),
        Err(Refusal::NothingProposed) => "nothing proposed".to_owned(),
        Err(Refusal::SamePerson) => "same person".to_owned(),
        Err(Refusal::NoContact { .. }) => "no contact".to_owned(),
        Err(Refusal::Gates { .. }) => "gates".to_owned(),
        Err(Refusal::NoEngagement) => "no engagement".to_owned(),
        Err(Refusal::SnoozeUnfit { faults }) => faults.join(", "),
        Err(Refusal::HoursUnreadable) => "hours".to_owned(),
        Err(
            Refusal::NoAction { why }
            | Refusal::NoTalk { why }
            | Refusal::NoPattern { why }
            | Refusal::NoSecondLook { why },
        ) => why.clone(),
        Err(Refusal::NoSearch { missing }) => missing.join(", "),
        Err(Refusal::Wording { .. }) => "wording".to_owned(),
        Err(Refusal::NotHeld) => "not held".to_owned(),
        Err(Refusal::Case(fault)) => format!("{fault:?}"),
    }
}

#[test]
fn each_step_is_open_to_the_right_role_in_the_right_situation() {
    let (tier1, tier1b, tier2) = (desk(), actor(Role::Tier1, 2), street());
    let (manager, admin) = (actor(Role::Manager, 6), actor(Role::Admin, 9));
    let desk_ways = "ways: Send out the search, It was never lost";
    let street_ways = "ways: Make a new badge, Finish";
    let table: &[(&str, Option<&Actor>, &str, &str)] = &[
        ("opened", None, "claim", "not found"),
        ("opened", Some(&tier2), "claim", "for tier1"),
        ("opened", Some(&admin), "claim", "for tier1"),
        ("opened", Some(&manager), "send-search", "for tier1"),
        ("opened", Some(&tier1), "accept", "nothing offered"),
        ("opened", Some(&tier1), "make-new", desk_ways),
        ("opened", Some(&tier1), "drawer", "claimed+ended"),
        ("opened", None, "open", "changed"),
        ("opened", None, "attach", "alert_attached"),
        ("opened", None, "count", "alert_repeated"),
        ("opened", None, "raise", "said_again"),
        ("opened", None, "nudge", "nothing"),
        ("opened", None, "release", "nothing"),
        ("opened", None, "snooze", "not found"),
        ("opened", Some(&tier1), "snooze", "snoozed"),
        ("opened", Some(&tier2), "snooze", "for tier1"),
        ("opened", Some(&manager), "snooze", "for tier1"),
        ("claimed", Some(&tier1), "claim", "nothing"),
        ("claimed", Some(&tier1b), "claim", "held by P-1"),
        ("claimed", Some(&tier1b), "send-search", "held by P-1"),
        ("claimed", Some(&tier1), "send-search", "offered"),
        ("claimed", None, "raise", "nothing"),
        ("claimed", None, "nudge", "said_again"),
        ("claimed", None, "release", "released"),
        ("claimed", Some(&tier1), "snooze", "snoozed"),
        ("claimed", Some(&tier1b), "snooze", "held by P-1"),
        ("offered", Some(&tier1), "claim", "offered to Search"),
        ("offered", Some(&tier1), "send-search", "offered to Search"),
        ("offered", Some(&tier1), "accept", "for tier2"),
        ("offered", Some(&tier1), "return", "for tier2"),
        ("offered", Some(&manager), "accept", "for tier2"),
        ("offered", Some(&tier2), "accept", "accepted"),
        ("offered", Some(&tier2), "return", "returned"),
        ("offered", Some(&tier2), "claim", "for tier1"),
        ("offered", None, "accept", "not found"),
        ("offered", None, "attach", "alert_attached"),
        ("offered", None, "raise", "said_again"),
        ("offered", None, "release", "nothing"),
        ("offered", Some(&tier1), "snooze", "for tier2"),
        ("offered", Some(&tier2), "snooze", "snoozed"),
        ("accepted", Some(&tier1), "send-search", "for tier2"),
        ("accepted", Some(&tier2), "send-search", street_ways),
        ("accepted", Some(&tier2), "accept", "nothing offered"),
        ("accepted", Some(&tier2), "make-new", "offered"),
        ("accepted", Some(&tier2), "finish", "ended"),
        // Engagements run beside the stages and are no way out of one.
        ("accepted", Some(&tier2), "tell-privacy", street_ways),
        ("returned", Some(&tier1), "send-search", "offered"),
        ("returned", Some(&tier1b), "send-search", "held by P-1"),
        ("returned", Some(&tier2), "accept", "nothing offered"),
        ("ended", Some(&tier1), "claim", "has ended"),
        ("ended", Some(&tier1), "send-search", "has ended"),
        ("ended", Some(&tier2), "accept", "has ended"),
        ("ended", None, "attach", "has ended"),
        ("ended", None, "raise", "has ended"),
        ("ended", None, "release", "has ended"),
        ("ended", Some(&tier1), "snooze", "has ended"),
        ("ended", None, "count", "alert_repeated"),
    ];
    let mut wrong = Vec::new();
    for (name, who, what, expected) in table {
        let mut case = situation(name);
        let before = case.incident().clone();
        let asked = command(&case, what);
        let outcome = case.act(*who, &asked);
        let given = word(&outcome);
        let role = who.map_or("the program", |a| a.roles.first().unwrap().key());
        if given != *expected {
            wrong.push(format!("{name}, {role}, {what}: {given}, not {expected}"));
        }
        if outcome.is_err() {
            assert_eq!(*case.incident(), before, "{name}, {role}, {what}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn before_the_opening_there_is_nothing() {
    let mut case = Case::new();
    for command in [
        Command::Claim,
        Command::Accept,
        super::say(Waits::Take, None),
    ] {
        let refused = case.act(Some(&desk()), &command).unwrap_err();
        assert_eq!(refused, Refusal::NotFound);
    }
    assert!(case.incident.is_none() && case.history.is_empty());
}
