//! What stands beside every figure: the machine, the commit, when.

use std::fs;
use std::process::Command;

pub fn told() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().next().unwrap_or_default();
    let memory: u64 = memory
        .split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse().ok())
        .unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "# Figures\n\n{cores} cores of {model}, {} GiB, kernel {}; load before it began {}; commit {}",
        memory / (1024 * 1024),
        said("uname", &["-r"]),
        load.split_whitespace().next().unwrap_or_default(),
        said("git", &["rev-parse", "--short", "HEAD"]),
    )
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
