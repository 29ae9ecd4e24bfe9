//! What the tests of this room share: an alert of which the source says nothing, and facts from it.

use super::criterion::{Expr, Truth};
use super::facts::{Facts, FactsInput, IncidentFacts, PersonFacts};
use super::rules::Repeat;
use crate::domain::alert::{Alert, AlertKind};
use chrono::{DateTime, Utc};

pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

pub(super) fn silent_alert() -> Alert {
    Alert::silent("A-1".to_owned(), AlertKind::Dlp)
}

pub(super) fn input(alert: Option<&Alert>) -> FactsInput<'_> {
    FactsInput {
        alert,
        source: "purview",
        incident: IncidentFacts::default(),
        person: PersonFacts::default(),
        repeat: Some(Repeat {
            window_days: 30,
            count: 2,
            blocks_dismissal_from: 2,
        }),
        now: now(),
    }
}

pub(super) fn says(source: &str, alert: &Alert) -> Truth {
    Expr::parse(source)
        .unwrap()
        .eval(&Facts::new(&input(Some(alert))))
}

pub(super) fn refused(source: &str) -> String {
    let faults = Expr::parse(source).unwrap_err();
    faults
        .into_iter()
        .map(|f| f.message)
        .collect::<Vec<_>>()
        .join("; ")
}
