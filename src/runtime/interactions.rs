//! One interaction from its frame to its answer on the wire: within Discord's three seconds, whatever happens inside.

use crate::discord::call::Call;
use crate::discord::commands::{Bot, Reply};
use crate::discord::connect::send_when_free;
use crate::discord::incoming::{Interaction, Kind};
use crate::discord::message::{choices_json, deferred_json, reply_json, update_json};
use crate::discord::modal::modal_json;
use crate::discord::rest::Rest;
use crate::render::card::{Card, Tone};
use futures_util::FutureExt as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Discord waits three seconds for the first answer; what is not ready by then is announced.
const FIRST_ANSWER: Duration = Duration::from_millis(2200);
/// How long an answer may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(2);
/// A token of an interaction lives a quarter of an hour.
const LATE_PATIENCE: Duration = Duration::from_mins(5);

/// Answers one interaction. A panic inside is answered and logged, and touches nobody else.
pub async fn serve(bot: Arc<Bot>, rest: Arc<Rest>, interaction: Interaction) {
    let app = bot.app.clone();
    let came = app.clock.instant();
    let acknowledged = || {
        let within = app.clock.instant().saturating_duration_since(came);
        app.watch.meters.acknowledged(within);
    };
    let wire = Wire {
        rest,
        id: interaction.id.clone(),
        token: interaction.token.clone(),
        application: interaction.application_id.clone(),
    };
    let can_wait = !matches!(interaction.kind, Kind::Autocomplete { .. });
    let reference = interaction.id.clone();
    let mut answering = Box::pin(AssertUnwindSafe(bot.answer(interaction)).catch_unwind());
    let in_time = timeout(FIRST_ANSWER, &mut answering).await;
    match in_time {
        Ok(Ok(Some(reply))) => {
            wire.first(reply).await;
            acknowledged();
        }
        Ok(Err(_)) => {
            wire.first(Reply::Show(panicked(&reference))).await;
            acknowledged();
        }
        Err(_) if can_wait => {
            wire.send(
                &Call::callback(&wire.id, &wire.token, deferred_json(true)),
                PATIENCE,
            )
            .await;
            acknowledged();
            match answering.await {
                Ok(Some(reply)) => wire.late(reply).await,
                Ok(None) => {}
                Err(_) => wire.late(Reply::Show(panicked(&reference))).await,
            }
        }
        Ok(Ok(None)) | Err(_) => {}
    }
}

fn panicked(reference: &str) -> Card {
    tracing::error!(reference, "an interaction panicked");
    Card {
        title: "That is our fault".to_owned(),
        body: format!("What you gave before is saved. Try once more. Reference {reference}."),
        tone: Tone::Alarm,
        ..Card::default()
    }
}

struct Wire {
    rest: Arc<Rest>,
    id: String,
    token: String,
    application: String,
}

impl Wire {
    async fn first(&self, reply: Reply) {
        let (body, files) = match reply {
            Reply::Show(card) => (reply_json(&card, true), card.files),
            Reply::Update(card) => (update_json(&card), card.files),
            Reply::Form(form) => (modal_json(&form), Vec::new()),
            Reply::Choices(choices) => (choices_json(&choices), Vec::new()),
        };
        self.send(
            &Call::callback(&self.id, &self.token, body).files(&files),
            PATIENCE,
        )
        .await;
    }

    /// After the announcement: only a message can follow.
    async fn late(&self, reply: Reply) {
        let card = match reply {
            Reply::Show(card) | Reply::Update(card) => card,
            Reply::Form(_) => Card {
                title: "Please press again".to_owned(),
                body:
                    "It took too long to open the form. Nothing is lost; it opens where you were."
                        .to_owned(),
                tone: Tone::Warning,
                ..Card::default()
            },
            Reply::Choices(_) => return,
        };
        let call = Call::edit_original(&self.application, &self.token, &card);
        self.send(&call, LATE_PATIENCE).await;
    }

    async fn send(&self, call: &Call, patience: Duration) {
        match send_when_free(&self.rest, call, patience).await {
            Ok(_) => {}
            // The first try arrived over a connection that broke before its answer did.
            Err(fault) if fault.is_already_answered() => {}
            Err(fault) => tracing::warn!(%fault, "an answer did not reach Discord"),
        }
    }
}
