//! A timeline leaves the program: on a stated reason, without counsel text, with the hashes that prove it.

use super::{App, AppError};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::Refusal;
use crate::domain::policy;
use crate::domain::role::Role;
use crate::domain::timeline::{Line, Reader, lines};
use crate::store::access::View;
use crate::store::event::Sealed;
use crate::store::{self, StoreError};
use chrono::{DateTime, Utc};

/// One entry with its place in the chains.
#[derive(Debug, Clone)]
pub struct Exported {
    pub line: Line,
    /// How the person is called who acted; `Baton` for the program.
    pub who: String,
    pub sealed: Sealed,
}

/// A whole timeline.
#[derive(Debug, Clone)]
pub struct Export {
    pub incident: IncidentId,
    /// Id and version of the playbook that it follows.
    pub playbook: String,
    pub at: DateTime<Utc>,
    pub entries: Vec<Exported>,
}

impl App {
    /// For whoever runs the program on its host; who they are Baton cannot know, why they did it stands in the access
    /// log before anything leaves.
    pub async fn export(&self, id: IncidentId, reason: String) -> Result<Export, AppError> {
        let app = self.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let reason = reason.trim();
                    if reason.is_empty() {
                        return Err(Refusal::ReasonMissing.into());
                    }
                    let found = store::incident::find(connection, id).await?;
                    let incident = found.ok_or(Refusal::NotFound)?;
                    let at = app.now();
                    app.playbooks.keep(connection, at).await?;
                    let loaded = app.playbooks.load(&incident.playbook)?;
                    let view = View {
                        at,
                        by: PersonId::PROGRAM,
                        what: "export",
                        incident: id,
                        reason: Some(reason),
                        salt: app.ids.salt(),
                    };
                    store::access::append(connection, &view).await?;
                    let history = store::event::list(connection, id).await?;
                    let names = store::people::names(connection, &[id]).await?;
                    let current = app.playbooks.current().iter();
                    let before: Vec<_> = current.map(|l| &l.playbook).collect();
                    let reader = Reader {
                        clearance: &policy::export(),
                        roles: &Role::ALL.into_iter().collect(),
                        zone: app.zone,
                        // Whoever has a shell on the host reads every incident.
                        others: &incident.linked,
                        before: &before,
                        names: &names,
                    };
                    let told = lines(&history, &loaded.playbook, &reader);
                    let sealed = store::event::list_sealed(connection, id).await?;
                    if sealed.len() != told.len() {
                        return Err(StoreError::Inconsistent {
                            what: "a history",
                            why: "its headers and its entries differ in number".to_owned(),
                        }
                        .into());
                    }
                    let who = |person: PersonId| match names.get(&person) {
                        _ if person == PersonId::PROGRAM => "Baton".to_owned(),
                        Some(name) => name.clone(),
                        None => person.to_string(),
                    };
                    let entries = told.into_iter().zip(sealed).map(|(line, sealed)| Exported {
                        who: who(line.by),
                        line,
                        sealed,
                    });
                    Ok(Export {
                        incident: id,
                        playbook: format!("{} {}", incident.playbook.id, incident.playbook.version),
                        at,
                        entries: entries.collect(),
                    })
                })
            })
            .await
    }
}
