//! Search: what came just now and what was indexed, what an alert says anew, page by page.

use super::{Ground, alert, arrived, ground, refused, start};
use crate::app::search::Searched;
use crate::domain::alert::{Alert, Detail, Times};
use crate::domain::ids::AlertId;
use crate::domain::incident::Refusal;
use crate::domain::restricted::Restricted;
use crate::domain::role::Role;
use crate::domain::search::Wanted;
use crate::store::words;
use chrono::TimeDelta;

impl Ground {
    /// With the index as it is: a search brings it up to date first, as far as one write after the other goes.
    async fn searched(&self, words: &str, before: Option<AlertId>) -> Searched {
        let auditor = self.actor("auditor", Role::Auditor).await;
        let wanted = Wanted::read(words, "asked").unwrap();
        let found = self.app.look_for(&auditor, &wanted, before).await;
        found.unwrap()
    }

    /// The numbers of the incidents, in the order of the answer.
    async fn found(&self, words: &str) -> Vec<i64> {
        let found = self.searched(words, None).await.found;
        found.into_iter().map(|one| one.shown.id.0).collect()
    }
}

#[tokio::test]
async fn what_is_not_indexed_yet_is_found_before_what_is() {
    let ground = ground().await;
    let all = |ids: std::ops::RangeInclusive<i32>| ids.map(|n| arrived(alert(&format!("a-{n}"))));
    ground.take(all(1..=3).collect()).await;
    assert_eq!(ground.found("porter").await, [3, 2, 1]);
    assert_eq!(ground.app.index_words().await.unwrap(), 3);
    ground.take(all(4..=5).collect()).await;
    assert_eq!(ground.found("porter badge").await, [5, 4, 3, 2, 1]);
    assert_eq!(ground.found("a-2").await, [2]);
    assert_eq!(ground.found("a-5").await, [5]);
    assert_eq!(ground.found("a-6").await, Vec::<i64>::new());
    // A store with more than one write takes.
    ground.take(all(6..=450).collect()).await;
    assert_eq!(ground.app.index_words().await.unwrap(), 447);
    assert_eq!(ground.app.index_words().await.unwrap(), 0);
    assert_eq!(ground.number("SELECT COUNT(*) FROM alert_words").await, 450);
    assert_eq!(ground.found("a-201").await, [201]);
}

#[tokio::test]
async fn the_newest_twenty_come_first_and_the_others_behind_them() {
    let ground = ground().await;
    let all = (1..=40).map(|n| arrived(alert(&format!("a-{n}"))));
    ground.take(all.collect()).await;
    for indexed in [0, 25, 40] {
        if indexed > 0 {
            let (app, now) = (ground.app.clone(), start());
            let before = ground.number("SELECT COUNT(*) FROM alert_words").await;
            let write = app.store.write(move |connection| {
                Box::pin(async move {
                    let next = words::list_next(connection, indexed - before).await?;
                    words::index(connection, &next.unwrap(), now).await
                })
            });
            write.await.unwrap();
            let count = ground.number("SELECT COUNT(*) FROM alert_words").await;
            assert_eq!(count, indexed);
        }
        let (mut before, mut pages) = (None, Vec::new());
        loop {
            let page = ground.searched("porter", before).await;
            let ids = page.found.iter().map(|one| one.shown.id.0);
            pages.push(ids.collect::<Vec<_>>());
            before = page.more_before;
            if before.is_none() {
                break;
            }
        }
        let wanted: [Vec<i64>; 2] = [(21..=40).rev().collect(), (1..=20).rev().collect()];
        assert_eq!(pages, wanted, "{indexed} indexed");
    }
}

#[tokio::test]
async fn one_incident_of_many_alerts_is_found_once_and_hides_no_other() {
    let ground = ground().await;
    let first = ground.open(alert("a-1")).await;
    let of_one = |n: i32| Alert {
        source_incident_id: Some("group".to_owned()),
        ..alert(&format!("b-{n}"))
    };
    let all = (1..=120).map(|n| arrived(of_one(n)));
    ground.take(all.collect()).await;
    for _ in 0..2 {
        assert_eq!(ground.found("porter").await, [2, first.0]);
        ground.app.index_words().await.unwrap();
    }
}

#[tokio::test]
async fn an_alert_that_says_something_else_now_is_found_by_that_alone() {
    for indexed in [false, true] {
        let ground = ground().await;
        let says = |title: &str, minutes: i64| Alert {
            times: Times {
                modified_at: Some(start() + TimeDelta::minutes(minutes)),
                ..alert("a-1").times
            },
            detail: Restricted::new(Detail {
                title: Some(title.to_owned()),
                ..Detail::default()
            }),
            ..alert("a-1")
        };
        ground.open(says("left open", 0)).await;
        if indexed {
            ground.app.index_words().await.unwrap();
        }
        assert_eq!(ground.found("left").await, [1]);
        ground.take(vec![arrived(says("shut again", 5))]).await;
        for _ in 0..2 {
            assert_eq!(ground.found("left").await, Vec::<i64>::new());
            assert_eq!(ground.found("shut porter").await, [1], "{indexed}");
            ground.app.index_words().await.unwrap();
        }
        assert_eq!(ground.number("SELECT COUNT(*) FROM alert_words").await, 1);
    }
}

#[tokio::test]
async fn nobody_else_searches_or_proves_and_nothing_is_logged_of_it() {
    let ground = ground().await;
    ground.open(alert("a-1")).await;
    let refusal = Refusal::NotYours {
        role: Some(Role::Auditor),
    };
    for role in Role::ALL {
        if [Role::Manager, Role::Auditor].contains(&role) {
            continue;
        }
        let member = ground.actor(role.key(), role).await;
        let searched = ground.app.search(&member, "porter", "asked", None).await;
        assert_eq!(refused(searched), refusal, "{role}");
        assert_eq!(refused(ground.app.prove(&member).await), refusal, "{role}");
    }
    let views = "SELECT COUNT(*) FROM access_headers";
    assert_eq!(ground.number(views).await, 0);
}

#[tokio::test]
async fn an_alert_that_came_again_while_it_was_to_be_indexed_is_read_anew() {
    let ground = ground().await;
    let says = |title: &str, minutes: i64| Alert {
        times: Times {
            modified_at: Some(start() + TimeDelta::minutes(minutes)),
            ..alert("a-1").times
        },
        detail: Restricted::new(Detail {
            title: Some(title.to_owned()),
            ..Detail::default()
        }),
        ..alert("a-1")
    };
    ground.open(says("left open", 0)).await;
    let mut reader = ground.app.store.read().await.unwrap();
    let next = words::list_next(&mut reader, 10).await.unwrap().unwrap();
    drop(reader);
    ground.take(vec![arrived(says("shut again", 5))]).await;
    let write = ground.app.store.write(move |connection| {
        Box::pin(async move { words::index(connection, &next, start()).await })
    });
    assert_eq!(write.await.unwrap(), 0);
    assert_eq!(ground.app.index_words().await.unwrap(), 1);
    assert_eq!(ground.found("left").await, Vec::<i64>::new());
    assert_eq!(ground.found("shut").await, [1]);
}
