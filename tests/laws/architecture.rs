//! Who may name whom: the direction of the rooms, and the one folder that owns each foreign name.

use super::source::{Source, places, root, sources};
use std::collections::BTreeSet;

const EVERYTHING: &[&str] = &["*"];

/// Each room and the rooms it may name. Nothing else in the house may import.
const DIRECTION: &[(&str, &[&str])] = &[
    ("domain", &["domain"]),
    ("store", &["store", "domain", "watch"]),
    ("watch", &["watch", "domain"]),
    ("render", &["render", "domain"]),
    ("config", &["config", "domain"]),
    ("app", &["app", "domain", "store", "watch"]),
    ("http", &["http", "domain"]),
    ("discord", &["discord", "domain", "app", "render", "watch"]),
    // What may be shown where is asked of `app::query`, the one place that every read passes.
    (
        "outbound",
        &["outbound", "domain", "store", "app", "render", "discord"],
    ),
    ("sandbox", &["sandbox"]),
    ("telemetry", &["telemetry"]),
    ("runtime", EVERYTHING),
    ("cli", EVERYTHING),
    ("main", EVERYTHING),
    ("lib", &[]),
];

/// Single things that a room may name beyond its rooms, and why.
const BEYOND: &[(&str, &str, &str)] = &[
    (
        "config",
        "http::auth",
        "a source's scheme is written in the configuration",
    ),
    (
        "config",
        "http::sources",
        "a source's adapter is written in the configuration",
    ),
    (
        "discord",
        "outbound::pace",
        "the REST executor asks the pure pacing rule before each call",
    ),
];

/// Foreign names and the rooms that own them.
const OWNERS: &[(&str, &[&str])] = &[
    ("serenity", &["discord"]),
    ("twilight_gateway", &["discord"]),
    // The composition root serves the routes that `http` makes.
    ("axum", &["http", "sandbox", "runtime"]),
    ("sqlx", &["store"]),
    // The configuration proves that a recipient reads.
    ("age", &["store", "config"]),
    ("handlebars", &["render"]),
    ("prometheus_client", &["watch"]),
    ("cel", &["domain"]),
    ("toml", &["domain", "config"]),
    ("rustls", &["discord"]),
    // The demo posts its sample alerts as any source would; the heartbeat tells a monitor outside.
    // The sandbox forwards a drill's bodies to loopback, since a page may not post to another port.
    ("reqwest", &["discord", "runtime", "sandbox"]),
    ("clap", &["cli", "main"]),
    ("csv", &["cli"]),
    ("png", &["render"]),
    ("resvg", &["render"]),
    ("anyhow", &["main", "cli", "config"]),
    ("std::env", &["config", "cli"]),
    // The configuration proves that the log filter reads.
    ("tracing_subscriber", &["telemetry", "config"]),
];

/// Who touches files: the configuration, the store its one file with its lock and copies, the sandbox the world it keeps, the
/// composition root, and the commands that were given a path.
const FILES: &[&str] = &[
    "src/config/",
    "src/store/open.rs",
    "src/store/lock.rs",
    "src/store/backup",
    "src/sandbox/",
    "src/cli",
    "src/runtime",
];

/// What the domain has no word for: it is told, it never asks.
const NOT_IN_THE_DOMAIN: &[&str] = &[
    "async",
    "await",
    "tokio",
    "serenity",
    "sqlx",
    "axum",
    "handlebars",
    "reqwest",
    "tracing",
    "getrandom",
    "std::fs",
    "std::env",
    "std::net",
    "std::io",
    "std::thread",
    "SystemTime",
    "Instant",
    "now()",
];

fn is_room(name: &str) -> bool {
    DIRECTION.iter().any(|(room, _)| *room == name)
}

/// Every path from the root of the crate that a source names: offset and path, such as `store::open`.
fn named(source: &Source) -> Vec<(usize, String)> {
    let path = |at: usize| -> String {
        let rest = &source.code[at..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        rest[..end.unwrap_or(rest.len())]
            .trim_end_matches(':')
            .to_owned()
    };
    let mut found = Vec::new();
    for root in ["crate", "baton"] {
        for at in places(&source.code, root) {
            let after = at + root.len();
            if source.code[after..].starts_with("::") {
                found.push((at, path(after + 2)));
            }
        }
    }
    // A climb to the root, where the next name is a room.
    for at in places(&source.code, "super") {
        let climbed = path(at);
        let next = climbed.trim_start_matches("super::");
        let room = next.split("::").next().unwrap();
        if climbed.starts_with("super::super") && is_room(room) && room != source.room() {
            found.push((at, next.to_owned()));
        }
    }
    found
}

fn allowed(room: &str, path: &str) -> bool {
    let rooms = DIRECTION
        .iter()
        .find(|(name, _)| *name == room)
        .map_or(EVERYTHING, |(_, r)| r);
    let target = path.split("::").next().unwrap();
    rooms.contains(&"*")
        || rooms.contains(&target)
        || BEYOND
            .iter()
            .any(|(from, to, _)| *from == room && path.starts_with(to))
}

/// Single places that may use such a word, and why.
const YET_IN_THE_DOMAIN: &[(&str, &str, &str)] = &[(
    "src/domain/playbook/criterion.rs",
    "std::thread",
    "the parser of expressions needs more stack than its caller has; it is waited for, and gives the same for the same text",
)];

fn none_of(faults: &[String], cure: &str) {
    assert!(faults.is_empty(), "\n{}\n{cure}", faults.join("\n"));
}

#[test]
fn every_room_has_a_direction() {
    let unknown: Vec<String> = sources(&["src"])
        .iter()
        .filter(|source| !is_room(source.room()))
        .map(|source| source.path.clone())
        .collect();
    none_of(
        &unknown,
        "A new room: say in DIRECTION (tests/laws/architecture.rs) and in the README whom it may name.",
    );
}

#[test]
fn rooms_name_only_whom_they_may() {
    let mut faults = Vec::new();
    for source in sources(&["src"]) {
        for (at, path) in named(&source) {
            if path.is_empty() && !allowed(source.room(), &path) {
                faults.push(format!("{}: a grouped import from the root", source.at(at)));
            } else if !allowed(source.room(), &path) {
                faults.push(format!(
                    "{}: `{}` names `{path}`",
                    source.at(at),
                    source.room()
                ));
            }
        }
    }
    none_of(
        &faults,
        "Rooms name each other in one direction (DIRECTION in tests/laws/architecture.rs). Move the thing to the room \
         that both may name, hand it over as an argument, or write one `use crate::room::…` a line.",
    );
}

#[test]
fn each_foreign_name_has_its_owner() {
    let mut faults = Vec::new();
    for source in sources(&["src"]) {
        let code = source.production();
        for (name, owners) in OWNERS {
            for at in places(&code, name) {
                let path =
                    code[at + name.len()..].starts_with("::") || code[..at].ends_with("use ");
                if path && !owners.contains(&source.room()) {
                    faults.push(format!(
                        "{}: `{name}`, owned by {}",
                        source.at(at),
                        owners.join(" and ")
                    ));
                }
            }
        }
    }
    none_of(
        &faults,
        "Ask the owning room for it in our own words; do not import the library here.",
    );
}

#[test]
fn files_are_touched_in_few_places() {
    let mut faults = Vec::new();
    for source in sources(&["src"]) {
        let code = source.production();
        let permitted = FILES.iter().any(|place| source.path.starts_with(place));
        for at in ["std::fs", "tokio::fs"]
            .iter()
            .flat_map(|name| places(&code, name))
        {
            if !permitted {
                faults.push(source.at(at));
            }
        }
    }
    none_of(
        &faults,
        "Read or write files in config, store::open, store::backup, cli or the sandbox, and hand over what was read.",
    );
}

#[test]
fn the_domain_is_told_and_never_asks() {
    let mut faults = Vec::new();
    for source in sources(&["src/domain"]) {
        let code = source.production();
        for name in NOT_IN_THE_DOMAIN {
            let word = name.trim_end_matches("()");
            for at in places(&code, word) {
                let excused = YET_IN_THE_DOMAIN
                    .iter()
                    .any(|(path, word, _)| *path == source.path && word == name);
                if code[at..].starts_with(name) && !excused {
                    faults.push(format!("{}: `{name}`", source.at(at)));
                }
            }
        }
    }
    none_of(
        &faults,
        "The domain has no clock, no network, no file and no task: take it as an argument.",
    );
}

#[test]
fn the_sandbox_knows_nothing_of_ours() {
    let mut faults = Vec::new();
    for source in sources(&["src/sandbox"]) {
        for name in [
            "serenity",
            "twilight_gateway",
            "twilight_model",
            "sqlx",
            "handlebars",
            "cel",
        ] {
            let found = places(&source.production(), name);
            faults.extend(
                found
                    .iter()
                    .map(|at| format!("{}: `{name}`", source.at(*at))),
            );
        }
    }
    none_of(
        &faults,
        "The sandbox is a server of its own that knows Discord's wire. What it shares with Baton's libraries it would \
         also get wrong with them: write the wire out.",
    );
}

#[test]
fn only_the_composition_names_the_sandbox() {
    let mut faults = Vec::new();
    for source in sources(&["src"]) {
        let may = ["sandbox", "runtime", "cli", "lib", "main"].contains(&source.room());
        for (at, path) in named(&source) {
            if !may && path.starts_with("sandbox") {
                faults.push(source.at(at));
            }
        }
    }
    none_of(
        &faults,
        "Baton talks to the sandbox over the wire as to Discord; only runtime, cli and tests start it.",
    );
}

#[test]
fn an_import_against_the_direction_is_found() {
    let source = |path: &str, code: &str| super::source::source(path.to_owned(), code.to_owned());
    let faults = |s: &Source| -> Vec<String> {
        let paths = named(s).into_iter().map(|(_, path)| path);
        paths.filter(|path| !allowed(s.room(), path)).collect()
    };
    let domain = source(
        "src/domain/x.rs",
        "use crate::store::event;\nuse crate::domain::ids::A;",
    );
    assert_eq!(faults(&domain), ["store::event"]);
    let climb = source("src/domain/x.rs", "use super::super::app::act;");
    assert_eq!(faults(&climb), ["app::act"]);
    let config = source(
        "src/config/x.rs",
        "use crate::http::auth::Scheme;\nuse crate::http::alerts;",
    );
    assert_eq!(faults(&config), ["http::alerts"]);
}

/// The README's picture of the house says the same as the table that is enforced.
#[test]
fn the_readme_draws_the_same_directions() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut drawn = 0;
    for line in readme.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let rooms: Vec<&str> = ticked(cells[0]);
        if cells.len() != 3 || !rooms.iter().all(|room| is_room(room)) {
            continue;
        }
        for room in rooms {
            drawn += 1;
            let said = ticked(cells[2]);
            let (_, may) = DIRECTION.iter().find(|(name, _)| *name == room).unwrap();
            let beyond = BEYOND.iter().filter(|(from, ..)| *from == room);
            let beyond: BTreeSet<&str> = beyond.map(|(_, to, _)| *to).collect();
            let written: BTreeSet<&str> = may
                .iter()
                .copied()
                .filter(|other| *other != room && *other != "*")
                .collect();
            let all = cells[2].trim() == "all";
            assert_eq!(
                all,
                may.contains(&"*"),
                "{room}: README.md and DIRECTION differ"
            );
            for other in &said {
                let named =
                    written.contains(other) || beyond.iter().any(|to| to.starts_with(other));
                assert!(
                    named,
                    "{room}: README.md says that it may name `{other}`, DIRECTION does not"
                );
            }
            for other in &written {
                assert!(
                    said.contains(other),
                    "{room} may name `{other}`: say so in README.md"
                );
            }
            for other in beyond {
                let named = said.iter().any(|said| other.starts_with(said));
                assert!(named, "{room} may name `{other}`: say so in README.md");
            }
        }
    }
    assert!(
        drawn >= 10,
        "the README draws {drawn} rooms; where is its table?"
    );
}

/// What stands between backticks.
fn ticked(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}
