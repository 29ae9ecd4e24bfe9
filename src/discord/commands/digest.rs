//! What is done from a digest: the acts of a card's buttons, each through the same use case, and the pages of what it lists.

use super::handle::{Bot, Fault, Reply};
use crate::discord::custom_id::{Digested, digest_page, page_of, press};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Refusal;
use crate::domain::playbook::definition::TransitionKind;
use crate::domain::policy::Actor;
use crate::domain::view::CardAct;

impl Bot {
    pub(super) async fn press_digest(
        &self,
        actor: &Actor,
        id: Digested,
        values: &[String],
    ) -> Result<Reply, Fault> {
        let chosen = || {
            let first = values.first().ok_or(Refusal::NotFound)?;
            first.parse::<IncidentId>().map_err(|()| Refusal::NotFound)
        };
        match id {
            Digested::Take(_) => {
                let id = chosen()?;
                let view = self.app.card_for(actor, id).await?;
                if view.acts.contains(&CardAct::Accept) {
                    self.accept(actor, id).await
                } else {
                    self.claim(actor, id).await
                }
            }
            Digested::Escalate(_) => {
                self.leave(actor, chosen()?, TransitionKind::Handoff, None)
                    .await
            }
            Digested::Open(_) => self.open_card(actor, chosen()?).await,
            Digested::More(digest, page) => {
                let card = self.digest_screen(actor, digest, page).await?;
                Ok(Reply::Show(card))
            }
            Digested::Page(digest, page) => {
                let card = self.digest_screen(actor, digest, page).await?;
                Ok(Reply::Update(card))
            }
        }
    }

    /// An incident's card, as far as the member may see it, for them alone.
    pub(super) async fn open_card(&self, actor: &Actor, id: IncidentId) -> Result<Reply, Fault> {
        let view = self.app.card_for(actor, id).await?;
        Ok(Reply::Show(self.templates.incident_card(&view, press)?))
    }

    /// One page of what a digest lists and the member may see.
    async fn digest_screen(
        &self,
        actor: &Actor,
        digest: i64,
        page: u32,
    ) -> Result<crate::render::card::Card, Fault> {
        let (channel, lines) = self.app.digest_for(actor, digest).await?;
        let rows = digest_page(digest, &lines, page);
        Ok(self
            .templates
            .digest(page_of(&lines, page), &channel, digest, rows)?)
    }
}
