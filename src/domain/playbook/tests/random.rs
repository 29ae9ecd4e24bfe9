//! Any text, and the playbooks damaged: read, or refused with faults that stand inside the text.

use super::super::{notes, read, shipped};
use crate::domain::damage;
use chrono::NaiveDate;
use proptest::prelude::*;

fn whole() -> Vec<String> {
    let shipped = shipped::embedded()
        .map(|(_, text)| text.to_owned())
        .into_iter();
    let own = ["invented", "broken", "torn-page"].map(|name| {
        let path = format!(
            "{}/tests/data/playbooks/{name}.toml",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read_to_string(path).unwrap()
    });
    shipped.chain(own).collect()
}

fn sound(text: &str) -> Result<(), TestCaseError> {
    match read(text) {
        Ok(playbook) => {
            let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
            let _notes = notes(&playbook, today);
        }
        Err(faults) => {
            prop_assert!(!faults.is_empty(), "refused without a fault");
            let lines: Vec<&str> = text.split('\n').collect();
            for fault in faults {
                prop_assert!((1..=lines.len()).contains(&fault.line), "{fault}");
                let columns = lines[fault.line - 1].chars().count() + 1;
                prop_assert!(
                    (1..=columns).contains(&fault.column),
                    "{fault} of {columns}"
                );
                prop_assert!(!fault.message.is_empty());
            }
        }
    }
    Ok(())
}

const WORDS: &[&str] = &[
    "=",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "\"",
    "\"\"\"",
    "'",
    "#",
    "\n",
    "\r\n",
    ",",
    ".",
    "true",
    "-1",
    "99999999999999999999",
    "1979-05-27",
    "inf",
    "\\u0000",
    "\\",
    "\u{0}",
    "é",
    "id = \"triage\"\n",
    "[[stages]]\n",
    "[[transitions]]\n",
    "when = \"a.b(\"\n",
    "from = []\n",
    "to = \"\"\n",
    "accept_within = \"9999999999999d\"\n",
    "when = \"[1,2].map(x, x).all(y, y > 0) || person.detections_in_window / 0 == 1\"\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_playbook_is_read_or_refused_inside_its_text(text in damage::text(whole(), WORDS)) {
        sound(&text)?;
    }

    #[test]
    fn any_text_is_read_or_refused_inside_it(text in "(\\PC|\n|\r|\t|\u{0}){0,200}") {
        sound(&text)?;
    }
}
