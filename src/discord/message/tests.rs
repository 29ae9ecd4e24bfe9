//! What a card becomes on Discord's wire.

use super::*;
use crate::domain::ids::AccountId;
use crate::render::card::{Button, CardFile, Choice, Row, UserMention};
use proptest::prelude::*;

fn press(custom_id: &str) -> Button {
    Button {
        label: "Claim".into(),
        custom_id: custom_id.into(),
        ..Button::default()
    }
}

fn mention(id: &str) -> UserMention {
    UserMention {
        account: AccountId::new(id),
    }
}

#[test]
fn a_card_is_one_embed_with_its_tone_in_words() {
    let card = Card {
        title: "INC-7 · Upload to personal cloud".into(),
        tone: Tone::Alarm,
        body: "**Severity** high".into(),
        footer: Some("12 min old".into()),
        rows: vec![Row::Buttons(vec![press("k1")])],
        ..Card::default()
    };
    let json = message_json(&card, Some("n-1"));
    assert_eq!(
        json,
        json!({
            "content": "",
            "embeds": [{
                "title": "INC-7 · Upload to personal cloud", "description": "**Severity** high",
                "color": 0xC6_2828, "footer": { "text": "Urgent · 12 min old" },
            }],
            "components": [{ "type": 1, "components": [
                { "type": 2, "style": 2, "label": "Claim", "custom_id": "k1~n-1", "disabled": false },
            ]}],
            "allowed_mentions": { "parse": [], "users": [] },
            "nonce": "n-1", "enforce_nonce": true,
        })
    );
    // By this it is found again; an edit keeps it.
    assert_eq!(key_of(&json), Some("n-1"));
    assert_eq!(key_of(&edit_json(&card, Some("n-1"))), Some("n-1"));
    assert_eq!(key_of(&edit_json(&card, None)), None);
    assert_eq!(
        words_of(&json),
        (
            Some("INC-7 · Upload to personal cloud"),
            Some("**Severity** high")
        )
    );
}

#[test]
fn only_the_people_named_for_it_are_mentioned() {
    let card = Card {
        content: Some("A brief waits. @everyone <@99>".into()),
        mentions: vec![mention("11"), mention("11"), mention("@everyone")],
        ..Card::default()
    };
    let json = message_json(&card, None);
    assert_eq!(
        json["allowed_mentions"],
        json!({ "parse": [], "users": ["11"] })
    );
    assert_eq!(json["content"], "<@11> A brief waits. @everyone <@99>");
}

#[test]
fn a_mention_outlives_a_cut() {
    let card = Card {
        content: Some("x".repeat(5_000)),
        mentions: vec![mention("11")],
        ..Card::default()
    };
    let json = message_json(&card, None);
    let content = json["content"].as_str().unwrap();
    assert!(content.starts_with("<@11> xxx") && content.ends_with(CUT));
    assert_eq!(length(content), limits::CONTENT);
}

#[test]
fn a_long_body_is_cut_with_a_sign_and_the_sum_holds() {
    let card = Card {
        title: "t".repeat(400),
        body: "b".repeat(10_000),
        footer: Some("f".repeat(4_000)),
        ..Card::default()
    };
    let embed = message_json(&card, None)["embeds"][0].take();
    assert!(embed["description"].as_str().unwrap().ends_with(CUT));
    assert!(embed["title"].as_str().unwrap().ends_with('…'));
    assert_eq!(embed_sum(&embed), limits::EMBED_SUM);
}

#[test]
fn a_control_that_does_not_fit_is_announced() {
    let doubled = Row::Buttons(vec![press("same"), press("same")]);
    let nameless = Row::Buttons(vec![press(&"x".repeat(101))]);
    let card = Card {
        body: "b".into(),
        rows: vec![doubled, nameless],
        ..Card::default()
    };
    let json = message_json(&card, None);
    assert_eq!(json["components"].as_array().unwrap().len(), 1);
    assert_eq!(
        json["embeds"][0]["description"],
        "(2 controls do not fit here; use the commands.)\nb"
    );
}

#[test]
fn six_buttons_take_two_rows() {
    let row = Row::Buttons((0..6).map(|n| press(&n.to_string())).collect());
    let json = message_json(
        &Card {
            rows: vec![row],
            ..Card::default()
        },
        None,
    );
    let sizes: Vec<_> = json["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["components"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [5, 1]);
}

#[test]
fn an_edit_takes_away_what_the_card_no_longer_has() {
    let card = Card {
        title: "INC-7".into(),
        ..Card::default()
    };
    let json = edit_json(&card, None);
    assert_eq!(json["content"], "");
    assert_eq!(json["components"], json!([]));
    assert_eq!(json["attachments"], json!([]));
}

#[test]
fn files_are_announced_with_their_number() {
    let file = CardFile {
        name: "record.txt".into(),
        bytes: vec![1],
    };
    let card = Card {
        files: vec![file],
        ..Card::default()
    };
    let expected = json!([{ "id": 0, "filename": "record.txt" }]);
    assert_eq!(message_json(&card, None)["attachments"], expected);
    assert_eq!(reply_json(&card, true)["data"]["attachments"], expected);
}

#[test]
fn a_link_opens_only_the_web() {
    let link = |url: &str| Button {
        label: "Source".into(),
        url: Some(url.into()),
        ..press("")
    };
    let row = Row::Buttons(vec![
        link("https://purview.example/1"),
        link("javascript:x"),
    ]);
    let json = message_json(
        &Card {
            rows: vec![row],
            ..Card::default()
        },
        None,
    );
    assert_eq!(
        json["components"][0]["components"],
        json!([{ "type": 2, "style": 5, "label": "Source", "url": "https://purview.example/1",
                 "disabled": false }])
    );
}

#[test]
fn answers_have_their_type_and_keep_their_privacy() {
    let card = Card {
        title: "INC-7".into(),
        ..Card::default()
    };
    assert_eq!(reply_json(&card, true)["type"], 4);
    assert_eq!(reply_json(&card, true)["data"]["flags"], 64);
    assert_eq!(followup_json(&card, true)["flags"], 64);
    assert_eq!(
        deferred_json(true),
        json!({ "type": 5, "data": { "flags": 64 } })
    );
    assert_eq!(update_json(&card)["type"], 7);
    let many: Vec<_> = (0..40).map(|n| ("n".repeat(150), n.to_string())).collect();
    let choices = choices_json(&many);
    assert_eq!(choices["type"], 8);
    assert_eq!(
        choices["data"]["choices"].as_array().unwrap().len(),
        limits::CHOICES
    );
    assert_eq!(
        length(choices["data"]["choices"][0]["name"].as_str().unwrap()),
        100
    );
}

fn embed_sum(embed: &Value) -> usize {
    ["/title", "/description", "/footer/text"]
        .iter()
        .filter_map(|p| embed.pointer(p)?.as_str())
        .map(length)
        .sum()
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        ".{0,40}",
        (1_usize..7_000).prop_map(|n| "é*".repeat(n)),
        (80_usize..160).prop_map(|n| "k".repeat(n)),
    ]
}

fn rows() -> impl Strategy<Value = Row> {
    let button = (texts(), texts(), any::<bool>()).prop_map(|(label, custom_id, link)| Button {
        label,
        url: link.then(|| format!("https://{custom_id}")),
        custom_id,
        ..Button::default()
    });
    let choice = (
        texts(),
        texts(),
        proptest::option::of(texts()),
        any::<bool>(),
    )
        .prop_map(|(value, label, description, selected)| Choice {
            value,
            label,
            description,
            selected,
        });
    prop_oneof![
        proptest::collection::vec(button, 0..8).prop_map(Row::Buttons),
        (
            texts(),
            proptest::collection::vec(choice, 0..30),
            any::<u8>(),
            any::<u8>()
        )
            .prop_map(|(custom_id, options, min, max)| Row::Select {
                placeholder: Some(custom_id.clone()),
                custom_id,
                options,
                min,
                max,
            }),
    ]
}

fn assert_row_is_valid(row: &Value) {
    let parts = row["components"].as_array().unwrap();
    assert!((1..=5).contains(&parts.len()));
    for part in parts {
        if let Some(label) = part["label"].as_str() {
            assert!((1..=80).contains(&length(label)));
        }
        if let Some(options) = part["options"].as_array() {
            assert!((1..=25).contains(&options.len()));
            let (min, max) = (part["min_values"].as_u64(), part["max_values"].as_u64());
            assert!(min <= max && max.unwrap() <= options.len() as u64 && max > Some(0));
            let chosen = options.iter().filter(|o| o["default"] == true).count() as u64;
            assert!(chosen <= max.unwrap());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_card_is_within_every_limit(
        content in proptest::option::of(texts()), title in texts(), body in texts(),
        footer in proptest::option::of(texts()), rows in proptest::collection::vec(rows(), 0..7),
        people in proptest::collection::vec(any::<u64>(), 0..120),
    ) {
        let mentions = people.iter().map(|p| mention(&p.to_string())).collect();
        let card = Card { content, title, body, footer, rows, mentions, ..Card::default() };
        let json = message_json(&card, Some(&"n".repeat(40)));
        prop_assert!(length(json["content"].as_str().unwrap()) <= 2_000);
        prop_assert_eq!(length(json["nonce"].as_str().unwrap()), 25);
        let embed = &json["embeds"][0];
        prop_assert!(embed_sum(embed) <= 6_000);
        for (part, most) in [("title", 256), ("description", 4_096)] {
            if let Some(text) = embed[part].as_str() {
                prop_assert!((1..=most).contains(&length(text)));
            }
        }
        let rows = json["components"].as_array().unwrap();
        prop_assert!(rows.len() <= 5);
        let mut ids = BTreeSet::new();
        for row in rows {
            assert_row_is_valid(row);
            for part in row["components"].as_array().unwrap() {
                if let Some(id) = part["custom_id"].as_str() {
                    prop_assert!((1..=100).contains(&length(id)) && ids.insert(id.to_owned()));
                }
            }
        }
        let users = json["allowed_mentions"]["users"].as_array().unwrap();
        prop_assert!(users.len() <= 100);
    }
}
