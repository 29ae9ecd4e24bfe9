//! Whether a playbook takes an alert, where it starts there and why. What does not depend on the person's history is
//! judged before the transaction, by whoever asks; the rest is judged in it, on the same facts. No store and no clock here.

use super::facts::{History, finding};
use super::playbooks::{Loaded, Playbooks};
use crate::domain::alert::Alert;
use crate::domain::ids::{SourceId, StageId};
use crate::domain::incident::Evaluated;
use crate::domain::playbook::criterion::Expr;
use crate::domain::playbook::definition::Playbook;
use crate::domain::playbook::facts::{Facts, FactsInput, IncidentFacts, PersonFacts};
use crate::domain::playbook::rules::Repeat;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// The way of an alert into a playbook.
#[derive(Debug, Clone)]
pub struct Route {
    pub loaded: Arc<Loaded>,
    pub stage: StageId,
    /// Why this stage, a sentence.
    pub because: String,
    /// Every criterion that the program can evaluate.
    pub criteria: Vec<Evaluated>,
}

/// The playbooks that may take an alert, on the facts that they are judged by.
#[derive(Debug)]
pub struct Candidates {
    facts: Facts,
    found: Vec<Candidate>,
}

/// A playbook that may take an alert, judged as if nothing were known of the person.
#[derive(Debug)]
struct Candidate {
    loaded: Arc<Loaded>,
    /// `None` where it does not take the alert of a stranger.
    route: Option<Route>,
}

impl Candidates {
    /// In the playbooks' order: up to the first that takes it whatever the person's history is.
    pub fn of(playbooks: &Playbooks, source: &SourceId, alert: &Alert, now: DateTime<Utc>) -> Self {
        let mut facts = Facts::new(&FactsInput {
            alert: Some(alert),
            source: source.as_str(),
            incident: IncidentFacts::default(),
            person: PersonFacts::default(),
            repeat: None,
            now,
        });
        let mut found = Vec::new();
        for loaded in playbooks.current() {
            let playbook = &loaded.playbook;
            facts.count_by(playbook.repeat);
            let route = way(loaded, &facts);
            let depends = playbook.takes.as_ref().is_some_and(Expr::asks_person);
            let takes = route.is_some();
            if takes || depends {
                let loaded = loaded.clone();
                found.push(Candidate { loaded, route });
            }
            if takes && !depends {
                break;
            }
        }
        Self { facts, found }
    }

    /// The repeat rules of the playbooks among them.
    pub fn rules(&self) -> Vec<Option<Repeat>> {
        let each = self.found.iter();
        each.map(|c| c.loaded.playbook.repeat).collect()
    }

    /// The way that the alert takes, by what the history says. `history` is asked once for each playbook that is tried.
    pub fn route<'h>(&mut self, history: impl Fn(&Playbook) -> &'h History) -> Option<Route> {
        let facts = &mut self.facts;
        self.found.iter().find_map(|candidate| {
            let playbook = &candidate.loaded.playbook;
            candidate.known(facts, history(playbook))
        })
    }
}

impl Candidate {
    /// Judged again where the history has something to say.
    fn known(&self, facts: &mut Facts, history: &History) -> Option<Route> {
        if !history.known {
            return self.route.clone();
        }
        let playbook = &self.loaded.playbook;
        facts.count_by(playbook.repeat);
        facts.know(history.facts());
        let depends = playbook.takes.as_ref().is_some_and(Expr::asks_person);
        let Some(route) = self.route.as_ref().filter(|_| !depends) else {
            return way(&self.loaded, facts);
        };
        let mut entries = playbook.entries.iter().filter_map(|e| e.when.as_ref());
        let (stage, because) = if entries.any(Expr::asks_person) {
            let entry = playbook.entry(facts)?;
            (entry.stage.clone(), entry.because.clone())
        } else {
            (route.stage.clone(), route.because.clone())
        };
        let mut before = route.criteria.iter();
        let criteria = playbook.criteria.iter().filter_map(|criterion| {
            // A criterion that nobody evaluates has no place in the list, before or now.
            criterion.when.as_ref()?;
            let earlier = before.next();
            if criterion.asks_person() {
                finding(criterion, facts)
            } else {
                earlier.cloned()
            }
        });
        Some(Route {
            criteria: criteria.collect(),
            loaded: self.loaded.clone(),
            stage,
            because,
        })
    }
}

fn way(loaded: &Arc<Loaded>, facts: &Facts) -> Option<Route> {
    let playbook = &loaded.playbook;
    if !playbook.route(facts) {
        return None;
    }
    let entry = playbook.entry(facts)?;
    Some(Route {
        loaded: loaded.clone(),
        stage: entry.stage.clone(),
        because: entry.because.clone(),
        criteria: super::facts::evaluate(playbook, facts),
    })
}
