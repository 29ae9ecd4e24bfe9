//! Several incidents dismissed under one rationale: each is judged by itself and gets its own entries; what needs a look
//! of its own is left out, by name and with the reason.

use super::act::Acted;
use super::form::{Opened, own, way};
use super::visible::Visible;
use super::{App, AppError};
use crate::domain::form::{Body, Mark, assemble};
use crate::domain::ids::{IncidentId, PatternId, TransitionId};
use crate::domain::incident::{Command, Context, Incident, Refusal, left_out, under_one_rationale};
use crate::domain::pattern::{Fit, Fitting, reference_field};
use crate::domain::playbook::definition::{Playbook, Transition, TransitionKind};
use crate::domain::playbook::facts::PATTERN_REASON;
use crate::domain::policy::{Act, Actor, may};
use crate::domain::record::RawAnswer;
use crate::domain::restricted::Level;
use crate::store::draft::Draft;
use crate::store::{self, Connection};
use std::collections::BTreeSet;

/// Incidents of one dismissal together: what one menu holds.
pub const MOST: usize = 25;

/// One incident beside the lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Companion {
    pub id: IncidentId,
    /// Why it is left out, a clause.
    pub left_out: Option<String>,
}

/// Incidents that share a way to be dismissed.
#[derive(Debug)]
pub struct Group {
    /// The playbook's title.
    pub playbook: String,
    pub transition: TransitionId,
    pub candidates: Vec<Candidate>,
}

/// An incident that the member could dismiss.
#[derive(Debug)]
pub struct Candidate {
    pub id: IncidentId,
    /// Severity, policy and person, as its card shows them.
    pub what: String,
    pub left_out: Option<String>,
}

/// What a dismissal led to: the lead, and what became of each of the others.
#[derive(Debug)]
pub struct Dismissed {
    pub acted: Acted,
    pub others: Vec<Companion>,
}

impl App {
    /// What stands at the member's stages and could be dismissed, by playbook; with a pattern, only what it covers.
    pub async fn together(
        &self,
        actor: &Actor,
        pattern: Option<PatternId>,
    ) -> Result<Vec<Group>, AppError> {
        if let Some(id) = pattern {
            // Out of sight it is not there.
            self.pattern(actor, id).await?;
        }
        let open = self.visible_open(actor).await?;
        let theirs = open.iter().filter(|one| {
            one.clearance.level() >= Level::Facts
                && may(actor, Act::Leave, &one.incident, &one.playbook.playbook)
        });
        let theirs: Vec<IncidentId> = theirs.map(|one| one.incident.id).collect();
        let mut reader = self.store.read().await?;
        let mut visible = self.list_visible(&mut reader, actor, &theirs).await?;
        let mut groups: Vec<(String, Group)> = Vec::new();
        for visible in theirs.iter().filter_map(|id| visible.remove(id)) {
            let (incident, playbook) = (&visible.incident, &visible.playbook.playbook);
            let ways = playbook.ways_out(&incident.stage);
            for transition in ways.filter(|t| t.kind == TransitionKind::Dismissal) {
                let fitting = self.fittings(&mut reader, &visible).await?;
                if pattern.is_some_and(|id| covering(&fitting, id).is_none()) {
                    continue;
                }
                let left_out = self
                    .why_left_out(&mut reader, actor, &visible, transition, &fitting)
                    .await?;
                let what = self.in_a_line(&mut reader, incident).await?;
                let candidate = Candidate {
                    id: incident.id,
                    what,
                    left_out,
                };
                let hash = incident.playbook.hash.clone();
                let same = |(known, group): &&mut (String, Group)| {
                    *known == hash && group.transition == transition.id
                };
                match groups.iter_mut().find(same) {
                    Some((_, group)) => group.candidates.push(candidate),
                    None => groups.push((
                        hash,
                        Group {
                            playbook: playbook.title.clone(),
                            transition: transition.id.clone(),
                            candidates: vec![candidate],
                        },
                    )),
                }
            }
        }
        Ok(groups.into_iter().map(|(_, group)| group).collect())
    }

    async fn why_left_out(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        visible: &Visible,
        transition: &Transition,
        patterns: &[Fitting],
    ) -> Result<Option<String>, AppError> {
        let playbook = &visible.playbook.playbook;
        let mut context = Context::new(self.now(), playbook, Some(actor));
        context.detections = self
            .detections(connection, &visible.incident, playbook)
            .await?;
        context.patterns = patterns;
        Ok(left_out(&visible.incident, transition, &context))
    }

    /// As much of it as its card shows in the open.
    async fn in_a_line(
        &self,
        connection: &mut Connection,
        incident: &Incident,
    ) -> Result<String, AppError> {
        let first = self.first_alert(connection, incident).await?;
        let alert = first.map(|on| on.alert);
        let policy = alert.as_ref().and_then(|a| a.policy.as_ref()?.name.clone());
        let person = alert.as_ref().and_then(|a| a.user.as_ref()?.shown());
        let parts = [Some(incident.severity.key().to_owned()), policy, person];
        Ok(parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
    }

    /// Opens one form for all of these. The first that may be dismissed leads: the form is its draft.
    pub async fn open_together(
        &self,
        actor: &Actor,
        ids: &BTreeSet<IncidentId>,
        transition: TransitionId,
        pattern: Option<PatternId>,
    ) -> Result<Opened, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        let ids: BTreeSet<IncidentId> = ids.iter().take(MOST).copied().collect();
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let (visible, fitting) = app
                        .lead(connection, &actor, &ids, &transition)
                        .await?
                        .ok_or(Refusal::Changed)?;
                    let lead = visible.incident.id;
                    let (by, now) = (actor.person, app.now());
                    let mut draft =
                        store::draft::find_or_insert(connection, lead, &transition, by, now)
                            .await?;
                    draft.body.also = ids.into_iter().filter(|id| *id != lead).collect();
                    let playbook = &visible.playbook.playbook;
                    let chosen = way(&visible, &transition)?;
                    let covering = pattern.and_then(|id| covering(&fitting, id));
                    prefill(&mut draft.body, chosen, playbook, covering);
                    store::draft::save(connection, draft.id, &draft.body, now).await?;
                    app.assembled(connection, &actor, visible, &draft, &draft.body)
                        .await
                })
            })
            .await
    }

    async fn lead(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        ids: &BTreeSet<IncidentId>,
        transition: &TransitionId,
    ) -> Result<Option<(Visible, Vec<Fitting>)>, AppError> {
        for id in ids {
            let Some(visible) = self.find_visible(connection, actor, *id).await? else {
                continue;
            };
            let Ok(chosen) = way(&visible, transition).cloned() else {
                continue;
            };
            let fitting = self.fittings(connection, &visible).await?;
            let why = self
                .why_left_out(connection, actor, &visible, &chosen, &fitting)
                .await?;
            if why.is_none() && chosen.kind == TransitionKind::Dismissal {
                return Ok(Some((visible, fitting)));
            }
        }
        Ok(None)
    }

    /// How each of the others stands now.
    pub(super) async fn companions(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        draft: &Draft,
    ) -> Result<Vec<Companion>, AppError> {
        let lead = store::incident::find(connection, draft.incident).await?;
        let mut companions = Vec::new();
        for id in &draft.body.also {
            let left_out = match self.find_visible(connection, actor, *id).await? {
                None => Some(NOT_THERE.to_owned()),
                Some(visible) => {
                    let same = lead.as_ref().map(|lead| &lead.playbook);
                    let same = same == Some(&visible.incident.playbook);
                    match way(&visible, &draft.transition).cloned() {
                        Ok(chosen) if same => {
                            let fitting = self.fittings(connection, &visible).await?;
                            self.why_left_out(connection, actor, &visible, &chosen, &fitting)
                                .await?
                        }
                        Err(_) if same => {
                            Some("it moved on, and is dismissed no more where it stands".to_owned())
                        }
                        Ok(_) | Err(_) => Some("it follows another playbook".to_owned()),
                    }
                }
            };
            companions.push(Companion { id: *id, left_out });
        }
        Ok(companions)
    }

    /// Submits a draft, and the same rationale for whatever goes with it. What is missing for the lead is refused before
    /// anything is done; another incident that may not go is left out and told.
    pub async fn submit_all(
        &self,
        actor: &Actor,
        id: crate::domain::ids::DraftId,
    ) -> Result<Dismissed, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let draft = own(connection, &actor, id).await?;
                    let mut others = app.companions(connection, &actor, &draft).await?;
                    let lead = if draft.body.also.is_empty() {
                        None
                    } else {
                        Some(app.lead_of(connection, &actor, &draft).await?)
                    };
                    let acted = app.submit_in(connection, &actor, id).await?;
                    let Some(lead) = lead else {
                        return Ok(Dismissed { acted, others });
                    };
                    let going = others.iter_mut().filter(|one| one.left_out.is_none());
                    for one in going {
                        let dismissed = app.dismiss_with(connection, &actor, &draft, &lead, one.id);
                        match dismissed.await {
                            Ok(()) => {}
                            Err(AppError::Refused(refusal)) => {
                                one.left_out = Some(in_a_clause(&refusal));
                            }
                            Err(fault) => return Err(fault),
                        }
                    }
                    Ok(Dismissed { acted, others })
                })
            })
            .await
    }

    /// What the lead submits, unless it may not go with others any more.
    async fn lead_of(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        draft: &Draft,
    ) -> Result<crate::domain::incident::Submission, AppError> {
        let visible = self.visible(connection, actor, draft.incident).await?;
        let chosen = way(&visible, &draft.transition)?.clone();
        let fitting = self.fittings(connection, &visible).await?;
        let why = self
            .why_left_out(connection, actor, &visible, &chosen, &fitting)
            .await?;
        if let Some(why) = why {
            let text = format!(
                "{} cannot go with others any more: {why}. Choose anew with /dismiss; what you typed is kept in /drafts",
                draft.incident
            );
            return Err(Refusal::Gates { texts: vec![text] }.into());
        }
        let opened = self
            .assembled(connection, actor, visible, draft, &draft.body)
            .await?;
        Ok(opened.form.submission)
    }

    async fn dismiss_with(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        draft: &Draft,
        lead: &crate::domain::incident::Submission,
        id: IncidentId,
    ) -> Result<(), AppError> {
        let visible = self.visible(connection, actor, id).await?;
        let chosen = way(&visible, &draft.transition)?.clone();
        let prefilled = self.prefilled(connection, &visible, &chosen).await?;
        let playbook = &visible.playbook.playbook;
        let context = Context::new(self.now(), playbook, Some(actor));
        let own = assemble(
            &visible.incident,
            &chosen,
            &Body::default(),
            &prefilled,
            &context,
            self.zone,
        );
        let submission = under_one_rationale(lead, &own.submission);
        let command = Command::Submit(Box::new(submission));
        let acted = self.step(connection, actor, id, &command).await?;
        if acted.incident.is_open() {
            // A second person's word would be needed: nothing that goes together is proposed.
            return Err(Refusal::Changed.into());
        }
        Ok(())
    }
}

/// The same words for what does not exist and what is out of sight.
const NOT_THERE: &str = "it does not exist, or is not yours to see";

fn covering(fitting: &[Fitting], id: PatternId) -> Option<&Fitting> {
    fitting
        .iter()
        .find(|one| one.pattern.id == id && matches!(one.fit, Fit::Covers { .. }))
}

/// Nothing that goes together has a trigger met, so none is answered; a chosen pattern is the ground and the rationale.
fn prefill(
    body: &mut Body,
    transition: &Transition,
    playbook: &Playbook,
    pattern: Option<&Fitting>,
) {
    if let Some(field) = &transition.answers_met_in {
        let may_not_apply = playbook
            .field(field)
            .is_some_and(|f| f.may_be_not_applicable);
        if may_not_apply && !body.answers.contains_key(field) {
            body.mark(field.clone(), Mark::NotApplicable);
        }
    }
    let Some(fitting) = pattern else { return };
    let ground = |id: &&crate::domain::ids::CriterionId| {
        playbook
            .criterion(id)
            .is_some_and(|criterion| criterion.needs_pattern)
    };
    body.criteria = Some(transition.criteria.iter().filter(ground).cloned().collect());
    let said = |text: String| RawAnswer {
        values: vec![text],
        reason: None,
    };
    if let Some(field) = reference_field(transition, playbook) {
        let reference = said(fitting.pattern.reference());
        body.answers.insert(field.id.clone(), reference);
    }
    let mut fields = transition.record.iter().filter_map(|id| playbook.field(id));
    if let Some(field) = fields.find(|f| f.prefill.as_deref() == Some(PATTERN_REASON)) {
        let reason = said(fitting.pattern.reason.clone());
        body.answers.insert(field.id.clone(), reason);
    }
}

fn in_a_clause(refusal: &Refusal) -> String {
    if let Refusal::RecordIncomplete(readiness) = refusal {
        let gaps = readiness.gaps.iter();
        let gaps = gaps.map(|gap| format!("{} {}", gap.title, gap.problem));
        let rest = [&readiness.contradictions, &readiness.gates];
        let rest = rest.into_iter().flatten().cloned();
        gaps.chain(rest).collect::<Vec<_>>().join("; ")
    } else if *refusal == Refusal::NotFound {
        NOT_THERE.to_owned()
    } else {
        "it changed meanwhile".to_owned()
    }
}
