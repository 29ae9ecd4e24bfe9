//! The service ends, softly or not, and comes back on the same store: nothing is lost, nothing is said twice.

use super::harness::{TRIAGE, scenario};
use crate::payload;
use serde_json::json;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const MAIL: &str = payload!("purview_dlp_alert_entity_exchange.json");
const SESSION: &str = "SELECT value FROM facts WHERE key = 'gateway_session'";

#[test]
fn a_form_that_was_left_goes_on_with_its_pages_after_a_restart() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let tier1 = w.tier1();
        let card = tier1.channel("tier1-triage").await.card("INC-1");
        let form = tier1.press(&card, "Escalate").await.form();
        let review = form.submit(&[("Department", "Visa desk")]).await.message();
        w.kill();
        w.start().await;
        let drafts = tier1.run("tier1-triage", "drafts", &[]).await.message();
        drafts
            .expect("1 form under way")
            .expect("INC-1 · Escalate to investigation");
        let again = tier1
            .pick(&drafts, "Go on with…", &["INC-1"])
            .await
            .message();
        again.expect("**Department**: Visa desk");
        // The screen of before the restart works as well.
        tier1
            .press(&review, "Submit")
            .await
            .message()
            .expect("Not sent yet");
        let form = tier1.press(&again, "Fill in what is missing").await.form();
        let done = tier1.completes(form.fill(TRIAGE).await, TRIAGE).await;
        tier1
            .press(&done, "Submit")
            .await
            .message()
            .expect("INC-1 is handed over");
        w.tier2()
            .channel("tier2-investigation")
            .await
            .card("INC-1")
            .expect("Visa desk");
        tier1.channel("tier1-triage").await.card("INC-1");
        tier1
            .run("tier1-triage", "drafts", &[])
            .await
            .message()
            .expect("no form");
    });
}

#[test]
fn what_was_accepted_before_a_crash_is_delivered_once_after_it() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.alert("purview", MAIL).await.accepted();
        // The first card is posted, but the answer to it is lost with the service.
        w.fault(json!({ "kind": "lost_response", "route": "POST /api/v10/channels" }))
            .await;
        w.deliver_once().await;
        w.kill();
        w.start().await;
        let channel = w.tier1().channel("tier1-triage").await;
        assert_eq!(channel.all().len(), 2, "{channel}");
        channel.card("INC-1");
        channel.card("INC-2");
    });
}

#[test]
fn a_soft_restart_resumes_the_gateways_session() {
    scenario(async |w| {
        w.stop().await;
        let first = w.stored(SESSION).await;
        w.start().await;
        w.fault(json!({ "kind": "gateway_reconnect" })).await;
        w.connected().await;
        w.heard().await;
        // Dialled once, where Discord said: no "could not connect" in between.
        w.expected()
            .log("the connection ended")
            .log("the gateway broke");
        w.stop().await;
        let later = w.stored(SESSION).await;
        let (first, later): (serde_json::Value, serde_json::Value) = (
            serde_json::from_str(&first).unwrap(),
            serde_json::from_str(&later).unwrap(),
        );
        assert_eq!(
            first["id"], later["id"],
            "one session from the first start on"
        );
        assert!(later["sequence"].as_u64() > first["sequence"].as_u64());
        assert!(later["resume_url"].as_str().unwrap().ends_with("/resume"));
        w.start().await;
    });
}

#[test]
fn after_a_kill_no_step_that_was_answered_is_heard_again() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.stop().await;
        // This run goes on with the session that the soft end left; none is left by its kill.
        w.start().await;
        let tier1 = w.tier1();
        let card = tier1.channel("tier1-triage").await.card("INC-1");
        tier1.press(&card, "Claim").await.message();
        w.kill();
        let kept = "SELECT CAST(count(*) AS TEXT) FROM facts WHERE key = 'gateway_session'";
        assert_eq!(w.stored(kept).await, "0");
        // An answer to a step that was answered already would be refused, and the story would fail.
        w.start().await;
        w.heard().await;
        let claims = "SELECT CAST(count(*) AS TEXT) FROM event_headers WHERE kind = 'claimed'";
        assert_eq!(w.stored(claims).await, "1");
    });
}

#[test]
fn who_left_while_nobody_listened_is_no_member_any_more() {
    scenario(async |w| {
        w.kill();
        w.tamper(
            "INSERT INTO members (account, person_id, name, roles, seen_us)
             SELECT '1', person_id, 'left', roles, seen_us FROM members WHERE name = 'tier1'",
        )
        .await;
        w.start().await;
        let kept = "SELECT group_concat(name, ' ') FROM members WHERE name IN ('left', 'tier1')";
        assert_eq!(w.stored(kept).await, "tier1");
    });
}

#[test]
fn a_control_under_somebodys_finger_works_although_its_card_was_edited() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let tier1 = w.tier1();
        let before = tier1.channel("tier1-triage").await.card("INC-1");
        tier1.press(&before, "Claim").await.message();
        let held = tier1.channel("tier1-triage").await.card("INC-1");
        assert_ne!(before.text(), held.text());
        tier1.press(&before, "Escalate").await.form();
    });
}

#[test]
fn a_start_that_discord_refuses_is_tried_again_until_it_is_taken() {
    scenario(async |w| {
        w.stop().await;
        for (kind, route) in [("http_403", "/commands"), ("http_404", "/members")] {
            w.fault(json!({ "kind": kind, "times": 1, "route": route }))
                .await;
        }
        w.expected()
            .log("Discord is connected, but not prepared")
            .request(403, "/commands", 1)
            .request(404, "/members", 1);
        w.start().await;
        w.alert("purview", UPLOAD).await.accepted();
        w.tier1().channel("tier1-triage").await.card("INC-1");
    });
}
