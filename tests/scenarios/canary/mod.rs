//! The canary: a random marker in every restricted field, then every command, button, list, form, route, export and
//! template driven by every member at each stage of a story. Each marker was seen only where its audience may read.
//! What is driven is read from the program's own tables; an entry that nobody reached makes the story fail.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "what a story does not look at is nothing to it, whatever is added"
)]

mod drive;
mod markers;
mod story;

use super::harness::{Sight, World, scenario_with, second_looks};
use baton::config::Settings;
use drive::drive;
use markers::{Canary, Hidden};
use std::collections::BTreeSet;
use std::path::Path;
use story::{Chapter, tell};

/// The guild's owner sees every channel; the configuration accepts that by name.
const ACCEPTED: &[&str] = &["owner"];

/// What nobody can look at once all is closed: it is seen before, or belongs to another story.
const UNSEEN: [&str; 6] = [
    "counsel text",
    "pattern title",
    "pattern that waits",
    "pattern reason",
    "pattern approval",
    "reason to reopen",
];

/// Where the names of things that must be reached stand in the program.
const CONTROLS: [&str; 3] = [
    include_str!("../../../src/discord/custom_id.rs"),
    include_str!("../../../src/discord/custom_id/digest.rs"),
    include_str!("../../../src/discord/custom_id/dismissing.rs"),
];
const ROUTES: [&str; 2] = [
    include_str!("../../../src/http/alerts.rs"),
    include_str!("../../../src/http/health.rs"),
];

/// Tells the story up to this chapter, lets everybody try everything, and looks at all that was seen.
/// What was reached comes back.
fn nothing_leaks_after(chapter: Chapter) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    // Every dismissal is drawn for a second look.
    let drawn = |settings: &mut Settings, folder: &Path| second_looks(settings, folder, 100);
    scenario_with(drawn, async |w| {
        let canary = Canary::hatch();
        tell(w, &canary, chapter).await;
        let members = w.members_but(ACCEPTED).await;
        drive(w, &members, canary.of("file name")).await;
        let seen = looks_for(w, &canary, &members).await;
        all_was_seen(&canary, &seen, chapter);
        reached = templates_in(&seen);
        reached.extend(w.controls_used());
    });
    reached
}

/// Everything that was seen, after each marker in it was held against its audience.
async fn looks_for(w: &World, canary: &Canary, members: &[String]) -> Vec<Sight> {
    let mut seen = w.everything_seen(members).await;
    seen.extend(w.answers_over_http(&routes(), &canary.broken_body()).await);
    let mut leaks = BTreeSet::new();
    for (sight, hidden) in pairs(&seen, canary) {
        let others: Vec<&String> = sight.by.iter().filter(|m| !hidden.may_read(m)).collect();
        if sight.by.is_empty() || !others.is_empty() {
            let place = sight.place.split('?').next().unwrap_or_default();
            leaks.insert(format!("{}: {others:?} in {place}", hidden.name));
        }
    }
    assert!(leaks.is_empty(), "seen outside its audience:\n{leaks:#?}");
    seen
}

/// Each sight with each marker that stands in it.
fn pairs<'a>(
    seen: &'a [Sight],
    canary: &'a Canary,
) -> impl Iterator<Item = (&'a Sight, &'a Hidden)> {
    seen.iter().flat_map(|sight| {
        let lower = sight.text.to_lowercase();
        let found = canary.hidden.iter();
        let found = found.filter(|hidden| hidden.stands_in(&sight.text, &lower));
        let found: Vec<&Hidden> = found.collect();
        found.into_iter().map(move |hidden| (sight, hidden))
    })
}

/// A canary that nobody saw proves nothing.
fn all_was_seen(canary: &Canary, seen: &[Sight], chapter: Chapter) {
    let found: BTreeSet<&str> = pairs(seen, canary).map(|(_, h)| h.name.as_str()).collect();
    if chapter == Chapter::Engaged {
        assert!(found.contains("counsel text"), "{found:?}");
    }
    if chapter != Chapter::Closed {
        return;
    }
    let names = canary.hidden.iter().map(|hidden| hidden.name.as_str());
    let unseen: Vec<&str> = names.filter(|name| !found.contains(name)).collect();
    assert_eq!(unseen, UNSEEN, "never seen at all");
}

/// The templates of which some words of their own were seen.
fn templates_in(seen: &[Sight]) -> BTreeSet<String> {
    let shown = |sentence: &str| {
        let escaped = serde_json::to_string(sentence).unwrap();
        let escaped = escaped.trim_matches('"');
        seen.iter().any(|sight| sight.text.contains(escaped))
    };
    let all = templates().into_iter();
    all.filter(|(_, own)| own.iter().any(|words| shown(words)))
        .map(|(name, _)| name)
        .collect()
}

/// Each template with the pieces of text that no other has. One without any shows only what others gave it.
fn templates() -> Vec<(String, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/discord");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files: Vec<_> = files
        .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
        .collect();
    let mut all: Vec<(String, Vec<String>)> = files
        .iter()
        .filter_map(|(path, text)| {
            let elsewhere = |part: &&str| {
                let others = files.iter().filter(|(other, _)| other != path);
                others.into_iter().all(|(_, other)| !other.contains(part))
            };
            let own = text.split("{{").flat_map(|part| {
                let part = part.split_once("}}").map_or(part, |(_, rest)| rest);
                part.lines().map(str::trim)
            });
            let own = own.filter(|part| part.len() > 5 && elsewhere(part));
            let own: Vec<String> = own.map(str::to_owned).collect();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (!own.is_empty()).then_some((name, own))
        })
        .collect();
    all.sort();
    all
}

/// The service's own addresses, from the place where they are mounted.
fn routes() -> Vec<String> {
    let mounted = ROUTES
        .iter()
        .flat_map(|text| text.split(".route(\"").skip(1));
    let paths = mounted.filter_map(|rest| rest.split('"').next());
    let routes: Vec<String> = paths
        .map(|path| path.replace("{source}", "purview"))
        .collect();
    assert!(routes.len() >= 5, "{routes:?}");
    routes
}

/// The words that custom ids begin with.
fn controls() -> BTreeSet<String> {
    let lines = CONTROLS.iter().flat_map(|text| text.lines());
    let arms = lines.filter_map(|line| {
        let line = line.trim();
        let arm = line.strip_prefix('"').and_then(|rest| rest.split_once('"'));
        let arm = arm.filter(|(word, rest)| {
            rest.starts_with(" => ") && word.starts_with(|first: char| first.is_ascii_lowercase())
        });
        let asked = line.strip_prefix("if verb == \"");
        let word = arm.map(|(word, _)| word);
        word.or_else(|| asked?.split('"').next()).map(str::to_owned)
    });
    let words: BTreeSet<String> = arms.collect();
    assert!(words.len() > 20, "{words:?}");
    words
}

/// What each chapter drives that none before it does: words of custom ids, names of templates.
const DRIVEN: [(Chapter, &[&str]); 12] = [
    (
        Chapter::Storm,
        &[
            "digest-escalate",
            "digest-more",
            "digest-open",
            "digest-page",
            "digest-take",
            "digest.hbs",
        ],
    ),
    (
        Chapter::Arrival,
        &[
            "answer.hbs",
            "card.hbs",
            "change",
            "claim",
            "details",
            "details.hbs",
            "dismiss",
            "drafts",
            "drafts.hbs",
            "earlier",
            "earlier.hbs",
            "escalate",
            "filter",
            "found.hbs",
            "health.hbs",
            "help.hbs",
            "lookedback",
            "mark",
            "me.hbs",
            "named",
            "names",
            "next",
            "page",
            "proven.hbs",
            "queue.hbs",
            "stuck.hbs",
            "submit",
            "timeline",
            "timeline.hbs",
        ],
    ),
    (
        Chapter::Offered,
        &[
            "accept",
            "close",
            "reminder.hbs",
            "return",
            "review.hbs",
            "snooze",
            "snoozed",
            "thread.hbs",
        ],
    ),
    (Chapter::Proposed, &["refuse", "refused"]),
    (Chapter::Dismissed, &["agree", "agreed"]),
    (Chapter::Investigation, &["returned"]),
    (
        Chapter::Engaged,
        &[
            "alone",
            "answer",
            "answers",
            "brief.hbs",
            "brief_stub.hbs",
            "contacts.hbs",
            "notice.hbs",
            "read",
            "said",
            "said.hbs",
            "sign",
            "talk",
            "talk-agree",
            "talk-change",
            "talk-changed",
            "talk-refuse",
            "talk-refused",
            "talk.hbs",
            "thresholds.hbs",
            "why",
        ],
    ),
    (Chapter::Containment, &["containment.hbs"]),
    (Chapter::Closed, &["closing.hbs", "closing_stub.hbs"]),
    (Chapter::Device, &["way"]),
    (
        Chapter::Pattern,
        &[
            "look-agree",
            "look-reopen",
            "look-reopened",
            "look.hbs",
            "looks",
            "pattern-ask",
            "pattern-change",
            "pattern-propose",
            "pattern-told",
            "pattern-typed",
            "pattern.hbs",
            "pattern_draft.hbs",
            "patterns",
            "patterns.hbs",
            "several",
            "together",
            "together.hbs",
        ],
    ),
    (Chapter::Idle, &["duty.hbs", "idle.hbs"]),
];

#[test]
fn every_control_and_template_is_driven_by_a_chapter() {
    let driven = DRIVEN
        .iter()
        .flat_map(|(_, all)| all.iter().map(|one| (*one).to_owned()));
    let driven: BTreeSet<String> = driven.collect();
    let mut all = controls();
    all.extend(templates().into_iter().map(|(name, _)| name));
    assert_eq!(driven, all, "add what is new to the chapter that drives it");
}

fn chapter(chapter: Chapter) {
    let reached = nothing_leaks_after(chapter);
    let mine = DRIVEN
        .iter()
        .filter(|(one, _)| *one == chapter)
        .flat_map(|(_, all)| *all);
    let missed: Vec<&&str> = mine.filter(|one| !reached.contains(**one)).collect();
    assert!(
        missed.is_empty(),
        "not driven: {missed:?}; driven: {reached:?}"
    );
}

macro_rules! chapters {
    ($($name:ident: $chapter:ident,)*) => {
        $(#[test]
        fn $name() {
            chapter(Chapter::$chapter);
        })*
    };
}

chapters! {
    nothing_leaks_from_a_device: Device,
    nothing_leaks_from_a_storm: Storm,
    nothing_leaks_of_patterns_and_second_looks: Pattern,
    nothing_leaks_while_nobody_stirs: Idle,
    nothing_leaks_on_arrival: Arrival,
    nothing_leaks_at_triage: Triage,
    nothing_leaks_while_it_is_offered: Offered,
    nothing_leaks_while_a_second_person_is_asked: Proposed,
    nothing_leaks_around_a_dismissal: Dismissed,
    nothing_leaks_at_investigation: Investigation,
    nothing_leaks_beside_governance: Engaged,
    nothing_leaks_at_containment: Containment,
    nothing_leaks_after_the_end: Closed,
}
