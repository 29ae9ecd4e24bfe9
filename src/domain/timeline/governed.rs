//! The sentences for what happens on the side of Governance. Counsel text is in none of them.

use super::{ITEM, Line, Teller};
use crate::domain::incident::Governed;
use crate::domain::role::Role;
use crate::domain::talk::{GOVERNANCE, Verdict};

impl Teller<'_> {
    pub(super) fn tell_governed(&self, event: &Governed, line: &mut Line) {
        match event {
            Governed::SideConcluded { engagement, side } => {
                line.what = format!("concluded engagement {engagement} for {side}");
            }
            Governed::ContinuedAlone { engagement, owner } => {
                line.what =
                    format!("let engagement {engagement} go on without Security; continued by");
                line.whom.push(*owner);
            }
            Governed::ContactsNamed {
                engagement,
                side,
                person,
                deputy,
            } => {
                line.what =
                    format!("named contact and deputy of {side} on engagement {engagement}");
                line.whom.push(*person);
                line.whom.extend(*deputy);
            }
            Governed::ItemHeld { item } => {
                "placed a legal hold on an item".clone_into(&mut line.what);
                self.detail(line, ITEM, item);
            }
            Governed::ItemReleased { item } => {
                "released an item from the legal hold".clone_into(&mut line.what);
                self.detail(line, ITEM, item);
            }
            Governed::LeftUnengaged { criteria, reason } => {
                "did not engage Governance though a threshold agreed in advance is met"
                    .clone_into(&mut line.what);
                line.on = self.sentences(criteria);
                self.detail(line, "Reason", reason);
            }
            Governed::TalkRequested {
                number,
                rule,
                sides,
                wording,
                why,
                findings,
                justification,
            } => {
                let sides: Vec<&str> = sides.iter().map(|s| s.key()).collect();
                line.what = format!(
                    "asked to speak to {} (request {number}); it waits for {}",
                    self.reached(rule),
                    sides.join(", ")
                );
                self.detail(line, "Wording", wording);
                self.detail(line, "Why", why);
                if let Some(justification) = justification {
                    self.detail(line, "Warned of", &findings.join(", "));
                    self.detail(line, "Justified by", justification);
                }
            }
            Governed::TalkDecided {
                number,
                side,
                verdict,
            } => self.tell_verdict(*number, *side, verdict, line),
            Governed::TalkReminded { number, times } => {
                line.what = format!("reminded of request {number} ({times})");
            }
            Governed::KeptOut { .. } => {
                "found a wall in the people directory; who is behind it stands aside"
                    .clone_into(&mut line.what);
            }
        }
    }

    fn tell_verdict(&self, number: u32, side: Role, verdict: &Verdict, line: &mut Line) {
        match verdict {
            Verdict::Approve => line.what = format!("agreed to request {number} for {side}"),
            Verdict::Change { wording, .. } => {
                line.what = format!("agreed to request {number} for {side}, in other words");
                self.detail(line, "Wording", wording);
            }
            Verdict::Refuse { reason } => {
                line.what = format!("refused request {number} for {side}");
                // What Governance says in words is counsel text.
                if !GOVERNANCE.contains(&side) {
                    self.detail(line, "Reason", reason);
                }
            }
        }
    }

    /// Whom a rule reaches, in the playbook's words.
    fn reached(&self, rule: &str) -> String {
        let rules = &self.playbook.communication;
        rules
            .iter()
            .find(|r| r.id == rule)
            .map_or_else(|| rule.to_owned(), |r| r.audience.clone())
    }
}
