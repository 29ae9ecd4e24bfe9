//! A copy becomes a store again, where none is; or nothing is left of the try.

use super::contents::STATED;
use super::{Contents, at, beside, create, fault, look_through, remove, seal, sync, sync_folder};
use crate::store::verify::{Proof, verify};
use crate::store::{StoreError, lock, number, open};
use chrono::{DateTime, Utc};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use std::path::Path;

/// What belongs to a store beside its file.
const BELONGING: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Restores `file` as the store at `to`. `keys` opens a sealed one. What was restored and proven comes back.
pub async fn restore(
    file: &Path,
    to: &Path,
    keys: Option<&Path>,
    now: DateTime<Utc>,
) -> Result<(Contents, Proof), StoreError> {
    for ending in BELONGING {
        let there = beside(to, ending);
        if there.exists() {
            return Err(fault(format!(
                "{} is there already, and nothing is ever written over. Move it away, or name another folder.",
                there.display()
            )));
        }
    }
    let partial = beside(to, ".restoring");
    create(&partial)?;
    let restored = async {
        let _alone = lock::hold(to)?;
        bring(file, &partial, keys).await?;
        let proven = prove(&partial, now).await?;
        sync(&partial)?;
        std::fs::rename(&partial, to).map_err(|why| at(to, &why))?;
        sync_folder(to)?;
        Ok(proven)
    }
    .await;
    if restored.is_err() {
        for ending in BELONGING {
            remove(&beside(&partial, ending));
        }
    }
    restored
}

async fn bring(file: &Path, partial: &Path, keys: Option<&Path>) -> Result<(), StoreError> {
    match (seal::is_sealed(file)?, keys) {
        (false, _) => std::fs::copy(file, partial)
            .and_then(|_| open::private(partial))
            .map_err(|why| at(file, &why)),
        (true, Some(keys)) => seal::open(file, keys, partial).await,
        (true, None) => Err(fault(format!(
            "{} is sealed. Name the file with the key with --identity.",
            file.display()
        ))),
    }
}

/// Holds the copy against what it states, and its history against itself; then it may be used.
async fn prove(partial: &Path, now: DateTime<Utc>) -> Result<(Contents, Proof), StoreError> {
    let options = SqliteConnectOptions::new().filename(partial);
    let mut copy = SqliteConnection::connect_with(&options).await?;
    look_through(&mut copy).await?;
    let stated = Contents::stated(&mut copy).await?;
    let found = Contents::of(&mut copy, stated.taken_at).await?;
    if let Some(why) = stated.differs(&found) {
        return Err(fault(format!("the copy was changed: {why}")));
    }
    open::MIGRATIONS.run(&mut copy).await?;
    let proof = verify(&mut copy).await?;
    if let Some(why) = &proof.fault {
        return Err(fault(format!("its history does not hold: {why}")));
    }
    if (proof.events, &proof.head) != (stated.events, &stated.head) || proof.views != stated.views {
        return Err(fault(
            "its history is not the one that it states".to_owned(),
        ));
    }
    begin_anew(&mut copy, now).await?;
    copy.close().await?;
    Ok((stated, proof))
}

/// What counted for the store that is gone: its connection to Discord, its name, under which Discord may still refuse as
/// sent already what another entry of the same number sends now, and the numbers that it gave after the copy was made.
async fn begin_anew(copy: &mut SqliteConnection, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM facts WHERE key IN (?, 'gateway_session', 'instance')",
        STATED
    )
    .execute(&mut *copy)
    .await?;
    number::leave_out(copy).await?;
    crate::store::fact::save(copy, "restored", &now.to_rfc3339(), now).await
}
