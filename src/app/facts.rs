//! What criteria and prefills see of an alert, an incident and the person concerned.

use crate::domain::ids::PersonId;
use crate::domain::incident::{Evaluated, Finding, Incident};
use crate::domain::playbook::criterion::Evaluation;
use crate::domain::playbook::definition::Playbook;
use crate::domain::playbook::facts::{Facts, FactsInput, IncidentFacts, PersonFacts};
use crate::domain::view::OnIncident;
use crate::store::{self, Connection, StoreError};
use chrono::{DateTime, TimeDelta, Utc};

/// What the history says of a person, for one playbook's window.
#[derive(Debug, Clone, Default)]
pub struct History {
    pub known: bool,
    /// By the directory.
    pub department: Option<String>,
    /// Whether the walls around them can be computed.
    pub walls_known: bool,
    pub detections: i64,
    pub open_incidents: i64,
}

/// Counts within the transaction, so that two alerts of one commit see each other.
pub async fn history(
    connection: &mut Connection,
    person: Option<PersonId>,
    around: DateTime<Utc>,
    playbook: &Playbook,
) -> Result<History, StoreError> {
    let Some(person) = person else {
        return Ok(History::default());
    };
    let detections = match playbook.repeat {
        Some(repeat) => {
            let window = TimeDelta::days(repeat.window_days);
            store::alert::count_detections(connection, person, around, window).await?
        }
        None => 0,
    };
    let open_incidents = store::alert::count_open_incidents(connection, person).await?;
    let listed = store::directory::find(connection, person).await?;
    let listed = listed.unwrap_or_default();
    Ok(History {
        known: true,
        department: listed.department,
        walls_known: listed.walls_known,
        detections,
        open_incidents,
    })
}

/// The facts of one alert, before or in an incident.
pub fn facts(
    on: Option<&OnIncident>,
    incident: Option<&Incident>,
    history: &History,
    playbook: &Playbook,
    now: DateTime<Utc>,
) -> Facts {
    let id = incident.map(|i| i.id.to_string()).unwrap_or_default();
    let incident = incident.map_or_else(IncidentFacts::default, |incident| IncidentFacts {
        id: &id,
        stage: incident.stage.as_str(),
        severity: Some(incident.severity),
        alerts: i64::try_from(incident.alerts.len()).unwrap_or(i64::MAX),
        opened_at: Some(incident.opened_at),
        reopened: incident.reopened > 0,
    });
    Facts::new(&FactsInput {
        alert: on.map(|on| &on.alert),
        source: on.map_or("", |on| on.source.as_str()),
        incident,
        person: PersonFacts {
            known: history.known,
            department: history.department.as_deref(),
            detections_in_window: history.detections,
            open_incidents: history.open_incidents,
        },
        repeat: playbook.repeat,
        now,
    })
}

/// Every criterion of the playbook against the facts.
pub fn evaluate(playbook: &Playbook, facts: &Facts) -> Vec<Evaluated> {
    playbook
        .criteria
        .iter()
        .filter_map(|criterion| {
            let (finding, facts) = match criterion.evaluate(facts) {
                Evaluation::Met { facts } => (Finding::Met, facts),
                Evaluation::NotMet => (Finding::NotMet, Vec::new()),
                Evaluation::NotEvaluated(why) => (Finding::NotEvaluated(why), Vec::new()),
                // Only a person can tell: nothing was found.
                Evaluation::Asked => return None,
            };
            Some(Evaluated {
                criterion: criterion.id.clone(),
                finding,
                facts,
            })
        })
        .collect()
}
