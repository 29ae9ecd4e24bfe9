//! A Discord-compatible server: REST v10, gateway v10, and a control API for tests and drills.
//!
//! It knows Discord's wire and nothing of the program that talks to it: this folder could be a
//! crate of its own. It listens on loopback only.
//!
//! - [`world`]: the guild and its file · [`permissions`]: who may what · [`rules`]: what is refused
//! - `rest`, `gateway`: the bot's side · `act`: the members' and the drill leader's side
//! - `ui`: the page, which lives on the control API alone
//! - `front`: what each bot request passes: faults, token, [`limits`], log

mod act;
mod body;
pub mod clock;
mod elapse;
mod error;
mod faults;
mod files;
mod front;
mod gateway;
mod json;
pub mod limits;
mod net;
pub mod permissions;
mod posts;
mod rest;
pub mod rules;
pub mod seed;
mod server;
#[cfg(test)]
mod tests;
mod traffic;
mod ui;
mod wire;
pub mod world;

use std::{collections::BTreeMap, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{State, ws::WebSocketUpgrade},
    middleware,
    response::Response,
    routing::{any, get},
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time::timeout};

pub use self::{
    act::outlets::{Outlet, Sample},
    clock::{Clock, FrozenClock, SystemClock},
};
use self::{
    seed::WorldSeed,
    server::{App, Inner, Server},
    world::World,
};

/// How long open requests may take to end when the sandbox stops.
const GRACE: Duration = Duration::from_secs(2);

pub struct Options {
    /// Loopback only; port 0 takes a free one.
    pub addr: SocketAddr,
    /// The file that keeps the world; memory only where absent.
    pub world: Option<PathBuf>,
    pub clock: Arc<dyn Clock>,
    /// Used if the file does not hold a world yet.
    pub seed: WorldSeed,
    /// The file to which each request of the bot is written with its answer.
    pub traffic: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("the sandbox listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    #[error("the sandbox's world {path} cannot be used: {source}")]
    World { path: String, source: io::Error },
    #[error("the sandbox's seed is wrong: {0}")]
    Seed(String),
    #[error("the sandbox's traffic cannot be written to {path}: {source}")]
    Traffic { path: String, source: io::Error },
    #[error("the sandbox cannot listen on {addr}: {source}")]
    Listen { addr: SocketAddr, source: io::Error },
    #[error("the page can send only to this machine: {0}")]
    Outlet(String),
}

/// A running sandbox. Dropping it stops the server without waiting.
pub struct Sandbox {
    addr: SocketAddr,
    app: App,
    stop: watch::Sender<bool>,
    task: JoinHandle<io::Result<()>>,
}

impl Sandbox {
    pub async fn start(options: Options) -> Result<Self, SandboxError> {
        let Options {
            addr,
            world: path,
            clock,
            seed,
            traffic,
        } = options;
        if !addr.ip().is_loopback() {
            return Err(SandboxError::NotLoopback(addr));
        }
        let mut world = World::open(path.as_deref(), clock).map_err(|source| {
            let path = path
                .map(|path| path.display().to_string())
                .unwrap_or_default();
            SandboxError::World { path, source }
        })?;
        if world.is_new() {
            seed::plant(&mut world, &seed).map_err(SandboxError::Seed)?;
        }
        let traffic = traffic
            .map(|path| traffic::Traffic::open(&path))
            .transpose()?;
        let listen = |source| SandboxError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        let (stop, stopping) = watch::channel(false);
        let inner = Inner {
            world,
            hub: gateway::Hub::default(),
            limits: limits::Limits::default(),
            orders: faults::Orders::default(),
            log: server::Log::default(),
            waiting: BTreeMap::new(),
            base: format!("http://{addr}"),
            unknown_endpoints: 0,
            outlets: Vec::new(),
        };
        let app = Server::new(inner, traffic, stopping);
        let task = serve(listener, app.clone());
        Ok(Self {
            addr,
            app,
            stop,
            task,
        })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Requests for endpoints that the sandbox does not know: a scenario should see none.
    pub fn unknown_endpoints(&self) -> u64 {
        self.app.within(|inner| inner.unknown_endpoints)
    }

    /// What the page offers to send, from now on. A service that runs beside the sandbox has its
    /// address only once it listens.
    pub fn offer(&self, outlets: Vec<Outlet>) -> Result<(), SandboxError> {
        for outlet in &outlets {
            outlet.check().map_err(SandboxError::Outlet)?;
        }
        self.app.within(|inner| inner.outlets = outlets);
        Ok(())
    }

    /// Ends connections and waits for the server, for at most two seconds.
    pub async fn stop(mut self) {
        // Nobody listens any more only if the server has ended by itself.
        self.stop.send(true).unwrap_or_default();
        if timeout(GRACE, &mut self.task).await.is_err() {
            tracing::warn!("the sandbox was stopped with requests still open");
        }
        self.task.abort();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.send(true).unwrap_or_default();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server's one task; `Sandbox` owns and ends it"
)]
fn serve(listener: TcpListener, app: App) -> JoinHandle<io::Result<()>> {
    let service = router(&app).into_make_service_with_connect_info::<net::Peer>();
    tokio::spawn(async move {
        let server = axum::serve(net::Door(listener), service);
        server
            .with_graceful_shutdown(async move { app.stopped().await })
            .await
    })
}

fn router(app: &App) -> Router {
    Router::new()
        .route("/", get(root))
        .route("/gateway", any(gateway::socket::upgrade))
        .route("/resume", any(gateway::socket::upgrade))
        // Clients put their query behind a slash.
        .route("/gateway/", any(gateway::socket::upgrade))
        .route("/resume/", any(gateway::socket::upgrade))
        .route("/attachments/{channel}/{id}/{name}", get(files::file))
        .route("/ui/{name}", get(ui::file))
        .route("/console", get(ui::console))
        .merge(act::routes())
        .merge(rest::routes(app))
        .layer(middleware::from_fn(front::only_local))
        .with_state(app.clone())
}

/// A gateway client and a browser both come to `/`.
async fn root(
    socket: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    state: State<App>,
    asked: axum::extract::Query<gateway::socket::Asked>,
    peer: axum::extract::ConnectInfo<net::Peer>,
) -> Response {
    match socket {
        Ok(socket) => gateway::socket::upgrade(state, asked, peer, socket).await,
        Err(_) => ui::index(),
    }
}
