//! What people type into a field, kind by kind.

use super::playbook;
use crate::domain::ids::PersonId;
use crate::domain::playbook::definition::Field;
use crate::domain::record::{
    ANSWER_MAX_CHARS, Entry, Origin, RawAnswer, Record, State, parse, parse_time, shown,
};
use chrono_tz::{Europe, Tz};

const ZONE: Tz = Europe::Berlin;

fn raw(values: &[&str], reason: Option<&str>) -> RawAnswer {
    RawAnswer {
        values: values.iter().map(|v| (*v).to_owned()).collect(),
        reason: reason.map(str::to_owned),
    }
}

/// What people read back, or what they are told.
fn read(id: &str, raw: &RawAnswer) -> String {
    let playbook = playbook();
    let field = playbook.field(&super::field(id)).unwrap();
    match parse(field, raw, ZONE) {
        Ok(Some(answer)) => shown(field, &State::Value(answer), ZONE),
        Ok(None) => "nothing".to_owned(),
        Err(problem) => format!("✗ {problem}"),
    }
}

type Row<'a> = (&'a str, &'a [&'a str], Option<&'a str>, &'a str);

fn each_reads(table: &[Row<'_>]) {
    for (id, values, reason, expected) in table {
        assert_eq!(
            read(id, &raw(values, *reason)),
            *expected,
            "{id} {values:?} {reason:?}"
        );
    }
}

#[test]
fn lines_times_and_links_read_their_answers() {
    let time = "✗ must be a time such as 2026-11-03 08:40 (Europe/Berlin)";
    let link = "✗ must be a link that begins with https://";
    each_reads(&[
        ("badge-number", &["  4711 "], None, "4711"),
        ("badge-number", &["  "], None, "nothing"),
        ("badge-number", &[], None, "nothing"),
        ("story", &["line\nline"], None, "line\nline"),
        ("holder", &["9050"], None, "9050"),
        (
            "noticed-at",
            &["2026-11-03 08:40"],
            None,
            "2026-11-03 08:40 CET",
        ),
        (
            "noticed-at",
            &["2026-11-03T07:40:00Z"],
            None,
            "2026-11-03 08:40 CET",
        ),
        (
            "noticed-at",
            &["2026-11-03T08:40"],
            None,
            "2026-11-03 08:40 CET",
        ),
        ("noticed-at", &["yesterday"], None, time),
        ("noticed-at", &["2026-13-03 08:40"], None, time),
        (
            "door-log",
            &["https://doors.example/1"],
            None,
            "https://doors.example/1",
        ),
        ("door-log", &["doors.example/1"], None, link),
        ("door-log", &["https://a b.example"], None, link),
        ("door-log", &["javascript:alert(1)"], None, link),
        ("where-lost", &["outside"], None, "Outside"),
    ]);
}

#[test]
fn choices_yes_or_no_and_files_read_their_answers() {
    let doors = "✗ may only hold: Lobby, Laboratory, Vault";
    each_reads(&[
        (
            "where-lost",
            &["Outside"],
            None,
            "✗ must be one of: Inside the building, Outside, Nobody knows",
        ),
        ("doors", &["lobby", "vault"], None, "Lobby, Vault"),
        ("doors", &["lobby", "roof"], None, doors),
        (
            "searched",
            &["yes"],
            Some(" all drawers "),
            "yes: all drawers",
        ),
        ("searched", &["no"], Some("locked"), "no: locked"),
        ("searched", &["yes"], Some(" "), "✗ needs its reason"),
        ("searched", &["yes"], None, "✗ needs its reason"),
        (
            "searched",
            &["maybe"],
            Some("?"),
            "✗ needs yes or no, and the reason",
        ),
        (
            "searched",
            &[],
            Some("only a reason"),
            "✗ needs yes or no, and the reason",
        ),
        (
            "photo",
            &["report.png"],
            Some("1000"),
            "report.png (1000 bytes)",
        ),
        ("photo", &["report.png"], None, "✗ needs a file"),
        ("end", &["found"], None, "Found again"),
    ]);
}

#[test]
fn an_answer_fits_into_one_input() {
    let longest = "ö".repeat(ANSWER_MAX_CHARS);
    assert_eq!(read("story", &raw(&[&longest], None)), longest);
    let longer = longest + "ö";
    let told = "✗ is longer than 4000 characters; shorten it";
    assert_eq!(read("story", &raw(&[&longer], None)), told);
    assert_eq!(read("searched", &raw(&["yes"], Some(&longer))), told);
}

#[test]
fn a_time_that_the_clock_skips_is_refused_and_one_that_comes_twice_is_the_first() {
    let skipped = parse_time("2026-03-29 02:30", ZONE).unwrap_err();
    assert_eq!(
        skipped,
        "does not exist in Europe/Berlin: the clock skips it; name another minute"
    );
    let twice = parse_time("2026-10-25 02:30", ZONE).unwrap();
    assert_eq!(twice.to_rfc3339(), "2026-10-25T00:30:00+00:00");
}

#[test]
fn what_is_no_value_is_shown_in_words() {
    let playbook = playbook();
    let field: &Field = playbook.field(&super::field("story")).unwrap();
    let until = super::start();
    let words = [
        State::NotApplicable,
        State::SourceSilent,
        State::Owed { until },
    ]
    .map(|s| shown(field, &s, ZONE));
    assert_eq!(
        words,
        [
            "not applicable",
            "source does not say",
            "owed until 2026-11-03 09:40 CET"
        ]
    );
}

#[test]
fn a_record_keeps_every_version_and_no_repetition() {
    let entry = |state| Entry {
        state,
        origin: Origin::Person,
        by: PersonId(1),
        at: super::start(),
    };
    let id = super::field("story");
    let mut record = Record::default();
    record.append(id.clone(), entry(State::SourceSilent));
    record.append(id.clone(), entry(State::SourceSilent));
    record.append(id.clone(), entry(State::NotApplicable));
    record.append(id.clone(), entry(State::SourceSilent));
    assert_eq!(record.versions(&id).len(), 3);
    assert_eq!(record.latest(&id).unwrap().state, State::SourceSilent);
}
