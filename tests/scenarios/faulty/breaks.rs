//! The ways in which Discord breaks, and where: what the sandbox is told. Knows no story.

use crate::scenarios::harness::chance::Chance;
use serde_json::{Value, json};

/// One way to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Break {
    pub kind: &'static str,
    /// The status of its answer; 0 where it gives none or the true one.
    pub status: u64,
    /// For a 429 whose limit was met; for what is held up how long, in real milliseconds.
    detail: Detail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    None,
    Scope(&'static str),
    For(u32),
}

const fn plain(kind: &'static str, status: u64) -> Break {
    let detail = Detail::None;
    Break {
        kind,
        status,
        detail,
    }
}

const fn limit(scope: &'static str) -> Break {
    let detail = Detail::Scope(scope);
    Break {
        kind: "http_429",
        status: 429,
        detail,
    }
}

const fn held_up(kind: &'static str, ms: u32) -> Break {
    let detail = Detail::For(ms);
    Break {
        kind,
        status: 0,
        detail,
    }
}

pub const REFUSING: &[Break] = &[
    plain("http_401", 401),
    plain("http_403", 403),
    plain("http_404", 404),
];
pub const LIMITING: &[Break] = &[limit("user"), limit("shared"), limit("global")];
pub const SLOW_OR_FAILING: &[Break] = &[
    plain("http_500", 500),
    held_up("slow", 40),
    held_up("late_response", 40),
];
pub const LOST: &[Break] = &[plain("lost_request", 0), plain("lost_response", 0)];
pub const SWALLOWED: &[Break] = &[plain("timeout", 0)];
pub const GATEWAY: &[Break] = &[
    plain("gateway_drop", 0),
    plain("gateway_invalid_session", 0),
    plain("gateway_reconnect", 0),
    plain("gateway_close", 0),
];

/// Every route that Baton uses, as a part of its requests' first lines; those with most of the work come first and often.
pub const ROUTES: [&str; 19] = [
    "POST /api/v10/channels",
    "PATCH /api/v10/channels",
    "/callback",
    "/callback",
    "/callback",
    "/messages",
    "/messages",
    "/threads",
    "/thread-members",
    "GET /api/v10/channels",
    "DELETE /api/v10/channels",
    "PUT /api/v10/channels",
    "GET /api/v10/guilds",
    "/members",
    "/roles",
    "/api/v10/webhooks",
    "/api/v10/gateway",
    "/api/v10/applications",
    "*",
];

impl Break {
    pub fn is_of_gateway(self) -> bool {
        self.kind.starts_with("gateway")
    }

    /// Whoever meets it tries again by itself, at a start too.
    pub fn passes(self) -> bool {
        !matches!(self.status, 401 | 403 | 404) && !self.is_swallowed() && !self.is_of_gateway()
    }

    /// Ten seconds of real time each.
    pub fn is_swallowed(self) -> bool {
        self.kind == "timeout"
    }

    /// The order for the sandbox, so many times on this route.
    pub fn order(self, route: &str, times: u64) -> Value {
        let mut order = json!({ "kind": self.kind });
        if self.is_of_gateway() {
            return order;
        }
        order["route"] = json!(route);
        order["times"] = json!(times);
        match self.detail {
            Detail::None => {}
            Detail::Scope(scope) => order["scope"] = json!(scope),
            Detail::For(ms) => order["for_ms"] = json!(ms),
        }
        order
    }
}

/// The routes in an order of their own, again and again.
pub struct Deck(Vec<&'static str>);

impl Deck {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// One of the first so many.
    pub fn draw(&mut self, chance: &mut Chance, routes: usize) -> &'static str {
        if self.0.is_empty() {
            let mut left = ROUTES[..routes].to_vec();
            while !left.is_empty() {
                let at = chance.below(u64::try_from(left.len()).unwrap());
                self.0.push(left.swap_remove(usize::try_from(at).unwrap()));
            }
        }
        self.0.pop().unwrap()
    }
}
