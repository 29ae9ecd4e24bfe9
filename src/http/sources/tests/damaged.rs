//! The sample bodies, damaged: each element is read or refused with its place, and what is read is read again.

use super::shapes::every;
use super::*;
use crate::domain::damage;
use proptest::prelude::*;

/// Every sample there is, for every adapter: a body may come to the wrong address.
fn bodies() -> Vec<String> {
    let root = env!("CARGO_MANIFEST_DIR");
    let folders = ["tests/data/payloads", "templates/samples"].map(|f| format!("{root}/{f}"));
    let entries = folders.iter().flat_map(|f| std::fs::read_dir(f).unwrap());
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        path.extension().is_some_and(|e| e == "json") && !path.ends_with("EXPECTED.json")
    });
    paths.sort();
    assert!(paths.len() >= 16, "{paths:?}");
    let all = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap());
    all.collect()
}

fn values() -> Vec<Value> {
    let all = bodies();
    let each = all.iter().map(|body| serde_json::from_str(body).unwrap());
    each.collect()
}

fn told(fault: &str, pointer: &str) -> Result<(), TestCaseError> {
    prop_assert!(!fault.is_empty());
    prop_assert!(pointer.is_empty() || pointer.starts_with('/'), "{pointer}");
    Ok(())
}

/// Elements or a fault, and never more than the body says.
fn sound(adapter: &Adapter, body: &str) -> Result<(), TestCaseError> {
    let elements = match adapter.read(body.as_bytes(), received()) {
        Ok(elements) => elements,
        Err(fault) => {
            prop_assert!(!fault.mend.is_empty());
            return told(&fault.message, &fault.pointer);
        }
    };
    for element in elements {
        let raw = std::str::from_utf8(&element.raw).unwrap();
        prop_assert!(body.contains(raw), "it was not received");
        match element.outcome {
            Ok(reading) => {
                let shown = flat::flat(&reading, None, &clearance());
                prop_assert_eq!(shown.as_object().map(serde_json::Map::len), Some(17));
                prop_assert!(!facts(&reading).source_alert_id.trim().is_empty());
            }
            Err(fault) => {
                prop_assert!(
                    fault.pointer.starts_with(&element.pointer),
                    "{}",
                    fault.pointer
                );
                told(&fault.message, &fault.pointer)?;
            }
        }
    }
    Ok(())
}

/// Each element stands where its pointer says, and kept alone it is the same alert.
fn placed(adapter: &Adapter, body: &Value) -> Result<(), TestCaseError> {
    let text = body.to_string();
    let elements = adapter.read(text.as_bytes(), received());
    for element in elements.into_iter().flatten() {
        // As text: the last digit of a number may change when it is read.
        let part = body.pointer(&element.pointer).map(Value::to_string);
        prop_assert_eq!(part.as_deref(), std::str::from_utf8(&element.raw).ok());
        let Ok(reading) = &element.outcome else {
            continue;
        };
        let again = adapter.read_kept(&element.raw, received()).unwrap();
        prop_assert_eq!(again.len(), 1);
        let again = again[0].outcome.as_ref().unwrap();
        prop_assert_eq!(
            &facts(reading).source_alert_id,
            &facts(again).source_alert_id
        );
    }
    Ok(())
}

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "1e999",
    "-0",
    "\u{feff}",
    "\u{0}",
    "é",
    "{\"value\":",
    "\"id\":",
    "99999999999999999999",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_text_is_read_or_refused_with_its_place(body in damage::text(bodies(), WORDS)) {
        for adapter in every() {
            sound(&adapter, &body)?;
        }
    }

    #[test]
    fn a_sample_that_lost_parts_is_read_or_refused_with_its_place(body in damage::json(values())) {
        for adapter in every() {
            sound(&adapter, &body.to_string())?;
            placed(&adapter, &body)?;
        }
    }
}

/// The properties above say something only if some of what is damaged is still read, and some is not.
#[test]
fn damage_leaves_some_bodies_readable_and_some_not() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let damaged = damage::json(values());
    let (mut read, mut refused) = (0, 0);
    for _ in 0..200 {
        let body = damaged.new_tree(&mut runner).unwrap().current().to_string();
        for adapter in every() {
            let elements = adapter.read(body.as_bytes(), received());
            match elements {
                Ok(elements) if elements.iter().any(|e| e.outcome.is_ok()) => read += 1,
                Ok(_) | Err(_) => refused += 1,
            }
        }
    }
    assert!(
        read >= 100 && refused >= 100,
        "{read} read, {refused} refused"
    );
}
