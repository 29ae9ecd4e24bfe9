//! A service of which a part breaks off.

use super::ports::Ports;
use super::{Drive, Service};
use crate::config::{DiscordSettings, HttpSettings, Settings, StoreSettings};
use futures_util::FutureExt as _;
use secrecy::SecretString;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;

/// One to which no Discord answers.
async fn service() -> (Service, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        store: StoreSettings {
            path: folder.path().join("baton.db"),
        },
        http: HttpSettings {
            listen: "127.0.0.1:0".parse().unwrap(),
            ..HttpSettings::default()
        },
        discord: DiscordSettings {
            token: Some(SecretString::from("t")),
            base: Some("http://127.0.0.1:9".to_owned()),
            ..DiscordSettings::default()
        },
        ..Settings::default()
    };
    let service = Service::start(&settings, Ports::system(), Drive::Loops);
    (service.await.unwrap(), folder)
}

async fn breaks_off(service: &mut Service) {
    let broken = timeout(Duration::from_mins(1), service.breaks_off());
    broken.await.expect("it ends");
}

#[tokio::test]
async fn a_service_of_which_a_part_panics_ends_and_one_of_which_a_part_is_done_goes_on() {
    let (mut service, _folder) = service().await;
    service.spawn(async {});
    for _ in 0..50 {
        tokio::task::yield_now().await;
        assert_eq!(service.breaks_off().now_or_never(), None, "all is well");
    }
    service.spawn(async { panic!("a part of a test") });
    breaks_off(&mut service).await;
    service.stop().await;
}

#[tokio::test]
async fn a_service_whose_writer_ends_ends_too() {
    let (mut service, _folder) = service().await;
    service.writer.abort();
    breaks_off(&mut service).await;
    assert!(service.app.store.probe(service.app.now()).await.is_err());
    service.stop().await;
}
