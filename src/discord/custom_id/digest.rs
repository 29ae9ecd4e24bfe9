//! The controls of a digest: lists of its incidents, by pages. A digest is known by its number in the outbox.

use super::{CustomId, button, small};
use crate::discord::limits;
use crate::domain::digest::Line;
use crate::render::card::{ButtonStyle, Choice, Row};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digested {
    /// Lists of incidents; the value is the incident that is claimed or accepted, handed over, or shown.
    Take(i64),
    Escalate(i64),
    Open(i64),
    /// A page of all, from 0, for the one who presses; and from such a page to another.
    More(i64, u32),
    Page(i64, u32),
}

impl fmt::Display for Digested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Take(digest) => write!(f, "digest-take:{digest}"),
            Self::Escalate(digest) => write!(f, "digest-escalate:{digest}"),
            Self::Open(digest) => write!(f, "digest-open:{digest}"),
            Self::More(digest, page) => write!(f, "digest-more:{digest}:{page}"),
            Self::Page(digest, page) => write!(f, "digest-page:{digest}:{page}"),
        }
    }
}

/// Reads one from its verb and the numbers behind it.
pub(super) fn parse(
    verb: &str,
    mut number: impl FnMut() -> Result<i64, ()>,
) -> Result<Digested, ()> {
    Ok(match verb {
        "digest-take" => Digested::Take(number()?),
        "digest-escalate" => Digested::Escalate(number()?),
        "digest-open" => Digested::Open(number()?),
        "digest-more" => Digested::More(number()?, small(number()?)?),
        "digest-page" => Digested::Page(number()?, small(number()?)?),
        _ => return Err(()),
    })
}

/// The controls beneath a digest in its channel: the first page, and a way to the others.
pub fn digest_press(digest: i64, lines: &[Line]) -> Vec<Row> {
    let mut rows = digest_lists(digest, lines, 0);
    let beyond = lines.len().saturating_sub(limits::SELECT_OPTIONS);
    if beyond > 0 {
        let label = format!("The other {beyond}");
        let more = CustomId::Digested(Digested::More(digest, 1));
        rows.push(Row::Buttons(vec![button(&label, more, ButtonStyle::Plain)]));
    }
    rows
}

/// The same for one member: the lists of a page, and the ways to its neighbours.
pub fn digest_page(digest: i64, lines: &[Line], page: u32) -> Vec<Row> {
    let mut rows = digest_lists(digest, lines, page);
    let last = lines.len().saturating_sub(1) / limits::SELECT_OPTIONS;
    let to = |label, page| {
        button(
            label,
            CustomId::Digested(Digested::Page(digest, page)),
            ButtonStyle::Plain,
        )
    };
    let before = page.checked_sub(1).map(|page| to("Those before", page));
    let after =
        (usize::try_from(page).unwrap_or(usize::MAX) < last).then(|| to("Those after", page + 1));
    let buttons: Vec<_> = before.into_iter().chain(after).collect();
    if !buttons.is_empty() {
        rows.push(Row::Buttons(buttons));
    }
    rows
}

/// The lines of a page.
pub fn page_of(lines: &[Line], page: u32) -> &[Line] {
    let page = usize::try_from(page).unwrap_or(usize::MAX);
    lines
        .chunks(limits::SELECT_OPTIONS)
        .nth(page)
        .unwrap_or_default()
}

fn digest_lists(digest: i64, lines: &[Line], page: u32) -> Vec<Row> {
    let lines = page_of(lines, page);
    let list = |id: Digested, placeholder: &str, can: fn(&&Line) -> bool| {
        let options: Vec<Choice> = lines.iter().filter(can).map(option).collect();
        (!options.is_empty()).then(|| Row::Select {
            custom_id: CustomId::Digested(id).to_string(),
            placeholder: Some(placeholder.to_owned()),
            options,
            min: 1,
            max: 1,
        })
    };
    let take = list(Digested::Take(digest), "Claim or accept…", |line| {
        line.takeable
    });
    let escalate = list(Digested::Escalate(digest), "Escalate…", |line| {
        line.escalable
    });
    let open = list(Digested::Open(digest), "Open…", |_| true);
    [take, escalate, open].into_iter().flatten().collect()
}

fn option(line: &Line) -> Choice {
    let person = if line.person.is_empty() {
        String::new()
    } else {
        format!(" · {}", line.person)
    };
    Choice {
        value: line.id.to_string(),
        label: format!("{} · {}{person}", line.id, line.severity.key()),
        description: Some(line.about.clone()),
        selected: false,
    }
}
