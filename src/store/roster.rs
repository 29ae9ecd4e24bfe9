//! The roster: who is named on a side, with deputy and absence.

use super::codec::us;
use super::{Connection, StoreError};
use crate::domain::ids::PersonId;
use crate::domain::role::Role;
use chrono::{DateTime, Utc};

/// One entry, in the order of its side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub side: Role,
    pub person: PersonId,
    pub absent: bool,
}

/// Replaces a side's people: the first is the contact, the next the deputy.
pub async fn save(
    connection: &mut Connection,
    side: Role,
    people: &[PersonId],
    by: PersonId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (side, saved) = (side.key(), us(now));
    sqlx::query!("DELETE FROM roster WHERE side = ?", side)
        .execute(&mut *connection)
        .await?;
    for (place, person) in people.iter().enumerate() {
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        sqlx::query!(
            "INSERT INTO roster (side, place, person_id, absent, saved_us, saved_by)
             VALUES (?, ?, ?, 0, ?, ?)",
            side,
            place,
            person.0,
            saved,
            by.0
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// Marks a person absent, or back, on every side. False when they stand on none.
pub async fn save_absence(
    connection: &mut Connection,
    person: PersonId,
    absent: bool,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let saved = us(now);
    let done = sqlx::query!(
        "UPDATE roster SET absent = ?, saved_us = ? WHERE person_id = ?",
        absent,
        saved,
        person.0
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub async fn list(connection: &mut Connection) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT side, person_id, absent AS "absent: bool" FROM roster ORDER BY side, place"#
    )
    .fetch_all(connection)
    .await?;
    let entries = rows.into_iter().filter_map(|row| {
        let side = row.side.parse().ok()?;
        Some(Entry {
            side,
            person: PersonId(row.person_id),
            absent: row.absent,
        })
    });
    Ok(entries.collect())
}

/// What stands before a person's number in the key of their contact hours.
const HOURS: &str = "hours:";

/// Keeps a person's contact hours as they wrote them, or forgets them.
pub async fn save_hours(
    connection: &mut Connection,
    person: PersonId,
    hours: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // An empty text stands for none.
    let key = format!("{HOURS}{}", person.0);
    super::fact::save(connection, &key, hours.unwrap_or_default(), now).await
}

/// Everybody who named their hours, as text.
pub async fn list_hours(
    connection: &mut Connection,
) -> Result<Vec<(PersonId, String)>, StoreError> {
    let rows = super::fact::list(connection, HOURS).await?;
    let named = rows.into_iter().filter_map(|(key, text)| {
        let person = key.strip_prefix(HOURS)?.parse().ok()?;
        Some((PersonId(person), text)).filter(|(_, text)| !text.is_empty())
    });
    Ok(named.collect())
}
