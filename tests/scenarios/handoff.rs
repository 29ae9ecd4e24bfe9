//! The main job: an alert becomes a card, a record, an accepted handoff, a thread and a timeline.

use super::harness::{ALL, TRIAGE, World, minutes, scenario};
use crate::payload;

const UPLOAD: &str = payload!("purview_dlp_alert_endpoint_web_low.json");
const TIMELINE: &[(&str, &str)] = &[("incident", "INC-1")];

async fn timeline(w: &World) -> String {
    let answer = w
        .tier2()
        .run("tier2-investigation", "timeline", TIMELINE)
        .await;
    answer.text()
}

#[test]
fn a_dlp_alert_travels_from_the_webhook_to_an_accepted_handoff() {
    scenario(async |w| {
        it_appears_as_a_card(w).await;
        a_submit_with_gaps_names_them_all(w).await;
        the_receiving_tier_gets_the_record(w).await;
        accepted_it_has_a_thread_and_a_timeline(w).await;
    });
}

async fn it_appears_as_a_card(w: &World) {
    assert_eq!(
        w.alert("purview", UPLOAD).await.outcomes(),
        ["opened INC-1"]
    );
    let tier1 = w.tier1();
    let card = tier1.channel("tier1-triage").await.card("INC-1");
    insta::assert_snapshot!(card.pings_nobody().text(), @r"
    Low · INC-1 · Triage
    **Waiting for someone to claim it**

    **Person**: visa.assistant@contoso.example
    **Device**: lt-tw208k5x
    **Policy**: Workstation DLP Browser - Low & High
    **Rule**: Low volume of content detected Identity Papers Browser
    **Workload and action**: Endpoint: FileUploadedToCloud
    **Enforcement**: Audit
    **Destination**: web.chat-service.example
    **Label**: source does not say
    **Source**: purview
    **Detected**: 2026-11-03 08:40 UTC
    **Wall**: not computed: line manager unknown
    **Repeats**: 1 alert; no earlier detection of the person in the window
    **Opened**: <t:1795165200:R>

    **Criteria**
    - Risky workload or destination: outside, cloud upload, unmanaged device, removable media. (met · Destination: web.chat-service.example · Workload: Endpoint · Action: FileUploadedToCloud)
    - The data falls under a duty to notify: personal data, health data, financial records. (met · Types of sensitive data: Finland Passport Number, Poland Identity Card, EU Passport Number · Matches counted by the source: 5)
    For information
    [Claim] [Escalate] [Dismiss] [Details]
    ");
}

async fn a_submit_with_gaps_names_them_all(w: &World) {
    let tier1 = w.tier1();
    let card = tier1.channel("tier1-triage").await.card("INC-1");
    w.advance(minutes(4)).await;
    tier1
        .press(&card, "Claim")
        .await
        .message()
        .expect("INC-1 is yours");
    w.advance(minutes(6)).await;
    let form = tier1.press(&card, "Escalate").await.form();
    // What the source does not say stands ready to be left; here it is wiped out, and so missing.
    assert_eq!(form.standing("Department"), ["source does not say"]);
    let review = form.submit(&[
        ("Department", ""),
        ("Sensitivity label", ""),
        ("Why not dismissed", "Passports went to a chat service."),
    ]);
    let refused = tier1
        .press(&review.await.message(), "Submit")
        .await
        .message();
    insta::assert_snapshot!(refused.text().split("\n<").next().unwrap(), @r"
    Not sent yet
    This is all that is missing. What you gave is saved.

    - Department is missing
    - Sensitivity label is missing
    - To confirm: The alert was opened at its source
    - To confirm: Earlier detections of the person were looked at
    - To confirm: The criteria above agree with the facts

    **Next**: Press “Fill in what is missing”, or choose below.
    Warning
    ");
}

async fn the_receiving_tier_gets_the_record(w: &World) {
    let (tier1, tier2) = (w.tier1(), w.tier2());
    let card = tier1.channel("tier1-triage").await.card("INC-1");
    let review = tier1
        .completes(tier1.press(&card, "Escalate").await, TRIAGE)
        .await;
    tier1
        .press(&review, "Submit")
        .await
        .message()
        .expect("INC-1 is handed over");
    let offered = tier2.channel("tier2-investigation").await.card("INC-1");
    insta::assert_snapshot!(offered.text(), @r"
    Low · INC-1 · Investigation
    **Offered by tier1; accept or return it**

    **Department**: Visa desk
    **Sensitivity label**: source does not say
    **Why not dismissed**: Passports went to a chat service.

    **Criteria**
    - Risky workload or destination: outside, cloud upload, unmanaged device, removable media. (met · Destination: web.chat-service.example · Workload: Endpoint · Action: FileUploadedToCloud · confirmed)
    - The data falls under a duty to notify: personal data, health data, financial records. (met · Types of sensitive data: Finland Passport Number, Poland Identity Card, EU Passport Number · Matches counted by the source: 5)

    **Opened**: <t:1795165200:R> · **Device**: lt-tw208k5x · **Rule**: Low volume of content detected Identity Papers Browser · **Enforcement**: Audit · **Source**: purview · **Detected**: 2026-11-03 08:40 UTC · **Wall**: not computed: line manager unknown · **Repeats**: 1 alert; no earlier detection of the person in the window

    -# **From source** · Alert ID: 93c389c1-be90-b0d0-494740989289-18cda016eff9 · Link to the source alert: https\://source.example/alerts/93c389c1-be90-b0d0-494740989289-18cda016eff9 · Person: visa.assistant@contoso.example · Workload: Endpoint · Action: FileUploadedToCloud · Policy: Workstation DLP Browser - Low & High
    For information
    [Accept] [Return] [Details]
    ");
}

async fn accepted_it_has_a_thread_and_a_timeline(w: &World) {
    let (tier1, tier2) = (w.tier1(), w.tier2());
    let offered = tier2.channel("tier2-investigation").await.card("INC-1");
    w.advance(minutes(20)).await;
    tier2
        .press(&offered, "Accept")
        .await
        .message()
        .expect("INC-1 is yours");
    let handed = tier1.channel("tier1-triage").await.card("INC-1");
    insta::assert_snapshot!(handed.text(), @r"
    INC-1
    Handed on, 2026-11-20 09:30 UTC
    Settled
    ");
    let thread = tier2.channel("INC-1").await.saying("working thread");
    thread
        .expect("Passports went to a chat service.")
        .pings_nobody();
    tier1.cannot_see("INC-1").await;
    insta::assert_snapshot!(timeline(w).await, @r"
    INC-1 · timeline · decisions
    **1 · 2026-11-20 09:00 UTC** Baton: opened at Triage from ALR-1: Each data loss alert starts with triage.
    - on: Risky workload or destination: outside, cloud upload, unmanaged device, removable media.
    - on: The data falls under a duty to notify: personal data, health data, financial records.
    - Severity: low
    - Playbook: purview-dlp 1.2.0
    **3 · 2026-11-20 09:10 UTC** tier1 (tier1): offered to Investigation
    - on: Risky workload or destination: outside, cloud upload, unmanaged device, removable media.
    - Alert ID: 93c389c1-be90-b0d0-494740989289-18cda016eff9 (from source)
    - Link to the source alert: https\://source.example/alerts/93c389c1-be90-b0d0-494740989289-18cda016eff9 (from source)
    - Person: visa.assistant@contoso.example (from source)
    - Department: Visa desk
    - Workload: Endpoint (from source)
    - Action: FileUploadedToCloud (from source)
    - Policy: Workstation DLP Browser - Low & High (from source)
    - Sensitivity label: source does not say
    - Why not dismissed: Passports went to a chat service.
    - Confirmed: The alert was opened at its source
    - Confirmed: Earlier detections of the person were looked at
    - Confirmed: The criteria above agree with the facts
    **4 · 2026-11-20 09:30 UTC** tier2 (tier2): accepted; Security Operations owns it
    For information · The picture: worked on for 6 min, waited 24 min.
    [Everything]
    ");
}

#[test]
fn a_returned_handoff_is_amended_and_the_timeline_keeps_both_versions() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let (tier1, tier2) = (w.tier1(), w.tier2());
        tier1.hands_over("tier1-triage", "INC-1", TRIAGE).await;
        let offered = tier2.channel("tier2-investigation").await.card("INC-1");
        let form = tier2.press(&offered, "Return").await.form();
        let returned = form.submit(&[("Reason", "Which customers?")]).await;
        returned.message().expect("INC-1 is returned");

        let back = tier1.channel("tier1-triage").await.card("INC-1");
        back.expect("Which customers?");
        tier2
            .channel("tier2-investigation")
            .await
            .card("INC-1")
            .lacks("Passports");
        // The record is there as it was; one answer is changed.
        let form = tier1.press(&back, "Escalate").await.form();
        assert_eq!(
            form.titles(),
            ["Criteria that are met", "Definition of done"]
        );
        let review = form.submit(&[("Definition of done", ALL)]).await.message();
        review
            .expect("**Department**: Visa desk")
            .expect("Passports went to a chat service.");
        let form = tier1
            .pick(&review, "Change an answer", &["Why not dismissed"])
            .await
            .form();
        assert_eq!(
            form.standing("Why not dismissed"),
            ["Passports went to a chat service."]
        );
        let why = (
            "Why not dismissed",
            "Passports of three customers of the visa desk.",
        );
        let review = tier1.completes(form.submit(&[why]).await, &[]).await;
        tier1
            .press(&review, "Submit")
            .await
            .message()
            .expect("INC-1 is handed over");

        let offered = tier2.channel("tier2-investigation").await.card("INC-1");
        offered
            .expect("of three customers")
            .lacks("went to a chat service");
        tier2.press(&offered, "Accept").await.message();
        tier2.channel("INC-1").await.saying("of three customers");
        let told = timeline(w).await;
        assert!(
            told.contains("- Why not dismissed: Passports went to a chat service."),
            "{told}"
        );
        assert!(
            told.contains("- Why not dismissed: Passports of three customers"),
            "{told}"
        );
        assert!(told.contains("Which customers?"), "{told}");
    });
}

#[test]
fn of_two_who_press_claim_at_once_one_holds_it_and_the_other_is_told_who() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        let (one, other) = (w.tier1(), w.tier1b());
        let card = one.channel("tier1-triage").await.card("INC-1");
        let both = tokio::join!(one.press(&card, "Claim"), other.press(&card, "Claim"));
        let texts = [both.0.text(), both.1.text()];
        let winner = texts
            .iter()
            .position(|text| text.contains("INC-1 is yours"))
            .unwrap();
        let name = [&one.name, &other.name][winner];
        let told = &texts[1 - winner];
        assert!(
            told.contains(&format!("{name} holds it since 2026-11-20 09:00 UTC")),
            "{told}"
        );
        let card = one.channel("tier1-triage").await.card("INC-1");
        card.expect(&format!("Held by {name}"));
        assert_eq!(card.buttons(), ["Escalate", "Dismiss", "Details"]);
        let claims = w
            .count("SELECT COUNT(*) FROM event_headers WHERE kind = 'claimed'")
            .await;
        assert_eq!(claims, 1);
    });
}

#[test]
fn nobody_accepts_in_time_and_the_receiving_channel_is_reminded_again_and_again() {
    scenario(async |w| {
        w.alert("purview", UPLOAD).await.accepted();
        w.tier1().channel("tier1-triage").await.card("INC-1");
        w.tier1().hands_over("tier1-triage", "INC-1", TRIAGE).await;
        w.tier2().channel("tier2-investigation").await.card("INC-1");
        // The playbook gives the investigation an hour.
        w.advance(minutes(58)).await;
        assert_eq!(
            w.tier2().channel("tier2-investigation").await.all().len(),
            1
        );
        w.advance(minutes(3)).await;
        let reminder = w
            .tier2()
            .channel("tier2-investigation")
            .await
            .saying("still waiting");
        insta::assert_snapshot!(reminder.pings_nobody().text(), @r"
        INC-1 is still waiting
        Low, Investigation: nobody took it in time. Accept or return it: /accept or /return INC-1.
        Urgent · Raised 1 time
        [Accept] [Snooze]
        ");
        w.advance(minutes(58)).await;
        assert_eq!(
            w.tier2().channel("tier2-investigation").await.all().len(),
            2
        );
        w.advance(minutes(2)).await;
        w.tier2()
            .channel("tier2-investigation")
            .await
            .saying("Raised 2 times");
        w.tier2()
            .run("tier2-investigation", "accept", &[("incident", "INC-1")])
            .await
            .message();
        w.tier2().channel("INC-1").await.saying("working thread");
        w.advance(minutes(600)).await;
        assert_eq!(
            w.tier2().channel("tier2-investigation").await.all().len(),
            3
        );
    });
}
