//! What may be posted, and where: cards, threads and statuses as their readers may see them.

use super::earlier::among;
use super::{App, AppError};
use crate::domain::ids::{AccountId, ChannelKey, IncidentId, PersonId};
use crate::domain::incident::{Incident, Visit, VisitState};
use crate::domain::placement::{self, Placement};
use crate::domain::playbook::definition::Playbook;
use crate::domain::policy::{self, Actor, Walls, reads};
use crate::domain::restricted::{Clearance, Level};
use crate::domain::view::CardView;
use crate::store;
use crate::store::people::Member;
use std::collections::BTreeSet;

/// A card with where it may go.
pub struct Placed {
    pub view: CardView,
    pub placement: Placement,
    pub sealed_reference: String,
}

/// What other tiers hear of a material development.
pub struct Status {
    pub severity: &'static str,
    pub stage: String,
}

/// A private thread with those who belong in it.
pub struct ThreadView {
    /// The channel under which it is opened.
    pub parent: ChannelKey,
    pub name: String,
    pub visit: usize,
    pub view: CardView,
    pub members: Vec<Member>,
}

/// What the channel of a stay sees of an incident.
pub(super) struct Seen {
    pub placement: Placement,
    pub clearance: Clearance,
    readers: BTreeSet<PersonId>,
}

/// Where the card of one stay may go, and what may stand on it.
pub(super) fn seen(
    incident: &Incident,
    visit: usize,
    playbook: &Playbook,
    members: &[Member],
    walls: &Walls,
) -> Option<Seen> {
    let stay = incident.visits.get(visit)?;
    let stage = playbook.stage(&stay.stage)?;
    let readers = members.iter().filter(|m| m.roles.contains(&stage.role));
    let readers: BTreeSet<PersonId> = readers.map(|m| m.person).collect();
    let (offered, held) = standing(incident, stay);
    Some(Seen {
        placement: placement::of(incident, &stay.channel, &readers, walls),
        clearance: policy::channel(stage, offered, held),
        readers,
    })
}

/// Whether a stay is offered, and whether somebody holds it. While its own handoff waits elsewhere, it is as if held.
pub(super) fn standing(incident: &Incident, stay: &Visit) -> (bool, bool) {
    let offered = matches!(stay.state, VisitState::Offered);
    let working = matches!(stay.state, VisitState::Working);
    (offered, incident.holder().is_some() || !working)
}

impl App {
    /// The card of one stay at a stage, as its channel may see it, and where it may go.
    pub async fn placed_card(
        &self,
        id: IncidentId,
        visit: usize,
    ) -> Result<Option<Placed>, AppError> {
        let mut reader = self.store.read().await?;
        let Some(incident) = store::incident::find(&mut reader, id).await? else {
            return Ok(None);
        };
        let loaded = self.playbooks.load(&incident.playbook)?;
        let playbook = &loaded.playbook;
        let walls = store::incident::walls(&mut reader, id).await?;
        let members = store::people::list_members(&mut reader).await?;
        let Some(seen) = seen(&incident, visit, playbook, &members, &walls) else {
            return Ok(None);
        };
        let Seen {
            placement,
            clearance,
            readers,
        } = seen;
        let mut view = self
            .card_view(&mut reader, (&incident, &walls), visit, &clearance)
            .await?;
        let present = match &placement {
            Placement::Channel(_) => &readers,
            Placement::SealedThread { members } => members,
        };
        let present = among(members, present);
        let links = self.shared_links(&mut reader, &incident, &present).await?;
        if let Some(view) = &mut view {
            view.link(&links);
        }
        Ok(view.map(|view| Placed {
            view,
            placement,
            sealed_reference: opaque(&incident),
        }))
    }

    /// The incident's private thread: its record, and those on the case who are not walled.
    pub async fn thread(&self, id: IncidentId) -> Result<Option<ThreadView>, AppError> {
        let mut reader = self.store.read().await?;
        let Some(incident) = store::incident::find(&mut reader, id).await? else {
            return Ok(None);
        };
        let walls = store::incident::walls(&mut reader, id).await?;
        let members = store::people::list_members(&mut reader).await?;
        let loaded = self.playbooks.load(&incident.playbook)?;
        // Under seal the case goes on in the sealed thread; nothing of it stands under the stage's own channel.
        let role = loaded
            .playbook
            .stage(&incident.stage)
            .map(|stage| stage.role);
        let readers = members
            .iter()
            .filter(|m| role.is_some_and(|role| m.roles.contains(&role)))
            .map(|m| m.person)
            .collect();
        let Some((_, stay)) = incident.current_visit() else {
            return Ok(None);
        };
        let placement = placement::of(&incident, &stay.channel, &readers, &walls);
        if placement != Placement::Channel(stay.channel.clone()) {
            return Ok(None);
        }
        let cleared = |member: &Member| {
            let actor = Actor {
                person: member.person,
                account: member.account.clone(),
                roles: member.roles.clone(),
                lead: false,
            };
            reads(&actor, &incident, &loaded.playbook, &walls)
                .is_some_and(|clearance| clearance.level() >= Level::Everything)
        };
        let on_case = members.into_iter().filter(cleared).collect();
        let Some((visit, _)) = incident.current_visit() else {
            return Ok(None);
        };
        // Under the channel that every tier sees: a thread is hidden from members who do not see its parent.
        let (parent, name) = (ChannelKey::new(placement::SEALED), id.to_string());
        let view = self
            .card_view(&mut reader, (&incident, &walls), visit, &policy::thread())
            .await?;
        Ok(view.map(|view| ThreadView {
            parent,
            name,
            visit,
            view,
            members: on_case,
        }))
    }

    /// What another tier's channel may hear of an incident; nothing where someone walled reads that channel.
    pub async fn status_for(
        &self,
        id: IncidentId,
        channel: &ChannelKey,
    ) -> Result<Option<Status>, AppError> {
        let mut reader = self.store.read().await?;
        let Some(incident) = store::incident::find(&mut reader, id).await? else {
            return Ok(None);
        };
        let loaded = self.playbooks.load(&incident.playbook)?;
        let roles: BTreeSet<_> = loaded
            .playbook
            .stages
            .iter()
            .filter(|stage| stage.channel == *channel)
            .map(|stage| stage.role)
            .collect();
        let walls = store::incident::walls(&mut reader, id).await?;
        let members = store::people::list_members(&mut reader).await?;
        let readers = members.iter().filter(|m| !m.roles.is_disjoint(&roles));
        let readers = readers.map(|m| m.person).collect();
        let placement = placement::of(&incident, channel, &readers, &walls);
        if placement != Placement::Channel(channel.clone()) {
            return Ok(None);
        }
        let stage = loaded.playbook.stage(&incident.stage);
        Ok(Some(Status {
            severity: incident.severity.key(),
            stage: stage.map_or_else(|| incident.stage.to_string(), |s| s.title.clone()),
        }))
    }

    /// The accounts of those who are walled off from an incident.
    pub async fn walled_accounts(&self, id: IncidentId) -> Result<BTreeSet<AccountId>, AppError> {
        let mut reader = self.store.read().await?;
        let walls = store::incident::walls(&mut reader, id).await?;
        drop(reader);
        Ok(self.accounts(&walls).await?.into_iter().collect())
    }

    /// The accounts of those who are walled off, and of contacts with a conflict of interest.
    pub async fn kept_out_accounts(&self, id: IncidentId) -> Result<BTreeSet<AccountId>, AppError> {
        let mut reader = self.store.read().await?;
        let mut out = store::incident::walls(&mut reader, id).await?;
        let incident = store::incident::find(&mut reader, id).await?;
        out.extend(
            incident
                .into_iter()
                .flat_map(|incident| incident.conflicted),
        );
        drop(reader);
        Ok(self.accounts(&out).await?.into_iter().collect())
    }

    /// The accounts behind these persons, for adding them to a thread.
    pub async fn accounts(&self, persons: &BTreeSet<PersonId>) -> Result<Vec<AccountId>, AppError> {
        let mut reader = self.store.read().await?;
        let members = store::people::list_members(&mut reader).await?;
        let wanted = members.into_iter().filter(|m| persons.contains(&m.person));
        Ok(wanted.map(|m| m.account).collect())
    }
}

/// A name for the sealed thread that says nothing: not the incident, not how many there are.
fn opaque(incident: &Incident) -> String {
    use sha2::{Digest as _, Sha256};
    let seed = format!("{}{}", incident.opened_at.timestamp_micros(), incident.id);
    let hash = hex::encode(Sha256::digest(seed.as_bytes()));
    format!("S-{}", hash.get(..8).unwrap_or_default())
}
