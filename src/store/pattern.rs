//! Known patterns: how each stands, what was done with it, and those that somebody is still writing.

use super::codec::{at, from_json, to_json, us};
use super::{Connection, StoreError};
use crate::domain::ids::{PatternId, PersonId, PlaybookId};
use crate::domain::pattern::{Pattern, Typed, Word};
use crate::domain::role::Role;
use chrono::{DateTime, Utc};

/// One entry of a pattern's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub at: DateTime<Utc>,
    pub by: PersonId,
    pub role: Option<Role>,
    pub kind: String,
    pub expires_at: DateTime<Utc>,
    pub words: String,
}

/// A pattern under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub id: i64,
    pub author: PersonId,
    pub playbook: PlaybookId,
    pub typed: Typed,
}

/// Saves how a pattern stands; its hits are counted apart.
pub async fn save(connection: &mut Connection, pattern: &Pattern) -> Result<(), StoreError> {
    let (id, playbook) = (pattern.id.0, pattern.playbook.as_str());
    let (expires, owner) = (us(pattern.expires_at), pattern.owner.0);
    let (proposed, proposed_by) = (us(pattern.proposed.at), pattern.proposed.by.0);
    let of = |word: Option<Word>| (word.map(|w| us(w.at)), word.map(|w| w.by.0));
    let (approved, approved_by) = of(pattern.approved);
    let (reviewed, reviewed_by) = of(pattern.reviewed);
    let (retired, retired_by) = of(pattern.retired);
    sqlx::query!(
        "INSERT INTO patterns (id, playbook, title, reason, scope, owner_id, expires_us, proposed_us, proposed_by,
            approved_us, approved_by, reviewed_us, reviewed_by, retired_us, retired_by, matched, tried, hits)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
         ON CONFLICT (id) DO UPDATE SET expires_us = excluded.expires_us, approved_us = excluded.approved_us,
            approved_by = excluded.approved_by, reviewed_us = excluded.reviewed_us, reviewed_by = excluded.reviewed_by,
            retired_us = excluded.retired_us, retired_by = excluded.retired_by",
        id,
        playbook,
        pattern.title,
        pattern.reason,
        pattern.scope,
        owner,
        expires,
        proposed,
        proposed_by,
        approved,
        approved_by,
        reviewed,
        reviewed_by,
        retired,
        retired_by,
        pattern.matched,
        pattern.tried
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A dismissal rested on it.
pub async fn count_hit(
    connection: &mut Connection,
    id: PatternId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let hit = us(now);
    sqlx::query!(
        "UPDATE patterns SET hits = hits + 1, last_hit_us = ? WHERE id = ?",
        hit,
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn find(
    connection: &mut Connection,
    id: PatternId,
) -> Result<Option<Pattern>, StoreError> {
    let all = list(connection).await?;
    Ok(all.into_iter().find(|pattern| pattern.id == id))
}

/// All of them, oldest first; its people under the number that stands for the natural person.
pub async fn list(connection: &mut Connection) -> Result<Vec<Pattern>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT t.id, t.playbook, t.title, t.reason, t.scope, t.expires_us, t.proposed_us, t.approved_us, t.reviewed_us,
              t.retired_us, t.matched, t.tried, t.hits, t.last_hit_us,
              COALESCE(o.same_as_id, t.owner_id) AS "owner!: i64",
              COALESCE(p.same_as_id, t.proposed_by) AS "proposed_by!: i64",
              COALESCE(a.same_as_id, t.approved_by) AS "approved_by: i64",
              COALESCE(v.same_as_id, t.reviewed_by) AS "reviewed_by: i64",
              COALESCE(x.same_as_id, t.retired_by) AS "retired_by: i64"
           FROM patterns t JOIN persons o ON o.id = t.owner_id JOIN persons p ON p.id = t.proposed_by
           LEFT JOIN persons a ON a.id = t.approved_by LEFT JOIN persons v ON v.id = t.reviewed_by
           LEFT JOIN persons x ON x.id = t.retired_by ORDER BY t.id"#
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Pattern {
                id: PatternId(row.id),
                playbook: PlaybookId(row.playbook),
                title: row.title,
                reason: row.reason,
                scope: row.scope,
                owner: PersonId(row.owner),
                expires_at: at(row.expires_us)?,
                proposed: Word {
                    by: PersonId(row.proposed_by),
                    at: at(row.proposed_us)?,
                },
                approved: word(row.approved_us, row.approved_by)?,
                reviewed: word(row.reviewed_us, row.reviewed_by)?,
                retired: word(row.retired_us, row.retired_by)?,
                matched: row.matched,
                tried: row.tried,
                hits: row.hits,
                last_hit_at: row.last_hit_us.map(at).transpose()?,
            })
        })
        .collect()
}

fn word(us: Option<i64>, by: Option<i64>) -> Result<Option<Word>, StoreError> {
    us.zip(by)
        .map(|(us, by)| {
            Ok(Word {
                by: PersonId(by),
                at: at(us)?,
            })
        })
        .transpose()
}

/// Appends what was done with a pattern.
pub async fn append(
    connection: &mut Connection,
    id: PatternId,
    entry: &Entry,
) -> Result<(), StoreError> {
    let (at_us, expires) = (us(entry.at), us(entry.expires_at));
    let role = entry.role.map_or("", Role::key);
    sqlx::query!(
        "INSERT INTO pattern_events (pattern_id, number, at_us, staff, role, kind, expires_us, words)
         SELECT ?, COALESCE(MAX(number), 0) + 1, ?, ?, ?, ?, ?, ? FROM pattern_events WHERE pattern_id = ?",
        id.0,
        at_us,
        entry.by.0,
        role,
        entry.kind,
        expires,
        entry.words,
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A pattern's history, oldest first.
pub async fn history(connection: &mut Connection, id: PatternId) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query!(
        "SELECT at_us, staff, role, kind, expires_us, words FROM pattern_events WHERE pattern_id = ? ORDER BY number",
        id.0
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Entry {
                at: at(row.at_us)?,
                by: PersonId(row.staff),
                role: row.role.parse().ok(),
                kind: row.kind,
                expires_at: at(row.expires_us)?,
                words: row.words,
            })
        })
        .collect()
}

/// The author's draft for this playbook, made when there is none.
pub async fn find_or_insert_draft(
    connection: &mut Connection,
    author: PersonId,
    playbook: &PlaybookId,
    now: DateTime<Utc>,
) -> Result<Draft, StoreError> {
    let (key, saved) = (playbook.as_str(), us(now));
    let empty = to_json("a pattern's draft", &Typed::default())?;
    let row = sqlx::query!(
        "INSERT INTO pattern_drafts (author_id, playbook, saved_us, body) VALUES (?, ?, ?, ?)
         ON CONFLICT (author_id, playbook) DO UPDATE SET saved_us = excluded.saved_us RETURNING id, body",
        author.0,
        key,
        saved,
        empty
    )
    .fetch_one(connection)
    .await?;
    Ok(Draft {
        id: row.id,
        author,
        playbook: playbook.clone(),
        typed: from_json("a pattern's draft", &row.body)?,
    })
}

pub async fn find_draft(connection: &mut Connection, id: i64) -> Result<Option<Draft>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, author_id, playbook, body FROM pattern_drafts WHERE id = ?",
        id
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Draft {
            id: row.id,
            author: PersonId(row.author_id),
            playbook: PlaybookId(row.playbook),
            typed: from_json("a pattern's draft", &row.body)?,
        })
    })
    .transpose()
}

pub async fn save_draft(
    connection: &mut Connection,
    id: i64,
    typed: &Typed,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (body, saved) = (to_json("a pattern's draft", typed)?, us(now));
    sqlx::query!(
        "UPDATE pattern_drafts SET body = ?, saved_us = ? WHERE id = ?",
        body,
        saved,
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A draft that became a pattern is gone.
pub async fn delete_draft(connection: &mut Connection, id: i64) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM pattern_drafts WHERE id = ?", id)
        .execute(connection)
        .await?;
    Ok(())
}
