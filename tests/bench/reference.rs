//! The ceiling: a server that keeps the same rows as Baton does for each alert, in the same schema, and decides nothing. One
//! thread with SQLite's own statements takes what waits and commits once; or, for comparison, commits each request alone.
//! `thin` writes two rows an alert, as a program without history would.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use rusqlite::{Connection, params};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};

/// The store's migrations, in their order.
const SCHEMA: [&str; 11] = [
    include_str!("../../migrations/0001_create_store.sql"),
    include_str!("../../migrations/0002_add_governance.sql"),
    include_str!("../../migrations/0003_add_directory.sql"),
    include_str!("../../migrations/0004_add_patterns.sql"),
    include_str!("../../migrations/0005_index_reads.sql"),
    include_str!("../../migrations/0006_add_digests.sql"),
    include_str!("../../migrations/0007_mark_posts.sql"),
    include_str!("../../migrations/0008_index_words.sql"),
    include_str!("../../migrations/0009_defer_incidents_of_alerts.sql"),
    include_str!("../../migrations/0010_bound_histories.sql"),
    include_str!("../../migrations/0011_store_hashes_as_bytes.sql"),
];
const MOST: usize = 2_000;
/// As long as the columns of an ordinary incident are.
const STATE: usize = 750;
const EVENT: usize = 500;
const NORMALIZED: usize = 850;
const DETAIL: usize = 300;
/// As an alert's words are, beside its own id.
const WORDS: &str =
    "disk fills up contoso example platform user the file system will be full within four hours";

struct Job {
    bodies: Vec<Vec<u8>>,
    done: oneshot::Sender<bool>,
}

/// `reference ADDRESS FILE grouped|single same|thin`
pub fn serve(args: &[String]) {
    let [_, address, file, grouping, rows] = args else {
        panic!("reference ADDRESS FILE grouped|single same|thin");
    };
    let (jobs, mut waiting) = mpsc::channel::<Job>(4096);
    let mut store = Connection::open(file).unwrap();
    store
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
        )
        .unwrap();
    for migration in SCHEMA {
        store.execute_batch(migration).unwrap();
    }
    store
        .execute("INSERT INTO persons (id, created_us) VALUES (1, 0)", [])
        .unwrap();
    store
        .execute(
            "INSERT INTO playbooks VALUES ('hash', 'id', '1', 'body', 0)",
            [],
        )
        .unwrap();
    let most = if grouping == "single" { 1 } else { MOST };
    let same = rows == "same";
    std::thread::spawn(move || {
        let (mut id, mut previous) = (0, String::new());
        while let Some(first) = waiting.blocking_recv() {
            let mut group = vec![first];
            while group.len() < most {
                match waiting.try_recv() {
                    Ok(job) => group.push(job),
                    Err(_) => break,
                }
            }
            let transaction = store.transaction().unwrap();
            for body in group.iter().flat_map(|job| &job.bodies) {
                id += 1;
                insert(&transaction, id, body, same, &mut previous);
            }
            let kept = transaction.commit().is_ok();
            for job in group {
                let _ = job.done.send(kept);
            }
        }
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let router = axum::Router::new()
            .route("/", post(take))
            .layer(axum::extract::DefaultBodyLimit::max(16 << 20))
            .with_state(jobs);
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        axum::serve(listener, router).await.unwrap();
    });
}

async fn take(State(jobs): State<mpsc::Sender<Job>>, body: Bytes) -> StatusCode {
    let bodies: Option<Vec<Vec<u8>>> = if body.starts_with(b"[") {
        let list: Result<Vec<&RawValue>, _> = serde_json::from_slice(&body);
        list.ok().map(|list| {
            list.iter()
                .map(|raw| raw.get().as_bytes().to_vec())
                .collect()
        })
    } else {
        let one: Result<&RawValue, _> = serde_json::from_slice(&body);
        one.ok().map(|raw| vec![raw.get().as_bytes().to_vec()])
    };
    let Some(bodies) = bodies else {
        return StatusCode::BAD_REQUEST;
    };
    let (done, kept) = oneshot::channel();
    if jobs.send(Job { bodies, done }).await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    match kept.await {
        Ok(true) => StatusCode::ACCEPTED,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn insert(store: &Connection, id: i64, body: &[u8], same: bool, previous: &mut String) {
    let text = |length: usize| "x".repeat(length);
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        store.prepare_cached(sql).unwrap().execute(values).unwrap();
    };
    let sha256 = hex::encode(Sha256::digest(body));
    let key = format!("alert-{id}");
    if same {
        run(
            "INSERT INTO incidents VALUES (?, 'hash', 'triage', 1, NULL, 'medium', 1, 0, 0, ?, '{}')",
            params![id, text(STATE)],
        );
    }
    run(
        "INSERT INTO alerts VALUES (?, 'source', '', ?, 0, ?, ?, NULL, 'infra', 'medium', 0, 0, NULL, 1, 0, NULL, ?, ?)",
        params![
            id,
            key,
            key,
            same.then_some(id),
            text(NORMALIZED),
            text(DETAIL)
        ],
    );
    run(
        "INSERT INTO raw_bodies VALUES (?, ?, 0, ?)",
        params![id, sha256, body],
    );
    if same {
        let event = text(EVENT);
        let payload = hex::encode(Sha256::digest(event.as_bytes()));
        let hash = hex::encode(Sha256::digest(format!("{id}\n{payload}\n{previous}")));
        run(
            "INSERT INTO event_headers VALUES (?, ?, 1, 0, 0, '', 'opened', 1, '', unhex(?), unhex(?))",
            params![id, id, payload, hash],
        );
        run(
            "INSERT INTO event_payloads VALUES (?, ?, ?)",
            params![id, [0_u8; 16], event.as_bytes()],
        );
        run("INSERT INTO dues VALUES (?, 'take', 0)", params![id]);
        run("INSERT INTO incident_persons VALUES (?, 1, 1)", params![id]);
        run(
            "INSERT INTO alert_words (rowid, words) VALUES (?, ?)",
            params![id, format!("{key} {WORDS}")],
        );
        *previous = hash;
    }
    run(
        "INSERT INTO outbox (kind, key, incident_id, channel, arg, rank, state, due_us, attempts, created_us)
         VALUES ('post_card', ?, ?, 'tier1-triage', 0, 3, 'waiting', 0, 0, 0)",
        params![format!("post:{id}"), same.then_some(id)],
    );
}
