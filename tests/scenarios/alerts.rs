//! From a body to a card: repeats, detections of one person, hostile text, a person's report, what nothing takes.

use super::harness::{TRIAGE, World, minutes, scenario};
use crate::payload;
use serde_json::{Value, json};

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");

/// The sample with another id, and these facts of the source changed.
fn upload(id: &str, changes: &[(&str, &str)]) -> String {
    let mut body: Value = serde_json::from_str(UPLOAD).unwrap();
    body["AlertId"] = json!(id);
    let mut data: Value = serde_json::from_str(body["Data"].as_str().unwrap()).unwrap();
    for (key, value) in changes {
        data[key] = json!(value);
    }
    body["Data"] = json!(data.to_string());
    body.to_string()
}

#[test]
fn a_repeat_alert_posts_nothing_new_and_the_card_counts_it() {
    scenario(async |w| {
        assert_eq!(
            w.alert("purview", UPLOAD).await.outcomes(),
            ["opened INC-1"]
        );
        let before = w.tier1().channel("tier1-triage").await.card("INC-1");
        before.expect("**Repeats**: 1 alert").lacks("re-sent");
        w.advance(minutes(1)).await;
        for _ in 0..2 {
            assert_eq!(
                w.alert("purview", UPLOAD).await.outcomes(),
                ["repeated INC-1"]
            );
        }
        let channel = w.tier1().channel("tier1-triage").await;
        assert_eq!(channel.all().len(), 1);
        let after = channel.card("INC-1");
        assert_eq!(after.id(), before.id(), "the same message, edited");
        after
            .expect("**Repeats**: 1 alert, re-sent 2 times")
            .pings_nobody();
        after.lacks("The same person was detected repeatedly");
    });
}

#[test]
fn two_detections_of_one_person_meet_the_repeat_criterion_with_its_facts() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.tier1().channel("tier1-triage").await.card("INC-1");
        let later = [
            ("ts", "2026-11-10T10:00:00Z"),
            ("te", "2026-11-10T10:00:00Z"),
        ];
        let second = upload("second", &later);
        assert_eq!(
            w.alert("purview", second).await.outcomes(),
            ["opened INC-2"]
        );
        let card = w.tier1().channel("tier1-triage").await.card("INC-2");
        card.expect("The same person was detected repeatedly within the rolling window. (met · Detections in the window, this one included: 2 · Window in days: 30)");
        card.expect("2 detections of the person in the window");
        let other = upload("third", &[("f3u", "someone.else@contoso.example")]);
        assert_eq!(w.alert("purview", other).await.outcomes(), ["opened INC-3"]);
        let card = w.tier1().channel("tier1-triage").await.card("INC-3");
        card.lacks("The same person was detected repeatedly");
    });
}

#[test]
fn hostile_text_is_shown_cut_and_obeyed_by_nobody() {
    scenario(async |w| {
        let guild = w.guild().await;
        let role = |name: &str| {
            let roles = guild["roles"].as_array().unwrap();
            let found = roles.iter().find(|role| role["name"] == name).unwrap();
            found["id"].as_str().unwrap().to_owned()
        };
        let evil = format!(
            "@everyone @here <@&{}> **bold** [click](https://evil.example) `x` \u{202e}txt.exe\u{0007}\u{200b}\r\n# big\n```",
            role("tier1"),
        );
        let long = format!("{evil}{}", "A".repeat(10_000));
        let hostile = [
            ("dpn", long.as_str()),
            ("drn", &evil),
            ("tdmn", &evil),
            ("dn", &evil),
        ];
        let body = upload("hostile", &hostile);
        assert_eq!(w.alert("purview", body).await.outcomes(), ["opened INC-1"]);
        let card = w.tier1().channel("tier1-triage").await.card("INC-1");
        card.pings_nobody();
        let text = card.text();
        assert!(
            text.chars().count() < 6_000,
            "{} characters",
            text.chars().count()
        );
        // One long text leaves the others their place.
        card.expect("AAA… (cut)")
            .expect("**Source**: purview")
            .expect("Risky workload");
        for harm in [
            "\u{202e}",
            "\u{0007}",
            "\u{200b}",
            "\r",
            "\n# big",
            "**bold**",
            "[click](https:",
        ] {
            assert!(!text.contains(harm), "{harm:?} in:\n{text}");
        }
        // What is cut stands whole one click away, and the look is in the access log.
        let details = w.tier1().press(&card, "Details").await.message();
        let body = w.file(&details, "ALR-1-body-1.json").await;
        assert!(body.contains(&"A".repeat(10_000)));
        let views = w
            .count("SELECT COUNT(*) FROM access_headers WHERE what = 'details'")
            .await;
        assert_eq!(views, 1);
        w.tier1().hands_over("tier1-triage", "INC-1", TRIAGE).await;
        w.tier2()
            .channel("tier2-investigation")
            .await
            .card("INC-1")
            .pings_nobody();
        w.tier1()
            .channel("tier1-triage")
            .await
            .card("INC-1")
            .pings_nobody();
    });
}

#[test]
fn a_report_by_frontline_is_an_alert_on_its_desk() {
    scenario(async |w| {
        let frontline = w.member("frontline");
        let report = [
            ("what", "The laptop encrypts files by itself."),
            ("about", "endpoint"),
            ("person", "a.nurse@clinic.example"),
            ("device", "WARD-7"),
            ("directive_by", "duty officer"),
        ];
        let told = frontline
            .run("endpoint-desk", "open", &report)
            .await
            .message();
        told.expect("INC-1 is open")
            .expect("Do not try to repair anything");
        let card = frontline.channel("endpoint-desk").await.card("INC-1");
        card.expect("**Person**: a.nurse@clinic.example")
            .expect("**Device**: WARD-7");
        card.expect("**Source**: chat")
            .lacks("encrypts files")
            .pings_nobody();
        frontline
            .press(&card, "Details")
            .await
            .message()
            .expect("encrypts files");
        let refused = w
            .member("hr")
            .run("governance", "open", &report)
            .await
            .message();
        refused.expect("Not yours to do");
    });
}

#[test]
fn what_no_playbook_takes_waits_in_triage() {
    scenario(async |w| {
        let report = [
            ("what", "The door of the server room stands open."),
            ("about", "infra"),
        ];
        w.tier1()
            .run("tier1-triage", "open", &report)
            .await
            .message()
            .expect("INC-1 is open");
        let card = w.tier1().channel("tier1-triage").await.card("INC-1");
        card.expect("Unrouted").expect("**Source**: chat");
        // It has its clock: nobody claims it in time.
        w.advance(minutes(61)).await;
        w.tier1()
            .channel("tier1-triage")
            .await
            .saying("still waiting");
    });
}

#[test]
fn each_sample_body_opens_what_it_is_expected_to_open() {
    let expected: Value = serde_json::from_str(payload!("EXPECTED.json")).unwrap();
    let of = |adapter: &str| -> Vec<(String, Value)> {
        let all = expected.as_object().unwrap().iter();
        let mine = all.filter(|(_, told)| told["source_kind"] == adapter);
        mine.map(|(file, told)| (file.clone(), told.clone()))
            .collect()
    };
    let mut bodies: Vec<(&str, String, Value)> = Vec::new();
    for (source, kind) in [("purview", "o365-audit"), ("defender", "graph-alert-v2")] {
        bodies.extend(
            of(kind)
                .into_iter()
                .map(|(file, told)| (source, file, told)),
        );
    }
    assert_eq!(bodies.len(), 6);
    scenario(async |w| {
        for (source, file, told) in bodies {
            opens_as_expected(w, source, &file, &told).await;
        }
    });
}

async fn opens_as_expected(w: &World, source: &str, file: &str, told: &Value) {
    let path = format!("{}/tests/data/payloads/{file}", env!("CARGO_MANIFEST_DIR"));
    let received = w
        .alert(source, std::fs::read_to_string(path).unwrap())
        .await;
    let outcomes = received.outcomes();
    let alerts = told["alerts"].as_array().unwrap();
    assert_eq!(outcomes.len(), alerts.len(), "{file}");
    for (outcome, alert) in outcomes.iter().zip(alerts) {
        let Some(id) = outcome.strip_prefix("opened ") else {
            assert_eq!(alert["opens_incident"], false, "{file}: {outcome}");
            continue;
        };
        assert_eq!(alert["opens_incident"], true, "{file}: {outcome}");
        let (member, channel) = match (&alert["playbook"], &alert["severity"]) {
            (playbook, _) if playbook == "purview-dlp" => ("tier1", "tier1-triage"),
            (_, severity) if severity == "high" => ("tier3", "tier3-containment"),
            _ => ("frontline", "endpoint-desk"),
        };
        let card = w.member(member).channel(channel).await.card(id);
        for fact in ["user", "device", "destination"] {
            if let Some(fact) = alert[fact].as_str() {
                card.expect(fact);
            }
        }
    }
}
