//! Search in the words of alerts, on a reason that is logged before anything is looked at; what the member may not know of
//! is not among what is found, nor counted. The index is written a little at a time, behind what arrives.

use super::query::Queued;
use super::visible::Visible;
use super::{App, AppError};
use crate::domain::ids::{AlertId, IncidentId};
use crate::domain::incident::Refusal;
use crate::domain::policy::{self, Actor};
use crate::domain::role::Role;
use crate::domain::search::{SHOWN, Wanted};
use crate::store::access::View;
use crate::store::words::{self, Hit};
use crate::store::{self, Connection};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Alerts that one write indexes: it holds up what arrives for some milliseconds.
const EACH: i64 = 200;
/// Writes of one round: a store of an earlier format is indexed in minutes, and other work goes on between them.
const WRITES: usize = 4;
/// Alerts not indexed yet that are read at a time.
const UNREAD: i64 = 100;
/// Alerts with the words that are read at a time.
const READ: i64 = 100;
/// No incident: what a search opens is none of them.
const NONE: IncidentId = IncidentId(0);

/// An incident of which an alert holds the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub shown: Queued,
    pub opened_at: DateTime<Utc>,
    /// Its newest alert with the words.
    pub alert: AlertId,
}

/// What a search gives: the newest, by their newest alert with the words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Searched {
    pub found: Vec<Found>,
    /// The alert before which a search for the others begins, where there are others.
    pub more_before: Option<AlertId>,
}

impl App {
    /// Indexes what came since, up to a bound. Gives back how many alerts.
    pub async fn index_words(&self) -> Result<usize, AppError> {
        let mut indexed = 0;
        for _ in 0..WRITES {
            let mut reader = self.store.read().await?;
            let next = words::list_next(&mut reader, EACH).await?;
            drop(reader);
            let Some(next) = next else { break };
            let now = self.now();
            let write = self.store.write(move |connection| {
                Box::pin(
                    async move { Ok::<_, AppError>(words::index(connection, &next, now).await?) },
                )
            });
            indexed += write.await?;
        }
        Ok(indexed)
    }

    /// The newest incidents that the member may know of and of which an alert holds all the words; with `before`, by
    /// their alerts before that one.
    pub async fn search(
        &self,
        actor: &Actor,
        typed: &str,
        reason: &str,
        before: Option<AlertId>,
    ) -> Result<Searched, AppError> {
        may_audit(actor)?;
        let wanted = Wanted::read(typed, reason)?;
        self.log_search(actor, &wanted).await?;
        self.look_for(actor, &wanted, before).await
    }

    /// The search itself: first among the alerts that are not indexed yet, then in the index.
    pub(super) async fn look_for(
        &self,
        actor: &Actor,
        wanted: &Wanted,
        before: Option<AlertId>,
    ) -> Result<Searched, AppError> {
        let mut reader = self.store.read().await?;
        let place = words::place(&mut reader).await?;
        let mut look = Look {
            app: self,
            actor,
            seen: Vec::new(),
            found: Vec::new(),
        };
        let mut before = before.unwrap_or(AlertId(i64::MAX));
        while !look.is_full() {
            let (hits, last) =
                words::list_hits_between(&mut reader, wanted, place, before, UNREAD).await?;
            look.take(&mut reader, &hits).await?;
            let Some(last) = last else { break };
            before = last;
        }
        before = before.min(AlertId(place.0.saturating_add(1)));
        while !look.is_full() {
            let (hits, last) =
                words::list_hits(&mut reader, wanted, before, &look.seen, READ).await?;
            look.take(&mut reader, &hits).await?;
            let Some(last) = last else { break };
            before = last;
        }
        Ok(look.searched())
    }

    /// Why, and for what: in the access log before anything is looked at.
    async fn log_search(&self, actor: &Actor, wanted: &Wanted) -> Result<(), AppError> {
        let (at, by, salt) = (self.now(), actor.person, self.ids.salt());
        let reason = format!("{} (searched for: {})", wanted.reason, wanted.typed);
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let view = View {
                        at,
                        by,
                        what: "search",
                        incident: NONE,
                        reason: Some(&reason),
                        salt,
                    };
                    Ok(store::access::append(connection, &view).await?)
                })
            })
            .await
    }
}

/// Who may search and have the history proven.
pub(super) fn may_audit(actor: &Actor) -> Result<(), AppError> {
    if policy::may_audit(actor) {
        return Ok(());
    }
    Err(Refusal::NotYours {
        role: Some(Role::Auditor),
    }
    .into())
}

/// A search under way.
struct Look<'a> {
    app: &'a App,
    actor: &'a Actor,
    /// Incidents that were looked at, whether the member may know of them or not.
    seen: Vec<IncidentId>,
    found: Vec<Found>,
}

impl Look<'_> {
    /// One more than is shown: then there are others.
    fn is_full(&self) -> bool {
        self.found.len() > SHOWN
    }

    async fn take(&mut self, connection: &mut Connection, hits: &[Hit]) -> Result<(), AppError> {
        let mut new: Vec<Hit> = Vec::new();
        for (alert, id) in hits {
            if !self.seen.contains(id) {
                self.seen.push(*id);
                new.push((*alert, *id));
            }
        }
        for new in new.chunks(SHOWN + 1) {
            if self.is_full() {
                break;
            }
            let ids: Vec<IncidentId> = new.iter().map(|(_, id)| *id).collect();
            let mut visible = self.app.list_visible(connection, self.actor, &ids).await?;
            for (alert, id) in new {
                if let Some(visible) = visible.remove(id) {
                    self.found.push(self.found(*alert, &visible));
                }
            }
        }
        Ok(())
    }

    fn found(&self, alert: AlertId, visible: &Visible) -> Found {
        let (incident, clearance) = (&visible.incident, &visible.clearance);
        let playbook = &visible.playbook.playbook;
        let names = BTreeMap::new();
        let shown = self
            .app
            .queued(self.actor, incident, playbook, &names, clearance);
        Found {
            shown,
            opened_at: incident.opened_at,
            alert,
        }
    }

    fn searched(mut self) -> Searched {
        let others = self.is_full();
        self.found.truncate(SHOWN);
        let last = self.found.last().map(|found| found.alert);
        Searched {
            more_before: last.filter(|_| others),
            found: self.found,
        }
    }
}
