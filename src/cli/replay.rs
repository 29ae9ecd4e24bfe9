//! `baton replay`: quarantined bodies again, through the source's adapter as it is now. It may run beside a live
//! service: each body is one short transaction.

use super::{ReplayArgs, counted, settings, store_in};
use crate::app::intake::{Arrived, Batch, Outcome};
use crate::app::{App, AppError};
use crate::config::{PlaybookSettings, Settings, SourceSettings};
use crate::domain::alert::Reading;
use crate::domain::hours::Hours;
use crate::domain::ids::SourceId;
use crate::http::sources::Element;
use crate::runtime::ports::Ports;
use crate::runtime::read_playbooks;
use crate::store::Store;
use crate::store::quarantine::Held;
use anyhow::{Context as _, bail};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// What replaying needs of a configuration.
struct Setting {
    store: PathBuf,
    sources: BTreeMap<SourceId, SourceSettings>,
    playbooks: PlaybookSettings,
    zone: Tz,
    hours: Option<Hours>,
}

/// Prints what became of each body; exit code 1 where one still cannot be read.
pub async fn run(args: &ReplayArgs, ports: Ports, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let setting = setting(args)?;
    if !setting.store.is_file() {
        bail!("there is no store at {}", setting.store.display());
    }
    let playbooks = read_playbooks(&setting.playbooks)?;
    let (store, writing) = Store::beside(&setting.store).await?;
    let app = App {
        store,
        playbooks: Arc::new(playbooks),
        clock: ports.clock,
        ids: ports.ids,
        zone: setting.zone,
        hours: setting.hours,
        arriving: crate::app::intake::waiting(),
        acting: crate::app::act::waiting(),
        watch: Arc::default(),
    };
    let work = async move {
        let done = replay_all(&app, &setting.sources, out).await;
        // The writer ends with its last handle.
        app.store.close().await;
        done
    };
    let (done, ()) = tokio::join!(work, writing);
    done
}

fn setting(args: &ReplayArgs) -> anyhow::Result<Setting> {
    if let Some(config) = &args.config {
        let Settings {
            store,
            sources,
            playbooks,
            organisation,
            ..
        } = settings(config)?;
        return Ok(Setting {
            store: store.path,
            sources,
            playbooks,
            zone: organisation.time_zone.unwrap_or(Tz::UTC),
            hours: organisation.working_hours,
        });
    }
    let data = args.data.as_ref().context("name --config or --data")?;
    Ok(Setting {
        store: store_in(data),
        sources: Settings::demo_sources(),
        playbooks: PlaybookSettings::default(),
        zone: Tz::UTC,
        hours: None,
    })
}

async fn replay_all(
    app: &App,
    sources: &BTreeMap<SourceId, SourceSettings>,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    keep_playbooks(app).await?;
    let waiting = app.held().await?;
    if waiting.is_empty() {
        writeln!(out, "Nothing waits in quarantine.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut left = 0;
    for held in &waiting {
        if !replay_one(app, sources.get(&held.source), held, out).await? {
            left += 1;
        }
    }
    if left == 0 {
        writeln!(out, "Quarantine is empty.")?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(
        out,
        "{} in quarantine. Mend the source's adapter or `map`, or the sender, then replay again.",
        counted(left, "body stays", "bodies stay")
    )?;
    Ok(ExitCode::FAILURE)
}

/// Versions that incidents follow must be known before an alert joins one.
async fn keep_playbooks(app: &App) -> Result<(), AppError> {
    let (keeper, now) = (app.clone(), app.now());
    app.store
        .write(move |connection| {
            Box::pin(async move { Ok(keeper.playbooks.keep(connection, now).await?) })
        })
        .await
}

/// False where it stays.
async fn replay_one(
    app: &App,
    source: Option<&SourceSettings>,
    held: &Held,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let name = format!("QRT-{} from {}", held.id, held.source);
    let Some(source) = source else {
        writeln!(
            out,
            "{name}: stays; the source is not configured. Add it under [sources], or name the configuration that has it."
        )?;
        return Ok(false);
    };
    let elements = match source.adapter.read_kept(&held.body, held.received_at) {
        Ok(elements) => elements,
        Err(fault) => {
            let place = at(&fault.pointer);
            writeln!(out, "{name}: stays; {} ({place})", fault.message)?;
            app.keep_held(held.id, fault.pointer, fault.message).await?;
            return Ok(false);
        }
    };
    let batch = Batch {
        source: held.source.clone(),
        elements: elements.into_iter().map(|e| arrived(source, e)).collect(),
        reported_by: None,
        drill: false,
    };
    let faults: Vec<(String, String)> = batch
        .elements
        .iter()
        .filter_map(|e| e.reading.clone().err())
        .collect();
    let Some(taken) = app.replay(held.id, batch).await? else {
        writeln!(out, "{name}: was replayed meanwhile")?;
        return Ok(true);
    };
    writeln!(
        out,
        "{name}:{}",
        if taken.is_empty() {
            " holds no alert"
        } else {
            ""
        }
    )?;
    for one in &taken {
        let incident = one.incident.map(|i| format!(" · {i}")).unwrap_or_default();
        writeln!(out, "  {} {}{incident}", one.id, one.outcome.key())?;
    }
    for (pointer, message) in &faults {
        writeln!(out, "  not read: {message} ({})", at(pointer))?;
    }
    Ok(taken.iter().all(|t| t.outcome != Outcome::Quarantined))
}

/// A JSON pointer as people read it.
pub(super) fn at(pointer: &str) -> String {
    match pointer {
        "" => "at the body itself".to_owned(),
        pointer => format!("at {}", crate::render::escape::plain(pointer)),
    }
}

fn arrived(source: &SourceSettings, element: Element) -> Arrived {
    let reading = match element.outcome {
        Ok(Reading::Alert(mut alert)) => {
            source.complete(&mut alert);
            Ok(Reading::Alert(alert))
        }
        Ok(Reading::Noted(mut alert, why)) => {
            source.complete(&mut alert);
            Ok(Reading::Noted(alert, why))
        }
        Err(fault) => Err((fault.pointer, fault.message)),
    };
    Arrived {
        raw: element.raw,
        reading,
    }
}
