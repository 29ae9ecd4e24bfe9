//! One story under faults: some alerts that nobody takes, one incident on its way to Governance, a fault before each step.
//! At its end the faults end, and everything is looked at.

use super::SEED;
use super::breaks::{Break, Deck, ROUTES};
use crate::scenarios::harness::chance::Chance;
use crate::scenarios::harness::{Walk, Went, World, breathe, scenario};
use baton::sandbox::permissions::VIEW_CHANNEL;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::{Duration, Instant};

/// Alerts that nobody takes.
const ALERTS: i64 = 4;
/// Tries of steps while faults come.
const BEATS: usize = 12;
/// Rounds of the outbox after each step.
const ROUNDS: usize = 12;

/// The story's clock runs, so much faster than the real one.
async fn passes(w: &World, speed: i32) -> Infallible {
    let mut last = Instant::now();
    loop {
        breathe().await;
        let passed = TimeDelta::from_std(last.elapsed()).unwrap();
        last = Instant::now();
        w.jump(passed * speed);
    }
}

pub struct Story<'a> {
    w: &'a World,
    chance: &'a mut Chance,
    walk: Walk,
    deck: Deck,
    /// How many faults of each status were ordered.
    ordered: BTreeMap<u64, u64>,
    /// How often nobody answered a member, or too late.
    unanswered: u64,
    starts: u64,
}

impl Story<'_> {
    pub fn tell(chance: &mut Chance, breaks: &[Break], at_once: usize) {
        let seed = chance.seed;
        println!("{SEED}={seed}: {breaks:?}");
        scenario(async |w| {
            w.expected().whatever_fails();
            let walk = Walk::new(1);
            let mut story = Story {
                w,
                chance,
                walk,
                deck: Deck::new(),
                ordered: BTreeMap::new(),
                unanswered: 0,
                starts: 1,
            };
            story.goes(breaks, at_once).await;
            story.comes_right().await;
            story.holds(breaks).await;
        });
    }

    async fn goes(&mut self, breaks: &[Break], at_once: usize) {
        let accepted = self.w.alert("purview", self.walk.alert()).await;
        let id = accepted.accepted()[0]["incident"]
            .as_str()
            .unwrap()
            .to_owned();
        self.walk
            .incident
            .set(id.trim_start_matches("INC-").parse().ok());
        let swallowed = breaks.iter().any(|one| one.is_swallowed());
        let beats = if swallowed { 1 } else { BEATS };
        // Where no answer is tried again, or only after a connection, nobody waits for it long in real time.
        let again = breaks.iter().any(|one| one.passes());
        let speed = if again { 2 } else { 4 };
        for beat in 0..beats {
            if at_once == 1 {
                self.w.faults_end().await;
            }
            let more = self.chance.below(u64::try_from(at_once).unwrap());
            for _ in 0..=more {
                if breaks[0].is_of_gateway() && beat % 3 > 0 {
                    continue;
                }
                let one = *self.chance.of(breaks);
                self.breaks(one).await;
            }
            if i64::try_from(beat).unwrap() < ALERTS {
                let body =
                    json!({ "id": format!("faulty-{beat}"), "kind": "dlp", "severity": "low" });
                self.w.alert("generic", body.to_string()).await.accepted();
            }
            if self.tries(speed).await == Went::Waits {
                self.unanswered += 1;
            }
            self.delivers().await;
            if self.w.service().rest.is_shut() || self.chance.below(8) == 0 {
                self.starts_again(breaks).await;
            }
        }
    }

    async fn breaks(&mut self, one: Break) {
        // What is swallowed costs ten seconds of real time: where most of the work is.
        let (routes, most) = if one.is_swallowed() {
            (2, 1)
        } else {
            (ROUTES.len(), 2)
        };
        let route = self.deck.draw(self.chance, routes);
        let times = 1 + self.chance.below(most);
        *self.ordered.entry(one.status).or_default() += times;
        self.w.fault(one.order(route, times)).await;
    }

    /// One step of the walk, while time passes: whoever waits too long gives up.
    async fn tries(&self, speed: i32) -> Went {
        tokio::select! {
            went = self.walk.step(self.w) => went,
            never = passes(self.w, speed) => match never {},
        }
    }

    /// Delivers what can be delivered now and soon.
    async fn delivers(&self) {
        for _ in 0..ROUNDS {
            let drained = self.w.deliver_once().await;
            if self.w.service().rest.is_shut() || drained.waiting + drained.delivered == 0 {
                return;
            }
            if drained.delivered == 0 {
                let wait = TimeDelta::from_std(drained.again_in.unwrap_or_default()).unwrap();
                self.w.jump(wait + TimeDelta::milliseconds(1));
            }
        }
    }

    /// Killed and started again, as an operator does who has changed the token.
    async fn starts_again(&mut self, breaks: &[Break]) {
        self.w.faults_end().await;
        self.w.kill();
        self.w.jump(TimeDelta::seconds(6));
        // What is tried again by itself may fail at the start as well.
        let passing: Vec<Break> = breaks.iter().copied().filter(|one| one.passes()).collect();
        if !passing.is_empty() {
            let one = *self.chance.of(&passing);
            self.breaks(one).await;
        }
        tokio::select! {
            () = self.w.start() => {}
            never = passes(self.w, 1) => match never {},
        }
        self.starts += 1;
    }

    /// The faults end. A refused token wants a start, what rests a change in the guild; all else comes by itself.
    async fn comes_right(&mut self) {
        self.w.faults_end().await;
        self.is_connected().await;
        if self.w.service().rest.is_shut() {
            self.starts_again(&[]).await;
        }
        let until = Instant::now() + Duration::from_secs(20);
        while !self.w.service().missing.list().is_empty() {
            assert!(
                Instant::now() < until,
                "not ready: {:?}",
                self.w.service().missing.list()
            );
            breathe().await;
        }
        self.w
            .overwrite("recovery", "outsider", 0, VIEW_CHANNEL)
            .await;
        self.w.settle().await;
        for _ in 0..400 {
            if self.tries(1).await == Went::Over {
                break;
            }
            self.w.settle().await;
        }
        for n in 0..ALERTS {
            // Those whose turn had not come.
            let body = json!({ "id": format!("faulty-{n}"), "kind": "dlp", "severity": "low" });
            self.w.alert("generic", body.to_string()).await.accepted();
        }
        self.w.settle().await;
    }

    /// The service is at the gateway again; time passes meanwhile, so that it may identify.
    async fn is_connected(&self) {
        let until = Instant::now() + Duration::from_secs(20);
        while self.w.sandbox_says("healthz").await["gateway_connections"] != 1 {
            assert!(Instant::now() < until, "the gateway is not reached again");
            self.w.jump(TimeDelta::milliseconds(500));
            breathe().await;
        }
    }

    async fn holds(&self, breaks: &[Break]) {
        let (w, seed) = (self.w, self.chance.seed);
        let posted = w.everything_posted().await;
        let names: Vec<String> = (0..ALERTS).map(|n| format!("faulty-{n}")).collect();
        let mut faults = w.kept_once(names.iter().map(String::as_str), &posted);
        faults.extend(w.walked_once(&self.walk, &posted));
        let requests = w.sandbox_says("requests").await["requests"].clone();
        let requests = requests.as_array().unwrap();
        // A card of which Discord says that it is gone is posted anew; here it was not gone.
        let gone = |one: &&Value| one["status"] == 404 && one["method"] == "PATCH";
        let gone = requests.iter().filter(gone).count();
        let of_nobody = w.cards_of_nobody(self.walk.incident.get().unwrap(), &posted);
        if of_nobody.len() > gone {
            faults.push(format!("{gone} cards were said to be gone, but:"));
            faults.extend(of_nobody);
        }
        faults.extend(self.refusals(requests));
        let met = w.sandbox_says("requests?limit=1").await["faults_met"].clone();
        println!(
            "{} tries unanswered, {} starts, {met} faults met",
            self.unanswered, self.starts
        );
        assert!(
            faults.is_empty(),
            "{SEED}={seed}, {breaks:?}:\n{}",
            faults.join("\n")
        );
    }

    /// Refusals beside those that were ordered: a 429 for each lane that a new process has to learn; a 404 or 400 for an
    /// answer that comes too late or a second time, after the first one's connection broke.
    fn refusals(&self, requests: &[Value]) -> Vec<String> {
        let mut got: BTreeMap<u64, u64> = BTreeMap::new();
        for request in requests {
            let status = request["status"].as_u64().unwrap();
            *got.entry(status).or_default() += u64::from(status >= 400);
        }
        let lost = self.ordered.get(&0).copied().unwrap_or_default();
        let most = |status: u64| {
            let ordered = self.ordered.get(&status).copied().unwrap_or_default();
            match status {
                400 => lost,
                404 => ordered + 8 * self.unanswered,
                429 => ordered + 6 * self.starts,
                _ => ordered,
            }
        };
        let over = got
            .iter()
            .filter(|(status, count)| **count > most(**status));
        over.map(|(status, count)| format!("{count} answers {status}, at most {}", most(*status)))
            .collect()
    }
}
