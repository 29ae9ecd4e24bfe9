//! Frames as Discord sends them, damaged, and any text at all: an event, or said to be unreadable.

use super::*;
use crate::discord::incoming::Kind;
use crate::domain::damage;
use proptest::prelude::*;
use serde_json::json;

fn session() -> SavedSession {
    SavedSession {
        id: "s".to_owned(),
        sequence: 7,
        resume_url: "ws://127.0.0.1:1".to_owned(),
    }
}

fn dispatch(name: &str, data: &Value) -> Value {
    json!({ "op": 0, "s": 7, "t": name, "d": data })
}

fn interaction(kind: u8, data: &Value) -> Value {
    let user = json!({ "id": "42", "username": "tier1", "global_name": "Tier One" });
    dispatch(
        "INTERACTION_CREATE",
        &json!({
            "id": "90", "token": "tok", "application_id": "5", "version": 1, "type": kind, "guild_id": "1",
            "channel_id": "2", "locale": "de", "data": data, "message": { "id": "77", "flags": 64 },
            "member": { "user": user, "nick": null, "roles": ["11"], "permissions": "8" },
        }),
    )
}

/// One of each kind that Baton reads.
fn frames() -> Vec<Value> {
    let ready = json!({
        "v": 10, "user": { "id": "1", "bot": true }, "guilds": [{ "id": "2", "unavailable": true }],
        "session_id": "s", "resume_gateway_url": "ws://127.0.0.1:1", "application": { "id": "1", "flags": 0 },
    });
    let answer = json!({ "type": 18, "id": 1, "component": { "type": 4, "id": 2, "custom_id": "why", "value": "so" } });
    let boxes = json!({ "type": 18, "component": { "type": 22, "custom_id": "boxes", "values": ["x", "y"] } });
    let resolved = json!({
        "users": { "42": { "id": "42", "username": "tier2" } }, "members": { "42": { "roles": ["11"] } },
        "attachments": { "8": { "id": "8", "filename": "a.txt", "size": 3, "url": "u" } },
    });
    vec![
        json!({ "op": 10, "d": { "heartbeat_interval": 41_250 } }),
        json!({ "op": 11 }),
        json!({ "op": 7, "d": null }),
        json!({ "op": 9, "d": false }),
        dispatch("READY", &ready),
        dispatch("RESUMED", &json!({})),
        dispatch(
            "GUILD_CREATE",
            &json!({ "id": "2", "owner_id": "3", "roles": [], "channels": [] }),
        ),
        dispatch(
            "GUILD_MEMBER_UPDATE",
            &json!({ "guild_id": "2", "user": { "id": "42" }, "roles": ["11"] }),
        ),
        dispatch(
            "GUILD_MEMBER_REMOVE",
            &json!({ "guild_id": "2", "user": { "id": "42" } }),
        ),
        dispatch(
            "CHANNEL_UPDATE",
            &json!({ "id": "2", "permission_overwrites": [] }),
        ),
        interaction(
            2,
            &json!({
                "id": "3", "name": "contain", "type": 1, "resolved": resolved, "options": [
                    { "type": 1, "name": "propose", "options": [
                        { "type": 3, "name": "text", "value": "all" }, { "type": 4, "name": "incident", "value": 3 },
                        { "type": 6, "name": "who", "value": "42" }, { "type": 11, "name": "file", "value": "8" },
                    ]},
                ],
            }),
        ),
        interaction(
            2,
            &json!({ "id": "3", "name": "Add to timeline", "type": 3, "target_id": "700" }),
        ),
        interaction(
            3,
            &json!({ "component_type": 3, "custom_id": "claim:1", "values": ["a"] }),
        ),
        interaction(
            4,
            &json!({ "id": "3", "name": "status", "type": 1, "options": [
            { "type": 4, "name": "incident", "value": "4", "focused": true } ] }),
        ),
        interaction(
            5,
            &json!({ "custom_id": "page:1", "components": [answer, boxes], "resolved": {} }),
        ),
    ]
}

fn texts() -> Vec<String> {
    frames().iter().map(Value::to_string).collect()
}

fn told(text: &str) -> Option<GatewayEvent> {
    read(text, Some(session()))
}

/// What is acted on stands in the frame, word for word; all else is told apart.
fn sound(text: &str) -> Result<(), TestCaseError> {
    let frame: Result<Value, _> = serde_json::from_str(text);
    let event = told(text);
    let Ok(frame) = frame else {
        prop_assert!(
            matches!(event, Some(GatewayEvent::Unreadable(_))),
            "{event:?}"
        );
        return Ok(());
    };
    match event {
        None => prop_assert!(
            frame["op"].as_u64().is_some_and(|op| op != 0),
            "{frame} is passed over"
        ),
        Some(GatewayEvent::Unreadable(what)) => prop_assert!(!what.is_empty()),
        Some(GatewayEvent::Ready(ready)) => {
            prop_assert_eq!(
                Some(ready.user_id.as_str()),
                frame["d"]["user"]["id"].as_str()
            );
        }
        Some(GatewayEvent::Interaction(got)) => {
            let raw = &frame["d"];
            prop_assert_eq!(Some(got.id.as_str()), raw["id"].as_str());
            prop_assert_eq!(Some(got.token.as_str()), raw["token"].as_str());
            prop_assert_eq!(got.guild_id.as_deref(), raw["guild_id"].as_str());
            let roles = raw["member"]["roles"].as_array().map_or(0, Vec::len);
            prop_assert!(got.member.roles.len() <= roles, "roles from nowhere");
            as_sent(&got.kind, raw)?;
        }
        Some(_) => prop_assert_eq!(&frame["op"], &json!(0)),
    }
    Ok(())
}

/// Only the known kinds, by what their data says.
fn as_sent(kind: &Kind, raw: &Value) -> Result<(), TestCaseError> {
    let data = &raw["data"];
    let id = data["custom_id"].as_str();
    match kind {
        Kind::Command { path, .. } => {
            prop_assert_eq!(&raw["type"], &json!(2));
            prop_assert!(path.starts_with(data["name"].as_str().unwrap()));
            prop_assert!(
                matches!(data["type"].as_u64(), None | Some(1..=3)),
                "{data}"
            );
        }
        Kind::Autocomplete { path, .. } => {
            prop_assert_eq!(&raw["type"], &json!(4));
            prop_assert!(path.starts_with(data["name"].as_str().unwrap()));
        }
        Kind::Component {
            custom_id, values, ..
        } => {
            prop_assert_eq!(&raw["type"], &json!(3));
            prop_assert_eq!(Some(custom_id.as_str()), id);
            prop_assert!(values.len() <= data["values"].as_array().map_or(0, Vec::len));
        }
        Kind::Modal { custom_id, .. } => {
            prop_assert_eq!(&raw["type"], &json!(5));
            prop_assert_eq!(Some(custom_id.as_str()), id);
        }
        Kind::Unknown { what } => prop_assert!(!what.is_empty()),
    }
    Ok(())
}

const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "\\",
    "\\ud800",
    "null",
    "true",
    "0",
    "2",
    "-1",
    "1e999",
    "\u{0}",
    "\"op\":0,",
    "\"t\":\"READY\",",
    "\"type\":9,",
    "\"d\":{},",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_frame_with_parts_gone_or_changed_is_read_or_told_apart(frame in damage::json(frames())) {
        sound(&frame.to_string())?;
    }

    #[test]
    fn a_damaged_text_is_read_or_told_apart(text in damage::text(texts(), WORDS)) {
        // Where a key stands twice, the reader refuses or takes the last, as `Value` does.
        sound(&text)?;
    }

    #[test]
    fn any_text_is_no_frame(text in "\\PC{0,80}") {
        prop_assume!(serde_json::from_str::<Value>(&text).is_err());
        prop_assert!(matches!(told(&text), Some(GatewayEvent::Unreadable(_))));
    }
}

#[test]
fn each_frame_is_read_as_what_it_is() {
    let named = |frame: &Value| told(&frame.to_string());
    for (at, frame) in frames().iter().enumerate() {
        match named(frame) {
            None => assert!(at < 4, "{frame}"),
            Some(GatewayEvent::Unreadable(_) | GatewayEvent::Other(_)) => panic!("{frame}"),
            Some(GatewayEvent::Interaction(read)) => {
                assert!(!matches!(read.kind, Kind::Unknown { .. }), "{frame}");
            }
            Some(_) => {}
        }
    }
    for text in [
        "",
        "[]",
        "{}",
        "{\"op\":null}",
        "{\"op\":\"0\"}",
        "{\"op\":256}",
    ] {
        let event = told(text);
        assert!(
            matches!(event, Some(GatewayEvent::Unreadable(_))),
            "{text}: {event:?}"
        );
    }
    let nameless = json!({ "op": 0, "t": "INTERACTION_CREATE", "d": { "id": "1" } });
    assert!(matches!(
        named(&nameless),
        Some(GatewayEvent::Unreadable(_))
    ));
}
