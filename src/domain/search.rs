//! Search: which words of an alert are indexed, and what typed words look for. Both are cut in the same way, so whatever a
//! person types is words and never an operator.

use super::alert::{Alert, Detail, Named};
use super::incident::Refusal;
use super::restricted::Restricted;
use std::collections::BTreeSet;

/// Incidents that one answer shows.
pub const SHOWN: usize = 20;
/// Words that one search takes; the ones behind them narrow nothing.
const MOST_WORDS: usize = 30;
/// Joins two words that stand together without a space, as in an address or a path. No word holds it, and the index takes
/// it for a letter.
const JOINED: char = '·';

/// The words of one alert, each once, with a space between them: whom and what it names.
pub fn words_of(alert: &Alert) -> Restricted<String> {
    let words: BTreeSet<String> = each_word(alert).collect();
    Restricted::new(words.into_iter().collect::<Vec<_>>().join(" "))
}

fn each_word(alert: &Alert) -> impl Iterator<Item = String> + '_ {
    let chunks = texts(alert).flat_map(str::split_whitespace);
    chunks.flat_map(|chunk| {
        let mut words = cut(chunk);
        words.extend(pairs(&words).collect::<Vec<_>>());
        words
    })
}

fn texts(alert: &Alert) -> impl Iterator<Item = &str> {
    let user = alert.user.iter().flat_map(|user| {
        [
            &user.uid,
            &user.upn,
            &user.name,
            &user.sid,
            &user.display_name,
        ]
    });
    let device = alert.device.iter().flat_map(|device| {
        [
            &device.uid,
            &device.hostname,
            &device.serial_number,
            &device.entra_device_id,
            &device.intune_device_id,
        ]
    });
    let called = [&alert.policy, &alert.rule, &alert.sensitivity_label];
    let called = called.into_iter().flatten();
    let called = called.flat_map(|Named { uid, name }| [uid, name]);
    let plain = [
        &alert.source_incident_id,
        &alert.category,
        &alert.product,
        &alert.workload,
        &alert.action,
    ];
    let types = alert.sensitive_types.iter().map(|one| &one.name);
    let said = user.chain(device).chain(called).chain(plain).chain(types);
    let destination = alert.destination.iter().map(|to| to.shown.as_str());
    said.filter_map(|text| text.as_deref())
        .chain([alert.source_alert_id.as_str()])
        .chain(destination)
        .chain(alert.techniques.iter().map(String::as_str))
        .chain(hidden(alert.detail.judge()))
}

fn hidden(detail: &Detail) -> impl Iterator<Item = &str> {
    let file = detail.file.iter();
    let file = file.flat_map(|file| [&file.name, &file.path, &file.sha256]);
    let email = detail.email.iter();
    let mail = email.flat_map(|mail| [&mail.subject, &mail.from, &mail.message_id]);
    let to = detail.email.iter().flat_map(|mail| &mail.to);
    let own = [&detail.title, &detail.desc, &detail.src_ip].into_iter();
    let said = own.chain(file).chain(mail);
    said.filter_map(|text| text.as_deref())
        .chain(to.map(String::as_str))
        .chain(detail.evidence.iter().map(String::as_str))
}

/// The words of a piece of text without a space: letters and digits, in lower case.
fn cut(chunk: &str) -> Vec<String> {
    let words = chunk.split(|c: char| !c.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn pairs(cut: &[String]) -> impl Iterator<Item = String> + '_ {
    cut.windows(2).map(|two| two.join(&JOINED.to_string()))
}

/// What somebody looks for, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// All of them stand in one alert.
    words: BTreeSet<String>,
    /// As it was typed.
    pub typed: String,
    pub reason: String,
}

impl Wanted {
    /// Everything that is missing at once.
    pub fn read(typed: &str, reason: &str) -> Result<Self, Refusal> {
        let (typed, reason) = (typed.trim(), reason.trim());
        let mut words = BTreeSet::new();
        for chunk in typed.split_whitespace() {
            let cut = cut(chunk);
            // Together they say more than each alone, and are rarer.
            if cut.len() == 1 {
                words.extend(cut);
            } else {
                words.extend(pairs(&cut));
            }
            if words.len() >= MOST_WORDS {
                break;
            }
        }
        let mut missing = Vec::new();
        if words.is_empty() {
            missing.push("Words: letters or digits; signs alone find nothing".to_owned());
        }
        if reason.is_empty() {
            missing.push("A reason: why you look for them; it goes into the access log".to_owned());
        }
        if !missing.is_empty() {
            return Err(Refusal::NoSearch { missing });
        }
        Ok(Self {
            words: words.into_iter().take(MOST_WORDS).collect(),
            typed: typed.to_owned(),
            reason: reason.to_owned(),
        })
    }

    /// As the index is asked: each word a quoted string, all of them.
    pub fn in_index(&self) -> String {
        let quoted = self.words.iter();
        let quoted = quoted.map(|word| format!("\"{}\"", word.replace('"', "\"\"")));
        quoted.collect::<Vec<_>>().join(" AND ")
    }

    /// Whether all of them stand among an alert's words.
    pub fn finds(&self, alert: &Alert) -> bool {
        let mut missing: BTreeSet<&str> = self.words.iter().map(String::as_str).collect();
        each_word(alert).any(|word| missing.remove(word.as_str()) && missing.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::{AlertKind, Destination, Device, Email, File, User};
    use proptest::prelude::*;

    fn alert() -> Alert {
        let text = |text: &str| Some(text.to_owned());
        Alert {
            user: Some(User {
                upn: text("visa.assistant@contoso.example"),
                name: text("Zoë Müller"),
                ..User::default()
            }),
            device: Some(Device {
                hostname: text("lt-tw208k5x"),
                ..Device::default()
            }),
            policy: Some(Named {
                uid: None,
                name: text("Rates of exchange"),
            }),
            destination: Some(Destination {
                shown: "drop.example, paste.example".to_owned(),
                external: None,
            }),
            detail: Restricted::new(Detail {
                title: text("Upload blocked"),
                desc: text("A list left"),
                file: Some(File {
                    name: text("applicants-0917.csv"),
                    path: text(r"C:\Users\visa\applicants-0917.csv"),
                    ..File::default()
                }),
                email: Some(Email {
                    subject: text("Offer"),
                    ..Email::default()
                }),
                ..Detail::default()
            }),
            ..Alert::silent("alert-77".to_owned(), AlertKind::Dlp)
        }
    }

    fn finds(typed: &str) -> bool {
        let wanted = Wanted::read(typed, "asked").unwrap();
        wanted.finds(&alert())
    }

    #[test]
    fn whatever_an_alert_names_is_found_and_nothing_else() {
        for typed in [
            "visa.assistant@contoso.example",
            "VISA.Assistant@",
            "contoso.example",
            "zoë",
            "MÜLLER upload",
            "lt-tw208k5x",
            "rates exchange",
            "drop.example",
            "applicants-0917.csv",
            r"C:\Users\visa",
            "list left",
            "offer",
            "alert-77",
            r#""upload""#,
            "upload *",
        ] {
            assert!(finds(typed), "{typed}");
        }
        for typed in [
            "assistant.visa@contoso.example",
            "visa.contoso",
            "uploa",
            "upload OR nothing",
            "NEAR(upload blocked)",
            "upload NOT blocked",
            "words: upload",
        ] {
            assert!(!finds(typed), "{typed}");
        }
    }

    #[test]
    fn no_search_without_words_and_a_reason_and_both_are_said_at_once() {
        let missing = |typed, reason| match Wanted::read(typed, reason) {
            Err(Refusal::NoSearch { missing }) => missing.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!(missing("* \"", "  "), 2);
        assert_eq!(missing("upload", " "), 1);
        assert_eq!(missing("", "asked"), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_words_between_quotes_or_refused(typed in ".{0,300}") {
            if let Ok(wanted) = Wanted::read(&typed, "asked") {
                for word in wanted.in_index().split(" AND ") {
                    let inner = word.strip_prefix('"').and_then(|w| w.strip_suffix('"')).unwrap();
                    prop_assert!(!inner.is_empty());
                    prop_assert!(inner.chars().all(|c| c.is_ascii_alphanumeric() || !c.is_ascii()));
                }
                prop_assert!(wanted.words.len() <= MOST_WORDS);
            }
        }
    }
}
