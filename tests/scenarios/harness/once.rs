//! Whether what was accepted, told and confirmed is there, and there once: asked of the store's file and of what stands in
//! the channels. Gives back what is wrong, a line each.

use super::ledger::{pairs, texts};
use super::seen::Message;
use super::{Walk, World};
use std::collections::BTreeMap;

impl World {
    /// Every message of the program that stands in a channel or thread.
    pub async fn everything_posted(&self) -> Vec<Message> {
        let mut posted = Vec::new();
        for (_, said) in self.channels_of("owner").await {
            let own = said
                .into_iter()
                .filter(|one| one.json["author"]["bot"] == true);
            posted.extend(own.filter(|one| one.json["ephemeral"] != true));
        }
        posted
    }

    /// Alerts of the generic source that nobody took: each is in the store once, its incident was opened once and is shown
    /// once. One that came again has its own card beside the digest in which it stood.
    pub fn kept_once<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
        posted: &[Message],
    ) -> Vec<String> {
        let (ledger, mut wrong) = (self.ledger(), Vec::new());
        let of_generic = "FROM alerts WHERE source = 'generic'";
        let times = format!("SELECT source_alert_id, COUNT(*) {of_generic} GROUP BY 1");
        let times = pairs(&ledger, &times);
        let incidents =
            format!("SELECT source_alert_id, incident_id {of_generic} AND incident_id > 0");
        let incidents = pairs(&ledger, &incidents);
        for name in names {
            let (Some(1), Some(id)) = (times.get(name), incidents.get(name)) else {
                wrong.push(format!("{name} is kept {:?} times", times.get(name)));
                continue;
            };
            let mut history = self.history(*id);
            let again = history.remove("alert_repeated").is_some();
            if history != BTreeMap::from([("opened".to_owned(), 1)]) {
                wrong.push(format!("INC-{id} has {history:?}"));
            }
            let incident = format!("INC-{id}");
            let shown = posted
                .iter()
                .filter(|one| one.incidents().contains(&incident));
            let (cards, digests): (Vec<_>, Vec<_>) =
                shown.partition(|one| one.is_card_of(&incident));
            if !matches!(
                (cards.len(), digests.len(), again),
                (1, 0, _) | (0, 1, _) | (1, 1, true)
            ) {
                let (cards, digests) = (cards.len(), digests.len());
                wrong.push(format!(
                    "INC-{id} stands on {cards} cards and in {digests} digests"
                ));
            }
        }
        wrong
    }

    /// An incident that went its way: each step is in the history as often as it was taken, each page that was confirmed is
    /// in its form, and it stands in no digest of which the store does not know: one of each stay at most.
    pub fn walked_once(&self, walk: &Walk, posted: &[Message]) -> Vec<String> {
        let id = walk.incident.get().unwrap();
        let (history, mut wrong) = (self.history(id), Vec::new());
        for (word, times) in walk.expected() {
            let kept = history.get(word).copied().unwrap_or_default();
            if kept != times {
                wrong.push(format!("INC-{id}: {word} {kept} times, not {times}"));
            }
        }
        for words in walk.confirmed.borrow().iter() {
            if !self.is_in_a_form(id, words) {
                wrong.push(format!("INC-{id}: the page with {words:?} is lost"));
            }
        }
        let name = format!("INC-{id}");
        let lists = |one: &&Message| one.incidents().len() > 1 && one.incidents().contains(&name);
        let digests = posted.iter().filter(lists).count();
        let in_digests = format!(
            "SELECT DISTINCT CAST(digest_id AS TEXT) FROM outbox WHERE incident_id = {id} AND digest_id > 0"
        );
        let known = texts(&self.ledger(), &in_digests).len();
        if digests > known {
            wrong.push(format!("{name} stands in {digests} digests, not {known}"));
        }
        wrong
    }

    /// Cards of an incident of which the store knows nothing: doubles. Told with what the store knows of that incident.
    pub fn cards_of_nobody(&self, incident: i64, posted: &[Message]) -> Vec<String> {
        let known = texts(&self.ledger(), "SELECT message_id FROM posted");
        let name = format!("INC-{incident}");
        let cards = posted.iter().filter(|one| one.is_card_of(&name));
        let of_nobody = cards.filter(|one| !known.contains(&one.id()));
        let rows = format!(
            "SELECT printf('%d %s %s %s, tried %d, digest %d, made %d, settled %d', id, kind, key, state, attempts, digest_id,
                created_us, settled_us) FROM outbox WHERE incident_id = {incident}
             UNION ALL SELECT printf('%s is %s', key, message_id) FROM posted WHERE incident_id = {incident}"
        );
        let told = |one: &Message| {
            let rows = texts(&self.ledger(), &rows).join("\n");
            let (id, text) = (one.id(), one.text());
            format!("nobody knows of this message {id}:\n{text}\n{rows}")
        };
        of_nobody.map(told).collect()
    }
}
