//! Requests to speak to the line manager, users or outside: who may ask, whose word they wait for, what wording may stand.

use super::decide::{Context, allowed, open_still};
use super::governed::Governed;
use super::readiness::stands;
use super::{Incident, Refusal};
use crate::domain::ids::PersonId;
use crate::domain::playbook::definition::Playbook;
use crate::domain::playbook::rules::GateKind;
use crate::domain::policy::{Act, Actor};
use crate::domain::role::Role;
use crate::domain::talk::{GOVERNANCE, Request, Standing, Talk, Verdict, Word, findings, sides};
use chrono::{DateTime, Utc};

pub fn request(
    incident: &Incident,
    request: &Request,
    context: &Context<'_>,
) -> Result<Governed, Refusal> {
    open_still(incident)?;
    let actor = allowed(incident, Act::Engage, context)?;
    let playbook = context.playbook;
    let rule = playbook.communication.iter().find(|r| r.id == request.rule);
    let Some(rule) = rule else {
        let known: Vec<&str> = playbook
            .communication
            .iter()
            .map(|r| r.audience.as_str())
            .collect();
        return Err(no_talk(format!(
            "The playbook's rules are for: {}.",
            known.join("; ")
        )));
    };
    let (wording, why) = (request.wording.trim(), request.why.trim());
    if wording.is_empty() || why.is_empty() {
        return Err(Refusal::ReasonMissing);
    }
    let (findings, justification) = checked(wording, request.justification.as_deref(), playbook)?;
    let wanted = sides(rule, misconduct(incident, playbook));
    let unnamed: Vec<Role> = wanted
        .iter()
        .copied()
        .filter(|side| GOVERNANCE.contains(side) && !is_named(incident, *side))
        .collect();
    if !unnamed.is_empty() {
        let names: Vec<&str> = unnamed.iter().map(|s| s.key()).collect();
        return Err(no_talk(format!(
            "This waits for the named contact of {}, and this incident has none. Engage Governance first: /engage.",
            names.join(" and ")
        )));
    }
    // Who asks has agreed for their own team, where another side is still to be heard.
    let others: Vec<Role> = wanted
        .iter()
        .copied()
        .filter(|side| GOVERNANCE.contains(side) || !actor.has(*side))
        .collect();
    let number = u32::try_from(incident.talks.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    Ok(Governed::TalkRequested {
        number,
        rule: rule.id.clone(),
        sides: if others.is_empty() { wanted } else { others },
        wording: wording.to_owned(),
        why: why.to_owned(),
        findings,
        justification,
    })
}

/// What the lists find in a wording, which somebody mends or justifies.
fn checked(
    wording: &str,
    justification: Option<&str>,
    playbook: &Playbook,
) -> Result<(Vec<String>, Option<String>), Refusal> {
    let findings = findings(wording, &playbook.wording);
    let justification = justification.map(str::trim).filter(|text| !text.is_empty());
    if !findings.is_empty() && justification.is_none() {
        return Err(Refusal::Wording { findings });
    }
    let kept = justification.filter(|_| !findings.is_empty());
    Ok((findings, kept.map(str::to_owned)))
}

/// Misconduct is named: HR was called, or the record does not rule it out where a gate asks.
pub fn misconduct(incident: &Incident, playbook: &Playbook) -> bool {
    let called = incident.engagements.iter().any(|e| e.discreet);
    let answered = playbook.gates.iter().any(|gate| match &gate.kind {
        GateKind::HrBeforePerson {
            unless,
            excluded_by,
            ..
        } => {
            let other = |answer| stands(answer, incident) == Some(false);
            unless.as_ref().is_some_and(other)
                || excluded_by
                    .iter()
                    .any(|answer| stands(answer, incident) == Some(true))
        }
        GateKind::GovernanceSent { .. }
        | GateKind::EngagementsConcluded
        | GateKind::NoLegalHold
        | GateKind::ContainmentComplete
        | GateKind::EvidenceAnswered
        | GateKind::RecoveryAuthorised
        | GateKind::SecondPersonOnRepeat
        | GateKind::ReviewComplete => false,
    });
    called || answered
}

fn is_named(incident: &Incident, side: Role) -> bool {
    let mut contacts = incident.engagements.iter().flat_map(|e| &e.contacts);
    contacts.any(|c| c.side == side)
}

/// The sides for which a person speaks: their team's, or the one on which they are named.
pub fn speaks_for(incident: &Incident, actor: &Actor, side: Role) -> bool {
    if GOVERNANCE.contains(&side) {
        let mut contacts = incident
            .engagements
            .iter()
            .filter_map(|e| e.contact_of(actor.person));
        contacts.any(|c| c.side == side)
    } else {
        actor.has(side)
    }
}

pub fn decide(
    incident: &Incident,
    number: u32,
    verdict: &Verdict,
    context: &Context<'_>,
) -> Result<Governed, Refusal> {
    open_still(incident)?;
    let actor = context.actor.ok_or(Refusal::NotFound)?;
    let talk = incident.talks.iter().find(|t| t.number == number);
    let talk = talk.ok_or_else(|| no_talk(format!("Request {number} does not exist.")))?;
    if !talk
        .sides
        .iter()
        .any(|side| speaks_for(incident, actor, *side))
    {
        return Err(no_talk(format!(
            "Request {number} does not exist, or is not yours to decide."
        )));
    }
    if actor.person == talk.asked_by {
        return Err(Refusal::SamePerson);
    }
    if talk.standing() != Standing::Waiting {
        let word = talk.standing().word();
        return Err(no_talk(format!("Request {number} is {word} already.")));
    }
    let side = talk
        .pending()
        .find(|side| speaks_for(incident, actor, *side));
    let side =
        side.ok_or_else(|| no_talk(format!("Your side has agreed to request {number} already.")))?;
    let verdict = match verdict {
        Verdict::Approve => Verdict::Approve,
        Verdict::Refuse { reason } if reason.trim().is_empty() => {
            return Err(Refusal::ReasonMissing);
        }
        Verdict::Refuse { reason } => Verdict::Refuse {
            reason: reason.trim().to_owned(),
        },
        Verdict::Change {
            wording,
            justification,
        } => {
            let wording = wording.trim();
            if wording.is_empty() {
                return Err(Refusal::ReasonMissing);
            }
            let (_, justification) = checked(wording, justification.as_deref(), context.playbook)?;
            Verdict::Change {
                wording: wording.to_owned(),
                justification,
            }
        }
    };
    Ok(Governed::TalkDecided {
        number,
        side,
        verdict,
    })
}

/// What nobody decided in time is said again, like an unread brief.
pub fn remind(
    incident: &Incident,
    number: u32,
    context: &Context<'_>,
) -> Result<Option<Governed>, Refusal> {
    open_still(incident)?;
    let talk = incident.talks.iter().find(|t| t.number == number);
    let talk = talk.filter(|t| t.standing() == Standing::Waiting);
    let Some(talk) = talk else { return Ok(None) };
    let stage = context.playbook.stage(&incident.stage);
    let each = stage.map_or(0, |stage| stage.accept_within.num_seconds());
    let passed = (context.now - talk.asked_at)
        .num_seconds()
        .checked_div(each);
    // After a silence of several rounds, one word stands for all of them.
    let times = u32::try_from(passed.unwrap_or(0))
        .unwrap_or(0)
        .max(talk.reminded.saturating_add(1));
    Ok(Some(Governed::TalkReminded { number, times }))
}

fn no_talk(why: String) -> Refusal {
    Refusal::NoTalk { why }
}

/// Folds one of them in.
pub fn apply(incident: &mut Incident, event: &Governed, by: PersonId, at: DateTime<Utc>) {
    if let Governed::TalkRequested {
        number,
        rule,
        sides,
        ..
    } = event
    {
        incident.talks.push(Talk {
            number: *number,
            rule: rule.clone(),
            asked_by: by,
            asked_at: at,
            sides: sides.clone(),
            version: 1,
            words: Vec::new(),
            reminded: 0,
        });
    }
    if let Governed::TalkDecided {
        number,
        side,
        verdict,
    } = event
        && let Some(talk) = incident.talks.iter_mut().find(|t| t.number == *number)
    {
        if matches!(verdict, Verdict::Change { .. }) {
            talk.version += 1;
        }
        talk.words.push(Word {
            side: *side,
            by,
            at,
            version: talk.version,
            agrees: !matches!(verdict, Verdict::Refuse { .. }),
        });
    }
    if let Governed::TalkReminded { number, times } = event
        && let Some(talk) = incident.talks.iter_mut().find(|t| t.number == *number)
    {
        talk.reminded = *times;
    }
}
