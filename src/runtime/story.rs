//! What the demo tells in the terminal: what just happened, and what to look at or try next. Each hint once.

use crate::app::App;
use crate::domain::ids::IncidentId;
use crate::store;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::watch;

/// Follows the history until told to stop.
pub async fn tell(app: App, base: String, mut stopping: watch::Receiver<bool>) {
    let mut teller = Teller {
        base,
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

struct Teller {
    base: String,
    hinted: BTreeSet<&'static str>,
    /// Which stay at a stage each incident has reached in what was told so far.
    visits: BTreeMap<IncidentId, usize>,
    seq: i64,
}

impl Teller {
    async fn catch_up(&mut self, app: &App) -> Result<(), store::StoreError> {
        let mut reader = app.store.read().await?;
        let steps = store::event::list_after(&mut reader, self.seq).await?;
        let names = store::people::names(&mut reader, &[]).await?;
        for step in steps {
            self.seq = step.seq;
            let incident = store::incident::find(&mut reader, step.incident).await?;
            let visit = self.visits.entry(step.incident).or_default();
            if step.kind == "offered" || step.kind == "returned" {
                *visit += 1;
            }
            let visit = *visit;
            let channel = incident
                .as_ref()
                .and_then(|i| i.visits.get(visit).map(|visit| visit.channel.to_string()))
                .unwrap_or_default();
            let who = names
                .get(&step.by)
                .cloned()
                .unwrap_or_else(|| "Baton".to_owned());
            self.say(step.incident, &step.kind, &who, &channel);
        }
        Ok(())
    }

    fn say(&mut self, id: IncidentId, kind: &str, who: &str, channel: &str) {
        let (told, hint) = match kind {
            "opened" => (
                format!("{id} is open; its card is in #{channel}"),
                Some(("opened", self.command("tier1", channel, "claim", id))),
            ),
            "alert_attached" => (format!("{id}: a further alert joined"), None),
            "alert_repeated" => (
                format!("{id}: the same alert came again, and was counted"),
                None,
            ),
            "claimed" => (
                format!("{id}: {who} holds it"),
                Some(("claimed", self.command(who, channel, "escalate", id))),
            ),
            "offered" => (
                format!("{id}: {who} handed it over; its card with the record is in #{channel}"),
                Some(("offered", self.command("tier2", channel, "accept", id))),
            ),
            "accepted" => (
                format!("{id}: {who} accepted it; its private thread opens under #{channel}"),
                Some(("accepted", self.command("manager", "audit", "timeline", id))),
            ),
            "returned" => (
                format!("{id}: {who} returned it to #{channel}, with a reason"),
                None,
            ),
            "said_again" => (
                format!(
                    "{id}: it waits too long; those who can act are reminded, then the duty manager"
                ),
                None,
            ),
            "released" => (
                format!(
                    "{id}: held without a sign of life for too long; it is free again in #{channel}"
                ),
                None,
            ),
            "snoozed" => (
                format!("{id}: {who} lets its reminders rest, with a reason"),
                None,
            ),
            "snooze_ended" => (format!("{id}: its reminders go on"), None),
            other => (format!("{id}: {other}"), None),
        };
        println!("• {told}");
        if let Some((key, command)) = hint
            && self.hinted.insert(key)
        {
            println!("  next, for example:\n  {command}");
        }
    }

    fn command(&self, member: &str, channel: &str, name: &str, id: IncidentId) -> String {
        format!(
            "curl -s {}/sandbox/members/{member}/commands -H 'content-type: application/json' \\\n    -d '{{\"channel\":\"{channel}\",\"name\":\"{name}\",\"options\":{{\"incident\":\"{id}\"}}}}'",
            self.base
        )
    }
}
