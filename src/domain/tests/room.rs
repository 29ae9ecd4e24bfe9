//! The reading room: a playbook with every kind of gate, and the people who work there.

use super::{Case, actor};
use crate::domain::governance::{Choice, Contact, Roster, contacts, is_discreet, sides};
use crate::domain::ids::{CriterionId, PersonId, StageId};
use crate::domain::incident::{Command, Engaging, Event, Opening, Refusal, Submission};
use crate::domain::playbook::read;
use crate::domain::policy::{Actor, Walls};
use crate::domain::record::{Answer, Origin, State};
use crate::domain::role::Role;

const TEXT: &str = include_str!("../../../tests/data/playbooks/torn-page.toml");

/// Whom the damage is about.
pub const READER: PersonId = PersonId(50);

pub fn counter() -> Actor {
    actor(Role::Tier1, 1)
}
pub fn counter_b() -> Actor {
    actor(Role::Tier1, 2)
}
pub fn table() -> Actor {
    actor(Role::Tier2, 3)
}
pub fn vault() -> Actor {
    actor(Role::Tier3, 5)
}
pub fn vault_b() -> Actor {
    actor(Role::Tier3, 6)
}
pub fn manager() -> Actor {
    actor(Role::Manager, 7)
}
pub fn legal() -> Actor {
    actor(Role::Legal, 11)
}
pub fn legal_b() -> Actor {
    actor(Role::Legal, 12)
}
pub fn hr() -> Actor {
    actor(Role::Hr, 21)
}
pub fn hr_b() -> Actor {
    actor(Role::Hr, 22)
}
pub fn grc() -> Actor {
    actor(Role::Grc, 31)
}

/// Contact and deputy of each side; GRC has no deputy.
pub fn roster() -> Roster {
    [
        (Role::Legal, vec![legal().person, legal_b().person]),
        (Role::Hr, vec![hr().person, hr_b().person]),
        (Role::Grc, vec![grc().person]),
    ]
    .into()
}

/// An answer that replaces the first choice.
pub fn picked(submission: &mut Submission, field: &str, choice: &str) {
    let answer = State::Value(Answer::Choice(choice.to_owned()));
    give(submission, field, answer);
}

pub fn said(submission: &mut Submission, field: &str, yes: bool) {
    let reason = "the staff saw it".to_owned();
    give(
        submission,
        field,
        State::Value(Answer::YesNo { yes, reason }),
    );
}

pub fn give(submission: &mut Submission, field: &str, state: State) {
    let field = super::field(field);
    submission.answers.insert(field, (state, Origin::Person));
}

/// The readiness sentences of a refusal: contradictions and gates.
pub fn sentences(outcome: Result<Vec<Event>, Refusal>) -> Vec<String> {
    match outcome {
        Err(Refusal::RecordIncomplete(readiness)) => {
            let texts = readiness.contradictions.into_iter();
            texts.chain(readiness.gates).collect()
        }
        Err(Refusal::Gates { texts }) => texts,
        other => panic!("{other:?}"),
    }
}

impl Case {
    /// A torn page at the counter.
    pub fn torn() -> Self {
        let mut case = Self {
            playbook: read(TEXT).unwrap(),
            ..Self::new()
        };
        let Command::Open(opening) = super::opening() else {
            unreachable!()
        };
        let opening = Opening {
            stage: StageId::new("counter"),
            concerned: Some(READER),
            ..*opening
        };
        case.act(None, &Command::Open(Box::new(opening))).unwrap();
        case
    }

    pub fn at_table() -> Self {
        let mut case = Self::torn();
        case.submit(&counter(), case.complete("ask-table")).unwrap();
        case.act(Some(&table()), &Command::Accept).unwrap();
        case
    }

    /// At the vault, where these answers stand in the record.
    pub fn at_vault(mood: &str, blame: bool, board: bool) -> Self {
        let mut case = Self::at_table();
        let mut form = case.complete("ask-vault");
        picked(&mut form, "mood", mood);
        said(&mut form, "blame", blame);
        said(&mut form, "board-asked", board);
        form.criteria = vec![CriterionId::new("rare-book")];
        case.submit(&table(), form).unwrap();
        case.act(Some(&vault()), &Command::Accept).unwrap();
        case
    }

    /// Engages on these criteria, with whom thresholds and roster name.
    pub fn engage(&mut self, by: &Actor, criteria: &[&str]) -> Result<Vec<Event>, Refusal> {
        let mut submission = self.complete("tell-board");
        submission.criteria = criteria.iter().map(|id| CriterionId::new(*id)).collect();
        submission.done.clear();
        self.engage_with(by, submission, &Walls::from([READER]))
    }

    pub fn engage_with(
        &mut self,
        by: &Actor,
        submission: Submission,
        walls: &Walls,
    ) -> Result<Vec<Event>, Refusal> {
        let wanted = sides(&submission.criteria, &self.playbook);
        let contacts: Vec<Contact> =
            contacts(&wanted, &roster(), walls).map_err(|sides| Refusal::NoContact { sides })?;
        let discreet = is_discreet(&submission.criteria, &self.playbook);
        let engaging = Engaging {
            submission,
            contacts,
            discreet,
        };
        self.act(Some(by), &Command::Engage(Box::new(engaging)))
    }

    pub fn answers(
        &mut self,
        by: &Actor,
        engagement: u32,
        choice: Choice,
    ) -> Result<Vec<Event>, Refusal> {
        self.act(Some(by), &Command::Answer { engagement, choice })
    }

    pub fn propose(&mut self, by: &Actor, action: &str) -> Result<Vec<Event>, Refusal> {
        let (action, target) = (action.to_owned(), "the reader at desk 4".to_owned());
        self.act(Some(by), &Command::Propose { action, target })
    }

    pub fn authorise(&mut self, by: &Actor, number: u32) -> Result<Vec<Event>, Refusal> {
        self.act(Some(by), &Command::Authorise { number })
    }

    pub fn report(&mut self, by: &Actor, number: u32, done: bool) -> Result<Vec<Event>, Refusal> {
        let result = "seen at the door".to_owned();
        self.act(
            Some(by),
            &Command::Report {
                number,
                done,
                result,
            },
        )
    }

    pub fn emergency(&mut self, by: &Actor, number: u32) -> Result<Vec<Event>, Refusal> {
        let reason = "it burns".to_owned();
        self.act(Some(by), &Command::Override { number, reason })
    }
}
