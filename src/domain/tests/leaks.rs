//! The search of a brief's free text for what names a file, a path, a subject, an address or a hash.

use crate::domain::alert::{Alert, AlertKind, Detail, Email, File, Severity};
use crate::domain::governance::{forbidden, leaks};
use crate::domain::policy::{Walls, reads, thread};
use crate::domain::restricted::Restricted;

fn alert(detail: Detail) -> Alert {
    Alert {
        severity: Severity::Low,
        detail: Restricted::new(detail),
        ..Alert::silent("a-1".to_owned(), AlertKind::Dlp)
    }
}

fn whole() -> Alert {
    let text = |text: &str| Some(text.to_owned());
    alert(Detail {
        title: text("Low matches in Budget 2027.xlsx"),
        file: Some(File {
            name: text("Budget 2027.xlsx"),
            path: text(r"C:\Users\ada\Budget 2027.xlsx"),
            size_bytes: None,
            sha256: text("9F86D081884C7D65"),
        }),
        email: Some(Email {
            subject: text("Numbers for you"),
            from: text("ada@contoso.example"),
            to: vec![
                "Bob@Outside.Example".to_owned(),
                "eve@other.example".to_owned(),
            ],
            message_id: text("<abc.1@mail.example>"),
        }),
        src_ip: text("192.0.2.17"),
        ..Detail::default()
    })
}

fn found(text: &str) -> Vec<String> {
    let alert = whole();
    leaks(text, &forbidden(&[&alert], &thread()))
}

#[test]
fn each_kind_is_found_in_any_case_and_named_with_its_cure() {
    let table = [
        (
            "It was BUDGET 2027.XLSX again",
            "file name",
            "Budget 2027.xlsx",
        ),
        (
            "the hash 9f86d081884c7d65 matches",
            "hash",
            "9F86D081884C7D65",
        ),
        ("under “numbers FOR you”", "mail subject", "Numbers for you"),
        ("from ADA@contoso.example", "address", "ada@contoso.example"),
        ("to bob@outside.example", "address", "Bob@Outside.Example"),
        ("and eve@other.example.", "address", "eve@other.example"),
        (
            "as <ABC.1@mail.example>",
            "message id",
            "<abc.1@mail.example>",
        ),
        ("seen at 192.0.2.17", "network address", "192.0.2.17"),
    ];
    for (text, what, word) in table {
        let expected = format!("holds the {what} “{word}”: say it in plain words");
        assert_eq!(found(text), [expected], "{text}");
    }
    // A path or title that holds the file's name is found as each of them.
    let path = found(r"lay at c:\users\ADA\budget 2027.xlsx");
    assert_eq!(path.len(), 2, "{path:?}");
    assert!(path[1].contains("the path"), "{path:?}");
    assert_eq!(found("low matches in budget 2027.xlsx").len(), 2);
}

#[test]
fn plain_words_pass() {
    let plain = "A list with figures of next year went to two people outside. Ada sent it.";
    assert_eq!(found(plain), Vec::<String>::new());
    assert_eq!(found(""), Vec::<String>::new());
}

#[test]
fn what_is_too_short_to_say_anything_is_not_searched_for() {
    let short = |name: &str| {
        alert(Detail {
            file: Some(File {
                name: Some(name.to_owned()),
                ..File::default()
            }),
            ..Detail::default()
        })
    };
    for (name, counts) in [
        ("a.md", 0),
        ("  a.md  ", 0),
        ("ab.md", 1),
        ("äöü.x", 1),
        ("", 0),
    ] {
        let alert = short(name);
        assert_eq!(forbidden(&[&alert], &thread()).len(), counts, "{name:?}");
    }
}

#[test]
fn every_alert_of_the_incident_is_searched() {
    let (first, second) = (alert(Detail::default()), whole());
    let words = forbidden(&[&first, &second], &thread());
    assert_eq!(leaks("budget 2027.xlsx", &words).len(), 1);
}

#[test]
fn who_may_not_open_the_alert_learns_nothing_of_it_from_the_search() {
    let case = super::Case::opened();
    let desk = super::actor(crate::domain::role::Role::Tier1, 1);
    let facts = reads(&desk, case.incident(), &case.playbook, &Walls::new()).unwrap();
    assert_eq!(forbidden(&[&whole()], &facts), Vec::new());
}
