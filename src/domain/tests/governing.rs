//! The side of Governance beyond its answers: who goes on alone, who is named, what is held, whom an emergency covers,
//! what a wall that is found later does.

use super::Case;
use super::actor;
use super::room::{
    grc, hr, hr_b, legal, legal_b, manager, picked, sentences, table, vault, vault_b,
};
use crate::domain::governance::Choice;
use crate::domain::ids::PersonId;
use crate::domain::incident::{Command, Event, Govern, Governed, Refusal};
use crate::domain::policy::Actor;
use crate::domain::role::Role;

const HELD: &str = "The lawyers hold the book. Held: ";

impl Case {
    fn govern(&mut self, by: Option<&Actor>, govern: Govern) -> Result<Vec<Event>, Refusal> {
        self.act(by, &Command::Govern(govern))
    }

    fn hold(&mut self, by: &Actor, item: &str) -> Result<Vec<Event>, Refusal> {
        self.wait(1);
        let item = item.to_owned();
        self.govern(Some(by), Govern::HoldItem { item })
    }

    fn release(&mut self, by: &Actor, item: &str) -> Result<Vec<Event>, Refusal> {
        self.wait(1);
        let item = item.to_owned();
        self.govern(Some(by), Govern::ReleaseItem { item })
    }

    fn names(&mut self, by: &Actor, side: Role, person: PersonId) -> Result<Vec<Event>, Refusal> {
        let name = Govern::NameContacts {
            engagement: 1,
            side,
            person,
            deputy: None,
        };
        self.govern(Some(by), name)
    }
}

#[test]
fn only_legal_lets_it_go_on_alone_and_an_owner_is_named() {
    let mut case = Case::at_table();
    case.engage(&table(), &["reader-suspected"]).unwrap();
    let alone = |owner: &Actor| Govern::ContinueAlone {
        engagement: 1,
        owner: owner.person,
    };
    let refused = case.govern(Some(&hr()), alone(&hr())).unwrap_err();
    assert_eq!(
        refused,
        Refusal::NotYours {
            role: Some(Role::Legal)
        }
    );
    let refused = case.govern(Some(&table()), alone(&hr())).unwrap_err();
    assert_eq!(refused, Refusal::NoEngagement);
    case.govern(Some(&legal()), alone(&hr())).unwrap();
    let engagement = &case.incident().engagements[0];
    assert_eq!(engagement.owner, Some(hr().person));
    assert!(engagement.is_settled());
    // By its button without a name, whoever says so continues it.
    let mut case = Case::at_table();
    case.engage(&table(), &["reader-suspected"]).unwrap();
    case.answers(&legal_b(), 1, Choice::GoesOnAlone).unwrap();
    let owner = case.incident().engagements[0].owner;
    assert_eq!(owner, Some(legal_b().person));
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
}

#[test]
fn each_side_names_its_own_contacts_and_no_other() {
    let mut case = Case::at_table();
    case.engage(&table(), &["reader-suspected"]).unwrap();
    case.answers(&hr(), 1, Choice::Acknowledge).unwrap();
    let third = actor(Role::Hr, 23);
    for stranger in [legal(), table(), manager()] {
        let refused = case.names(&stranger, Role::Hr, third.person).unwrap_err();
        assert_eq!(
            refused,
            Refusal::NotYours {
                role: Some(Role::Hr)
            }
        );
    }
    // A side that is not engaged has nobody to name.
    let refused = case.names(&grc(), Role::Grc, grc().person).unwrap_err();
    assert_eq!(refused, Refusal::NoEngagement);
    case.names(&hr_b(), Role::Hr, third.person).unwrap();
    let contacts = &case.incident().engagements[0].contacts;
    let contact = contacts.iter().find(|c| c.side == Role::Hr).unwrap();
    assert_eq!(
        (contact.person, contact.deputy, contact.acknowledged_at),
        (third.person, None, None)
    );
    let refused = case.answers(&hr(), 1, Choice::MoreNeeded).unwrap_err();
    assert_eq!(refused, Refusal::NoEngagement);
    case.answers(&third, 1, Choice::Acknowledge).unwrap();
    // The same again changes nothing.
    assert_eq!(
        case.names(&third, Role::Hr, third.person).unwrap(),
        Vec::new()
    );
}

#[test]
fn whoever_has_a_conflict_of_interest_is_not_named_again() {
    let mut case = Case::at_table();
    case.engage(&table(), &["reader-suspected"]).unwrap();
    case.answers(&hr(), 1, Choice::Conflict).unwrap();
    let refused = case.names(&hr_b(), Role::Hr, hr().person).unwrap_err();
    assert_eq!(
        refused,
        Refusal::NoContact {
            sides: vec![Role::Hr]
        }
    );
}

/// A page is to be pulped, and Legal was engaged.
fn to_pulp() -> Case {
    let mut case = Case::at_vault("unclear", false, false);
    case.propose(&vault(), "pulp-page").unwrap();
    case.engage(&vault(), &["lender-asks"]).unwrap();
    case
}

#[test]
fn a_held_item_stops_what_deletes_until_legal_releases_it_by_its_name() {
    let mut case = to_pulp();
    let mine = "the reader at desk 4";
    assert_eq!(case.release(&legal(), mine).unwrap_err(), Refusal::NotHeld);
    case.hold(&legal(), " The  Reader at desk 4 ").unwrap();
    assert_eq!(case.hold(&legal(), mine).unwrap(), Vec::new());
    let held = |item: &str| vec![format!("{HELD}{item}.")];
    assert_eq!(
        sentences(case.authorise(&vault(), 1)),
        held("The  Reader at desk 4")
    );
    case.release(&legal(), mine).unwrap();
    assert!(!case.incident().is_held());
    case.authorise(&vault(), 1).unwrap();
}

#[test]
fn while_anything_is_held_only_what_was_released_by_name_is_deleted() {
    let mut case = to_pulp();
    // Under a name that nobody proposed, it is not known to be another thing.
    case.hold(&legal(), "the lender's mailbox").unwrap();
    assert_eq!(
        sentences(case.authorise(&vault(), 1)),
        [format!("{HELD}the lender's mailbox.")]
    );
    case.release(&legal(), "the reader at desk 4").unwrap();
    assert!(case.incident().is_held());
    case.authorise(&vault(), 1).unwrap();
    // A later hold counts anew.
    case.propose(&vault(), "pulp-page").unwrap();
    case.hold(&legal(), "the index").unwrap();
    assert_eq!(
        sentences(case.authorise(&vault(), 2)),
        [format!("{HELD}the lender's mailbox; the index.")]
    );
}

#[test]
fn only_legal_holds_and_releases_and_says_what() {
    let mut case = to_pulp();
    for stranger in [grc(), hr(), vault(), manager(), actor(Role::Legal, 19)] {
        let refused = case.hold(&stranger, "the page").unwrap_err();
        assert_eq!(refused, Refusal::NoEngagement, "{stranger:?}");
    }
    assert_eq!(
        case.hold(&legal(), "  ").unwrap_err(),
        Refusal::ReasonMissing
    );
    case.hold(&legal_b(), "the page").unwrap();
    let refused = case.release(&grc(), "the page").unwrap_err();
    assert_eq!(refused, Refusal::NoEngagement);
}

#[test]
fn an_emergency_opens_the_gate_for_what_stood_proposed_and_for_nothing_later() {
    let mut case = Case::at_vault("unclear", true, false);
    case.propose(&vault(), "take-card").unwrap();
    case.propose(&vault(), "take-card").unwrap();
    for by in [vault(), manager()] {
        case.emergency(&by, 1).unwrap();
    }
    case.propose(&vault(), "take-card").unwrap();
    // Both that stood there then go; the later one waits for HR.
    case.authorise(&vault_b(), 1).unwrap();
    case.authorise(&vault_b(), 2).unwrap();
    let closed = "The staff office reads it before anything is done to the reader.";
    assert_eq!(sentences(case.authorise(&vault_b(), 3)), [closed]);
    // One word from then does not count beside one of now.
    case.emergency(&manager(), 3).unwrap();
    assert_eq!(sentences(case.authorise(&vault_b(), 3)), [closed]);
    case.emergency(&vault(), 3).unwrap();
    case.authorise(&vault_b(), 3).unwrap();
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
}

#[test]
fn a_wall_that_is_found_later_brings_the_deputy() {
    let mut case = Case::at_table();
    case.engage(&table(), &["reader-suspected"]).unwrap();
    let people = vec![hr().person, PersonId(99)];
    let events = case
        .govern(
            None,
            Govern::KeepOut {
                people: people.clone(),
            },
        )
        .unwrap();
    let people = vec![hr().person];
    assert_eq!(events, [Event::Governed(Governed::KeptOut { people })]);
    let contacts = &case.incident().engagements[0].contacts;
    let contact = contacts.iter().find(|c| c.side == Role::Hr).unwrap();
    assert_eq!(contact.person, hr_b().person);
    // Nobody is named who would have to stand aside: nothing happens.
    let people = vec![PersonId(99)];
    let again = case.govern(None, Govern::KeepOut { people }).unwrap();
    assert_eq!(again, Vec::new());
}

#[test]
fn closure_waits_for_each_side_by_name() {
    let mut case = Case::at_table();
    case.engage(&table(), &["reader-suspected"]).unwrap();
    case.answers(&legal(), 1, Choice::Conclude).unwrap();
    let mut form = case.complete("shelve");
    picked(&mut form, "end", "mended");
    assert_eq!(
        sentences(case.submit(&table(), form.clone())),
        ["The board is not done. Not concluded: hr (brief 1)."]
    );
    case.answers(&hr(), 1, Choice::Conclude).unwrap();
    case.submit(&table(), form).unwrap();
}

#[test]
fn each_answer_says_in_a_line_what_comes_of_it() {
    for choice in Choice::ALL {
        let length = choice.means().chars().count();
        assert!((10..=100).contains(&length), "{choice:?}");
        assert_ne!(choice.means(), choice.words(), "{choice:?}");
    }
}
