//! What a case gathers: notes with their own times, corrections, links to other incidents, alerts that go their own way.

use super::apply::note_findings;
use super::command::{Noting, Splitting};
use super::decide::{Context, allowed, may_leave, open_still};
use super::event::{Evaluated, Event};
use super::{Finding, Incident, Refusal};
use crate::domain::ids::{AlertId, IncidentId};
use crate::domain::policy::Act;
use chrono::{DateTime, Utc};

/// Why a note, a link or a split does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseFault {
    /// What has not happened yet cannot be noted as happened.
    Future { at: DateTime<Utc> },
    /// The time cannot be read; the clause says how to type it.
    NoTime { why: String },
    /// The timeline has no such entry.
    NoEntry,
    /// The message stands on the timeline already.
    QuotedAlready,
    /// Not in the private thread of an incident.
    NotInThread,
    /// The message has no words of a person.
    NoWords,
    /// An incident has always to do with itself.
    Itself,
    /// No alert is named.
    NoAlert,
    /// These are no alerts of this incident.
    NotItsOwn { alerts: Vec<AlertId> },
    /// Every alert would go.
    NothingLeft,
    /// It did not end, so that it cannot be reopened.
    OpenStill,
    /// It follows that playbook already.
    SamePlaybook,
    /// A record was given already: the playbook cannot change any more.
    HandedOver,
}

impl From<CaseFault> for Refusal {
    fn from(fault: CaseFault) -> Self {
        Self::Case(fault)
    }
}

/// What someone on the case found or did, in words.
pub fn note(
    incident: &Incident,
    noting: &Noting,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    open_still(incident)?;
    allowed(incident, Act::Note, context)?;
    let text = noting.text.trim();
    if text.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    if let Some(at) = noting.happened_at.filter(|at| *at > context.now) {
        return Err(CaseFault::Future { at }.into());
    }
    let last = i64::try_from(incident.version).unwrap_or(i64::MAX);
    if noting.corrects.is_some_and(|n| !(1..=last).contains(&n)) {
        return Err(CaseFault::NoEntry.into());
    }
    let quoted = noting.quoted.as_ref();
    if quoted.is_some_and(|quoted| incident.quoted.contains(&quoted.message)) {
        return Err(CaseFault::QuotedAlready.into());
    }
    Ok(vec![Event::Noted {
        text: text.to_owned(),
        happened_at: noting.happened_at,
        corrects: noting.corrects,
        quoted: noting.quoted.clone(),
    }])
}

/// One side of a link. Whoever works on an open incident links it; the other side, ended or not, follows without asking.
pub fn link(
    incident: &Incident,
    other: IncidentId,
    reason: &str,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    if context.actor.is_some() {
        open_still(incident)?;
        allowed(incident, Act::Link, context)?;
    }
    if incident.id == other {
        return Err(CaseFault::Itself.into());
    }
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    if incident.linked.contains(&other) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::Linked {
        other,
        reason: reason.to_owned(),
    }])
}

/// Alerts go into an incident of their own: at least one goes, at least one stays.
pub fn split(
    incident: &Incident,
    splitting: &Splitting,
    context: &Context<'_>,
) -> Result<Vec<Event>, Refusal> {
    may_split(incident, &splitting.alerts, context)?;
    match splitting.reason.trim() {
        "" => Err(Refusal::ReasonMissing),
        reason => Ok(vec![Event::SplitOff {
            into: splitting.into,
            alerts: splitting.alerts.clone(),
            reason: reason.to_owned(),
            concerned: splitting.concerned.clone(),
            criteria: splitting.criteria.clone(),
        }]),
    }
}

/// Whether these alerts may go: asked before what is left is judged.
pub fn may_split(
    incident: &Incident,
    alerts: &[AlertId],
    context: &Context<'_>,
) -> Result<(), Refusal> {
    may_leave(incident, context)?;
    if let Some(proposal) = &incident.proposal {
        return Err(Refusal::Proposed { by: proposal.by });
    }
    if alerts.is_empty() {
        return Err(CaseFault::NoAlert.into());
    }
    let strangers = alerts.iter().filter(|a| !incident.alerts.contains(a));
    let strangers: Vec<AlertId> = strangers.copied().collect();
    if !strangers.is_empty() {
        return Err(CaseFault::NotItsOwn { alerts: strangers }.into());
    }
    if incident.alerts.iter().all(|a| alerts.contains(a)) {
        return Err(CaseFault::NothingLeft.into());
    }
    Ok(())
}

/// Folds what a case gathered; other events are left alone.
pub fn apply(incident: &mut Incident, event: &Event) {
    if let Event::Noted {
        quoted: Some(quoted),
        ..
    } = event
    {
        incident.quoted.insert(quoted.message.clone());
    }
    if let Event::Linked { other, .. } | Event::SplitFrom { from: other, .. } = event {
        incident.linked.insert(*other);
    }
    if let Event::SplitOff {
        into,
        alerts,
        concerned,
        criteria,
        ..
    } = event
    {
        incident.linked.insert(*into);
        incident.alerts.retain(|alert| !alerts.contains(alert));
        let gone = incident.concerned.difference(concerned).copied();
        incident.past_concerned.extend(gone.collect::<Vec<_>>());
        incident.concerned.clone_from(concerned);
        judge_anew(incident, criteria);
    }
}

/// What the program found is found anew; what a person confirmed stays confirmed.
fn judge_anew(incident: &mut Incident, found: &[Evaluated]) {
    for known in incident.criteria.values_mut() {
        known.finding = Finding::Asked;
        known.facts.clear();
    }
    note_findings(&mut incident.criteria, found);
}
