//! Rows of figures: the median of the rounds, and in brackets the least and the most.

use super::load::Load;
use super::service::Cost;

/// Takes the middle one; of an even number the upper.
pub fn median(values: &mut [f64]) -> (f64, f64, f64) {
    values.sort_unstable_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    (
        at(values.len() / 2),
        at(0),
        at(values.len().saturating_sub(1)),
    )
}

/// A figure with its spread.
pub fn spread(values: impl Iterator<Item = f64>, digits: usize) -> String {
    let mut values: Vec<f64> = values.collect();
    let (middle, least, most) = median(&mut values);
    format!("{middle:.digits$} ({least:.digits$}–{most:.digits$})")
}

/// One load of one program, of one round.
pub struct Round {
    pub load: Load,
    pub cost: Cost,
}

pub fn head() {
    println!(
        "| work | program | alerts/s | p50 ms | p99 ms | peak MB | CPU µs an alert | refused |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
}

pub fn row(work: &str, program: &str, rounds: &[Round], alerts: usize) {
    let of = |value: fn(&Round) -> f64, digits| spread(rounds.iter().map(value), digits);
    let cpu = spread(
        rounds
            .iter()
            .map(|r| r.cost.cpu.as_secs_f64() * 1e6 / alerts as f64),
        0,
    );
    println!(
        "| {work} | {program} | {} | {} | {} | {} | {cpu} | {} |",
        of(|r| r.load.rate, 0),
        of(|r| r.load.p50.as_secs_f64() * 1e3, 2),
        of(|r| r.load.p99.as_secs_f64() * 1e3, 1),
        of(|r| r.cost.peak_mb, 0),
        rounds.iter().map(|r| r.load.refused).sum::<usize>(),
    );
}

/// The median of the ratios of each round: both of a ratio stood side by side in time.
pub fn ratio(what: &str, ours: &[Round], theirs: &[Round], value: fn(&Round) -> f64) {
    let ratios = ours.iter().zip(theirs).map(|(o, t)| value(o) / value(t));
    println!("- {what}: {}", spread(ratios, 2));
}
