//! The access log: who looked at what, chained like the history and not mixed into it.

use super::codec::{sha256, us};
use super::{Connection, StoreError};
use crate::domain::ids::{IncidentId, PersonId};
use chrono::{DateTime, Utc};

/// One view.
pub struct View<'a> {
    pub at: DateTime<Utc>,
    pub by: PersonId,
    /// What was opened, a key: `details`.
    pub what: &'static str,
    pub incident: IncidentId,
    /// The stated reason, where one is asked; kept apart, so that it can be purged.
    pub reason: Option<&'a str>,
    pub salt: [u8; 16],
}

/// What a hash covers: the columns, and the hash of the view before.
pub struct Header {
    pub seq: i64,
    pub at_us: i64,
    pub staff: i64,
    pub what: String,
    pub incident_id: i64,
    pub reason_hash: String,
    pub previous: String,
}

impl Header {
    pub fn hash(&self) -> String {
        let text = format!(
            "{}\n{}\n{}\n{}\n{}\n{}\n{}",
            self.seq,
            self.at_us,
            self.staff,
            self.what,
            self.incident_id,
            self.reason_hash,
            self.previous
        );
        sha256(&[text.as_bytes()])
    }
}

pub async fn append(connection: &mut Connection, view: &View<'_>) -> Result<(), StoreError> {
    let last = sqlx::query!(
        r#"SELECT seq, lower(hex(hash)) AS "hash!: String" FROM access_headers ORDER BY seq DESC LIMIT 1"#
    )
    .fetch_optional(&mut *connection)
    .await?;
    let header = Header {
        seq: last.as_ref().map_or(1, |l| l.seq + 1),
        at_us: us(view.at),
        staff: view.by.0,
        what: view.what.to_owned(),
        incident_id: view.incident.0,
        reason_hash: view.reason.map_or_else(String::new, |reason| {
            sha256(&[&view.salt, reason.as_bytes()])
        }),
        previous: last.map_or_else(String::new, |l| l.hash),
    };
    let hash = header.hash();
    sqlx::query!(
        "INSERT INTO access_headers (seq, at_us, staff, what, incident_id, reason_hash, hash)
         VALUES (?, ?, ?, ?, ?, unhex(?), unhex(?))",
        header.seq,
        header.at_us,
        header.staff,
        header.what,
        header.incident_id,
        header.reason_hash,
        hash
    )
    .execute(&mut *connection)
    .await?;
    if let Some(reason) = view.reason {
        let salt = view.salt.as_slice();
        sqlx::query!(
            "INSERT INTO access_reasons (seq, salt, reason) VALUES (?, ?, ?)",
            header.seq,
            salt,
            reason
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}
