//! Plans of imports: who a line is about, what keeps a file out, what is told.

use super::*;

fn identity(kind: &'static str, value: &str) -> Identity {
    let value = value.to_owned();
    Identity { kind, value }
}

fn row(line: u64, key: &str, identities: &[Identity]) -> Listed {
    Listed {
        line,
        key: key.to_owned(),
        name: Some("Porter".to_owned()),
        department: Some("Gates".to_owned()),
        line_manager: None,
        identities: identities.to_vec(),
    }
}

/// Persons with numbers from 1, and whose identities are whose.
fn known(persons: &[Known], identities: &[(Identity, i64)]) -> Directory {
    let numbered = persons.iter().cloned().zip(1..);
    Directory {
        persons: numbered.map(|(p, id)| (PersonId(id), p)).collect(),
        identities: identities
            .iter()
            .map(|(identity, id)| (identity.clone(), PersonId(*id)))
            .collect(),
    }
}

fn listed(key: &str) -> Known {
    Known {
        key: Some(key.to_owned()),
        name: Some("Porter".to_owned()),
        department: Some("Gates".to_owned()),
        ..Known::default()
    }
}

#[test]
fn an_identity_that_an_alert_brought_makes_the_line_that_person() {
    let upn = identity("upn", "porter@a.example");
    let account = identity("account", "900");
    let known = known(&[Known::default()], &[(upn.clone(), 1)]);
    let plan = plan(&[row(2, "p-1", &[upn, account.clone()])], &known, false);
    assert_eq!(plan.faults, []);
    assert_eq!(plan.rows[0].person, Some(PersonId(1)));
    assert_eq!(plan.rows[0].links, [(account, None)]);
    assert_eq!(
        plan.rows[0].changes,
        ["now in the directory", "name", "department", "account 900"]
    );
}

#[test]
fn two_known_persons_on_one_line_are_joined_only_when_told_and_whoever_acted_stays() {
    let upn = identity("upn", "porter@a.example");
    let account = identity("account", "900");
    let acted = Known {
        acted: true,
        ..Known::default()
    };
    let known = known(
        &[Known::default(), acted],
        &[(upn.clone(), 1), (account.clone(), 2)],
    );
    let rows = [row(2, "p-1", &[upn, account])];
    let refused = plan(&rows, &known, false);
    assert_eq!(refused.faults.len(), 1);
    assert_eq!(refused.faults[0].line, 2);
    let text = &refused.faults[0].text;
    assert!(text.contains("upn porter@a.example"), "{text}");
    assert!(text.contains("account 900"), "{text}");
    assert!(text.contains("--merge"), "{text}");
    let joined = plan(&rows, &known, true);
    assert_eq!(joined.faults, []);
    assert_eq!(joined.rows[0].person, Some(PersonId(2)));
    assert_eq!(joined.rows[0].joins, [PersonId(1)]);
}

#[test]
fn two_who_both_stand_in_the_history_are_never_joined() {
    let acted = || Known {
        acted: true,
        ..Known::default()
    };
    let (one, two) = (identity("account", "1"), identity("upn", "a@a.example"));
    let known = known(&[acted(), acted()], &[(one.clone(), 1), (two.clone(), 2)]);
    let plan = plan(&[row(2, "p-1", &[one, two])], &known, true);
    assert_eq!(plan.faults.len(), 1);
    assert!(plan.faults[0].text.contains("cannot be joined"));
}

#[test]
fn an_account_that_the_file_gives_to_another_line_moves() {
    let account = identity("account", "900");
    let known = known(&[listed("p-1"), listed("p-2")], &[(account.clone(), 1)]);
    let rows = [
        row(2, "p-1", &[]),
        row(3, "p-2", std::slice::from_ref(&account)),
    ];
    let plan = plan(&rows, &known, false);
    assert_eq!(plan.faults, []);
    assert_eq!(plan.rows[0].changes, Vec::<String>::new());
    assert_eq!(plan.rows[1].person, Some(PersonId(2)));
    assert_eq!(plan.rows[1].links, [(account, Some(PersonId(1)))]);
}

#[test]
fn a_line_manager_without_a_line_is_a_finding_and_one_known_from_before_is_none() {
    let managed = |line, key: &str, manager: &str| Listed {
        line_manager: Some(manager.to_owned()),
        ..row(line, key, &[])
    };
    let known = known(&[listed("boss")], &[]);
    let rows = [
        managed(2, "p-1", "boss"),
        managed(3, "p-2", "nobody"),
        managed(4, "p-3", "p-3"),
    ];
    let plan = plan(&rows, &known, false);
    let lines: Vec<u64> = plan.faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [3, 4]);
    assert_eq!(plan.gone, [("boss".to_owned(), Some("Porter".to_owned()))]);
}

#[test]
fn the_same_file_again_changes_nothing_and_a_new_line_manager_is_told() {
    let managed = Known {
        line_manager: Some(PersonId(2)),
        ..listed("p-1")
    };
    let known = known(&[managed, listed("p-2"), listed("p-3")], &[]);
    let under = |manager: &str| Listed {
        line_manager: Some(manager.to_owned()),
        ..row(2, "p-1", &[])
    };
    let others = || [row(3, "p-2", &[]), row(4, "p-3", &[])];
    let file = |manager| [vec![under(manager)], others().to_vec()].concat();
    let same = plan(&file("p-2"), &known, false);
    assert!(same.rows.iter().all(|row| row.changes.is_empty()));
    let moved = plan(&file("p-3"), &known, false);
    assert_eq!(moved.rows[0].changes, ["line manager"]);
}
