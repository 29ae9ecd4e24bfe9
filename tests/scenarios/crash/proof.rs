//! What must hold in the end, whatever was cut off before: asked of the store's file, of what stands at the sandbox and of
//! the program's own proof.

use super::{Run, SEED, aim};
use crate::scenarios::harness::Message;
use crate::scenarios::harness::ledger::{pairs, texts};
use crate::scenarios::processes::verified;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The run holds, or the panic says what does not and by which seed.
pub async fn holds(run: &Run, folder: &Path) {
    let mut faults = Vec::new();
    alerts(run, &mut faults).await;
    steps(run, &mut faults);
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

/// Each alert is in the store once, and each incident is shown once.
async fn alerts(run: &Run, faults: &mut Vec<String>) {
    let ledger = run.w.ledger();
    let times = "SELECT source_alert_id, COUNT(*) FROM alerts WHERE source = 'generic' GROUP BY 1";
    let times = pairs(&ledger, times);
    let incidents = "SELECT source_alert_id, incident_id FROM alerts WHERE source = 'generic' AND incident_id > 0";
    let incidents = pairs(&ledger, incidents);
    let known = texts(&ledger, "SELECT message_id FROM posted");
    let mut messages = Vec::new();
    for (_, said) in run.w.channels_of("owner").await {
        let posted = said.into_iter().filter(|one| one.json["ephemeral"] != true);
        messages.extend(posted.filter(|one| one.json["author"]["bot"] == true));
    }
    for name in run.offered.keys() {
        if times.get(name) != Some(&1) {
            faults.push(format!("{name} is kept {:?} times", times.get(name)));
        }
        let Some(id) = incidents.get(name) else {
            faults.push(format!("{name} has no incident"));
            continue;
        };
        let shown = shows(&messages, *id);
        if shown.len() != 1 {
            faults.push(format!("INC-{id} is shown {} times", shown.len()));
        }
        let mut history = run.w.history(*id);
        // Sent again where no answer came.
        history.remove("alert_repeated");
        if history != BTreeMap::from([("opened".to_owned(), 1)]) {
            faults.push(format!("INC-{id} has {history:?}"));
        }
    }
    for walk in &run.walks {
        let id = walk.incident.get().unwrap();
        let name = format!("INC-{id}");
        let listing = |one: &&Message| one.incidents().len() > 1 && one.incidents().contains(&name);
        let digests = messages.iter().filter(listing).count();
        if digests > 1 {
            faults.push(format!("{name} stands in {digests} digests"));
        }
        let cards = messages.iter().filter(|one| one.is_card_of(&name));
        let of_nobody = cards.filter(|one| !known.contains(&one.id()));
        faults
            .extend(of_nobody.map(|one| format!("nobody knows of this message:\n{}", one.text())));
    }
}

fn shows(messages: &[Message], incident: i64) -> Vec<&Message> {
    let id = format!("INC-{incident}");
    messages
        .iter()
        .filter(|one| one.incidents().contains(&id))
        .collect()
}

/// Each step that a member took is in the history once, and each page that they saw confirmed is in its form.
fn steps(run: &Run, faults: &mut Vec<String>) {
    for walk in &run.walks {
        let id = walk.incident.get().unwrap();
        let history = run.w.history(id);
        for (word, times) in walk.expected() {
            let kept = history.get(word).copied().unwrap_or_default();
            if kept != times {
                faults.push(format!("INC-{id}: {word} {kept} times, not {times}"));
            }
        }
        for words in walk.confirmed.borrow().iter() {
            if !run.w.is_in_a_form(id, words) {
                faults.push(format!("INC-{id}: the page with {words:?} is lost"));
            }
        }
    }
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

/// No request is one that Discord refuses, but for the pace: a new process has to learn each lane by one request.
async fn limits(run: &Run, faults: &mut Vec<String>) {
    let told = run.w.sandbox_says("requests").await;
    let mut late: BTreeSet<(usize, String)> = BTreeSet::new();
    for request in told["requests"].as_array().unwrap() {
        let status = request["status"].as_u64().unwrap();
        let number = request["number"].as_u64().unwrap();
        let life = run.seen.ends.partition_point(|end| *end < number);
        let first = status == 429 && late.insert((life, aim::lane(request)));
        if !first && !(200..300).contains(&status) {
            faults.push(format!("life {life}: answered with {status}: {request}"));
        }
    }
    if told["unknown_endpoints"] != 0 {
        faults.push("a request went to an endpoint that is none".to_owned());
    }
}
