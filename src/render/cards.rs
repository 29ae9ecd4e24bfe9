//! From what a clearance lets see to a neutral card: template for the text, controls beside it.

use super::card::{Button, ButtonStyle, Card, Row, Tone, UserMention};
use super::contexts::{
    Answer, Brief, BriefStub, CardContext, Closing, ClosingStub, IdleWord, Labelled, PastCard,
    Reminder, ThreadContext,
};
use super::templates::{Template, TemplateFault, Templates, Text};
use crate::domain::governance::Choice;
use crate::domain::ids::AccountId;
use crate::domain::view::{BriefView, CardAct, CardView, ClosingView, Standing};

/// What a button of a card calls; the chat makes ids of it.
pub type Press = fn(CardAct, &CardView) -> String;
/// The controls of a brief; the chat makes ids of them.
pub type BriefPress = fn(&BriefView) -> Vec<Row>;

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
    pub fn reminder(
        &self,
        view: &CardView,
        times: u32,
        press: Press,
    ) -> Result<Card, TemplateFault> {
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
        let mut card = self.plain_card(&reminder, Tone::Alarm)?;
        let take = if offered {
            CardAct::Accept
        } else {
            CardAct::Claim
        };
        let buttons = [take, CardAct::Snooze].map(|act| button(act, view, press));
        card.rows.push(Row::Buttons(buttons.to_vec()));
        Ok(card)
    }

    /// What is held without a sign of life, said to whoever holds it.
    pub fn idle(
        &self,
        context: &IdleWord,
        view: &CardView,
        press: Press,
    ) -> Result<Card, TemplateFault> {
        let mut card = self.plain_card(context, Tone::Warning)?;
        let buttons = [CardAct::Escalate, CardAct::Snooze].into_iter();
        let buttons = buttons.filter(|act| *act == CardAct::Snooze || view.acts.contains(act));
        let buttons = buttons.map(|act| button(act, view, press)).collect();
        card.rows.push(Row::Buttons(buttons));
        Ok(card)
    }

    /// The first message of an incident's private thread.
    pub fn thread_card(&self, view: &CardView) -> Result<Card, TemplateFault> {
        self.plain_card(&ThreadContext::from(CardContext::from(view)), Tone::Info)
    }

    /// The one page for Legal and HR, with what they can answer.
    pub fn brief(&self, view: &BriefView, press: BriefPress) -> Result<Card, TemplateFault> {
        let contacts: Vec<String> = view
            .contacts
            .iter()
            .map(|c| match &c.deputy {
                Some(deputy) => format!("{} ({}, deputy {deputy})", c.name, c.side),
                None => format!("{} ({})", c.name, c.side),
            })
            .collect();
        let read = view.contacts.iter().map(|c| {
            let time = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M UTC");
            let value = match (c.acknowledged_at, c.concluded_at) {
                (_, Some(at)) => format!("concluded {}", time(at)),
                (Some(at), None) => format!("read {}", time(at)),
                (None, None) => "not yet".to_owned(),
            };
            Labelled::new(format!("{} ({})", c.name, c.side), value)
        });
        // Who has read it stands above; that is no decision.
        let read_only = Choice::Acknowledge.words();
        let decided = view
            .decisions
            .iter()
            .filter(|(_, what, _)| what != read_only);
        let decided = decided.map(|(who, what, at)| {
            Labelled::new(who, format!("{what}, {}", at.format("%Y-%m-%d %H:%M UTC")))
        });
        let context = Brief {
            drill: view.drill,
            id: view.id.to_string(),
            number: view.number,
            status: view.status.to_owned(),
            contacts_line: contacts.join(", "),
            security: view.security.clone(),
            criteria: view.criteria.clone(),
            items: view
                .items
                .iter()
                .map(|(l, v)| Labelled::new(l, v))
                .collect(),
            engaged: view.engaged_at.timestamp(),
            met: view.met_at.timestamp(),
            contacts: read.collect(),
            decisions: decided.collect(),
            held: view.held.join(", "),
            thresholds: view.thresholds.clone(),
        };
        let tone = if view.concluded {
            Tone::Done
        } else {
            Tone::Warning
        };
        let mut card = self.plain_card(&context, tone)?;
        // What a lock screen shows.
        card.content = Some(format!("{}: a brief waits", view.id));
        card.mentions = mentions(view);
        if !view.concluded {
            card.rows = press(view);
        }
        Ok(card)
    }

    /// What the restricted channel shows of a brief that only those named may read.
    pub fn brief_stub(&self, view: &BriefView) -> Result<Card, TemplateFault> {
        let context = BriefStub {
            drill: view.drill,
            id: view.id.to_string(),
            status: view.status.to_owned(),
            engaged: view.engaged_at.timestamp(),
        };
        let mut card = self.plain_card(&context, Tone::Warning)?;
        card.content = Some(format!("{}: a brief waits", view.id));
        card.mentions = mentions(view);
        Ok(card)
    }

    /// What became of it, for the contacts of an engagement.
    pub fn closing(&self, view: &ClosingView) -> Result<Card, TemplateFault> {
        let decided = view.decisions.iter().map(|(who, what, at)| {
            Labelled::new(who, format!("{what}, {}", at.format("%Y-%m-%d %H:%M UTC")))
        });
        let context = Closing {
            drill: view.drill,
            id: view.id.to_string(),
            number: view.number,
            ended: view.ended.to_owned(),
            at: view.ended_at.timestamp(),
            by: view.by.clone(),
            outcome: view.outcome.clone(),
            actions: view.actions.clone(),
            decisions: decided.collect(),
            held: view.held.join(", "),
            owner: view.owner.clone().unwrap_or_default(),
        };
        let mut card = self.plain_card(&context, Tone::Done)?;
        card.content = Some(format!("{}: a closing brief waits", view.id));
        card.mentions = named(&view.mentions);
        Ok(card)
    }

    /// What the restricted channel shows of a closing brief that only those named may read.
    pub fn closing_stub(&self, view: &ClosingView) -> Result<Card, TemplateFault> {
        let context = ClosingStub {
            drill: view.drill,
            id: view.id.to_string(),
        };
        let mut card = self.plain_card(&context, Tone::Info)?;
        card.content = Some(format!("{}: a closing brief waits", view.id));
        card.mentions = named(&view.mentions);
        Ok(card)
    }

    /// An answer to a person.
    pub fn answer(&self, answer: &Answer, tone: Tone) -> Result<Card, TemplateFault> {
        self.plain_card(answer, tone)
    }
}

fn mentions(view: &BriefView) -> Vec<UserMention> {
    named(&view.mentions)
}

fn named(accounts: &[AccountId]) -> Vec<UserMention> {
    accounts
        .iter()
        .map(|account| UserMention {
            account: account.clone(),
        })
        .collect()
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
        CardAct::Dismiss => ("Dismiss", ButtonStyle::Plain),
        CardAct::Close => ("Close", ButtonStyle::Plain),
        CardAct::Agree => ("Agree", ButtonStyle::Primary),
        CardAct::Refuse => ("Refuse", ButtonStyle::Plain),
        CardAct::Accept => ("Accept", ButtonStyle::Primary),
        CardAct::Return => ("Return", ButtonStyle::Plain),
        CardAct::Details => ("Details", ButtonStyle::Plain),
        CardAct::Snooze => ("Snooze", ButtonStyle::Plain),
    };
    Button {
        label: label.to_owned(),
        custom_id: press(act, view),
        style,
        ..Button::default()
    }
}
