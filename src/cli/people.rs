//! `baton people import`: the directory from CSV. Everything that is wrong is told at once, and then nothing is done.
//! It may run beside a live service: the import is one transaction.

mod listing;
#[cfg(test)]
mod tests;

use super::{ImportArgs, StoreArgs, counted, settings, store_in};
use crate::app::playbooks::Playbooks;
use crate::app::{App, AppError};
use crate::domain::directory::{Fault, Listed, Plan};
use crate::runtime::ports::Ports;
use crate::store::Store;
use anyhow::{Context as _, bail};
use chrono_tz::Tz;
use sha2::{Digest as _, Sha256};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// The directory that goes with the sample alerts.
pub fn samples() -> Vec<Listed> {
    listing::read(include_bytes!("../../templates/samples/people.csv")).0
}

/// Prints what is new, changed and gone; exit code 1 where a line keeps the file out.
pub async fn run(args: &ImportArgs, ports: Ports, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let bytes = std::fs::read(&args.file)
        .with_context(|| format!("{} cannot be read", args.file.display()))?;
    let source = hex::encode(Sha256::digest(&bytes));
    let (listed, faults) = listing::read(&bytes);
    let store = store_file(&args.at)?;
    let (store, writing) = Store::beside(&store).await?;
    // Who is whom depends on no playbook.
    let app = App {
        store,
        playbooks: Arc::new(Playbooks::default()),
        clock: ports.clock,
        ids: ports.ids,
        zone: Tz::UTC,
        hours: None,
        arriving: crate::app::intake::waiting(),
        acting: crate::app::act::waiting(),
        watch: Arc::default(),
    };
    let whole = faults.is_empty();
    let work = async move {
        let planned = import(&app, listed, whole, args, source).await;
        // The writer ends with its last handle.
        app.store.close().await;
        planned
    };
    let (planned, ()) = tokio::join!(work, writing);
    let mut plan = planned?;
    plan.faults.extend(faults);
    plan.faults.sort();
    if plan.faults.is_empty() {
        tell(&plan, args.dry_run, out)?;
        return Ok(ExitCode::SUCCESS);
    }
    tell_faults(&plan.faults, out)?;
    Ok(ExitCode::FAILURE)
}

async fn import(
    app: &App,
    listed: Vec<Listed>,
    whole: bool,
    args: &ImportArgs,
    source: String,
) -> Result<Plan, AppError> {
    if !whole || args.dry_run {
        return app.plan_people(&listed, args.merge).await;
    }
    app.import_people(listed, args.merge, source).await
}

/// The file of a store that is there.
pub(super) fn store_file(args: &StoreArgs) -> anyhow::Result<PathBuf> {
    let file = match (&args.config, &args.data) {
        (Some(config), _) => settings(config)?.store.path,
        (None, Some(data)) => store_in(data),
        (None, None) => bail!("name --config or --data"),
    };
    if !file.is_file() {
        bail!(
            "there is no store at {}: start the service once, or name another",
            file.display()
        );
    }
    Ok(file)
}

fn tell_faults(faults: &[Fault], out: &mut dyn Write) -> anyhow::Result<()> {
    for fault in faults {
        writeln!(out, "line {}: {}", fault.line, fault.text)?;
    }
    let count = counted(faults.len(), "finding", "findings");
    writeln!(out, "{count}. Nothing was imported.")?;
    Ok(())
}

fn tell(plan: &Plan, dry_run: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut counts = [0_usize; 3];
    let [new, changed, same] = &mut counts;
    for row in &plan.rows {
        let called = called(&row.listed.key, row.listed.name.as_deref());
        if row.person.is_none() {
            *new += 1;
            writeln!(out, "new      {called}")?;
        } else if row.changes.is_empty() {
            *same += 1;
        } else {
            *changed += 1;
            writeln!(out, "changed  {called}: {}", row.changes.join(", "))?;
        }
    }
    for (key, name) in &plan.gone {
        let called = called(key, name.as_deref());
        writeln!(out, "gone     {called}: not in this file; kept as they are")?;
    }
    let [new, changed, same] = counts;
    let gone = plan.gone.len();
    writeln!(
        out,
        "{new} new, {changed} changed, {same} as before, {gone} gone."
    )?;
    if dry_run {
        writeln!(out, "A dry run: nothing was imported.")?;
    }
    Ok(())
}

fn called(key: &str, name: Option<&str>) -> String {
    let key = crate::render::escape::plain(key);
    match name {
        Some(name) => format!("{key} ({})", crate::render::escape::plain(name)),
        None => key,
    }
}
