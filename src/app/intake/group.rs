//! Alerts of one commit, taken together: each table is read and written once for all of them. What depends on another of
//! the group (the same alert again, further alerts of a detection that it begins) waits for a later round of the same
//! transaction.

use super::say::Said;
use super::{Outcome, Ready, ReadyAlert, Taken};
use crate::app::act::{By, Step};
use crate::app::facts::{History, histories};
use crate::app::playbooks::Loaded;
use crate::app::route::Route;
use crate::app::{App, AppError};
use crate::domain::ids::{AlertId, IncidentId, PersonId, SourceId};
use crate::domain::incident::{Command, Context, Event, Opening, decide};
use crate::domain::playbook::definition::Playbook;
use crate::store::alert::{Arrival, Key, key, occurred_at};
use crate::store::detection::Counting;
use crate::store::{self, Connection, StoreError};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// An alert of the group with its place in it.
#[derive(Clone, Copy)]
pub(super) struct Arriving<'r> {
    place: usize,
    pub ready: &'r Ready,
    pub of: &'r ReadyAlert,
}

/// A new alert, with the numbers it gets.
struct New<'r> {
    arriving: Arriving<'r>,
    id: AlertId,
    person: Option<PersonId>,
    way: Way,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Noted,
    Joins(IncidentId),
    Opens(IncidentId),
}

/// An alert that opens an incident.
pub(super) struct OpenedBy<'r> {
    pub arriving: Arriving<'r>,
    pub alert: AlertId,
    pub person: Option<PersonId>,
    pub incident: IncidentId,
}

type Places = Vec<Option<Taken>>;

impl App {
    pub(super) async fn take_ready(
        &self,
        connection: &mut Connection,
        ready: &[&Ready],
    ) -> Result<Vec<Taken>, AppError> {
        let mut places: Places = vec![None; ready.len()];
        let mut left = Vec::new();
        for (place, (ready, slot)) in ready.iter().zip(&mut places).enumerate() {
            match &ready.read {
                Ok(of) => left.push(Arriving { place, ready, of }),
                Err((pointer, message)) => {
                    let fault = (pointer.as_str(), message.as_str());
                    *slot = Some(self.quarantine(connection, ready, fault).await?);
                }
            }
        }
        while !left.is_empty() {
            let (round, again) = independent(left);
            left = self.take_round(connection, round, &mut places).await?;
            left.extend(again);
            left.sort_by_key(|arriving| arriving.place);
        }
        // Every place was filled by its round.
        Ok(places.into_iter().flatten().collect())
    }

    async fn quarantine(
        &self,
        connection: &mut Connection,
        ready: &Ready,
        fault: (&str, &str),
    ) -> Result<Taken, AppError> {
        let (source, sha256, raw) = (&ready.source, &ready.sha256, &ready.raw);
        let now = self.now();
        let id = store::quarantine::insert(connection, source, sha256, raw, fault, now).await?;
        Ok(Taken {
            id: format!("QRT-{id}"),
            incident: None,
            outcome: Outcome::Quarantined,
        })
    }

    /// Gives back those that have to wait: a detection that this round opened is theirs.
    async fn take_round<'r>(
        &self,
        connection: &mut Connection,
        round: Vec<Arriving<'r>>,
        places: &mut Places,
    ) -> Result<Vec<Arriving<'r>>, AppError> {
        let known = known(connection, &round).await?;
        let (mut repeated, mut first) = (Vec::new(), Vec::new());
        for arriving in round {
            match known.get(&(&arriving.ready.source, key(&arriving.of.alert))) {
                Some(id) => repeated.push((arriving, *id)),
                None => first.push(arriving),
            }
        }
        let (mut said, became) = self.again(connection, &repeated).await?;
        for ((arriving, _), taken) in repeated.iter().zip(became) {
            put(places, arriving.place, taken);
        }
        let (new, later) = self.keep(connection, first).await?;
        let mut opening = Vec::new();
        for alert in new {
            let arriving = alert.arriving;
            let (incident, outcome) = match alert.way {
                Way::Noted => (None, Outcome::Noted),
                Way::Joins(incident) => {
                    said.push(Said {
                        arriving,
                        alert: alert.id,
                        person: alert.person,
                        incident,
                        times: None,
                        finds: true,
                        until: Some(alert.id),
                    });
                    (Some(incident), Outcome::Attached)
                }
                Way::Opens(incident) => {
                    opening.push(OpenedBy {
                        arriving,
                        alert: alert.id,
                        person: alert.person,
                        incident,
                    });
                    (Some(incident), Outcome::Opened)
                }
            };
            put(places, arriving.place, taken(alert.id, incident, outcome));
        }
        said.sort_by_key(|one| one.arriving.place);
        self.say(connection, &said).await?;
        if !opening.is_empty() {
            self.open_all(connection, &opening).await?;
        }
        Ok(later)
    }

    /// Inserts new alerts with their bodies, persons and incidents; those that open one get its number here. Beside them,
    /// those that would open a second one for their detection.
    async fn keep<'r>(
        &self,
        connection: &mut Connection,
        first: Vec<Arriving<'r>>,
    ) -> Result<(Vec<New<'r>>, Vec<Arriving<'r>>), AppError> {
        if first.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let now = self.now();
        let detections: Vec<&str> = first.iter().map(Arriving::detection).collect();
        let open = store::incident::list_open_for_detections(connection, &detections).await?;
        let mut begun = HashSet::new();
        let (first, later): (Vec<_>, Vec<_>) = first.into_iter().partition(|arriving| {
            let opens = arriving.of.noted.is_none() && !open.contains_key(arriving.detection());
            !opens || begun.insert(arriving.detection())
        });
        let identities: Vec<_> = first.iter().map(|a| a.of.identities.as_slice()).collect();
        let persons = store::people::find_or_insert_all(connection, &identities, now).await?;
        let store::number::Next {
            mut alert,
            mut incident,
            ..
        } = store::number::next(connection).await?;
        let mut new = Vec::with_capacity(first.len());
        for (arriving, person) in first.iter().zip(persons) {
            let way = if arriving.of.noted.is_some() {
                Way::Noted
            } else if let Some(open) = open.get(arriving.detection()) {
                Way::Joins(*open)
            } else {
                let opens = Way::Opens(incident);
                incident.0 += 1;
                opens
            };
            let id = alert;
            alert.0 += 1;
            new.push(New {
                arriving: *arriving,
                id,
                person,
                way,
            });
        }
        let arrivals: Vec<Arrival<'_>> = new.iter().map(|new| new.arrival(now)).collect();
        store::alert::insert_all(connection, &arrivals).await?;
        Ok((new, later))
    }

    /// Opens an incident for each: chooses playbook and stage, with every criterion judged by the history of this moment.
    pub(super) async fn open_all(
        &self,
        connection: &mut Connection,
        opening: &[OpenedBy<'_>],
    ) -> Result<(), AppError> {
        let histories = self.histories_of(connection, opening).await?;
        let nobody = History::default();
        let mut decided: Vec<(Arc<Loaded>, Vec<Event>)> = Vec::with_capacity(opening.len());
        for (place, opened) in opening.iter().enumerate() {
            let of = |playbook: &Playbook| {
                let window = playbook.repeat.map(|r| r.window_days);
                histories.get(&(window, place)).unwrap_or(&nobody)
            };
            let route = opened.route(of).ok_or_else(|| StoreError::Missing {
                what: "playbook",
                key: "that takes what no other takes".to_owned(),
            })?;
            let loaded = route.loaded.clone();
            let context = Context::new(self.now(), &loaded.playbook, None);
            let events = decide(None, &opened.command(route), &context)?;
            decided.push((loaded, events));
        }
        let steps = decided.iter().map(|(loaded, events)| Step {
            before: None,
            events,
            by: By::PROGRAM,
            playbook: &loaded.playbook,
        });
        self.commit_all(connection, steps.collect()).await?;
        Ok(())
    }

    /// What the history says of the persons concerned, by the window of days that a playbook asks for and the place.
    async fn histories_of(
        &self,
        connection: &mut Connection,
        opening: &[OpenedBy<'_>],
    ) -> Result<HashMap<(Option<i64>, usize), History>, AppError> {
        let now = self.now();
        let mut asked: BTreeMap<Option<i64>, Vec<(usize, Counting)>> = BTreeMap::new();
        let mut rules = HashMap::new();
        for (place, opened) in opening.iter().enumerate() {
            let Some(person) = opened.person else {
                continue;
            };
            let counting = Counting {
                person,
                around: occurred_at(&opened.arriving.of.alert, now),
                until: Some(opened.alert),
            };
            let rules_asked = opened.arriving.of.with_candidates(|c| c.rules());
            for repeat in rules_asked.unwrap_or_default() {
                let window = repeat.map(|r| r.window_days);
                rules.insert(window, repeat);
                let of_window = asked.entry(window).or_default();
                if of_window.last().is_none_or(|(last, _)| *last != place) {
                    of_window.push((place, counting));
                }
            }
        }
        let mut found = HashMap::new();
        for (window, asked) in asked {
            let each: Vec<Counting> = asked.iter().map(|(_, counting)| *counting).collect();
            let repeat = rules.get(&window).copied().flatten();
            let mut earlier: HashMap<PersonId, i64> = HashMap::new();
            let histories = histories(connection, &each, repeat).await?;
            for ((place, counting), mut history) in asked.into_iter().zip(histories) {
                // Those that the round opens before it are open too.
                let before = earlier.entry(counting.person).or_default();
                history.open_incidents += *before;
                *before += 1;
                found.insert((window, place), history);
            }
        }
        Ok(found)
    }
}

/// The first of each alert, in order, and those that are one of these again.
fn independent(all: Vec<Arriving<'_>>) -> (Vec<Arriving<'_>>, Vec<Arriving<'_>>) {
    let mut keys: HashSet<(&SourceId, Key)> = HashSet::new();
    all.into_iter()
        .partition(|arriving| keys.insert((&arriving.ready.source, key(&arriving.of.alert))))
}

type Known<'r> = HashMap<(&'r SourceId, Key), AlertId>;

/// The alerts of the round that came before.
async fn known<'r>(
    connection: &mut Connection,
    round: &[Arriving<'r>],
) -> Result<Known<'r>, StoreError> {
    let mut by_source: HashMap<&SourceId, Vec<Key>> = HashMap::new();
    for arriving in round {
        let keys = by_source.entry(&arriving.ready.source).or_default();
        keys.push(key(&arriving.of.alert));
    }
    let mut known = HashMap::new();
    for (source, keys) in by_source {
        let found = store::alert::list_by_key(connection, source, &keys).await?;
        known.extend(found.into_iter().map(|(key, id)| ((source, key), id)));
    }
    Ok(known)
}

pub(super) fn taken(id: AlertId, incident: Option<IncidentId>, outcome: Outcome) -> Taken {
    Taken {
        id: id.to_string(),
        incident,
        outcome,
    }
}

fn put(places: &mut Places, place: usize, taken: Taken) {
    if let Some(slot) = places.get_mut(place) {
        *slot = Some(taken);
    }
}

impl<'r> Arriving<'r> {
    pub(super) fn detection(&self) -> &'r str {
        &self.of.written.detection_key
    }
}

impl New<'_> {
    fn arrival(&self, now: DateTime<Utc>) -> Arrival<'_> {
        let Arriving { ready, of, .. } = self.arriving;
        Arrival {
            id: self.id,
            source: &ready.source,
            alert: &of.alert,
            written: &of.written,
            incident: match self.way {
                Way::Noted => None,
                Way::Joins(incident) | Way::Opens(incident) => Some(incident),
            },
            person: self.person,
            received_at: now,
            drill: ready.drill,
            noted: of.noted.as_deref(),
            raw: &ready.raw,
            sha256: &ready.sha256,
        }
    }
}

impl OpenedBy<'_> {
    fn route<'h>(&self, history: impl Fn(&Playbook) -> &'h History) -> Option<Route> {
        let of = self.arriving.of;
        of.with_candidates(|candidates| candidates.route(history))?
    }

    fn command(&self, route: Route) -> Command {
        let Arriving { ready, of, .. } = self.arriving;
        Command::Open(Box::new(Opening {
            id: self.incident,
            playbook: route.loaded.reference.clone(),
            alert: self.alert,
            raw_sha256: ready.sha256.clone(),
            severity: of.alert.severity,
            stage: route.stage,
            because: route.because,
            concerned: self.person,
            reported_by: ready.reported_by,
            criteria: route.criteria,
            drill: ready.drill,
            sealed: false,
        }))
    }
}
