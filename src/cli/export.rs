//! `baton export`: an incident's timeline out of the store, as JSON or CSV, on a reason that the access log keeps.

use super::people::store_file;
use super::{ExportArgs, ExportFormat};
use crate::app::export::{Export, Exported};
use crate::app::playbooks::Playbooks;
use crate::app::{App, AppError};
use crate::domain::incident::Refusal;
use crate::runtime::ports::Ports;
use crate::store::Store;
use anyhow::{Context as _, anyhow, bail};
use chrono::SecondsFormat;
use chrono_tz::Tz;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Prints the timeline, or writes it to a new file that only its owner reads.
pub async fn run(args: &ExportArgs, ports: Ports, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if args.reason.trim().is_empty() {
        bail!("--reason is empty: say why this leaves the program; the access log keeps it");
    }
    let store = store_file(&args.at)?;
    // Before anything is logged: a view that could not be written is none.
    let mut file = args.out.as_deref().map(create).transpose()?;
    let (store, writing) = Store::beside(&store).await?;
    let app = App {
        store,
        // Each incident's own version is in the store.
        playbooks: Arc::new(Playbooks::default()),
        clock: ports.clock,
        ids: ports.ids,
        zone: Tz::UTC,
        hours: None,
        arriving: crate::app::intake::waiting(),
        acting: crate::app::act::waiting(),
        watch: Arc::default(),
    };
    let work = async move {
        let exported = app.export(args.incident, args.reason.clone()).await;
        app.store.close().await;
        exported
    };
    let (exported, ()) = tokio::join!(work, writing);
    let export = match exported {
        Ok(export) => export,
        Err(fault) => {
            if let Some(path) = &args.out {
                // It is empty, and ours.
                std::fs::remove_file(path)?;
            }
            return Err(told(fault, args));
        }
    };
    let bytes = match args.format {
        ExportFormat::Json => as_json(&export, args.reason.trim())?,
        ExportFormat::Csv => as_csv(&export)?,
    };
    match &mut file {
        Some(file) => file.write_all(&bytes)?,
        None => out.write_all(&bytes)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn create(path: &Path) -> anyhow::Result<std::fs::File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be written anew", path.display()))
}

fn told(fault: AppError, args: &ExportArgs) -> anyhow::Error {
    if matches!(fault, AppError::Refused(Refusal::NotFound)) {
        return anyhow!("there is no {} in this store", args.incident);
    }
    fault.into()
}

fn as_json(export: &Export, reason: &str) -> anyhow::Result<Vec<u8>> {
    let entries: Vec<_> = export.entries.iter().map(entry).collect();
    let whole = json!({
        "incident": export.incident.to_string(),
        "playbook": export.playbook,
        "exported_at": export.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "reason": reason,
        "entries": entries,
    });
    let mut bytes = serde_json::to_vec_pretty(&whole)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn entry(exported: &Exported) -> serde_json::Value {
    let (line, sealed) = (&exported.line, &exported.sealed);
    let details: Vec<_> = line
        .details
        .iter()
        .map(|(label, value)| json!({ "label": label, "value": value }))
        .collect();
    json!({
        "number": line.number,
        "at": line.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "staff": line.by.to_string(),
        "who": exported.who,
        "role": line.role.map(crate::domain::role::Role::key),
        "kind": sealed.kind,
        "what": line.what,
        "on": line.on,
        "details": details,
        "seq": sealed.seq,
        "payload_hash": sealed.payload_hash,
        "previous_of_incident": sealed.previous_of_incident,
        "hash": sealed.hash,
    })
}

fn as_csv(export: &Export) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "incident",
        "number",
        "at",
        "staff",
        "who",
        "role",
        "kind",
        "what",
        "on",
        "details",
        "seq",
        "payload_hash",
        "previous_of_incident",
        "hash",
    ])?;
    for exported in &export.entries {
        let (line, sealed) = (&exported.line, &exported.sealed);
        let details: Vec<String> = line
            .details
            .iter()
            .map(|(label, value)| format!("{label}: {value}"))
            .collect();
        let record = [
            export.incident.to_string(),
            line.number.to_string(),
            line.at.to_rfc3339_opts(SecondsFormat::Micros, true),
            line.by.to_string(),
            exported.who.clone(),
            line.role.map_or_else(String::new, |r| r.key().to_owned()),
            sealed.kind.clone(),
            line.what.clone(),
            line.on.join("\n"),
            details.join("\n"),
            sealed.seq.to_string(),
            sealed.payload_hash.clone(),
            sealed.previous_of_incident.clone(),
            sealed.hash.clone(),
        ];
        writer.write_record(record.map(|value| harmless(&value)))?;
    }
    writer
        .into_inner()
        .map_err(|fault| anyhow!("the lines cannot be written: {fault}"))
}

/// A spreadsheet obeys what begins like a formula; text from outside is shown, never obeyed.
fn harmless(value: &str) -> String {
    match value.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{value}"),
        Some(_) | None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ended_well, ports, replayed, taken_in, unread};
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser as _;

    /// A folder whose store has one incident.
    async fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let body = unread(r#"{"id": "g-1", "title": "=cmd()"}"#);
        taken_in(folder.path(), "generic", vec![body]).await;
        assert!(replayed(folder.path()).await.0);
        folder
    }

    async fn exported(folder: &Path, incident: &str, more: &[&str]) -> anyhow::Result<String> {
        let data = folder.to_str().unwrap();
        let line = ["baton", "export", incident, "--data", data];
        let cli = Cli::try_parse_from(line.iter().chain(more))?;
        let Command::Export(args) = cli.command else {
            bail!("not an export");
        };
        let mut out = Vec::new();
        assert!(ended_well(run(&args, ports(), &mut out).await?));
        Ok(String::from_utf8(out)?)
    }

    async fn views(folder: &Path) -> i64 {
        let readers = Store::open_readers(&crate::cli::store_in(folder)).await;
        let mut reader = readers.unwrap().acquire().await.unwrap();
        crate::store::verify::verify(&mut reader)
            .await
            .unwrap()
            .views
    }

    #[tokio::test]
    async fn an_export_holds_the_timeline_with_its_hashes_and_its_reason_is_logged() {
        let folder = folder().await;
        let why = ["--reason", "asked by the auditor"];
        let text = exported(folder.path(), "INC-1", &why).await.unwrap();
        let whole: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(whole["incident"], "INC-1");
        assert_eq!(whole["reason"], "asked by the auditor");
        let entry = &whole["entries"][0];
        assert_eq!(
            (entry["kind"].as_str(), entry["who"].as_str()),
            (Some("opened"), Some("Baton"))
        );
        assert_eq!(entry["hash"].as_str().unwrap().len(), 64);
        assert!(entry["what"].as_str().unwrap().starts_with("opened at "));
        assert_eq!(views(folder.path()).await, 1);
        let csv = [why[0], why[1], "--format", "csv"];
        let text = exported(folder.path(), "INC-1", &csv).await.unwrap();
        assert!(text.starts_with("incident,number,at,staff,who,role,kind,what,on,details,seq,"));
        assert!(text.contains(entry["hash"].as_str().unwrap()), "{text}");
        assert_eq!(views(folder.path()).await, 2);
    }

    #[tokio::test]
    async fn without_a_reason_or_an_incident_nothing_leaves_and_nothing_is_logged() {
        let folder = folder().await;
        assert!(exported(folder.path(), "INC-1", &[]).await.is_err());
        let blank = exported(folder.path(), "INC-1", &["--reason", " "]).await;
        assert!(blank.unwrap_err().to_string().contains("--reason is empty"));
        let file = folder.path().join("out.json");
        let file = file.to_str().unwrap();
        let nobody = ["--reason", "x", "--out", file];
        let missing = exported(folder.path(), "INC-9", &nobody).await;
        assert_eq!(
            missing.unwrap_err().to_string(),
            "there is no INC-9 in this store"
        );
        assert!(!Path::new(file).exists());
        assert_eq!(views(folder.path()).await, 0);
    }

    #[tokio::test]
    async fn a_file_is_its_owners_only_and_is_never_written_over() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder().await;
        let file = folder.path().join("out.json");
        let to = ["--reason", "x", "--out", file.to_str().unwrap()];
        assert_eq!(exported(folder.path(), "INC-1", &to).await.unwrap(), "");
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(exported(folder.path(), "INC-1", &to).await.is_err());
        assert_eq!(views(folder.path()).await, 1);
    }

    #[test]
    fn a_spreadsheet_finds_no_formula() {
        assert_eq!(harmless("=cmd()"), "'=cmd()");
        assert_eq!(harmless("@sum"), "'@sum");
        assert_eq!(harmless("offered"), "offered");
    }
}
