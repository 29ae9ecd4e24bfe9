//! The program as it is run, killed without a warning: in the middle of a form, and right after a burst.

use super::harness::Message;
use super::harness::process::{Place, Process};
use crate::payload;
use serde_json::json;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const BURST: usize = 30;

pub fn told(story: impl AsyncFnOnce(&Path)) {
    let folder = TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(story(folder.path()));
}

pub fn demo(folder: &Path) -> (Process, Place) {
    begun(folder, &["--empty"])
}

fn begun(folder: &Path, how: &[&str]) -> (Process, Place) {
    let listen = ["--sandbox", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    let args = [["demo"].as_slice(), how, &listen, &["--data", "data"]].concat();
    let mut demo = Process::start(folder, &args);
    let sandbox = demo.says("Open      ");
    let sandbox = sandbox.split("/?").next().unwrap().to_owned();
    let http = demo.says("POST ");
    let place = Place::new(&sandbox, http.split("/v1").next().unwrap());
    (demo, place)
}

/// The sandbox alone; gives its address and the configuration for a service.
pub fn sandbox(folder: &Path) -> (Process, String) {
    let args = [
        "sandbox",
        "--listen",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
        "--data",
        "data",
    ];
    let mut sandbox = Process::start(folder, &args);
    let address = sandbox.says("runs at ").trim_end_matches('.').to_owned();
    (sandbox, address)
}

pub fn service(folder: &Path, sandbox: &str) -> (Process, Place) {
    let mut service = Process::start(folder, &["run", "--config", "data/baton.toml"]);
    let http = service.says("address=");
    (service, Place::new(sandbox, &format!("http://{http}")))
}

/// Thirty alerts for three channels, so that Discord's limit of one channel does not make the story long.
async fn burst(place: &Place) {
    for n in 0..BURST {
        let (kind, severity) = [("dlp", "low"), ("endpoint", "low"), ("endpoint", "high")][n % 3];
        let body = json!({ "id": format!("burst-{n}"), "kind": kind, "severity": severity });
        place.alert("generic", body.to_string()).await;
    }
}

/// Opens a form on the first incident and sends its first page.
async fn begins_a_form(place: &Place) {
    let options = json!({ "incident": "INC-1" });
    let opened = place
        .run("tier1", "tier1-triage", "escalate", options)
        .await;
    let values = json!({ "department": "Visa desk" });
    let page = json!({ "modal": opened["modal"]["id"], "values": values });
    place.act("tier1", "modals", page).await;
}

async fn finds_the_form_again(place: &Place) {
    let drafts = place
        .run("tier1", "tier1-triage", "drafts", json!({}))
        .await;
    let drafts = Message {
        json: drafts["message"].clone(),
    };
    drafts
        .expect("1 form under way")
        .expect("INC-1 · Escalate to investigation");
    let review = place.picks("tier1", &drafts, "Go on with…", "INC-1").await;
    review.expect("**Department**: Visa desk");
}

pub fn verified(folder: &Path) {
    let mut verify = Process::start(folder, &["verify", "--data", "data"]);
    verify.says("holds");
}

#[test]
fn a_killed_service_comes_back_with_the_form_and_every_alert_on_one_card() {
    told(async |folder| {
        let (_sandbox, address) = sandbox(folder);
        let (running, place) = service(folder, &address);
        place.ready().await;
        place.alert("purview", UPLOAD.to_owned()).await;
        place.each_once(1).await;
        begins_a_form(&place).await;
        burst(&place).await;
        running.kill();
        let (_running, place) = service(folder, &address);
        place.ready().await;
        finds_the_form_again(&place).await;
        place.each_once(BURST + 1).await;
        // A new process learns each channel's pace from its first answer there; more would be a fault.
        assert!(place.too_many().await <= 3);
        verified(folder);
    });
}

/// How long a post is under way: longer than a service takes to be back, and not as long as it waits before it puts what
/// was there before into digests.
const UNDER_WAY_MS: u64 = 400;

#[test]
fn a_post_that_a_killed_service_had_sent_and_that_arrives_after_the_next_began_is_not_sent_again() {
    told(async |folder| {
        let (_sandbox, address) = sandbox(folder);
        let (running, place) = service(folder, &address);
        place.ready().await;
        let slow = json!({
            "kind": "slow", "for_ms": UNDER_WAY_MS, "times": 1, "route": "POST /api/v10/channels",
        });
        place.fault(slow).await;
        let low = |n: usize| {
            json!({ "id": format!("low-{n}"), "kind": "dlp", "severity": "low" }).to_string()
        };
        place.alert("generic", low(1)).await;
        place.fault_met().await;
        // Too many to be shown one by one: the next service puts them into a digest.
        for n in 2..=8 {
            place.alert("generic", low(n)).await;
        }
        running.kill();
        let (_running, place) = service(folder, &address);
        place.messages("tier1-triage", 2).await;
        place.each_once(8).await;
        verified(folder);
    });
}

/// What the terminal says of the sample story, a line each, in this order.
const STORY: [&str; 21] = [
    "INC-5 goes from an alert to its end by itself",
    "• INC-5, tier1b (tier1): claimed",
    "• INC-5, tier1b (tier1): offered to Investigation; its card is in #tier2-investigation. Why: Risky workload",
    "• INC-5, tier2: accepted; Security Operations owns it",
    "• INC-5, tier2: noted",
    "• INC-5, tier2: engaged Governance (1): legal, grc; named: legal, grc. Why: The data falls under a duty to notify",
    "• INC-5, legal: read brief 1 and acknowledged it",
    "• INC-5, grc: read brief 1 and acknowledged it",
    "• INC-5, tier2: offered to Containment",
    "• INC-5, tier3: accepted",
    "• INC-5, tier3: proposed containment 1: Remove sharing links",
    "• INC-5, manager: authorised containment 1",
    "• INC-5, tier3: containment 1 done and verified",
    "• INC-5, legal: decided on engagement 1: Do not notify",
    "• INC-5, legal: concluded",
    "• INC-5, grc: concluded",
    "• INC-5, tier3: closed. Why: The exposure has ended, and this was verified at the source. Outcome: Accidental, no material impact",
    "The sample story is over",
    "there /timeline INC-5",
    "\"name\":\"timeline\",\"options\":{\"incident\":\"INC-5\"}",
    "Now you: the other alerts wait in ",
];

#[test]
fn the_demo_walks_its_sample_story_to_the_end_once_and_leaves_the_samples_to_the_visitor() {
    told(async |folder| {
        let (mut running, place) = begun(folder, &[]);
        for line in STORY {
            running.says(line);
        }
        for words in ["participants", "course.office"] {
            assert!(!running.heard().contains(words), "{}", running.heard());
        }
        // Nothing of the story stands in the visitor's way.
        let seen = place.view("tier1", "tier1-triage").await;
        assert!(seen.iter().all(|message| message.json["ephemeral"] != true));
        let queue = place.run("tier1", "tier1-triage", "queue", json!({})).await;
        let queue = Message {
            json: queue["message"].clone(),
        };
        queue
            .expect("INC-1")
            .expect("INC-2")
            .expect("INC-3")
            .lacks("INC-5");
        drop(running);
        verified(folder);
        // A further start tells it no second time.
        let (mut running, _) = begun(folder, &[]);
        running.says("• INC-5, Baton: the same alert came again");
        assert!(!running.heard().contains("sample story"));
    });
}

#[test]
fn a_killed_demo_comes_back_whole() {
    told(async |folder| {
        fs::create_dir(folder.join("data")).unwrap();
        fs::write(folder.join("data/notes.txt"), "not Baton's").unwrap();
        let (running, place) = demo(folder);
        place.ready().await;
        place.alert("purview", UPLOAD.to_owned()).await;
        place.each_once(1).await;
        begins_a_form(&place).await;
        burst(&place).await;
        running.kill();
        let (_running, place) = demo(folder);
        place.ready().await;
        finds_the_form_again(&place).await;
        place.each_once(BURST + 1).await;
        verified(folder);
        assert_eq!(
            fs::read_to_string(folder.join("data/notes.txt")).unwrap(),
            "not Baton's"
        );
    });
}
