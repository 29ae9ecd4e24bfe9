//! The composition root: builds, wires, runs, stops. The only room that names all the others.

#[cfg(feature = "sandbox")]
pub mod demo;
mod gateway;
mod heartbeat;
mod intake;
mod interactions;
pub mod live;
mod loops;
pub mod ports;
mod prepare;
#[cfg(feature = "sandbox")]
pub mod scene;
#[cfg(feature = "sandbox")]
mod story;
#[cfg(feature = "sandbox")]
mod walk;

use crate::app::backup::Plan;
use crate::app::playbooks::Playbooks;
use crate::app::{App, AppError};
use crate::config::{PlaybookSettings, Settings};
use crate::discord::actor::GuildMap;
use crate::discord::commands::Bot;
use crate::discord::rest::{Rest, RestOptions};
use crate::domain::backup::Schedule;
use crate::domain::playbook::shipped;
use crate::outbound::{Drained, Lanes, Outbound};
use crate::render::templates::Templates;
use crate::store::{self, Store};
use crate::watch::{Meters, Missing, Watch};
use ports::Ports;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long a request to Discord may take.
const REST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a stop waits for what is under way before it ends it.
const SOFT_STOP: Duration = Duration::from_secs(8);

/// Why the service did not start: everything at once, each with its cure.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct StartFault(pub Vec<String>);

impl StartFault {
    fn one(fault: impl std::fmt::Display) -> Self {
        Self(vec![fault.to_string()])
    }
}

/// Who drives deliveries and deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// Loops of the service itself.
    Loops,
    /// The caller, by [`Service::drain_once`] and [`Service::tick`]: the same steps.
    ByHand,
}

/// The running service.
pub struct Service {
    pub app: App,
    pub outbound: Arc<Outbound>,
    pub bot: Arc<Bot>,
    pub rest: Arc<Rest>,
    pub missing: Arc<Missing>,
    backups: Option<Arc<Plan>>,
    /// Where alerts are taken.
    pub http: SocketAddr,
    heart: Option<Arc<heartbeat::Heart>>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    writer: tokio::task::JoinHandle<()>,
}

impl Service {
    /// Starts everything that the settings ask for. What is missing in them is the caller's business.
    pub async fn start(
        settings: &Settings,
        ports: Ports,
        drive: Drive,
    ) -> Result<Self, StartFault> {
        let playbooks = read_playbooks(&settings.playbooks)?;
        let templates = Templates::load(&BTreeMap::new())
            .map_err(|faults| StartFault(faults.iter().map(ToString::to_string).collect()))?;
        let pace = ports.clock.clone();
        let rest = Arc::new(rest(settings)?.paced_by(move || pace.instant()));
        let (store, writing) = Store::open(&settings.store.path)
            .await
            .map_err(StartFault::one)?;
        let writer = spawn(writing);
        let watch = Arc::new(Watch::new(Meters::new(store.meters(), rest.meters())));
        let heart = heartbeat::Heart::new(&settings.heartbeat, loopback_only(settings))
            .map_err(StartFault::one)?;
        let app = App {
            store,
            playbooks: Arc::new(playbooks),
            clock: ports.clock,
            ids: ports.ids,
            zone: settings
                .organisation
                .time_zone
                .unwrap_or(chrono_tz::Tz::UTC),
            hours: settings.organisation.working_hours.clone(),
            arriving: crate::app::intake::waiting(),
            acting: crate::app::act::waiting(),
            watch: watch.clone(),
        };
        watch.started.set(app.now());
        keep_playbooks(&app).await.map_err(StartFault::one)?;
        let instance = instance(&app).await.map_err(StartFault::one)?;
        let guild = guild_map(settings);
        let (stop, stopping) = watch::channel(false);
        let outbound = Arc::new(Outbound {
            app: app.clone(),
            templates: Arc::new(templates),
            rest: rest.clone(),
            guild: Arc::new(guild.clone()),
            instance,
            stopping: stopping.clone(),
            started_at: app.now(),
            channels: Lanes::default(),
        });
        let templates = outbound.templates.clone();
        let bot = Arc::new(Bot {
            app: app.clone(),
            templates,
            guild,
        });
        let missing = watch.missing.clone();
        missing.set("gateway", "Discord's gateway is not connected yet");
        let mut tasks = JoinSet::new();
        let http = intake::serve(settings, &app, stopping.clone(), &mut tasks)
            .await
            .map_err(StartFault::one)?;
        let service = Self {
            app,
            outbound,
            bot,
            rest,
            missing,
            backups: plan(settings).map(Arc::new),
            http,
            heart: heart.map(Arc::new),
            stop,
            tasks,
            writer,
        };
        service.run(settings, drive, &stopping).await
    }

    async fn run(
        mut self,
        settings: &Settings,
        drive: Drive,
        stopping: &watch::Receiver<bool>,
    ) -> Result<Self, StartFault> {
        // What rested because a channel was missing may go now.
        self.outbound.unpark().await.map_err(StartFault::one)?;
        let link = gateway::Link {
            prepare: prepare::Preparation {
                app: self.app.clone(),
                bot: self.bot.clone(),
                rest: self.rest.clone(),
                outbound: self.outbound.clone(),
                missing: self.missing.clone(),
                heard: Arc::default(),
            },
            token: settings.discord.token.clone().unwrap_or_default(),
            application: settings.discord.application.map(|id| id.to_string()),
            loopback_only: loopback_only(settings),
        };
        self.spawn(gateway::run(link, stopping.clone()));
        let told = loops::tell_troubles(self.app.clone(), self.missing.clone(), stopping.clone());
        self.spawn(told);
        match drive {
            Drive::Loops => {
                self.spawn(loops::deliver(self.outbound.clone(), stopping.clone()));
                self.spawn(loops::sweep(self.app.clone(), stopping.clone()));
                self.spawn(loops::index(self.app.clone(), stopping.clone()));
                if let Some(plan) = self.backups.clone() {
                    self.spawn(loops::back_up(self.app.clone(), plan, stopping.clone()));
                }
                if let Some(heart) = self.heart.clone() {
                    self.spawn(heartbeat::beat(heart, self.app.clone(), stopping.clone()));
                }
            }
            Drive::ByHand => self.app.refresh_dues().await.map_err(StartFault::one)?,
        }
        Ok(self)
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    /// One round of the outbox.
    pub async fn drain_once(&self) -> Result<Drained, AppError> {
        loops::drain(&self.outbound).await
    }

    /// One look at what is due, the auditor's next steps, and the words of what came.
    pub async fn tick(&self) -> Result<usize, AppError> {
        let done = loops::tick(&self.app).await?;
        self.app.index_words().await?;
        Ok(done)
    }

    /// One sign of life, where a monitor is configured.
    pub async fn beat_once(&self) {
        if let Some(heart) = &self.heart {
            heart.beat_once(&self.app).await;
        }
    }

    /// One look at whether a backup is due; whether one was made.
    pub async fn back_up_if_due(&self) -> Result<bool, AppError> {
        match &self.backups {
            Some(plan) => self.app.back_up_if_due(plan).await,
            None => Ok(false),
        }
    }

    /// Ends once a part of it has broken off, which only a fault of ours does. What was accepted is kept, and the next start
    /// goes on with it; without that part it would only be late with something, until somebody sees it.
    pub async fn breaks_off(&mut self) {
        loop {
            tokio::select! {
                // It has logged why.
                _ = &mut self.writer => return,
                Some(ended) = self.tasks.join_next() => {
                    if let Err(fault) = ended {
                        tracing::error!(%fault, "a part of the service broke off");
                        return;
                    }
                }
            }
        }
    }

    /// Stops taking, finishes what is under way, then ends what is left.
    pub async fn stop(mut self) {
        // Nobody listens any more only where every task has ended by itself.
        self.stop.send(true).unwrap_or_default();
        let ended = tokio::time::timeout(SOFT_STOP, async {
            while self.tasks.join_next().await.is_some() {}
        })
        .await;
        if ended.is_err() {
            tracing::warn!("work was still under way and was ended; it goes on at the next start");
            self.tasks.shutdown().await;
        }
        let Self {
            app,
            outbound,
            bot,
            writer,
            ..
        } = self;
        drop((outbound, bot));
        app.store.close().await;
        if !writer.is_finished() && tokio::time::timeout(SOFT_STOP, writer).await.is_err() {
            tracing::warn!("the store's writer did not end in time");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the writer outlives the tasks that write, and whatever waits for it ends with its answer"
)]
fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(task)
}

fn plan(settings: &Settings) -> Option<Plan> {
    let backup = settings.backup.as_ref()?;
    Some(Plan {
        folder: backup.dir.clone(),
        schedule: Schedule {
            at: backup.at.clone(),
            zone: settings
                .organisation
                .time_zone
                .unwrap_or(chrono_tz::Tz::UTC),
        },
        keep: backup.keep,
        recipients: backup.recipients.clone(),
    })
}

/// Only this machine may be dialled where the configured base is on it.
fn loopback_only(settings: &Settings) -> bool {
    let host = |base: &String| {
        reqwest::Url::parse(base)
            .ok()
            .and_then(|u| u.host_str().map(str::to_owned))
    };
    settings
        .discord
        .base
        .as_ref()
        .and_then(host)
        .is_some_and(|host| {
            host == "localhost"
                || host
                    .trim_matches(['[', ']'])
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|ip| ip.is_loopback())
        })
}

fn rest(settings: &Settings) -> Result<Rest, StartFault> {
    let options = RestOptions {
        base: settings.discord.base.clone(),
        token: settings.discord.token.clone().unwrap_or_default(),
        loopback_only: loopback_only(settings),
        timeout: REST_TIMEOUT,
    };
    Rest::new(&options).map_err(StartFault::one)
}

fn guild_map(settings: &Settings) -> GuildMap {
    let roles = settings.roles.by_role.iter();
    let accepted = settings.organisation.accepted_readers.iter();
    GuildMap {
        accepted: accepted.map(|reader| reader.account.to_string()).collect(),
        own: settings.discord.application.map(|id| id.to_string()),
        guild: settings
            .discord
            .guild
            .map(|id| id.to_string())
            .unwrap_or_default(),
        roles: roles
            .flat_map(|(role, ids)| ids.iter().map(|id| (id.to_string(), *role)))
            .collect(),
        lead: settings
            .roles
            .lead
            .iter()
            .map(ToString::to_string)
            .collect(),
        channels: settings
            .channels
            .iter()
            .map(|(k, id)| (k.clone(), id.to_string()))
            .collect(),
    }
}

async fn keep_playbooks(app: &App) -> Result<(), AppError> {
    let (keeper, now) = (app.clone(), app.now());
    app.store
        .write(move |connection| {
            Box::pin(async move { Ok(keeper.playbooks.keep(connection, now).await?) })
        })
        .await
}

/// A random name of this store, made once.
async fn instance(app: &App) -> Result<String, AppError> {
    let (fresh, now) = (hex::encode(app.ids.salt()), app.now());
    let fresh = fresh.get(..8).unwrap_or_default().to_owned();
    app.store
        .write(move |connection| {
            Box::pin(async move {
                if let Some(known) = store::fact::find(connection, "instance").await? {
                    return Ok(known);
                }
                store::fact::save(connection, "instance", &fresh, now).await?;
                Ok::<_, AppError>(fresh)
            })
        })
        .await
}

/// The shipped playbooks, each replaced by the operator's file of the same name, and the operator's own before the
/// last one, which takes what no other takes. All faults of all files at once.
pub fn read_playbooks(settings: &PlaybookSettings) -> Result<Playbooks, StartFault> {
    let files = playbook_files(settings)?;
    let playbooks = Playbooks::read(&files).map_err(|faulty| {
        let lines = faulty.iter().flat_map(|file| {
            file.faults
                .iter()
                .map(move |fault| format!("{}: {fault}", file.file))
        });
        StartFault(lines.collect())
    })?;
    Ok(playbooks.without(&settings.disabled))
}

/// File name and text, in the order in which they are asked.
pub fn playbook_files(settings: &PlaybookSettings) -> Result<Vec<(String, String)>, StartFault> {
    let mut own = match &settings.dir {
        Some(dir) => read_folder(dir)?,
        None => BTreeMap::new(),
    };
    let mut files: Vec<(String, String)> = shipped::embedded()
        .into_iter()
        .map(|(name, text)| {
            let text = own.remove(name).unwrap_or_else(|| text.to_owned());
            (name.to_owned(), text)
        })
        .collect();
    let last = files.len().saturating_sub(1);
    for (place, file) in own.into_iter().enumerate() {
        files.insert(last + place, file);
    }
    Ok(files)
}

fn read_folder(dir: &Path) -> Result<BTreeMap<String, String>, StartFault> {
    let told = |fault| StartFault(vec![format!("{}: {fault}", dir.display())]);
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(dir).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let name = path
                .file_name()
                .map(|n| n.to_string_lossy().into_owned())
                .unwrap_or_default();
            let text = std::fs::read_to_string(&path)
                .map_err(|fault| StartFault(vec![format!("{}: {fault}", path.display())]))?;
            files.insert(name, text);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
