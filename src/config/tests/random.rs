//! Any text, and the example damaged, with anything in the environment: read, or refused with faults whose place exists
//! and which never show what stands in the environment.

use super::*;
use crate::domain::damage;
use proptest::prelude::*;

/// Any of these may be set, whatever stands in the file.
const VARIABLES: &[&str] = &[
    "BATON_STORE__PATH",
    "BATON_DISCORD__TOKEN",
    "BATON_DISCORD__GUILD",
    "BATON_DISCORD__API_URL",
    "BATON_CHANNELS__TIER1_TRIAGE",
    "BATON_ROLES__TIER1",
    "BATON_HTTP__LISTEN",
    "BATON_HTTP__BODY_LIMIT_BYTES",
    "BATON_HTTP__READ_TIMEOUT_S",
    "BATON_SOURCES__PURVIEW__AUTH__SECRET",
    "BATON_SOURCES__DEFENDER__AUTH__SECRET",
    "BATON_SOURCES__PURVIEW__AUTH__SCHEME",
    "BATON_SOURCES__PURVIEW__ADAPTER",
    "BATON_ORGANISATION__TIME_ZONE",
    "BATON_ORGANISATION__WORKING_HOURS",
    "BATON_PLAYBOOKS__DIR",
    "BATON_HEARTBEAT__URL",
    "BATON_HEARTBEAT__EVERY_S",
    "BATON_LOG__FILTER",
    "BATON_LOG__FORMAT",
    "BATON_BACKUP__DIR",
    "BATON_BACKUP__AT",
    "BATON_BACKUP__KEEP",
    "BATON_BACKUP__RECIPIENTS",
];
/// Begins what is secret here, so that it is known wherever it shows.
const SECRET: &str = "kept-to-ourselves";

fn environment() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let value = prop_oneof![
        "\\PC{0,20}",
        "[0-9:.,-]{0,12}",
        "(https?|file)://[a-z.:@/]{0,20}",
        Just("true".to_owned()),
    ];
    let variable = prop::sample::select(VARIABLES);
    prop::collection::vec((variable, value), 0..6).prop_map(|mut all| {
        for (name, value) in &mut all {
            let secret = ["TOKEN", "SECRET", "HEARTBEAT__URL"];
            if secret.iter().any(|end| name.ends_with(end)) {
                value.insert_str(0, SECRET);
            }
        }
        all
    })
}

fn sound(text: &str, env: &[(&str, String)]) -> Result<(), TestCaseError> {
    let given: Vec<(&str, &str)> = env.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let faults = match read(text, &given) {
        Ok(settings) => {
            let _missing = missing(&settings, &settings.channels.keys().cloned().collect());
            let shown = format!("{settings:?}");
            prop_assert!(!shown.contains(SECRET));
            return Ok(());
        }
        Err(faults) => faults,
    };
    prop_assert!(!faults.is_empty(), "refused without a fault");
    let lines: Vec<&str> = text.split('\n').collect();
    for fault in faults {
        prop_assert!(!fault.message.is_empty());
        prop_assert!(!fault.to_string().contains(SECRET), "{fault}");
        match &fault.place {
            Place::File { line, column, .. } => {
                prop_assert!((1..=lines.len()).contains(line), "{fault}");
                let columns = lines[line - 1].chars().count() + 1;
                prop_assert!((1..=columns).contains(column), "{fault} of {columns}");
            }
            Place::Environment(name) => {
                prop_assert!(given.iter().any(|(given, _)| given == name), "{fault}");
            }
        }
    }
    Ok(())
}

fn written() -> Vec<String> {
    vec![std::fs::read_to_string(example()).unwrap()]
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
    "'",
    "#",
    "\n",
    "\r\n",
    ",",
    ".",
    "true",
    "-1",
    "0",
    "99999999999999999999",
    "\\",
    "\u{0}",
    "é",
    "[http]\n",
    "[sources.x]\n",
    "[sources.purview.auth]\n",
    "listen = 1\n",
    "scheme = \"hmac-sha256\"\n",
    "adapter = \"generic\"\n",
    "secret = \"x\"\n",
    "link = \"https://x/{\"\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_example_is_read_or_refused_with_its_place(
        text in damage::text(written(), WORDS), env in environment(),
    ) {
        sound(&text, &env)?;
    }

    #[test]
    fn the_example_under_any_environment_is_read_or_refused_with_its_place(env in environment()) {
        sound(&written()[0], &env)?;
    }

    #[test]
    fn any_text_is_read_or_refused_inside_it(text in "(\\PC|\n|\r|\t|\u{0}){0,200}") {
        sound(&text, &[])?;
    }
}
