//! Discord fails, breaks off, forgets and forbids; everything still arrives, once.

use super::harness::{Message, TRIAGE, World, scenario, scenario_with};
use crate::payload;
use baton::domain::ids::ChannelKey;
use baton::runtime::scene::TOKEN;
use baton::sandbox::permissions::{EMBED_LINKS, READ_MESSAGE_HISTORY, SEND_MESSAGES, VIEW_CHANNEL};
use serde_json::json;
use std::num::NonZeroU64;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const MAIL: &str = payload!("purview_dlp_alert_entity_exchange.json");
const POSTS: &str = "POST /api/v10/channels";
const CALLBACK: &str = "/callback";
/// The bot's member.
const BOT: &str = "1000000000000000001";

/// Two alerts are posted while the fault stands: two cards, each once.
async fn two_cards_once(w: &World, kind: &str, times: u32, for_ms: Option<u32>) {
    w.fault(json!({ "kind": kind, "times": times, "for_ms": for_ms, "route": POSTS }))
        .await;
    w.alert("purview", UPLOAD).await.accepted();
    w.alert("purview", MAIL).await.accepted();
    let channel = w.tier1().channel("tier1-triage").await;
    assert_eq!(channel.all().len(), 2, "{channel}");
    channel.card("INC-1");
    channel.card("INC-2");
}

#[test]
fn cards_arrive_once_while_discord_answers_500() {
    scenario(async |w| {
        w.expected().request(500, POSTS, 3);
        two_cards_once(w, "http_500", 3, None).await;
    });
}

#[test]
fn cards_arrive_once_while_discord_answers_429() {
    scenario(async |w| {
        w.expected().request(429, POSTS, 3);
        two_cards_once(w, "http_429", 3, None).await;
    });
}

#[test]
fn cards_arrive_once_though_the_answers_to_the_posts_are_lost() {
    scenario(async |w| two_cards_once(w, "lost_response", 3, None).await);
}

#[test]
fn cards_arrive_once_while_discord_is_slow() {
    scenario(async |w| two_cards_once(w, "slow", 2, Some(150)).await);
}

#[test]
fn cards_arrive_once_though_discord_swallowed_a_post() {
    scenario(async |w| {
        // Status 0: no answer came. It takes the ten real seconds that Baton waits for one.
        w.expected().request(0, POSTS, 1);
        two_cards_once(w, "timeout", 1, None).await;
    });
}

#[test]
fn a_burst_of_thirty_alerts_keeps_within_discords_limits() {
    scenario(async |w| {
        for n in 0..30 {
            let mut body: serde_json::Value = serde_json::from_str(UPLOAD).unwrap();
            body["AlertId"] = json!(format!("burst-{n}"));
            w.alert("purview", body.to_string()).await.accepted();
        }
        // No 429 is declared: Baton keeps Discord's pace by itself, and says together what it cannot say one by one.
        let messages = w.tier1().channel("tier1-triage").await.all();
        for n in 1..=30 {
            let id = format!("INC-{n}");
            let shows = |message: &&Message| message.incidents().contains(&id);
            assert_eq!(messages.iter().filter(shows).count(), 1, "{id}");
        }
        assert!(messages.len() < 5, "{}", messages.len());
    });
}

#[test]
fn an_answer_that_discord_lost_is_not_given_twice() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let card = w.tier1().channel("tier1-triage").await.card("INC-1");
        // The first try arrives; that the second is one too many is no fault.
        w.fault(json!({ "kind": "lost_response", "route": CALLBACK }))
            .await;
        w.expected().request(400, CALLBACK, 1);
        w.tier1()
            .press(&card, "Claim")
            .await
            .message()
            .expect("INC-1 is yours");
        w.tier1()
            .channel("tier1-triage")
            .await
            .card("INC-1")
            .expect("Held by tier1");
    });
}

#[test]
fn an_answer_that_discord_refused_with_500_is_given_in_time() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let card = w.tier1().channel("tier1-triage").await.card("INC-1");
        w.fault(json!({ "kind": "http_500", "route": CALLBACK }))
            .await;
        w.expected().request(500, CALLBACK, 1);
        w.tier1()
            .press(&card, "Claim")
            .await
            .message()
            .expect("INC-1 is yours");
        w.tier1()
            .channel("tier1-triage")
            .await
            .card("INC-1")
            .expect("Held by tier1");
    });
}

#[test]
fn a_form_opens_in_time_though_discord_is_slow() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let card = w.tier1().channel("tier1-triage").await.card("INC-1");
        w.fault(json!({ "kind": "slow", "for_ms": 200, "route": CALLBACK }))
            .await;
        w.tier1().press(&card, "Escalate").await.form();
        w.tier1().channel("tier1-triage").await.card("INC-1");
    });
}

#[test]
fn a_closed_channel_parks_its_card_tells_audit_and_delivers_once_it_is_mended() {
    scenario(async |w| {
        w.tier1().channel("tier1-triage").await;
        w.overwrite("tier1-triage", BOT, 0, VIEW_CHANNEL).await;
        w.expected().request(403, POSTS, 1).log("an effect rests");
        w.alert("purview", UPLOAD).await.accepted();
        assert!(w.tier1().channel("tier1-triage").await.is_empty());
        let notice = w.member("auditor").channel("audit").await;
        let notice = notice.saying("Something could not be delivered");
        insta::assert_snapshot!(notice.pings_nobody().text(), @r"
        Something could not be delivered
        A card (delivery 1) for the channel tier1-triage: Missing Access (50001)

        **What to do**: Mend the channel or Baton's permissions there. It is kept, and sent as soon as Discord reports the change or Baton starts again.
        Urgent
        ");
        let mended = VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | READ_MESSAGE_HISTORY;
        w.overwrite("tier1-triage", BOT, mended, 0).await;
        w.tier1().channel("tier1-triage").await.card("INC-1");
    });
}

#[test]
fn a_deleted_channel_parks_its_card_and_tells_audit() {
    let gone = |settings: &mut baton::config::Settings, _: &std::path::Path| {
        let id = NonZeroU64::new(999).unwrap();
        settings
            .channels
            .insert(ChannelKey::new("tier1-triage"), id);
    };
    scenario_with(gone, async |w| {
        w.expected()
            .request(404, POSTS, 1)
            .log("an effect rests")
            .resting(1);
        w.alert("purview", UPLOAD).await.accepted();
        let notice = w.member("auditor").channel("audit").await;
        notice.saying("A card (delivery 1) for the channel tier1-triage: Unknown Channel");
        assert!(w.tier1().channel("tier1-triage").await.is_empty());
    });
}

#[test]
fn a_deleted_card_is_posted_anew_when_the_incident_changes() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let card = w.tier1().channel("tier1-triage").await.card("INC-1");
        w.delete_message(&card, TOKEN).await;
        w.expected().request(404, "PATCH", 1);
        let claimed = w
            .tier1()
            .run("tier1-triage", "claim", &[("incident", "INC-1")])
            .await;
        claimed.message().expect("INC-1 is yours");
        let channel = w.tier1().channel("tier1-triage").await;
        assert_eq!(channel.all().len(), 1);
        let anew = channel.card("INC-1");
        anew.expect("Held by tier1");
        assert_ne!(anew.id(), card.id());
    });
}

#[test]
fn a_form_goes_on_over_every_way_in_which_the_gateway_fails() {
    for kind in ["gateway_reconnect", "gateway_drop", "gateway_close"] {
        scenario(async |w| {
            w.expected().log("the gateway");
            form_over(w, kind).await;
        });
    }
}

#[test]
fn a_form_goes_on_after_the_session_was_declared_invalid() {
    scenario(async |w| {
        w.expected().log("the gateway");
        w.alert("purview", UPLOAD).await.accepted();
        let tier1 = w.tier1();
        let card = tier1.channel("tier1-triage").await.card("INC-1");
        let form = tier1.press(&card, "Escalate").await.form();
        w.fault(json!({ "kind": "gateway_invalid_session" })).await;
        w.connected().await;
        let review = form.fill(TRIAGE).await.message();
        review.expect("**Department**: Visa desk");
    });
}

async fn form_over(w: &World, kind: &str) {
    w.alert("purview", UPLOAD).await.accepted();
    let tier1 = w.tier1();
    let card = tier1.channel("tier1-triage").await.card("INC-1");
    let form = tier1.press(&card, "Escalate").await.form();
    w.fault(json!({ "kind": kind })).await;
    w.connected().await;
    let review = form.fill(TRIAGE).await.message();
    review.expect("**Department**: Visa desk");
    w.fault(json!({ "kind": kind })).await;
    w.connected().await;
    tier1.press(&card, "Details").await.message();
    tier1.hands_over("tier1-triage", "INC-1", TRIAGE).await;
    w.tier2()
        .channel("tier2-investigation")
        .await
        .card("INC-1")
        .expect("Visa desk");
    assert_eq!(
        w.tier2().channel("tier2-investigation").await.all().len(),
        1
    );
}
