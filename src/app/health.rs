//! How well the service is: facts of memory and store, for those who run it, their monitors, and the sign of life.

use super::{App, AppError};
use crate::domain::health::{Facts, Line};
use crate::domain::incident::Refusal;
use crate::domain::policy::{Actor, may_see_health};
use crate::domain::role::Role;
use crate::store;

/// The fact that a sign of life leaves: proof that the store takes work.
const BEAT: &str = "heartbeat";

impl App {
    /// The lines for a member who runs the service.
    pub async fn health(&self, actor: &Actor) -> Result<Vec<Line>, AppError> {
        if !may_see_health(actor) {
            return Err(Refusal::NotYours {
                role: Some(Role::Admin),
            }
            .into());
        }
        Ok(self.health_facts().await?.lines(self.now()))
    }

    /// No incident, no person: whoever reaches the address may read it.
    pub async fn health_facts(&self) -> Result<Facts, AppError> {
        let mut reader = self.store.read().await?;
        let mut facts = store::health::load(&mut reader, self.watch.facts(), self.now()).await?;
        facts.findings = store::audit::list_noted(&mut reader).await?;
        Ok(facts)
    }

    /// Commits something, and then says why no sign of life should be given all the same: nothing where the service does
    /// its work.
    pub async fn alive(&self) -> Result<Vec<String>, AppError> {
        let now = self.now();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    store::fact::save(connection, BEAT, "", now).await?;
                    Ok::<_, AppError>(())
                })
            })
            .await?;
        Ok(self.health_facts().await?.deadly(now))
    }
}
