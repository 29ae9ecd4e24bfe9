//! The screen behind `/health`: how well the service is, for those who run it.

use super::handle::{Bot, Fault, Reply};
use crate::domain::health::{Line, Standing, overall};
use crate::domain::policy::Actor;
use crate::render::card::Tone;
use crate::render::contexts::{Health, HealthLine};

impl Bot {
    pub(super) async fn health(&self, actor: &Actor) -> Result<Reply, Fault> {
        let lines = self.app.health(actor).await?;
        let (headline, tone) = match overall(&lines) {
            Standing::Well => ("Baton is well", Tone::Calm),
            Standing::Attention => ("Baton works; something wants a look", Tone::Warning),
            Standing::Degraded => ("Baton is degraded: something does not work", Tone::Alarm),
        };
        let context = Health {
            headline: headline.to_owned(),
            lines: worst_first(lines).into_iter().map(shown).collect(),
        };
        Ok(Reply::Show(self.templates.plain_card(&context, tone)?))
    }
}

fn worst_first(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_by_key(|line| std::cmp::Reverse(line.status));
    lines
}

fn shown(line: Line) -> HealthLine {
    HealthLine {
        mark: match line.status {
            Standing::Well => "✅",
            Standing::Attention => "⚠️",
            Standing::Degraded => "⛔",
        }
        .to_owned(),
        check: line.check.to_owned(),
        status: line.status.word().to_owned(),
        text: line.text,
        next: line.next.to_owned(),
    }
}
