//! Alerts that meet what is there: the same ones again, and one that opens after all.

use super::group::{Arriving, OpenedBy, taken};
use super::say::Said;
use super::{Outcome, Taken};
use crate::app::{App, AppError};
use crate::domain::ids::{AlertId, IncidentId, PersonId};
use crate::store::alert::Kept;
use crate::store::body::Body;
use crate::store::{self, Connection, StoreError};

impl App {
    /// The same alerts again: counted and brought up to date, never a second incident. Gives back what is to be said to
    /// their incidents, and what became of each.
    pub(super) async fn again<'r>(
        &self,
        connection: &mut Connection,
        repeated: &[(Arriving<'r>, AlertId)],
    ) -> Result<(Vec<Said<'r>>, Vec<Taken>), AppError> {
        if repeated.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let ids: Vec<AlertId> = repeated.iter().map(|(_, id)| *id).collect();
        let mut kept = store::alert::list(connection, &ids).await?;
        let received_at = self.now();
        let bodies = repeated.iter().map(|(arriving, id)| Body {
            alert: *id,
            sha256: &arriving.ready.sha256,
            raw: &arriving.ready.raw,
            received_at,
        });
        let bodies: Vec<Body<'_>> = bodies.collect();
        let new = store::body::insert_all(connection, &bodies).await?;
        store::alert::count_again(connection, &ids).await?;
        let (mut said, mut all) = (Vec::new(), Vec::with_capacity(repeated.len()));
        for (arriving, id) in repeated {
            let kept = kept.remove(id).ok_or_else(|| StoreError::Missing {
                what: "alert",
                key: id.to_string(),
            })?;
            let (of, taken) = self
                .repeated(connection, *arriving, &kept, new.contains(id))
                .await?;
            said.extend(of);
            all.push(taken);
        }
        Ok((said, all))
    }

    async fn repeated<'r>(
        &self,
        connection: &mut Connection,
        arriving: Arriving<'r>,
        kept: &Kept,
        new_bytes: bool,
    ) -> Result<(Option<Said<'r>>, Taken), AppError> {
        let (id, alert) = (kept.id, &arriving.of.alert);
        let older = alert.times.modified_at < kept.alert.times.modified_at;
        // Some senders repeat themselves every minute with nothing new but the time at which they did.
        let differs = **alert != kept.alert;
        let update = new_bytes && !older && differs;
        if update {
            store::alert::save(connection, id, alert, &arriving.of.written).await?;
        }
        let noted = arriving.of.noted.is_some();
        let Some(incident) = kept.incident else {
            if noted {
                return Ok((None, taken(id, None, Outcome::Noted)));
            }
            // Noted before, and now an alert after all.
            store::alert::save_noted(connection, id, None).await?;
            return self.open_or_join(connection, arriving, kept).await;
        };
        let worse = !noted && alert.severity > kept.alert.severity;
        if update && worse && self.has_ended(connection, incident).await? {
            // Judged on less: the alert is worse than what was dismissed or closed, and somebody looks again.
            let opened = self
                .open_again(connection, arriving, id, kept.person)
                .await?;
            return Ok((None, opened));
        }
        let said = Said {
            arriving,
            alert: id,
            person: kept.person,
            incident,
            times: Some(kept.times_received + 1),
            finds: update && !noted,
            until: None,
        };
        Ok((Some(said), taken(id, Some(incident), Outcome::Repeated)))
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
    async fn open_or_join<'r>(
        &self,
        connection: &mut Connection,
        arriving: Arriving<'r>,
        kept: &Kept,
    ) -> Result<(Option<Said<'r>>, Taken), AppError> {
        let key = arriving.detection();
        let open = store::incident::list_open_for_detections(connection, &[key]).await?;
        let Some(incident) = open.get(key).copied() else {
            let opened = self.open_again(connection, arriving, kept.id, kept.person);
            return Ok((None, opened.await?));
        };
        store::alert::save_incident(connection, kept.id, incident).await?;
        let said = Said {
            arriving,
            alert: kept.id,
            person: kept.person,
            incident,
            times: None,
            finds: true,
            until: None,
        };
        Ok((
            Some(said),
            taken(kept.id, Some(incident), Outcome::Attached),
        ))
    }

    async fn open_again(
        &self,
        connection: &mut Connection,
        arriving: Arriving<'_>,
        alert: AlertId,
        person: Option<PersonId>,
    ) -> Result<Taken, AppError> {
        let incident = store::number::next(connection).await?.incident;
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
}
