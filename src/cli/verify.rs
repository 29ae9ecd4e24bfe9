//! `baton verify`: the proof of the history, by readers only, so that it may run beside a live service.

use super::{VerifyArgs, settings, store_in};
use crate::store::verify::{Proof, verify};
use crate::store::{Store, StoreError};
use anyhow::bail;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Prints what was proven; exit code 1 where an entry does not hold.
pub async fn run(args: &VerifyArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let file = store_file(args)?;
    if !file.is_file() {
        bail!(
            "there is no store at {}. Name the folder of the store with --data, or the configuration with --config.",
            file.display()
        );
    }
    match proof(&file).await {
        Ok(proof) => tell(&proof, &file, out),
        Err(fault) => {
            writeln!(
                out,
                "FAULT  {} cannot be read through: {fault}\nKeep a copy of the file as it is, then restore a backup.",
                file.display()
            )?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn store_file(args: &VerifyArgs) -> anyhow::Result<PathBuf> {
    match (&args.config, &args.data) {
        (Some(config), _) => Ok(settings(config)?.store.path),
        (None, Some(data)) => Ok(store_in(data)),
        (None, None) => Ok(store_in(Path::new(super::DEMO_DATA))),
    }
}

async fn proof(file: &Path) -> Result<Proof, StoreError> {
    let readers = Store::open_readers(file).await?;
    let mut reader = readers.acquire().await?;
    let proof = verify(&mut reader).await;
    drop(reader);
    readers.close().await;
    proof
}

fn tell(proof: &Proof, file: &Path, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    writeln!(out, "store      {}", file.display())?;
    writeln!(out, "events     {}", proof.events)?;
    writeln!(out, "incidents  {}", proof.incidents)?;
    writeln!(out, "views      {}", proof.views)?;
    writeln!(out, "purged     {}", proof.purged)?;
    let head = match proof.head.as_str() {
        "" => "none yet",
        head => head,
    };
    writeln!(out, "head       {head}")?;
    if let Some(fault) = &proof.fault {
        writeln!(out, "\nFAULT  {fault}")?;
        writeln!(
            out,
            "This is the first entry that does not hold; what stands behind it is not proven. Keep a copy of the \
             file as it is."
        )?;
        return Ok(ExitCode::FAILURE);
    }
    writeln!(
        out,
        "\nThe history holds: every entry follows the one before it, and each incident's state is what its entries \
         lead to. A cut tail shows only against the head kept outside: compare the head above with that copy."
    )?;
    Ok(ExitCode::SUCCESS)
}
