//! What must hold in the end, whatever was cut off before: asked of the store's file, of what stands at the sandbox and of
//! the program's own proof.

use super::{Run, SEED, aim};
use crate::scenarios::harness::ledger::texts;
use crate::scenarios::processes::verified;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The run holds, or the panic says what does not and by which seed.
pub async fn holds(run: &Run, folder: &Path) {
    let mut faults = Vec::new();
    let posted = run.w.everything_posted().await;
    faults.extend(
        run.w
            .kept_once(run.offered.keys().map(String::as_str), &posted),
    );
    for walk in &run.walks {
        faults.extend(run.w.walked_once(walk, &posted));
        let incident = walk.incident.get().unwrap();
        faults.extend(run.w.cards_of_nobody(incident, &posted));
    }
    nothing_is_left(run, &mut faults);
    limits(run, &mut faults).await;
    let (seed, table) = (run.chance.seed, run.seen.table());
    assert!(
        faults.is_empty(),
        "{SEED}={seed}\n{table}{}",
        faults.join("\n")
    );
    verified(folder);
}

/// Every effect is delivered, and every open incident has a time at which it is looked at again.
fn nothing_is_left(run: &Run, faults: &mut Vec<String>) {
    let ledger = run.w.ledger();
    let rest = "SELECT kind || ': ' || state || ' ' || COALESCE(last_fault, '') FROM outbox WHERE state <> 'delivered'";
    faults.extend(texts(&ledger, rest));
    let idle = "SELECT 'INC-' || id || ' has no next step' FROM incidents
                WHERE is_open = 1 AND id NOT IN (SELECT incident_id FROM dues)";
    faults.extend(texts(&ledger, idle));
    let threads = "SELECT channel_id || ' shows ' || COUNT(*) FROM posted WHERE key LIKE 'thread:%'
                   GROUP BY incident_id, key HAVING COUNT(*) > 1";
    faults.extend(texts(&ledger, threads));
}

/// No request is one that Discord refuses, but for the pace: a new process has to learn each lane by one request, and does
/// not know what the one before sent in the same second.
async fn limits(run: &Run, faults: &mut Vec<String>) {
    let told = run.w.sandbox_says("requests").await;
    let mut begun: BTreeMap<usize, DateTime<Utc>> = BTreeMap::new();
    let mut late: BTreeSet<(usize, String, bool)> = BTreeSet::new();
    for request in told["requests"].as_array().unwrap() {
        let status = request["status"].as_u64().unwrap();
        let number = request["number"].as_u64().unwrap();
        let at: DateTime<Utc> = request["at"].as_str().unwrap().parse().unwrap();
        let life = run.seen.ends.partition_point(|end| *end < number);
        let begun = *begun.entry(life).or_insert(at);
        let of_all = request["scope"] == "global";
        let learns = !of_all || at - begun < TimeDelta::seconds(1);
        let first = status == 429 && learns && late.insert((life, aim::lane(request), of_all));
        if !first && !(200..300).contains(&status) {
            faults.push(format!("life {life}: answered with {status}: {request}"));
        }
    }
    if told["unknown_endpoints"] != 0 {
        faults.push("a request went to an endpoint that is none".to_owned());
    }
}
