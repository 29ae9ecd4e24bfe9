//! The numbers of what people name: no number that was given is given again, also not after a restore.

use super::{Connection, StoreError};
use crate::domain::ids::{AlertId, IncidentId, PatternId};

/// How many numbers a restore leaves out: more than are given in the time between a backup and what made it needed.
/// Cards and buttons of that time still stand in Discord, and name what the backup does not hold.
const LEFT_OUT: i64 = 100_000;

/// The next numbers. Only inside a write.
#[derive(Debug, Clone, Copy)]
pub struct Next {
    pub alert: AlertId,
    pub incident: IncidentId,
    pub pattern: PatternId,
}

pub async fn next(connection: &mut Connection) -> Result<Next, StoreError> {
    let last = sqlx::query!(
        r#"SELECT MAX(CASE name WHEN 'alerts' THEN seq ELSE 0 END) AS "alert: i64",
              MAX(CASE name WHEN 'incidents' THEN seq ELSE 0 END) AS "incident: i64",
              MAX(CASE name WHEN 'patterns' THEN seq ELSE 0 END) AS "pattern: i64"
           FROM sqlite_sequence"#
    )
    .fetch_one(connection)
    .await?;
    let next = |last: Option<i64>| last.unwrap_or(0) + 1;
    Ok(Next {
        alert: AlertId(next(last.alert)),
        incident: IncidentId(next(last.incident)),
        pattern: PatternId(next(last.pattern)),
    })
}

/// Leaves out numbers everywhere, so that what was given since the copy was made is not given to anything else.
pub(super) async fn leave_out(copy: &mut Connection) -> Result<(), StoreError> {
    // A table that was empty then has given none yet.
    sqlx::query!(
        "INSERT INTO sqlite_sequence (name, seq)
         SELECT name, 0 FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'
            AND name NOT IN (SELECT name FROM sqlite_sequence)"
    )
    .execute(&mut *copy)
    .await?;
    sqlx::query!("UPDATE sqlite_sequence SET seq = seq + ?", LEFT_OUT)
        .execute(copy)
        .await?;
    Ok(())
}
