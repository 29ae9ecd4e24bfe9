//! The program as it is run: one service a store, and an end on SIGTERM that loses nothing.

use super::harness::process::Process;
use super::processes::{demo, sandbox, service, told, verified};
use futures_util::future::join_all;
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;

/// For three channels in turn.
fn alert(n: usize) -> String {
    let (kind, severity) = [("dlp", "low"), ("endpoint", "low"), ("endpoint", "high")][n % 3];
    json!({ "id": format!("stop-{n}"), "kind": kind, "severity": severity }).to_string()
}

/// A sender that begins a body and never ends it.
fn unending(intake: &str) -> TcpStream {
    let mut sender = TcpStream::connect(intake).unwrap();
    let head = "POST /v1/alerts/generic HTTP/1.1\r\nhost: x\r\nauthorization: Bearer demo\r\ncontent-length: 9\r\n\r\n{";
    sender.write_all(head.as_bytes()).unwrap();
    sender
}

/// What a service that was closed in order leaves: the file alone, all of it in there.
fn left_in_order(folder: &Path) {
    assert!(folder.join("data/baton.db").exists());
    assert!(
        !folder.join("data/baton.db-wal").exists(),
        "a journal is left"
    );
}

#[test]
fn a_second_service_on_one_store_refuses_and_says_who_holds_it() {
    told(async |folder| {
        let (_sandbox, address) = sandbox(folder);
        let (running, place) = service(folder, &address);
        place.ready().await;
        place.alert("generic", alert(1)).await;
        let second = Process::start(folder, &["run", "--config", "data/baton.toml"]);
        let (code, said) = second.ends();
        assert_eq!(code, Some(1), "{said}");
        let holder = format!(
            "baton run --config data/baton.toml, process {} on ",
            running.id()
        );
        assert!(
            said.contains("is in use: ") && said.contains(&holder),
            "{said}"
        );
        assert!(
            said.contains(", since 20") && said.contains("Stop that first"),
            "{said}"
        );
        // Whoever only looks, or writes one line, goes beside it.
        verified(folder);
        let export = ["export", "INC-1", "--reason", "asked", "--data", "data"];
        let (code, said) = Process::start(folder, &export).ends();
        assert_eq!(code, Some(0), "{said}");
        running.kill();
        // The lock falls with its holder, however that ended.
        let (_running, place) = service(folder, &address);
        place.ready().await;
    });
}

#[test]
fn a_second_demo_on_one_folder_refuses_before_it_opens_the_world() {
    told(async |folder| {
        let (running, place) = demo(folder);
        place.ready().await;
        let world = || std::fs::read(folder.join("data/sandbox-world.jsonl")).unwrap();
        let before = world();
        let free = "127.0.0.1:0";
        let again = ["demo", "--sandbox", free, "--http", free, "--data", "data"];
        let (code, said) = Process::start(folder, &again).ends();
        assert_eq!(code, Some(1), "{said}");
        let holder = format!("process {} on ", running.id());
        assert!(
            said.contains("is in use: ") && said.contains(&holder),
            "{said}"
        );
        assert_eq!(world(), before);
    });
}

#[test]
fn sigterm_finishes_what_was_taken_and_ends_with_zero() {
    told(async |folder| {
        let (_sandbox, address) = sandbox(folder);
        let (running, place) = service(folder, &address);
        place.ready().await;
        let sent = join_all((0..24).map(|n| {
            let (place, running) = (&place, &running);
            async move {
                let taken = place.offer("generic", alert(n)).await;
                if n == 0 {
                    running.terminate();
                }
                taken
            }
        }));
        let taken = sent.await.iter().filter(|s| **s == Some(202)).count();
        let (code, said) = running.ends();
        assert_eq!(code, Some(0), "{said}");
        assert!(taken > 0);
        left_in_order(folder);
        let (_running, place) = service(folder, &address);
        place.ready().await;
        place.each_once(taken).await;
        verified(folder);
    });
}

#[test]
fn a_body_that_never_ends_keeps_no_service_from_ending() {
    told(async |folder| {
        let (_sandbox, address) = sandbox(folder);
        let (running, place) = service(folder, &address);
        place.ready().await;
        let _sender = unending(place.intake());
        place.alert("generic", alert(1)).await;
        running.terminate();
        let (code, said) = running.ends();
        assert_eq!(code, Some(0), "{said}");
        left_in_order(folder);
    });
}

#[test]
fn a_second_signal_ends_it_at_once_and_loses_nothing() {
    told(async |folder| {
        let (_sandbox, address) = sandbox(folder);
        let (mut running, place) = service(folder, &address);
        place.ready().await;
        let _sender = unending(place.intake());
        place.alert("generic", alert(1)).await;
        running.terminate();
        running.says("stopping");
        running.terminate();
        let (code, said) = running.ends();
        assert_eq!(code, Some(130), "{said}");
        let (_running, place) = service(folder, &address);
        place.ready().await;
        place.each_once(1).await;
        verified(folder);
    });
}
