//! Reads typed values out of TOML tables and their overrides out of the environment, and collects every
//! fault with its place instead of stopping at the first.

use super::fault::{ConfigFault, Place};
use super::written::Written;
use std::num::NonZeroU64;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) type Env<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Knows the file and the environment, and gathers the faults.
pub(super) struct Reader<'e> {
    path: PathBuf,
    text: &'e str,
    env: Env<'e>,
    pub faults: Vec<ConfigFault>,
}

/// One table of the file, which may be absent, and the keys that were asked of it.
pub(super) struct Section<'a> {
    /// Its dotted name.
    pub name: String,
    table: Option<&'a DeTable<'a>>,
    span: Range<usize>,
    known: Vec<String>,
}

/// A value and where it stands.
pub(super) struct Found<T> {
    pub value: T,
    pub place: Place,
    pub key: String,
}

impl<'e> Reader<'e> {
    pub fn new(path: &Path, text: &'e str, env: Env<'e>) -> Self {
        Self {
            path: path.to_owned(),
            text,
            env,
            faults: Vec::new(),
        }
    }

    pub fn place(&self, span: &Range<usize>) -> Place {
        Place::of(self.path.clone(), self.text, span)
    }

    /// A path of the configuration, seen from the folder of the file.
    pub fn beside(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(path)
    }

    pub fn fault(&mut self, place: Place, key: &str, message: impl Into<String>) {
        self.faults.push(ConfigFault {
            place,
            key: key.to_owned(),
            message: message.into(),
        });
    }

    pub fn refuse<T>(&mut self, found: &Found<T>, message: impl Into<String>) {
        self.fault(found.place.clone(), &found.key, message);
    }

    pub fn root<'a>(table: &'a Spanned<DeTable<'a>>) -> Section<'a> {
        Section {
            name: String::new(),
            table: Some(table.get_ref()),
            span: table.span(),
            known: Vec::new(),
        }
    }

    /// A table inside a table; absent is empty, so that the environment alone can fill it.
    pub fn section<'a>(&mut self, of: &mut Section<'a>, key: &str) -> Section<'a> {
        of.known.push(key.to_owned());
        let name = of.dotted(key);
        let found = of.table.and_then(|table| table.get(key));
        let mut section = Section {
            name: name.clone(),
            table: None,
            span: of.span.clone(),
            known: Vec::new(),
        };
        if let Some(value) = found {
            section.span = value.span();
            section.table = value.get_ref().as_table();
            if section.table.is_none() {
                self.fault(self.place(&value.span()), &name, "must be a table");
            }
        }
        section
    }

    /// Every key that nobody asked for is a fault: a key that does nothing misleads.
    pub fn finish(&mut self, section: &Section<'_>) {
        let mut known: Vec<&str> = section.known.iter().map(String::as_str).collect();
        known.sort_unstable();
        for (key, _) in section.table.into_iter().flat_map(|table| table.iter()) {
            if !known.contains(&key.get_ref().as_ref()) {
                let message = format!("unknown key; known here: {}", known.join(", "));
                self.fault(
                    self.place(&key.span()),
                    &section.dotted(key.get_ref()),
                    message,
                );
            }
        }
    }

    pub fn text(&mut self, section: &mut Section<'_>, key: &str) -> Option<Found<String>> {
        self.read(section, key, "a text", Written::text)
    }

    /// A word that `pick` knows.
    pub fn word<T>(
        &mut self,
        section: &mut Section<'_>,
        key: &str,
        allowed: &str,
        pick: impl Fn(&str) -> Option<T>,
    ) -> Option<Found<T>> {
        self.read(section, key, allowed, |written| pick(&written.text()?))
    }

    pub fn number(
        &mut self,
        section: &mut Section<'_>,
        key: &str,
        range: Range<u64>,
    ) -> Option<Found<u64>> {
        let expected = format!("a whole number from {} to {}", range.start, range.end - 1);
        self.read(section, key, &expected, |written| {
            written.number().filter(|n| range.contains(n))
        })
    }

    pub fn truth(&mut self, section: &mut Section<'_>, key: &str) -> Option<Found<bool>> {
        self.read(section, key, "true or false", Written::truth)
    }

    /// One of Discord's ids, as a text or a number.
    pub fn snowflake(&mut self, section: &mut Section<'_>, key: &str) -> Option<Found<NonZeroU64>> {
        self.read(section, key, "one of Discord's ids", Written::id)
    }

    pub fn snowflakes(
        &mut self,
        section: &mut Section<'_>,
        key: &str,
    ) -> Option<Found<Vec<NonZeroU64>>> {
        self.read(section, key, "a list of Discord's ids", Written::ids)
    }

    pub fn texts(&mut self, section: &mut Section<'_>, key: &str) -> Option<Found<Vec<String>>> {
        self.read(section, key, "a list of texts", Written::texts)
    }

    /// The tables of a list of tables.
    pub fn tables<'a>(&mut self, of: &mut Section<'a>, key: &str) -> Vec<Section<'a>> {
        of.known.push(key.to_owned());
        let Some(value) = of.table.and_then(|table| table.get(key)) else {
            return Vec::new();
        };
        let name = of.dotted(key);
        let items: &[Spanned<DeValue<'a>>] = value
            .get_ref()
            .as_array()
            .map_or(std::slice::from_ref(value), |items| items);
        let mut sections = Vec::new();
        for item in items {
            let table = item.get_ref().as_table();
            if table.is_none() {
                self.fault(self.place(&item.span()), &name, "must be a list of tables");
                continue;
            }
            sections.push(Section {
                name: name.clone(),
                table,
                span: item.span(),
                known: Vec::new(),
            });
        }
        sections
    }

    fn read<'a, T>(
        &mut self,
        section: &mut Section<'a>,
        key: &str,
        expected: &str,
        read: impl Fn(&Written<'a>) -> Option<T>,
    ) -> Option<Found<T>> {
        section.known.push(key.to_owned());
        let dotted = section.dotted(key);
        let variable = variable(&dotted);
        let written = match (self.env)(&variable) {
            Some(text) => Written::Environment(variable, text.trim().to_owned()),
            None => Written::File(section.table?.get(key)?),
        };
        let place = match &written {
            Written::File(value) => self.place(&value.span()),
            Written::Environment(name, _) => Place::Environment(name.clone()),
        };
        let value = read(&written);
        if value.is_none() {
            self.fault(place.clone(), &dotted, format!("must be {expected}"));
        }
        Some(Found {
            value: value?,
            place,
            key: dotted,
        })
    }

    /// A variable that has no key in the file, for secrets.
    pub fn secret_variable(&self, section: &Section<'_>, key: &str) -> Option<(Place, String)> {
        let name = variable(&section.dotted(key));
        let value = (self.env)(&name)?;
        Some((Place::Environment(name), value))
    }
}

impl Section<'_> {
    pub fn dotted(&self, key: &str) -> String {
        if self.name.is_empty() {
            return key.to_owned();
        }
        format!("{}.{key}", self.name)
    }

    /// The keys that stand in the file, for sections whose keys are names.
    pub fn keys(&self) -> Vec<String> {
        self.table
            .into_iter()
            .flat_map(|table| table.iter().map(|(key, _)| key.get_ref().to_string()))
            .collect()
    }

    pub const fn is_present(&self) -> bool {
        self.table.is_some()
    }

    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }
}

/// `http.listen` is overridden by `BATON_HTTP__LISTEN`.
fn variable(dotted: &str) -> String {
    let name = dotted.replace('.', "__").replace('-', "_").to_uppercase();
    format!("BATON_{name}")
}
