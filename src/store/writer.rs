//! The one writer: a task that owns the connection, takes what waits, runs each job in a savepoint,
//! commits once, then answers. A job that fails is undone alone; a failed commit fails every job of its group;
//! a caller that went away does not cancel its job.

use super::StoreError;
use futures_util::FutureExt as _;
use sqlx::{Connection as _, SqliteConnection};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use tokio::sync::{mpsc, oneshot, watch};

/// How many jobs may share one commit. A bound on the wait of the first, not a tuning knob.
const GROUP_MAX: usize = 256;
/// How many jobs may wait before callers do.
const QUEUE_MAX: usize = 4096;

/// A future over the writer's connection.
pub type Job<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

type Work = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> Job<'c, Settled> + Send>;
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

struct Settled {
    keep: bool,
    answer: Answer,
}

/// The way in. Cheap to clone; the task ends when the last one is dropped.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Work>,
    committed: watch::Receiver<u64>,
}

impl Writer {
    /// Starts the task on a connection of its own and gives back its future, for a tracker to run.
    pub fn new(connection: SqliteConnection) -> (Self, impl Future<Output = ()> + Send) {
        let (jobs, waiting) = mpsc::channel(QUEUE_MAX);
        let (commits, committed) = watch::channel(0);
        (Self { jobs, committed }, run(connection, waiting, commits))
    }

    /// Runs a job inside the next commit. An error undoes the job alone; the answer to a success comes after the commit.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> Job<'c, Result<T, E>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel::<Result<T, E>>();
        let work: Work = Box::new(move |connection| {
            Box::pin(async move {
                let outcome = job(connection).await;
                let keep = outcome.is_ok();
                let answer: Answer = Box::new(move |committed| {
                    let last = match committed {
                        Err(fault) if keep => Err(E::from(fault)),
                        _ => outcome,
                    };
                    // Whoever asked may have gone; the work stands all the same.
                    let _ = answer.send(last);
                });
                Settled { keep, answer }
            })
        });
        self.jobs
            .send(work)
            .await
            .map_err(|_| E::from(StoreError::Stopping))?;
        answered.await.map_err(|_| E::from(self.unanswered()))?
    }

    /// Why a job gave no answer: the task has ended, or the job was undone without one.
    fn unanswered(&self) -> StoreError {
        if self.jobs.is_closed() {
            StoreError::Stopping
        } else {
            StoreError::NotCommitted("it broke off and was undone".to_owned())
        }
    }

    /// Changes after each commit: a delivery loop waits on it.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }
}

async fn run(
    mut connection: SqliteConnection,
    mut waiting: mpsc::Receiver<Work>,
    commits: watch::Sender<u64>,
) {
    while let Some(first) = waiting.recv().await {
        let mut group = vec![first];
        while group.len() < GROUP_MAX {
            match waiting.try_recv() {
                Ok(work) => group.push(work),
                Err(_) => break,
            }
        }
        if run_group(&mut connection, group).await {
            commits.send_modify(|n| *n += 1);
        }
    }
    if let Err(fault) = connection.close().await {
        tracing::warn!(%fault, "the writer's connection did not close cleanly");
    }
}

/// One commit. True when something was committed.
async fn run_group(connection: &mut SqliteConnection, group: Vec<Work>) -> bool {
    let began = statement(connection, "BEGIN IMMEDIATE").await;
    if let Err(fault) = began {
        tracing::error!(%fault, "the store takes no work");
        // Dropping the jobs answers their callers: not committed.
        return false;
    }
    let mut answers = Vec::with_capacity(group.len());
    let mut kept = false;
    for work in group {
        match run_one(connection, work).await {
            Ok(Some(settled)) => {
                kept |= settled.keep;
                answers.push(settled.answer);
            }
            Ok(None) => {}
            Err(fault) => {
                abandon(connection, answers, &fault).await;
                return false;
            }
        }
    }
    match statement(connection, "COMMIT").await {
        Ok(()) => {
            for answer in answers {
                answer(Ok(()));
            }
            kept
        }
        Err(fault) => {
            abandon(connection, answers, &fault).await;
            false
        }
    }
}

async fn run_one(
    connection: &mut SqliteConnection,
    work: Work,
) -> Result<Option<Settled>, sqlx::Error> {
    statement(connection, "SAVEPOINT job").await?;
    let settled = AssertUnwindSafe(work(connection)).catch_unwind().await;
    let Ok(settled) = settled else {
        tracing::error!("a job of the store panicked and was undone");
        statement(connection, "ROLLBACK TO job").await?;
        statement(connection, "RELEASE job").await?;
        return Ok(None);
    };
    if !settled.keep {
        statement(connection, "ROLLBACK TO job").await?;
    }
    statement(connection, "RELEASE job").await?;
    Ok(Some(settled))
}

async fn abandon(connection: &mut SqliteConnection, answers: Vec<Answer>, fault: &sqlx::Error) {
    tracing::error!(%fault, jobs = answers.len(), "a commit failed; its jobs are refused");
    // SQLite may have rolled back by itself already; then this one has nothing to do.
    let _ = statement(connection, "ROLLBACK").await;
    for answer in answers {
        answer(Err(StoreError::NotCommitted(fault.to_string())));
    }
}

async fn statement(
    connection: &mut SqliteConnection,
    sql: &'static str,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await.map(|_| ())
}
