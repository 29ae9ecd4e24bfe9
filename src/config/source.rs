//! One source: its adapter, how its sender proves itself, its link and tenant.

use super::map;
use super::reader::{Reader, Section};
use super::secrets;
use super::sections::{refuse_inline, secret};
use super::settings::{PLACEHOLDERS, SourceSettings};
use crate::domain::ids::SourceId;
use crate::http::auth::{Encoding, HmacScheme, Scheme, SignedTime, webhook_key};
use crate::http::sources::Adapter;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

const SCHEMES: &str = "bearer, hmac-sha256, standard-webhooks or url-token";

pub(super) fn read_all(
    reader: &mut Reader<'_>,
    root: &mut Section<'_>,
) -> BTreeMap<SourceId, SourceSettings> {
    let mut section = reader.section(root, "sources");
    let mut sources = BTreeMap::new();
    for name in section.keys() {
        let mut each = reader.section(&mut section, &name);
        if name.is_empty()
            || !name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        {
            let place = reader.place(&each.span());
            let message =
                "a source's name is the end of its address: letters, digits, - and _ only";
            reader.fault(place, &each.name, message);
        }
        if each.is_present()
            && let Some(source) = read(reader, &mut each)
        {
            sources.insert(SourceId::new(name), source);
        }
    }
    sources
}

fn read(reader: &mut Reader<'_>, section: &mut Section<'_>) -> Option<SourceSettings> {
    let known = "office365, graph, alertmanager or generic";
    let adapter = reader.word(section, "adapter", known, |word| {
        matches!(word, "office365" | "graph" | "alertmanager" | "generic").then(|| word.to_owned())
    });
    let mut mapped = reader.section(section, "map");
    let adapter = adapter.map(|found| match found.value.as_str() {
        "office365" => Adapter::Office365,
        "graph" => Adapter::Graph,
        "alertmanager" => Adapter::Alertmanager(Box::new(map::labels(reader, &mut mapped))),
        _ => Adapter::Generic(Box::new(map::read(reader, &mut mapped))),
    });
    if mapped.is_present() && matches!(adapter, Some(Adapter::Office365 | Adapter::Graph)) {
        let place = reader.place(&mapped.span());
        let message = "only the adapters generic and alertmanager have a map";
        reader.fault(place, &mapped.name, message);
    }
    let link = link(reader, section);
    let tenant = reader.text(section, "tenant").map(|f| f.value);
    let auth = auth(reader, section);
    required(reader, section, adapter.is_some(), "adapter");
    reader.finish(section);
    let (scheme, secrets) = auth?;
    Some(SourceSettings {
        adapter: adapter?,
        scheme,
        secrets,
        link,
        tenant,
    })
}

/// Absent, and not already told as wrong.
fn required(reader: &mut Reader<'_>, section: &Section<'_>, is_there: bool, key: &str) {
    let dotted = section.dotted(key);
    if !is_there && !reader.faults.iter().any(|fault| fault.key == dotted) {
        let place = reader.place(&section.span());
        reader.fault(place, &dotted, "is missing");
    }
}

fn link(reader: &mut Reader<'_>, section: &mut Section<'_>) -> Option<String> {
    let found = reader.text(section, "link")?;
    let bare = PLACEHOLDERS
        .iter()
        .fold(found.value.clone(), |text, placeholder| {
            text.replace(placeholder, "")
        });
    if bare.contains(['{', '}']) {
        let message = format!("knows only {}", PLACEHOLDERS.join(", "));
        reader.refuse(&found, message);
        return None;
    }
    if !bare.starts_with("https://") && !bare.starts_with("http://") {
        reader.refuse(&found, "must be an address that starts with https://");
        return None;
    }
    Some(found.value)
}

fn auth(reader: &mut Reader<'_>, source: &mut Section<'_>) -> Option<(Scheme, Vec<SecretString>)> {
    let mut section = reader.section(source, "auth");
    let word = reader.word(&mut section, "scheme", SCHEMES, |word| {
        ["bearer", "hmac-sha256", "standard-webhooks", "url-token"]
            .contains(&word)
            .then(|| word.to_owned())
    });
    let scheme = match word.as_ref().map(|found| found.value.as_str()) {
        Some("hmac-sha256") => hmac(reader, &mut section).map(Scheme::Hmac),
        Some("standard-webhooks") => Some(Scheme::StandardWebhooks),
        Some("url-token") => Some(Scheme::UrlToken {
            parameter: text_or(reader, &mut section, "parameter", "token"),
        }),
        Some(_) => Some(Scheme::Bearer),
        None => None,
    };
    let secrets = all_secrets(reader, &mut section);
    required(reader, &section, word.is_some(), "scheme");
    if word.is_some() {
        // Without a scheme it is not known which keys belong here.
        reader.finish(&section);
    }
    let scheme = scheme?;
    if scheme == Scheme::StandardWebhooks
        && secrets
            .iter()
            .any(|s| webhook_key(s.expose_secret()).is_none())
    {
        let place = reader.place(&section.span());
        reader.fault(
            place,
            &section.name,
            "the secret must be `whsec_` and base64",
        );
    }
    Some((scheme, secrets))
}

fn hmac(reader: &mut Reader<'_>, section: &mut Section<'_>) -> Option<HmacScheme> {
    let header = header(reader, section, "header");
    let encoding = reader.word(section, "encoding", "hex or base64", |word| match word {
        "hex" => Some(Encoding::Hex),
        "base64" => Some(Encoding::Base64),
        _ => None,
    });
    let prefix = text_or(reader, section, "prefix", "");
    let timestamp_header = self::header(reader, section, "timestamp_header");
    let joiner = text_or(reader, section, "timestamp_joiner", ".");
    required(reader, section, header.is_some(), "header");
    Some(HmacScheme {
        header: header?,
        encoding: encoding.map_or(Encoding::Hex, |found| found.value),
        prefix,
        timestamp: timestamp_header.map(|header| SignedTime { header, joiner }),
    })
}

fn header(reader: &mut Reader<'_>, section: &mut Section<'_>, key: &str) -> Option<String> {
    let found = reader.word(section, key, "the name of a header", |name| {
        name.chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
            .then(|| name.to_ascii_lowercase())
    })?;
    Some(found.value)
}

fn text_or(
    reader: &mut Reader<'_>,
    section: &mut Section<'_>,
    key: &str,
    otherwise: &str,
) -> String {
    reader
        .text(section, key)
        .map_or_else(|| otherwise.to_owned(), |found| found.value)
}

/// The secret, and the one before it while senders are being changed over.
fn all_secrets(reader: &mut Reader<'_>, section: &mut Section<'_>) -> Vec<SecretString> {
    let mut found: Vec<SecretString> = ["secret", "secret_previous"]
        .into_iter()
        .filter_map(|key| secret(reader, section, key))
        .collect();
    if let Some(files) = reader.texts(section, "secret_files") {
        for file in &files.value {
            match secrets::from_file(&reader.beside(file)) {
                Ok(secret) => found.push(secret),
                Err(why) => reader.refuse(&files, why),
            }
        }
    }
    refuse_inline(reader, section, "secrets");
    found
}
