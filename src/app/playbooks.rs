//! The playbooks in force, and every older version that an incident still follows.

use crate::domain::ids::{PlaybookId, PlaybookRef};
use crate::domain::playbook::definition::Playbook;
use crate::domain::playbook::fault::Fault;
use crate::domain::playbook::read;
use crate::store::{self, Connection, StoreError};
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

/// One version, read.
#[derive(Debug)]
pub struct Loaded {
    pub reference: PlaybookRef,
    pub playbook: Playbook,
    pub text: String,
}

/// All faults of one file.
#[derive(Debug)]
pub struct FileFaults {
    pub file: String,
    pub faults: Vec<Fault>,
}

/// Those in force in the order in which they are asked whether they take an alert.
#[derive(Default)]
pub struct Playbooks {
    current: Vec<Arc<Loaded>>,
    by_hash: RwLock<BTreeMap<String, Arc<Loaded>>>,
}

impl Playbooks {
    /// Reads the files in force: name and text. All faults of all files at once.
    pub fn read(files: &[(String, String)]) -> Result<Self, Vec<FileFaults>> {
        let mut current = Vec::new();
        let mut broken = Vec::new();
        for (file, text) in files {
            match load(text) {
                Ok(loaded) => current.push(Arc::new(loaded)),
                Err(faults) => broken.push(FileFaults {
                    file: file.clone(),
                    faults,
                }),
            }
        }
        if !broken.is_empty() {
            return Err(broken);
        }
        let by_hash = current
            .iter()
            .map(|l| (l.reference.hash.clone(), l.clone()))
            .collect();
        Ok(Self {
            current,
            by_hash: RwLock::new(by_hash),
        })
    }

    /// Takes out those that the operator disabled. Incidents that follow them go on.
    pub fn without(mut self, disabled: &[PlaybookId]) -> Self {
        self.current
            .retain(|loaded| !disabled.contains(&loaded.reference.id));
        self
    }

    /// Keeps the texts in force and takes in older versions that incidents follow. Runs once, at start.
    pub async fn keep(
        &self,
        connection: &mut Connection,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for loaded in &self.current {
            store::playbook::save(connection, &loaded.reference, &loaded.text, now).await?;
        }
        for (hash, text) in store::playbook::list(connection).await? {
            if self.find(&hash).is_some() {
                continue;
            }
            match load(&text) {
                Ok(loaded) => {
                    if let Ok(mut all) = self.by_hash.write() {
                        all.insert(hash, Arc::new(loaded));
                    }
                }
                Err(faults) => {
                    let why = faults.first().map_or_else(String::new, ToString::to_string);
                    return Err(StoreError::Inconsistent {
                        what: "a kept playbook",
                        why,
                    });
                }
            }
        }
        Ok(())
    }

    /// Those in force.
    pub fn current(&self) -> &[Arc<Loaded>] {
        &self.current
    }

    /// The last of them, where it takes what no other takes.
    pub fn fallback(&self) -> Option<&Arc<Loaded>> {
        self.current
            .last()
            .filter(|loaded| loaded.playbook.takes_everything())
    }

    /// Those whose id and version are kept already with another text; `kept` is hash and text.
    pub fn clashes(&self, kept: &[(String, String)]) -> Vec<PlaybookRef> {
        let kept: Vec<PlaybookRef> = kept
            .iter()
            .filter_map(|(_, text)| load(text).ok())
            .map(|loaded| loaded.reference)
            .collect();
        let clash = |mine: &PlaybookRef| {
            kept.iter().any(|old| {
                old.id == mine.id && old.version == mine.version && old.hash != mine.hash
            })
        };
        self.current
            .iter()
            .map(|loaded| loaded.reference.clone())
            .filter(clash)
            .collect()
    }

    /// The version that an incident is pinned to.
    pub fn load(&self, reference: &PlaybookRef) -> Result<Arc<Loaded>, StoreError> {
        self.find(&reference.hash)
            .ok_or_else(|| StoreError::Missing {
                what: "playbook",
                key: format!("{} version {}", reference.id, reference.version),
            })
    }

    fn find(&self, hash: &str) -> Option<Arc<Loaded>> {
        self.by_hash
            .read()
            .ok()
            .and_then(|all| all.get(hash).cloned())
    }
}

fn load(text: &str) -> Result<Loaded, Vec<Fault>> {
    let playbook = read(text)?;
    let reference = PlaybookRef {
        id: playbook.id.clone(),
        version: playbook.version.clone(),
        hash: hex::encode(Sha256::digest(text.as_bytes())),
    };
    Ok(Loaded {
        reference,
        playbook,
        text: text.to_owned(),
    })
}
