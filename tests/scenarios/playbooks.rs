//! Playbooks are data: one that the operator adds, and of which no word stands in the program, runs as the shipped ones.

use super::harness::scenario_with;
use baton::sandbox::permissions::{READ_MESSAGE_HISTORY, VIEW_CHANNEL};

const INVENTED: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/data/playbooks/invented.toml"
));

#[test]
fn an_operators_own_playbook_runs_from_an_alert_to_its_next_stage() {
    let own = |settings: &mut baton::config::Settings, folder: &std::path::Path| {
        let dir = folder.join("playbooks");
        std::fs::create_dir(&dir).unwrap();
        // The generic source names no product.
        let text = INVENTED.replace(" && alert.product == 'Doors'", "");
        std::fs::write(dir.join("lost-badge.toml"), text).unwrap();
        settings.playbooks.dir = Some(dir);
    };
    scenario_with(own, async |w| {
        let sees = VIEW_CHANNEL | READ_MESSAGE_HISTORY;
        w.overwrite("endpoint-desk", "tier1", sees, 0).await;
        let body = serde_json::json!({
            "id": "badge-1", "kind": "infra", "severity": "low", "user": "m.porter@museum.example",
            "device": "B-4711", "detected_at": "2026-11-20T08:30:00Z",
        });
        let received = w.alert("generic", body.to_string()).await;
        assert_eq!(received.outcomes(), ["opened INC-1"]);
        let card = w.tier1().channel("endpoint-desk").await.card("INC-1");
        card.expect("Reception desk")
            .expect("Do not print a second badge");
        let answers = [
            ("Criteria that are met", "The badge opened a door"),
            ("Door log", "https://doors.example/log/4711"),
            ("What happened", "It fell out of a coat at the cloakroom."),
            ("Was the desk searched?", "No"),
            ("Was the desk searched?: why", "It was lost outside."),
            ("Doors it opens", "Lobby|Vault"),
        ];
        w.tier1()
            .hands_over("endpoint-desk", "INC-1", &answers)
            .await;
        let card = w.tier2().channel("tier2-investigation").await.card("INC-1");
        insta::assert_snapshot!(card.text(), @r"
        Low · INC-1 · Search
        **Offered by tier1; accept or return it**

        **Doors it opens**: Lobby, Vault
        **What happened**: It fell out of a coat at the cloakroom.
        **Was the desk searched?**: no: It was lost outside.

        **Criteria**
        - The badge opened a door after it was lost. (yours to judge · confirmed)

        **Opened**: <t:1795165200:R> · **Label**: source does not say · **Source**: generic · **Wall**: not computed: line manager unknown · **Repeats**: 1 alert; no earlier detection of the person in the window

        -# **From source** · Badge number: B-4711 · Badge holder: m.porter@museum.example · Noticed at: 2026-11-20 08:30 UTC · Door log: https\://source.example/alerts/badge-1
        For information
        [Accept] [Return] [Details]
        ");
        w.tier2()
            .press(&card, "Accept")
            .await
            .message()
            .expect("INC-1 is yours");
        w.tier2().channel("INC-1").await.saying("cloakroom");
        w.tier2()
            .channel("tier2-investigation")
            .await
            .card("INC-1")
            .expect("Held by tier2");
        w.tier1()
            .channel("endpoint-desk")
            .await
            .card("INC-1")
            .expect("Handed on");
    });
}
