//! Baton passes security incidents from one team to the next without dropping anything.
//!
//! The one sentence: `alert | interaction | timer → Command → decide → Events → one transaction (history + state +
//! outbox) → deliver`. It never runs backwards.
//!
//! The rooms, from the inside out:
//!
//! - [`domain`]: the rules. Pure: it is told the time and never asks. [`domain::incident::decide`] judges a step,
//!   [`domain::incident::apply`] folds events into state, [`domain::policy`] says who reads and does what,
//!   [`domain::playbook`] reads playbooks, which are data, [`domain::form`] assembles the guided form,
//!   [`domain::effect`] and [`domain::due`] derive what is to be sent and when something is due.
//! - [`store`]: SQL, only here. One writer that commits waiting work in groups, a read-only pool, one SQLite file;
//!   the history is append-only and chained by hash ([`store::event`], [`store::verify`]).
//! - [`app`]: use cases. They load, let `domain` judge, and commit facts and intended effects in one transaction
//!   ([`app::act`], [`app::intake`], [`app::form`], [`app::query`], [`app::sweep`]). They never speak to the network.
//! - [`http`]: alerts come in. Adapters are pure functions of bytes ([`http::sources`]).
//! - [`discord`]: interactions come in ([`discord::commands`]), and Discord's wire: REST, gateway, limits.
//! - [`render`]: views and answers become neutral cards and forms, by strict templates; outside text is escaped here.
//! - [`outbound`]: what was committed to the outbox is delivered, and may be killed at any moment.
//! - [`watch`]: what the running service knows of itself; [`domain::health`] judges it, [`domain::audit`] says what must
//!   hold, [`app::audit`] looks and repairs.
//! - [`config`]: one TOML file, the environment, secrets.
//! - [`runtime`]: the composition root; builds, wires, runs, stops. It alone names all the others.
//! - `sandbox` (feature of that name): a Discord-compatible server. It knows Discord's wire and nothing of ours.
//!
//! Two ways through it. **An alert**: [`http::alerts`] authenticates → [`http::sources`] reads → [`app::intake`] finds the
//! key, evaluates criteria, opens or joins → events, state, outbox in one commit → 202 → [`outbound`] renders and posts.
//! **A command**: [`discord::gateway`] → [`discord::incoming`] types it → [`discord::commands`] asks `app` → a refusal with
//! everything that is missing, or events → an ephemeral answer; cards leave through the outbox.

pub mod app;
pub mod cli;
pub mod config;
pub mod discord;
pub mod domain;
pub mod http;
pub mod outbound;
pub mod render;
pub mod runtime;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod store;
pub mod telemetry;
pub mod watch;
