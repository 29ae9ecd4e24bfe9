//! Thresholds agreed in advance: met and passed over only with a reason, which the timeline shows.

use super::room::{counter, give, said, table};
use super::{Case, criterion};
use crate::domain::alert::Severity;
use crate::domain::ids::AlertId;
use crate::domain::incident::{Command, Evaluated, Event, Finding, Governed, Refusal, Submission};
use crate::domain::record::{Answer, State};
use crate::domain::role::Role;
use crate::domain::threshold::{Signature, unengaged, unsigned_note, values};

/// At the table; the program found that these are met.
fn met(criteria: &[&str]) -> Case {
    let mut case = Case::torn();
    let found = criteria.iter().map(|id| Evaluated {
        criterion: criterion(id),
        finding: Finding::Met,
        facts: Vec::new(),
    });
    let attach = Command::Attach {
        alert: AlertId(2),
        severity: Severity::Low,
        concerned: None,
        criteria: found.collect(),
    };
    case.act(None, &attach).unwrap();
    case.submit(&counter(), case.complete("ask-table")).unwrap();
    case.act(Some(&table()), &Command::Accept).unwrap();
    case
}

fn because(form: &mut Submission, text: &str) {
    let answer = State::Value(Answer::Text(text.to_owned()));
    give(form, "why-not-told", answer);
}

fn gaps(outcome: Result<Vec<Event>, Refusal>) -> Vec<String> {
    super::titles(&outcome.unwrap_err())
}

#[test]
fn the_scale_keeps_out_what_the_source_counted_below_it() {
    let mut case = met(&["lender-asks"]);
    let unengaged = |case: &Case| unengaged(case.incident(), &case.playbook, case.exposure);
    for (counted, is_met) in [
        (Some(2), false),
        (Some(3), true),
        (Some(9), true),
        (None, true),
    ] {
        case.exposure = counted;
        assert_eq!(!unengaged(&case).is_empty(), is_met, "{counted:?}");
    }
    // Engaged for it, nothing is passed over; for another criterion it still is.
    case.engage(&table(), &["reader-suspected"]).unwrap();
    assert_eq!(unengaged(&case), [criterion("lender-asks")]);
    case.engage(&table(), &["lender-asks"]).unwrap();
    assert_eq!(unengaged(&case), []);
}

#[test]
fn closing_past_a_threshold_needs_a_line_for_each() {
    let mut case = met(&["lender-asks", "reader-suspected"]);
    let mut form = case.complete("shelve");
    super::room::picked(&mut form, "end", "mended");
    said(&mut form, "board-asked", false);
    because(&mut form, "Theirs is a copy.");
    let text = |id| {
        case.playbook
            .criterion(&criterion(id))
            .unwrap()
            .text
            .clone()
    };
    let (reader, lender) = (text("reader-suspected"), text("lender-asks"));
    assert_eq!(
        gaps(case.submit(&table(), form.clone())),
        [format!(
            "Why the board is not told needs a line for each threshold that is met while Governance is not engaged for it: {reader} · {lender}"
        )]
    );
    because(&mut form, "Theirs is a copy.\n\nThe reader was a child.");
    let events = case.submit(&table(), form).unwrap();
    let Event::Governed(Governed::LeftUnengaged { criteria, reason }) = &events[0] else {
        panic!("{events:?}");
    };
    assert_eq!(criteria.len(), 2);
    assert!(reason.starts_with("Theirs is a copy."));
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
}

#[test]
fn a_handoff_asks_only_where_the_record_declines_governance() {
    let mut case = met(&["lender-asks"]);
    let form = |board| {
        let mut form = met(&["lender-asks"]).complete("ask-vault");
        super::room::picked(&mut form, "mood", "unclear");
        form.criteria = vec![criterion("rare-book")];
        said(&mut form, "board-asked", board);
        form.answers.remove(&super::field("why-not-told"));
        form
    };
    assert_eq!(gaps(case.submit(&table(), form(false))).len(), 1);
    let events = case.submit(&table(), form(true)).unwrap();
    assert!(matches!(events[0], Event::Offered { .. }), "{events:?}");
    // Not met, nothing is asked.
    let mut calm = met(&[]);
    calm.submit(&table(), form(false)).unwrap();
}

#[test]
fn an_unsigned_set_says_who_has_not_signed() {
    let signed = |side| Signature {
        side,
        by: super::PersonId(1),
        at: super::start(),
    };
    let note = |all: &[Signature]| unsigned_note(all);
    assert_eq!(
        note(&[]).unwrap(),
        "The thresholds are not signed by legal and hr yet; they are used all the same"
    );
    assert_eq!(
        note(&[signed(Role::Legal)]).unwrap(),
        "The thresholds are not signed by hr yet; they are used all the same"
    );
    assert_eq!(note(&[signed(Role::Hr), signed(Role::Legal)]), None);
}

#[test]
fn the_values_read_as_one_line() {
    let playbook = Case::torn().playbook;
    assert_eq!(
        values(&playbook.thresholds[1]),
        "any data; from 3 on; Another house owns it. Calls grc and legal."
    );
}
