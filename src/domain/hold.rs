//! Legal holds by item. While anything is held nothing is deleted, but what Legal has released by its name since:
//! whether two names mean one thing only Legal can tell, so a doubt deletes nothing.

use super::governance::{Choice, Engagement};
use super::ids::PersonId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One item that Legal holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub item: String,
    pub by: PersonId,
    pub at: DateTime<Utc>,
    pub released_at: Option<DateTime<Utc>>,
}

/// One item that Legal has released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub item: String,
    pub by: PersonId,
    pub at: DateTime<Utc>,
}

/// Whether two texts name one item: the same words, whatever their case and spacing.
pub fn same_item(one: &str, other: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let words = text.split_whitespace();
        words.map(str::to_lowercase).collect()
    };
    words(one) == words(other)
}

/// When the newest hold that still stands was placed: of the whole matter, or of an item.
fn newest(engagements: &[Engagement], holds: &[Hold]) -> Option<DateTime<Utc>> {
    let items = holds.iter().filter(|h| h.released_at.is_none());
    let items = items.map(|h| h.at).max();
    whole(engagements).max(items)
}

/// The newest hold of the whole matter, while no later word released it.
fn whole(engagements: &[Engagement]) -> Option<DateTime<Utc>> {
    let words = engagements.iter().flat_map(|e| &e.decisions);
    let last = words
        .filter(|d| matches!(d.choice, Choice::Hold | Choice::ReleaseHold))
        .max_by_key(|d| d.at);
    last.filter(|d| d.choice == Choice::Hold).map(|d| d.at)
}

/// Whether Legal holds anything.
pub fn is_held(engagements: &[Engagement], holds: &[Hold]) -> bool {
    newest(engagements, holds).is_some()
}

/// Whether this item may not be deleted now.
pub fn holds_item(
    item: &str,
    engagements: &[Engagement],
    holds: &[Hold],
    releases: &[Release],
) -> bool {
    newest(engagements, holds).is_some_and(|since| {
        let mut freed = releases.iter().filter(|r| r.at > since);
        !freed.any(|r| same_item(&r.item, item))
    })
}

/// What is held, in words.
pub fn held(engagements: &[Engagement], holds: &[Hold]) -> Vec<String> {
    let everything = whole(engagements).map(|_| "everything".to_owned());
    let items = holds.iter().filter(|h| h.released_at.is_none());
    everything
        .into_iter()
        .chain(items.map(|h| h.item.clone()))
        .collect()
}
