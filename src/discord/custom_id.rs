//! What a button, list or form calls. Only keys into the store stand in it, never text of a person,
//! so that it works for the incident's life and fits Discord's hundred characters.

mod digest;
mod dismissing;

pub use digest::{Digested, digest_page, digest_press, page_of};
pub use dismissing::Dismissing;

use crate::domain::governance::Choice;
use crate::domain::ids::{DraftId, IncidentId};
use crate::domain::timeline::Shown;
use crate::domain::view::{BriefView, CardAct, CardView};
use crate::render::card::{Button, ButtonStyle, Row};
use std::fmt;
use std::str::FromStr;

/// Stands in the first control of a message between what it calls and the key of the post.
pub const KEY_MARK: char = '~';

/// Every control that Baton ever shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomId {
    Claim(IncidentId),
    Escalate(IncidentId),
    Dismiss(IncidentId),
    Close(IncidentId),
    /// Open the forms in which a second person says why; and those, submitted.
    Agree(IncidentId),
    Agreed(IncidentId),
    Refuse(IncidentId),
    Refused(IncidentId),
    /// A contact has read the brief of this engagement.
    Read(IncidentId, u32),
    /// A list of what a contact can answer; the value is the choice.
    Answer(IncidentId, u32),
    /// The form that asks why, submitted; the last is the choice's place in the list of all.
    Why(IncidentId, u32, u32),
    /// What was said on an engagement.
    Said(IncidentId, u32),
    /// What the one who presses can answer on an engagement: their side's answers, no others.
    Answers(IncidentId, u32),
    /// The form in which Legal says who continues an engagement and why, submitted.
    Alone(IncidentId, u32),
    /// A request to speak to somebody, read; and its answers, the forms among them submitted.
    Talk(IncidentId, u32),
    TalkAgree(IncidentId, u32),
    TalkChange(IncidentId, u32),
    TalkChanged(IncidentId, u32),
    TalkRefuse(IncidentId, u32),
    TalkRefused(IncidentId, u32),
    /// Signs the thresholds of a playbook: a side's place among all roles, and the beginning of the text's hash.
    Sign(u32, i64),
    Accept(IncidentId),
    /// Opens the form that asks for the reason.
    Return(IncidentId),
    /// That form, submitted.
    Returned(IncidentId),
    Details(IncidentId),
    /// Opens the form in which reminders are snoozed; and that form, submitted.
    Snooze(IncidentId),
    Snoozed(IncidentId),
    /// A list of ways out; the value is the transition.
    Way(IncidentId),
    /// A list of drafts; the value is the draft.
    Drafts,
    /// Opens the next page of what is missing.
    Next(DraftId),
    /// A page, submitted.
    Page(DraftId),
    /// A list of fields; opens the one that is chosen.
    Change(DraftId),
    /// A list of answers that are no value; the value is `field|mark`.
    Mark(DraftId),
    Submit(DraftId),
    /// Second looks, dismissals together, known patterns.
    Dismissing(Dismissing),
    Digested(Digested),
    /// A page of a timeline, from 0, and which of its lines.
    Timeline(IncidentId, u32, Shown),
    /// A list of what a timeline shows; the value is the choice.
    Filter(IncidentId),
    /// Open the forms that ask why somebody wants to know: the earlier incidents of the persons concerned, their
    /// names; and those, submitted.
    Earlier(IncidentId),
    LookedBack(IncidentId),
    Names(IncidentId),
    Named(IncidentId),
}

impl fmt::Display for CustomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim(id) => write!(f, "claim:{}", id.0),
            Self::Escalate(id) => write!(f, "escalate:{}", id.0),
            Self::Dismiss(id) => write!(f, "dismiss:{}", id.0),
            Self::Close(id) => write!(f, "close:{}", id.0),
            Self::Agree(id) => write!(f, "agree:{}", id.0),
            Self::Agreed(id) => write!(f, "agreed:{}", id.0),
            Self::Refuse(id) => write!(f, "refuse:{}", id.0),
            Self::Refused(id) => write!(f, "refused:{}", id.0),
            Self::Read(id, n) => write!(f, "read:{}:{n}", id.0),
            Self::Answer(id, n) => write!(f, "answer:{}:{n}", id.0),
            Self::Why(id, n, choice) => write!(f, "why:{}:{n}:{choice}", id.0),
            Self::Said(id, n) => write!(f, "said:{}:{n}", id.0),
            Self::Answers(id, n) => write!(f, "answers:{}:{n}", id.0),
            Self::Alone(id, n) => write!(f, "alone:{}:{n}", id.0),
            Self::Talk(id, n) => write!(f, "talk:{}:{n}", id.0),
            Self::TalkAgree(id, n) => write!(f, "talk-agree:{}:{n}", id.0),
            Self::TalkChange(id, n) => write!(f, "talk-change:{}:{n}", id.0),
            Self::TalkChanged(id, n) => write!(f, "talk-changed:{}:{n}", id.0),
            Self::TalkRefuse(id, n) => write!(f, "talk-refuse:{}:{n}", id.0),
            Self::TalkRefused(id, n) => write!(f, "talk-refused:{}:{n}", id.0),
            Self::Sign(side, hash) => write!(f, "sign:{side}:{hash}"),
            Self::Accept(id) => write!(f, "accept:{}", id.0),
            Self::Return(id) => write!(f, "return:{}", id.0),
            Self::Returned(id) => write!(f, "returned:{}", id.0),
            Self::Details(id) => write!(f, "details:{}", id.0),
            Self::Snooze(id) => write!(f, "snooze:{}", id.0),
            Self::Snoozed(id) => write!(f, "snoozed:{}", id.0),
            Self::Way(id) => write!(f, "way:{}", id.0),
            Self::Drafts => f.write_str("drafts"),
            Self::Next(id) => write!(f, "next:{}", id.0),
            Self::Page(id) => write!(f, "page:{}", id.0),
            Self::Change(id) => write!(f, "change:{}", id.0),
            Self::Mark(id) => write!(f, "mark:{}", id.0),
            Self::Submit(id) => write!(f, "submit:{}", id.0),
            Self::Dismissing(id) => id.fmt(f),
            Self::Digested(id) => id.fmt(f),
            Self::Timeline(id, page, shown) => {
                write!(f, "timeline:{}:{page}:{}", id.0, shown.key())
            }
            Self::Filter(id) => write!(f, "filter:{}", id.0),
            Self::Earlier(id) => write!(f, "earlier:{}", id.0),
            Self::LookedBack(id) => write!(f, "lookedback:{}", id.0),
            Self::Names(id) => write!(f, "names:{}", id.0),
            Self::Named(id) => write!(f, "named:{}", id.0),
        }
    }
}

impl FromStr for CustomId {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        // Behind the mark stands the key of the post, which is found again by it.
        let text = text.split(KEY_MARK).next().unwrap_or_default();
        let mut parts = text.split(':');
        let verb = parts.next().unwrap_or_default();
        if verb == "timeline" {
            return timeline(parts);
        }
        let mut number = || -> Result<i64, ()> {
            parts
                .next()
                .and_then(|n| n.parse().ok())
                .filter(|n| *n >= 0)
                .ok_or(())
        };
        let id = match verb {
            "drafts" => Self::Drafts,
            "claim" => Self::Claim(IncidentId(number()?)),
            "escalate" => Self::Escalate(IncidentId(number()?)),
            "dismiss" => Self::Dismiss(IncidentId(number()?)),
            "close" => Self::Close(IncidentId(number()?)),
            "agree" => Self::Agree(IncidentId(number()?)),
            "agreed" => Self::Agreed(IncidentId(number()?)),
            "refuse" => Self::Refuse(IncidentId(number()?)),
            "refused" => Self::Refused(IncidentId(number()?)),
            "read" => Self::Read(IncidentId(number()?), small(number()?)?),
            "answer" => Self::Answer(IncidentId(number()?), small(number()?)?),
            "why" => Self::Why(IncidentId(number()?), small(number()?)?, small(number()?)?),
            "said" => Self::Said(IncidentId(number()?), small(number()?)?),
            "answers" => Self::Answers(IncidentId(number()?), small(number()?)?),
            "alone" => Self::Alone(IncidentId(number()?), small(number()?)?),
            "talk" => Self::Talk(IncidentId(number()?), small(number()?)?),
            "talk-agree" => Self::TalkAgree(IncidentId(number()?), small(number()?)?),
            "talk-change" => Self::TalkChange(IncidentId(number()?), small(number()?)?),
            "talk-changed" => Self::TalkChanged(IncidentId(number()?), small(number()?)?),
            "talk-refuse" => Self::TalkRefuse(IncidentId(number()?), small(number()?)?),
            "talk-refused" => Self::TalkRefused(IncidentId(number()?), small(number()?)?),
            "sign" => Self::Sign(small(number()?)?, number()?),
            "accept" => Self::Accept(IncidentId(number()?)),
            "return" => Self::Return(IncidentId(number()?)),
            "returned" => Self::Returned(IncidentId(number()?)),
            "details" => Self::Details(IncidentId(number()?)),
            "snooze" => Self::Snooze(IncidentId(number()?)),
            "snoozed" => Self::Snoozed(IncidentId(number()?)),
            "way" => Self::Way(IncidentId(number()?)),
            "next" => Self::Next(DraftId(number()?)),
            "page" => Self::Page(DraftId(number()?)),
            "change" => Self::Change(DraftId(number()?)),
            "mark" => Self::Mark(DraftId(number()?)),
            "submit" => Self::Submit(DraftId(number()?)),
            "filter" => Self::Filter(IncidentId(number()?)),
            "earlier" => Self::Earlier(IncidentId(number()?)),
            "lookedback" => Self::LookedBack(IncidentId(number()?)),
            "names" => Self::Names(IncidentId(number()?)),
            "named" => Self::Named(IncidentId(number()?)),
            verb if verb.starts_with("digest-") => {
                Self::Digested(digest::parse(verb, &mut number)?)
            }
            verb => Self::Dismissing(dismissing::parse(verb, &mut number)?),
        };
        if parts.next().is_some() {
            Err(())
        } else {
            Ok(id)
        }
    }
}

/// A page of a timeline. Cards of earlier versions say 0 and 1 for the decisions and everything.
fn timeline<'t>(mut parts: impl Iterator<Item = &'t str>) -> Result<CustomId, ()> {
    let mut next = || parts.next().ok_or(());
    let id = next()?.parse().ok().filter(|id| *id >= 0).ok_or(())?;
    let page = next()?.parse().map_err(|_| ())?;
    let shown = match next()? {
        "0" => Shown::Decisions,
        "1" => Shown::Everything,
        key => Shown::from_key(key).ok_or(())?,
    };
    match parts.next() {
        None => Ok(CustomId::Timeline(IncidentId(id), page, shown)),
        Some(_) => Err(()),
    }
}

fn small(number: i64) -> Result<u32, ()> {
    u32::try_from(number).map_err(|_| ())
}

fn button(label: &str, id: CustomId, style: ButtonStyle) -> Button {
    Button {
        label: label.to_owned(),
        custom_id: id.to_string(),
        style,
        ..Button::default()
    }
}

/// The controls of a brief. Several sides read the one message, so what can be answered opens for each on its own.
pub fn brief_press(view: &BriefView) -> Vec<Row> {
    let (id, number) = (view.id, view.number);
    let (read, said) = (CustomId::Read(id, number), CustomId::Said(id, number));
    vec![Row::Buttons(vec![
        button(Choice::Acknowledge.words(), read, ButtonStyle::Primary),
        button(
            "Answer or decide",
            CustomId::Answers(id, number),
            ButtonStyle::Plain,
        ),
        button("What was said", said, ButtonStyle::Plain),
    ])]
}

/// One side's answers, as a list.
pub fn answers(id: IncidentId, number: u32, choices: &[Choice]) -> Row {
    let options = choices.iter().map(|choice| crate::render::card::Choice {
        value: choice.key().to_owned(),
        label: choice.words().to_owned(),
        description: Some(choice.means().to_owned()),
        ..crate::render::card::Choice::default()
    });
    Row::Select {
        custom_id: CustomId::Answer(id, number).to_string(),
        placeholder: Some("Answer or decide…".to_owned()),
        options: options.collect(),
        min: 1,
        max: 1,
    }
}

/// Opens a request for those whose word is wanted.
pub fn read_talk(id: IncidentId, number: u32) -> Row {
    let open = CustomId::Talk(id, number);
    Row::Buttons(vec![button("Read and decide", open, ButtonStyle::Primary)])
}

/// Opens a request that was decided.
pub fn read_talk_now(id: IncidentId, number: u32) -> Row {
    let open = CustomId::Talk(id, number);
    Row::Buttons(vec![button("Read the wording", open, ButtonStyle::Plain)])
}

/// What a side answers to a request.
pub fn talk_press(id: IncidentId, number: u32) -> Row {
    Row::Buttons(vec![
        button(
            "Agree",
            CustomId::TalkAgree(id, number),
            ButtonStyle::Primary,
        ),
        button(
            "Agree in other words",
            CustomId::TalkChange(id, number),
            ButtonStyle::Plain,
        ),
        button(
            "Refuse",
            CustomId::TalkRefuse(id, number),
            ButtonStyle::Plain,
        ),
    ])
}

/// The id behind a card's button.
pub fn press(act: CardAct, view: &CardView) -> String {
    match act {
        CardAct::Claim => CustomId::Claim(view.id),
        CardAct::Escalate => CustomId::Escalate(view.id),
        CardAct::Dismiss => CustomId::Dismiss(view.id),
        CardAct::Close => CustomId::Close(view.id),
        CardAct::Agree => CustomId::Agree(view.id),
        CardAct::Refuse => CustomId::Refuse(view.id),
        CardAct::Accept => CustomId::Accept(view.id),
        CardAct::Return => CustomId::Return(view.id),
        CardAct::Details => CustomId::Details(view.id),
        CardAct::Snooze => CustomId::Snooze(view.id),
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::damage;
    use crate::domain::ids::PatternId;
    use crate::domain::timeline::Topic;
    use proptest::prelude::*;

    #[test]
    fn the_key_of_a_post_behind_an_id_changes_nothing() {
        let read = "claim:7~0a1b2c3d-9".parse();
        assert_eq!(read, Ok(CustomId::Claim(IncidentId(7))));
    }

    /// One of each, with numbers as large as they get.
    fn each() -> Vec<CustomId> {
        let (i, d) = (IncidentId(i64::MAX), DraftId(7));
        vec![
            CustomId::Claim(i),
            CustomId::Escalate(i),
            CustomId::Dismiss(i),
            CustomId::Close(i),
            CustomId::Agree(i),
            CustomId::Agreed(i),
            CustomId::Refuse(i),
            CustomId::Refused(i),
            CustomId::Read(i, 1),
            CustomId::Answer(i, 2),
            CustomId::Why(i, 3, 12),
            CustomId::Said(i, u32::MAX),
            CustomId::Answers(i, 1),
            CustomId::Alone(i, 1),
            CustomId::Talk(i, 1),
            CustomId::TalkAgree(i, 1),
            CustomId::TalkChange(i, 1),
            CustomId::TalkChanged(i, 1),
            CustomId::TalkRefuse(i, 1),
            CustomId::TalkRefused(i, 1),
            CustomId::Sign(5, i64::MAX),
            CustomId::Accept(i),
            CustomId::Return(i),
            CustomId::Returned(i),
            CustomId::Details(i),
            CustomId::Snooze(i),
            CustomId::Snoozed(i),
            CustomId::Way(i),
            CustomId::Drafts,
            CustomId::Next(d),
            CustomId::Page(d),
            CustomId::Change(d),
            CustomId::Mark(d),
            CustomId::Submit(d),
            CustomId::Timeline(i, u32::MAX, Shown::Decisions),
            CustomId::Timeline(i, 0, Shown::Only(Topic::Containment)),
            CustomId::Filter(i),
            CustomId::Earlier(i),
            CustomId::LookedBack(i),
            CustomId::Names(i),
            CustomId::Named(i),
            CustomId::Digested(Digested::Take(i64::MAX)),
            CustomId::Digested(Digested::Escalate(1)),
            CustomId::Digested(Digested::Open(1)),
            CustomId::Digested(Digested::More(1, 2)),
            CustomId::Digested(Digested::Page(1, u32::MAX)),
            CustomId::Dismissing(Dismissing::Looks),
            CustomId::Dismissing(Dismissing::LookAgree(i)),
            CustomId::Dismissing(Dismissing::LookReopen(i)),
            CustomId::Dismissing(Dismissing::LookReopened(i)),
            CustomId::Dismissing(Dismissing::Several(0)),
            CustomId::Dismissing(Dismissing::Together(i64::MAX)),
            CustomId::Dismissing(Dismissing::PatternTyped(9)),
            CustomId::Dismissing(Dismissing::PatternChange(9)),
            CustomId::Dismissing(Dismissing::PatternPropose(9)),
            CustomId::Dismissing(Dismissing::Patterns),
            CustomId::Dismissing(Dismissing::PatternAsk(PatternId(3), 2)),
            CustomId::Dismissing(Dismissing::PatternTold(PatternId(3), 0)),
        ]
    }

    #[test]
    fn every_id_reads_back_as_it_was_written() {
        for id in each() {
            let text = id.to_string();
            assert!(text.len() <= 100, "{text}");
            assert_eq!(text.parse(), Ok(id));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,120}") {
            if let Ok(id) = text.parse::<CustomId>() {
                prop_assert_eq!(id.to_string().parse(), Ok(id));
            }
        }

        /// Verbs that are known, with any numbers and words behind them.
        #[test]
        fn any_parts_behind_a_verb_are_read_or_refused(
            id in prop::sample::select(each()),
            parts in prop::collection::vec("[0-9]{1,20}|-[1-9]|\\+1|[a-z]{0,10}", 0..4),
            key in prop::option::of("[0-9a-z:~-]{0,20}"),
        ) {
            let whole = id.to_string();
            let verb = whole.split(':').next().unwrap_or_default();
            let bare = [&[verb.to_owned()], parts.as_slice()].concat().join(":");
            let read = bare.parse::<CustomId>();
            if let Ok(id) = read {
                // Keys of the store count from zero.
                prop_assert!(!bare.contains(":-"));
                prop_assert!(id.to_string().len() <= 100);
                prop_assert_eq!(id.to_string().parse(), Ok(id));
            }
            let text = key.map_or(bare.clone(), |key| format!("{bare}{KEY_MARK}{key}"));
            prop_assert_eq!(text.parse(), read);
        }

        #[test]
        fn a_damaged_id_is_read_or_refused(
            text in damage::text(each().iter().map(ToString::to_string).collect(), &[":", "~", "-", "+", "0", "9"]),
        ) {
            if let Ok(id) = text.parse::<CustomId>() {
                prop_assert_eq!(id.to_string().parse(), Ok(id));
            }
        }
    }
}
