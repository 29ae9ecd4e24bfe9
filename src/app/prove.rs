//! The proof of the history, for those who audit. It reads everything that was ever written, beside all other work.

use super::search::may_audit;
use super::{App, AppError};
use crate::domain::ids::IncidentId;
use crate::domain::policy::Actor;
pub use crate::store::verify::Proof;
use crate::store::verify::verify;

impl App {
    /// Walks the whole history. One at a time: each holds a reader for as long as it takes.
    pub async fn prove(&self, actor: &Actor) -> Result<Proof, AppError> {
        may_audit(actor)?;
        let _alone = self.watch.proving.lock().await;
        let mut reader = self.store.read().await?;
        let mut proof = verify(&mut reader).await?;
        // The first entry that does not hold may be of an incident that is not the member's to know of.
        if let Some(fault) = &proof.fault
            && let Some((written, id)) = incident_in(fault)
            && self.find_visible(&mut reader, actor, id).await?.is_none()
        {
            proof.fault = Some(fault.replace(&written, "one incident"));
        }
        Ok(proof)
    }
}

/// The incident that a sentence names, as it is written there.
fn incident_in(sentence: &str) -> Option<(String, IncidentId)> {
    let words = sentence.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let mut ids = words.filter(|word| word.starts_with("INC-"));
    ids.find_map(|word| Some((word.to_owned(), word.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_incident_of_a_sentence_is_found() {
        let named = incident_in("event 7 (INC-12, number 2, noted): its contents were changed");
        assert_eq!(named, Some(("INC-12".to_owned(), IncidentId(12))));
        assert_eq!(incident_in("view 3 of the access log was changed"), None);
    }
}
