//! The outbox: one waiting row a key, posts before edits, high severity first, rest and return.

use super::{Ground, ground, now};
use crate::domain::ids::ChannelKey;
use crate::store::outbox::{self, Intent, Settlement};
use crate::store::{Batch, StoreError};

fn edit<'a>(key: &'a str, channel: &'a ChannelKey, rank: i64) -> Intent<'a> {
    Intent {
        kind: "edit_card",
        key,
        incident: None,
        channel,
        arg: 0,
        rank,
    }
}

async fn intend(ground: &Ground, key: &'static str, rank: i64) {
    let intended: Result<(), StoreError> = ground
        .store
        .write(move |connection| {
            Box::pin(async move {
                let channel = ChannelKey::new("desk");
                outbox::insert(connection, &edit(key, &channel, rank), now()).await
            })
        })
        .await;
    intended.unwrap();
}

async fn settle(ground: &Ground, key: &'static str, settlement: Settlement) {
    let row = waiting(ground).await.into_iter().find(|(k, _)| k == key);
    let id = row.unwrap().1;
    let settled: Result<(), StoreError> = ground
        .store
        .write(move |connection| {
            Box::pin(
                async move { outbox::settle(connection, id, settlement, Some("why"), now()).await },
            )
        })
        .await;
    settled.unwrap();
}

async fn waiting(ground: &Ground) -> Vec<(String, i64)> {
    let mut reader = ground.store.read().await.unwrap();
    let desk = ChannelKey::new("desk");
    let rows = outbox::list_due(&mut reader, &desk, now(), 100)
        .await
        .unwrap();
    rows.into_iter().map(|row| (row.key, row.id)).collect()
}

async fn keys(ground: &Ground) -> Vec<String> {
    waiting(ground)
        .await
        .into_iter()
        .map(|(key, _)| key)
        .collect()
}

#[tokio::test]
async fn edits_of_one_card_that_wait_are_one() {
    let ground = ground().await;
    intend(&ground, "edit:INC-1:0", 22).await;
    intend(&ground, "edit:INC-1:0", 22).await;
    assert_eq!(keys(&ground).await, ["edit:INC-1:0"]);
    // What was delivered is over: the next change is a new edit.
    settle(&ground, "edit:INC-1:0", Settlement::Delivered).await;
    assert!(keys(&ground).await.is_empty());
    intend(&ground, "edit:INC-1:0", 22).await;
    assert_eq!(keys(&ground).await, ["edit:INC-1:0"]);
}

#[tokio::test]
async fn lower_ranks_go_first_and_the_older_before_the_younger() {
    let ground = ground().await;
    for (key, rank) in [("d", 22), ("b", 3), ("c", 3), ("a", 1)] {
        intend(&ground, key, rank).await;
    }
    assert_eq!(keys(&ground).await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn what_rests_waits_again_once_the_channel_is_mended_and_dead_stays_dead() {
    let ground = ground().await;
    intend(&ground, "rests", 1).await;
    intend(&ground, "dies", 1).await;
    settle(&ground, "rests", Settlement::Parked).await;
    settle(&ground, "dies", Settlement::Dead).await;
    assert!(keys(&ground).await.is_empty());
    // The same card changed again while its row rested.
    intend(&ground, "twice", 1).await;
    settle(&ground, "twice", Settlement::Parked).await;
    intend(&ground, "twice", 1).await;
    let back: Result<u64, StoreError> = ground
        .store
        .write(|connection| Box::pin(outbox::unpark(connection, now())))
        .await;
    assert_eq!(back.unwrap(), 1);
    let mut again = keys(&ground).await;
    again.sort();
    assert_eq!(again, ["rests", "twice"]);
    // What is delivered at last takes along what rested under its key.
    intend(&ground, "dies", 1).await;
    for key in ["dies", "twice"] {
        settle(&ground, key, Settlement::Delivered).await;
    }
    let mut reader = ground.store.read().await.unwrap();
    let resting: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM outbox WHERE state IN ('parked', 'dead')")
            .fetch_one(&mut *reader)
            .await
            .unwrap();
    assert_eq!(resting, 0);
}

#[tokio::test]
async fn a_digest_goes_before_what_came_after_it_was_put_together() {
    let ground = ground().await;
    intend(&ground, "one", 3).await;
    intend(&ground, "two", 3).await;
    let mut reader = ground.store.read().await.unwrap();
    let desk = ChannelKey::new("desk");
    let posts = outbox::list_due(&mut reader, &desk, now(), 100)
        .await
        .unwrap();
    drop(reader);
    intend(&ground, "later, and more severe", 1).await;
    let fixed: Result<(), StoreError> = ground
        .store
        .write(move |connection| {
            Box::pin(async move {
                let posts: Vec<_> = posts.iter().collect();
                outbox::insert_digest(connection, &desk, &posts, now()).await
            })
        })
        .await;
    fixed.unwrap();
    let keys = keys(&ground).await;
    assert!(keys[0].starts_with("digest:"), "{keys:?}");
    assert_eq!(keys[1..], ["later, and more severe"]);
}

/// One statement takes up to 1, 4, 16, 64 or 256 rows; what is more goes to SQLite by several.
#[tokio::test]
async fn rows_arrive_all_and_in_their_order_however_many_there_are() {
    for many in [1, 3, 4, 5, 16, 17, 64, 65, 256, 257, 600] {
        let ground = ground().await;
        let asked: Vec<String> = (0..many).map(|n| format!("edit:INC-{n}:0")).collect();
        let keys = asked.clone();
        let written: Result<(), StoreError> = ground
            .store
            .write(move |connection| {
                Box::pin(async move {
                    let channel = ChannelKey::new("desk");
                    let intents: Vec<Intent<'_>> =
                        keys.iter().map(|key| edit(key, &channel, 22)).collect();
                    let mut batch = Batch::default();
                    outbox::add_all(&mut batch, &intents, now());
                    batch.write(connection).await
                })
            })
            .await;
        written.unwrap();
        let mut reader = ground.store.read().await.unwrap();
        let desk = ChannelKey::new("desk");
        let rows = outbox::list_due(&mut reader, &desk, now(), 1_000).await;
        let kept: Vec<String> = rows.unwrap().into_iter().map(|row| row.key).collect();
        assert_eq!(kept, asked);
    }
}
