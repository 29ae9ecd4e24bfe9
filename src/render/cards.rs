//! From what a clearance lets see to a neutral card: template for the text, controls beside it.

use super::card::{Button, ButtonStyle, Card, Row, Tone};
use super::contexts::{Answer, CardContext, PastCard, Reminder, ThreadContext};
use super::templates::{Template, TemplateFault, Templates, Text};
use crate::domain::view::{CardAct, CardView, Standing};

/// What a button of a card calls; the chat makes ids of it.
pub type Press = fn(CardAct, &CardView) -> String;

impl Templates {
    /// A card with the template's text and no controls.
    pub fn plain_card<T: Template>(&self, context: &T, tone: Tone) -> Result<Card, TemplateFault> {
        let Text {
            title,
            body,
            footer,
        } = self.render(context)?;
        Ok(Card {
            title,
            tone,
            body,
            footer,
            ..Card::default()
        })
    }

    /// The card of one stay at a stage.
    pub fn incident_card(&self, view: &CardView, press: Press) -> Result<Card, TemplateFault> {
        if view.standing == Standing::Past {
            let past = PastCard {
                drill: view.drill,
                id: view.id.to_string(),
                status: view.status.clone(),
            };
            return self.plain_card(&past, Tone::Done);
        }
        let mut card = self.plain_card(&CardContext::from(view), tone(view))?;
        let buttons: Vec<Button> = view
            .acts
            .iter()
            .map(|act| button(*act, view, press))
            .collect();
        if !buttons.is_empty() {
            card.rows.push(Row::Buttons(buttons));
        }
        Ok(card)
    }

    /// What nobody took in time, said once more.
    pub fn reminder(&self, view: &CardView, times: u32) -> Result<Card, TemplateFault> {
        let offered = view.acts.contains(&CardAct::Accept);
        let next = if offered {
            format!("Accept or return it: /accept or /return {}.", view.id)
        } else {
            format!("Claim it on its card, or with /claim {}.", view.id)
        };
        let context = CardContext::from(view);
        let reminder = Reminder {
            drill: view.drill,
            id: context.id,
            severity: context.severity,
            stage: context.stage,
            next,
            times,
        };
        self.plain_card(&reminder, Tone::Alarm)
    }

    /// The first message of an incident's private thread.
    pub fn thread_card(&self, view: &CardView) -> Result<Card, TemplateFault> {
        self.plain_card(&ThreadContext::from(CardContext::from(view)), Tone::Info)
    }

    /// An answer to a person.
    pub fn answer(&self, answer: &Answer, tone: Tone) -> Result<Card, TemplateFault> {
        self.plain_card(answer, tone)
    }
}

fn tone(view: &CardView) -> Tone {
    match (view.standing, view.severity) {
        (Standing::Past, _) => Tone::Done,
        (Standing::Held, _) => Tone::Calm,
        (Standing::Waiting, "high" | "critical") => Tone::Alarm,
        (Standing::Waiting, "medium" | "unknown") => Tone::Warning,
        (Standing::Waiting, _) => Tone::Info,
    }
}

fn button(act: CardAct, view: &CardView, press: Press) -> Button {
    let (label, style) = match act {
        CardAct::Claim => ("Claim", ButtonStyle::Primary),
        CardAct::Escalate => ("Escalate", ButtonStyle::Plain),
        CardAct::Accept => ("Accept", ButtonStyle::Primary),
        CardAct::Return => ("Return", ButtonStyle::Plain),
        CardAct::Details => ("Details", ButtonStyle::Plain),
    };
    Button {
        label: label.to_owned(),
        custom_id: press(act, view),
        style,
        ..Button::default()
    }
}
