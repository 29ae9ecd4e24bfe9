//! Discord breaks in every way the sandbox knows, alone and in several ways at once, on every route that Baton uses, while
//! alerts come in, are claimed, handed over and brought before Governance. Once it is whole again everything is there, once.
//! `BATON_FAULTY_ROUNDS` asks for more stories of each kind, `BATON_FAULTY_SEED` for the same chance again.

mod bounds;
mod breaks;
mod story;

use super::harness::chance::{Chance, asked};
use breaks::{Break, GATEWAY, LIMITING, LOST, REFUSING, SLOW_OR_FAILING, SWALLOWED};
use story::Story;

const ROUNDS: &str = "BATON_FAULTY_ROUNDS";
const SEED: &str = "BATON_FAULTY_SEED";

/// A story for each of these breaks; so many stand at once.
fn told(breaks: &[Break], at_once: usize) {
    let rounds = asked(ROUNDS);
    let mut chance = Chance::begin(SEED, rounds.is_some());
    for _ in 0..rounds.unwrap_or(1) {
        if at_once > 1 {
            Story::tell(&mut chance, breaks, at_once);
            continue;
        }
        for one in breaks {
            Story::tell(&mut chance, std::slice::from_ref(one), 1);
        }
    }
}

#[test]
fn nothing_is_lost_or_comes_twice_though_discord_refuses() {
    told(REFUSING, 1);
}

#[test]
fn nothing_is_lost_or_comes_twice_though_discord_limits() {
    told(LIMITING, 1);
}

#[test]
fn nothing_is_lost_or_comes_twice_though_discord_fails_or_is_slow() {
    told(SLOW_OR_FAILING, 1);
}

#[test]
fn nothing_is_lost_or_comes_twice_though_requests_or_answers_are_lost() {
    told(LOST, 1);
}

#[test]
fn nothing_is_lost_or_comes_twice_though_discord_swallows_requests() {
    told(SWALLOWED, 1);
}

#[test]
fn nothing_is_lost_or_comes_twice_though_the_gateway_breaks() {
    told(GATEWAY, 1);
}

#[test]
fn nothing_is_lost_or_comes_twice_though_discord_breaks_in_several_ways_at_once() {
    let all = [REFUSING, LIMITING, SLOW_OR_FAILING, LOST, GATEWAY].concat();
    told(&all, 3);
}
