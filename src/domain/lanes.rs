//! How an incident went through its stages: spans of one stage and one state, waiting apart from work. Pure.

use super::ids::{PersonId, StageId};
use super::incident::{Incident, Phase, apply};
use super::timeline::Recorded;
use chrono::{DateTime, TimeDelta, Utc};

/// What went on in a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Going {
    /// Nobody holds it, or it is offered, or a second person has to decide.
    Waiting,
    /// Somebody holds it.
    Working,
}

/// A span in which neither stage, nor state, nor holder changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub stage: StageId,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub going: Going,
    pub holder: Option<PersonId>,
}

impl Span {
    pub fn took(&self) -> TimeDelta {
        self.to - self.from
    }
}

/// An incident's way so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lanes {
    /// One after the other, without a gap but where it was closed and reopened.
    pub spans: Vec<Span>,
    /// Still open: the last span goes on.
    pub open: bool,
}

impl Lanes {
    /// The stages in the order in which it came to them.
    pub fn stages(&self) -> Vec<&StageId> {
        let mut stages = Vec::new();
        for span in &self.spans {
            if !stages.contains(&&span.stage) {
                stages.push(&span.stage);
            }
        }
        stages
    }

    /// All the time in one state.
    pub fn total(&self, going: Going) -> TimeDelta {
        let spans = self.spans.iter().filter(|span| span.going == going);
        spans.fold(TimeDelta::zero(), |sum, span| sum + span.took())
    }
}

/// The way that a history tells, up to now. It ends where contents were purged: what followed is not known.
pub fn lanes(history: &[Recorded], now: DateTime<Utc>) -> Lanes {
    let mut lanes = Lanes::default();
    let mut incident: Option<Incident> = None;
    let mut under_way: Option<Span> = None;
    for recorded in history {
        let Some(event) = &recorded.event else {
            lanes.close(under_way.take(), recorded.at);
            return lanes;
        };
        incident = apply(incident, event.judge(), recorded.by, recorded.at);
        let next = incident.as_ref().and_then(|i| standing(i, recorded.at));
        let same = match (&under_way, &next) {
            (Some(a), Some(b)) => (&a.stage, a.going, a.holder) == (&b.stage, b.going, b.holder),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !same {
            lanes.close(under_way.take(), recorded.at);
            under_way = next;
        }
    }
    lanes.open = under_way.is_some();
    lanes.close(under_way, now);
    lanes
}

impl Lanes {
    fn close(&mut self, span: Option<Span>, to: DateTime<Utc>) {
        if let Some(span) = span {
            // Steps of one moment, such as a claim on arrival, leave no span.
            if to > span.from {
                self.spans.push(Span { to, ..span });
            }
        }
    }
}

/// Where it stands, as a span that begins here; none once it has ended.
fn standing(incident: &Incident, at: DateTime<Utc>) -> Option<Span> {
    let (stage, going, holder) = match &incident.phase {
        Phase::Ended(_) => return None,
        Phase::Offered(offer) => (&offer.to, Going::Waiting, None),
        Phase::Open { holder } => {
            let holder = holder.as_ref().map(|held| held.by);
            let working = holder.is_some() && incident.proposal.is_none();
            let going = if working {
                Going::Working
            } else {
                Going::Waiting
            };
            (&incident.stage, going, holder)
        }
    };
    Some(Span {
        stage: stage.clone(),
        from: at,
        to: at,
        going,
        holder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AlertId, ChannelKey, PlaybookRef, TransitionId};
    use crate::domain::incident::{EndKind, Event};
    use crate::domain::restricted::Restricted;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn opened() -> Event {
        Event::Opened {
            incident: crate::domain::ids::IncidentId(1),
            playbook: PlaybookRef {
                id: crate::domain::ids::PlaybookId::new("p"),
                version: "1".to_owned(),
                hash: String::new(),
            },
            alert: AlertId(1),
            raw_sha256: String::new(),
            severity: crate::domain::alert::Severity::Low,
            stage: StageId::new("desk"),
            channel: ChannelKey::new("desk"),
            owner: "Reception".to_owned(),
            because: String::new(),
            concerned: None,
            reported_by: None,
            criteria: Vec::new(),
            drill: false,
            sealed: false,
        }
    }

    fn offered() -> Event {
        Event::Offered {
            transition: TransitionId::new("send"),
            to: StageId::new("street"),
            channel: ChannelKey::new("street"),
            criteria: Vec::new(),
            entries: std::collections::BTreeMap::new(),
            done: Vec::new(),
        }
    }

    fn ended() -> Event {
        Event::Ended {
            transition: TransitionId::new("finish"),
            kind: EndKind::Closed,
            criteria: Vec::new(),
            entries: std::collections::BTreeMap::new(),
            done: Vec::new(),
        }
    }

    /// Minute, person, event; `None` for a payload that was purged.
    fn history(steps: Vec<(i64, i64, Option<Event>)>) -> Vec<Recorded> {
        let step = |(number, (minute, by, event)): (i64, (i64, i64, Option<Event>))| Recorded {
            number,
            at: at(minute),
            by: PersonId(by),
            role: None,
            kind: String::new(),
            criterion: None,
            event: event.map(Restricted::new),
        };
        (1..).zip(steps).map(step).collect()
    }

    fn told(lanes: &Lanes) -> Vec<(String, i64, Going, Option<i64>)> {
        let spans = lanes.spans.iter();
        spans
            .map(|s| {
                let minutes = s.took().num_minutes();
                (s.stage.to_string(), minutes, s.going, s.holder.map(|h| h.0))
            })
            .collect()
    }

    #[test]
    fn waiting_and_work_are_told_apart_in_each_stage() {
        let steps = history(vec![
            (0, 0, Some(opened())),
            (10, 4, Some(Event::Claimed)),
            (25, 4, Some(offered())),
            (
                85,
                7,
                Some(Event::Accepted {
                    owner: "Site".to_owned(),
                }),
            ),
            (
                100,
                7,
                Some(Event::Noted {
                    text: "x".to_owned(),
                    happened_at: None,
                    corrects: None,
                    quoted: None,
                }),
            ),
            (185, 7, Some(ended())),
        ]);
        let lanes = lanes(&steps, at(9000));
        let span = |stage: &str, minutes, going, holder| (stage.to_owned(), minutes, going, holder);
        assert_eq!(
            told(&lanes),
            [
                span("desk", 10, Going::Waiting, None),
                span("desk", 15, Going::Working, Some(4)),
                span("street", 60, Going::Waiting, None),
                span("street", 100, Going::Working, Some(7)),
            ]
        );
        assert!(!lanes.open);
        assert_eq!(lanes.total(Going::Waiting), TimeDelta::minutes(70));
        assert_eq!(
            lanes.stages(),
            [&StageId::new("desk"), &StageId::new("street")]
        );
    }

    #[test]
    fn what_is_open_goes_on_until_now_and_a_claim_on_arrival_leaves_no_gap() {
        let steps = history(vec![(0, 0, Some(opened())), (0, 4, Some(Event::Claimed))]);
        let lanes = lanes(&steps, at(30));
        let working = ("desk".to_owned(), 30, Going::Working, Some(4));
        assert_eq!(told(&lanes), [working]);
        assert!(lanes.open);
    }

    #[test]
    fn the_way_ends_where_contents_were_purged() {
        let steps = history(vec![(0, 0, Some(opened())), (20, 4, None)]);
        let lanes = lanes(&steps, at(9000));
        let waiting = ("desk".to_owned(), 20, Going::Waiting, None);
        assert_eq!(told(&lanes), [waiting]);
    }
}
