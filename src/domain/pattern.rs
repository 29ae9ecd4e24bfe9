//! Known patterns: why alerts of a kind are harmless, who stands for it and until when. A pattern prefills a dismissal
//! that a person submits; it never dismisses by itself.

use super::ids::{FieldId, IncidentId, PatternId, PersonId, PlaybookId};
use super::incident::{Context, Incident, Refusal, Submission};
use super::playbook::criterion::Expr;
use super::playbook::definition::{Field, Playbook, Transition};
use super::playbook::facts::PATTERN_REFERENCE;
use super::playbook::rules::PatternRules;
use super::policy::Actor;
use super::record::{Answer, Gap, State, shown_date};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// The longest title and reason, in characters.
pub const TITLE_MAX: usize = 80;
pub const REASON_MAX: usize = 1500;

/// One known pattern, for one playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pub id: PatternId,
    pub playbook: PlaybookId,
    pub title: String,
    pub reason: String,
    /// An expression over the facts that criteria see.
    pub scope: String,
    pub owner: PersonId,
    pub expires_at: DateTime<Utc>,
    pub proposed: Word,
    pub approved: Option<Word>,
    pub reviewed: Option<Word>,
    pub retired: Option<Word>,
    /// So many of so many past alerts, when it was proposed.
    pub matched: i64,
    pub tried: i64,
    pub hits: i64,
    pub last_hit_at: Option<DateTime<Utc>>,
}

/// Who said it, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    pub by: PersonId,
    pub at: DateTime<Utc>,
}

/// How a pattern stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Proposed,
    InDate,
    Expired,
    Retired,
}

impl Standing {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Proposed => "waits for approval",
            Self::InDate => "in date",
            Self::Expired => "expired",
            Self::Retired => "retired",
        }
    }
}

impl Pattern {
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        if self.retired.is_some() {
            Standing::Retired
        } else if self.approved.is_none() {
            Standing::Proposed
        } else if self.expires_at <= now {
            Standing::Expired
        } else {
            Standing::InDate
        }
    }

    /// Why nobody may dismiss on it now, a clause; `None` while it is approved and in date.
    pub fn unusable(&self, now: DateTime<Utc>, zone: Tz) -> Option<String> {
        match self.standing(now) {
            Standing::InDate => None,
            Standing::Proposed => Some("which nobody has approved yet".to_owned()),
            Standing::Expired => Some(format!(
                "which expired on {}; review it first",
                shown_date(self.expires_at, zone)
            )),
            Standing::Retired => Some(format!(
                "which was retired on {}",
                shown_date(self.retired.map_or(now, |w| w.at), zone)
            )),
        }
    }

    /// What a record says of it.
    pub fn reference(&self) -> String {
        format!("{}: {}", self.id, self.title)
    }
}

/// A pattern as it fits one incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitting {
    pub pattern: Pattern,
    pub fit: Fit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Approved, in date, and true of each alert of the incident.
    Covers {
        /// True of each detection of the persons concerned in the playbook's window, too.
        all_detections: bool,
    },
    /// Why it cannot be used, a clause: "which expired on …".
    Not(String),
}

/// The pattern that a dismissal is prefilled from: the first that covers the incident.
pub fn first_covering(patterns: &[Fitting]) -> Option<&Fitting> {
    patterns
        .iter()
        .find(|one| matches!(one.fit, Fit::Covers { .. }))
}

/// The pattern that a submission rests on. `None` where none of its grounds needs one; else the one that it names, or
/// the field and what is wrong with it.
pub fn rests_on<'c>(
    incident: &Incident,
    transition: &Transition,
    submission: &Submission,
    context: &Context<'c>,
) -> Option<Result<&'c Fitting, Gap>> {
    let playbook = context.playbook;
    let grounds = submission.criteria.iter();
    let needed = grounds
        .filter(|id| transition.criteria.contains(id))
        .filter_map(|id| playbook.criterion(id))
        .any(|criterion| criterion.needs_pattern);
    let field = reference_field(transition, playbook).filter(|_| needed)?;
    Some(
        named(&field.id, incident, submission, context).map_err(|problem| Gap {
            field: field.id.clone(),
            title: field.title.clone(),
            problem,
        }),
    )
}

/// The field of a record that names the pattern.
pub fn reference_field<'p>(transition: &Transition, playbook: &'p Playbook) -> Option<&'p Field> {
    let mut fields = transition.record.iter().filter_map(|id| playbook.field(id));
    fields.find(|field| field.prefill.as_deref() == Some(PATTERN_REFERENCE))
}

fn named<'c>(
    field: &FieldId,
    incident: &Incident,
    submission: &Submission,
    context: &Context<'c>,
) -> Result<&'c Fitting, String> {
    let given = submission.answers.get(field).map(|(state, _)| state);
    let recorded = || incident.record.judge().latest(field).map(|e| &e.state);
    let Some(State::Value(Answer::Text(text))) = given.or_else(recorded) else {
        return Err("names no pattern, and the ground needs one".to_owned());
    };
    let Some(id) = number_in(text) else {
        return Err(
            "names no pattern, and the ground needs one: begin with its number, such as PAT-3, or take another ground"
                .to_owned(),
        );
    };
    let found = context.patterns.iter().find(|one| one.pattern.id == id);
    match found.map(|one| (one, &one.fit)) {
        None => Err(format!("names {id}, which does not exist here")),
        Some((_, Fit::Not(why))) => Err(format!("names {id}, {why}")),
        Some((one, Fit::Covers { .. })) => Ok(one),
    }
}

/// The first number of a pattern that a text names.
pub fn number_in(text: &str) -> Option<PatternId> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .find_map(|word| {
            let dashed = word.contains('-');
            word.parse().ok().filter(|_| dashed)
        })
}

/// What somebody typed for a pattern. Kept before it is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    pub title: String,
    pub reason: String,
    pub scope: String,
    pub expires: String,
    /// The owner's account; empty for whoever proposes it.
    pub owner: String,
}

/// A pattern that can be proposed.
#[derive(Debug)]
pub struct Draft {
    pub title: String,
    pub reason: String,
    pub scope: Expr,
    pub expires_at: DateTime<Utc>,
}

/// Reads what was typed: the draft, or everything that is wrong with it, a line each.
pub fn read(
    typed: &Typed,
    rules: &PatternRules,
    now: DateTime<Utc>,
    zone: Tz,
) -> Result<Draft, Vec<String>> {
    let mut wrong = Vec::new();
    let title = typed.title.trim();
    let reason = typed.reason.trim();
    if title.is_empty() {
        wrong.push("Title is missing".to_owned());
    } else if title.chars().count() > TITLE_MAX {
        wrong.push(format!("Title is longer than {TITLE_MAX} characters"));
    }
    if reason.is_empty() {
        wrong.push("Reason is missing".to_owned());
    } else if reason.chars().count() > REASON_MAX {
        wrong.push(format!("Reason is longer than {REASON_MAX} characters"));
    }
    let scope = scope(&typed.scope)
        .map_err(|faults| wrong.extend(faults))
        .ok();
    let expires_at = expiry(&typed.expires, rules, now, zone)
        .map_err(|fault| wrong.push(format!("Expires on {fault}")))
        .ok();
    match (scope, expires_at) {
        (Some(scope), Some(expires_at)) if wrong.is_empty() => Ok(Draft {
            title: title.to_owned(),
            reason: reason.to_owned(),
            scope,
            expires_at,
        }),
        _ => Err(wrong),
    }
}

/// The scope as an expression, or what is wrong with it and where.
fn scope(text: &str) -> Result<Expr, Vec<String>> {
    let text = text.trim();
    if text.is_empty() {
        return Err(vec!["Scope is missing".to_owned()]);
    }
    Expr::parse(text).map_err(|faults| {
        let at = |at: usize| {
            text.get(..at)
                .map_or(1, |before| before.chars().count() + 1)
        };
        faults
            .into_iter()
            .map(|fault| format!("Scope, character {}: {}", at(fault.at), fault.message))
            .collect()
    })
}

/// The end of the day that was typed, in the organisation's zone.
pub fn expiry(
    text: &str,
    rules: &PatternRules,
    now: DateTime<Utc>,
    zone: Tz,
) -> Result<DateTime<Utc>, String> {
    let Ok(date) = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d") else {
        return Err("must be a date such as 2027-03-31".to_owned());
    };
    let end = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
    let at = zone
        .from_local_datetime(&date.and_time(end))
        .latest()
        .map(|at| at.with_timezone(&Utc))
        .ok_or_else(|| format!("does not exist in {zone}; name another day"))?;
    let latest = now + TimeDelta::days(rules.longest_days);
    if at <= now {
        Err("lies in the past".to_owned())
    } else if at > latest + TimeDelta::days(1) {
        Err(format!(
            "is too far away: {} days at most, so by {}",
            rules.longest_days,
            shown_date(latest, zone)
        ))
    } else {
        Ok(at)
    }
}

/// What a scope says of past alerts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trial {
    pub matched: i64,
    pub tried: i64,
    /// Incidents among those matched that the reader may know of, newest first.
    pub some: Vec<IncidentId>,
    /// On how many it could not be evaluated, and why on the first.
    pub unevaluated: i64,
    pub why: String,
    /// True of an alert that says nothing at all.
    pub of_nothing: bool,
}

impl Trial {
    /// Why such a scope is not taken, a sentence with the way out.
    pub fn fault(&self) -> Option<String> {
        let tried = self.tried;
        if self.unevaluated > 0 {
            return Some(format!(
                "Scope could not be evaluated on {} of {tried} past alerts: {}",
                self.unevaluated, self.why
            ));
        }
        if self.of_nothing || (tried > 1 && self.matched == tried) {
            return Some(format!(
                "Scope matches everything ({} of {tried} past alerts): a pattern says what is special; narrow it, for example to a policy and a rule",
                self.matched
            ));
        }
        (self.matched == 0).then(|| {
            format!("Scope matches none of {tried} past alerts: a pattern rests on what was seen; widen it, or compare it with the facts on a card")
        })
    }

    /// How it went, a sentence.
    pub fn words(&self) -> String {
        let ids: Vec<String> = self.some.iter().map(ToString::to_string).collect();
        let some = if ids.is_empty() {
            String::new()
        } else {
            format!(", among them {}", ids.join(", "))
        };
        format!("{} of {} past alerts match{some}", self.matched, self.tried)
    }
}

/// A step with a pattern that stands already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Approve {
        words: String,
    },
    /// Somebody looked at it again; from now on it counts until then.
    Review {
        until: DateTime<Utc>,
        words: String,
    },
    Retire {
        words: String,
    },
}

impl Step {
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "approved",
            Self::Review { .. } => "reviewed",
            Self::Retire { .. } => "retired",
        }
    }

    pub fn words(&self) -> &str {
        match self {
            Self::Approve { words } | Self::Review { words, .. } | Self::Retire { words } => {
                words.trim()
            }
        }
    }
}

/// Whether the actor may propose a pattern.
pub fn may_propose(actor: &Actor, rules: &PatternRules) -> bool {
    rules.propose.iter().any(|role| actor.has(*role))
}

/// Whether the actor may approve, review or retire one by their role.
pub fn may_approve(actor: &Actor, rules: &PatternRules) -> bool {
    rules.approve.iter().any(|role| actor.has(*role))
}

/// Whether the actor may read patterns of the playbook.
pub fn may_read(actor: &Actor, rules: &PatternRules) -> bool {
    use super::role::Role;
    may_propose(actor, rules)
        || may_approve(actor, rules)
        || actor.has(Role::Auditor)
        || actor.has(Role::Manager)
}

/// The pattern after the step, or why it may not be taken.
pub fn judge(
    pattern: &Pattern,
    step: &Step,
    actor: &Actor,
    rules: &PatternRules,
    now: DateTime<Utc>,
) -> Result<Pattern, Refusal> {
    let refused = |why: &str| Refusal::NoPattern {
        why: why.to_owned(),
    };
    if pattern.retired.is_some() {
        return Err(refused(
            "It is retired. Propose a new one with /pattern propose.",
        ));
    }
    let owns = pattern.owner == actor.person || pattern.proposed.by == actor.person;
    let retires = matches!(step, Step::Retire { .. });
    if !(may_approve(actor, rules) || (retires && owns)) {
        let who: Vec<&str> = rules.approve.iter().map(|role| role.key()).collect();
        return Err(refused(&format!("Only {} may do this.", who.join(" or "))));
    }
    if pattern.proposed.by == actor.person && !retires {
        return Err(refused(
            "You proposed it: a second person approves it and renews it. Ask a colleague.",
        ));
    }
    if step.words().is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let word = Some(Word {
        by: actor.person,
        at: now,
    });
    let mut after = pattern.clone();
    match step {
        Step::Approve { .. } if pattern.approved.is_some() => {
            return Err(refused("It is approved already."));
        }
        Step::Approve { .. } if pattern.expires_at <= now => {
            return Err(refused(
                "It expired before anybody approved it. Retire it and propose it anew.",
            ));
        }
        Step::Approve { .. } => after.approved = word,
        Step::Review { .. } if pattern.approved.is_none() => {
            return Err(refused("Nobody has approved it yet: approve it first."));
        }
        Step::Review { until, .. } => {
            after.reviewed = word;
            after.expires_at = *until;
        }
        Step::Retire { .. } => after.retired = word,
    }
    Ok(after)
}
