//! Any headers at all: nobody comes in without a secret, whoever has one does, and nothing signed can be changed.

use super::*;
use axum::http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use proptest::sample::Index;

const NAMES: [&str; 7] = [
    "authorization",
    "x-signature",
    "x-time",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
    "cookie",
];
const NOW: i64 = 1_764_000_000;

fn signed_time() -> SignedTime {
    SignedTime {
        header: "x-time".to_owned(),
        joiner: ".".to_owned(),
    }
}

fn schemes() -> Vec<Scheme> {
    vec![
        Scheme::Bearer,
        Scheme::UrlToken {
            parameter: "token".to_owned(),
        },
        Scheme::StandardWebhooks,
        hmac_scheme(Encoding::Hex, None),
        hmac_scheme(Encoding::Base64, None),
        hmac_scheme(Encoding::Hex, Some(signed_time())),
        hmac_scheme(Encoding::Base64, Some(signed_time())),
    ]
}

/// What somebody might try: bytes, and what looks like the real thing.
fn tried() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "(bearer|Bearer|BEARER|Basic) {0,2}[!-~]{0,20}".prop_map(String::into_bytes),
        "(sha256=)?[0-9a-f]{64}".prop_map(String::into_bytes),
        "((v1|v2),[A-Za-z0-9+/]{43}= ?){0,3}".prop_map(String::into_bytes),
        "-?[0-9]{0,20}".prop_map(String::into_bytes),
        Just(NOW.to_string().into_bytes()),
    ]
}

fn all_headers(tried: Vec<(usize, Vec<u8>)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in tried {
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.append(HeaderName::from_static(NAMES[name]), value);
        }
    }
    headers
}

/// A request as its sender would make it with this secret: headers and address.
fn made(scheme: &Scheme, secret: &str, body: &[u8], at: i64) -> (HeaderMap, String) {
    let mac = |key: &[u8], head: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(head.as_bytes());
        mac.update(body);
        mac.finalize().into_bytes()
    };
    match scheme {
        Scheme::Bearer => (
            headers(&[("authorization", &format!("Bearer {secret}"))]),
            "/".to_owned(),
        ),
        Scheme::UrlToken { parameter } => {
            let coded = hex::encode(secret);
            let coded = coded
                .as_bytes()
                .chunks(2)
                .map(|two| std::str::from_utf8(two).unwrap());
            let coded: String = coded.flat_map(|two| ["%", two]).collect();
            (HeaderMap::new(), format!("/?a=b&{parameter}={coded}"))
        }
        Scheme::StandardWebhooks => {
            let sum = mac(&webhook_key(secret).unwrap(), &format!("msg.{at}."));
            let signature = format!("v1,{}", STANDARD.encode(sum));
            let all = [
                ("webhook-id", "msg"),
                ("webhook-timestamp", &at.to_string()),
                ("webhook-signature", &signature),
            ];
            (headers(&all), "/".to_owned())
        }
        Scheme::Hmac(hmac) => {
            let head = hmac
                .timestamp
                .as_ref()
                .map_or_else(String::new, |time| format!("{at}{}", time.joiner));
            let sum = mac(secret.as_bytes(), &head);
            let coded = match hmac.encoding {
                Encoding::Hex => hex::encode(sum),
                Encoding::Base64 => STANDARD.encode(sum),
            };
            let signature = format!("{}{coded}", hmac.prefix);
            let all = [
                ("x-signature", signature.as_str()),
                ("x-time", &at.to_string()),
            ];
            (headers(&all), "/".to_owned())
        }
    }
}

fn ask(
    scheme: &Scheme,
    known: &[&str],
    (headers, uri): &(HeaderMap, String),
    body: &[u8],
    now: i64,
) -> Result<Authenticated, AuthFault> {
    verify(
        scheme,
        &secrets(known),
        headers,
        &uri.parse().unwrap(),
        body,
        at(now),
    )
}

/// Base64 is what a webhook's secret has to be.
fn secret() -> impl Strategy<Value = String> {
    "([A-Za-z0-9+/]{4}){2,10}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_headers_come_in_without_the_secret(
        given in prop::collection::vec((0..NAMES.len(), tried()), 0..8),
        query in "(token=[!-~&&[^#\"<>`{}|\\\\^]]{0,20}&?){0,2}",
        secret in secret(),
        body in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let request = (all_headers(given), format!("/?{query}"));
        let text = format!("{request:?}");
        prop_assume!(!text.contains(&secret));
        for scheme in schemes() {
            for known in [&[secret.as_str()][..], &[]] {
                prop_assert!(ask(&scheme, known, &request, &body, NOW).is_err(), "{}: {text}", scheme.key());
            }
        }
    }

    #[test]
    fn whoever_has_a_secret_comes_in_and_nobody_else(
        mine in secret(), other in secret(),
        body in prop::collection::vec(any::<u8>(), 0..60),
        late in -300_i64..=300,
    ) {
        prop_assume!(mine != other);
        for scheme in schemes() {
            let request = made(&scheme, &mine, &body, NOW);
            let now = NOW + late;
            prop_assert!(ask(&scheme, &[&mine], &request, &body, now).is_ok(), "{}", scheme.key());
            prop_assert!(ask(&scheme, &[&other, &mine], &request, &body, now).is_ok(), "{}", scheme.key());
            prop_assert_eq!(ask(&scheme, &[&other], &request, &body, now), Err(AuthFault::Wrong));
            prop_assert_eq!(ask(&scheme, &[], &request, &body, now), Err(AuthFault::Wrong));
        }
    }

    #[test]
    fn nothing_that_is_signed_can_be_changed_or_sent_later(
        mine in secret(),
        body in prop::collection::vec(any::<u8>(), 1..60),
        place in any::<Index>(), bit in 0..8_u8, late in 301_i64..100_000,
    ) {
        let mut changed = body.clone();
        *place.get_mut(&mut changed) ^= 1 << bit;
        for scheme in schemes().into_iter().filter(|scheme| !scheme.is_before_body()) {
            let request = made(&scheme, &mine, &body, NOW);
            prop_assert_eq!(ask(&scheme, &[&mine], &request, &changed, NOW), Err(AuthFault::Wrong));
            let timed = !matches!(&scheme, Scheme::Hmac(hmac) if hmac.timestamp.is_none());
            for moment in [NOW + late, NOW - late] {
                let answer = ask(&scheme, &[&mine], &request, &body, moment);
                prop_assert_eq!(answer.err(), timed.then_some(AuthFault::Stale));
            }
        }
    }
}
