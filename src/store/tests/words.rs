//! The index of words: rows leave it, and what they held leaves the file.

use super::{Ground, ground};
use crate::store::StoreError;
use sqlx::Connection as _;

impl Ground {
    async fn run(&self, statement: &'static str) {
        let done = self.store.write(move |connection| {
            Box::pin(async move {
                sqlx::query(statement).execute(connection).await?;
                Ok::<_, StoreError>(())
            })
        });
        done.await.unwrap();
    }

    /// Whether these bytes stand anywhere in the file, all of the log copied back.
    async fn holds(&self, bytes: &[u8]) -> bool {
        let mut raw = self.raw().await;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut raw)
            .await
            .unwrap();
        raw.close().await.unwrap();
        let file = std::fs::read(&self.file).unwrap();
        file.windows(bytes.len()).any(|part| part == bytes)
    }
}

#[tokio::test]
async fn a_deleted_row_leaves_no_word_in_the_file_once_the_index_is_put_in_order() {
    let ground = ground().await;
    ground
        .run("INSERT INTO alert_words (rowid, words) VALUES (1, 'zqstays'), (2, 'zqgoes common')")
        .await;
    assert!(ground.holds(b"zqgoes").await || ground.holds(b"qgoes").await);
    ground.run("DELETE FROM alert_words WHERE rowid = 2").await;
    ground
        .run("INSERT INTO alert_words (alert_words) VALUES ('optimize')")
        .await;
    ground
        .run("INSERT INTO alert_words (alert_words) VALUES ('integrity-check')")
        .await;
    let mut reader = ground.store.read().await.unwrap();
    let found = async |word: &'static str, reader: &mut super::super::Connection| {
        let count = "SELECT COUNT(*) FROM alert_words WHERE alert_words MATCH ?";
        let count = sqlx::query_scalar::<_, i64>(count).bind(word);
        count.fetch_one(reader).await.unwrap()
    };
    assert_eq!(found("zqgoes", &mut reader).await, 0);
    assert_eq!(found("zqstays", &mut reader).await, 1);
    drop(reader);
    assert!(!ground.holds(b"goes").await);
    assert!(ground.holds(b"stays").await);
}
