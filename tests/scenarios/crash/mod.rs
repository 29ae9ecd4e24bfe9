//! The program as it is run, killed again and again at moments that are chosen and random: nothing that was accepted, told
//! as done or confirmed is lost, and nothing is done or said twice. `BATON_CRASH_KILLS` asks for more kills of each phase,
//! `BATON_CRASH_SEED` for the same chance again.

mod aim;
mod proof;

use super::harness::chance::{Chance, asked};
use super::harness::process::{Place, Process};
use super::harness::{Walk, Went, World, breathe};
use super::processes::{sandbox, service, told};
use aim::{Life, Phase, Seen};
use futures_util::future::{join_all, maybe_done, pending};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::time::timeout;

const KILLS: &str = "BATON_CRASH_KILLS";
const SEED: &str = "BATON_CRASH_SEED";
/// Kills of each phase in an ordinary run of the tests.
const ORDINARY: usize = 3;
/// Alerts that are sent at once.
const BURST: usize = 6;
/// Incidents on their way beside each other.
const WALKS: usize = 4;
/// How long the last life may take to bring everything to its end.
const TO_THE_END: Duration = Duration::from_secs(90);

/// What goes on over all the kills.
struct Run {
    w: World,
    chance: Chance,
    /// The sender's side: each alert by its id, and whether it was accepted.
    offered: BTreeMap<String, bool>,
    walks: Vec<Walk>,
    seen: Seen,
}

#[test]
fn nothing_is_lost_and_nothing_happens_twice_however_often_the_service_is_killed() {
    let each = asked(KILLS).map_or(ORDINARY, |count| usize::try_from(count).unwrap());
    told(async |folder| {
        let (_sandbox, address) = sandbox(folder);
        let mut run = Run {
            w: World::beside(&address, &folder.join("data")).await,
            chance: Chance::begin(SEED, asked(KILLS).is_some()),
            offered: BTreeMap::new(),
            walks: Vec::new(),
            seen: Seen::default(),
        };
        let begun = Instant::now();
        run.kills(folder, &address, each).await;
        println!("{}after {} s", run.seen.table(), begun.elapsed().as_secs());
        let (_service, _place) = run.comes_to_its_end(folder, &address).await;
        proof::holds(&run, folder).await;
        println!("proven after {} s", begun.elapsed().as_secs());
    });
}

impl Run {
    /// Lives and kills until each phase was met so often.
    async fn kills(&mut self, folder: &Path, address: &str, each: usize) {
        let most = 6 * each * Phase::ALL.len();
        while self.seen.ends.len() < most {
            let left: Vec<Phase> = Phase::ALL
                .into_iter()
                .filter(|phase| self.seen.met(*phase) < each)
                .collect();
            if left.is_empty() {
                return;
            }
            let aim = *self.chance.of(&left);
            self.life(folder, address, aim).await;
        }
        let (seed, table) = (self.chance.seed, self.seen.table());
        panic!("{SEED}={seed}: {most} kills did not meet each phase {each} times:\n{table}");
    }

    /// One life of the service from its start to the kill.
    async fn life(&mut self, folder: &Path, address: &str, aim: Phase) {
        let (service, place) = service(folder, address);
        if aim == Phase::MidForm {
            place.ready().await;
            self.walks_begin(&place).await;
        }
        let names: BTreeSet<String> = (0..BURST)
            .map(|n| format!("crash-{}", self.offered.len() + n))
            .collect();
        self.offered
            .extend(names.iter().map(|name| (name.clone(), false)));
        let moment = aim.choose(&mut self.chance, &self.w, &self.seen).await;
        let life = Life::default();
        let before = confirmed(&self.walks);
        {
            let walks = &self.walks;
            let taken = maybe_done(burst(&place, &names, &life));
            let mut taken = std::pin::pin!(taken);
            let others = async {
                let steps = steps(&self.w, walks, aim == Phase::MidForm);
                tokio::join!(taken.as_mut(), steps);
            };
            tokio::select! {
                biased;
                () = moment.comes(&self.w, &life, || confirmed(walks) - before) => {}
                () = others => unreachable!("the walks never end"),
            }
            service.kill();
            // What the service answered before it died is read still.
            taken.await;
        }
        for name in life.taken.take() {
            self.offered.insert(name, true);
        }
        self.w.faults_end().await;
        self.seen.look(&self.w, aim, &names, &self.offered).await;
    }

    /// Some incidents are on their way, others follow where they have come to their end.
    async fn walks_begin(&mut self, place: &Place) {
        let over = self
            .walks
            .iter()
            .filter(|walk| walk.is_over(&self.w))
            .count();
        while self.walks.len() < over + WALKS {
            self.walks
                .push(Walk::new(u32::try_from(self.walks.len() + 1).unwrap()));
        }
        for walk in self
            .walks
            .iter()
            .filter(|walk| walk.incident.get().is_none())
        {
            if let Some((202, told)) = place.offers("purview", walk.alert()).await {
                walk.incident.set(Some(incident(&told)));
            }
        }
    }

    /// A last life in which nobody kills: what the senders had no answer for they send again, and everything is delivered.
    async fn comes_to_its_end(&mut self, folder: &Path, address: &str) -> (Process, Place) {
        let (service, place) = service(folder, address);
        place.ready().await;
        self.walks_begin(&place).await;
        for (name, accepted) in &mut self.offered {
            if !*accepted {
                place.alert("generic", body(name)).await;
                *accepted = true;
            }
        }
        let until = Instant::now() + TO_THE_END;
        let seed = self.chance.seed;
        let walks = join_all(self.walks.iter().map(|walk| ends(walk, &self.w)));
        let ended = timeout(TO_THE_END, walks).await;
        assert!(ended.is_ok(), "{SEED}={seed}: a walk does not end");
        while let Some(waits) = aim::waits(&self.w) {
            assert!(
                Instant::now() < until,
                "{SEED}={seed}: not delivered: {waits:?}"
            );
            breathe().await;
        }
        (service, place)
    }
}

/// For three channels in turn.
fn body(name: &str) -> String {
    let number: usize = name.trim_start_matches("crash-").parse().unwrap();
    let (kind, severity) = [("dlp", "low"), ("endpoint", "low"), ("endpoint", "high")][number % 3];
    json!({ "id": name, "kind": kind, "severity": severity }).to_string()
}

async fn burst(place: &Place, names: &BTreeSet<String>, life: &Life) {
    join_all(names.iter().map(async |name| {
        if place.offer("generic", body(name)).await == Some(202) {
            life.taken.borrow_mut().insert(name.clone());
        }
    }))
    .await;
}

async fn steps(w: &World, walks: &[Walk], begins: bool) {
    let on_their_way = walks.iter().filter(|walk| begins && !walk.is_over(w));
    join_all(on_their_way.map(|walk| ends(walk, w))).await;
    pending::<()>().await;
}

async fn ends(walk: &Walk, w: &World) {
    while walk.step(w).await != Went::Over {
        breathe().await;
    }
}

/// How much members were told so far: pages that were confirmed, steps that are done.
fn confirmed(walks: &[Walk]) -> usize {
    let told = |walk: &Walk| walk.confirmed.borrow().len() + walk.told.borrow().len();
    walks.iter().map(told).sum()
}

/// The incident of the one alert that was accepted.
fn incident(told: &Value) -> i64 {
    let id = told["alerts"][0]["incident"].as_str().unwrap();
    id.trim_start_matches("INC-").parse().unwrap()
}
