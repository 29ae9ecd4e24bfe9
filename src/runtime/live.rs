//! `baton run`: the service, against Discord or a base address of the configuration. It refuses with a complete list
//! of what is missing.

use super::ports::Ports;
use super::{Drive, Service, StartFault, loopback_only, read_playbooks};
use crate::app::playbooks::Playbooks;
use crate::config::{Settings, missing};
use crate::domain::ids::ChannelKey;
use crate::domain::playbook::definition::Status;
use std::collections::BTreeSet;
use tokio::sync::watch;

/// Runs the service until `stop` is true, or until a part of it breaks off: then it ends with a fault, so that whoever
/// supervises it starts it again.
pub async fn run(settings: &Settings, mut stop: watch::Receiver<bool>) -> Result<(), StartFault> {
    let gaps = gaps(settings)?;
    if !gaps.is_empty() {
        return Err(StartFault(gaps));
    }
    let mut service = Service::start(settings, Ports::system(), Drive::Loops).await?;
    tracing::info!(address = %service.http, "alerts are taken");
    let whole = tokio::select! {
        // An error means that whoever could stop it is gone: stop.
        _ = stop.wait_for(|stop| *stop) => true,
        () = service.breaks_off() => false,
    };
    tracing::info!("stopping");
    service.stop().await;
    if whole {
        return Ok(());
    }
    Err(StartFault::one(
        "a part of the service broke off, and the log says which. What was accepted is kept: start it again, and report \
         the fault",
    ))
}

/// Everything that keeps the service from starting, each with its cure.
pub fn gaps(settings: &Settings) -> Result<Vec<String>, StartFault> {
    let playbooks = read_playbooks(&settings.playbooks)?;
    let mut gaps = missing(settings, &channels(&playbooks));
    // On this machine nothing is live: drills and tests follow drafts.
    if !loopback_only(settings) {
        gaps.extend(unapproved(&playbooks));
    }
    Ok(gaps)
}

/// The channels that the playbooks in force name.
fn channels(playbooks: &Playbooks) -> BTreeSet<ChannelKey> {
    let stages = playbooks
        .current()
        .iter()
        .flat_map(|loaded| &loaded.playbook.stages);
    stages.map(|stage| stage.channel.clone()).collect()
}

fn unapproved(playbooks: &Playbooks) -> Vec<String> {
    let waiting = playbooks
        .current()
        .iter()
        .filter(|loaded| match loaded.playbook.status {
            Status::Draft | Status::Retired => true,
            Status::Approved | Status::Operational => false,
        });
    waiting
        .map(|loaded| {
            let approvers: Vec<&str> = loaded.playbook.approvers.iter().map(|r| r.key()).collect();
            format!(
                "The playbook {} {} is not approved. Copy it to the folder of `[playbooks] dir`, let {} approve \
                 it, set `status = \"approved\"`, or name it under `[playbooks] disabled`.",
                loaded.reference.id,
                loaded.reference.version,
                approvers.join(", ")
            )
        })
        .collect()
}
