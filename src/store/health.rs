//! The facts of the service's health that stand in the store: numbers and times, no incident and no person.

use super::codec::at;
use super::{Connection, StoreError, audit, event};
use crate::domain::health::{Facts, Unsent, Waiting};
use chrono::{DateTime, Utc};

/// When the auditor ended its last round; its commit is the newest that is sure to come.
pub const AUDITED: &str = "audited";
/// When the last backup was made, and when one last failed: written by whoever makes them.
pub const BACKUP: &str = "last_backup";
pub const BACKUP_FAULT: &str = "last_backup_fault";

/// Adds what the store knows. The findings stand among the facts of the auditor.
pub async fn load(
    connection: &mut Connection,
    mut facts: Facts,
    now: DateTime<Utc>,
) -> Result<Facts, StoreError> {
    facts.unsent = unsent(connection).await?;
    facts.resting = sqlx::query_scalar!(
        r#"SELECT COUNT(*) AS "count!: i64" FROM outbox WHERE state IN ('parked', 'dead') AND state = 'parked'"#
    )
    .fetch_one(&mut *connection)
    .await?;
    facts.quarantined = sqlx::query_scalar!(
        r#"SELECT COUNT(*) AS "count!: i64" FROM quarantine WHERE replayed_us IS NULL"#
    )
    .fetch_one(&mut *connection)
    .await?;
    facts.overdue = audit::overdue(connection, now).await?;
    facts.chain = event::head(connection).await?;
    facts.audited_at = saved_at(connection, AUDITED).await?;
    facts.backup_at = saved_at(connection, BACKUP).await?;
    facts.backup_fault_at = saved_at(connection, BACKUP_FAULT).await?;
    let newest = sqlx::query_scalar!("SELECT at_us FROM event_headers ORDER BY seq DESC LIMIT 1")
        .fetch_optional(connection)
        .await?;
    let newest = newest.map(at).transpose()?;
    facts.committed_at = newest.max(facts.audited_at);
    Ok(facts)
}

async fn unsent(connection: &mut Connection) -> Result<Vec<Unsent>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT channel AS "channel!", COUNT(*) AS "count!: i64", MIN(created_us) AS "since!: i64" FROM outbox
           WHERE state = 'waiting' GROUP BY channel ORDER BY channel"#
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Unsent {
                channel: row.channel,
                waiting: Waiting {
                    count: row.count,
                    since: Some(at(row.since)?),
                },
            })
        })
        .collect()
}

async fn saved_at(
    connection: &mut Connection,
    key: &str,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let saved = sqlx::query_scalar!("SELECT saved_us FROM facts WHERE key = ?", key)
        .fetch_optional(connection)
        .await?;
    saved.map(at).transpose()
}
