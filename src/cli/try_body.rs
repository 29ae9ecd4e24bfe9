//! `baton try`: what Baton understands of a body, by the same adapters, playbooks and templates as the service.
//! It stores nothing and opens no store, so a person's history is unknown to it.

mod told;

use super::replay::at;
use super::{TryArgs, counted, settings};
use crate::app::Clock;
use crate::app::dry_run::{Dry, clearance, dry_run};
use crate::app::playbooks::Playbooks;
use crate::config::{HttpSettings, PlaybookSettings, Settings, SourceSettings};
use crate::domain::alert::{Alert, Reading};
use crate::domain::ids::SourceId;
use crate::http::sources::{BodyFault, Element, flat};
use crate::render::templates::Templates;
use crate::runtime::read_playbooks;
use anyhow::{Context as _, anyhow};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::io::{Read as _, Write};
use std::path::Path;
use std::process::ExitCode;

/// What a dry run stands on.
struct Bench {
    source: SourceId,
    settings: SourceSettings,
    playbooks: Playbooks,
    templates: Templates,
    body_limit_bytes: usize,
    now: DateTime<Utc>,
    zone: Tz,
}

/// Prints what was understood to `out`, and what was not to `err` where `out` must stay one JSON object.
/// Exit code 1 where something of the body cannot be read.
pub fn run(
    args: &TryArgs,
    clock: &dyn Clock,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let bench = bench(args, clock.now())?;
    let body = body(&args.file)?;
    let read = bench.read(&body);
    let whole = matches!(&read, Ok(elements) if elements.iter().all(|e| e.outcome.is_ok()));
    if args.json {
        bench.json(&read, out, err)?;
    } else {
        bench.text(&read, body.len(), out)?;
    }
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn bench(args: &TryArgs, now: DateTime<Utc>) -> anyhow::Result<Bench> {
    let (mut sources, playbooks, zone, limit) = match &args.config {
        Some(file) => {
            let all = settings(file)?;
            let zone = all.organisation.time_zone.unwrap_or(Tz::UTC);
            (all.sources, all.playbooks, zone, all.http.body_limit_bytes)
        }
        None => (
            Settings::demo_sources(),
            PlaybookSettings::default(),
            Tz::UTC,
            HttpSettings::default().body_limit_bytes,
        ),
    };
    let source = SourceId::new(args.source.as_str());
    let found = sources.remove(&source).ok_or_else(|| {
        let known: Vec<&str> = sources.keys().map(SourceId::as_str).collect();
        anyhow!(
            "there is no source `{source}`. Use one of {}, or name a configuration that has it with --config.",
            known.join(", ")
        )
    })?;
    let templates = Templates::load(&BTreeMap::new()).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow!("{}", lines.join("\n"))
    })?;
    Ok(Bench {
        source,
        settings: found,
        playbooks: read_playbooks(&playbooks)?,
        templates,
        body_limit_bytes: limit,
        now,
        zone,
    })
}

fn body(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut body = Vec::new();
        std::io::stdin()
            .read_to_end(&mut body)
            .context("the standard input cannot be read")?;
        return Ok(body);
    }
    std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}

impl Bench {
    /// As the intake reads it, its limit included.
    fn read(&self, body: &[u8]) -> Result<Vec<Element>, BodyFault> {
        if body.len() > self.body_limit_bytes {
            return Err(BodyFault {
                pointer: String::new(),
                message: format!(
                    "The body has {} bytes; the limit is {}.",
                    body.len(),
                    self.body_limit_bytes
                ),
                mend:
                    "Send the alerts in several bodies, or raise `body_limit_bytes` under `[http]`."
                        .to_owned(),
            });
        }
        let mut elements = self.settings.adapter.read(body, self.now)?;
        for element in &mut elements {
            if let Ok(Reading::Alert(alert) | Reading::Noted(alert, _)) = &mut element.outcome {
                self.settings.complete(alert);
            }
        }
        Ok(elements)
    }

    fn dry(&self, alert: &Alert) -> Option<Dry> {
        dry_run(&self.playbooks, &self.source, alert, self.now, self.zone)
    }

    /// The playbook in the flat form; what only the fallback takes has none.
    fn playbook(&self, reading: &Reading) -> Option<String> {
        let Reading::Alert(alert) = reading else {
            return None;
        };
        let dry = self.dry(alert).filter(|dry| !dry.unrouted)?;
        Some(dry.route.loaded.reference.id.0.clone())
    }

    fn json(
        &self,
        read: &Result<Vec<Element>, BodyFault>,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let elements = match read {
            Ok(elements) => elements.as_slice(),
            Err(fault) => {
                tell_fault(fault, err)?;
                &[]
            }
        };
        let mut readings = Vec::new();
        for element in elements {
            match &element.outcome {
                Ok(reading) => readings.push((reading, self.playbook(reading))),
                Err(fault) => writeln!(err, "{} ({})", fault.message, at(&fault.pointer))?,
            }
        }
        let pairs = readings
            .iter()
            .map(|(r, playbook)| (*r, playbook.as_deref()));
        let flat = flat::flat_body(pairs, &clearance());
        writeln!(out, "{}", serde_json::to_string_pretty(&flat)?)?;
        Ok(())
    }

    fn text(
        &self,
        read: &Result<Vec<Element>, BodyFault>,
        bytes: usize,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let elements = match read {
            Ok(elements) => elements,
            Err(fault) => return tell_fault(fault, out),
        };
        writeln!(
            out,
            "{}: {} in {}, read as {}",
            self.source,
            counted(elements.len(), "element", "elements"),
            counted(bytes, "byte", "bytes"),
            self.settings.adapter.key()
        )?;
        for (place, element) in elements.iter().enumerate() {
            writeln!(out, "\nElement {} ({})", place + 1, at(&element.pointer))?;
            match &element.outcome {
                Ok(Reading::Alert(alert)) => {
                    told::facts(alert, &clearance(), self.zone, out)?;
                    told::dry(self.dry(alert).as_ref(), &self.templates, out)?;
                }
                Ok(Reading::Noted(alert, why)) => {
                    told::facts(alert, &clearance(), self.zone, out)?;
                    writeln!(out, "\n  Opens nothing: {why}. It would be kept and shown.")?;
                }
                Err(fault) => writeln!(
                    out,
                    "  Not read: {} ({})\n  It would wait in quarantine; the others are taken. Mend the sender or the \
                     adapter, then run baton replay.",
                    fault.message,
                    at(&fault.pointer)
                )?,
            }
        }
        writeln!(out, "\nNothing was stored.")?;
        Ok(())
    }
}

fn tell_fault(fault: &BodyFault, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "Nothing of this body can be read: {} ({})\n{}",
        fault.message,
        at(&fault.pointer),
        fault.mend
    )?;
    Ok(())
}
