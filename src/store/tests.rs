//! The store on a file of its own: the writer's groups, what the outbox keeps in order, the file itself.

mod outbox;
mod words;
mod writer;

use super::{Store, fact};
use chrono::{DateTime, Utc};
use sqlx::{Connection as _, SqliteConnection};
use std::path::PathBuf;
use tempfile::TempDir;

/// An open store; its folder goes with it.
pub(super) struct Ground {
    pub store: Store,
    pub file: PathBuf,
    _folder: TempDir,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test has no tracker; the writer ends with its last handle"
)]
pub(super) async fn ground() -> Ground {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("baton.db");
    let (store, writing) = Store::open(&file).await.unwrap();
    tokio::spawn(writing);
    Ground {
        store,
        file,
        _folder: folder,
    }
}

pub(super) fn now() -> DateTime<Utc> {
    "2026-11-03T09:00:00Z".parse().unwrap()
}

impl Ground {
    async fn fact(&self, key: &str) -> Option<String> {
        let mut reader = self.store.read().await.unwrap();
        fact::find(&mut reader, key).await.unwrap()
    }

    /// A connection that may do anything, as whoever has the file could.
    async fn raw(&self) -> SqliteConnection {
        SqliteConnection::connect(&format!("sqlite://{}", self.file.display()))
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn the_file_and_its_journal_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let ground = ground().await;
    for ending in ["", "-wal", "-shm"] {
        let path = format!("{}{ending}", ground.file.display());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let ground = ground().await;
    let mut reader = ground.store.read().await.unwrap();
    let refused = fact::save(&mut reader, "a", "b", now()).await.unwrap_err();
    assert!(refused.to_string().contains("readonly"), "{refused}");
}

#[tokio::test]
async fn a_playbooks_version_never_changes_its_text() {
    use crate::domain::ids::{PlaybookId, PlaybookRef};
    let ground = ground().await;
    let mut raw = ground.raw().await;
    let version = |hash: &str| PlaybookRef {
        id: PlaybookId::new("p"),
        version: "1".to_owned(),
        hash: hash.to_owned(),
    };
    super::playbook::save(&mut raw, &version("a"), "text", now())
        .await
        .unwrap();
    super::playbook::save(&mut raw, &version("a"), "text", now())
        .await
        .unwrap();
    let refused = super::playbook::save(&mut raw, &version("b"), "other", now())
        .await
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("give the changed text a new version")
    );
}

#[tokio::test]
async fn a_store_is_opened_by_one_service_and_named_to_the_next() {
    let ground = ground().await;
    let Err(held) = Store::open(&ground.file).await else {
        panic!("two at once");
    };
    let told = held.to_string();
    let process = format!(", process {} on ", std::process::id());
    assert!(
        told.contains(" is in use: ") && told.contains(&process),
        "{told}"
    );
    assert!(told.contains(", since 20"), "{told}");
    assert!(Store::beside(&ground.file).await.is_ok());
}

#[tokio::test]
async fn a_command_beside_the_service_leaves_another_format_as_it_is() {
    let ground = ground().await;
    let mut raw = ground.raw().await;
    let older =
        "DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)";
    sqlx::query(older).execute(&mut raw).await.unwrap();
    let Err(other) = Store::beside(&ground.file).await else {
        panic!("it was opened");
    };
    assert!(
        other
            .to_string()
            .contains("start the service of this version once"),
        "{other}"
    );
    let left = "SELECT COUNT(*) FROM _sqlx_migrations";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&mut raw).await.unwrap();
    let all = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    assert_eq!(usize::try_from(left).unwrap(), all.count() - 1);
}

#[tokio::test]
async fn what_is_known_of_a_later_moment_is_not_mixed_into_an_earlier_one() {
    let ground = ground().await;
    let decoded = super::decoded::Decoded::default();
    let unreadable = async |snapshot: &mut SqliteConnection| {
        decoded.list(snapshot).await.unwrap().unreadable.len()
    };
    let mut early = ground.store.read().await.unwrap();
    let mut earlier = early.begin().await.unwrap();
    assert_eq!(unreadable(&mut earlier).await, 0);
    let mut raw = ground.raw().await;
    for statement in [
        "PRAGMA foreign_keys = OFF",
        "INSERT INTO event_headers (seq, incident_id, number, at_us, staff, role, kind, format, criterion, payload_hash,
            hash) VALUES (1, 1, 1, 0, 0, '', 'opened', 1, '', x'', x'')",
        "INSERT INTO incidents (id, playbook_hash, stage, is_open, severity, version, opened_us, changed_us, state, record)
         VALUES (1, '', 'triage', 1, 'low', 1, 0, 0, 'not to be read', '')",
    ] {
        sqlx::query(statement).execute(&mut raw).await.unwrap();
    }
    let mut late = ground.store.read().await.unwrap();
    let mut later = late.begin().await.unwrap();
    assert_eq!(unreadable(&mut later).await, 1);
    assert_eq!(unreadable(&mut earlier).await, 0);
    // What is known stays that of the later moment.
    assert_eq!(decoded.unreadable(), 1);
}
