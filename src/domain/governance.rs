//! Governance beside the work: engagements with named contacts, what they answer, and the search of a brief's free text.

use super::alert::Alert;
use super::ids::{CriterionId, FieldId, PersonId};
use super::playbook::definition::{Playbook, Transition};
use super::policy::Walls;
use super::restricted::Clearance;
use super::role::Role;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The parallel notification of Governance. Security keeps the incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engagement {
    /// Counts from 1 within the incident.
    pub number: u32,
    pub criteria: Vec<CriterionId>,
    /// The one security contact.
    pub security: PersonId,
    pub engaged_at: DateTime<Utc>,
    pub contacts: Vec<Contact>,
    /// Misconduct is named: the channel gets id and mentions only.
    pub discreet: bool,
    /// What was decided, by a key; the words are counsel text and stand elsewhere.
    pub decisions: Vec<Decided>,
    /// When the last side concluded.
    pub concluded_at: Option<DateTime<Utc>>,
    /// Who continues it where it goes on without Security.
    #[serde(default)]
    pub owner: Option<PersonId>,
    /// How often those who had not read it were reminded.
    #[serde(default)]
    pub reminded: u32,
}

/// The named person on a side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub side: Role,
    pub person: PersonId,
    pub deputy: Option<PersonId>,
    /// When they said that they had read it.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When the side concluded; each concludes for itself.
    #[serde(default)]
    pub concluded_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    pub by: PersonId,
    pub at: DateTime<Utc>,
    pub choice: Choice,
}

/// What a contact can answer with a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    Acknowledge,
    Notify,
    DoNotNotify,
    Hold,
    ReleaseHold,
    MoreNeeded,
    HoldContainment,
    ProceedContainment,
    InformManager,
    TakenOver,
    Conclude,
    /// Legal: the incident may close, the engagement goes on without Security.
    GoesOnAlone,
    Conflict,
}

impl Choice {
    pub const ALL: [Self; 13] = [
        Self::Acknowledge,
        Self::Notify,
        Self::DoNotNotify,
        Self::Hold,
        Self::ReleaseHold,
        Self::MoreNeeded,
        Self::HoldContainment,
        Self::ProceedContainment,
        Self::InformManager,
        Self::TakenOver,
        Self::Conclude,
        Self::GoesOnAlone,
        Self::Conflict,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Notify => "notify",
            Self::DoNotNotify => "do_not_notify",
            Self::Hold => "hold",
            Self::ReleaseHold => "release_hold",
            Self::MoreNeeded => "more_needed",
            Self::HoldContainment => "hold_containment",
            Self::ProceedContainment => "proceed_containment",
            Self::InformManager => "inform_manager",
            Self::TakenOver => "taken_over",
            Self::Conclude => "conclude",
            Self::GoesOnAlone => "goes_on_alone",
            Self::Conflict => "conflict",
        }
    }

    /// As on a button or in a list.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Acknowledge => "I have read this",
            Self::Notify => "Notify: a duty to notify applies",
            Self::DoNotNotify => "Do not notify",
            Self::Hold => "Legal hold: nothing is deleted",
            Self::ReleaseHold => "Release the legal hold",
            Self::MoreNeeded => "More is needed from Security",
            Self::HoldContainment => "Hold containment of the person",
            Self::ProceedContainment => "Containment of the person may proceed",
            Self::InformManager => "HR informs the line manager",
            Self::TakenOver => "Taken over",
            Self::Conclude => "Concluded",
            Self::GoesOnAlone => "Goes on without Security",
            Self::Conflict => "I have a conflict of interest",
        }
    }

    /// What comes of it, for those who choose it the first time; at most 100 characters.
    pub const fn means(self) -> &'static str {
        match self {
            Self::Acknowledge => "Security sees that you know; you may answer later",
            Self::Notify => "Security learns that it must be told; when and whom is yours",
            Self::DoNotNotify => "No duty to notify applies",
            Self::Hold => "It stands until Legal releases it",
            Self::ReleaseHold => "What was held may be deleted again",
            Self::MoreNeeded => "You ask, and the security contact is told",
            Self::HoldContainment => "Nothing is done to the person until you let it proceed",
            Self::ProceedContainment => "Security may act on the person's account or device",
            Self::InformManager => "You speak to the line manager; nobody else does",
            Self::TakenOver => "Your side works on it; Security goes on with its own part",
            Self::Conclude => {
                "Your side has nothing more to do; the incident may close once each side says so"
            }
            Self::GoesOnAlone => "The incident may close; you name who continues on your side",
            Self::Conflict => "Your deputy takes your place, and you see no more of it",
        }
    }

    /// Which sides may answer so.
    pub const fn sides(self) -> &'static [Role] {
        match self {
            Self::Acknowledge
            | Self::MoreNeeded
            | Self::TakenOver
            | Self::Conclude
            | Self::Conflict => &[Role::Legal, Role::Hr, Role::Grc],
            Self::Notify | Self::DoNotNotify => &[Role::Legal, Role::Grc],
            Self::Hold | Self::ReleaseHold | Self::GoesOnAlone => &[Role::Legal],
            Self::HoldContainment | Self::ProceedContainment | Self::InformManager => &[Role::Hr],
        }
    }

    /// Whether it says why.
    pub const fn asks_why(self) -> bool {
        !matches!(self, Self::Acknowledge | Self::ProceedContainment)
    }
}

impl Engagement {
    /// The contact, or deputy, that this person is.
    pub fn contact_of(&self, person: PersonId) -> Option<&Contact> {
        self.contacts
            .iter()
            .find(|c| c.person == person || c.deputy == Some(person))
    }

    /// Whom a reminder mentions: those who have not read it; from the second time on, their deputies too. For whoever is
    /// absent the deputy is mentioned from the first time on, and alone.
    pub fn to_remind(&self, absent: &BTreeSet<PersonId>) -> Vec<PersonId> {
        let late = self.contacts.iter().filter(|c| c.acknowledged_at.is_none());
        let people = late.flat_map(|c| {
            let away = absent.contains(&c.person);
            let deputy = c.deputy.filter(|_| away || self.reminded > 1);
            let contact = Some(c.person).filter(|_| !away || deputy.is_none());
            [contact, deputy]
        });
        people.flatten().collect()
    }

    pub fn is_acknowledged(&self) -> bool {
        self.contacts.iter().all(|c| c.acknowledged_at.is_some())
    }

    /// Closure need not wait for it any more.
    pub fn is_settled(&self) -> bool {
        self.concluded_at.is_some()
            || self
                .decisions
                .iter()
                .any(|d| d.choice == Choice::GoesOnAlone)
    }

    /// HR's word on containing the person: the newest of proceed and hold; reading alone opens too.
    pub fn hr_opens(&self) -> bool {
        let hr = self.contacts.iter().filter(|c| c.side == Role::Hr);
        let read = hr.into_iter().any(|c| c.acknowledged_at.is_some());
        match self.hr_word() {
            Some(decided) => decided.choice == Choice::ProceedContainment,
            None => read,
        }
    }

    /// When HR last held containment, if it still does.
    pub fn hr_held_at(&self) -> Option<DateTime<Utc>> {
        let word = self.hr_word()?;
        (word.choice == Choice::HoldContainment).then_some(word.at)
    }

    /// The newest of hold and proceed. What somebody said who has a conflict of interest by now, counts no more.
    fn hr_word(&self) -> Option<&Decided> {
        self.decisions.iter().rev().find(|d| {
            let on_containment = matches!(
                d.choice,
                Choice::HoldContainment | Choice::ProceedContainment
            );
            on_containment && self.contact_of(d.by).is_some()
        })
    }

    /// What is said of it in one word.
    pub fn status(&self) -> &'static str {
        if self.concluded_at.is_some() {
            "concluded"
        } else if self.is_acknowledged() {
            "acknowledged"
        } else {
            "engaged"
        }
    }
}

/// The sides that the criteria call for, by the playbook's thresholds.
pub fn sides(criteria: &[CriterionId], playbook: &Playbook) -> BTreeSet<Role> {
    let called = playbook
        .thresholds
        .iter()
        .filter(|t| criteria.contains(&t.criterion));
    let sides: BTreeSet<Role> = called.flat_map(|t| t.contacts.iter().copied()).collect();
    if sides.is_empty() {
        BTreeSet::from([Role::Legal])
    } else {
        sides
    }
}

/// Who could be named on a side, the first as contact and the next as deputy.
pub type Roster = BTreeMap<Role, Vec<PersonId>>;

/// The named contacts for these sides; nobody walled. The sides without anyone come back as the fault.
pub fn contacts(
    sides: &BTreeSet<Role>,
    roster: &Roster,
    walls: &Walls,
) -> Result<Vec<Contact>, Vec<Role>> {
    let mut named = Vec::new();
    let mut empty = Vec::new();
    for side in sides {
        let people = roster.get(side).map_or(&[][..], Vec::as_slice);
        let mut free = people.iter().copied().filter(|p| !walls.contains(p));
        match free.next() {
            Some(person) => {
                let (side, deputy) = (*side, free.next());
                named.push(Contact {
                    side,
                    person,
                    deputy,
                    acknowledged_at: None,
                    concluded_at: None,
                });
            }
            None => empty.push(*side),
        }
    }
    if empty.is_empty() {
        Ok(named)
    } else {
        Err(empty)
    }
}

/// Whether one of these criteria calls HR: then misconduct is named.
pub fn is_discreet(criteria: &[CriterionId], playbook: &Playbook) -> bool {
    sides(criteria, playbook).contains(&Role::Hr)
}

/// What must not stand in a brief: file names, paths, hashes, mail subjects, titles and addresses of the alerts.
/// Short or everyday words are left out: they would be found everywhere.
pub fn forbidden(alerts: &[&Alert], clearance: &Clearance) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for alert in alerts {
        let Some(detail) = alert.detail.open(clearance) else {
            continue;
        };
        let mut put = |what: &'static str, text: Option<&String>| {
            if let Some(text) = text.map(|t| t.trim()).filter(|t| t.chars().count() >= 5) {
                found.push((what, text.to_owned()));
            }
        };
        put("title of the alert", detail.title.as_ref());
        if let Some(file) = &detail.file {
            put("file name", file.name.as_ref());
            put("path", file.path.as_ref());
            put("hash", file.sha256.as_ref());
        }
        if let Some(email) = &detail.email {
            put("mail subject", email.subject.as_ref());
            put("address", email.from.as_ref());
            email.to.iter().for_each(|to| put("address", Some(to)));
            put("message id", email.message_id.as_ref());
        }
        put("network address", detail.src_ip.as_ref());
    }
    found
}

/// Which of the forbidden stand in a text, as clauses for a refusal.
pub fn leaks(text: &str, forbidden: &[(&'static str, String)]) -> Vec<String> {
    let text = text.to_lowercase();
    let hits = forbidden
        .iter()
        .filter(|(_, word)| text.contains(&word.to_lowercase()));
    hits.map(|(what, word)| format!("holds the {what} “{word}”: say it in plain words"))
        .collect()
}

/// The fields that a brief shows, in the playbook's order: those of the engagement that Governance may read.
pub fn brief_fields<'p>(playbook: &'p Playbook, transition: &'p Transition) -> Vec<&'p FieldId> {
    let governance = [Role::Legal, Role::Hr, Role::Grc];
    let fields = playbook
        .fields
        .iter()
        .filter(|f| transition.record.contains(&f.id));
    fields
        .filter(|f| governance.iter().any(|role| f.audience.contains(role)))
        .map(|f| &f.id)
        .collect()
}
