//! What the page stands on: the stream, pages of messages, a member's guild, outlets, guards.

use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;

use super::Place;
use crate::sandbox::{Outlet, Sample, SandboxError, act::stream, world::note::Note};

struct Watch<'a> {
    place: &'a Place,
    notes: Receiver<Note>,
}

impl<'a> Watch<'a> {
    fn of(place: &'a Place) -> Self {
        let notes = place
            .sandbox
            .app
            .within(|inner| inner.world.watchers.join());
        Self { place, notes }
    }

    /// What each of these members has heard by now.
    fn heard(&mut self, users: &[&str]) -> Vec<Vec<String>> {
        let mut notes = Vec::new();
        while let Ok(note) = self.notes.try_recv() {
            notes.push(note);
        }
        let told = |user: &&str| {
            let id = self.place.user(user).parse().unwrap();
            let tell = |note: &Note| {
                let value = self
                    .place
                    .sandbox
                    .app
                    .within(|inner| stream::told(inner, id, *note))?;
                let text = value["message"]["content"].as_str().unwrap_or("");
                Some(format!("{} {text}", value["type"].as_str().unwrap()))
            };
            notes.iter().filter_map(tell).collect()
        };
        users.iter().map(told).collect()
    }
}

async fn write(place: &Place, user: &str, channel: &str, content: &str) -> String {
    let body = json!({ "channel": channel, "content": content });
    let (status, message) = place.member(user, "messages", body).await;
    assert_eq!(status, 200, "{message}");
    message["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_watcher_hears_only_what_the_member_may_see() {
    let place = Place::open().await;
    let mut watch = Watch::of(&place);
    write(&place, "tier1", "triage", "inside").await;
    write(&place, "outsider", "general", "for all").await;
    assert_eq!(
        watch.heard(&["tier1b", "outsider"]),
        [
            vec!["message inside", "message for all"],
            vec!["message for all"]
        ]
    );
}

#[tokio::test]
async fn an_ephemeral_answer_is_told_to_its_reader_only() {
    let place = Place::open().await;
    let mut bot = place.bot().await;
    place
        .register(json!([{ "name": "quiet", "description": "q" }]))
        .await;
    let mut watch = Watch::of(&place);
    let answer = json!({ "type": 4, "data": { "content": "alone", "flags": 64 } });
    let command = json!({ "channel": "general", "name": "quiet" });
    place
        .exchange(&mut bot, "tier1", "commands", command, answer)
        .await;
    assert_eq!(
        watch.heard(&["tier1", "tier1b", "owner"]),
        [vec!["message alone".to_owned()], vec![], vec![]]
    );
}

#[tokio::test]
async fn a_deleted_message_and_a_moved_clock_are_told() {
    let place = Place::open().await;
    let id = write(&place, "tier1", "triage", "soon gone").await;
    let mut watch = Watch::of(&place);
    let path = format!("/channels/{}/messages/{id}", place.channel("triage"));
    place.rest("DELETE", &path, Value::Null).await;
    place.advance(1_000).await;
    assert_eq!(
        watch.heard(&["tier1", "outsider"]),
        [vec!["message_gone ", "clock "], vec!["clock "]]
    );
}

#[tokio::test]
async fn a_role_that_is_given_tells_that_the_guild_changed() {
    let place = Place::open().await;
    let mut watch = Watch::of(&place);
    let roles = json!({ "roles": ["tier1"] });
    place.control("PUT", "/members/outsider/roles", roles).await;
    assert_eq!(watch.heard(&["outsider"]), [vec!["guild "]]);
}

#[tokio::test]
async fn messages_are_read_in_pages_before_and_after_one() {
    let place = Place::open().await;
    let mut ids = Vec::new();
    for content in ["a", "b", "c", "d", "e"] {
        ids.push(write(&place, "tier1", "general", content).await);
    }
    let contents = async |query: String| -> String {
        let path = format!("/members/tier1/view?channel=general&{query}");
        let (status, view) = place.control("GET", &path, Value::Null).await;
        assert_eq!(status, 200, "{view}");
        let rows = view["messages"].as_array().unwrap().iter();
        rows.map(|row| row["content"].as_str().unwrap()).collect()
    };
    assert_eq!(contents("limit=2".into()).await, "de");
    assert_eq!(contents(format!("limit=2&before={}", ids[3])).await, "bc");
    assert_eq!(contents(format!("limit=2&after={}", ids[0])).await, "bc");
    assert_eq!(contents(format!("after={0}&before={0}", ids[2])).await, "");
    assert_eq!(contents(String::new()).await, "abcde");
}

#[tokio::test]
async fn a_members_guild_has_only_the_channels_they_see() {
    let place = Place::open().await;
    for (user, expected) in [
        ("tier1", vec!["general", "triage"]),
        ("outsider", vec!["general"]),
    ] {
        let path = format!("/members/{user}/guild");
        let (_, guild) = place.control("GET", &path, Value::Null).await;
        let channels = guild["channels"].as_array().unwrap().iter();
        let names: Vec<&str> = channels.map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!(names, expected);
        assert_eq!(guild["me"], place.user(user));
    }
}

fn outlet(url: String) -> Outlet {
    Outlet {
        name: "clock".to_owned(),
        url,
        headers: vec![("x-test".to_owned(), "1".to_owned())],
        samples: vec![Sample {
            name: "a second".to_owned(),
            body: r#"{"advance_ms":1000}"#.to_owned(),
            fresh: Vec::new(),
        }],
    }
}

#[tokio::test]
async fn a_body_is_forwarded_to_its_outlet() {
    let place = Place::open().await;
    let url = format!("http://{}/sandbox/clock", place.sandbox.addr());
    place.sandbox.offer(vec![outlet(url)]).unwrap();
    let (_, list) = place.control("GET", "/outlets", Value::Null).await;
    let body = &list["outlets"][0]["samples"][0]["body"];
    let before = place.control("GET", "/clock", Value::Null).await.1;
    let sent = place
        .control("POST", "/outlets/clock", json!({ "body": body }))
        .await;
    assert_eq!(
        (sent.0.as_u16(), &sent.1["status"]),
        (200, &json!(200)),
        "{}",
        sent.1
    );
    let after = place.control("GET", "/clock", Value::Null).await.1;
    assert_ne!(before, after);
    let unknown = place
        .control("POST", "/outlets/else", json!({ "body": "" }))
        .await;
    assert_eq!(unknown.0, 404);
}

#[tokio::test]
async fn an_outlet_off_this_machine_is_refused() {
    let place = Place::open().await;
    for url in [
        "http://192.0.2.1/",
        "https://127.0.0.1/",
        "http://localhost.example/",
        "http://127.0.0.1.example/",
        "no address",
    ] {
        let refused = place.sandbox.offer(vec![outlet(url.to_owned())]);
        assert!(matches!(refused, Err(SandboxError::Outlet(_))), "{url}");
    }
}

#[tokio::test]
async fn the_page_is_served_with_its_guards() {
    let place = Place::open().await;
    for (path, kind) in [
        ("/?as=tier1", "text/html"),
        ("/ui/app.js", "text/javascript"),
        ("/ui/style.css", "text/css"),
    ] {
        let answer = place.ask("GET", path, None, Value::Null).await;
        assert_eq!(answer.status(), 200, "{path}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-type").starts_with(kind), "{path}");
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(header("x-content-type-options"), "nosniff");
    }
    let none = place.ask("GET", "/ui/mod.rs", None, Value::Null).await;
    assert_eq!(none.status(), 404);
}
