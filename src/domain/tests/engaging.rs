//! Governance beside the work: whom an engagement names, what each side may answer, what waits for it.

use super::room::{
    READER, counter, grc, hr, hr_b, legal, legal_b, picked, said, sentences, table, vault,
};
use super::{Case, actor};
use crate::domain::effect::{self, Effect};
use crate::domain::governance::{Choice, brief_fields, contacts, sides};
use crate::domain::ids::{ChannelKey, CriterionId, StageId, TransitionId};
use crate::domain::incident::{Command, Refusal};
use crate::domain::policy::{Actor, Walls, reads};
use crate::domain::restricted::Level;
use crate::domain::role::Role;

fn called(criteria: &[&str]) -> Vec<Role> {
    let criteria: Vec<CriterionId> = criteria.iter().map(|id| CriterionId::new(*id)).collect();
    sides(&criteria, &Case::torn().playbook)
        .into_iter()
        .collect()
}

#[test]
fn thresholds_say_which_sides_a_criterion_calls() {
    assert_eq!(called(&["reader-suspected"]), [Role::Legal, Role::Hr]);
    assert_eq!(called(&["lender-asks"]), [Role::Legal, Role::Grc]);
    assert_eq!(
        called(&["reader-suspected", "lender-asks"]),
        [Role::Legal, Role::Hr, Role::Grc]
    );
    // Without a threshold agreed in advance, Legal hears of it.
    assert_eq!(called(&["nobody-agreed"]), [Role::Legal]);
}

#[test]
fn the_first_who_is_not_walled_is_the_contact_and_the_next_the_deputy() {
    let roster = super::room::roster();
    let sides = [Role::Legal, Role::Hr].into();
    let named = |walls: &Walls| {
        contacts(&sides, &roster, walls).map(|all| {
            let people = all.iter().map(|c| (c.person, c.deputy));
            people.collect::<Vec<_>>()
        })
    };
    let (l, lb) = (legal().person, legal_b().person);
    let (h, hb) = (hr().person, hr_b().person);
    assert_eq!(
        named(&Walls::new()).unwrap(),
        [(l, Some(lb)), (h, Some(hb))]
    );
    assert_eq!(named(&[l].into()).unwrap(), [(lb, None), (h, Some(hb))]);
    assert_eq!(named(&[hb].into()).unwrap(), [(l, Some(lb)), (h, None)]);
    assert_eq!(named(&[h, hb].into()).unwrap_err(), [Role::Hr]);
    assert_eq!(
        named(&[l, lb, h, hb].into()).unwrap_err(),
        [Role::Legal, Role::Hr]
    );
}

#[test]
fn a_side_on_which_nobody_can_be_named_refuses_the_engagement() {
    let mut case = Case::at_table();
    let mut form = case.complete("tell-board");
    form.criteria = vec![CriterionId::new("lender-asks")];
    let walls = [READER, grc().person].into();
    let refused = case.engage_with(&table(), form, &walls).unwrap_err();
    assert_eq!(
        refused,
        Refusal::NoContact {
            sides: vec![Role::Grc]
        }
    );
    assert!(case.incident().engagements.is_empty());
}

#[test]
fn an_engagement_leaves_no_stage_and_asks_for_no_definition_of_done() {
    let mut case = Case::at_table();
    let before = case.incident().clone();
    let events = case.engage(&table(), &["reader-suspected"]).unwrap();
    let after = case.incident().clone();
    assert_eq!(after.stage, StageId::new("table"));
    assert_eq!(
        (after.phase, after.owner, after.visits),
        (before.phase, before.owner, before.visits)
    );
    let engagement = &after.engagements[0];
    assert_eq!(engagement.number, 1);
    assert_eq!(engagement.security, table().person);
    assert_eq!(engagement.status(), "engaged");
    assert!(engagement.discreet);
    let post = Effect::PostBrief {
        engagement: 1,
        channel: ChannelKey::new("governance"),
    };
    assert_eq!(
        effect::of(&events, case.incident(), &case.playbook)[0],
        post
    );
    // A second one is beside the first, and names nobody for misconduct.
    case.engage(&table(), &["lender-asks"]).unwrap();
    let second = &case.incident().engagements[1];
    assert_eq!((second.number, second.discreet), (2, false));
}

#[test]
fn an_engagement_without_criterion_or_field_is_refused() {
    let mut case = Case::at_table();
    let mut form = case.complete("tell-board");
    form.criteria.clear();
    form.answers.clear();
    form.done.clear();
    let walls = Walls::new();
    let Err(Refusal::RecordIncomplete(readiness)) = case.engage_with(&table(), form, &walls) else {
        panic!("not refused");
    };
    assert!(readiness.criterion_missing);
    let titles: Vec<&str> = readiness.gaps.iter().map(|g| g.title.as_str()).collect();
    assert_eq!(titles, ["State of the page", "Note of the workshop"]);
    assert!(readiness.undone.is_empty());
}

#[test]
fn only_an_investigator_on_the_case_engages_from_a_stage_that_may() {
    let refused = Case::at_table()
        .engage(&vault(), &["lender-asks"])
        .unwrap_err();
    assert!(matches!(refused, Refusal::NotYours { .. }), "{refused:?}");
    let mut case = Case::at_table();
    // On the case since the handoff, but of a tier that does not investigate.
    let refused = case.engage(&counter(), &["lender-asks"]).unwrap_err();
    assert!(matches!(refused, Refusal::NotYours { .. }), "{refused:?}");
    let mut early = Case::torn();
    let both = Actor {
        roles: [Role::Tier1, Role::Tier2].into(),
        ..counter()
    };
    early.act(Some(&both), &Command::Claim).unwrap();
    let refused = early.engage(&both, &["lender-asks"]).unwrap_err();
    assert!(matches!(refused, Refusal::NoSuchWay { .. }), "{refused:?}");
}

/// Engaged with HR and Legal, and with Legal and GRC.
fn engaged() -> Case {
    let mut case = Case::at_table();
    case.engage(&table(), &["reader-suspected"]).unwrap();
    case.engage(&table(), &["lender-asks"]).unwrap();
    case
}

#[test]
fn each_answer_belongs_to_its_sides() {
    use Choice as C;
    let all = &[Role::Legal, Role::Hr, Role::Grc][..];
    let table = [
        (C::Acknowledge, all),
        (C::MoreNeeded, all),
        (C::TakenOver, all),
        (C::Conclude, all),
        (C::Notify, &[Role::Legal, Role::Grc]),
        (C::DoNotNotify, &[Role::Legal, Role::Grc]),
        (C::Hold, &[Role::Legal]),
        (C::ReleaseHold, &[Role::Legal]),
        (C::GoesOnAlone, &[Role::Legal]),
        (C::HoldContainment, &[Role::Hr]),
        (C::ProceedContainment, &[Role::Hr]),
        (C::InformManager, &[Role::Hr]),
    ];
    for (choice, sides) in table {
        for (who, engagement) in [(legal(), 1), (hr(), 1), (grc(), 2)] {
            let side = *who.roles.first().unwrap();
            let outcome = engaged().answers(&who, engagement, choice);
            assert_eq!(outcome.is_ok(), sides.contains(&side), "{choice:?} {side}");
        }
    }
    assert_eq!(table.len() + 1, C::ALL.len(), "all but the conflict");
}

#[test]
fn only_a_named_contact_or_deputy_of_this_engagement_answers() {
    for (who, engagement) in [
        (actor(Role::Legal, 19), 1),
        (grc(), 1),
        (hr(), 2),
        (table(), 1),
        (legal(), 3),
    ] {
        let refused = engaged().answers(&who, engagement, Choice::Acknowledge);
        assert_eq!(
            refused.unwrap_err(),
            Refusal::NoEngagement,
            "{who:?} {engagement}"
        );
    }
    for (who, engagement) in [(legal_b(), 1), (hr_b(), 1), (grc(), 2)] {
        engaged()
            .answers(&who, engagement, Choice::Acknowledge)
            .unwrap();
    }
}

#[test]
fn an_engagement_is_acknowledged_once_each_side_has_read_it() {
    let mut case = engaged();
    case.answers(&legal(), 1, Choice::Acknowledge).unwrap();
    assert_eq!(case.incident().engagements[0].status(), "engaged");
    // Whoever answers has read it.
    case.answers(&hr_b(), 1, Choice::MoreNeeded).unwrap();
    assert_eq!(case.incident().engagements[0].status(), "acknowledged");
    assert_eq!(case.incident().engagements[1].status(), "engaged");
    // Pressing twice is no second decision.
    assert_eq!(
        case.answers(&hr_b(), 1, Choice::MoreNeeded).unwrap(),
        Vec::new()
    );
    // Each side concludes for itself; the last of them ends it.
    case.answers(&legal(), 1, Choice::Conclude).unwrap();
    assert_eq!(case.incident().engagements[0].status(), "acknowledged");
    assert_eq!(
        case.answers(&legal_b(), 1, Choice::Conclude).unwrap(),
        Vec::new()
    );
    case.answers(&hr(), 1, Choice::Conclude).unwrap();
    assert_eq!(case.incident().engagements[0].status(), "concluded");
    // A side that needs more has not concluded.
    case.answers(&hr(), 1, Choice::MoreNeeded).unwrap();
    assert_eq!(case.incident().engagements[0].status(), "acknowledged");
}

#[test]
fn a_conflict_brings_the_deputy_and_walls_the_contact() {
    let mut case = engaged();
    case.answers(&hr(), 1, Choice::Acknowledge).unwrap();
    let sees = |case: &Case, who: &Actor| {
        reads(who, case.incident(), &case.playbook, &Walls::new()).map(|c| c.level())
    };
    assert_eq!(sees(&case, &hr()), Some(Level::Brief));
    case.answers(&hr(), 1, Choice::Conflict).unwrap();
    let contact = &case.incident().engagements[0].contacts;
    let contact = contact.iter().find(|c| c.side == Role::Hr).unwrap();
    assert_eq!(
        (contact.person, contact.deputy, contact.acknowledged_at),
        (hr_b().person, None, None)
    );
    assert_eq!(sees(&case, &hr()), None);
    assert_eq!(sees(&case, &hr_b()), Some(Level::Brief));
    assert_eq!(
        case.answers(&hr(), 1, Choice::Acknowledge).unwrap_err(),
        Refusal::NoEngagement
    );
    // The deputy has nobody behind them.
    assert_eq!(
        case.answers(&hr_b(), 1, Choice::Conflict).unwrap_err(),
        Refusal::NoContact {
            sides: vec![Role::Hr]
        }
    );
    // Who was named on another engagement beside it is out of that one too.
    case.answers(&legal(), 1, Choice::Conflict).unwrap();
    assert_eq!(sees(&case, &legal()), None);
    assert_eq!(
        case.answers(&legal(), 2, Choice::Notify).unwrap_err(),
        Refusal::NoEngagement
    );
}

#[test]
fn closure_waits_for_a_brief_that_the_record_requires() {
    let mut case = Case::at_table();
    let form = |case: &Case, board: bool| {
        let mut form = case.complete("shelve");
        picked(&mut form, "end", "mended");
        said(&mut form, "board-asked", board);
        form
    };
    let wanted = form(&case, true);
    assert_eq!(
        sentences(case.submit(&table(), wanted)),
        ["The board must know and was not told."]
    );
    let unwanted = form(&case, false);
    Case::at_table().submit(&table(), unwanted).unwrap();
    case.engage(&table(), &["lender-asks"]).unwrap();
    let wanted = form(&case, true);
    assert_eq!(
        sentences(case.submit(&table(), wanted.clone())),
        ["The board is not done. Not concluded: legal (brief 1); grc (brief 1)."]
    );
    case.answers(&grc(), 1, Choice::Conclude).unwrap();
    assert_eq!(
        sentences(case.submit(&table(), wanted.clone())),
        ["The board is not done. Not concluded: legal (brief 1)."]
    );
    case.answers(&legal(), 1, Choice::Conclude).unwrap();
    case.submit(&table(), wanted).unwrap();
    assert!(!case.incident().is_open());
}

#[test]
fn closure_need_not_wait_where_legal_goes_on_alone() {
    let mut case = engaged();
    case.answers(&legal(), 1, Choice::GoesOnAlone).unwrap();
    let mut form = case.complete("shelve");
    picked(&mut form, "end", "mended");
    // The other engagement is still under way.
    assert_eq!(
        sentences(case.submit(&table(), form.clone())),
        ["The board is not done. Not concluded: legal (brief 2); grc (brief 2)."]
    );
    case.answers(&grc(), 2, Choice::Conclude).unwrap();
    case.answers(&legal(), 2, Choice::Conclude).unwrap();
    case.submit(&table(), form).unwrap();
}

#[test]
fn the_newest_of_hold_and_release_counts_over_all_engagements() {
    let mut case = engaged();
    let mut held = |engagement, choice| {
        case.wait(1);
        case.answers(&legal(), engagement, choice).unwrap();
        case.incident().is_held()
    };
    assert!(!held(1, Choice::Notify));
    assert!(held(1, Choice::Hold));
    assert!(!held(2, Choice::ReleaseHold));
    assert!(held(2, Choice::Hold));
    assert!(held(1, Choice::Notify));
    assert!(!held(1, Choice::ReleaseHold));
}

#[test]
fn a_brief_shows_only_fields_whose_audience_is_governance() {
    let playbook = Case::torn().playbook;
    let way = playbook.transition(&TransitionId::new("tell-board"));
    let shown: Vec<&str> = brief_fields(&playbook, way.unwrap())
        .into_iter()
        .map(super::FieldId::as_str)
        .collect();
    assert_eq!(shown, ["page-state"]);
}

#[test]
fn contacts_read_the_brief_and_the_other_sides_only_that_it_exists() {
    let case = engaged();
    let level =
        |who: &Actor| reads(who, case.incident(), &case.playbook, &Walls::new()).map(|c| c.level());
    assert_eq!(level(&legal_b()), Some(Level::Brief));
    assert_eq!(level(&actor(Role::Legal, 19)), Some(Level::Stub));
    assert_eq!(level(&actor(Role::Grc, 39)), Some(Level::Stub));
    assert_eq!(
        reads(
            &legal(),
            Case::at_table().incident(),
            &case.playbook,
            &Walls::new()
        ),
        None
    );
}
