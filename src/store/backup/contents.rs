//! What a copy holds, in numbers, and the heads of its chains. It stands in the copy itself.

use super::fault;
use crate::store::{Connection, StoreError, event, fact};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The fact under which a copy states it; no live store has it.
pub(super) const STATED: &str = "backup_contents";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    pub taken_at: DateTime<Utc>,
    pub alerts: i64,
    pub bodies: i64,
    pub quarantined: i64,
    pub incidents: i64,
    pub events: i64,
    pub payloads: i64,
    pub views: i64,
    pub persons: i64,
    pub drafts: i64,
    /// Effects, delivered or not.
    pub effects: i64,
    /// The last hash of the history; empty without any.
    pub head: String,
    /// The last hash of the access log.
    pub views_head: String,
}

impl Contents {
    pub(super) async fn of(
        connection: &mut Connection,
        taken_at: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let row = sqlx::query!(
            r#"SELECT (SELECT COUNT(*) FROM alerts) AS "alerts!: i64", (SELECT COUNT(*) FROM raw_bodies) AS "bodies!: i64",
                (SELECT COUNT(*) FROM quarantine) AS "quarantined!: i64",
                (SELECT COUNT(*) FROM incidents) AS "incidents!: i64",
                (SELECT COUNT(*) FROM event_headers) AS "events!: i64",
                (SELECT COUNT(*) FROM event_payloads) AS "payloads!: i64",
                (SELECT COUNT(*) FROM access_headers) AS "views!: i64",
                (SELECT COUNT(*) FROM persons) AS "persons!: i64", (SELECT COUNT(*) FROM drafts) AS "drafts!: i64",
                (SELECT COUNT(*) FROM outbox) AS "effects!: i64",
                (SELECT lower(hex(hash)) FROM event_headers ORDER BY seq DESC LIMIT 1) AS "head: String",
                (SELECT lower(hex(hash)) FROM access_headers ORDER BY seq DESC LIMIT 1) AS "views_head: String""#
        )
        .fetch_one(connection)
        .await?;
        Ok(Self {
            taken_at,
            alerts: row.alerts,
            bodies: row.bodies,
            quarantined: row.quarantined,
            incidents: row.incidents,
            events: row.events,
            payloads: row.payloads,
            views: row.views,
            persons: row.persons,
            drafts: row.drafts,
            effects: row.effects,
            head: row.head.unwrap_or_default(),
            views_head: row.views_head.unwrap_or_default(),
        })
    }

    /// Writes it into the copy.
    pub(super) async fn state(
        &self,
        copy: &mut Connection,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let text = crate::store::codec::to_json("what a backup holds", self)?;
        fact::save(copy, STATED, &text, now).await
    }

    /// What the copy says of itself.
    pub(super) async fn stated(copy: &mut Connection) -> Result<Self, StoreError> {
        let text = fact::find(copy, STATED).await.ok().flatten();
        let text = text.ok_or_else(|| {
            fault("it is a store, but no backup: it does not say what it holds".to_owned())
        })?;
        crate::store::codec::from_json("what a backup holds", &text)
    }

    /// Where the two differ, as a sentence.
    pub(super) fn differs(&self, found: &Self) -> Option<String> {
        let each = [
            ("alerts", self.alerts, found.alerts),
            ("bodies", self.bodies, found.bodies),
            ("quarantined bodies", self.quarantined, found.quarantined),
            ("incidents", self.incidents, found.incidents),
            ("events", self.events, found.events),
            ("contents of events", self.payloads, found.payloads),
            ("views", self.views, found.views),
            ("persons", self.persons, found.persons),
            ("forms", self.drafts, found.drafts),
            ("effects", self.effects, found.effects),
        ];
        let other = each.into_iter().find(|(_, stated, found)| stated != found);
        if let Some((what, stated, found)) = other {
            return Some(format!("it states {stated} {what} and holds {found}"));
        }
        (self != found).then(|| "the last hash is not the one that it states".to_owned())
    }
}

/// Whether a head of the history stands in it, see [`event::head`].
pub(super) async fn has(
    connection: &mut Connection,
    (seq, hash): &(i64, String),
) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"SELECT lower(hex(hash)) AS "hash!: String" FROM event_headers WHERE seq = ?"#,
        seq
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.as_deref().unwrap_or(event::GENESIS) == hash)
}
