//! The program under the model: the use cases on a store in a folder that is thrown away, which is stopped and killed
//! and opened again.

use super::Step;
use super::book::{BOOKS, Given, PEOPLE, Way};
use super::rules::{Case, Deed, Flaw, Said, Standing, Why};
use baton::app::intake::{Arrived, Batch};
use baton::app::playbooks::Playbooks;
use baton::app::{App, AppError, Clock, Ids};
use baton::domain::ids::{
    AccountId, CriterionId, DoneId, FieldId, IncidentId, PersonId, SourceId, StageId, TransitionId,
};
use baton::domain::incident::{Command, EndKind, Incident, Noting, Phase, Refusal, Submission};
use baton::domain::playbook::shipped;
use baton::domain::policy::Actor;
use baton::domain::record::{Answer, Origin, State};
use baton::http::sources::Adapter;
use baton::store::{self, Store};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tempfile::TempDir;
use tokio::task::{JoinHandle, JoinSet};

const MORNING: &str = "2026-11-20T09:00:00Z";
/// Between two rounds: all of them together take less than held work may lie.
const PAUSE: TimeDelta = TimeDelta::minutes(3);

/// The playbook, kind and person of each alert that opens an incident.
const OPENED: [(usize, &str, &str); 8] = [
    (0, "dlp", "first"),
    (0, "dlp", "often"),
    (0, "dlp", "often"),
    (0, "dlp", "often"),
    (1, "infra", "third"),
    (1, "infra", "fourth"),
    (1, "infra", "fifth"),
    (0, "dlp", "sixth"),
];

/// What somebody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Done(bool),
    Refused(Why),
}

impl Said {
    /// Whether this is told truly.
    pub fn is(&self, told: Told) -> bool {
        match (self, told) {
            (Self::Done(changed), Told::Done(told)) => *changed == told,
            (Self::Refused(all), Told::Refused(why)) => all.contains(&why),
            (Self::Done(_), Told::Refused(_)) | (Self::Refused(_), Told::Done(_)) => false,
        }
    }
}

/// Minutes since the morning.
#[derive(Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> DateTime<Utc> {
        let morning: DateTime<Utc> = MORNING.parse().unwrap();
        morning + TimeDelta::minutes(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Default)]
struct Counted(AtomicU64);

impl Ids for Counted {
    fn salt(&self) -> [u8; 16] {
        let next = self.0.fetch_add(1, Ordering::Relaxed);
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&next.to_be_bytes());
        salt
    }
}

pub struct Hands {
    folder: TempDir,
    playbooks: Arc<Playbooks>,
    clock: Arc<Hand>,
    ids: Arc<Counted>,
    running: Option<(App, JoinHandle<()>)>,
    actors: Vec<Actor>,
}

/// The playbooks: a shipped one, an operator's own, and what takes the rest.
fn playbooks() -> Playbooks {
    let own = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/playbooks/invented.toml"
    ));
    // The generic source names no product.
    let own = own.replace(" && alert.product == 'Doors'", "");
    let mut files = vec![("lost-badge.toml".to_owned(), own)];
    for (name, text) in shipped::embedded() {
        if name != "endpoint-security.toml" {
            files.push((name.to_owned(), text.to_owned()));
        }
    }
    Playbooks::read(&files).unwrap()
}

impl Hands {
    /// A store with an incident for each case: of each playbook some, and three of one person.
    pub async fn begin() -> (Self, Vec<Case>) {
        let mut hands = Self {
            folder: tempfile::tempdir().unwrap(),
            playbooks: Arc::new(playbooks()),
            clock: Arc::default(),
            ids: Arc::default(),
            running: None,
            actors: Vec::new(),
        };
        hands.open().await;
        let app = hands.app();
        for (number, (name, role)) in PEOPLE.into_iter().enumerate() {
            let account = AccountId::new((100 + number).to_string());
            let roles = BTreeSet::from([role]);
            let actor = app.actor(account, name.to_owned(), roles, false).await;
            hands.actors.push(actor.unwrap());
        }
        let mut cases = Vec::new();
        for (book, kind, person) in OPENED {
            let number = cases.len() + 1;
            let body = serde_json::json!({
                "id": format!("a-{number}"), "kind": kind, "severity": "medium", "user": format!("{person}@contoso.example"),
                "policy": "Lists", "detected_at": "2026-11-20T08:30:00Z",
            });
            let raw = body.to_string().into_bytes();
            let read = Adapter::Generic(Box::default())
                .read(&raw, app.now())
                .unwrap();
            let reading = read.into_iter().next().unwrap().outcome.unwrap();
            let elements = vec![Arrived {
                raw,
                reading: Ok(reading),
            }];
            let source = SourceId::new("doors");
            let batch = Batch {
                source,
                elements,
                reported_by: None,
                drill: false,
            };
            let taken = app.take(batch).await.unwrap();
            assert_eq!(taken[0].incident, Some(incident(cases.len())));
            cases.push(Case::opened(book, person == "often"));
        }
        assert_eq!(hands.look(&cases).await, cases);
        (hands, cases)
    }

    fn app(&self) -> App {
        self.running.as_ref().unwrap().0.clone()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no tracker; it keeps the writer's handle and ends it"
    )]
    async fn open(&mut self) {
        let file = self.folder.path().join("baton.db");
        let (store, writing) = Store::open(&file).await.unwrap();
        let writer = tokio::spawn(writing);
        let app = App {
            store,
            playbooks: self.playbooks.clone(),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            zone: chrono_tz::Tz::UTC,
            hours: None,
            arriving: baton::app::intake::waiting(),
            acting: baton::app::act::waiting(),
            watch: Arc::default(),
        };
        let (keeper, now) = (app.clone(), app.now());
        // A write of its own: whatever the last run had under way has its end before it.
        let kept: Result<(), AppError> = app
            .store
            .write(move |connection| {
                Box::pin(async move { Ok(keeper.playbooks.keep(connection, now).await?) })
            })
            .await;
        kept.unwrap();
        self.running = Some((app, writer));
    }

    /// All steps at the same moment, with the program's own clockwork beside them. Where the service is killed, some have
    /// no answer.
    pub async fn at_once(
        &mut self,
        steps: &[Step],
        kill_after: Option<usize>,
    ) -> Vec<Option<Told>> {
        self.clock
            .0
            .fetch_add(PAUSE.num_minutes(), Ordering::Relaxed);
        let mut tasks = JoinSet::new();
        for (place, step) in steps.iter().enumerate() {
            let (app, actor) = (self.app(), self.actors[step.who].clone());
            let (id, command) = (incident(step.case), command(step, app.now()));
            tasks.spawn(async move {
                (
                    place,
                    app.act(&actor, id, command)
                        .await
                        .map(|acted| acted.changed),
                )
            });
        }
        let app = self.app();
        let sweeping = async move {
            let _ = app.sweep().await;
            drop(app);
        };
        if let Some(turns) = kill_after {
            let killed = async {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
                self.running.as_ref().unwrap().1.abort();
            };
            tokio::join!(killed, sweeping);
        } else {
            sweeping.await;
        }
        let mut told = vec![None; steps.len()];
        while let Some(done) = tasks.join_next().await {
            let (place, outcome) = done.unwrap();
            told[place] = match outcome {
                Ok(changed) => Some(Told::Done(changed)),
                Err(AppError::Refused(refusal)) => Some(Told::Refused(why(&refusal))),
                Err(AppError::Store(_)) if kill_after.is_some() => None,
                Err(fault) => panic!("{:?}: {fault}", steps[place]),
            };
        }
        if kill_after.is_some() {
            self.restart().await;
        }
        told
    }

    /// Ends and begins again.
    pub async fn restart(&mut self) {
        let (app, writer) = self.running.take().unwrap();
        drop(app);
        // It ends by itself once nobody can ask it anything more, if it was not killed.
        let _ = writer.await;
        self.open().await;
    }

    /// Each incident as the store has it, in the model's words.
    pub async fn look(&self, cases: &[Case]) -> Vec<Case> {
        let mut reader = self.app().store.read().await.unwrap();
        let mut found = Vec::new();
        for (number, case) in cases.iter().enumerate() {
            let incident = store::incident::find(&mut reader, incident(number))
                .await
                .unwrap();
            found.push(self.seen(&incident.unwrap(), case));
        }
        found
    }

    fn seen(&self, incident: &Incident, case: &Case) -> Case {
        let book = case.book();
        assert_eq!(incident.playbook.id.to_string(), book.id);
        let who = |person: PersonId| self.actors.iter().position(|a| a.person == person).unwrap();
        let stage = |id: &StageId| {
            book.stages
                .iter()
                .map(|s| s.id)
                .find(|s| *s == id.as_str())
                .unwrap()
        };
        let standing = match (&incident.phase, &incident.proposal) {
            (Phase::Open { holder: Some(held) }, Some(proposal)) => Standing::Proposed {
                by: who(proposal.by),
                held_by: who(held.by),
            },
            (Phase::Open { holder: Some(held) }, None) => Standing::Held { by: who(held.by) },
            (Phase::Open { holder: None }, None) => Standing::Free,
            (Phase::Offered(offer), None) => Standing::Offered {
                to: stage(&offer.to),
                by: who(offer.by),
            },
            (Phase::Ended(ended), None) => match ended.kind {
                EndKind::Dismissed => Standing::Dismissed,
                EndKind::Closed => Standing::Closed,
            },
            (phase, Some(_)) => panic!("{phase:?}, and a proposal waits"),
        };
        let owner = book
            .stages
            .iter()
            .map(|s| s.owner)
            .find(|o| *o == incident.owner);
        let record = incident
            .record
            .open(&baton::domain::policy::thread())
            .unwrap();
        let fields = BOOKS[case.book]
            .ways
            .iter()
            .flat_map(|way| way.record)
            .map(|(field, _)| *field);
        Case {
            book: case.book,
            repeated: case.repeated,
            stage: stage(&incident.stage),
            owner: owner.unwrap(),
            standing,
            members: incident.on_case.iter().copied().map(who).collect(),
            reopened: incident.reopened,
            filled: fields
                .filter(|field| record.latest(&FieldId::new(*field)).is_some())
                .collect(),
        }
    }

    /// The history proves itself, and is what each incident stands on.
    pub async fn prove(&self) {
        let mut reader = self.app().store.read().await.unwrap();
        let proof = store::verify::verify(&mut reader).await.unwrap();
        assert_eq!(proof.fault, None);
    }
}

fn incident(case: usize) -> IncidentId {
    IncidentId(i64::try_from(case).unwrap() + 1)
}

fn command(step: &Step, now: DateTime<Utc>) -> Command {
    let said = |reason: bool| if reason { "Because of this." } else { "  " }.to_owned();
    match &step.deed {
        Deed::Claim => Command::Claim,
        Deed::Take(way, flaw) => {
            let book = OPENED[step.case].0;
            Command::Submit(Box::new(submission(
                &BOOKS[book].ways[*way],
                flaw,
                book,
                now,
            )))
        }
        Deed::Accept => Command::Accept,
        Deed::Return(why) => Command::Return { reason: said(*why) },
        Deed::Agree(why) => Command::Agree { reason: said(*why) },
        Deed::Refuse(why) => Command::Refuse { reason: said(*why) },
        Deed::Note(text) => Command::Note(Box::new(Noting {
            text: said(*text),
            ..Noting::default()
        })),
        Deed::Reopen(why) => Command::Reopen { reason: said(*why) },
    }
}

fn submission(way: &Way, flaw: &Flaw, book: usize, now: DateTime<Utc>) -> Submission {
    let left_out = flaw.left_out(way);
    let given = way
        .record
        .iter()
        .filter(|(field, _)| Some(*field) != left_out);
    // The lines of every stage that it may leave: those of another are nothing to it.
    let stages = BOOKS[book]
        .stages
        .iter()
        .filter(|stage| way.from.contains(&stage.id));
    let done = stages.flat_map(|stage| {
        let skipped = usize::from(*flaw == Flaw::Done);
        stage.done.iter().skip(skipped)
    });
    let criterion = (*flaw != Flaw::Criterion).then(|| CriterionId::new(way.criterion));
    Submission {
        transition: TransitionId::new(way.id),
        criteria: criterion.into_iter().collect(),
        answers: given
            .map(|(field, given)| (FieldId::new(*field), (answer(*given, now), Origin::Person)))
            .collect(),
        done: done.map(|line| DoneId::new(*line)).collect(),
    }
}

fn answer(given: Given, now: DateTime<Utc>) -> State {
    State::Value(match given {
        Given::Words => Answer::Text("One\nTwo\nThree\nFour\nFive\nSix".to_owned()),
        Given::Choice(id) => Answer::Choice(id.to_owned()),
        Given::No => Answer::YesNo {
            yes: false,
            reason: "Nothing speaks for it.".to_owned(),
        },
        Given::Time => Answer::At(now),
        Given::Link => Answer::Link("https://source.example/1".to_owned()),
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "no other refusal is true of these steps, whatever is added"
)]
fn why(refusal: &Refusal) -> Why {
    use baton::domain::incident::CaseFault;
    match refusal {
        Refusal::NotFound => Why::Unknown,
        Refusal::NotYours { .. } => Why::NotYours,
        Refusal::Held { .. } => Why::Held,
        Refusal::Offered { .. } => Why::Offered,
        Refusal::NothingOffered => Why::NothingOffered,
        Refusal::Ended => Why::Ended,
        Refusal::NoSuchWay { .. } => Why::NoWay,
        Refusal::RecordIncomplete(_) => Why::Incomplete,
        Refusal::ReasonMissing => Why::NoReason,
        Refusal::Proposed { .. } => Why::Proposed,
        Refusal::NothingProposed => Why::NothingProposed,
        Refusal::SamePerson => Why::SamePerson,
        Refusal::Case(CaseFault::OpenStill) => Why::OpenStill,
        other => panic!("{other:?}"),
    }
}
