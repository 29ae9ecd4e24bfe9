//! What a digest lists: each incident as its channel may see it, or as a member may.

use super::visible::Visible;
use super::{App, AppError};
use crate::domain::digest::{Line, line, sort};
use crate::domain::ids::{AlertId, ChannelKey, IncidentId};
use crate::domain::incident::Refusal;
use crate::domain::placement::Placement;
use crate::domain::policy::{Actor, channel};
use crate::domain::restricted::Level;
use crate::domain::view::{CardView, age};
use crate::store;
use chrono::TimeDelta;
use std::collections::BTreeSet;

/// How old a message may get before it counts as late.
const IN_TIME: TimeDelta = TimeDelta::seconds(5);

impl App {
    /// How each stay at a stage stands in a digest of its channel, in their order; nothing for those that may not be
    /// listed there: they are under seal, or gone.
    pub async fn digest_lines(
        &self,
        posts: &[(IncidentId, usize)],
    ) -> Result<Vec<Option<Line>>, AppError> {
        let mut reader = self.store.read().await?;
        let members = store::people::list_members(&mut reader).await?;
        // In a storm there are many: each table is read once for all of them.
        let ids: Vec<IncidentId> = posts.iter().map(|(id, _)| *id).collect();
        let incidents = store::incident::list(&mut reader, &ids).await?;
        let mut walls = store::incident::list_walls(&mut reader, &ids).await?;
        let first = incidents.values().filter_map(|one| one.alerts.first());
        let first: Vec<AlertId> = first.copied().collect();
        let alerts = store::alert::list(&mut reader, &first).await?;
        drop(reader);
        let mut lines = Vec::with_capacity(posts.len());
        for (id, visit) in posts {
            let Some(incident) = incidents.get(id) else {
                lines.push(None);
                continue;
            };
            let playbook = &self.playbooks.load(&incident.playbook)?.playbook;
            let walls = walls.entry(*id).or_default();
            let seen = super::placed::seen(incident, *visit, playbook, &members, walls);
            let open = seen.filter(|seen| matches!(seen.placement, Placement::Channel(_)));
            let alert = incident.alerts.first().and_then(|id| alerts.get(id));
            let alert = alert.map(|kept| &kept.alert);
            lines.push(
                open.and_then(|seen| line(incident, *visit, alert, playbook, &seen.clearance)),
            );
        }
        Ok(lines)
    }

    /// What a digest listed, as far as the member may see it now: its channel and the lines.
    pub async fn digest_for(
        &self,
        actor: &Actor,
        digest: i64,
    ) -> Result<(ChannelKey, Vec<Line>), AppError> {
        let mut reader = self.store.read().await?;
        let rows = store::outbox::list_digest(&mut reader, digest).await?;
        let ids: BTreeSet<IncidentId> = rows.iter().filter_map(|row| row.incident).collect();
        let ids: Vec<IncidentId> = ids.into_iter().collect();
        let mut visible = self.list_visible(&mut reader, actor, &ids).await?;
        let first = visible.values().filter_map(|v| v.incident.alerts.first());
        let first: Vec<AlertId> = first.copied().collect();
        let alerts = store::alert::list(&mut reader, &first).await?;
        let visible = ids.iter().filter_map(|id| visible.remove(id));
        let lines = visible.filter_map(
            |Visible {
                 incident,
                 playbook,
                 clearance,
                 ..
             }| {
                let (visit, _) = incident.current_visit()?;
                let alert = incident.alerts.first().and_then(|id| alerts.get(id));
                let alert = alert.map(|kept| &kept.alert);
                line(&incident, visit, alert, &playbook.playbook, &clearance)
            },
        );
        let mut lines: Vec<Line> = lines.collect();
        let channel = rows.into_iter().next().map(|row| row.channel);
        // A digest of which one may see nothing is one that does not exist.
        let channel = channel.filter(|_| !lines.is_empty());
        sort(&mut lines);
        Ok((channel.ok_or(Refusal::NotFound)?, lines))
    }

    /// The card of an incident where it stands now: what its channel's card shows, and no more than the member may read.
    pub async fn card_for(&self, actor: &Actor, id: IncidentId) -> Result<CardView, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let (incident, playbook) = (&visible.incident, &visible.playbook.playbook);
        let (visit, stay) = incident.current_visit().ok_or(Refusal::NotFound)?;
        let stage = playbook.stage(&stay.stage).ok_or(Refusal::NotFound)?;
        let (offered, held) = super::placed::standing(incident, stay);
        let mut level = channel(stage, offered, held).level();
        // The record there is for those of the stage.
        if !actor.has(stage.role) {
            level = level.min(Level::Facts);
        }
        let clearance = visible.clearance.at_most(level);
        let view = self
            .card_view(&mut reader, (incident, &visible.walls), visit, &clearance)
            .await?;
        let mut view = view.ok_or(Refusal::NotFound)?;
        // Id, severity, age and holder are all that others of the tiers read.
        if visible.clearance.level() < Level::Steps {
            "elsewhere".clone_into(&mut view.stage);
            "Those on the case read more".clone_into(&mut view.status);
            view.reminders = None;
            view.acts.clear();
        }
        Ok(view)
    }

    /// How old the oldest message is that nobody has been shown, where it is older than it should get.
    pub async fn late(&self) -> Result<Option<String>, AppError> {
        let mut reader = self.store.read().await?;
        let backlog = store::outbox::list_backlog(&mut reader).await?;
        let oldest = backlog.iter().map(|one| one.oldest).min();
        let waits = oldest.map(|oldest| self.now() - oldest);
        let late = waits.filter(|waits| *waits > IN_TIME);
        Ok(late.map(|late| match late.num_seconds() {
            seconds @ ..60 => format!("{seconds} s"),
            _ => age(late),
        }))
    }
}
