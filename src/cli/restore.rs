//! `baton restore`: a backup becomes a store, in a place where none is.

use super::backup::tell_contents;
use super::{RestoreArgs, settings, store_in};
use crate::app::Clock;
use crate::store::backup::restore;
use anyhow::{Context as _, bail};
use std::io::Write;
use std::process::ExitCode;

/// Restores, or leaves nothing behind and says why not.
pub async fn run(
    args: &RestoreArgs,
    clock: &dyn Clock,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let store = match (&args.at.config, &args.at.data) {
        (Some(config), _) => settings(config)?.store.path,
        (None, Some(data)) => store_in(data),
        (None, None) => bail!("name --config or --data"),
    };
    if !args.file.is_file() {
        bail!("there is no backup at {}", args.file.display());
    }
    let restored = restore(&args.file, &store, args.identity.as_deref(), clock.now());
    let (contents, _) = restored.await.context("nothing was restored")?;
    writeln!(out, "store      {}", store.display())?;
    tell_contents(&contents, out)?;
    writeln!(
        out,
        "\nIt holds what the backup states, and its history holds. Compare the head with the copy outside, then start the \
         service. What came in after the backup is not in it: let the sources send it again; cards of that time in Discord \
         belong to nothing any more, delete them. 100,000 numbers are left out, so that no INC or ALR number of that time \
         is given to something else."
    )?;
    Ok(ExitCode::SUCCESS)
}
