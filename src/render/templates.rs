//! Strict handlebars: a missing field is an error, not a blank. Every template is rendered with a sample when it is loaded,
//! so that a mistake shows at start and not at night. A text is a title, a body and, behind a line `---`, a footer.

use super::escape::{Lines, escape};
use handlebars::{Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderError};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a template gives: markdown, outside text in it escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub title: String,
    pub body: String,
    pub footer: Option<String>,
}

/// A template with its context type: the name of the file without its ending, and a sample for the proof.
pub trait Template: Serialize {
    const NAME: &'static str;
    /// A context with every field filled.
    fn sample() -> Self;
}

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template {name}: {why}")]
pub struct TemplateFault {
    pub name: String,
    pub why: String,
}

/// The shipped templates, by name.
pub const SHIPPED: [(&str, &str); 35] = [
    ("health", include_str!("../../templates/discord/health.hbs")),
    ("found", include_str!("../../templates/discord/found.hbs")),
    ("proven", include_str!("../../templates/discord/proven.hbs")),
    ("me", include_str!("../../templates/discord/me.hbs")),
    ("card", include_str!("../../templates/discord/card.hbs")),
    (
        "card_past",
        include_str!("../../templates/discord/card_past.hbs"),
    ),
    (
        "reminder",
        include_str!("../../templates/discord/reminder.hbs"),
    ),
    ("idle", include_str!("../../templates/discord/idle.hbs")),
    ("duty", include_str!("../../templates/discord/duty.hbs")),
    ("thread", include_str!("../../templates/discord/thread.hbs")),
    ("notice", include_str!("../../templates/discord/notice.hbs")),
    ("queue", include_str!("../../templates/discord/queue.hbs")),
    (
        "timeline",
        include_str!("../../templates/discord/timeline.hbs"),
    ),
    (
        "details",
        include_str!("../../templates/discord/details.hbs"),
    ),
    ("review", include_str!("../../templates/discord/review.hbs")),
    ("answer", include_str!("../../templates/discord/answer.hbs")),
    ("drafts", include_str!("../../templates/discord/drafts.hbs")),
    ("help", include_str!("../../templates/discord/help.hbs")),
    ("brief", include_str!("../../templates/discord/brief.hbs")),
    (
        "brief_stub",
        include_str!("../../templates/discord/brief_stub.hbs"),
    ),
    (
        "earlier",
        include_str!("../../templates/discord/earlier.hbs"),
    ),
    ("stuck", include_str!("../../templates/discord/stuck.hbs")),
    ("said", include_str!("../../templates/discord/said.hbs")),
    (
        "containment",
        include_str!("../../templates/discord/containment.hbs"),
    ),
    (
        "closing",
        include_str!("../../templates/discord/closing.hbs"),
    ),
    (
        "closing_stub",
        include_str!("../../templates/discord/closing_stub.hbs"),
    ),
    (
        "contacts",
        include_str!("../../templates/discord/contacts.hbs"),
    ),
    ("talk", include_str!("../../templates/discord/talk.hbs")),
    (
        "thresholds",
        include_str!("../../templates/discord/thresholds.hbs"),
    ),
    (
        "patterns",
        include_str!("../../templates/discord/patterns.hbs"),
    ),
    (
        "pattern",
        include_str!("../../templates/discord/pattern.hbs"),
    ),
    (
        "pattern_draft",
        include_str!("../../templates/discord/pattern_draft.hbs"),
    ),
    ("digest", include_str!("../../templates/discord/digest.hbs")),
    ("look", include_str!("../../templates/discord/look.hbs")),
    (
        "together",
        include_str!("../../templates/discord/together.hbs"),
    ),
];

/// All templates, ready to render.
pub struct Templates {
    engine: Handlebars<'static>,
}

impl Templates {
    /// Loads the shipped templates, each replaced by the operator's of the same name. All faults at once.
    pub fn load(overrides: &BTreeMap<String, String>) -> Result<Self, Vec<TemplateFault>> {
        let mut engine = Handlebars::new();
        engine.set_strict_mode(true);
        engine.register_escape_fn(|text| escape(text, Lines::Join));
        engine.register_helper("quote", Box::new(quote));
        engine.register_helper("ago", Box::new(ago));
        engine.register_helper("many", Box::new(many));
        let mut faults = Vec::new();
        for (name, shipped) in SHIPPED {
            let text = overrides.get(name).map_or(shipped, String::as_str);
            if text.contains("{{{") || text.contains("{{&") {
                let why = "unescaped output ({{{ or {{&) is not allowed; use {{ }}".to_owned();
                faults.push(TemplateFault {
                    name: name.to_owned(),
                    why,
                });
            }
            if let Err(fault) = engine.register_template_string(name, text) {
                faults.push(TemplateFault {
                    name: name.to_owned(),
                    why: fault.to_string(),
                });
            }
        }
        for name in overrides.keys() {
            if !SHIPPED.iter().any(|(known, _)| known == name) {
                let known: Vec<_> = SHIPPED.iter().map(|(known, _)| *known).collect();
                let why = format!("no template has this name; there are: {}", known.join(", "));
                faults.push(TemplateFault {
                    name: name.clone(),
                    why,
                });
            }
        }
        let templates = Self { engine };
        if faults.is_empty() {
            faults = super::contexts::prove(&templates);
        }
        if faults.is_empty() {
            Ok(templates)
        } else {
            Err(faults)
        }
    }

    /// Renders one template with its context.
    pub fn render<T: Template>(&self, context: &T) -> Result<Text, TemplateFault> {
        let text = self
            .engine
            .render(T::NAME, context)
            .map_err(|fault| TemplateFault {
                name: T::NAME.to_owned(),
                why: fault.to_string(),
            })?;
        Ok(split(&text))
    }
}

fn split(text: &str) -> Text {
    let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (body, footer) = match rest.rsplit_once("\n---\n") {
        Some((body, footer)) => (body, Some(footer.trim().to_owned())),
        None => (rest, None),
    };
    Text {
        title: title.trim().to_owned(),
        body: body.trim().to_owned(),
        footer,
    }
}

/// `{{quote text}}`: outside text with its lines, each behind a quote mark, so that it cannot pass for ours.
fn quote(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let value = helper.param(0).filter(|p| !p.is_value_missing());
    let text = value.and_then(|p| p.value().as_str()).ok_or_else(|| {
        RenderError::from(handlebars::RenderErrorReason::Other(
            "quote needs a text that is there".to_owned(),
        ))
    })?;
    let lines: Vec<String> = escape(text, Lines::Keep)
        .lines()
        .map(|line| format!("> {line}"))
        .collect();
    out.write(&lines.join("\n"))?;
    Ok(())
}

/// `{{ago seconds}}`: a time since 1970 UTC as an age that the chat keeps up to date.
fn ago(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let seconds = helper
        .param(0)
        .and_then(|p| p.value().as_i64())
        .ok_or_else(|| {
            RenderError::from(handlebars::RenderErrorReason::Other(
                "ago needs seconds since 1970".to_owned(),
            ))
        })?;
    out.write(&format!("<t:{seconds}:R>"))?;
    Ok(())
}

/// `{{many count "time"}}`: so many of them, "1 time" or "3 times".
fn many(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let count = helper.param(0).and_then(|p| p.value().as_i64());
    let word = helper.param(1).and_then(|p| p.value().as_str());
    let (Some(count), Some(word)) = (count, word) else {
        let why = "many needs a number and a word".to_owned();
        return Err(handlebars::RenderErrorReason::Other(why).into());
    };
    let ending = if count == 1 { "" } else { "s" };
    out.write(&format!("{count} {word}{ending}"))?;
    Ok(())
}
