//! Reads: each passes the policy first, and what it refuses looks like nothing is there.

use super::act::Acted;
use super::facts::history;
use super::visible::Entry;
use super::{App, AppError};
use crate::domain::alert::Detail;
use crate::domain::ids::{AlertId, IncidentId, PersonId};
use crate::domain::incident::{Context, Incident, Phase, Refusal, may_snooze};
use crate::domain::playbook::definition::TransitionKind;
use crate::domain::policy::{self, Actor};
use crate::domain::reach;
use crate::domain::record::is_web;
use crate::domain::restricted::{Clearance, Level};
use crate::domain::talk::Talk;
use crate::domain::view::{CardView, OnIncident, Sight, card, record_for};
use crate::store::access::View;
use crate::store::{self, Connection};
use std::collections::BTreeMap;

/// One line of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    pub id: IncidentId,
    pub severity: &'static str,
    pub stage: String,
    pub age: String,
    pub holder: Option<String>,
    /// That its reminders rest, or that it was raised.
    pub note: String,
    /// Whether the reader can take it now.
    pub yours_to_take: bool,
}

/// The restricted part of one alert, opened for a cleared reader.
#[derive(Debug, Clone)]
pub struct Opened {
    pub alert: AlertId,
    pub source: String,
    pub source_alert_id: String,
    pub source_url: Option<String>,
    pub times_received: i64,
    pub notes: Vec<String>,
    pub detail: Detail,
    /// As received; the newest first.
    pub bodies: Vec<Vec<u8>>,
}

/// What the next step of an incident can be.
#[derive(Debug, Clone)]
pub struct Next {
    /// Where its first alert opens at its source, for whoever may read its facts.
    pub source: Option<String>,
    /// The kinds of the ways out.
    pub ways: Vec<TransitionKind>,
}

/// What an incident must allow, to be offered for a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    See,
    Claim,
    /// It has a way out of this kind.
    Leave(TransitionKind),
    Engage,
    Note,
    Link,
    Split,
    Details,
    Route,
    Contain,
    /// It has actions that the member may authorise.
    Authorise,
    Override,
    /// The member is named on an engagement of it, or may name contacts there.
    Govern,
    /// A request to speak to somebody waits for the member's word.
    Decide,
    Receive,
    Snooze,
    /// The member holds it.
    Hold,
    /// The member is named on a brief that waits to be read.
    Read,
    Timeline,
    /// It has ended, and the member may go on with it.
    Reopen,
}

/// How many of those that have ended are offered, the newest.
const ENDED_OFFERED: i64 = 25;

impl App {
    /// The open incidents that the member may know of: what is theirs to take first, then by severity.
    pub async fn queue(&self, actor: &Actor) -> Result<Vec<Queued>, AppError> {
        self.queue_for(actor, Wanted::See).await
    }

    /// Those among them on which the member can do it now; where ended ones are meant too, the newest of these after them.
    pub async fn queue_for(&self, actor: &Actor, wanted: Wanted) -> Result<Vec<Queued>, AppError> {
        let [queue] = self.queues_for(actor, [wanted]).await?;
        Ok(queue)
    }

    /// The same for several at once: what is open is read once.
    pub(super) async fn queues_for<const N: usize>(
        &self,
        actor: &Actor,
        wanted: [Wanted; N],
    ) -> Result<[Vec<Queued>; N], AppError> {
        let open = self.visible_open(actor).await?;
        let mut reader = self.store.read().await?;
        let names = store::people::names(&mut reader, &[]).await?;
        let mut ended: Vec<Entry> = Vec::new();
        let of_ended = |wanted: &Wanted| matches!(wanted, Wanted::Timeline | Wanted::Reopen);
        if wanted.iter().any(of_ended) {
            let ids = store::incident::list_ended(&mut reader, ENDED_OFFERED).await?;
            let mut visible = self.list_visible(&mut reader, actor, &ids).await?;
            ended.extend(
                ids.iter()
                    .filter_map(|id| visible.remove(id).map(Entry::from)),
            );
        }
        let queue = |wanted: Wanted| {
            let offered = |entry: &&Entry| {
                let (incident, clearance) = (&entry.incident, &entry.clearance);
                let playbook = &entry.playbook.playbook;
                allows(wanted, actor, incident, playbook, clearance)
            };
            let row = |entry: &Entry| {
                let (incident, clearance) = (&entry.incident, &entry.clearance);
                let playbook = &entry.playbook.playbook;
                self.queued(actor, incident, playbook, &names, clearance)
            };
            let rows = open.iter().filter(offered);
            let mut rows: Vec<_> = rows.map(|v| (v.incident.severity, row(v))).collect();
            rows.sort_by_key(|(severity, row)| {
                (!row.yours_to_take, std::cmp::Reverse(*severity), row.id)
            });
            let ended = ended.iter().filter(|_| of_ended(&wanted)).filter(offered);
            let rows = rows.into_iter().map(|(_, row)| row);
            rows.chain(ended.map(row)).collect()
        };
        Ok(wanted.map(queue))
    }

    pub(super) fn queued(
        &self,
        actor: &Actor,
        incident: &Incident,
        playbook: &crate::domain::playbook::definition::Playbook,
        names: &BTreeMap<PersonId, String>,
        clearance: &Clearance,
    ) -> Queued {
        use crate::domain::policy::{Act, may};
        let visit = incident.current_visit().map(|(_, visit)| &visit.stage);
        let stage = visit.and_then(|id| playbook.stage(id));
        let act = match &incident.phase {
            Phase::Offered(_) => Act::Receive,
            Phase::Open { .. } | Phase::Ended(_) => Act::Claim,
        };
        let holder = incident.holder();
        // Id, severity, age and holder are everybody's of the tiers; where it stands only theirs who read more.
        let more = clearance.level() >= Level::Steps;
        let stage = match &incident.phase {
            Phase::Ended(ended) => ended.kind.word().to_owned(),
            Phase::Open { .. } | Phase::Offered(_) => {
                stage.map_or_else(|| incident.stage.to_string(), |s| s.title.clone())
            }
        };
        Queued {
            id: incident.id,
            severity: incident.severity.key(),
            stage: if more { stage } else { "elsewhere".to_owned() },
            age: crate::domain::view::age(self.now() - incident.opened_at),
            note: reach::standing(
                incident,
                |person| names.get(&person).cloned().unwrap_or_default(),
                self.zone,
                false,
            )
            .filter(|_| more)
            .unwrap_or_default(),
            holder: holder.map(|h| names.get(&h).cloned().unwrap_or_else(|| h.to_string())),
            yours_to_take: !is_ended(incident)
                && may(actor, act, incident, playbook)
                && holder.is_none_or(|h| h == actor.person),
        }
    }

    /// Title, files, subjects and raw bodies, for a cleared reader; the view is logged before anything is read.
    pub async fn details(&self, actor: &Actor, id: IncidentId) -> Result<Vec<Opened>, AppError> {
        let (app, viewer) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    app.detailed(connection, &viewer, id).await?;
                    let view = View {
                        at: app.now(),
                        by: viewer.person,
                        what: "details",
                        incident: id,
                        reason: None,
                        salt: app.ids.salt(),
                    };
                    Ok::<(), AppError>(store::access::append(connection, &view).await?)
                })
            })
            .await?;
        let mut reader = self.store.read().await?;
        let (visible, clearance) = self.detailed(&mut reader, actor, id).await?;
        open_alerts(&mut reader, &visible.incident, &clearance).await
    }

    /// What whoever has just acted on an incident can do next.
    pub async fn next(&self, acted: &Acted) -> Result<Next, AppError> {
        let incident = &acted.incident;
        let loaded = self.playbooks.load(&incident.playbook)?;
        let ways = loaded.playbook.ways_out(&incident.stage);
        let ways = ways.map(|way| way.kind).collect();
        let reads = acted.clearance.as_ref();
        let source = if reads.is_some_and(|reads| reads.level() >= Level::Facts) {
            let mut reader = self.store.read().await?;
            let first = self.first_alert(&mut reader, incident).await?;
            first.and_then(|on| on.alert.source_url)
        } else {
            None
        };
        Ok(Next {
            source: source.filter(|url| is_web(url)),
            ways,
        })
    }

    /// The whole record as far as the member's roles may read it: title and answer. Its view is logged with the details.
    pub async fn record(
        &self,
        actor: &Actor,
        id: IncidentId,
    ) -> Result<Vec<(String, String)>, AppError> {
        let mut reader = self.store.read().await?;
        let (visible, _) = self.detailed(&mut reader, actor, id).await?;
        Ok(record_for(
            &visible.incident,
            &visible.playbook.playbook,
            &actor.roles,
            self.zone,
        ))
    }

    pub(super) async fn card_view(
        &self,
        connection: &mut Connection,
        (incident, walls): (&Incident, &policy::Walls),
        visit: usize,
        clearance: &Clearance,
    ) -> Result<Option<CardView>, AppError> {
        self.sighted(connection, (incident, walls), clearance, |sight| {
            card(incident, visit, sight)
        })
        .await
    }

    /// What a view is made of beside the incident, gathered and handed to whoever looks.
    pub(super) async fn sighted<T>(
        &self,
        connection: &mut Connection,
        (incident, walls): (&Incident, &policy::Walls),
        clearance: &Clearance,
        look: impl FnOnce(&Sight<'_>) -> T,
    ) -> Result<T, AppError> {
        let loaded = self.playbooks.load(&incident.playbook)?;
        let alerts = store::alert::load_all(connection, &incident.alerts).await?;
        let alerts: Vec<OnIncident> = alerts.into_iter().map(on_incident).collect();
        let person = incident.concerned.first().copied();
        let around = alerts.first().map_or(incident.opened_at, |on| {
            store::alert::occurred_at(&on.alert, on.received_at)
        });
        let history = history(connection, person, around, &loaded.playbook).await?;
        let mut walls_known = person.is_none() || history.walls_known;
        for person in incident.concerned.iter().skip(1) {
            let listed = store::directory::find(connection, *person).await?;
            walls_known &= listed.is_some_and(|listed| listed.walls_known);
        }
        let names = store::people::names(connection, &[incident.id]).await?;
        let patterns = self
            .fitting(connection, incident, &loaded.playbook, walls)
            .await?;
        let sight = Sight {
            patterns: &patterns,
            playbook: &loaded.playbook,
            alerts: &alerts,
            names: &names,
            detections: person.map(|_| history.detections),
            walls_known,
            clearance,
            now: self.now(),
            zone: self.zone,
        };
        Ok(look(&sight))
    }

    pub(super) async fn first_alert(
        &self,
        connection: &mut Connection,
        incident: &Incident,
    ) -> Result<Option<OnIncident>, AppError> {
        match incident.alerts.first() {
            Some(id) => Ok(Some(on_incident(
                store::alert::load(connection, *id).await?,
            ))),
            None => Ok(None),
        }
    }

    /// Whether the member may accept or return what is offered: asked before a form opens.
    pub async fn may_receive(&self, actor: &Actor, id: IncidentId) -> Result<(), AppError> {
        use crate::domain::incident::{Command, decide};
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let playbook = &visible.playbook.playbook;
        let context = Context::new(self.now(), playbook, Some(actor));
        decide(Some(&visible.incident), &Command::Accept, &context)?;
        Ok(())
    }

    /// How the members are called.
    pub async fn names(&self) -> Result<BTreeMap<PersonId, String>, AppError> {
        let mut reader = self.store.read().await?;
        Ok(store::people::names(&mut reader, &[]).await?)
    }

    /// How a person is called, for an answer to a member who may know it.
    pub async fn name(&self, person: PersonId) -> Result<String, AppError> {
        let mut reader = self.store.read().await?;
        let mut names = store::people::names(&mut reader, &[]).await?;
        Ok(names.remove(&person).unwrap_or_else(|| person.to_string()))
    }
}

fn is_ended(incident: &Incident) -> bool {
    matches!(incident.phase, Phase::Ended(_))
}

fn allows(
    wanted: Wanted,
    actor: &Actor,
    incident: &Incident,
    playbook: &crate::domain::playbook::definition::Playbook,
    clearance: &Clearance,
) -> bool {
    use crate::domain::incident::may_leave;
    use crate::domain::policy::{Act, may};
    let offered = matches!(incident.phase, Phase::Offered(_));
    match wanted {
        Wanted::See => true,
        Wanted::Claim => {
            !offered && incident.holder().is_none() && may(actor, Act::Claim, incident, playbook)
        }
        Wanted::Leave(kind) => {
            let context = Context::new(chrono::DateTime::UNIX_EPOCH, playbook, Some(actor));
            playbook.ways_out(&incident.stage).any(|t| t.kind == kind)
                && may_leave(incident, &context).is_ok()
        }
        Wanted::Engage => may(actor, Act::Engage, incident, playbook),
        Wanted::Note => may(actor, Act::Note, incident, playbook),
        Wanted::Link => may(actor, Act::Link, incident, playbook),
        Wanted::Split => {
            let context = Context::new(chrono::DateTime::UNIX_EPOCH, playbook, Some(actor));
            incident.alerts.len() > 1 && may_leave(incident, &context).is_ok()
        }
        Wanted::Details => {
            clearance.level() >= Level::Facts && may(actor, Act::ReadDetails, incident, playbook)
        }
        Wanted::Route => {
            let context = Context::new(chrono::DateTime::UNIX_EPOCH, playbook, Some(actor));
            may_leave(incident, &context).is_ok()
        }
        Wanted::Authorise => {
            may(actor, Act::Authorise, incident, playbook)
                && (!incident.actions.is_empty() || may(actor, Act::Contain, incident, playbook))
        }
        Wanted::Contain => may(actor, Act::Contain, incident, playbook),
        Wanted::Override => {
            may(actor, Act::Override, incident, playbook) && !incident.actions.is_empty()
        }
        Wanted::Govern => {
            let mut contacts = incident.engagements.iter().flat_map(|e| &e.contacts);
            contacts.any(|contact| actor.has(contact.side))
        }
        Wanted::Decide => {
            use crate::domain::incident::speaks_for;
            let mut pending = incident.talks.iter().flat_map(Talk::pending);
            pending.any(|side| speaks_for(incident, actor, side))
        }
        Wanted::Receive => offered && may(actor, Act::Receive, incident, playbook),
        Wanted::Hold => incident.holder() == Some(actor.person),
        Wanted::Read => incident.engagements.iter().any(|engagement| {
            let mine = engagement.contact_of(actor.person);
            !engagement.is_settled() && mine.is_some_and(|c| c.acknowledged_at.is_none())
        }),
        Wanted::Snooze => {
            let context = Context::new(chrono::DateTime::UNIX_EPOCH, playbook, Some(actor));
            may_snooze(incident, &context).is_ok()
        }
        Wanted::Timeline => clearance.level() >= Level::Steps,
        Wanted::Reopen => is_ended(incident) && may(actor, Act::Reopen, incident, playbook),
    }
}

pub(super) fn on_incident(kept: store::alert::Kept) -> OnIncident {
    OnIncident {
        id: kept.id,
        source: kept.source,
        received_at: kept.received_at,
        times_received: kept.times_received,
        alert: kept.alert,
    }
}

async fn open_alerts(
    connection: &mut Connection,
    incident: &Incident,
    clearance: &Clearance,
) -> Result<Vec<Opened>, AppError> {
    let mut opened = Vec::new();
    let mut bodies = store::body::list(connection, &incident.alerts).await?;
    for kept in store::alert::load_all(connection, &incident.alerts).await? {
        let detail = kept
            .alert
            .detail
            .open(clearance)
            .cloned()
            .ok_or(Refusal::NotFound)?;
        opened.push(Opened {
            alert: kept.id,
            source: kept.source.to_string(),
            source_alert_id: kept.alert.source_alert_id,
            source_url: kept.alert.source_url,
            times_received: kept.times_received,
            notes: kept.alert.parse_notes,
            detail,
            bodies: bodies.remove(&kept.id).unwrap_or_default(),
        });
    }
    Ok(opened)
}
