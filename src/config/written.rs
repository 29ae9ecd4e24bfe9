//! One value as written, in the file or as one text in the environment, read as the type that is wanted.

use std::num::NonZeroU64;
use toml::Spanned;
use toml::de::DeValue;

pub(super) enum Written<'a> {
    File(&'a Spanned<DeValue<'a>>),
    Environment(String, String),
}

impl Written<'_> {
    pub fn text(&self) -> Option<String> {
        let text = match self {
            Self::File(value) => value.get_ref().as_str()?,
            Self::Environment(_, text) => text,
        };
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::File(value) => value.get_ref().as_bool(),
            Self::Environment(_, text) => text.parse().ok(),
        }
    }

    pub fn number(&self) -> Option<u64> {
        match self {
            Self::File(value) => {
                let number = value.get_ref().as_integer()?;
                u64::from_str_radix(number.as_str(), number.radix()).ok()
            }
            Self::Environment(_, text) => text.parse().ok(),
        }
    }

    /// One of Discord's ids, as a text or a number.
    pub fn id(&self) -> Option<NonZeroU64> {
        match self.text() {
            Some(text) => text.parse().ok(),
            None => self.number().and_then(NonZeroU64::new),
        }
    }

    pub fn ids(&self) -> Option<Vec<NonZeroU64>> {
        self.items().iter().map(Written::id).collect()
    }

    pub fn texts(&self) -> Option<Vec<String>> {
        self.items().iter().map(Written::text).collect()
    }

    /// The entries of a list; in the environment between commas. A single value is a list of one.
    fn items(&self) -> Vec<Written<'_>> {
        match self {
            Self::File(value) => match value.get_ref().as_array() {
                Some(items) => items.iter().map(Written::File).collect(),
                None => vec![Written::File(value)],
            },
            Self::Environment(name, text) => text
                .split(',')
                .map(|part| Written::Environment(name.clone(), part.trim().to_owned()))
                .collect(),
        }
    }
}
