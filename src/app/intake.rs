//! Alerts come in: each is kept, counted or quarantined, and opens or joins an incident, all in one commit.

use super::act::By;
use super::facts::{evaluate, facts, history};
use super::route::{Route, route};
use super::{App, AppError};
use crate::domain::alert::{Alert, Reading, User};
use crate::domain::ids::{AlertId, IncidentId, PersonId, SourceId};
use crate::domain::incident::{Command, Context, Opening, decide};
use crate::domain::view::OnIncident;
use crate::store::alert::Arrival;
use crate::store::people::Identity;
use crate::store::{self, Connection, StoreError};
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

/// One element of a body: its bytes, and what the adapter made of it.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub raw: Vec<u8>,
    /// Or JSON pointer and sentence of what could not be read.
    pub reading: Result<Reading, (String, String)>,
}

/// An authenticated submission of one source.
#[derive(Debug, Clone)]
pub struct Batch {
    pub source: SourceId,
    pub elements: Vec<Arrived>,
    /// The member who reported it, where a person did.
    pub reported_by: Option<PersonId>,
    pub drill: bool,
}

/// What became of one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The alert's id, or the quarantine's.
    pub id: String,
    pub incident: Option<IncidentId>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Opened,
    Attached,
    Repeated,
    Noted,
    Quarantined,
}

impl Outcome {
    pub const fn key(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Attached => "attached",
            Self::Repeated => "repeated",
            Self::Noted => "noted",
            Self::Quarantined => "quarantined",
        }
    }
}

impl App {
    /// Takes a batch in one commit; the answer comes after it.
    pub async fn take(&self, batch: Batch) -> Result<Vec<Taken>, AppError> {
        let app = self.clone();
        self.store
            .write(move |connection| {
                Box::pin(async move { app.take_all(connection, &batch).await })
            })
            .await
    }

    /// Takes a batch inside a transaction that is under way; one bad element never costs the others.
    pub(super) async fn take_all(
        &self,
        connection: &mut Connection,
        batch: &Batch,
    ) -> Result<Vec<Taken>, AppError> {
        let mut taken = Vec::with_capacity(batch.elements.len());
        for element in &batch.elements {
            taken.push(self.take_one(connection, batch, element).await?);
        }
        Ok(taken)
    }

    async fn take_one(
        &self,
        connection: &mut Connection,
        batch: &Batch,
        element: &Arrived,
    ) -> Result<Taken, AppError> {
        let sha256 = hex::encode(Sha256::digest(&element.raw));
        let (alert, noted) = match &element.reading {
            Ok(Reading::Alert(alert)) => (alert.as_ref(), None),
            Ok(Reading::Noted(alert, why)) => (alert.as_ref(), Some(why.as_str())),
            Err((pointer, message)) => {
                let fault = (pointer.as_str(), message.as_str());
                let (source, now) = (&batch.source, self.now());
                let id = store::quarantine::insert(
                    connection,
                    source,
                    &sha256,
                    &element.raw,
                    fault,
                    now,
                )
                .await?;
                let id = format!("QRT-{id}");
                return Ok(Taken {
                    id,
                    incident: None,
                    outcome: Outcome::Quarantined,
                });
            }
        };
        let arriving = Arriving {
            batch,
            alert,
            noted,
            raw: &element.raw,
            sha256: &sha256,
        };
        match store::alert::find_by_key(connection, &batch.source, alert).await? {
            Some(id) => self.again(connection, &arriving, id).await,
            None => self.first(connection, &arriving).await,
        }
    }

    /// The same alert again: counted and brought up to date, never a second incident.
    async fn again(
        &self,
        connection: &mut Connection,
        arriving: &Arriving<'_>,
        id: AlertId,
    ) -> Result<Taken, AppError> {
        let now = self.now();
        let kept = store::alert::load(connection, id).await?;
        let new_bytes =
            store::alert::insert_raw(connection, id, arriving.sha256, arriving.raw, now).await?;
        let older = arriving.alert.times.modified_at < kept.alert.times.modified_at;
        let update = new_bytes && !older;
        let times = store::alert::count_again(connection, id, arriving.alert, update).await?;
        let Some(incident) = kept.incident else {
            if arriving.noted.is_some() {
                return Ok(Taken {
                    id: id.to_string(),
                    incident: None,
                    outcome: Outcome::Noted,
                });
            }
            // Noted before, and now an alert after all.
            store::alert::save_noted(connection, id, None).await?;
            return self
                .open_or_join(connection, arriving, id, kept.person)
                .await;
        };
        let worse = arriving.noted.is_none() && arriving.alert.severity > kept.alert.severity;
        if update && worse && self.has_ended(connection, incident).await? {
            // Judged on less: the alert is worse than what was dismissed or closed, and somebody looks again.
            let incident = self.open(connection, arriving, id, kept.person).await?;
            let id = id.to_string();
            return Ok(Taken {
                id,
                incident: Some(incident),
                outcome: Outcome::Opened,
            });
        }
        let mut commands = vec![Command::CountRepeat { alert: id, times }];
        if update && arriving.noted.is_none() {
            commands.push(self.attach(connection, arriving, id, incident).await?);
        }
        for command in commands {
            self.by_program(connection, incident, &command).await?;
        }
        Ok(Taken {
            id: id.to_string(),
            incident: Some(incident),
            outcome: Outcome::Repeated,
        })
    }

    async fn has_ended(
        &self,
        connection: &mut Connection,
        id: IncidentId,
    ) -> Result<bool, AppError> {
        let found = store::incident::find(connection, id).await?;
        Ok(found.is_some_and(|incident| !incident.is_open()))
    }

    async fn first(
        &self,
        connection: &mut Connection,
        arriving: &Arriving<'_>,
    ) -> Result<Taken, AppError> {
        let now = self.now();
        let identities = arriving
            .alert
            .user
            .as_ref()
            .map(identities)
            .unwrap_or_default();
        let person = store::people::find_or_insert(connection, &identities, now).await?;
        let arrival = Arrival {
            source: &arriving.batch.source,
            alert: arriving.alert,
            person,
            received_at: now,
            drill: arriving.batch.drill,
            noted: arriving.noted,
        };
        let id = store::alert::insert(connection, &arrival).await?;
        store::alert::insert_raw(connection, id, arriving.sha256, arriving.raw, now).await?;
        if arriving.noted.is_some() {
            return Ok(Taken {
                id: id.to_string(),
                incident: None,
                outcome: Outcome::Noted,
            });
        }
        self.open_or_join(connection, arriving, id, person).await
    }

    async fn open_or_join(
        &self,
        connection: &mut Connection,
        arriving: &Arriving<'_>,
        id: AlertId,
        person: Option<PersonId>,
    ) -> Result<Taken, AppError> {
        let key = store::alert::detection_key(&arriving.batch.source, arriving.alert);
        let open = store::incident::find_open_for_detection(connection, &key).await?;
        let (incident, outcome) = match open {
            Some(incident) => {
                store::alert::save_incident(connection, id, incident).await?;
                let command = self.attach(connection, arriving, id, incident).await?;
                self.by_program(connection, incident, &command).await?;
                (incident, Outcome::Attached)
            }
            None => (
                self.open(connection, arriving, id, person).await?,
                Outcome::Opened,
            ),
        };
        Ok(Taken {
            id: id.to_string(),
            incident: Some(incident),
            outcome,
        })
    }

    /// Chooses the playbook and its stage, evaluates every criterion, opens.
    async fn open(
        &self,
        connection: &mut Connection,
        arriving: &Arriving<'_>,
        alert: AlertId,
        person: Option<PersonId>,
    ) -> Result<IncidentId, AppError> {
        let now = self.now();
        let route = self.route(connection, arriving, alert, person, now).await?;
        let playbook = &route.loaded.playbook;
        let id = store::incident::next_id(connection).await?;
        let opening = Opening {
            id,
            playbook: route.loaded.reference.clone(),
            alert,
            raw_sha256: arriving.sha256.to_owned(),
            severity: arriving.alert.severity,
            stage: route.stage,
            because: route.because,
            concerned: person,
            reported_by: arriving.batch.reported_by,
            criteria: route.criteria,
            drill: arriving.batch.drill,
            sealed: false,
        };
        let context = Context::new(now, playbook, None);
        let events = decide(None, &Command::Open(Box::new(opening)), &context)?;
        self.commit(connection, None, &events, By::PROGRAM, playbook)
            .await?;
        store::alert::save_incident(connection, alert, id).await?;
        Ok(id)
    }

    async fn route(
        &self,
        connection: &mut Connection,
        arriving: &Arriving<'_>,
        alert: AlertId,
        person: Option<PersonId>,
        now: DateTime<Utc>,
    ) -> Result<Route, AppError> {
        let on = arriving.on_incident(alert, now);
        let around = store::alert::occurred_at(arriving.alert, now);
        for loaded in self.playbooks.current() {
            let history = history(connection, person, around, &loaded.playbook).await?;
            if let Some(found) = route(loaded, &on, &history, now) {
                return Ok(found);
            }
        }
        Err(AppError::Store(StoreError::Missing {
            what: "playbook",
            key: "that takes what no other takes".to_owned(),
        }))
    }

    /// The findings of a further alert, against the playbook version the incident follows.
    async fn attach(
        &self,
        connection: &mut Connection,
        arriving: &Arriving<'_>,
        id: AlertId,
        incident: IncidentId,
    ) -> Result<Command, AppError> {
        let now = self.now();
        let kept = store::alert::load(connection, id).await?;
        let state = store::incident::find(connection, incident).await?;
        let state = state.ok_or_else(|| StoreError::Missing {
            what: "incident",
            key: incident.to_string(),
        })?;
        let loaded = self.playbooks.load(&state.playbook)?;
        let around = store::alert::occurred_at(arriving.alert, now);
        let history = history(connection, kept.person, around, &loaded.playbook).await?;
        let on = arriving.on_incident(id, now);
        let found = facts(Some(&on), Some(&state), &history, &loaded.playbook, now);
        Ok(Command::Attach {
            alert: id,
            severity: arriving.alert.severity,
            concerned: kept.person,
            criteria: evaluate(&loaded.playbook, &found),
        })
    }

    /// A step that no person takes. What an ended incident refuses is no fault: the alert is kept and counted.
    pub(super) async fn by_program(
        &self,
        connection: &mut Connection,
        id: IncidentId,
        command: &Command,
    ) -> Result<(), AppError> {
        let found = store::incident::find(connection, id).await?;
        let Some(incident) = found else { return Ok(()) };
        let loaded = self.playbooks.load(&incident.playbook)?;
        let context = Context::new(self.now(), &loaded.playbook, None);
        if let Ok(events) = decide(Some(&incident), command, &context) {
            self.commit(
                connection,
                Some(incident),
                &events,
                By::PROGRAM,
                &loaded.playbook,
            )
            .await?;
        }
        Ok(())
    }
}

struct Arriving<'a> {
    batch: &'a Batch,
    alert: &'a Alert,
    noted: Option<&'a str>,
    raw: &'a [u8],
    sha256: &'a str,
}

impl Arriving<'_> {
    fn on_incident(&self, id: AlertId, received_at: DateTime<Utc>) -> OnIncident {
        OnIncident {
            id,
            source: self.batch.source.clone(),
            received_at,
            times_received: 1,
            alert: self.alert.clone(),
        }
    }
}

/// What the source says of the person, in the form that is compared.
fn identities(user: &User) -> Vec<Identity> {
    let name = match (&user.domain, &user.name) {
        (Some(domain), Some(name)) => Some(format!("{domain}\\{name}").to_lowercase()),
        (None, Some(name)) => Some(name.to_lowercase()),
        (_, None) => None,
    };
    [
        ("upn", user.upn.as_ref().map(|upn| upn.to_lowercase())),
        ("sid", user.sid.clone()),
        ("name", name),
        ("reference", user.uid.clone()),
    ]
    .into_iter()
    .filter_map(|(kind, value)| {
        Some(Identity {
            kind,
            value: value.filter(|v| !v.is_empty())?,
        })
    })
    .collect()
}
