//! Properties over random people who ask for random steps with records that are often incomplete.

use super::{Case, actor, answer};
use crate::domain::alert::Severity;
use crate::domain::due::{self, DueKind};
use crate::domain::effect::{self, Effect};
use crate::domain::hours::Calendar;
use crate::domain::ids::{AlertId, PersonId, StageId, TransitionId};
use crate::domain::incident::{
    Command, Evaluated, Event, Finding, Incident, Phase, ReachCommand, Submission,
};
use crate::domain::playbook::definition::{Transition, TransitionKind};
use crate::domain::policy::Actor;
use crate::domain::reach::{SNOOZE_AT_MOST, Waits};
use crate::domain::record::{Origin, State};
use crate::domain::role::Role;
use chrono::TimeDelta;
use proptest::prelude::*;

/// One thing that somebody asks.
#[derive(Debug, Clone)]
enum Asked {
    Claim,
    Accept,
    Return(bool),
    /// The clock: another word, a release, the end of a snooze.
    Say(bool),
    Release,
    EndSnooze,
    /// For so many hours.
    Snooze(i64),
    Count,
    /// A further alert that does or does not meet the criterion of this number.
    Attach(usize, bool),
    Submit(Draft),
}

/// A submission that is complete but for its defects.
#[derive(Debug, Clone)]
struct Draft {
    /// One of the playbook's transitions, whether or not it leaves the stage.
    way: usize,
    /// Bits of the criteria that are ticked.
    criteria: u8,
    /// Bits of the lines of done that are confirmed.
    done: u8,
    /// Field number and what is wrong with its answer.
    defects: Vec<(usize, Defect)>,
}

#[derive(Debug, Clone, Copy)]
enum Defect {
    Missing,
    NotApplicable,
    Silent,
    Owed(i64),
    Stranger,
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        3 => Just(Asked::Claim),
        4 => Just(Asked::Accept),
        2 => any::<bool>().prop_map(Asked::Return),
        1 => any::<bool>().prop_map(Asked::Say),
        1 => Just(Asked::Release),
        1 => Just(Asked::EndSnooze),
        2 => (-1..30_i64).prop_map(Asked::Snooze),
        1 => Just(Asked::Count),
        1 => (0..5_usize, any::<bool>()).prop_map(|(n, met)| Asked::Attach(n, met)),
        9 => draft().prop_map(Asked::Submit),
    ]
}

fn draft() -> impl Strategy<Value = Draft> {
    let defect = prop_oneof![
        Just(Defect::Missing),
        Just(Defect::NotApplicable),
        Just(Defect::Silent),
        (-30..200_i64).prop_map(Defect::Owed),
        Just(Defect::Stranger),
    ];
    // Mostly complete, so that the sequences get far.
    let mostly_all = || prop_oneof![4 => Just(u8::MAX), 1 => any::<u8>()];
    let owes_both = [0, 1].map(|field| (field, Defect::Owed(60))).to_vec();
    let defects = prop_oneof![
        4 => Just(Vec::new()),
        1 => Just(owes_both),
        2 => prop::collection::vec((0..12_usize, defect), 1..3),
    ];
    (0..5_usize, mostly_all(), mostly_all(), defects).prop_map(|(way, criteria, done, defects)| {
        Draft {
            way,
            criteria,
            done,
            defects,
        }
    })
}

fn people() -> [Option<Actor>; 7] {
    [
        Some(actor(Role::Tier1, 1)),
        Some(actor(Role::Tier1, 2)),
        Some(actor(Role::Tier2, 3)),
        Some(actor(Role::Tier2, 4)),
        Some(actor(Role::Manager, 6)),
        Some(actor(Role::Admin, 9)),
        None,
    ]
}

impl Draft {
    fn submission(&self, case: &Case) -> Submission {
        let way = &case.playbook.transitions[self.way];
        let picked = |bits: u8, index: usize| bits >> (index % 8) & 1 == 1;
        let here = case.playbook.stage(&case.incident().stage).unwrap();
        let mut submission = Submission {
            transition: way.id.clone(),
            criteria: Vec::new(),
            answers: case.complete_answers(&way.id),
            done: Vec::new(),
        };
        for (index, id) in way.criteria.iter().enumerate() {
            if picked(self.criteria, index) {
                submission.criteria.push(id.clone());
            }
        }
        for (index, line) in here.done.iter().enumerate() {
            if picked(self.done, index) {
                submission.done.push(line.id.clone());
            }
        }
        for (number, defect) in &self.defects {
            let field = &case.playbook.fields[number % case.playbook.fields.len()];
            let until = |minutes: i64| case.now + TimeDelta::minutes(minutes);
            let state = match defect {
                Defect::Missing => {
                    submission.answers.remove(&field.id);
                    continue;
                }
                Defect::NotApplicable => State::NotApplicable,
                Defect::Silent => State::SourceSilent,
                Defect::Owed(minutes) => State::Owed {
                    until: until(*minutes),
                },
                Defect::Stranger => State::Value(answer(field)),
            };
            submission
                .answers
                .insert(field.id.clone(), (state, Origin::Person));
        }
        submission
    }
}

impl Case {
    fn lenient() -> Self {
        Self {
            playbook: super::lenient(),
            ..Self::opened()
        }
    }

    fn complete_answers(
        &self,
        way: &TransitionId,
    ) -> std::collections::BTreeMap<crate::domain::ids::FieldId, (State, Origin)> {
        let fields = self.playbook.record_at(way);
        let fields = fields.iter().map(|id| self.playbook.field(id).unwrap());
        fields
            .map(|f| (f.id.clone(), (State::Value(answer(f)), Origin::Person)))
            .collect()
    }

    fn command(&self, asked: &Asked) -> Command {
        match asked {
            Asked::Claim => Command::Claim,
            Asked::Accept => Command::Accept,
            Asked::Return(says_why) => Command::Return {
                reason: if *says_why { "Which door?" } else { " " }.to_owned(),
            },
            Asked::Say(reachable) => super::say(self.incident().waits(), reachable.then_some(6)),
            Asked::Release => Command::Reach(ReachCommand::Release),
            Asked::EndSnooze => Command::Reach(ReachCommand::EndSnooze { manager: None }),
            Asked::Snooze(hours) => Command::Reach(ReachCommand::Snooze {
                until: Some(self.now + TimeDelta::hours(*hours)),
                reason: "The lost property office is closed.".to_owned(),
            }),
            Asked::Count => Command::CountRepeat {
                alert: AlertId(1),
                times: 2,
            },
            Asked::Attach(number, met) => Command::Attach {
                alert: AlertId(2),
                severity: Severity::High,
                concerned: Some(PersonId(51)),
                criteria: vec![Evaluated {
                    criterion: self.playbook.criteria[*number].id.clone(),
                    finding: if *met { Finding::Met } else { Finding::NotMet },
                    facts: Vec::new(),
                }],
            },
            Asked::Submit(draft) => Command::Submit(Box::new(draft.submission(self))),
        }
    }

    /// Read from the playbook alone, apart from `decide`: what a step that was taken must have carried.
    fn prove_step(&self, before: &Incident, way: &Transition, event: &Event, by: Option<&Actor>) {
        let (Event::Offered { criteria, done, .. } | Event::Ended { criteria, done, .. }) = event
        else {
            unreachable!()
        };
        let stage = self.playbook.stage(&before.stage).unwrap();
        assert!(
            way.from.contains(&stage.id),
            "{} does not leave {}",
            way.id,
            stage.id
        );
        assert!(by.unwrap().has(stage.role));
        assert!(
            criteria.iter().any(|c| way.criteria.contains(c)),
            "no criterion"
        );
        assert!(
            stage.done.iter().all(|line| done.contains(&line.id)),
            "not done"
        );
        let record = self.incident().record.judge();
        for id in self.playbook.record_at(&way.id) {
            let field = self.playbook.field(&id).unwrap();
            let entry = record
                .latest(&id)
                .unwrap_or_else(|| panic!("{id} is missing"));
            let stands = match &entry.state {
                State::Value(_) => true,
                State::NotApplicable => field.may_be_not_applicable,
                State::SourceSilent => field.may_be_silent,
                State::Owed { until } => way.owed.iter().any(|owed| {
                    owed.field == id && *until > self.now && *until <= self.now + owed.within
                }),
            };
            assert!(stands, "{id} passed as {:?}", entry.state);
        }
        let value = |id| {
            record
                .latest(id)
                .is_some_and(|e| matches!(e.state, State::Value(_)))
        };
        assert!(
            way.one_of.is_empty() || way.one_of.iter().any(value),
            "nothing of {:?}",
            way.one_of
        );
        if way.kind == TransitionKind::Dismissal {
            let met = before
                .criteria
                .iter()
                .filter(|(_, c)| c.finding == Finding::Met);
            let mut met = met.filter_map(|(id, _)| self.playbook.criterion(id));
            assert!(
                met.all(|c| !c.mandatory),
                "dismissed against a mandatory criterion"
            );
        }
    }

    /// An open incident is never out of sight: it is raised next, or rests until a moment within the stage's time.
    pub fn prove_next_step(&self) {
        let incident = self.incident();
        for calendar in [Calendar::default(), super::hours::office()] {
            let dues = due::of(incident, &self.playbook, &calendar, self.now);
            let next = dues.iter().find(|due| match due.kind {
                DueKind::Said(Waits::Take | Waits::Idle)
                | DueKind::Release
                | DueKind::SnoozeEnds => true,
                DueKind::Said(Waits::Acknowledge(_))
                | DueKind::Owed(_)
                | DueKind::Talk(_)
                | DueKind::LookAgain => false,
            });
            assert_eq!(next.is_some(), incident.is_open(), "{dues:?}");
            let Some(next) = next else { continue };
            let rests = next.kind == DueKind::SnoozeEnds;
            assert_eq!(rests, incident.snoozed().is_some());
            let stage = self.playbook.stage(&incident.stage).unwrap();
            let longest = if rests {
                stage.snooze_at_most.unwrap_or(SNOOZE_AT_MOST)
            } else {
                // Longer than any time of these stages.
                TimeDelta::days(2)
            };
            let weekend = calendar.organisation.iter().map(|_| TimeDelta::days(3));
            let longest = longest + weekend.sum::<TimeDelta>();
            assert!(next.at <= self.now + longest, "{next:?} at {}", self.now);
        }
    }

    /// What holds after every step, taken or refused.
    fn prove_state(&self) {
        let incident = self.incident();
        assert_eq!(incident.version, self.history.len() as u64);
        assert_eq!(self.replayed().as_ref(), Some(incident));
        self.prove_next_step();
        for (event, ..) in &self.history {
            let stored = serde_json::to_string(event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&stored).unwrap(), *event);
        }
    }
}

/// Asks once and proves what came of it; gives back how many cards were posted.
fn step(case: &mut Case, who: Option<&Actor>, asked: &Asked) -> usize {
    let before = case.incident().clone();
    let command = case.command(asked);
    let Ok(events) = case.act(who, &command) else {
        assert_eq!(*case.incident(), before, "a refusal changed something");
        return 0;
    };
    for event in &events {
        if let Event::Offered { transition, .. } | Event::Ended { transition, .. } = event {
            let way = case.playbook.transition(transition).unwrap().clone();
            case.prove_step(&before, &way, event, who);
        }
    }
    let after = case.incident();
    if after.stage != before.stage {
        assert_eq!(events.len(), 1);
        assert!(
            matches!(events[0], Event::Accepted { .. }),
            "{events:?} moved it"
        );
        let offered_to = match &before.phase {
            Phase::Offered(offer) => offer.to.clone(),
            Phase::Open { .. } | Phase::Ended(_) => StageId::new("nowhere"),
        };
        assert_eq!(after.stage, offered_to);
    }
    let effects = effect::of(&events, after, &case.playbook);
    let posted: Vec<usize> = effects
        .iter()
        .filter_map(|e| match e {
            Effect::PostCard { visit, .. } => Some(*visit),
            Effect::EditCard { .. }
            | Effect::Remind { .. }
            | Effect::RemindLook { .. }
            | Effect::PostBrief { .. }
            | Effect::RemindBrief { .. }
            | Effect::TellCase { .. }
            | Effect::PostStatus { .. }
            | Effect::EditBrief { .. }
            | Effect::Reach(_)
            | Effect::Governance(_)
            | Effect::OpenThread { .. } => None,
        })
        .collect();
    let new: Vec<usize> = (before.visits.len()..after.visits.len()).collect();
    assert_eq!(posted, new, "each new visit has its card, and only that");
    posted.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_commands_passes_a_gap_that_is_not_owed(
        steps in prop::collection::vec((0..7_usize, asked(), 0..90_i64), 1..40)
    ) {
        let people = people();
        let mut case = Case::lenient();
        let mut cards = 1;
        for (who, asked, minutes) in &steps {
            case.wait(*minutes);
            cards += step(&mut case, people[*who].as_ref(), asked);
            case.prove_state();
        }
        prop_assert_eq!(cards, case.incident().visits.len());
    }
}

/// The property above says something only if its sequences get somewhere.
#[test]
fn the_random_sequences_reach_every_stage_and_both_ends() {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let steps = prop::collection::vec((0..7_usize, asked(), 0..90_i64), 40..41);
    let people = people();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..300 {
        let steps = steps.new_tree(&mut runner).unwrap().current();
        let mut case = Case::lenient();
        for (who, asked, minutes) in &steps {
            case.wait(*minutes);
            step(&mut case, people[*who].as_ref(), asked);
            seen.insert(case.incident().stage.to_string());
        }
        if let Phase::Ended(ended) = &case.incident().phase {
            seen.insert(format!("{:?}", ended.kind));
        }
        if !case
            .incident()
            .record
            .judge()
            .versions(&super::field("story"))
            .is_empty()
        {
            seen.insert("recorded".to_owned());
        }
    }
    let expected = [
        "Closed",
        "Dismissed",
        "desk",
        "recorded",
        "smithy",
        "street",
    ];
    assert_eq!(
        seen.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
}
