//! The people directory comes in: planned against what is known, and carried out whole or not at all.

use super::{App, AppError};
use crate::domain::directory::{Listed, Plan, plan};
use crate::domain::ids::{IncidentId, PersonId};
use crate::store::{self, Connection, directory::Import};
use std::collections::{BTreeMap, BTreeSet};

impl App {
    /// What an import would do, and what stands in its way.
    pub async fn plan_people(&self, listed: &[Listed], join: bool) -> Result<Plan, AppError> {
        let mut reader = self.store.read().await?;
        let known = store::directory::load(&mut reader).await?;
        Ok(plan(listed, &known, join))
    }

    /// Imports in one commit. With a fault in the plan nothing is done; the plan says which.
    pub async fn import_people(
        &self,
        listed: Vec<Listed>,
        join: bool,
        source: String,
    ) -> Result<Plan, AppError> {
        let (app, at) = (self.clone(), self.now());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let known = store::directory::load(connection).await?;
                    let plan = plan(&listed, &known, join);
                    if !plan.faults.is_empty() {
                        return Ok(plan);
                    }
                    let before = walls_of_open(connection).await?;
                    let import = Import { at, source };
                    store::directory::delete_keys(connection, &plan.rows).await?;
                    let mut saved = Vec::with_capacity(plan.rows.len());
                    for row in &plan.rows {
                        saved.push(store::directory::save(connection, row, &import).await?);
                    }
                    for (row, person) in plan.rows.iter().zip(saved) {
                        let manager = row.listed.line_manager.as_deref();
                        store::directory::save_line_manager(connection, person, manager).await?;
                    }
                    // Older versions of playbooks are known only to whoever takes them in.
                    app.playbooks.keep(connection, at).await?;
                    app.keep_out(connection, &before).await?;
                    Ok(plan)
                })
            })
            .await
    }
}

/// The walls of each open incident as they are before an import.
async fn walls_of_open(
    connection: &mut Connection,
) -> Result<BTreeMap<IncidentId, BTreeSet<PersonId>>, AppError> {
    let mut all = BTreeMap::new();
    for incident in store::incident::list_open(connection).await? {
        let walls = store::incident::walls(connection, incident.id).await?;
        all.insert(incident.id, walls);
    }
    Ok(all)
}
