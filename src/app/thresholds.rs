//! Thresholds agreed in advance: shown with their values, signed by Legal and HR under the hash of the playbook's text.

use super::{App, AppError};
use crate::domain::ids::PersonId;
use crate::domain::incident::Refusal;
use crate::domain::policy::{Actor, may_see_thresholds, signs_for};
use crate::domain::role::Role;
use crate::domain::threshold::{SIGNERS, Signature, values};
use crate::store::{self, Connection, StoreError};
use serde::{Deserialize, Serialize};

/// The thresholds of one playbook in force.
pub struct Agreed {
    pub title: String,
    pub version: String,
    /// Of the playbook's text: what is signed.
    pub hash: String,
    /// The criterion's sentence, and the values.
    pub rows: Vec<(String, String)>,
    /// Side, name and time of each signature; a side that has not signed has none.
    pub signed: Vec<(Role, Option<Signed>)>,
    /// The sides for which the reader can sign now.
    pub yours: Vec<Role>,
}

/// Who signed, and when.
pub struct Signed {
    pub name: String,
    pub at: chrono::DateTime<chrono::Utc>,
}

/// A signature as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    by: PersonId,
    at: chrono::DateTime<chrono::Utc>,
}

fn key(hash: &str, side: Role) -> String {
    format!("thresholds:{hash}:{side}")
}

/// The signatures under one version of a playbook.
pub(super) async fn signatures(
    connection: &mut Connection,
    hash: &str,
) -> Result<Vec<Signature>, StoreError> {
    let mut found = Vec::new();
    for side in SIGNERS {
        let Some(kept) = store::fact::find(connection, &key(hash, side)).await? else {
            continue;
        };
        let kept: Kept = serde_json::from_str(&kept).map_err(|fault| StoreError::Inconsistent {
            what: "a signature",
            why: fault.to_string(),
        })?;
        found.push(Signature {
            side,
            by: kept.by,
            at: kept.at,
        });
    }
    Ok(found)
}

impl App {
    /// What was agreed in advance, by playbook, with who signed it.
    pub async fn thresholds(&self, actor: &Actor) -> Result<Vec<Agreed>, AppError> {
        if !may_see_thresholds(actor) {
            return Err(Refusal::NotYours { role: None }.into());
        }
        let mut reader = self.store.read().await?;
        let names = store::people::names(&mut reader, &[]).await?;
        let mut all = Vec::new();
        for loaded in self.playbooks.current() {
            let playbook = &loaded.playbook;
            if playbook.thresholds.is_empty() {
                continue;
            }
            let given = signatures(&mut reader, &loaded.reference.hash).await?;
            let of = |side: &Role| given.iter().find(|s| s.side == *side);
            let signed = SIGNERS.map(|side| {
                let signed = of(&side).map(|s| Signed {
                    name: names
                        .get(&s.by)
                        .cloned()
                        .unwrap_or_else(|| s.by.to_string()),
                    at: s.at,
                });
                (side, signed)
            });
            let sentence = |t: &crate::domain::playbook::rules::Threshold| {
                let criterion = playbook.criterion(&t.criterion);
                criterion.map_or_else(|| t.criterion.to_string(), |c| c.text.clone())
            };
            all.push(Agreed {
                title: playbook.title.clone(),
                version: playbook.version.clone(),
                hash: loaded.reference.hash.clone(),
                rows: playbook
                    .thresholds
                    .iter()
                    .map(|t| (sentence(t), values(t)))
                    .collect(),
                signed: signed.into(),
                yours: signs_for(actor).filter(|side| of(side).is_none()).collect(),
            });
        }
        Ok(all)
    }

    /// Signs the values of one playbook in force, by the beginning of its hash, for one side. Nobody signs for two.
    pub async fn sign_thresholds(
        &self,
        actor: &Actor,
        side: Role,
        hash: &str,
    ) -> Result<(), AppError> {
        if !signs_for(actor).any(|own| own == side) {
            return Err(Refusal::NotYours { role: Some(side) }.into());
        }
        let current = self.playbooks.current().iter();
        let loaded = current
            .into_iter()
            .find(|loaded| hash.len() >= 8 && loaded.reference.hash.starts_with(hash));
        // The text was changed since it was shown: it is read again before it is signed.
        let hash = loaded.ok_or(Refusal::Changed)?.reference.hash.clone();
        let (by, at) = (actor.person, self.now());
        self.store
            .write(move |connection| {
                Box::pin(async move {
                    let given = signatures(connection, &hash).await?;
                    if given.iter().any(|s| s.side == side) {
                        return Ok(());
                    }
                    if given.iter().any(|s| s.by == by) {
                        return Err(Refusal::SamePerson.into());
                    }
                    let kept = serde_json::json!(Kept { by, at }).to_string();
                    store::fact::save(connection, &key(&hash, side), &kept, at).await?;
                    Ok::<_, AppError>(())
                })
            })
            .await
    }
}
