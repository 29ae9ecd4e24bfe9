//! Interactions as Discord sends them, and as nobody should.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn interaction(kind: u8, data: &Value) -> Value {
    json!({
        "id": "90", "token": "tok", "application_id": "5", "version": 1, "type": kind,
        "guild_id": "1", "channel_id": "2", "locale": "de", "data": data,
        "message": { "id": "77" },
        "member": {
            "user": { "id": "42", "username": "tier1", "global_name": "Tier One" },
            "nick": null, "roles": ["11", "12"], "permissions": "4503599627370496",
            "deaf": false, "mute": false, "flags": 0,
        },
    })
}

#[test]
fn a_command_has_its_whole_path_and_typed_options() {
    let read = read(&interaction(
        2,
        &json!({
            "id": "3", "name": "contain", "type": 1,
            "resolved": {
                "users": { "42": { "id": "42", "username": "tier2", "bot": false } },
                "members": { "42": { "nick": "Two", "roles": ["11"], "permissions": "8" } },
                "attachments": { "8": { "id": "8", "filename": "a.txt", "size": 3, "url": "u" } },
            },
            "options": [{ "type": 1, "name": "propose", "options": [
                { "type": 3, "name": "why", "value": "third alert" },
                { "type": 4, "name": "count", "value": 3 },
                { "type": 5, "name": "now", "value": true },
                { "type": 6, "name": "who", "value": "42" },
                { "type": 10, "name": "share", "value": 0.5 },
                { "type": 11, "name": "file", "value": "8" },
                { "type": 99, "name": "new", "value": {} },
            ]}],
        }),
    ))
    .unwrap();
    assert_eq!((read.id.as_str(), read.token.as_str()), ("90", "tok"));
    assert_eq!(
        (read.guild_id.as_deref(), read.channel_id.as_deref()),
        (Some("1"), Some("2"))
    );
    assert_eq!(read.message_id.as_deref(), Some("77"));
    assert_eq!(
        read.member,
        Member {
            user_id: "42".into(),
            username: "tier1".into(),
            display: "Tier One".into(),
            roles: vec!["11".into(), "12".into()],
            permissions: 1 << 52,
            bot: false,
        }
    );
    let Kind::Command {
        path,
        command_type,
        options,
        resolved,
        target,
    } = read.kind
    else {
        panic!("{:?}", read.kind)
    };
    assert_eq!(
        (path.as_str(), command_type),
        ("contain propose", CommandType::Slash)
    );
    assert!(target.is_none());
    let values: Vec<_> = options.into_iter().map(|o| (o.name, o.value)).collect();
    let file = resolved.files["8"].clone();
    assert_eq!((file.filename.as_str(), file.size), ("a.txt", 3));
    assert_eq!(
        values,
        [
            ("why".into(), OptionValue::Text("third alert".into())),
            ("count".into(), OptionValue::Integer(3)),
            ("now".into(), OptionValue::Flag(true)),
            ("who".into(), OptionValue::User("42".into())),
            ("share".into(), OptionValue::Number(0.5)),
            ("file".into(), OptionValue::File(Box::new(file))),
            ("new".into(), OptionValue::Unknown(99)),
        ]
    );
    assert_eq!(resolved.people["42"].display, "Two");
    assert_eq!(resolved.people["42"].roles, ["11"]);
}

#[test]
fn an_autocomplete_has_what_is_typed_so_far() {
    let read = read(&interaction(
        4,
        &json!({
            "id": "3", "name": "status", "type": 1, "options": [
                { "type": 3, "name": "filter", "value": "open" },
                { "type": 4, "name": "incident", "value": "4", "focused": true },
            ],
        }),
    ))
    .unwrap();
    let Kind::Autocomplete {
        path,
        options,
        focused,
    } = read.kind
    else {
        panic!()
    };
    assert_eq!(
        (path.as_str(), focused),
        ("status", ("incident".into(), "4".into()))
    );
    assert_eq!(options.len(), 1);
}

#[test]
fn a_context_menu_has_its_target() {
    let message = json!({
        "id": "700", "channel_id": "2", "content": "looks odd", "type": 0, "tts": false,
        "timestamp": "2026-11-21T10:00:00Z", "edited_timestamp": null, "pinned": false,
        "author": { "id": "42", "username": "tier1", "discriminator": "0" },
        "attachments": [], "embeds": [], "mentions": [], "mention_roles": [],
        "mention_everyone": false,
    });
    let data = json!({
        "id": "3", "name": "Add to timeline", "type": 3, "target_id": "700",
        "resolved": { "messages": { "700": message } },
    });
    let Kind::Command {
        path,
        target: Some(Target::Message { id, message }),
        ..
    } = read(&interaction(2, &data)).unwrap().kind
    else {
        panic!()
    };
    assert_eq!((path.as_str(), id.as_str()), ("Add to timeline", "700"));
    assert_eq!(message.unwrap().content, "looks odd");

    let data = json!({
        "id": "3", "name": "Who", "type": 2, "target_id": "42",
        "resolved": { "users": { "42": { "id": "42", "username": "tier1" } } },
    });
    let Kind::Command {
        target: Some(Target::User { user, .. }),
        ..
    } = read(&interaction(2, &data)).unwrap().kind
    else {
        panic!()
    };
    assert_eq!(user.unwrap().name, "tier1");
}

#[test]
fn a_press_and_a_choice_have_their_values() {
    let data = json!({ "component_type": 3, "custom_id": "k", "values": ["a", "b"] });
    let Kind::Component {
        custom_id, values, ..
    } = read(&interaction(3, &data)).unwrap().kind
    else {
        panic!()
    };
    assert_eq!(
        (custom_id.as_str(), values),
        ("k", vec!["a".to_owned(), "b".to_owned()])
    );
}

#[test]
fn every_answer_of_a_form_arrives() {
    let label = |component: Value| json!({ "type": 18, "id": 1, "component": component });
    let data = json!({
        "custom_id": "f:1",
        "resolved": { "attachments": { "8": {
            "id": "8", "filename": "log.txt", "size": 12, "content_type": "text/plain", "url": "u",
        }}},
        "components": [
            label(json!({ "type": 4, "id": 2, "custom_id": "text", "value": "because" })),
            label(json!({ "type": 3, "custom_id": "select", "values": ["a"] })),
            label(json!({ "type": 5, "custom_id": "person", "values": ["42"] })),
            label(json!({ "type": 19, "custom_id": "upload", "values": ["8", "9"] })),
            label(json!({ "type": 21, "custom_id": "radio", "value": "yes" })),
            label(json!({ "type": 21, "custom_id": "none", "value": null })),
            label(json!({ "type": 22, "custom_id": "boxes", "values": ["x", "y"] })),
            label(json!({ "type": 23, "custom_id": "flag", "value": true })),
            { "type": 10, "id": 9 },
            { "type": 1, "components": [{ "type": 4, "custom_id": "old", "value": "row" }] },
        ],
    });
    let Kind::Modal {
        custom_id, values, ..
    } = read(&interaction(5, &data)).unwrap().kind
    else {
        panic!()
    };
    assert_eq!(custom_id, "f:1");
    let list = |items: &[&str]| ModalValue::Values(items.iter().map(|s| (*s).into()).collect());
    let file = UploadedFile {
        id: "8".into(),
        filename: "log.txt".into(),
        size: 12,
        content_type: Some("text/plain".into()),
        url: "u".into(),
    };
    let bare = UploadedFile {
        id: "9".into(),
        ..UploadedFile::default()
    };
    let expected = BTreeMap::from([
        ("text".to_owned(), ModalValue::Text("because".into())),
        ("select".to_owned(), list(&["a"])),
        ("person".to_owned(), list(&["42"])),
        ("upload".to_owned(), ModalValue::Files(vec![file, bare])),
        ("radio".to_owned(), list(&["yes"])),
        ("none".to_owned(), list(&[])),
        ("boxes".to_owned(), list(&["x", "y"])),
        ("flag".to_owned(), ModalValue::Flag(true)),
        ("old".to_owned(), ModalValue::Text("row".into())),
    ]);
    assert_eq!(values, expected);
}

#[test]
fn what_has_no_known_shape_is_told_apart_and_can_be_answered() {
    for raw in [
        interaction(77, &json!({})),
        interaction(2, &Value::Null),
        interaction(2, &json!({ "type": 9, "name": "x" })),
        interaction(3, &json!({})),
        interaction(4, &json!({ "name": "x" })),
    ] {
        let read = read(&raw).unwrap();
        assert!(matches!(read.kind, Kind::Unknown { .. }), "{:?}", read.kind);
        assert_eq!(read.token, "tok");
    }
    assert!(read(&json!({ "id": "1" })).is_none());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_u64..30).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z0-9]{0,4}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        "[a-z]{0,3}",
        proptest::sample::select(vec![
            "id",
            "token",
            "type",
            "data",
            "options",
            "name",
            "value",
            "values",
            "components",
            "component",
            "custom_id",
            "resolved",
            "users",
            "members",
            "attachments",
            "messages",
            "member",
            "user",
            "roles",
            "focused",
            "target_id",
            "permissions",
            "message",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(6, 80, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_without_a_panic(mut raw in any_json(), data in any_json(), kind in 0_u8..7) {
        let _ = read(&raw);
        if let Value::Object(map) = &mut raw {
            map.insert("id".into(), json!("1"));
            map.insert("token".into(), json!("t"));
            map.insert("type".into(), json!(kind));
            map.insert("data".into(), data);
            prop_assert!(read(&raw).is_some());
        }
    }
}

#[test]
fn the_token_and_the_words_are_in_no_debug_text() {
    let data = json!({ "custom_id": "k", "values": ["private"] });
    let shown = format!("{:?}", read(&interaction(3, &data)).unwrap());
    assert!(shown.contains("90") && !shown.contains("tok") && !shown.contains("private"));
}
