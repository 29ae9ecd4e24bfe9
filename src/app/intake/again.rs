//! Alerts that meet what is there: the same one again, a further one of a detection, one that opens after all. One by one,
//! each on the state that the one before left.

use super::group::{Arriving, OpenedBy, taken};
use super::{Outcome, Ready, Taken};
use crate::app::act::By;
use crate::app::facts::{evaluate, facts, history};
use crate::app::{App, AppError};
use crate::domain::ids::{AlertId, IncidentId, PersonId};
use crate::domain::incident::{Command, Context, decide};
use crate::domain::view::OnIncident;
use crate::store::alert::occurred_at;
use crate::store::{self, Connection, StoreError};

impl App {
    /// The same alert again: counted and brought up to date, never a second incident.
    pub(super) async fn again(
        &self,
        connection: &mut Connection,
        arriving: Arriving<'_>,
        id: AlertId,
    ) -> Result<Taken, AppError> {
        let (now, alert) = (self.now(), &arriving.of.alert);
        let kept = store::alert::load(connection, id).await?;
        let Ready { raw, sha256, .. } = arriving.ready;
        let new_bytes = store::alert::insert_raw(connection, id, sha256, raw, now).await?;
        let older = alert.times.modified_at < kept.alert.times.modified_at;
        // Some senders repeat themselves every minute with nothing new but the time at which they did.
        let differs = **alert != kept.alert;
        let update = new_bytes && !older && differs;
        let written = &arriving.of.written;
        let times = store::alert::count_again(connection, id, alert, written, update).await?;
        let noted = arriving.of.noted.is_some();
        let Some(incident) = kept.incident else {
            if noted {
                return Ok(taken(id, None, Outcome::Noted));
            }
            // Noted before, and now an alert after all.
            store::alert::save_noted(connection, id, None).await?;
            return self
                .open_or_join(connection, arriving, id, kept.person)
                .await;
        };
        let worse = !noted && alert.severity > kept.alert.severity;
        if update && worse && self.has_ended(connection, incident).await? {
            // Judged on less: the alert is worse than what was dismissed or closed, and somebody looks again.
            return self.open_again(connection, arriving, id, kept.person).await;
        }
        let mut commands = vec![Command::CountRepeat { alert: id, times }];
        if update && !noted {
            commands.push(self.attach(connection, arriving, id, incident).await?);
        }
        for command in commands {
            self.by_program(connection, incident, &command).await?;
        }
        Ok(taken(id, Some(incident), Outcome::Repeated))
    }

    async fn has_ended(
        &self,
        connection: &mut Connection,
        id: IncidentId,
    ) -> Result<bool, AppError> {
        let found = store::incident::find(connection, id).await?;
        Ok(found.is_some_and(|incident| !incident.is_open()))
    }

    /// An alert that is kept already joins the incident of its detection, or opens one.
    async fn open_or_join(
        &self,
        connection: &mut Connection,
        arriving: Arriving<'_>,
        id: AlertId,
        person: Option<PersonId>,
    ) -> Result<Taken, AppError> {
        let key = arriving.detection();
        let open = store::incident::list_open_for_detections(connection, &[key]).await?;
        let Some(incident) = open.get(key).copied() else {
            return self.open_again(connection, arriving, id, person).await;
        };
        store::alert::save_incident(connection, id, incident).await?;
        let command = self.attach(connection, arriving, id, incident).await?;
        self.by_program(connection, incident, &command).await?;
        Ok(taken(id, Some(incident), Outcome::Attached))
    }

    async fn open_again(
        &self,
        connection: &mut Connection,
        arriving: Arriving<'_>,
        alert: AlertId,
        person: Option<PersonId>,
    ) -> Result<Taken, AppError> {
        let incident = store::incident::next_id(connection).await?;
        let opening = OpenedBy {
            arriving,
            alert,
            person,
            incident,
        };
        self.open_all(connection, &[opening]).await?;
        store::alert::save_incident(connection, alert, incident).await?;
        Ok(taken(alert, Some(incident), Outcome::Opened))
    }

    /// The findings of a further alert, against the playbook version the incident follows.
    pub(super) async fn attach(
        &self,
        connection: &mut Connection,
        arriving: Arriving<'_>,
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
        let alert = &arriving.of.alert;
        let around = occurred_at(alert, now);
        let history = history(connection, kept.person, around, &loaded.playbook).await?;
        let on = OnIncident {
            id,
            source: arriving.ready.source.clone(),
            received_at: now,
            times_received: 1,
            alert: alert.as_ref().clone(),
        };
        let found = facts(Some(&on), Some(&state), &history, &loaded.playbook, now);
        Ok(Command::Attach {
            alert: id,
            severity: alert.severity,
            concerned: kept.person,
            criteria: evaluate(&loaded.playbook, &found),
        })
    }

    /// A step that no person takes. What an ended incident refuses is no fault: the alert is kept and counted.
    pub(in crate::app) async fn by_program(
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
