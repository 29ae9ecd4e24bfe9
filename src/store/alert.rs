//! Alerts and their raw bodies. The key under which a re-send is recognised is the source's own.

use super::codec::{at, from_json, to_json, us};
use super::{Connection, StoreError};
use crate::domain::alert::{
    Alert, AlertKind, Destination, Detail, Device, Named, SensitiveType, Severity, Times, User,
};
use crate::domain::ids::{AlertId, IncidentId, PersonId, PlaybookId, SourceId};
use crate::domain::restricted::{Clearance, Purpose, Restricted};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

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
    pub source: &'a SourceId,
    pub alert: &'a Alert,
    pub person: Option<PersonId>,
    pub received_at: DateTime<Utc>,
    pub drill: bool,
    /// Why it opens nothing, where it does not.
    pub noted: Option<&'a str>,
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

/// The alert of this key, if it came before.
pub async fn find_by_key(
    connection: &mut Connection,
    source: &SourceId,
    alert: &Alert,
) -> Result<Option<AlertId>, StoreError> {
    let (source, tenant) = (source.as_str(), alert.tenant_id.as_deref().unwrap_or(""));
    let time = alert.key_time.map_or(0, us);
    let id = sqlx::query_scalar!(
        "SELECT id FROM alerts WHERE source = ? AND tenant = ? AND source_alert_id = ? AND key_time_us = ?",
        source,
        tenant,
        alert.source_alert_id,
        time
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(AlertId))
}

pub async fn insert(
    connection: &mut Connection,
    arrival: &Arrival<'_>,
) -> Result<AlertId, StoreError> {
    let alert = arrival.alert;
    let normalized = to_json("an alert", &Normalized::of(alert))?;
    let detail = seal(alert)?;
    let source = arrival.source.as_str();
    let tenant = alert.tenant_id.as_deref().unwrap_or("");
    let (key_time, key) = (
        alert.key_time.map_or(0, us),
        detection_key(arrival.source, alert),
    );
    let (kind, severity) = (alert.kind.key(), alert.severity.key());
    let occurred = us(occurred_at(alert, arrival.received_at));
    let (received, modified) = (us(arrival.received_at), alert.times.modified_at.map(us));
    let person = arrival.person.map(|p| p.0);
    let id = sqlx::query!(
        "INSERT INTO alerts (source, tenant, source_alert_id, key_time_us, detection_key, person_id, kind, severity,
            occurred_us, received_us, modified_us, times_received, drill, noted, normalized, detail)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)",
        source,
        tenant,
        alert.source_alert_id,
        key_time,
        key,
        person,
        kind,
        severity,
        occurred,
        received,
        modified,
        arrival.drill,
        arrival.noted,
        normalized,
        detail
    )
    .execute(connection)
    .await?
    .last_insert_rowid();
    Ok(AlertId(id))
}

fn seal(alert: &Alert) -> Result<String, StoreError> {
    let clearance = Clearance::system(Purpose::Storage);
    let detail = alert.detail.open(&clearance).cloned().unwrap_or_default();
    to_json("an alert's detail", &detail)
}

/// The same alert again: counted, its facts and body brought up to date. Gives back how often it came.
pub async fn count_again(
    connection: &mut Connection,
    id: AlertId,
    alert: &Alert,
    update: bool,
) -> Result<i64, StoreError> {
    if update {
        let normalized = to_json("an alert", &Normalized::of(alert))?;
        let (detail, severity) = (seal(alert)?, alert.severity.key());
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
    }
    let times = sqlx::query_scalar!(
        "UPDATE alerts SET times_received = times_received + 1 WHERE id = ? RETURNING times_received",
        id.0
    )
    .fetch_one(connection)
    .await?;
    Ok(times)
}

/// Keeps the bytes as received. False when the very same bytes are there already.
pub async fn insert_raw(
    connection: &mut Connection,
    id: AlertId,
    sha256: &str,
    body: &[u8],
    received_at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let received = us(received_at);
    let done = sqlx::query!(
        "INSERT INTO raw_bodies (alert_id, sha256, received_us, body) VALUES (?, ?, ?, ?)
         ON CONFLICT DO NOTHING",
        id.0,
        sha256,
        received,
        body
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
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

/// Distinct detections of a person within the window around an instant. Re-sends and entities of one alert count once,
/// drills and alerts that open nothing do not.
pub async fn count_detections(
    connection: &mut Connection,
    person: PersonId,
    around: DateTime<Utc>,
    window: TimeDelta,
) -> Result<i64, StoreError> {
    let (from, to) = (us(around - window), us(around + window));
    let count = sqlx::query_scalar!(
        r#"SELECT COUNT(DISTINCT detection_key) AS "count!: i64" FROM alerts
           WHERE person_id IN (SELECT q.id FROM persons p
                JOIN persons q ON COALESCE(q.same_as_id, q.id) = COALESCE(p.same_as_id, p.id) WHERE p.id = ?)
              AND occurred_us BETWEEN ? AND ? AND drill = 0 AND noted IS NULL"#,
        person.0,
        from,
        to
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

/// Open incidents about a person.
pub async fn count_open_incidents(
    connection: &mut Connection,
    person: PersonId,
) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT COUNT(DISTINCT i.id) AS "count!: i64" FROM incident_persons c JOIN incidents i ON i.id = c.incident_id
           WHERE c.person_id IN (SELECT q.id FROM persons p
                JOIN persons q ON COALESCE(q.same_as_id, q.id) = COALESCE(p.same_as_id, p.id) WHERE p.id = ?)
              AND i.is_open = 1"#,
        person.0
    )
    .fetch_one(connection)
    .await?;
    Ok(count)
}

pub async fn load(connection: &mut Connection, id: AlertId) -> Result<Kept, StoreError> {
    let row = sqlx::query!(
        r#"SELECT id, source, tenant, source_alert_id, key_time_us, incident_id, person_id, kind, severity,
              received_us, times_received, drill AS "drill: bool", normalized, detail
           FROM alerts WHERE id = ?"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .ok_or_else(|| StoreError::Missing { what: "alert", key: id.to_string() })?;
    let n: Normalized = from_json("an alert", &row.normalized)?;
    let detail: Detail = from_json("an alert's detail", &row.detail)?;
    let alert = Alert {
        source_alert_id: row.source_alert_id,
        source_incident_id: n.source_incident_id,
        source_url: n.source_url,
        tenant_id: (!row.tenant.is_empty()).then_some(row.tenant),
        key_time: (row.key_time_us != 0)
            .then(|| at(row.key_time_us))
            .transpose()?,
        kind: kind(&row.kind)?,
        severity: Severity::from_word(&row.severity),
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
        id: AlertId(row.id),
        source: SourceId(row.source),
        incident: row.incident_id.map(IncidentId),
        person: row.person_id.map(PersonId),
        received_at: at(row.received_us)?,
        times_received: row.times_received,
        drill: row.drill,
        alert,
    })
}

fn kind(key: &str) -> Result<AlertKind, StoreError> {
    use AlertKind as K;
    [
        K::Dlp,
        K::Endpoint,
        K::Identity,
        K::Compliance,
        K::Siem,
        K::Infra,
    ]
    .into_iter()
    .find(|k| k.key() == key)
    .ok_or_else(|| StoreError::Inconsistent {
        what: "an alert's kind",
        why: key.to_owned(),
    })
}

/// The raw bodies of an alert, newest last.
pub async fn list_raw(
    connection: &mut Connection,
    id: AlertId,
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT sha256, body FROM raw_bodies WHERE alert_id = ? ORDER BY received_us, sha256",
        id.0
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.sha256, row.body)).collect())
}

/// The alerts behind [`count_detections`], newest first, up to `limit`.
pub async fn list_detections(
    connection: &mut Connection,
    person: PersonId,
    around: DateTime<Utc>,
    window: TimeDelta,
    limit: i64,
) -> Result<Vec<AlertId>, StoreError> {
    let (from, to) = (us(around - window), us(around + window));
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id!: i64" FROM alerts
           WHERE person_id IN (SELECT q.id FROM persons p
                JOIN persons q ON COALESCE(q.same_as_id, q.id) = COALESCE(p.same_as_id, p.id) WHERE p.id = ?)
              AND occurred_us BETWEEN ? AND ? AND drill = 0 AND noted IS NULL
           ORDER BY occurred_us DESC, id DESC LIMIT ?"#,
        person.0,
        from,
        to,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(AlertId).collect())
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
