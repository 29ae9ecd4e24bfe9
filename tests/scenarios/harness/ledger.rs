//! The store's file read from outside, while the service runs or after it was killed; nothing is written, not even a
//! checkpoint.

use super::World;
use rusqlite::{Connection, OpenFlags, params};
use std::collections::BTreeMap;
use std::path::Path;

/// Opens the file for reading alone.
pub fn ledger(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// Pairs of a text and a number that a query gives.
pub fn pairs(ledger: &Connection, query: &str) -> BTreeMap<String, i64> {
    let mut query = ledger.prepare(query).unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

/// The texts that a query gives.
pub fn texts(ledger: &Connection, query: &str) -> Vec<String> {
    let mut query = ledger.prepare(query).unwrap();
    let rows = query.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The two numbers of a query's one row.
pub fn numbers(ledger: &Connection, query: &str) -> [i64; 2] {
    let row = ledger.query_row(query, [], |row| Ok([row.get(0)?, row.get(1)?]));
    row.unwrap()
}

impl World {
    /// The story's store, for reading.
    pub fn ledger(&self) -> Connection {
        ledger(&self.stage.settings.store.path)
    }

    /// The words of an incident's history, each with how often it stands there.
    pub fn history(&self, incident: i64) -> BTreeMap<String, i64> {
        let ledger = self.ledger();
        let words = "SELECT kind, COUNT(*) FROM event_headers WHERE incident_id = ? GROUP BY kind";
        let mut query = ledger.prepare(words).unwrap();
        let rows = query.query_map([incident], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// Whether a form of this incident is under way.
    pub fn has_open_draft(&self, incident: i64) -> bool {
        let open = "SELECT COUNT(*) FROM drafts WHERE incident_id = ? AND state = 'open'";
        let count: i64 = self
            .ledger()
            .query_row(open, [incident], |row| row.get(0))
            .unwrap();
        count > 0
    }

    /// Whether these words stand in a form of this incident, under way or sent.
    pub fn is_in_a_form(&self, incident: i64, words: &str) -> bool {
        let any = "SELECT COUNT(*) FROM drafts WHERE incident_id = ? AND instr(body, ?) > 0
                   AND state IN ('open', 'submitted')";
        let found = self
            .ledger()
            .query_row(any, params![incident, words], |row| row.get(0));
        found.map(|count: i64| count > 0).unwrap()
    }
}
