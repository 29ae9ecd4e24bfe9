//! What criteria and prefills see of an alert, an incident and the person concerned.

use crate::domain::ids::PersonId;
use crate::domain::incident::{Evaluated, Finding, Incident};
use crate::domain::playbook::criterion::Evaluation;
use crate::domain::playbook::definition::{Criterion, Playbook};
use crate::domain::playbook::facts::{Facts, FactsInput, IncidentFacts, PersonFacts};
use crate::domain::playbook::rules::Repeat;
use crate::domain::view::OnIncident;
use crate::store::detection::Counting;
use crate::store::{self, Connection, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashMap;

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

impl History {
    /// What expressions see of it.
    pub fn facts(&self) -> PersonFacts<'_> {
        PersonFacts {
            known: self.known,
            department: self.department.as_deref(),
            detections_in_window: self.detections,
            open_incidents: self.open_incidents,
        }
    }
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
    let asked = Counting {
        person,
        around,
        until: None,
    };
    let found = histories(connection, &[asked], playbook.repeat).await?;
    Ok(found.into_iter().next().unwrap_or_default())
}

/// The same for several at once, in their order, by one repeat rule.
pub async fn histories(
    connection: &mut Connection,
    asked: &[Counting],
    repeat: Option<Repeat>,
) -> Result<Vec<History>, StoreError> {
    let window = repeat.map(|repeat| TimeDelta::days(repeat.window_days));
    let known = store::detection::list_known(connection, asked, window).await?;
    let histories = known.into_iter().map(|known| History {
        known: true,
        department: known.department,
        walls_known: known.walls_known,
        detections: known.detections,
        open_incidents: known.open_incidents,
    });
    Ok(histories.collect())
}

/// The same, each by a rule of its own and by its place.
pub async fn histories_by_rule(
    connection: &mut Connection,
    asked: impl IntoIterator<Item = (usize, Option<Repeat>, Counting)>,
) -> Result<HashMap<usize, History>, StoreError> {
    let mut by_rule: Vec<ByRule> = Vec::new();
    for (place, rule, counting) in asked {
        match by_rule.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, of_rule)) => of_rule.push((place, counting)),
            None => by_rule.push((rule, vec![(place, counting)])),
        }
    }
    let mut found = HashMap::new();
    for (rule, asked) in by_rule {
        let each: Vec<Counting> = asked.iter().map(|(_, counting)| *counting).collect();
        let histories = histories(connection, &each, rule).await?;
        let places = asked.into_iter().map(|(place, _)| place);
        found.extend(places.zip(histories));
    }
    Ok(found)
}

/// Whose detections one repeat rule counts, by place.
type ByRule = (Option<Repeat>, Vec<(usize, Counting)>);

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
        person: history.facts(),
        repeat: playbook.repeat,
        now,
    })
}

/// Every criterion of the playbook against the facts.
pub fn evaluate(playbook: &Playbook, facts: &Facts) -> Vec<Evaluated> {
    let criteria = playbook.criteria.iter();
    criteria.filter_map(|c| finding(c, facts)).collect()
}

/// One criterion against the facts; `None` where only a person can tell: nothing was found.
pub fn finding(criterion: &Criterion, facts: &Facts) -> Option<Evaluated> {
    let (finding, facts) = match criterion.evaluate(facts) {
        Evaluation::Met { facts } => (Finding::Met, facts),
        Evaluation::NotMet => (Finding::NotMet, Vec::new()),
        Evaluation::NotEvaluated(why) => (Finding::NotEvaluated(why), Vec::new()),
        Evaluation::Asked => return None,
    };
    Some(Evaluated {
        criterion: criterion.id.clone(),
        finding,
        facts,
    })
}
