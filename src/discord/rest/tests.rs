//! Addresses, encodings, and the reading of a 429.

use super::verdict::refused;
use super::*;
use crate::outbound::pace::Refused;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

fn rest(base: Option<&str>, loopback_only: bool) -> Result<Rest, RestSetupFault> {
    Rest::new(&RestOptions {
        base: base.map(str::to_owned),
        token: "secret".into(),
        loopback_only,
        timeout: Duration::from_secs(1),
    })
}

#[test]
fn only_this_machine_is_reached_where_that_is_asked() {
    assert!(rest(Some("http://127.0.0.1:8484"), true).is_ok());
    assert!(rest(None, true).is_err(), "no base means Discord");
    assert!(rest(Some("https://discord.com"), true).is_err());
    assert!(rest(Some("http://127.0.0.1@discord.com"), true).is_err());
    assert!(
        rest(Some("http://proxy.example"), false).is_err(),
        "unencrypted"
    );
    assert!(rest(None, false).is_ok());
}

#[test]
fn paths_stand_behind_the_base_and_cannot_be_left() {
    let rest = rest(Some("http://127.0.0.1:1/prefix/"), true).unwrap();
    let url = |call: Call| rest.url(&call.path).unwrap().to_string();
    assert_eq!(
        url(Call::list_members("7", None)),
        "http://127.0.0.1:1/prefix/api/v10/guilds/7/members?limit=1000&after=0"
    );
    assert_eq!(
        url(Call::get_channel("../users?x#y")),
        "http://127.0.0.1:1/prefix/api/v10/channels/..%2Fusers%3Fx%23y"
    );
    assert!(rest.url(&Call::get_channel("..").path).is_err());
    assert!(rest.url(&Call::get_channel("").path).is_err());
}

#[test]
fn a_reason_is_encoded_and_short_enough() {
    assert_eq!(encoded_reason("INC-7 – ok\n"), "INC-7%20%E2%80%93%20ok%0A");
    assert_eq!(encoded_reason(&"x".repeat(600)).len(), 512);
}

#[test]
fn a_429_is_read_from_body_header_or_neither() {
    let mut headers = HeaderMap::new();
    let body = serde_json::json!({ "retry_after": 0.25, "global": false });
    let status = StatusCode::TOO_MANY_REQUESTS;
    let wait = |ms, scope| {
        Some(Refused {
            after: Duration::from_millis(ms),
            scope,
        })
    };
    assert_eq!(
        refused(status, &headers, Some(&body)),
        wait(250, Scope::User)
    );
    assert_eq!(refused(status, &headers, None), wait(60_000, Scope::Global));
    headers.insert(RETRY_AFTER, HeaderValue::from_static("3"));
    assert_eq!(refused(status, &headers, None), wait(3_000, Scope::Global));
    headers.insert("x-ratelimit-scope", HeaderValue::from_static("shared"));
    assert_eq!(refused(status, &headers, None), wait(3_000, Scope::Shared));
    assert!(!learned(status, &headers, None).counts_as_invalid);
    assert_eq!(refused(StatusCode::OK, &headers, None), None);
}

#[test]
fn a_secret_is_in_no_debug_text() {
    let call = Call::callback("1", "hush", Value::Null);
    assert_eq!(format!("{:?}", call.path), "/interactions/{id}/…/callback");
}
