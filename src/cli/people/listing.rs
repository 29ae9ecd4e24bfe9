//! The people directory as CSV: every line that is not right is named, with what would be.

use crate::domain::directory::{Fault, Identity, Listed};
use std::collections::BTreeMap;

/// Columns that must be there.
const REQUIRED: [&str; 5] = ["person", "name", "department", "line_manager", "account"];
/// Columns that may be.
const FURTHER: [&str; 3] = ["sid", "domain_name", "aliases"];
/// Characters in one value: more is a file with the wrong separator or quotes.
const LONGEST: usize = 200;

/// The lines that have a key, and everything that is wrong, in the file's order.
pub(super) fn read(bytes: &[u8]) -> (Vec<Listed>, Vec<Fault>) {
    let mut reading = Reading::default();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(fault) => {
            let before = bytes.get(..fault.valid_up_to()).unwrap_or_default();
            let line = 1 + before.split(|b| *b == b'\n').skip(1).count();
            let line = u64::try_from(line).unwrap_or(u64::MAX);
            reading.fault(line, "is not UTF-8. Save the file as CSV UTF-8");
            return (Vec::new(), reading.faults);
        }
    };
    reading.all(text);
    reading.faults.sort();
    (reading.listed, reading.faults)
}

#[derive(Default)]
struct Reading {
    listed: Vec<Listed>,
    faults: Vec<Fault>,
    /// Where each key and identity stood first.
    keys: BTreeMap<String, u64>,
    identities: BTreeMap<Identity, u64>,
}

impl Reading {
    fn fault(&mut self, line: u64, text: impl Into<String>) {
        let text = text.into();
        self.faults.push(Fault { line, text });
    }

    fn all(&mut self, text: &str) {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let header: Vec<String> = match reader.headers() {
            Ok(header) => header.iter().map(str::to_lowercase).collect(),
            Err(fault) => return self.fault(1, fault.to_string()),
        };
        if !self.header_is_right(&header) {
            return;
        }
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    self.row(line, &header, &record);
                }
                Err(fault) => {
                    let line = fault.position().map_or(0, csv::Position::line);
                    self.fault(line, fault.to_string());
                }
            }
        }
        if self.listed.is_empty() && self.faults.is_empty() {
            self.fault(1, "the file holds no person");
        }
    }

    fn header_is_right(&mut self, header: &[String]) -> bool {
        if let [only] = header
            && only.contains(';')
        {
            self.fault(
                1,
                "the columns are separated by `;`: separate them by commas",
            );
            return false;
        }
        for wanted in REQUIRED {
            if !header.iter().any(|column| column == wanted) {
                self.fault(1, format!("the header has no column {wanted}"));
            }
        }
        for (n, column) in header.iter().enumerate() {
            if !REQUIRED.iter().chain(&FURTHER).any(|known| known == column) {
                let known = FURTHER.join(", ");
                let text =
                    format!("column {column} is not known. Beside the five there may be {known}");
                self.fault(1, text);
            }
            if header.iter().take(n).any(|before| before == column) {
                self.fault(1, format!("column {column} stands twice"));
            }
        }
        self.faults.is_empty()
    }

    fn row(&mut self, line: u64, header: &[String], record: &csv::StringRecord) {
        if record.len() != header.len() {
            let text = format!(
                "has {} values, the header {}. A value with a comma stands in quotes",
                record.len(),
                header.len()
            );
            return self.fault(line, text);
        }
        let value = |wanted: &str| -> Option<&str> {
            let at = header.iter().position(|column| column == wanted)?;
            record.get(at).filter(|value| !value.is_empty())
        };
        for (column, value) in header.iter().zip(record) {
            if value.chars().count() > LONGEST || value.chars().any(char::is_control) {
                let text = format!(
                    "{column} is longer than {LONGEST} characters, or has a line break in it"
                );
                self.fault(line, text);
            }
        }
        let Some(key) = value("person") else {
            return self.fault(
                line,
                "person is empty: each needs a key that stays, such as the UPN",
            );
        };
        let key = key.to_lowercase();
        if let Some(before) = self.keys.get(&key) {
            let text = format!("person {key} stands on line {before} too");
            return self.fault(line, text);
        }
        self.keys.insert(key.clone(), line);
        let mut identities = Vec::new();
        for read in all_identities(&key, value) {
            match read {
                Ok(identity) => self.identity(line, identity, &mut identities),
                Err(text) => self.fault(line, text),
            }
        }
        self.listed.push(Listed {
            line,
            key,
            name: value("name").map(str::to_owned),
            department: value("department").map(str::to_owned),
            line_manager: value("line_manager").map(str::to_lowercase),
            identities,
        });
    }

    /// An identity is one person's.
    fn identity(&mut self, line: u64, identity: Identity, all: &mut Vec<Identity>) {
        match self.identities.get(&identity) {
            Some(before) if *before != line => {
                let text = format!(
                    "{} {} stands on line {before} too",
                    identity.kind, identity.value
                );
                self.fault(line, text);
            }
            // The same thing twice on a line, as key and as alias.
            Some(_) => {}
            None => {
                self.identities.insert(identity.clone(), line);
                all.push(identity);
            }
        }
    }
}

fn all_identities<'r>(
    key: &str,
    value: impl Fn(&str) -> Option<&'r str>,
) -> Vec<Result<Identity, String>> {
    // A personnel number identifies nobody outside the directory.
    let mut read: Vec<Result<Identity, String>> = identity(key).into_iter().map(Ok).collect();
    read.extend(value("account").map(account));
    read.extend(value("sid").map(|text| match identity(text) {
        Some(found) if found.kind == "sid" => Ok(found),
        _ => Err(format!("sid {text} is no SID: it starts with S-1-")),
    }));
    read.extend(value("domain_name").map(|text| match identity(text) {
        Some(found) if found.kind == "name" => Ok(found),
        _ => Err(format!("domain_name {text} is not DOMAIN\\name")),
    }));
    let aliases = value("aliases").unwrap_or_default().split(';');
    let aliases = aliases.map(str::trim).filter(|alias| !alias.is_empty());
    read.extend(aliases.map(|alias| {
        identity(alias).ok_or_else(|| {
            format!(
                "alias {alias} is neither an address, a SID, DOMAIN\\name nor an object id of the directory"
            )
        })
    }));
    read
}

fn account(text: &str) -> Result<Identity, String> {
    let digits = text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits {
        return Err(format!(
            "account {text} is no Discord id: digits only. A spreadsheet rounds them unless the column is text"
        ));
    }
    Ok(Identity {
        kind: "account",
        value: text.to_owned(),
    })
}

/// What a text identifies by its form, in the form that alerts are compared with.
fn identity(text: &str) -> Option<Identity> {
    let upper = text.to_uppercase();
    let (kind, value) = if upper.starts_with("S-1-") {
        ("sid", upper)
    } else if text.contains('@') {
        ("upn", text.to_lowercase())
    } else if text.split('\\').filter(|part| !part.is_empty()).count() == 2 {
        ("name", text.to_lowercase())
    } else if is_object_id(text) {
        ("reference", text.to_lowercase())
    } else {
        return None;
    };
    Some(Identity { kind, value })
}

/// Eight, four, four, four and twelve hexadecimal digits.
fn is_object_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 4, 4, 4, 12] && parts.concat().bytes().all(|b| b.is_ascii_hexdigit())
}
