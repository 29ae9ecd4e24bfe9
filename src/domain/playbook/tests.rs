//! Reading the fixtures: every fault in one run, records, ways, notes.

mod random;

use super::fault::Fault;
use super::{notes, read};
use crate::domain::alert::Severity;
use crate::domain::ids::{StageId, TransitionId};
use chrono::{NaiveDate, TimeDelta};

fn lines(faults: &[Fault]) -> String {
    let mut text = String::new();
    for fault in faults {
        text += &fault.to_string();
        text.push('\n');
    }
    text
}

#[test]
fn an_invented_playbook_reads_clean() {
    let text = include_str!("../../../tests/data/playbooks/invented.toml");
    let playbook = read(text).map_err(|faults| lines(&faults)).unwrap();
    assert_eq!(playbook.stages.len(), 3);
}

#[test]
fn a_broken_playbook_gives_all_its_faults_in_one_run() {
    let faults = read(include_str!("../../../tests/data/playbooks/broken.toml")).unwrap_err();
    let expected = include_str!("../../../tests/data/playbooks/broken.expected");
    assert_eq!(lines(&faults), expected);
    assert!(faults.len() >= 20);
}

#[test]
fn lines_that_do_not_parse_come_together_with_what_is_wrong_elsewhere() {
    let text = "id = \"x\ntitle = 4\nversion = = 2\nstatus = \"drafty\"\n";
    let places: Vec<(usize, bool)> = read(text)
        .unwrap_err()
        .iter()
        .map(|f| (f.line, f.message.starts_with("the file is no TOML here")))
        .collect();
    assert!(places.contains(&(1, true)), "{places:?}");
    assert!(places.contains(&(3, true)), "{places:?}");
    assert!(
        places.contains(&(2, false)) && places.contains(&(4, false)),
        "{places:?}"
    );
    // Nothing is reported missing: it may stand on a line that does not parse.
    assert!(
        places
            .iter()
            .all(|(line, syntax)| *syntax || [2, 4].contains(line)),
        "{places:?}"
    );
}

/// The invented playbook with one place changed, and what is then wrong with it.
fn changed(from: &str, to: &str) -> String {
    let text = include_str!("../../../tests/data/playbooks/invented.toml");
    assert!(text.contains(from), "{from}");
    let faults = read(&text.replacen(from, to, 1)).err().unwrap_or_default();
    faults
        .iter()
        .map(|f| f.message.clone())
        .collect::<Vec<_>>()
        .join("; ")
}

/// One more than a form shows.
fn repeated(one: impl Fn(usize) -> String) -> String {
    (0..26).map(one).collect::<Vec<_>>().concat()
}

#[test]
fn what_a_form_cannot_show_is_a_fault() {
    let many = repeated(|i| format!("{{ id = \"c{i}\", title = \"C\" }}, "));
    let lab = "    { id = \"lab\", title = \"Laboratory\" },\n";
    assert!(changed(lab, &many).contains("28 choices; a form shows 25"));
    let long = "x".repeat(101);
    assert!(changed("Laboratory", &long).contains("`title` has 101 characters; shorten it to 100"));
    assert!(changed("Send out the search", &long).contains("shorten it to 80"));
    assert!(changed("Reception desk\"", &format!("{long}\"")).contains("shorten it to 80"));
    let list = repeated(|i| {
        format!(
            "[[criteria]]
id = \"k{i}\"
text = \"K\"
"
        )
    });
    let ids = repeated(|i| format!("\"k{i}\", "));
    let text = include_str!("../../../tests/data/playbooks/invented.toml");
    let text = text.replacen(
        "criteria = [\"in-a-drawer\"]",
        &format!("criteria = [{ids}]"),
        1,
    ) + &list;
    assert!(lines(&read(&text).unwrap_err()).contains("26 criteria; a form shows 25"));
}

#[test]
fn a_file_is_taken_only_where_uploads_are_allowed() {
    assert!(
        changed("uploads = true", "uploads = false")
            .contains("uploads = false; change one of them")
    );
}

#[test]
fn a_receiver_who_reads_nothing_of_the_record_is_a_fault() {
    let faults = changed(
        "role = \"tier2\"\nowner = \"Badge office\"",
        "role = \"engineering\"\nowner = \"Badge office\"",
    );
    assert_eq!(
        faults,
        "`make-new` hands a record to engineering, who may read none of it; add engineering to the audience of its fields"
    );
}

#[test]
fn a_stage_from_which_no_way_leads_to_an_end_is_a_fault() {
    let faults = changed(
        "kind = \"closure\"\nfrom = [\"street\", \"smithy\"]",
        "kind = \"handoff\"\nto = \"desk\"\nfrom = [\"street\", \"smithy\"]",
    );
    // The desk can still dismiss, and both others lead back to it.
    assert_eq!(
        faults,
        "`finish` hands a record to tier1, who may read none of it; add tier1 to the audience of its fields"
    );
    let text = include_str!("../../../tests/data/playbooks/invented.toml")
        .replace("from = [\"street\", \"smithy\"]\ncriteria = [\"blocked", "from = [\"desk\"]\ncriteria = [\"blocked")
        .replace("[[contradictions]]", "[[transitions]]\nid = \"round\"\ntitle = \"Round\"\nkind = \"handoff\"\nfrom = [\"smithy\"]\nto = \"street\"\ncriteria = [\"data-on-badge\"]\nrecord = [\"story\"]\n\n[[contradictions]]");
    let faults = lines(&read(&text).unwrap_err());
    assert!(
        faults.contains("from stage `street` no way leads to an end; add a closure or a dismissal"),
        "{faults}"
    );
    assert!(faults.contains("from stage `smithy` no way"), "{faults}");
    assert!(!faults.contains("from stage `desk`"), "{faults}");
}

#[test]
fn a_playbook_without_entry_or_stage_says_so() {
    let faults = lines(&read("").unwrap_err());
    assert!(faults.contains("nothing says where an incident starts"));
    assert!(faults.contains("the playbook has no stage"));
}

#[test]
fn records_are_cumulative_along_the_way() {
    let playbook = read(include_str!("../../../tests/data/playbooks/invented.toml")).unwrap();
    let record = |id: &str| -> Vec<String> {
        let fields = playbook.record_at(&TransitionId::new(id));
        fields.into_iter().map(|f| f.0).collect()
    };
    let first = [
        "badge-number",
        "holder",
        "noticed-at",
        "door-log",
        "story",
        "searched",
        "doors",
    ];
    assert_eq!(record("send-search"), first);
    assert_eq!(
        record("make-new"),
        [&first[..], &["where-lost", "photo"]].concat()
    );
    assert_eq!(record("drawer"), ["story"]);
    assert_eq!(
        record("finish"),
        [&first[..], &["where-lost", "photo", "end"]].concat()
    );
    assert_eq!(record("unknown"), Vec::<String>::new());
}

#[test]
fn the_ways_out_of_a_stage_are_those_that_name_it() {
    let playbook = read(include_str!("../../../tests/data/playbooks/invented.toml")).unwrap();
    let ways: Vec<&str> = playbook
        .ways_out(&StageId::new("street"))
        .map(|t| t.id.as_str())
        .collect();
    assert_eq!(ways, ["make-new", "tell-privacy", "finish"]);
    assert_eq!(playbook.first_stage().unwrap().id.as_str(), "desk");
    assert_eq!(playbook.outcome_field().unwrap().id.as_str(), "end");
    let mandatory: Vec<&str> = playbook
        .mandatory_at(&StageId::new("desk"))
        .map(|c| c.id.as_str())
        .collect();
    assert_eq!(mandatory, ["opened-a-door"]);
}

const INVENTED: &str = include_str!("../../../tests/data/playbooks/invented.toml");

/// The invented playbook, where its desk says this of reminders.
fn reminding(keys: &str) -> String {
    let anchor = "claim_within = \"1h\"\n";
    assert!(INVENTED.contains(anchor));
    INVENTED.replacen(anchor, &format!("{anchor}{keys}\n"), 1)
}

#[test]
fn a_stage_says_when_it_is_raised_released_and_for_how_long_it_may_be_quiet() {
    let text = reminding(
        "claim_by_severity = { high = \"10m\" }\nidle_after = \"2h\"\nrelease_after = \"5h\"\n\
         snooze_at_most = \"3h\"\nmanager_after = 4",
    );
    let playbook = read(&text).unwrap();
    let desk = playbook.stage(&StageId::new("desk")).unwrap();
    assert_eq!(
        desk.take_within(false, Severity::High),
        TimeDelta::minutes(10)
    );
    assert_eq!(desk.take_within(false, Severity::Low), TimeDelta::hours(1));
    assert_eq!(
        desk.take_within(true, Severity::High),
        TimeDelta::minutes(20)
    );
    assert_eq!(desk.idle_after(), TimeDelta::hours(2));
    assert_eq!(desk.release_after, Some(TimeDelta::hours(5)));
    assert_eq!(desk.snooze_at_most, Some(TimeDelta::hours(3)));
    assert_eq!(desk.manager_after, 4);
    // Where nothing is said, held work is raised all the same, and nobody is released.
    let silent = read(INVENTED).unwrap();
    let desk = silent.stage(&StageId::new("desk")).unwrap();
    assert_eq!(desk.idle_after(), TimeDelta::hours(24));
    assert_eq!((desk.release_after, desk.manager_after), (None, 2));
}

#[test]
fn what_a_stage_cannot_mean_of_reminders_is_named_at_its_place() {
    let table = [
        (
            "release_after = \"1d\"",
            "`release_after` is not longer than `idle_after`",
        ),
        (
            "idle_after = \"3h\"\nrelease_after = \"2h\"",
            "is reminded first",
        ),
        (
            "idle_after = \"soon\"",
            "`idle_after` is `soon`; write a duration",
        ),
        (
            "claim_by_severity = { hihg = \"1h\" }",
            "unknown key `hihg`; did you mean `high`?",
        ),
        (
            "claim_by_severity = \"1h\"",
            "`claim_by_severity` is a text; write a table",
        ),
        ("manager_after = 0", "`manager_after` is 0; give 1 to 20"),
        ("snooze_at_most = 4", "`snooze_at_most` is a whole number"),
        (
            "snoze_at_most = \"4h\"",
            "unknown key `snoze_at_most`; did you mean `snooze_at_most`?",
        ),
        (
            "manger_after = 3",
            "unknown key `manger_after`; did you mean `manager_after`?",
        ),
    ];
    for (keys, expected) in table {
        let faults = read(&reminding(keys)).unwrap_err();
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 1, "{keys}: {said:?}");
        assert!(said[0].contains(expected), "{keys}: {said:?}");
    }
}

#[test]
fn a_review_a_year_ago_is_a_note_and_no_fault() {
    let playbook = read(include_str!("../../../tests/data/playbooks/invented.toml")).unwrap();
    let on = |y, m, d| notes(&playbook, NaiveDate::from_ymd_opt(y, m, d).unwrap());
    assert_eq!(on(2027, 6, 1), Vec::<String>::new());
    assert_eq!(
        on(2027, 6, 2),
        [
            "Lost access badge was last reviewed on 2026-06-01; the review was due on 2027-06-01. Review it and set `reviewed_on`."
        ]
    );
    assert_eq!(on(2026, 5, 1).len(), 1);
}

#[test]
fn a_number_that_no_count_reaches_is_a_note_and_no_fault() {
    let text = include_str!("../../../tests/data/playbooks/invented.toml");
    let asked = "person.detections_in_window >= repeat.count";
    assert!(text.contains(asked));
    let playbook = read(&text.replace(asked, "person.detections_in_window >= 5000")).unwrap();
    let told = notes(&playbook, NaiveDate::from_ymd_opt(2026, 6, 2).unwrap());
    assert_eq!(
        told,
        [
            "Lost access badge: `person.detections_in_window >= 5000` asks for more than is counted, so it says the same of \
             everybody: `person.detections_in_window` ends at 1000. Compare it with 1000 at most, as in \
             `person.detections_in_window >= 1000`."
        ]
    );
}

/// The reading room with one place changed, and what is then wrong with it.
fn changed_room(from: &str, to: &str) -> String {
    let text = include_str!("../../../tests/data/playbooks/torn-page.toml");
    assert!(text.contains(from), "{from}");
    lines(&read(&text.replacen(from, to, 1)).err().unwrap_or_default())
}

#[test]
fn a_ground_that_rests_on_a_pattern_needs_rules_a_dismissal_and_a_field_that_names_it() {
    assert_eq!(changed_room("Reading room", "Reading hall"), "");
    let rules = "[patterns]\npropose = [\"tier1\", \"tier2\"]\napprove = [\"tier2\", \"manager\"]\nlongest_days = 90\n";
    let told = changed_room(rules, "");
    assert!(
        told.contains("nothing says who may propose and approve one; add [patterns]"),
        "{told}"
    );
    assert!(told.starts_with("line "), "{told}");
    let told = changed_room("prefill = \"pattern.reference\"\n", "");
    assert!(told.contains("no field of `old-damage` names it"), "{told}");
    let told = changed_room("criteria = [\"page-safe\"]", "criteria = [\"bad-binding\"]");
    assert!(told.contains("`shelve` is no dismissal"), "{told}");
    let told = changed_room("longest_days = 90", "longest_days = 0\nowner = \"x\"");
    assert!(
        told.contains("`longest_days` is 0; give 1 to 3650"),
        "{told}"
    );
    assert!(told.contains("unknown key `owner`"), "{told}");
}
