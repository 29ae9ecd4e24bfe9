//! Finding things in a playbook, and the ways through it.

use super::criterion::Truth;
use super::definition::{
    Choice, Criterion, Entry, Field, FieldKind, Playbook, Stage, Transition, TransitionKind,
};
use super::facts::Facts;
use super::rules::{Action, Evidence, Gate, Outcome, RecoveryPath};
use crate::domain::ids::{CriterionId, FieldId, StageId, TransitionId};

impl Playbook {
    pub fn stage(&self, id: &StageId) -> Option<&Stage> {
        self.stages.iter().find(|s| s.id == *id)
    }

    pub fn transition(&self, id: &TransitionId) -> Option<&Transition> {
        self.transitions.iter().find(|t| t.id == *id)
    }

    pub fn criterion(&self, id: &CriterionId) -> Option<&Criterion> {
        self.criteria.iter().find(|c| c.id == *id)
    }

    pub fn field(&self, id: &FieldId) -> Option<&Field> {
        self.fields.iter().find(|f| f.id == *id)
    }

    pub fn gate(&self, id: &str) -> Option<&Gate> {
        self.gates.iter().find(|g| g.id == id)
    }

    pub fn outcome(&self, id: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|o| o.id == id)
    }

    pub fn action(&self, id: &str) -> Option<&Action> {
        self.containment.iter().find(|a| a.id == id)
    }

    pub fn evidence(&self, id: &str) -> Option<&Evidence> {
        self.evidence.iter().find(|e| e.id == id)
    }

    pub fn recovery_path(&self, id: &str) -> Option<&RecoveryPath> {
        self.recovery.iter().find(|r| r.id == id)
    }

    /// The field whose choices are the outcomes.
    pub fn outcome_field(&self) -> Option<&Field> {
        let choice = |o: &Outcome| Choice {
            id: o.id.clone(),
            title: o.title.clone(),
        };
        let choices = FieldKind::Choice(self.outcomes.iter().map(choice).collect());
        self.fields
            .iter()
            .find(|f| !self.outcomes.is_empty() && f.kind == choices)
    }

    /// Where an incident starts when no other entry fits.
    pub fn first_stage(&self) -> Option<&Stage> {
        self.entries.last().and_then(|e| self.stage(&e.stage))
    }

    /// The transitions that leave a stage, in the file's order.
    pub fn ways_out<'p>(
        &'p self,
        stage: &StageId,
    ) -> impl Iterator<Item = &'p Transition> + use<'p> {
        let stage = stage.clone();
        self.transitions
            .iter()
            .filter(move |t| t.from.contains(&stage))
    }

    /// Whether this playbook takes the alert. An expression that cannot be evaluated takes nothing.
    pub fn route(&self, facts: &Facts) -> bool {
        self.takes
            .as_ref()
            .is_some_and(|when| when.eval(facts) == Truth::True)
    }

    /// Whether it takes every alert, by a condition that asks nothing. Last in the order, it is the fallback.
    pub fn takes_everything(&self) -> bool {
        self.takes
            .as_ref()
            .is_some_and(|when| when.source().trim() == "true")
    }

    /// The entry an incident takes: the first that fits, else the last. `None` only without entries,
    /// which no playbook that was read is.
    pub fn entry(&self, facts: &Facts) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|e| {
                e.when
                    .as_ref()
                    .is_none_or(|when| when.eval(facts) == Truth::True)
            })
            .or(self.entries.last())
    }

    /// Everything the record of a transition holds: what the handoffs on the shortest way to its stages
    /// carried, then its own, each field once. Reasons for thresholds that were passed over stay with their own way.
    pub fn record_at(&self, id: &TransitionId) -> Vec<FieldId> {
        let Some(transition) = self.transition(id) else {
            return Vec::new();
        };
        // A brief is a page of its own: Governance gets nothing of the technical record.
        if transition.kind == TransitionKind::Engagement {
            return transition.record.clone();
        }
        let earlier = transition.from.iter().flat_map(|stage| self.way_to(stage));
        // What is asked only where a threshold is met was asked there, or there was none.
        let earlier = earlier.flat_map(|t| {
            let asked_there = t.thresholds_answered_in.as_ref();
            t.record
                .iter()
                .filter(move |field| asked_there != Some(*field))
        });
        let mut record: Vec<FieldId> = Vec::new();
        for field in earlier.chain(&transition.record) {
            if !record.contains(field) {
                record.push(field.clone());
            }
        }
        record
    }

    /// The handoffs of the shortest way from the first stage to a stage, in order; none where there is no way.
    pub fn way_to(&self, stage: &StageId) -> Vec<&Transition> {
        let Some(first) = self.first_stage() else {
            return Vec::new();
        };
        let mut ways: Vec<(&StageId, Vec<&Transition>)> = vec![(&first.id, Vec::new())];
        let mut next = 0;
        while let Some((at, way)) = ways.get(next).cloned() {
            if at == stage {
                return way;
            }
            for t in self
                .ways_out(at)
                .filter(|t| t.kind == TransitionKind::Handoff)
            {
                if let Some(to) = &t.to
                    && ways.iter().all(|(known, _)| *known != to)
                {
                    let mut longer = way.clone();
                    longer.push(t);
                    ways.push((to, longer));
                }
            }
            next += 1;
        }
        Vec::new()
    }

    /// The mandatory criteria that lead out of a stage; one that is met excludes dismissal from it.
    pub fn mandatory_at<'p>(
        &'p self,
        stage: &StageId,
    ) -> impl Iterator<Item = &'p Criterion> + use<'p> {
        let leading: Vec<&CriterionId> = self.ways_out(stage).flat_map(|t| &t.criteria).collect();
        self.criteria
            .iter()
            .filter(move |c| c.mandatory && leading.contains(&&c.id))
    }
}
