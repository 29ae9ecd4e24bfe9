//! A dry run in words: facts a line each, the way the alert takes, the card as text. Outside text is cleaned for a terminal.

use crate::app::dry_run::Dry;
use crate::domain::alert::{Alert, Detail, Named, User};
use crate::domain::form::note;
use crate::domain::incident::Finding;
use crate::domain::record::shown_time;
use crate::domain::restricted::Clearance;
use crate::render::card::{Card, Row};
use crate::render::escape::plain;
use crate::render::templates::Templates;
use chrono::DateTime;
use chrono_tz::Tz;
use std::io::Write;

const SILENT: &str = "source does not say";
const LABEL_WIDTH: usize = 22;

/// The normalized alert, a line a fact.
pub(super) fn facts(
    alert: &Alert,
    clearance: &Clearance,
    zone: Tz,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let lines = [
        plain_facts(alert),
        times(alert, zone),
        detail(alert, clearance),
    ]
    .concat();
    for (label, value) in lines {
        let value = value.filter(|v| !v.is_empty());
        let value = value.map_or_else(|| SILENT.to_owned(), |v| plain(&v));
        writeln!(out, "  {label:<LABEL_WIDTH$}{value}")?;
    }
    for note in &alert.parse_notes {
        writeln!(out, "  {:<LABEL_WIDTH$}{}", "Note", plain(note))?;
    }
    Ok(())
}

type Lines = Vec<(&'static str, Option<String>)>;

fn plain_facts(alert: &Alert) -> Lines {
    let named = |named: &Option<Named>| {
        let named = named.as_ref()?;
        named.name.clone().or_else(|| named.uid.clone())
    };
    let user = alert.user.as_ref();
    let device = alert.device.as_ref();
    let severity = match &alert.source_severity {
        Some(word) => format!("{} (“{word}” at the source)", alert.severity),
        None => alert.severity.to_string(),
    };
    vec![
        ("Alert ID", Some(alert.source_alert_id.clone())),
        ("Incident at source", alert.source_incident_id.clone()),
        ("Link", alert.source_url.clone()),
        ("Tenant", alert.tenant_id.clone()),
        ("Kind", Some(alert.kind.key().to_owned())),
        ("Severity", Some(severity)),
        ("Status", alert.source_status.clone()),
        ("Category", alert.category.clone()),
        ("Product", alert.product.clone()),
        ("Detected by", alert.detection_source.clone()),
        ("Person", user.and_then(User::shown)),
        ("Department", user.and_then(|u| u.department.clone())),
        (
            "Device",
            device.and_then(|d| d.hostname.clone().or_else(|| d.uid.clone())),
        ),
        (
            "Serial number",
            device.and_then(|d| d.serial_number.clone()),
        ),
        ("Policy", named(&alert.policy)),
        ("Rule", named(&alert.rule)),
        ("Workload", alert.workload.clone()),
        ("Action", alert.action.clone()),
        ("Enforcement", alert.enforcement.clone()),
        (
            "Destination",
            alert.destination.as_ref().map(|d| d.shown.clone()),
        ),
        ("Sensitivity label", named(&alert.sensitivity_label)),
        ("Sensitive types", Some(sensitive_types(alert))),
        ("Techniques", Some(alert.techniques.join(", "))),
    ]
}

fn sensitive_types(alert: &Alert) -> String {
    let types = alert.sensitive_types.iter().map(|kind| {
        let name = kind.name.as_ref().or(kind.uid.as_ref());
        let name = name.map_or("unnamed", String::as_str);
        match kind.count {
            Some(count) => format!("{name} ({count})"),
            None => name.to_owned(),
        }
    });
    types.collect::<Vec<_>>().join(", ")
}

fn times(alert: &Alert, zone: Tz) -> Lines {
    let times = &alert.times;
    let detected = times.detected_at.map(|at| shown_time(at, zone));
    let others = [
        ("First seen", times.first_seen_at),
        ("Last seen", times.last_seen_at),
        ("Created", times.created_at),
        ("Changed", times.modified_at),
        ("Recorded", times.recorded_at),
        ("Sent", times.sent_at),
        ("Resolved", times.resolved_at),
    ];
    let given = others
        .into_iter()
        .filter_map(|(label, at)| Some((label, Some(shown_time(at?, zone)))));
    [("Detected", detected)].into_iter().chain(given).collect()
}

/// What a card never shows.
fn detail(alert: &Alert, clearance: &Clearance) -> Lines {
    let Some(Detail {
        title,
        desc,
        file,
        email,
        src_ip,
        evidence,
    }) = alert.detail.open(clearance)
    else {
        return Vec::new();
    };
    let file = file
        .as_ref()
        .and_then(|f| f.name.clone().or_else(|| f.path.clone()));
    let subject = email.as_ref().and_then(|mail| mail.subject.clone());
    let mut lines = vec![
        ("Title (restricted)", title.clone()),
        ("Text (restricted)", desc.clone()),
        ("File (restricted)", file),
        ("Subject (restricted)", subject),
    ];
    if src_ip.is_some() {
        lines.push(("Address (restricted)", src_ip.clone()));
    }
    lines.extend(
        evidence
            .iter()
            .map(|line| ("Further (restricted)", Some(line.clone()))),
    );
    lines
}

/// The way it would take.
pub(super) fn dry(
    dry: Option<&Dry>,
    templates: &Templates,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Some(dry) = dry else {
        writeln!(
            out,
            "\n  No playbook takes it, and no fallback is in force: the service could not keep it. Put one last whose \
             `takes` is \"true\"."
        )?;
        return Ok(());
    };
    let playbook = &dry.route.loaded.playbook;
    let stage = playbook.stage(&dry.route.stage);
    let unrouted = if dry.unrouted {
        "; no other takes it"
    } else {
        ""
    };
    writeln!(
        out,
        "\n  {:<LABEL_WIDTH$}{} ({} {}){unrouted}",
        "Playbook", playbook.title, playbook.id, playbook.version
    )?;
    writeln!(
        out,
        "  {:<LABEL_WIDTH$}{}. {}",
        "Stage",
        stage.map_or(dry.route.stage.as_str(), |s| s.title.as_str()),
        dry.route.because
    )?;
    criteria(dry, out)?;
    let channel = stage.map_or("", |s| s.channel.as_str());
    writeln!(
        out,
        "\n  The card in {channel} (INC-0 stands for the number it would get)"
    )?;
    let card = templates.incident_card(&dry.card, |_, _| String::new())?;
    for line in card_text(&card).lines() {
        writeln!(out, "  | {line}")?;
    }
    Ok(())
}

fn criteria(dry: &Dry, out: &mut dyn Write) -> anyhow::Result<()> {
    let playbook = &dry.route.loaded.playbook;
    let mut met = Vec::new();
    let mut unknown = Vec::new();
    for evaluated in &dry.route.criteria {
        let Some(criterion) = playbook.criterion(&evaluated.criterion) else {
            continue;
        };
        let asks_history = criterion
            .when
            .as_ref()
            .is_some_and(|when| when.source().contains("person."));
        match &evaluated.finding {
            Finding::Met => {
                let said = note(&evaluated.finding, &evaluated.facts);
                met.push(format!("{} ({})", criterion.text, plain(&said)));
            }
            Finding::NotEvaluated(why) => {
                unknown.push(format!(
                    "{} (could not be evaluated: {why})",
                    criterion.text
                ));
            }
            Finding::NotMet if asks_history => unknown.push(format!(
                "{} (rests on the person's history, which a dry run does not know)",
                criterion.text
            )),
            Finding::NotMet | Finding::Asked => {}
        }
    }
    if met.is_empty() {
        met.push("none by the facts; a person judges".to_owned());
    }
    for (label, lines) in [("Criteria met", met), ("Criteria unknown", unknown)] {
        for line in lines {
            writeln!(out, "  {label:<LABEL_WIDTH$}{line}")?;
        }
    }
    Ok(())
}

/// The card without the chat's signs.
fn card_text(card: &Card) -> String {
    let mut text = format!("{}\n{}", card.title, card.body);
    if let Some(footer) = &card.footer {
        text.push('\n');
        text.push_str(footer);
    }
    for row in &card.rows {
        if let Row::Buttons(buttons) = row {
            let labels: Vec<String> = buttons.iter().map(|b| format!("[{}]", b.label)).collect();
            text.push('\n');
            text.push_str(&labels.join(" "));
        }
    }
    without_markdown(&text)
}

/// Emphasis goes, and the backslash before a sign that the card shows as typed. A time that a chat shows as an age
/// is written out.
fn without_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some((time, behind)) = chat_time(rest) {
            out.push_str(&time);
            rest = behind;
            continue;
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '\\' => {
                let mut typed = rest.chars();
                out.extend(typed.next());
                rest = typed.as_str();
            }
            '*' if rest.starts_with('*') => rest = rest.get(1..).unwrap_or_default(),
            other => out.push(other),
        }
    }
    out
}

/// `<t:SECONDS:R>` at the start: the time, and what stands behind it.
fn chat_time(text: &str) -> Option<(String, &str)> {
    let (inside, behind) = text.strip_prefix("<t:")?.split_once('>')?;
    let seconds = inside.split(':').next()?.parse().ok()?;
    let at = DateTime::from_timestamp(seconds, 0)?;
    Some((shown_time(at, Tz::UTC), behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emphasis_goes_and_escaped_signs_stay() {
        assert_eq!(
            without_markdown(r"**Policy**: a\*\*b \\ c\_d"),
            r"Policy: a**b \ c_d"
        );
        assert_eq!(
            without_markdown(r"Opened: <t:1795290355:R>, \<t:1:R>"),
            "Opened: 2026-11-21 19:45 UTC, <t:1:R>"
        );
    }
}
