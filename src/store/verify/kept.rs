//! What is kept under its hash, against that hash: raw bodies and the texts of playbooks.

use crate::store::codec::{sha256, to_json};
use crate::store::{Connection, StoreError};
use tokio::task::spawn_blocking;

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

struct Body {
    row: i64,
    alert_id: i64,
    sha256: String,
    raw: Vec<u8>,
}

async fn list_after(connection: &mut Connection, row: i64) -> Result<Vec<Body>, StoreError> {
    let bodies = sqlx::query_as!(
        Body,
        r#"SELECT rowid AS "row!: i64", alert_id, sha256, body AS raw FROM raw_bodies WHERE rowid > ? ORDER BY rowid LIMIT ?"#,
        row,
        CHUNK
    )
    .fetch_all(connection)
    .await?;
    Ok(bodies)
}

async fn raw_bodies(connection: &mut Connection) -> Result<Option<String>, StoreError> {
    let mut bodies = list_after(connection, 0).await?;
    while let Some(last) = bodies.last() {
        let last = last.row;
        let changed = |body: &Body| sha256(&[&body.raw]) != body.sha256;
        let proving = spawn_blocking(move || bodies.into_iter().find(changed));
        // The next are read while these are proven.
        let (found, next) = tokio::join!(proving, list_after(connection, last));
        if let Some(changed) = found.map_err(|_| StoreError::broke_off())? {
            return Ok(Some(format!(
                "raw body of ALR-{}: it was changed",
                changed.alert_id
            )));
        }
        bodies = next?;
    }
    Ok(None)
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
