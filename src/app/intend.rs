//! Effects become rows of the outbox: by which kind, key, channel and rank each one waits.

use crate::domain::effect;
use crate::domain::ids::{ChannelKey, IncidentId};
use crate::domain::incident::Incident;
use crate::store::outbox::Intent;
use crate::store::{self, Batch, Connection, StoreError};
use chrono::{DateTime, Utc};

pub(super) async fn intend(
    connection: &mut Connection,
    incident: &Incident,
    wanted: effect::Effect,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    intend_all(&mut batch, &[(incident, wanted)], now);
    batch.write(connection).await
}

pub(super) fn intend_all(
    batch: &mut Batch<'_>,
    wanted: &[(&Incident, effect::Effect)],
    now: DateTime<Utc>,
) {
    let planned = wanted
        .iter()
        .map(|(incident, effect)| (*incident, row_of(incident.id, effect)));
    let planned: Vec<(&Incident, Planned<'_>)> = planned.collect();
    let intents = planned.iter().map(|(incident, planned)| {
        let (kind, key, channel, arg, base) = planned;
        Intent {
            kind,
            key,
            incident: Some(incident.id),
            channel,
            arg: *arg,
            rank: base + incident.severity.rank(),
        }
    });
    let intents: Vec<Intent<'_>> = intents.collect();
    store::outbox::add_all(batch, &intents, now);
}

/// Kind, key, channel, argument and base rank of an effect's row.
type Planned<'e> = (&'static str, String, &'e ChannelKey, i64, i64);

fn row_of(id: IncidentId, wanted: &effect::Effect) -> Planned<'_> {
    use effect::Effect;
    match wanted {
        Effect::PostCard { visit, channel } => (
            "post_card",
            format!("post:{id}:{visit}"),
            channel,
            number(*visit),
            0,
        ),
        Effect::EditCard { visit, channel } => (
            "edit_card",
            format!("edit:{id}:{visit}"),
            channel,
            number(*visit),
            store::outbox::EDITS,
        ),
        Effect::Remind {
            visit,
            channel,
            times,
        } => (
            "remind",
            format!("remind:{id}:{visit}:{times}"),
            channel,
            number(*visit),
            10,
        ),
        Effect::Reach(effect) => reach_row(id, effect),
        Effect::RemindLook {
            visit,
            channel,
            times,
        } => look_row(id, *visit, channel, *times),
        Effect::OpenThread { channel } => ("open_thread", format!("open:{id}"), channel, 0, 10),
        Effect::PostStatus { channel, number } => {
            let arg = i64::try_from(*number).unwrap_or(i64::MAX);
            (
                "post_status",
                format!("status:{id}:{channel}:{number}"),
                channel,
                arg,
                10,
            )
        }
        Effect::TellCase {
            engagement,
            channel,
            number,
        } => {
            let key = format!("tell:{id}:{engagement}:{number}");
            ("tell_case", key, channel, i64::from(*engagement), 5)
        }
        Effect::Governance(told) => told_row(id, told),
        Effect::PostBrief {
            engagement,
            channel,
        } => (
            "post_brief",
            format!("brief:{id}:{engagement}"),
            channel,
            i64::from(*engagement),
            0,
        ),
        Effect::EditBrief {
            engagement,
            channel,
        } => {
            let key = format!("brief-edit:{id}:{engagement}");
            ("edit_brief", key, channel, i64::from(*engagement), 10)
        }
        Effect::RemindBrief {
            engagement,
            channel,
            times,
        } => {
            let key = format!("brief-remind:{id}:{engagement}:{times}");
            ("remind_brief", key, channel, i64::from(*engagement), 5)
        }
    }
}

fn reach_row(id: IncidentId, wanted: &effect::ReachEffect) -> Planned<'_> {
    use effect::ReachEffect;
    match wanted {
        ReachEffect::RemindHolder {
            visit,
            channel,
            times,
        } => {
            let key = format!("holder:{id}:{visit}:{times}");
            ("remind_holder", key, channel, number(*visit), 10)
        }
        ReachEffect::TellReleased {
            visit,
            channel,
            holder,
            number,
        } => {
            let key = format!("released:{id}:{number}:{visit}");
            ("tell_released", key, channel, holder.0, 10)
        }
        ReachEffect::TellManager {
            channel,
            about,
            person,
            times,
        } => {
            let key = format!("duty:{id}:{times}:{}", about.key());
            ("tell_manager", key, channel, person.0, 5)
        }
        ReachEffect::SayNobody {
            channel,
            about,
            times,
        } => {
            let key = format!("no-duty:{id}:{times}:{}", about.key());
            ("say_nobody", key, channel, 0, 5)
        }
        ReachEffect::CallDeputy {
            engagement,
            channel,
            number,
        } => {
            let key = format!("deputy:{id}:{engagement}:{number}");
            ("call_deputy", key, channel, i64::from(*engagement), 5)
        }
    }
}

/// The rows of what happens on the side of Governance.
fn told_row(id: IncidentId, told: &effect::GovernanceEffect) -> Planned<'_> {
    use effect::GovernanceEffect;
    let step = |number: &u64| i64::try_from(*number).unwrap_or(i64::MAX);
    match told {
        GovernanceEffect::CallContacts {
            engagement,
            channel,
            number,
        } => {
            let key = format!("call:{id}:{engagement}:{number}");
            ("call_contacts", key, channel, i64::from(*engagement), 5)
        }
        GovernanceEffect::PostClosing {
            engagement,
            channel,
            round,
        } => {
            let key = format!("closing:{id}:{engagement}:{round}");
            ("post_closing", key, channel, i64::from(*engagement), 5)
        }
        GovernanceEffect::AskTalk {
            talk,
            channel,
            times,
            version,
        } => {
            let key = format!("talk:{id}:{talk}:{version}:{times}:{channel}");
            ("ask_talk", key, channel, i64::from(*talk), 5)
        }
        GovernanceEffect::TellStep { channel, number } => {
            let key = format!("step:{id}:{number}");
            ("tell_step", key, channel, step(number), 5)
        }
        GovernanceEffect::KeepOut { channel, number } => {
            let key = format!("keep-out:{id}:{number}");
            ("keep_out", key, channel, step(number), 0)
        }
    }
}

fn look_row(id: IncidentId, visit: usize, channel: &ChannelKey, times: u32) -> Planned<'_> {
    let key = format!("look:{id}:{visit}:{times}");
    ("remind_look", key, channel, number(visit), 10)
}

fn number(visit: usize) -> i64 {
    i64::try_from(visit).unwrap_or(i64::MAX)
}
