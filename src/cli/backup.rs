//! `baton backup`: a copy of the store, made beside a live service.

use super::people::store_file;
use super::{BackupArgs, settings};
use crate::config::BackupSettings;
use crate::runtime::ports::Ports;
use crate::store::backup::{self, Contents, Last, Taken};
use crate::store::{Store, StoreError, fact};
use anyhow::Context as _;
use chrono::{DateTime, Utc};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Makes the copy and says where it lies, what it holds and who can read it.
pub async fn run(args: &BackupArgs, ports: Ports, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let store = store_file(&args.at)?;
    let plan = match &args.at.config {
        Some(config) => settings(config)?.backup,
        None => None,
    };
    let mut recipients = args.recipient.clone();
    recipients.extend(plan.iter().flat_map(|plan| plan.recipients.clone()));
    let now = ports.clock.now();
    let to = target(args, plan.as_ref(), &store, !recipients.is_empty(), now).await?;
    let taken = backup::take(&store, &to, &recipients, now)
        .await
        .context("there is no new backup")?;
    tell(&taken, recipients.len(), out)?;
    if let Err(fault) = note(&store, &taken, now).await {
        writeln!(out, "\nThe store could not note that it was made: {fault}")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn target(
    args: &BackupArgs,
    plan: Option<&BackupSettings>,
    store: &Path,
    sealed: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<PathBuf> {
    let folder = match (&args.to, plan) {
        (Some(to), _) if !to.is_dir() => return Ok(to.clone()),
        (Some(folder), _) => folder.clone(),
        (None, Some(plan)) => plan.dir.clone(),
        (None, None) => store.with_file_name("backups"),
    };
    let readers = Store::open_readers(store).await?;
    let instance = async {
        let mut reader = readers.acquire().await?;
        Ok::<_, anyhow::Error>(fact::find(&mut reader, "instance").await?)
    };
    let instance = instance.await;
    readers.close().await;
    // A store that no service ever ran has no name yet.
    let instance = instance?.unwrap_or_else(|| "new".to_owned());
    Ok(folder.join(backup::name(&instance, now, sealed)))
}

/// Keeps in the store that this backup was made.
async fn note(store: &Path, taken: &Taken, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (store, writing) = Store::beside(store).await?;
    let last = Last::of(taken);
    let work = async move {
        let saved = store
            .write(move |c| Box::pin(async move { backup::save_last(c, &last, now).await }))
            .await;
        store.close().await;
        saved
    };
    let (saved, ()) = tokio::join!(work, writing);
    saved
}

fn tell(taken: &Taken, recipients: usize, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "backup     {}", taken.file.display())?;
    writeln!(out, "bytes      {}", taken.bytes)?;
    tell_contents(&taken.contents, out)?;
    if taken.sealed {
        let whom = super::counted(recipients, "recipient", "recipients");
        writeln!(out, "sealed     for {whom}; only their keys open it")?;
    } else {
        writeln!(
            out,
            "sealed     no\n\nThis file lies open at {}: whoever can read it reads everything in it. Seal the next one with \
             --recipient, or with `recipients` under [backup].",
            taken.file.display()
        )?;
    }
    Ok(())
}

pub(super) fn tell_contents(contents: &Contents, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "taken      {}",
        contents.taken_at.format("%Y-%m-%d %H:%M:%SZ")
    )?;
    writeln!(out, "alerts     {}", contents.alerts)?;
    writeln!(out, "incidents  {}", contents.incidents)?;
    writeln!(out, "events     {}", contents.events)?;
    writeln!(out, "views      {}", contents.views)?;
    let head = match contents.head.as_str() {
        "" => "none yet",
        head => head,
    };
    writeln!(out, "head       {head}")?;
    Ok(())
}

#[cfg(test)]
mod tests;
