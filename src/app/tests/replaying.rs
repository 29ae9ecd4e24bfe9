//! Quarantined bodies again: taken and settled in one commit, once.

use super::{Ground, alert, arrived, ground};
use crate::app::intake::{Arrived, Batch, Outcome};
use crate::domain::ids::SourceId;

async fn held(ground: &Ground) -> i64 {
    let unread = Arrived {
        raw: b"{\"a\": 1}".to_vec(),
        reading: Err(("/id".to_owned(), "It has no id.".to_owned())),
    };
    ground.take(vec![unread]).await;
    ground.app.held().await.unwrap()[0].id
}

fn mended() -> Batch {
    Batch {
        source: SourceId::new("doors"),
        elements: vec![arrived(alert("a-1"))],
        reported_by: None,
        drill: false,
    }
}

#[tokio::test]
async fn a_replayed_body_is_taken_once_however_often_it_is_asked_for() {
    let ground = ground().await;
    let id = held(&ground).await;
    let (first, second) = tokio::join!(
        ground.app.replay(id, mended()),
        ground.app.replay(id, mended()),
    );
    assert_eq!(first.unwrap().unwrap()[0].outcome, Outcome::Opened);
    assert_eq!(second.unwrap(), None);
    assert!(ground.app.held().await.unwrap().is_empty());
    assert_eq!(ground.number("SELECT times_received FROM alerts").await, 1);
}

#[tokio::test]
async fn what_still_cannot_be_read_stays_with_its_present_reason() {
    let ground = ground().await;
    let id = held(&ground).await;
    let reason = ("/time".to_owned(), "It has no time.".to_owned());
    ground.app.keep_held(id, reason.0, reason.1).await.unwrap();
    let waiting = ground.app.held().await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(
        (waiting[0].pointer.as_str(), waiting[0].message.as_str()),
        ("/time", "It has no time.")
    );
    assert_eq!(waiting[0].body, b"{\"a\": 1}");
}
