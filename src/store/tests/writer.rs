//! The writer: groups in one commit, a bad job alone undone, answers after the commit.

use super::{Ground, ground, now};
use crate::store::checkpoint::Finish;
use crate::store::writer::{Writer, outcome};
use crate::store::{Cause, Connection, Gather, Job, StoreError, Trouble, fact};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

async fn keep(ground: &Ground, key: String) -> Result<(), StoreError> {
    ground
        .store
        .write(move |connection| {
            Box::pin(async move { fact::save(connection, &key, "kept", now()).await })
        })
        .await
}

/// Writes, then fails.
async fn spoil(ground: &Ground, key: &'static str) -> Result<(), StoreError> {
    ground
        .store
        .write(move |connection| {
            Box::pin(async move {
                fact::save(connection, key, "spoilt", now()).await?;
                Err(StoreError::Stopping)
            })
        })
        .await
}

/// Writes, then panics.
async fn break_off(ground: &Ground, key: &'static str) -> Result<(), StoreError> {
    ground
        .store
        .write(move |connection| {
            Box::pin(async move {
                fact::save(connection, key, "broken", now()).await?;
                panic!("a job of a test")
            })
        })
        .await
}

#[tokio::test]
async fn two_hundred_writes_at_once_share_few_commits() {
    let ground = ground().await;
    let before = *ground.store.commits().borrow();
    let jobs = (0..200).map(|n| keep(&ground, format!("key-{n}")));
    let done = join_all(jobs).await;
    assert!(done.iter().all(Result::is_ok));
    let commits = *ground.store.commits().borrow() - before;
    assert!((1..20).contains(&commits), "{commits} commits");
    for n in 0..200 {
        assert_eq!(
            ground.fact(&format!("key-{n}")).await.as_deref(),
            Some("kept")
        );
    }
}

#[tokio::test]
async fn a_job_that_fails_is_undone_alone() {
    let ground = ground().await;
    let (first, failed, last) = tokio::join!(
        keep(&ground, "first".to_owned()),
        spoil(&ground, "spoilt"),
        keep(&ground, "last".to_owned()),
    );
    assert!(first.is_ok() && last.is_ok());
    assert!(matches!(failed, Err(StoreError::Stopping)));
    assert_eq!(ground.fact("first").await.as_deref(), Some("kept"));
    assert_eq!(ground.fact("spoilt").await, None);
    assert_eq!(ground.fact("last").await.as_deref(), Some("kept"));
}

#[tokio::test]
async fn a_job_that_fails_first_is_undone_and_the_others_of_its_commit_stand() {
    let ground = ground().await;
    for round in 0..20 {
        let (failed, last) = tokio::join!(
            spoil(&ground, "spoilt"),
            keep(&ground, format!("last-{round}")),
        );
        assert!(failed.is_err() && last.is_ok());
        assert_eq!(ground.fact("spoilt").await, None);
        let kept = ground.fact(&format!("last-{round}")).await;
        assert_eq!(kept.as_deref(), Some("kept"));
    }
}

#[tokio::test]
async fn a_job_that_panics_is_undone_answers_its_caller_and_the_next_works() {
    let ground = ground().await;
    let (first, broken, last) = tokio::join!(
        keep(&ground, "first".to_owned()),
        break_off(&ground, "broken"),
        keep(&ground, "last".to_owned()),
    );
    assert!(first.is_ok() && last.is_ok());
    assert!(
        matches!(broken, Err(StoreError::NotCommitted(_))),
        "{broken:?}"
    );
    assert_eq!(ground.fact("broken").await, None);
    keep(&ground, "later".to_owned()).await.unwrap();
    assert_eq!(ground.fact("later").await.as_deref(), Some("kept"));
}

#[tokio::test]
async fn a_job_whose_caller_left_commits_all_the_same() {
    let ground = ground().await;
    tokio::select! {
        biased;
        _ = keep(&ground, "left".to_owned()) => panic!("it was answered before the writer ran"),
        () = std::future::ready(()) => {}
    }
    keep(&ground, "after".to_owned()).await.unwrap();
    assert_eq!(ground.fact("left").await.as_deref(), Some("kept"));
}

#[tokio::test]
async fn whoever_asks_at_the_moment_of_the_end_hears_of_it_though_the_job_stays_in_the_queue() {
    let (jobs, waiting) = mpsc::unbounded_channel::<()>();
    let (done, answered) = oneshot::channel();
    let (kept, unanswered) = oneshot::channel::<&str>();
    done.send("kept before the end").unwrap();
    drop(waiting);
    assert_eq!(outcome(&jobs, answered).await, Some("kept before the end"));
    assert_eq!(outcome(&jobs, unanswered).await, None);
    drop(kept);
}

#[tokio::test]
async fn a_commit_that_fails_refuses_every_job_of_its_group() {
    let ground = ground().await;
    // A deferred constraint is judged at the commit, when both jobs have succeeded.
    let broken = ground.store.write(|connection| {
        Box::pin(async move {
            for statement in [
                "PRAGMA defer_foreign_keys = ON",
                "INSERT INTO incident_persons (incident_id, person_id) VALUES (77, 77)",
            ] {
                sqlx::query(statement).execute(&mut *connection).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    let (broken, beside) = tokio::join!(broken, keep(&ground, "beside".to_owned()));
    assert!(
        matches!(broken, Err(StoreError::NotCommitted(_))),
        "{broken:?}"
    );
    assert!(
        matches!(beside, Err(StoreError::NotCommitted(_))),
        "{beside:?}"
    );
    assert_eq!(ground.fact("beside").await, None);
    keep(&ground, "next".to_owned()).await.unwrap();
    assert_eq!(ground.fact("next").await.as_deref(), Some("kept"));
}

#[tokio::test]
async fn a_second_process_waits_for_the_writer_instead_of_failing() {
    let ground = ground().await;
    let (other, writing) = crate::store::Store::beside(&ground.file).await.unwrap();
    let work = async {
        let theirs = (0..20).map(|n| {
            let other = &other;
            async move {
                other
                    .write(move |connection| {
                        Box::pin(async move {
                            fact::save(connection, &format!("theirs-{n}"), "kept", now()).await
                        })
                    })
                    .await
            }
        });
        let ours = (0..20).map(|n| keep(&ground, format!("ours-{n}")));
        let (theirs, ours): (Vec<Result<(), StoreError>>, Vec<_>) =
            tokio::join!(join_all(theirs), join_all(ours));
        assert!(theirs.iter().chain(&ours).all(Result::is_ok));
    };
    tokio::select! {
        () = work => {}
        () = writing => panic!("the second writer ended"),
    }
    assert_eq!(ground.fact("theirs-19").await.as_deref(), Some("kept"));
    assert_eq!(ground.fact("ours-19").await.as_deref(), Some("kept"));
}

/// Keeps every key of the group, and fails at one that is called so.
fn keep_together<'c>(
    connection: &'c mut Connection,
    keys: &'c [String],
) -> Job<'c, Result<Vec<usize>, StoreError>> {
    Box::pin(async move {
        for key in keys {
            fact::save(connection, key, "kept", now()).await?;
            match key.as_str() {
                "poisoned" => return Err(StoreError::Stopping),
                "panicking" => panic!("on purpose"),
                _ => {}
            }
        }
        Ok(vec![keys.len(); keys.len()])
    })
}

#[tokio::test]
async fn what_waits_together_is_worked_on_together_up_to_a_bound() {
    let ground = ground().await;
    let gather = Arc::new(Gather::new(keep_together));
    let each = (0..600).map(|n| ground.store.gather(&gather, format!("key-{n}")));
    // The writer is at work until all of them wait.
    let (all_wait, until) = oneshot::channel::<()>();
    let busy = ground.store.write(|_| {
        Box::pin(async move {
            until.await.unwrap();
            Ok::<_, StoreError>(())
        })
    });
    let (busy, done, sent) = tokio::join!(busy, join_all(each), async { all_wait.send(()) });
    assert!(busy.is_ok() && sent.is_ok());
    let groups: Vec<usize> = done.into_iter().map(Result::unwrap).collect();
    assert_eq!(groups[..512], [256; 512]);
    assert_eq!(groups[512..], [88; 88]);
}

#[tokio::test]
async fn one_that_spoils_its_group_is_undone_alone() {
    let ground = ground().await;
    let gather = Arc::new(Gather::new(keep_together));
    let keys = ["first", "poisoned", "last"].map(str::to_owned);
    let each = keys.map(|key| ground.store.gather(&gather, key));
    let done = join_all(each).await;
    assert!(matches!(
        done[..],
        [Ok(1), Err(StoreError::Stopping), Ok(1)]
    ));
    assert_eq!(ground.fact("first").await.as_deref(), Some("kept"));
    assert_eq!(ground.fact("poisoned").await, None);
    assert_eq!(ground.fact("last").await.as_deref(), Some("kept"));
}

#[tokio::test]
async fn one_that_panics_costs_its_group_nothing() {
    let ground = ground().await;
    let gather = Arc::new(Gather::new(keep_together));
    let keys = ["first", "panicking", "last"].map(str::to_owned);
    let each = keys.map(|key| ground.store.gather(&gather, key));
    let done = join_all(each).await;
    assert!(matches!(
        done[..],
        [Ok(1), Err(StoreError::NotCommitted(_)), Ok(1)]
    ));
    assert_eq!(ground.fact("first").await.as_deref(), Some("kept"));
    assert_eq!(ground.fact("panicking").await, None);
    assert_eq!(ground.fact("last").await.as_deref(), Some("kept"));
}

#[tokio::test]
async fn a_group_goes_on_without_the_one_who_brought_it() {
    let ground = ground().await;
    let gather = Arc::new(Gather::new(keep_together));
    {
        let mut first = Box::pin(ground.store.gather(&gather, "first".to_owned()));
        assert!((&mut first).now_or_never().is_none());
    }
    let second = ground.store.gather(&gather, "second".to_owned()).await;
    assert!(second.is_ok());
    assert_eq!(ground.fact("first").await.as_deref(), Some("kept"));
}

/// A writer on this connection says this trouble to whoever writes.
async fn says(options: SqliteConnectOptions, trouble: Trouble) {
    let connection = SqliteConnection::connect_with(&options).await.unwrap();
    let (writer, running) = Writer::new(connection, Finish::default());
    let writing = async move {
        let told: Result<(), StoreError> = writer
            .write(|connection| {
                Box::pin(async move { fact::save(connection, "a", "b", now()).await })
            })
            .await;
        assert_eq!(told.unwrap_err().trouble(), Some(trouble));
        assert_eq!(*writer.troubles().borrow(), Some(trouble));
    };
    tokio::join!(writing, running);
}

#[tokio::test]
async fn a_file_that_may_not_be_written_says_so_to_whoever_writes() {
    let ground = ground().await;
    let options = SqliteConnectOptions::new().filename(&ground.file);
    says(options.read_only(true), Trouble::ReadOnly).await;
    assert_eq!(ground.fact("a").await, None);
}

#[tokio::test]
async fn a_damaged_file_is_said_to_whoever_writes() {
    let ground = ground().await;
    let mut raw = ground.raw().await;
    let (root, size): (u64, u64) = sqlx::query_as(
        "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = 'facts'",
    )
    .fetch_one(&mut raw)
    .await
    .unwrap();
    let copied = "PRAGMA wal_checkpoint(TRUNCATE)";
    sqlx::query(copied).execute(&mut raw).await.unwrap();
    let file = std::fs::File::options().write(true).open(&ground.file);
    let at = (root - 1) * size;
    std::os::unix::fs::FileExt::write_all_at(&file.unwrap(), &[0xff; 512], at).unwrap();
    let options = SqliteConnectOptions::new().filename(&ground.file);
    says(options, Trouble::Damaged).await;
}

#[tokio::test]
async fn a_full_disk_is_said_until_something_was_kept_again() {
    let ground = ground().await;
    let pages = |count: &'static str| {
        ground.store.write(move |connection| {
            Box::pin(async move {
                sqlx::query(count).execute(connection).await?;
                Ok::<_, StoreError>(())
            })
        })
    };
    let large = || {
        ground.store.write(|connection| {
            let text = "x".repeat(1 << 20);
            Box::pin(async move { fact::save(connection, "large", &text, now()).await })
        })
    };
    pages("PRAGMA max_page_count = 1").await.unwrap();
    let told: Result<(), StoreError> = large().await;
    assert!(
        matches!(
            told.as_ref().map_err(Cause::trouble),
            Err(Some(Trouble::Full))
        ),
        "{told:?}"
    );
    assert_eq!(*ground.store.troubles().borrow(), Some(Trouble::Full));
    assert_eq!(ground.fact("large").await, None);
    pages("PRAGMA max_page_count = 1000000").await.unwrap();
    large().await.unwrap();
    assert_eq!(*ground.store.troubles().borrow(), None);
}
