//! More alerts than a channel can show one by one: digests, what is done from them, and that each alert stands in one message
//! whatever fails in between.

use super::dismissal::FIRST;
use super::harness::{ALL, Message, World, minutes, scenario};
use super::walled::imports;
use chrono::TimeDelta;
use serde_json::json;

const EDITS: &str = "PATCH ";
const POSTS: &str = "POST /api/v10/channels";

/// So many alerts at once, each about somebody else.
async fn burst(w: &World, severity: &str, count: usize) {
    for n in 0..count {
        let id = format!("{severity}-{n}");
        about(w, severity, &id, &format!("user{n}@contoso.example")).await;
    }
}

async fn about(w: &World, severity: &str, id: &str, user: &str) {
    let body = json!({
        "id": id, "kind": "dlp", "severity": severity, "user": user, "policy": "Customer data",
    });
    w.alert("generic", body.to_string()).await.accepted();
}

async fn triage(w: &World) -> Vec<Message> {
    w.tier1().channel("tier1-triage").await.all()
}

#[test]
fn a_storm_leaves_high_ones_on_cards_of_their_own_and_the_others_in_a_digest() {
    scenario(async |w| {
        burst(w, "low", 5).await;
        burst(w, "high", 2).await;
        let messages = triage(w).await;
        assert_eq!(messages.len(), 3);
        messages[0].expect("High · INC-6");
        messages[1].expect("High · INC-7");
        insta::assert_snapshot!(messages[2].pings_nobody().text());
    });
}

#[test]
fn what_comes_again_stays_in_its_digest_unless_it_is_more_severe_now() {
    scenario(async |w| {
        burst(w, "low", 5).await;
        assert_eq!(triage(w).await.len(), 1);
        about(w, "low", "low-2", "user2@contoso.example").await;
        assert_eq!(triage(w).await.len(), 1);
        let graver = json!({
            "id": "low-3", "kind": "dlp", "severity": "high", "user": "user3@contoso.example",
            "policy": "Customer data",
        });
        w.alert("generic", graver.to_string()).await.accepted();
        let messages = triage(w).await;
        assert_eq!(messages.len(), 2);
        messages[1].expect("High · INC-4");
    });
}

#[test]
fn what_stands_in_a_digest_is_claimed_handed_over_and_opened_from_it_and_then_has_its_card() {
    scenario(async |w| {
        burst(w, "low", 5).await;
        let messages = triage(w).await;
        let [digest] = messages.as_slice() else {
            panic!("{} messages", messages.len());
        };
        let tier1 = w.tier1();
        let done = tier1.pick(digest, "Claim or accept…", &["INC-2"]).await;
        done.message().expect("INC-2 is yours");
        // Somebody else presses the same: the one who was faster is named.
        let late = w
            .tier1b()
            .pick(digest, "Claim or accept…", &["INC-2"])
            .await;
        late.message().expect("tier1");
        let card = tier1.channel("tier1-triage").await.card("INC-2");
        card.expect("Held by tier1");
        let opened = tier1.pick(digest, "Open…", &["INC-3"]).await.message();
        opened
            .expect("Customer data")
            .expect("user2@contoso.example");
        assert!(tier1.press(&opened, "Dismiss").await.is_form());
        assert!(tier1.pick(digest, "Escalate…", &["INC-4"]).await.is_form());
        tier1.channel("tier1-triage").await.all();
        // Others than the tier's are told what they are told of what does not exist.
        let queue = w
            .member("manager")
            .run("audit", "queue", &[("incident", "INC-3")])
            .await;
        queue.message().lacks("user2");
    });
}

#[test]
fn a_card_follows_its_incident_while_new_alerts_wait_for_their_turn() {
    scenario(async |w| {
        burst(w, "high", 1).await;
        let card = w.tier1().channel("tier1-triage").await.card("INC-1");
        burst(w, "low", 5).await;
        w.deliver_once().await;
        about(w, "low", "later", "late@contoso.example").await;
        w.tier1()
            .press(&card, "Claim")
            .await
            .message()
            .expect("INC-1 is yours");
        // The digest still lasts, and the later alert waits.
        assert!(w.deliver_once().await.waiting > 0);
        let channel = w.tier1().glance("tier1-triage").await;
        channel.card("INC-1").expect("Held by tier1");
        assert!(!channel.to_string().contains("INC-7"));
        assert_eq!(triage(w).await.len(), 3);
    });
}

#[test]
fn calm_returns_to_single_cards() {
    scenario(async |w| {
        burst(w, "low", 5).await;
        assert_eq!(triage(w).await.len(), 1);
        w.advance(TimeDelta::seconds(10)).await;
        about(w, "low", "later", "late@contoso.example").await;
        let channel = w.tier1().channel("tier1-triage").await;
        assert_eq!(channel.all().len(), 2);
        channel.card("INC-6").expect("late@contoso.example");
    });
}

#[test]
fn a_digest_that_is_too_long_for_a_text_lists_all_in_its_file_and_page_by_page() {
    scenario(async |w| {
        burst(w, "medium", 130).await;
        let messages = triage(w).await;
        let [digest] = messages.as_slice() else {
            panic!("{} messages", messages.len());
        };
        digest
            .expect("130 at once in tier1-triage")
            .expect("stand in the file below");
        let name = digest.json["attachments"][0]["filename"].as_str().unwrap();
        let file = w.file(digest, name).await;
        assert_eq!(file.lines().count(), 130);
        assert!(
            file.lines()
                .any(|line| line.contains("INC-130\tuser129@contoso.example")),
            "{file}"
        );
        let tier1 = w.tier1();
        let page = tier1.press(digest, "The other 105").await.message();
        assert!(
            page.incidents().contains("INC-26") && !page.incidents().contains("INC-25"),
            "{}",
            page.text()
        );
        let next = tier1.press(&page, "Those after").await.message();
        let done = tier1.pick(&next, "Claim or accept…", &["INC-60"]).await;
        done.message().expect("INC-60 is yours");
        tier1.channel("tier1-triage").await.card("INC-60");
    });
}

/// The next post arrives, and its answer is lost.
async fn arrives_unanswered(w: &World) {
    w.fault(json!({ "kind": "lost_response", "route": POSTS }))
        .await;
    w.deliver_once().await;
}

/// The service ends before it noted what it had tried, and begins again. The clock of a scenario stands still, so that what
/// waits has to be made older than the start.
async fn crashes(w: &World) {
    w.kill();
    w.tamper(
        "UPDATE outbox SET attempts = 0, due_us = created_us, created_us = created_us - 1 WHERE state = 'waiting'",
    )
    .await;
    w.start().await;
}

#[test]
fn a_digest_whose_answer_was_lost_stands_once_after_a_crash() {
    scenario(async |w| {
        burst(w, "low", 5).await;
        arrives_unanswered(w).await;
        crashes(w).await;
        // More comes in before the service is back at work.
        burst(w, "medium", 5).await;
        let messages = triage(w).await;
        for n in 1..=10 {
            let id = format!("INC-{n}");
            let times = messages
                .iter()
                .filter(|message| message.incidents().contains(&id))
                .count();
            assert_eq!(times, 1, "{id}");
        }
    });
}

/// Five stand in a digest; INC-2 is claimed from it, gets its own card, whose answer is lost, and is dismissed.
async fn dismissed_behind_a_lost_answer(w: &World) {
    burst(w, "low", 5).await;
    let messages = triage(w).await;
    w.advance(TimeDelta::seconds(10)).await;
    w.fault(json!({ "kind": "lost_response", "route": POSTS }))
        .await;
    let tier1 = w.tier1();
    tier1
        .pick(&messages[0], "Claim or accept…", &["INC-2"])
        .await
        .message()
        .expect("INC-2 is yours");
    w.deliver_once().await;
    let card = tier1.glance("tier1-triage").await.card("INC-2");
    card.expect("Held by tier1");
    let form = tier1.press(&card, "Dismiss").await.form();
    let answers = [FIRST, &[("Definition of done", ALL)]].concat();
    let review = form.fill(&answers).await.message();
    let done = tier1.press(&review, "Submit").await.message();
    done.expect("INC-2 is dismissed");
}

async fn settled_once(w: &World) {
    let messages = triage(w).await;
    assert_eq!(messages.len(), 2);
    messages[1].expect("INC-2").expect("Settled");
    assert!(!messages[1].text().contains("Held by"));
    assert_eq!(w.cards_of_nobody(2, &messages), Vec::<String>::new());
}

#[test]
fn a_card_whose_answer_was_lost_is_found_though_its_incident_is_settled_by_the_next_try() {
    scenario(async |w| {
        dismissed_behind_a_lost_answer(w).await;
        settled_once(w).await;
    });
}

#[test]
fn a_card_that_was_found_again_stays_known_though_the_service_ends_at_its_edit() {
    scenario(async |w| {
        dismissed_behind_a_lost_answer(w).await;
        w.fault(json!({ "kind": "lost_response", "route": EDITS }))
            .await;
        w.advance(TimeDelta::seconds(10)).await;
        w.deliver_once().await;
        crashes(w).await;
        settled_once(w).await;
    });
}

#[test]
fn a_card_that_arrived_before_a_crash_is_in_no_digest_after_it() {
    scenario(async |w| {
        burst(w, "low", 1).await;
        arrives_unanswered(w).await;
        crashes(w).await;
        burst(w, "high", 6).await;
        let messages = triage(w).await;
        let times = messages
            .iter()
            .filter(|message| message.incidents().contains("INC-1"))
            .count();
        assert_eq!(times, 1);
    });
}

#[test]
fn a_settled_card_that_arrived_before_a_crash_is_in_no_digest_after_it() {
    scenario(async |w| {
        burst(w, "low", 1).await;
        let (tier1, of) = (w.tier1(), [("incident", "INC-1")]);
        let claimed = tier1.run("tier1-triage", "claim", &of).await;
        claimed.message().expect("INC-1 is yours");
        let form = tier1.run("tier1-triage", "dismiss", &of).await.form();
        let answers = [FIRST, &[("Definition of done", ALL)]].concat();
        let review = form.fill(&answers).await.message();
        let done = tier1.press(&review, "Submit").await.message();
        done.expect("INC-1 is dismissed");
        arrives_unanswered(w).await;
        crashes(w).await;
        burst(w, "high", 12).await;
        let messages = triage(w).await;
        let about = |one: &&Message| one.incidents().contains("INC-1") || one.is_card_of("INC-1");
        assert_eq!(messages.iter().filter(about).count(), 1);
        assert_eq!(w.cards_of_nobody(1, &messages), Vec::<String>::new());
    });
}

#[test]
fn what_arrived_is_found_by_its_key_once_discord_has_forgotten_the_nonce() {
    for (crash, count) in [(true, 1), (false, 1), (true, 5), (false, 5)] {
        scenario(async |w| {
            burst(w, "low", count).await;
            arrives_unanswered(w).await;
            if crash {
                crashes(w).await;
            }
            w.jump(minutes(10));
            w.settle().await;
            assert_eq!(triage(w).await.len(), 1, "crash {crash}, {count} alerts");
            assert_eq!(w.count("SELECT COUNT(*) FROM posted").await, 1);
        });
    }
}

#[test]
fn what_is_walled_off_is_in_no_digest_and_leaves_the_one_where_it_stands() {
    scenario(async |w| {
        about(w, "low", "walled", "ana@contoso.example").await;
        for n in 0..5 {
            let body = json!({ "id": format!("open-{n}"), "kind": "dlp", "severity": "low" });
            w.alert("generic", body.to_string()).await.accepted();
        }
        let before = triage(w).await;
        assert!(before.len() == 1 && before[0].incidents().contains("INC-1"));
        imports(w, "tier1b").await;
        about(w, "low", "walled-again", "ana@contoso.example").await;
        burst(w, "medium", 5).await;
        for message in w.tier1b().channel("tier1-triage").await.all() {
            assert!(
                !message.incidents().contains("INC-1") && !message.incidents().contains("INC-7"),
                "{}",
                message.text()
            );
            message.lacks("ana@contoso.example");
        }
        for key in [
            "SELECT channel_id FROM posted WHERE key = 'sealed:INC-1'",
            "SELECT channel_id FROM posted WHERE key = 'sealed:INC-7'",
        ] {
            let thread = w.stored(key).await;
            assert_eq!(w.tier1().channel(&thread).await.all().len(), 1);
            w.tier1b().cannot_see(&thread).await;
        }
    });
}

#[test]
fn a_faulty_channel_holds_up_no_other() {
    scenario(async |w| {
        let guild = w.guild().await;
        let channels = guild["channels"].as_array().unwrap();
        let triage = channels
            .iter()
            .find(|one| one["name"] == "tier1-triage")
            .unwrap();
        let route = format!("{POSTS}/{}", triage["id"].as_str().unwrap());
        w.expected().request(500, POSTS, 2);
        w.fault(json!({ "kind": "http_500", "times": 2, "route": route }))
            .await;
        burst(w, "low", 1).await;
        let body = json!({ "id": "desk", "kind": "endpoint", "severity": "low" });
        w.alert("generic", body.to_string()).await.accepted();
        w.deliver_once().await;
        w.member("frontline")
            .glance("endpoint-desk")
            .await
            .card("INC-2");
        assert!(w.tier1().glance("tier1-triage").await.is_empty());
        w.tier1().channel("tier1-triage").await.card("INC-1");
    });
}

#[test]
fn the_queue_says_when_messages_are_late() {
    scenario(async |w| {
        w.fault(json!({ "kind": "http_500", "route": POSTS })).await;
        w.expected().request(500, POSTS, 1);
        burst(w, "low", 1).await;
        w.deliver_once().await;
        let before = w.tier1().run("tier1-triage", "queue", &[]).await;
        before.message().lacks("Messages are late");
        w.jump(TimeDelta::seconds(40));
        let queue = w.tier1().run("tier1-triage", "queue", &[]).await;
        queue
            .message()
            .expect("Messages are late")
            .expect("due 40 s ago");
        w.tier1().channel("tier1-triage").await.card("INC-1");
        let queue = w
            .tier1()
            .run("tier1-triage", "queue", &[("incident", "INC-1")])
            .await;
        assert!(queue.message().buttons().contains(&"Claim".to_owned()));
    });
}
