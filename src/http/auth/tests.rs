//! The schemes on known vectors, and each way to fail.

use super::*;

mod random;

const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const WEBHOOK_BODY: &[u8] = br#"{"test": 2432232314}"#;
const WEBHOOK_AT: i64 = 1_614_265_330;
/// The example of the Standard Webhooks specification, made with another implementation.
const WEBHOOK_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn secrets(all: &[&str]) -> Vec<SecretString> {
    all.iter()
        .map(|s| SecretString::from((*s).to_owned()))
        .collect()
}

fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
    all.iter()
        .map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap()))
        .collect()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn check(
    scheme: &Scheme,
    all: &[&str],
    given: &[(&'static str, &str)],
    uri: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Authenticated, AuthFault> {
    verify(
        scheme,
        &secrets(all),
        &headers(given),
        &uri.parse().unwrap(),
        body,
        now,
    )
}

fn hmac_scheme(encoding: Encoding, timestamp: Option<SignedTime>) -> Scheme {
    Scheme::Hmac(HmacScheme {
        header: "X-Signature".to_owned(),
        encoding,
        prefix: "sha256=".to_owned(),
        timestamp,
    })
}

#[test]
fn a_bearer_token_opens_its_source_and_no_other_does() {
    let ask = |given: &str| {
        check(
            &Scheme::Bearer,
            &["old", "new"],
            &[("authorization", given)],
            "/",
            b"",
            at(0),
        )
    };
    assert!(ask("Bearer new").is_ok());
    assert!(ask("bearer old").is_ok());
    for wrong in ["Bearer ne", "Bearer newer", "Bearer NEW", "Bearer  "] {
        assert!(ask(wrong).is_err(), "{wrong}");
    }
    assert!(matches!(ask("Basic new"), Err(AuthFault::Missing(_))));
    let none = check(&Scheme::Bearer, &["s"], &[], "/", b"", at(0));
    assert!(matches!(none, Err(AuthFault::Missing(_))));
}

#[test]
fn without_a_secret_nobody_comes_in() {
    let empty = check(
        &Scheme::Bearer,
        &[],
        &[("authorization", "Bearer x")],
        "/",
        b"",
        at(0),
    );
    assert_eq!(empty, Err(AuthFault::Wrong));
}

#[test]
fn a_url_token_is_read_from_the_address() {
    let scheme = Scheme::UrlToken {
        parameter: "token".to_owned(),
    };
    let ask = |uri: &str| check(&scheme, &["a b"], &[], uri, b"", at(0));
    assert!(ask("/v1/alerts/s?x=1&token=a%20b").is_ok());
    assert_eq!(ask("/v1/alerts/s?token=a"), Err(AuthFault::Wrong));
    assert!(matches!(ask("/v1/alerts/s"), Err(AuthFault::Missing(_))));
    assert!(scheme.is_weaker());
}

/// The second vector of RFC 4231.
#[test]
fn a_signature_of_the_body_opens_in_both_encodings() {
    let hex = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    let base64 = "sha256=W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
    let body = b"what do ya want for nothing?";
    for (encoding, signature) in [(Encoding::Hex, hex), (Encoding::Base64, base64)] {
        let scheme = hmac_scheme(encoding, None);
        let ask = |secret: &str, given: &str, body: &[u8]| {
            check(
                &scheme,
                &["other", secret],
                &[("x-signature", given)],
                "/",
                body,
                at(0),
            )
        };
        assert_eq!(
            ask("Jefe", signature, body),
            Ok(Authenticated { replay_key: None })
        );
        assert_eq!(ask("Jef", signature, body), Err(AuthFault::Wrong));
        assert_eq!(
            ask("Jefe", signature, b"what do ya want"),
            Err(AuthFault::Wrong)
        );
        assert_eq!(ask("Jefe", &signature[..30], body), Err(AuthFault::Wrong));
        assert_eq!(ask("Jefe", &signature[7..], body), Err(AuthFault::Wrong));
        assert_eq!(ask("Jefe", "sha256=", body), Err(AuthFault::Wrong));
    }
}

#[test]
fn a_signed_time_must_be_near_and_names_the_delivery() {
    let scheme = hmac_scheme(
        Encoding::Hex,
        Some(SignedTime {
            header: "X-Time".to_owned(),
            joiner: ":".to_owned(),
        }),
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap();
    mac.update(b"1764000000:{}");
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let ask = |time: &str, now: i64| {
        let given = [("x-signature", signature.as_str()), ("x-time", time)];
        check(&scheme, &["key"], &given, "/", b"{}", at(now))
    };
    assert_eq!(
        ask("1764000000", 1_764_000_299).unwrap().replay_key,
        Some(signature.clone())
    );
    assert_eq!(ask("1764000000", 1_764_000_301), Err(AuthFault::Stale));
    assert_eq!(ask("1764000000", 1_763_999_699), Err(AuthFault::Stale));
    assert_eq!(ask("1764000301", 1_764_000_301), Err(AuthFault::Wrong));
    let untimed = check(
        &scheme,
        &["key"],
        &[("x-signature", &signature)],
        "/",
        b"{}",
        at(0),
    );
    assert!(matches!(untimed, Err(AuthFault::Missing(_))));
}

#[test]
fn a_standard_webhook_is_verified_by_its_published_example() {
    let ask = |secret: &str, signature: &str, now: i64| {
        let given = [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", signature),
        ];
        check(
            &Scheme::StandardWebhooks,
            &[secret],
            &given,
            "/",
            WEBHOOK_BODY,
            at(now),
        )
    };
    let good = ask(WEBHOOK_SECRET, WEBHOOK_SIGNATURE, WEBHOOK_AT).unwrap();
    assert_eq!(
        good.replay_key.as_deref(),
        Some("msg_p5jXN8AQM9LWM0D4loKWxJek")
    );
    let several = format!("v1,bm9uc2Vuc2U= v2,xyz {WEBHOOK_SIGNATURE}");
    assert!(ask(WEBHOOK_SECRET, &several, WEBHOOK_AT).is_ok());
    assert_eq!(
        ask(WEBHOOK_SECRET, "v1,bm9uc2Vuc2U=", WEBHOOK_AT),
        Err(AuthFault::Wrong)
    );
    assert_eq!(
        ask(WEBHOOK_SECRET, &WEBHOOK_SIGNATURE[..20], WEBHOOK_AT),
        Err(AuthFault::Wrong)
    );
    assert_eq!(
        ask("whsec_AAAA", WEBHOOK_SIGNATURE, WEBHOOK_AT),
        Err(AuthFault::Wrong)
    );
    assert_eq!(
        ask("whsec_", WEBHOOK_SIGNATURE, WEBHOOK_AT),
        Err(AuthFault::Wrong)
    );
    assert_eq!(
        ask("whsec_%%", WEBHOOK_SIGNATURE, WEBHOOK_AT),
        Err(AuthFault::Wrong)
    );
    assert_eq!(
        ask(WEBHOOK_SECRET, WEBHOOK_SIGNATURE, WEBHOOK_AT + 301),
        Err(AuthFault::Stale)
    );
}

#[test]
fn a_webhook_without_one_of_its_headers_is_refused_by_name() {
    let all = [
        ("webhook-id", "m"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", WEBHOOK_SIGNATURE),
    ];
    for (missing, _) in all {
        let given: Vec<_> = all
            .iter()
            .copied()
            .filter(|(name, _)| *name != missing)
            .collect();
        let answer = check(
            &Scheme::StandardWebhooks,
            &[WEBHOOK_SECRET],
            &given,
            "/",
            b"",
            at(0),
        );
        assert_eq!(
            answer,
            Err(AuthFault::Missing(format!("The header `{missing}`")))
        );
    }
}
