//! Incidents that have to do with each other: links, splits, gates that follow the person, earlier incidents.

use super::case::{
    FIRST, INVESTIGATION, TRIAGE, another, investigated, looked_at, place, runs,
    tier2_leads_the_other, timeline,
};
use super::harness::{LEAKED, Member, Message, World, leak, scenario};

const SECOND: (&str, &str) = ("incident", "INC-2");

#[test]
fn two_incidents_are_linked_with_a_reason_and_nothing_is_merged() {
    scenario(async |w| {
        investigated(w).await;
        another(w).await;
        let (tier1, tier2) = (w.tier1(), w.tier2());
        let reason = ("reason", "Both lists went to the same partner");
        // Whose case it is not may not; itself is refused; what is not there is not there.
        let stranger = [FIRST, ("other", "INC-2"), reason];
        let tier3 = w.member("tier3");
        runs_at(&tier3, &stranger).await.expect("Not yours to do");
        let itself = [SECOND, ("other", "INC-2"), reason];
        runs(&tier1, "link", &itself)
            .await
            .expect("The same incident");
        let nowhere = [SECOND, ("other", "INC-77"), reason];
        runs(&tier1, "link", &nowhere).await.expect("Nothing there");
        let link = [SECOND, ("other", "INC-1"), reason];
        runs(&tier1, "link", &link)
            .await
            .expect("INC-2 and INC-1 are linked")
            .expect("Nothing was merged");
        runs(&tier1, "link", &link).await.expect("linked already");
        let card = tier1.channel(TRIAGE).await.card("INC-2");
        card.expect("**Linked**: INC-1")
            .expect("**Repeats**: 1 alert");
        let told = timeline(&tier2, "INC-1").await;
        told.expect("tier1 (tier1): linked it with INC-2")
            .expect("Both lists went to the same partner");
        timeline(&w.member("manager"), "INC-2")
            .await
            .expect("linked it with INC-1")
            .lacks("same partner");
        let card = tier2.channel(INVESTIGATION).await.card("INC-1");
        let details = tier2.press(&card, "Details").await.message();
        details.expect("INC-2: medium · opened just now");
    });
}

async fn runs_at(who: &Member, options: &[(&str, &str)]) -> Message {
    who.run(place(who), "link", options).await.message()
}

#[test]
fn whoever_is_walled_off_from_one_side_finds_no_trace_of_the_link_on_the_other() {
    scenario(async |w| {
        investigated(w).await;
        let tier2 = w.tier2();
        let note = [FIRST, ("text", "The list is complete")];
        tier2.run(INVESTIGATION, "note", &note).await.message();
        tier2_leads_the_other(w).await;
        another(w).await;
        let before = timeline(&tier2, "INC-1").await.text();
        let link = [SECOND, ("other", "INC-1"), ("reason", "Same partner")];
        runs(&w.tier1(), "link", &link).await.expect("are linked");
        // Everybody else who reads the first sees it.
        timeline(&w.member("manager"), "INC-1")
            .await
            .expect("6 · 2026-11-20 09:00 UTC** tier1 (tier1): linked it with INC-2");
        // The same timeline, byte for byte; no line, no gap, no number.
        assert_eq!(timeline(&tier2, "INC-1").await.text(), before);
        let note = [FIRST, ("text", "Asked the partner")];
        tier2.run(INVESTIGATION, "note", &note).await.message();
        let told = timeline(&tier2, "INC-1").await;
        told.expect("**6 · 2026-11-20 09:00 UTC** tier2 (tier2): noted")
            .lacks("INC-2");
        looked_at(w).await;
        let card = tier2.channel(INVESTIGATION).await.card("INC-1");
        card.lacks("INC-2");
        tier2.press(&card, "Details").await.message().lacks("INC-2");
        let missing = [FIRST, ("other", "INC-99"), ("reason", "x")];
        let there = [FIRST, ("other", "INC-2"), ("reason", "x")];
        assert_eq!(
            runs_at(&tier2, &there).await.text(),
            runs_at(&tier2, &missing).await.text()
        );
        let offered = tier2
            .offered(INVESTIGATION, "link", "other", &[FIRST])
            .await;
        assert_eq!(offered, ["INC-1"]);
    });
}

const INVESTIGATED: &[(&str, &str)] = &[
    ("Criteria that are met", "Without immediate containment"),
    ("Findings", "The list left; the partner still has it."),
    ("Intent", "Ambiguous"),
    ("Suspected misconduct", "No"),
    ("Suspected misconduct: why", "It looks like a slip."),
    ("Governance required", "No"),
    ("Governance required: why", "None of the four criteria."),
    ("Recommended containment", "Block the destination"),
    ("Why this containment", "Less leaves the list there."),
];

const BRIEF: &[(&str, &str)] = &[
    ("Criteria that are met", "Someone inside is suspected"),
    ("What happened", "A second list was offered for sale."),
    ("Who was involved", "One person of the sales team."),
    ("Data at risk", "Customer addresses."),
    ("Actions taken and planned", "None yet."),
    ("What must not be done", "Do not speak to the person."),
    (
        "What is asked of Governance",
        "May the account be disabled?",
    ),
    ("Answer wanted by", "2026-11-20 15:00"),
];

#[test]
fn a_linked_incident_that_names_misconduct_closes_the_hr_gate_until_hr_has_read_it() {
    scenario(async |w| {
        investigated(w).await;
        let (tier2, tier3) = (w.tier2(), w.member("tier3"));
        let first = tier2.run(INVESTIGATION, "escalate", &[FIRST]).await;
        let review = tier2.completes(first, INVESTIGATED).await;
        tier2.press(&review, "Submit").await.message();
        tier3.takes("tier3-containment", "INC-1").await;
        let contain = async |act: &str, more: &[(&str, &str)]| {
            let options: Vec<_> = [FIRST].iter().chain(more).copied().collect();
            let command = format!("contain {act}");
            let answer = tier3.run("tier3-containment", &command, &options).await;
            answer.message()
        };
        let what = [("what", "revoke-sessions"), ("text", "All sessions")];
        // The record rules misconduct out: of itself nothing waits.
        contain("propose", &what).await.lacks("waits:");
        // The second incident, about the same person, names misconduct.
        w.alert("generic", leak("l-2", &[])).await.accepted();
        w.tier1().hands_over(TRIAGE, "INC-2", LEAKED).await;
        tier2.takes(INVESTIGATION, "INC-2").await;
        let first = tier2.run(INVESTIGATION, "engage", &[SECOND]).await;
        let review = tier2.completes(first, BRIEF).await;
        let sent = tier2.press(&review, "Submit").await.message();
        sent.expect("INC-2: Governance is engaged");
        looked_at(w).await;
        // Not linked, it closes nothing.
        contain("list", &[]).await.lacks("waits:");
        let link = [FIRST, ("other", "INC-2"), ("reason", "The same person")];
        runs_at(&tier3, &link).await.expect("are linked");
        // Not on the other case, tier3 is not told that it names misconduct.
        contain("authorise", &[("action", "1")])
            .await
            .expect("A gate is closed")
            .expect("This acts on a person.")
            .lacks("INC-2");
        let hr = w.member("hr");
        hr.channel("governance").await.all();
        let brief = hr.channel("INC-2 brief 1").await.card("INC-2");
        hr.press(&brief, "I have read this").await.message();
        tier2.channel("INC-2").await.all();
        contain("authorise", &[("action", "1")])
            .await
            .expect("authorised");
        looked_at(w).await;
    });
}

/// Two alerts of one detection, about two persons.
async fn together(w: &World) {
    let first = leak("l-1", &[("incident", "d-1")]);
    assert_eq!(w.alert("generic", first).await.outcomes(), ["opened INC-1"]);
    let second = leak(
        "l-2",
        &[
            ("incident", "d-1"),
            ("user", "k.clerk@contoso.example"),
            ("severity", "high"),
            ("label", "Highly Confidential"),
            ("title", "plans.docx was sent"),
        ],
    );
    assert_eq!(
        w.alert("generic", second).await.outcomes(),
        ["attached INC-1"]
    );
    looked_at(w).await;
}

#[test]
fn alerts_that_are_another_matter_become_an_incident_of_their_own() {
    scenario(async |w| {
        together(w).await;
        let tier1 = w.tier1();
        let label = "The data carries a label of high sensitivity. (met";
        let card = tier1.channel(TRIAGE).await.card("INC-1");
        card.expect("**Repeats**: 2 alerts").expect(label);
        tier1.press(&card, "Claim").await.message();
        let offered = tier1.offered(TRIAGE, "split", "alerts", &[FIRST]).await;
        assert_eq!(offered, ["ALR-1", "ALR-2"]);
        let typing = [FIRST, ("alerts", "ALR-1")];
        let offered = tier1.offered(TRIAGE, "split", "alerts", &typing).await;
        assert_eq!(offered, ["ALR-1 ALR-2"]);
        let reason = ("reason", "Another person and another file");
        for (alerts, said) in [
            ("ALR-1 ALR-2", "keeps at least one"),
            ("ALR-2 ALR-9", "It has no alert ALR-9."),
            ("all of them", "No alert is named"),
        ] {
            let options = [FIRST, ("alerts", alerts), reason];
            runs(&tier1, "split", &options).await.expect(said);
        }
        let options = [FIRST, ("alerts", "ALR-2"), reason];
        let other = w.tier1b();
        runs(&other, "split", &options)
            .await
            .expect("Someone has it");
        runs(&tier1, "split", &options)
            .await
            .expect("INC-1: ALR-2 went into INC-2");
        // What is left is judged anew; the new one stands where the playbook begins.
        let channel = tier1.channel(TRIAGE).await;
        channel
            .card("INC-1")
            .expect("**Repeats**: 1 alert")
            .expect("m.porter@contoso.example")
            .expect("**Linked**: INC-2")
            .lacks(label);
        let card = channel.card("INC-2");
        card.expect("High · INC-2 · Triage")
            .expect("Waiting for someone to claim it")
            .expect("k.clerk@contoso.example")
            .expect("**Linked**: INC-1")
            .expect(label);
        // Bodies stay with their alert.
        tier1.press(&card, "Claim").await.message();
        let details = tier1.press(&card, "Details").await.message();
        details
            .expect("**ALR-2** from generic")
            .expect("plans.docx was sent")
            .lacks("list.xlsx");
        let body = w.file(&details, "ALR-2-body-1.json").await;
        assert!(body.contains("plans.docx"), "{body}");
        let manager = w.member("manager");
        timeline(&manager, "INC-1")
            .await
            .expect("tier1 (tier1): split ALR-2 off into INC-2");
        timeline(&manager, "INC-2")
            .await
            .expect("tier1 (tier1): opened at Triage from ALR-2")
            .expect("tier1 (tier1): split it off INC-1");
        // A re-send finds the alert where it is now.
        let second = leak(
            "l-2",
            &[("incident", "d-1"), ("user", "k.clerk@contoso.example")],
        );
        assert_eq!(
            w.alert("generic", second).await.outcomes(),
            ["repeated INC-2"]
        );
        looked_at(w).await;
    });
}

#[test]
fn whom_a_split_alert_was_about_stays_walled_off_from_where_it_was() {
    scenario(async |w| {
        tier2_leads_the_other(w).await;
        together(w).await;
        let (tier1, tier2) = (w.tier1(), w.tier2());
        let hidden = tier2.run(INVESTIGATION, "timeline", &[FIRST]).await.text();
        let card = tier1.channel(TRIAGE).await.card("INC-1");
        tier1.press(&card, "Claim").await.message();
        let options = [FIRST, ("alerts", "ALR-2"), ("reason", "Another person")];
        runs(&tier1, "split", &options).await.expect("INC-2");
        looked_at(w).await;
        // The history of the first speaks of the person whom tier2 leads; the second is about them.
        for id in [FIRST, SECOND] {
            let told = tier2.run(INVESTIGATION, "timeline", &[id]).await;
            assert_eq!(told.text(), hidden);
        }
    });
}

#[test]
fn earlier_incidents_of_the_person_are_told_on_a_reason_that_is_logged() {
    scenario(async |w| {
        investigated(w).await;
        w.alert("generic", leak("l-2", &[])).await.accepted();
        looked_at(w).await;
        let tier1 = w.tier1();
        let card = tier1.channel(TRIAGE).await.card("INC-2");
        let details = tier1.press(&card, "Details").await.message();
        let form = tier1.press(&details, "Earlier incidents").await.form();
        let looked = "SELECT COUNT(*) FROM access_headers WHERE what = 'earlier'";
        form.submit(&[("Why", "  ")])
            .await
            .message()
            .expect("The reason is missing");
        assert_eq!(w.count(looked).await, 0);
        let form = tier1.press(&details, "Earlier incidents").await.form();
        let told = form.submit(&[("Why", "Is it a habit?")]).await.message();
        // At the other stage, tier1 reads id, severity, age, holder; no more.
        told.expect("INC-1 · m.porter@contoso.example")
            .expect("medium · opened just now · with tier2")
            .expect("That you looked, and why, is in the access log.")
            .lacks("Investigation");
        assert_eq!(w.count(looked).await, 1);
        let reason = w.stored("SELECT reason FROM access_reasons").await;
        assert_eq!(reason, "Is it a habit?");
        // By command too; who may not open the details gets the answer for what is not there.
        let asked = [("earlier_than", "INC-2")];
        assert!(tier1.run(TRIAGE, "queue", &asked).await.is_form());
        let manager = w.member("manager");
        let refused = manager.run("audit", "queue", &asked).await.text();
        let missing = manager
            .run("audit", "queue", &[("earlier_than", "INC-77")])
            .await;
        assert_eq!(refused, missing.text());
    });
}

#[test]
fn earlier_incidents_that_somebody_may_not_know_of_are_not_even_counted() {
    scenario(async |w| {
        together(w).await;
        tier2_leads_the_other(w).await;
        // INC-1 concerns k.clerk too, so tier2 is walled off; INC-2 is about m.porter alone.
        let body = leak("l-3", &[]);
        assert_eq!(w.alert("generic", body).await.outcomes(), ["opened INC-2"]);
        looked_at(w).await;
        w.tier1().hands_over(TRIAGE, "INC-2", LEAKED).await;
        let tier2 = w.tier2();
        tier2.takes(INVESTIGATION, "INC-2").await;
        let asked = [("earlier_than", "INC-2")];
        let form = tier2.run(INVESTIGATION, "queue", &asked).await.form();
        let told = form.submit(&[("Why", "Is it a habit?")]).await.message();
        told.expect("There are none that you may know of.");
        looked_at(w).await;
    });
}
