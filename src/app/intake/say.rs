//! What alerts say to incidents that are there: that they came again, and what they show. All that a round says to one
//! incident is one step of it.

use super::group::Arriving;
use crate::app::act::{By, Step};
use crate::app::facts::{History, evaluate, facts, histories_by_rule};
use crate::app::playbooks::Loaded;
use crate::app::{App, AppError};
use crate::domain::ids::{AlertId, IncidentId, PersonId};
use crate::domain::incident::{Command, Context, Event, Incident, apply, decide};
use crate::domain::view::OnIncident;
use crate::store::alert::occurred_at;
use crate::store::detection::Counting;
use crate::store::{self, Connection};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What one alert says to its incident.
pub(super) struct Said<'r> {
    pub arriving: Arriving<'r>,
    pub alert: AlertId,
    pub person: Option<PersonId>,
    pub incident: IncidentId,
    /// How often it came by now, where it came before.
    pub times: Option<i64>,
    /// Whether what it shows is judged.
    pub finds: bool,
    /// Of the person's detections, alerts that came after this one do not count.
    pub until: Option<AlertId>,
}

/// An incident that hears it, by what it has heard so far.
struct Hearing {
    before: Incident,
    /// The state by now; always there.
    after: Option<Incident>,
    events: Vec<Event>,
    loaded: Arc<Loaded>,
}

impl Hearing {
    /// What an ended incident refuses is no fault: the alert is kept and counted.
    fn hear(&mut self, command: &Command, context: &Context<'_>) {
        let Ok(events) = decide(self.after.as_ref(), command, context) else {
            return;
        };
        for event in events {
            let state = self.after.take();
            self.after = apply(state, &event, PersonId::PROGRAM, context.now);
            self.events.push(event);
        }
    }
}

impl App {
    /// Each incident hears, in order, what is said to it.
    pub(super) async fn say(
        &self,
        connection: &mut Connection,
        said: &[Said<'_>],
    ) -> Result<(), AppError> {
        if said.is_empty() {
            return Ok(());
        }
        let ids: Vec<IncidentId> = said.iter().map(|one| one.incident).collect();
        let mut hearing = BTreeMap::new();
        for (id, before) in store::incident::list(connection, &ids).await? {
            let of = Hearing {
                loaded: self.playbooks.load(&before.playbook)?,
                after: Some(before.clone()),
                before,
                events: Vec::new(),
            };
            hearing.insert(id, of);
        }
        let found = self.histories_for(connection, said, &hearing).await?;
        let nobody = History::default();
        for (place, one) in said.iter().enumerate() {
            let Some(incident) = hearing.get_mut(&one.incident) else {
                continue;
            };
            let loaded = incident.loaded.clone();
            let context = Context::new(self.now(), &loaded.playbook, None);
            if let Some(times) = one.times {
                let alert = one.alert;
                incident.hear(&Command::CountRepeat { alert, times }, &context);
            }
            if one.finds {
                let history = found.get(&place).unwrap_or(&nobody);
                let command = one.attach(incident.after.as_ref(), history, &context);
                incident.hear(&command, &context);
            }
        }
        let steps = hearing.values().map(|incident| Step {
            before: Some(incident.before.clone()),
            events: &incident.events,
            by: By::PROGRAM,
            playbook: &incident.loaded.playbook,
        });
        self.commit_all(connection, steps.collect()).await?;
        Ok(())
    }

    /// What the history says of the persons of those that show something, by place.
    async fn histories_for(
        &self,
        connection: &mut Connection,
        said: &[Said<'_>],
        hearing: &BTreeMap<IncidentId, Hearing>,
    ) -> Result<HashMap<usize, History>, AppError> {
        let showing = said.iter().enumerate().filter(|(_, one)| one.finds);
        let asked = showing.filter_map(|(place, one)| {
            let rule = hearing.get(&one.incident)?.loaded.playbook.repeat;
            let counting = Counting {
                person: one.person?,
                around: occurred_at(&one.arriving.of.alert, self.now()),
                until: one.until,
            };
            Some((place, rule, counting))
        });
        Ok(histories_by_rule(connection, asked.collect::<Vec<_>>()).await?)
    }
}

impl Said<'_> {
    /// The findings of a further alert, against the playbook version that the incident follows.
    fn attach(
        &self,
        incident: Option<&Incident>,
        history: &History,
        context: &Context<'_>,
    ) -> Command {
        let alert = &self.arriving.of.alert;
        let on = OnIncident {
            id: self.alert,
            source: self.arriving.ready.source.clone(),
            received_at: context.now,
            times_received: 1,
            alert: alert.as_ref().clone(),
        };
        let playbook = context.playbook;
        let found = facts(Some(&on), incident, history, playbook, context.now);
        Command::Attach {
            alert: self.alert,
            severity: alert.severity,
            concerned: self.person,
            criteria: evaluate(playbook, &found),
        }
    }
}
