//! Whether a playbook takes an alert, where it starts there and why: judged by one function on arrival and in a dry run.
//! No store and no clock here.

use super::facts::{History, evaluate, facts};
use super::playbooks::Loaded;
use crate::domain::ids::StageId;
use crate::domain::incident::Evaluated;
use crate::domain::view::OnIncident;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// The way of an alert into a playbook.
#[derive(Debug)]
pub struct Route {
    pub loaded: Arc<Loaded>,
    pub stage: StageId,
    /// Why this stage, a sentence.
    pub because: String,
    /// Every criterion that the program can evaluate.
    pub criteria: Vec<Evaluated>,
}

/// `None` where the playbook does not take it.
pub fn route(
    loaded: &Arc<Loaded>,
    on: &OnIncident,
    history: &History,
    now: DateTime<Utc>,
) -> Option<Route> {
    let playbook = &loaded.playbook;
    let found = facts(Some(on), None, history, playbook, now);
    if !playbook.route(&found) {
        return None;
    }
    let entry = playbook.entry(&found)?;
    Some(Route {
        loaded: loaded.clone(),
        stage: entry.stage.clone(),
        because: entry.because.clone(),
        criteria: evaluate(playbook, &found),
    })
}
