//! The one writer: a task that owns the connection, takes what waits, runs each job in a savepoint,
//! commits once, then answers. A job that fails is undone alone; a failed commit fails every job of its group;
//! a caller that went away does not cancel its job.

use super::StoreError;
use super::checkpoint::{self, Finish};
use super::gather::{Gather, Turn, Waiting, work_together};
use super::trouble::{Cause, Trouble};
use crate::watch::StoreMeters;
use futures_util::FutureExt as _;
use sqlx::{Connection as _, SqliteConnection};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

/// How many jobs may share one commit. A bound on the wait of the first, not a tuning knob.
pub(super) const GROUP_MAX: usize = 256;
/// How many jobs may wait before callers do.
const QUEUE_MAX: usize = 4096;

/// A future over the writer's connection.
pub type Job<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

type Work = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection, Undo) -> Job<'c, Settled> + Send>;
pub(super) type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

pub(super) struct Settled {
    pub callers: usize,
    pub keep: bool,
    pub trouble: Option<Trouble>,
    pub answer: Answer,
}

/// How a job is undone. The first of a group has the transaction to itself; the others have a savepoint, for which SQLite
/// keeps a copy of each page that they change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Undo {
    Transaction,
    Savepoint,
}

impl Undo {
    async fn begin(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        match self {
            Self::Transaction => Ok(()),
            Self::Savepoint => statement(connection, "SAVEPOINT job").await,
        }
    }

    /// As it was when the job began.
    pub(super) async fn back(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        match self {
            Self::Transaction => {
                statement(connection, "ROLLBACK").await?;
                statement(connection, "BEGIN IMMEDIATE").await
            }
            Self::Savepoint => statement(connection, "ROLLBACK TO job").await,
        }
    }

    async fn end(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        match self {
            Self::Transaction => Ok(()),
            Self::Savepoint => statement(connection, "RELEASE job").await,
        }
    }
}

impl Settled {
    pub(super) fn nothing() -> Self {
        Self {
            callers: 0,
            keep: false,
            trouble: None,
            answer: Box::new(|_| {}),
        }
    }
}

/// One caller among those whose work waits for its turn; no more once it is taken, or dropped.
pub(super) struct InLine(Arc<AtomicUsize>);

impl InLine {
    fn new(line: &Arc<AtomicUsize>) -> Self {
        line.fetch_add(1, Ordering::Relaxed);
        Self(line.clone())
    }
}

impl Drop for InLine {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Work with its place in the queue, which is free again once it was taken.
type Queued = (Work, Option<tokio::sync::OwnedSemaphorePermit>);

/// The way in. Cheap to clone; the task ends when the last one is dropped.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::UnboundedSender<Queued>,
    places: Arc<Semaphore>,
    /// How many callers' work waits.
    line: Arc<AtomicUsize>,
    committed: watch::Receiver<u64>,
    troubles: watch::Receiver<Option<Trouble>>,
    meters: StoreMeters,
}

impl Writer {
    /// Starts the task on a connection of its own and gives back its future, for a tracker to run.
    pub(super) fn new(
        connection: SqliteConnection,
        finish: Finish,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (jobs, waiting) = mpsc::unbounded_channel();
        let (commits, committed) = watch::channel(0);
        let (trouble, troubles) = watch::channel(None);
        let meters = StoreMeters::default();
        let line = Arc::<AtomicUsize>::default();
        let writer = Self {
            jobs,
            places: Arc::new(Semaphore::new(QUEUE_MAX)),
            line: line.clone(),
            committed,
            troubles,
            meters: meters.clone(),
        };
        let told = Told {
            commits,
            trouble,
            meters,
        };
        (writer, run(connection, waiting, line, finish, told))
    }

    /// Runs a job inside the next commit. An error undoes the job alone; the answer to a success comes after the commit.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Cause + Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Job<'c, Result<T, E>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel::<Result<T, E>>();
        let in_line = InLine::new(&self.line);
        let work: Work = Box::new(move |connection, _| {
            drop(in_line);
            Box::pin(async move {
                let outcome = job(connection).await;
                let keep = outcome.is_ok();
                let trouble = outcome.as_ref().err().and_then(Cause::trouble);
                let answer: Answer = Box::new(move |committed| {
                    let last = match committed {
                        Err(fault) if keep => Err(E::from(fault)),
                        _ => outcome,
                    };
                    // Whoever asked may have gone; the work stands all the same.
                    let _ = answer.send(last);
                });
                Settled {
                    callers: 1,
                    keep,
                    trouble,
                    answer,
                }
            })
        });
        let place = self.places.clone().acquire_owned().await.ok();
        self.jobs
            .send((work, place))
            .map_err(|_| E::from(StoreError::Stopping))?;
        outcome(&self.jobs, answered)
            .await
            .ok_or_else(|| E::from(self.unanswered()))?
    }

    /// Works on an item together with whatever of its kind waits too, inside the next commit. A fault of the group is
    /// tried again item by item, so that one never costs the others.
    pub async fn gather<I, T, E>(&self, gather: &Arc<Gather<I, T, E>>, item: I) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Cause + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            item,
            answer,
            in_line: InLine::new(&self.line),
        };
        if gather.push(waiting) {
            // Asked for at once and without a place in the queue: nothing that ends this call leaves the group waiting.
            ask_turn(&self.jobs, gather.clone()).map_err(|_| E::from(StoreError::Stopping))?;
        }
        outcome(&self.jobs, answered)
            .await
            .ok_or_else(|| E::from(self.unanswered()))?
    }

    /// Why a job gave no answer: the task has ended, or the job was undone without one.
    fn unanswered(&self) -> StoreError {
        if self.jobs.is_closed() {
            return StoreError::Stopping;
        }
        self.troubles
            .borrow()
            .map_or_else(StoreError::broke_off, StoreError::Troubled)
    }

    /// What it counts.
    pub const fn meters(&self) -> &StoreMeters {
        &self.meters
    }

    /// Changes after each commit: a delivery loop waits on it.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    /// Why it takes no work, from the first group that it could not keep to the next one that it could.
    pub fn troubles(&self) -> watch::Receiver<Option<Trouble>> {
        self.troubles.clone()
    }
}

/// What came of a job, or nothing where the task ended first. A job that was sent at the very moment of that end stays in
/// the queue for as long as anybody may send to it, with its answer: the end itself is what its caller hears of.
pub(super) async fn outcome<J, T>(
    jobs: &mpsc::UnboundedSender<J>,
    mut answered: oneshot::Receiver<T>,
) -> Option<T> {
    tokio::select! {
        biased;
        told = &mut answered => told.ok(),
        () = jobs.closed() => answered.try_recv().ok(),
    }
}

/// A turn for what is gathered. Where more waits than one turn takes, it asks for the next.
fn ask_turn<I, T, E>(
    jobs: &mpsc::UnboundedSender<Queued>,
    gather: Arc<Gather<I, T, E>>,
) -> Result<(), mpsc::error::SendError<Queued>>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Cause + Send + 'static,
{
    // Held weakly: what waits for its turn keeps no writer alive.
    let (mut turn, again) = (Turn(Some(gather)), jobs.downgrade());
    let work: Work = Box::new(move |connection, undo| {
        Box::pin(async move {
            let Some(gather) = turn.0.take() else {
                return Settled::nothing();
            };
            let (group, more) = gather.take();
            if more {
                let next = again.upgrade().map(|jobs| ask_turn(&jobs, gather.clone()));
                if !matches!(next, Some(Ok(()))) {
                    // Nobody will come for them: they hear that there is no answer.
                    drop(Turn(Some(gather.clone())));
                }
            }
            work_together(connection, &gather, group, undo).await
        })
    });
    jobs.send((work, None))
}

/// What the whole group is told.
pub(super) fn not_committed(fault: &sqlx::Error) -> StoreError {
    Trouble::of(fault).map_or_else(
        || StoreError::NotCommitted(fault.to_string()),
        StoreError::Troubled,
    )
}

/// The same for one more of the group.
pub(super) fn again(fault: &StoreError) -> StoreError {
    fault.trouble().map_or_else(
        || StoreError::NotCommitted(fault.to_string()),
        StoreError::Troubled,
    )
}

/// From so many callers on that were answered together, the next group is waited for: they ask again.
const MANY: usize = 4;
/// Between two looks at who has come.
const LOOK: Duration = Duration::from_micros(200);
/// The most looks. A bound on what the wait costs where nobody else comes.
const LOOKS: usize = 8;

/// Whoever was answered often asks again at once, as senders on open connections do. Those who come within moments share
/// a commit with those who wait already, which costs both less than a commit each. Ends when nobody came between two looks.
#[expect(clippy::disallowed_methods, reason = "the writer's thread is its own")]
fn let_come(line: &AtomicUsize, answered: usize) {
    let mut known = line.load(Ordering::Relaxed);
    let all = known + answered;
    if answered < MANY {
        return;
    }
    for _ in 0..LOOKS {
        std::thread::sleep(LOOK);
        let now = line.load(Ordering::Relaxed);
        if now >= all || now == known {
            return;
        }
        known = now;
    }
}

async fn run(
    mut connection: SqliteConnection,
    mut waiting: mpsc::UnboundedReceiver<Queued>,
    line: Arc<AtomicUsize>,
    finish: Finish,
    told: Told,
) {
    while let Some((first, _place)) = waiting.recv().await {
        let mut group = vec![first];
        while group.len() < GROUP_MAX {
            match waiting.try_recv() {
                Ok((work, _place)) => group.push(work),
                Err(_) => break,
            }
        }
        let answered = run_group(&mut connection, group, &told).await;
        if finish.take()
            && let Err(fault) = checkpoint::copy(&mut connection).await
        {
            tracing::warn!(%fault, "the write-ahead log could not be finished");
        }
        let_come(&line, answered);
    }
    if let Err(fault) = connection.close().await {
        tracing::warn!(%fault, "the writer's connection did not close cleanly");
    }
}

/// Who hears of each commit.
struct Told {
    commits: watch::Sender<u64>,
    trouble: watch::Sender<Option<Trouble>>,
    meters: StoreMeters,
}

/// One commit. Its callers are answered after it, and after the trouble, if there is one, is known. Gives back how many.
async fn run_group(connection: &mut SqliteConnection, group: Vec<Work>, told: &Told) -> usize {
    if let Err(fault) = statement(connection, "BEGIN IMMEDIATE").await {
        told.failed(&not_committed(&fault));
        // Dropping the jobs answers their callers: not committed.
        return 0;
    }
    let mut answers = Vec::with_capacity(group.len());
    let (mut kept, mut trouble, mut answered) = (false, None, 0);
    let undo = std::iter::once(Undo::Transaction).chain(std::iter::repeat(Undo::Savepoint));
    for (work, undo) in group.into_iter().zip(undo) {
        match run_one(connection, work, undo).await {
            Ok(Some(settled)) => {
                kept |= settled.keep;
                answered += settled.callers;
                trouble = trouble.or(settled.trouble);
                answers.push(settled.answer);
            }
            Ok(None) => {}
            Err(broken) => {
                answers.extend(broken.answer);
                let fault = cause(trouble.or(broken.trouble), &broken.fault);
                told.failed(&fault);
                abandon(connection, answers, &fault).await;
                return 0;
            }
        }
    }
    if let Err(fault) = statement(connection, "COMMIT").await {
        let fault = cause(trouble, &fault);
        told.failed(&fault);
        abandon(connection, answers, &fault).await;
        return 0;
    }
    if kept || trouble.is_some() {
        told.show(trouble);
    }
    told.meters.committed(answers.len());
    if kept {
        told.commits.send_modify(|n| *n += 1);
    }
    for answer in answers {
        answer(Ok(()));
    }
    answered
}

/// What a job met says more than the fault that followed from it.
fn cause(trouble: Option<Trouble>, fault: &sqlx::Error) -> StoreError {
    trouble.map_or_else(|| not_committed(fault), StoreError::Troubled)
}

impl Told {
    fn failed(&self, fault: &StoreError) {
        self.meters.failed();
        if let Some(trouble) = fault.trouble() {
            self.show(Some(trouble));
        } else {
            tracing::error!(%fault, "a commit failed; its jobs are refused");
        }
    }

    /// Logged when it begins and when it ends, not at each job that it costs.
    fn show(&self, trouble: Option<Trouble>) {
        let changed = self.trouble.send_if_modified(|known| {
            let changed = *known != trouble;
            *known = trouble;
            changed
        });
        match trouble {
            _ if !changed => {}
            Some(trouble) => {
                tracing::error!(
                    why = trouble.in_words(),
                    cure = trouble.cure(),
                    "the store takes nothing"
                );
            }
            None => tracing::info!("the store takes work again"),
        }
    }
}

/// The transaction is gone: SQLite undoes all of it by itself when, for one, the disk is full.
struct Broken {
    fault: sqlx::Error,
    trouble: Option<Trouble>,
    /// Of the job that broke it.
    answer: Option<Answer>,
}

impl From<sqlx::Error> for Broken {
    fn from(fault: sqlx::Error) -> Self {
        Self {
            fault,
            trouble: None,
            answer: None,
        }
    }
}

async fn run_one(
    connection: &mut SqliteConnection,
    work: Work,
    undo: Undo,
) -> Result<Option<Settled>, Broken> {
    undo.begin(connection).await?;
    let settled = AssertUnwindSafe(work(connection, undo))
        .catch_unwind()
        .await;
    let Ok(settled) = settled else {
        tracing::error!("a job of the store panicked and was undone");
        undo.back(connection).await?;
        undo.end(connection).await?;
        return Ok(None);
    };
    if !settled.keep
        && let Err(fault) = undo.back(connection).await
    {
        return Err(Broken {
            fault,
            trouble: settled.trouble,
            answer: Some(settled.answer),
        });
    }
    undo.end(connection).await?;
    Ok(Some(settled))
}

async fn abandon(connection: &mut SqliteConnection, answers: Vec<Answer>, fault: &StoreError) {
    // SQLite may have rolled back by itself already; then this one has nothing to do.
    let _ = statement(connection, "ROLLBACK").await;
    for answer in answers {
        answer(Err(again(fault)));
    }
}

pub(super) async fn statement(
    connection: &mut SqliteConnection,
    sql: &'static str,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await.map(|_| ())
}
