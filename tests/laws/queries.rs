//! No query reads a whole table that grows with the years. SQLite is asked for the plan of each one that is committed;
//! what reads a table from end to end stands below with its reason.

use super::source::{files, root};
use rusqlite::StatementStatus;
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};
use std::collections::BTreeSet;

/// Tables that grow with what happens; the others hold what somebody set up, or what is open now.
const GROWING: [&str; 17] = [
    "access_headers",
    "access_payloads",
    "alert_words",
    "alerts",
    "counsel_texts",
    "drafts",
    "event_headers",
    "event_payloads",
    "identities",
    "identity_links",
    "incident_persons",
    "incidents",
    "outbox",
    "persons",
    "posted",
    "quarantine",
    "raw_bodies",
];

/// A part of the query, and why it may read all.
const READS_ALL: [(&str, &str); 12] = [
    (
        "SELECT (SELECT COUNT(*) FROM alerts)",
        "a backup states what it holds",
    ),
    (
        "FROM event_headers ORDER BY seq DESC LIMIT 1",
        "stops at the last row",
    ),
    (
        "FROM access_headers ORDER BY seq DESC LIMIT 1",
        "stops at the last row",
    ),
    (
        "WHERE is_open = 1 ORDER BY id",
        "what is open, by an index of that",
    ),
    (
        "FROM incidents WHERE is_open = 0 ORDER BY id DESC LIMIT ?",
        "the newest, until there are enough",
    ),
    (
        "ORDER BY a.id DESC LIMIT ?",
        "the newest, until there are enough",
    ),
    (
        "SELECT staff AS \"staff!: i64\" FROM event_headers UNION",
        "verify proves everything",
    ),
    (
        "SELECT DISTINCT incident_id FROM event_headers WHERE kind = ?",
        "verify proves everything",
    ),
    ("FROM incidents ORDER BY id", "verify proves everything"),
    ("FROM access_headers h", "verify proves everything"),
    (
        "SELECT kind, value, person_id FROM identities",
        "an import compares the whole directory",
    ),
    (
        "SELECT p.id, p.directory_key, p.name",
        "an import compares the whole directory",
    ),
];

#[tokio::test]
async fn no_query_reads_a_growing_table_from_end_to_end() {
    let options = SqliteConnectOptions::new().in_memory(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::migrate!("./migrations")
        .run(&mut connection)
        .await
        .unwrap();
    let mut faults = Vec::new();
    let mut allowed = BTreeSet::new();
    for query in queries() {
        let reason = READS_ALL.iter().find(|(part, _)| query.contains(part));
        for table in scanned(&mut connection, &query).await {
            match reason {
                Some((part, _)) => drop(allowed.insert(*part)),
                None => faults.push(format!("{table}: {query}")),
            }
        }
    }
    assert_eq!(
        faults,
        Vec::<String>::new(),
        "add an index, or say why it reads all"
    );
    let stale: Vec<&str> = READS_ALL
        .iter()
        .map(|(part, _)| *part)
        .filter(|part| !allowed.contains(part))
        .collect();
    assert_eq!(
        stale,
        Vec::<&str>::new(),
        "it reads no table from end to end any more"
    );
}

/// SQLite compiles a statement again whenever a value is bound on which its plan depends, as a LIMIT is.
#[test]
fn no_query_is_compiled_anew_for_its_values() {
    let store = rusqlite::Connection::open_in_memory().unwrap();
    for file in files("migrations", ".sql") {
        let migration = std::fs::read_to_string(root().join(file)).unwrap();
        store.execute_batch(&migration).unwrap();
    }
    let again = queries().filter(|query| {
        let mut statement = store.prepare(query).unwrap();
        for place in 1..=statement.parameter_count() {
            statement.raw_bind_parameter(place, 1).unwrap();
        }
        // What it finds, or that it takes no such value, is not asked here.
        let _ = statement.raw_query().next();
        statement.get_status(StatementStatus::RePrepare) > 0
    });
    assert_eq!(again.collect::<Vec<String>>(), Vec::<String>::new());
}

/// Each query that is committed, on one line.
fn queries() -> impl Iterator<Item = String> {
    files(".sqlx", ".json").into_iter().map(|file| {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let described: Value = serde_json::from_str(&text).unwrap();
        let query = described["query"].as_str().unwrap();
        query.split_whitespace().collect::<Vec<_>>().join(" ")
    })
}

/// The growing tables that the plan reads whole: by themselves or by an index that holds every row.
async fn scanned(connection: &mut SqliteConnection, query: &str) -> Vec<String> {
    let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
    let rows = sqlx::query(plan).fetch_all(connection).await.unwrap();
    let lines = rows.iter().map(|row| row.get::<String, _>("detail"));
    let scans = lines.filter_map(|line| {
        let name = line.strip_prefix("SCAN ")?.split(' ').next()?.to_owned();
        let table = table_of(query, &name);
        let partial = PARTIAL.iter().any(|index| line.ends_with(index));
        // An index of words is asked for some of them.
        let matched = line.contains("VIRTUAL TABLE INDEX") && line.contains(":M");
        (GROWING.contains(&table.as_str()) && !partial && !matched).then_some(table)
    });
    scans.collect()
}

/// Indexes that hold only what is open, waits or rests.
const PARTIAL: [&str; 5] = [
    "drafts_one_open",
    "outbox_one_waiting",
    "outbox_resting",
    "outbox_due",
    "quarantine_waiting",
];

/// The table behind a short name of the query.
fn table_of(query: &str, name: &str) -> String {
    let words: Vec<&str> = query
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .collect();
    let pairs = words.windows(2);
    let named = pairs.filter(|pair| pair[1] == name && GROWING.contains(&pair[0]));
    named.map(|pair| pair[0]).next().unwrap_or(name).to_owned()
}
