//! The bot's side of interactions: the first answer and what follows. The member's side is `act`.

pub mod callback;
pub mod followups;

use chrono::TimeDelta;

use crate::sandbox::world::model::{Answers, Interaction};

/// Until then the first answer must come, on the clock.
pub const TO_ANSWER: TimeDelta = TimeDelta::seconds(3);
/// And so long its token serves for follow-ups.
pub const TOKEN_LIVES: TimeDelta = TimeDelta::minutes(15);

pub const COMMAND: u8 = 2;
pub const COMPONENT: u8 = 3;
pub const AUTOCOMPLETE: u8 = 4;
pub const MODAL_SUBMIT: u8 = 5;

fn answers(row: &Interaction) -> Answers {
    let command = row.command.clone().filter(|_| row.kind == COMMAND);
    Answers {
        id: row.id,
        kind: row.kind,
        user_id: row.user_id,
        command,
        message: row.source.filter(|_| row.kind == COMPONENT),
        trigger: row.trigger.clone(),
    }
}
