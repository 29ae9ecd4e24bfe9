//! The people directory: persons with its facts, whose identities are whose, and which import linked them.

use super::codec::us;
use super::people::KINDS;
use super::{Connection, StoreError};
use crate::domain::directory::{Directory, Identity, Known, Planned};
use crate::domain::ids::PersonId;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Everyone, and what they are known by. Two persons that were joined are one here.
pub async fn load(connection: &mut Connection) -> Result<Directory, StoreError> {
    let acted = sqlx::query_scalar!(
        r#"SELECT staff AS "staff!: i64" FROM event_headers UNION SELECT staff FROM access_headers"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let acted: BTreeSet<i64> = acted.into_iter().collect();
    let persons = sqlx::query!(
        r#"SELECT p.id, p.directory_key, p.name, p.department,
              COALESCE(m.same_as_id, m.id) AS "line_manager?: i64"
           FROM persons p LEFT JOIN persons m ON m.id = p.line_manager_id
           WHERE p.same_as_id IS NULL"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let identities = sqlx::query!("SELECT kind, value, person_id FROM identities")
        .fetch_all(connection)
        .await?;
    let known = persons.into_iter().map(|row| {
        let known = Known {
            key: row.directory_key,
            name: row.name,
            department: row.department,
            line_manager: row.line_manager.map(PersonId),
            acted: acted.contains(&row.id),
        };
        (PersonId(row.id), known)
    });
    let linked = identities.into_iter().filter_map(|row| {
        let kind = KINDS.into_iter().find(|kind| *kind == row.kind)?;
        let identity = Identity {
            kind,
            value: row.value,
        };
        Some((identity, PersonId(row.person_id)))
    });
    Ok(Directory {
        persons: known.collect(),
        identities: linked.collect(),
    })
}

/// Who imports, and when: stands beside each link.
#[derive(Debug, Clone)]
pub struct Import {
    pub at: DateTime<Utc>,
    /// The file, by its hash.
    pub source: String,
}

/// Carries out one line but for the line manager, whom a later line may bring.
pub async fn save(
    connection: &mut Connection,
    planned: &Planned,
    import: &Import,
) -> Result<PersonId, StoreError> {
    let at = us(import.at);
    let person = if let Some(person) = planned.person {
        person
    } else {
        let row = sqlx::query!("INSERT INTO persons (created_us) VALUES (?)", at)
            .execute(&mut *connection)
            .await?;
        PersonId(row.last_insert_rowid())
    };
    for other in &planned.joins {
        join(connection, person, *other, import).await?;
    }
    let listed = &planned.listed;
    sqlx::query!(
        "UPDATE persons SET directory_key = ?, name = ?, department = ?, listed_us = ? WHERE id = ?",
        listed.key,
        listed.name,
        listed.department,
        at,
        person.0
    )
    .execute(&mut *connection)
    .await?;
    for (identity, was) in &planned.links {
        link(connection, identity, person, *was, import).await?;
    }
    Ok(person)
}

/// Keys that move between persons stand in the way of each other: all are freed before any is given.
pub async fn delete_keys(
    connection: &mut Connection,
    planned: &[Planned],
) -> Result<(), StoreError> {
    for row in planned {
        for person in row.person.iter().chain(&row.joins) {
            sqlx::query!(
                "UPDATE persons SET directory_key = NULL WHERE id = ?",
                person.0
            )
            .execute(&mut *connection)
            .await?;
        }
    }
    Ok(())
}

/// The line manager of a person, by the key of the directory; none where it is empty.
pub async fn save_line_manager(
    connection: &mut Connection,
    person: PersonId,
    key: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE persons SET line_manager_id = (SELECT m.id FROM persons m WHERE m.directory_key = ?) WHERE id = ?",
        key,
        person.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn link(
    connection: &mut Connection,
    identity: &Identity,
    person: PersonId,
    was: Option<PersonId>,
    import: &Import,
) -> Result<(), StoreError> {
    let (at, was) = (us(import.at), was.map(|w| w.0));
    sqlx::query!(
        "INSERT INTO identities (kind, value, person_id, linked_us) VALUES (?, ?, ?, ?)
         ON CONFLICT (kind, value) DO UPDATE SET person_id = excluded.person_id, linked_us = excluded.linked_us",
        identity.kind,
        identity.value,
        person.0,
        at
    )
    .execute(&mut *connection)
    .await?;
    if identity.kind == "account" {
        sqlx::query!(
            "UPDATE members SET person_id = ? WHERE account = ?",
            person.0,
            identity.value
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query!(
        "INSERT INTO identity_links (at_us, source, kind, value, person_id, was_person_id)
         VALUES (?, ?, ?, ?, ?, ?)",
        at,
        import.source,
        identity.kind,
        identity.value,
        person.0,
        was
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// From here on the other is this person. What the history says of the other stays under their number.
async fn join(
    connection: &mut Connection,
    person: PersonId,
    other: PersonId,
    import: &Import,
) -> Result<(), StoreError> {
    let theirs = sqlx::query!(
        "SELECT kind, value FROM identities WHERE person_id = ?",
        other.0
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in theirs {
        if let Some(kind) = KINDS.into_iter().find(|kind| *kind == row.kind) {
            let identity = Identity {
                kind,
                value: row.value,
            };
            link(connection, &identity, person, Some(other), import).await?;
        }
    }
    sqlx::query!(
        "UPDATE members SET person_id = ? WHERE person_id = ?",
        person.0,
        other.0
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE roster SET person_id = ? WHERE person_id = ?",
        person.0,
        other.0
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE persons SET same_as_id = ? WHERE id = ? OR same_as_id = ?",
        person.0,
        other.0,
        other.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What the directory says of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    pub department: Option<String>,
    /// In the directory, or with a line manager all the same: their walls can be computed.
    pub walls_known: bool,
}

pub async fn find(
    connection: &mut Connection,
    person: PersonId,
) -> Result<Option<Entry>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT r.department,
              (r.listed_us IS NOT NULL OR r.line_manager_id IS NOT NULL) AS "walls_known!: bool"
           FROM persons p JOIN persons r ON r.id = COALESCE(p.same_as_id, p.id) WHERE p.id = ?"#,
        person.0
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Entry {
        department: row.department,
        walls_known: row.walls_known,
    }))
}
