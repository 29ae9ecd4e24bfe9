//! Alerts and their raw bodies. The key under which a re-send is recognised is the source's own.

use super::body::{self, Body};
use super::codec::{at, from_json, to_json, us};
use super::rows::{Batch, Insert, insert};
use super::{Connection, StoreError, words};
use crate::domain::alert::{
    Alert, AlertKind, Destination, Detail, Device, Named, SensitiveType, Severity, Times, User,
};
use crate::domain::ids::{AlertId, IncidentId, PersonId, PlaybookId, SourceId};
use crate::domain::restricted::{Clearance, Purpose, Restricted};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// An alert as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    pub id: AlertId,
    pub source: SourceId,
    pub incident: Option<IncidentId>,
    pub person: Option<PersonId>,
    pub received_at: DateTime<Utc>,
    pub times_received: i64,
    pub drill: bool,
    pub alert: Alert,
}

/// What is new about an alert that is inserted.
pub struct Arrival<'a> {
    pub id: AlertId,
    pub source: &'a SourceId,
    pub alert: &'a Alert,
    pub written: &'a Written,
    /// The incident that it opens or joins.
    pub incident: Option<IncidentId>,
    pub person: Option<PersonId>,
    pub received_at: DateTime<Utc>,
    pub drill: bool,
    /// Why it opens nothing, where it does not.
    pub noted: Option<&'a str>,
    /// The bytes as received, and their hash.
    pub raw: &'a [u8],
    pub sha256: &'a str,
}

/// The alert without what is restricted, as a column keeps it.
#[derive(Serialize, Deserialize)]
struct Normalized {
    source_incident_id: Option<String>,
    source_url: Option<String>,
    source_severity: Option<String>,
    source_status: Option<String>,
    category: Option<String>,
    product: Option<String>,
    detection_source: Option<String>,
    times: Times,
    user: Option<User>,
    device: Option<Device>,
    policy: Option<Named>,
    rule: Option<Named>,
    workload: Option<String>,
    action: Option<String>,
    enforcement: Option<String>,
    destination: Option<Destination>,
    sensitivity_label: Option<Named>,
    sensitive_types: Vec<SensitiveType>,
    techniques: Vec<String>,
    parse_notes: Vec<String>,
}

impl Normalized {
    fn of(alert: &Alert) -> Self {
        let alert = alert.clone();
        Self {
            source_incident_id: alert.source_incident_id,
            source_url: alert.source_url,
            source_severity: alert.source_severity,
            source_status: alert.source_status,
            category: alert.category,
            product: alert.product,
            detection_source: alert.detection_source,
            times: alert.times,
            user: alert.user,
            device: alert.device,
            policy: alert.policy,
            rule: alert.rule,
            workload: alert.workload,
            action: alert.action,
            enforcement: alert.enforcement,
            destination: alert.destination,
            sensitivity_label: alert.sensitivity_label,
            sensitive_types: alert.sensitive_types,
            techniques: alert.techniques,
            parse_notes: alert.parse_notes,
        }
    }
}

/// When it happened: the source's time, else the time of receipt.
pub fn occurred_at(alert: &Alert, received_at: DateTime<Utc>) -> DateTime<Utc> {
    alert
        .times
        .detected_at
        .or(alert.times.created_at)
        .unwrap_or(received_at)
}

/// Alerts of one detection share this key: same source, tenant and source incident, else same source alert.
pub fn detection_key(source: &SourceId, alert: &Alert) -> String {
    let tenant = alert.tenant_id.as_deref().unwrap_or("");
    match &alert.source_incident_id {
        Some(incident) => format!("{source}\u{1f}{tenant}\u{1f}i\u{1f}{incident}"),
        None => format!(
            "{source}\u{1f}{tenant}\u{1f}a\u{1f}{}",
            alert.source_alert_id
        ),
    }
}

/// The key under which a re-send of a source is recognised: tenant, the source's alert id, and its creation time where ids
/// repeat.
pub type Key = (String, String, i64);

pub fn key(alert: &Alert) -> Key {
    (
        alert.tenant_id.clone().unwrap_or_default(),
        alert.source_alert_id.clone(),
        alert.key_time.map_or(0, us),
    )
}

/// The alerts of a source that came before, by their keys.
pub async fn list_by_key(
    connection: &mut Connection,
    source: &SourceId,
    keys: &[Key],
) -> Result<HashMap<Key, AlertId>, StoreError> {
    let (source, keys) = (source.as_str(), to_json("keys", &keys)?);
    let rows = sqlx::query!(
        r#"SELECT a.tenant, a.source_alert_id, a.key_time_us, a.id AS "id!: i64" FROM json_each(?) j
           CROSS JOIN alerts a ON a.source = ? AND a.tenant = json_extract(j.value, '$[0]')
              AND a.source_alert_id = json_extract(j.value, '$[1]') AND a.key_time_us = json_extract(j.value, '$[2]')"#,
        keys,
        source
    )
    .fetch_all(connection)
    .await?;
    let known = rows.into_iter().map(|row| {
        let key = (row.tenant, row.source_alert_id, row.key_time_us);
        (key, AlertId(row.id))
    });
    Ok(known.collect())
}

/// Keeps new alerts. Their incidents may follow in the same transaction.
pub async fn insert_all(
    connection: &mut Connection,
    arrivals: &[Arrival<'_>],
) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.add(&ALERTS, arrivals, |query, arrival| {
        let alert = arrival.alert;
        let (tenant, id, key_time) = key(alert);
        query
            .bind(arrival.id.0)
            .bind(arrival.source.to_string())
            .bind(tenant)
            .bind(id)
            .bind(key_time)
            .bind(arrival.written.detection_key.clone())
            .bind(arrival.incident.map(|i| i.0))
            .bind(arrival.person.map(|p| p.0))
            .bind(alert.kind.key())
            .bind(alert.severity.key())
            .bind(us(occurred_at(alert, arrival.received_at)))
            .bind(us(arrival.received_at))
            .bind(alert.times.modified_at.map(us))
            .bind(arrival.drill)
            .bind(arrival.noted.map(str::to_owned))
            .bind(arrival.written.normalized.clone())
            .bind(arrival.written.detail.clone())
    });
    let bodies = arrivals.iter().map(|arrival| Body {
        alert: arrival.id,
        sha256: arrival.sha256,
        raw: arrival.raw,
        received_at: arrival.received_at,
    });
    body::add_all(&mut batch, bodies);
    batch.write(connection).await
}

const ALERTS: Insert = insert!(
    "INSERT INTO alerts (id, source, tenant, source_alert_id, key_time_us, detection_key, incident_id, person_id, kind,
        severity, occurred_us, received_us, modified_us, times_received, drill, noted, normalized, detail)",
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)",
    ""
);

/// What an alert's row holds beside its columns, made before the transaction.
#[derive(Debug, Clone)]
pub struct Written {
    /// See [`detection_key`].
    pub detection_key: String,
    normalized: String,
    detail: String,
}

impl Written {
    pub fn of(source: &SourceId, alert: &Alert) -> Result<Self, StoreError> {
        Ok(Self {
            detection_key: detection_key(source, alert),
            normalized: to_json("an alert", &Normalized::of(alert))?,
            detail: seal(alert)?,
        })
    }
}

fn seal(alert: &Alert) -> Result<String, StoreError> {
    let clearance = Clearance::system(Purpose::Storage);
    let detail = alert.detail.open(&clearance).cloned().unwrap_or_default();
    to_json("an alert's detail", &detail)
}

/// An alert says something else now.
pub async fn save(
    connection: &mut Connection,
    id: AlertId,
    alert: &Alert,
    written: &Written,
) -> Result<(), StoreError> {
    let (normalized, detail) = (&written.normalized, &written.detail);
    let severity = alert.severity.key();
    let modified = alert.times.modified_at.map(us);
    sqlx::query!(
        "UPDATE alerts SET normalized = ?, detail = ?, severity = ?, modified_us = ? WHERE id = ?",
        normalized,
        detail,
        severity,
        modified,
        id.0
    )
    .execute(&mut *connection)
    .await?;
    words::renew(connection, id, alert).await
}

/// These came once more.
pub async fn count_again(connection: &mut Connection, ids: &[AlertId]) -> Result<(), StoreError> {
    let ids = to_json("alerts", &ids)?;
    sqlx::query!(
        "UPDATE alerts SET times_received = times_received + 1 WHERE id IN (SELECT value FROM json_each(?))",
        ids
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ties an alert to the incident that it opened or joined.
pub async fn save_incident(
    connection: &mut Connection,
    id: AlertId,
    incident: IncidentId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE alerts SET incident_id = ? WHERE id = ?",
        incident.0,
        id.0
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Why an alert opens nothing; `None` once it does after all.
pub async fn save_noted(
    connection: &mut Connection,
    id: AlertId,
    noted: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query!("UPDATE alerts SET noted = ? WHERE id = ?", noted, id.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// One row, as it is read.
struct Row {
    id: i64,
    source: String,
    tenant: String,
    source_alert_id: String,
    key_time_us: i64,
    incident_id: Option<i64>,
    person_id: Option<i64>,
    kind: String,
    severity: String,
    received_us: i64,
    times_received: i64,
    drill: bool,
    normalized: String,
    detail: String,
}

pub async fn load(connection: &mut Connection, id: AlertId) -> Result<Kept, StoreError> {
    let mut all = load_all(connection, &[id]).await?;
    all.pop().ok_or_else(|| missing(id))
}

/// Each of them, in their order; one that is not there is a fault.
pub async fn load_all(
    connection: &mut Connection,
    ids: &[AlertId],
) -> Result<Vec<Kept>, StoreError> {
    let kept = list(connection, ids).await?;
    ids.iter()
        .map(|id| kept.get(id).cloned().ok_or_else(|| missing(*id)))
        .collect()
}

fn missing(id: AlertId) -> StoreError {
    StoreError::Missing {
        what: "alert",
        key: id.to_string(),
    }
}

/// Those of them that exist.
pub async fn list(
    connection: &mut Connection,
    ids: &[AlertId],
) -> Result<HashMap<AlertId, Kept>, StoreError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = to_json("alerts", &ids)?;
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id AS "id!: i64", source, tenant, source_alert_id, key_time_us, incident_id, person_id, kind, severity,
              received_us, times_received, drill AS "drill: bool", normalized, detail
           FROM alerts WHERE id IN (SELECT value FROM json_each(?))"#,
        ids
    )
    .fetch_all(connection)
    .await?;
    let kept = rows
        .into_iter()
        .map(|row| Ok((AlertId(row.id), row.kept()?)));
    kept.collect()
}

/// Those that came after this one, the oldest first, up to `limit`.
pub async fn list_after(
    connection: &mut Connection,
    after: AlertId,
    limit: i64,
) -> Result<Vec<Kept>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, source, tenant, source_alert_id, key_time_us, incident_id, person_id, kind, severity,
              received_us, times_received, drill AS "drill: bool", normalized, detail
           FROM alerts WHERE id > ? ORDER BY id LIMIT ?"#,
        after.0,
        limit
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::kept).collect()
}

/// Those between the two, without either, the newest first, up to `limit`.
pub async fn list_between(
    connection: &mut Connection,
    after: AlertId,
    before: AlertId,
    limit: i64,
) -> Result<Vec<Kept>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, source, tenant, source_alert_id, key_time_us, incident_id, person_id, kind, severity,
              received_us, times_received, drill AS "drill: bool", normalized, detail
           FROM alerts WHERE id > ? AND id < ? ORDER BY id DESC LIMIT ?"#,
        after.0,
        before.0,
        limit
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::kept).collect()
}

impl Row {
    fn kept(self) -> Result<Kept, StoreError> {
        let n: Normalized = from_json("an alert", &self.normalized)?;
        let detail: Detail = from_json("an alert's detail", &self.detail)?;
        let alert = Alert {
            source_alert_id: self.source_alert_id,
            source_incident_id: n.source_incident_id,
            source_url: n.source_url,
            tenant_id: (!self.tenant.is_empty()).then_some(self.tenant),
            key_time: (self.key_time_us != 0)
                .then(|| at(self.key_time_us))
                .transpose()?,
            kind: kind(&self.kind)?,
            severity: Severity::from_word(&self.severity),
            source_severity: n.source_severity,
            source_status: n.source_status,
            category: n.category,
            product: n.product,
            detection_source: n.detection_source,
            times: n.times,
            user: n.user,
            device: n.device,
            policy: n.policy,
            rule: n.rule,
            workload: n.workload,
            action: n.action,
            enforcement: n.enforcement,
            destination: n.destination,
            sensitivity_label: n.sensitivity_label,
            sensitive_types: n.sensitive_types,
            techniques: n.techniques,
            parse_notes: n.parse_notes,
            detail: Restricted::new(detail),
        };
        Ok(Kept {
            id: AlertId(self.id),
            source: SourceId(self.source),
            incident: self.incident_id.map(IncidentId),
            person: self.person_id.map(PersonId),
            received_at: at(self.received_us)?,
            times_received: self.times_received,
            drill: self.drill,
            alert,
        })
    }
}

fn kind(key: &str) -> Result<AlertKind, StoreError> {
    let kind = AlertKind::ALL.into_iter().find(|kind| kind.key() == key);
    kind.ok_or_else(|| StoreError::Inconsistent {
        what: "an alert's kind",
        why: key.to_owned(),
    })
}

/// Past alerts of the incidents that follow a playbook, in whatever version, newest first, up to `limit`. No drills.
pub async fn list_past(
    connection: &mut Connection,
    playbook: &PlaybookId,
    limit: i64,
) -> Result<Vec<AlertId>, StoreError> {
    let playbook = playbook.as_str();
    let ids = sqlx::query_scalar!(
        r#"SELECT a.id AS "id!: i64" FROM alerts a JOIN incidents i ON i.id = a.incident_id
           JOIN playbooks b ON b.hash = i.playbook_hash
           WHERE b.id = ? AND a.drill = 0 AND a.noted IS NULL ORDER BY a.id DESC LIMIT ?"#,
        playbook,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(AlertId).collect())
}
