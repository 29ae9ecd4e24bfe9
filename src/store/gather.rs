//! Items of one kind that are worked on together: whatever waits when their turn comes, by statements that take many rows.

use super::StoreError;
use super::trouble::Cause;
use super::writer::{
    Answer, GROUP_MAX, InLine, Job, Settled, Undo, again, not_committed, statement,
};
use futures_util::FutureExt as _;
use sqlx::SqliteConnection;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// What a gathered group does: an outcome for each item, in their order, or a fault of the whole.
pub type Together<I, T, E> =
    for<'c> fn(&'c mut SqliteConnection, &'c [I]) -> Job<'c, Result<Vec<T>, E>>;

/// Items of one kind that wait to be worked on together, by statements that take many rows. The group is whatever waits
/// when its turn comes, up to a bound; what is beyond it has the next turn.
pub struct Gather<I, T, E> {
    waiting: Mutex<Vec<Waiting<I, T, E>>>,
    together: Together<I, T, E>,
}

pub(super) struct Waiting<I, T, E> {
    pub item: I,
    pub answer: oneshot::Sender<Result<T, E>>,
    pub in_line: InLine,
}

impl<I, T, E> Gather<I, T, E> {
    pub const fn new(together: Together<I, T, E>) -> Self {
        Self {
            waiting: Mutex::new(Vec::new()),
            together,
        }
    }

    /// True for the first of a group: whoever brings it asks for the group's turn.
    pub(super) fn push(&self, waiting: Waiting<I, T, E>) -> bool {
        let mut all = self.lock();
        all.push(waiting);
        all.len() == 1
    }

    /// The first of those that wait, as many as share a commit at most; whether more wait behind them.
    pub(super) fn take(&self) -> (Vec<Waiting<I, T, E>>, bool) {
        let mut all = self.lock();
        let count = all.len().min(GROUP_MAX);
        let behind = all.split_off(count);
        (std::mem::replace(&mut *all, behind), !all.is_empty())
    }

    fn take_all(&self) -> Vec<Waiting<I, T, E>> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting<I, T, E>>> {
        self.waiting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The turn of a group. One that is never taken, because the store takes nothing, leaves nobody waiting: whoever gathered
/// hears that there is no answer, and the next one asks anew.
pub(super) struct Turn<I, T, E>(pub Option<Arc<Gather<I, T, E>>>);

impl<I, T, E> Drop for Turn<I, T, E> {
    fn drop(&mut self) {
        drop(self.0.take().map(|gather| gather.take_all()));
    }
}

pub(super) async fn work_together<I, T, E>(
    connection: &mut SqliteConnection,
    gather: &Gather<I, T, E>,
    group: Vec<Waiting<I, T, E>>,
    undo: Undo,
) -> Settled
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Cause + Send + 'static,
{
    let (items, answers): (Vec<I>, Vec<_>) = group
        .into_iter()
        .map(|waiting| {
            drop(waiting.in_line);
            (waiting.item, waiting.answer)
        })
        .unzip();
    let outcomes = match tried(connection, gather, &items).await {
        Ok(done) => done.into_iter().map(Ok).collect(),
        Err(fault) if items.len() == 1 => vec![Err(fault)],
        Err(fault) => match (fault.trouble(), undo.back(connection).await) {
            // It is nobody's fault among them, and SQLite may have undone the whole transaction already.
            (Some(trouble), _) => all(&items, || StoreError::Troubled(trouble)),
            (None, Err(fault)) => all(&items, || not_committed(&fault)),
            (None, Ok(())) => one_by_one(connection, gather, &items).await,
        },
    };
    let keep = outcomes.iter().any(Result::is_ok);
    let mut troubles = outcomes.iter().filter_map(|outcome| outcome.as_ref().err());
    let trouble = troubles.find_map(Cause::trouble);
    let answer: Answer = Box::new(move |committed| {
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            let last = match &committed {
                Err(fault) if outcome.is_ok() => Err(E::from(again(fault))),
                _ => outcome,
            };
            // Whoever asked may have gone; the work stands all the same.
            let _ = answer.send(last);
        }
    });
    Settled {
        callers: items.len(),
        keep,
        trouble,
        answer,
    }
}

/// A panic over one of them costs the others no more than a fault.
async fn tried<I, T, E>(
    connection: &mut SqliteConnection,
    gather: &Gather<I, T, E>,
    items: &[I],
) -> Result<Vec<T>, E>
where
    E: From<StoreError>,
{
    let tried = AssertUnwindSafe((gather.together)(connection, items));
    tried.catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("work of the store panicked and was undone");
        Err(E::from(StoreError::broke_off()))
    })
}

/// The same fault for each.
fn all<I, T, E: From<StoreError>>(
    items: &[I],
    fault: impl Fn() -> StoreError,
) -> Vec<Result<T, E>> {
    items.iter().map(|_| Err(E::from(fault()))).collect()
}

/// After a fault of the group: what it began is undone, then each has its own savepoint.
async fn one_by_one<I, T, E>(
    connection: &mut SqliteConnection,
    gather: &Gather<I, T, E>,
    items: &[I],
) -> Vec<Result<T, E>>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Cause + Send + 'static,
{
    let mut outcomes: Vec<Result<T, E>> = Vec::with_capacity(items.len());
    for item in items {
        let last = outcomes.last().and_then(|outcome| outcome.as_ref().err());
        // The transaction may be gone: nothing more is tried in it.
        let outcome = match last.and_then(Cause::trouble) {
            Some(trouble) => Err(E::from(StoreError::Troubled(trouble))),
            None => alone(connection, gather, item).await,
        };
        outcomes.push(outcome);
    }
    outcomes
}

async fn alone<I, T, E>(
    connection: &mut SqliteConnection,
    gather: &Gather<I, T, E>,
    item: &I,
) -> Result<T, E>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Cause + Send + 'static,
{
    let sql = |fault: sqlx::Error| E::from(StoreError::from(fault));
    statement(connection, "SAVEPOINT item").await.map_err(sql)?;
    let one = std::slice::from_ref(item);
    let outcome = tried(connection, gather, one).await;
    let outcome = match outcome {
        Err(fault) if fault.trouble().is_some() => return Err(fault),
        other => other,
    };
    if outcome.is_err() {
        statement(connection, "ROLLBACK TO item")
            .await
            .map_err(sql)?;
    }
    statement(connection, "RELEASE item").await.map_err(sql)?;
    let done = outcome?;
    done.into_iter()
        .next()
        .ok_or_else(|| E::from(StoreError::NotCommitted("it had no outcome".to_owned())))
}
