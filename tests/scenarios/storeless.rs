//! The store takes nothing for a while: a full disk, a file that may not be written, a lock of somebody else. Senders come
//! again, members read what to do, nothing is half done, and the service goes on by itself.

use super::harness::{World, scenario};
use crate::payload;
use baton::store::{StoreError, Trouble};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _};

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const MAIL: &str = payload!("purview_dlp_alert_entity_exchange.json");
const ROWS: &str =
    "SELECT (SELECT COUNT(*) FROM alerts) * 1000000 + (SELECT COUNT(*) FROM event_headers) * 1000
    + (SELECT COUNT(*) FROM outbox) + (SELECT COUNT(*) FROM persons)";

/// Sets a pragma on the writer's own connection.
async fn pragma(w: &World, statement: String) {
    let service = w.service();
    let set = service.app.store.write(move |connection| {
        Box::pin(async move {
            sqlx::query(AssertSqlSafe(statement))
                .execute(connection)
                .await?;
            Ok::<_, StoreError>(())
        })
    });
    set.await.unwrap();
}

/// A body whose bytes do not fit into what is free of the last pages.
fn large() -> String {
    json!({ "id": "large", "title": "x".repeat(200_000) }).to_string()
}

/// Refuses senders and members as long as `words` hold, and keeps nothing.
async fn refuses(w: &World, trouble: Trouble) {
    let before = w.count(ROWS).await;
    let told = w.alert("generic", large()).await.refused(503);
    assert!(told.contains(trouble.in_words()), "{told}");
    assert_eq!(w.count(ROWS).await, before, "something was half written");
}

/// Everything works again without anybody's help.
async fn goes_on(w: &World) {
    w.alert("generic", large()).await.accepted();
    w.alert("purview", MAIL).await.accepted();
    let channel = w.tier1().channel("tier1-triage").await;
    channel.card("INC-1");
    channel.card("INC-3");
    channel.all();
    assert_eq!(w.service().missing.list(), Vec::<String>::new());
}

#[test]
fn a_full_disk_refuses_senders_and_members_and_loses_nothing() {
    scenario(async |w| {
        w.expected().log("the store takes nothing");
        w.alert("purview", UPLOAD).await.accepted();
        w.settle().await;
        let pages = w.count("SELECT page_count FROM pragma_page_count").await;
        pragma(w, format!("PRAGMA max_page_count = {pages}")).await;
        refuses(w, Trouble::Full).await;
        let ready = w.service();
        assert!(ready.missing.list().join("\n").contains("its disk is full"));
        // Reading goes on.
        w.tier1()
            .run("tier1-triage", "queue", &[])
            .await
            .message()
            .expect("INC-1");
        pragma(w, "PRAGMA max_page_count = 1000000".to_owned()).await;
        goes_on(w).await;
    });
}

#[test]
fn a_lock_of_somebody_else_refuses_a_step_with_what_to_do_and_sends_nothing() {
    scenario(async |w| {
        w.expected().log("the store takes nothing");
        w.alert("purview", UPLOAD).await.accepted();
        let tier1 = w.tier1();
        let card = tier1.channel("tier1-triage").await.card("INC-1");
        // Otherwise it waits for five seconds.
        pragma(w, "PRAGMA busy_timeout = 50".to_owned()).await;
        let mut other = w.shell().await;
        sqlx::query("BEGIN EXCLUSIVE")
            .execute(&mut other)
            .await
            .unwrap();
        refuses(w, Trouble::Locked).await;
        let told = tier1.press(&card, "Claim").await.message();
        told.expect("Nothing can be saved just now")
            .expect("another program keeps it locked")
            .expect("was not done")
            .expect("Send it again in a minute");
        // What could not be remembered is not sent.
        assert_eq!(w.deliver_once().await.delivered, 0);
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
        goes_on(w).await;
        tier1.press(&card, "Claim").await;
        let card = tier1.channel("tier1-triage").await.card("INC-1");
        card.lacks("Nobody");
    });
}
