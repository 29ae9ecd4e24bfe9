//! What may be done with an incident and what it leads to, as the product's description says it. It shares no line with
//! the program: a refusal may name any reason that is true here.

use super::book::{BOOKS, Book, PEOPLE, Stage, To, Way};
use baton::domain::role::Role;
use std::collections::BTreeSet;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub book: usize,
    /// The person was detected before.
    pub repeated: bool,
    pub stage: &'static str,
    pub owner: &'static str,
    pub standing: Standing,
    pub members: BTreeSet<usize>,
    pub reopened: u32,
    /// Fields that have an answer.
    pub filled: BTreeSet<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    Free,
    Held {
        by: usize,
    },
    /// Held, and a dismissal waits for a second person.
    Proposed {
        by: usize,
        held_by: usize,
    },
    Offered {
        to: &'static str,
        by: usize,
    },
    Dismissed,
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    Claim,
    Take(usize, Flaw),
    Accept,
    /// With a reason or without, as below.
    Return(bool),
    Agree(bool),
    Refuse(bool),
    Note(bool),
    Reopen(bool),
}

/// What is left out of a step's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    None,
    /// The field of this number, counted round.
    Field(usize),
    Criterion,
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    Unknown,
    NotYours,
    Held,
    Offered,
    NothingOffered,
    Ended,
    NoWay,
    Incomplete,
    NoReason,
    Proposed,
    NothingProposed,
    SamePerson,
    OpenStill,
}

/// What the rules say of a step: done (whether anything changes), or refused for any of these reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Done(bool),
    Refused(BTreeSet<Why>),
}

impl Case {
    pub fn opened(book: usize, repeated: bool) -> Self {
        let stage = &BOOKS[book].stages[0];
        Self {
            book,
            repeated,
            stage: stage.id,
            owner: stage.owner,
            standing: Standing::Free,
            members: BTreeSet::new(),
            reopened: 0,
            filled: BTreeSet::new(),
        }
    }

    pub fn book(&self) -> &'static Book {
        &BOOKS[self.book]
    }

    pub fn words(&self) -> Vec<String> {
        let end = match self.standing {
            Standing::Dismissed => Some("dismissed"),
            Standing::Closed => Some("closed"),
            Standing::Free
            | Standing::Held { .. }
            | Standing::Proposed { .. }
            | Standing::Offered { .. } => None,
        };
        end.into_iter()
            .chain([self.stage])
            .map(str::to_owned)
            .collect()
    }

    fn has_ended(&self) -> bool {
        matches!(self.standing, Standing::Dismissed | Standing::Closed)
    }

    fn holder(&self) -> Option<usize> {
        match self.standing {
            Standing::Held { by } | Standing::Proposed { held_by: by, .. } => Some(by),
            Standing::Free | Standing::Offered { .. } | Standing::Dismissed | Standing::Closed => {
                None
            }
        }
    }

    fn here(&self) -> &'static Stage {
        self.stage_of(self.stage)
    }

    fn stage_of(&self, id: &str) -> &'static Stage {
        self.book()
            .stages
            .iter()
            .find(|stage| stage.id == id)
            .unwrap()
    }

    /// Why this member cannot hold it now.
    fn against_holding(&self, who: usize) -> BTreeSet<Why> {
        let mut why = BTreeSet::new();
        if PEOPLE[who].1 != self.here().role {
            why.insert(Why::NotYours);
        }
        if self.has_ended() {
            why.insert(Why::Ended);
        }
        if matches!(self.standing, Standing::Offered { .. }) {
            why.insert(Why::Offered);
        }
        if self.holder().is_some_and(|by| by != who) {
            why.insert(Why::Held);
        }
        why
    }
}

impl Flaw {
    /// The field that is left out of a way's record.
    pub fn left_out(&self, way: &Way) -> Option<&'static str> {
        match self {
            Self::Field(number) => Some(way.record[number % way.record.len()].0),
            Self::None | Self::Criterion | Self::Done => None,
        }
    }
}

impl Said {
    fn refused(why: BTreeSet<Why>) -> Result<(), Self> {
        if why.is_empty() {
            Ok(())
        } else {
            Err(Self::Refused(why))
        }
    }
}

/// The answer to a step, and the incident after it.
pub fn judge(before: &Case, who: usize, deed: &Deed) -> (Said, Case) {
    let mut after = before.clone();
    let knows = matches!(
        PEOPLE[who].1,
        Role::Tier1 | Role::Tier2 | Role::Tier3 | Role::Manager | Role::Auditor
    );
    if !knows && !before.members.contains(&who) {
        return (Said::Refused(BTreeSet::from([Why::Unknown])), after);
    }
    let said = match deed {
        Deed::Claim => claim(&mut after, who),
        Deed::Take(way, flaw) => take(&mut after, who, &before.book().ways[*way], flaw),
        Deed::Accept => receive(&mut after, who, None),
        Deed::Return(why) => receive(&mut after, who, Some(*why)),
        Deed::Agree(why) => second(&mut after, who, true, *why),
        Deed::Refuse(why) => second(&mut after, who, false, *why),
        Deed::Note(text) => noted(&after, who, *text),
        Deed::Reopen(why) => reopen(&mut after, who, *why),
    };
    match said {
        Ok(changed) => (Said::Done(changed), after),
        Err(refused) => (refused, before.clone()),
    }
}

fn claim(case: &mut Case, who: usize) -> Result<bool, Said> {
    Said::refused(case.against_holding(who))?;
    if case.holder() == Some(who) {
        return Ok(false);
    }
    case.standing = Standing::Held { by: who };
    case.members.insert(who);
    Ok(true)
}

fn take(case: &mut Case, who: usize, way: &'static Way, flaw: &Flaw) -> Result<bool, Said> {
    let mut why = case.against_holding(who);
    let leads = way.from.contains(&case.stage);
    if !leads {
        why.insert(Why::NoWay);
    }
    if matches!(case.standing, Standing::Proposed { .. }) {
        why.insert(Why::Proposed);
    }
    let gap = flaw
        .left_out(way)
        .is_some_and(|field| !case.filled.contains(field));
    if leads && (gap || matches!(flaw, Flaw::Criterion | Flaw::Done)) {
        why.insert(Why::Incomplete);
    }
    Said::refused(why)?;
    case.members.insert(who);
    let given = way.record.iter().map(|(field, _)| *field);
    let left_out = flaw.left_out(way);
    case.filled
        .extend(given.filter(|field| Some(*field) != left_out));
    case.standing = match way.to {
        To::Dismissed if way.second_person && case.repeated => Standing::Proposed {
            by: who,
            held_by: who,
        },
        To::Dismissed => Standing::Dismissed,
        To::Closed => Standing::Closed,
        To::Stage(to) => Standing::Offered { to, by: who },
    };
    Ok(true)
}

/// Accepts, or with a reason or none gives back.
fn receive(case: &mut Case, who: usize, back: Option<bool>) -> Result<bool, Said> {
    let Standing::Offered { to, by } = case.standing else {
        let why = if case.has_ended() {
            Why::Ended
        } else {
            Why::NothingOffered
        };
        return Err(Said::Refused(BTreeSet::from([why])));
    };
    let target = case.stage_of(to);
    let mut why = BTreeSet::new();
    if PEOPLE[who].1 != target.role {
        why.insert(Why::NotYours);
    }
    if back == Some(false) {
        why.insert(Why::NoReason);
    }
    Said::refused(why)?;
    if back.is_some() {
        // Whoever offered it amends it.
        case.standing = Standing::Held { by };
        return Ok(true);
    }
    let mut ways = case.book().ways.iter();
    let from = case.stage;
    let moves = ways.any(|way| {
        way.from.contains(&from) && way.moves_owner && matches!(way.to, To::Stage(id) if id == to)
    });
    if moves {
        case.owner = target.owner;
    }
    case.stage = to;
    case.members.insert(who);
    case.standing = Standing::Held { by: who };
    Ok(true)
}

fn second(case: &mut Case, who: usize, agrees: bool, reason: bool) -> Result<bool, Said> {
    let mut why = BTreeSet::new();
    if case.has_ended() {
        why.insert(Why::Ended);
    }
    let Standing::Proposed { by, held_by } = case.standing else {
        why.insert(Why::NothingProposed);
        return Err(Said::Refused(why));
    };
    if !matches!(PEOPLE[who].1, Role::Tier1 | Role::Tier2) {
        why.insert(Why::NotYours);
    }
    if who == by {
        why.insert(Why::SamePerson);
    }
    if !reason {
        why.insert(Why::NoReason);
    }
    Said::refused(why)?;
    if agrees {
        case.members.insert(who);
        case.standing = Standing::Dismissed;
    } else {
        case.standing = Standing::Held { by: held_by };
    }
    Ok(true)
}

fn noted(case: &Case, who: usize, text: bool) -> Result<bool, Said> {
    let mut why = BTreeSet::new();
    if case.has_ended() {
        why.insert(Why::Ended);
    }
    if !case.members.contains(&who) {
        why.insert(Why::NotYours);
    }
    if !text {
        why.insert(Why::NoReason);
    }
    Said::refused(why)?;
    Ok(true)
}

fn reopen(case: &mut Case, who: usize, reason: bool) -> Result<bool, Said> {
    let mut why = BTreeSet::new();
    if !case.has_ended() {
        why.insert(Why::OpenStill);
    }
    let role = PEOPLE[who].1;
    if role != case.here().role && role != Role::Manager {
        why.insert(Why::NotYours);
        if case.has_ended() {
            // To others it has ended, and that is all.
            why.insert(Why::Ended);
        }
    }
    if !reason {
        why.insert(Why::NoReason);
    }
    Said::refused(why)?;
    case.reopened += 1;
    case.standing = Standing::Free;
    Ok(true)
}
