//! Each sentence of the article on tier 1 to tier 2, tier 2 to tier 3, and closing; what fits no playbook; reopening.

use super::harness::{LEAKED, Member, Message, World, leak, minutes, scenario};

const TRIAGE: &str = "tier1-triage";
const INVESTIGATION: &str = "tier2-investigation";
const CONTAINMENT: &str = "tier3-containment";
const CASE: (&str, &str) = ("incident", "INC-1");

const DEPARTMENT: (&str, &str) = ("Department", "Sales");
const WHY: (&str, &str) = ("Why not dismissed", "No pattern fits: the list is new.");

async fn looked_at(w: &World) {
    w.tier1().channel(TRIAGE).await.all();
    w.tier2().channel(INVESTIGATION).await.all();
    w.member("tier3").channel(CONTAINMENT).await.all();
}

/// Hands INC-1 over on this criterion, and finds the criterion confirmed on the receiver's card and on the timeline.
fn escalates_when(changes: &'static [(&str, &str)], met: bool, criterion: &'static str) {
    scenario(async |w| {
        w.alert("generic", leak("l-1", changes)).await.accepted();
        hands_over(w, "INC-1", met, criterion).await;
    });
}

async fn hands_over(w: &World, id: &str, met: bool, criterion: &'static str) {
    let tier1 = w.tier1();
    let card = tier1.channel(TRIAGE).await.card(id);
    // What the program finds stands on the card; what a person judges does not.
    assert_eq!(card.text().contains(criterion), met, "{}", card.text());
    let answers = [("Criteria that are met", criterion), DEPARTMENT, WHY];
    tier1.hands_over(TRIAGE, id, &answers).await;
    let offered = w.tier2().channel(INVESTIGATION).await.card(id);
    let text = offered.text();
    let line = text.lines().find(|line| line.contains(criterion)).unwrap();
    assert!(line.contains("confirmed"), "{line}");
    let told = w
        .member("manager")
        .run("audit", "timeline", &[("incident", id)])
        .await
        .message();
    told.expect(&format!("- on: {criterion}"));
}

#[test]
fn tier1_to_tier2_the_alert_cannot_be_dismissed_on_metadata_alone() {
    escalates_when(&[], false, "The metadata alone shows no false positive");
}

#[test]
fn tier1_to_tier2_the_activity_is_inconsistent_with_the_role() {
    escalates_when(&[], false, "What the person did does not fit their role");
}

#[test]
fn tier1_to_tier2_the_same_user_has_had_two_alerts_in_the_window() {
    scenario(async |w| {
        w.alert("generic", leak("l-1", &[])).await.accepted();
        looked_at(w).await;
        w.alert("generic", leak("l-2", &[])).await.accepted();
        hands_over(w, "INC-2", true, "The same person was detected repeatedly").await;
    });
}

#[test]
fn tier1_to_tier2_the_data_is_classified_at_a_high_sensitivity_tier() {
    const LABEL: &[(&str, &str)] = &[("label", "Highly Confidential")];
    escalates_when(LABEL, true, "The data carries a label of high sensitivity");
}

#[test]
fn tier1_to_tier2_the_workload_or_destination_represents_elevated_risk() {
    const OUTSIDE: &[(&str, &str)] = &[("action", "FileUploadedToCloud")];
    escalates_when(OUTSIDE, true, "Risky workload or destination");
}

/// The answers for a record without one of them.
fn without<'a>(answers: &[(&'a str, &'a str)], title: &str) -> Vec<(&'a str, &'a str)> {
    let rest = answers.iter().filter(|(known, _)| *known != title);
    rest.copied().collect()
}

#[test]
fn tier1_to_tier2_each_field_of_the_record_is_asked_for_by_name() {
    scenario(async |w| {
        // A report in chat says least: every field is a person's to fill in.
        let options = [("what", "A list went to a partner"), ("about", "dlp")];
        let tier1 = w.tier1();
        tier1.run(TRIAGE, "open", &options).await.message();
        let card = tier1.channel(TRIAGE).await.card("INC-1");
        let form = tier1.press(&card, "Escalate").await.form();
        // Where the source may be silent the words for that stand ready; here they are taken out.
        let titles = form.titles();
        let empty: Vec<(&str, &str)> = titles.iter().map(|t| (t.as_str(), "")).collect();
        let review = form.submit(&empty).await.message();
        let refused = tier1.press(&review, "Submit").await.message();
        for title in [
            "Link to the source alert",
            "Person",
            "Department",
            "Workload",
            "Action",
            "Policy",
            "Sensitivity label",
            "Why not dismissed",
        ] {
            refused.expect(&format!("- {title} is missing"));
        }
        // Id, analyst and time are never typed.
        refused
            .lacks("Alert ID is missing")
            .expect("No criterion is ticked");
    });
}

const INVESTIGATED: &[(&str, &str)] = &[
    ("Findings", "The list left; the partner still has it."),
    ("Intent", "Ambiguous"),
    ("Suspected misconduct", "No"),
    ("Suspected misconduct: why", "It looks like a slip."),
    ("Governance required", "No"),
    ("Governance required: why", "None of the four criteria."),
    ("Recommended containment", "Block the destination"),
    ("Why this containment", "Less leaves the list there."),
];

/// INC-1 with tier2.
async fn investigated(w: &World) -> Member {
    w.alert("generic", leak("l-1", &[])).await.accepted();
    w.tier1().hands_over(TRIAGE, "INC-1", LEAKED).await;
    let tier2 = w.tier2();
    tier2.takes(INVESTIGATION, "INC-1").await;
    looked_at(w).await;
    tier2
}

async fn sends(w: &World, command: &str, answers: &[(&str, &str)]) -> Message {
    let tier2 = w.tier2();
    let first = tier2.run(INVESTIGATION, command, &[CASE]).await;
    let review = tier2.completes(first, answers).await;
    let sent = tier2.press(&review, "Submit").await.message();
    looked_at(w).await;
    sent
}

fn contains_when(criterion: &'static str) {
    scenario(async |w| {
        investigated(w).await;
        let answers = [&[("Criteria that are met", criterion)], INVESTIGATED].concat();
        sends(w, "escalate", &answers)
            .await
            .expect("INC-1 is handed over");
        let tier3 = w.member("tier3");
        let card = tier3.channel(CONTAINMENT).await.card("INC-1");
        // All of the first record, and the second.
        card.expect(criterion)
            .expect("**Department**: Sales")
            .expect("**Why not dismissed**: No pattern fits")
            .expect("**Findings**: The list left")
            .expect("**Intent**: Ambiguous")
            .expect("**Recommended containment**: Block the destination")
            .expect("**Why this containment**: Less leaves")
            .expect("**Governance required**: no: None of the four criteria.");
    });
}

#[test]
fn tier2_to_tier3_investigation_confirms_real_risk() {
    contains_when("A real risk is confirmed");
}

#[test]
fn tier2_to_tier3_immediate_containment_is_required() {
    contains_when("Without immediate containment more data is exposed");
}

#[test]
fn tier2_to_tier3_the_evidence_justifies_a_containment_action() {
    contains_when("The evidence suffices to justify");
}

#[test]
fn tier2_to_tier3_each_field_left_out_is_named_in_the_refusal() {
    scenario(async |w| {
        let tier2 = investigated(w).await;
        let criterion = ("Criteria that are met", "The evidence suffices to justify");
        let whole = [&[criterion], INVESTIGATED].concat();
        let first = tier2.run(INVESTIGATION, "escalate", &[CASE]).await;
        let mut review = tier2.completes(first, &whole).await;
        for title in [
            "Findings",
            "Intent",
            "Suspected misconduct",
            "Governance required",
            "Recommended containment",
            "Why this containment",
        ] {
            let answers = of(&whole, title);
            let empty: Vec<(&str, &str)> = answers.iter().map(|(t, _)| (*t, "")).collect();
            let form = tier2.pick(&review, CHANGE, &[title]).await.form();
            let lacking = form.submit(&empty).await.message();
            let refused = tier2.press(&lacking, "Submit").await.message();
            // All of the others are there: this one alone is named.
            let named: Vec<String> = missing(&refused);
            assert_eq!(named, [format!("- {title} is missing")]);
            let form = tier2.pick(&refused, CHANGE, &[title]).await.form();
            review = form.submit(&answers).await.message();
            review.lacks("Still missing");
        }
        let sent = tier2.press(&review, "Submit").await.message();
        sent.expect("INC-1 is handed over");
        looked_at(w).await;
    });
}

const CHANGE: &str = "Change an answer";

/// A field's answers: a yes or no has two.
fn of<'a>(answers: &[(&'a str, &'a str)], title: &str) -> Vec<(&'a str, &'a str)> {
    let mine = |known: &str| known == title || known.strip_suffix(": why") == Some(title);
    let found = answers.iter().filter(|(known, _)| mine(known));
    found.copied().collect()
}

/// What a refusal names, a line each.
fn missing(refused: &Message) -> Vec<String> {
    let text = refused.text();
    let lines = text.lines().filter(|line| line.starts_with("- "));
    lines.map(str::to_owned).collect()
}

const CLOSED: &[(&str, &str)] = &[
    ("Findings", "The list was meant for the partner."),
    ("Intent", "Accidental"),
    ("Suspected misconduct", "No"),
    ("Suspected misconduct: why", "It was agreed."),
    ("Governance required", "No"),
    ("Governance required: why", "None of the four criteria."),
    (
        "Why it is closed",
        "The contract names the list; sales confirms it.",
    ),
    ("Outcome", "Authorised, or part of a known business process"),
];

fn closes_when(criterion: &'static str) {
    scenario(async |w| {
        investigated(w).await;
        let answers = [&[("Criteria that are met", criterion)], CLOSED].concat();
        sends(w, "close", &answers).await.expect("INC-1 is closed");
        let told = w
            .member("auditor")
            .run("audit", "timeline", &[CASE])
            .await
            .message();
        told.expect("tier2 (tier2): closed")
            .expect(&format!("- on: {criterion}"))
            .expect("Why it is closed: The contract names the list")
            .expect("Outcome: Authorised");
    });
}

#[test]
fn tier2_closes_where_context_establishes_that_it_was_authorised_or_accidental() {
    closes_when("The context explains it");
}

#[test]
fn tier2_closes_where_it_does_not_meet_the_threshold_for_formal_treatment() {
    closes_when("The matter stays below the organisation's threshold");
}

#[test]
fn an_accident_with_material_impact_is_not_closed_after_investigation() {
    scenario(async |w| {
        let tier2 = investigated(w).await;
        let material = without(CLOSED, "Outcome");
        let answers = [
            &[
                ("Criteria that are met", "The context explains it"),
                ("Outcome", "Accidental, material impact"),
            ],
            &material[..],
        ]
        .concat();
        let first = tier2.run(INVESTIGATION, "close", &[CASE]).await;
        let mut review = first.form().fill(&answers).await.message();
        while review
            .buttons()
            .iter()
            .any(|b| b == "Fill in what is missing")
        {
            let form = tier2.press(&review, "Fill in what is missing").await.form();
            if !form.knows(&answers) {
                break;
            }
            review = form.fill(&answers).await.message();
        }
        let refused = tier2.press(&review, "Submit").await.message();
        refused.expect("Not sent yet").expect("material");
        assert_eq!(w.count("SELECT is_open FROM incidents").await, 1);
    });
}

#[test]
fn a_closed_incident_goes_on_for_a_new_reason_and_only_then() {
    scenario(async |w| {
        let tier2 = investigated(w).await;
        let again = [CASE, ("text", "The partner denies it")];
        let open = tier2.run(INVESTIGATION, "reopen", &again).await.message();
        open.expect("It is open")
            .expect("Only what was dismissed or closed is reopened.");
        let answers = [
            &[("Criteria that are met", "The context explains it")],
            CLOSED,
        ]
        .concat();
        sends(w, "close", &answers).await.expect("INC-1 is closed");
        let stranger = w.member("tier3").run(CONTAINMENT, "reopen", &again).await;
        stranger.message().expect("It has ended");
        let silent = [CASE, ("text", "  ")];
        let refused = tier2.run(INVESTIGATION, "reopen", &silent).await.message();
        refused.expect("The reason is missing");
        let reopened = tier2.run(INVESTIGATION, "reopen", &again).await.message();
        reopened.expect("INC-1 is open again");
        let card = tier2.channel(INVESTIGATION).await.card("INC-1");
        card.expect("Waiting for someone to claim it");
        let told = tier2
            .run(INVESTIGATION, "timeline", &[CASE])
            .await
            .message();
        told.expect("tier2 (tier2): reopened")
            .expect("The partner denies it");
    });
}

#[test]
fn what_fits_no_playbook_waits_unrouted_against_a_clock_until_a_person_chooses() {
    scenario(async |w| {
        let body = leak("x-1", &[("kind", "siem")]);
        assert_eq!(w.alert("generic", body).await.outcomes(), ["opened INC-1"]);
        let tier1 = w.tier1();
        let card = tier1.channel(TRIAGE).await.card("INC-1");
        card.expect("INC-1 · Unrouted");
        w.advance(minutes(61)).await;
        tier1.channel(TRIAGE).await.saying("still waiting");
        let options = [CASE, ("playbook", "purview-dlp")];
        for (name, channel, said) in [
            ("tier2", INVESTIGATION, "Not yours to do"),
            ("outsider", TRIAGE, "Nothing there"),
        ] {
            w.overwrite(TRIAGE, "outsider", 1 << 10, 0).await;
            let refused = w.member(name).run(channel, "route", &options).await;
            refused.message().expect(said);
        }
        let offered = tier1.offered(TRIAGE, "route", "playbook", &[CASE]).await;
        assert!(offered.contains(&"purview-dlp".to_owned()), "{offered:?}");
        let same = [CASE, ("playbook", "unrouted")];
        let refused = tier1.run(TRIAGE, "route", &same).await.message();
        refused.expect("It follows that one already");
        let unknown = [CASE, ("playbook", "nothing")];
        let refused = tier1.run(TRIAGE, "route", &unknown).await.message();
        refused.expect("the ways are:");
        let routed = tier1.run(TRIAGE, "route", &options).await.message();
        routed.expect("INC-1 follows another playbook");
        let card = tier1.channel(TRIAGE).await.card("INC-1");
        card.expect("Medium · INC-1 · Triage");
        // The new stage has its own clock.
        w.advance(minutes(241)).await;
        tier1.channel(TRIAGE).await.all();
        tier1.hands_over(TRIAGE, "INC-1", LEAKED).await;
        looked_at(w).await;
        let late = [CASE, ("playbook", "unrouted")];
        w.tier2().takes(INVESTIGATION, "INC-1").await;
        let refused = w.tier2().run(INVESTIGATION, "route", &late).await.message();
        refused.expect("Too late for another playbook");
        let told = w.tier2().run(INVESTIGATION, "timeline", &[CASE]).await;
        told.message()
            .expect("opened at Unrouted")
            .expect("tier1 (tier1): chose the playbook purview-dlp");
    });
}
