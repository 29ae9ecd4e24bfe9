//! Forms under way. A page is kept as it was sent, before anything is checked.

use super::codec::{at, from_json, to_json, us};
use super::{Connection, StoreError};
use crate::domain::form::Body;
use crate::domain::ids::{DraftId, IncidentId, PersonId, TransitionId};
use chrono::{DateTime, Utc};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub id: DraftId,
    pub incident: IncidentId,
    pub transition: TransitionId,
    pub author: PersonId,
    pub open: bool,
    pub saved_at: DateTime<Utc>,
    pub body: Body,
}

/// The author's open draft for this step, made when there is none.
pub async fn find_or_insert(
    connection: &mut Connection,
    incident: IncidentId,
    transition: &TransitionId,
    author: PersonId,
    now: DateTime<Utc>,
) -> Result<Draft, StoreError> {
    let (key, at_us) = (transition.as_str(), us(now));
    let empty = to_json("a draft", &Body::default())?;
    sqlx::query!(
        "INSERT INTO drafts (incident_id, transition, author_id, state, created_us, saved_us, body)
         VALUES (?, ?, ?, 'open', ?, ?, ?)
         ON CONFLICT (incident_id, transition, author_id) WHERE state = 'open' DO NOTHING",
        incident.0,
        key,
        author.0,
        at_us,
        at_us,
        empty
    )
    .execute(&mut *connection)
    .await?;
    let id = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM drafts
           WHERE incident_id = ? AND transition = ? AND author_id = ? AND state = 'open'"#,
        incident.0,
        key,
        author.0
    )
    .fetch_one(&mut *connection)
    .await?;
    load(connection, DraftId(id)).await
}

pub async fn load(connection: &mut Connection, id: DraftId) -> Result<Draft, StoreError> {
    find(connection, id)
        .await?
        .ok_or_else(|| StoreError::Missing {
            what: "draft",
            key: id.to_string(),
        })
}

pub async fn find(connection: &mut Connection, id: DraftId) -> Result<Option<Draft>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, incident_id, transition, author_id, state, saved_us, body FROM drafts WHERE id = ?",
        id.0
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Draft {
            id: DraftId(row.id),
            incident: IncidentId(row.incident_id),
            transition: TransitionId(row.transition),
            author: PersonId(row.author_id),
            open: row.state == "open",
            saved_at: at(row.saved_us)?,
            body: from_json("a draft", &row.body)?,
        })
    })
    .transpose()
}

/// A person's open drafts, newest first.
pub async fn list_open(
    connection: &mut Connection,
    author: PersonId,
) -> Result<Vec<Draft>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM drafts WHERE author_id = ? AND state = 'open' ORDER BY saved_us DESC LIMIT 25",
        author.0
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut drafts = Vec::with_capacity(ids.len());
    for id in ids {
        drafts.push(load(connection, DraftId(id)).await?);
    }
    Ok(drafts)
}

pub async fn save(
    connection: &mut Connection,
    id: DraftId,
    body: &Body,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (text, saved) = (to_json("a draft", body)?, us(now));
    sqlx::query!(
        "UPDATE drafts SET body = ?, saved_us = ? WHERE id = ?",
        text,
        saved,
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Closes a draft: its record stands in the history now.
pub async fn submit(
    connection: &mut Connection,
    id: DraftId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let saved = us(now);
    sqlx::query!(
        "UPDATE drafts SET state = 'submitted', saved_us = ? WHERE id = ?",
        saved,
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}
