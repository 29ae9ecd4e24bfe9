//! Speaking to those who are not on the case: whose word it waits for, and in which words.

use super::room::{counter, grc, hr, hr_b, legal, manager, table, vault, vault_b};
use super::{Case, actor};
use crate::domain::hours::Calendar;
use crate::domain::incident::{Command, Event, Govern, Governed, Refusal};
use crate::domain::policy::{Actor, Walls, talk};
use crate::domain::role::Role;
use crate::domain::talk::{Request, Standing, Verdict, findings};
use crate::domain::{due, effect};

fn request(rule: &str, wording: &str) -> Request {
    Request {
        rule: rule.to_owned(),
        wording: wording.to_owned(),
        why: "They ask.".to_owned(),
        justification: None,
    }
}

impl Case {
    fn asks(&mut self, by: &Actor, rule: &str) -> Result<Vec<Event>, Refusal> {
        self.asks_with(by, request(rule, "The page is being looked at."))
    }

    fn asks_with(&mut self, by: &Actor, request: Request) -> Result<Vec<Event>, Refusal> {
        let govern = Govern::RequestTalk(Box::new(request));
        self.act(Some(by), &Command::Govern(govern))
    }

    fn decides(&mut self, by: &Actor, verdict: Verdict) -> Result<Vec<Event>, Refusal> {
        let govern = Govern::DecideTalk { number: 1, verdict };
        self.act(Some(by), &Command::Govern(govern))
    }

    fn standing(&self) -> Standing {
        self.incident().talks[0].standing()
    }
}

fn why(outcome: Result<Vec<Event>, Refusal>) -> String {
    match outcome {
        Err(Refusal::NoTalk { why }) => why,
        other => panic!("{other:?}"),
    }
}

fn refuse() -> Verdict {
    Verdict::Refuse {
        reason: "Not now.".to_owned(),
    }
}

fn words(text: &str) -> Verdict {
    Verdict::Change {
        wording: text.to_owned(),
        justification: None,
    }
}

#[test]
fn the_family_is_reached_only_through_the_named_hr_contact() {
    let mut case = Case::at_table();
    assert_eq!(
        why(case.asks(&table(), "family")),
        "This waits for the named contact of hr, and this incident has none. Engage Governance first: /engage."
    );
    // Legal and GRC are no way to them.
    case.engage(&table(), &["lender-asks"]).unwrap();
    why(case.asks(&table(), "family"));
    case.engage(&table(), &["reader-suspected"]).unwrap();
    case.asks(&table(), "family").unwrap();
    for other in [legal(), grc(), vault(), manager(), actor(Role::Hr, 29)] {
        let said = why(case.decides(&other, Verdict::Approve));
        assert_eq!(
            said, "Request 1 does not exist, or is not yours to decide.",
            "{other:?}"
        );
    }
    case.decides(&hr_b(), Verdict::Approve).unwrap();
    assert_eq!(case.standing(), Standing::Approved);
    assert_eq!(
        why(case.decides(&hr(), refuse())),
        "Request 1 is approved already."
    );
}

#[test]
fn misconduct_brings_hr_and_two_sides_agree_to_the_same_words() {
    let mut case = Case::at_table();
    case.asks(&table(), "reader").unwrap();
    assert_eq!(case.incident().talks[0].sides, [Role::Tier3]);
    let mut case = Case::at_table();
    case.engage(&table(), &["reader-suspected"]).unwrap();
    case.asks(&table(), "reader").unwrap();
    assert_eq!(case.incident().talks[0].sides, [Role::Tier3, Role::Hr]);
    case.decides(&vault(), Verdict::Approve).unwrap();
    assert_eq!(
        why(case.decides(&vault_b(), Verdict::Approve)),
        "Your side has agreed to request 1 already."
    );
    // In other words: who had agreed to the former ones is asked again.
    case.decides(&hr(), words("Please come by.")).unwrap();
    assert_eq!(case.standing(), Standing::Waiting);
    let pending: Vec<Role> = case.incident().talks[0].pending().collect();
    assert_eq!(pending, [Role::Tier3]);
    case.decides(&vault_b(), Verdict::Approve).unwrap();
    assert_eq!(case.standing(), Standing::Approved);
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
}

#[test]
fn a_record_that_speaks_of_misconduct_brings_hr_too() {
    let mut case = Case::at_vault("angry", true, false);
    case.engage(&vault(), &["lender-asks"]).unwrap();
    assert_eq!(
        why(case.asks(&vault(), "reader")),
        "This waits for the named contact of hr, and this incident has none. Engage Governance first: /engage."
    );
    let mut case = Case::at_vault("unclear", false, false);
    case.asks(&vault(), "reader").unwrap();
    assert_eq!(case.incident().talks[0].sides, [Role::Tier3]);
}

#[test]
fn one_person_never_suffices() {
    // A rule with one team: a second person of it.
    let mut case = Case::at_table();
    case.asks(&table(), "other-readers").unwrap();
    assert_eq!(
        case.decides(&table(), Verdict::Approve).unwrap_err(),
        Refusal::SamePerson
    );
    case.decides(&actor(Role::Tier2, 4), Verdict::Approve)
        .unwrap();
    assert_eq!(case.standing(), Standing::Approved);
    // Who asks has spoken for their own team where another side is to be heard.
    let mut case = Case::at_vault("unclear", false, false);
    case.engage(&vault(), &["lender-asks"]).unwrap();
    case.asks(&vault(), "press").unwrap();
    assert_eq!(case.incident().talks[0].sides, [Role::Legal]);
    case.decides(&legal(), Verdict::Approve).unwrap();
    assert_eq!(case.standing(), Standing::Approved);
}

#[test]
fn a_refusal_says_why_and_ends_the_request() {
    let mut case = Case::at_table();
    case.asks(&table(), "reader").unwrap();
    let silent = Verdict::Refuse {
        reason: " ".to_owned(),
    };
    assert_eq!(
        case.decides(&vault(), silent).unwrap_err(),
        Refusal::ReasonMissing
    );
    case.decides(&vault(), refuse()).unwrap();
    assert_eq!(case.standing(), Standing::Refused);
    assert!(
        due::of(
            case.incident(),
            &case.playbook,
            &Calendar::default(),
            case.now
        )
        .iter()
        .all(|due| !matches!(due.kind, due::DueKind::Talk(_)))
    );
}

#[test]
fn only_an_investigator_on_the_case_asks_and_only_by_a_rule() {
    for other in [counter(), manager(), legal(), vault()] {
        let refused = Case::at_table().asks(&other, "reader").unwrap_err();
        assert!(matches!(refused, Refusal::NotYours { .. }), "{other:?}");
    }
    assert_eq!(
        why(Case::at_table().asks(&table(), "the-pub")),
        "The playbook's rules are for: The reader's family; The reader; The press; Other readers."
    );
    for blank in [
        request("reader", " "),
        Request {
            why: String::new(),
            ..request("reader", "x")
        },
    ] {
        let refused = Case::at_table().asks_with(&table(), blank).unwrap_err();
        assert_eq!(refused, Refusal::ReasonMissing);
    }
}

#[test]
fn words_that_say_more_than_is_known_are_mended_or_justified() {
    let mut case = Case::at_table();
    let guess = request("reader", "It must   have been you, perhaps.");
    let refused = case.asks_with(&table(), guess.clone()).unwrap_err();
    let found = vec![
        "“perhaps” (A guess)".to_owned(),
        "“must have been” (A guess)".to_owned(),
    ];
    assert_eq!(
        refused,
        Refusal::Wording {
            findings: found.clone()
        }
    );
    let justified = Request {
        justification: Some("A quotation.".to_owned()),
        ..guess
    };
    let events = case.asks_with(&table(), justified).unwrap();
    let Event::Governed(Governed::TalkRequested {
        findings,
        justification,
        ..
    }) = &events[0]
    else {
        panic!("{events:?}");
    };
    assert_eq!(*findings, found);
    assert_eq!(justification.as_deref(), Some("A quotation."));
    // Other words pass the same lists.
    let refused = case.decides(&vault(), words("Perhaps.")).unwrap_err();
    assert!(matches!(refused, Refusal::Wording { .. }), "{refused:?}");
}

#[test]
fn a_phrase_is_found_whole_in_any_case_and_never_inside_a_word() {
    let lists = Case::at_table().playbook.wording;
    for (text, found) in [
        ("PERHAPS", 1),
        ("Perhaps—it must\nhave been.", 2),
        ("perhapses", 0),
        ("must have beens", 0),
        ("It was there.", 0),
        ("", 0),
    ] {
        assert_eq!(findings(text, &lists).len(), found, "{text}");
    }
}

#[test]
fn what_nobody_decides_is_said_again_like_an_unread_brief() {
    let mut case = Case::at_table();
    case.asks(&table(), "reader").unwrap();
    let kind = due::DueKind::Talk(1);
    let at = |case: &Case| {
        let all = due::of(
            case.incident(),
            &case.playbook,
            &Calendar::default(),
            case.now,
        );
        all.into_iter().find(|d| d.kind == kind).map(|d| d.at)
    };
    let first = at(&case).unwrap();
    case.wait(45);
    assert_eq!(first, case.now);
    let remind = Command::Govern(Govern::RemindTalk { number: 1 });
    let events = case.act(None, &remind).unwrap();
    assert_eq!(
        events,
        [Event::Governed(Governed::TalkReminded {
            number: 1,
            times: 1
        })]
    );
    assert!(at(&case).unwrap() > case.now);
    let wanted = effect::of(&events, case.incident(), &case.playbook);
    assert!(wanted.iter().any(|e| matches!(
        e,
        effect::Effect::Governance(effect::GovernanceEffect::AskTalk { times: 1, .. })
    )));
    case.decides(&vault(), Verdict::Approve).unwrap();
    assert_eq!(case.act(None, &remind).unwrap(), Vec::new());
    assert_eq!(at(&case), None);
}

#[test]
fn the_wording_is_read_by_the_case_and_by_whose_word_is_wanted() {
    let mut case = Case::at_table();
    case.engage(&table(), &["reader-suspected"]).unwrap();
    case.asks(&table(), "family").unwrap();
    let reads = |who: &Actor, walls: &Walls| {
        let one = &case.incident().talks[0];
        talk(who, case.incident(), one, &case.playbook, walls).is_some()
    };
    let open = Walls::new();
    for (who, may) in [
        (table(), true),
        (hr(), true),
        (hr_b(), true),
        (legal(), false),
        (vault(), false),
        (counter(), false),
        (manager(), false),
        (actor(Role::Hr, 29), false),
        (actor(Role::Auditor, 41), false),
    ] {
        assert_eq!(reads(&who, &open), may, "{who:?}");
    }
    assert!(!reads(&hr(), &[hr().person].into()));
}
