//! Faults that a test or a drill orders: how many, how long, on which route. Performs none itself.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::limits::Scope;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    #[serde(rename = "http_500")]
    Http500,
    #[serde(rename = "http_429")]
    Http429,
    /// The token is refused, though it is the right one.
    #[serde(rename = "http_401")]
    Http401,
    /// "Missing Access", though the bot has it.
    #[serde(rename = "http_403")]
    Http403,
    /// What the path names is unknown, though it is there.
    #[serde(rename = "http_404")]
    Http404,
    /// The request is swallowed; nothing is done.
    Timeout,
    /// Done after a while.
    Slow,
    /// Done at once, but the answer is held back for a while.
    LateResponse,
    /// Nothing is done, and the caller sees a broken connection.
    LostRequest,
    /// Done, but the caller sees a broken connection.
    LostResponse,
    /// The gateway's connection breaks without a close frame.
    GatewayDrop,
    /// Op 9: the session is gone.
    GatewayInvalidSession,
    /// Op 7: reconnect and resume.
    GatewayReconnect,
    /// Close code 4000.
    GatewayClose,
}

impl FaultKind {
    pub fn of_gateway(self) -> bool {
        matches!(
            self,
            Self::GatewayDrop
                | Self::GatewayInvalidSession
                | Self::GatewayReconnect
                | Self::GatewayClose
        )
    }

    /// Faults whose `for_ms` is how long they hold a request up, in real time.
    fn holds_up(self) -> bool {
        matches!(self, Self::Slow | Self::LateResponse)
    }
}

/// The route of an order that hits every request.
const ANY: &str = "*";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub kind: FaultKind,
    /// How many requests it hits; 1, or with `for_ms` alone any number.
    pub times: Option<u32>,
    /// For how long on the clock; for `slow` and `late_response` how long the request or its answer is held back in
    /// real time; for `gateway_drop` how long new connections are refused.
    pub for_ms: Option<u32>,
    /// For `http_429`: "user" unless given, "global" or "shared".
    pub scope: Option<Scope>,
    /// A part of "METHOD /path"; any request where absent or `*`.
    pub route: Option<String>,
}

#[derive(Debug)]
struct Standing {
    order: Order,
    left: Option<u32>,
    until: Option<DateTime<Utc>>,
}

#[derive(Debug, Default)]
pub struct Orders {
    standing: Vec<Standing>,
    /// How many requests met a fault.
    pub met: u64,
    pub gateway_shut_until: Option<DateTime<Utc>>,
}

impl Orders {
    pub fn place(&mut self, order: Order, now: DateTime<Utc>) {
        let window = order.for_ms.filter(|_| !order.kind.holds_up());
        let until = window.map(|ms| now + TimeDelta::milliseconds(i64::from(ms)));
        let left = order.times.or_else(|| until.is_none().then_some(1));
        self.standing.push(Standing { order, left, until });
    }

    /// Ends every fault that stands.
    pub fn end_all(&mut self) {
        self.standing.clear();
        self.gateway_shut_until = None;
    }

    /// The fault that this request meets, used up by it.
    pub fn meet(&mut self, request: &str, now: DateTime<Utc>) -> Option<Order> {
        self.standing
            .retain(|one| one.left != Some(0) && one.until.is_none_or(|until| now < until));
        let hit = |one: &&mut Standing| {
            one.order
                .route
                .as_deref()
                .is_none_or(|route| route == ANY || request.contains(route))
        };
        let standing = self.standing.iter_mut().find(hit)?;
        if let Some(left) = &mut standing.left {
            *left -= 1;
        }
        self.met += 1;
        Some(standing.order.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(json: &str) -> Order {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_fault_hits_its_route_as_often_as_ordered() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut orders = Orders::default();
        orders.place(
            order(r#"{"kind":"http_500","times":2,"route":"POST /api/v10/channels"}"#),
            now,
        );
        assert!(orders.meet("GET /api/v10/channels/1", now).is_none());
        assert!(
            orders
                .meet("POST /api/v10/channels/1/messages", now)
                .is_some()
        );
        assert!(
            orders
                .meet("POST /api/v10/channels/2/messages", now)
                .is_some()
        );
        assert!(
            orders
                .meet("POST /api/v10/channels/1/messages", now)
                .is_none()
        );
    }

    #[test]
    fn a_star_hits_every_route_until_all_faults_are_ended() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut orders = Orders::default();
        orders.place(order(r#"{"kind":"http_401","times":9,"route":"*"}"#), now);
        orders.place(
            order(r#"{"kind":"late_response","for_ms":5,"times":9}"#),
            now,
        );
        orders.gateway_shut_until = Some(now);
        for request in ["GET /api/v10/gateway", "POST /api/v10/interactions/1/x"] {
            assert_eq!(orders.meet(request, now).unwrap().kind, FaultKind::Http401);
        }
        orders.end_all();
        assert!(orders.meet("GET /api/v10/gateway", now).is_none());
        assert_eq!(orders.gateway_shut_until, None);
    }

    #[test]
    fn how_long_an_answer_is_held_back_is_no_window_of_the_clock() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut orders = Orders::default();
        orders.place(order(r#"{"kind":"late_response","for_ms":5}"#), now);
        let later = now + TimeDelta::seconds(1);
        assert!(orders.meet("GET /x", later).is_some());
        assert!(orders.meet("GET /x", later).is_none());
    }

    #[test]
    fn a_fault_with_a_window_ends_with_it() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut orders = Orders::default();
        orders.place(order(r#"{"kind":"http_429","for_ms":1000}"#), now);
        assert!(orders.meet("GET /x", now).is_some());
        assert!(
            orders
                .meet("GET /x", now + TimeDelta::milliseconds(999))
                .is_some()
        );
        assert!(
            orders
                .meet("GET /x", now + TimeDelta::milliseconds(1000))
                .is_none()
        );
    }
}
