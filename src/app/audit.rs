//! The auditor: goes through all open incidents in slices, repairs what follows plainly from the state, and has what it
//! found told in the audit channel.

use super::act::card_name;
use super::intend::intend;
use super::{App, AppError};
use crate::domain::audit::{
    Kind, LATE_AFTER, Noted, RESTING_AFTER, Round, Seen, UNSENT_AFTER, look, note,
};
use crate::domain::due;
use crate::domain::effect::{AUDIT, Effect};
use crate::domain::ids::{ChannelKey, IncidentId};
use crate::domain::incident::Incident;
use crate::store::outbox::Intent;
use crate::store::{self, Connection, StoreError};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// So many incidents are looked at in one go: some milliseconds, on a reader.
const SLICE: i64 = 500;

/// One thing that was found, and whether it is repaired.
type Found = (IncidentId, Kind, bool);

impl App {
    /// Goes on with the auditor's round where one is due, by a slice. True when a round ended.
    pub async fn audit(&self) -> Result<bool, AppError> {
        let now = self.now();
        let Some(after) = self.watch.with_round(|round| round.go_on(now)) else {
            return Ok(false);
        };
        let (found, last) = self.audit_slice(after).await?;
        let round = self.watch.with_round(|round| {
            for (id, kind, mended) in found {
                round.count(kind, id, mended);
            }
            round.after = last;
            round.clone()
        });
        if last.is_some() {
            return Ok(false);
        }
        self.end_round(round).await?;
        Ok(true)
    }

    /// A whole round at once: at the start, whoever died before may have left something behind.
    pub async fn audit_whole(&self) -> Result<(), AppError> {
        self.watch.with_round(|round| *round = Round::default());
        while !self.audit().await? {}
        Ok(())
    }

    /// What is wrong with the next open incidents after a number, and the last of them where there may be more.
    async fn audit_slice(&self, after: i64) -> Result<(Vec<Found>, Option<i64>), AppError> {
        let mut reader = self.store.read().await?;
        let incidents = store::audit::list_open_after(&mut reader, after, SLICE).await?;
        let full = i64::try_from(incidents.len()).unwrap_or(i64::MAX) >= SLICE;
        let last = incidents.last().map(|(id, _)| id.0).filter(|_| full);
        let (mut found, mut read) = (Vec::new(), Vec::with_capacity(incidents.len()));
        for (id, incident) in incidents {
            match incident {
                Some(incident) => read.push(incident),
                None => found.push((id, Kind::Unreadable, false)),
            }
        }
        let suspects = self.look_at(&mut reader, &read).await?;
        drop(reader);
        let suspects: Vec<IncidentId> = suspects.into_keys().collect();
        if !suspects.is_empty() {
            let app = self.clone();
            let mended = self.store.write(move |connection| {
                Box::pin(async move { app.mend(connection, &suspects).await })
            });
            found.extend(mended.await?);
        }
        Ok((found, last))
    }

    async fn look_at(
        &self,
        connection: &mut Connection,
        incidents: &[Incident],
    ) -> Result<BTreeMap<IncidentId, BTreeSet<Kind>>, AppError> {
        let calendar = self.calendar(connection).await?;
        let cards = incidents.iter().map(|incident| {
            let visit = incident.current_visit().map_or(0, |(index, _)| index);
            (incident.id, card_name(incident.id, visit))
        });
        let cards: Vec<(IncidentId, String)> = cards.collect();
        let mut kept = store::audit::list_kept(connection, &cards).await?;
        let now = self.now();
        let mut found = BTreeMap::new();
        for incident in incidents {
            let loaded = self.playbooks.load(&incident.playbook).ok();
            let playbook = loaded.as_ref().map(|loaded| &loaded.playbook);
            let kept = kept.remove(&incident.id).unwrap_or_default();
            let kinds = look(incident, playbook, &calendar, &kept, now);
            if !kinds.is_empty() {
                found.insert(incident.id, kinds);
            }
        }
        Ok(found)
    }

    /// Looks again inside a transaction, where nobody acts meanwhile, and repairs what follows from the state.
    async fn mend(
        &self,
        connection: &mut Connection,
        suspects: &[IncidentId],
    ) -> Result<Vec<Found>, AppError> {
        let incidents = store::incident::list(connection, suspects).await?;
        let incidents: Vec<Incident> = incidents.into_values().collect();
        let calendar = self.calendar(connection).await?;
        let mut wrong = self.look_at(connection, &incidents).await?;
        let mut found = Vec::new();
        let mut dues = Vec::new();
        for incident in &incidents {
            let (id, now) = (incident.id, self.now());
            for kind in wrong.remove(&id).unwrap_or_default() {
                let mended = match kind {
                    Kind::Deadline => {
                        let loaded = self.playbooks.load(&incident.playbook)?;
                        dues.push((id, due::of(incident, &loaded.playbook, &calendar, now)));
                        true
                    }
                    Kind::Card => post_card(connection, incident, now).await?,
                    Kind::Unreadable
                    | Kind::NoNextStep
                    | Kind::Late
                    | Kind::Unsent
                    | Kind::Resting => false,
                };
                found.push((id, kind, mended));
            }
        }
        store::due::save_all(connection, &dues).await?;
        Ok(found)
    }

    /// What stands over all incidents is counted, each kind is noted, and what is new or stays is told: in one commit,
    /// which also proves that the store takes work.
    async fn end_round(&self, round: Round) -> Result<(), AppError> {
        let now = self.now();
        let seen = round.seen.clone();
        let told = self
            .store
            .write(move |connection| Box::pin(async move { note_all(connection, seen, now).await }))
            .await?;
        self.watch.meters.audited();
        for (kind, seen) in &round.seen {
            self.watch.meters.found(*kind, seen.count, seen.mended);
        }
        for (kind, noted) in told {
            let first = round.first.get(&kind).into_iter().flatten();
            let first: Vec<String> = first.map(ToString::to_string).collect();
            let first = first.join(" ");
            tracing::warn!(
                finding = kind.key(),
                count = noted.count,
                mended = noted.mended,
                first,
                "the auditor found something"
            );
        }
        Ok(())
    }

    /// A kind of finding as it stands.
    pub async fn finding(&self, kind: Kind) -> Result<Option<Noted>, AppError> {
        let mut reader = self.store.read().await?;
        Ok(store::audit::find_noted(&mut reader, kind).await?)
    }
}

async fn post_card(
    connection: &mut Connection,
    incident: &Incident,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let Some((visit, stay)) = incident.current_visit() else {
        return Ok(false);
    };
    let channel = stay.channel.clone();
    intend(
        connection,
        incident,
        Effect::PostCard { visit, channel },
        now,
    )
    .await?;
    Ok(true)
}

async fn note_all(
    connection: &mut Connection,
    mut seen: BTreeMap<Kind, Seen>,
    now: DateTime<Utc>,
) -> Result<Vec<(Kind, Noted)>, AppError> {
    let late = store::audit::overdue(connection, now - LATE_AFTER).await?;
    let unsent = store::audit::count_unsent(connection, now - UNSENT_AFTER).await?;
    let resting = store::audit::count_resting(connection, now - RESTING_AFTER).await?;
    for (kind, count) in [
        (Kind::Late, late.count),
        (Kind::Unsent, unsent),
        (Kind::Resting, resting),
    ] {
        let count = u64::try_from(count).unwrap_or_default();
        seen.insert(kind, Seen { count, mended: 0 });
    }
    let mut told = Vec::new();
    for kind in Kind::ALL {
        let before = store::audit::find_noted(connection, kind).await?;
        let seen = seen.get(&kind).copied().unwrap_or_default();
        let (noted, tell) = note(before.as_ref(), seen, now);
        let Some(noted) = noted else { continue };
        if before.as_ref() != Some(&noted) {
            store::audit::save_noted(connection, kind, &noted, now).await?;
        }
        if tell {
            let key = format!("finding:{}:{}", kind.key(), now.timestamp_micros());
            let intent = Intent {
                kind: "finding",
                key: &key,
                incident: None,
                channel: &ChannelKey::new(AUDIT),
                arg: 0,
                rank: 0,
            };
            store::outbox::insert(connection, &intent, now).await?;
            told.push((kind, noted));
        }
    }
    store::fact::save(connection, store::health::AUDITED, "", now).await?;
    Ok(told)
}
