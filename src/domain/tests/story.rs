//! The invented playbook from opening to closure, by all its stages.

use super::{Case, actor, criterion, field, titles};
use crate::domain::effect::{self, Effect};
use crate::domain::ids::{ChannelKey, StageId};
use crate::domain::incident::{Command, EndKind, Event, Phase, Refusal, VisitState};
use crate::domain::record::{Answer, Origin, State};
use crate::domain::role::Role;
use chrono::TimeDelta;

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::kind).collect()
}

#[test]
fn an_invented_playbook_runs_from_opening_to_closure() {
    let (desk, street) = (actor(Role::Tier1, 1), actor(Role::Tier2, 3));
    let smith = actor(Role::Tier2, 4);
    let mut case = Case::opened();
    assert_eq!(case.incident().owner, "Reception");

    case.act(Some(&desk), &Command::Claim).unwrap();
    let events = case.submit(&desk, case.complete("send-search")).unwrap();
    assert_eq!(kinds(&events), ["offered"]);
    // Until it is accepted, it stands where it was.
    assert_eq!(case.incident().stage, StageId::new("desk"));
    assert_eq!(case.incident().owner, "Reception");

    case.act(Some(&street), &Command::Accept).unwrap();
    assert_eq!(case.incident().stage, StageId::new("street"));
    assert_eq!(case.incident().owner, "Site Security");
    assert_eq!(case.incident().holder(), Some(street.person));

    case.submit(&street, case.complete("make-new")).unwrap();
    case.act(Some(&smith), &Command::Accept).unwrap();
    // This handoff names a person and moves no ownership.
    assert_eq!(case.incident().owner, "Site Security");
    assert_eq!(case.incident().stage, StageId::new("smithy"));

    let events = case.submit(&smith, case.complete("finish")).unwrap();
    assert_eq!(kinds(&events), ["ended"]);
    let Phase::Ended(ended) = &case.incident().phase else {
        panic!("{:?}", case.incident().phase);
    };
    assert_eq!((ended.kind, ended.by), (EndKind::Closed, smith.person));
    let stages: Vec<&str> = case
        .incident()
        .visits
        .iter()
        .map(|v| v.stage.as_str())
        .collect();
    assert_eq!(stages, ["desk", "street", "smithy"]);
    let people: Vec<i64> = case.incident().on_case.iter().map(|p| p.0).collect();
    assert_eq!(people, [1, 3, 4]);
    assert_eq!(case.incident().version, case.history.len() as u64);
    assert_eq!(case.replayed().as_ref(), Some(case.incident()));
}

#[test]
fn whoever_submits_unclaimed_work_holds_it_first() {
    let desk = actor(Role::Tier1, 1);
    let mut case = Case::opened();
    let events = case.submit(&desk, case.complete("send-search")).unwrap();
    assert_eq!(kinds(&events), ["claimed", "offered"]);
}

#[test]
fn of_two_who_claim_one_holds_it_and_the_other_is_told_who() {
    let (first, second) = (actor(Role::Tier1, 1), actor(Role::Tier1, 2));
    let mut case = Case::opened();
    let claimed_at = case.now;
    assert_eq!(
        kinds(&case.act(Some(&first), &Command::Claim).unwrap()),
        ["claimed"]
    );
    case.wait(5);
    let refused = case.act(Some(&second), &Command::Claim).unwrap_err();
    let held = Refusal::Held {
        by: first.person,
        since: claimed_at,
    };
    assert_eq!(refused, held);
    assert_eq!(
        case.submit(&second, case.complete("send-search"))
            .unwrap_err(),
        held
    );
    // Pressing twice is no mistake and no second event.
    assert_eq!(case.act(Some(&first), &Command::Claim).unwrap(), Vec::new());
}

#[test]
fn a_returned_handoff_comes_back_to_its_sender_with_reason_and_record() {
    let (desk, street) = (actor(Role::Tier1, 1), actor(Role::Tier2, 3));
    let mut case = Case::opened();
    case.submit(&desk, case.complete("send-search")).unwrap();
    let nothing = Command::Return {
        reason: "  ".to_owned(),
    };
    assert_eq!(
        case.act(Some(&street), &nothing).unwrap_err(),
        Refusal::ReasonMissing
    );
    let reason = Command::Return {
        reason: " Which door? ".to_owned(),
    };
    case.act(Some(&street), &reason).unwrap();
    let incident = case.incident();
    assert_eq!(incident.stage, StageId::new("desk"));
    assert_eq!(incident.holder(), Some(desk.person));
    assert_eq!(incident.returned.as_ref().unwrap().reason, "Which door?");
    let states: Vec<&VisitState> = incident.visits.iter().map(|v| &v.state).collect();
    let now = case.now;
    let expected = [
        &VisitState::HandedOn(now),
        &VisitState::SentBack(now),
        &VisitState::Working,
    ];
    assert_eq!(states, expected);

    // The record is there: one amendment is enough, and the older answer is kept beside it.
    let mut amended = case.complete("send-search");
    amended.answers.clear();
    let door = State::Value(Answer::Choices(vec!["vault".to_owned()]));
    amended
        .answers
        .insert(field("doors"), (door.clone(), Origin::Person));
    case.submit(&desk, amended).unwrap();
    let record = case.incident().record.judge();
    assert_eq!(record.versions(&field("doors")).len(), 2);
    assert_eq!(record.latest(&field("doors")).unwrap().state, door);
    assert_eq!(case.incident().returned, None);
}

#[test]
fn a_refusal_names_all_that_is_missing_at_once() {
    let desk = actor(Role::Tier1, 1);
    let mut case = Case::opened();
    let mut empty = case.complete("send-search");
    empty.answers.clear();
    empty.criteria.clear();
    empty.done.clear();
    let refusal = case.submit(&desk, empty).unwrap_err();
    assert_eq!(
        titles(&refusal),
        [
            "Badge number is missing",
            "Badge holder is missing",
            "Noticed at is missing",
            "Door log is missing",
            "What happened is missing",
            "Was the desk searched? is missing",
            "Doors it opens is missing",
        ]
    );
    let Refusal::RecordIncomplete(readiness) = refusal else {
        unreachable!()
    };
    assert!(readiness.criterion_missing);
    assert_eq!(
        readiness.undone[0].1,
        "The holder was asked where it was last used"
    );
}

#[test]
fn what_is_owed_keeps_to_the_playbooks_leave() {
    let desk = actor(Role::Tier1, 1);
    let gaps = |id: &str, state: State| {
        let mut case = Case::opened();
        let mut form = case.complete("send-search");
        form.answers.insert(field(id), (state, Origin::Person));
        case.submit(&desk, form).map_err(|refusal| titles(&refusal))
    };
    let owed = |minutes: i64| State::Owed {
        until: super::start() + TimeDelta::minutes(minutes),
    };
    assert!(gaps("story", owed(120)).is_ok());
    let too_long = ["What happened may be owed for 120 minutes at most"];
    assert_eq!(gaps("story", owed(121)).unwrap_err(), too_long);
    assert_eq!(
        gaps("story", owed(0)).unwrap_err(),
        ["What happened was owed and is due now"]
    );
    assert_eq!(
        gaps("holder", owed(10)).unwrap_err(),
        ["Badge holder may not be owed here"]
    );
    assert!(gaps("door-log", State::SourceSilent).is_ok());
    let silent = ["What happened cannot be “source does not say”; find it out"];
    assert_eq!(gaps("story", State::SourceSilent).unwrap_err(), silent);
    let not_applicable = ["Badge holder cannot be “not applicable”"];
    assert_eq!(
        gaps("holder", State::NotApplicable).unwrap_err(),
        not_applicable
    );
    let stranger = ["How it ended does not belong to this record"];
    assert_eq!(
        gaps("end", State::Value(Answer::Choice("found".to_owned()))).unwrap_err(),
        stranger
    );
}

#[test]
fn of_the_fields_that_may_all_be_owed_one_has_a_value_at_once() {
    let desk = actor(Role::Tier1, 1);
    let sent = |owed: &[&str]| {
        let mut case = Case::opened();
        case.playbook = super::lenient();
        let mut form = case.complete("send-search");
        let until = case.now + TimeDelta::minutes(60);
        for id in owed {
            let answer = (State::Owed { until }, Origin::Person);
            form.answers.insert(field(id), answer);
        }
        case.submit(&desk, form).map_err(|refusal| titles(&refusal))
    };
    assert!(sent(&["badge-number"]).is_ok());
    assert!(sent(&["holder", "story", "doors"]).is_ok());
    let one = "one of these is needed at once: Badge number, Badge holder";
    assert_eq!(
        sent(&["badge-number", "holder"]).unwrap_err(),
        [format!("Badge number {one}"), format!("Badge holder {one}")]
    );
}

#[test]
fn what_was_owed_is_missing_at_the_next_handoff() {
    let (desk, street) = (actor(Role::Tier1, 1), actor(Role::Tier2, 3));
    let mut case = Case::opened();
    let mut form = case.complete("send-search");
    let until = case.now + TimeDelta::minutes(90);
    form.answers
        .insert(field("story"), (State::Owed { until }, Origin::Person));
    case.submit(&desk, form).unwrap();
    case.act(Some(&street), &Command::Accept).unwrap();
    let mut next = case.complete("make-new");
    next.answers.remove(&field("story"));
    let refusal = case.submit(&street, next).unwrap_err();
    assert_eq!(titles(&refusal), ["What happened may not be owed here"]);
}

#[test]
fn a_mandatory_criterion_that_is_met_excludes_dismissal() {
    use crate::domain::incident::{Evaluated, Finding};
    let desk = actor(Role::Tier1, 1);
    let mut case = Case::opened();
    let found = |finding| Command::Attach {
        alert: crate::domain::ids::AlertId(2),
        severity: crate::domain::alert::Severity::Low,
        concerned: None,
        criteria: vec![Evaluated {
            criterion: criterion("opened-a-door"),
            finding,
            facts: Vec::new(),
        }],
    };
    case.act(None, &found(Finding::Met)).unwrap();
    // What one alert met stays met when a later one does not show it.
    case.act(None, &found(Finding::NotMet)).unwrap();
    let Refusal::RecordIncomplete(readiness) =
        case.submit(&desk, case.complete("drawer")).unwrap_err()
    else {
        panic!("refused for another reason");
    };
    assert_eq!(
        readiness.excluded_by,
        ["The badge opened a door after it was lost."]
    );
    assert!(readiness.gaps.is_empty());
    let mut other = Case::opened();
    other.submit(&desk, other.complete("drawer")).unwrap();
    assert!(!other.incident().is_open());
}

#[test]
fn each_step_wants_its_cards() {
    let (desk, street) = (actor(Role::Tier1, 1), actor(Role::Tier2, 3));
    let mut case = Case::opened();
    let after = |case: &mut Case, who: &_, command: &Command| {
        let events = case.act(Some(who), command).unwrap();
        effect::of(&events, case.incident(), &case.playbook)
    };
    let (at_desk, at_street) = (
        ChannelKey::new("endpoint-desk"),
        ChannelKey::new("tier2-investigation"),
    );
    let edit_desk = Effect::EditCard {
        visit: 0,
        channel: at_desk,
    };
    assert_eq!(
        after(&mut case, &desk, &Command::Claim),
        std::slice::from_ref(&edit_desk)
    );
    let form = Command::Submit(Box::new(case.complete("send-search")));
    let post = Effect::PostCard {
        visit: 1,
        channel: at_street.clone(),
    };
    assert_eq!(after(&mut case, &desk, &form), [post, edit_desk.clone()]);
    let thread = Effect::OpenThread {
        channel: at_street.clone(),
    };
    let edit_street = Effect::EditCard {
        visit: 1,
        channel: at_street,
    };
    assert_eq!(
        after(&mut case, &street, &Command::Accept),
        [thread, edit_desk, edit_street]
    );
}
