//! Reads gates, outcomes, the containment catalogue, evidence, recovery, communication, review, Governance.

use super::Reader;
use super::names::Kind;
use crate::domain::ids::CriterionId;
use crate::domain::playbook::definition::Field;
use crate::domain::playbook::rules::{
    Action, Answer, Clock, CommunicationRule, Evidence, Gate, GateKind, Limit, Outcome,
    RecoveryPath, ReviewItem, Threshold, Wording,
};
use crate::domain::playbook::section::{Section, Text};

/// Discord's limit on an option of a menu.
const OPTION: usize = 100;
/// A century: the longest time anything is kept.
const DAYS: (i64, i64) = (1, 36_500);

impl Reader<'_> {
    fn named(&mut self, s: &mut Section<'_, '_>, kind: Kind) -> String {
        let id = s.id(&mut self.f);
        self.names.declare(&mut self.f, kind, &id);
        id.value
    }

    pub(super) fn outcome(&mut self, s: &mut Section<'_, '_>) -> Outcome {
        Outcome {
            id: self.named(s, Kind::Outcome),
            title: s.short(&mut self.f, "title", OPTION),
            confirmed: s.flag(&mut self.f, "confirmed", false),
            kept_for_days: s.number(&mut self.f, "kept_for_days", DAYS),
        }
    }

    pub(super) fn gate(&mut self, s: &mut Section<'_, '_>, fields: &[Field]) -> Option<Gate> {
        let id = self.named(s, Kind::Gate);
        let text = s.text(&mut self.f, "text").value;
        let set = GateKind::KEYS.map(|key| (key, key));
        let kind = match s.one_of(&mut self.f, "kind", &set)? {
            "hr_before_person" => GateKind::HrBeforePerson {
                only_when: self.maybe_answer(s, "only_when", fields),
                unless: self.maybe_answer(s, "unless", fields),
                excluded_by: self.each(s, "excluded_by", |r, s| r.answer(s, fields)),
                override_answered_within: s.maybe_duration(&mut self.f, "override_answered_within"),
            },
            "governance_sent" => GateKind::GovernanceSent {
                required_by: self.needed_answer(s, "required_by", fields)?,
            },
            "engagements_concluded" => GateKind::EngagementsConcluded,
            "no_legal_hold" => GateKind::NoLegalHold,
            "containment_complete" => GateKind::ContainmentComplete,
            "evidence_answered" => GateKind::EvidenceAnswered,
            "recovery_authorised" => GateKind::RecoveryAuthorised,
            "second_person_on_repeat" => GateKind::SecondPersonOnRepeat,
            "review_complete" => GateKind::ReviewComplete,
            _ => return None,
        };
        Some(Gate { id, text, kind })
    }

    fn maybe_answer(
        &mut self,
        s: &mut Section<'_, '_>,
        key: &'static str,
        fields: &[Field],
    ) -> Option<Answer> {
        let mut section = s.section(&mut self.f, key)?;
        let answer = self.answer(&mut section, fields);
        section.finish(&mut self.f);
        Some(answer)
    }

    fn needed_answer(
        &mut self,
        s: &mut Section<'_, '_>,
        key: &'static str,
        fields: &[Field],
    ) -> Option<Answer> {
        if !s.has(key) {
            self.f
                .add_absence(s.at(), format!("`{key}` is missing; add it"));
        }
        self.maybe_answer(s, key, fields)
    }

    pub(super) fn action(&mut self, s: &mut Section<'_, '_>) -> Action {
        Action {
            id: self.named(s, Kind::Action),
            title: s.short(&mut self.f, "title", OPTION),
            acts_on_person: s.flag(&mut self.f, "acts_on_person", false),
            needs_second_person: s.flag(&mut self.f, "needs_second_person", false),
            deletes: s.flag(&mut self.f, "deletes", false),
            gates: self.maybe_gates(s),
        }
    }

    pub(super) fn evidence(&mut self, s: &mut Section<'_, '_>) -> Evidence {
        Evidence {
            id: self.named(s, Kind::Evidence),
            title: s.short(&mut self.f, "title", OPTION),
            source: s.text(&mut self.f, "source").value,
            kept_for_days: s.number(&mut self.f, "kept_for_days", DAYS),
        }
    }

    pub(super) fn recovery_path(&mut self, s: &mut Section<'_, '_>) -> RecoveryPath {
        RecoveryPath {
            id: self.named(s, Kind::Recovery),
            title: s.short(&mut self.f, "title", OPTION),
            destructive: s.flag(&mut self.f, "destructive", false),
            gates: self.maybe_gates(s),
        }
    }

    pub(super) fn communication_rule(&mut self, s: &mut Section<'_, '_>) -> CommunicationRule {
        CommunicationRule {
            id: self.named(s, Kind::Communication),
            audience: s.short(&mut self.f, "audience", OPTION),
            through: s.has("through").then(|| self.role(s, "through")),
            approvers: self.roles(s, "approvers"),
            approvers_in_misconduct: self.maybe_roles(s, "approvers_in_misconduct"),
            text: s.text(&mut self.f, "text").value,
        }
    }

    pub(super) fn wording(&mut self, s: &mut Section<'_, '_>) -> Wording {
        Wording {
            id: self.named(s, Kind::Wording),
            title: s.text(&mut self.f, "title").value,
            phrases: values(s.texts(&mut self.f, "phrases")),
        }
    }

    pub(super) fn review_item(&mut self, s: &mut Section<'_, '_>) -> ReviewItem {
        ReviewItem {
            id: self.named(s, Kind::Review),
            title: s.short(&mut self.f, "title", OPTION),
            role: self.role(s, "role"),
            only_when_major: s.flag(&mut self.f, "only_when_major", false),
            asks: values(s.maybe_texts(&mut self.f, "asks")),
        }
    }

    pub(super) fn threshold(&mut self, s: &mut Section<'_, '_>) -> Threshold {
        let criterion = s.text(&mut self.f, "criterion");
        self.names.refer(&mut self.f, Kind::Criterion, &criterion);
        Threshold {
            criterion: CriterionId(criterion.value),
            data_types: values(s.maybe_texts(&mut self.f, "data_types")),
            scale: s.number(&mut self.f, "scale", (1, 1_000_000_000)),
            involvement: s.text(&mut self.f, "involvement").value,
            contacts: self.roles(s, "contacts"),
        }
    }

    pub(super) fn clock(&mut self, s: &mut Section<'_, '_>) -> Clock {
        Clock {
            id: self.named(s, Kind::Clock),
            regime: s.text(&mut self.f, "regime").value,
            stage: s.text(&mut self.f, "stage").value,
            limit: self.limit(s),
            from: s.text(&mut self.f, "from").value,
            source: s.text(&mut self.f, "source").value,
            role: self.role(s, "role"),
            reviewed_on: s.date(&mut self.f, "reviewed_on"),
        }
    }

    fn limit(&mut self, s: &mut Section<'_, '_>) -> Limit {
        let found = s.text(&mut self.f, "limit");
        let limit = limit_of(&found.value);
        if limit.is_none() && !found.value.is_empty() {
            let message = format!(
                "`limit` is `{}`; write `72 hours`, `60 days`, `4 business days`, `1 month` or `without undue delay`",
                found.value
            );
            self.f.add(found.at, message);
        }
        limit.unwrap_or(Limit::WithoutUndueDelay)
    }
}

fn limit_of(text: &str) -> Option<Limit> {
    if text == "without undue delay" {
        return Some(Limit::WithoutUndueDelay);
    }
    let (number, unit) = text.split_once(' ')?;
    let number = number
        .parse::<i64>()
        .ok()
        .filter(|n| (1..=1_000).contains(n))?;
    match unit {
        "hour" | "hours" => Some(Limit::Hours(number)),
        "day" | "days" => Some(Limit::Days(number)),
        "business day" | "business days" => Some(Limit::BusinessDays(number)),
        "month" | "months" => Some(Limit::Months(number)),
        _ => None,
    }
}

fn values(texts: Vec<Text>) -> Vec<String> {
    texts.into_iter().map(|t| t.value).collect()
}
