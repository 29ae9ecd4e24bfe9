//! What a case gathers: notes, messages of its thread, corrections; and who reads which of it.

use super::harness::{LEAKED, Member, Message, World, leak, minutes, scenario};
use baton::domain::directory::{Identity, Listed};

pub(super) const TRIAGE: &str = "tier1-triage";
pub(super) const INVESTIGATION: &str = "tier2-investigation";
const ADD: &str = "Add to timeline";
pub(super) const FIRST: (&str, &str) = ("incident", "INC-1");

/// INC-1, about m.porter, with tier2.
pub(super) async fn investigated(w: &World) {
    w.alert("generic", leak("l-1", &[])).await.accepted();
    w.tier1().hands_over(TRIAGE, "INC-1", LEAKED).await;
    w.tier2().takes(INVESTIGATION, "INC-1").await;
    looked_at(w).await;
}

/// INC-2, about somebody else, at triage.
pub(super) async fn another(w: &World) {
    let body = leak("l-2", &[("user", "k.clerk@contoso.example")]);
    assert_eq!(w.alert("generic", body).await.outcomes(), ["opened INC-2"]);
    looked_at(w).await;
}

pub(super) async fn looked_at(w: &World) {
    w.tier1().channel(TRIAGE).await.all();
    w.tier2().channel(INVESTIGATION).await.all();
    w.member("tier3").channel("tier3-containment").await.all();
}

pub(super) async fn runs(who: &Member, command: &str, options: &[(&str, &str)]) -> Message {
    who.run("tier1-triage", command, options).await.message()
}

/// The whole timeline as a member reads it.
pub(super) async fn timeline(who: &Member, id: &str) -> Message {
    let all = [("incident", id), ("show", "everything")];
    who.run(place(who), "timeline", &all).await.message()
}

pub(super) fn place(who: &Member) -> &'static str {
    match who.name.as_str() {
        "tier2" => INVESTIGATION,
        "tier3" => "tier3-containment",
        "manager" | "auditor" => "audit",
        _ => TRIAGE,
    }
}

#[test]
fn a_message_of_the_thread_goes_onto_the_timeline_once_with_author_and_time() {
    scenario(async |w| {
        investigated(w).await;
        let tier2 = w.tier2();
        let said = tier2
            .says("INC-1", "The partner got the list **by mistake**")
            .await;
        w.advance(minutes(7)).await;
        tier2
            .menu("INC-1", ADD, &said)
            .await
            .message()
            .expect("INC-1: on the timeline")
            .expect("2026-11-20 09:00 UTC");
        let told = timeline(&tier2, "INC-1").await;
        told.expect("2026-11-20 09:07 UTC** tier2 (tier2): noted what tier2 wrote in the thread at 2026-11-20 09:00 UTC")
            .expect("The partner got the list");
        // Twice is said, and stands there once.
        let again = tier2.menu("INC-1", ADD, &said).await.message();
        again.expect("On the timeline already");
        let notes = w
            .count("SELECT COUNT(*) FROM event_headers WHERE kind = 'noted'")
            .await;
        assert_eq!(notes, 1);
        // A manager reads that there is a note, not what it says.
        timeline(&w.member("manager"), "INC-1")
            .await
            .expect("noted what tier2 wrote")
            .lacks("The partner");
    });
}

#[test]
fn elsewhere_a_message_is_refused_with_what_to_do_and_so_is_one_without_words() {
    scenario(async |w| {
        investigated(w).await;
        let tier2 = w.tier2();
        // Not a thread.
        let card = tier2.channel(INVESTIGATION).await.card("INC-1");
        let refused = tier2.menu(INVESTIGATION, ADD, &card).await.message();
        refused
            .expect("Only messages in the private thread")
            .expect("/note");
        // The thread, but whoever owns the guild is not on the case: the same words.
        let said = tier2.says("INC-1", "He left in June").await;
        let owner = w.member("owner").menu("INC-1", ADD, &said).await;
        assert_eq!(owner.text(), refused.text());
        // What Baton wrote is nobody's word.
        let own = tier2.channel("INC-1").await.saying("working thread");
        let wordless = tier2.menu("INC-1", ADD, &own).await.message();
        wordless.expect("no words of a person");
        timeline(&tier2, "INC-1").await.lacks("He left");
    });
}

#[test]
fn a_note_may_say_when_it_happened_and_the_time_is_shown_before_it_is_sent() {
    scenario(async |w| {
        investigated(w).await;
        let tier2 = w.tier2();
        w.advance(minutes(30)).await;
        looked_at(w).await;
        let typing = [FIRST, ("happened_at", "2026-11-20 08:10")];
        let offered = tier2
            .offered(INVESTIGATION, "note", "happened_at", &typing)
            .await;
        assert_eq!(offered, ["2026-11-20 08:10"]);
        let nothing = tier2
            .offered(INVESTIGATION, "note", "happened_at", &[FIRST])
            .await;
        assert_eq!(nothing[0], "2026-11-20 09:15");
        let text = ("text", "Spoke to the partner");
        for (typed, said) in [
            ("2026-11-20 12:00", "That lies in the future"),
            ("yesterday", "must be a time such as 2026-11-03 08:40"),
        ] {
            let options = [FIRST, text, ("happened_at", typed)];
            let refused = tier2.run(INVESTIGATION, "note", &options).await.message();
            refused.expect(said);
        }
        let options = [FIRST, text, ("happened_at", "2026-11-20 08:10")];
        let noted = tier2.run(INVESTIGATION, "note", &options).await.message();
        noted.expect("it happened at 2026-11-20 08:10 UTC");
        let told = timeline(&tier2, "INC-1").await;
        told.expect(
            "2026-11-20 09:30 UTC** tier2 (tier2): noted afterwards what happened at 2026-11-20 08:10 UTC",
        );
    });
}

#[test]
fn a_correction_stands_beside_what_it_corrects_and_the_old_words_stay() {
    scenario(async |w| {
        investigated(w).await;
        let tier2 = w.tier2();
        let old = [FIRST, ("text", "Forty addresses left")];
        tier2.run(INVESTIGATION, "note", &old).await.message();
        let typing = [FIRST, ("corrects", "forty")];
        let offered = tier2
            .offered(INVESTIGATION, "note", "corrects", &typing)
            .await;
        assert_eq!(offered, ["5"]);
        let new = ("text", "Fourteen addresses left");
        let wrong = [FIRST, new, ("corrects", "9")];
        let refused = tier2.run(INVESTIGATION, "note", &wrong).await.message();
        refused.expect("has no entry with this number");
        let right = [FIRST, new, ("corrects", "5")];
        let corrected = tier2.run(INVESTIGATION, "note", &right).await.message();
        corrected
            .expect("beside entry 5")
            .expect("Forty addresses left");
        let told = timeline(&tier2, "INC-1").await.text();
        let from = told.find("**5 ·").unwrap();
        let told: Vec<&str> = told[from..].lines().take(6).collect();
        insta::assert_snapshot!(told.join("\n"), @r"
        **5 · 2026-11-20 09:00 UTC** tier2 (tier2): noted · corrected in entry 6
        - In words: Forty addresses left
        - Corrected: Fourteen addresses left
        **6 · 2026-11-20 09:00 UTC** tier2 (tier2): corrected entry 5
        - In words: Fourteen addresses left
        - Before: Forty addresses left
        ");
    });
}

/// A line of the directory.
fn line(line: u64, name: &str, account: Option<String>, manager: Option<&str>) -> Listed {
    let identity = |kind, value| Identity { kind, value };
    let key = format!("{name}@contoso.example");
    let account = account.map(|account| identity("account", account));
    Listed {
        line,
        name: Some(name.to_owned()),
        department: Some("Sales".to_owned()),
        line_manager: manager.map(|m| format!("{m}@contoso.example")),
        identities: [identity("upn", key.clone())]
            .into_iter()
            .chain(account)
            .collect(),
        key,
    }
}

/// tier2 leads k.clerk, whom INC-2 is about.
pub(super) async fn tier2_leads_the_other(w: &World) {
    let guild = w.guild().await;
    let members = guild["members"].as_array().unwrap();
    let tier2 = members
        .iter()
        .find(|member| member["user"]["username"] == "tier2")
        .unwrap();
    let account = tier2["user"]["id"].as_str().unwrap().to_owned();
    let people = vec![
        line(2, "tier2", Some(account), None),
        line(3, "k.clerk", None, Some("tier2")),
    ];
    let imported = w
        .service()
        .app
        .import_people(people, true, "f00d".to_owned())
        .await;
    assert!(imported.unwrap().faults.is_empty());
}

#[test]
fn a_manager_reads_persons_by_number_and_names_on_a_stated_reason() {
    scenario(async |w| {
        tier2_leads_the_other(w).await;
        let body = leak("l-1", &[("user", "k.clerk@contoso.example")]);
        w.alert("generic", body).await.accepted();
        let card = w.tier1().channel(TRIAGE).await.all();
        assert_eq!(card.len(), 1);
        let manager = w.member("manager");
        let told = manager.run("audit", "timeline", &[FIRST]).await.message();
        told.expect("Person 1, Sales").lacks("k.clerk");
        let form = manager.press(&told, "Who are they?").await.form();
        let named = form.submit(&[("Why", "The board asks.")]).await.message();
        named.expect("Person 1, Sales: k.clerk");
        let logged = "SELECT reason FROM access_reasons r JOIN access_headers h ON h.seq = r.seq WHERE h.what = 'names'";
        assert_eq!(w.stored(logged).await, "The board asks.");
        // An auditor reads the record, and triage the card: neither has the button.
        let auditor = w.member("auditor").run("audit", "timeline", &[FIRST]).await;
        assert!(
            !auditor
                .message()
                .buttons()
                .contains(&"Who are they?".to_owned())
        );
    });
}

#[test]
fn a_timeline_is_read_by_topic_and_without_an_incident_it_lists_what_is_stuck() {
    scenario(async |w| {
        investigated(w).await;
        another(w).await;
        let (tier2, manager) = (w.tier2(), w.member("manager"));
        let note = [FIRST, ("text", "The partner confirms")];
        tier2.run(INVESTIGATION, "note", &note).await.message();
        let told = tier2
            .run(INVESTIGATION, "timeline", &[FIRST])
            .await
            .message();
        let notes = tier2
            .pick(&told, "Show only…", &["Notes and statuses"])
            .await;
        notes
            .message()
            .expect("INC-1 · timeline · notes and statuses")
            .expect("The partner confirms")
            .lacks("accepted");
        let only = [FIRST, ("show", "way")];
        let told = tier2.run(INVESTIGATION, "timeline", &only).await.message();
        told.expect("accepted").lacks("The partner confirms");

        let stuck = manager.run("audit", "timeline", &[]).await.message();
        stuck.expect("Nothing waits longer than it should");
        // The playbook gives triage four hours.
        w.advance(minutes(241)).await;
        looked_at(w).await;
        let stuck = manager.run("audit", "timeline", &[]).await.message();
        stuck
            .expect("1 stuck")
            .expect("**INC-2** · medium · Triage: waits for someone to claim it, with the team tier1, since 2026-11-20 09:00 UTC")
            .lacks("INC-1");
        // Investigation knows of it no more than that it exists: its way is not theirs.
        let stuck = tier2.run(INVESTIGATION, "timeline", &[]).await.message();
        stuck.lacks("INC-2");
    });
}

#[test]
fn help_tells_those_on_cases_of_the_menu() {
    scenario(async |w| {
        let help = |name: &'static str| async move {
            w.member(name).run("tier1-triage", "help", &[]).await.text()
        };
        let tier1 = help("tier1").await;
        for command in ["/link", "/split", "/note"] {
            assert!(tier1.contains(command), "{tier1}");
        }
        assert!(!tier1.contains(ADD));
        let tier2 = w.tier2().run(INVESTIGATION, "help", &[]).await.message();
        tier2.expect(ADD);
    });
}
