//! The gateway connection: sessions, RESUME at the other path, and the guard against leaving.

use super::fake::serve;
use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::Uri;
use baton::discord::connect::ConnectFault;
use baton::discord::gateway::{Gateway, GatewayEvent, GatewayOptions, SavedSession};
use baton::discord::incoming::Kind;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::mpsc;

/// Hands each connection to the test, with the path it was made to.
struct FakeGateway {
    url: String,
    connections: mpsc::UnboundedReceiver<Connection>,
}

struct Connection {
    path: String,
    socket: WebSocket,
}

impl FakeGateway {
    async fn start() -> Self {
        let (hand_over, connections) = mpsc::unbounded_channel();
        let accept = move |uri: Uri, upgrade: WebSocketUpgrade| {
            let hand_over = hand_over.clone();
            async move {
                let path = uri.path().trim_end_matches('/').to_owned();
                upgrade.on_upgrade(async move |socket| {
                    drop(hand_over.send(Connection { path, socket }));
                })
            }
        };
        let base = serve(Router::new().fallback(accept)).await;
        Self {
            url: base.replace("http", "ws"),
            connections,
        }
    }

    /// The next connection, after HELLO, with the first thing that the client says.
    async fn accept(&mut self) -> (Connection, Value) {
        let mut connection = self.connections.recv().await.unwrap();
        connection
            .send(json!({ "op": 10, "d": { "heartbeat_interval": 45_000 } }))
            .await;
        let said = connection.said().await;
        (connection, said)
    }

    fn ready(&self) -> Value {
        dispatch(
            1,
            "READY",
            &json!({
                "v": 10, "session_id": "s1", "resume_gateway_url": format!("{}/resume", self.url),
                "application": { "id": "5", "flags": 0 }, "user": { "id": "6", "username": "baton" },
                "guilds": [{ "id": "1", "unavailable": true }],
            }),
        )
    }
}

impl Connection {
    async fn send(&mut self, frame: Value) {
        self.socket
            .send(Message::text(frame.to_string()))
            .await
            .unwrap();
    }

    async fn said(&mut self) -> Value {
        loop {
            match self.socket.recv().await.unwrap().unwrap() {
                Message::Text(text) => {
                    let said: Value = serde_json::from_str(&text).unwrap();
                    if said["op"] != 1 {
                        return said;
                    }
                }
                Message::Close(frame) => return json!({ "close": frame.map(|f| f.code) }),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }

    async fn close(mut self, code: u16) {
        let frame = CloseFrame {
            code,
            reason: "".into(),
        };
        self.socket.send(Message::Close(Some(frame))).await.unwrap();
        while self.socket.recv().await.is_some() {}
    }
}

fn dispatch(sequence: u64, name: &str, data: &Value) -> Value {
    json!({ "op": 0, "s": sequence, "t": name, "d": data })
}

fn connect(url: &str, saved: Option<SavedSession>) -> Result<Gateway, ConnectFault> {
    let (token, url) = ("tok".into(), url.to_owned());
    Gateway::connect(GatewayOptions {
        token,
        url,
        saved,
        loopback_only: true,
    })
}

async fn next(gateway: &mut Gateway) -> GatewayEvent {
    tokio::time::timeout(Duration::from_secs(8), gateway.next())
        .await
        .unwrap()
        .unwrap()
}

/// Plays the gateway's part beside the client's, so that what either asserts fails the test.
async fn play<S, C>(server: impl Future<Output = S>, client: impl Future<Output = C>) -> (S, C) {
    let both = async { tokio::join!(server, client) };
    tokio::time::timeout(Duration::from_secs(8), both)
        .await
        .expect("both come to their end")
}

async fn nobody_dials(fake: &mut FakeGateway) {
    let dialled = tokio::time::timeout(Duration::from_millis(200), fake.connections.recv()).await;
    assert!(dialled.is_err(), "nobody dials again");
}

#[tokio::test]
async fn a_session_begins_and_carries_interactions() {
    let mut fake = FakeGateway::start().await;
    let mut gateway = connect(&fake.url, None).unwrap();
    let resume_url = format!("{}/resume", fake.url);
    let server = async {
        let (mut connection, identify) = fake.accept().await;
        assert_eq!(
            (&identify["op"], &identify["d"]["token"]),
            (&json!(2), &json!("Bot tok"))
        );
        assert_eq!(identify["d"]["intents"], 0b11);
        connection.send(fake.ready()).await;
        let press = json!({
            "id": "9", "token": "t", "type": 3, "application_id": "5",
            "data": { "custom_id": "k", "component_type": 2 },
        });
        connection
            .send(dispatch(2, "INTERACTION_CREATE", &press))
            .await;
        connection
            .send(dispatch(3, "GUILD_MEMBER_UPDATE", &json!({ "user": {} })))
            .await;
        connection
            .send(dispatch(4, "INTERACTION_CREATE", &json!([])))
            .await;
        connection
            .send(dispatch(5, "SOMETHING_NEW", &json!(1)))
            .await;
        connection
    };
    let client = async {
        let GatewayEvent::Ready(ready) = next(&mut gateway).await else {
            panic!()
        };
        assert_eq!(
            (ready.application_id.as_str(), ready.user_id.as_str()),
            ("5", "6")
        );
        assert_eq!(ready.guild_ids, ["1"]);
        assert_eq!(
            ready.session,
            SavedSession {
                id: "s1".into(),
                sequence: 1,
                resume_url
            }
        );
        let GatewayEvent::Interaction(press) = next(&mut gateway).await else {
            panic!()
        };
        assert!(matches!(press.kind, Kind::Component { ref custom_id, .. } if custom_id == "k"));
        assert_eq!(gateway.session().unwrap().sequence, 2);
        assert!(matches!(
            next(&mut gateway).await,
            GatewayEvent::MemberUpdate(_)
        ));
        assert!(matches!(
            next(&mut gateway).await,
            GatewayEvent::Unreadable(_)
        ));
        let GatewayEvent::Other(name) = next(&mut gateway).await else {
            panic!()
        };
        assert_eq!(name, "SOMETHING_NEW");
    };
    play(server, client).await;
}

#[tokio::test]
async fn a_dropped_session_is_resumed_at_the_address_that_ready_gave() {
    let mut fake = FakeGateway::start().await;
    let mut gateway = connect(&fake.url, None).unwrap();
    let server = async {
        let (mut first, _) = fake.accept().await;
        assert_eq!(first.path, "");
        first.send(fake.ready()).await;
        first.send(json!({ "op": 7, "d": null })).await;
        assert_eq!(first.said().await["close"], 4000);
        // Answers the close, as Discord does.
        while first.socket.recv().await.is_some() {}
        let asked = std::time::Instant::now();
        let (mut second, resume) = fake.accept().await;
        assert_eq!(second.path, "/resume");
        assert!(
            asked.elapsed() < Duration::from_millis(700),
            "an asked-for reconnect is quick"
        );
        let expected = json!({ "seq": 1, "session_id": "s1", "token": "Bot tok" });
        assert_eq!((&resume["op"], &resume["d"]), (&json!(6), &expected));
        second
            .send(dispatch(2, "GUILD_ROLE_UPDATE", &json!({})))
            .await;
        second.send(dispatch(3, "RESUMED", &json!({}))).await;
        second.close(4000).await;
        let (mut third, resume) = fake.accept().await;
        assert_eq!(
            (third.path.as_str(), &resume["d"]["seq"]),
            ("/resume", &json!(3))
        );
        third.send(dispatch(4, "RESUMED", &json!({}))).await;
        third
    };
    let client = async {
        assert!(matches!(next(&mut gateway).await, GatewayEvent::Ready(_)));
        let mut seen = Vec::new();
        while seen.len() < 5 {
            let event = format!("{:?}", next(&mut gateway).await);
            seen.push(
                event
                    .split([' ', '('])
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
        assert_eq!(
            seen,
            ["Dropped", "RoleChange", "Resumed", "Dropped", "Resumed"]
        );
    };
    play(server, client).await;
}

#[tokio::test]
async fn a_session_that_is_no_longer_known_is_replaced_by_a_new_one() {
    let mut fake = FakeGateway::start().await;
    let resume_url = format!("{}/resume", fake.url);
    let saved = SavedSession {
        id: "s0".into(),
        sequence: 41,
        resume_url,
    };
    let mut gateway = connect(&fake.url, Some(saved)).unwrap();
    let server = async {
        let (mut first, resume) = fake.accept().await;
        assert_eq!(resume["op"], 6);
        first.send(json!({ "op": 9, "d": false })).await;
        assert_eq!(first.said().await["close"], 1000);
        drop(first);
        let (mut second, identify) = fake.accept().await;
        assert_eq!((second.path.as_str(), &identify["op"]), ("", &json!(2)));
        second.send(fake.ready()).await;
        second
    };
    let client = async {
        loop {
            if let GatewayEvent::Ready(ready) = next(&mut gateway).await {
                break ready.session.id;
            }
        }
    };
    let (_, id) = play(server, client).await;
    assert_eq!(id, "s1");
}

#[tokio::test]
async fn a_saved_session_is_resumed_by_the_next_start_and_kept_when_leaving() {
    let mut fake = FakeGateway::start().await;
    let resume_url = format!("{}/resume", fake.url);
    let saved = SavedSession {
        id: "s0".into(),
        sequence: 41,
        resume_url,
    };
    let mut gateway = connect(&fake.url, Some(saved)).unwrap();
    let server = async {
        let (mut connection, resume) = fake.accept().await;
        assert_eq!(connection.path, "/resume");
        assert_eq!(
            (&resume["d"]["session_id"], &resume["d"]["seq"]),
            (&json!("s0"), &json!(41))
        );
        connection.send(dispatch(42, "RESUMED", &json!({}))).await;
        // With 1000 or 1001 Discord would end the session.
        assert_eq!(connection.said().await["close"], 4000);
    };
    let client = async {
        assert!(matches!(next(&mut gateway).await, GatewayEvent::Resumed));
        gateway.leave().await.unwrap()
    };
    let ((), left) = play(server, client).await;
    assert_eq!((left.id.as_str(), left.sequence), ("s0", 42));
    nobody_dials(&mut fake).await;
}

#[tokio::test]
async fn a_saved_session_of_elsewhere_is_not_resumed() {
    let mut fake = FakeGateway::start().await;
    let resume_url = "wss://gateway-us-east1-b.discord.gg".to_owned();
    let saved = SavedSession {
        id: "s0".into(),
        sequence: 41,
        resume_url,
    };
    let mut gateway = connect(&fake.url, Some(saved)).unwrap();
    let server = async {
        let (mut connection, identify) = fake.accept().await;
        assert_eq!((connection.path.as_str(), &identify["op"]), ("", &json!(2)));
        connection.send(fake.ready()).await;
        connection
    };
    let client = async { assert!(matches!(next(&mut gateway).await, GatewayEvent::Ready(_))) };
    play(server, client).await;
}

#[tokio::test]
async fn a_resume_address_off_this_machine_ends_the_connection_before_it_is_dialled() {
    // The first leads to a place that would be seen: a listener on an address of this machine that
    // is written so that it is not recognised as loopback.
    for bad in [
        "ws://[::ffff:127.0.0.1]:1",
        "wss://gateway.discord.gg",
        "ws://127.0.0.1@x",
        "%",
    ] {
        let mut fake = FakeGateway::start().await;
        let mut gateway = connect(&fake.url, None).unwrap();
        let mut ready = fake.ready();
        ready["d"]["resume_gateway_url"] = json!(bad);
        let server = async {
            let (mut connection, _) = fake.accept().await;
            connection.send(ready).await;
            connection.send(json!({ "op": 7, "d": null })).await;
            connection
        };
        let client = async {
            let GatewayEvent::Fatal(reason) = next(&mut gateway).await else {
                panic!()
            };
            assert!(reason.contains("resumed elsewhere"), "{reason}");
            assert!(gateway.next().await.is_none());
        };
        play(server, client).await;
        nobody_dials(&mut fake).await;
    }
}

#[tokio::test]
async fn a_forbidden_resume_address_is_never_dialled_even_when_it_is_reachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut fake = FakeGateway::start().await;
    let mut gateway = connect(&fake.url, None).unwrap();
    let mut ready = fake.ready();
    // Reaches the listener, but is a name that the guard does not know as this machine.
    ready["d"]["resume_gateway_url"] = json!(format!("ws://0.0.0.0:{port}"));
    let server = async {
        let (mut connection, _) = fake.accept().await;
        connection.send(ready).await;
        connection.send(json!({ "op": 7, "d": null })).await;
        connection
    };
    let client = async {
        let mut events = Vec::new();
        while let Some(event) = gateway.next().await {
            events.push(event);
        }
        assert!(
            matches!(events.as_slice(), [GatewayEvent::Fatal(_)]),
            "{events:?}"
        );
    };
    play(server, client).await;
    let reached = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
    assert!(reached.is_err(), "the address was not dialled");
}

#[tokio::test]
async fn an_address_off_this_machine_is_refused_before_anything() {
    for url in ["wss://gateway.discord.gg", "ws://192.168.1.1"] {
        assert!(matches!(
            connect(url, None),
            Err(ConnectFault::NotLoopback(_))
        ));
    }
}

#[tokio::test]
async fn a_close_that_wants_no_new_attempt_is_final_and_says_the_cure() {
    for (code, cure) in [
        (4_004, "token"),
        (4_014, "Server Members"),
        (4_013, "intent"),
    ] {
        let mut fake = FakeGateway::start().await;
        let mut gateway = connect(&fake.url, None).unwrap();
        let server = async {
            let (connection, _) = fake.accept().await;
            connection.close(code).await;
        };
        let client = async {
            let GatewayEvent::Fatal(reason) = next(&mut gateway).await else {
                panic!()
            };
            assert!(reason.contains(cure), "{reason}");
            assert!(gateway.next().await.is_none());
            // The connection goes with the gateway.
            drop(gateway);
        };
        play(server, client).await;
        nobody_dials(&mut fake).await;
    }
}

#[tokio::test]
async fn a_gateway_that_hangs_up_at_once_is_not_dialled_without_end() {
    let mut fake = FakeGateway::start().await;
    let resume_url = format!("{}/resume", fake.url);
    let saved = SavedSession {
        id: "s0".into(),
        sequence: 41,
        resume_url,
    };
    let mut gateway = connect(&fake.url, Some(saved)).unwrap();
    let server = async {
        let mut dialled = 0;
        let until = tokio::time::Instant::now() + Duration::from_millis(1_500);
        while let Ok(connection) = tokio::time::timeout_at(until, fake.connections.recv()).await {
            dialled += 1;
            drop(connection);
        }
        dialled
    };
    let client = async {
        let _ = tokio::time::timeout(Duration::from_millis(1_600), async {
            while gateway.next().await.is_some() {}
        })
        .await;
    };
    let (dialled, ()) = play(server, client).await;
    assert!((2..=4).contains(&dialled), "{dialled} times in 1.5 s");
}
