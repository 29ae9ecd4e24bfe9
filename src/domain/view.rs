//! What a card shows of an incident, as far as a clearance goes. Plain words and values; how they look is `render`'s.

use super::alert::Alert;
use super::form::note;
use super::ids::{AccountId, AlertId, IncidentId, PersonId, SourceId};
use super::incident::{EndKind, Finding, Incident, Phase, VisitState};
use super::pattern::{Fit, Fitting};
use super::playbook::definition::{Field, Playbook, Stage, TransitionKind};
use super::playbook::rules::shown_count;
use super::reach;
use super::record::{Origin, shown, shown_date, shown_time};
use super::restricted::{Clearance, Level};
use super::role::Role;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};

/// An alert of the incident, with what the store knows of it.
#[derive(Debug, Clone)]
pub struct OnIncident {
    pub id: AlertId,
    pub source: SourceId,
    pub received_at: DateTime<Utc>,
    pub times_received: i64,
    pub alert: Alert,
}

/// What the view is made of beside the incident.
pub struct Sight<'a> {
    pub playbook: &'a Playbook,
    pub alerts: &'a [OnIncident],
    pub names: &'a BTreeMap<PersonId, String>,
    /// Distinct detections of the person concerned in the playbook's window, this one included.
    pub detections: Option<i64>,
    /// The playbook's patterns, as each fits the incident.
    pub patterns: &'a [Fitting],
    /// False where a person concerned is not in the directory: their line manager is not walled off.
    pub walls_known: bool,
    pub clearance: &'a Clearance,
    pub now: DateTime<Utc>,
    pub zone: Tz,
}

/// A card's contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardView {
    pub id: IncidentId,
    pub severity: &'static str,
    pub stage: String,
    /// What is the matter now, one line.
    pub status: String,
    pub standing: Standing,
    pub drill: bool,
    pub opened_at: DateTime<Utc>,
    /// Label and value.
    pub facts: Vec<(String, String)>,
    /// Criteria met, or that could not be evaluated: sentence and note.
    pub criteria: Vec<(String, String)>,
    /// Title, answer, and whether it came from the source.
    pub record: Vec<(String, String, bool)>,
    /// Why it came back.
    pub returned: Option<String>,
    /// That its reminders rest, or how often it was raised.
    pub reminders: Option<String>,
    /// What nobody may touch while it stands here.
    pub do_not_touch: Option<String>,
    pub acts: Vec<CardAct>,
}

/// How loud a card is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Somebody must take it.
    Waiting,
    /// Somebody has it.
    Held,
    /// Nothing to do here any more.
    Past,
}

/// A button of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardAct {
    Claim,
    Escalate,
    Dismiss,
    Close,
    Agree,
    Refuse,
    Accept,
    Return,
    Details,
    /// On reminders only.
    Snooze,
}

/// The brief of one engagement, as its contacts may read it.
pub struct BriefView {
    pub id: IncidentId,
    pub number: u32,
    pub drill: bool,
    pub engaged_at: DateTime<Utc>,
    /// Since when a criterion of Governance is known to be met.
    pub met_at: DateTime<Utc>,
    pub security: String,
    pub criteria: Vec<String>,
    /// Title and answer, in the playbook's order.
    pub items: Vec<(String, String)>,
    pub contacts: Vec<ContactView>,
    /// Who decided what: side, name, words of the choice, when.
    pub decisions: Vec<(String, String, DateTime<Utc>)>,
    pub status: &'static str,
    pub discreet: bool,
    /// The accounts that are mentioned, and that belong into a private thread.
    pub mentions: Vec<AccountId>,
    /// Contacts who have not read it.
    pub unread: Vec<AccountId>,
    /// Whom a reminder mentions now.
    pub reminds: Vec<AccountId>,
    /// Those who took a contact's place and have not read it: they have no deputy of their own.
    pub steps_in: Vec<AccountId>,
    pub security_account: Option<AccountId>,
    /// Which thresholds the engagement rests on, and who signed them.
    pub thresholds: String,
    /// What Legal holds.
    pub held: Vec<String>,
    pub concluded: bool,
}

/// What became of an incident, as the contacts of one engagement may read it.
pub struct ClosingView {
    pub id: IncidentId,
    pub number: u32,
    pub drill: bool,
    /// Closed or dismissed.
    pub ended: &'static str,
    pub ended_at: DateTime<Utc>,
    pub by: String,
    pub outcome: String,
    /// Each containment action and where it stands.
    pub actions: Vec<String>,
    /// What Legal still holds.
    pub held: Vec<String>,
    /// Who decided what, when.
    pub decisions: Vec<(String, String, DateTime<Utc>)>,
    /// Who continues it without Security.
    pub owner: Option<String>,
    pub discreet: bool,
    pub mentions: Vec<AccountId>,
    pub security_account: Option<AccountId>,
}

pub struct ContactView {
    pub side: Role,
    pub name: String,
    pub deputy: Option<String>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub concluded_at: Option<DateTime<Utc>>,
}

impl CardView {
    /// Names the incidents that it has to do with, where it shows facts at all.
    pub fn link(&mut self, linked: &[IncidentId]) {
        if self.facts.is_empty() || linked.is_empty() {
            return;
        }
        let ids: Vec<String> = linked.iter().map(ToString::to_string).collect();
        self.facts.push(("Linked".to_owned(), ids.join(", ")));
    }
}

/// The card of one stay at a stage.
pub fn card(incident: &Incident, visit: usize, sight: &Sight<'_>) -> Option<CardView> {
    let stay = incident.visits.get(visit)?;
    let stage = sight.playbook.stage(&stay.stage)?;
    let (status, standing) = status(incident, &stay.state, sight);
    let mut view = CardView {
        id: incident.id,
        severity: incident.severity.key(),
        stage: stage.title.clone(),
        status,
        standing,
        drill: incident.drill,
        opened_at: incident.opened_at,
        facts: Vec::new(),
        criteria: Vec::new(),
        record: Vec::new(),
        returned: None,
        reminders: None,
        do_not_touch: None,
        acts: acts(incident, &stay.state, sight.playbook),
    };
    if standing == Standing::Past {
        return Some(view);
    }
    if sight.clearance.level() == Level::Stub && stage.thread {
        view.status.push_str("; the case is in its private thread");
    }
    let whole = sight.clearance.level() >= Level::Facts;
    let called = |person| name(sight.names, person);
    // Where it is now, and not on the card of those who handed it on.
    if visit + 1 == incident.visits.len() {
        view.reminders = reach::standing(incident, called, sight.zone, whole);
    }
    if sight.clearance.level() >= Level::Facts {
        view.do_not_touch.clone_from(&stage.do_not_touch);
        view.facts = facts(sight);
        view.criteria = criteria(incident, sight.playbook);
        view.returned = returned(incident, &stay.state, sight);
    }
    if sight.clearance.level() >= Level::Record {
        view.record = record(incident, stage, sight);
        // What the record, or a criterion's facts, say in the same words is not said twice.
        let recorded = |value: &str| view.record.iter().any(|(_, known, _)| known == value);
        let noted = |label: &str, value: &str| {
            let said = format!("{label}: {value}");
            let mut notes = view.criteria.iter();
            notes.any(|(_, note)| note.split(" · ").any(|part| part == said))
        };
        view.facts.retain(|(label, value)| {
            let parts_recorded = value.split(": ").all(recorded);
            !recorded(value) && !parts_recorded && !noted(label, value)
        });
    }
    Some(view)
}

fn status(incident: &Incident, state: &VisitState, sight: &Sight<'_>) -> (String, Standing) {
    let time = |at: &DateTime<Utc>| shown_time(*at, sight.zone);
    match state {
        VisitState::HandedOn(at) => (format!("Handed on, {}", time(at)), Standing::Past),
        VisitState::SentBack(at) => (format!("Returned, {}", time(at)), Standing::Past),
        VisitState::Ended(at) => {
            let word = match &incident.phase {
                Phase::Ended(ended) if ended.kind == EndKind::Dismissed => "Dismissed",
                Phase::Ended(_) | Phase::Open { .. } | Phase::Offered(_) => "Closed",
            };
            (format!("{word}, {}", time(at)), Standing::Past)
        }
        VisitState::Offered => match &incident.phase {
            Phase::Offered(offer) => {
                let by = name(sight.names, offer.by);
                (
                    format!("Offered by {by}; accept or return it"),
                    Standing::Waiting,
                )
            }
            Phase::Open { .. } | Phase::Ended(_) => ("Offered".to_owned(), Standing::Waiting),
        },
        VisitState::Waiting => {
            let to = match &incident.phase {
                Phase::Offered(offer) => sight.playbook.stage(&offer.to).map(|s| s.title.clone()),
                Phase::Open { .. } | Phase::Ended(_) => None,
            };
            let to = to.unwrap_or_else(|| "the next stage".to_owned());
            (
                format!("Offered to {to}; waiting for acceptance"),
                Standing::Held,
            )
        }
        VisitState::Working if incident.proposal.is_some() => {
            let by = incident.proposal.as_ref().map(|p| name(sight.names, p.by));
            let by = by.unwrap_or_default();
            (
                format!("{by} proposes to dismiss it; a second person agrees or refuses"),
                Standing::Waiting,
            )
        }
        VisitState::Working => match &incident.phase {
            Phase::Open { holder: Some(held) } => {
                let by = name(sight.names, held.by);
                (
                    format!("Held by {by} since {}", time(&held.since)),
                    Standing::Held,
                )
            }
            Phase::Open { holder: None } | Phase::Offered(_) | Phase::Ended(_) => (
                "Waiting for someone to claim it".to_owned(),
                Standing::Waiting,
            ),
        },
    }
}

fn name(names: &BTreeMap<PersonId, String>, person: PersonId) -> String {
    names
        .get(&person)
        .cloned()
        .unwrap_or_else(|| person.to_string())
}

/// What can be done from the card of one stay.
pub(super) fn acts(incident: &Incident, state: &VisitState, playbook: &Playbook) -> Vec<CardAct> {
    let leads = |kind| playbook.ways_out(&incident.stage).any(|t| t.kind == kind);
    match state {
        VisitState::Working if incident.proposal.is_some() => {
            vec![CardAct::Agree, CardAct::Refuse, CardAct::Details]
        }
        VisitState::Working => {
            let mut acts = Vec::new();
            if incident.holder().is_none() {
                acts.push(CardAct::Claim);
            }
            let ways = [
                (TransitionKind::Handoff, CardAct::Escalate),
                (TransitionKind::Dismissal, CardAct::Dismiss),
                (TransitionKind::Closure, CardAct::Close),
            ];
            acts.extend(
                ways.into_iter()
                    .filter(|(kind, _)| leads(*kind))
                    .map(|(_, act)| act),
            );
            acts.push(CardAct::Details);
            acts
        }
        VisitState::Offered => vec![CardAct::Accept, CardAct::Return, CardAct::Details],
        VisitState::Waiting => vec![CardAct::Details],
        VisitState::HandedOn(_) | VisitState::SentBack(_) | VisitState::Ended(_) => Vec::new(),
    }
}

/// What its first alert says, and what is counted and known beside it.
pub fn facts(sight: &Sight<'_>) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    let mut put = |label: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            facts.push((label.to_owned(), value));
        }
    };
    if let Some(first) = sight.alerts.first() {
        let alert = &first.alert;
        let named = |n: &Option<super::alert::Named>| n.as_ref().and_then(|n| n.name.clone());
        put(
            "Person",
            alert.user.as_ref().and_then(super::alert::User::shown),
        );
        put(
            "Device",
            alert.device.as_ref().and_then(|d| d.hostname.clone()),
        );
        put("Policy", named(&alert.policy));
        put("Rule", named(&alert.rule));
        let done = [&alert.workload, &alert.action]
            .into_iter()
            .flatten()
            .cloned();
        put(
            "Workload and action",
            Some(done.collect::<Vec<_>>().join(": ")),
        );
        put("Enforcement", alert.enforcement.clone());
        put(
            "Destination",
            alert.destination.as_ref().map(|d| d.shown.clone()),
        );
        put(
            "Label",
            named(&alert.sensitivity_label).or(Some("source does not say".to_owned())),
        );
        put("Source", Some(first.source.to_string()));
        put(
            "Detected",
            alert.times.detected_at.map(|at| shown_time(at, sight.zone)),
        );
    }
    if !sight.walls_known {
        let why = "not computed: line manager unknown";
        put("Wall", Some(why.to_owned()));
    }
    put("Repeats", Some(repeats(sight)));
    put("Matching patterns", Some(patterns(sight)));
    facts
}

/// Those on which a dismissal could rest; nothing where there is none.
fn patterns(sight: &Sight<'_>) -> String {
    let covering = sight.patterns.iter().filter_map(|one| match one.fit {
        Fit::Covers { all_detections } => Some((&one.pattern, all_detections)),
        Fit::Not(_) => None,
    });
    let repeated = sight.detections.is_some_and(|n| n > 1);
    let told = covering.map(|(pattern, all)| {
        let all = match (repeated, all) {
            (false, _) => "",
            (true, true) => ", covers all detections of the person",
            (true, false) => ", does not cover all detections of the person",
        };
        format!(
            "{} (in date until {}{all})",
            pattern.reference(),
            shown_date(pattern.expires_at, sight.zone)
        )
    });
    told.collect::<Vec<_>>().join("; ")
}

fn repeats(sight: &Sight<'_>) -> String {
    let received: i64 = sight.alerts.iter().map(|a| a.times_received).sum();
    let alerts = match sight.alerts.len() {
        1 => "1 alert".to_owned(),
        n => format!("{n} alerts"),
    };
    let again = match received - i64::try_from(sight.alerts.len()).unwrap_or(0) {
        0 => String::new(),
        1 => ", re-sent once".to_owned(),
        n => format!(", re-sent {n} times"),
    };
    let person = match sight.detections {
        Some(n) if n > 1 => {
            format!(
                "; {} detections of the person in the window",
                shown_count(n)
            )
        }
        Some(_) => "; no earlier detection of the person in the window".to_owned(),
        None => String::new(),
    };
    format!("{alerts}{again}{person}")
}

/// An age as people say it, in its largest whole unit.
pub fn age(age: TimeDelta) -> String {
    match (age.num_days(), age.num_hours(), age.num_minutes()) {
        (days, _, _) if days >= 2 => format!("{days} days"),
        (_, hours, _) if hours >= 2 => format!("{hours} hours"),
        (_, _, minutes) if minutes >= 1 => format!("{minutes} min"),
        _ => "just now".to_owned(),
    }
}

/// The criteria that are met, confirmed, or could not be evaluated: sentence and note.
pub fn criteria(incident: &Incident, playbook: &Playbook) -> Vec<(String, String)> {
    incident
        .criteria
        .iter()
        .filter(|(_, c)| {
            matches!(c.finding, Finding::Met | Finding::NotEvaluated(_))
                || !c.confirmed_by.is_empty()
        })
        .filter_map(|(id, c)| {
            let text = playbook.criterion(id)?.text.clone();
            let mut said = note(&c.finding, &c.facts);
            if !c.confirmed_by.is_empty() {
                said.push_str(" · confirmed");
            }
            Some((text, said))
        })
        .collect()
}

fn returned(incident: &Incident, state: &VisitState, sight: &Sight<'_>) -> Option<String> {
    let returned = incident.returned.as_ref()?;
    (*state == VisitState::Working).then(|| {
        format!(
            "{} returned it: {}",
            name(sight.names, returned.by),
            returned.reason
        )
    })
}

/// The fields whose audience the stage's role belongs to.
fn record(incident: &Incident, stage: &Stage, sight: &Sight<'_>) -> Vec<(String, String, bool)> {
    let record = incident.record.judge();
    let fields = sight
        .playbook
        .fields
        .iter()
        .filter(|f| f.audience.contains(&stage.role));
    fields
        .filter_map(|field| {
            let entry = record.latest(&field.id)?;
            let value = shown(field, &entry.state, sight.zone);
            Some((field.title.clone(), value, entry.origin == Origin::Source))
        })
        .collect()
}

/// The whole record for a person, by the fields whose audience one of their roles belongs to.
pub fn record_for(
    incident: &Incident,
    playbook: &Playbook,
    roles: &BTreeSet<Role>,
    zone: Tz,
) -> Vec<(String, String)> {
    let record = incident.record.judge();
    let readable = |f: &&Field| f.audience.iter().any(|role| roles.contains(role));
    let fields = playbook.fields.iter().filter(readable);
    fields
        .filter_map(|field| {
            let entry = record.latest(&field.id)?;
            Some((field.title.clone(), shown(field, &entry.state, zone)))
        })
        .collect()
}
