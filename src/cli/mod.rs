//! The command line: one enum, a line a subcommand, and those that start no service: `backup`, `check`, `export`, `people`,
//! `replay`, `restore`, `try`, `verify`.
//! They print to a writer that they are given; what is wrong with a call is an error, what is found an exit code.

pub mod backup;
pub mod check;
pub mod export;
pub mod people;
pub mod replay;
pub mod restore;
#[cfg(test)]
mod tests;
pub mod try_body;
pub mod verify;

use clap::{Args, Parser, Subcommand};
#[cfg(feature = "sandbox")]
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The store's file in a data folder.
pub const STORE_FILE: &str = "baton.db";
/// Where the demo keeps everything unless told otherwise.
const DEMO_DATA: &str = "./baton-data";
#[cfg(feature = "sandbox")]
const SANDBOX: &str = "127.0.0.1:8484";
#[cfg(feature = "sandbox")]
const HTTP: &str = "127.0.0.1:8485";

/// Baton passes security incidents from one team to the next without dropping anything.
#[derive(Debug, Parser)]
#[command(name = "baton", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Everything on this machine, no account, no network: sandbox, service, sample alerts
    #[cfg(feature = "sandbox")]
    Demo(DemoArgs),
    /// The service, against Discord or the address in the configuration
    Run(RunArgs),
    /// Says what is wrong or missing before `run`, each with its cure
    Check(CheckArgs),
    /// A copy of the store, whole and proven, while the service runs on
    Backup(BackupArgs),
    /// A backup becomes a store, where none is; proves it first
    Restore(RestoreArgs),
    /// An incident's timeline out of the store; asks for a reason, which the access log keeps
    Export(ExportArgs),
    /// The people directory: who is whom, in which department, under which line manager
    #[command(subcommand)]
    People(PeopleCommand),
    /// Takes quarantined bodies in again, once adapter or sender is mended
    Replay(ReplayArgs),
    /// Proves the history: passes, or names the first entry that does not hold
    Verify(VerifyArgs),
    /// A dry run: what Baton understands of a body; stores nothing
    Try(TryArgs),
    /// The Discord-compatible server alone
    #[cfg(feature = "sandbox")]
    Sandbox(SandboxArgs),
}

#[cfg(feature = "sandbox")]
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Where the sandbox listens; its page is there too
    #[arg(long, value_name = "ADDRESS", default_value = SANDBOX)]
    pub sandbox: SocketAddr,
    /// Where alerts arrive
    #[arg(long, value_name = "ADDRESS", default_value = HTTP)]
    pub http: SocketAddr,
    /// Keeps the store and the sandbox's world; other files in it stay as they are
    #[arg(long, value_name = "DIR", default_value = DEMO_DATA)]
    pub data: PathBuf,
    /// Posts no sample alerts, and tells no sample story
    #[arg(long)]
    pub empty: bool,
}

#[cfg(feature = "sandbox")]
#[derive(Debug, Clone, Args)]
pub struct SandboxArgs {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS", default_value = SANDBOX)]
    pub listen: SocketAddr,
    /// Where a service for it would take alerts
    #[arg(long, value_name = "ADDRESS", default_value = HTTP)]
    pub http: SocketAddr,
    /// Keeps its world, and a configuration for `baton run`
    #[arg(long, value_name = "DIR", default_value = DEMO_DATA)]
    pub data: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// The configuration; see deploy/baton.example.toml
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// The configuration to look at
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

#[derive(Debug, Clone, Subcommand)]
pub enum PeopleCommand {
    /// Takes the directory from a CSV file: all of it, or nothing where a line is not right
    Import(ImportArgs),
}

#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// CSV in UTF-8, with the columns person, name, department, line_manager, account; and, where there are
    /// more identities, sid, domain_name, aliases (separated by `;`)
    pub file: PathBuf,
    /// Says what would change, and changes nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Known persons who stand on one line are one: joins them
    #[arg(long)]
    pub merge: bool,
    #[command(flatten)]
    pub at: StoreArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    Json,
    Csv,
}

#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// Such as INC-42
    #[arg(value_parser = incident)]
    pub incident: crate::domain::ids::IncidentId,
    /// Why it leaves the program
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    #[arg(long, value_enum, default_value_t = ExportFormat::Json)]
    pub format: ExportFormat,
    /// A new file, for its owner only; without it, the standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub at: StoreArgs,
}

fn incident(text: &str) -> Result<crate::domain::ids::IncidentId, &'static str> {
    text.parse().map_err(|()| "an incident is written INC-42")
}

/// Which store is meant.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct StoreArgs {
    /// The configuration that names the store
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The folder of the store
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct ReplayArgs {
    /// The configuration: its store, its sources
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The demo's folder: its store, the demo's sources
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct BackupArgs {
    /// The new file, or a folder for it [default: the folder under [backup] in the configuration, else `backups` beside the
    /// store]
    pub to: Option<PathBuf>,
    /// Seals it for this public key of age, as those of the configuration; may be given several times
    #[arg(long, value_name = "AGE1…")]
    pub recipient: Vec<String>,
    #[command(flatten)]
    pub at: StoreArgs,
}

#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    /// The backup
    pub file: PathBuf,
    /// The file with the private key of age that opens a sealed one
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    #[command(flatten)]
    pub at: StoreArgs,
}

#[derive(Debug, Clone, Args)]
#[group(multiple = false)]
pub struct VerifyArgs {
    /// The configuration that names the store
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The folder of the store [default: ./baton-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct TryArgs {
    /// The source it would come from: purview, defender, generic, or one of the configuration
    pub source: String,
    /// The body, as the source would send it; `-` reads it from the standard input
    pub file: PathBuf,
    /// Prints one JSON object instead of text
    #[arg(long)]
    pub json: bool,
    /// Takes the sources from here instead of the demo's
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// The store in a data folder.
pub fn store_in(data: &Path) -> PathBuf {
    data.join(STORE_FILE)
}

/// The settings in a file with what the environment overrides; all faults, a line each.
pub fn settings(file: &Path) -> anyhow::Result<crate::config::Settings> {
    crate::config::Settings::load(file, crate::config::environment).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(
            "the configuration is not right:\n{}\nMend this, then look again with baton check.",
            lines.join("\n")
        )
    })
}

/// `1 alert`, `2 alerts`.
fn counted(n: usize, one: &str, many: &str) -> String {
    match n {
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}
