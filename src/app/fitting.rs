//! How known patterns fit an incident, and what a scope says of past alerts.

use super::facts::{History, facts, histories_by_rule};
use super::query::on_incident;
use super::visible::Visible;
use super::{App, AppError};
use crate::domain::ids::{AlertId, IncidentId, PlaybookId};
use crate::domain::incident::Incident;
use crate::domain::pattern::{Fit, Fitting, Pattern, Trial};
use crate::domain::playbook::criterion::{Expr, Truth};
use crate::domain::playbook::definition::{Playbook, TransitionKind};
use crate::domain::playbook::facts::Facts;
use crate::domain::policy::{Actor, Walls, reads};
use crate::store::detection::Counting;
use crate::store::{self, Connection};
use std::collections::BTreeMap;

/// Past alerts that a scope is tried on, the newest.
const TRIED: i64 = 500;
/// Detections of one person that are looked at; whoever has more is covered by no pattern.
const DETECTIONS: usize = 200;
/// Incidents that a trial names.
const NAMED: usize = 8;

impl App {
    pub(super) async fn fittings(
        &self,
        connection: &mut Connection,
        visible: &Visible,
    ) -> Result<Vec<Fitting>, AppError> {
        let playbook = &visible.playbook.playbook;
        self.fitting(connection, &visible.incident, playbook, &visible.walls)
            .await
    }

    /// Each pattern of the playbook as it fits the incident; none where nothing can be dismissed.
    pub(super) async fn fitting(
        &self,
        connection: &mut Connection,
        incident: &Incident,
        playbook: &Playbook,
        walls: &Walls,
    ) -> Result<Vec<Fitting>, AppError> {
        let mut ways = playbook.ways_out(&incident.stage);
        let dismissible = ways.any(|t| t.kind == TransitionKind::Dismissal);
        if playbook.patterns.is_none() || !incident.is_open() || !dismissible {
            return Ok(Vec::new());
        }
        let mut patterns = store::pattern::list(connection).await?;
        patterns.retain(|pattern| pattern.playbook == playbook.id);
        if patterns.is_empty() {
            return Ok(Vec::new());
        }
        let own = self.facts_of(connection, &incident.alerts).await?;
        let own: Vec<Facts> = own.into_iter().map(|(_, facts)| facts).collect();
        let mut all: Option<Vec<Facts>> = None;
        let mut fitting = Vec::new();
        for pattern in patterns {
            let fit = match self.covers(&pattern, &own, walls) {
                Err(why) => Fit::Not(why),
                Ok(scope) => {
                    if all.is_none() {
                        all = Some(self.all_detections(connection, incident, playbook).await?);
                    }
                    let all = all.as_deref().unwrap_or_default();
                    let all_detections =
                        all.len() <= DETECTIONS && all.iter().all(|f| scope.eval(f) == Truth::True);
                    Fit::Covers { all_detections }
                }
            };
            fitting.push(Fitting { pattern, fit });
        }
        Ok(fitting)
    }

    /// The pattern's scope, where it may be used and is true of each of these facts; else why not.
    fn covers(&self, pattern: &Pattern, own: &[Facts], walls: &Walls) -> Result<Expr, String> {
        if let Some(why) = pattern.unusable(self.now(), self.zone) {
            return Err(why);
        }
        let approved_by = pattern.approved.map(|word| word.by);
        let behind = [Some(pattern.proposed.by), approved_by];
        if behind.into_iter().flatten().any(|by| walls.contains(&by)) {
            return Err("which cannot be used for this incident".to_owned());
        }
        let scope = Expr::parse(&pattern.scope)
            .map_err(|_| "whose scope cannot be read any more".to_owned())?;
        for facts in own {
            match scope.eval(facts) {
                Truth::True => {}
                Truth::False => return Err("which does not cover this incident".to_owned()),
                Truth::NotEvaluated(why) => {
                    return Err(format!("whose scope cannot be evaluated here: {why}"));
                }
            }
        }
        Ok(scope)
    }

    /// The facts of each detection in the window, of all persons concerned; one more than is looked at, where there are more.
    async fn all_detections(
        &self,
        connection: &mut Connection,
        incident: &Incident,
        playbook: &Playbook,
    ) -> Result<Vec<Facts>, AppError> {
        let Some(repeat) = playbook.repeat else {
            return Ok(Vec::new());
        };
        let first = self.first_alert(connection, incident).await?;
        let around = first.map_or(incident.opened_at, |on| {
            store::alert::occurred_at(&on.alert, on.received_at)
        });
        let window = chrono::TimeDelta::days(repeat.window_days);
        let limit = i64::try_from(DETECTIONS + 1).unwrap_or(i64::MAX);
        let mut all = Vec::new();
        for person in &incident.concerned {
            let ids = store::detection::list_detections(connection, *person, around, window, limit)
                .await?;
            let found = self.facts_of(connection, &ids).await?;
            all.extend(found.into_iter().map(|(_, facts)| facts));
        }
        Ok(all)
    }

    /// The facts of stored alerts, in their order, each as a criterion of its incident's playbook would see them now.
    async fn facts_of(
        &self,
        connection: &mut Connection,
        ids: &[AlertId],
    ) -> Result<Vec<(Option<Incident>, Facts)>, AppError> {
        let alerts = store::alert::load_all(connection, ids).await?;
        let incidents: Vec<IncidentId> = alerts.iter().filter_map(|kept| kept.incident).collect();
        let incidents = store::incident::list(connection, &incidents).await?;
        let mut followed = Vec::with_capacity(alerts.len());
        let mut asked = Vec::new();
        for (place, kept) in alerts.iter().enumerate() {
            let incident = kept.incident.and_then(|id| incidents.get(&id));
            let loaded = match incident {
                Some(incident) => Some(self.playbooks.load(&incident.playbook)?),
                None => self.playbooks.fallback().cloned(),
            };
            if let (Some(loaded), Some(person)) = (&loaded, kept.person) {
                let counting = Counting {
                    person,
                    around: store::alert::occurred_at(&kept.alert, kept.received_at),
                    until: None,
                };
                asked.push((place, loaded.playbook.repeat, counting));
            }
            followed.push(loaded);
        }
        let histories = histories_by_rule(connection, asked).await?;
        let nobody = History::default();
        let each = alerts.into_iter().zip(followed).enumerate();
        let found = each.map(|(place, (kept, loaded))| {
            let incident = kept.incident.and_then(|id| incidents.get(&id)).cloned();
            let past = histories.get(&place).unwrap_or(&nobody);
            let found = match loaded {
                Some(loaded) => {
                    let (on, playbook) = (on_incident(kept), &loaded.playbook);
                    facts(Some(&on), incident.as_ref(), past, playbook, self.now())
                }
                None => Facts::none(self.now()),
            };
            (incident, found)
        });
        Ok(found.collect())
    }

    /// Tries a scope on past alerts. What the reader is walled off from is, to them, not there.
    pub(super) async fn trial(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        playbook: &PlaybookId,
        scope: &Expr,
    ) -> Result<Trial, AppError> {
        let mut trial = Trial {
            of_nothing: scope.eval(&Facts::none(self.now())) == Truth::True,
            ..Trial::default()
        };
        let mut readable: BTreeMap<IncidentId, bool> = BTreeMap::new();
        let past = store::alert::list_past(connection, playbook, TRIED).await?;
        let past = self.facts_of(connection, &past).await?;
        let incidents = past
            .iter()
            .filter_map(|(incident, _)| Some(incident.as_ref()?.id));
        let incidents: Vec<IncidentId> = incidents.collect();
        let all_walls = store::incident::list_walls(connection, &incidents).await?;
        for (incident, found) in past {
            let Some(incident) = incident else { continue };
            let walls = all_walls.get(&incident.id).cloned().unwrap_or_default();
            if walls.contains(&actor.person) {
                continue;
            }
            trial.tried += 1;
            match scope.eval(&found) {
                Truth::False => continue,
                Truth::NotEvaluated(why) => {
                    if trial.unevaluated == 0 {
                        trial.why = why;
                    }
                    trial.unevaluated += 1;
                    continue;
                }
                Truth::True => trial.matched += 1,
            }
            let loaded = self.playbooks.load(&incident.playbook)?;
            let known = readable
                .entry(incident.id)
                .or_insert_with(|| reads(actor, &incident, &loaded.playbook, &walls).is_some());
            if *known && trial.some.len() < NAMED && !trial.some.contains(&incident.id) {
                trial.some.push(incident.id);
            }
        }
        Ok(trial)
    }
}
