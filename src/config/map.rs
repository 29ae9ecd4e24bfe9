//! The map of a source: for each fact a JSON pointer, or a label, and what the source's words mean.

use super::reader::{Reader, Section};
use crate::domain::alert::Severity;
use crate::http::sources::generic::{Fact, kind_of};
use crate::http::sources::{GenericMap, LabelMap};
use std::collections::BTreeMap;

const KINDS: &str = "dlp, endpoint, identity, compliance, siem or infra";
const SEVERITIES: &str = "informational, low, medium, high, critical or unknown";

/// The default map where the section is absent; else exactly what it says.
pub(super) fn read(reader: &mut Reader<'_>, section: &mut Section<'_>) -> GenericMap {
    if !section.is_present() {
        return GenericMap::default();
    }
    let mut map = GenericMap {
        items: items(reader, section),
        pointers: BTreeMap::new(),
        ..GenericMap::default()
    };
    for fact in Fact::ALL {
        if let Some(found) = pointers(reader, section, fact.key()) {
            map.pointers.insert(fact, found);
        }
    }
    if let Some(found) = reader.word(section, "default_kind", KINDS, kind_of) {
        map.kind = found.value;
    }
    if let Some(found) = reader.texts(section, "closed_words") {
        map.closed_words = found.value.iter().map(|word| word.to_lowercase()).collect();
    }
    map.severity_words = severity_words(reader, section);
    reader.finish(section);
    map
}

/// The labels of an alertmanager source; what is not named stays as it usually is.
pub(super) fn labels(reader: &mut Reader<'_>, section: &mut Section<'_>) -> LabelMap {
    let mut map = LabelMap::default();
    for (key, label) in [
        ("severity", &mut map.severity),
        ("user", &mut map.user),
        ("device", &mut map.device),
    ] {
        if let Some(found) = reader.text(section, key) {
            *label = found.value;
        }
    }
    if let Some(found) = reader.word(section, "default_kind", KINDS, kind_of) {
        map.kind = found.value;
    }
    map.severity_words.extend(severity_words(reader, section));
    reader.finish(section);
    map
}

fn severity_words(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
) -> BTreeMap<String, Severity> {
    let mut section = reader.section(section, "severity_words");
    let mut words = BTreeMap::new();
    for word in section.keys() {
        if let Some(found) = reader.word(&mut section, &word, SEVERITIES, severity) {
            words.insert(word.to_lowercase(), found.value);
        }
    }
    words
}

/// The list's one pointer: which list is meant must not depend on the body.
fn items(reader: &mut Reader<'_>, section: &mut Section<'_>) -> Option<String> {
    let expected = "a JSON pointer, such as /alerts";
    reader
        .word(section, "items", expected, |text| {
            text.starts_with('/').then(|| text.to_owned())
        })
        .map(|found| found.value)
}

/// JSON pointers (RFC 6901), parts that each start with a slash: one, or several to be tried in turn.
fn pointers(reader: &mut Reader<'_>, section: &mut Section<'_>, key: &str) -> Option<Vec<String>> {
    let found = reader.texts(section, key)?;
    if found.value.is_empty() || found.value.iter().any(|text| !text.starts_with('/')) {
        reader.refuse(
            &found,
            "must be a JSON pointer, such as /alert/id, or a list of them",
        );
        return None;
    }
    Some(found.value)
}

fn severity(word: &str) -> Option<Severity> {
    let severity = Severity::from_word(word);
    (severity != Severity::Unknown || word == "unknown").then_some(severity)
}
