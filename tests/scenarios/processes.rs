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
    let listen = ["--sandbox", "127.0.0.1:0", "--http", "127.0.0.1:0"];
    let args = [["demo", "--empty"].as_slice(), &listen, &["--data", "data"]].concat();
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
        .expect("1 form(s) under way")
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
