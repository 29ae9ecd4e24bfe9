//! What every file keeps to: its opening lines, its length, its words, and where the program's own leave to read stands.

use super::source::{Source, files, places, relative, root, sources};
use std::path::Path;

const LONGEST: usize = 500;

/// Where the program reads what is restricted for itself: the store seals and opens, criteria are evaluated on arrival,
/// and a dry run shows a body to whoever holds it.
const SYSTEM_READS: &[&str] = &[
    "src/store/",
    "src/app/intake.rs",
    "src/app/facts.rs",
    "src/app/dry_run.rs",
];

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: &[&str] = &[
    "manager", "util", "utils", "helper", "helpers", "misc", "common",
];

/// Words about how the house was built, or notes to its builders; a reader of the product has no use for them.
const BUILDERS_WORDS: &[&str] = &["todo:", "fixme", "hack:", "milestone", "for now"];

fn none_of(faults: &[String], cure: &str) {
    assert!(faults.is_empty(), "\n{}\n{cure}", faults.join("\n"));
}

#[test]
fn every_file_says_what_lives_in_it() {
    let mute: Vec<String> = sources(&["src", "tests"])
        .into_iter()
        .filter(|source| {
            let first = source.text.lines().next().unwrap_or_default();
            !first.starts_with("//! ") || first.len() < 10
        })
        .map(|source| source.path)
        .collect();
    none_of(
        &mute,
        "Open the file with `//!`: what lives here and what it may not touch.",
    );
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long: Vec<String> = sources(&["src", "tests"])
        .iter()
        .map(|source| (source.text.lines().count(), &source.path))
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    none_of(&long, "Split it where its opening sentence has an `and`.");
}

#[test]
fn no_file_has_an_empty_name() {
    let empty: Vec<String> = sources(&["src", "tests"])
        .into_iter()
        .filter(|source| {
            source
                .path
                .split(['/', '.', '_'])
                .any(|part| EMPTY_NAMES.contains(&part))
        })
        .map(|source| source.path)
        .collect();
    none_of(&empty, "Name the file after what it holds.");
}

#[test]
fn the_program_reads_what_is_restricted_in_named_places_only() {
    let mut faults = Vec::new();
    let mut seen = 0;
    for source in sources(&["src"]) {
        for at in places(&source.production(), "Clearance::system") {
            seen += 1;
            if !SYSTEM_READS
                .iter()
                .any(|place| source.path.starts_with(place))
            {
                faults.push(source.at(at));
            }
        }
    }
    assert!(
        seen > 0,
        "nobody opens what is restricted any more: mend this law"
    );
    none_of(
        &faults,
        "A person or a channel reads: ask `policy` for a clearance. The program itself reads only in the store and on arrival.",
    );
}

#[test]
fn the_program_tested_is_the_program_shipped() {
    let mut faults = Vec::new();
    for source in sources(&["src"]) {
        faults.extend(test_branches(&source));
    }
    none_of(
        &faults,
        "`#[cfg(test)]` stands before `mod` and nowhere else. What a test needs is an argument or a port.",
    );
}

fn test_branches(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    for at in places(&source.code, "cfg")
        .into_iter()
        .chain(places(&source.code, "cfg_attr"))
    {
        let rest = &source.code[at..];
        let condition = rest
            .split_once(']')
            .map_or(rest, |(condition, _)| condition);
        let condition = condition.split(['\n', '{']).next().unwrap();
        if places(condition, "test").is_empty() {
            continue;
        }
        let module = rest.strip_prefix("cfg(test)]").is_some_and(|after| {
            let item = after.trim_start().trim_start_matches("pub(crate) ");
            item.starts_with("mod ") || item.starts_with("#[path")
        });
        if !module {
            faults.push(source.at(at));
        }
    }
    faults
}

#[test]
fn nothing_in_the_product_is_a_note_to_its_builders() {
    let mut texts: Vec<(String, String)> = sources(&["src"])
        .into_iter()
        .map(|source| (source.path, source.text))
        .collect();
    let shown = ["templates", "deploy", "migrations"];
    let paths = shown.iter().flat_map(|folder| files(folder, ""));
    let paths = paths.chain([root().join("README.md"), root().join("Cargo.toml")]);
    let is_font = |path: &Path| path.extension().is_some_and(|e| e == "ttf");
    for path in paths.filter(|path| path.is_file() && !is_font(path)) {
        let text = std::fs::read_to_string(&path).unwrap();
        texts.push((relative(&path), text));
    }
    let mut faults = Vec::new();
    for (path, text) in texts {
        for (number, line) in text.lines().enumerate() {
            let line = line.to_lowercase();
            let found = BUILDERS_WORDS
                .iter()
                .filter(|word| !places(&line, word).is_empty());
            faults.extend(found.map(|word| format!("{path}:{}: `{word}`", number + 1)));
        }
    }
    none_of(
        &faults,
        "Say what the reader of the product needs, or leave it out.",
    );
}

#[test]
fn the_store_keeps_to_its_verbs() {
    let mut faults = Vec::new();
    for source in sources(&["src/store"]) {
        let found = source
            .code
            .match_indices("fn get_")
            .map(|(at, _)| source.at(at));
        faults.extend(found);
    }
    none_of(
        &faults,
        "insert, load (must exist), find (may not), list, append, save, claim_due.",
    );
}

#[test]
fn a_test_branch_is_found() {
    let found = |code: &str| {
        let source = super::source::source("src/x.rs".to_owned(), code.to_owned());
        test_branches(&source).len()
    };
    assert_eq!(
        found("#[cfg(test)]\nmod tests;\n#[cfg(feature = \"\")]\npub mod s;"),
        0
    );
    assert_eq!(found("if cfg!(test) { }"), 1);
    assert_eq!(found("#[cfg(not(test))]\nfn a() {}"), 1);
    assert_eq!(found("#[cfg(test)]\nfn a() {}"), 1);
}
