//! What a member lives through with a bot on a foreign client, and what both sides must have seen.

use serde_json::{Value, json};

use super::client::Client;

/// How the client reports a refusal with this code and status.
type Refusal = fn(u32, u16) -> Value;

pub async fn python(mut client: Client, compression: &str) {
    let ready = client.said("ready").await;
    assert_eq!(ready["compression"], compression);
    started(&ready);
    let refusal: Refusal = |code, status| {
        let kind = match status {
            403 => "Forbidden",
            404 => "NotFound",
            _ => "HTTPException",
        };
        json!({ "type": kind, "code": code, "status": status })
    };
    all(client, refusal).await;
}

pub async fn whole(mut client: Client, refusal: Refusal) {
    started(&client.said("ready").await);
    all(client, refusal).await;
}

fn started(ready: &Value) {
    assert_eq!(
        (&ready["user"], &ready["guild"]),
        (&json!("peer"), &json!("Peers"))
    );
    assert_eq!(
        (&ready["registered"], &ready["listed"]),
        (&json!(9), &json!(9))
    );
    assert_eq!(ready["members"], 4, "owner, analyst, engineer and the bot");
    assert_eq!(ready["channels"], json!(["general", "readonly", "secret"]));
}

async fn all(mut client: Client, refusal: Refusal) {
    answers(&mut client, refusal).await;
    options(&mut client).await;
    card(&mut client).await;
    forms(&mut client).await;
    thread(&mut client).await;
    files(&mut client, refusal).await;
    refusals(&mut client, refusal).await;
    interruptions(&mut client).await;
    let left = client.unasked();
    assert!(left.is_empty(), "nobody expected {left:?}");
    assert_eq!(client.unknown_endpoints(), 0);
}

async fn answers(client: &mut Client, refusal: Refusal) {
    let shown = client.run("ping", Value::Null).await;
    assert_eq!(
        (&shown["response"]["type"], &shown["response"]["ephemeral"]),
        (&json!(4), &json!(true))
    );
    let pinged = client.said("pinged").await;
    assert_eq!(pinged["message"], shown["message"]["id"]);
    assert_eq!(
        (&pinged["same"], &pinged["edited"]),
        (&json!(true), &json!("more, edited"))
    );
    assert_eq!(pinged["again"], refusal(40_060, 400));
    let seen = client.get("/members/analyst/view?channel=general").await;
    assert_eq!(
        seen["messages"].as_array().unwrap().len(),
        1,
        "the follow-up is gone"
    );
    let others = client.get("/members/engineer/view?channel=general").await;
    assert_eq!(others["messages"], json!([]), "an ephemeral is for one");
}

async fn options(client: &mut Client) {
    let typed = json!({ "channel": "general", "name": "find", "options": { "id": "INC-2" }, "focused": "id" });
    let completed = client.act("autocomplete", typed).await;
    assert_eq!(completed["choices"].as_array().unwrap().len(), 1);
    assert_eq!(completed["choices"][0]["value"], "INC-2");
    let given = json!({ "id": "INC-2", "who": "engineer", "count": 3 });
    let shown = client.run("find", given).await;
    assert_eq!(shown["response"]["type"], 5);
    let found = client.said("found").await;
    assert_eq!(
        (&found["id"], &found["who"], &found["count"]),
        (&json!("INC-2"), &json!("engineer"), &json!(3))
    );
    client.run("group inner leaf", json!({ "yes": true })).await;
    let grouped = client.said("grouped").await;
    assert_eq!(
        (&grouped["path"], &grouped["yes"]),
        (&json!(["group", "inner", "leaf"]), &json!(true))
    );
}

async fn card(client: &mut Client) {
    let told = client.run("card", Value::Null).await;
    let posted = client.said("posted").await;
    let rows = (&posted["same"], &posted["embeds"], &posted["rows"]);
    assert_eq!(rows, (&json!(true), &json!(1), &json!(5)), "{posted}");
    let id = told["message"]["content"].clone();
    let pick = |custom_id: &str, values: Value| json!({ "message": id, "custom_id": custom_id, "values": values });
    for (custom_id, given) in [
        ("m:pick", json!(["a", "c"])),
        ("m:user", json!(["engineer"])),
        ("m:role", json!(["tier1"])),
        ("m:channel", json!(["general"])),
    ] {
        let shown = client
            .act("components", pick(custom_id, given.clone()))
            .await;
        assert_eq!(shown["response"]["type"], 6);
        let selected = client.said("selected").await;
        assert_eq!(
            (&selected["id"], &selected["values"]),
            (&json!(custom_id), &given)
        );
    }
    let shown = client
        .act("components", json!({ "message": id, "custom_id": "claim" }))
        .await;
    assert_eq!(shown["message"]["content"], "claimed by analyst");
    assert_eq!(shown["message"]["components"], json!([]));
    let pressed = client.said("pressed").await;
    assert_eq!(
        (&pressed["by"], &pressed["on"]),
        (&json!("analyst"), &json!("A card"))
    );
    assert_eq!(pressed["roles"], json!(["@everyone", "tier1"]));
    let seen = client.get("/members/engineer/view?channel=general").await;
    let card = seen["messages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == id)
        .unwrap();
    let nobody = json!({ "users": [], "roles": [], "everyone": false });
    assert_eq!(card["pinged"], nobody);
    let note = json!({ "channel": "general", "name": "Note", "type": 3, "target": id });
    client.act("commands", note).await;
    assert_eq!(client.said("noted").await["content"], "claimed by analyst");
}

async fn forms(client: &mut Client) {
    let first = json!({ "text": "two lines\nof text", "pick": ["b", "c"], "user": "engineer", "role": "tier1", "both": "tier1" });
    let second = json!({ "channel": "readonly", "file": { "filename": "log.txt", "base64": "aGk=" },
        "radio": "b", "checks": ["a", "c"], "check": true });
    for (page, values) in [(1, first), (2, second)] {
        let shown = client.run("form", json!({ "page": page })).await;
        assert_eq!(shown["modal"]["components"].as_array().unwrap().len(), 5);
        let given = json!({ "modal": shown["modal"]["id"], "values": values });
        let answer = client.act("modals", given).await;
        assert_eq!(answer["message"]["content"], "taken");
        let submitted = client.said("submitted").await;
        let expected = if page == 1 {
            json!({ "step": "submitted", "text": "two lines\nof text", "pick": ["b", "c"], "user": ["engineer"],
                "members": ["engineer"], "role": ["tier1"], "both": ["tier1"] })
        } else {
            json!({ "step": "submitted", "channel": ["readonly"], "radio": "b", "checks": ["a", "c"],
                "check": true, "file": [{ "name": "log.txt", "text": "hi" }] })
        };
        assert_eq!(submitted, expected);
    }
}

async fn thread(client: &mut Client) {
    client.run("thread", json!({ "who": "engineer" })).await;
    let made = client.said("threaded").await;
    let flags = (
        &made["private"],
        &made["invitable"],
        &made["members"],
        &made["pins"],
    );
    assert_eq!(
        flags,
        (&json!(true), &json!(false), &json!(2), &json!(1)),
        "{made}"
    );
    assert_eq!(
        (&made["name"], &made["messages"]),
        (&json!("INC-1 renamed"), &json!(2))
    );
    let guild = client.get("/guild").await;
    let row = guild["channels"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == made["id"])
        .unwrap();
    assert_eq!(
        (&row["type"], &row["name"]),
        (&json!(12), &json!("INC-1 renamed"))
    );
    let log = client.get("/requests").await;
    let reasons = log["requests"].as_array().unwrap().iter();
    let reason = reasons
        .clone()
        .find(|one| one["path"].as_str().unwrap().ends_with("/threads"));
    assert_eq!(reason.unwrap()["reason"], "a case: ü");
}

async fn files(client: &mut Client, refusal: Refusal) {
    let file = json!({ "file": { "filename": "note.txt", "base64": "aGVsbG8=", "content_type": "text/plain" } });
    client.run("file", file).await;
    let filed = client.said("filed").await;
    assert_eq!(
        filed["given"],
        json!({ "name": "note.txt", "size": 5, "text": "hello" })
    );
    let back = &filed["back"];
    assert_eq!(
        (&back["name"], &back["description"]),
        (&json!("back.txt"), &json!("back"))
    );
    assert_eq!(back["text"], "hello!");
    assert_eq!(
        filed["edited"],
        json!({ "content": "without", "attachments": 0 })
    );
    assert_eq!(filed["gone"], refusal(10_008, 404));
}

async fn refusals(client: &mut Client, refusal: Refusal) {
    let guild = client.get("/guild").await;
    let id = |name: &str| {
        let mut rows = guild["channels"].as_array().unwrap().iter();
        rows.find(|one| one["name"] == name).unwrap()["id"].clone()
    };
    let given = json!({ "secret": id("secret"), "readonly": id("readonly") });
    client.run("closed", given).await;
    let refused = client.said("refused").await;
    assert_eq!(refused["secret"], refusal(50_001, 403));
    assert_eq!(refused["readonly"], refusal(50_013, 403));
    assert_eq!(refused["unknown"], refusal(10_003, 404));
    assert_eq!(refused["wrong"], refusal(50_035, 400));
}

/// Each fault loses the connection; what is written meanwhile arrives after a RESUME, once.
async fn interruptions(client: &mut Client) {
    for kind in ["gateway_reconnect", "gateway_drop", "gateway_close"] {
        client.post("/faults", json!({ "kind": kind })).await;
        client
            .act("messages", json!({ "channel": "general", "content": kind }))
            .await;
        let message = client.said("message").await;
        assert_eq!(
            (&message["content"], &message["by"]),
            (&json!(kind), &json!("analyst"))
        );
        client.said("resumed").await;
    }
    let health = client.get("/healthz").await;
    assert_eq!(health["identifies"], 1, "every return was a RESUME");
    client
        .act(
            "messages",
            json!({ "channel": "general", "content": "after" }),
        )
        .await;
    assert_eq!(client.said("message").await["content"], "after");
}
