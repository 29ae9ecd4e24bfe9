//! The figures, in one run: `cargo bench` for all of them, `cargo bench -- intake storm` for some, `--rounds N` for how often
//! each is taken. It starts the built program, a sandbox and, where they are installed, peers, each in a process of its own,
//! sends to loopback only, and prints medians with their spread, the machine and the commit. Only ratios of one run count.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::unchecked_time_subtraction,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a benchmark ends at the first fault and has the clock, the threads and the tasks to itself"
)]

mod bodies;
mod calm;
mod commands;
mod host;
mod intake;
mod large;
mod load;
mod reference;
mod service;
mod storm;
mod summary;

use std::env;

/// A part of the figures, by the word that asks for it.
type Part = (&'static str, fn(usize));

const PARTS: [Part; 5] = [
    ("intake", intake::run),
    ("calm", calm::run),
    ("commands", commands::run),
    ("storm", storm::run),
    ("large", large::run),
];

/// How often each figure is taken, where nothing else is asked.
const ROUNDS: usize = 3;

fn main() {
    let args: Vec<String> = env::args().skip(1).filter(|a| a != "--bench").collect();
    if args.first().is_some_and(|first| first == "reference") {
        return reference::serve(&args);
    }
    let rounds = args.iter().position(|a| a == "--rounds");
    let rounds = rounds.and_then(|at| args.get(at + 1)?.parse().ok());
    let asked = |part: &&Part| {
        let named = args.iter().any(|a| a == part.0);
        named || !args.iter().any(|a| PARTS.iter().any(|(name, _)| a == name))
    };
    println!("{}", host::told());
    for (name, run) in PARTS.iter().filter(asked) {
        println!("\n## {name}\n");
        run(rounds.unwrap_or(ROUNDS));
    }
}
