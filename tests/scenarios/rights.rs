//! Who may see and do what; what is refused reads like what does not exist.

use super::harness::{Member, TRIAGE, scenario};
use crate::payload;
use baton::sandbox::permissions::{READ_MESSAGE_HISTORY, VIEW_CHANNEL};

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const LOOK: u64 = VIEW_CHANNEL | READ_MESSAGE_HISTORY;

const WITH_INCIDENT: [(&str, &[(&str, &str)]); 5] = [
    ("claim", &[]),
    ("escalate", &[]),
    ("accept", &[]),
    ("return", &[("reason", "because")]),
    ("timeline", &[]),
];

/// What each command says of an incident.
async fn said_of(member: &Member, channel: &str, id: &str) -> Vec<String> {
    let mut said = Vec::new();
    for (command, more) in WITH_INCIDENT {
        let options: Vec<_> = [("incident", id)].iter().chain(more).copied().collect();
        said.push(member.run(channel, command, &options).await.text());
    }
    said
}

#[test]
fn an_outsider_finds_nothing_and_cannot_tell_it_from_what_does_not_exist() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let outsider = w.outsider();
        w.tier1().channel("tier1-triage").await.card("INC-1");
        outsider.cannot_see("tier1-triage").await;
        // Even let in by Discord's permissions, Baton tells and does nothing.
        w.overwrite("tier1-triage", "outsider", LOOK, 0).await;
        let card = outsider.channel("tier1-triage").await.card("INC-1");
        let missing = said_of(&outsider, "tier1-triage", "INC-9").await;
        assert_eq!(said_of(&outsider, "tier1-triage", "INC-1").await, missing);
        for button in card.buttons() {
            assert_eq!(
                outsider.press(&card, &button).await.text(),
                missing[0],
                "{button}"
            );
        }
        assert!(missing[0].contains("Nothing there"), "{missing:?}");
        for (command, _) in WITH_INCIDENT {
            let offered = outsider
                .offered("tier1-triage", command, "incident", &[])
                .await;
            assert!(offered.is_empty(), "{command}: {offered:?}");
        }
        for command in ["queue", "drafts"] {
            let said = outsider.run("tier1-triage", command, &[]).await.text();
            assert!(!said.contains("INC-1"), "{command}: {said}");
        }
        let views = w.count("SELECT COUNT(*) FROM access_headers").await;
        assert_eq!(views, 0, "nothing was shown, so no view is logged");
    });
}

#[test]
fn only_the_receiving_tier_accepts() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let (tier1, tier2) = (w.tier1(), w.tier2());
        tier1.hands_over("tier1-triage", "INC-1", TRIAGE).await;
        let accept = [("incident", "INC-1")];
        let refused = tier1.run("tier1-triage", "accept", &accept).await.message();
        refused.expect("This step belongs to the role tier2.");
        let options = [("incident", "INC-1"), ("reason", "no")];
        tier1
            .run("tier1-triage", "return", &options)
            .await
            .message()
            .expect("the role tier2");
        tier2
            .channel("tier2-investigation")
            .await
            .card("INC-1")
            .expect("Offered by tier1");
        let accepted = tier2
            .run("tier2-investigation", "accept", &accept)
            .await
            .message();
        accepted.expect("INC-1 is yours");
        tier2
            .channel("tier2-investigation")
            .await
            .card("INC-1")
            .expect("Held by tier2");
        tier2.channel("INC-1").await.saying("working thread");
        tier1.channel("tier1-triage").await.card("INC-1");
    });
}

#[test]
fn autocomplete_offers_only_what_the_member_may_do_now() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.tier1().channel("tier1-triage").await.card("INC-1");
        w.overwrite("recovery", "manager", LOOK, 0).await;
        w.overwrite("recovery", "outsider", LOOK, 0).await;
        let members = [
            (w.tier1(), "tier1-triage"),
            (w.tier2(), "tier2-investigation"),
            (w.member("manager"), "recovery"),
            (w.outsider(), "recovery"),
        ];
        let offered = async || {
            let mut lines = Vec::new();
            for (member, channel) in &members {
                for (command, _) in WITH_INCIDENT {
                    if !member
                        .offered(channel, command, "incident", &[])
                        .await
                        .is_empty()
                    {
                        lines.push(format!("{} {command}", member.name));
                    }
                }
            }
            lines
        };
        let triage = [
            "tier1 claim",
            "tier1 escalate",
            "tier1 timeline",
            "manager timeline",
        ];
        assert_eq!(offered().await, triage);
        w.tier1().hands_over("tier1-triage", "INC-1", TRIAGE).await;
        let receiving = [
            "tier1 timeline",
            "tier2 accept",
            "tier2 return",
            "tier2 timeline",
            "manager timeline",
        ];
        assert_eq!(offered().await, receiving);
        w.tier2().channel("tier2-investigation").await.card("INC-1");
        w.tier2()
            .run("tier2-investigation", "accept", &[("incident", "INC-1")])
            .await
            .message();
        w.tier2().channel("INC-1").await.saying("working thread");
        let held = ["tier2 escalate", "tier2 timeline", "manager timeline"];
        assert_eq!(offered().await, held);
    });
}
