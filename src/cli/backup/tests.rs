//! Backup and restore as they are typed, on folders of their own.

use crate::cli::tests::{ended_well, ports, replayed, taken_in, unread};
use crate::cli::{Cli, Command, restore, store_in};
use crate::store::{Store, StoreError, fact, lock};
use clap::Parser as _;
use sqlx::{Connection as _, SqliteConnection};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A pair of keys as age-keygen writes it, and its public half.
const KEY: &str = "AGE-SECRET-KEY-";

/// A folder whose store has two incidents.
async fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let bodies = [r#"{"id": "marker-one"}"#, r#"{"id": "marker-two"}"#].map(unread);
    taken_in(folder.path(), "generic", bodies.into()).await;
    assert!(replayed(folder.path()).await.0);
    folder
}

/// Runs one of the two commands; what it said, or its fault with all causes.
async fn typed(line: &[&str]) -> Result<String, String> {
    let cli = Cli::try_parse_from(["baton"].iter().chain(line)).unwrap();
    let mut out = Vec::new();
    let code = if let Command::Backup(args) = cli.command {
        super::run(&args, ports(), &mut out).await
    } else if let Command::Restore(args) = cli.command {
        restore::run(&args, ports().clock.as_ref(), &mut out).await
    } else {
        panic!("neither backup nor restore")
    };
    let code = code.map_err(|fault| format!("{fault:#}"))?;
    assert!(ended_well(code));
    Ok(String::from_utf8(out).unwrap())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

async fn backed_up(folder: &TempDir) -> PathBuf {
    let file = folder.path().join("copy.db");
    let line = ["backup", text(&file), "--data", text(folder.path())];
    typed(&line).await.unwrap();
    file
}

/// Restores into a fresh folder; that folder and what came of it.
async fn restored(file: &Path, more: &[&str]) -> (TempDir, Result<String, String>) {
    let place = tempfile::tempdir().unwrap();
    let line = ["restore", text(file), "--data", text(place.path())];
    let line: Vec<&str> = line.iter().chain(more).copied().collect();
    let told = typed(&line).await;
    (place, told)
}

/// Nothing but the lock's file, which means nothing by itself.
fn left_nothing(place: &TempDir) {
    let names = fs::read_dir(place.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        names.iter().all(|name| name == "baton.db.lock"),
        "{names:?}"
    );
}

fn line<'t>(told: &'t str, of: &str) -> &'t str {
    let found = told.lines().find(|line| line.starts_with(of));
    found.unwrap_or_else(|| panic!("no {of} in {told}"))
}

async fn changed(file: &Path, statements: &[&'static str]) {
    let mut raw = SqliteConnection::connect(&format!("sqlite://{}", file.display()))
        .await
        .unwrap();
    for statement in statements {
        sqlx::query(*statement).execute(&mut raw).await.unwrap();
    }
    raw.close().await.unwrap();
}

#[tokio::test]
async fn a_backup_of_a_live_store_restores_to_the_same_counts_and_chain() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder().await;
    // A service holds the store; what it wrote last stands in its journal only.
    let (live, writing) = Store::open(&store_in(folder.path())).await.unwrap();
    let now = ports().clock.now();
    let story = async {
        let named = live.write(move |connection| {
            Box::pin(async move {
                fact::save(connection, "gateway_session", "{}", now).await?;
                fact::save(connection, "instance", "0a1b2c3d", now).await
            })
        });
        let named: Result<(), StoreError> = named.await;
        named.unwrap();
        let file = folder.path().join("copy.db");
        let backup = ["backup", text(&file), "--data", text(folder.path())];
        let told = typed(&backup).await.unwrap();
        assert!(told.contains("This file lies open at "), "{told}");
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (place, again) = restored(&file, &[]).await;
        let again = again.unwrap();
        for of in [
            "taken ",
            "alerts ",
            "incidents ",
            "events ",
            "views ",
            "head ",
        ] {
            assert_eq!(line(&told, of), line(&again, of));
        }
        assert_eq!(line(&told, "events"), "events     2");
        // The store knows of its backup; the restored one is whole, under a name of its own.
        let mut reader = live.read().await.unwrap();
        let last = crate::store::backup::last_backup(&mut reader)
            .await
            .unwrap();
        assert_eq!(last.unwrap().file, text(&file));
        drop(reader);
        let readers = Store::open_readers(&store_in(place.path())).await.unwrap();
        let mut reader = readers.acquire().await.unwrap();
        let proof = crate::store::verify::verify(&mut reader).await.unwrap();
        assert_eq!((proof.fault, proof.events, proof.incidents), (None, 2, 2));
        for gone in ["instance", "gateway_session", "backup_contents"] {
            let fact = fact::find(&mut reader, gone).await.unwrap();
            assert_eq!(fact, None, "{gone}");
        }
        drop(reader);
        readers.close().await;
        live.close().await;
    };
    tokio::join!(story, writing);
}

#[tokio::test]
async fn no_number_of_the_time_after_a_backup_is_given_again() {
    let folder = folder().await;
    let file = backed_up(&folder).await;
    let (place, told) = restored(&file, &[]).await;
    assert!(told.unwrap().contains("100,000 numbers are left out"));
    let body = r#"{"id": "marker-three"}"#;
    taken_in(place.path(), "generic", vec![unread(body)]).await;
    assert!(replayed(place.path()).await.0);
    let readers = Store::open_readers(&store_in(place.path())).await.unwrap();
    let mut reader = readers.acquire().await.unwrap();
    // The last that was given in each table, whether it held anything in the backup or not.
    for (table, given) in [
        ("alerts", 100_003),
        ("incidents", 100_003),
        ("outbox", 100_003),
        ("drafts", 100_000),
        ("patterns", 100_000),
    ] {
        let last: i64 = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = ?")
            .bind(table)
            .fetch_one(&mut *reader)
            .await
            .unwrap();
        assert_eq!(last, given, "{table}");
    }
    let newest: i64 = sqlx::query_scalar("SELECT MAX(id) FROM incidents")
        .fetch_one(&mut *reader)
        .await
        .unwrap();
    assert_eq!(newest, 100_003);
    let proof = crate::store::verify::verify(&mut reader).await.unwrap();
    assert_eq!((proof.fault, proof.incidents), (None, 3));
    drop(reader);
    readers.close().await;
}

#[tokio::test]
async fn a_sealed_backup_is_opened_by_its_key_alone_and_shows_nothing() {
    use age::secrecy::ExposeSecret as _;
    let folder = folder().await;
    let keys = tempfile::tempdir().unwrap();
    let key_file = |name: &str| {
        let key = age::x25519::Identity::generate();
        let file = keys.path().join(name);
        let secret = key.to_string();
        assert!(secret.expose_secret().starts_with(KEY));
        fs::write(&file, format!("# a key\n{}\n", secret.expose_secret())).unwrap();
        (file, key.to_public().to_string())
    };
    let ((right, public), (wrong, _)) = (key_file("right"), key_file("wrong"));
    let file = folder.path().join("copy.db.age");
    let backup = [
        "backup",
        text(&file),
        "--recipient",
        &public,
        "--data",
        text(folder.path()),
    ];
    let told = typed(&backup).await.unwrap();
    assert!(told.contains("sealed     for 1 recipient"), "{told}");
    let bytes = fs::read(&file).unwrap();
    for open in [&b"SQLite format"[..], b"marker-one"] {
        assert!(!bytes.windows(open.len()).any(|window| window == open));
    }
    // Nothing open is left beside the store.
    assert!(!folder.path().join("baton.db.copying").exists());
    let (place, without) = restored(&file, &[]).await;
    assert!(
        without
            .unwrap_err()
            .contains("Name the file with the key with --identity")
    );
    left_nothing(&place);
    let (place, other) = restored(&file, &["--identity", text(&wrong)]).await;
    assert!(other.unwrap_err().contains("cannot be opened with"));
    left_nothing(&place);
    let (_place, told) = restored(&file, &["--identity", text(&right)]).await;
    assert_eq!(line(&told.unwrap(), "incidents"), "incidents  2");
}

#[tokio::test]
async fn a_copy_that_was_changed_damaged_or_is_none_is_not_restored() {
    let folder = folder().await;
    let whole = backed_up(&folder).await;
    let broken = folder.path().join("broken.db");
    let cases: [(&[&str], &str); 4] = [
        (
            &["DELETE FROM raw_bodies WHERE rowid = 1"],
            "it states 2 bodies and holds 1",
        ),
        (
            &[
                "DROP TRIGGER event_payloads_stay",
                "UPDATE event_payloads SET body = x'7b7d' WHERE seq = 2",
            ],
            "its history does not hold: event 2",
        ),
        (
            &[
                "DROP TRIGGER event_headers_stay",
                "UPDATE event_headers SET hash = x'ff' WHERE seq = 2",
            ],
            "the last hash is not the one that it states",
        ),
        (&["DELETE FROM facts"], "it does not say what it holds"),
    ];
    for (statements, why) in cases {
        fs::copy(&whole, &broken).unwrap();
        changed(&broken, statements).await;
        let (place, told) = restored(&broken, &[]).await;
        let told = told.unwrap_err();
        assert!(
            told.starts_with("nothing was restored: ") && told.contains(why),
            "{told}"
        );
        left_nothing(&place);
    }
    let bytes = fs::read(&whole).unwrap();
    for part in [
        &bytes[..bytes.len() / 2],
        b"no database at all, but some text",
    ] {
        fs::write(&broken, part).unwrap();
        let (place, told) = restored(&broken, &[]).await;
        assert!(told.is_err());
        left_nothing(&place);
    }
}

#[tokio::test]
async fn nothing_is_ever_written_over() {
    let folder = folder().await;
    let file = backed_up(&folder).await;
    let before = fs::read(&file).unwrap();
    let backup = ["backup", text(&file), "--data", text(folder.path())];
    assert!(
        typed(&backup)
            .await
            .unwrap_err()
            .contains("is there already")
    );
    let store = fs::read(store_in(folder.path())).unwrap();
    let restore = ["restore", text(&file), "--data", text(folder.path())];
    let told = typed(&restore).await.unwrap_err();
    assert!(
        told.contains("baton.db is there already") && told.contains("Move it away"),
        "{told}"
    );
    assert_eq!(fs::read(store_in(folder.path())).unwrap(), store);
    assert_eq!(fs::read(&file).unwrap(), before);
    // A journal without its store would be taken for the restored one's.
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("baton.db-wal"), "old").unwrap();
    let restore = ["restore", text(&file), "--data", text(place.path())];
    assert!(
        typed(&restore)
            .await
            .unwrap_err()
            .contains("baton.db-wal is there already")
    );
}

#[tokio::test]
async fn what_is_held_is_neither_restored_nor_copied_twice_at_once() {
    let folder = folder().await;
    let file = backed_up(&folder).await;
    let place = tempfile::tempdir().unwrap();
    let held = lock::hold(&store_in(place.path())).unwrap();
    let restore = ["restore", text(&file), "--data", text(place.path())];
    let told = typed(&restore).await.unwrap_err();
    let process = format!("process {}", std::process::id());
    assert!(
        told.contains("is in use: ") && told.contains(&process),
        "{told}"
    );
    drop(held);
    typed(&restore).await.unwrap();
    let _held = lock::hold(&folder.path().join("baton.db.backup")).unwrap();
    let second = folder.path().join("second.db");
    let backup = ["backup", text(&second), "--data", text(folder.path())];
    let told = typed(&backup).await.unwrap_err();
    assert!(told.contains("another backup is under way: "), "{told}");
    assert!(!second.exists());
}

#[tokio::test]
async fn without_a_name_it_lies_beside_the_store_under_one_with_its_time() {
    let folder = folder().await;
    let told = typed(&["backup", "--data", text(folder.path())])
        .await
        .unwrap();
    let file = folder.path().join("backups/baton-new-20261121T090000Z.db");
    assert_eq!(
        line(&told, "backup"),
        format!("backup     {}", file.display())
    );
    assert!(file.is_file());
}
