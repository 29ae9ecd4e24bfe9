//! Backups by the clock: made when due, beside everything else; what came of it is kept, and told where it changed.

use super::{App, AppError};
use crate::domain::backup::Schedule;
use crate::domain::effect::AUDIT;
use crate::domain::ids::ChannelKey;
use crate::store::backup::{self, Fault, Last, Taken};
use crate::store::outbox::Intent;
use crate::store::{self, Connection, StoreError};
use chrono::{DateTime, Utc};
use std::path::PathBuf;

/// Where, when and for whom backups are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub folder: PathBuf,
    pub schedule: Schedule,
    /// So many of the newest stay.
    pub keep: usize,
    pub recipients: Vec<String>,
}

/// What is told about backups.
pub enum BackupWord {
    Failed(Fault),
    Works { last: Option<Last>, failed: Fault },
}

impl App {
    /// Makes a backup if one is due. Gives back whether one was made; one that failed is kept and told, no error.
    pub async fn back_up_if_due(&self, plan: &Plan) -> Result<bool, AppError> {
        let mut reader = self.store.read().await?;
        let last = backup::last_backup(&mut reader).await?;
        let failed = backup::last_backup_fault(&mut reader).await?;
        let instance = store::fact::find(&mut reader, "instance").await?;
        drop(reader);
        let now = self.now();
        let tried = failed.as_ref().map(|fault| fault.tried_at);
        if !plan.schedule.is_due(last.map(|last| last.at), tried, now) {
            return Ok(false);
        }
        let made = self.back_up(plan, &instance.unwrap_or_default(), now).await;
        if let Err(fault) = &made {
            tracing::error!(%fault, "the backup failed");
        }
        let (made, now) = (made.map_err(|fault| fault.to_string()), self.now());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    match made {
                        Ok(taken) => worked(connection, &taken, failed, now).await.map(|()| true),
                        Err(why) => broke(connection, why, failed, now).await.map(|()| false),
                    }
                })
            })
            .await
            .map_err(|fault: StoreError| fault.into())
    }

    async fn back_up(
        &self,
        plan: &Plan,
        instance: &str,
        now: DateTime<Utc>,
    ) -> Result<Taken, StoreError> {
        let name = backup::name(instance, now, !plan.recipients.is_empty());
        let to = plan.folder.join(name);
        let taken = backup::take(self.store.path(), &to, &plan.recipients, now).await?;
        let gone = backup::expire(&plan.folder, instance, plan.keep)?;
        tracing::info!(bytes = taken.bytes, gone, "a backup was made");
        Ok(taken)
    }

    /// What there is to tell about backups now.
    pub async fn backup_word(&self) -> Result<Option<BackupWord>, AppError> {
        let mut reader = self.store.read().await?;
        let Some(failed) = backup::last_backup_fault(&mut reader).await? else {
            return Ok(None);
        };
        if failed.over_at.is_none() {
            return Ok(Some(BackupWord::Failed(failed)));
        }
        let last = backup::last_backup(&mut reader).await?;
        Ok(Some(BackupWord::Works { last, failed }))
    }
}

async fn worked(
    connection: &mut Connection,
    taken: &Taken,
    failed: Option<Fault>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    backup::save_last(connection, &Last::of(taken), now).await?;
    let Some(failed) = failed.filter(|fault| fault.over_at.is_none()) else {
        return Ok(());
    };
    let over = Fault {
        over_at: Some(now),
        ..failed
    };
    backup::save_fault(connection, &over, now).await?;
    tell(connection, now).await
}

/// The first of several in a row is told, and one for another reason.
async fn broke(
    connection: &mut Connection,
    why: String,
    failed: Option<Fault>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let going_on = failed.filter(|fault| fault.over_at.is_none());
    let told = going_on.as_ref().is_some_and(|fault| fault.why == why);
    let fault = Fault {
        since: going_on.map_or(now, |fault| fault.since),
        tried_at: now,
        why,
        over_at: None,
    };
    backup::save_fault(connection, &fault, now).await?;
    if told {
        return Ok(());
    }
    tell(connection, now).await
}

async fn tell(connection: &mut Connection, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (channel, key) = (
        ChannelKey::new(AUDIT),
        format!("backup:{}", now.timestamp()),
    );
    let intent = Intent {
        kind: "tell_backup",
        key: &key,
        incident: None,
        channel: &channel,
        arg: 0,
        rank: 5,
    };
    store::outbox::insert(connection, &intent, now).await
}
