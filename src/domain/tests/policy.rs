//! The reading table of the product, role by role and situation by situation.

use super::{Case, actor};
use crate::domain::ids::PersonId;
use crate::domain::incident::{Command, Incident};
use crate::domain::policy::{details, may_audit, reads};
use crate::domain::restricted::{Level, Restricted};
use crate::domain::role::Role;
use std::collections::BTreeSet;

const NOBODY_SPECIAL: i64 = 77;

/// Triage waits; it is offered to the next stage; someone there works on it; it has ended.
fn situations() -> [Case; 4] {
    let (desk, street) = (actor(Role::Tier1, 1), actor(Role::Tier2, 3));
    let mut offered = Case::opened();
    offered
        .submit(&desk, offered.complete("send-search"))
        .unwrap();
    let mut accepted = Case::opened();
    accepted
        .submit(&desk, accepted.complete("send-search"))
        .unwrap();
    accepted.act(Some(&street), &Command::Accept).unwrap();
    let mut ended = Case::opened();
    ended.submit(&desk, ended.complete("drawer")).unwrap();
    [Case::opened(), offered, accepted, ended]
}

fn word(role: Role, incident: &Incident, case: &Case, walled: bool) -> &'static str {
    let reader = actor(role, NOBODY_SPECIAL);
    let walls = if walled {
        [reader.person].into()
    } else {
        BTreeSet::new()
    };
    match reads(&reader, incident, &case.playbook, &walls).map(|c| c.level()) {
        None => "-",
        Some(Level::Stub) => "stub",
        Some(Level::Brief) => "brief",
        Some(Level::Steps) => "steps",
        Some(Level::Facts) => "facts",
        Some(Level::Record) => "record",
        Some(Level::Everything) => "all",
    }
}

#[test]
fn everybody_reads_what_the_table_says_and_a_walled_person_nothing() {
    // At triage, offered, accepted, ended; then the same three for someone who is on the case.
    let table = [
        (
            Role::Frontline,
            ["-", "-", "-", "-"],
            ["stub", "stub", "stub", "stub"],
        ),
        (
            Role::Tier1,
            ["facts", "facts", "stub", "stub"],
            ["facts", "facts", "stub", "stub"],
        ),
        (
            Role::Tier2,
            ["stub", "record", "stub", "stub"],
            ["all", "all", "all", "all"],
        ),
        (
            Role::Tier3,
            ["stub", "stub", "stub", "stub"],
            ["all", "all", "all", "all"],
        ),
        (
            Role::Engineering,
            ["-", "-", "-", "-"],
            ["stub", "stub", "stub", "stub"],
        ),
        (Role::Legal, ["-", "-", "-", "-"], ["-", "-", "-", "-"]),
        (Role::Hr, ["-", "-", "-", "-"], ["-", "-", "-", "-"]),
        (Role::Grc, ["-", "-", "-", "-"], ["-", "-", "-", "-"]),
        (
            Role::Manager,
            ["steps", "steps", "steps", "steps"],
            ["steps", "steps", "steps", "steps"],
        ),
        (
            Role::Auditor,
            ["record", "record", "record", "record"],
            ["record", "record", "record", "record"],
        ),
        (Role::Admin, ["-", "-", "-", "-"], ["-", "-", "-", "-"]),
    ];
    assert_eq!(table.map(|(role, ..)| role), Role::ALL);
    for (index, case) in situations().iter().enumerate() {
        let mut on_case = case.incident().clone();
        on_case.on_case.insert(PersonId(NOBODY_SPECIAL));
        for (role, apart, within) in table {
            let place = format!("{role}, situation {index}");
            assert_eq!(
                word(role, case.incident(), case, false),
                apart[index],
                "{place}"
            );
            assert_eq!(
                word(role, &on_case, case, false),
                within[index],
                "{place}, on the case"
            );
            assert_eq!(word(role, &on_case, case, true), "-", "{place}, walled");
        }
    }
}

#[test]
fn the_highest_of_several_roles_counts() {
    let case = Case::opened();
    let mut both = actor(Role::Manager, NOBODY_SPECIAL);
    both.roles.insert(Role::Tier1);
    let read = reads(&both, case.incident(), &case.playbook, &BTreeSet::new());
    assert_eq!(read.unwrap().level(), Level::Facts);
}

#[test]
fn details_open_only_for_those_who_work_on_it() {
    let [triage, offered, accepted, ended] = situations();
    let opens = |case: &Case, role, person, walled: bool| {
        let reader = actor(role, person);
        let walls = if walled {
            [reader.person].into()
        } else {
            BTreeSet::new()
        };
        details(&reader, case.incident(), &case.playbook, &walls).is_some()
    };
    assert!(opens(&triage, Role::Tier1, 2, false));
    assert!(!opens(&triage, Role::Tier1, 2, true));
    assert!(!opens(&triage, Role::Tier2, 3, false));
    assert!(opens(&offered, Role::Tier2, 4, false));
    assert!(opens(&accepted, Role::Tier2, 3, false));
    assert!(!opens(&accepted, Role::Tier2, 4, false));
    assert!(!opens(&accepted, Role::Tier1, 2, false));
    // The auditor states a reason first, and that is another way in.
    assert!(!opens(&ended, Role::Auditor, 7, false));
    for role in [
        Role::Auditor,
        Role::Manager,
        Role::Admin,
        Role::Legal,
        Role::Hr,
        Role::Grc,
        Role::Frontline,
    ] {
        assert!(!opens(&triage, role, NOBODY_SPECIAL, false), "{role}");
    }
}

#[test]
fn managers_and_auditors_search_and_prove_and_a_lead_mark_changes_nothing() {
    for role in Role::ALL {
        for lead in [false, true] {
            let mut member = actor(role, NOBODY_SPECIAL);
            member.lead = lead;
            let may = [Role::Manager, Role::Auditor].contains(&role);
            assert_eq!(may_audit(&member), may, "{role}");
        }
    }
}

#[test]
fn what_is_restricted_shows_nothing_of_itself() {
    assert_eq!(format!("{:?}", Restricted::new("secret")), "Restricted(…)");
    let case = &situations()[1];
    let shown = format!("{:?}", case.incident());
    assert!(!shown.contains("said at the desk"), "{shown}");
}
