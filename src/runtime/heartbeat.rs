//! The sign of life to a monitor outside: given at each interval only while the service does its work. Silence is the
//! alarm. The address may be a secret and is never shown.

use crate::app::App;
use crate::config::HeartbeatSettings;
use crate::discord::connect::is_loopback;
use reqwest::{Client, Url};
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// How long the monitor may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Why there is no heartbeat. The address is not repeated.
#[derive(Debug, thiserror::Error)]
pub enum HeartFault {
    #[error(
        "The monitor's address under `[heartbeat]` is none. It must be https://…, or http://… on this machine."
    )]
    NotAnAddress,
    #[error(
        "The monitor under `[heartbeat]` is not on this machine. With a Discord address on this machine nothing else is dialled: take the section out."
    )]
    NotLoopback,
    #[error("The client for the heartbeat could not be built: {0}")]
    Client(String),
}

/// Whom to tell, and how often.
pub struct Heart {
    client: Client,
    url: Url,
    every: Duration,
    /// Whether the last one was not given, so that a long silence is logged once.
    silent: AtomicBool,
}

impl Heart {
    /// None where no monitor is configured.
    pub fn new(
        settings: &HeartbeatSettings,
        loopback_only: bool,
    ) -> Result<Option<Self>, HeartFault> {
        let Some(address) = &settings.url else {
            return Ok(None);
        };
        let url = Url::parse(address.expose_secret()).map_err(|_| HeartFault::NotAnAddress)?;
        let local = is_loopback(&url);
        if !(url.scheme() == "https" || (url.scheme() == "http" && local)) {
            return Err(HeartFault::NotAnAddress);
        }
        if loopback_only && !local {
            return Err(HeartFault::NotLoopback);
        }
        let mut client = Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none());
        if local {
            // A proxy from the environment would carry local traffic off this machine.
            client = client.no_proxy();
        }
        let client = client.build();
        Ok(Some(Self {
            client: client.map_err(|fault| HeartFault::Client(fault.without_url().to_string()))?,
            url,
            every: settings.every,
            silent: AtomicBool::new(false),
        }))
    }

    /// Gives a sign of life, if there is life: the store takes work, the gateway is ready, what is due was looked at.
    pub async fn beat_once(&self, app: &App) {
        let (outcome, why) = match app.alive().await {
            Err(fault) => ("withheld", Some(fault.to_string())),
            Ok(dead) if !dead.is_empty() => ("withheld", Some(dead.join(" "))),
            Ok(_) => match self.send().await {
                Ok(()) => ("sent", None),
                Err(why) => ("failed", Some(why)),
            },
        };
        app.watch.meters.beat(outcome);
        let was_silent = self.silent.swap(why.is_some(), Ordering::Relaxed);
        match why {
            Some(why) if !was_silent => {
                tracing::warn!(outcome, why, "the monitor gets no sign of life");
            }
            None if was_silent => tracing::info!("the monitor gets signs of life again"),
            Some(_) | None => {}
        }
    }

    async fn send(&self) -> Result<(), String> {
        let told = |fault: reqwest::Error| fault.without_url().to_string();
        let answer = self.client.get(self.url.clone()).send();
        let status = answer.await.map_err(told)?.status();
        if status.is_success() {
            return Ok(());
        }
        Err(format!("the monitor answered {status}"))
    }
}

/// Beats until told to stop.
pub async fn beat(heart: Arc<Heart>, app: App, mut stopping: watch::Receiver<bool>) {
    while !*stopping.borrow() {
        // A change of `stopping` ends the wait early. The first beat comes after a whole interval: by then it is ready.
        let is_time = timeout(heart.every, stopping.wait_for(|stop| *stop))
            .await
            .is_err();
        if is_time {
            heart.beat_once(&app).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    fn heart(url: &str, loopback_only: bool) -> Result<bool, HeartFault> {
        let settings = HeartbeatSettings {
            url: Some(SecretString::from(url)),
            ..HeartbeatSettings::default()
        };
        crate::discord::connect::install_tls_provider();
        Heart::new(&settings, loopback_only).map(|heart| heart.is_some())
    }

    #[test]
    fn beside_a_sandbox_only_this_machine_hears_it_and_nothing_leaves_unencrypted() {
        assert!(heart("http://127.0.0.1:9/key", true).unwrap());
        assert!(heart("https://monitor.example/key", false).unwrap());
        for (url, loopback_only) in [
            ("https://monitor.example/key", true),
            ("https://127.0.0.1.example/key", true),
            ("http://monitor.example/key", false),
            ("ftp://127.0.0.1/key", true),
            ("key", false),
        ] {
            let told = heart(url, loopback_only).unwrap_err().to_string();
            assert!(!told.contains("key"), "{told}");
        }
        let none = HeartbeatSettings::default();
        assert!(Heart::new(&none, true).unwrap().is_none());
    }
}
