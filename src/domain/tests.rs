//! The invented playbook with an incident under way, and what the domain's rules make of it. No word of the playbook
//! occurs in the program.

mod audit;
mod case;
mod clocks;
mod consistency;
mod containing;
mod due;
mod elsewhere;
mod engaging;
mod form;
mod governing;
mod hours;
mod leaks;
mod looks;
mod outcome;
mod patterns;
mod policy;
mod random;
mod random_beside;
mod reach;
mod record;
mod refusals;
mod room;
mod second;
mod story;
mod stuck;
mod talking;
mod thresholds;

use super::alert::Severity;
use super::ids::{
    AccountId, AlertId, CriterionId, FieldId, IncidentId, PersonId, PlaybookRef, StageId,
    TransitionId,
};
use super::incident::{
    Command, Context, Elsewhere, Event, Incident, Opening, ReachCommand, Refusal, Submission,
    apply, decide, replay,
};
use super::pattern::Fitting;
use super::playbook::definition::{Field, FieldKind, Playbook};
use super::playbook::read;
use super::policy::Actor;
use super::reach::Waits;
use super::record::{Answer, Entry, Origin, State};
use super::role::Role;
use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};

const TEXT: &str = include_str!("../../tests/data/playbooks/invented.toml");

fn playbook() -> Playbook {
    read(TEXT).unwrap()
}

/// The same, where the two identifiers may be owed too, but not both at once.
fn lenient() -> Playbook {
    let strict = r#"fields = ["story", "doors"]"#;
    assert!(TEXT.contains(strict));
    read(&TEXT.replace(
        strict,
        r#"fields = ["story", "doors", "badge-number", "holder"]"#,
    ))
    .unwrap()
}

fn start() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 3, 8, 40, 0).unwrap()
}

fn actor(role: Role, person: i64) -> Actor {
    Actor {
        person: PersonId(person),
        account: AccountId::new(format!("90{person}")),
        roles: [role].into(),
        lead: false,
    }
}

/// An incident with its whole history.
struct Case {
    playbook: Playbook,
    incident: Option<Incident>,
    history: Vec<(Event, PersonId, DateTime<Utc>)>,
    now: DateTime<Utc>,
    /// What was counted of the person concerned.
    detections: Option<i64>,
    /// What the sources counted.
    exposure: Option<i64>,
    /// The playbook's patterns, as each fits it.
    patterns: Vec<Fitting>,
}

impl Case {
    /// Nothing has happened yet.
    fn new() -> Self {
        Self {
            playbook: playbook(),
            incident: None,
            history: Vec::new(),
            now: start(),
            detections: None,
            exposure: None,
            patterns: Vec::new(),
        }
    }

    /// An alert has opened it at the first stage.
    fn opened() -> Self {
        let mut case = Self::new();
        case.act(None, &opening()).unwrap();
        case
    }

    fn incident(&self) -> &Incident {
        self.incident.as_ref().unwrap()
    }

    fn context<'a>(&'a self, actor: Option<&'a Actor>) -> Context<'a> {
        Context {
            detections: self.detections,
            exposure: self.exposure,
            patterns: &self.patterns,
            ..Context::new(self.now, &self.playbook, actor)
        }
    }

    /// Decides and, where it is allowed, folds the events in.
    fn act(&mut self, actor: Option<&Actor>, command: &Command) -> Result<Vec<Event>, Refusal> {
        let decided = decide(self.incident.as_ref(), command, &self.context(actor));
        if !command.looks_around() {
            assert_eq!(decided, self.decide_with_much_around(actor, command));
        }
        let events = decided?;
        let by = actor.map_or(PersonId::PROGRAM, |a| a.person);
        for event in &events {
            self.incident = apply(self.incident.take(), event, by, self.now);
            self.history.push((event.clone(), by, self.now));
        }
        Ok(events)
    }

    /// With more detections, more exposure and more linked than any case here has.
    fn decide_with_much_around(
        &self,
        actor: Option<&Actor>,
        command: &Command,
    ) -> Result<Vec<Event>, Refusal> {
        let mut elsewhere = Elsewhere::default();
        if let Some(incident) = &self.incident {
            elsewhere.add(incident, &self.playbook, true);
        }
        let context = Context {
            detections: Some(99),
            exposure: Some(1_000_000),
            elsewhere: Some(&elsewhere),
            patterns: &[],
            ..self.context(actor)
        };
        decide(self.incident.as_ref(), command, &context)
    }

    fn wait(&mut self, minutes: i64) {
        self.now += TimeDelta::minutes(minutes);
    }

    /// What the history leads to, without the saved state.
    fn replayed(&self) -> Option<Incident> {
        replay(self.history.iter().map(|(event, by, at)| (event, *by, *at)))
    }

    /// A submission with nothing missing.
    fn complete(&self, transition: &str) -> Submission {
        let id = TransitionId::new(transition);
        let way = self.playbook.transition(&id).unwrap();
        let fields = self.playbook.record_at(&id);
        let fields = fields.iter().map(|id| self.playbook.field(id).unwrap());
        let stage = self.playbook.stage(&self.incident().stage).unwrap();
        Submission {
            criteria: vec![way.criteria[0].clone()],
            answers: fields
                .map(|f| (f.id.clone(), (State::Value(answer(f)), Origin::Person)))
                .collect(),
            done: stage.done.iter().map(|line| line.id.clone()).collect(),
            transition: id,
        }
    }

    fn submit(&mut self, actor: &Actor, submission: Submission) -> Result<Vec<Event>, Refusal> {
        self.act(Some(actor), &Command::Submit(Box::new(submission)))
    }
}

fn opening() -> Command {
    Command::Open(Box::new(Opening {
        id: IncidentId(1),
        playbook: PlaybookRef {
            id: playbook().id,
            version: "3.1".to_owned(),
            hash: "00".repeat(32),
        },
        alert: AlertId(1),
        raw_sha256: "11".repeat(32),
        severity: Severity::Medium,
        stage: StageId::new("desk"),
        because: "Each loss starts at the reception desk.".to_owned(),
        concerned: Some(PersonId(50)),
        reported_by: None,
        criteria: Vec::new(),
        drill: false,
        sealed: false,
    }))
}

/// A value of the field's kind.
fn answer(field: &Field) -> Answer {
    match &field.kind {
        FieldKind::Line | FieldKind::Paragraph => Answer::Text("said at the desk".to_owned()),
        FieldKind::Choice(options) => Answer::Choice(options[0].id.clone()),
        FieldKind::Choices(options) => Answer::Choices(vec![options[0].id.clone()]),
        FieldKind::Person => Answer::Person("9050".to_owned()),
        FieldKind::Time => Answer::At(start()),
        FieldKind::Link => Answer::Link("https://doors.example/log".to_owned()),
        FieldKind::YesNo => Answer::YesNo {
            yes: true,
            reason: "nothing found".to_owned(),
        },
        FieldKind::Upload => Answer::Upload {
            filename: "report.png".to_owned(),
            size_bytes: 1000,
        },
    }
}

/// An entry that somebody typed.
fn answer_entry(id: &str, choice: &str) -> (FieldId, Entry) {
    let entry = Entry {
        state: State::Value(Answer::Choice(choice.to_owned())),
        origin: Origin::Person,
        by: PersonId(3),
        at: start(),
    };
    (field(id), entry)
}

/// The clock asks for another word; this manager could be told.
fn say(about: Waits, manager: Option<i64>) -> Command {
    let manager = manager.map(PersonId);
    Command::Reach(ReachCommand::Say { about, manager })
}

fn field(id: &str) -> FieldId {
    FieldId::new(id)
}

fn criterion(id: &str) -> CriterionId {
    CriterionId::new(id)
}

fn titles(refusal: &Refusal) -> Vec<String> {
    let Refusal::RecordIncomplete(readiness) = refusal else {
        panic!("{refusal:?}");
    };
    readiness
        .gaps
        .iter()
        .map(|gap| format!("{} {}", gap.title, gap.problem))
        .collect()
}
