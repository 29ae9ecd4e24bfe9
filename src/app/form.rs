//! The guided form: opened, each page saved before it is checked, reviewed, submitted.

use super::act::Acted;
use super::facts::{facts, history};
use super::together::Companion;
use super::visible::Visible;
use super::{App, AppError, thresholds};
use crate::domain::form::{Body, Form, Mark, Prefilled, assemble};
use crate::domain::ids::{DraftId, FieldId, IncidentId, TransitionId};
use crate::domain::incident::{Context, Incident, Refusal, may_engage, may_leave};
use crate::domain::playbook::definition::{Playbook, Transition, TransitionKind};
use crate::domain::playbook::facts::{Prefill, prefill};
use crate::domain::policy::Actor;
use crate::domain::talk::findings;
use crate::domain::threshold;
use crate::store::draft::Draft;
use crate::store::{self, Connection};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A form as it stands, with what a screen needs to show it.
pub struct Opened {
    pub draft: DraftId,
    pub incident: IncidentId,
    pub transition: TransitionId,
    pub playbook: Arc<super::playbooks::Loaded>,
    pub form: Form,
    /// What is worth a look before it is submitted, and stands in no way.
    pub notes: Vec<String>,
    /// Incidents that are dismissed together with it.
    pub also: Vec<Companion>,
}

/// One thing that a person gave.
#[derive(Debug, Clone)]
pub enum Given {
    /// A page as it arrived, by input key.
    Page(BTreeMap<String, Vec<String>>),
    Mark(FieldId, Mark),
    /// Everything that is missing and may be: the source does not say.
    AllSilent,
    /// Nothing new: look at it again.
    Nothing,
}

/// A draft in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    pub draft: DraftId,
    pub incident: IncidentId,
    pub title: String,
    pub saved_at: chrono::DateTime<chrono::Utc>,
    pub answers: usize,
}

impl App {
    /// The ways out of this kind that the member may take now.
    pub async fn ways(
        &self,
        actor: &Actor,
        id: IncidentId,
        kind: TransitionKind,
    ) -> Result<Vec<(TransitionId, String)>, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, actor, id).await?;
        let playbook = &visible.playbook.playbook;
        let context = Context::new(self.now(), playbook, Some(actor));
        may_open(kind, &visible.incident, &context)?;
        let ways = playbook
            .ways_out(&visible.incident.stage)
            .filter(|t| t.kind == kind);
        Ok(ways.map(|t| (t.id.clone(), t.title.clone())).collect())
    }

    /// Opens the member's form for a way out, or the draft they left.
    pub async fn open_form(
        &self,
        actor: &Actor,
        id: IncidentId,
        transition: TransitionId,
    ) -> Result<Opened, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let visible = app.visible(connection, &actor, id).await?;
                    let playbook = &visible.playbook.playbook;
                    let context = Context::new(app.now(), playbook, Some(&actor));
                    let kind = way(&visible, &transition)?.kind;
                    may_open(kind, &visible.incident, &context)?;
                    let (person, now) = (actor.person, app.now());
                    let mut draft =
                        store::draft::find_or_insert(connection, id, &transition, person, now)
                            .await?;
                    if !draft.body.also.is_empty() {
                        // Opened on this incident alone, it is about this one alone.
                        draft.body.also.clear();
                        store::draft::save(connection, draft.id, &draft.body, now).await?;
                    }
                    app.assembled(connection, &actor, visible, &draft, &draft.body)
                        .await
                })
            })
            .await
    }

    /// Saves what was given, before anything is checked; then shows how it stands.
    /// A draft of somebody else is, like an incident out of sight, not found.
    pub async fn give(&self, actor: &Actor, id: DraftId, given: Given) -> Result<Opened, AppError> {
        let (app, actor) = (self.clone(), actor.clone());
        let saved = self
            .store
            .write(move |connection| {
                Box::pin(async move { app.save_given(connection, &actor, id, given).await })
            })
            .await?;
        self.review(saved.0, saved.1).await
    }

    async fn save_given(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        id: DraftId,
        given: Given,
    ) -> Result<(Actor, Draft), AppError> {
        let mut draft = own(connection, actor, id).await?;
        let playbook = self.playbook_of(connection, &draft).await?;
        let known = playbook.playbook.record_at(&draft.transition);
        let body = &mut draft.body;
        match given {
            Given::Page(page) => body.take_page(&page, &known),
            Given::Mark(field, mark) => body.mark(field, mark),
            Given::AllSilent => {
                for field in self.silent_gaps(connection, actor, &draft).await? {
                    draft.body.mark(field, Mark::SourceSilent);
                }
            }
            Given::Nothing => return Ok((actor.clone(), draft)),
        }
        store::draft::save(connection, id, &draft.body, self.now()).await?;
        Ok((actor.clone(), draft))
    }

    /// Whether the author may still take the step: asked before anything of the form is shown. What they gave is kept.
    fn still_open(&self, actor: &Actor, visible: &Visible, draft: &Draft) -> Result<(), Refusal> {
        let playbook = &visible.playbook.playbook;
        let context = Context::new(self.now(), playbook, Some(actor));
        let transition = playbook
            .transition(&draft.transition)
            .ok_or(Refusal::Changed)?;
        may_open(transition.kind, &visible.incident, &context)?;
        way(visible, &draft.transition).map(|_| ())
    }

    /// What is missing in a draft and may be answered by "source does not say".
    async fn silent_gaps(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        draft: &Draft,
    ) -> Result<Vec<FieldId>, AppError> {
        let visible = self.visible(connection, actor, draft.incident).await?;
        let opened = self
            .assembled(connection, actor, visible, draft, &draft.body)
            .await?;
        let items = opened.form.items.into_iter();
        let silent = items.filter(|i| i.shown.is_none() && i.may.contains(&Mark::SourceSilent));
        Ok(silent.map(|item| item.field).collect())
    }

    async fn review(&self, actor: Actor, draft: Draft) -> Result<Opened, AppError> {
        let mut reader = self.store.read().await?;
        let visible = self.visible(&mut reader, &actor, draft.incident).await?;
        self.still_open(&actor, &visible, &draft)?;
        let body = draft.body.clone();
        self.assembled(&mut reader, &actor, visible, &draft, &body)
            .await
    }

    /// Submits a draft: refused with everything that is missing, or taken and closed in one commit.
    pub async fn submit(&self, actor: &Actor, id: DraftId) -> Result<Acted, AppError> {
        Ok(self.submit_all(actor, id).await?.acted)
    }

    /// The same inside a transaction that is under way.
    pub(super) async fn submit_in(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        id: DraftId,
    ) -> Result<Acted, AppError> {
        let draft = own(connection, actor, id).await?;
        let visible = self.visible(connection, actor, draft.incident).await?;
        self.still_open(actor, &visible, &draft)?;
        let opened = self
            .assembled(connection, actor, visible, &draft, &draft.body)
            .await?;
        let readiness = opened.form.readiness.clone();
        // A gate that a second person opens is judged by the step itself.
        if !readiness.is_ready() && !readiness.only_gates() {
            return Err(Refusal::RecordIncomplete(Box::new(readiness)).into());
        }
        let visible = self.visible(connection, actor, draft.incident).await?;
        let transition = way(&visible, &draft.transition)?;
        let command = self
            .command_of(connection, &visible, transition, opened.form)
            .await?;
        let acted = self
            .step(connection, actor, draft.incident, &command)
            .await?;
        store::draft::submit(connection, id, self.now()).await?;
        Ok(acted)
    }

    /// The member's forms under way, newest first, on incidents they may still see.
    pub async fn drafts(&self, actor: &Actor) -> Result<Vec<Listed>, AppError> {
        let mut reader = self.store.read().await?;
        let mut listed = Vec::new();
        for draft in store::draft::list_open(&mut reader, actor.person).await? {
            let visible = self.find_visible(&mut reader, actor, draft.incident);
            let Some(visible) = visible.await? else {
                continue;
            };
            let transition = visible.playbook.playbook.transition(&draft.transition);
            let Some(transition) = transition else {
                continue;
            };
            if self.still_open(actor, &visible, &draft).is_err() {
                continue;
            }
            listed.push(Listed {
                draft: draft.id,
                incident: draft.incident,
                title: match draft.body.also.len() {
                    0 => transition.title.clone(),
                    n => format!("{}, together with {n} more", transition.title),
                },
                saved_at: draft.saved_at,
                answers: draft.body.answers.len() + draft.body.marks.len(),
            });
        }
        Ok(listed)
    }

    async fn playbook_of(
        &self,
        connection: &mut Connection,
        draft: &Draft,
    ) -> Result<Arc<super::playbooks::Loaded>, AppError> {
        let incident = store::incident::find(connection, draft.incident).await?;
        let incident = incident.ok_or(Refusal::NotFound)?;
        Ok(self.playbooks.load(&incident.playbook)?)
    }

    pub(super) async fn assembled(
        &self,
        connection: &mut Connection,
        actor: &Actor,
        visible: Visible,
        draft: &Draft,
        body: &Body,
    ) -> Result<Opened, AppError> {
        let transition = way(&visible, &draft.transition)?.clone();
        let prefilled = self.prefilled(connection, &visible, &transition).await?;
        let playbook = &visible.playbook.playbook;
        let mut context = Context::new(self.now(), playbook, Some(actor));
        context.detections = self
            .detections(connection, &visible.incident, playbook)
            .await?;
        context.exposure = self.exposure(connection, &visible.incident).await?;
        let elsewhere = self.elsewhere(connection, actor, &visible.incident).await?;
        context.elsewhere = Some(&elsewhere);
        let patterns = self.fittings(connection, &visible).await?;
        context.patterns = &patterns;
        let mut form = assemble(
            &visible.incident,
            &transition,
            body,
            &prefilled,
            &context,
            self.zone,
        );
        if transition.kind == TransitionKind::Engagement {
            form.add_gaps(self.brief_gaps(connection, &visible, &form).await?);
        }
        let mut notes = worded(&form, playbook);
        if transition.kind == TransitionKind::Engagement {
            let hash = &visible.playbook.reference.hash;
            let signed = thresholds::signatures(connection, hash).await?;
            notes.extend(threshold::unsigned_note(&signed));
        }
        Ok(Opened {
            notes,
            draft: draft.id,
            incident: draft.incident,
            transition: transition.id,
            playbook: visible.playbook,
            form,
            also: self.companions(connection, actor, draft).await?,
        })
    }

    /// What the incident's first alert says for each field of the record.
    pub(super) async fn prefilled(
        &self,
        connection: &mut Connection,
        visible: &Visible,
        transition: &Transition,
    ) -> Result<Prefilled, AppError> {
        let playbook = &visible.playbook.playbook;
        let on = self.first_alert(connection, &visible.incident).await?;
        let person = visible.incident.concerned.first().copied();
        let around = on.as_ref().map_or(visible.incident.opened_at, |on| {
            store::alert::occurred_at(&on.alert, on.received_at)
        });
        let history = history(connection, person, around, playbook).await?;
        let found = facts(
            on.as_ref(),
            Some(&visible.incident),
            &history,
            playbook,
            self.now(),
        );
        let fields = playbook.record_at(&transition.id);
        Ok(fields
            .iter()
            .filter_map(|id| {
                let path = playbook.field(id)?.prefill.as_deref()?;
                match prefill(path, &found) {
                    Prefill::Value(value) => Some((id.clone(), value)),
                    Prefill::Silent => None,
                }
            })
            .collect())
    }
}

/// What the lists of wording find in the fields that they look at: a warning, no gap.
fn worded(form: &Form, playbook: &Playbook) -> Vec<String> {
    let texts = form.items.iter().filter_map(|item| {
        let field = playbook.field(&item.field).filter(|field| field.wording)?;
        Some((field, item.shown.as_deref()?))
    });
    texts
        .filter_map(|(field, text)| {
            let found = findings(text, &playbook.wording);
            let title = &field.title;
            (!found.is_empty()).then(|| format!("{title} says {}", found.join(", ")))
        })
        .collect()
}

/// The draft, if it is the actor's own and still open.
pub(super) async fn own(
    connection: &mut Connection,
    actor: &Actor,
    id: DraftId,
) -> Result<Draft, AppError> {
    let draft = store::draft::find(connection, id)
        .await?
        .ok_or(Refusal::NotFound)?;
    if draft.author != actor.person {
        return Err(Refusal::NotFound.into());
    }
    if !draft.open {
        return Err(Refusal::Changed.into());
    }
    Ok(draft)
}

pub(super) fn way<'v>(visible: &'v Visible, id: &TransitionId) -> Result<&'v Transition, Refusal> {
    let playbook = &visible.playbook.playbook;
    playbook
        .transition(id)
        .filter(|t| t.from.contains(&visible.incident.stage))
        .ok_or_else(|| Refusal::NoSuchWay {
            ways: playbook
                .ways_out(&visible.incident.stage)
                .map(|t| t.title.clone())
                .collect(),
        })
}

/// Whether a form of this kind may be opened now; an engagement runs beside the stages.
fn may_open(
    kind: TransitionKind,
    incident: &Incident,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    match kind {
        TransitionKind::Engagement => may_engage(incident, context).map(|_| ()),
        TransitionKind::Handoff | TransitionKind::Dismissal | TransitionKind::Closure => {
            may_leave(incident, context).map(|_| ())
        }
    }
}
