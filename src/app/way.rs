//! How an incident went through its stages, for the picture of its timeline.

use super::{App, AppError};
use crate::domain::ids::{IncidentId, StageId};
use crate::domain::incident::Refusal;
use crate::domain::lanes::{Lanes, lanes};
use crate::domain::policy::Actor;
use crate::domain::restricted::Level;
use crate::store;
use std::collections::BTreeMap;

/// The way, and how its stages are called.
pub struct Way {
    pub lanes: Lanes,
    pub stages: BTreeMap<StageId, String>,
}

impl App {
    /// To whom the timeline is open, its picture is.
    pub async fn way(&self, actor: &Actor, id: IncidentId) -> Result<Way, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        if visible.clearance.level() < Level::Steps {
            return Err(Refusal::NotFound.into());
        }
        let history = store::event::list(&mut reader, id).await?;
        // It may have come from a playbook that it no longer follows.
        let others = self.playbooks.current().iter();
        let stages = others
            .map(|loaded| &loaded.playbook)
            .chain([&visible.playbook.playbook])
            .flat_map(|playbook| &playbook.stages)
            .map(|stage| (stage.id.clone(), stage.title.clone()));
        Ok(Way {
            lanes: lanes(&history, self.now()),
            stages: stages.collect(),
        })
    }
}
