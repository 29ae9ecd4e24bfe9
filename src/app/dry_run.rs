//! What would become of an alert: the way it would take and the card it would get. Stores nothing, reads no store.

use super::facts::History;
use super::playbooks::Playbooks;
use super::route::{Candidates, Route};
use crate::domain::alert::Alert;
use crate::domain::ids::{AlertId, IncidentId, SourceId};
use crate::domain::incident::{Command, Context, Incident, Opening, apply, decide};
use crate::domain::policy;
use crate::domain::restricted::{Clearance, Purpose};
use crate::domain::view::{CardView, OnIncident, Sight, card};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// What was found out.
#[derive(Debug)]
pub struct Dry {
    pub route: Route,
    /// Nothing but the fallback takes it.
    pub unrouted: bool,
    /// The card of the first stage; its incident has the number 0, which no real one has.
    pub card: CardView,
}

/// `None` where no playbook takes it.
pub fn dry_run(
    playbooks: &Playbooks,
    source: &SourceId,
    alert: &Alert,
    now: DateTime<Utc>,
    zone: Tz,
) -> Option<Dry> {
    let on = OnIncident {
        id: AlertId(0),
        source: source.clone(),
        received_at: now,
        times_received: 1,
        alert: alert.clone(),
    };
    let nobody = History::default();
    let route = Candidates::of(playbooks, source, alert, now).route(|_| &nobody)?;
    let unrouted = playbooks
        .fallback()
        .is_some_and(|last| last.reference == route.loaded.reference);
    let card = first_card(&route, on, now, zone)?;
    Some(Dry {
        route,
        unrouted,
        card,
    })
}

/// Leave to show a body to the person who holds it in their hands and tries it.
pub fn clearance() -> Clearance {
    Clearance::system(Purpose::DryRun)
}

fn first_card(route: &Route, on: OnIncident, now: DateTime<Utc>, zone: Tz) -> Option<CardView> {
    let playbook = &route.loaded.playbook;
    let incident = opened(route, &on, now)?;
    let stage = playbook.stage(&incident.stage)?;
    let sight = Sight {
        playbook,
        alerts: &[on],
        names: &BTreeMap::new(),
        detections: None,
        // No store is asked.
        patterns: &[],
        // The directory is not asked.
        walls_known: true,
        clearance: &policy::channel(stage, false, false),
        now,
        zone,
    };
    card(&incident, 0, &sight)
}

fn opened(route: &Route, on: &OnIncident, now: DateTime<Utc>) -> Option<Incident> {
    let opening = Opening {
        id: IncidentId(0),
        playbook: route.loaded.reference.clone(),
        alert: on.id,
        raw_sha256: String::new(),
        severity: on.alert.severity,
        stage: route.stage.clone(),
        because: route.because.clone(),
        concerned: None,
        reported_by: None,
        criteria: route.criteria.clone(),
        drill: false,
        sealed: false,
    };
    let context = Context::new(now, &route.loaded.playbook, None);
    let events = decide(None, &Command::Open(Box::new(opening)), &context).ok()?;
    let by = crate::domain::ids::PersonId::PROGRAM;
    events
        .iter()
        .fold(None, |state, event| apply(state, event, by, now))
}
