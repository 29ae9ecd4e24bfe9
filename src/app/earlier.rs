//! What else there was and is: incidents that are linked, and earlier ones about the same persons, each only as far as
//! the reader may know of it.

use super::visible::Visible;
use super::{App, AppError};
use crate::domain::ids::{IncidentId, PersonId};
use crate::domain::incident::{Incident, Phase, Refusal};
use crate::domain::playbook::definition::Playbook;
use crate::domain::policy::{self, Actor, reads};
use crate::domain::record::shown_time;
use crate::domain::restricted::{Clearance, Level};
use crate::domain::search::SHOWN;
use crate::domain::view::age;
use crate::store::people::Member;
use crate::store::{self, Connection};
use std::collections::{BTreeMap, BTreeSet};

/// Another incident, in the words that the reader may have of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    pub id: IncidentId,
    /// Whom both are about; empty for a link.
    pub whom: String,
    pub words: String,
}

/// What there was about the persons of an incident.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Of each person the newest, up to [`SHOWN`].
    pub others: Vec<Other>,
    /// There are older ones that the member may know of.
    pub more: bool,
}

impl App {
    /// The linked incidents, for whoever may open this one's details.
    pub async fn links(&self, actor: &Actor, id: IncidentId) -> Result<Vec<Other>, AppError> {
        let mut reader = self.store.read().await?;
        let (visible, _) = self.detailed(&mut reader, actor, id).await?;
        let linked: Vec<IncidentId> = visible.incident.linked.iter().copied().collect();
        self.others(&mut reader, actor, &linked, "").await
    }

    /// Whether the member may read the persons' history: asked before a form opens.
    pub async fn may_look_back(&self, actor: &Actor, id: IncidentId) -> Result<(), AppError> {
        let mut reader = self.store.read().await?;
        self.detailed(&mut reader, actor, id).await.map(|_| ())
    }

    /// The other incidents about the same persons, of each the newest, on a reason that is logged before anything is read.
    /// What the member may not know of is not among them, nor counted.
    pub async fn earlier(
        &self,
        actor: &Actor,
        id: IncidentId,
        reason: String,
    ) -> Result<Earlier, AppError> {
        let (app, asker) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    app.detailed(connection, &asker, id).await?;
                    app.log_read(connection, &asker, "earlier", id, &reason)
                        .await
                })
            })
            .await?;
        let mut reader = self.store.read().await?;
        let (visible, _) = self.detailed(&mut reader, actor, id).await?;
        let names = store::people::names(&mut reader, &[id]).await?;
        let mut earlier = Earlier::default();
        for person in &visible.incident.concerned {
            let whom = names.get(person).cloned();
            let whom = whom.unwrap_or_else(|| person.to_string());
            let mut about = store::incident::list_about(&mut reader, *person).await?;
            about.retain(|other| *other != id);
            let mut found = Vec::new();
            for some in about.chunks(SHOWN + 1) {
                if found.len() > SHOWN {
                    break;
                }
                found.extend(self.others(&mut reader, actor, some, &whom).await?);
            }
            earlier.more |= found.len() > SHOWN;
            found.truncate(SHOWN);
            earlier.others.extend(found);
        }
        Ok(earlier)
    }

    /// The incident, for whoever may open what its card does not show, and as far as they may.
    pub(super) async fn detailed(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        id: IncidentId,
    ) -> Result<(Visible, Clearance), AppError> {
        let visible = self.visible(connection, actor, id).await?;
        let playbook = &visible.playbook.playbook;
        let clearance = policy::details(actor, &visible.incident, playbook, &visible.walls)
            .ok_or(Refusal::NotFound)?;
        Ok((visible, clearance))
    }

    /// Those of them that the member may know of, in their order.
    async fn others(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        ids: &[IncidentId],
        whom: &str,
    ) -> Result<Vec<Other>, AppError> {
        let visible = self.list_visible(connection, actor, ids).await?;
        let names = store::people::names(connection, ids).await?;
        let seen = ids.iter().filter_map(|id| visible.get(id));
        let others = seen.map(|visible| Other {
            id: visible.incident.id,
            whom: whom.to_owned(),
            words: self.in_words(visible, &names),
        });
        Ok(others.collect())
    }

    /// Id, severity, age and holder are everybody's who may know of it; stage and ending theirs who read its steps.
    fn in_words(&self, visible: &Visible, names: &BTreeMap<PersonId, String>) -> String {
        let incident = &visible.incident;
        let opened = match age(self.now() - incident.opened_at).as_str() {
            now @ "just now" => format!("opened {now}"),
            old => format!("opened {old} ago"),
        };
        let mut words = vec![incident.severity.key().to_owned(), opened];
        if visible.clearance.level() >= Level::Steps {
            words.push(self.standing(incident, &visible.playbook.playbook));
        } else if !incident.is_open() {
            words.push("ended".to_owned());
        }
        if let Some(holder) = incident.holder() {
            let name = names.get(&holder).cloned();
            words.push(format!(
                "with {}",
                name.unwrap_or_else(|| holder.to_string())
            ));
        }
        words.join(" · ")
    }

    fn standing(&self, incident: &Incident, playbook: &Playbook) -> String {
        let title = |stage| {
            let stage = playbook.stage(stage);
            stage.map_or_else(String::new, |stage| stage.title.clone())
        };
        match &incident.phase {
            Phase::Open { .. } => format!("at {}", title(&incident.stage)),
            Phase::Offered(offer) => format!("offered to {}", title(&offer.to)),
            Phase::Ended(ended) => {
                let way = playbook.transition(&ended.transition);
                let way = way.map_or_else(String::new, |way| way.title.clone());
                format!("{way}, {}", shown_time(ended.at, self.zone))
            }
        }
    }

    /// The links that a card may show: those that every reader of its channel may know of.
    pub(super) async fn shared_links(
        &self,
        connection: &mut Connection,
        incident: &Incident,
        readers: &[Member],
    ) -> Result<Vec<IncidentId>, AppError> {
        let mut shared = Vec::new();
        let linked: Vec<IncidentId> = incident.linked.iter().copied().collect();
        let others = store::incident::list(connection, &linked).await?;
        let mut walls = store::incident::list_walls(connection, &linked).await?;
        for id in linked {
            let Some(other) = others.get(&id) else {
                continue;
            };
            let walls = walls.remove(&id).unwrap_or_default();
            let loaded = self.playbooks.load(&other.playbook)?;
            let knows = |member: &Member| {
                let actor = Actor {
                    person: member.person,
                    account: member.account.clone(),
                    roles: member.roles.clone(),
                    lead: false,
                };
                reads(&actor, other, &loaded.playbook, &walls).is_some()
            };
            if readers.iter().all(knows) {
                shared.push(id);
            }
        }
        Ok(shared)
    }
}

/// The members among these persons.
pub(super) fn among(members: Vec<Member>, persons: &BTreeSet<PersonId>) -> Vec<Member> {
    let wanted = members.into_iter();
    wanted.filter(|m| persons.contains(&m.person)).collect()
}
