//! Known patterns: who may do what with one, what a scope must be, and what a dismissal that rests on one needs.

use super::room::{counter, counter_b, give, manager, table, vault};
use super::{Case, criterion, field, start};
use crate::domain::form::{Body, Form, assemble};
use crate::domain::ids::{AlertId, IncidentId, PatternId, PlaybookId};
use crate::domain::incident::{
    Command, Dismissal, Evaluated, Event, Finding, Refusal, Submission, left_out,
    under_one_rationale,
};
use crate::domain::pattern::{
    Fit, Fitting, Pattern, Standing, Step, Trial, Typed, Word, expiry, judge, number_in, read,
};
use crate::domain::playbook::rules::PatternRules;
use crate::domain::policy::Actor;
use crate::domain::record::{Answer, Origin, State};
use chrono::TimeDelta;
use chrono_tz::Tz;

fn pattern() -> Pattern {
    Pattern {
        id: PatternId(3),
        playbook: PlaybookId::new("torn-page"),
        title: "The blue edition".to_owned(),
        reason: "Its glue dries out".to_owned(),
        scope: "alert.policy == 'Blue'".to_owned(),
        owner: counter().person,
        expires_at: start() + TimeDelta::days(30),
        proposed: word(&counter()),
        approved: Some(word(&table())),
        reviewed: None,
        retired: None,
        matched: 2,
        tried: 9,
        hits: 0,
        last_hit_at: None,
    }
}

fn word(by: &Actor) -> Word {
    Word {
        by: by.person,
        at: start(),
    }
}

fn covering(all_detections: bool) -> Fitting {
    Fitting {
        pattern: pattern(),
        fit: Fit::Covers { all_detections },
    }
}

fn rules() -> PatternRules {
    Case::torn().playbook.patterns.unwrap()
}

/// A dismissal on the ground that needs a pattern, which its record names so.
fn on_pattern(case: &Case, named: &str) -> Submission {
    let mut form = case.complete("old-damage");
    form.criteria = vec![criterion("bad-binding")];
    give(
        &mut form,
        "known-as",
        State::Value(Answer::Text(named.to_owned())),
    );
    form
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::kind).collect()
}

#[test]
fn a_second_person_of_the_right_role_approves_reviews_and_retires() {
    let words = || "I looked at ten of them".to_owned();
    let until = start() + TimeDelta::days(60);
    let approve = || Step::Approve { words: words() };
    let review = || Step::Review {
        until,
        words: words(),
    };
    let retire = || Step::Retire { words: words() };
    let silent = || Step::Approve {
        words: " ".to_owned(),
    };
    let proposed = Pattern {
        approved: None,
        ..pattern()
    };
    let by_table = Pattern {
        proposed: word(&table()),
        ..proposed.clone()
    };
    let stale = Pattern {
        expires_at: start() - TimeDelta::days(1),
        ..proposed.clone()
    };
    let retired = Pattern {
        retired: Some(word(&table())),
        ..pattern()
    };
    let cases: [(&Pattern, Step, Actor, &str); 15] = [
        (&proposed, approve(), table(), "taken"),
        (&proposed, approve(), manager(), "taken"),
        (&proposed, approve(), counter_b(), "Only tier2 or manager"),
        (&proposed, approve(), vault(), "Only tier2 or manager"),
        (&by_table, approve(), table(), "You proposed it"),
        (&by_table, review(), table(), "You proposed it"),
        (&proposed, silent(), table(), "no reason"),
        (&stale, approve(), table(), "expired before"),
        (&pattern(), approve(), table(), "approved already"),
        (&proposed, review(), table(), "approve it first"),
        (&pattern(), review(), table(), "taken"),
        (&pattern(), review(), counter(), "Only tier2 or manager"),
        (&pattern(), retire(), counter(), "taken"),
        (&pattern(), retire(), counter_b(), "Only tier2 or manager"),
        (&retired, retire(), table(), "It is retired"),
    ];
    for (before, step, by, expected) in cases {
        let outcome = judge(before, &step, &by, &rules(), start());
        let told = match &outcome {
            Ok(_) => "taken",
            Err(Refusal::NoPattern { why }) => why,
            Err(Refusal::ReasonMissing) => "no reason",
            Err(other) => panic!("{other:?}"),
        };
        assert!(told.contains(expected), "{step:?} by {by:?}: {told}");
        let Ok(after) = outcome else { continue };
        let word = Some(word(&by));
        match step {
            Step::Approve { .. } => assert_eq!(after.approved, word),
            Step::Review { until, .. } => {
                assert_eq!((after.reviewed, after.expires_at), (word, until));
            }
            Step::Retire { .. } => assert_eq!(after.standing(start()), Standing::Retired),
        }
    }
}

#[test]
fn what_was_typed_is_read_or_everything_wrong_with_it_is_said_at_once() {
    let good = Typed {
        title: "The blue edition".to_owned(),
        reason: "Its glue dries out".to_owned(),
        scope: "alert.policy == 'Blue'".to_owned(),
        expires: "2026-12-01".to_owned(),
        owner: String::new(),
    };
    let draft = read(&good, &rules(), start(), Tz::UTC).unwrap();
    assert_eq!(draft.expires_at.to_rfc3339(), "2026-12-01T23:59:59+00:00");
    let bad = Typed {
        scope: "alert.polcy == 'Blue' &&".to_owned(),
        expires: "next year".to_owned(),
        ..Typed::default()
    };
    let wrong = read(&bad, &rules(), start(), Tz::UTC).unwrap_err();
    let told = wrong.join("\n");
    for part in [
        "Title is missing",
        "Reason is missing",
        "Scope, character 25: the expression does not parse",
        "Expires on must be a date such as 2027-03-31",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let misspelt = Typed {
        scope: "alert.polcy == 'Blue'".to_owned(),
        ..good
    };
    let wrong = read(&misspelt, &rules(), start(), Tz::UTC).unwrap_err();
    assert!(
        wrong[0].contains("did you mean `alert.policy`?"),
        "{wrong:?}"
    );
}

#[test]
fn a_pattern_counts_to_the_end_of_a_day_that_is_not_too_far() {
    let zone = Tz::Europe__Berlin;
    let at = |text: &str| expiry(text, &rules(), start(), zone);
    assert_eq!(
        at("2026-11-03").unwrap().to_rfc3339(),
        "2026-11-03T22:59:59+00:00"
    );
    assert!(at("2026-11-02").unwrap_err().contains("past"));
    assert!(at("2027-02-01").is_ok());
    assert!(at("2027-02-03").unwrap_err().contains("90 days at most"));
    for text in ["", "03.12.2026", "2026-02-30"] {
        assert!(at(text).unwrap_err().contains("must be a date"), "{text}");
    }
}

#[test]
fn a_scope_that_says_nothing_special_is_not_taken() {
    let trial = |matched, tried| Trial {
        matched,
        tried,
        ..Trial::default()
    };
    assert_eq!(trial(2, 9).fault(), None);
    assert_eq!(trial(1, 1).fault(), None);
    assert!(trial(0, 9).fault().unwrap().contains("none of 9"));
    assert!(trial(0, 0).fault().unwrap().contains("none of 0"));
    assert!(trial(9, 9).fault().unwrap().contains("everything (9 of 9"));
    let of_nothing = Trial {
        of_nothing: true,
        ..trial(1, 1)
    };
    assert!(of_nothing.fault().unwrap().contains("everything"));
    let unevaluated = Trial {
        unevaluated: 3,
        why: "no such key".to_owned(),
        ..trial(2, 9)
    };
    assert!(
        unevaluated
            .fault()
            .unwrap()
            .contains("3 of 9 past alerts: no such key")
    );
    let some = Trial {
        some: vec![IncidentId(4), IncidentId(2)],
        ..trial(2, 9)
    };
    assert_eq!(
        some.words(),
        "2 of 9 past alerts match, among them INC-4, INC-2"
    );
}

#[test]
fn a_record_names_a_pattern_by_its_number() {
    for (text, found) in [
        ("PAT-3", Some(3)),
        ("as in pat-12: the blue edition", Some(12)),
        ("(PAT-7)", Some(7)),
        ("Register of exceptions, 17", None),
        ("PATTERN-3", None),
        ("PAT-0", None),
        ("", None),
    ] {
        assert_eq!(number_in(text), found.map(PatternId), "{text}");
    }
}

#[test]
fn a_ground_that_needs_a_pattern_is_refused_without_a_usable_one_and_says_why() {
    let why = "which expired on 2026-10-01; review it first";
    let expired = Fitting {
        fit: Fit::Not(why.to_owned()),
        ..covering(true)
    };
    for (patterns, named, expected) in [
        (vec![], "PAT-3", "names PAT-3, which does not exist here"),
        (vec![covering(true)], "the blue one", "names no pattern"),
        (
            vec![covering(true)],
            "PAT-4",
            "names PAT-4, which does not exist here",
        ),
        (vec![expired], "PAT-3: The blue edition", why),
    ] {
        let mut case = Case::torn();
        case.patterns = patterns;
        let refused = case.submit(&counter(), on_pattern(&case, named));
        let titles = super::titles(&refused.unwrap_err());
        assert_eq!(titles.len(), 1, "{titles:?}");
        assert!(titles[0].starts_with("Which binding"), "{titles:?}");
        assert!(titles[0].contains(expected), "{titles:?}");
        assert!(case.incident().is_open());
    }
}

#[test]
fn a_dismissal_that_rests_on_a_pattern_says_so_and_another_ground_needs_none() {
    let mut case = Case::torn();
    case.patterns = vec![covering(false)];
    let events = case.submit(&counter(), on_pattern(&case, "PAT-3")).unwrap();
    assert_eq!(kinds(&events), ["claimed", "pattern_applied", "ended"]);
    assert!(matches!(
        &events[1],
        Event::Dismissal(Dismissal::PatternApplied { pattern: PatternId(3), approved_by, .. }) if *approved_by == Some(table().person)
    ));
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));

    let mut case = Case::torn();
    let events = case
        .submit(&counter(), case.complete("old-damage"))
        .unwrap();
    assert_eq!(kinds(&events), ["claimed", "ended"]);
}

#[test]
fn a_pattern_that_covers_every_detection_takes_the_place_of_the_second_person() {
    for (all, named, expected) in [
        (true, true, &["claimed", "pattern_applied", "ended"][..]),
        (false, true, &["claimed", "proposed"]),
        // It must be what the dismissal rests on: that there is one does not help.
        (true, false, &["claimed", "proposed"]),
    ] {
        let mut case = Case::torn();
        case.detections = Some(3);
        case.patterns = vec![covering(all)];
        let form = if named {
            on_pattern(&case, "PAT-3")
        } else {
            case.complete("old-damage")
        };
        let events = case.submit(&counter(), form).unwrap();
        assert_eq!(kinds(&events), expected, "{all} {named}");
    }
}

#[test]
fn what_was_proposed_on_a_pattern_is_agreed_to_only_while_the_pattern_counts() {
    let proposed = || {
        let mut case = Case::torn();
        case.detections = Some(2);
        case.patterns = vec![covering(false)];
        case.submit(&counter(), on_pattern(&case, "PAT-3")).unwrap();
        case
    };
    let agree = Command::Agree {
        reason: "so it is".to_owned(),
    };
    let mut case = proposed();
    let events = case.act(Some(&counter_b()), &agree).unwrap();
    assert_eq!(kinds(&events), ["agreed", "pattern_applied", "ended"]);
    let mut case = proposed();
    case.patterns[0].fit = Fit::Not("which was retired on 2026-11-02".to_owned());
    let refused = case.act(Some(&counter_b()), &agree).unwrap_err();
    assert!(
        super::titles(&refused)[0].contains("retired"),
        "{refused:?}"
    );
}

fn form_of(case: &Case) -> Form {
    let way = case.complete("old-damage").transition;
    let transition = case.playbook.transition(&way).unwrap();
    let (body, none) = (Body::default(), crate::domain::form::Prefilled::new());
    let context = case.context(None);
    assemble(case.incident(), transition, &body, &none, &context, Tz::UTC)
}

#[test]
fn a_pattern_that_covers_prefills_ground_rationale_and_reference_and_no_other_does() {
    let mut case = Case::torn();
    case.patterns = vec![
        Fitting {
            fit: Fit::Not("which does not cover this incident".to_owned()),
            ..covering(true)
        },
        Fitting {
            pattern: Pattern {
                id: PatternId(8),
                ..pattern()
            },
            ..covering(false)
        },
    ];
    let form = form_of(&case);
    let ticked: Vec<&str> = form
        .criteria
        .iter()
        .filter(|t| t.ticked)
        .map(|t| t.id.as_str())
        .collect();
    assert_eq!(ticked, ["bad-binding"]);
    assert_eq!(form.criteria[1].note, "PAT-8: The blue edition");
    let shown: Vec<_> = form
        .items
        .iter()
        .map(|i| (i.shown.as_deref(), i.from_pattern))
        .collect();
    assert_eq!(
        shown,
        [
            (Some("Its glue dries out"), true),
            (None, false),
            (Some("PAT-8: The blue edition"), true)
        ]
    );
    let origin = form.submission.answers[&field("known-as")].1;
    assert_eq!(origin, Origin::Pattern);

    case.patterns.pop();
    let form = form_of(&case);
    assert!(form.criteria.iter().all(|t| !t.ticked));
    assert!(form.items.iter().all(|i| i.shown.is_none()));
}

/// A finding about one criterion, as a further alert brings it.
fn found(id: &str, finding: Finding) -> Command {
    Command::Attach {
        alert: AlertId(2),
        severity: crate::domain::alert::Severity::Low,
        concerned: None,
        criteria: vec![Evaluated {
            criterion: criterion(id),
            finding,
            facts: Vec::new(),
        }],
    }
}

type Change = Box<dyn Fn(&mut Case)>;

#[test]
fn what_needs_a_look_of_its_own_is_left_out_of_a_dismissal_together() {
    let unknown = Finding::NotEvaluated("the label is unreadable".to_owned());
    let act = |command: Command| -> Change {
        Box::new(move |case: &mut Case| drop(case.act(None, &command).unwrap()))
    };
    let held: Change = Box::new(|case| drop(case.act(Some(&counter_b()), &Command::Claim)));
    let ended: Change = Box::new(|case| {
        let form = case.complete("old-damage");
        case.submit(&counter(), form).unwrap();
    });
    let offered: Change = Box::new(|case| {
        let form = case.complete("ask-table");
        case.submit(&counter(), form).unwrap();
    });
    let proposed: Change = Box::new(|case| {
        case.detections = Some(2);
        let form = case.complete("old-damage");
        case.submit(&counter(), form).unwrap();
        case.detections = None;
    });
    let cases: Vec<(Change, Actor, Option<&str>)> = vec![
        (Box::new(|_| {}), counter(), None),
        (act(found("old-tear", Finding::Met)), counter(), None),
        (
            act(found("rare-book", Finding::Met)),
            counter(),
            Some("a trigger is met: The book is rare."),
        ),
        (
            act(found("torn-again", unknown)),
            counter(),
            Some("could not be evaluated"),
        ),
        (
            Box::new(|case| case.detections = Some(2)),
            counter(),
            Some("the repeat rule"),
        ),
        (held, counter(), Some("somebody else holds it")),
        (ended, counter(), Some("it has ended")),
        (offered, counter(), Some("it is offered to Table")),
        (proposed, counter(), Some("it waits for a second person")),
        (Box::new(|_| {}), table(), Some("another role")),
    ];
    for (change, by, expected) in cases {
        let mut case = Case::torn();
        change(&mut case);
        let way = case.complete_way("old-damage");
        let told = left_out(case.incident(), &way, &case.context(Some(&by)));
        match expected {
            None => assert_eq!(told, None),
            Some(part) => assert!(told.as_ref().unwrap().contains(part), "{told:?}"),
        }
    }
}

#[test]
fn under_one_rationale_each_keeps_what_its_own_source_says() {
    let case = Case::torn();
    let mut lead = case.complete("old-damage");
    let mut own = case.complete("old-damage");
    own.criteria.clear();
    let text = |text: &str| State::Value(Answer::Text(text.to_owned()));
    for (form, said) in [(&mut lead, "of the lead"), (&mut own, "of its own")] {
        form.answers
            .insert(field("each-sign"), (text(said), Origin::Source));
        form.answers
            .insert(field("why-old"), (text(said), Origin::Person));
    }
    let both = under_one_rationale(&lead, &own);
    assert_eq!(both.answers[&field("each-sign")].0, text("of its own"));
    assert_eq!(both.answers[&field("why-old")].0, text("of the lead"));
    assert_eq!((&both.criteria, &both.done), (&lead.criteria, &lead.done));
}

impl Case {
    fn complete_way(&self, id: &str) -> crate::domain::playbook::definition::Transition {
        let way = self.complete(id).transition;
        self.playbook.transition(&way).unwrap().clone()
    }
}
