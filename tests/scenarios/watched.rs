//! Baton watches itself: what is lost is found, repaired and told; those who run it see at a glance how well it is;
//! monitors read the same; silence of the heartbeat is the alarm; a clock that jumps loses nothing.

use super::harness::{TRIAGE, World, minutes, scenario, scenario_with};
use crate::payload;
use baton::app::AppError;
use baton::store;
use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const MAIL: &str = payload!("purview_dlp_alert_entity_exchange.json");
const RULES: &str = include_str!("../../deploy/prometheus.rules.yml");
const FOUND: &str = "the auditor found something";

async fn backup(w: &World, key: &'static str) {
    let app = w.service().app.clone();
    let now = app.now();
    let saved = app.store.write(move |connection| {
        Box::pin(async move {
            store::fact::save(connection, key, "whatever is kept here", now).await?;
            Ok::<_, AppError>(())
        })
    });
    saved.await.unwrap();
}

async fn health(w: &World) -> (u16, Value) {
    let (status, _, text) = w.asks("/health").await;
    (status, serde_json::from_str(&text).unwrap())
}

fn check<'a>(told: &'a Value, name: &str) -> &'a Value {
    let checks = told["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["check"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {told:#}"))
}

#[test]
fn those_who_run_it_see_at_a_glance_how_well_it_is_and_nobody_else_does() {
    scenario(async |w| {
        w.advance(minutes(1)).await;
        let admin = w.member("admin");
        let told = admin.run("audit", "health", &[]).await.message();
        told.expect("Baton works; something wants a look")
            .expect("⚠️ **backup** attention: There is no backup yet.")
            .expect("✅ **gateway** well: Discord's gateway is connected.")
            .expect("✅ **timers** well: What is due was looked at just now.");
        backup(w, "last_backup").await;
        // A lead as well.
        let lead = w.member("tier3");
        let told = lead.run("tier3-containment", "health", &[]).await.message();
        told.expect("Baton is well")
            .expect("The last backup was just now.");
        assert_eq!(health(w).await.0, 200);
        w.jump(TimeDelta::seconds(1));
        backup(w, "last_backup_fault").await;
        let told = admin.run("audit", "health", &[]).await.message();
        told.expect("Baton is degraded")
            .expect("One failed just now.");
        for (member, channel) in [
            ("tier1", "tier1-triage"),
            ("manager", "audit"),
            ("legal", "governance"),
        ] {
            let told = w.member(member).run(channel, "health", &[]).await.message();
            told.lacks("gateway").lacks("well");
        }
    });
}

#[test]
fn what_waits_too_long_is_seen_everywhere_and_told_once_it_can_be() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.jump(minutes(12));
        let told = w
            .member("admin")
            .run("audit", "health", &[])
            .await
            .message();
        told.expect("Baton is degraded")
            .expect("1 message waits, the oldest for 12 min (tier1-triage 1).");
        let (status, told) = health(w).await;
        assert_eq!((status, &told["status"]), (503, &json!("degraded")));
        assert_eq!(check(&told, "messages")["status"], "degraded");
        assert_eq!(
            told["facts"]["unsent"],
            json!({ "count": 1, "oldest_age_s": 720 })
        );
        assert_eq!(
            told["facts"]["unsent_by_channel"],
            json!({ "tier1-triage": 1 })
        );
        w.expected().log(FOUND);
        w.service().tick().await.unwrap();
        w.tier1().channel("tier1-triage").await.card("INC-1");
        let audit = w.member("auditor").channel("audit").await;
        audit
            .saying("The auditor found something")
            .expect("1 message waits for more than 10 minutes to be sent")
            .expect("See /health for the channels.");
        w.advance(minutes(2)).await;
        assert_eq!(health(w).await.0, 200);
    });
}

#[test]
fn a_lost_deadline_is_set_again_from_the_state_and_told_once() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.alert("purview", MAIL).await.accepted();
        w.tier1().channel("tier1-triage").await.all();
        w.advance(minutes(1)).await;
        let rows = "SELECT COUNT(*) FROM dues WHERE kind = 'take'";
        assert_eq!(w.count(rows).await, 2);
        w.tamper("DELETE FROM dues").await;
        w.expected().log(FOUND);
        w.advance(minutes(1)).await;
        assert_eq!(w.count(rows).await, 2);
        let audit = w.member("auditor").channel("audit").await;
        audit
            .saying("The auditor found something")
            .expect("2 incidents had a deadline that was lost or set wrongly")
            .expect("Repaired.")
            .lacks("INC-");
        // Soon after, one that is far too late and one that follows from nothing: repaired, and not told so soon.
        w.tamper("UPDATE dues SET at_us = at_us + 1000000000000 WHERE incident_id = 1")
            .await;
        w.tamper("INSERT INTO dues (incident_id, kind, at_us) VALUES (2, 'talk:7', 0)")
            .await;
        w.advance(minutes(1)).await;
        assert_eq!(
            w.count("SELECT COUNT(*) FROM dues WHERE kind = 'talk:7'")
                .await,
            0
        );
        // The reminders come in their time.
        w.advance(minutes(240)).await;
        let channel = w.tier1().channel("tier1-triage").await;
        assert_eq!(channel.all().len(), 4, "{channel}");
    });
}

#[test]
fn a_lost_card_is_sent_again_and_one_that_stands_is_not() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.tier1().channel("tier1-triage").await.card("INC-1");
        w.alert("purview", MAIL).await.accepted();
        w.tamper("DELETE FROM outbox WHERE state = 'waiting'").await;
        w.expected().log(FOUND);
        w.advance(minutes(1)).await;
        let channel = w.tier1().channel("tier1-triage").await;
        assert_eq!(channel.all().len(), 2, "{channel}");
        channel.card("INC-2");
        let audit = w.member("auditor").channel("audit").await;
        audit
            .saying("1 open incident had no card in the channel")
            .expect("The card is sent again");
    });
}

#[test]
#[should_panic(expected = "- the auditor: 1 incident had a deadline that was lost")]
fn a_story_fails_on_an_incident_without_its_deadline() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.tier1().channel("tier1-triage").await.card("INC-1");
        w.tamper("DELETE FROM dues").await;
    });
}

#[test]
fn one_incident_that_cannot_be_read_holds_up_no_other() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.alert("purview", MAIL).await.accepted();
        w.tier1().channel("tier1-triage").await.all();
        w.tamper("CREATE TABLE kept AS SELECT state FROM incidents WHERE id = 1")
            .await;
        w.tamper("UPDATE incidents SET state = '{}' WHERE id = 1")
            .await;
        w.expected()
            .log(FOUND)
            .log("what is due for an incident could not be done");
        w.advance(minutes(241)).await;
        let told = health(w).await.1;
        assert_eq!(check(&told, "auditor")["status"], "degraded");
        // The other was reminded of all the same.
        w.tier1()
            .channel("tier1-triage")
            .await
            .saying("Raised 1 time");
        w.member("auditor")
            .channel("audit")
            .await
            .saying("1 open incident cannot be read from the store");
        let tier1 = w.tier1();
        let queue = tier1.run("tier1-triage", "queue", &[]).await.message();
        queue
            .expect("1 open incident cannot be read")
            .expect("INC-2")
            .lacks("INC-1");
        let stuck = w.member("manager").run("audit", "timeline", &[]).await;
        stuck.message().expect("1 open incident cannot be read");
        w.tamper("UPDATE incidents SET state = (SELECT state FROM kept) WHERE id = 1")
            .await;
        w.tamper("DROP TABLE kept").await;
        w.advance(minutes(2)).await;
        w.tier1().channel("tier1-triage").await.all();
    });
}

#[test]
fn prometheus_reads_what_is_counted_by_its_own_conventions() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.alert("purview", UPLOAD).await.accepted();
        let tier1 = w.tier1();
        tier1.channel("tier1-triage").await.card("INC-1");
        tier1.run("tier1-triage", "me", &[]).await.message();
        w.alert("purview", MAIL).await.accepted();
        w.advance(minutes(1)).await;
        tier1.channel("tier1-triage").await.all();
        w.alert("generic", r#"{"id": "G-1"}"#).await.accepted();
        let (status, kind, text) = w.asks("/metrics").await;
        assert_eq!(
            (status, kind.as_str()),
            (200, "text/plain; version=0.0.4; charset=utf-8")
        );
        for line in [
            "# TYPE baton_intake_alerts_total counter",
            r#"baton_intake_alerts_total{source="purview",outcome="opened"} 2"#,
            r#"baton_intake_alerts_total{source="purview",outcome="repeated"} 1"#,
            r#"baton_intake_alerts_total{source="defender",outcome="opened"} 0"#,
            r#"baton_intake_requests_total{source="purview",code="202"} 3"#,
            r#"baton_outbox_waiting{channel="tier1-triage"} 1"#,
            "baton_gateway_ready 1",
            "baton_discord_rate_limited_total 0",
            "baton_auditor_rounds_total 1",
            r#"baton_auditor_findings{kind="deadline"} 0"#,
            "# TYPE baton_interaction_acknowledge_seconds histogram",
            r#"baton_interaction_acknowledge_seconds_bucket{le="+Inf"} 1"#,
            "# TYPE baton_outbox_oldest_age_seconds gauge",
            "baton_backup_last_success_timestamp_seconds 0.0",
            "baton_sweep_last_timestamp_seconds 1795165260.0",
        ] {
            assert!(
                text.lines().any(|told| told == line),
                "{line} is not in\n{text}"
            );
        }
        holds_to_conventions(&text);
        w.tier1().channel("tier1-triage").await.all();
    });
}

/// Each series belongs to a family with help and type, counters end in `_total`, and no name comes twice.
fn holds_to_conventions(text: &str) {
    let mut families = BTreeSet::new();
    let mut series = BTreeSet::new();
    let mut helped = "";
    let mut family = ("", "");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            helped = rest.split(' ').next().unwrap();
            assert!(rest.len() > helped.len() + 5, "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            family = rest.split_once(' ').unwrap();
            assert_eq!(family.0, helped);
            assert!(families.insert(family.0), "{line} comes twice");
            assert!(family.0.starts_with("baton_"), "{line}");
            assert_eq!(
                family.1 == "counter",
                family.0.ends_with("_total"),
                "{line}"
            );
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            assert!(name.starts_with(family.0), "{line} under {family:?}");
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(series.insert(name), "{line} comes twice");
        }
    }
    assert!(families.len() > 20, "{families:?}");
    // What the rules beside it ask for is there.
    let asked = RULES.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
    let asked: BTreeSet<&str> = asked.filter(|word| word.starts_with("baton_")).collect();
    assert!(asked.len() > 10, "{asked:?}");
    for name in asked {
        let family = name.trim_end_matches("_bucket");
        assert!(
            families.contains(family),
            "{name} is asked for by deploy/prometheus.rules.yml"
        );
    }
}

/// A monitor on this machine: what it is asked comes back, line by line.
async fn monitor() -> (
    std::net::SocketAddr,
    tokio::sync::mpsc::UnboundedReceiver<String>,
    tokio::task::JoinHandle<()>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    #[expect(
        clippy::disallowed_methods,
        reason = "a test has no tracker; it ends with the story"
    )]
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 4096];
            let read = stream.read(&mut bytes).await.unwrap();
            let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
            let line = text.lines().next().unwrap_or_default().to_owned();
            let status = if line.contains("gone") {
                "404 Not Found"
            } else {
                "200 OK"
            };
            let answer =
                format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            tell.send(line).unwrap();
        }
    });
    (address, told, serving)
}

#[test]
fn a_monitor_hears_a_sign_of_life_only_while_work_is_done() {
    let listening = tokio::runtime::Runtime::new().unwrap();
    let (address, mut told, serving) = listening.block_on(monitor());
    let url = format!("http://{address}/ping/key-of-ours");
    let with = |settings: &mut baton::config::Settings, _: &std::path::Path| {
        settings.heartbeat.url = Some(SecretString::from(url));
    };
    scenario_with(with, async |w| {
        w.advance(minutes(1)).await;
        let service = w.service();
        service.beat_once().await;
        assert_eq!(told.recv().await.unwrap(), "GET /ping/key-of-ours HTTP/1.1");
        // Nothing is swept any more.
        w.jump(minutes(2));
        service.beat_once().await;
        w.advance(TimeDelta::seconds(1)).await;
        service.beat_once().await;
        assert!(told.recv().await.is_some());
        // The gateway is gone; said once, however long it lasts.
        service.missing.set("gateway", "Discord's gateway broke");
        for _ in 0..3 {
            service.beat_once().await;
        }
        assert!(told.try_recv().is_err(), "withheld");
        service.missing.clear("gateway");
        // The store takes no work.
        w.tamper("CREATE TRIGGER full BEFORE UPDATE ON facts BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            .await;
        service.beat_once().await;
        w.tamper("DROP TRIGGER full").await;
        assert!(told.try_recv().is_err(), "withheld");
        service.beat_once().await;
        assert!(told.recv().await.is_some());
        let text = w.asks("/metrics").await.2;
        assert!(
            text.contains(r#"baton_heartbeats_total{outcome="sent"} 3"#),
            "{text}"
        );
        assert!(
            text.contains(r#"baton_heartbeats_total{outcome="withheld"} 5"#),
            "{text}"
        );
        w.expected().log("the monitor gets no sign of life");
        drop(service);
    });
    serving.abort();
}

#[test]
fn a_monitor_that_refuses_is_told_of_without_its_address() {
    let listening = tokio::runtime::Runtime::new().unwrap();
    let (address, _told, serving) = listening.block_on(monitor());
    let url = format!("http://{address}/gone/key-of-ours");
    let with = |settings: &mut baton::config::Settings, _: &std::path::Path| {
        settings.heartbeat.url = Some(SecretString::from(url));
    };
    scenario_with(with, async |w| {
        w.advance(minutes(1)).await;
        w.service().beat_once().await;
        // Nobody listens any more.
        serving.abort();
        w.service().beat_once().await;
        w.expected().log("the monitor answered 404");
        let logged = w.logged().join("\n");
        assert!(
            logged.contains("no sign of life") && !logged.contains("key-of-ours"),
            "{logged}"
        );
    });
}

#[test]
fn a_clock_that_jumps_forth_and_back_loses_nothing_and_says_nothing_twice() {
    scenario(async |w| {
        let tier1 = w.tier1();
        w.alert("purview", UPLOAD).await.accepted();
        tier1.channel("tier1-triage").await.card("INC-1");
        w.advance(minutes(1)).await;
        // A year ahead, and right again: one reminder, no more.
        w.advance(TimeDelta::days(400)).await;
        assert_eq!(tier1.channel("tier1-triage").await.all().len(), 2);
        w.expected().log(FOUND);
        w.advance(TimeDelta::days(-400)).await;
        for _ in 0..3 {
            w.advance(minutes(60)).await;
        }
        assert_eq!(tier1.channel("tier1-triage").await.all().len(), 2);
        let audit = w.member("auditor").channel("audit").await;
        audit.saying("1 incident had a deadline that was lost or set wrongly");
        // The next reminder comes after its four hours, not after a year.
        w.advance(minutes(60)).await;
        let channel = tier1.channel("tier1-triage").await;
        assert_eq!(channel.all().len(), 3, "{channel}");
        // Work goes on as if nothing had been.
        tier1.hands_over("tier1-triage", "INC-1", TRIAGE).await;
        w.tier2().takes("tier2-investigation", "INC-1").await;
        tier1.channel("tier1-triage").await.all();
    });
}

#[test]
fn a_message_that_was_put_off_under_a_wrong_clock_leaves_once_it_is_right() {
    scenario(async |w| {
        w.jump(TimeDelta::days(30));
        w.expected().request(500, "POST /api/v10/channels", 1);
        w.fault(json!({ "kind": "http_500", "times": 1, "route": "POST /api/v10/channels" }))
            .await;
        w.alert("purview", UPLOAD).await.accepted();
        w.deliver_once().await;
        w.jump(TimeDelta::days(-30));
        // A start forgets that the channel rests after a fault, by a clock that never goes back.
        w.kill();
        w.start().await;
        w.deliver_once().await;
        w.tier1().glance("tier1-triage").await.card("INC-1");
        w.tier1().channel("tier1-triage").await.all();
    });
}
