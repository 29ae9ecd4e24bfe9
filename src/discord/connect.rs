//! Getting to Discord and staying on this machine where that is asked: which addresses may be
//! dialled, the TLS provider, the gateway's address from our own REST, and the one place of this
//! room that waits.

use super::call::Call;
use super::gateway::{Gateway, GatewayOptions, SavedSession};
use super::rest::{Answer, Rest, RestFault, WaitFor};
use secrecy::SecretString;
use std::net::IpAddr;
use std::sync::Once;
use std::time::{Duration, Instant};

/// Why a connection is not made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectFault {
    #[error("`{0}` is no address of a gateway: it must be ws://host or wss://host")]
    NotAGateway(String),
    #[error("`{0}` is not on this machine, and only this machine may be dialled here")]
    NotLoopback(String),
    #[error("`{0}` would send the token unencrypted over the network: use https:// or wss://")]
    Unencrypted(String),
    #[error("Discord's answer to GET /gateway has no `url`")]
    NoGatewayUrl,
    #[error("the gateway's address could not be asked: {0}")]
    Rest(#[from] RestFault),
}

/// Asks where the gateway is and prepares a connection to it. A failure is returned; nothing ever
/// falls back to Discord's well-known address.
pub async fn open_gateway(
    rest: &Rest,
    token: SecretString,
    saved: Option<SavedSession>,
    loopback_only: bool,
    patience: Duration,
) -> Result<Gateway, ConnectFault> {
    let answer = send_when_free(rest, &Call::gateway_url(), patience).await?;
    let url = answer
        .text("/url")
        .ok_or(ConnectFault::NoGatewayUrl)?
        .to_owned();
    Gateway::connect(GatewayOptions {
        token,
        url,
        saved,
        loopback_only,
    })
}

/// Sends a call and, where it has to wait for its turn or for Discord, waits and tries again for
/// as long as `patience` lasts. For start-up and answers to people; the outbox does not use it.
pub async fn send_when_free(
    rest: &Rest,
    call: &Call,
    patience: Duration,
) -> Result<Answer, RestFault> {
    let deadline = Instant::now() + patience;
    loop {
        let fault = match rest.send(call).await {
            Ok(answer) => return Ok(answer),
            Err(fault) => fault,
        };
        let RestFault::RetryAt { after, scope, .. } = &fault else {
            return Err(fault);
        };
        let wait = match scope {
            WaitFor::Turn | WaitFor::Limit(_) => *after,
            // Nobody said how long: with little patience the next try comes soon, or there is none.
            WaitFor::Discord | WaitFor::Network | WaitFor::Timeout => (*after).min(patience / 8),
        };
        let again = Instant::now() + wait;
        if again > deadline {
            return Err(fault);
        }
        pause_until(again).await;
    }
}

/// The one place of this room that waits.
pub(super) async fn pause_until(at: Instant) {
    tokio::time::sleep_until(at.into()).await;
}

/// Chooses rustls' provider for the whole process, once: two crates bring their own default.
pub fn install_tls_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider()
            .install_default()
            .is_err()
        {
            tracing::debug!("a TLS provider was installed before");
        }
    });
}

/// Checks an address of the gateway. It returns the address in the form in which it is dialled.
pub fn checked_gateway_url(url: &str, loopback_only: bool) -> Result<String, ConnectFault> {
    let fault = || ConnectFault::NotAGateway(url.to_owned());
    // The gateway client reads addresses with another parser and panics on what it cannot read;
    // of these characters both understand the same.
    let known = |c: char| c.is_ascii_alphanumeric() || ".:/-_[]".contains(c);
    if !url.chars().all(known) {
        return Err(fault());
    }
    let parsed = reqwest::Url::parse(url).map_err(|_| fault())?;
    if !matches!(parsed.scheme(), "ws" | "wss") || parsed.host_str().is_none_or(str::is_empty) {
        return Err(fault());
    }
    let loopback = is_loopback(&parsed);
    if loopback_only && !loopback {
        return Err(ConnectFault::NotLoopback(url.to_owned()));
    }
    if !loopback && parsed.scheme() == "ws" {
        return Err(ConnectFault::Unencrypted(url.to_owned()));
    }
    // The client appends "/?v=10".
    Ok(parsed.as_str().trim_end_matches('/').to_owned())
}

/// 127.0.0.0/8, ::1 and `localhost`; every other name or address may lead off this machine.
pub fn is_loopback(url: &reqwest::Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for url in [
            "ws://127.0.0.1:1",
            "ws://127.8.9.1",
            "ws://[::1]:80/x",
            "wss://localhost",
        ] {
            assert!(checked_gateway_url(url, true).is_ok(), "{url}");
        }
        for url in [
            "wss://gateway.discord.gg",
            "ws://10.0.0.1",
            "ws://0.0.0.0",
            "ws://localhost.example",
            "ws://127.0.0.1.example",
            "ws://[::ffff:10.0.0.1]",
        ] {
            let fault = checked_gateway_url(url, true).unwrap_err();
            assert!(
                matches!(fault, ConnectFault::NotLoopback(_)),
                "{url}: {fault}"
            );
        }
    }

    #[test]
    fn an_address_that_two_parsers_could_read_differently_is_refused() {
        for url in [
            "ws://127.0.0.1@discord.gg",
            "ws://127.0.0.1\\@discord.gg",
            "ws://127%2E0.0.1",
            "ws://127.0.0.1 ",
            "ws://127.0.0.1/?x",
            "http://127.0.0.1",
            "ws://",
            "",
        ] {
            let fault = checked_gateway_url(url, false).unwrap_err();
            assert!(
                matches!(fault, ConnectFault::NotAGateway(_)),
                "{url}: {fault}"
            );
        }
    }

    #[test]
    fn the_token_never_leaves_this_machine_unencrypted() {
        let fault = checked_gateway_url("ws://gateway.example", false).unwrap_err();
        assert!(matches!(fault, ConnectFault::Unencrypted(_)));
        assert_eq!(
            checked_gateway_url("wss://gateway.discord.gg/", false).unwrap(),
            "wss://gateway.discord.gg"
        );
    }
}
