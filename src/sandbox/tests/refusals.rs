//! What Discord refuses although its published schema lets it pass: each wrong request is sent, and
//! gets code 50035 with a code and a sentence at the path of the field.

use serde_json::{Value, json};

use super::{APP, Place};

fn wrong(refused: &(reqwest::StatusCode, Value), pointer: &str) {
    let (status, body) = refused;
    assert_eq!(
        (status.as_u16(), &body["code"]),
        (400, &json!(50_035)),
        "{pointer}: {body}"
    );
    assert_eq!(body["message"], "Invalid Form Body");
    let found = body.pointer(&format!("/errors{pointer}/_errors/0"));
    let found = found.unwrap_or_else(|| panic!("nothing at {pointer}: {body}"));
    assert!(
        found["code"].is_string() && found["message"].is_string(),
        "{body}"
    );
}

fn row(children: &[Value]) -> Value {
    json!({ "type": 1, "components": children })
}

fn button(id: &str) -> Value {
    json!({ "type": 2, "style": 1, "label": "l", "custom_id": id })
}

#[tokio::test]
async fn wrong_messages_are_refused_at_the_path_of_the_field() {
    let place = Place::open().await;
    let path = format!("/channels/{}/messages", place.channel("general"));
    let long = "x".repeat(3_001);
    let text = json!({ "type": 10, "content": "x" });
    let rows: Vec<Value> = (0..6).map(|n| row(&[button(&n.to_string())])).collect();
    let twice = json!([{ "label": "a", "value": "v" }, { "label": "b", "value": "v" }]);
    let menu = json!({ "type": 3, "custom_id": "m", "options": twice });
    let span = json!({ "type": 5, "custom_id": "m", "min_values": 3, "max_values": 2 });
    let embed = json!({ "description": long });
    for (body, pointer) in [
        (json!({ "content": "x".repeat(2_001) }), "/content"),
        (json!({ "content": "x".repeat(4_000) }), "/content"),
        (json!({ "embeds": [embed, embed] }), "/embeds"),
        (
            json!({ "flags": 1 << 15, "components": vec![text.clone(); 41] }),
            "/components",
        ),
        (json!({ "components": rows }), "/components"),
        (
            json!({ "components": [row(&[button("a"), button("a")])] }),
            "/components",
        ),
        (
            json!({ "flags": 1 << 15, "content": "x", "components": [text] }),
            "/content",
        ),
        (
            json!({ "components": [row(&[menu])] }),
            "/components/0/components/0/options/1/value",
        ),
        (
            json!({ "components": [row(&[span])] }),
            "/components/0/components/0/min_values",
        ),
    ] {
        wrong(&place.rest("POST", &path, body).await, pointer);
        place.advance(5_000).await;
    }
    assert_eq!(
        place.view("tier1", "general").await.1["messages"],
        json!([])
    );
}

#[tokio::test]
async fn wrong_commands_are_refused_at_the_path_of_the_field() {
    let place = Place::open().await;
    let path = format!("/applications/{APP}/guilds/{}/commands", place.guild_id());
    let option = |name: &str, required: bool| json!({ "type": 3, "name": name, "description": "d", "required": required });
    for (body, pointer) in [
        (json!([{ "name": "Open", "description": "d" }]), "/0/name"),
        (json!([{ "name": "open" }]), "/0/description"),
        (
            json!([{ "name": "open", "description": "d", "options": [option("a", false), option("b", true)] }]),
            "/0/options/1",
        ),
    ] {
        wrong(&place.rest("PUT", &path, body).await, pointer);
    }
    let many: Vec<Value> = (0..101)
        .map(|n| json!({ "name": format!("c{n}"), "description": "d" }))
        .collect();
    let (status, refused) = place.rest("PUT", &path, json!(many)).await;
    assert_eq!((status.as_u16(), &refused["code"]), (400, &json!(30_032)));
    assert_eq!(place.rest("GET", &path, Value::Null).await.1, json!([]));
}

#[tokio::test]
async fn wrong_forms_are_refused_at_the_path_of_the_field() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    place
        .register(json!([{ "name": "open", "description": "d" }]))
        .await;
    let label = |id: &str| json!({ "type": 18, "label": "l", "component": { "type": 4, "style": 1, "custom_id": id } });
    let form = |list: Vec<Value>| json!({ "type": 9, "data": { "custom_id": "f", "title": "t", "components": list } });
    let six = form((0..6).map(|n| label(&n.to_string())).collect());
    let same = form(vec![label("a"), label("a")]);
    let run = json!({ "channel": "triage", "name": "open" });
    let refuse = async {
        let interaction = bot.event("INTERACTION_CREATE").await;
        wrong(&place.answer(&interaction, six).await, "/data/components");
        wrong(&place.answer(&interaction, same).await, "/data/components");
        // What was refused did not use up the answer.
        assert_eq!(
            place.answer(&interaction, form(vec![label("a")])).await.0,
            204
        );
    };
    let ((status, shown), ()) = tokio::join!(place.member("tier1", "commands", run), refuse);
    assert_eq!(
        (
            status.as_u16(),
            shown["modal"]["components"].as_array().unwrap().len()
        ),
        (200, 1)
    );
}
