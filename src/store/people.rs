//! Identities, the persons they are linked to, and the guild's members as Discord last told.

use super::codec::{to_json, us};
use super::{Connection, StoreError};
pub use crate::domain::directory::Identity;
use crate::domain::ids::{AccountId, IncidentId, PersonId};
use crate::domain::role::Role;
use chrono::{DateTime, Utc};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The kinds of identity.
pub const KINDS: [&str; 5] = ["upn", "sid", "name", "reference", "account"];

/// For each list of identities the person of the first that is known; else a new one. All identities are then theirs,
/// unless one belongs to somebody already: linking two persons is a decision, not a guess. No identity, no person.
pub async fn find_or_insert_all(
    connection: &mut Connection,
    each: &[&[Identity]],
    now: DateTime<Utc>,
) -> Result<Vec<Option<PersonId>>, StoreError> {
    let mut known = list_known(connection, each).await?;
    let mut persons = Vec::with_capacity(each.len());
    for identities in each {
        let Some(first) = identities.first() else {
            persons.push(None);
            continue;
        };
        let found = identities
            .iter()
            .find_map(|i| known.get(&(i.kind.to_owned(), i.value.clone())).copied());
        let person = match found {
            Some(person) => person,
            None => insert(connection, first, now).await?,
        };
        for identity in *identities {
            let key = (identity.kind.to_owned(), identity.value.clone());
            if let Entry::Vacant(free) = known.entry(key) {
                link(connection, person, identity, now).await?;
                free.insert(person);
            }
        }
        persons.push(Some(person));
    }
    Ok(persons)
}

/// Kind and value.
type IdentityKey = (String, String);

async fn list_known(
    connection: &mut Connection,
    each: &[&[Identity]],
) -> Result<HashMap<IdentityKey, PersonId>, StoreError> {
    let asked = each.iter().flat_map(|all| all.iter());
    let asked: Vec<(&str, &str)> = asked.map(|i| (i.kind, i.value.as_str())).collect();
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let asked = to_json("identities", &asked)?;
    let rows = sqlx::query!(
        r#"SELECT i.kind, i.value, i.person_id FROM json_each(?) j
           CROSS JOIN identities i ON i.kind = json_extract(j.value, '$[0]') AND i.value = json_extract(j.value, '$[1]')"#,
        asked
    )
    .fetch_all(connection)
    .await?;
    let known = rows.into_iter();
    Ok(known
        .map(|row| ((row.kind, row.value), PersonId(row.person_id)))
        .collect())
}

pub async fn find(
    connection: &mut Connection,
    identity: &Identity,
) -> Result<Option<PersonId>, StoreError> {
    let id = sqlx::query_scalar!(
        "SELECT person_id FROM identities WHERE kind = ? AND value = ?",
        identity.kind,
        identity.value
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(PersonId))
}

async fn insert(
    connection: &mut Connection,
    first: &Identity,
    now: DateTime<Utc>,
) -> Result<PersonId, StoreError> {
    let created = us(now);
    let id = sqlx::query!("INSERT INTO persons (created_us) VALUES (?)", created)
        .execute(&mut *connection)
        .await?
        .last_insert_rowid();
    link(connection, PersonId(id), first, now).await?;
    Ok(PersonId(id))
}

async fn link(
    connection: &mut Connection,
    person: PersonId,
    identity: &Identity,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let linked = us(now);
    sqlx::query!(
        "INSERT INTO identities (kind, value, person_id, linked_us) VALUES (?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
        identity.kind,
        identity.value,
        person.0,
        linked
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A member as Discord told: account, name, role keys.
pub async fn save_member(
    connection: &mut Connection,
    account: &AccountId,
    name: &str,
    roles: &BTreeSet<Role>,
    now: DateTime<Utc>,
) -> Result<PersonId, StoreError> {
    let identity = Identity {
        kind: "account",
        value: account.to_string(),
    };
    let person = match find(connection, &identity).await? {
        Some(person) => person,
        None => insert(connection, &identity, now).await?,
    };
    let keys: Vec<&str> = roles.iter().map(|r| r.key()).collect();
    let (account, keys, seen) = (account.as_str(), keys.join(" "), us(now));
    sqlx::query!(
        "INSERT INTO members (account, person_id, name, roles, seen_us) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (account) DO UPDATE SET name = excluded.name, roles = excluded.roles,
            seen_us = excluded.seen_us
         WHERE name != excluded.name OR roles != excluded.roles",
        account,
        person.0,
        name,
        keys,
        seen
    )
    .execute(connection)
    .await?;
    Ok(person)
}

pub async fn delete_member(
    connection: &mut Connection,
    account: &AccountId,
) -> Result<(), StoreError> {
    let account = account.as_str();
    sqlx::query!("DELETE FROM members WHERE account = ?", account)
        .execute(connection)
        .await?;
    Ok(())
}

/// A member of the guild, as kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub account: AccountId,
    pub person: PersonId,
    pub name: String,
    pub roles: BTreeSet<Role>,
}

pub async fn find_member(
    connection: &mut Connection,
    account: &AccountId,
) -> Result<Option<Member>, StoreError> {
    let account = account.as_str();
    let row = sqlx::query!(
        "SELECT account, person_id, name, roles FROM members WHERE account = ?",
        account
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| member(row.account, row.person_id, row.name, &row.roles)))
}

pub async fn list_members(connection: &mut Connection) -> Result<Vec<Member>, StoreError> {
    let rows = sqlx::query!("SELECT account, person_id, name, roles FROM members ORDER BY account")
        .fetch_all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|r| member(r.account, r.person_id, r.name, &r.roles))
        .collect())
}

fn member(account: String, person: i64, name: String, roles: &str) -> Member {
    Member {
        account: AccountId(account),
        person: PersonId(person),
        name,
        roles: roles
            .split(' ')
            .filter_map(|key| key.parse().ok())
            .collect(),
    }
}

/// How people are called where a name may be shown: directory name, else the member's name, else an identity. Of whoever is
/// or was a member of the guild, and of everyone that these incidents speak of.
pub async fn names(
    connection: &mut Connection,
    incidents: &[IncidentId],
) -> Result<BTreeMap<PersonId, String>, StoreError> {
    let incidents = to_json("incidents", &incidents)?;
    let rows = sqlx::query!(
        r#"WITH incident AS (SELECT value AS id FROM json_each(?)),
           asked AS (
              SELECT person_id AS id FROM identities WHERE kind = 'account'
              UNION SELECT c.person_id FROM incident i JOIN incident_persons c ON c.incident_id = i.id
              UNION SELECT e.value FROM incident i JOIN incidents s ON s.id = i.id, json_each(s.state, '$.past_concerned') e
              UNION SELECT h.staff FROM incident i JOIN event_headers h ON h.incident_id = i.id)
           SELECT p.id AS "id!: i64", COALESCE(r.name,
              (SELECT m.name FROM members m WHERE m.person_id = r.id LIMIT 1),
              (SELECT i.value FROM identities i WHERE i.person_id = r.id AND i.kind != 'account'
               ORDER BY CASE i.kind WHEN 'upn' THEN 0 WHEN 'name' THEN 1 ELSE 2 END LIMIT 1),
              'P-' || p.id) AS "name!: String"
           FROM asked a JOIN persons p ON p.id = a.id JOIN persons r ON r.id = COALESCE(p.same_as_id, p.id)"#,
        incidents
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (PersonId(row.id), row.name))
        .collect())
}

/// What a person, and those whose line manager they are, are known by to the sources, in lower case.
pub async fn known_as(
    connection: &mut Connection,
    person: PersonId,
) -> Result<Vec<String>, StoreError> {
    let values = sqlx::query_scalar!(
        r#"WITH me AS (SELECT COALESCE(same_as_id, id) AS id FROM persons WHERE id = ?),
           mine AS (SELECT id FROM me UNION SELECT p.id FROM me JOIN persons p ON p.same_as_id = me.id),
           known AS (
              SELECT id FROM me
              UNION SELECT r.id FROM mine CROSS JOIN persons r ON r.line_manager_id = mine.id AND r.same_as_id IS NULL),
           numbers AS (SELECT id FROM known UNION SELECT p.id FROM known JOIN persons p ON p.same_as_id = known.id)
           SELECT LOWER(i.value) AS "value!: String" FROM numbers n CROSS JOIN identities i ON i.person_id = n.id
           WHERE i.kind != 'account'"#,
        person.0
    )
    .fetch_all(connection)
    .await?;
    Ok(values)
}
