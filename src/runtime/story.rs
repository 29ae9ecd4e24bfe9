//! What the demo tells in the terminal: what just happened, who did it, and what to look at or try next. Each hint once.
//! It reads as a manager does: steps, roles and criteria, no names of persons concerned and no counsel text.

use crate::app::{App, AppError};
use crate::domain::ids::{AccountId, IncidentId, PersonId};
use crate::domain::policy::Actor;
use crate::domain::role::Role;
use crate::store;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use tokio::sync::watch;

/// Follows the history until told to stop. `sample` is the incident that walks by itself: what comes next in it is nobody's to do.
pub async fn tell(
    app: App,
    base: String,
    sample: &OnceLock<IncidentId>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut teller = Teller {
        base,
        sample,
        reader: Actor {
            person: PersonId::PROGRAM,
            account: AccountId::new("0"),
            roles: BTreeSet::from([Role::Manager]),
            lead: false,
        },
        hinted: BTreeSet::new(),
        visits: BTreeMap::new(),
        seq: 0,
    };
    let mut commits = app.store.commits();
    // What happened before this start is not told again.
    if let Ok(mut reader) = app.store.read().await
        && let Ok((seq, _)) = store::event::head(&mut reader).await
    {
        teller.seq = seq;
    }
    while !*stopping.borrow() {
        tokio::select! {
            changed = commits.changed() => if changed.is_err() { return },
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        if let Err(fault) = teller.catch_up(&app).await {
            tracing::warn!(%fault, "the story could not be followed");
        }
    }
}

struct Teller<'a> {
    base: String,
    sample: &'a OnceLock<IncidentId>,
    reader: Actor,
    hinted: BTreeSet<&'static str>,
    /// Which stay at a stage each incident has reached in what was told so far.
    visits: BTreeMap<IncidentId, usize>,
    seq: i64,
}

impl Teller<'_> {
    async fn catch_up(&mut self, app: &App) -> Result<(), AppError> {
        let steps = {
            let mut reader = app.store.read().await?;
            store::event::list_after(&mut reader, self.seq).await?
        };
        for step in steps {
            self.seq = step.seq;
            let channel = self.channel(app, &step).await?;
            let Some(told) = self.told(app, &step, &channel).await? else {
                continue;
            };
            println!("• {}, {told}", step.incident);
            if self.sample.get() != Some(&step.incident) {
                self.hint(&step, &channel);
            } else if step.kind == "ended" {
                self.sample_ended(step.incident);
            }
        }
        Ok(())
    }

    /// Where the incident's card is at this step.
    async fn channel(&mut self, app: &App, step: &store::event::Step) -> Result<String, AppError> {
        let visit = self.visits.entry(step.incident).or_default();
        if step.kind == "offered" || step.kind == "returned" {
            *visit += 1;
        }
        let mut reader = app.store.read().await?;
        let incident = store::incident::find(&mut reader, step.incident).await?;
        let visit = incident.as_ref().and_then(|i| i.visits.get(*visit));
        Ok(visit.map_or_else(String::new, |visit| visit.channel.to_string()))
    }

    /// One line in plain words; nothing where the reader may not know.
    async fn told(
        &self,
        app: &App,
        step: &store::event::Step,
        channel: &str,
    ) -> Result<Option<String>, AppError> {
        // What alerts do is told without their history: there may be thousands.
        let by_alert = match step.kind.as_str() {
            "opened" => Some(format!(
                "Baton: an alert opened it; its card is in #{channel}"
            )),
            "alert_attached" => Some("Baton: a further alert joined".to_owned()),
            "alert_repeated" => {
                Some("Baton: the same alert came again, and was counted".to_owned())
            }
            _ => None,
        };
        if by_alert.is_some() {
            return Ok(by_alert);
        }
        let told = app.timeline(&self.reader, step.incident).await?;
        let line = told.lines.iter().find(|line| line.entry == step.number);
        Ok(line.map(|line| {
            let by = told.names.get(&line.by).cloned();
            let who = match (by, line.role) {
                (None, _) => "Baton".to_owned(),
                (Some(name), Some(role)) if role.key() != name => format!("{name} ({role})"),
                (Some(name), _) => name,
            };
            // The outcome, where the step has one: a manager reads no other answers.
            let ends = step.kind == "ended";
            let outcome = line.details.iter().filter(|_| ends);
            let outcome = outcome.map(|(l, v)| format!(" {l}: {v}."));
            let outcome = outcome.collect::<Vec<_>>().concat();
            let why = match line.on.as_slice() {
                [] => String::new(),
                on => format!(". Why: {}", on.join(" ")),
            };
            let where_to = match step.kind.as_str() {
                "offered" | "returned" => format!("; its card is in #{channel}"),
                "accepted" => "; its private thread opens for those on the case".to_owned(),
                _ => String::new(),
            };
            let full_stop = if why.is_empty() && !outcome.is_empty() {
                "."
            } else {
                ""
            };
            let told = line.told(&told.names);
            format!("{who}: {told}{where_to}{why}{full_stop}{outcome}")
        }))
    }

    /// What to try next, once for each kind of step.
    fn hint(&mut self, step: &store::event::Step, channel: &str) {
        let id = step.incident;
        let (key, member, channel, name) = match step.kind.as_str() {
            "opened" => ("opened", "tier1", channel, "claim"),
            "claimed" => ("claimed", "tier1", channel, "escalate"),
            "offered" => ("offered", "tier2", channel, "accept"),
            "accepted" => ("accepted", "manager", "audit", "timeline"),
            _ => return,
        };
        if self.hinted.insert(key) {
            println!(
                "  next, for example:\n  {}",
                self.command(member, channel, name, id)
            );
        }
    }

    fn sample_ended(&self, id: IncidentId) {
        println!(
            "The sample story is over: {id} went from an alert to its end, with a brief that Governance read and answered.
  Who decided what, on which ground: {base}/?as=manager&channel=audit, there /timeline {id}; or
  {}
  Now you: the other alerts wait in {base}/?as=tier1&channel=tier1-triage
",
            self.command("manager", "audit", "timeline", id),
            base = self.base
        );
    }

    fn command(&self, member: &str, channel: &str, name: &str, id: IncidentId) -> String {
        format!(
            "curl -s {}/sandbox/members/{member}/commands -H 'content-type: application/json' \\\n    -d '{{\"channel\":\"{channel}\",\"name\":\"{name}\",\"options\":{{\"incident\":\"{id}\"}}}}'",
            self.base
        )
    }
}
