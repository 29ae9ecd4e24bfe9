//! One table of a TOML file, read key by key. Every wrong value is a fault with its place and reading goes
//! on; what is left unread at the end is an unknown key. Knows no playbook.

mod values;

use super::fault::{Faults, nearest};
use chrono::{NaiveDate, TimeDelta};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) use values::word_of;
use values::{duration_of, text, wrong_type};

type Value<'t> = Spanned<DeValue<'t>>;

pub(super) struct Section<'a, 't> {
    table: &'a DeTable<'t>,
    /// Where the table begins: missing keys are reported there.
    at: usize,
    asked: Vec<&'static str>,
}

/// A text with its places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub value: String,
    /// Where the value begins, its quotation mark included.
    pub at: usize,
    /// Where its characters begin, if they stand in the file as they are; escapes hide their place.
    pub inside: Option<usize>,
}

impl Text {
    /// The place in the file of a place in the value.
    pub fn place(&self, within: usize) -> usize {
        self.inside.map_or(self.at, |start| start + within)
    }
}

impl<'a, 't> Section<'a, 't> {
    pub fn root(table: &'a DeTable<'t>) -> Self {
        Self {
            table,
            at: 0,
            asked: Vec::new(),
        }
    }

    pub const fn at(&self) -> usize {
        self.at
    }

    /// Where the key's value begins; the table's own place where it is missing.
    pub fn place(&self, key: &str) -> usize {
        self.find(key).map_or(self.at, |value| value.span().start)
    }

    fn find(&self, key: &str) -> Option<&'a Value<'t>> {
        self.table
            .iter()
            .find(|(name, _)| name.get_ref().as_ref() == key)
            .map(|(_, value)| value)
    }

    fn ask(&mut self, key: &'static str) -> Option<&'a Value<'t>> {
        self.asked.push(key);
        self.find(key)
    }

    fn need(&mut self, f: &mut Faults<'_>, key: &'static str) -> Option<&'a Value<'t>> {
        let found = self.ask(key);
        if found.is_none() {
            f.add_absence(self.at, format!("`{key}` is missing; add it"));
        }
        found
    }

    /// A text that must be there and not be empty; "" after a fault.
    pub fn text(&mut self, f: &mut Faults<'_>, key: &'static str) -> Text {
        self.need(f, key)
            .and_then(|value| text(f, key, value))
            .unwrap_or_default()
    }

    pub fn maybe_text(&mut self, f: &mut Faults<'_>, key: &'static str) -> Option<Text> {
        self.ask(key).and_then(|value| text(f, key, value))
    }

    /// A text of at most so many characters, because Discord shows no more.
    pub fn short(&mut self, f: &mut Faults<'_>, key: &'static str, most: usize) -> String {
        let found = self.text(f, key);
        let length = found.value.chars().count();
        if length > most {
            f.add(
                found.at,
                format!("`{key}` has {length} characters; shorten it to {most}"),
            );
        }
        found.value
    }

    /// An id: lower-case letters, digits, hyphens.
    pub fn id(&mut self, f: &mut Faults<'_>) -> Text {
        let found = self.text(f, "id");
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if !found.value.chars().all(fits) || found.value.len() > 40 {
            f.add(
                found.at,
                format!(
                    "id `{}`: use at most 40 lower-case letters, digits, hyphens and underscores",
                    found.value
                ),
            );
        }
        found
    }

    pub fn flag(&mut self, f: &mut Faults<'_>, key: &'static str, otherwise: bool) -> bool {
        match self.ask(key) {
            None => otherwise,
            Some(value) => value.get_ref().as_bool().unwrap_or_else(|| {
                wrong_type(f, key, value, "true or false");
                otherwise
            }),
        }
    }

    /// A whole number within a range; the lower bound after a fault.
    pub fn number(
        &mut self,
        f: &mut Faults<'_>,
        key: &'static str,
        (least, most): (i64, i64),
    ) -> i64 {
        let Some(value) = self.need(f, key) else {
            return least;
        };
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|i| i64::from_str_radix(&i.as_str().replace('_', ""), i.radix()).ok());
        match number {
            Some(number) if (least..=most).contains(&number) => number,
            Some(number) => {
                let message = format!("`{key}` is {number}; give {least} to {most}");
                f.add(value.span().start, message);
                least
            }
            None => {
                wrong_type(f, key, value, "a whole number");
                least
            }
        }
    }

    pub fn date(&mut self, f: &mut Faults<'_>, key: &'static str) -> NaiveDate {
        let Some(value) = self.need(f, key) else {
            return NaiveDate::default();
        };
        let date = value.get_ref().as_datetime().and_then(|d| d.date);
        date.and_then(|d| {
            NaiveDate::from_ymd_opt(i32::from(d.year), u32::from(d.month), u32::from(d.day))
        })
        .unwrap_or_else(|| {
            wrong_type(
                f,
                key,
                value,
                "a date such as 2026-11-21, without quotation marks",
            );
            NaiveDate::default()
        })
    }

    /// A duration such as `30m`, `4h`, `2d`.
    pub fn duration(&mut self, f: &mut Faults<'_>, key: &'static str) -> TimeDelta {
        let found = self.text(f, key);
        duration_of(f, key, &found)
    }

    pub fn maybe_duration(&mut self, f: &mut Faults<'_>, key: &'static str) -> Option<TimeDelta> {
        let found = self.maybe_text(f, key)?;
        Some(duration_of(f, key, &found))
    }

    /// One of a closed set of words.
    pub fn one_of<T: Copy>(
        &mut self,
        f: &mut Faults<'_>,
        key: &'static str,
        set: &[(&str, T)],
    ) -> Option<T> {
        let found = self.text(f, key);
        word_of(f, key, &found, set)
    }

    /// The texts of a list that must be there; empty after a fault.
    pub fn texts(&mut self, f: &mut Faults<'_>, key: &'static str) -> Vec<Text> {
        self.need(f, key);
        self.maybe_texts(f, key)
    }

    /// The texts of a list; empty where it is missing.
    pub fn maybe_texts(&mut self, f: &mut Faults<'_>, key: &'static str) -> Vec<Text> {
        let Some(value) = self.ask(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            wrong_type(f, key, value, "a list of texts");
            return Vec::new();
        };
        let found: Vec<Text> = array.iter().filter_map(|v| text(f, key, v)).collect();
        for (i, one) in found.iter().enumerate() {
            if found
                .iter()
                .take(i)
                .any(|earlier| earlier.value == one.value)
            {
                f.add(
                    one.at,
                    format!("`{}` stands twice in `{key}`; remove one", one.value),
                );
            }
        }
        found
    }

    /// A table of its own.
    pub fn section(&mut self, f: &mut Faults<'_>, key: &'static str) -> Option<Self> {
        let value = self.ask(key)?;
        let found = Self::of(value);
        if found.is_none() {
            wrong_type(f, key, value, "a table");
        }
        found
    }

    /// Each table of a list; empty where it is missing.
    pub fn sections(&mut self, f: &mut Faults<'_>, key: &'static str) -> Vec<Self> {
        let Some(value) = self.ask(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            wrong_type(f, key, value, "a list of tables");
            return Vec::new();
        };
        let mut found = Vec::new();
        for one in array {
            match Self::of(one) {
                Some(section) => found.push(section),
                None => wrong_type(f, key, one, "a table"),
            }
        }
        found
    }

    /// Id and title of each table of a list that is read elsewhere; faulty ones are left to that reading.
    pub fn titles(&self, key: &str) -> Vec<(String, String)> {
        let array = self.find(key).and_then(|value| value.get_ref().as_array());
        let of = |value: &'a Value<'t>| {
            let section = Self::of(value)?;
            let word = |key| section.find(key)?.get_ref().as_str().map(str::to_owned);
            Some((word("id")?, word("title")?))
        };
        array
            .into_iter()
            .flat_map(|a| a.iter())
            .filter_map(of)
            .collect()
    }

    fn of(value: &'a Value<'t>) -> Option<Self> {
        Some(Self {
            table: value.get_ref().as_table()?,
            at: value.span().start,
            asked: Vec::new(),
        })
    }

    /// A key that may be left out and is.
    pub fn knows(&mut self, key: &'static str) {
        self.asked.push(key);
    }

    /// Whether the key is written, without reading it.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Ends the reading: what nobody asked for is unknown.
    pub fn finish(self, f: &mut Faults<'_>) {
        for (name, _) in self.table {
            let word = name.get_ref().as_ref();
            if self.asked.contains(&word) {
                continue;
            }
            let mend = nearest(word, self.asked.iter().copied().filter(|k| !self.has(k)))
                .map_or_else(
                    || "remove it".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
            f.add(name.span().start, format!("unknown key `{word}`; {mend}"));
        }
    }
}
