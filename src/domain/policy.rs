//! Who may read what, and who may do what: the one place that every read and every act passes.
//! The reading table and the acts are those of the product's description; the stage's role comes from the playbook.

use super::governance::Engagement;
use super::ids::{AccountId, PersonId};
use super::incident::{Incident, Phase, speaks_for};
use super::playbook::definition::{Playbook, Stage};
use super::record::Record;
use super::restricted::{Clearance, Level};
use super::role::Role;
use super::talk::Talk;
use super::threshold::SIGNERS;
use std::collections::BTreeSet;

/// The member who acts or reads, as Discord sent them with the interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub person: PersonId,
    pub account: AccountId,
    pub roles: BTreeSet<Role>,
    /// Carries the configured lead mark.
    pub lead: bool,
}

impl Actor {
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

/// The persons who are kept out of an incident in every way: those concerned, and their line managers.
pub type Walls = BTreeSet<PersonId>;

/// What a person may do with an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Claim,
    /// Take a way out of the stage where it stands.
    Leave,
    /// Accept or return what is offered.
    Receive,
    /// Open what a card does not show; every time is logged.
    ReadDetails,
    /// Put something on the timeline.
    Note,
    /// Say that it has to do with another incident.
    Link,
    /// Go on with an ended incident.
    Reopen,
    /// Judge a dismissal that was drawn, as somebody who had no part in it.
    LookAgain,
    /// Notify Governance.
    Engage,
    /// Agree to, or refuse, what somebody proposed.
    Second,
    /// Propose and report containment.
    Contain,
    /// Authorise containment: whoever contains, or the second approver, who need not be on the case.
    Authorise,
    /// Give one's word for an emergency.
    Override,
}

/// How much the actor may read of the incident; `None` is, to them, an incident that does not exist.
pub fn reads(
    actor: &Actor,
    incident: &Incident,
    playbook: &Playbook,
    walls: &Walls,
) -> Option<Clearance> {
    if walls.contains(&actor.person) || incident.conflicted.contains(&actor.person) {
        return None;
    }
    actor
        .roles
        .iter()
        .filter_map(|role| level_of(*role, actor, incident, playbook))
        .max()
        .map(Clearance::at)
}

fn level_of(role: Role, actor: &Actor, incident: &Incident, playbook: &Playbook) -> Option<Level> {
    let here = working_stage(incident, playbook).is_some_and(|stage| stage.role == role);
    let offered = offered_stage(incident, playbook).is_some_and(|stage| stage.role == role);
    let on_case = incident.on_case.contains(&actor.person);
    match role {
        // To judge a dismissal they read what it rests on.
        Role::Tier1 | Role::Tier2 if looks_again(actor, incident) => Some(Level::Record),
        Role::Tier1 | Role::Frontline | Role::Engineering if offered => Some(Level::Record),
        Role::Tier1 | Role::Frontline | Role::Engineering if here => Some(Level::Facts),
        Role::Tier2 | Role::Tier3 if on_case => Some(Level::Everything),
        Role::Tier2 | Role::Tier3 if offered || (here && incident.holder().is_none()) => {
            Some(Level::Record)
        }
        Role::Tier1 | Role::Tier2 | Role::Tier3 => Some(Level::Stub),
        Role::Frontline | Role::Engineering if on_case => Some(Level::Stub),
        Role::Legal | Role::Hr | Role::Grc if is_contact(actor, role, incident) => {
            Some(Level::Brief)
        }
        // That it exists and when it is due is theirs to know, once it is Governance's matter.
        Role::Legal | Role::Hr | Role::Grc if !incident.engagements.is_empty() => Some(Level::Stub),
        Role::Manager => Some(Level::Steps),
        Role::Auditor => Some(Level::Record),
        Role::Frontline | Role::Engineering | Role::Legal | Role::Hr | Role::Grc | Role::Admin => {
            None
        }
    }
}

/// A second look waits, and the actor had no part in the dismissal.
fn looks_again(actor: &Actor, incident: &Incident) -> bool {
    let look = incident.second_look.as_ref();
    any(actor, &[Role::Tier1, Role::Tier2])
        && look.is_some_and(|look| !look.dismissed_by.contains(&actor.person))
}

fn is_contact(actor: &Actor, side: Role, incident: &Incident) -> bool {
    let contacts = incident
        .engagements
        .iter()
        .filter_map(|e| e.contact_of(actor.person));
    contacts.into_iter().any(|contact| contact.side == side)
}

/// Whether the actor may do it here and now, by role; the incident's state is judged by `decide`.
pub fn may(actor: &Actor, act: Act, incident: &Incident, playbook: &Playbook) -> bool {
    let role = match act {
        Act::Claim | Act::Leave => working_stage(incident, playbook).map(|s| s.role),
        Act::Receive => offered_stage(incident, playbook).map(|s| s.role),
        Act::Note => return incident.on_case.contains(&actor.person),
        Act::Link => {
            let here = working_stage(incident, playbook).is_some_and(|s| actor.has(s.role));
            return here || incident.on_case.contains(&actor.person);
        }
        Act::Reopen => {
            let stage = playbook.stage(&incident.stage);
            return stage.is_some_and(|s| actor.has(s.role)) || actor.has(Role::Manager);
        }
        Act::Engage => {
            return any(actor, &INVESTIGATORS) && incident.on_case.contains(&actor.person);
        }
        Act::Second => return any(actor, &[Role::Tier1, Role::Tier2]),
        Act::LookAgain => return looks_again(actor, incident),
        Act::Contain => return actor.has(Role::Tier3) && incident.on_case.contains(&actor.person),
        Act::Authorise => return any(actor, &APPROVERS),
        Act::Override => return any(actor, &[Role::Tier3, Role::Manager, Role::Legal]),
        Act::ReadDetails => {
            return incident.on_case.contains(&actor.person)
                || looks_again(actor, incident)
                || [
                    working_stage(incident, playbook),
                    offered_stage(incident, playbook),
                ]
                .into_iter()
                .flatten()
                .any(|s| actor.has(s.role));
        }
    };
    role.is_some_and(|role| actor.has(role))
}

/// The roles that investigate, contain and engage Governance.
const INVESTIGATORS: [Role; 2] = [Role::Tier2, Role::Tier3];

/// The roles that authorise containment, so that a second person can.
const APPROVERS: [Role; 2] = [Role::Tier3, Role::Manager];

fn any(actor: &Actor, roles: &[Role]) -> bool {
    roles.iter().any(|role| actor.has(*role))
}

/// Whether the actor may report what they saw.
pub fn may_report(actor: &Actor) -> bool {
    REPORTERS.into_iter().any(|role| actor.has(role))
}

/// The roles that report.
pub const REPORTERS: [Role; 4] = [Role::Frontline, Role::Tier1, Role::Tier2, Role::Tier3];

/// Leave to read counsel text: the engagement's contacts and deputies, and its one security contact.
pub fn counsel(actor: &Actor, engagement: &Engagement, walls: &Walls) -> Option<Clearance> {
    let addressed =
        engagement.contact_of(actor.person).is_some() || engagement.security == actor.person;
    (addressed && !walls.contains(&actor.person)).then(|| Clearance::at(Level::Everything))
}

/// Leave to read a request to speak to somebody, with its wording: those on the case, who asked, and whose word it
/// waits for.
pub fn talk(
    actor: &Actor,
    incident: &Incident,
    talk: &Talk,
    playbook: &Playbook,
    walls: &Walls,
) -> Option<Clearance> {
    let readable = reads(actor, incident, playbook, walls)?;
    let decides = talk
        .sides
        .iter()
        .any(|side| speaks_for(incident, actor, *side));
    let theirs = readable.level() >= Level::Everything || talk.asked_by == actor.person || decides;
    theirs.then(|| Clearance::at(Level::Everything))
}

/// Whether the actor may name the contact and the deputy of a side: each side its own.
pub fn may_name_contacts(actor: &Actor, side: Role) -> bool {
    actor.has(side)
}

/// Whether the actor may see which thresholds are agreed: all who engage, are engaged or answer for it.
pub fn may_see_thresholds(actor: &Actor) -> bool {
    any(actor, &INVESTIGATORS)
        || any(actor, &[Role::Legal, Role::Hr, Role::Grc])
        || any(actor, &[Role::Manager, Role::Auditor, Role::Admin])
}

/// The sides for which the actor may sign the thresholds.
pub fn signs_for(actor: &Actor) -> impl Iterator<Item = Role> + '_ {
    SIGNERS.into_iter().filter(|side| actor.has(*side))
}

/// What a closing brief may show: no more than the brief did.
pub fn closing() -> Clearance {
    Clearance::at(Level::Brief)
}

/// The record from which a brief takes the fields whose audience is Governance.
pub fn brief_record(incident: &Incident) -> &Record {
    incident.record.judge()
}

/// Whether the actor runs the service, and so may see how well it is: a lead or an administrator.
pub fn may_see_health(actor: &Actor) -> bool {
    actor.lead || actor.has(Role::Admin)
}

/// Whether the actor may search the words of alerts and have the history proven.
pub fn may_audit(actor: &Actor) -> bool {
    any(actor, &AUDITORS)
}

/// The roles that search and prove.
pub const AUDITORS: [Role; 2] = [Role::Manager, Role::Auditor];

/// Whether the actor may say who stands for a side: a lead, an administrator, and the side itself.
pub fn may_set_roster(actor: &Actor, side: Role) -> bool {
    actor.lead || actor.has(Role::Admin) || actor.has(side)
}

/// Leave to open the restricted part of an incident's alerts. The caller logs the view.
pub fn details(
    actor: &Actor,
    incident: &Incident,
    playbook: &Playbook,
    walls: &Walls,
) -> Option<Clearance> {
    let readable = reads(actor, incident, playbook, walls)?;
    // Others only what they reported or took up themselves.
    let theirs = any(actor, &[Role::Tier1, Role::Tier2, Role::Tier3])
        || incident.on_case.contains(&actor.person);
    let allowed = theirs
        && readable.level() >= Level::Facts
        && may(actor, Act::ReadDetails, incident, playbook);
    allowed.then(|| Clearance::at(Level::Everything))
}

/// Whether the actor reads persons by number and may learn their names on a stated reason. The caller logs it.
pub fn names(
    actor: &Actor,
    incident: &Incident,
    playbook: &Playbook,
    walls: &Walls,
) -> Option<Clearance> {
    let readable = reads(actor, incident, playbook, walls)?;
    let manages = actor.has(Role::Manager) && readable.level() >= Level::Steps;
    manages.then(|| Clearance::at(Level::Facts))
}

/// What the card in a stage's channel may show: what everybody with the stage's role may read of it there.
/// To whom a record is offered, they read it, so that they can judge whether to accept; once an investigator holds
/// it, the others of the tier read id, severity, age and holder, and the case goes on in its thread.
pub fn channel(stage: &Stage, offered: bool, held: bool) -> Clearance {
    let investigates = INVESTIGATORS.contains(&stage.role);
    let level = match (investigates, held) {
        _ if offered => Level::Record,
        (true, true) => Level::Stub,
        (true, false) => Level::Record,
        (false, _) => Level::Facts,
    };
    Clearance::at(level)
}

/// What the private thread of an accepted incident may show: only those on the case are in it.
pub fn thread() -> Clearance {
    Clearance::at(Level::Everything)
}

/// What an export may hold: the record, and of counsel text nothing.
pub fn export() -> Clearance {
    Clearance::at(Level::Record)
}

/// The stage whose people work on the incident: where it stands; while it is offered, nobody's but the receiver's.
fn working_stage<'p>(incident: &Incident, playbook: &'p Playbook) -> Option<&'p Stage> {
    match &incident.phase {
        Phase::Open { .. } => playbook.stage(&incident.stage),
        Phase::Offered(offer) => playbook.stage(&offer.from),
        Phase::Ended(_) => None,
    }
}

/// The stage that an open handoff is offered to.
fn offered_stage<'p>(incident: &Incident, playbook: &'p Playbook) -> Option<&'p Stage> {
    match &incident.phase {
        Phase::Offered(offer) => playbook.stage(&offer.to),
        Phase::Open { .. } | Phase::Ended(_) => None,
    }
}
