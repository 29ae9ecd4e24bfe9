//! What waits for a member, and what the one who escalated is told in the end: `/me`, only ever about oneself.

use super::harness::{Member, TRIAGE, World, scenario};
use crate::payload;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const DEVICE: &str = payload!("graph_alert_v2_mde_hidden_file.json");
const CASE: (&str, &str) = ("incident", "INC-1");
const EXPLAINED: &[(&str, &str)] = &[
    ("Criteria that are met", "The context explains it"),
    (
        "Findings",
        "The visa desk fills in a form of the consulate.",
    ),
    ("Intent", "Accidental"),
    ("Suspected misconduct", "No"),
    ("Suspected misconduct: why", "Their lead asked for it."),
    ("Governance required", "No"),
    ("Governance required: why", "Nothing left that is at risk."),
    (
        "Thresholds met, Governance not engaged",
        "The consulate may have the data.",
    ),
    ("Why it is closed", "A known process of the visa desk."),
    ("Outcome", "Authorised"),
];

async fn own(member: &Member, channel: &str) -> String {
    member.run(channel, "me", &[]).await.text()
}

async fn looked_at(w: &World) {
    for (name, channel) in [
        ("tier1", "tier1-triage"),
        ("tier2", "tier2-investigation"),
        ("tier2", "INC-1"),
    ] {
        w.member(name).channel(channel).await.all();
    }
}

#[test]
fn the_one_who_escalated_is_told_whether_it_was_confirmed_and_nobody_else_is() {
    scenario(async |w| {
        let (tier1, tier2) = (w.tier1(), w.tier2());
        w.alert("purview", UPLOAD).await.accepted();
        tier1.hands_over("tier1-triage", "INC-1", TRIAGE).await;
        let told = own(&tier1, "tier1-triage").await;
        assert!(told.contains("Nothing waits for you."), "{told}");
        let told = own(&tier2, "tier2-investigation").await;
        assert!(
            told.contains(
                "**INC-1** · low · Investigation · just now · offered: /accept or /return"
            ),
            "{told}"
        );
        let card = tier2.channel("tier2-investigation").await.card("INC-1");
        tier2.press(&card, "Accept").await.message();
        let first = tier2.run("tier2-investigation", "close", &[CASE]).await;
        let review = tier2.completes(first, EXPLAINED).await;
        let told = own(&tier2, "tier2-investigation").await;
        for line in ["you hold it", "INC-1 · Close after investigation · saved"] {
            assert!(told.contains(line), "{told}");
        }
        let closed = tier2.press(&review, "Submit").await.message();
        closed.expect("INC-1 is closed");
        let told = own(&tier1, "tier1-triage").await;
        assert!(
            told.contains("INC-1 · not confirmed · 2026-11-20 09:00 UTC"),
            "{told}"
        );
        the_ended_one_is_offered_to_those_who_may(w).await;
        for (name, channel) in [("tier1b", "tier1-triage"), ("tier2", "tier2-investigation")] {
            let told = own(&w.member(name), channel).await;
            assert!(!told.contains("INC-1"), "{name}: {told}");
        }
        looked_at(w).await;
    });
}

/// Its timeline is asked for after its end too, and only what has ended is reopened.
async fn the_ended_one_is_offered_to_those_who_may(w: &World) {
    w.alert("defender", DEVICE).await.accepted();
    w.member("frontline").channel("endpoint-desk").await.all();
    let both: &[&str] = &["INC-2", "INC-1"];
    for (name, channel, command, expected) in [
        ("manager", "audit", "timeline", both),
        ("manager", "audit", "reopen", &["INC-1"]),
        ("tier2", "tier2-investigation", "reopen", &["INC-1"]),
        ("tier1", "tier1-triage", "reopen", &[]),
        ("tier1", "tier1-triage", "claim", &[]),
    ] {
        let member = w.member(name);
        let offered = member.offered(channel, command, "incident", &[]).await;
        assert_eq!(offered, expected, "{name} /{command}");
    }
}
