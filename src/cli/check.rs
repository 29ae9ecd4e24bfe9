//! `baton check`: everything that stands between a configuration and a service, each finding with its cure.
//! It starts nothing and asks nobody; Discord's own side shows when the service starts.

use super::CheckArgs;
use crate::app::Clock;
use crate::app::playbooks::{FileFaults, Loaded, Playbooks};
use crate::config::{self, Settings, SourceSettings};
use crate::domain::ids::ChannelKey;
use crate::domain::playbook::definition::Status;
use crate::domain::playbook::notes;
use crate::domain::role::Role;
use crate::http::auth::Scheme;
use crate::render::templates::Templates;
use crate::runtime::playbook_files;
use crate::store::{self, Store};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;

/// What was found, a sentence each with its cure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Without these cured the service does not start.
    pub prevents: Vec<String>,
    /// Worth knowing; the service starts all the same.
    pub notes: Vec<String>,
}

/// Prints every finding; exit code 1 where something prevents `run`.
pub async fn run(
    args: &CheckArgs,
    clock: &dyn Clock,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let findings = match Settings::load(&args.config, config::environment) {
        Ok(settings) => findings(&settings, clock.now().date_naive()).await,
        Err(faults) => Findings {
            prevents: faults.iter().map(ToString::to_string).collect(),
            notes: vec![
                "Playbooks, channels and roles are looked at once the configuration reads without a fault."
                    .to_owned(),
            ],
        },
    };
    for finding in &findings.prevents {
        writeln!(out, "prevents run  {finding}")?;
    }
    for note in &findings.notes {
        writeln!(out, "note          {note}")?;
    }
    if !findings.prevents.is_empty() {
        writeln!(
            out,
            "\n{} to cure before baton run.",
            super::counted(findings.prevents.len(), "finding", "findings")
        )?;
        return Ok(ExitCode::FAILURE);
    }
    writeln!(
        out,
        "\nNothing prevents baton run. Discord itself was not asked: token, intents and permissions show at start."
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Everything about these settings, for `check` and for whoever starts a service.
pub async fn findings(settings: &Settings, today: NaiveDate) -> Findings {
    let mut findings = Findings::default();
    let playbooks = playbooks(settings, &mut findings);
    let channels = playbooks.as_ref().map(channels).unwrap_or_default();
    findings
        .prevents
        .extend(config::missing(settings, &channels));
    if let Err(faults) = Templates::load(&BTreeMap::new()) {
        findings
            .prevents
            .extend(faults.iter().map(ToString::to_string));
    }
    if let Some(playbooks) = &playbooks {
        order(playbooks, &mut findings);
        for loaded in playbooks.current() {
            status(loaded, today, &mut findings);
        }
        kept(settings, playbooks, &mut findings).await;
    }
    for (name, source) in &settings.sources {
        sender(name.as_str(), source, &mut findings);
    }
    backups(settings, &mut findings);
    if !settings.http.listen.ip().is_loopback() {
        findings.notes.push(format!(
            "Alerts arrive on {} without TLS. Listen on 127.0.0.1 and put a reverse proxy with TLS in front.",
            settings.http.listen
        ));
    }
    findings
}

fn backups(settings: &Settings, findings: &mut Findings) {
    let note = match &settings.backup {
        None => "The service makes no backups. Name a folder as `dir` under [backup].".to_owned(),
        Some(backup) if backup.recipients.is_empty() => format!(
            "Backups lie open in {}: whoever can read a file there reads everything. Name public keys of age as `recipients` \
             under [backup].",
            backup.dir.display()
        ),
        Some(_) => return,
    };
    findings.notes.push(note);
}

fn playbooks(settings: &Settings, findings: &mut Findings) -> Option<Playbooks> {
    let files = match playbook_files(&settings.playbooks) {
        Ok(files) => files,
        Err(fault) => {
            findings.prevents.extend(fault.0);
            return None;
        }
    };
    match Playbooks::read(&files) {
        Ok(all) => {
            let ids: BTreeSet<_> = all.current().iter().map(|l| &l.reference.id).collect();
            for unknown in settings
                .playbooks
                .disabled
                .iter()
                .filter(|id| !ids.contains(id))
            {
                findings.notes.push(format!(
                    "`disabled` names the playbook `{unknown}`, which there is not. Mend or remove it under [playbooks]."
                ));
            }
            Some(all.without(&settings.playbooks.disabled))
        }
        Err(faulty) => {
            findings.prevents.extend(faulty.iter().flat_map(each_fault));
            None
        }
    }
}

/// `file:line:column: what is wrong`.
fn each_fault(file: &FileFaults) -> impl Iterator<Item = String> {
    let name = file.file.clone();
    file.faults
        .iter()
        .map(move |f| format!("{name}:{}:{}: {}", f.line, f.column, f.message))
        .collect::<Vec<_>>()
        .into_iter()
}

fn channels(playbooks: &Playbooks) -> BTreeSet<ChannelKey> {
    let stages = playbooks.current().iter().flat_map(|l| &l.playbook.stages);
    stages.map(|stage| stage.channel.clone()).collect()
}

/// Each id once, and one that takes everything, last.
fn order(playbooks: &Playbooks, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    for loaded in playbooks.current() {
        let id = &loaded.reference.id;
        if !seen.insert(id) {
            findings.prevents.push(format!(
                "Two playbooks have the id `{id}`. To override a shipped one, give your file its name; else choose another id."
            ));
        }
    }
    let Some((last, earlier)) = playbooks.current().split_last() else {
        findings.prevents.push(
            "No playbook is in force. Remove some from `disabled` under [playbooks].".to_owned(),
        );
        return;
    };
    for greedy in earlier.iter().filter(|l| l.playbook.takes_everything()) {
        findings.prevents.push(format!(
            "The playbook `{}` takes everything, so none behind it is asked. Narrow its `takes`.",
            greedy.reference.id
        ));
    }
    if playbooks.fallback().is_none() {
        findings.prevents.push(format!(
            "No playbook takes what no other takes: `{}` stands last and does not. Take the shipped fallback out of \
             `disabled`, or give yours `takes` with when = \"true\".",
            last.reference.id
        ));
    }
}

fn status(loaded: &Loaded, today: NaiveDate, findings: &mut Findings) {
    let playbook = &loaded.playbook;
    let name = format!("{} {}", playbook.id, playbook.version);
    let approvers: Vec<&str> = playbook.approvers.iter().copied().map(Role::key).collect();
    match playbook.status {
        Status::Draft => findings.notes.push(format!(
            "The playbook {name} is a draft. Before live use {} approve it; then put a copy with status = \"approved\" \
             into the folder that `dir` under [playbooks] names.",
            approvers.join(", ")
        )),
        Status::Retired => findings.notes.push(format!(
            "The playbook {name} is retired and still takes alerts. Name it in `disabled` under [playbooks]."
        )),
        Status::Approved | Status::Operational => {}
    }
    findings.notes.extend(notes(playbook, today));
}

/// What the store keeps of earlier versions must not be contradicted.
async fn kept(settings: &Settings, playbooks: &Playbooks, findings: &mut Findings) {
    let path = &settings.store.path;
    if !path.is_file() {
        return;
    }
    let texts = async {
        let readers = Store::open_readers(path).await?;
        let mut reader = readers.acquire().await?;
        let texts = store::playbook::list(&mut reader).await;
        drop(reader);
        readers.close().await;
        texts
    };
    match texts.await {
        Ok(texts) => findings.prevents.extend(playbooks.clashes(&texts).iter().map(|clash| {
            format!(
                "The playbook {} {} is known to the store with another text. Give the changed text a new `version`.",
                clash.id, clash.version
            )
        })),
        Err(fault) => findings.prevents.push(format!(
            "The store at {} cannot be read: {fault}. Name another `path` under [store], or restore a backup.",
            path.display()
        )),
    }
}

fn sender(name: &str, source: &SourceSettings, findings: &mut Findings) {
    let note = match &source.scheme {
        Scheme::UrlToken { .. } => Some(
            "proves itself by a token in the address, and addresses end up in logs. Use bearer or hmac-sha256 if the \
             sender can set a header.",
        ),
        Scheme::Hmac(hmac) if hmac.timestamp.is_none() => Some(
            "signs no time, so what is overheard can be sent again. Set `timestamp_header` if the sender has one.",
        ),
        Scheme::Hmac(_) | Scheme::Bearer | Scheme::StandardWebhooks => None,
    };
    if let Some(note) = note {
        findings.notes.push(format!("The source `{name}` {note}"));
    }
    if source.secrets.len() > 1 {
        findings.notes.push(format!(
            "The source `{name}` has {} valid secrets. Remove the old one once every sender uses the new.",
            source.secrets.len()
        ));
    }
}
