//! Who searches, what is found and what is not, what stands in the access log, and the proof of the history from chat.

use super::harness::{Member, World, scenario};
use super::walled::imports;
use crate::payload;
use baton::store;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const MAIL: &str = payload!("purview_dlp_rulematch_exchange.json");
const WHY: (&str, &str) = ("reason", "The works council asks");

async fn search(member: &Member, words: &str, more: &[(&str, &str)]) -> String {
    let options: Vec<_> = [("words", words), WHY]
        .iter()
        .chain(more)
        .copied()
        .collect();
    let answer = member.run("audit", "audit search", &options).await;
    answer.message().text()
}

/// Two incidents, and every message of them looked at.
async fn two_incidents(w: &World) {
    w.alert("purview", UPLOAD).await.accepted();
    w.alert("purview", MAIL).await.accepted();
    w.tier1().channel("tier1-triage").await.all();
}

#[test]
fn an_alert_that_came_just_now_is_found_by_whatever_it_names_and_nothing_of_it_is_shown() {
    scenario(async |w| {
        two_incidents(w).await;
        let auditor = w.member("auditor");
        // No tick has passed: nothing is indexed.
        assert_eq!(w.count("SELECT COUNT(*) FROM alert_words").await, 0);
        for round in ["before it is indexed", "afterwards"] {
            for words in [
                "visa.assistant",
                "LT-TW208K5X",
                "applicants0917",
                "identity papers",
            ] {
                let told = search(&auditor, words, &[]).await;
                assert!(
                    told.contains("1 incident with these words")
                        && told.contains("**INC-1** · low · Triage · opened 2026-11-20 09:00 UTC"),
                    "{round}, {words}: {told}"
                );
                assert!(told.contains("Searched: titles"), "{told}");
                for hidden in ["INC-2", "visa", "tw208k5x", "applicants"] {
                    let told = told.to_lowercase();
                    assert!(!told.contains(&hidden.to_lowercase()), "{words}: {told}");
                }
            }
            let told = search(&auditor, "volume detected", &[]).await;
            let (second, first) = (told.find("**INC-2**"), told.find("**INC-1**"));
            assert!(second.is_some() && second < first, "{round}: {told}");
            w.service().tick().await.unwrap();
            assert_eq!(w.count("SELECT COUNT(*) FROM alert_words").await, 2);
        }
    });
}

#[test]
fn each_search_stands_in_the_access_log_with_its_words_and_without_a_reason_there_is_none() {
    scenario(async |w| {
        two_incidents(w).await;
        let manager = w.member("manager");
        search(&manager, "visa.assistant", &[]).await;
        let logged = w
            .stored(
                "SELECT h.what || ' ' || h.incident_id || ' ' || r.reason FROM access_headers h
                 JOIN access_reasons r ON r.seq = h.seq JOIN members m ON m.person_id = h.staff
                 WHERE m.name = 'manager'",
            )
            .await;
        assert_eq!(
            logged,
            "search 0 The works council asks (searched for: visa.assistant)"
        );
        // One that finds nothing is a search too.
        let told = search(&manager, "nobody", &[]).await;
        for part in ["Nothing found", "Try fewer words", "access log"] {
            assert!(told.contains(part), "{told}");
        }
        let views = async || w.count("SELECT COUNT(*) FROM access_headers").await;
        assert_eq!(views().await, 2);
        let blank = [("words", "visa"), ("reason", " \u{a0} ")];
        let refused = manager.run("audit", "audit search", &blank).await.message();
        refused.expect("Nothing was searched");
        refused.expect("A reason: why you look for them");
        let signs = [("words", "* \" ( )"), ("reason", " ")];
        let refused = manager.run("audit", "audit search", &signs).await.message();
        refused.expect("Words: letters or digits");
        refused.expect("A reason:").lacks("INC-");
        for name in ["tier1", "tier2", "hr", "admin", "outsider"] {
            let member = w.member(name);
            w.roles("outsider", &[]).await;
            let channel = w.channels_of(name).await.first().map(|(id, _)| id.clone());
            let Some(channel) = channel else { continue };
            for (command, options) in [
                ("audit search", vec![("words", "visa"), WHY]),
                ("audit verify", vec![]),
            ] {
                let refused = member.run(&channel, command, &options).await.message();
                refused.expect("Not yours to do").lacks("INC-");
            }
            let help = member.run(&channel, "help", &[]).await.text();
            assert!(!help.contains("/audit"), "{name}: {help}");
        }
        assert_eq!(
            views().await,
            2,
            "nothing was searched, so nothing is logged"
        );
        let help = manager.run("audit", "help", &[]).await.text();
        assert!(help.contains("/audit search") && help.contains("/audit verify"));
    });
}

#[test]
fn whatever_is_typed_is_words() {
    scenario(async |w| {
        two_incidents(w).await;
        w.service().tick().await.unwrap();
        let auditor = w.member("auditor");
        for words in [
            "\"visa",
            "visa*",
            "visa \"",
            "'visa' --",
            "^visa",
            "+visa",
            "{visa}",
            "visa.assistant@ \\",
            "visa ﷽",
        ] {
            let told = search(&auditor, words, &[]).await;
            assert!(told.contains("**INC-1**"), "{words}: {told}");
        }
        for words in [
            "NEAR(visa assistant, 5)",
            "visa OR nobody",
            "nobody OR visa",
            "visa NOT volume",
            "words:visa",
            "visa AND",
            "vis*",
            "\u{0}visa\u{0}assistant2",
        ] {
            let told = search(&auditor, words, &[]).await;
            assert!(told.contains("Nothing found"), "{words}: {told}");
        }
    });
}

#[test]
fn who_is_walled_finds_nothing_of_it_and_cannot_tell_it_from_what_is_not_there() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let (manager, auditor) = (w.member("manager"), w.member("auditor"));
        let found = search(&manager, "visa.assistant", &[]).await;
        assert!(found.contains("**INC-1**"), "{found}");
        imports(w, "manager").await;
        w.alert("purview", MAIL).await.accepted();
        w.looks_at_everything().await;
        for indexed in [false, true] {
            if indexed {
                w.service().tick().await.unwrap();
            }
            let missing = search(&manager, "nobody", &[]).await;
            assert!(missing.contains("Nothing found"), "{missing}");
            assert_eq!(search(&manager, "visa.assistant", &[]).await, missing);
            let both = search(&manager, "volume detected", &[]).await;
            assert!(both.contains("1 incident with these words"), "{both}");
            assert!(both.contains("**INC-2**") && !both.contains("INC-1"));
            for (words, incident) in [("visa.assistant", "INC-1"), ("ledger.clerk", "INC-2")] {
                let found = search(&auditor, words, &[]).await;
                assert!(found.contains(&format!("**{incident}**")), "{found}");
            }
        }
    });
}

#[test]
fn the_history_is_proven_from_chat_with_its_entries_and_its_head() {
    scenario(async |w| {
        two_incidents(w).await;
        let auditor = w.member("auditor");
        let told = auditor.run("audit", "audit verify", &[]).await.message();
        let mut reader = w.service().app.store.read().await.unwrap();
        let proof = store::verify::verify(&mut reader).await.unwrap();
        drop(reader);
        told.expect("The history holds");
        told.expect(&format!("**Entries**: {}", proof.events));
        told.expect(&proof.head);
        told.lacks("does not hold");
    });
}
