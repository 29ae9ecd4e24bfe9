//! What is kept under its hash, against that hash: raw bodies and the texts of playbooks.

use crate::store::codec::{sha256, to_json};
use crate::store::{Connection, StoreError};

/// Bodies read at a time: they may be large.
const CHUNK: i64 = 50;
/// Openings whose bodies are looked for together.
const TOGETHER: usize = 200;

/// The first that does not match, as a sentence.
pub(super) async fn check(
    connection: &mut Connection,
    opened_from: &[(i64, String)],
) -> Result<Option<String>, StoreError> {
    if let Some(fault) = playbooks(connection).await? {
        return Ok(Some(fault));
    }
    match raw_bodies(connection).await? {
        Some(fault) => Ok(Some(fault)),
        None => openings(connection, opened_from).await,
    }
}

async fn playbooks(connection: &mut Connection) -> Result<Option<String>, StoreError> {
    let rows = sqlx::query!("SELECT id, version, hash, body FROM playbooks ORDER BY id, version")
        .fetch_all(connection)
        .await?;
    let changed = rows
        .iter()
        .find(|row| sha256(&[row.body.as_bytes()]) != row.hash);
    Ok(changed.map(|row| {
        format!(
            "playbook {} version {}: its text was changed",
            row.id, row.version
        )
    }))
}

async fn raw_bodies(connection: &mut Connection) -> Result<Option<String>, StoreError> {
    let mut from = 0;
    loop {
        let rows = sqlx::query!(
            r#"SELECT rowid AS "row!: i64", alert_id, sha256, body FROM raw_bodies
               WHERE rowid > ? ORDER BY rowid LIMIT ?"#,
            from,
            CHUNK
        )
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        from = last.row;
        if let Some(changed) = rows.iter().find(|row| sha256(&[&row.body]) != row.sha256) {
            return Ok(Some(format!(
                "raw body of ALR-{}: it was changed",
                changed.alert_id
            )));
        }
    }
}

/// The bodies that the openings name are there.
async fn openings(
    connection: &mut Connection,
    opened_from: &[(i64, String)],
) -> Result<Option<String>, StoreError> {
    for some in opened_from.chunks(TOGETHER) {
        let asked = to_json("the bodies of openings", &some)?;
        let missing = sqlx::query_scalar!(
            r#"SELECT json_extract(j.value, '$[0]') AS "alert!: i64" FROM json_each(?) j
               WHERE NOT EXISTS (SELECT 1 FROM raw_bodies r
                    WHERE r.alert_id = json_extract(j.value, '$[0]') AND r.sha256 = json_extract(j.value, '$[1]'))
               ORDER BY j.key LIMIT 1"#,
            asked
        )
        .fetch_optional(&mut *connection)
        .await?;
        if let Some(alert) = missing {
            return Ok(Some(format!(
                "ALR-{alert}: the body from which its incident was opened is not there any more"
            )));
        }
    }
    Ok(None)
}
