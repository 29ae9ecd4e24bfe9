//! Commands, components, modals, autocomplete: the whole way from the member and back.

use serde_json::{Value, json};

use super::{APP, Bot, Place};

async fn opened(commands: Value) -> (Place, Bot) {
    let place = Place::open().await;
    let bot = place.bot().await;
    place.register(commands).await;
    (place, bot)
}

fn one_command() -> Value {
    json!([{ "name": "open", "description": "d" }])
}

fn run() -> Value {
    json!({ "channel": "triage", "name": "open" })
}

#[tokio::test]
async fn a_slash_command_comes_with_nested_options_and_resolved_objects() {
    let (place, mut bot) = opened(json!([{ "name": "contain", "description": "d", "options": [
        { "type": 1, "name": "propose", "description": "d", "options": [
            { "type": 3, "name": "action", "description": "d", "required": true,
                "choices": [{ "name": "Isolate", "value": "isolate" }] },
            { "type": 6, "name": "who", "description": "d" },
            { "type": 4, "name": "hours", "description": "d", "max_value": 5 },
            { "type": 11, "name": "file", "description": "d" },
        ] }] }]))
    .await;
    let body = json!({ "channel": "triage", "name": "contain propose", "options": {
        "action": "isolate", "who": "tier2", "file": { "filename": "a.txt", "base64": "aGk=" } } });
    let answer = json!({ "type": 4, "data": { "content": "done", "flags": 64 } });
    let (shown, interaction) = place
        .exchange(&mut bot, "tier1", "commands", body, answer)
        .await;
    let leaf = &interaction["data"]["options"][0];
    assert_eq!(
        (&leaf["name"], &leaf["type"]),
        (&json!("propose"), &json!(1))
    );
    assert_eq!(leaf["options"][1]["value"], place.user("tier2"));
    let resolved = &interaction["data"]["resolved"];
    assert_eq!(resolved["users"][place.user("tier2")]["username"], "tier2");
    let file = leaf["options"][2]["value"].as_str().unwrap();
    let url = resolved["attachments"][file]["url"].as_str().unwrap();
    assert_eq!(reqwest::get(url).await.unwrap().text().await.unwrap(), "hi");
    assert_eq!(interaction["member"]["roles"], json!([place.role("tier1")]));
    assert_eq!(shown["response"]["data"]["content"], "done");
    assert_eq!(shown["message"]["content"], "done");
    assert_eq!(shown["message"]["ephemeral"], true);
    for (options, wrong) in [
        (json!({}), "action"),
        (json!({ "action": "wipe" }), "action"),
        (json!({ "action": "isolate", "hours": 6 }), "hours"),
        (json!({ "action": "isolate", "who": "nobody" }), "who"),
        (json!({ "action": "isolate", "else": 1 }), "else"),
    ] {
        let body = json!({ "channel": "triage", "name": "contain propose", "options": options });
        let (status, answer) = place.member("tier1", "commands", body).await;
        assert_eq!(status, 400);
        assert!(
            answer["error"].as_str().unwrap().contains(wrong),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn an_ephemeral_answer_is_seen_by_its_member_only() {
    let (place, mut bot) = opened(one_command()).await;
    let answer = json!({ "type": 4, "data": { "content": "psst", "flags": 64 } });
    let (shown, _) = place
        .exchange(&mut bot, "tier1", "commands", run(), answer)
        .await;
    assert_eq!(
        place.view("tier1", "triage").await.1["messages"][0]["content"],
        "psst"
    );
    assert_eq!(
        place.view("tier1b", "triage").await.1["messages"],
        json!([])
    );
    let path = format!("/channels/{}/messages", place.channel("triage"));
    assert_eq!(place.rest("GET", &path, Value::Null).await.1, json!([]));
    let path = format!("{path}/{}", shown["message"]["id"].as_str().unwrap());
    assert_eq!(
        place.rest("GET", &path, Value::Null).await.1["code"],
        10_008
    );
}

#[tokio::test]
async fn who_cannot_see_the_channel_gets_403() {
    let (place, _bot) = opened(one_command()).await;
    assert_eq!(place.member("outsider", "commands", run()).await.0, 403);
    assert_eq!(place.view("outsider", "triage").await.0, 403);
    let body = json!({ "channel": "triage", "content": "x" });
    assert_eq!(place.member("outsider", "messages", body).await.0, 403);
}

#[tokio::test]
async fn a_second_answer_a_late_one_and_an_unknown_one_are_refused() {
    let (place, mut bot) = opened(one_command()).await;
    let answer = json!({ "type": 4, "data": { "content": "x" } });
    let (_, interaction) = place
        .exchange(&mut bot, "tier1", "commands", run(), answer.clone())
        .await;
    let (status, again) = place.answer(&interaction, answer.clone()).await;
    assert_eq!((status.as_u16(), &again["code"]), (400, &json!(40_060)));
    let late = async {
        let interaction = bot.event("INTERACTION_CREATE").await;
        place.advance(3_001).await;
        place.answer(&interaction, answer.clone()).await
    };
    let ((status, _), (refused, wrong)) =
        tokio::join!(place.member("tier1", "commands", run()), late);
    assert_eq!(
        (status.as_u16(), refused.as_u16(), &wrong["code"]),
        (504, 404, &json!(10_062))
    );
    let unknown = json!({ "id": "7", "token": "t" });
    assert_eq!(place.answer(&unknown, answer).await.1["code"], 10_062);
}

#[tokio::test]
async fn the_first_followup_completes_a_deferral_and_the_token_lives_15_minutes() {
    let (place, mut bot) = opened(one_command()).await;
    let answer = json!({ "type": 5, "data": { "flags": 64 } });
    let (shown, interaction) = place
        .exchange(&mut bot, "tier1", "commands", run(), answer)
        .await;
    assert_eq!(shown["response"]["type"], 5);
    assert_eq!(shown["message"]["flags"], 128 + 64);
    let hook = format!("/webhooks/{APP}/{}", interaction["token"].as_str().unwrap());
    let (status, first) = place
        .rest("POST", &hook, json!({ "content": "first" }))
        .await;
    assert_eq!(
        (status.as_u16(), &first["id"]),
        (200, &shown["message"]["id"])
    );
    assert_eq!(
        first["flags"], 64,
        "as ephemeral as the deferral, and no longer thinking"
    );
    place
        .rest("POST", &hook, json!({ "content": "second" }))
        .await;
    let original = format!("{hook}/messages/@original");
    place
        .rest("PATCH", &original, json!({ "content": "edited" }))
        .await;
    let messages = place.view("tier1", "triage").await.1["messages"].clone();
    assert_eq!(
        (&messages[0]["content"], &messages[1]["content"]),
        (&json!("edited"), &json!("second"))
    );
    assert_eq!(messages[1]["ephemeral"], false);
    assert_eq!(place.rest("DELETE", &original, Value::Null).await.0, 204);
    place.advance(15 * 60_000 + 1).await;
    let (status, expired) = place
        .rest("POST", &hook, json!({ "content": "late" }))
        .await;
    assert_eq!((status.as_u16(), &expired["code"]), (401, &json!(50_027)));
}

fn modal_of_all_kinds() -> Value {
    let options = json!([{ "label": "A", "value": "a" }, { "label": "B", "value": "b" }]);
    let label =
        |name: &str, component: Value| json!({ "type": 18, "label": name, "component": component });
    let page =
        |list: Vec<Value>| json!({ "custom_id": "form", "title": "Form", "components": list });
    json!([
        page(vec![
            label(
                "Text",
                json!({ "type": 4, "style": 2, "custom_id": "text", "min_length": 3 })
            ),
            label(
                "Pick",
                json!({ "type": 3, "custom_id": "pick", "options": options })
            ),
            label("User", json!({ "type": 5, "custom_id": "user" })),
            label("Role", json!({ "type": 6, "custom_id": "role" })),
            label("Both", json!({ "type": 7, "custom_id": "both" })),
        ]),
        page(vec![
            label("Channel", json!({ "type": 8, "custom_id": "channel" })),
            label("File", json!({ "type": 19, "custom_id": "file" })),
            label(
                "Radio",
                json!({ "type": 21, "custom_id": "radio", "options": options })
            ),
            label(
                "Checks",
                json!({ "type": 22, "custom_id": "checks", "options": options, "max_values": 2 })
            ),
            label("Check", json!({ "type": 23, "custom_id": "check" })),
        ]),
    ])
}

#[tokio::test]
async fn a_form_with_every_kind_of_input_arrives_with_its_values() {
    let (place, mut bot) = opened(one_command()).await;
    let forms = modal_of_all_kinds();
    let values = [
        json!({ "text": "three", "pick": "b", "user": "tier2", "role": ["tier1"], "both": "tier2" }),
        json!({ "channel": "general", "file": { "filename": "log.txt", "base64": "aGk=" },
            "radio": "a", "checks": ["a", "b"], "check": true }),
    ];
    for (form, values) in forms.as_array().unwrap().iter().zip(values) {
        let answer = json!({ "type": 9, "data": form });
        let (shown, _) = place
            .exchange(&mut bot, "tier1", "commands", run(), answer)
            .await;
        let modal = shown["modal"]["id"].clone();
        assert_eq!(place.view("tier1", "triage").await.1["modal"]["id"], modal);
        let body = json!({ "modal": modal, "values": values });
        let answer = json!({ "type": 4, "data": { "content": "got it", "flags": 64 } });
        let (_, submit) = place
            .exchange(&mut bot, "tier1", "modals", body, answer)
            .await;
        assert_eq!(submit["data"]["custom_id"], "form");
        for one in submit["data"]["components"].as_array().unwrap() {
            let input = &one["component"];
            let user = place.user("tier2");
            match input["custom_id"].as_str().unwrap() {
                "text" => assert_eq!(input["value"], "three"),
                "pick" => assert_eq!(input["values"], json!(["b"])),
                "user" => assert_eq!(input["values"], json!([user])),
                "role" => assert_eq!(input["values"], json!([place.role("tier1")])),
                "both" => assert!(submit["data"]["resolved"]["users"][user].is_object()),
                "channel" => assert_eq!(input["values"], json!([place.channel("general")])),
                "file" => {
                    let id = input["values"][0].as_str().unwrap();
                    assert_eq!(
                        submit["data"]["resolved"]["attachments"][id]["filename"],
                        "log.txt"
                    );
                }
                "radio" => assert_eq!(input["value"], "a"),
                "checks" => assert_eq!(input["values"], json!(["a", "b"])),
                "check" => assert_eq!(input["value"], true),
                other => panic!("{other}"),
            }
        }
        assert_eq!(place.view("tier1", "triage").await.1["modal"], Value::Null);
    }
}

#[tokio::test]
async fn a_form_is_not_sent_with_gaps_and_a_submitted_one_takes_no_modal() {
    let (place, mut bot) = opened(one_command()).await;
    let form = modal_of_all_kinds()[0].clone();
    let answer = json!({ "type": 9, "data": form });
    let (shown, _) = place
        .exchange(&mut bot, "tier1", "commands", run(), answer.clone())
        .await;
    let modal = &shown["modal"]["id"];
    let full =
        json!({ "text": "three", "pick": "b", "user": "tier2", "role": "tier1", "both": "tier2" });
    let with = |key: &str, value: Value| {
        let mut values = full.clone();
        values[key] = value;
        json!({ "modal": modal, "values": values })
    };
    for (body, named) in [
        (with("text", json!("")), "Text"),
        (with("text", json!("ab")), "Text"),
        (with("pick", json!("z")), "Pick"),
        (with("user", json!([])), "User"),
        (with("else", json!("x")), "else"),
    ] {
        let (status, wrong) = place.member("tier1", "modals", body).await;
        assert_eq!(status, 400);
        assert!(wrong["error"].as_str().unwrap().contains(named), "{wrong}");
    }
    assert_eq!(
        place
            .member(
                "tier1b",
                "modals",
                json!({ "modal": modal, "values": full })
            )
            .await
            .0,
        400
    );
    let refused = async {
        let submit = bot.event("INTERACTION_CREATE").await;
        let wrong = place.answer(&submit, answer.clone()).await;
        place.answer(&submit, json!({ "type": 5 })).await;
        wrong
    };
    let body = json!({ "modal": modal, "values": full });
    let ((status, _), (refused, wrong)) =
        tokio::join!(place.member("tier1", "modals", body), refused);
    assert_eq!(
        (status.as_u16(), refused.as_u16(), &wrong["code"]),
        (200, 400, &json!(50_035))
    );
}

#[tokio::test]
async fn a_button_updates_its_message_and_a_disabled_one_cannot_be_pressed() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    let button = |disabled: bool| {
        json!([{ "type": 1, "components": [
        { "type": 2, "style": 1, "label": "Claim", "custom_id": "claim", "disabled": disabled }] }])
    };
    let path = format!("/channels/{}/messages", place.channel("triage"));
    let body = json!({ "content": "card", "components": button(false) });
    let (_, card) = place.rest("POST", &path, body).await;
    let press = json!({ "message": card["id"], "custom_id": "claim" });
    assert_eq!(
        place
            .member("outsider", "components", press.clone())
            .await
            .0,
        403
    );
    let answer = json!({ "type": 7, "data": { "content": "claimed", "components": button(true) } });
    let (shown, interaction) = place
        .exchange(&mut bot, "tier1", "components", press.clone(), answer)
        .await;
    assert_eq!(interaction["message"]["id"], card["id"]);
    assert_eq!(shown["message"]["content"], "claimed");
    assert_eq!(place.member("tier1b", "components", press).await.0, 400);
}

#[tokio::test]
async fn autocomplete_gives_choices_and_takes_at_most_25() {
    let (place, mut bot) = opened(json!([{ "name": "open", "description": "d", "options": [
        { "type": 3, "name": "id", "description": "d", "required": true, "autocomplete": true }] }])).await;
    let body =
        json!({ "channel": "triage", "name": "open", "options": { "id": "IN" }, "focused": "id" });
    let answer = json!({ "type": 8, "data": { "choices": [{ "name": "INC-1", "value": "1" }] } });
    let (shown, interaction) = place
        .exchange(&mut bot, "tier1", "autocomplete", body.clone(), answer)
        .await;
    assert_eq!(interaction["data"]["options"][0]["focused"], true);
    assert_eq!(shown["choices"][0]["name"], "INC-1");
    let many: Vec<Value> = (0..26)
        .map(|n| json!({ "name": n.to_string(), "value": "v" }))
        .collect();
    let refused = async {
        let interaction = bot.event("INTERACTION_CREATE").await;
        let wrong = place
            .answer(
                &interaction,
                json!({ "type": 8, "data": { "choices": many } }),
            )
            .await;
        place
            .answer(
                &interaction,
                json!({ "type": 8, "data": { "choices": [] } }),
            )
            .await;
        wrong
    };
    let (_, (status, _)) = tokio::join!(place.member("tier1", "autocomplete", body), refused);
    assert_eq!(status, 400);
}

#[tokio::test]
async fn menus_take_their_options_only_and_resolve_members() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    let row = |select: Value| json!({ "type": 1, "components": [select] });
    let body = json!({ "content": "pick", "components": [
        row(json!({ "type": 3, "custom_id": "why", "options": [
            { "label": "A", "value": "a" }, { "label": "B", "value": "b" }] })),
        row(json!({ "type": 5, "custom_id": "who", "max_values": 2 })),
    ] });
    let path = format!("/channels/{}/messages", place.channel("triage"));
    let (_, message) = place.rest("POST", &path, body).await;
    let pick = |id: &str, values: Value| json!({ "message": message["id"], "custom_id": id, "values": values });
    for wrong in [
        pick("why", json!(["c"])),
        pick("why", json!(["a", "b"])),
        pick("none", json!([])),
    ] {
        assert_eq!(place.member("tier1", "components", wrong).await.0, 400);
    }
    let later = json!({ "type": 6 });
    let (_, interaction) = place
        .exchange(
            &mut bot,
            "tier1",
            "components",
            pick("why", json!(["b"])),
            later.clone(),
        )
        .await;
    assert_eq!(interaction["data"]["values"], json!(["b"]));
    let hook = format!(
        "/webhooks/{APP}/{}/messages/@original",
        interaction["token"].as_str().unwrap()
    );
    assert_eq!(
        place
            .rest("PATCH", &hook, json!({ "content": "b it is" }))
            .await
            .0,
        200
    );
    assert_eq!(
        place.view("tier1b", "triage").await.1["messages"][0]["content"],
        "b it is"
    );
    let who = pick("who", json!(["tier2", "outsider"]));
    let (_, interaction) = place
        .exchange(&mut bot, "tier1", "components", who, later)
        .await;
    assert_eq!(
        interaction["data"]["resolved"]["members"]
            .as_object()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_context_menu_carries_its_message() {
    let (place, mut bot) = opened(json!([{ "name": "Add to timeline", "type": 3 }])).await;
    let note = json!({ "channel": "triage", "content": "noted" });
    let (_, message) = place.member("tier1", "messages", note).await;
    let body = json!({ "channel": "triage", "name": "Add to timeline", "type": 3, "target": message["id"] });
    let answer = json!({ "type": 4, "data": { "content": "added", "flags": 64 } });
    let (_, interaction) = place
        .exchange(&mut bot, "tier1", "commands", body, answer)
        .await;
    let id = message["id"].as_str().unwrap();
    assert_eq!(interaction["data"]["target_id"], id);
    assert_eq!(
        interaction["data"]["resolved"]["messages"][id]["content"],
        "noted"
    );
}

#[tokio::test]
async fn a_command_for_administrators_is_not_offered_to_others() {
    let (place, _bot) =
        opened(json!([{ "name": "open", "description": "d", "default_member_permissions": "0" }]))
            .await;
    assert_eq!(place.member("tier1", "commands", run()).await.0, 403);
}
